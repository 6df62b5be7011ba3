//! `agencia trips`: what is booked, and who comes on a day.
//!
//! A daemon that is not the anchor of a trip knows its room but not its guests: those are asked of
//! the anchor.

use super::fetch::{Daemons, Listed, consult_each, pages, told};
use super::sold;
use crate::ask::{Known, Places, asking};
use crate::cli::Trips;
use crate::error::CommandError;
use crate::table::{Column, print, print_json, printed, table};
use agencia_protocol::trip::{
    ConsultReply, DaemonName, List, ListFilter, PartState, Timestamp, Traveller,
};
use agencia_protocol::{Day, TripId};
use serde::{Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::process::ExitCode;

const COLUMNS: [Column; 10] = [
    ("daemon", false),
    ("day", false),
    ("nights", true),
    ("place", false),
    ("detail", false),
    ("units", true),
    ("people", true),
    ("guests", false),
    ("contact", false),
    ("locator", false),
];

/// One item that was sold, as `--json` and `--csv` write it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Line {
    daemon: DaemonName,
    day: Option<String>,
    last_day: Option<String>,
    nights: Option<u16>,
    place: String,
    detail: String,
    units: u32,
    /// How many travellers are named; none where the anchor could not be asked.
    people: Option<usize>,
    #[serde(serialize_with = "joined")]
    guests: Vec<String>,
    contact: Option<String>,
    locator: Option<String>,
    trip: TripId,
    booked_at: Option<Timestamp>,
}

/// The names in one text, so that CSV and JSON have the same columns.
fn joined<S: Serializer>(names: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&names.join("; "))
}

/// Who travels, as the anchor says it.
#[derive(Debug, Clone, Default)]
struct Guests {
    travellers: Vec<Traveller>,
    contact: Option<String>,
}

