//! The web client over daemons that run already.

use crate::peers::{self, Failure, Peer};
use agencia_tests::ports::free_addresses;
use agencia_tests::process::Signal;
use agencia_tests::{Kind, program};
use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

/// Starts it. Whoever is not among these daemons is at an address where nobody listens.
///
/// # Errors
/// When it does not begin.
pub(crate) fn web(folder: &Path, daemons: &[(Kind, SocketAddr)]) -> Result<Peer, Failure> {
    web_under(folder, daemons, &[])
}

/// The same by a command that takes its command line as its last arguments.
///
/// # Errors
/// When it does not begin.
pub(crate) fn web_under(
    folder: &Path,
    daemons: &[(Kind, SocketAddr)],
    wrapper: &[&str],
) -> Result<Peer, Failure> {
    let [address, first, second, third] = free_addresses();
    let here = folder.join(format!("web-{}", address.port()));
    fs::create_dir_all(&here)?;
    let mut known = String::new();
    for (kind, nobody) in Kind::ALL.into_iter().zip([first, second, third]) {
        let at = daemons.iter().find(|(other, _)| *other == kind).map_or(nobody, |(_, at)| *at);
        writeln!(known, "[[daemon]]\nname = \"{}\"\naddress = \"{at}\"", kind.name())?;
    }
    fs::write(here.join("pares.toml"), known)?;
    let settings = format!(
        "port = {}\nlisten = [\"127.0.0.1\"]\nlog = \"warn\"\npeers = \"{1}/pares.toml\"\nstate = \"{1}\"\n",
        address.port(),
        here.display()
    );
    fs::write(here.join("web.toml"), settings)?;
    let web = program::path("agencia-web");
    let web = web.to_str().ok_or("the folder of the build is not UTF-8")?;
    let words = [wrapper, &[web]].concat();
    let mut command = peers::command(words[0]);
    command.args(&words[1..]).arg("--config").arg(here.join("web.toml"));
    Peer::start(command, (address, Signal::TERM), folder)
}
