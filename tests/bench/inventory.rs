//! Inventories of any size: ten offers that every search finds, whatever the size, among others of
//! other places and days. They are written record by record, because the largest do not fit twice
//! into memory.

use agencia_tests::Kind;
use agencia_tests::inventory::{AIRPORT, CITY, HOME, RECORD_DAY};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// How many offers a search finds.
pub(crate) const FOUND: u64 = 10;
/// Of one place on one day.
const A_DAY: u64 = 10;
/// Days of one place.
const DAYS: u64 = 365;
/// The first ones come once more at the end, as 28 days of each month are used; those that do not are
/// from this one on, and so many.
const ONCE_FROM: u64 = DAYS - 28 * 12;
const ONCE: u64 = DAYS - 2 * ONCE_FROM;

/// Writes so many offers of a kind, each with so many units.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn write(path: &Path, kind: Kind, count: u64, units: u16) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    out.write_all(b"[")?;
    for number in 0..count {
        out.write_all(if number == 0 { b"\n" } else { b",\n" })?;
        record(&mut out, kind, number, units)?;
    }
    out.write_all(b"\n]\n")?;
    out.flush()?;
    // The disk is done with it: who starts with it does not wait for that.
    out.get_ref().sync_all()
}

/// The id of an offer: sixteen digits, as those that the daemons make.
pub(crate) fn id(number: u64) -> String {
    // Scattered, as hashes are.
    format!("{:016x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// The day of the month and the month of the nth day of a place.
fn date(day: u64) -> (u64, u64) {
    (day % 28 + 1, day / 28 % 12 + 1)
}

fn city(place: u64) -> String {
    format!("Cidade {place} (MG)")
}

/// The city and the day of the nth of searches that each find other offers, where there are as many as
/// [`count_for`] says.
pub(crate) fn city_and_day(nth: u64) -> (String, String) {
    let (day, month) = date(ONCE_FROM + nth % ONCE);
    (city(nth / ONCE), format!("2098-{month:02}-{day:02}"))
}

/// How many offers there must be for so many searches.
pub(crate) fn count_for(searches: u64) -> u64 {
    FOUND + searches.div_ceil(ONCE) * A_DAY * DAYS
}

/// The first ones are those of the search; the others are put into places of ten offers on each of
/// 365 days.
fn record(out: &mut impl Write, kind: Kind, number: u64, units: u16) -> io::Result<()> {
    let (place, day) = match number.checked_sub(FOUND) {
        None => (None, RECORD_DAY.to_owned()),
        Some(number) => {
            let (day, month) = date(number / A_DAY % DAYS);
            (Some(number / A_DAY / DAYS), format!("{day:02}/{month:02}/2098"))
        }
    };
    let of_day = number % A_DAY;
    let price = format!("{},00R$", 100 + number % 900);
    let city = place.map_or_else(|| CITY.to_owned(), city);
    let field = kind.capacity_field();
    write!(out, r#"{{"id":"{}","{field}":{units},"#, id(number))?;
    match kind {
        Kind::Flights => {
            let to = place.map_or_else(|| AIRPORT.to_owned(), |p| format!("Aeroporto {p} (MG)"));
            write!(
                out,
                r#""horarioIda":"{:02}:{:02}h","chegadaIda":"23:59h","valor":"{price}","diaIda":"{day}","diaChegada":"{day}","deAeroporto":"{HOME}","paraAeroporto":"{to}"}}"#,
                8 + of_day,
                number / (A_DAY * DAYS) % 60,
            )
        }
        Kind::Stays => write!(
            out,
            r#""diaEntrada":"{day}","numero":{},"qtdQuartos":1,"qtdCamas":2,"valor":"{price}","nome":"Hotel {}","endereco":"Rua {}, 100 - Centro","cidade":"{city}","cafeDaManha":true}}"#,
            100 + of_day,
            place.unwrap_or(0),
            place.unwrap_or(0) % 1000,
        ),
        Kind::Tours => write!(
            out,
            r#""horario":"{:02}:00h","valor":"{price}","dia":"{day}","local":"Passeio {of_day} pelo centro","endereco":"Praça da Matriz, {of_day}","cidade":"{city}"}}"#,
            8 + of_day,
        ),
    }
}
