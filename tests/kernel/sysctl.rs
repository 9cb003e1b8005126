//! Kernel settings: set, given back, and left alone where others changed them.

use std::fs;

use hostvip::kernel::{Error, Kernel};
use hostvip::model::{Knob, LinkName, Op, Sysctl, SysctlState};

use crate::support::{Lab, apply, chain, ip, lab};

#[test]
fn a_setting_is_set_kept_and_given_back_by_a_later_process() {
    lab(|lab| async move {
        ip("link add v.100 type veth peer name other");
        for link in ["up0", "v.100", "all"] {
            write(link, 2);
            let mut kernel = lab.kernel();
            apply(&mut kernel, &[set(link, 1)]);
            assert_eq!(read(link), 1);
            assert_eq!(state(&kernel, link), SysctlState { value: 1, before: Some(2) });
            apply(&mut kernel, &[set(link, 8), set(link, 8)]);
            // As after a crash.
            let mut kernel = lab.kernel();
            assert_eq!(state(&kernel, link), SysctlState { value: 8, before: Some(2) });
            apply(&mut kernel, &[restore(link)]);
            assert_eq!((read(link), state(&kernel, link)), (2, SysctlState { value: 2, before: None }));
        }
        assert_eq!(fs::read_dir(lab.state.path()).unwrap().count(), 0, "nothing is left to give back");
    });
}

#[test]
fn a_setting_that_others_changed_after_us_is_left_alone() {
    lab(|lab| async move {
        let mut kernel = lab.kernel();
        apply(&mut kernel, &[set("up0", 1)]);
        write("up0", 2);
        assert!(kernel.refresh_sysctls(&["up0".into()]));
        assert!(!kernel.refresh_sysctls(&["up0".into()]));
        apply(&mut kernel, &[restore("up0")]);
        assert_eq!((read("up0"), state(&kernel, "up0")), (2, SysctlState { value: 2, before: None }));
        assert_eq!(lab.kernel().host(), kernel.host());
    });
}

#[test]
fn only_the_settings_of_the_links_asked_for_are_read_again() {
    lab(|lab| async move {
        let mut kernel = lab.kernel();
        for link in ["up0", "lo"] {
            write(link, 8);
        }
        assert!(kernel.refresh_sysctls(&["up0".into(), "not-there".into()]));
        assert_eq!((state(&kernel, "up0").value, state(&kernel, "lo").value), (8, 0));
        write("all", 2);
        assert!(kernel.refresh_sysctls(&[]), "`all` bears on every link");
        assert!(kernel.resync().unwrap());
        assert_eq!((state(&kernel, "all").value, state(&kernel, "lo").value), (2, 8));
        assert!(!kernel.resync().unwrap(), "nothing changed since");
    });
}

#[test]
fn a_setting_that_is_so_already_is_not_ours() {
    lab(|lab| async move {
        write("up0", 1);
        let mut kernel = lab.kernel();
        apply(&mut kernel, &[set("up0", 1)]);
        assert_eq!(state(&kernel, "up0"), SysctlState { value: 1, before: None });
        apply(&mut kernel, &[restore("up0")]);
        assert_eq!(read("up0"), 1);
    });
}

#[test]
fn nothing_is_changed_that_cannot_be_recorded() {
    lab(|lab| async move {
        let file = lab.state.path().join("file");
        fs::write(&file, "").unwrap();
        let mut kernel = Kernel::open(&lab.state.path().join("new")).unwrap();
        fs::write(lab.state.path().join("new"), "").unwrap();
        let results = kernel.apply(&[set("up0", 1)]);
        let error = results[0].as_ref().unwrap_err();
        assert!(matches!(error, Error::Journal { .. }), "{error:?}");
        assert!(chain(error).contains("new/sysctls.json"), "{}", chain(error));
        assert_eq!(read("up0"), 0);
    });
}

#[test]
fn the_state_directory_is_made_when_it_is_needed() {
    lab(|lab| async move {
        let nested = lab.state.path().join("a/b");
        let mut kernel = Kernel::open(&nested).unwrap();
        assert!(!nested.exists());
        apply(&mut kernel, &[set("up0", 1)]);
        assert!(nested.join("sysctls.json").exists());
    });
}

