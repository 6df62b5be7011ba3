//! The same plan gives the same bytes, and plans that overlap give the same offers.

use agencia_mocks::{Plan, SEED_DEFAULT};
use chrono::Days;

use crate::reader::{bytes, date, days_of, read, week};

#[test]
fn the_same_plan_gives_the_same_bytes() {
    let plan = Plan { scale: 2, ..week() };
    let (first, second) = (bytes(&plan), bytes(&plan));
    assert!(
        first.flights == second.flights
            && first.stays == second.stays
            && first.tours == second.tours
    );
}

#[test]
fn another_seed_gives_other_bytes_in_every_file() {
    let (first, second) = (bytes(&week()), bytes(&Plan { seed: SEED_DEFAULT + 1, ..week() }));
    assert!(
        first.flights != second.flights
            && first.stays != second.stays
            && first.tours != second.tours
    );
}

#[test]
fn a_plan_that_starts_later_repeats_the_offers_of_the_days_they_share() {
    let week = week();
    let later = Plan { from: week.from + Days::new(3), ..week };
    let shared: Vec<_> = days_of(&week).filter(|date| *date >= later.from).collect();
    assert_eq!(shared.len(), 4);
    let [first, second] = [week, later].map(|plan| {
        let inventory = read(&plan);
        let is_shared = |text: &str| shared.contains(&date(text));
        let flights = inventory
            .flights
            .iter()
            .filter(|flight| is_shared(&flight.dia_ida))
            .map(|it| format!("{it:?}"));
        let stays = inventory
            .stays
            .iter()
            .filter(|stay| is_shared(&stay.dia_entrada))
            .map(|it| format!("{it:?}"));
        let tours =
            inventory.tours.iter().filter(|tour| is_shared(&tour.dia)).map(|it| format!("{it:?}"));
        flights.chain(stays).chain(tours).collect::<Vec<_>>()
    });
    assert!(first.len() > 4_000 && first == second);
}

#[test]
fn a_larger_scale_begins_with_the_places_of_the_smaller() {
    let (one, two) = (bytes(&week()), bytes(&Plan { scale: 2, ..week() }));
    for (one, two) in [(one.flights, two.flights), (one.stays, two.stays), (one.tours, two.tours)] {
        let records = one.strip_suffix(b"\n]\n").unwrap();
        assert!(two.starts_with(records) && two.len() > one.len());
    }
}
