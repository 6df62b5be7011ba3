//! Who travels: the form on the page of a held trip, and `POST /viagem/ID`, which books it, or has it
//! held for longer where that button was pressed. The form that changes the names later is the same one.
//!
//! The trip is led from what the daemons say of it, so that any instance can, and can go on with
//! what another one began. However that ends, the trip's page says it.

use super::access::Pass;
use super::extend::{self, DEADLINE};
use super::hold::{held, let_go};
use super::names::{self, CONTACT, FIELDS, GROUP, Typed, named};
use super::trip::{LET_GO, Unusable, YES, path, render};
use super::{Outcome, Visit, see_other};
use crate::forms::{FieldError, Fields, Pairs, link};
use crate::language::{Key, Lang};
use crate::texts;
use crate::trip::{self, Known, Standing};
use agencia_protocol::People;
use agencia_protocol::trip::{CONTACT_BYTES_MAX, NAME_BYTES_MAX, TRAVELLERS_MAX};
use agencia_trip::driver::{Driver, Plan, PlannedPart};
use askama::Template;
use sha2::{Digest, Sha256};
use warp::http::StatusCode;

/// The hidden field that says which items the visitor saw.
const SEEN: &str = "visto";

/// How many mistakes are told one by one.
const MISTAKES_MAX: usize = 20;

/// The form, as it is shown: empty, or as it was typed.
#[derive(Clone, Template)]
#[template(path = "viajantes.html")]
pub(super) struct TravellersForm {
    lang: Lang,
    action: String,
    hidden: Pairs,
    travellers: Vec<Row>,
    /// A large group, instead of rows.
    list: Option<List>,
    /// Whether more travel than can be named.
    more: bool,
    contact: Input,
    /// What is to be known of fields that are left empty.
    hint: Option<&'static str>,
    submit: &'static str,
    /// The value of the button that asks for more time.
    pub(super) extend: Option<String>,
    /// What is wrong where: the id of an input, what is meant, and why.
    errors: Vec<(String, String, String)>,
    /// How many mistakes there are beside those.
    more_errors: Option<String>,
}

/// The input of a whole group.
#[derive(Clone)]
struct List {
    text: String,
    is_wrong: bool,
}

/// One traveller's inputs.
#[derive(Clone)]
struct Row {
    number: usize,
    inputs: Vec<Input>,
}

#[derive(Clone)]
struct Input {
    name: String,
    label: &'static str,
    value: String,
    required: bool,
    autocomplete: &'static str,
    bytes_max: usize,
    error: Option<String>,
}

/// The inputs of one traveller, as [`FIELDS`] has them: label, whether it must be filled, what a browser
/// fills it with for whoever sits there.
const INPUTS: [(Key, bool, &str); 3] = [
    (Key("field-name"), true, "given-name"),
    (Key("field-surname"), true, "family-name"),
    (Key("field-document"), false, "off"),
];

impl TravellersForm {
    /// The form for so many travellers over this plan.
    pub(super) fn empty(lang: Lang, pass: &Pass, parts: &[PlannedPart], people: u16) -> Self {
        Self::to_book(lang, pass, parts, people, &Fields::default(), &[])
    }

    /// The form that books what is held, as it was typed; nothing where none was sent.
    pub(super) fn as_typed(visit: &Visit, pass: &Pass, known: &[Known]) -> Option<Self> {
        let standing = trip::standing(known);
        let Standing::Held { parts, .. } = &standing else { return None };
        let people = people(visit, known, &standing);
        let is_sent = visit.fields.has(SEEN);
        let form = || Self::to_book(visit.lang(), pass, parts, people, &visit.fields, &[]);
        is_sent.then(form)
    }

    /// The form that books, as it was typed.
    fn to_book(
        lang: Lang,
        pass: &Pass,
        parts: &[PlannedPart],
        people: u16,
        fields: &Fields,
        errors: &[FieldError],
    ) -> Self {
        let hidden = vec![(SEEN, seen(parts)), ("pessoas", people.to_string())];
        Self {
            action: super::trip::path(pass.trip),
            hidden: [hidden, pass.pairs()].concat(),
            more: usize::from(people) > TRAVELLERS_MAX,
            ..Self::filled(lang, named(people), fields, errors)
        }
    }

    /// The form that changes the names of a booked trip, as it was typed.
    pub(super) fn to_alter(
        lang: Lang,
        pass: &Pass,
        rows: usize,
        fields: &Fields,
        errors: &[FieldError],
    ) -> Self {
        Self {
            action: format!("{}/alterar", super::trip::path(pass.trip)),
            hidden: pass.pairs(),
            hint: Some(lang.t("alter-hint")),
            submit: lang.t("alter-submit"),
            ..Self::filled(lang, rows, fields, errors)
        }
    }

