//! Who is started, restarted and stopped, and when: decided without I/O.
//!
//! Events go in with the time, effects come out. Children are in groups: a group is started when
//! every child of those before it has been ready once, and stopped when every child of those after
//! it is gone.

use super::notice::Notice;
use std::time::{Duration, Instant};

/// The exit code with which a program says that its settings are bad: starting it again would
/// change nothing.
pub const BAD_SETTINGS: i32 = 78;

/// The times that supervision keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long after its first death a child is started again; doubled with every death.
    pub restart_after: Duration,
    /// The longest that becomes.
    pub restart_after_max: Duration,
    /// A child that has been ready for so long begins anew with `restart_after`.
    pub steady: Duration,
    /// How long a child may take to stop before it is killed.
    pub stop: Duration,
    /// A child that is not ready after so long is told of, once.
    pub slow: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            restart_after: Duration::from_millis(500),
            restart_after_max: Duration::from_secs(30),
            steady: Duration::from_secs(60),
            // A daemon finishes what is in flight for up to 30 s.
            stop: Duration::from_secs(35),
            slow: Duration::from_secs(30),
        }
    }
}

/// Which child, by its place in the list.
pub(crate) type Child = usize;

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It exited with this code.
    Code(i32),
    /// This signal killed it.
    Signal(i32),
    /// It could not even be started.
    NotStarted,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// Supervision begins.
    Begin,
    /// A child says that it is ready.
    Ready(Child),
    /// A child is gone.
    Ended(Child, Ending),
    /// Everything is to stop; the second time at once.
    StopAsked,
    /// The time of [`Machine::wake_at`] has come.
    Tick,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    Start(Child),
    Terminate(Child),
    Kill(Child),
    Tell(Notice),
    /// Every child has been ready: told once.
    AllReady,
    Finish(Outcome),
}

/// How supervision ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was asked to stop and every child stopped.
    Stopped,
    /// It was asked to stop and a child had to be killed or failed while stopping.
    StoppedBadly,
    /// A child said that its settings are bad.
    BadSettings,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    Starting { since: Instant, slow_told: bool },
    Running { since: Instant },
    Resting { until: Instant },
    Stopping { kill_at: Instant, killed: bool },
    Gone,
}

#[derive(Debug)]
struct Watched {
    group: usize,
    state: State,
    was_ready: bool,
    /// How long it rests after its next death.
    rest: Duration,
}

/// The state of all children.
#[derive(Debug)]
pub(crate) struct Machine {
    children: Vec<Watched>,
    limits: Limits,
    /// The groups below this one have been started.
    groups_started: usize,
    all_ready_told: bool,
    stopping: Option<Outcome>,
    finished: bool,
}

impl Machine {
    /// A machine for children of these groups, numbered from 0 without gaps.
    pub(crate) fn new(groups: impl IntoIterator<Item = usize>, limits: Limits) -> Self {
        let watched = |group| Watched {
            group,
            state: State::Idle,
            was_ready: false,
            rest: limits.restart_after,
        };
        Self {
            children: groups.into_iter().map(watched).collect(),
            limits,
            groups_started: 0,
            all_ready_told: false,
            stopping: None,
            finished: false,
        }
    }

    /// What is to be done now that this happened.
    pub(crate) fn handle(&mut self, event: &Event, now: Instant) -> Vec<Effect> {
        let mut effects = Vec::new();
        match *event {
            Event::Begin => {}
            Event::Ready(child) => self.ready(child, now, &mut effects),
            Event::Ended(child, ending) => self.ended(child, ending, now, &mut effects),
            Event::StopAsked => self.stop_asked(&mut effects),
            Event::Tick => self.tick(now, &mut effects),
        }
        match self.stopping {
            None => self.advance(now, &mut effects),
            Some(outcome) => self.retreat(outcome, now, &mut effects),
        }
        effects
    }

    /// When the next [`Event::Tick`] is due.
    pub(crate) fn wake_at(&self) -> Option<Instant> {
        let due = |child: &Watched| match child.state {
            State::Starting { since, slow_told: false } => Some(since + self.limits.slow),
            State::Resting { until } => Some(until),
            State::Stopping { kill_at, killed: false } => Some(kill_at),
            _ => None,
        };
        self.children.iter().filter_map(due).min()
    }

    fn ready(&mut self, child: Child, now: Instant, effects: &mut Vec<Effect>) {
        let watched = &mut self.children[child];
        if let State::Starting { .. } = watched.state {
            watched.state = State::Running { since: now };
            watched.was_ready = true;
            effects.push(Effect::Tell(Notice::Ready(child)));
        }
    }

