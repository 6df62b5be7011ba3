//! More time for a held trip, in all its parts at once, as far as the daemons go: what a button on its
//! page asks for. Whatever comes of it, the page says until when all of it is held, and what was typed
//! there stays.

use super::access::Pass;
use super::missing::{Refusals, Seen};
use super::travellers::TravellersForm;
use super::trip::{Unusable, path, render};
use super::{Outcome, Step, Visit, see_other};
use crate::forms::{Fields, Pairs, link};
use crate::language::{Key, Lang};
use crate::owner::HELD_COOKIE;
use crate::trip::{self, Led, Standing};
use agencia_protocol::trip::Timestamp;
use agencia_trip::driver::{Driver, Ending, Plan};
use std::time::Duration;
use warp::http::{StatusCode, header};

/// The field of the button: the deadline that the visitor saw, in milliseconds since 1970. What they get
/// is counted from there, so that the same click again is not more time again.
pub(super) const DEADLINE: &str = "prazo";

/// The field of the trip's address that says what came of it.
const EXTENDED: &str = "prorrogada";

/// How much earlier than was asked for is as good: daemons hold their parts one after the other, and
/// count from there.
const AS_GOOD: Duration = Duration::from_secs(1);

/// What came of it, for who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extended {
    /// All of it is held for as long as was asked for.
    Wholly,
    /// No longer than this is possible.
    ToTheEnd,
    /// A daemon did not say.
    Unheard,
}

impl Extended {
    /// What an address says.
    pub(super) fn read(fields: &Fields) -> Option<Self> {
        let all = [Self::Wholly, Self::ToTheEnd, Self::Unheard];
        all.into_iter().find(|extended| extended.word() == fields.first(EXTENDED))
    }

    fn word(self) -> &'static str {
        match self {
            Self::Wholly => "sim",
            Self::ToTheEnd => "fim",
            Self::Unheard => "talvez",
        }
    }

    /// What the page says, which names the deadline as the daemons tell it.
    pub(super) fn say(self, lang: Lang, clock: &str) -> String {
        match self {
            Self::Wholly => lang.with("extended", &[("time", clock)]),
            Self::ToTheEnd => lang.with("extended-to-the-end", &[("time", clock)]),
            Self::Unheard => lang.say(Key("extended-unheard")).to_owned(),
        }
    }

    /// What the parts' new deadlines mean together: the whole is held as long as the first of them.
    fn of(led: &Led, until: Timestamp) -> Self {
        let Ending::Held { held, refused } = &led.ending else { return Self::Unheard };
        let deadline = held.values().flatten().min();
        match deadline {
            _ if !led.unheard.is_empty() => Self::Unheard,
            Some(deadline) if until.since(*deadline) < AS_GOOD && refused.is_empty() => {
                Self::Wholly
            }
            _ => Self::ToTheEnd,
        }
    }
}

/// What the address of a held trip's page says of it: without that, what is missing would be forgotten.
pub(super) fn address(visit: &Visit, pass: &Pass) -> Pairs {
    let Ok(choice) = visit.choice(Step::Trip) else { return pass.pairs() };
    let (refusals, seen) = (Refusals::read(&visit.fields), Seen::read(&visit.fields));
    [choice.of_trip(None).pairs(), refusals.pairs(), seen.pairs(), pass.pairs()].concat()
}

/// Has the trip held for longer.
pub(crate) async fn extend(visit: Visit, pass: Pass) -> Outcome {
    let mut about = address(&visit, &pass);
    let back = |about: &Pairs| see_other(&link(&path(pass.trip), about));
    let known = visit.consult(pass.trip).await;
    let Standing::Held { parts, .. } = trip::standing(&known) else { return Ok(back(&about)) };
    let Ok(seen) = visit.fields.first(DEADLINE).parse() else { return Ok(back(&about)) };
    let leader = visit.leader();
    let hold_secs = leader.settings.hold_secs;
    let until = Timestamp::from_unix_millis(seen).after(Duration::from_secs(hold_secs.into()));
    let plan = Plan { trip: pass.trip, parts, hold_secs };
    let led = leader.hold(Driver::extend(plan, until)).await;
    let extended = Extended::of(&led, until).word();
    let visit = Visit { fields: visit.fields.with(EXTENDED, extended), ..visit };
    let known = visit.consult(pass.trip).await;
    let mut response = match TravellersForm::as_typed(&visit, &pass, &known) {
        Some(form) => {
            let typed = Unusable { status: StatusCode::OK, notice: None, form: Some(form) };
            render(&visit, &pass, &known, Some(typed)).await
        }
        None => {
            about.push((EXTENDED, extended.to_owned()));
            back(&about)
        }
    };
    // Whoever goes back to the review finds the trip held for as long as it is.
    if visit.held == Some(pass.trip) {
        let now = Timestamp::from_unix_millis(visit.now().timestamp_millis());
        let secs = u32::try_from(until.since(now).as_secs()).unwrap_or(hold_secs);
        let cookie = visit.frame.encrypted.cookie_for(HELD_COOKIE, &pass.trip.to_string(), secs);
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
