//! A Debian of its own, booted on this machine: what is installed there is installed for real.
//!
//! The system comes from debootstrap, which `tests/run deb` runs beforehand; what a machine writes
//! goes to a layer of its own that ends with it, and its processes are in control groups of their own.
//! It is one of the [`Hosts`] of a LAN, so that no port of it is one of this machine; another one is
//! whoever visits it.

use crate::faults::command::{attempt, need_root};
use crate::faults::hosts::{self, Hosts};
use crate::notify::Notices;
use crate::process::Process;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The packages and the commands that this needs.
pub const NEEDS: [(&str, &str); 3] =
    [("systemd-nspawn", "systemd-container"), ("nsenter", "util-linux"), ("dpkg-deb", "dpkg")];

/// How long a boot, a shutdown or a service may take on a machine that has other work.
const PATIENCE: Duration = Duration::from_secs(120);
/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(20);
/// Machines as hosts, as many as there can be together.
const MACHINES: [&str; 2] = ["agen", "outr"];
/// Who visits them.
const LAN: &str = "lan";
/// What nspawn ends with when the system inside wants to be booted again.
const BOOT_AGAIN: i32 = 133;

/// Enters a control group of its own in whatever kind this machine has, mounts the layers where only
/// this process and its children see them, and becomes the machine.
const BECOME: &str = r#"
for all in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
    if [ -e "$all/cgroup.procs" ]; then
        mkdir -p "$all/$3" && echo $$ >"$all/$3/cgroup.procs" || exit
    fi
done
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root" || exit
shift 3
exec "$@"
"#;

/// Removes the control groups in which nobody is any more.
const FORGET: &str = r#"
for all in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
    [ ! -d "$all/$1" ] || find "$all/$1" -depth -type d -exec rmdir {} +
done
"#;

/// A release of Debian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Debian {
    /// 12.
    Bookworm,
    /// 13.
    Trixie,
}

impl Debian {
    fn system(self) -> PathBuf {
        let name = match self {
            Debian::Bookworm => "bookworm",
            Debian::Trixie => "trixie",
        };
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/systems");
        let system = target.join(name);
        assert!(
            system.join("etc/debian_version").exists(),
            "{}: there is no such system: `tests/run deb` makes it",
            system.display()
        );
        system.canonicalize().expect("it is there")
    }
}

/// A booted machine; it is switched off when this is dropped.
#[derive(Debug)]
pub struct Machine {
    running: Process,
    leader: u32,
    debian: Debian,
    /// Its name among the hosts.
    name: &'static str,
    layer: TempDir,
    /// Last: a namespace goes when nobody is in it.
    hosts: Arc<Hosts>,
}

impl Machine {
    /// Boots a minimal system on which nothing was done yet.
    ///
    /// # Panics
    /// When it does not boot.
    pub fn boot(debian: Debian) -> Self {
        let [machine] = Self::boot_together([debian]);
        machine
    }

    /// Boots as many minimal systems on one LAN.
    ///
    /// # Panics
    /// When one does not boot, or they are more than there can be.
    pub fn boot_together<const N: usize>(debians: [Debian; N]) -> [Self; N] {
        need_root(&NEEDS);
        need_root(&hosts::NEEDS);
        let mut names = MACHINES.iter().copied();
        let hosts = Arc::new(Hosts::new(&[&MACHINES[..], &[LAN]].concat()));
        debians.map(|debian| {
            let name = names.next().expect("not more machines than names");
            let layer = tempfile::tempdir().expect("there is room for temporary files");
            for folder in ["upper", "work", "root"] {
                let made = fs::create_dir(layer.path().join(folder));
                made.expect("a temporary folder can be written");
            }
            let hosts = hosts.clone();
            let (running, leader) = start(debian, layer.path(), &hosts.name_space(name));
            Self { running, leader, debian, name, layer, hosts }
        })
    }

    /// Boots it again, from within, as an administrator does.
    ///
    /// # Panics
    /// When that fails.
    pub fn reboot(&mut self) {
        self.run(&["systemctl", "reboot"]);
        let ended = self.end();
        assert_eq!(ended.code(), Some(BOOT_AGAIN), "{:?}: {}", ended.signal(), self.console());
        (self.running, self.leader) =
            start(self.debian, self.layer.path(), &self.hosts.name_space(self.name));
    }

    fn end(&mut self) -> ExitStatus {
        let due = Instant::now() + PATIENCE;
        while !self.running.has_ended() {
            assert!(Instant::now() < due, "it does not go down: {}", self.console());
            thread::sleep(PAUSE);
        }
        self.running.wait()
    }

    /// What its console showed.
    pub fn console(&self) -> String {
        self.running.lines.text()
    }

    /// Runs a command as its administrator, and answers what it printed.
    ///
    /// # Panics
    /// When it fails.
    pub fn run(&self, words: &[&str]) -> String {
        let (succeeded, printed) = self.attempt(words);
        assert!(succeeded, "{words:?}: {printed}");
        printed
    }

