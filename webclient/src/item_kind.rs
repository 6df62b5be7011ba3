//! What a trip is made of, as the pages call it: a flight there, a flight back, a room, tours.

use crate::daemons::Daemon;
use crate::language::{Key, Lang};
use agencia_protocol::flight::Flight;

/// What an item of a trip is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ItemKind {
    /// The flight there.
    Outbound,
    /// The flight back.
    Inbound,
    /// The room.
    Stay,
    /// A tour.
    Tour,
}

impl ItemKind {
    /// Who sells it.
    pub(crate) fn daemon(self) -> Daemon {
        match self {
            ItemKind::Outbound | ItemKind::Inbound => Daemon::Flights,
            ItemKind::Stay => Daemon::Stays,
            ItemKind::Tour => Daemon::Tours,
        }
    }

    /// What pages call it.
    pub(crate) fn name(self, lang: Lang) -> &'static str {
        lang.say(match self {
            ItemKind::Outbound => Key("part-outbound"),
            ItemKind::Inbound => Key("part-inbound"),
            ItemKind::Stay => Key("part-stay"),
            ItemKind::Tour => Key("part-tour"),
        })
    }

    /// The form field of the price that was seen.
    pub(crate) fn price_field(self) -> &'static str {
        match self {
            ItemKind::Outbound => "valorIda",
            ItemKind::Inbound => "valorVolta",
            ItemKind::Stay => "valorHospedagem",
            ItemKind::Tour => "valorPasseio",
        }
    }

    /// Which way the flight at this place of so many goes. Of two, the first goes there; one alone
    /// goes back when it leads home.
    pub(crate) fn of_flight(
        place: usize,
        count: usize,
        flight: Option<&Flight>,
        home: &str,
    ) -> Self {
        let back = match count {
            1 => flight.is_some_and(|flight| flight.to == home),
            _ => place > 0,
        };
        if back { ItemKind::Inbound } else { ItemKind::Outbound }
    }
}
