//! Frames on one link.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hostvip::kernel::{Error, PacketSocket, clock};

use crate::support::{ip, lab};

#[test]
fn arp_and_neighbour_discovery_are_heard_at_the_other_end_and_nowhere_else() {
    lab(|_| async move {
        ip("link add third type veth peer name fourth");
        ip("link set third up");
        ip("link set fourth up");
        let (mut near, mut far) = (open("up0"), open("peer"));
        let (elsewhere, mut elsewhere_heard) = (open("third"), open("fourth"));
        for frame in [arp(), nd(135), nd(136)] {
            near.send(&frame).unwrap();
            assert_eq!(recv(&mut far).await, frame);
        }
        // Not ours to hear: other ICMPv6, frames of other links, and what we sent ourselves. The marker after them comes first.
        near.send(&nd(128)).unwrap();
        elsewhere.send(&arp()).unwrap();
        near.send(&nd(136)).unwrap();
        assert_eq!(recv(&mut far).await, nd(136));
        assert_eq!(recv(&mut elsewhere_heard).await, arp());
        far.send(&arp()).unwrap();
        assert_eq!(recv(&mut near).await, arp());
    });
}

#[test]
fn frames_of_other_links_from_before_it_was_bound_are_not_heard() {
    lab(|_| async move {
        // Another link is flooded: a socket hears all links until it is bound to its own.
        ip("link add third type veth peer name fourth");
        ip("link set third up");
        ip("link set fourth up");
        let stop = Arc::new(AtomicBool::new(false));
        let flood = std::thread::spawn({
            let (stop, runtime) = (Arc::clone(&stop), tokio::runtime::Handle::current());
            move || {
                let _guard = runtime.enter();
                let third = open("third");
                while !stop.load(Ordering::Relaxed) {
                    let _ = third.send(&arp());
                }
            }
        });
        let far = open("peer");
        for _ in 0..300 {
            let mut near = open("up0");
            far.send(&nd(136)).unwrap();
            far.send(&nd(135)).unwrap();
            assert_eq!(recv(&mut near).await[12..14], [0x86, 0xdd]);
            assert_eq!(recv(&mut near).await[12..14], [0x86, 0xdd]);
        }
        stop.store(true, Ordering::Relaxed);
        flood.join().unwrap();
    });
}

#[test]
fn errors_name_the_link() {
    lab(|_| async move {
        let error = PacketSocket::open(&"absent".into()).unwrap_err();
        assert!(matches!(&error, Error::Packet { link, .. } if link.as_str() == "absent"), "{error:?}");
        let mut socket = open("up0");
        ip("link set up0 down");
        let error = socket.send(&arp()).unwrap_err();
        assert_eq!(error.to_string(), "cannot send a frame on up0");
        ip("link del up0");
        let error = tokio::time::timeout(Duration::from_mins(1), socket.recv()).await.unwrap().unwrap_err();
        assert_eq!(error.to_string(), "cannot receive frames on up0");
    });
}

#[test]
fn the_clock_goes_forward() {
    let start = clock::now();
    assert!(start.0 > Duration::ZERO);
    while clock::now() == start {}
    assert!(clock::now() - start > Duration::ZERO);
}

fn open(link: &str) -> PacketSocket {
    PacketSocket::open(&link.into()).unwrap()
}

/// The next frame that the test sent; the kernel itself sends some, too.
async fn recv(socket: &mut PacketSocket) -> Vec<u8> {
    let search = async {
        loop {
            let frame = socket.recv().await.unwrap();
            if frame[6..12] == SENDER {
                return frame;
            }
        }
    };
    tokio::time::timeout(Duration::from_mins(1), search).await.expect("the frame never came")
}

const SENDER: [u8; 6] = [2, 0, 0, 0, 0, 0x55];

fn arp() -> Vec<u8> {
    let mut frame = [[0xff; 6].as_slice(), &SENDER, &[8, 6, 0, 1, 8, 0, 6, 4, 0, 1]].concat();
    frame.resize(42, 0);
    frame
}

fn nd(kind: u8) -> Vec<u8> {
    let mut frame = [[0x33, 0x33, 0, 0, 0, 1].as_slice(), &SENDER, &[0x86, 0xdd, 0x60, 0, 0, 0, 0, 24, 58, 255]].concat();
    frame.resize(54, 0);
    frame.push(kind);
    frame.resize(78, 0);
    frame
}
