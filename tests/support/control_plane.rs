//! A real control plane on one host of the lab: etcd and kube-apiserver, with an authority of its own.
//!
//! Its ports are fixed: namespaces do not collide. Absent: a controller manager and kubelets. Nothing but the test writes
//! `EndpointSlices`, Nodes and what a load balancer would write.

pub mod audit;
pub mod client;
pub mod etcd;
pub mod kubeconfig;
pub mod pki;

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tempfile::TempDir;

use self::audit::Audit;
use self::kubeconfig::{Credential, Kubeconfig};
use self::pki::{Authority, Pair};
use super::process::Process;
use super::{Host, skip};

/// Where the API server listens, on every address of its host.
pub const PORT: u16 = 6443;
/// The range of cluster IPs.
pub const SERVICE_CIDR: &str = "10.96.0.0/16";
/// How long the API server may take to be ready: 3 s alone, far longer beside compilers.
const READY: Duration = Duration::from_secs(100);
/// One line for each request and stage, without bodies.
const AUDIT_POLICY: &str =
    "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nomitManagedFields: true\nrules: [{level: Metadata}]\n";
/// Names of the API server, besides its addresses.
const NAMES: [&str; 4] = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"];
/// What the agents' tokens are signed for.
const ISSUER: &str = "https://kubernetes.default.svc";

/// Where the control plane's programs are.
#[derive(Clone, Debug)]
pub struct Programs(PathBuf);

impl Programs {
    /// Finds them (`tests/setup/control-plane`). Where they were not built: says SKIP, and fails when `CI=true`.
    pub fn find() -> Option<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/setup/control-plane");
        let output = Command::new(script).arg("where").output().unwrap_or_else(|error| panic!("{script}: {error}"));
        let directory = PathBuf::from(String::from_utf8(output.stdout).unwrap().trim_end());
        let missing = ["etcd", "kube-apiserver", "kubectl"].into_iter().find(|name| !directory.join(name).is_file());
        match missing {
            None => Some(Self(directory)),
            Some(name) => skip(&format!("the control plane is not built ({name} is missing): run `make setup`")),
        }
    }

    /// One that not every set of them has: kube-proxy is not in envtest's.
    pub fn optional(&self, name: &str) -> Option<Command> {
        let path = self.0.join(name);
        if path.is_file() { Some(Command::new(path)) } else { skip(&format!("{name} is not among the programs of the control plane")) }
    }

    fn command(&self, name: &str) -> Command {
        Command::new(self.0.join(name))
    }
}

/// A control plane. Everything of it ends and vanishes with it.
pub struct ControlPlane {
    /// Where its programs are.
    pub programs: Programs,
    /// Who signed its certificates, and signs those of its users.
    pub authority: Authority,
    host: Host,
    directory: TempDir,
    etcd: Option<Process>,
    apiserver: Option<Process>,
}

impl ControlPlane {
    /// Starts it on `host`, and waits until it is ready.
    pub fn start(host: &Host) -> Option<Self> {
        let programs = Programs::find()?;
        let directory = tempfile::Builder::new().prefix("control-plane-").tempdir().unwrap();
        let etcd = etcd::start(&programs, host, &directory.path().join("etcd"));
        let started = Self { programs, authority: Authority::new("lab"), host: host.clone(), directory, etcd: Some(etcd), apiserver: None };
        started.write("audit-policy.yaml", AUDIT_POLICY);
        let (accounts, public) = pki::key();
        started.write("accounts.key", &accounts);
        started.write("accounts.pub", &public);
        started.serve_certificate(&started.authority.server(&started.names()));
        started.write("admin.kubeconfig", &started.admin().render());
        Some(started.started())
    }

    /// URL of the API server, as the other hosts of the segment reach it.
    pub fn url(&self) -> String {
        format!("https://{}:{PORT}", self.address())
    }

    /// Its address on the segment.
    pub fn address(&self) -> IpAddr {
        self.host.addresses[0].addr()
    }

    /// Its host.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// A kubeconfig for the segment, with this credential.
    pub fn kubeconfig(&self, credential: Credential) -> Kubeconfig {
        Kubeconfig { server: self.url(), authority: Some(self.authority.certificate.clone()), credential }
    }

    /// A kubeconfig that may do everything.
    pub fn admin(&self) -> Kubeconfig {
        self.kubeconfig(Credential::Certificate(self.authority.client("admin", "system:masters")))
    }

    /// A file of its directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Ends the API server at once, as a crash does. etcd goes on.
    pub fn stop(&mut self) {
        self.apiserver = None;
    }

    /// Starts the API server, again where it runs, and waits until it is ready.
    pub fn restart(&mut self) {
        self.stop();
        self.launch();
        self.wait_ready();
    }

    /// Stops the API server's process without ending it: connections stay, nothing is answered.
    pub fn pause(&self) {
        self.apiserver().signal(Signal::SIGSTOP);
    }

    /// Undoes [`ControlPlane::pause`].
    pub fn resume(&self) {
        self.apiserver().signal(Signal::SIGCONT);
    }

    /// Forgets all history: a watch from before now is answered by 410, as soon as the API server's own cache is new too (after a restart).
    pub fn compact(&self) {
        etcd::compact(&self.host);
    }

    /// Keeps a copy of the store as it is, for [`ControlPlane::restore`]. Everything is stopped meanwhile.
    pub fn back_up(&mut self) {
        self.swap_store("etcd", "backup");
    }

