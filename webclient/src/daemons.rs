//! The three daemons as the pages ask them: pools, the time each answer took, and what to say
//! when there is none.

use crate::settings::DaemonLimits;
use agencia_client::tls::Credentials;
use agencia_client::{ClientError, Deadlines, Peers, Pool, PoolOptions, Spawn};
use agencia_protocol::request::{Bare, Destination, Destinations};
use agencia_protocol::trip::{DaemonName, TripMessage};
use agencia_protocol::{Code, Day};
use agencia_trip::driver::Answer;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A daemon, by what it sells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Daemon {
    /// `voos`
    Flights,
    /// `hospedagens`
    Stays,
    /// `passeios`
    Tours,
}

impl Daemon {
    /// All of them.
    pub(crate) const ALL: [Daemon; 3] = [Daemon::Flights, Daemon::Stays, Daemon::Tours];

    /// Its name in `pares.toml`, in logs and in `Server-Timing`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Daemon::Flights => "voos",
            Daemon::Stays => "hospedagens",
            Daemon::Tours => "passeios",
        }
    }

    /// The daemon of this name, if pages know it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|daemon| daemon.name() == name)
    }

    /// Its name as messages write it.
    pub(crate) fn wire_name(self) -> DaemonName {
        self.name().parse().expect("small letters name a daemon")
    }
}

/// What came back of a message that changes something.
#[derive(Debug)]
pub(crate) enum Heard {
    /// An answer, which may be an error.
    Answer(Answer),
    /// Nothing that says anything: it may have been carried out or not.
    Nothing,
}

/// A daemon that `pares.toml` does not name.
#[derive(Debug, thiserror::Error)]
#[error("no daemon is called {0:?}; add a [[daemon]] with that name and its address")]
pub(crate) struct MissingDaemon(&'static str);

/// A daemon did not answer what was asked.
#[derive(Debug)]
pub(crate) struct DaemonError {
    /// Which.
    pub(crate) daemon: Daemon,
    /// Why.
    pub(crate) error: ClientError,
}

impl DaemonError {
    /// Whether the daemon does not take that from this host.
    pub(crate) fn is_unauthorised(&self) -> bool {
        matches!(&self.error, ClientError::Refused(refusal) if refusal.code == Code::Unauthorised)
    }

    /// Logs what the daemon did not do. A refusal of this host was logged when it came.
    pub(crate) fn log(&self, what: &str) {
        if !self.is_unauthorised() {
            log::error!("{} {what}: {}", self.daemon.name(), self.error);
        }
    }
}

/// How long each daemon took to answer for one page.
#[derive(Debug, Default, Clone)]
pub(crate) struct Timing(Arc<Mutex<Vec<(Daemon, Duration)>>>);

impl Timing {
    fn add(&self, daemon: Daemon, took: Duration) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((daemon, took));
    }

    /// The value of `Server-Timing`, `voos;dur=1.2, passeios;dur=0.4`; nothing when no daemon
    /// was asked.
    pub(crate) fn header(&self) -> Option<String> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let told: Vec<_> = entries
            .iter()
            .map(|(daemon, took)| {
                format!("{};dur={:.1}", daemon.name(), took.as_secs_f64() * 1000.0)
            })
            .collect();
        (!told.is_empty()).then(|| told.join(", "))
    }
}

/// The daemons, and the last list of destinations of each. That list is the only thing kept
/// between two requests, for seconds, and is the same for everybody.
pub(crate) struct Daemons {
    pools: [Pool; 3],
    /// As `pares.toml` has them: a trip's first is its anchor.
    order: [Daemon; 3],
    kept: [Mutex<Option<Kept>>; 3],
    keep: Duration,
}

/// A list of destinations, and when it was read.
type Kept = (Instant, Arc<Places>);

impl Daemons {
    /// Pools for the daemons that `peers` names. Nothing is connected yet. Those on other hosts are
    /// shown the credentials.
    ///
    /// # Errors
    /// A daemon that is not there.
    pub(crate) fn new(
        peers: &Peers,
        credentials: Option<&Credentials>,
        limits: &DaemonLimits,
    ) -> Result<Self, MissingDaemon> {
        let options = PoolOptions {
            connections_max: limits.connections_max.get(),
            deadlines: Deadlines {
                connect: Duration::from_millis(limits.connect_millis.get()),
                reply: Duration::from_millis(limits.reply_millis.get()),
            },
            ..PoolOptions::default()
        };
        // A connection's future ends when its pool is dropped or its daemon goes: nothing to
        // count at shutdown.
        let spawn: Spawn = Arc::new(|driver| drop(tokio::spawn(driver)));
        let pool = |daemon: Daemon| {
            let peer = peers.get(daemon.name()).ok_or(MissingDaemon(daemon.name()))?;
            Ok(Pool::proving(peer.clone(), options, spawn.clone(), credentials))
        };
        let [flights, stays, tours] = Daemon::ALL;
        let mut order = Daemon::ALL;
        order.sort_by_key(|daemon| peers.iter().position(|peer| peer.name == daemon.name()));
        Ok(Self {
            pools: [pool(flights)?, pool(stays)?, pool(tours)?],
            order,
            kept: Default::default(),
            keep: Duration::from_secs(limits.destinations_secs),
        })
    }

