//! One signal, given once and heard by everyone who holds a copy.
//!
//! It carries nothing: whoever needs to know why it was given asks whoever gave it.

use async_channel::{Receiver, Sender};
use std::convert::Infallible;
use std::future::poll_fn;
use std::task::{Poll, Waker};

/// The signal. Copies share it.
#[derive(Debug, Clone)]
pub(crate) struct Stop {
    // Nothing is ever sent: closing the channel is the signal.
    sender: Sender<Infallible>,
    receiver: Receiver<Infallible>,
}

impl Stop {
    pub(crate) fn new() -> Self {
        let (sender, receiver) = async_channel::bounded(1);
        Self { sender, receiver }
    }

    /// Gives the signal. Giving it again changes nothing.
    pub(crate) fn stop(&self) {
        self.sender.close();
    }

    /// Ready once the signal has been given, however often it is asked: a connection that hears the
    /// signal may have a request to finish, and asks again after it.
    pub(crate) fn stopped(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let signal = self.receiver.clone();
        let receiver = self.receiver.clone();
        let mut closed = Box::pin(async move {
            // An error is the news: the channel is closed.
            receiver.recv().await.ok();
        });
        // Waiting takes a lock that all connections share: who is to be woken is said only once.
        let mut told: Option<Waker> = None;
        poll_fn(move |cx| {
            if signal.is_closed() {
                return Poll::Ready(());
            }
            if told.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                return Poll::Pending;
            }
            told = Some(cx.waker().clone());
            closed.as_mut().poll(cx)
        })
    }
}

/// Hands out [`Here`]s and knows when all of them are gone: how tasks are counted.
#[derive(Debug)]
pub(crate) struct Headcount {
    door: Sender<Infallible>,
    gone: Receiver<Infallible>,
}

/// Someone who is there until this is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Here {
    _door: Sender<Infallible>,
}

impl Headcount {
    pub(crate) fn new() -> Self {
        let (door, gone) = async_channel::bounded(1);
        Self { door, gone }
    }

    pub(crate) fn enter(&self) -> Here {
        Here { _door: self.door.clone() }
    }

    /// How many are there now.
    pub(crate) fn len(&self) -> usize {
        self.door.sender_count() - 1
    }

    /// Lets no one in any more and waits until everyone has gone.
    pub(crate) async fn empty(self) {
        drop(self.door);
        // Nothing is ever sent: the only news is that the last one has gone.
        self.gone.recv().await.ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_lite::future::{block_on, poll_once};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::{Context, Wake};

    #[test]
    fn who_has_heard_it_hears_it_again() {
        let stop = Stop::new();
        let mut stopped = Box::pin(stop.stopped());
        assert!(block_on(poll_once(&mut stopped)).is_none());
        stop.stop();
        for _ in 0..3 {
            assert!(block_on(poll_once(&mut stopped)).is_some());
        }
    }

    #[test]
    fn whoever_asked_last_is_woken_however_often_it_was_asked() {
        #[derive(Default)]
        struct Woken(AtomicBool);
        impl Wake for Woken {
            fn wake(self: Arc<Self>) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        let stop = Stop::new();
        let mut stopped = Box::pin(stop.stopped());
        let (first, last) = (Arc::new(Woken::default()), Arc::new(Woken::default()));
        for woken in [&first, &first, &last, &last] {
            let waker = Waker::from(woken.clone());
            assert!(stopped.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
        stop.stop();
        assert!(last.0.load(Ordering::Relaxed), "nobody is woken");
        assert!(block_on(poll_once(stopped)).is_some());
    }

    #[test]
    fn everyone_hears_it_also_who_comes_late() {
        let stop = Stop::new();
        let early = stop.clone();
        let mut waiting = Box::pin(early.stopped());
        assert_eq!(block_on(poll_once(&mut waiting)), None);
        stop.stop();
        stop.stop();
        block_on(waiting);
        block_on(early.stopped());
    }

    #[test]
    fn a_headcount_is_empty_when_the_last_one_has_gone() {
        let count = Headcount::new();
        let (first, second) = (count.enter(), count.enter());
        let third = second.clone();
        assert_eq!(count.len(), 3);
        let mut empty = Box::pin(count.empty());
        for here in [first, second] {
            assert_eq!(block_on(poll_once(&mut empty)), None);
            drop(here);
        }
        assert_eq!(block_on(poll_once(&mut empty)), None);
        drop(third);
        block_on(empty);
    }
}
