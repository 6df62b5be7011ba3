//! The machine, without a process in sight.

use super::*;

const LIMITS: Limits = Limits {
    restart_after: Duration::from_secs(1),
    restart_after_max: Duration::from_secs(4),
    steady: Duration::from_secs(60),
    stop: Duration::from_secs(10),
    slow: Duration::from_secs(30),
};

/// Two daemons (0, 1) and a web client (2) that needs them.
struct Scene {
    machine: Machine,
    now: Instant,
}

impl Scene {
    fn new() -> Self {
        Self { machine: Machine::new([0, 0, 1], LIMITS), now: Instant::now() }
    }

    /// All three are ready.
    fn running() -> Self {
        let mut scene = Self::new();
        scene.on(Event::Begin);
        scene.on(Event::Ready(0));
        scene.on(Event::Ready(1));
        let effects = scene.on(Event::Ready(2));
        assert!(effects.contains(&Effect::AllReady), "{effects:?}");
        scene
    }

    /// The effects, without what is only told.
    fn on(&mut self, event: Event) -> Vec<Effect> {
        let effects = self.machine.handle(&event, self.now);
        effects.into_iter().filter(|effect| !matches!(effect, Effect::Tell(_))).collect()
    }

    fn told(&mut self, event: Event) -> Vec<Notice> {
        let effects = self.machine.handle(&event, self.now);
        let notice = |effect| match effect {
            Effect::Tell(notice) => Some(notice),
            _ => None,
        };
        effects.into_iter().filter_map(notice).collect()
    }

    fn pass(&mut self, secs: u64) -> Vec<Effect> {
        self.now += Duration::from_secs(secs);
        self.on(Event::Tick)
    }
}

fn died(child: Child) -> Event {
    Event::Ended(child, Ending::Code(1))
}

fn stopped(child: Child) -> Event {
    Event::Ended(child, Ending::Code(0))
}

#[test]
fn a_group_starts_when_the_one_before_it_is_ready() {
    let mut scene = Scene::new();
    assert_eq!(scene.on(Event::Begin), [Effect::Start(0), Effect::Start(1)]);
    assert_eq!(scene.on(Event::Ready(1)), []);
    assert_eq!(scene.on(Event::Ready(0)), [Effect::Start(2)]);
    assert_eq!(scene.on(Event::Ready(2)), [Effect::AllReady]);
    assert_eq!(scene.on(Event::Ready(2)), []);
}

#[test]
fn a_death_is_told_and_followed_by_a_start_that_waits_longer_each_time() {
    let mut scene = Scene::running();
    for rest in [1, 2, 4, 4] {
        let ending = Ending::Signal(9);
        let notices = scene.told(Event::Ended(0, ending));
        assert_eq!(notices, [Notice::Died(0, ending, Duration::from_secs(rest))]);
        assert_eq!(scene.machine.wake_at(), Some(scene.now + Duration::from_secs(rest)));
        assert_eq!(scene.pass(rest - 1), []);
        assert_eq!(scene.pass(1), [Effect::Start(0)]);
        assert_eq!(scene.on(Event::Ready(0)), [], "all ready is told once");
    }
}

#[test]
fn a_child_that_was_steady_begins_anew() {
    let mut scene = Scene::running();
    for _ in 0..2 {
        scene.on(died(0));
        scene.pass(4);
        scene.on(Event::Ready(0));
    }
    scene.pass(60);
    assert_eq!(scene.told(died(0)), [Notice::Died(0, Ending::Code(1), Duration::from_secs(1))]);
}

#[test]
fn the_web_waits_for_a_daemon_that_dies_before_it_is_ready() {
    let mut scene = Scene::new();
    scene.on(Event::Begin);
    scene.on(Event::Ready(1));
    assert_eq!(scene.on(died(0)), []);
    assert_eq!(scene.on(Event::Ready(0)), [], "a late word of the dead one");
    assert_eq!(scene.pass(1), [Effect::Start(0)]);
    assert_eq!(scene.on(Event::Ready(0)), [Effect::Start(2)]);
}

