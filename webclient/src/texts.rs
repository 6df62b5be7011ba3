//! Which text of the catalogues says what: names of fields, of products, and what is said of an
//! error. The words themselves stand in `languages/`.

use crate::daemons::Daemon;
use crate::language::{Key, Lang};
use agencia_protocol::Code;
use agencia_protocol::trip::AbortReason;

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// A text of the catalogues.
    Known(Key),
    /// More tours than this many.
    TooManyTours(usize),
    /// A list of so many travellers where others travel than so many.
    Listed { found: usize, wanted: usize },
    /// What a daemon said of it, in Portuguese.
    Refused(String),
}

impl From<Key> for Wrong {
    fn from(key: Key) -> Self {
        Wrong::Known(key)
    }
}

impl Wrong {
    /// The same for whoever typed it.
    pub(crate) fn say(&self, lang: Lang) -> String {
        match (self, lang) {
            (Wrong::Known(key), _) => lang.say(*key).to_owned(),
            (Wrong::TooManyTours(max), _) => lang.n("too-many-tours", *max as u64),
            (Wrong::Listed { found, wanted }, _) => {
                let people = |count: usize| lang.n("people", count as u64);
                let words = [("found", &*people(*found)), ("people", &*people(*wanted))];
                lang.with("wrong-listed", &words)
            }
            (Wrong::Refused(said), Lang::Portuguese) => said.clone(),
            (Wrong::Refused(_), _) => lang.t("field-refused").to_owned(),
        }
    }
}

/// What a form calls a field, by its wire name.
pub(crate) fn label(field: &str) -> Key {
    match field {
        "paraAeroporto" => Key("field-airport"),
        "cidade" => Key("field-city"),
        "dataIda" => Key("field-outbound-day"),
        "dataVolta" => Key("field-inbound-day"),
        "numeroPassagens" => Key("field-seats"),
        "numeroDePessoas" => Key("field-people"),
        "ordem" => Key("field-order"),
        "apos" | "aposIda" | "aposVolta" => Key("field-after"),
        "ida" => Key("field-outbound"),
        "volta" => Key("field-inbound"),
        "pessoas" => Key("field-trip-people"),
        "hospedagem" => Key("field-stay"),
        "noites" => Key("field-nights"),
        "passeio" => Key("field-tour"),
        "viagem" | "anterior" | "revisao" | "pacote" => Key("field-trip"),
        "valorIda" | "valorVolta" | "valorHospedagem" | "valorPasseio" => Key("field-price"),
        "contato" => Key("field-contact"),
        "grupo" => Key("field-list"),
        _ => Key("field-other"),
    }
}

pub(crate) const MISSING: Key = Key("wrong-missing");
pub(crate) const NOT_A_PLACE: Key = Key("wrong-place");
pub(crate) const NOT_A_DAY: Key = Key("wrong-day");
pub(crate) const NOT_PEOPLE: Key = Key("wrong-people");
pub(crate) const RETURN_TOO_EARLY: Key = Key("wrong-return");
pub(crate) const NO_NIGHT: Key = Key("wrong-no-night");
pub(crate) const NOT_NIGHTS: Key = Key("wrong-nights");
pub(crate) const NOT_AN_ORDER: Key = Key("wrong-order");
pub(crate) const NOT_AN_OFFER: Key = Key("wrong-offer");
pub(crate) const OLD_REVIEW: Key = Key("wrong-old-review");
pub(crate) const NOTHING_CHOSEN: Key = Key("wrong-nothing-chosen");
pub(crate) const NOT_A_NAME: Key = Key("wrong-name");
pub(crate) const NOTHING_BEHIND: Key = Key("wrong-nothing-behind");
pub(crate) const NOT_A_CONTACT: Key = Key("wrong-contact");
pub(crate) const NOT_A_LOCATOR: Key = Key("wrong-locator");
pub(crate) const NO_SUCH_TRIP: Key = Key("wrong-no-such-trip");
pub(crate) const TOO_MANY_GUESSES: Key = Key("wrong-too-many-guesses");
pub(crate) const TRIP_CHANGED: Key = Key("notice-trip-changed");
pub(crate) const QUOTE_AGAIN: Key = Key("notice-quote-again");
pub(crate) const NOT_ALTERED: Key = Key("notice-not-altered");

/// What a daemon sells, as the subject of a sentence.
pub(crate) fn product(daemon: Daemon) -> Key {
    match daemon {
        Daemon::Flights => Key("product-flights"),
        Daemon::Stays => Key("product-stays"),
        Daemon::Tours => Key("product-tours"),
    }
}

/// What a daemon sells, as a heading.
pub(crate) fn product_name(daemon: Daemon) -> Key {
    match daemon {
        Daemon::Flights => Key("product-name-flights"),
        Daemon::Stays => Key("product-name-stays"),
        Daemon::Tours => Key("product-name-tours"),
    }
}

/// What a refusal to hold means for the traveller.
pub(crate) fn refusal(code: Code) -> Key {
    match code {
        Code::SoldOut => Key("refused-sold-out"),
        Code::Closed => Key("refused-closed"),
        Code::PriceChanged => Key("refused-price"),
        Code::Expired => Key("refused-expired"),
        Code::Aborted => Key("refused-let-go"),
        Code::Stale => Key("refused-stale"),
        Code::Busy => Key("refused-busy"),
        Code::Recovering => Key("refused-recovering"),
        _ => Key("refused-other"),
    }
}

pub(crate) const HOLD_UNHEARD: Key = Key("refused-silent");
pub(crate) const BECAUSE_OF_ANOTHER: Key = Key("refused-because-of-another");
pub(crate) const NOT_HELD: Key = Key("refused-not-yet");

/// Why a trip was decided against.
pub(crate) fn abort_reason(reason: Option<AbortReason>) -> Key {
    match reason {
        Some(AbortReason::Expired) => Key("aborted-expired"),
        Some(AbortReason::LetGo) => Key("aborted-let-go"),
        Some(AbortReason::Deadline) => Key("aborted-deadline"),
        Some(AbortReason::Unknown | AbortReason::Recovered) => Key("aborted-unknown"),
        None => Key("aborted"),
    }
}
