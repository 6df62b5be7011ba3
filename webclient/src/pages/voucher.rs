//! What a booked trip's page has for later: a QR code that opens it on a phone, and
//! `/viagem/ID/agenda.ics`, which a calendar takes. Neither says more than the page does.

use super::access::Pass;
use super::item::Item;
use super::{Outcome, Visit, see_other};
use crate::trip::{self, Sold, SoldItem, Standing};
use agencia_protocol::{Day, TimeOfDay};
use chrono::{DateTime, Duration, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
use icalendar::{Calendar, Component, Event, EventLike};
use qrcode::{Color, EcLevel, QrCode};
use std::fmt::Write;
use warp::http::header::{self, HeaderValue};
use warp::reply::Response;

/// The light modules around a QR code, without which it is not found.
const QUIET: usize = 4;

/// A QR code as the page draws it: a square of so many units and the path of its dark ones.
#[derive(Debug)]
pub(crate) struct Qr {
    pub(crate) size: usize,
    pub(crate) path: String,
}

impl Qr {
    /// The code of a text; nothing when the text is too long for any.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
        let (width, colors) = (code.width(), code.to_colors());
        let mut path = String::new();
        for (y, row) in colors.chunks(width).enumerate() {
            let mut x = 0;
            // One stroke for each run of dark modules.
            for run in row.chunk_by(|one, other| one == other) {
                if run[0] == Color::Dark {
                    let (left, top, long) = (x + QUIET, y + QUIET, run.len());
                    // Writing to a string cannot fail.
                    let _ = write!(path, "M{left} {top}h{long}v1h-{long}z");
                }
                x += run.len();
            }
        }
        Some(Self { size: width + 2 * QUIET, path })
    }
}

/// `GET /viagem/ID/agenda.ics`: the parts of a booked trip as events.
pub(crate) async fn calendar(visit: Visit, pass: Pass) -> Outcome {
    let known = visit.consult(pass.trip).await;
    let standing = trip::standing(&known);
    if !matches!(standing, Standing::Booked { .. }) {
        return Ok(see_other(&pass.link("")));
    }
    let zone = visit.site.settings.time_zone.0;
    let locator = known.iter().find_map(|known| known.view.as_ref()?.locator);
    let locator = locator.map(|locator| locator.to_string()).unwrap_or_default();
    let mut calendar = Calendar::new();
    calendar.name(&visit.frame.agency.name);
    for (place, item) in trip::items(&known, &standing).iter().enumerate() {
        let shown = Item::of_trip(visit.lang(), item);
        let Some(mut event) = event(item, zone) else { continue };
        let facts = shown.facts.iter().map(|(name, value)| format!("{name}: {value}"));
        let told = std::iter::once(format!("{}: {locator}", visit.lang().t("locator")));
        calendar.push(
            event
                .uid(&format!("{}-{place}", pass.trip))
                .timestamp((visit.site.clock)())
                .summary(&format!("{}: {}", shown.kind, shown.title))
                .description(&told.chain(facts).collect::<Vec<_>>().join("\n"))
                .done(),
        );
    }
    let mut response = Response::new(calendar.done().to_string().into());
    let headers = response.headers_mut();
    let values = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"viagem.ics\""),
        (header::CACHE_CONTROL, "private, no-cache"),
    ];
    headers.extend(values.map(|(name, value)| (name, HeaderValue::from_static(value))));
    Ok(response)
}

/// When and where; nothing when that is not known.
fn event(SoldItem { sold, .. }: &SoldItem, zone: Tz) -> Option<Event> {
    let at = |day: Day, time: TimeOfDay| moment(zone, day, time);
    let mut event = Event::new();
    match sold {
        Sold::Flight(flight) => event
            .starts(at(flight.day, flight.departure)?)
            .ends(at(flight.arrival_day, flight.arrival)?)
            .location(&flight.from),
        Sold::Stay(stay) => {
            let place = format!("{}, {}", stay.address, stay.city);
            event.starts(stay.day.date()).ends(stay.leaves()?.date()).location(&place)
        }
        Sold::Tour(tour) => event
            .starts(at(tour.day, tour.time)?)
            .location(&format!("{}, {}", tour.address, tour.city)),
        Sold::Unread => return None,
    };
    Some(event.done())
}

/// A moment of the agency's time zone. One that a change of clocks skips is an hour later.
fn moment(zone: Tz, day: Day, time: TimeOfDay) -> Option<DateTime<Utc>> {
    let midnight: NaiveDateTime = day.date().and_hms_opt(0, 0, 0)?;
    let local = midnight + Duration::minutes(time.minute().into());
    let found = zone.from_local_datetime(&local).earliest();
    let later = || zone.from_local_datetime(&(local + Duration::hours(1))).earliest();
    found.or_else(later).map(|at| at.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_a_square_with_a_quiet_border_and_its_corners() {
        let qr =
            Qr::new("http://localhost:5000/viagem/0190a5ee-7c1e-7c53-8b51-9a2d0e8f7b11").unwrap();
        assert!(qr.path.starts_with("M4 4h7v1h-7z"), "{}", qr.path);
        assert!(qr.size > 21 + 2 * QUIET && qr.path.len() < 12_000);
        assert!(Qr::new(&"x".repeat(3000)).is_none());
    }

    #[test]
    fn local_times_become_utc() {
        let day = Day::from_iso("2027-11-04").unwrap();
        let time = TimeOfDay::from_record("14:00h").unwrap();
        let found = moment(chrono_tz::America::Sao_Paulo, day, time).unwrap();
        assert_eq!(found.to_rfc3339(), "2027-11-04T17:00:00+00:00");
    }
}