#[test]
fn the_values_of_a_link_that_is_gone_are_forgotten() {
    lab(|lab| async move {
        let mut kernel = lab.kernel();
        apply(&mut kernel, &[set("up0", 1), set("lo", 1)]);
        ip("link del up0");
        // Gone and not yet noticed.
        apply(&mut kernel, &[restore("up0")]);
        assert!(journal(&lab).contains("\"lo\"") && !journal(&lab).contains("up0"), "{}", journal(&lab));
        // Noticed by a fresh look, and forgotten with the next change; a look alone writes nothing.
        ip("link add up0 type veth peer name peer");
        kernel.resync().unwrap();
        apply(&mut kernel, &[set("up0", 1)]);
        ip("link del up0");
        kernel.resync().unwrap();
        assert_eq!(journal(&lab).matches("knob").count(), 2);
        apply(&mut kernel, &[restore("lo")]);
        assert!(!lab.state.path().join("sysctls.json").exists());
    });
}

#[test]
fn a_link_that_changed_its_name_gets_its_own_value_back() {
    lab(|lab| async move {
        // With the agent there, and while it was away: a namesake takes the old name, and is not taken for it.
        for away in [false, true] {
            write("up0", 2);
            let mut kernel = lab.kernel();
            apply(&mut kernel, &[set("up0", 1)]);
            for line in ["link set up0 down", "link set up0 name former", "link set peer down", "link set peer name up0"] {
                ip(line);
            }
            write("up0", 1);
            if away {
                kernel = lab.kernel();
            } else {
                kernel.resync().unwrap();
            }
            assert_eq!(state(&kernel, "former"), SysctlState { value: 1, before: Some(2) });
            assert_eq!(state(&kernel, "up0"), SysctlState { value: 1, before: None });
            apply(&mut kernel, &[restore("former")]);
            assert_eq!((read("former"), read("up0")), (2, 1));
            for line in ["link set up0 name peer", "link set former name up0"] {
                ip(line);
            }
        }
        assert_eq!(fs::read_dir(lab.state.path()).unwrap().count(), 0, "nothing is left to give back");
    });
}

#[test]
fn a_setting_of_no_link_is_an_error_that_names_it() {
    lab(|lab| async move {
        let mut kernel = lab.kernel();
        for link in ["absent", "../all", "", "."] {
            let results = kernel.apply(&[set(link, 1)]);
            let error = results[0].as_ref().unwrap_err();
            assert!(matches!(error, Error::Sysctl { .. }), "{error:?}");
            assert!(chain(error).contains("arp_ignore = 1"), "{}", chain(error));
        }
        assert_eq!(read("all"), 0);
    });
}

#[test]
fn every_knob_of_every_link_is_seen() {
    lab(|lab| async move {
        let host = lab.host();
        for link in ["all", "lo", "up0", "peer"] {
            for knob in Knob::ALL {
                assert!(host.sysctl(&LinkName::from(link), knob).is_some(), "{}", Sysctl::new(link, knob));
            }
        }
        assert_eq!(host.ours.sysctls.len(), 4 * Knob::ALL.len());
    });
}

fn journal(lab: &Lab) -> String {
    fs::read_to_string(lab.state.path().join("sysctls.json")).unwrap()
}

fn set(link: &str, value: i32) -> Op {
    Op::SetSysctl { sysctl: Sysctl::new(link, Knob::ArpIgnore), value, was: None }
}

fn restore(link: &str) -> Op {
    Op::RestoreSysctl { sysctl: Sysctl::new(link, Knob::ArpIgnore), value: 0 }
}

fn state(kernel: &Kernel, link: &str) -> SysctlState {
    kernel.host().ours.sysctls[&Sysctl::new(link, Knob::ArpIgnore)]
}

fn path(link: &str) -> String {
    format!("/proc/sys/net/ipv4/conf/{link}/arp_ignore")
}

fn read(link: &str) -> i32 {
    fs::read_to_string(path(link)).unwrap().trim().parse().unwrap()
}

fn write(link: &str, value: i32) {
    fs::write(path(link), value.to_string()).unwrap();
}