    /// Runs a command as its administrator: whether it succeeded, and what it printed.
    ///
    /// # Panics
    /// When the machine is gone.
    pub fn attempt(&self, words: &[&str]) -> (bool, String) {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.leader.to_string()]);
        command.args(["--mount", "--uts", "--ipc", "--net", "--pid", "--"]);
        command.args(["env", "-i", "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]);
        command.args(["LC_ALL=C.UTF-8", "HOME=/root", "DEBIAN_FRONTEND=noninteractive"]);
        // Both streams into one text, as a terminal has them.
        command.args(["sh", "-c", "cd && exec \"$@\" 2>&1", "sh"]).args(words);
        let output = command.stdin(Stdio::null()).output().expect("nsenter is there");
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Where a path of the machine is on this one.
    ///
    /// # Panics
    /// When the path is not absolute.
    pub fn path(&self, path: &str) -> PathBuf {
        let path = path.strip_prefix('/').expect("a path of the machine is absolute");
        Path::new(&format!("/proc/{}/root", self.leader)).join(path)
    }

    /// Writes a file there, and the folders to it.
    ///
    /// # Panics
    /// When that is not possible.
    pub fn write(&self, path: &str, text: &str) {
        let to = self.path(path);
        fs::create_dir_all(to.parent().expect("a file is in a folder")).expect("root may");
        fs::write(&to, text).unwrap_or_else(|error| panic!("{}: {error}", to.display()));
    }

    /// The units of this pattern that are active, by name.
    pub fn active(&self, pattern: &str) -> Vec<String> {
        let list = ["systemctl", "list-units", "--plain", "--no-legend", "--state=active"];
        let listed = self.run(&[&list[..], &[pattern]].concat());
        let mut units: Vec<_> = listed.lines().filter_map(|line| line.split(' ').next()).collect();
        units.sort_unstable();
        units.into_iter().map(str::to_owned).collect()
    }

    /// What systemd says of a unit: the value of a property.
    pub fn property(&self, unit: &str, name: &str) -> String {
        self.run(&["systemctl", "show", "--value", "--property", name, unit]).trim().to_owned()
    }

    /// Waits until a unit's property is as wanted.
    ///
    /// # Panics
    /// When that does not come.
    pub fn wait_for(&self, unit: &str, property: &str, wanted: impl Fn(&str) -> bool) -> String {
        let due = Instant::now() + PATIENCE;
        loop {
            let value = self.property(unit, property);
            if wanted(&value) {
                return value;
            }
            assert!(
                Instant::now() < due,
                "{property} of {unit} stays {value:?}:\n{}",
                self.attempt(&["systemctl", "status", "--no-pager", unit]).1
            );
            thread::sleep(PAUSE);
        }
    }

    /// Does something in the machine's own network.
    pub fn inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.at(self.name, work)
    }

    /// Does something on the other host of its LAN.
    pub fn on_lan<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.at(LAN, work)
    }

    fn at<T: Send>(&self, host: &str, work: impl FnOnce() -> T + Send) -> T {
        // A thread of its own: entering a namespace is for good.
        thread::scope(|scope| {
            let there = scope.spawn(|| {
                self.hosts.enter(host);
                work()
            });
            there.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// What moves a thread for good into the machine's own network.
    pub fn entrance(&self) -> impl FnOnce() + Send + use<> {
        self.hosts.entrance(self.name)
    }

    /// What moves a thread for good to the other host of its LAN.
    pub fn lan_entrance(&self) -> impl FnOnce() + Send + use<> {
        self.hosts.entrance(LAN)
    }

    /// A port of it as its LAN reaches it.
    pub fn from_lan(&self, port: u16) -> SocketAddr {
        (self.address(), port).into()
    }

    /// Its address on the LAN.
    pub fn address(&self) -> Ipv4Addr {
        self.hosts.address(self.name)
    }

    /// A port of it as it reaches it itself.
    pub fn from_itself(&self, port: u16) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, port).into()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if thread::panicking() {
            let journal = ["journalctl", "--no-pager", "--lines=60", "--unit=agencia*"];
            eprintln!("--- its journal ---\n{}", self.attempt(&journal).1);
        }
        // Nothing may write to the layer any more when that is removed.
        attempt(&["kill", "-KILL", &self.leader.to_string()]);
        let due = Instant::now() + PATIENCE;
        while !self.running.has_ended() && Instant::now() < due {
            thread::sleep(PAUSE);
        }
        attempt(&["sh", "-c", FORGET, "sh", &self.hosts.name_space(self.name)]);
    }
}

/// Boots the layers in a network namespace, and answers the process with the id of the system's first
/// one.
fn start(debian: Debian, layer: &Path, space: &str) -> (Process, u32) {
    let notices = Notices::open(layer);
    let (console, writer) = std::io::pipe().expect("a pipe can be made");
    let errors = writer.try_clone().expect("a pipe can be cloned");
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "unshare", "--mount", "--propagation", "private"]);
    command.args(["sh", "-c", BECOME, "sh"]).arg(debian.system()).arg(layer).arg(space);
    command.args(["systemd-nspawn", "--quiet", "--register=no", "--keep-unit"]);
    command.args(["--console=pipe", "--notify-ready=yes", "--machine", space]);
    command.args(["--link-journal=no", "--resolv-conf=off", "--timezone=off"]);
    command.arg(format!("--network-namespace-path=/run/netns/{space}"));
    command.arg("--directory").arg(layer.join("root"));
    if debian == Debian::Trixie && Path::new("/sys/fs/cgroup/systemd").is_dir() {
        // This machine has the older kind of control groups, which systemd 257 takes when it must.
        command.args(["--setenv=SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1", "--boot"]);
        command.arg("systemd.unified_cgroup_hierarchy=0");
    } else {
        command.arg("--boot");
    }
    command.env("NOTIFY_SOCKET", notices.path());
    command.stdin(Stdio::null()).stdout(writer).stderr(errors);
    let running = Process::start(&mut command, vec![Box::new(console)], || {});
    drop(command);
    let ready = notices.wait_at_most(PATIENCE, "READY=1");
    assert!(ready.is_some(), "it does not boot: {}", running.lines.text());
    let leader = notices.wait_for("X_NSPAWN_LEADER_PID=").expect("it has a first process");
    let leader = leader.rsplit('=').next().and_then(|id| id.parse().ok());
    (running, leader.expect("an id is a number"))
}