    /// Puts the store back to what it was: versions that were given out will be given out again.
    pub fn restore(&mut self) {
        self.swap_store("backup", "etcd");
    }

    fn swap_store(&mut self, from: &str, to: &str) {
        self.stop();
        self.etcd = None;
        let (from, to) = (self.path(from).display().to_string(), self.path(to).display().to_string());
        self.host.run(&format!("rm -rf {to}"));
        self.host.run(&format!("cp -a {from} {to}"));
        self.etcd = Some(etcd::start(&self.programs, &self.host, &self.path("etcd")));
        self.restart();
    }

    /// Gives the API server a new certificate of the same authority; it reads the files again within a minute, or when it starts.
    pub fn rotate_server_certificate(&self) {
        self.serve_certificate(&self.authority.server(&self.names()));
    }

    /// Gives the API server the certificate that it starts with next.
    pub fn serve_certificate(&self, pair: &Pair) {
        self.write("apiserver.key", &pair.key);
        self.write("apiserver.crt", &pair.certificate);
    }

    /// All requests so far that were answered.
    pub fn audit(&self) -> Audit {
        Audit::read(&self.path("audit.log"))
    }

    /// Runs `kubectl ARGS` as the administrator; panics when it fails.
    pub fn kubectl(&self, args: &[&str]) -> String {
        self.host.demand(self.kubectl_command(&self.path("admin.kubeconfig"), args))
    }

    /// Runs `kubectl ARGS` with another kubeconfig, and gives whatever came of it.
    pub fn kubectl_as(&self, kubeconfig: &Kubeconfig, args: &[&str]) -> Output {
        self.write("other.kubeconfig", &kubeconfig.render());
        let mut command = self.kubectl_command(&self.path("other.kubeconfig"), args);
        self.host.enter(|| command.output()).unwrap_or_else(|error| panic!("kubectl {args:?}: {error}"))
    }

    /// A new token of a service account, which has to exist. Bound to a Secret it ends with that.
    pub fn token(&self, namespace: &str, account: &str, secret: Option<&str>) -> String {
        let mut args = vec!["create", "token", account, "--namespace", namespace, "--duration=1h"];
        let bound = secret.map(|name| [String::from("--bound-object-kind=Secret"), format!("--bound-object-name={name}")]);
        args.extend(bound.iter().flatten().map(String::as_str));
        self.kubectl(&args).trim().to_owned()
    }

    fn kubectl_command(&self, kubeconfig: &Path, args: &[&str]) -> Command {
        let mut command = self.programs.command("kubectl");
        command.arg("--kubeconfig").arg(kubeconfig).arg("--cache-dir").arg(self.path("kubectl-cache")).args(args);
        command
    }

    fn apiserver(&self) -> &Process {
        self.apiserver.as_ref().expect("the API server was not stopped")
    }

    fn started(mut self) -> Self {
        self.launch();
        self.wait_ready();
        self
    }

    fn launch(&mut self) {
        let at = |name: &str| self.path(name).display().to_string();
        // Its hundreds of lines of log would bury what a test that fails has to say.
        let mut command = Command::new("sh");
        command
            .args(["-c", r#"log=$0; exec "$@" >"$log" 2>&1"#])
            .args([self.path("apiserver.log"), self.programs.0.join("kube-apiserver")])
            .args([format!("--etcd-servers={}", etcd::URL), format!("--secure-port={PORT}")])
            .arg(format!("--advertise-address={}", self.address()))
            .args([format!("--service-cluster-ip-range={SERVICE_CIDR}"), "--authorization-mode=RBAC".to_owned()])
            .args([format!("--tls-cert-file={}", at("apiserver.crt")), format!("--tls-private-key-file={}", at("apiserver.key"))])
            .args([format!("--client-ca-file={}", at("ca.crt")), format!("--cert-dir={}", at("generated"))])
            .args([format!("--service-account-issuer={ISSUER}"), format!("--service-account-key-file={}", at("accounts.pub"))])
            .arg(format!("--service-account-signing-key-file={}", at("accounts.key")))
            .args([format!("--audit-policy-file={}", at("audit-policy.yaml")), format!("--audit-log-path={}", at("audit.log"))])
            // There is no controller that makes the accounts it would demand, and no pod.
            .args(["--disable-admission-plugins=ServiceAccount", "--profiling=false"]);
        self.write("ca.crt", &self.authority.certificate);
        self.apiserver = Some(self.host.spawn(command));
    }

    fn wait_ready(&mut self) {
        let end = Instant::now() + READY;
        while !self.ready() {
            let apiserver = self.apiserver.as_mut().expect("it was launched");
            let (ended, late) = (apiserver.exited().is_some(), Instant::now() > end);
            assert!(!ended && !late, "kube-apiserver ended, or is not ready within {READY:?}:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The end of the API server's log.
    fn log(&self) -> String {
        let log = fs::read_to_string(self.path("apiserver.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    fn names(&self) -> Vec<String> {
        let addresses = self.host.addresses.iter().map(|net| net.addr().to_string());
        NAMES.into_iter().map(str::to_owned).chain(["127.0.0.1", "10.96.0.1"].map(str::to_owned)).chain(addresses).collect()
    }

    /// In one step, so that a reader never finds half a file.
    fn write(&self, name: &str, text: &str) {
        let new = self.path(&format!(".{name}.new"));
        fs::write(&new, text).and_then(|()| fs::rename(&new, self.path(name))).unwrap_or_else(|error| panic!("writing {name}: {error}"));
    }
}
