//! Open vSwitch with its userspace datapath inside a namespace: no kernel module, no daemon of the machine.

use std::fs::{self, File};

use tempfile::TempDir;

use super::process::Process;
use super::tree::Tree;
use super::{Netns, skip, wait_for};

/// A running switch with its database, both of the cached tree.
pub struct OpenVswitch {
    // In the order in which they must end.
    switch: Process,
    database: Process,
    state: TempDir,
    tree: Tree,
    netns: Netns,
}

impl OpenVswitch {
    /// The tree, where Open vSwitch can run here. Where it cannot: says SKIP, and fails when `CI=true`.
    pub fn available() -> Option<Tree> {
        // A bridge of the userspace datapath is a tap.
        match File::options().read(true).write(true).open("/dev/net/tun") {
            Ok(_) => Tree::find(),
            Err(error) => skip(&format!("Open vSwitch needs /dev/net/tun ({error}): run as root")),
        }
    }

    /// Starts both daemons inside `netns`.
    pub fn start(tree: &Tree, netns: &Netns) -> Self {
        let state = tempfile::Builder::new().prefix("ovs-").tempdir().unwrap();
        let command = |line: &str| tree.command(state.path(), line.split_whitespace());
        netns.demand(command("ovsdb-tool create /mnt/conf.db /usr/share/openvswitch/vswitch.ovsschema"));
        let database = netns.spawn(command("ovsdb-server /mnt/conf.db --remote=punix:/mnt/db.sock --unixctl=/mnt/db.ctl -vconsole:warn"));
        wait_for("the database of Open vSwitch listens", || state.path().join("db.sock").exists());
        netns.demand(command("ovs-vsctl --db=unix:/mnt/db.sock --no-wait init"));
        let switch = netns.spawn(command("ovs-vswitchd unix:/mnt/db.sock --disable-system --unixctl=/mnt/switch.ctl -vconsole:warn"));
        Self { switch, database, state, tree: tree.clone(), netns: netns.clone() }
    }

    /// Runs ovs-vsctl(8) and waits until the switch did what it asks for.
    pub fn configure(&self, line: &str) -> String {
        self.run(&format!("ovs-vsctl --db=unix:/mnt/db.sock --timeout=30 {line}"))
    }

    /// Adds flows to a bridge, one in each line.
    pub fn add_flows(&self, bridge: &str, flows: &str) {
        fs::write(self.state.path().join("flows"), flows).unwrap();
        self.run(&format!("ovs-ofctl -O OpenFlow13 add-flows /mnt/{bridge}.mgmt /mnt/flows"));
    }

    /// Removes the flows that a match selects, `cookie=0x5001/-1`, and those only.
    pub fn del_flows(&self, bridge: &str, selected: &str) {
        self.run(&format!("ovs-ofctl -O OpenFlow13 del-flows /mnt/{bridge}.mgmt {selected}"));
    }

    fn run(&self, line: &str) -> String {
        self.netns.demand(self.tree.command(self.state.path(), line.split_whitespace()))
    }
}
