//! The one helper through which every await on a peer has a deadline.
//!
//! What is ready at once costs no timer, and a timer that is still set for an earlier moment is
//! left to ring and then set anew: under load a connection hardly ever touches the timer queue.

use smol::Timer;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Instant;

/// The moment came before what was awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the deadline has passed")]
pub(crate) struct Passed;

/// A timer, kept between waits.
#[derive(Debug)]
pub(crate) struct Deadline {
    timer: Timer,
    set_for: Option<Instant>,
}

impl Deadline {
    pub(crate) fn new() -> Self {
        Self { timer: Timer::never(), set_for: None }
    }

    /// Waits for `future`, at most until `due`; for ever without one. What is ready is taken even
    /// when the moment has passed. The future is dropped when its time is over.
    pub(crate) async fn by<T>(
        &mut self,
        due: Option<Instant>,
        future: impl Future<Output = T>,
    ) -> Result<T, Passed> {
        let mut future = pin!(future);
        poll_fn(|cx| {
            if let Poll::Ready(value) = future.as_mut().poll(cx) {
                return Poll::Ready(Ok(value));
            }
            match due {
                Some(due) => self.poll_passed(due, cx).map(Err),
                None => Poll::Pending,
            }
        })
        .await
    }

    fn poll_passed(&mut self, due: Instant, cx: &mut Context<'_>) -> Poll<Passed> {
        while Instant::now() < due {
            if self.set_for.is_none_or(|moment| due < moment) {
                self.timer.set_at(due);
                self.set_for = Some(due);
            }
            ready!(Pin::new(&mut self.timer).poll(cx));
            self.set_for = None;
        }
        Poll::Ready(Passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smol::future::{block_on, pending, ready};
    use std::time::Duration;

    const SHORT: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(3600);

    #[test]
    fn what_is_ready_is_taken_even_when_the_moment_has_passed() {
        let mut deadline = Deadline::new();
        let past = Instant::now();
        assert_eq!(block_on(deadline.by(Some(past), ready(1))), Ok(1));
    }

    #[test]
    fn what_never_comes_ends_at_its_moment_and_not_before() {
        let mut deadline = Deadline::new();
        let due = Instant::now() + SHORT;
        assert_eq!(block_on(deadline.by(Some(due), pending::<()>())), Err(Passed));
        assert!(Instant::now() >= due);
    }

    #[test]
    fn a_timer_left_from_an_earlier_wait_neither_shortens_nor_lengthens_the_next() {
        let mut deadline = Deadline::new();
        let now = Instant::now();
        for due in [now + LONG, now + SHORT, now + LONG] {
            let mut wait = Box::pin(deadline.by(Some(due), pending::<()>()));
            assert_eq!(block_on(smol::future::poll_once(&mut wait)), None);
        }
        let due = now + 2 * SHORT;
        assert_eq!(block_on(deadline.by(Some(due), pending::<()>())), Err(Passed));
        assert!(Instant::now() >= due);
    }
}
