//! Days beside the one that was searched, each with its lowest price: seven in a row above a list,
//! and the month below it. A daemon that does not tell leaves both out.

use super::Visit;
use crate::daemons::Daemon;
use crate::language::Lang;
use crate::queries::shift;
use agencia_protocol::request::{CalendarDay, CalendarMonth};
use agencia_protocol::{Day, Nights, People};
use chrono::{Datelike, Weekday};
use serde::Serialize;

/// Days before and after the searched one.
const AROUND: u16 = 3;

/// The request `calendario`.
#[derive(Serialize)]
struct Ask<'a> {
    action: &'static str,
    #[serde(rename = "paraAeroporto", skip_serializing_if = "Option::is_none")]
    airport: Option<&'a str>,
    #[serde(rename = "cidade", skip_serializing_if = "Option::is_none")]
    city: Option<&'a str>,
    #[serde(rename = "mes")]
    month: String,
    #[serde(rename = "numeroPassagens", skip_serializing_if = "Option::is_none")]
    passengers: Option<People>,
    #[serde(rename = "numeroDePessoas", skip_serializing_if = "Option::is_none")]
    people: Option<People>,
    #[serde(rename = "noites", skip_serializing_if = "Option::is_none")]
    nights: Option<Nights>,
}

/// What must be left on a day for it to have a price.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) people: People,
    /// Of stays, for how long.
    pub(crate) nights: Option<Nights>,
}

/// What a page shows of days and prices.
pub(crate) struct Calendar {
    /// The days around, for a row of links; none when all of them have nothing.
    pub(crate) near: Vec<Cell>,
    pub(crate) month: String,
    pub(crate) weekdays: Vec<&'static str>,
    /// Empty places before the first day of the month.
    pub(crate) blanks: Vec<()>,
    pub(crate) days: Vec<Cell>,
}

/// A day.
pub(crate) struct Cell {
    pub(crate) number: u32,
    /// The day with its weekday.
    pub(crate) name: String,
    /// The same without its year.
    pub(crate) short: String,
    /// The lowest price; nothing when nothing is left.
    pub(crate) price: Option<String>,
    /// The search of that day.
    pub(crate) href: Option<String>,
    pub(crate) current: bool,
    /// Whether no day of the month is cheaper.
    pub(crate) lowest: bool,
}

impl Cell {
    /// The currency with its space, which is named once for all days, and the amount; a price of
    /// nothing has no currency.
    pub(crate) fn price_apart(&self) -> Option<(&str, &str)> {
        let price = self.price.as_deref()?;
        let amount = price.find('\u{a0}').map_or(0, |space| space + '\u{a0}'.len_utf8());
        Some(price.split_at(amount))
    }
}

impl Calendar {
    /// The calendar around a day at a place; `link` leads to the search of another day.
    pub(crate) async fn read(
        visit: &Visit,
        daemon: Daemon,
        (place, day): (&str, Day),
        wanted: Wanted,
        link: impl Fn(Day) -> String,
    ) -> Option<Self> {
        let (first, last) = (shift(day, -i32::from(AROUND)), shift(day, i32::from(AROUND)));
        let beside = [first, last].into_iter().flatten().map(month_of);
        let own = month_of(day);
        // The row may reach into one other month.
        let months: Vec<_> = std::iter::once(own.clone())
            .chain(beside.filter(|month| *month != own).take(1))
            .collect();
        let mut told = Vec::new();
        for month in months {
            let (airport, city) = match daemon {
                Daemon::Flights => (Some(place), None),
                Daemon::Stays | Daemon::Tours => (None, Some(place)),
            };
            let Wanted { people, nights } = wanted;
            let ask = Ask {
                action: "calendario",
                airport,
                city,
                month,
                passengers: airport.map(|_| people),
                people: city.map(|_| people),
                nights,
            };
            match visit.read::<_, CalendarMonth>(daemon, &ask).await {
                Ok(month) => told.push(month),
                Err(failure) => {
                    log::debug!("{} told no prices of days: {}", daemon.name(), failure.error);
                    return None;
                }
            }
        }
        let lang = visit.lang();
        let today = visit.today();
        let days = told.iter().flat_map(|month| &month.days);
        let prices =
            || told.first().into_iter().flat_map(|told| &told.days).filter_map(|day| day.lowest);
        // Where all days are alike, none is the best.
        let lowest = prices().min().filter(|lowest| prices().max() > Some(*lowest));
        let cell = |of: Day| {
            let told: Option<&CalendarDay> = days.clone().find(|told| told.day == of);
            let over = today.is_some_and(|today| of < today);
            let price = told.and_then(|told| told.lowest).filter(|_| !over);
            Cell {
                number: of.date().day(),
                name: lang.day(of),
                short: lang.short_day(of),
                price: price.map(|price| short(lang, price.cents())),
                href: (price.is_some() && of != day).then(|| link(of)),
                current: of == day,
                lowest: price.is_some() && price == lowest,
            }
        };
        let around = -i32::from(AROUND)..=i32::from(AROUND);
        let date = day.date();
        let first = date.with_day(1).and_then(Day::from_date)?;
        let length = (0..31).filter_map(|after| first.after(after));
        let of_month = length.filter(|other| other.date().month() == date.month());
        let of_month: Vec<_> = of_month.map(&cell).collect();
        let mut near: Vec<_> = around.filter_map(|by| shift(day, by)).map(cell).collect();
        let has_price = |cells: &[Cell]| cells.iter().any(|cell| cell.price.is_some());
        if !has_price(&near) {
            near.clear();
            // A month of nothing helps nobody.
            if !has_price(&of_month) {
                return None;
            }
        }
        Some(Self {
            near,
            month: lang.with(
                "month-of",
                &[("month", lang.month(date.month())), ("year", &date.year().to_string())],
            ),
            weekdays: WEEK.map(|weekday| lang.weekday(weekday)).to_vec(),
            blanks: vec![(); first.date().weekday().num_days_from_sunday() as usize],
            days: of_month,
        })
    }
}

/// A week as calendars in Brazil have it.
const WEEK: [Weekday; 7] = [
    Weekday::Sun,
    Weekday::Mon,
    Weekday::Tue,
    Weekday::Wed,
    Weekday::Thu,
    Weekday::Fri,
    Weekday::Sat,
];

fn month_of(day: Day) -> String {
    day.iso()[..7].to_owned()
}

/// A price without centavos, rounded: there is little room in a calendar.
fn short(lang: Lang, cents: u32) -> String {
    match cents {
        0 => lang.t("free").to_owned(),
        cents => {
            let whole = lang.money(u64::from(cents).div_ceil(100) * 100);
            whole[..whole.len() - 3].to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_in_a_calendar_is_never_below_the_real_one() {
        assert_eq!(short(Lang::Portuguese, 123_401), "R$\u{a0}1.235");
        assert_eq!(short(Lang::English, 123_400), "R$\u{a0}1,234");
        assert_eq!(short(Lang::English, 0), "Free");
    }

    #[test]
    fn days_are_shifted_over_months_and_not_before_the_first() {
        let day = Day::from_iso("2027-01-01").unwrap();
        assert_eq!(shift(day, -1).unwrap().iso(), "2026-12-31");
        assert_eq!(shift(Day::from_number(1), -2), None);
    }
}
