//! Simulated time: it stands still while anything runs, and is moved by whoever runs the world.
//!
//! Pauses are counted in it, as a machine's steady clock counts them; what a daemon's clock shows
//! differs from daemon to daemon and may be set.

use crate::clock::{Clock, Now};
use agencia_catalog::Moment;
use agencia_protocol::Day;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// The first of December 2029, in milliseconds of Unix time: everything on sale is to come.
pub(super) const START: i64 = 1_890_788_400_000;

const DAY_MILLIS: i64 = 24 * 3_600_000;

/// Milliseconds since the world began. Copies share it.
#[derive(Clone, Default)]
pub(super) struct Time(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    now: i64,
    pauses: u64,
    /// Who waits until when, in the order in which they are woken.
    waiting: BTreeMap<(i64, u64), Waker>,
}

impl Time {
    pub(super) fn now(&self) -> i64 {
        self.state().now
    }

    /// When somebody is to be woken next.
    pub(super) fn next(&self) -> Option<i64> {
        self.state().waiting.first_key_value().map(|((due, _), _)| *due)
    }

    /// Moves on to this moment and wakes whoever waits for it.
    pub(super) fn move_to(&self, now: i64) {
        let mut state = self.state();
        let now = state.now.max(now);
        state.now = now;
        let later = state.waiting.split_off(&(now + 1, 0));
        let due = std::mem::replace(&mut state.waiting, later);
        drop(state);
        due.into_values().for_each(Waker::wake);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The clock of one daemon.
pub(super) struct DaemonClock {
    pub(super) time: Time,
    /// How far it is ahead of the world's time.
    pub(super) ahead: Arc<AtomicI64>,
}

impl Clock for DaemonClock {
    fn now(&self) -> Now {
        let unix_millis = START + self.time.now() + self.ahead.load(Relaxed);
        let day = u16::try_from(unix_millis / DAY_MILLIS).expect("a day of this age");
        let minute = u16::try_from(unix_millis % DAY_MILLIS / 60_000).expect("after 1970");
        Now { moment: Moment { day: Day::from_number(day), minute }, unix_millis }
    }

    fn pause(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let millis = i64::try_from(time.as_millis()).expect("a pause that ends");
        let due = self.time.now().saturating_add(millis);
        Box::pin(Pause { time: self.time.clone(), due, place: None })
    }
}

struct Pause {
    time: Time,
    due: i64,
    place: Option<(i64, u64)>,
}

impl Future for Pause {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let mut state = this.time.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.now >= this.due {
            return Poll::Ready(());
        }
        let place = *this.place.get_or_insert_with(|| {
            state.pauses += 1;
            (this.due, state.pauses)
        });
        state.waiting.insert(place, cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Pause {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.time.state().waiting.remove(&place);
        }
    }
}
