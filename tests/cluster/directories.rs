//! Directories as sources, several sources together.

use std::fs;

use crate::support::{EVENTS_ONLY, Lab, POLLING, manifest, run, service};

#[test]
fn files_come_and_go() {
    run(async {
        let mut lab = Lab::new(&["."], EVENTS_ONLY, |at| {
            fs::write(at.join("a.yaml"), manifest(&["a"])).unwrap();
            fs::write(at.join("b.yml"), manifest(&["b"])).unwrap();
            fs::write(at.join("c.json"), r#"{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "c"}}"#).unwrap();
            fs::write(at.join(".hidden.yaml"), manifest(&["hidden"])).unwrap();
            fs::write(at.join("notes.txt"), "no manifest").unwrap();
            fs::create_dir(at.join("sub")).unwrap();
            fs::write(at.join("sub/d.yaml"), manifest(&["d"])).unwrap();
        });
        assert_eq!((lab.names(), lab.problems()), (vec!["a".to_owned(), "b".into(), "c".into()], vec![]));
        lab.write("e.yaml", &manifest(&["e"]));
        lab.until_names(&["a", "b", "c", "e"]).await;
        fs::remove_file(lab.path("b.yml")).unwrap();
        lab.until_names(&["a", "c", "e"]).await;
        fs::rename(lab.path("sub/d.yaml"), lab.path("d.yaml")).unwrap();
        lab.until_names(&["a", "c", "d", "e"]).await;
        fs::rename(lab.path("a.yaml"), lab.path("a.yaml.bak")).unwrap();
        lab.until_names(&["c", "d", "e"]).await;
        assert_eq!(lab.problems(), [""; 0]);
        let report = &lab.files.reports()[0];
        assert_eq!((report.services, report.skipped), (3, 0));
    });
}

#[test]
fn a_directory_that_appears_later_is_found() {
    run(async {
        let mut lab = Lab::new(&["services.d"], POLLING, |_| {});
        assert_eq!(lab.names(), [""; 0]);
        fs::create_dir(lab.path("services.d")).unwrap();
        lab.write("services.d/a.yaml", &manifest(&["a"]));
        lab.until_names(&["a"]).await;
    });
}

#[test]
fn a_directory_that_is_replaced_is_followed() {
    run(async {
        let mut lab = Lab::new(&["services.d"], EVENTS_ONLY, |at| {
            for (directory, name) in [("services.d", "old"), ("services.new", "new")] {
                fs::create_dir(at.join(directory)).unwrap();
                fs::write(at.join(directory).join("a.yaml"), manifest(&[name])).unwrap();
            }
        });
        fs::rename(lab.path("services.d"), lab.path("services.old")).unwrap();
        fs::rename(lab.path("services.new"), lab.path("services.d")).unwrap();
        lab.until_names(&["new"]).await;
        lab.write("services.d/b.yaml", &manifest(&["b"]));
        lab.until_names(&["b", "new"]).await;
        // What happens in the old one is no longer our business.
        lab.write("services.old/a.yaml", &manifest(&["stray"]));
        lab.write("services.d/c.yaml", &manifest(&["c"]));
        lab.until_names(&["b", "c", "new"]).await;
    });
}

#[test]
fn of_two_files_that_name_one_service_the_first_counts() {
    run(async {
        let mut lab = Lab::new(&["z.yaml", "a.yaml"], EVENTS_ONLY, |at| {
            fs::write(at.join("z.yaml"), service("both", "192.0.2.1")).unwrap();
            fs::write(at.join("a.yaml"), service("both", "192.0.2.2") + &manifest(&["other"])).unwrap();
        });
        assert_eq!(lab.services()["both"], "192.0.2.1");
        assert_eq!(lab.problems(), ["a.yaml: Service default/both is also named in z.yaml, which comes first and counts"]);
        assert_eq!(lab.files.reports()[1].problems.len(), 1, "the problem belongs to the source that does not count");
        lab.write("z.yaml", &manifest(&["third"]));
        lab.until(|lab| lab.services().get("both").is_some_and(|address| address == "192.0.2.2"), "the second one's turn").await;
        assert_eq!((lab.names(), lab.problems()), (vec!["both".to_owned(), "other".into(), "third".into()], vec![]));
    });
}

#[test]
fn a_path_that_is_configured_twice_is_read_once() {
    run(async {
        let lab = Lab::new(&[".", "a.yaml", "a.yaml"], EVENTS_ONLY, |at| fs::write(at.join("a.yaml"), manifest(&["a"])).unwrap());
        // `absolute` keeps no "." inside a path, so that all three are one file.
        assert_eq!((lab.names(), lab.problems()), (vec!["a".to_owned()], vec![]));
    });
}