    fn filled(lang: Lang, count: usize, fields: &Fields, errors: &[FieldError]) -> Self {
        let input = |name: String, value: &str, label, required, autocomplete, bytes_max| {
            let error = errors.iter().find(|error| error.field == name);
            let error = error.map(|error| error.wrong.say(lang));
            let value = value.to_owned();
            Input { name, label, value, required, autocomplete, bytes_max, error }
        };
        let is_listed = names::are_listed(count);
        let rows = if is_listed { 0 } else { count };
        let typed = Typed::all(fields, rows);
        let row = |number: usize| {
            let value = |at: usize| typed.get(number - 1).map_or("", |typed| &*typed.values[at]);
            let inputs = (0..).zip(INPUTS).map(|(at, (label, required, autocomplete))| {
                // Only the first is the one who sits there.
                let autocomplete = if number == 1 { autocomplete } else { "off" };
                let name = format!("{}{number}", FIELDS[at]);
                input(name, value(at), lang.say(label), required, autocomplete, NAME_BYTES_MAX)
            });
            Row { number, inputs: inputs.collect() }
        };
        let travellers = (1..=rows).map(row).collect();
        let contact = input(
            CONTACT.to_owned(),
            fields.first(CONTACT),
            lang.t("field-contact"),
            false,
            "off",
            CONTACT_BYTES_MAX,
        );
        let told = |error: &FieldError| {
            let (input, label) = meant(lang, &error.field, is_listed);
            (input, label, error.wrong.say(lang))
        };
        let told: Vec<_> = errors.iter().take(MISTAKES_MAX).map(told).collect();
        let list = is_listed.then(|| List {
            text: names::as_list(fields, count),
            is_wrong: told.iter().any(|(input, ..)| input == GROUP),
        });
        let more = errors.len().saturating_sub(MISTAKES_MAX);
        Self {
            lang,
            action: String::new(),
            hidden: Pairs::new(),
            travellers,
            more: false,
            errors: told,
            more_errors: (more > 0).then(|| lang.n("mistakes-more", more as u64)),
            list,
            contact,
            hint: None,
            submit: lang.t("book"),
            extend: None,
        }
    }
}

/// Where a field is typed, and what it is called there.
fn meant(lang: Lang, field: &str, is_listed: bool) -> (String, String) {
    let name = field.trim_end_matches(char::is_numeric);
    let number = &field[name.len()..];
    let place = FIELDS.iter().position(|of| *of == name);
    match place.map(|place| lang.say(INPUTS[place].0)) {
        Some(label) if is_listed => {
            let words = [("number", number), ("field", &*label.to_lowercase())];
            (GROUP.to_owned(), lang.with("of-line", &words))
        }
        Some(label) => {
            (field.to_owned(), lang.with("of-traveller", &[("field", label), ("number", number)]))
        }
        None => (field.to_owned(), lang.say(texts::label(field)).to_owned()),
    }
}

/// The mark of what is to be booked: whoever confirms has seen exactly these items.
fn seen(parts: &[PlannedPart]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        let items = serde_json::to_vec(&(part.daemon.as_str(), &part.items));
        digest.update(items.expect("items are plain data"));
    }
    digest.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How many travel, as far as the items or else the form tell.
fn people(visit: &Visit, known: &[Known], standing: &Standing) -> u16 {
    let items = trip::items(known, standing);
    let asked: Option<People> = visit.fields.first("pessoas").parse().ok();
    super::missing::choice_of(&items, asked).people.unwrap_or_default().count()
}

/// Books the trip.
pub(crate) async fn confirm(visit: Visit, pass: Pass) -> Outcome {
    if visit.fields.has(DEADLINE) {
        return extend::extend(visit, pass).await;
    }
    let known = visit.consult(pass.trip).await;
    let standing = trip::standing(&known);
    let (parts, is_held) = match &standing {
        Standing::Held { parts, .. } => (parts, true),
        // Somebody began, this visitor with a second click perhaps: this goes on with it.
        Standing::Undecided { parts: Some(parts), .. } => (parts, false),
        Standing::NotBooked { rest: true, .. } => {
            // What is left of it would lie idle until it expires.
            let_go(&visit.leader(), pass.trip, held(&known)).await;
            return Ok(see_other(&pass.link("")));
        }
        _ => return Ok(see_other(&pass.link(""))),
    };
    let people = people(&visit, &known, &standing);
    let form = |errors: &[FieldError]| {
        Some(TravellersForm::to_book(visit.lang(), &pass, parts, people, &visit.fields, errors))
    };
    if visit.fields.first(SEEN) != seen(parts) {
        if !is_held {
            return Ok(see_other(&pass.link("")));
        }
        let (status, notice) = (StatusCode::CONFLICT, Some(visit.lang().say(texts::TRIP_CHANGED)));
        let unusable = Unusable { status, notice, form: form(&[]) };
        return Ok(render(&visit, &pass, &known, Some(unusable)).await);
    }
    let (travellers, contact) = match names::read(&visit.fields, named(people)) {
        Ok(read) => read,
        Err(_) if !is_held => return Ok(see_other(&pass.link(""))),
        Err(errors) => {
            let (status, notice) = (StatusCode::BAD_REQUEST, None);
            let unusable = Unusable { status, notice, form: form(&errors) };
            return Ok(render(&visit, &pass, &known, Some(unusable)).await);
        }
    };
    let hold_secs = visit.site.settings.trips.hold_secs;
    let plan = Plan { trip: pass.trip, parts: parts.clone(), hold_secs };
    visit.leader().settle(Driver::confirm(plan, travellers, contact)).await;
    Ok(see_other(&pass.link("")))
}

/// `POST /viagem/ID/desistir`: lets everything go that is only held.
pub(crate) async fn give_up(visit: Visit, pass: Pass) -> Outcome {
    let known = visit.consult(pass.trip).await;
    if let Standing::Held { parts, .. } = trip::standing(&known) {
        let hold_secs = visit.site.settings.trips.hold_secs;
        let plan = Plan { trip: pass.trip, parts, hold_secs };
        visit.leader().settle(Driver::abandon(plan)).await;
        let query = [pass.pairs(), vec![(LET_GO, YES.to_owned())]].concat();
        return Ok(see_other(&link(&path(pass.trip), &query)));
    }
    Ok(see_other(&pass.link("")))
}
