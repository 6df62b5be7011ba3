//! Who a peer is, proven by certificates of the agency's own authority: TLS between hosts.
//!
//! A certificate carries one [`Role`] as a name, and names are all that is asked of it; which role
//! may do what is the daemons' to say. Nothing here makes a certificate, and nothing here knows the
//! authorities of the web.

mod role;
mod authority;
mod folder;
mod credentials;
mod stream;

pub use authority::{Authority, Unproven};
pub use credentials::Credentials;
pub use folder::{Keys, KeysError, names};
pub use role::{Role, Roles};
pub(crate) use stream::{Refusal, Stream};

use rustls::crypto::CryptoProvider;
use std::sync::Arc;

/// The cryptography, chosen here and nowhere else.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
