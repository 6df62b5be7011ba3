//! Days beside the one that was searched, each with its lowest price: seven in a row above a list or,
//! where it is asked for, a month, which is turned to the months around. Days are buttons of the list's
//! form. A daemon that does not tell leaves both out.

use super::Visit;
use crate::daemons::Daemon;
use crate::forms::{self, Pairs};
use crate::language::Lang;
use crate::queries::shift;
use agencia_protocol::request::{CalendarDay, CalendarMonth};
use agencia_protocol::{Day, Money, Nights, People};
use chrono::{Datelike, Months, Weekday};
use serde::Serialize;

/// Days before and after the searched one.
pub(super) const AROUND: i32 = 3;

/// The field of an address that says which month is shown, when it is not that of the search.
const MONTH: &str = "mes";

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
    /// The days around, for a row of buttons; none when all of them have nothing, or
    /// the month is shown.
    pub(crate) near: Vec<Cell>,
    pub(crate) month: String,
    pub(crate) weekdays: Vec<&'static str>,
    /// Empty places before the first day of the month.
    pub(crate) blanks: Vec<()>,
    pub(crate) days: Vec<Cell>,
    /// The same search with the whole month, unless that is shown.
    pub(crate) whole: Option<String>,
    /// The same search with the month before it, unless that is over.
    pub(crate) earlier: Option<String>,
    /// The same with the month after it.
    pub(crate) later: Option<String>,
    /// The same without a month, where one is shown.
    pub(crate) closed: Option<String>,
}

/// A day.
pub(crate) struct Cell {
    pub(crate) day: Day,
    /// The lowest price; nothing when nothing is left.
    pub(crate) price: Option<String>,
    /// The search of that day.
    pub(crate) search: Option<String>,
    pub(crate) current: bool,
    /// Whether no day of the month is cheaper.
    pub(crate) lowest: bool,
}

impl Cell {
    /// A day, with a price when something is left and a search unless it is the `current` one.
    pub(super) fn new(
        lang: Lang,
        day: Day,
        current: Day,
        price: Option<Money>,
        on: impl Fn(Day) -> Pairs,
    ) -> Self {
        Self {
            day,
            price: price.map(|price| short(lang, price.cents())),
            search: (price.is_some() && day != current).then(|| forms::button(&on(day))),
            current: day == current,
            lowest: false,
        }
    }

    pub(crate) fn number(&self) -> u32 {
        self.day.date().day()
    }

    /// The day with its weekday.
    pub(crate) fn name(&self, lang: &Lang) -> String {
        lang.day(self.day)
    }

    /// The same without its year.
    pub(crate) fn short(&self, lang: &Lang) -> String {
        lang.short_day(self.day)
    }

    /// The currency with its space, which is named once for all days, and the amount; a price of
    /// nothing has no currency.
    pub(crate) fn price_apart(&self) -> Option<(&str, &str)> {
        let price = self.price.as_deref()?;
        let amount = price.find('\u{a0}').map_or(0, |space| space + '\u{a0}'.len_utf8());
        Some(price.split_at(amount))
    }
}

impl Calendar {
    /// The calendar around a day at a place; `on` is the search of another day.
    pub(crate) async fn read(
        visit: &Visit,
        daemon: Daemon,
        (place, day): (&str, Day),
        wanted: Wanted,
        on: impl Fn(Day) -> Pairs,
    ) -> Option<Self> {
        let turned = Day::from_iso(&format!("{}-01", visit.fields.first(MONTH)));
        let first = turned.or_else(|| Day::from_iso(&format!("{}-01", month_of(day))))?;
        let beside = [shift(day, -AROUND), shift(day, AROUND)].into_iter().flatten();
        // The month that is shown, or those that the row reaches into.
        let mut months = vec![month_of(first)];
        for month in beside.filter(|_| turned.is_none()).map(month_of) {
            if !months.contains(&month) {
                months.push(month);
            }
        }
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
        let lowest_of = |month: Day| {
            let prices = || {
                let own = days.clone().filter(|told| is_same_month(told.day, month));
                own.filter_map(|day| day.lowest)
            };
            // Where all days are alike, none is the best.
            prices().min().filter(|lowest| prices().max() > Some(*lowest))
        };
        let cell = |of: Day, lowest: Option<Money>| {
            let told: Option<&CalendarDay> = days.clone().find(|told| told.day == of);
            let over = today.is_some_and(|today| of < today);
            let price = told.and_then(|told| told.lowest).filter(|_| !over);
            let lowest = price.is_some() && price == lowest;
            Cell { lowest, ..Cell::new(lang, of, day, price, &on) }
        };
        let lowest = lowest_of(first);
        let cells = |days: &mut dyn Iterator<Item = Day>| -> Vec<Cell> {
            days.map(|of| cell(of, lowest)).collect()
        };
        let of_month = (0..31).filter_map(|after| first.after(after));
        let mut of_month = of_month.filter(|other| is_same_month(*other, first));
        let mut around = (-AROUND..=AROUND).filter_map(|by| shift(day, by));
        let (near, of_month) = match turned {
            Some(_) => (Vec::new(), cells(&mut of_month)),
            None => {
                let is_left = |cell: &Cell| cell.price.is_some();
                let near = Some(cells(&mut around)).filter(|near| near.iter().any(is_left));
                // A month of nothing helps nobody.
                if near.is_none() && !of_month.any(|of| is_left(&cell(of, lowest))) {
                    return None;
                }
                (near.unwrap_or_default(), Vec::new())
            }
        };
        let date = first.date();
        let turn = |other: chrono::NaiveDate| {
            let month = month_of(Day::from_date(other)?);
            let over = today.is_some_and(|today| month < month_of(today));
            let about = [on(day), vec![(MONTH, month)]].concat();
            (!over).then(|| forms::button(&about))
        };
        Some(Self {
            near,
            whole: turn(date).filter(|_| turned.is_none()),
            earlier: date.checked_sub_months(Months::new(1)).and_then(turn),
            later: date.checked_add_months(Months::new(1)).and_then(turn),
            closed: turned.map(|_| forms::button(&on(day))),
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

fn is_same_month(day: Day, other: Day) -> bool {
    let (day, other) = (day.date(), other.date());
    (day.year(), day.month()) == (other.year(), other.month())
}

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
