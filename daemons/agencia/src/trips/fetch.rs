//! Asking every daemon for trips.

use crate::ask::Known;
use crate::error::CommandError;
use agencia_client::{ClientError, Deadlines, Pool, Spawn};
use agencia_protocol::trip::{
    Consult, ConsultReply, DaemonName, List, ListReply, ListedTrip, PartState,
};
use agencia_protocol::{Locator, TripId};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a daemon knows of a trip, with the records as they were sold.
pub(crate) type View = ConsultReply<Value>;

/// The same in a list.
pub(crate) type Listed = ListedTrip<Value>;

/// How many questions are asked of one daemon at the same time.
const QUESTIONS_AT_ONCE: usize = 64;

/// Connections to the daemons, in the order of `pares.toml`.
#[derive(Clone)]
pub(crate) struct Daemons(Vec<(DaemonName, Pool)>);

/// What every daemon answered, or why it did not.
pub(crate) type Answers<T> = Vec<(DaemonName, Result<T, ClientError>)>;

impl Daemons {
    /// Connects nothing yet.
    pub(crate) fn new(known: &Known, spawn: &Spawn) -> Self {
        let daemon = |peer: &agencia_client::Peer| {
            let name = peer.name.parse().expect("pares.toml names daemons as the wire does");
            (name, known.pool(peer, Deadlines::default(), spawn))
        };
        Self(known.peers.iter().map(daemon).collect())
    }

    /// Only this one.
    ///
    /// # Errors
    /// When there is none of this name.
    pub(crate) fn only(&self, known: &Known, name: &str) -> Result<Self, CommandError> {
        known.named(name)?;
        let is_named = |(daemon, _): &&(DaemonName, Pool)| daemon.as_str() == name;
        Ok(Self(self.0.iter().filter(is_named).cloned().collect()))
    }

    /// The connections to one.
    pub(crate) fn get(&self, name: &DaemonName) -> Option<&Pool> {
        self.0.iter().find(|(daemon, _)| daemon == name).map(|(_, pool)| pool)
    }

    /// Asks all of them the same at the same time.
    pub(crate) async fn every<T, F>(&self, ask: impl Fn(Pool) -> F) -> Answers<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, ClientError>> + Send + 'static,
    {
        let asked: Vec<_> = self
            .0
            .iter()
            .map(|(daemon, pool)| (daemon.clone(), smol::spawn(ask(pool.clone()))))
            .collect();
        let mut answers = Vec::new();
        for (daemon, answer) in asked {
            answers.push((daemon, answer.await));
        }
        answers
    }

    /// What all of them know of one trip.
    pub(crate) async fn consult<R>(&self, trip: TripId) -> Answers<ConsultReply<R>>
    where
        R: DeserializeOwned + Send + 'static,
    {
        self.every(move |pool| async move { Ok(pool.read(&Consult::by_trip(trip)).await?.value) })
            .await
    }

    /// The trip with this voucher, by the first daemon that knows it.
    ///
    /// # Errors
    /// When none knows it, and not all could be asked.
    pub(crate) async fn find(&self, locator: Locator) -> Result<Option<TripId>, ClientError> {
        let mut list = List::of(agencia_protocol::trip::ListFilter::All);
        list.locator = Some(locator);
        let answers = self.every(|pool| pages::<Value>(pool, list.clone())).await;
        let mut failed = None;
        for (_, answer) in answers {
            match answer {
                Ok(trips) => {
                    let found = trips.iter().find(|trip| trip.view.locator == Some(locator));
                    if let Some(found) = found {
                        return Ok(Some(found.view.trip));
                    }
                }
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(None), Err)
    }
}

/// Every page of a list.
pub(crate) async fn pages<R: DeserializeOwned>(
    pool: Pool,
    mut list: List,
) -> Result<Vec<ListedTrip<R>>, ClientError> {
    let mut trips = Vec::new();
    loop {
        let page: ListReply<R> = pool.read(&list).await?.value;
        let last = page.trips.last().map(|trip| trip.view.trip);
        trips.extend(page.trips);
        match last {
            // A daemon that goes back would be asked for ever.
            Some(last) if page.more && list.after < Some(last) => list.after = Some(last),
            _ => return Ok(trips),
        }
    }
}

/// What one daemon knows of many trips.
pub(crate) async fn consult_each(
    pool: &Pool,
    trips: &[TripId],
) -> Result<BTreeMap<TripId, View>, ClientError> {
    let mut views = BTreeMap::new();
    for some in trips.chunks(QUESTIONS_AT_ONCE) {
        let asked: Vec<_> = some
            .iter()
            .map(|&trip| {
                let pool = pool.clone();
                smol::spawn(async move { pool.read(&Consult::by_trip(trip)).await })
            })
            .collect();
        for answer in asked {
            let view: View = answer.await?.value;
            views.insert(view.trip, view);
        }
    }
    Ok(views)
}

/// The answers that came. Every daemon that did not answer is told of, and makes `complete` false.
pub(crate) fn told<T>(answers: Answers<T>, complete: &mut bool) -> Vec<(DaemonName, T)> {
    let mut told = Vec::new();
    for (daemon, answer) in answers {
        match answer {
            Ok(answer) => told.push((daemon, answer)),
            Err(error) => {
                eprintln!("agencia: {daemon} is left out: {}", CommandError::from(error));
                *complete = false;
            }
        }
    }
    told
}

/// Whether a daemon knows anything of a trip that it was asked for.
pub(crate) fn knows<R>(view: &ConsultReply<R>) -> bool {
    view.state != PartState::None || view.decision.is_some()
}

/// `4 s`, `12 min`, `5 h`, `3 d`: as much of an age as a person wants to know.
pub(crate) fn age(secs: u64) -> String {
    match secs {
        0..120 => format!("{secs} s"),
        120..7_200 => format!("{} min", secs / 60),
        7_200..172_800 => format!("{} h", secs / 3_600),
        _ => format!("{} d", secs / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_has_one_unit() {
        for (secs, expected) in [
            (0, "0 s"),
            (119, "119 s"),
            (120, "2 min"),
            (7_199, "119 min"),
            (7_200, "2 h"),
            (172_799, "47 h"),
            (172_800, "2 d"),
        ] {
            assert_eq!(age(secs), expected);
        }
    }
}
