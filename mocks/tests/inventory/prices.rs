//! Prices follow the season, the weekday and the distance.

use chrono::{Datelike, NaiveDate, Weekday};

use crate::reader::{SUMMER, average, centavos, city_of, date, day};

/// Every (day, price) of each kind, without what is free.
fn kinds() -> [(&'static str, Vec<(NaiveDate, u64)>); 3] {
    let flights =
        SUMMER.flights.iter().map(|flight| (date(&flight.dia_ida), centavos(&flight.valor)));
    let stays = SUMMER.stays.iter().map(|stay| (date(&stay.dia_entrada), centavos(&stay.valor)));
    let tours = SUMMER.tours.iter().map(|tour| (date(&tour.dia), centavos(&tour.valor)));
    [
        ("flights", flights.collect()),
        ("stays", stays.collect()),
        ("tours", tours.filter(|(_, price)| *price > 0).collect()),
    ]
}

fn average_where(prices: &[(NaiveDate, u64)], wanted: impl Fn(NaiveDate) -> bool) -> u64 {
    average(prices.iter().filter(|(date, _)| wanted(*date)).map(|(_, price)| *price))
}

#[test]
fn the_high_season_is_dearer() {
    let high = day("2026-12-15")..=day("2027-01-31");
    for (kind, prices) in kinds() {
        let (in_season, out) = (
            average_where(&prices, |date| high.contains(&date)),
            average_where(&prices, |date| date < *high.start()),
        );
        assert!(in_season > out * 115 / 100, "{kind}: {in_season} and {out} centavos");
    }
}

#[test]
fn carnival_is_dearer_than_the_week_after() {
    let carnival = day("2027-02-05")..=day("2027-02-10");
    let after = day("2027-02-12")..=day("2027-02-17");
    for (kind, prices) in kinds() {
        let (during, later) = (
            average_where(&prices, |date| carnival.contains(&date)),
            average_where(&prices, |date| after.contains(&date)),
        );
        assert!(during > later * 115 / 100, "{kind}: {during} and {later} centavos");
    }
}

#[test]
fn weekends_are_dearer() {
    let weekend =
        |date: NaiveDate| matches!(date.weekday(), Weekday::Fri | Weekday::Sat | Weekday::Sun);
    for (kind, prices) in kinds() {
        // Four whole weeks of one season.
        let prices: Vec<_> =
            prices.into_iter().filter(|(date, _)| date.month() == 1 && date.day() <= 28).collect();
        let (weekends, others) =
            (average_where(&prices, weekend), average_where(&prices, |date| !weekend(date)));
        assert!(weekends > others * 105 / 100, "{kind}: {weekends} and {others} centavos");
    }
}

#[test]
fn farther_places_cost_more_to_fly_to() {
    let fares =
        ["Vitória (ES)", "Salvador (BA)", "Recife (PE)", "Manaus (AM)", "Cruzeiro do Sul (AC)"]
            .map(|city| {
                let there =
                    SUMMER.flights.iter().filter(|flight| city_of(&flight.para_aeroporto) == city);
                average(there.map(|flight| centavos(&flight.valor)))
            });
    assert!(fares.is_sorted_by(|near, far| near * 105 / 100 < *far), "{fares:?}");
}