#[test]
fn stopping_goes_from_the_last_group_to_the_first() {
    let mut scene = Scene::running();
    assert_eq!(scene.on(Event::StopAsked), [Effect::Terminate(2)]);
    assert_eq!(scene.on(stopped(2)), [Effect::Terminate(0), Effect::Terminate(1)]);
    assert_eq!(scene.on(Event::Ended(1, Ending::Signal(SIGTERM))), []);
    assert_eq!(scene.on(stopped(0)), [Effect::Finish(Outcome::Stopped)]);
}

#[test]
fn stopping_while_starting_starts_nothing_more() {
    let mut scene = Scene::new();
    scene.on(Event::Begin);
    scene.on(Event::Ready(0));
    scene.on(died(1));
    assert_eq!(scene.on(Event::StopAsked), [Effect::Terminate(0)]);
    assert_eq!(scene.pass(5), []);
    assert_eq!(scene.on(stopped(0)), [Effect::Finish(Outcome::Stopped)]);
}

#[test]
fn a_child_that_does_not_stop_is_killed() {
    let mut scene = Scene::running();
    scene.on(Event::StopAsked);
    assert_eq!(scene.pass(9), []);
    assert_eq!(scene.pass(1), [Effect::Kill(2)]);
    assert_eq!(scene.machine.wake_at(), None);
    let killed = Event::Ended(2, Ending::Signal(9));
    assert_eq!(scene.on(killed), [Effect::Terminate(0), Effect::Terminate(1)]);
    scene.on(stopped(0));
    assert_eq!(scene.on(stopped(1)), [Effect::Finish(Outcome::StoppedBadly)]);
}

#[test]
fn a_child_that_fails_while_stopping_is_told() {
    let mut scene = Scene::running();
    scene.on(Event::StopAsked);
    assert_eq!(scene.told(died(2)), [Notice::DiedStopping(2, Ending::Code(1))]);
    scene.on(stopped(0));
    assert_eq!(scene.on(stopped(1)), [Effect::Finish(Outcome::StoppedBadly)]);
}

#[test]
fn asked_twice_everything_is_killed() {
    let mut scene = Scene::running();
    scene.on(Event::StopAsked);
    let effects = scene.on(Event::StopAsked);
    assert_eq!(effects, [Effect::Kill(0), Effect::Kill(1), Effect::Kill(2)]);
    for child in [2, 0] {
        assert_eq!(scene.on(Event::Ended(child, Ending::Signal(9))), []);
    }
    let effects = scene.on(Event::Ended(1, Ending::Signal(9)));
    assert_eq!(effects, [Effect::Finish(Outcome::StoppedBadly)]);
}

#[test]
fn bad_settings_stop_everything_and_are_the_outcome() {
    let mut scene = Scene::new();
    scene.on(Event::Begin);
    scene.on(Event::Ready(0));
    let bad = Event::Ended(1, Ending::Code(BAD_SETTINGS));
    assert_eq!(scene.on(bad), [Effect::Terminate(0)]);
    assert_eq!(scene.on(stopped(0)), [Effect::Finish(Outcome::BadSettings)]);
}

#[test]
fn slowness_is_told_once() {
    let mut scene = Scene::new();
    scene.on(Event::Begin);
    scene.on(Event::Ready(1));
    scene.now += LIMITS.slow;
    assert_eq!(scene.told(Event::Tick), [Notice::Slow(0, LIMITS.slow)]);
    assert_eq!(scene.told(Event::Tick), []);
    assert_eq!(scene.machine.wake_at(), None);
}

#[test]
fn nobody_to_watch_is_ready_at_once() {
    let mut machine = Machine::new([], LIMITS);
    assert_eq!(machine.handle(&Event::Begin, Instant::now()), [Effect::AllReady]);
}
