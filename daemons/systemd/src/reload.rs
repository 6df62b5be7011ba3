//! A reload and what came of it: the service re-reads at SIGHUP and leaves word for whoever asked.
//!
//! `ExecReload=` runs the service's own program, which must tell systemd whether the reload was
//! refused, and a signal carries no answer. So it waits at a socket in the service's runtime folder,
//! where both are, and the service writes there. A signal alone is heard as well.

use rustix::process::{Pid, Signal, kill_process};
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The socket in the runtime folder.
const SOCKET: &str = "recarga";

/// How long a reload may take: below the time that systemd gives `ExecReload=`.
const PATIENCE: Duration = Duration::from_secs(80);

/// The longest word that is left, in bytes.
const WORD_BYTES_MAX: usize = 4096;

/// How words begin that are no refusal.
const DONE: &str = "+";

/// Why a reload did not happen, or nobody knows whether it did.
#[derive(Debug, thiserror::Error)]
pub enum ReloadFailed {
    /// There is no folder to wait in.
    #[error(
        "the environment names no RUNTIME_DIRECTORY: this is for ExecReload= of a unit with \
         RuntimeDirectory=; elsewhere send the service SIGHUP and read its log"
    )]
    NoFolder,
    /// It cannot be asked.
    #[error("process {pid} cannot be asked to reload: {source}")]
    Unasked {
        /// The service.
        pid: i32,
        /// Why.
        source: io::Error,
    },
    /// It says no: what it served it goes on serving.
    #[error("refused: {0}")]
    Refused(String),
    /// It says nothing.
    #[error("process {pid} was asked to reload and said nothing for {} s; see its log", PATIENCE.as_secs())]
    Silent {
        /// The service.
        pid: i32,
    },
}

/// Asks the service with this process id to reload, waits, and gives what it says about it.
///
/// # Errors
/// [`ReloadFailed`], above all the service's refusal.
pub fn ask(pid: i32) -> Result<String, ReloadFailed> {
    let folder = folder(std::env::var_os("RUNTIME_DIRECTORY")).ok_or(ReloadFailed::NoFolder)?;
    ask_in(&folder, pid, PATIENCE)
}

/// Leaves word for whoever asked, if anybody did: what was reloaded, or why it was refused.
pub fn tell(outcome: Result<&str, &str>) {
    if let Some(folder) = folder(std::env::var_os("RUNTIME_DIRECTORY")) {
        tell_in(&folder, outcome);
    }
}

/// The runtime folder; of several, the first.
fn folder(variable: Option<OsString>) -> Option<PathBuf> {
    let variable = variable?.into_string().ok()?;
    variable.split(':').next().filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

fn ask_in(folder: &Path, pid: i32, patience: Duration) -> Result<String, ReloadFailed> {
    let unasked = |source| ReloadFailed::Unasked { pid, source };
    let process = Some(pid).filter(|&pid| pid > 1).and_then(Pid::from_raw).ok_or_else(|| {
        unasked(io::Error::new(ErrorKind::InvalidInput, "no service has that id"))
    })?;
    let path = folder.join(SOCKET);
    let waiting = Waiting::at(path).map_err(unasked)?;
    waiting.socket.set_read_timeout(Some(patience)).map_err(unasked)?;
    kill_process(process, Signal::HUP).map_err(|error| unasked(error.into()))?;
    let mut word = [0; WORD_BYTES_MAX];
    let length = loop {
        match waiting.socket.recv(&mut word) {
            Ok(length) => break length,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return Err(ReloadFailed::Silent { pid }),
        }
    };
    let word = String::from_utf8_lossy(&word[..length]).into_owned();
    match word.strip_prefix(DONE) {
        Some(done) => Ok(done.to_owned()),
        None => Err(ReloadFailed::Refused(word)),
    }
}

fn tell_in(folder: &Path, outcome: Result<&str, &str>) {
    let word = match outcome {
        Ok(done) => format!("{DONE}{done}"),
        Err(refused) => refused.to_owned(),
    };
    let word = &word[..word.floor_char_boundary(WORD_BYTES_MAX)];
    let sent = UnixDatagram::unbound()
        .and_then(|socket| socket.send_to(word.as_bytes(), folder.join(SOCKET)));
    match sent {
        Ok(_) => {}
        // A signal alone: nobody waits.
        Err(error)
            if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {}
        Err(error) => log::warn!("Who asked for the reload could not be told: {error}"),
    }
}

/// The socket at which somebody waits, as long as they do.
struct Waiting {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Waiting {
    fn at(path: PathBuf) -> io::Result<Self> {
        match std::fs::remove_file(&path) {
            // Somebody who was killed left it.
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(Self { socket: UnixDatagram::bind(&path)?, path })
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // The folder may be gone with the service.
        std::fs::remove_file(&self.path).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A process that takes SIGHUP as a wish to say something.
    fn check(outcome: Result<&'static str, &'static str>, expected: Result<&str, &str>) {
        let folder = tempfile::tempdir().unwrap();
        // `sleep` ends by the signal, which is when the word is left.
        let mut service = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let pid = i32::try_from(service.id()).unwrap();
        let asked = std::thread::scope(|scope| {
            scope.spawn(|| {
                service.wait().unwrap();
                tell_in(folder.path(), outcome);
            });
            ask_in(folder.path(), pid, PATIENCE)
        });
        let asked = asked.map_err(|error| error.to_string());
        assert_eq!(asked.as_deref().map_err(String::as_str), expected);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn whoever_asks_hears_what_came_of_it() {
        check(Ok("2 offers"), Ok("2 offers"));
        check(Err("voos.toml: lisen"), Err("refused: voos.toml: lisen"));
    }

    #[test]
    fn a_socket_that_somebody_left_is_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        std::mem::forget(Waiting::at(folder.path().join(SOCKET)).unwrap());
        Waiting::at(folder.path().join(SOCKET)).unwrap();
    }

    #[test]
    fn nobody_who_asked_is_no_trouble() {
        tell_in(tempfile::tempdir().unwrap().path(), Ok("2 offers"));
    }

    #[test]
    fn what_is_no_service_is_never_signalled() {
        let folder = tempfile::tempdir().unwrap();
        for pid in [i32::MIN, -1, 0, 1] {
            let error = ask_in(folder.path(), pid, PATIENCE).unwrap_err();
            assert!(matches!(error, ReloadFailed::Unasked { .. }), "{pid}: {error}");
        }
    }

    #[test]
    fn a_service_that_says_nothing_is_not_waited_for_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let mut service = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let pid = i32::try_from(service.id()).unwrap();
        let error = ask_in(folder.path(), pid, Duration::from_millis(1)).unwrap_err();
        assert!(matches!(error, ReloadFailed::Silent { .. }), "{error}");
        service.wait().unwrap();
    }

    #[test]
    fn the_folder_is_the_first_that_systemd_names() {
        let folder = |text: &str| folder(Some(text.into()));
        assert_eq!(folder("/run/a:/run/b"), Some("/run/a".into()));
        assert_eq!(folder(""), None);
        assert_eq!(super::folder(None), None);
    }
}
