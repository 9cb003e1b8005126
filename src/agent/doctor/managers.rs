//! What systemd-networkd and `NetworkManager` keep in /run about the links that they manage.
//!
//! Their own buses would say more, and would take a D-Bus library; these files are what `networkctl` and initrds rely on.

use std::fs;
use std::path::{Path, PathBuf};

use crate::decide::doctor::Networkd;
use crate::decide::doctor::conf::{last_assignment, parse_bool};
use crate::model::Link;

/// Their names in /proc, cut to 15 characters.
pub(super) const NETWORKD: &str = "systemd-network";
pub(super) const NETWORK_MANAGER: &str = "NetworkManager";

/// Index of `lo` in every network namespace.
const LOOPBACK: u32 = 1;
/// In the order in which systemd reads them: the administrator's own come last, and count.
const SYSTEMD: [&str; 3] = ["/usr/lib/systemd", "/run/systemd", "/etc/systemd"];

/// What networkd does on the uplink and `lo`.
pub(super) fn networkd(uplink: Option<&Link>) -> Networkd {
    let state = uplink.map(|link| link_state(link.index)).unwrap_or_default();
    let uplink_file = network_file(&state);
    let own = uplink_file.as_deref().map(|file| network_texts(file, &state)).unwrap_or_default();
    let main = SYSTEMD.iter().map(|directory| PathBuf::from(format!("{directory}/networkd.conf")));
    let dropped_in = drop_ins(SYSTEMD.iter().map(|directory| PathBuf::from(format!("{directory}/networkd.conf.d"))));
    let global = read_all(main.chain(dropped_in));
    let foreign = last_assignment(global.iter().map(String::as_str), "ManageForeignRoutes").and_then(parse_bool);
    Networkd {
        manages_lo: network_file(&link_state(LOOPBACK)).is_some(),
        keep_configuration: last_assignment(own.iter().map(String::as_str), "KeepConfiguration").map(ToOwned::to_owned),
        manage_foreign_routes: foreign.unwrap_or(true),
        uplink_file,
    }
}

/// Whether `NetworkManager` manages the uplink; none where it keeps no word of it.
pub(super) fn network_manager(uplink: Option<&Link>) -> Option<bool> {
    let device = fs::read_to_string(format!("/run/NetworkManager/devices/{}", uplink?.index)).ok()?;
    last_assignment([device.as_str()], "managed").and_then(parse_bool)
}

fn link_state(index: u32) -> String {
    fs::read_to_string(format!("/run/systemd/netif/links/{index}")).unwrap_or_default()
}

fn network_file(state: &str) -> Option<String> {
    let unmanaged = last_assignment([state], "ADMIN_STATE") == Some("unmanaged");
    last_assignment([state], "NETWORK_FILE").filter(|_| !unmanaged).map(ToOwned::to_owned)
}

/// A .network file and what is dropped in to it: as networkd tells, else as it looks for it.
fn network_texts(file: &str, state: &str) -> Vec<String> {
    let told = last_assignment([state], "NETWORK_FILE_DROPINS").unwrap_or_default();
    let mut told: Vec<_> = told.split([':', ' ']).filter(|path| !path.is_empty()).map(PathBuf::from).collect();
    if told.is_empty() {
        let name = Path::new(file).file_name().unwrap_or_default().to_string_lossy().into_owned();
        told = drop_ins(SYSTEMD.iter().map(|directory| PathBuf::from(format!("{directory}/network/{name}.d"))));
    }
    read_all(std::iter::once(PathBuf::from(file)).chain(told))
}

/// The .conf files of directories, in the order of their names, wherever they lie.
fn drop_ins(directories: impl Iterator<Item = PathBuf>) -> Vec<PathBuf> {
    let entries = directories.filter_map(|directory| fs::read_dir(directory).ok()).flat_map(Iterator::flatten);
    let mut files: Vec<_> = entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "conf")).collect();
    files.sort_by_key(|path| path.file_name().map(ToOwned::to_owned));
    files
}

fn read_all(paths: impl Iterator<Item = PathBuf>) -> Vec<String> {
    paths.filter_map(|path| fs::read_to_string(path).ok()).collect()
}
