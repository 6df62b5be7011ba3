//! Where the keys and certificates of a host are: a folder, or what systemd hands over.
//!
//! They are read and never written here: `agencia keys` makes them. What is there and cannot be
//! used is an error with the way out; what is not there is nothing.

use super::authority::{Authority, Unproven};
use super::credentials::{Credentials, warning};
use super::role::Role;
use crate::key::{self, Guard, KeyError};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The most bytes of a file that are read.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// The names of the files.
pub mod names {
    use super::super::role::Role;

    /// Where they are when no setting says otherwise.
    pub const FOLDER: &str = "/etc/agencia/keys";
    /// The authority's certificate: every host has it.
    pub const AUTHORITY: &str = "autoridade.pem";
    /// The authority's key: only where certificates are made.
    pub const AUTHORITY_KEY: &str = "autoridade.chave";
    /// The key with which daemons seal receipts and proofs: daemons only.
    pub const RECEIPT_KEY: &str = "chave";
    /// The key with which web clients know whose trip a trip is: web clients only.
    pub const WEB_KEY: &str = "chave-web";

    /// The certificate of a role.
    pub fn certificate(role: Role) -> String {
        format!("{role}.pem")
    }

    /// The key of a role's certificate.
    pub fn private_key(role: Role) -> String {
        format!("{role}.chave")
    }
}

/// Why keys or certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The folder that was named is not there.
    #[error("there is no folder {}: make it with agencia keys, or name another one with keys", path.display())]
    NoFolder {
        /// The folder.
        path: PathBuf,
    },
    /// A file cannot be read.
    #[error(
        "{} cannot be read: {source}; let this program's user read it (a unit of systemd by \
         LoadCredential=), or name another folder with keys",
        path.display()
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A private key that others may read.
    #[error(
        "{} is open to others (mode {mode:03o}): whoever has it can speak for this host; run chmod \
         600 on it, and agencia keys init into a new folder if somebody may have read it",
        path.display()
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// A file holds something else.
    #[error("{} is no {what}: {reason}; import it again with agencia keys import", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What it ought to be.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// One of the files that belong together is missing.
    #[error(
        "{} is there and {} is not: import both again with agencia keys import, or remove the one",
        there.display(), missing.display()
    )]
    Missing {
        /// The file that is there.
        there: PathBuf,
        /// The one that is not.
        missing: PathBuf,
    },
    /// A key is not that of its certificate.
    #[error(
        "the key {} is not that of the certificate {}: import both again with agencia keys import",
        key.display(), certificate.display()
    )]
    Mismatch {
        /// The certificate.
        certificate: PathBuf,
        /// The key.
        key: PathBuf,
    },
    /// A certificate proves nothing.
    #[error("{}: {reason}, which is {}; {way_out}", certificate.display(), authority.display())]
    Unproven {
        /// The certificate.
        certificate: PathBuf,
        /// The authority's.
        authority: PathBuf,
        /// Why not.
        reason: Unproven,
        /// What to do.
        way_out: &'static str,
    },
    /// A certificate is for another role.
    #[error(
        "{} is not for the role {role}: import it again with agencia keys import",
        certificate.display()
    )]
    WrongRole {
        /// The certificate.
        certificate: PathBuf,
        /// The role that it ought to have.
        role: Role,
    },
    /// A key that programs share is in two places and not the same.
    #[error(
        "{} and {} are not the same key: keep in both places the one that all hosts of this agency \
         have, or remove the other",
        folder.display(), own.display()
    )]
    TwoKeys {
        /// The one in the folder of keys.
        folder: PathBuf,
        /// The program's own.
        own: PathBuf,
    },
    /// A key that programs share.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// The keys and certificates of this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    folder: PathBuf,
    /// Who may read the files is systemd's business.
    handed_over: bool,
    /// Whether somebody has said that they are there.
    named: bool,
}

impl Keys {
    /// Those in the folder that the setting names. The default one gives way to what systemd
    /// hands over: a unit that has `LoadCredential=` for [`names::AUTHORITY`] has all from there.
    pub fn of_this_process(setting: &Path) -> Self {
        Self::find(setting, std::env::var_os("CREDENTIALS_DIRECTORY"))
    }

