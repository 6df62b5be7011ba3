//! What is started, with which arguments: decided from the options, without I/O.

use super::ports::Listener;
use crate::programs::{DAEMONS, WEB};
use crate::supervise::Program;
use agencia_client::{Peer, Peers};
use std::ffi::OsString;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What only a service manager or the shell that started us says, and no child of ours may hear.
const NOT_INHERITED: [&str; 7] = [
    "JOURNAL_STREAM",
    "INVOCATION_ID",
    "LISTEN_FDS",
    "LISTEN_PID",
    "LISTEN_FDNAMES",
    "WATCHDOG_USEC",
    "WATCHDOG_PID",
];

/// All that is started. Paths are absolute.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) dir: PathBuf,
    pub(crate) inventory: PathBuf,
    /// The folder of the settings files; without it, each program's own default.
    pub(crate) etc: Option<PathBuf>,
    pub(crate) peers: Peers,
    pub(crate) peers_file: PathBuf,
    /// The folder of keys; without it, what each program's settings say.
    pub(crate) keys: Option<PathBuf>,
    pub(crate) with_daemons: bool,
    pub(crate) web_ports: Vec<u16>,
    pub(crate) log: Option<String>,
}

impl Plan {
    /// The daemons that are started here, in their order.
    fn daemons(&self) -> impl Iterator<Item = (&'static crate::programs::Daemon, &Peer)> {
        let known =
            DAEMONS.iter().filter_map(|daemon| Some((daemon, self.peers.get(daemon.name)?)));
        known.filter(|_| self.with_daemons)
    }

    /// Where children will listen.
    pub(crate) fn listeners(&self) -> Vec<Listener> {
        let daemons = self.daemons().map(|(daemon, peer)| Listener {
            name: daemon.name.to_owned(),
            address: peer.address,
            way_out: "say with --peers where else",
        });
        let web = self.web_ports.iter().map(|&port| Listener {
            name: web_name(port),
            // Both protocols, as the web client listens.
            address: SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), port),
            way_out: "choose other ports with --port",
        });
        daemons.chain(web).collect()
    }

    /// The children: daemons first, then web clients.
    pub(crate) fn programs(&self, executable: &Path) -> Vec<Program> {
        let mut programs = Vec::new();
        for (daemon, peer) in self.daemons() {
            let args: [OsString; 8] = [
                "--listen".into(),
                peer.address.to_string().into(),
                "--inventory".into(),
                self.inventory.join(daemon.inventory).into(),
                "--state".into(),
                self.dir.join(daemon.name).into(),
                "--peers".into(),
                (&self.peers_file).into(),
            ];
            programs.push(self.program(executable, daemon.name, daemon.name, 0, &args));
        }
        let after_daemons = usize::from(!programs.is_empty());
        for &port in &self.web_ports {
            let args: [OsString; 6] = [
                "--port".into(),
                port.to_string().into(),
                "--peers".into(),
                (&self.peers_file).into(),
                "--state".into(),
                // One for all: what one instance signs, the others read.
                self.dir.join(WEB).into(),
            ];
            programs.push(self.program(executable, &web_name(port), WEB, after_daemons, &args));
        }
        programs
    }

    fn program(
        &self,
        executable: &Path,
        name: &str,
        program: &str,
        group: usize,
        args: &[OsString],
    ) -> Program {
        let mut command = Command::new(executable);
        let parent = std::process::id().to_string();
        command.args(["run", program, "--parent", &parent, "--"]).args(args);
        if let Some(etc) = &self.etc {
            command.arg("--config").arg(etc.join(format!("{program}.toml")));
        }
        if let Some(keys) = &self.keys {
            command.arg("--keys").arg(keys);
        }
        if let Some(level) = &self.log {
            command.args(["--log", level]);
        }
        for name in NOT_INHERITED {
            command.env_remove(name);
        }
        Program { name: name.to_owned(), group, command }
    }

    /// What is printed when everything is ready.
    pub(crate) fn welcome(&self, lan: Option<IpAddr>) -> Vec<String> {
        let mut lines = Vec::new();
        let hosts =
            [Some(("here", "localhost".to_owned())), lan.map(|lan| ("on the network", host(lan)))];
        for (whence, host) in hosts.into_iter().flatten() {
            let links: Vec<_> =
                self.web_ports.iter().map(|port| format!("http://{host}:{port}")).collect();
            if !links.is_empty() {
                lines.push(format!("{whence}: {}", links.join("  ")));
            }
        }
        let daemons: Vec<_> = self.daemons().map(|(_, peer)| peer.to_string()).collect();
        if !daemons.is_empty() {
            lines.push(format!("daemons: {}", daemons.join(", ")));
        }
        lines.push("everything is ready; Ctrl-C stops it".to_owned());
        lines
    }
}

