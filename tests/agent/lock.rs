//! One agent for each state directory.

use hostvip::agent::lock::{Error, Holder, Lock, decode, observe};
use proptest::prelude::*;

#[test]
fn the_second_is_told_who_holds_it() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    let mut lock = Lock::take(&state).unwrap();
    let pid = std::process::id();
    assert_eq!(observe(&state), Some(Holder { pid, listen: None }));
    let Err(Error::Held { holder, .. }) = Lock::take(&state) else { panic!("taken twice") };
    assert_eq!(holder, format!("pid {pid}"));
    let listen = "127.0.0.1:9476".parse().unwrap();
    lock.publish(listen).unwrap();
    assert_eq!(observe(&state), Some(Holder { pid, listen: Some(listen) }));
    drop(lock);
    Lock::take(&state).unwrap();
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = Lock::take(&file.join("state")).unwrap_err();
    assert!(error.to_string().contains("file/state/lock"), "{error}");
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(text in ".*") {
        let _ = decode(&text);
    }

    #[test]
    fn what_is_written_is_read(pid: u32, port: u16) {
        let listen = std::net::SocketAddr::from(([127, 0, 0, 1], port));
        prop_assert_eq!(decode(&format!("{pid} {listen}\n")), Some(Holder { pid, listen: Some(listen) }));
        prop_assert_eq!(decode(&format!("{pid} \n")), Some(Holder { pid, listen: None }));
    }
}
