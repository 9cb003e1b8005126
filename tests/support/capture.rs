//! A record of every ARP and ND frame on a link, so that tests can assert the order on the wire.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::frame::Frame;
use super::wire::Wire;
use super::{Netns, eventually};

/// How often a capture looks whether it shall end.
const TURN: Duration = Duration::from_millis(20);

/// A running capture; it ends when dropped.
pub struct Capture {
    frames: Arc<Mutex<Vec<Frame>>>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Capture {
    /// Records on `link` of `netns`, both directions. When this returns, the socket is open: nothing later is missed.
    pub fn start(netns: &Netns, link: &str) -> Self {
        let (frames, ended) = (Arc::<Mutex<Vec<Frame>>>::default(), Arc::<AtomicBool>::default());
        let (opened, open) = mpsc::channel();
        let (record, end, link) = (Arc::clone(&frames), Arc::clone(&ended), link.to_owned());
        let thread = netns.background(move || {
            let wire = Wire::open(&link, true);
            opened.send(()).unwrap();
            while !end.load(Ordering::Relaxed) {
                if let Some(frame) = wire.receive(Instant::now() + TURN) {
                    record.lock().unwrap_or_else(PoisonError::into_inner).push(frame);
                }
            }
        });
        open.recv().expect("the capture's socket opens");
        Self { frames, ended, thread: Some(thread) }
    }

    /// What was heard so far, in order.
    pub fn frames(&self) -> Vec<Frame> {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for the first frame that `wanted` accepts.
    pub fn wait(&self, what: &str, wanted: impl Fn(&Frame) -> bool) -> Frame {
        eventually(what, || self.frames().into_iter().find(&wanted))
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
