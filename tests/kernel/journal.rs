//! The journal's file: form, damage, and values that survive a failed write.

use std::collections::BTreeMap;
use std::fs;

use hostvip::kernel::journal::{Entry, Journal, MalformedJournal, decode, encode};
use hostvip::kernel::{Error, Kernel};
use hostvip::model::{Knob, Sysctl};
use proptest::prelude::*;

use crate::support::{chain, lab};

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&bytes);
    }

    #[test]
    fn damaged_journals_never_panic(cut in 0_usize..400, byte in any::<u8>()) {
        let mut bytes = encode(&BTreeMap::from([(Sysctl::all(Knob::ArpIgnore), Entry { index: None, before: 0, set: vec![1] })])).unwrap();
        let at = cut % bytes.len();
        bytes[at] = byte;
        let _ = decode(&bytes);
        prop_assert!(decode(&bytes[..at]).is_err());
    }

    #[test]
    fn what_is_written_is_read(entries in proptest::collection::btree_map(sysctl(), entry(), 0..6)) {
        prop_assert_eq!(decode(&encode(&entries).unwrap()).unwrap(), entries);
    }
}

#[test]
fn other_versions_other_programs_and_double_entries_are_refused() {
    let record = r#"{"link":"lo","knob":"arp_ignore","before":0,"set":[1]}"#;
    assert!(decode(format!(r#"{{"version":1,"sysctls":[{record}]}}"#).as_bytes()).is_ok());
    assert!(matches!(decode(format!(r#"{{"version":2,"sysctls":[{record}]}}"#).as_bytes()), Err(MalformedJournal::Version(2))));
    let twice = decode(format!(r#"{{"version":1,"sysctls":[{record},{record}]}}"#).as_bytes());
    assert!(matches!(twice, Err(MalformedJournal::Twice(_))));
    assert!(decode(br#"{"version":1,"sysctls":[],"owner":"tuned"}"#).is_err());
}

#[test]
fn a_damaged_journal_is_moved_aside_and_never_overwritten() {
    lab(|lab| async move {
        let path = lab.state.path().join("sysctls.json");
        for (damage, aside) in [("first", "sysctls.json.corrupt"), ("second", "sysctls.json.corrupt.2")] {
            fs::write(&path, damage).unwrap();
            let error = Kernel::open(lab.state.path()).unwrap_err();
            assert!(matches!(error, Error::MalformedJournal { .. }), "{error:?}");
            assert!(chain(&error).contains(path.to_str().unwrap()) && chain(&error).contains(aside), "{}", chain(&error));
            assert_eq!(fs::read_to_string(lab.state.path().join(aside)).unwrap(), damage);
            assert!(!path.exists());
            lab.kernel();
        }
    });
}

#[test]
fn the_first_value_stays_and_a_failed_write_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let sysctl = Sysctl::all(Knob::ArpIgnore);
    let mut journal = Journal::open(directory.path()).unwrap();
    journal.record(&sysctl, None, 0, 1).unwrap();
    // Recorded, but the kernel setting stayed at 1: both values are known as ours.
    journal.record(&sysctl, None, 1, 2).unwrap();
    let reread = Journal::open(directory.path()).unwrap();
    assert_eq!(reread.get(&sysctl), Some(&Entry { index: None, before: 0, set: vec![1, 2] }));
    // Written this time, and set anew: the value that is there no more is nobody's.
    journal.record(&sysctl, None, 2, 8).unwrap();
    assert_eq!(journal.get(&sysctl), Some(&Entry { index: None, before: 0, set: vec![2, 8] }));
    journal.forget(&sysctl).unwrap();
    assert_eq!(Journal::open(directory.path()).unwrap().get(&sysctl), None);
}

fn sysctl() -> impl Strategy<Value = Sysctl> {
    ("[a-z.]{1,5}", proptest::sample::select(&Knob::ALL[..])).prop_map(|(link, knob)| Sysctl::new(link.as_str(), knob))
}

fn entry() -> impl Strategy<Value = Entry> {
    (any::<Option<u32>>(), any::<i32>(), proptest::collection::vec(any::<i32>(), 0..3)).prop_map(|(index, before, set)| Entry {
        index,
        before,
        set,
    })
}
