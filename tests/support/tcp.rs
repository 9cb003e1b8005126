//! TCP traffic between namespaces: a server that says its name and echoes, and a client with time-outs.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use nix::sys::socket::{self, Shutdown as Both};

use super::Netns;

/// After this a connection counts as dead. Long enough for two SYN retransmissions.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// A listener; it ends when dropped, its connections go on to their end.
pub struct Server {
    listener: Arc<TcpListener>,
}

impl Server {
    /// Listens in `netns`. To each connection it says `name` and a line feed, then it echoes.
    pub fn start(netns: &Netns, listen: SocketAddr, name: &str) -> Self {
        let name = name.to_owned();
        Self::greeting(netns, listen, move |_| name.clone())
    }

    /// The same with a greeting that may depend on who connects.
    pub fn greeting(netns: &Netns, listen: SocketAddr, greet: impl Fn(SocketAddr) -> String + Send + 'static) -> Self {
        let listener = netns.enter(|| TcpListener::bind(listen));
        let listener = Arc::new(listener.unwrap_or_else(|error| panic!("{}: listening on {listen}: {error}", netns.name())));
        let accepting = Arc::clone(&listener);
        thread::spawn(move || {
            while let Ok((stream, peer)) = accepting.accept() {
                let greeting = greet(peer) + "\n";
                // A client that goes away ends its own connection only.
                thread::spawn(move || (&stream).write_all(greeting.as_bytes()).and_then(|()| io::copy(&mut &stream, &mut &stream)));
            }
        });
        Self { listener }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Wakes the thread in accept(2); there is no other safe way.
        let _ = socket::shutdown(self.listener.as_raw_fd(), Both::Both);
    }
}

/// A connection to a [`Server`].
pub struct Connection {
    stream: BufReader<TcpStream>,
    /// Name of the server that took it.
    pub server: String,
}

impl Connection {
    /// Connects from `netns`.
    ///
    /// # Errors
    /// Refused, reset, or nothing within [`PATIENCE`].
    pub fn open(netns: &Netns, to: SocketAddr) -> io::Result<Self> {
        let stream = netns.enter(|| TcpStream::connect_timeout(&to, PATIENCE))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut stream = BufReader::new(stream);
        let mut server = String::new();
        stream.read_line(&mut server)?;
        server.truncate(server.trim_end().len());
        Ok(Self { stream, server })
    }

    /// Sends `bytes` bytes and demands them back unchanged.
    ///
    /// # Errors
    /// The connection died, stalled for [`PATIENCE`], or gave back something else.
    pub fn transfer(&mut self, bytes: usize) -> io::Result<()> {
        let sent: Vec<u8> = (0..=250_u8).cycle().take(bytes).collect();
        let mut back = vec![0; bytes];
        let writer = self.stream.get_ref().try_clone()?;
        thread::scope(|scope| {
            let write = scope.spawn(|| (&writer).write_all(&sent));
            self.stream.read_exact(&mut back)?;
            write.join().map_err(|_| io::Error::other("the writing thread panicked"))?
        })?;
        if back == sent { Ok(()) } else { Err(io::Error::other("the echo differs from what was sent")) }
    }

    /// Ends it in both directions.
    ///
    /// # Errors
    /// The connection was dead already.
    pub fn close(self) -> io::Result<()> {
        self.stream.get_ref().shutdown(Shutdown::Both)
    }
}

/// Connects, transfers 64 KiB there and back, closes: the server's name.
///
/// # Errors
/// As [`Connection::open`] and [`Connection::transfer`].
pub fn ask(netns: &Netns, to: SocketAddr) -> io::Result<String> {
    let mut connection = Connection::open(netns, to)?;
    connection.transfer(64 << 10)?;
    let server = connection.server.clone();
    connection.close()?;
    Ok(server)
}
