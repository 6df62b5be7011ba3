//! The driver at work: its messages go out, the answers come in, until it knows how the trip has
//! ended or its time is over. Nothing depends on it: whatever stops here, the daemons settle.

use crate::daemons::{Daemon, Daemons, Heard, Timing};
use crate::settings::Trips;
use agencia_protocol::Code;
use agencia_protocol::trip::{ClientAddress, TripMessage, Visitor};
use agencia_trip::driver::{Answer, Driver, Ending};
use std::time::Duration;
use tokio::time::Instant;

/// How often a daemon that is busy or silent is asked to hold: the traveller can ask again.
const HOLD_ROUNDS_MAX: usize = 3;

/// Who leads trips for one visit.
pub(crate) struct Leader<'a> {
    pub(crate) daemons: &'a Daemons,
    pub(crate) settings: &'a Trips,
    pub(crate) timing: &'a Timing,
    /// For whom units are held.
    pub(crate) holder: (Option<Visitor>, Option<ClientAddress>),
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Led {
    /// How the trip has ended, as far as the driver knows.
    pub(crate) ending: Ending,
    /// Who has not given a final answer, and what they said instead, if anything.
    pub(crate) unheard: Vec<(Daemon, Option<Code>)>,
}

impl Leader<'_> {
    /// Has every part held, or refused.
    pub(crate) async fn hold(&self, driver: Driver) -> Led {
        self.lead(driver, HOLD_ROUNDS_MAX).await
    }

    /// Goes on until the trip is booked, or never will be, or the time is over. When it is known
    /// to be booked everyone is told once; whoever does not hear it is told by the anchor.
    pub(crate) async fn settle(&self, driver: Driver) -> Led {
        self.lead(driver, usize::MAX).await
    }

    async fn lead(&self, mut driver: Driver, rounds_max: usize) -> Led {
        let due = Instant::now() + Duration::from_millis(self.settings.lead_millis.get());
        let mut unheard = Vec::new();
        for round in 1_usize.. {
            let was_over = driver.ending().is_some();
            let requests = driver.requests();
            let message = |daemon: Daemon| {
                let name = daemon.wire_name();
                let (_, message) = requests.iter().find(|(to, _)| *to == name)?;
                Some(self.for_visitor(message.clone()))
            };
            let heard = self
                .daemons
                .each(|daemon| {
                    let message = message(daemon);
                    async move { Some(self.ask(daemon, &message?, due).await) }
                })
                .await;
            unheard.clear();
            for (daemon, heard) in heard {
                let Some(heard) = heard else { continue };
                let word = match &heard {
                    Heard::Answer(Answer::Error(error)) => Some(error.code),
                    _ => None,
                };
                if let Heard::Answer(answer) = &heard {
                    driver.answered(&daemon.wire_name(), answer);
                }
                unheard.push((daemon, word));
            }
            let left = driver.requests();
            unheard.retain(|(daemon, _)| left.iter().any(|(to, _)| *to == daemon.wire_name()));
            let late = Instant::now() >= due || round >= rounds_max;
            if left.is_empty() || was_over || late {
                break;
            }
            if left == requests {
                let pause = Duration::from_millis(self.settings.pause_millis.get());
                tokio::time::sleep_until(due.min(Instant::now() + pause)).await;
            }
        }
        Led { ending: driver.given_up(), unheard }
    }

    /// Sends one message once, until a moment.
    pub(crate) async fn ask(&self, daemon: Daemon, message: &TripMessage, due: Instant) -> Heard {
        let asked = self.daemons.send(daemon, message, self.timing);
        tokio::time::timeout_at(due, asked).await.unwrap_or(Heard::Nothing)
    }

    /// The message with whose hold it is, where it can say that.
    fn for_visitor(&self, mut message: TripMessage) -> TripMessage {
        if let TripMessage::Hold(hold) = &mut message {
            (hold.visitor, hold.address) = self.holder.clone();
        }
        message
    }
}
