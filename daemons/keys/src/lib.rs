//! Makes an agency's own authority and the certificates that it signs.
//!
//! It knows no file, no clock and no role: what is to be certified is a DNS name, from when until
//! when is an argument, and what comes out is text. Who reads certificates is `agencia_client::tls`.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};
use sha2::{Digest, Sha256};
use std::time::{SystemTime, UNIX_EPOCH};
use time::OffsetDateTime;

/// Why nothing was made.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// What was given cannot be used, or there is no randomness.
    #[error(transparent)]
    Rcgen(#[from] rcgen::Error),
    /// A time that X.509 cannot write.
    #[error("a certificate cannot begin or end then")]
    Time,
}

/// From when until when a certificate is valid. Seconds count, fractions do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// Its first moment.
    pub begin: SystemTime,
    /// Its last.
    pub end: SystemTime,
}

/// An authority with its key. What it is called follows from the key: two are never mistaken for
/// each other, and the key alone is enough to go on signing.
#[derive(Debug)]
pub struct Authority {
    key: KeyPair,
}

/// A certificate that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// The certificate, PEM.
    pub certificate: String,
    /// Its key, PEM.
    pub key: String,
}

impl Authority {
    /// A new one.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn generate() -> Result<Self, IssueError> {
        Ok(Self { key: KeyPair::generate()? })
    }

    /// The one whose key this is, PEM.
    ///
    /// # Errors
    /// When it is no key.
    pub fn of_key(key: &str) -> Result<Self, IssueError> {
        Ok(Self { key: KeyPair::from_pem(key)? })
    }

    /// Its key, PEM.
    pub fn key(&self) -> String {
        self.key.serialize_pem()
    }

    /// Its own certificate, PEM. Any of them vouches for all that it signs.
    ///
    /// # Errors
    /// [`IssueError::Time`].
    pub fn certificate(&self, validity: Validity) -> Result<String, IssueError> {
        let params = valid(self.params()?, validity)?;
        Ok(CertifiedIssuer::self_signed(params, &self.key)?.pem())
    }

    /// Certifies a DNS name, over a key that there is already or a new one. Whoever has it can
    /// connect; one that `serves` is also believed when it listens.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn issue(
        &self,
        name: &str,
        serves: bool,
        key: Option<&str>,
        validity: Validity,
    ) -> Result<Issued, IssueError> {
        let key = key.map_or_else(KeyPair::generate, KeyPair::from_pem)?;
        let mut params = CertificateParams::new([name.to_owned()])?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        if serves {
            params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
        }
        params.use_authority_key_identifier_extension = true;
        let params = valid(params, validity)?;
        let certificate = params.signed_by(&key, &Issuer::new(self.params()?, &self.key))?;
        Ok(Issued { certificate: certificate.pem(), key: key.serialize_pem() })
    }

    fn params(&self) -> Result<CertificateParams, IssueError> {
        let digest = Sha256::digest(self.key.public_key_raw());
        let digits: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, format!("Agencia {digits}"));
        // It signs certificates of programs and no other authority.
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Ok(params)
    }
}

fn valid(
    mut params: CertificateParams,
    validity: Validity,
) -> Result<CertificateParams, IssueError> {
    let moment = |time: SystemTime| {
        let secs = time.duration_since(UNIX_EPOCH).map_err(|_| IssueError::Time)?.as_secs();
        let secs = i64::try_from(secs).map_err(|_| IssueError::Time)?;
        OffsetDateTime::from_unix_timestamp(secs).map_err(|_| IssueError::Time)
    };
    params.not_before = moment(validity.begin)?;
    params.not_after = moment(validity.end)?;
    Ok(params)
}
