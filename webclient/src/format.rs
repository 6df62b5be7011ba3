//! How values look on a page, in each language. Words come from the catalogues, the shape of a
//! date and of an amount stands here.

use crate::language::Lang;
use agencia_protocol::{Day, TimeOfDay};
use chrono::{Datelike, Weekday};

impl Lang {
    /// An amount of centavos: `R$ 9.906,00` or `R$ 9,906.00`, with a space that does not break.
    pub(crate) fn money(self, cents: u64) -> String {
        let (thousands, decimal) = match self {
            Lang::Portuguese => ('.', ','),
            Lang::English => (',', '.'),
        };
        let reais = (cents / 100).to_string();
        let mut grouped = String::with_capacity(reais.len() + reais.len() / 3);
        for (index, digit) in reais.chars().enumerate() {
            if index > 0 && (reais.len() - index).is_multiple_of(3) {
                grouped.push(thousands);
            }
            grouped.push(digit);
        }
        format!("R$\u{a0}{grouped}{decimal}{:02}", cents % 100)
    }

    /// A price, where nothing to pay is said in a word.
    pub(crate) fn price(self, cents: u64) -> String {
        if cents == 0 { self.t("free").to_owned() } else { self.money(cents) }
    }

    /// `qui, 24/12/2026` or `Thu, 24 Dec 2026`.
    pub(crate) fn day(self, day: Day) -> String {
        let weekday = self.weekday(day.date().weekday());
        match self {
            Lang::Portuguese => format!("{weekday}, {}", day.record()),
            Lang::English => {
                let (date, month) = (day.date(), self.month(day.date().month()));
                let short = month.get(..3).unwrap_or(month);
                format!("{weekday}, {} {short} {}", date.day(), date.year())
            }
        }
    }

    /// `qui, 24/12` or `Thu, 24 Dec`, which breaks after the weekday and nowhere else.
    pub(crate) fn short_day(self, day: Day) -> String {
        let whole = self.day(day);
        let short = &whole[..whole.len() - 5];
        match short.split_once(", ") {
            Some((weekday, date)) => format!("{weekday}, {}", date.replace(' ', "\u{a0}")),
            None => short.to_owned(),
        }
    }

    /// A day of a week in three letters.
    pub(crate) fn weekday(self, day: Weekday) -> &'static str {
        match day {
            Weekday::Mon => self.t("monday"),
            Weekday::Tue => self.t("tuesday"),
            Weekday::Wed => self.t("wednesday"),
            Weekday::Thu => self.t("thursday"),
            Weekday::Fri => self.t("friday"),
            Weekday::Sat => self.t("saturday"),
            Weekday::Sun => self.t("sunday"),
        }
    }

    /// A month's name, by its number from 1.
    pub(crate) fn month(self, number: u32) -> &'static str {
        match number {
            1 => self.t("january"),
            2 => self.t("february"),
            3 => self.t("march"),
            4 => self.t("april"),
            5 => self.t("may"),
            6 => self.t("june"),
            7 => self.t("july"),
            8 => self.t("august"),
            9 => self.t("september"),
            10 => self.t("october"),
            11 => self.t("november"),
            _ => self.t("december"),
        }
    }

    /// `faltam 14 min`: how long a hold goes on, rounded down.
    pub(crate) fn time_left(self, secs: i64) -> String {
        let time = match (secs / 3600, secs / 60 % 60) {
            _ if secs <= 0 => return self.t("time-over").to_owned(),
            (0, 0) => return self.t("time-left-seconds").to_owned(),
            (0, minutes) => return self.n("minutes-left", minutes.unsigned_abs()),
            (hours, 0) => format!("{hours} h"),
            (hours, minutes) => format!("{hours} h {minutes:02} min"),
        };
        match secs {
            ..7200 => self.with("time-left-one", &[("time", &time)]),
            _ => self.with("time-left", &[("time", &time)]),
        }
    }
}

/// `06:05`, whatever spelling the record has.
pub(crate) fn time(time: TimeOfDay) -> String {
    format!("{:02}:{:02}", time.minute() / 60, time.minute() % 60)
}

/// The minutes between leaving and arriving; nothing when the record says that it arrives before
/// it leaves.
pub(crate) fn minutes(from: (Day, TimeOfDay), to: (Day, TimeOfDay)) -> Option<u32> {
    let minutes =
        |(day, time): (Day, TimeOfDay)| u32::from(day.number()) * 1440 + u32::from(time.minute());
    minutes(to).checked_sub(minutes(from))
}

/// `4 h 05 min`, the same in both languages.
pub(crate) fn duration(from: (Day, TimeOfDay), to: (Day, TimeOfDay)) -> Option<String> {
    let between = minutes(from, to)?;
    Some(match (between / 60, between % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes:02} min"),
    })
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
            assert_eq!(Lang::Portuguese.money(cents), expected);
        }
        assert_eq!(Lang::English.money(990_600), "R$\u{a0}9,906.00");
        assert_eq!(Lang::Portuguese.price(0), "Grátis");
        assert_eq!(Lang::English.price(0), "Free");
    }

    #[test]
    fn a_day_has_its_weekday() {
        let day = |iso, lang: Lang| lang.day(Day::from_iso(iso).unwrap());
        assert_eq!(day("2026-12-24", Lang::Portuguese), "qui, 24/12/2026");
        assert_eq!(day("2026-12-26", Lang::Portuguese), "sáb, 26/12/2026");
        assert_eq!(day("2026-12-24", Lang::English), "Thu, 24 Dec 2026");
        let day = Day::from_iso("2026-12-24").unwrap();
        assert_eq!(Lang::Portuguese.short_day(day), "qui, 24/12");
        assert_eq!(Lang::English.short_day(day), "Thu, 24\u{a0}Dec");
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
            assert_eq!(Lang::Portuguese.time_left(secs), expected);
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