    fn ended(&mut self, child: Child, ending: Ending, now: Instant, effects: &mut Vec<Effect>) {
        let limits = self.limits;
        let watched = &mut self.children[child];
        match (watched.state, &mut self.stopping) {
            (State::Stopping { killed, .. }, Some(outcome)) => {
                let meant = matches!(ending, Ending::Code(0) | Ending::Signal(SIGTERM));
                if !meant && !killed {
                    effects.push(Effect::Tell(Notice::DiedStopping(child, ending)));
                    outcome.worsen();
                }
                watched.state = State::Gone;
            }
            (_, Some(_)) => {
                effects.push(Effect::Tell(Notice::DiedStopping(child, ending)));
                watched.state = State::Gone;
            }
            (_, stopping) if ending == Ending::Code(BAD_SETTINGS) => {
                effects.push(Effect::Tell(Notice::BadSettings(child)));
                watched.state = State::Gone;
                *stopping = Some(Outcome::BadSettings);
            }
            (state, None) => {
                if let State::Running { since } = state
                    && now.saturating_duration_since(since) >= limits.steady
                {
                    watched.rest = limits.restart_after;
                }
                let rest = watched.rest;
                watched.rest = (rest * 2).min(limits.restart_after_max);
                watched.state = State::Resting { until: now + rest };
                effects.push(Effect::Tell(Notice::Died(child, ending, rest)));
            }
        }
    }

    fn stop_asked(&mut self, effects: &mut Vec<Effect>) {
        match &mut self.stopping {
            None => {
                self.stopping = Some(Outcome::Stopped);
                effects.push(Effect::Tell(Notice::Stopping));
            }
            Some(outcome) => {
                for (child, watched) in self.children.iter_mut().enumerate() {
                    if watched.is_alive() {
                        watched.kill();
                        effects.push(Effect::Kill(child));
                        outcome.worsen();
                    }
                }
            }
        }
    }

    fn tick(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        for (child, watched) in self.children.iter_mut().enumerate() {
            match watched.state {
                State::Starting { since, slow_told: false } if since + self.limits.slow <= now => {
                    watched.state = State::Starting { since, slow_told: true };
                    effects.push(Effect::Tell(Notice::Slow(child, self.limits.slow)));
                }
                State::Resting { until } if until <= now && self.stopping.is_none() => {
                    watched.start(child, now, effects);
                }
                State::Stopping { kill_at, killed: false } if kill_at <= now => {
                    watched.kill();
                    effects.push(Effect::Tell(Notice::Killed(child, self.limits.stop)));
                    effects.push(Effect::Kill(child));
                    if let Some(outcome) = &mut self.stopping {
                        outcome.worsen();
                    }
                }
                _ => {}
            }
        }
    }

    /// Starts the next group when every child before it has been ready.
    fn advance(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        let next = self.groups_started;
        if self.children.iter().any(|child| child.group < next && !child.was_ready) {
            return;
        }
        if self.children.iter().all(|child| child.group < next) {
            if !self.all_ready_told {
                self.all_ready_told = true;
                effects.push(Effect::AllReady);
            }
            return;
        }
        self.groups_started += 1;
        for (child, watched) in self.children.iter_mut().enumerate() {
            if watched.group == next {
                watched.start(child, now, effects);
            }
        }
    }

    /// Stops the last group that is not gone.
    fn retreat(&mut self, outcome: Outcome, now: Instant, effects: &mut Vec<Effect>) {
        for watched in &mut self.children {
            if let State::Idle | State::Resting { .. } = watched.state {
                watched.state = State::Gone;
            }
        }
        let alive = self.children.iter().filter(|child| child.state != State::Gone);
        let Some(last) = alive.map(|child| child.group).max() else {
            if !self.finished {
                self.finished = true;
                effects.push(Effect::Finish(outcome));
            }
            return;
        };
        for (child, watched) in self.children.iter_mut().enumerate() {
            if let (true, State::Starting { .. } | State::Running { .. }) =
                (watched.group == last, watched.state)
            {
                let kill_at = now + self.limits.stop;
                watched.state = State::Stopping { kill_at, killed: false };
                effects.push(Effect::Terminate(child));
            }
        }
    }
}

/// The signal with which a child is asked to stop; one that has no handler for it ends by it.
const SIGTERM: i32 = 15;

impl Outcome {
    fn worsen(&mut self) {
        if *self == Outcome::Stopped {
            *self = Outcome::StoppedBadly;
        }
    }
}

impl Watched {
    fn start(&mut self, child: Child, now: Instant, effects: &mut Vec<Effect>) {
        self.state = State::Starting { since: now, slow_told: false };
        effects.push(Effect::Start(child));
    }

    fn is_alive(&self) -> bool {
        matches!(
            self.state,
            State::Starting { .. } | State::Running { .. } | State::Stopping { .. }
        )
    }

    /// Notes that it is being killed.
    fn kill(&mut self) {
        let kill_at = match self.state {
            State::Stopping { kill_at, .. } => kill_at,
            State::Starting { since, .. } | State::Running { since } => since,
            State::Idle | State::Resting { .. } | State::Gone => return,
        };
        self.state = State::Stopping { kill_at, killed: true };
    }
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
