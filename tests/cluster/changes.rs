//! Every way in which a file comes to say something else, seen by its events alone.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::{Duration, Instant};

use crate::support::{EVENTS_ONLY, Lab, POLLING, manifest, run, service};

fn one_file() -> Lab {
    let lab = Lab::new(&["a.yaml"], EVENTS_ONLY, |at| fs::write(at.join("a.yaml"), manifest(&["one"])).unwrap());
    assert_eq!((lab.names(), lab.problems()), (vec!["one".to_owned()], vec![]));
    lab
}

#[test]
fn written_in_place() {
    run(async {
        let mut lab = one_file();
        lab.write("a.yaml", &manifest(&["one", "two"]));
        lab.until_names(&["one", "two"]).await;
        lab.write("a.yaml", &service("one", "192.0.2.9"));
        lab.until(|lab| lab.services()["one"] == "192.0.2.9", "another address").await;
        lab.until_names(&["one"]).await;
    });
}

#[test]
fn renamed_over() {
    run(async {
        let mut lab = one_file();
        for round in ["two", "three"] {
            lab.write(".a.yaml.tmp", &manifest(&["one", round]));
            fs::rename(lab.path(".a.yaml.tmp"), lab.path("a.yaml")).unwrap();
            lab.until_names(&["one", round]).await;
        }
    });
}

#[test]
fn linked_anew() {
    run(async {
        let mut lab = one_file();
        lab.write("other", &manifest(&["one", "two"]));
        fs::remove_file(lab.path("a.yaml")).unwrap();
        fs::hard_link(lab.path("other"), lab.path("a.yaml")).unwrap();
        lab.until_names(&["one", "two"]).await;
    });
}

#[test]
fn a_half_written_file_is_not_read() {
    run(async {
        let mut lab = one_file();
        let mut writer = OpenOptions::new().write(true).truncate(true).open(lab.path("a.yaml")).unwrap();
        writer.write_all(manifest(&["two"]).as_bytes()).unwrap();
        // An event of another file brings a pass in which the half-written one must be left alone.
        assert!(tokio::time::timeout(Duration::from_millis(100), lab.files.changed()).await.is_err());
        assert_eq!(lab.names(), ["one"]);
        writer.write_all(manifest(&["three"]).as_bytes()).unwrap();
        drop(writer);
        lab.until_names(&["three", "two"]).await;
    });
}

#[test]
fn a_writer_that_never_closes_is_read_when_the_file_is_at_rest() {
    run(async {
        let mut lab = Lab::new(&["a.yaml"], POLLING, |at| fs::write(at.join("a.yaml"), manifest(&["one"])).unwrap());
        let mut writer = OpenOptions::new().write(true).truncate(true).open(lab.path("a.yaml")).unwrap();
        writer.write_all(manifest(&["one", "two"]).as_bytes()).unwrap();
        lab.until_names(&["one", "two"]).await;
        drop(writer);
    });
}

/// kubelet's layout: `a.yaml → ..data/a.yaml`, `..data → ..1/`, and a rename of the link swaps all files at once.
#[test]
fn a_mounted_config_map_is_swapped() {
    run(async {
        for watched in ["volume", "volume/a.yaml"] {
            let mut lab = Lab::new(&[watched], EVENTS_ONLY, |at| {
                fs::create_dir_all(at.join("volume/..1")).unwrap();
                fs::write(at.join("volume/..1/a.yaml"), manifest(&["one"])).unwrap();
                symlink("..1", at.join("volume/..data")).unwrap();
                symlink("..data/a.yaml", at.join("volume/a.yaml")).unwrap();
            });
            assert_eq!((lab.names(), lab.problems()), (vec!["one".to_owned()], vec![]));
            for (version, name) in [("2", "two"), ("3", "three"), ("4", "four")] {
                fs::create_dir(lab.path(&format!("volume/..{version}"))).unwrap();
                lab.write(&format!("volume/..{version}/a.yaml"), &manifest(&["one", name]));
                symlink(format!("..{version}"), lab.path("volume/..data_tmp")).unwrap();
                let old = fs::read_link(lab.path("volume/..data")).unwrap();
                fs::rename(lab.path("volume/..data_tmp"), lab.path("volume/..data")).unwrap();
                fs::remove_dir_all(lab.path("volume").join(old)).unwrap();
                lab.until_names(&{
                    let mut names = vec!["one", name];
                    names.sort_unstable();
                    names
                })
                .await;
                assert_eq!(lab.problems(), [""; 0]);
            }
        }
    });
}