pub(crate) fn run(options: &Trips, places: Places<'_>) -> Result<ExitCode, CommandError> {
    let known = Known::load(places)?;
    let mut complete = true;
    let lines = asking(async |spawn| {
        let daemons = Daemons::new(&known, spawn);
        let asked = match &options.daemon {
            Some(name) => daemons.only(&known, name)?,
            None => daemons.clone(),
        };
        let mut list = List::of(ListFilter::Bookings);
        list.day = options.day;
        let answers = asked.every(|pool| pages(pool, list.clone())).await;
        let booked = told(answers, &mut complete);
        let guests = guests(&daemons, &booked, &mut complete).await;
        Ok::<_, CommandError>(lines(&booked, &guests, options.day))
    })?;
    if options.json {
        print_json(&lines)?;
    } else if options.csv {
        printed(write_csv(&lines, io::stdout().lock()))?;
    } else if lines.is_empty() {
        print(&"nothing is booked")?;
    } else {
        print(&table(&COLUMNS, lines.into_iter().map(Line::cells)))?;
    }
    Ok(if complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Who travels in each trip: from the lists of the anchors, and from those anchors that are not in
/// the list because they sold nothing for that day.
async fn guests(
    daemons: &Daemons,
    booked: &[(DaemonName, Vec<Listed>)],
    complete: &mut bool,
) -> BTreeMap<TripId, Guests> {
    let mut guests = BTreeMap::new();
    let mut lost = 0;
    let mut missing: BTreeMap<DaemonName, BTreeSet<TripId>> = BTreeMap::new();
    for (daemon, trips) in booked {
        for Listed { view, .. } in trips {
            match (&view.travellers, &view.anchor) {
                (Some(_), _) if has_lost_guests(view) => lost += 1,
                (Some(travellers), _) => {
                    let contact = view.contact.as_ref().map(ToString::to_string);
                    let travellers = travellers.clone();
                    guests.insert(view.trip, Guests { travellers, contact });
                }
                (None, Some(anchor)) if anchor != daemon => {
                    missing.entry(anchor.clone()).or_default().insert(view.trip);
                }
                (None, _) => {}
            }
        }
    }
    for (anchor, trips) in missing {
        let trips: Vec<_> = trips.into_iter().filter(|trip| !guests.contains_key(trip)).collect();
        let Some(pool) = daemons.get(&anchor).filter(|_| !trips.is_empty()) else { continue };
        match consult_each(pool, &trips).await {
            Ok(views) => {
                lost += views.iter().filter(|(_, view)| has_lost_guests(view)).count();
                let told = views.into_iter().filter(|(_, view)| !has_lost_guests(view));
                guests.extend(told.filter_map(|(trip, view)| {
                    let contact = view.contact.as_ref().map(ToString::to_string);
                    Some((trip, Guests { travellers: view.travellers?, contact }))
                }));
            }
            Err(error) => {
                let error = CommandError::from(error);
                eprintln!("agencia: the guests of {} trips are left out: {error}", trips.len());
                *complete = false;
            }
        }
    }
    if lost > 0 {
        // Nothing can bring them back: that is no failure of this command's.
        eprintln!(
            "agencia: the guests of {lost} trips are not known any more: they were booked after \
             the backup that their anchor was restored from"
        );
    }
    guests
}

/// Whether an anchor has learned of the trip from others, after a restore: nobody else knows who
/// travels. A trip of several parts is never booked for nobody; a purchase in one step is.
fn has_lost_guests<I>(view: &ConsultReply<I>) -> bool {
    let is_shared = view.parts.as_ref().is_some_and(|parts| parts.len() > 1);
    is_shared && view.travellers.as_ref().is_some_and(Vec::is_empty)
}

/// One line an item, sorted as a hotel wants to read them: by place, room, day.
fn lines(
    booked: &[(DaemonName, Vec<Listed>)],
    guests: &BTreeMap<TripId, Guests>,
    day: Option<Day>,
) -> Vec<Line> {
    let mut lines = Vec::new();
    for (daemon, trips) in booked {
        let mut of_daemon = Vec::new();
        for Listed { view, since } in trips {
            if view.state != PartState::Confirmed {
                continue;
            }
            let known = guests.get(&view.trip);
            for item in sold::items(daemon, view) {
                if day.is_some_and(|day| !item.is_on(day)) {
                    continue;
                }
                of_daemon.push(Line {
                    daemon: daemon.clone(),
                    day: item.days.map(|(first, _)| first.iso()),
                    last_day: item.days.map(|(_, last)| last.iso()),
                    nights: item.nights,
                    place: item.place,
                    detail: item.detail,
                    units: item.units,
                    people: known.map(|known| known.travellers.len()),
                    guests: known.map(names).unwrap_or_default(),
                    contact: known.and_then(|known| known.contact.clone()),
                    locator: view.locator.map(|locator| locator.to_string()),
                    trip: view.trip,
                    booked_at: view.decision.as_ref().map(|decision| decision.at).or(*since),
                });
            }
        }
        of_daemon.sort_by(|a, b| {
            (&a.place, &a.detail, &a.day, a.trip).cmp(&(&b.place, &b.detail, &b.day, b.trip))
        });
        lines.append(&mut of_daemon);
    }
    lines
}

fn names(guests: &Guests) -> Vec<String> {
    let name = |traveller: &Traveller| format!("{} {}", traveller.name, traveller.surname);
    guests.travellers.iter().map(name).collect()
}

impl Line {
    fn cells(self) -> Vec<String> {
        vec![
            self.daemon.to_string(),
            self.day.unwrap_or_default(),
            self.nights.map(|nights| nights.to_string()).unwrap_or_default(),
            self.place,
            self.detail,
            self.units.to_string(),
            self.people.map_or("?".to_owned(), |people| people.to_string()),
            self.guests.join("; "),
            self.contact.unwrap_or_default(),
            self.locator.unwrap_or_default(),
        ]
    }

    /// What visitors typed, so that no spreadsheet takes it for a formula.
    fn harmless(&self) -> Self {
        let guests = self.guests.iter().map(|name| harmless(name)).collect();
        Self { guests, contact: self.contact.as_deref().map(harmless), ..self.clone() }
    }
}

/// A telephone number may begin with a plus; anything else that a spreadsheet would compute gets an
/// apostrophe before it.
fn harmless(text: &str) -> String {
    let telephone = |byte: u8| byte.is_ascii_digit() || b"+-() .".contains(&byte);
    match text.as_bytes().first() {
        Some(b'=' | b'+' | b'-' | b'@') if !text.bytes().all(telephone) => format!("'{text}"),
        _ => text.to_owned(),
    }
}

/// The header stands there also when nothing is booked.
fn write_csv(lines: &[Line], out: impl io::Write) -> io::Result<()> {
    const HEADER: [&str; 13] = [
        "daemon",
        "day",
        "last_day",
        "nights",
        "place",
        "detail",
        "units",
        "people",
        "guests",
        "contact",
        "locator",
        "trip",
        "booked_at",
    ];
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(out);
    writer.write_record(HEADER)?;
    for line in lines {
        writer.serialize(line.harmless())?;
    }
    writer.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const FIRST: &str = "0190a5ee-7c1e-7c53-8b51-9a2d0e8f7b11";
    const SECOND: &str = "0190a5ee-7c1e-7c53-8b51-9a2d0e8f7b12";

    fn stay(trip: &str, room: u32, entry: &str, nights: u32) -> Listed {
        serde_json::from_value(json!({
            "viagem": trip, "estado": "confirmada", "localizador": "VA9AAE", "ancora": "voos",
            "pedido": [{"id": "q", "quantidade": 1, "noites": nights}],
            "itens": [{"diaEntrada": entry, "numero": room, "qtdQuartos": 1, "qtdCamas": 2,
                "valor": "958,00R$", "nome": "Hotel \"Sol\"", "endereco": "Rua 1, 2",
                "cidade": "Bagé (RS)", "cafeDaManha": true}],
            "desde": "2099-01-02T03:04:05.000Z",
        }))
        .unwrap()
    }

    fn booked() -> Vec<(DaemonName, Vec<Listed>)> {
        let mut held = stay(SECOND, 1, "24/12/2099", 1);
        held.view.state = PartState::Held;
        let hotel = vec![stay(FIRST, 7, "24/12/2099", 2), stay(SECOND, 6, "25/12/2099", 1), held];
        vec![("hospedagens".parse().unwrap(), hotel)]
    }

    fn people() -> BTreeMap<TripId, Guests> {
        let traveller = |name: &str, surname: &str| Traveller {
            name: name.parse().unwrap(),
            surname: surname.parse().unwrap(),
            document: None,
        };
        let travellers = vec![traveller("Ana", "Silva"), traveller("=1+1", "D'Ávila")];
        let contact = Some("+55 (31) 3899-0000".to_owned());
        [(FIRST.parse().unwrap(), Guests { travellers, contact })].into()
    }

    #[test]
    fn a_hotel_reads_its_guests_by_room_for_each_night() {
        let rooms = |day: Option<&str>| -> Vec<_> {
            let day = day.map(|day| Day::from_iso(day).unwrap());
            lines(&booked(), &people(), day).into_iter().map(|line| line.detail).collect()
        };
        assert_eq!(rooms(None), ["room 6", "room 7"]);
        assert_eq!(rooms(Some("2099-12-24")), ["room 7"]);
        assert_eq!(rooms(Some("2099-12-25")), ["room 6", "room 7"]);
        assert_eq!(rooms(Some("2099-12-26")), Vec::<String>::new());
    }

    #[test]
    fn a_trip_of_several_parts_that_nobody_travels_in_has_lost_its_guests() {
        let lost = |parts: serde_json::Value, people: serde_json::Value| {
            let mut view = stay(FIRST, 7, "24/12/2099", 2).view;
            view.parts = serde_json::from_value(parts).unwrap();
            view.travellers = serde_json::from_value(people).unwrap();
            has_lost_guests(&view)
        };
        let both = json!({"voos": [{"id": "v"}], "hospedagens": [{"id": "q"}]});
        let ana = json!([{"nome": "Ana", "sobrenome": "Silva"}]);
        assert!(lost(both.clone(), json!([])));
        assert!(!lost(both.clone(), ana));
        // Only the anchor is asked.
        assert!(!lost(both, json!(null)));
        // Bought in one step: nobody was named.
        assert!(!lost(json!({"voos": [{"id": "v"}]}), json!([])));
    }

    #[test]
    fn a_line_names_the_guests_and_says_where_they_are_not_known() {
        let lines = lines(&booked(), &people(), None);
        let cells: Vec<_> = lines.into_iter().map(Line::cells).collect();
        assert_eq!(
            cells[1],
            [
                "hospedagens",
                "2099-12-24",
                "2",
                "Hotel \"Sol\", Rua 1, 2, Bagé (RS)",
                "room 7",
                "1",
                "2",
                "Ana Silva; =1+1 D'Ávila",
                "+55 (31) 3899-0000",
                "VA9AAE"
            ]
        );
        assert_eq!((cells[0][6].as_str(), cells[0][7].as_str()), ("?", ""));
    }

    #[test]
    fn the_csv_is_read_back_as_it_was() {
        let mut bytes = Vec::new();
        write_csv(&lines(&booked(), &people(), None), &mut bytes).unwrap();
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        let header = reader.headers().unwrap().clone();
        let column = |name: &str| header.iter().position(|column| column == name).unwrap();
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(&rows[1][column("place")], "Hotel \"Sol\", Rua 1, 2, Bagé (RS)");
        assert_eq!(&rows[1][column("guests")], "Ana Silva; '=1+1 D'Ávila");
        assert_eq!(&rows[1][column("contact")], "+55 (31) 3899-0000");
        assert_eq!(&rows[1][column("last_day")], "2099-12-25");
        assert_eq!(&rows[1][column("booked_at")], "2099-01-02T03:04:05.000Z");
        assert_eq!((&rows[0][column("people")], &rows[0][column("guests")]), ("", ""));
        let mut empty = Vec::new();
        write_csv(&[], &mut empty).unwrap();
        assert!(empty.starts_with(b"daemon,day,last_day,nights,"));
    }

    #[test]
    fn no_spreadsheet_computes_what_a_visitor_typed() {
        for (text, expected) in [
            ("Ana", "Ana"),
            ("+55 31 3899", "+55 31 3899"),
            ("=1+1", "'=1+1"),
            ("+A1", "'+A1"),
            ("-cmd", "'-cmd"),
            ("@x", "'@x"),
        ] {
            assert_eq!(harmless(text), expected);
        }
    }
}
