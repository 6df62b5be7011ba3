//! The agency's own authority: what a certificate proves, and until when.
//!
//! X.509 is read by rustls alone, also where only a date is wanted.

use super::provider;
use super::role::{Role, Roles};
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{CertificateError, Error, RootCertStore};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The end of the year 9999, which no certificate outlives: X.509 cannot write a later one.
const END_OF_TIME: Duration = Duration::from_secs(253_402_300_799);

/// Why a certificate proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unproven {
    /// None was shown.
    #[error("there is no certificate")]
    NoCertificate,
    /// Its time is over.
    #[error("the certificate has expired")]
    Expired,
    /// Its time has not begun, or this host's clock is wrong.
    #[error("the certificate is not valid yet, or the clock of this host is wrong")]
    NotYet,
    /// The authority has not signed it, or not for this.
    #[error("the certificate is not of this agency's authority")]
    Stranger,
    /// It is the authority's and names no role.
    #[error("the certificate names no role")]
    NoRole,
}

/// The authority, as its certificate shows it. Copies share it.
#[derive(Debug, Clone)]
pub struct Authority {
    roots: Arc<RootCertStore>,
    verifier: Arc<dyn ClientCertVerifier>,
}

impl Authority {
    /// The authority of these certificates: one, or two while it is being replaced.
    ///
    /// # Errors
    /// When there is none, or one that is no certificate.
    pub fn new(certificates: &[CertificateDer<'_>]) -> Result<Self, Error> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates {
            roots.add(certificate.clone().into_owned())?;
        }
        let roots = Arc::new(roots);
        let builder = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider());
        let verifier = builder.build().map_err(|error| Error::General(error.to_string()))?;
        Ok(Self { roots, verifier })
    }

    /// The roles that these certificates, the holder's own first, prove at this moment.
    ///
    /// # Errors
    /// Why they prove none.
    pub fn judge(
        &self,
        certificates: &[CertificateDer<'_>],
        now: SystemTime,
    ) -> Result<Roles, Unproven> {
        let (own, others) = certificates.split_first().ok_or(Unproven::NoCertificate)?;
        self.verifier.verify_client_cert(own, others, unix(now)).map_err(|error| reason(&error))?;
        let roles = roles_of(own);
        if roles.is_empty() { Err(Unproven::NoRole) } else { Ok(roles) }
    }

    /// When a certificate ends, whoever has signed it; nothing for what is no certificate.
    pub fn end_of(&self, certificate: &CertificateDer<'_>) -> Option<SystemTime> {
        // Whether it is over is what is asked of a certificate first, and the answer says when.
        let end = UnixTime::since_unix_epoch(END_OF_TIME);
        match self.verifier.verify_client_cert(certificate, &[], end) {
            Err(Error::InvalidCertificate(CertificateError::ExpiredContext {
                not_after, ..
            })) => Some(UNIX_EPOCH + Duration::from_secs(not_after.as_secs())),
            _ => None,
        }
    }

    /// What vouches for daemons.
    pub(super) fn roots(&self) -> Arc<RootCertStore> {
        self.roots.clone()
    }

    /// What checks that a peer has the key of the certificate that it shows.
    pub fn verifier(&self) -> Arc<dyn ClientCertVerifier> {
        self.verifier.clone()
    }
}

/// The roles that a certificate names, whoever has signed it.
fn roles_of(certificate: &CertificateDer<'_>) -> Roles {
    let Ok(certificate) = ParsedCertificate::try_from(certificate) else { return Roles::default() };
    let names = |role: &Role| {
        let name = ServerName::try_from(role.dns_name()).expect("a role is a DNS name");
        verify_server_name(&certificate, &name).is_ok()
    };
    Role::ALL.into_iter().filter(names).collect()
}

/// What rustls says about a certificate, as far as it matters.
pub(super) fn reason(error: &Error) -> Unproven {
    use CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet,
        NotValidYetContext,
    };
    match error {
        Error::InvalidCertificate(Expired | ExpiredContext { .. }) => Unproven::Expired,
        Error::InvalidCertificate(NotValidYet | NotValidYetContext { .. }) => Unproven::NotYet,
        Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => {
            Unproven::NoRole
        }
        _ => Unproven::Stranger,
    }
}

fn unix(time: SystemTime) -> UnixTime {
    UnixTime::since_unix_epoch(time.duration_since(UNIX_EPOCH).unwrap_or_default())
}
