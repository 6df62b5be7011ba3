//! Messages on their way: what daemons and travellers' instances send is made the wire's bytes and
//! given to the network, and what the network brings is read as a connection would read it.

use super::mutation::{self, Mutation};
use super::stock::NAMES;
use super::traveller::{Ask, Told};
use super::world::{Call, Caller, Event, Instance, World, lock, peer};
use agencia_client::ClientError;
use agencia_protocol::WireError;
use agencia_protocol::frame::{self, Decoder};
use agencia_protocol::trip::TripMessage;
use std::sync::Arc;

impl World {
    /// A traveller's instance sends what is not answered, and goes on to do so.
    pub(super) fn tick(&mut self, lead: usize, tick: u64) {
        let instance = &mut self.instances[lead];
        if !instance.alive || instance.tick != tick {
            return;
        }
        let asks = instance.lead.asks();
        if asks.is_empty() || instance.tries == 0 {
            instance.alive = false;
            return;
        }
        instance.tries -= 1;
        let pause = instance.pause;
        self.schedule(pause, Event::Tick { lead, tick });
        for ask in asks {
            self.send(lead, ask);
        }
    }

    fn send(&mut self, lead: usize, Ask { to, body, message }: Ask) {
        let mut bytes = Vec::new();
        frame::encode(&body, &mut bytes);
        let call = self.new_call(Caller::Lead { lead, to, message });
        self.carry_request(self.instances[lead].node, to, call, bytes);
    }

    pub(super) fn send_call(&mut self, Call { from, to, body, answer }: Call) {
        let mut bytes = Vec::new();
        frame::encode(&body, &mut bytes);
        if self.mutation == Mutation::LyingAcknowledgement
            && let Some(reply) = mutation::acknowledged(&body)
        {
            // Whoever asked and is gone needs no reply.
            answer.try_send(Ok(reply)).ok();
            return;
        }
        let call = self.new_call(Caller::Daemon { daemon: from, to, answer });
        self.schedule(self.patience_millis, Event::GiveUp { call });
        self.carry_request(from, to, call, bytes);
    }

    fn new_call(&mut self, caller: Caller) -> u64 {
        self.calls += 1;
        self.callers.insert(self.calls, caller);
        self.calls
    }

    fn carry_request(&mut self, from: usize, to: usize, call: u64, bytes: Vec<u8>) {
        let bytes: Arc<[u8]> = bytes.into();
        self.trace.line(|| format!("{from} -> {to} #{call}: {}", shown(&bytes)));
        self.sent.push((to, bytes.clone()));
        let arrivals = self.network.carry(from, to);
        self.count_copies(arrivals.len());
        for after in arrivals {
            self.schedule(after, Event::Arrive { to, call, bytes: bytes.clone() });
        }
    }

    fn count_copies(&mut self, copies: usize) {
        self.coverage.count("messages");
        match copies {
            0 => self.coverage.count("messages that were lost"),
            1 => {}
            _ => self.coverage.count("messages that came more than once"),
        }
    }

    /// A request arrives. A daemon that is down refuses the connection.
    pub(super) fn arrive(&mut self, to: usize, call: u64, bytes: Arc<[u8]>) {
        let Some(life) = &self.houses[to].life else {
            if let Some(Caller::Daemon { answer, .. }) = self.callers.get(&call) {
                answer.try_send(Err(ClientError::Lost { peer: peer(to) })).ok();
            }
            return;
        };
        self.trace.line(|| format!("#{call} arrives at {to}"));
        let answer = life.core.answer(bytes.to_vec());
        let outbox = self.outbox.clone();
        let answered = async move {
            let bytes = answer.await;
            lock(&outbox).replies.push((call, bytes));
        };
        life.executor.spawn(answered).detach();
    }

    pub(super) fn send_reply(&mut self, call: u64, bytes: Vec<u8>) {
        let (from, to) = match self.callers.get(&call) {
            Some(Caller::Lead { lead, to, .. }) => (*to, self.instances[*lead].node),
            Some(Caller::Daemon { daemon, to, .. }) => (*to, *daemon),
            None => return,
        };
        self.trace.line(|| format!("#{call} is answered: {}", shown(&bytes)));
        let bytes: Arc<[u8]> = bytes.into();
        let arrivals = self.network.carry(from, to);
        self.count_copies(arrivals.len());
        for after in arrivals {
            let (bytes, restores) = (bytes.clone(), self.restores);
            self.schedule(after, Event::Return { call, bytes, restores });
        }
    }

    pub(super) fn returned(
        &mut self,
        call: u64,
        bytes: &[u8],
        restores: u64,
    ) -> Result<(), String> {
        let mut decoder = Decoder::new(1_000_000);
        decoder.feed(bytes);
        let body = decoder.next_frame().map_err(|error| error.to_string())?;
        let body = body.ok_or("half a frame came back")?.to_vec();
        match self.callers.get(&call) {
            Some(Caller::Daemon { answer, .. }) => {
                // A reply that comes twice finds nobody.
                answer.try_send(Ok(body)).ok();
                Ok(())
            }
            Some(Caller::Lead { lead, to, message }) => {
                let (lead, to, message) = (*lead, *to, message.clone());
                let heard_since = &mut self.instances[lead].heard_since;
                *heard_since = restores.min(*heard_since);
                self.told(lead, to, message.as_ref(), &body)
            }
            None => Ok(()),
        }
    }

    fn told(
        &mut self,
        lead: usize,
        daemon: usize,
        message: Option<&TripMessage>,
        body: &[u8],
    ) -> Result<(), String> {
        let instance = &mut self.instances[lead];
        if !instance.alive {
            return Ok(());
        }
        let before = instance.lead.asks().len();
        let told = instance.lead.answered(daemon, message, body);
        let told = told.map_err(|error| {
            format!("{} answers {message:?} with {}", NAMES[daemon], shown_error(&error, body))
        })?;
        let goes_on = instance.lead.asks();
        if goes_on.is_empty() {
            instance.alive = false;
        } else if goes_on.len() != before
            || message.is_some_and(|message| {
                goes_on.iter().all(|ask| ask.message.as_ref() != Some(message))
            })
        {
            instance.tick += 1;
            let tick = instance.tick;
            self.schedule(0, Event::Tick { lead, tick });
        }
        let instance = &mut self.instances[lead];
        if let Some(told) = told.filter(|_| !instance.told) {
            instance.told = true;
            self.note(lead, told);
        }
        Ok(())
    }

    fn note(&mut self, lead: usize, told: Told) {
        let Instance { book, plan, heard_since, .. } = self.instances[lead];
        self.trace.line(|| format!("traveller {lead} of trip {book} is told {told:?}"));
        self.books[book].note(plan, &told, heard_since);
        // What was on its way while the disk that knew it was replaced.
        if heard_since < self.restores {
            self.excuse(Some(book));
        }
        self.after_told(lead, &told);
    }

    pub(super) fn give_up(&mut self, call: u64) {
        if let Some(Caller::Daemon { to, answer, .. }) = self.callers.remove(&call) {
            // One that was answered meanwhile reads that.
            answer.try_send(Err(ClientError::Lost { peer: peer(to) })).ok();
        }
    }
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn shown_error(error: &WireError, body: &[u8]) -> String {
    format!("{}: {error:?}", shown(body))
}