    /// Asks for something that changes nothing.
    ///
    /// # Errors
    /// When there is no answer, or a refusal.
    pub(crate) async fn read<Q, R>(
        &self,
        daemon: Daemon,
        request: &Q,
        timing: &Timing,
    ) -> Result<R, DaemonError>
    where
        Q: Serialize + ?Sized,
        R: DeserializeOwned,
    {
        let asked = self.pools[daemon as usize].read(request);
        timed(daemon, asked, timing).await.map_err(|error| DaemonError { daemon, error })
    }

    /// Asks for something that changes something: never sent twice by itself.
    ///
    /// # Errors
    /// When there is no answer, or a refusal; see [`ClientError::outcome_unknown`].
    pub(crate) async fn write<Q, R>(
        &self,
        daemon: Daemon,
        request: &Q,
        timing: &Timing,
    ) -> Result<R, DaemonError>
    where
        Q: Serialize + ?Sized,
        R: DeserializeOwned,
    {
        let asked = self.pools[daemon as usize].write(request);
        timed(daemon, asked, timing).await.map_err(|error| DaemonError { daemon, error })
    }

    /// Sends a message of a trip, once. Whatever is no answer to it counts as none.
    pub(crate) async fn send(
        &self,
        daemon: Daemon,
        message: &TripMessage,
        timing: &Timing,
    ) -> Heard {
        let asked = self.pools[daemon as usize].write::<_, Box<RawValue>>(message);
        let read = match timed(daemon, asked, timing).await {
            Ok(answer) => Answer::read(message, answer.get().as_bytes()),
            Err(ClientError::Refused(error)) => Ok(Answer::Error(error)),
            Err(error) => {
                let (action, name) = (message.action(), daemon.name());
                log::error!("{name} did not answer {action}: {error}");
                return Heard::Nothing;
            }
        };
        match read {
            Ok(answer) => Heard::Answer(answer),
            Err(error) => {
                let (action, name) = (message.action(), daemon.name());
                log::error!("{name} answered {action} with what cannot be read: {error}");
                Heard::Nothing
            }
        }
    }

    /// The daemons, in the order in which a trip looks for its anchor.
    pub(crate) fn order(&self) -> &[Daemon] {
        &self.order
    }

    /// Does something with every daemon, all at once; what comes of it is in the same order.
    pub(crate) async fn each<F: Future>(
        &self,
        ask: impl Fn(Daemon) -> F,
    ) -> [(Daemon, F::Output); 3] {
        let [first, second, third] = self.order;
        let (one, two, three) = tokio::join!(ask(first), ask(second), ask(third));
        [(first, one), (second, two), (third, three)]
    }

    /// That a daemon's answer is about something else than what it was asked.
    pub(crate) fn odd(&self, daemon: Daemon, what: &str) -> DaemonError {
        let peer = self.pools[daemon as usize].peer().clone();
        DaemonError {
            daemon,
            error: ClientError::Unreadable { peer, source: Arc::from(Box::from(what)) },
        }
    }

    /// What can be searched there, at most some seconds old.
    ///
    /// # Errors
    /// When the list is too old and there is no answer.
    pub(crate) async fn places(
        &self,
        daemon: Daemon,
        timing: &Timing,
    ) -> Result<Arc<Places>, DaemonError> {
        let kept = &self.kept[daemon as usize];
        let known = kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((at, places)) = known
            && at.elapsed() < self.keep
        {
            return Ok(places);
        }
        let Destinations { places } = self.read(daemon, &Bare::DESTINATIONS, timing).await?;
        let places = Arc::new(Places(places));
        *kept.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((Instant::now(), places.clone()));
        Ok(places)
    }
}

/// What a daemon answers. The time of a failure counts as well: it is what the visitor waited for.
/// That a daemon does not believe this host is logged here, for all pages: no traveller can mend it,
/// whoever runs the host reads what to do.
async fn timed<R>(
    daemon: Daemon,
    asked: impl Future<Output = Result<agencia_client::Answer<R>, ClientError>>,
    timing: &Timing,
) -> Result<R, ClientError> {
    let began = Instant::now();
    let answer = asked.await;
    timing.add(daemon, answer.as_ref().map_or(began.elapsed(), |answer| answer.took));
    if let Err(ClientError::Refused(error)) = &answer
        && error.code == Code::Unauthorised
    {
        let name = daemon.name();
        log::error!(
            "{name} takes nothing but searches from this host, so nothing can be booked here: {}; make \
             a certificate where the daemons are with `agencia keys export web web.toml`, and take it \
             over here with `agencia keys import web.toml`",
            error.message
        );
    }
    answer.map(|answer| answer.value)
}

/// What can be searched in one daemon, sorted by name.
#[derive(Debug, Default)]
pub(crate) struct Places(Vec<Destination>);

impl Places {
    /// The names.
    pub(crate) fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(|place| place.name.as_str())
    }

    /// The first and the last day on which anything is on sale anywhere.
    pub(crate) fn days(&self) -> Option<(Day, Day)> {
        let first = self.0.iter().map(|place| place.first_day).min();
        first.zip(self.0.iter().map(|place| place.last_day).max())
    }

    /// Whether this place can be searched.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }

    /// The airport whose name ends with this city.
    pub(crate) fn airport_of(&self, city: &str) -> Option<&str> {
        self.names().find(|airport| crate::format::city_of(airport) == city)
    }
}
