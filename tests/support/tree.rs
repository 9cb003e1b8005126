//! The cached Debian tree (`tests/setup/tree`): programs of real daemons, run by chroot inside a lab's namespaces.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Netns, skip};

/// Gives the tree this machine's `/dev` and `/proc`, and the state directory as `/mnt`: in a mount namespace of its own, so that the
/// tree, which all runs share, is never written to. Ends in exec, so that the process id stays.
const ENTER: &str =
    r#"mount --rbind /dev "$0/dev"; mount --rbind /proc "$0/proc"; mount --bind "$1" "$0/mnt"; shift; exec chroot "$0" "$@""#;

/// `ethtool -K LINK tx off tso off gso off` where there is no ethtool: `ETHTOOL_STXCSUM`, `_STSO` and `_SGSO` by `SIOCETHTOOL`.
const OFFLOAD_OFF: &str = r"
import ctypes, fcntl, socket, struct, sys
for link in sys.argv[1:]:
    for command in (0x17, 0x1f, 0x24):
        value = ctypes.create_string_buffer(struct.pack('II', command, 0))
        try: fcntl.ioctl(socket.socket(), 0x8946, struct.pack('16sP16x', link.encode(), ctypes.addressof(value)))
        except OSError as error:
            if command == 0x17: raise
";

/// The tree.
#[derive(Clone)]
pub struct Tree {
    path: PathBuf,
}

impl Tree {
    /// Finds it. Where it was not built: says SKIP, and fails when `CI=true`.
    pub fn find() -> Option<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/setup/tree");
        let output = Command::new(script).arg("where").output().unwrap_or_else(|error| panic!("{script}: {error}"));
        let path = PathBuf::from(String::from_utf8(output.stdout).unwrap().trim_end());
        if output.status.success() && path.is_dir() { Some(Self { path }) } else { skip("the Debian tree is not built: run `make setup`") }
    }

    /// A command whose program is the tree's and whose `/mnt` is `state`.
    pub fn command(&self, state: &Path, words: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "sh", "-ec", ENTER]).arg(&self.path).arg(state).args(words);
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("OVS_RUNDIR", "/mnt").current_dir("/");
        command
    }

    /// Makes links compute their checksums themselves: what Open vSwitch reads from a packet socket must be complete.
    pub fn offload_off(&self, netns: &Netns, links: &[&str]) {
        let state = tempfile::tempdir().unwrap();
        let words = ["python3", "-c", OFFLOAD_OFF].iter().chain(links);
        netns.demand(self.command(state.path(), words));
    }
}
