//! How values look on a page, in Brazilian Portuguese.

use agencia_protocol::{Day, TimeOfDay};
use chrono::{Datelike, Weekday};

/// An amount of centavos: `R$ 9.906,00`, with a space that does not break.
pub(crate) fn money(cents: u64) -> String {
    let reais = (cents / 100).to_string();
    let mut grouped = String::with_capacity(reais.len() + reais.len() / 3);
    for (index, digit) in reais.chars().enumerate() {
        if index > 0 && (reais.len() - index).is_multiple_of(3) {
            grouped.push('.');
        }
        grouped.push(digit);
    }
    format!("R$\u{a0}{grouped},{:02}", cents % 100)
}

/// A price, where nothing to pay is said in a word.
pub(crate) fn price(cents: u64) -> String {
    if cents == 0 { "Grátis".to_owned() } else { money(cents) }
}

/// `qui, 24/12/2026`.
pub(crate) fn day(day: Day) -> String {
    let weekday = match day.date().weekday() {
        Weekday::Mon => "seg",
        Weekday::Tue => "ter",
        Weekday::Wed => "qua",
        Weekday::Thu => "qui",
        Weekday::Fri => "sex",
        Weekday::Sat => "sáb",
        Weekday::Sun => "dom",
    };
    format!("{weekday}, {}", day.record())
}

/// `06:05`, whatever spelling the record has.
pub(crate) fn time(time: TimeOfDay) -> String {
    format!("{:02}:{:02}", time.minute() / 60, time.minute() % 60)
}

/// `4 h 05 min`: the time between leaving and arriving; nothing when the record says that it
/// arrives before it leaves.
pub(crate) fn duration(from: (Day, TimeOfDay), to: (Day, TimeOfDay)) -> Option<String> {
    let minutes =
        |(day, time): (Day, TimeOfDay)| u32::from(day.number()) * 1440 + u32::from(time.minute());
    let between = minutes(to).checked_sub(minutes(from))?;
    Some(match (between / 60, between % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes:02} min"),
    })
}

/// `faltam 14 min`: how long a hold goes on, rounded down.
pub(crate) fn time_left(secs: i64) -> String {
    match (secs / 3600, secs / 60 % 60) {
        _ if secs <= 0 => "o prazo terminou".to_owned(),
        (0, 0) => "falta menos de 1 minuto".to_owned(),
        (0, 1) => "falta 1 minuto".to_owned(),
        (0, minutes) => format!("faltam {minutes} min"),
        (1, 0) => "falta 1 h".to_owned(),
        (hours, 0) => format!("faltam {hours} h"),
        (1, minutes) => format!("falta 1 h {minutes:02} min"),
        (hours, minutes) => format!("faltam {hours} h {minutes:02} min"),
    }
}

/// `1 pessoa`, `3 pessoas`.
pub(crate) fn count(number: impl Into<u64>, one: &str, many: &str) -> String {
    let number = number.into();
    format!("{number} {}", if number == 1 { one } else { many })
}

/// The part of an airport's name that says the city: `Altamira (PA)` in
/// `Aeroporto de Altamira - Altamira (PA)`.
pub(crate) fn city_of(airport: &str) -> &str {
    airport.rsplit_once(" - ").map_or(airport, |(_, city)| city)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_points_and_a_comma() {
        for (cents, expected) in [
            (0, "R$\u{a0}0,00"),
            (5, "R$\u{a0}0,05"),
            (99_999, "R$\u{a0}999,99"),
            (990_600, "R$\u{a0}9.906,00"),
            (12_345_678_901, "R$\u{a0}123.456.789,01"),
        ] {
            assert_eq!(money(cents), expected);
        }
        assert_eq!(price(0), "Grátis");
    }

    #[test]
    fn a_day_has_its_weekday() {
        assert_eq!(day(Day::from_iso("2026-12-24").unwrap()), "qui, 24/12/2026");
        assert_eq!(day(Day::from_iso("2026-12-26").unwrap()), "sáb, 26/12/2026");
    }

    #[test]
    fn a_flight_over_midnight_has_its_duration() {
        let at = |iso, text| (Day::from_iso(iso).unwrap(), TimeOfDay::from_record(text).unwrap());
        let check = |from, to, expected: Option<&str>| {
            assert_eq!(duration(from, to).as_deref(), expected);
        };
        check(at("2026-12-24", "23:30h"), at("2026-12-25", "0:35h"), Some("1 h 05 min"));
        check(at("2026-12-24", "14:00h"), at("2026-12-24", "18:00h"), Some("4 h"));
        check(at("2026-12-24", "14:00h"), at("2026-12-24", "14:45h"), Some("45 min"));
        check(at("2026-12-24", "14:00h"), at("2026-12-24", "13:00h"), None);
    }

    #[test]
    fn the_time_left_is_rounded_down() {
        for (secs, expected) in [
            (-1, "o prazo terminou"),
            (0, "o prazo terminou"),
            (1, "falta menos de 1 minuto"),
            (60, "falta 1 minuto"),
            (899, "faltam 14 min"),
            (3_600, "falta 1 h"),
            (3_660, "falta 1 h 01 min"),
            (7_200, "faltam 2 h"),
            (86_399, "faltam 23 h 59 min"),
        ] {
            assert_eq!(time_left(secs), expected);
        }
    }

    #[test]
    fn a_city_is_the_end_of_its_airport() {
        assert_eq!(city_of("Aeroporto de Altamira - Altamira (PA)"), "Altamira (PA)");
        assert_eq!(
            city_of("Confins - Tancredo Neves - Belo Horizonte (MG)"),
            "Belo Horizonte (MG)"
        );
        assert_eq!(city_of("Bagé"), "Bagé");
    }
}
