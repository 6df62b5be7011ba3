//! The options of `agencia keys`.

use super::EXIT_CODES;
use agencia_client::tls::Role;
use agencia_server::STATE_FOLDER;
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Makes, shows, carries and renews the keys with which hosts prove to each other who they are
///
/// Beyond its own host a daemon serves searches only, until it has a certificate of the role
/// servidor; then it also books for web clients with one of the role web, and answers an
/// administrator with one of the role administrador. All are of one authority, which `init` makes
/// on one host; `export` and `import` carry to each other host what it needs and no more.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Keys {
    #[command(subcommand)]
    pub(crate) action: KeysAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysAction {
    /// Makes an authority, a certificate for each role, and the keys that programs share
    ///
    /// Keys that daemons or web clients have made for themselves already are taken over. Nothing is
    /// made in a folder that has something in it.
    #[command(after_help = EXIT_CODES)]
    Init {
        /// Folder of the state of daemons and web clients; var for an `agencia up`
        #[arg(long, value_name = "DIR", default_value = STATE_FOLDER)]
        state: PathBuf,
    },
    /// Lists what is there, with fingerprints and until when it is valid
    #[command(after_help = EXIT_CODES)]
    Show {
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Writes what a host of a role needs into one file, which only its owner may read
    ///
    /// For web: its certificate and the key of the pages. For servidor: its certificate and the key
    /// of receipts. For administrador: its certificate. And for each the authority's certificate,
    /// never its key. A host with two roles imports two files.
    #[command(after_help = EXIT_CODES)]
    Export {
        /// The role of the host
        #[arg(value_parser = roles())]
        role: Role,
        /// The file to write, which must not be there; - prints it
        file: PathBuf,
    },
    /// Takes over what `export` wrote on another host
    ///
    /// What is there already stays, unless it is the same or --replace is given. A key that this host
    /// has made for itself before is set aside, under a name that is told.
    #[command(after_help = EXIT_CODES)]
    Import {
        /// The file; - reads standard input
        file: PathBuf,
        /// Write over what is there and differs
        #[arg(long)]
        replace: bool,
        /// Folder of the state of daemons and web clients, whose own keys are set aside; var for an
        /// `agencia up`
        #[arg(long, value_name = "DIR", default_value = STATE_FOLDER)]
        state: PathBuf,
    },
    /// Makes certificates that are valid for longer, over the keys that are there
    ///
    /// On the host that has the authority's key. Export and import them where the old ones are, and
    /// restart what uses them; until then both are good.
    #[command(after_help = EXIT_CODES)]
    Renew {
        /// Which [default: web, servidor and administrador, as far as they are there]
        #[arg(value_name = "WHAT", value_parser = renewables())]
        what: Vec<Renewable>,
    },
}

/// A certificate that can be renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renewable {
    Authority,
    Of(Role),
}

/// The authority as the command line calls it: its file without the ending.
const AUTHORITY: &str = "autoridade";

fn roles() -> impl TypedValueParser<Value = Role> {
    PossibleValuesParser::new(Role::ALL.map(Role::name))
        .map(|name| Role::named(&name).expect("only roles are possible"))
}

fn renewables() -> impl TypedValueParser<Value = Renewable> {
    PossibleValuesParser::new([AUTHORITY].into_iter().chain(Role::ALL.map(Role::name)))
        .map(|name| Role::named(&name).map_or(Renewable::Authority, Renewable::Of))
}
