//! What an operator is told when a command fails: one line, with the way out.

use crate::backup::BackupError;
use crate::keys::KeysCommandError;
use crate::supervise::SuperviseError;
use crate::up::Taken;
use agencia_catalog::InventoryError;
use agencia_client::tls::KeysError;
use agencia_client::{ClientError, PeersError};
use agencia_mocks::MocksError;
use agencia_protocol::TripId;
use agencia_server::SettingsError;
use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// The command line makes no sense.
    #[error("{0}")]
    Usage(clap::Error),
    /// The file that says where the daemons are.
    #[error("{0}")]
    Peers(#[from] PeersError),
    /// The file that says where the daemons are does not name one that is needed.
    #[error("{file}: names no daemon {name:?}; add it, or name another file with --peers")]
    NoPeer { file: String, name: String },
    /// A daemon's own settings.
    #[error("{0}")]
    Settings(#[from] SettingsError),
    /// A file or folder.
    #[error("{}: cannot {doing}: {source}{way_out}", .path.display())]
    File { path: PathBuf, doing: &'static str, source: io::Error, way_out: &'static str },
    /// An inventory file.
    #[error("{0}; nothing was changed")]
    Inventory(#[from] InventoryError),
    /// An inventory without a record, which would withdraw everything.
    #[error(
        "{}: has no record, and everything would be withdrawn from sale; nothing was changed; import it with --empty if that is meant", .path.display()
    )]
    EmptyInventory { path: PathBuf },
    /// Another import is under way.
    #[error("{}: another import is under way; wait until it ends", .path.display())]
    ImportUnderWay { path: PathBuf },
    /// The daemon reads its inventory as CSV, and an import writes JSON.
    #[error(
        "{}: is CSV, and an import writes JSON; name a .json file as inventory in the daemon's settings", .path.display()
    )]
    CsvInForce { path: PathBuf },
    /// The file to import is where imports are staged.
    #[error("{}: is where an import is staged; import from a file of another name", .path.display())]
    StagedSource { path: PathBuf },
    /// The settings of the demonstration offers.
    #[error("{}: {reason}; mend or remove that line", .path.display())]
    DemoSettings { path: PathBuf, reason: String },
    /// The folder of settings that was named.
    #[error(
        "{}: there is no such folder of settings; name one with --etc, etc/agencia of a clone for example", .path.display()
    )]
    NoSettings { path: PathBuf },
    /// Some inventory is there and some is not.
    #[error(
        "{}: is missing, although there is other inventory beside it; put it back, or give an empty folder with --inventory to have everything made", .path.display()
    )]
    MissingInventory { path: PathBuf },
    /// No inventory could be made.
    #[error("cannot make inventory: {}", with_causes(.0))]
    Mocks(#[from] MocksError),
    /// Ports that other programs have.
    #[error("{}", .0.iter().map(Taken::to_string).collect::<Vec<_>>().join("\nagencia: "))]
    Taken(Vec<Taken>),
    /// A daemon gave no answer, or another than was hoped for.
    #[error("{}", asked(.0))]
    Asked(#[from] ClientError),
    /// No daemon knows the trip.
    #[error("no daemon knows a trip {name}; look for it with `agencia trips`")]
    NoSuchTrip { name: String },
    /// It is not clear which part is to be settled by hand.
    #[error(
        "{} of {trip} waiting for its outcome; say with --daemon which part is to be settled",
        if *.several { "more than one daemon has a part" } else { "no daemon has a part" }
    )]
    WhichPart { trip: TripId, several: bool },
    /// A part was not settled by hand.
    #[error(
        "{daemon}: the part of {trip} is {state}, and that was not changed; look with `agencia trip {trip}`"
    )]
    NotSettled { trip: TripId, daemon: String, state: &'static str },
    /// A backup or a restore.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// Keys or certificates that cannot be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// Keys that were not made, not carried or not renewed.
    #[error(transparent)]
    KeysCommand(#[from] KeysCommandError),
    /// Children cannot be watched.
    #[error("{0}; give another folder with --dir")]
    Supervise(#[from] SuperviseError),
    /// Signals cannot be heard.
    #[error("cannot listen to signals: {0}")]
    Signals(io::Error),
    /// Results cannot be printed.
    #[error("cannot write to standard output: {0}")]
    Output(io::Error),
    /// This program, which is started again as every child.
    #[error("cannot find the program that this is, to start it again: {0}")]
    Executable(io::Error),
}

impl CommandError {
    /// The exit code: see the help of the command.
    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            CommandError::Usage(_) => 2,
            CommandError::Peers(_)
            | CommandError::Keys(_)
            | CommandError::NoPeer { .. }
            | CommandError::Settings(_)
            | CommandError::DemoSettings { .. }
            | CommandError::NoSettings { .. } => 78,
            _ => 1,
        })
    }
}

/// What a daemon's answer, or its silence, means to an operator.
fn asked(error: &ClientError) -> String {
    match error {
        ClientError::Unreachable { .. } => format!(
            "{error}; start it with `agencia up` or `systemctl start agencia.target`, or say with \
             --peers where it is"
        ),
        ClientError::Refused(refusal) => {
            let code = serde_json::to_value(refusal.code).unwrap_or_default();
            let mut line = format!("refused: {} ({}", refusal.message, code.as_str().unwrap_or(""));
            for (name, value) in [("campo", &refusal.field), ("id", &refusal.id)] {
                if let Some(value) = value {
                    // Writing to a String cannot fail.
                    let _ = write!(line, ", {name} {value}");
                }
            }
            line + ")"
        }
        _ if error.outcome_unknown() => {
            format!("{error}; whether it was done is unknown: look with `agencia status`")
        }
        _ => error.to_string(),
    }
}

/// A path that means the same wherever it is read.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, CommandError> {
    std::path::absolute(path).map_err(|source| CommandError::File {
        path: path.to_owned(),
        doing: "tell which folder it is in",
        source,
        way_out: "",
    })
}

pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use agencia_protocol::{Code, WireError};

    #[test]
    fn a_refusal_is_told_with_its_word_and_what_it_is_about() {
        let refusal = WireError::new(Code::SoldOut, "não há mais lugares").about("x1");
        assert_eq!(
            CommandError::Asked(ClientError::Refused(refusal)).to_string(),
            "refused: não há mais lugares (esgotado, id x1)"
        );
    }
}
