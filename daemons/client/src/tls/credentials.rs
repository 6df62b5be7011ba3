//! What proves to others that this host has a role, and checks that daemons are daemons.

use super::authority::Authority;
use super::provider;
use super::role::Role;
use futures_rustls::TlsConnector;
use rustls::client::Resumption;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::version::TLS13;
use rustls::{ClientConfig, Error};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A certificate with so much time left or less is warned of.
const WARN: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A certificate, its key and the authority of both. Copies share them.
#[derive(Clone)]
pub struct Credentials {
    role: Role,
    authority: Authority,
    chain: Vec<CertificateDer<'static>>,
    key: Arc<PrivateKeyDer<'static>>,
    end: SystemTime,
    file: PathBuf,
    client: Arc<ClientConfig>,
}

impl Credentials {
    /// # Errors
    /// When the key is not that of the first certificate.
    pub(super) fn new(
        role: Role,
        (authority, chain): (Authority, Vec<CertificateDer<'static>>),
        key: PrivateKeyDer<'static>,
        end: SystemTime,
    ) -> Result<Self, Error> {
        let mut client = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13])?
            .with_root_certificates(authority.roots())
            .with_client_auth_cert(chain.clone(), key.clone_key())?;
        // Every connection is judged anew, and pools make few.
        client.resumption = Resumption::disabled();
        let (key, client) = (Arc::new(key), Arc::new(client));
        Ok(Self { role, authority, chain, key, end, file: PathBuf::new(), client })
    }

    pub(super) fn of_file(self, file: PathBuf) -> Self {
        Self { file, ..self }
    }

    /// The role.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The authority.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The certificates, this host's own first.
    pub fn certificates(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    /// The key of the first certificate.
    pub fn private_key(&self) -> PrivateKeyDer<'static> {
        self.key.clone_key()
    }

    /// The file of the certificate.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// When the certificate ends.
    pub fn end(&self) -> SystemTime {
        self.end
    }

    /// What an operator must know of its end: nothing while there is time.
    pub fn warning(&self, now: SystemTime) -> Option<String> {
        warning(&self.file.display().to_string(), self.end, now)
    }

    /// What speaks TLS with daemons, and whom it believes to be one.
    pub(super) fn connector(&self) -> (TlsConnector, ServerName<'static>) {
        let name = ServerName::try_from(Role::Daemon.dns_name()).expect("a role is a DNS name");
        (TlsConnector::from(self.client.clone()), name)
    }
}

/// What an operator must know of the end of a certificate: nothing while there is time.
pub(super) fn warning(what: &str, end: SystemTime, now: SystemTime) -> Option<String> {
    let way_out = "renew it with agencia keys renew where the authority's key is, and export it";
    match end.duration_since(now) {
        Err(_) => Some(format!("{what} has expired: other hosts refuse it; {way_out}")),
        Ok(left) if left <= WARN => {
            let days = left.as_secs() / (24 * 60 * 60);
            Some(format!("{what} ends in {days} days: {way_out}"))
        }
        Ok(_) => None,
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("role", &self.role)
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_comes_thirty_days_before_the_end_and_not_earlier() {
        let now = SystemTime::UNIX_EPOCH + 100 * WARN;
        let second = Duration::from_secs(1);
        assert_eq!(warning("x", now + WARN + second, now), None);
        for (end, expected) in [
            (now + WARN, "x ends in 30 days: renew it"),
            (now + second, "x ends in 0 days: renew it"),
            (now - second, "x has expired: other hosts refuse it; renew it"),
        ] {
            let told = warning("x", end, now).unwrap();
            assert!(told.starts_with(expected), "{told}");
        }
    }
}
