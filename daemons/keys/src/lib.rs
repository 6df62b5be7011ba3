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

/// What a certificate is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Its holder connects.
    Connect,
    /// Its holder connects, and is believed when it listens.
    ConnectAndListen,
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

    /// Certifies a DNS name, over a key that there is already or a new one.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn issue(
        &self,
        name: &str,
        purpose: Purpose,
        key: Option<&str>,
        validity: Validity,
    ) -> Result<Issued, IssueError> {
        let key = key.map_or_else(KeyPair::generate, KeyPair::from_pem)?;
        let mut params = CertificateParams::new([name.to_owned()])?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        if purpose == Purpose::ConnectAndListen {
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

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;
    use std::time::Duration;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    // As DER has them, with the length of what follows before it.
    /// Critical: an authority, below which is no other.
    const SIGNS_PROGRAMS_ALONE: &[u8] =
        b"\x55\x1d\x13\x01\x01\xff\x04\x08\x30\x06\x01\x01\xff\x02\x01\x00";
    /// Critical: keyCertSign and cRLSign, and nothing else.
    const SIGNS: &[u8] = b"\x55\x1d\x0f\x01\x01\xff\x04\x04\x03\x02\x01\x06";
    /// Critical: digitalSignature, and nothing else.
    const PROVES: &[u8] = b"\x55\x1d\x0f\x01\x01\xff\x04\x04\x03\x02\x07\x80";
    const CLIENT_AUTH: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x03\x02";
    const SERVER_AUTH: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x03\x01";
    const BASIC_CONSTRAINTS: &[u8] = b"\x55\x1d\x13";

    fn has(certificate: &str, part: &[u8]) -> bool {
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
        certificate.windows(part.len()).any(|window| window == part)
    }

    fn a_day() -> Validity {
        let begin = UNIX_EPOCH + 20_000 * DAY;
        Validity { begin, end: begin + DAY }
    }

    #[test]
    fn the_authority_signs_programs_and_no_other_authority() {
        let certificate = Authority::generate().unwrap().certificate(a_day()).unwrap();
        assert!(has(&certificate, SIGNS_PROGRAMS_ALONE) && has(&certificate, SIGNS));
        assert!(!has(&certificate, CLIENT_AUTH) && !has(&certificate, SERVER_AUTH));
    }

    #[test]
    fn a_certificate_is_good_for_its_purpose_alone() {
        let authority = Authority::generate().unwrap();
        for (purpose, serves) in [(Purpose::Connect, false), (Purpose::ConnectAndListen, true)] {
            let issued = authority.issue("a.internal", purpose, None, a_day()).unwrap();
            let certificate = &issued.certificate;
            assert!(has(certificate, CLIENT_AUTH) && has(certificate, b"a.internal"));
            assert_eq!(has(certificate, SERVER_AUTH), serves, "{purpose:?}");
            assert!(has(certificate, PROVES) && !has(certificate, SIGNS));
            assert!(!has(certificate, BASIC_CONSTRAINTS), "it is no authority");
            // Over the same key again, and not over what is none.
            let key = Some(issued.key.as_str());
            assert_eq!(
                authority.issue("a.internal", purpose, key, a_day()).unwrap().key,
                issued.key
            );
            assert!(authority.issue("a.internal", purpose, Some("none"), a_day()).is_err());
        }
    }

    #[test]
    fn what_an_authority_is_called_follows_from_its_key() {
        let name = |authority: &Authority| {
            let digest = Sha256::digest(authority.key.public_key_raw());
            let digits: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
            format!("Agencia {digits}")
        };
        let one = Authority::generate().unwrap();
        let again = Authority::of_key(&one.key()).unwrap();
        let other = Authority::generate().unwrap();
        assert!(name(&one) == name(&again) && name(&one) != name(&other));
        for authority in [&one, &again] {
            let certificate = authority.certificate(a_day()).unwrap();
            assert!(has(&certificate, name(&one).as_bytes()));
            assert!(!has(&certificate, name(&other).as_bytes()));
        }
        assert!(Authority::of_key("none").is_err());
    }

    #[test]
    fn a_time_that_x509_cannot_write_is_refused() {
        let authority = Authority::generate().unwrap();
        let day = a_day();
        let before = Validity { begin: UNIX_EPOCH - DAY, ..day };
        let long_after = Validity { end: UNIX_EPOCH + 4_000_000 * DAY, ..day };
        for validity in [before, long_after] {
            assert!(matches!(authority.certificate(validity), Err(IssueError::Time)));
        }
        assert!(authority.certificate(day).is_ok());
    }
}