#[test]
fn behind_links_in_other_directories() {
    run(async {
        let mut lab = Lab::new(&["etc/a.yaml"], EVENTS_ONLY, |at| {
            for directory in ["etc", "first", "second", "third"] {
                fs::create_dir(at.join(directory)).unwrap();
            }
            symlink("../current/a.yaml", at.join("etc/a.yaml")).unwrap();
            symlink(at.join("first"), at.join("current")).unwrap();
            symlink("../third/real", at.join("first/a.yaml")).unwrap();
            fs::write(at.join("third/real"), manifest(&["one"])).unwrap();
            fs::write(at.join("second/a.yaml"), manifest(&["one", "moved"])).unwrap();
        });
        lab.write("third/real", &manifest(&["one", "two"]));
        lab.until_names(&["one", "two"]).await;
        fs::remove_file(lab.path("current")).unwrap();
        symlink("second", lab.path("current")).unwrap();
        lab.until_names(&["moved", "one"]).await;
        lab.write("second/a.yaml", &manifest(&["one", "moved", "again"]));
        lab.until_names(&["again", "moved", "one"]).await;
    });
}

#[test]
fn a_lost_event_is_made_good() {
    run(async {
        let mut lab = Lab::new(&["."], EVENTS_ONLY, |at| fs::write(at.join("a.yaml"), manifest(&["one"])).unwrap());
        let limit: usize = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap().trim().parse().unwrap();
        // Alternate, because the kernel merges equal neighbours.
        let other = [File::create(lab.path("x")).unwrap(), File::create(lab.path("y")).unwrap()];
        for round in 0..=limit {
            other[round % 2].set_permissions(fs::Permissions::from_mode(0o600)).unwrap();
        }
        lab.write("a.yaml", &manifest(&["one", "two"]));
        lab.until_names(&["one", "two"]).await;
    });
}

#[test]
fn waiting_may_be_cancelled_at_any_time() {
    run(async {
        let mut lab = one_file();
        lab.write("a.yaml", &manifest(&["one", "two"]));
        for _ in 0..100 {
            // Polled once, and dropped.
            let _ = tokio::time::timeout(Duration::ZERO, lab.files.changed()).await;
        }
        lab.until_names(&["one", "two"]).await;
    });
}

#[test]
fn a_touch_is_no_change() {
    run(async {
        let mut lab = one_file();
        lab.write("a.yaml", &manifest(&["one"]));
        fs::set_permissions(lab.path("a.yaml"), fs::Permissions::from_mode(0o640)).unwrap();
        assert!(tokio::time::timeout(Duration::from_millis(300), lab.files.changed()).await.is_err());
    });
}

/// Not a timed assertion: prints what `cargo nextest run --release --no-capture` measures.
#[test]
fn one_file_beside_thousands_of_others() {
    run(async {
        let mut lab = Lab::new(&["."], EVENTS_ONLY, |at| {
            for n in 0..1000 {
                fs::write(at.join(format!("{n}.yaml")), (0..10).map(|m| service(&format!("s{n}-{m}"), "192.0.2.1")).collect::<String>())
                    .unwrap();
            }
        });
        assert_eq!(lab.names().len(), 10_000);
        let mut took = Vec::new();
        for round in 0..50 {
            let address = format!("192.0.2.{}", 2 + round);
            lab.write(".tmp", &service("s500-0", &address));
            if round % 2 == 0 {
                fs::rename(lab.path(".tmp"), lab.path("500.yaml")).unwrap();
            } else {
                lab.write("500.yaml", &service("s500-0", &address));
            }
            let started = Instant::now();
            lab.files.changed().await;
            took.push(started.elapsed());
            assert!(lab.files.services().any(|service| service.external_ips[0].to_string() == address));
        }
        took.sort_unstable();
        println!("changed to new state beside 10 000 Services in 1 000 files: median {:?}, worst {:?}", took[25], took[49]);
    });
}
