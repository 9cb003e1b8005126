//! hostvip on a host of the lab: its config file and state directory, its commands, its agent.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::Host;
use super::process::Process;

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_hostvip");

/// Puts a directory where a pod has its service account's, in a mount namespace of its own.
const POD: &str = r#"mount -t tmpfs tmpfs /run; mkdir -p /run/secrets/kubernetes.io/serviceaccount
mount --bind "$0" /run/secrets/kubernetes.io/serviceaccount; exec "$@""#;

/// An installation: one directory, which vanishes with it.
pub struct Hostvip {
    host: Host,
    directory: TempDir,
}

/// What came of a command.
#[derive(Clone, Debug)]
pub struct Run {
    /// Exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it complained about.
    pub stderr: String,
}

impl Hostvip {
    /// Installs it on `host` with a config, as [`Hostvip::configure`] takes it.
    pub fn install(host: &Host, config: &str) -> Self {
        let directory = tempfile::Builder::new().prefix("hostvip-").tempdir().unwrap();
        let installed = Self { host: host.clone(), directory };
        installed.configure(config);
        installed
    }

    /// Replaces the config file. `node_name`, `uplink` and `state_dir` are the host's own, the rest is `config`; in it `{dir}` stands
    /// for the directory of this installation.
    pub fn configure(&self, config: &str) {
        let (name, link, state) = (self.host.name(), &self.host.link, self.state_dir().display().to_string());
        let head = format!("node_name = {name:?}\nuplink = {link:?}\nstate_dir = {state:?}\n");
        self.write("hostvip.toml", &format!("{head}{}", config.replace("{dir}", &self.directory.path().display().to_string())));
    }

    /// Replaces a file of its directory in one step (rename), as a careful editor does.
    pub fn write(&self, name: &str, text: &str) {
        let new = self.path(&format!(".{name}.new"));
        fs::write(&new, text).and_then(|()| fs::rename(&new, self.path(name))).unwrap_or_else(|error| panic!("writing {name}: {error}"));
    }

    /// A file of its directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Where the agent keeps its state.
    pub fn state_dir(&self) -> PathBuf {
        self.path("state")
    }

    /// Runs `hostvip ARGS --config FILE` on the host.
    pub fn run(&self, args: &[&str]) -> Run {
        let output = self.host.enter(|| self.command(args).output()).unwrap_or_else(|error| panic!("{PROGRAM} {args:?}: {error}"));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Run { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// Starts the agent. What it logs is in [`Process::log`], and shown when the test fails.
    pub fn start(&self) -> Process {
        self.host.spawn(self.command(&["run"]))
    }

    /// Starts the agent with what the kubelet gives a pod: the files of `secrets` (token, ca.crt) where a service account's are, and the
    /// API server's address in the environment.
    pub fn start_in_pod(&self, secrets: &Path, server: SocketAddr) -> Process {
        let agent = self.command(&["run"]);
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "--propagation", "private", "sh", "-ec", POD])
            .arg(secrets)
            .arg(agent.get_program())
            .args(agent.get_args());
        command.env("KUBERNETES_SERVICE_HOST", server.ip().to_string()).env("KUBERNETES_SERVICE_PORT", server.port().to_string());
        self.host.spawn(command)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(args).arg("--config").arg(self.path("hostvip.toml")).current_dir(Path::new("/"));
        command
    }
}
