//! What is said first, and what it makes of a peer.

use super::*;
use agencia_client::tls::{Keys, Role, Unproven, names};
use agencia_keys::{Authority as Maker, Purpose, Validity};
use async_net::{TcpListener, TcpStream};
use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
use futures_rustls::TlsConnector;
use futures_rustls::rustls::pki_types::pem::PemObject;
use futures_rustls::rustls::pki_types::{PrivateKeyDer, ServerName};
use futures_rustls::rustls::{ClientConfig, RootCertStore};
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const PATIENCE: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(50);

fn days(from: i32, to: i32) -> Validity {
    let now = SystemTime::now();
    let at = |days: i32| match days {
        0.. => now + DAY * days.unsigned_abs(),
        _ => now - DAY * days.unsigned_abs(),
    };
    Validity { begin: at(from), end: at(to) }
}

/// An authority, and a daemon with a certificate of it.
struct Agency {
    maker: Maker,
    certificate: String,
    keeper: Arc<Doorkeeper>,
    _folder: TempDir,
}

impl Agency {
    fn new() -> Self {
        let maker = Maker::generate().unwrap();
        let certificate = maker.certificate(days(-1, 9)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let name = Role::Daemon.dns_name();
        let own = maker.issue(name, Purpose::ConnectAndListen, None, days(-1, 9)).unwrap();
        for (name, text) in [
            (names::AUTHORITY.to_owned(), &certificate),
            (names::certificate(Role::Daemon), &own.certificate),
            (names::private_key(Role::Daemon), &own.key),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        let credentials = Keys::within(folder.path()).credentials(Role::Daemon).unwrap().unwrap();
        let keeper = Arc::new(Doorkeeper::new(&credentials).unwrap());
        Self { maker, certificate, keeper, _folder: folder }
    }

    /// What a client is set to that shows this certificate and believes this authority.
    fn connector(&self, shows: Option<&agencia_keys::Issued>) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(certificate(&self.certificate)).unwrap();
        let config = ClientConfig::builder_with_provider(agencia_client::tls::provider())
            .with_protocol_versions(&[&TLS13])
            .unwrap()
            .with_root_certificates(roots);
        let config = match shows {
            None => config.with_no_client_auth(),
            Some(shown) => {
                let key = PrivateKeyDer::from_pem_slice(shown.key.as_bytes()).unwrap();
                config.with_client_auth_cert(vec![certificate(&shown.certificate)], key).unwrap()
            }
        };
        TlsConnector::from(Arc::new(config))
    }

    /// Whom the daemon takes a peer for that shows this certificate.
    fn caller(&self, peer: &str, shows: Option<&agencia_keys::Issued>) -> Caller {
        let connector = self.connector(shows);
        within(async {
            let (client, mut door) = pair(peer, Some(self.keeper.clone()), PATIENCE).await;
            let name = ServerName::try_from(Role::Daemon.dns_name()).unwrap();
            let asks = async {
                let mut client = connector.connect(name, client).await.unwrap();
                client.write_all(b"4         ").await.unwrap();
                client.flush().await.unwrap();
                let mut answer = [0; 3];
                client.read_exact(&mut answer).await.unwrap();
                assert_eq!(&answer, b"yes");
            };
            let answers = async {
                let mut bytes = [0; 10];
                door.read_exact(&mut bytes).await.unwrap();
                assert_eq!(&bytes, b"4         ");
                door.write_all(b"yes").await.unwrap();
                door.flush().await.unwrap();
                door.caller()
            };
            future::zip(asks, answers).await.1
        })
    }
}

fn certificate(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

/// A socket to a door, and the door, which takes it for that of `peer`.
async fn pair(
    peer: &str,
    keeper: Option<Arc<Doorkeeper>>,
    patience: Duration,
) -> (TcpStream, Door<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    (client, Door::new(stream, peer.parse().unwrap(), keeper, patience))
}

fn within<T>(work: impl Future<Output = T>) -> T {
    let late = async {
        Timer::after(PATIENCE).await;
        panic!("nothing happened in {PATIENCE:?}");
    };
    smol::block_on(future::or(work, late))
}

const ELSEWHERE: &str = "192.0.2.7:1";
const HERE: &str = "127.0.0.1:1";

#[test]
fn a_certificate_of_the_authority_proves_its_role_and_no_other() {
    let agency = Agency::new();
    for role in Role::ALL {
        let purpose = Purpose::Connect;
        let shown = agency.maker.issue(role.dns_name(), purpose, None, days(-1, 1)).unwrap();
        let expected = Caller::Proven([role].into_iter().collect());
        assert_eq!(agency.caller(ELSEWHERE, Some(&shown)), expected);
    }
}

#[test]
fn what_proves_nothing_gets_through_and_is_known_for_what_it_lacks() {
    let (agency, other) = (Agency::new(), Maker::generate().unwrap());
    let name = Role::Web.dns_name();
    let strange = other.issue(name, Purpose::Connect, None, days(-1, 1)).unwrap();
    let expired = agency.maker.issue(name, Purpose::Connect, None, days(-9, -1)).unwrap();
    let early = agency.maker.issue(name, Purpose::Connect, None, days(1, 9)).unwrap();
    let www = "www.agencia.internal";
    let nameless = agency.maker.issue(www, Purpose::Connect, None, days(-1, 1)).unwrap();
    for (shows, expected) in [
        (None, Unproven::NoCertificate),
        (Some(&strange), Unproven::Stranger),
        (Some(&expired), Unproven::Expired),
        (Some(&early), Unproven::NotYet),
        (Some(&nameless), Unproven::NoRole),
    ] {
        let expected = Caller::Unproven(Why::Certificate(expected));
        assert_eq!(agency.caller(ELSEWHERE, shows), expected);
        assert_eq!(agency.caller(HERE, shows), Caller::ThisHost, "it needs no proof");
    }
}

#[test]
fn a_certificate_without_its_key_does_not_get_through() {
    let agency = Agency::new();
    let name = Role::Web.dns_name();
    let shown = agency.maker.issue(name, Purpose::Connect, None, days(-1, 1)).unwrap();
    let key = agency.maker.issue(name, Purpose::Connect, None, days(-1, 1)).unwrap().key;
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    // A client that lies: rustls would not put the two together by itself.
    let signer = agencia_client::tls::provider().key_provider.load_private_key(key).unwrap();
    let pair_of_both = futures_rustls::rustls::sign::CertifiedKey::new(
        vec![certificate(&shown.certificate)],
        signer,
    );
    let resolver = futures_rustls::rustls::sign::SingleCertAndKey::from(pair_of_both);
    let mut roots = RootCertStore::empty();
    roots.add(certificate(&agency.certificate)).unwrap();
    let config = ClientConfig::builder_with_provider(agencia_client::tls::provider())
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_client_cert_resolver(Arc::new(resolver));
    within(async {
        let (client, mut door) = pair(ELSEWHERE, Some(agency.keeper.clone()), PATIENCE).await;
        let name = ServerName::try_from(Role::Daemon.dns_name()).unwrap();
        let asks = async {
            // Its side of the handshake is over before the other has looked.
            let client = TlsConnector::from(Arc::new(config)).connect(name, client).await;
            drop(client.unwrap().read(&mut [0; 1]).await);
        };
        let (_, read) = future::zip(asks, door.read(&mut [0; 10])).await;
        let error = read.unwrap_err();
        assert!(error.to_string().contains("BadSignature"), "{error}");
        assert_eq!(door.caller(), Caller::Unproven(Why::InTheClear));
        assert_eq!(door.read(&mut [0; 10]).await.unwrap(), 0, "it stays shut");
        drop(door.write(b"x").await.unwrap_err());
    });
}

#[test]
fn frames_in_the_clear_are_read_as_they_come() {
    let agency = Agency::new();
    for (keeper, peer, expected) in [
        (Some(&agency.keeper), ELSEWHERE, Caller::Unproven(Why::InTheClear)),
        (None, ELSEWHERE, Caller::Unproven(Why::NoTlsHere)),
        (Some(&agency.keeper), HERE, Caller::ThisHost),
        (None, HERE, Caller::ThisHost),
    ] {
        // A digit, another one behind it, and what is neither frames nor TLS.
        for bytes in ["2         {}", "0\u{16}", "GET / HTTP/1.1"] {
            within(async {
                let (mut client, mut door) = pair(peer, keeper.cloned(), PATIENCE).await;
                client.write_all(bytes.as_bytes()).await.unwrap();
                let mut read = vec![0; bytes.len()];
                door.read_exact(&mut read).await.unwrap();
                assert_eq!((read, door.caller()), (bytes.as_bytes().to_vec(), expected));
                drop(client);
                assert_eq!(door.read(&mut [0; 1]).await.unwrap(), 0);
            });
        }
    }
}

#[test]
fn a_daemon_without_a_certificate_knows_who_tried_tls() {
    for (peer, expected) in
        [(ELSEWHERE, Caller::Unproven(Why::NoTlsHereTried)), (HERE, Caller::ThisHost)]
    {
        within(async {
            let (mut client, mut door) = pair(peer, None, PATIENCE).await;
            client.write_all(&[HANDSHAKE, 3, 1]).await.unwrap();
            let mut read = [0; 3];
            door.read_exact(&mut read).await.unwrap();
            assert_eq!((read, door.caller()), ([HANDSHAKE, 3, 1], expected));
        });
    }
}

#[test]
fn half_a_handshake_ends_at_its_deadline_from_its_first_byte() {
    let agency = Agency::new();
    // Nothing behind the first byte, a record that is announced and does not come, and one that
    // drips: every byte is in time, the whole is not.
    for (first, drips) in [(vec![HANDSHAKE], false), (vec![HANDSHAKE, 3, 1, 2, 0, 1], true)] {
        within(async {
            let (mut client, mut door) = pair(ELSEWHERE, Some(agency.keeper.clone()), SHORT).await;
            client.write_all(&first).await.unwrap();
            let dripping = async {
                let pause = if drips { SHORT / 5 } else { PATIENCE };
                loop {
                    Timer::after(pause).await;
                    if client.write_all(&[0]).await.is_err() {
                        return future::pending().await;
                    }
                }
            };
            let read = future::or(dripping, door.read(&mut [0; 10])).await;
            assert_eq!(read.unwrap_err().kind(), ErrorKind::TimedOut);
            assert_eq!(door.read(&mut [0; 10]).await.unwrap(), 0, "it stays shut");
        });
    }
}

#[test]
fn a_handshake_that_is_none_fails_at_once() {
    let agency = Agency::new();
    within(async {
        let (mut client, mut door) = pair(ELSEWHERE, Some(agency.keeper.clone()), PATIENCE).await;
        client.write_all(&[&[HANDSHAKE, 3, 1, 0, 4][..], b"none"].concat()).await.unwrap();
        let error = door.read(&mut [0; 10]).await.unwrap_err();
        assert_ne!(error.kind(), ErrorKind::TimedOut, "{error}");
    });
}

#[test]
fn a_peer_that_says_nothing_is_waited_for_by_whoever_reads() {
    let agency = Agency::new();
    within(async {
        let (client, mut door) = pair(ELSEWHERE, Some(agency.keeper.clone()), SHORT).await;
        let silence = async {
            Timer::after(2 * SHORT).await;
            None
        };
        // The deadline of a handshake begins with it.
        let read = future::or(async { Some(door.read(&mut [0; 10]).await) }, silence).await;
        assert!(read.is_none(), "{read:?}");
        drop(client);
        assert_eq!(door.read(&mut [0; 10]).await.unwrap(), 0);
    });
}
