//! What is behind the VIPs: a web server on every node that says where it runs.
//!
//! In a cluster kube-proxy or OVN-Kubernetes passes the packets on to a pod, on whichever node they arrive. Here the node itself
//! answers, so that a client can tell which node that was.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv6Addr, TcpListener, TcpStream};
use std::time::Duration;

use anyhow::Context;

use super::{Failure, netns};

const PORT: u16 = 80;
/// A client that says nothing must not keep the others waiting.
const PATIENCE: Duration = Duration::from_secs(2);

/// Serves on every address of `node`, IPv4 and IPv6, until the demo ends.
pub(super) fn start(node: &'static str) -> Result<(), Failure> {
    let listen = move || TcpListener::bind((Ipv6Addr::UNSPECIFIED, PORT)).with_context(|| format!("listen on port {PORT} of {node}"));
    // A socket stays in the namespace where it was made, so the thread that serves need not be there.
    let listener = netns::spawn(node, listen).join().map_err(|_| anyhow::anyhow!("the server of {node} panicked"))??;
    std::thread::spawn(move || {
        // A client that goes away early is its own business: curl tells.
        listener.incoming().flatten().for_each(|client| drop(answer(node, &client)));
    });
    Ok(())
}

fn answer(node: &str, mut client: &TcpStream) -> std::io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    let (vip, client_address) = (client.local_addr()?.ip().to_canonical(), client.peer_addr()?.ip().to_canonical());
    // The head must be read, or closing resets the connection.
    for line in BufReader::new(client).lines() {
        if line?.is_empty() {
            break;
        }
    }
    let body = format!("hello from {node}: {client_address} asked for {vip}\n");
    write!(client, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}
