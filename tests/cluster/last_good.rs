//! What a file said before stays in force until it can be meant that it no longer says so.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

use crate::support::{EVENTS_ONLY, Lab, manifest, run};

fn two_services(watched: &str) -> Lab {
    let lab = Lab::new(&[watched], EVENTS_ONLY, |at| fs::write(at.join("a.yaml"), manifest(&["one", "two"])).unwrap());
    assert_eq!(lab.names(), ["one", "two"]);
    lab
}

/// Waits for exactly one problem.
async fn until_problem(lab: &mut Lab, expected: &str) {
    lab.until(|lab| lab.problems().len() == 1 && lab.problems()[0].contains(expected), expected).await;
}

#[test]
fn a_malformed_document_takes_nothing_away() {
    run(async {
        let mut lab = two_services("a.yaml");
        lab.write("a.yaml", &(manifest(&["one", "new"]) + "---\nkind: [\n"));
        until_problem(&mut lab, "a.yaml: line 18, document 3: ").await;
        assert_eq!(lab.names(), ["new", "one", "two"], "what is new counts, what is missing may be the malformed one");
        lab.write("a.yaml", &manifest(&["one", "new"]));
        lab.until_names(&["new", "one"]).await;
        assert_eq!(lab.problems(), [""; 0]);
    });
}

#[test]
fn a_file_that_is_no_text_takes_nothing_away() {
    run(async {
        let mut lab = two_services("a.yaml");
        fs::write(lab.path("a.yaml"), b"# \xff\xfe\n").unwrap();
        until_problem(&mut lab, "a.yaml is no UTF-8 text from byte 2 on; the Services that it named stay in force").await;
        assert_eq!(lab.names(), ["one", "two"]);
    });
}

#[test]
fn a_configured_file_that_vanishes_stays_in_force() {
    run(async {
        let mut lab = two_services("a.yaml");
        fs::remove_file(lab.path("a.yaml")).unwrap();
        until_problem(&mut lab, "a.yaml does not exist; it is read as soon as it appears; the Services that it named stay in force").await;
        assert!(tokio::time::timeout(EVENTS_ONLY.confirm * 2, lab.files.changed()).await.is_err());
        assert_eq!(lab.names(), ["one", "two"]);
        lab.write("a.yaml", &manifest(&["three"]));
        lab.until_names(&["three"]).await;
        assert_eq!(lab.problems(), [""; 0]);
    });
}

#[test]
fn a_fifo_blocks_nothing() {
    run(async {
        let mut lab = two_services("a.yaml");
        nix::unistd::mkfifo(&lab.path("fifo"), nix::sys::stat::Mode::S_IRUSR).unwrap();
        fs::rename(lab.path("fifo"), lab.path("a.yaml")).unwrap();
        until_problem(&mut lab, "a.yaml is no regular file").await;
        assert_eq!(lab.names(), ["one", "two"]);
    });
}

#[test]
fn an_empty_file_is_believed_only_at_the_second_look() {
    run(async {
        let mut lab = two_services("a.yaml");
        lab.write("a.yaml", "");
        // The first look comes with the event and changes nothing.
        assert!(tokio::time::timeout(EVENTS_ONLY.confirm / 5, lab.files.changed()).await.is_err());
        assert_eq!(lab.names(), ["one", "two"]);
        lab.until_names(&[]).await;
        assert_eq!(lab.problems(), [""; 0]);
    });
}

#[test]
fn an_editor_that_truncates_and_renames_takes_nothing_away() {
    run(async {
        for watched in ["a.yaml", "."] {
            let mut lab = two_services(watched);
            let text = manifest(&["one", "two", "three"]);
            lab.write("a.yaml", "");
            let _ = tokio::time::timeout(Duration::from_millis(20), lab.files.changed()).await;
            assert_eq!(lab.names(), ["one", "two"]);
            fs::rename(lab.path("a.yaml"), lab.path("a.yaml~")).unwrap();
            let _ = tokio::time::timeout(Duration::from_millis(20), lab.files.changed()).await;
            assert_eq!(lab.names(), ["one", "two"]);
            lab.write("a.yaml", &text);
            lab.until_names(&["one", "three", "two"]).await;
            assert!(tokio::time::timeout(EVENTS_ONLY.confirm * 2, lab.files.changed()).await.is_err(), "the doubt is over");
            assert_eq!((lab.names().len(), lab.problems().len()), (3, 0));
        }
    });
}

#[test]
fn a_directory_that_vanishes_stays_in_force() {
    run(async {
        let mut lab = Lab::new(&["services.d"], EVENTS_ONLY, |at| {
            fs::create_dir(at.join("services.d")).unwrap();
            fs::write(at.join("services.d/a.yaml"), manifest(&["one"])).unwrap();
        });
        fs::rename(lab.path("services.d"), lab.path("away")).unwrap();
        lab.until(|lab| lab.problems().iter().any(|problem| problem.contains("services.d cannot be listed")), "a problem").await;
        assert!(tokio::time::timeout(EVENTS_ONLY.confirm * 2, lab.files.changed()).await.is_err());
        assert_eq!(lab.names(), ["one"]);
        fs::rename(lab.path("away"), lab.path("services.d")).unwrap();
        lab.until(|lab| lab.problems().is_empty(), "no problem").await;
        assert_eq!(lab.names(), ["one"]);
    });
}

#[test]
fn a_link_that_leads_nowhere_takes_nothing_away() {
    run(async {
        let mut lab = Lab::new(&["."], EVENTS_ONLY, |at| {
            fs::write(at.join("real"), manifest(&["one"])).unwrap();
            symlink("real", at.join("a.yaml")).unwrap();
        });
        fs::rename(lab.path("real"), lab.path("away")).unwrap();
        until_problem(&mut lab, "a.yaml does not exist").await;
        assert!(tokio::time::timeout(EVENTS_ONLY.confirm * 2, lab.files.changed()).await.is_err());
        assert_eq!(lab.names(), ["one"]);
    });
}
