//! Paths that are not there, and come.

use std::fs;

use crate::support::{EVENTS_ONLY, Lab, POLLING, manifest, run};

#[test]
fn a_missing_file_is_a_problem_until_it_appears() {
    run(async {
        let mut lab = Lab::new(&["a.yaml"], EVENTS_ONLY, |_| {});
        assert_eq!(lab.problems(), ["a.yaml does not exist; it is read as soon as it appears"]);
        lab.write("a.yaml", &manifest(&["one"]));
        lab.until_names(&["one"]).await;
        assert_eq!(lab.problems(), [""; 0]);
    });
}

#[test]
fn missing_parents_may_appear_one_by_one() {
    run(async {
        let mut lab = Lab::new(&["x/y/a.yaml", "x/z"], EVENTS_ONLY, |_| {});
        assert_eq!(lab.problems().len(), 2);
        fs::create_dir(lab.path("x")).unwrap();
        assert!(tokio::time::timeout(EVENTS_ONLY.confirm, lab.files.changed()).await.is_err());
        fs::create_dir(lab.path("x/y")).unwrap();
        lab.write("x/y/a.yaml", &manifest(&["one"]));
        lab.until_names(&["one"]).await;
        fs::create_dir(lab.path("x/z")).unwrap();
        lab.until(|lab| lab.problems().is_empty(), "the directory").await;
        lab.write("x/z/b.yaml", &manifest(&["two"]));
        lab.until_names(&["one", "two"]).await;
    });
}

#[test]
fn a_file_may_become_a_directory() {
    run(async {
        let mut lab = Lab::new(&["services"], EVENTS_ONLY, |at| fs::write(at.join("services"), manifest(&["one"])).unwrap());
        fs::remove_file(lab.path("services")).unwrap();
        fs::create_dir(lab.path("services")).unwrap();
        lab.write("services/a.yaml", &manifest(&["two"]));
        lab.until_names(&["two"]).await;
        assert_eq!(lab.problems(), [""; 0]);
    });
}

#[test]
fn a_file_is_found_without_events_too() {
    run(async {
        let mut lab = Lab::new(&["x/a.yaml"], POLLING, |_| {});
        fs::create_dir(lab.path("x")).unwrap();
        let open = fs::File::create(lab.path("x/a.yaml")).unwrap();
        std::io::Write::write_all(&mut &open, manifest(&["one"]).as_bytes()).unwrap();
        lab.until_names(&["one"]).await;
        drop(open);
    });
}
