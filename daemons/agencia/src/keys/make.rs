//! `agencia keys init` and `agencia keys renew`: certificates, and how long they are good for.

use super::files::{self, Staged};
use super::show::{self, Form};
use super::{KeysCommandError, needed, own_keys};
use crate::cli::Renewable;
use crate::error::CommandError;
use crate::table::print;
use agencia_client::shared_key;
use agencia_client::tls::{Keys, Role, names};
use agencia_keys::{Authority, Purpose, Validity};
use std::path::Path;
use std::time::{Duration, SystemTime};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the authority is good for, and what it signs.
const AUTHORITY_DAYS: u32 = 3650;
const CERTIFICATE_DAYS: u32 = 730;

/// Makes everything, in a folder in which there is nothing.
pub(super) fn init(folder: &Path, state: &Path) -> Result<(), CommandError> {
    if files::is_private(folder)? && has_anything(folder)? {
        return Err(KeysCommandError::NotEmpty { folder: folder.to_owned() }.into());
    }
    let staged = Staged::beside(folder)?;
    let now = SystemTime::now();
    let authority = Authority::generate().map_err(KeysCommandError::from)?;
    let validity = from(now, AUTHORITY_DAYS);
    let certificate = authority.certificate(validity).map_err(KeysCommandError::from)?;
    staged.write(names::AUTHORITY, &certificate)?;
    staged.write(names::AUTHORITY_KEY, &authority.key())?;
    for role in Role::ALL {
        let issued = issue(&authority, role, None, from(now, CERTIFICATE_DAYS))?;
        staged.write(&names::private_key(role), &issued.key)?;
        staged.write(&names::certificate(role), &issued.certificate)?;
    }
    for (name, own) in own_keys(state) {
        // Bookings are sealed with the one that is there: another would forsake them.
        if own.exists() {
            shared_key(&own).map_err(KeysCommandError::from)?;
            let text = std::fs::read_to_string(&own);
            staged.write(name, &text.map_err(|error| files::failed(&own, "read", error))?)?;
            print(&format!("{} is taken over as {}", own.display(), folder.join(name).display()))?;
        } else {
            shared_key(&staged.path().join(name)).map_err(KeysCommandError::from)?;
        }
    }
    staged.become_folder(folder)?;
    show::run(folder, Form::Table)?;
    print(&format!(
        "Keep a copy of {} where nobody else gets at it: whoever has it can pose as any host of \
         this agency.\nFor another host: agencia keys export ROLE FILE here, agencia keys import \
         FILE there.",
        folder.join(names::AUTHORITY_KEY).display()
    ))?;
    Ok(())
}

/// Makes certificates anew, over their keys.
pub(super) fn renew(folder: &Path, what: &[Renewable]) -> Result<(), CommandError> {
    let keys = Keys::within(folder);
    let authority_key = needed(
        &keys,
        names::AUTHORITY_KEY,
        "certificates are made with it",
        "renew where `agencia keys init` was run, and export from there",
    )?;
    let authority = Authority::of_key(&authority_key).map_err(KeysCommandError::from)?;
    let there: Vec<_> = Role::ALL
        .into_iter()
        .filter(|&role| keys.path(&names::certificate(role)).exists())
        .map(Renewable::Of)
        .collect();
    let what = if what.is_empty() { &there } else { what };
    if what.is_empty() {
        return Err(KeysCommandError::NothingToRenew { folder: folder.to_owned() }.into());
    }
    let staged = Staged::beside(folder)?;
    let now = SystemTime::now();
    let mut written = Vec::new();
    // It goes first: what it signs does not outlive it.
    let own = from(now, AUTHORITY_DAYS);
    let renews_authority = what.contains(&Renewable::Authority);
    let end = if renews_authority { own.end } else { authority_end(&keys)? };
    if renews_authority {
        let certificate = authority.certificate(own).map_err(KeysCommandError::from)?;
        staged.write(names::AUTHORITY, &certificate)?;
        written.push(names::AUTHORITY.to_owned());
    }
    for role in Role::ALL.into_iter().filter(|&role| what.contains(&Renewable::Of(role))) {
        if end <= now {
            return Err(
                KeysCommandError::AuthorityExpired { path: keys.path(names::AUTHORITY) }.into()
            );
        }
        let way_out = "import both again, or make all anew with init in another folder";
        let key = needed(&keys, &names::private_key(role), "it is kept", way_out)?;
        let validity = from(now, CERTIFICATE_DAYS);
        let validity = Validity { end: validity.end.min(end), ..validity };
        let issued = issue(&authority, role, Some(&key), validity)?;
        let name = names::certificate(role);
        staged.write(&name, &issued.certificate)?;
        written.push(name);
    }
    let names: Vec<_> = written.iter().map(String::as_str).collect();
    staged.move_into(folder, &names)?;
    show::run(folder, Form::Table)?;
    print(&format!(
        "Renewed: {}. Export them to the other hosts that have them, import them there with \
         --replace, and restart what uses them.",
        names.join(", ")
    ))?;
    Ok(())
}

fn issue(
    authority: &Authority,
    role: Role,
    key: Option<&str>,
    validity: Validity,
) -> Result<agencia_keys::Issued, KeysCommandError> {
    // Only daemons are believed when they listen.
    let purpose = match role {
        Role::Daemon => Purpose::ConnectAndListen,
        Role::Web | Role::Administrator => Purpose::Connect,
    };
    Ok(authority.issue(role.dns_name(), purpose, key, validity)?)
}

/// From yesterday on, because clocks differ.
fn from(now: SystemTime, days: u32) -> Validity {
    Validity { begin: now - DAY, end: now + DAY * days }
}

fn authority_end(keys: &Keys) -> Result<SystemTime, CommandError> {
    let missing = || KeysCommandError::Missing {
        path: keys.path(names::AUTHORITY),
        needed_for: "nothing it signs may outlive it".to_owned(),
        way_out: "make it again with agencia keys renew autoridade",
    };
    Ok(keys.end_of(names::AUTHORITY)?.ok_or_else(missing)?)
}

fn has_anything(folder: &Path) -> Result<bool, CommandError> {
    let mut entries =
        std::fs::read_dir(folder).map_err(|error| files::failed(folder, "read", error))?;
    Ok(entries.next().is_some())
}
