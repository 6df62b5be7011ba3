//! How long a peer is waited for, and the one helper through which it is.

use futures_lite::future;
use smol::Timer;
use std::time::Duration;

/// How long a daemon is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// For the connection to be made; 2 s by default.
    pub connect: Duration,
    /// For the reply, from the moment its request is sent; 5 s by default. A call that finds the
    /// connection full waits as long again for its turn.
    pub reply: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self { connect: Duration::from_secs(2), reply: Duration::from_secs(5) }
    }
}

/// The time was up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Elapsed;

/// What `work` gives, unless `limit` passes first; `work` is dropped then.
pub(crate) async fn within<T>(
    limit: Duration,
    work: impl Future<Output = T>,
) -> Result<T, Elapsed> {
    let late = async {
        Timer::after(limit).await;
        Err(Elapsed)
    };
    future::or(async { Ok(work.await) }, late).await
}