fn web_name(port: u16) -> String {
    format!("{WEB}-{port}")
}

fn host(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn plan(with_daemons: bool, web_ports: &[u16]) -> Plan {
        Plan {
            dir: "/d".into(),
            inventory: "/i".into(),
            etc: None,
            peers: Peers::default(),
            peers_file: "/d/pares.toml".into(),
            keys: None,
            with_daemons,
            web_ports: web_ports.to_vec(),
            log: None,
        }
    }

    fn lines(plan: &Plan) -> Vec<(usize, String, String)> {
        let line = |program: &Program| {
            let args = program.command.get_args().map(|arg| arg.to_string_lossy().into_owned());
            let args: Vec<_> = args.filter(|arg| *arg != std::process::id().to_string()).collect();
            (program.group, program.name.clone(), args.join(" "))
        };
        plan.programs(Path::new("/bin/agencia")).iter().map(line).collect()
    }

    #[test]
    fn daemons_come_first_and_web_clients_share_their_state() {
        let voos = "run voos --parent -- --listen 127.0.0.1:5050 --inventory /i/passagens.json \
                    --state /d/voos --peers /d/pares.toml";
        let web = "run web --parent -- --port 5001 --peers /d/pares.toml --state /d/web";
        let lines = lines(&plan(true, &[5000, 5001]));
        assert_eq!(lines.len(), 5);
        assert_eq!(lines[0], (0, "voos".into(), voos.into()));
        assert_eq!(lines[4], (1, "web-5001".into(), web.into()));
    }

    #[test]
    fn settings_come_from_the_folder_that_is_named() {
        let plan = Plan { etc: Some("/e".into()), ..plan(true, &[5000]) };
        let ends: Vec<_> = lines(&plan)
            .into_iter()
            .map(|(_, _, line)| line.rsplit(' ').next().unwrap().to_owned())
            .collect();
        assert_eq!(
            ends,
            ["/e/voos.toml", "/e/hospedagens.toml", "/e/passeios.toml", "/e/web.toml"]
        );
    }

    #[test]
    fn every_child_has_the_folder_of_keys_that_is_named() {
        let plan = Plan { keys: Some("/k".into()), ..plan(true, &[5000]) };
        let lines = lines(&plan);
        assert!(lines.len() == 4 && lines.iter().all(|line| line.2.ends_with("--keys /k")));
    }

    #[test]
    fn either_kind_runs_alone() {
        let names = |plan: &Plan| -> Vec<_> {
            lines(plan).into_iter().map(|(group, name, _)| (group, name)).collect()
        };
        assert_eq!(names(&plan(false, &[5000])), [(0, "web-5000".to_owned())]);
        let daemons = names(&plan(true, &[]));
        assert_eq!(daemons.last(), Some(&(0, "passeios".to_owned())));
    }

    #[test]
    fn the_welcome_says_where() {
        let lan = Some(IpAddr::V4(Ipv4Addr::new(192, 168, 1, 7)));
        let all = plan(true, &[5000, 5001]).welcome(lan);
        assert_eq!(all[0], "here: http://localhost:5000  http://localhost:5001");
        assert_eq!(all[1], "on the network: http://192.168.1.7:5000  http://192.168.1.7:5001");
        assert!(all[2].starts_with("daemons: voos (127.0.0.1:5050), "), "{all:?}");
        assert_eq!(plan(true, &[]).welcome(None).len(), 2);
    }
}
