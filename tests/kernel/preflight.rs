//! What this kernel can, by trial; and the programs of a namespace.

use hostvip::decide::doctor::{Privileges, Trial};
use hostvip::kernel::{preflight, process};

use crate::support::{ip, lab};

#[test]
fn a_kernel_that_runs_the_other_tests_passes_the_trials() {
    lab(|_| async move {
        assert_eq!(preflight::observe_privileges(), Privileges { net_admin: true, net_raw: true });
        let before = (ip("address"), ip("route show table all"));
        let features = preflight::observe_features();
        assert_eq!((features.marks, features.arp_tables), (Trial::Works, Trial::Works));
        assert!(features.release.starts_with(|c: char| c.is_ascii_digit()), "{}", features.release);
        assert_eq!((ip("address"), ip("route show table all")), before, "trials leave no trace");
    });
}

#[test]
fn programs_are_those_of_the_threads_own_namespace() {
    let outside = std::process::id();
    lab(move |_| async move {
        let mut child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
        let found = process::observe_processes();
        child.kill().unwrap();
        child.wait().unwrap();
        let sleeps: Vec<_> = found.iter().filter(|process| process.pid == child.id()).map(|process| process.name.as_str()).collect();
        assert_eq!(sleeps, ["sleep"]);
        assert!(found.iter().all(|process| process.pid != outside), "this test's main thread is in another namespace");
    });
}