    fn find(setting: &Path, handed_over: Option<OsString>) -> Self {
        let is_default = setting == Path::new(names::FOLDER);
        let handed_over = handed_over
            .map(PathBuf::from)
            .filter(|folder| is_default && folder.join(names::AUTHORITY).exists());
        match handed_over {
            Some(folder) => Self { folder, handed_over: true, named: false },
            None => Self { folder: setting.to_owned(), handed_over: false, named: !is_default },
        }
    }

    /// Those in this folder, which must be there.
    pub fn within(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), handed_over: false, named: true }
    }

    /// Where a file is, if it is there.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The authority; nothing when this host knows none.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn authority(&self) -> Result<Option<Authority>, KeysError> {
        if self.named && !self.folder.exists() {
            return Err(KeysError::NoFolder { path: self.folder.clone() });
        }
        let Some(certificates) = self.certificates(names::AUTHORITY)? else { return Ok(None) };
        let authority = Authority::new(&certificates);
        authority.map(Some).map_err(|error| self.malformed(names::AUTHORITY, CERTIFICATE, error))
    }

    /// What proves that this host has a role; nothing when it has no certificate for it. One that
    /// has expired is given, too: whoever is asked says so.
    ///
    /// # Errors
    /// When key, certificate and authority do not fit each other, or cannot be read.
    pub fn credentials(&self, role: Role) -> Result<Option<Credentials>, KeysError> {
        let (name, key_name) = (names::certificate(role), names::private_key(role));
        let authority = self.authority()?;
        let (certificates, key) = (self.certificates(&name)?, self.private_key(&key_name)?);
        let missing = |there: &str, missing: &str| {
            Err(KeysError::Missing { there: self.path(there), missing: self.path(missing) })
        };
        match (authority, certificates, key) {
            (_, None, None) => Ok(None),
            (None, Some(_), _) => missing(&name, names::AUTHORITY),
            (_, Some(_), None) => missing(&name, &key_name),
            (_, None, Some(_)) => missing(&key_name, &name),
            (Some(authority), Some(certificates), Some(key)) => {
                let end = self.check(&authority, &certificates, role)?;
                let certificate = self.path(&name);
                let made = Credentials::new(role, (authority, certificates), key, end);
                made.map(|made| Some(made.of_file(certificate.clone())))
                    .map_err(|_| KeysError::Mismatch { certificate, key: self.path(&key_name) })
            }
        }
    }

    /// Checks that a certificate is the authority's and for this role, and tells when it ends.
    fn check(
        &self,
        authority: &Authority,
        certificates: &[CertificateDer<'_>],
        role: Role,
    ) -> Result<SystemTime, KeysError> {
        let name = names::certificate(role);
        let end = certificates.first().and_then(|own| authority.end_of(own));
        let end = end.ok_or_else(|| self.malformed(&name, CERTIFICATE, "rustls cannot read it"))?;
        // At its last moment it is valid if it ever is.
        let roles = authority.judge(certificates, end).map_err(|reason| KeysError::Unproven {
            certificate: self.path(&name),
            authority: self.path(names::AUTHORITY),
            reason,
            way_out: "import both from the same host with agencia keys import",
        })?;
        match roles.contains(role) {
            true => Ok(end),
            false => Err(KeysError::WrongRole { certificate: self.path(&name), role }),
        }
    }

    /// The first certificate of a file, as it is signed.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn certificate(&self, name: &str) -> Result<Option<CertificateDer<'static>>, KeysError> {
        Ok(self.certificates(name)?.and_then(|certificates| certificates.into_iter().next()))
    }

    /// When the first certificate of a file ends; nothing without the file or the authority.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn end_of(&self, name: &str) -> Result<Option<SystemTime>, KeysError> {
        let (authority, certificate) = (self.authority()?, self.certificate(name)?);
        Ok(authority.zip(certificate).and_then(|(authority, own)| authority.end_of(&own)))
    }

    /// What an operator must know: certificates that end soon or do not fit. Nothing about files
    /// that this user may not read.
    pub fn warnings(&self, now: SystemTime) -> Vec<String> {
        let roles = Role::ALL
            .into_iter()
            .map(|role| Ok(self.credentials(role)?.and_then(|own| own.warning(now))));
        let authority = || {
            let end = self.end_of(names::AUTHORITY)?;
            let what = self.path(names::AUTHORITY).display().to_string();
            Ok(end.and_then(|end| warning(&what, end, now)))
        };
        let warned =
            roles.chain([authority()]).filter_map(|checked: Result<_, KeysError>| match checked {
                Ok(warning) => warning,
                Err(KeysError::Unreadable { source, .. })
                    if source.kind() == ErrorKind::PermissionDenied =>
                {
                    None
                }
                Err(error) => Some(error.to_string()),
            });
        let mut told: Vec<_> = warned.collect();
        told.dedup();
        told
    }

    /// A key that programs share: the one of the folder, or else the program's own, which is made
    /// when there is none.
    ///
    /// # Errors
    /// [`KeysError::TwoKeys`] and [`KeysError::Key`].
    pub fn shared_key(&self, name: &str, own: &Path) -> Result<[u8; 32], KeysError> {
        match self.existing_key(name, own)? {
            Some(key) => Ok(key),
            None => Ok(key::shared_key(own)?),
        }
    }

    /// The same, made by nobody. Both may be there if they are the same.
    ///
    /// # Errors
    /// Those of [`shared_key`](Self::shared_key).
    pub fn existing_key(&self, name: &str, own: &Path) -> Result<Option<[u8; 32]>, KeysError> {
        let own_key = own.exists().then(|| key::read_key(own, Guard::OwnerAlone)).transpose()?;
        if self.read(name)?.is_none() {
            return Ok(own_key);
        }
        let folder = self.path(name);
        let guard = if self.handed_over { Guard::Elsewhere } else { Guard::OwnerAlone };
        let key = key::read_key(&folder, guard)?;
        match own_key {
            Some(own_key) if own_key != key => {
                Err(KeysError::TwoKeys { folder, own: own.to_owned() })
            }
            _ => Ok(Some(key)),
        }
    }

    /// The certificates of a file, as far as it is there.
    fn certificates(&self, name: &str) -> Result<Option<Vec<CertificateDer<'static>>>, KeysError> {
        let Some(text) = self.read(name)? else { return Ok(None) };
        let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
        match read {
            Ok(certificates) if certificates.is_empty() => {
                Err(self.malformed(name, CERTIFICATE, "it has no BEGIN CERTIFICATE"))
            }
            Ok(certificates) => Ok(Some(certificates)),
            Err(error) => Err(self.malformed(name, CERTIFICATE, error)),
        }
    }

    fn private_key(&self, name: &str) -> Result<Option<PrivateKeyDer<'static>>, KeysError> {
        let Some(text) = self.secret(name)? else { return Ok(None) };
        let key = PrivateKeyDer::from_pem_slice(&text);
        key.map(Some).map_err(|error| self.malformed(name, "private key", error))
    }

    /// The bytes of a file that only its owner may read.
    ///
    /// # Errors
    /// Also when others may.
    pub fn secret(&self, name: &str) -> Result<Option<Vec<u8>>, KeysError> {
        let text = self.read(name)?;
        if text.is_some() && !self.handed_over {
            let path = self.path(name);
            let metadata = path.metadata();
            let mode = metadata
                .map_err(|source| KeysError::Unreadable { path: path.clone(), source })?
                .permissions()
                .mode()
                & 0o777;
            if mode & 0o077 != 0 {
                return Err(KeysError::Open { path, mode });
            }
        }
        Ok(text)
    }

    /// The bytes of a file. One of white space counts as not there: a unit can give every
    /// credential such a default, so that a host without certificates starts, too.
    ///
    /// # Errors
    /// [`KeysError::Unreadable`].
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, KeysError> {
        let path = self.path(name);
        let mut text = Vec::new();
        let read =
            File::open(&path).and_then(|file| file.take(FILE_BYTES_MAX).read_to_end(&mut text));
        match read {
            Ok(_) if text.trim_ascii().is_empty() => Ok(None),
            Ok(_) => Ok(Some(text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(KeysError::Unreadable { path, source }),
        }
    }

    fn malformed(
        &self,
        name: &str,
        what: &'static str,
        reason: impl std::fmt::Display,
    ) -> KeysError {
        KeysError::Malformed { path: self.path(name), what, reason: reason.to_string() }
    }
}

const CERTIFICATE: &str = "certificate";

#[cfg(test)]
mod tests;
