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
    out.flush()
}

/// The id of an offer: sixteen digits, as those that the daemons make.
pub(crate) fn id(number: u64) -> String {
    // Scattered, as hashes are.
    format!("{:016x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// The first ones are those of the search; the others are put into places of ten offers on each of
/// 365 days.
fn record(out: &mut impl Write, kind: Kind, number: u64, units: u16) -> io::Result<()> {
    let (place, day) = match number.checked_sub(FOUND) {
        None => (None, RECORD_DAY.to_owned()),
        Some(number) => {
            let day = number / A_DAY % DAYS;
            (
                Some(number / A_DAY / DAYS),
                format!("{:02}/{:02}/2098", day % 28 + 1, day / 28 % 12 + 1),
            )
        }
    };
    let of_day = number % A_DAY;
    let price = format!("{},00R$", 100 + number % 900);
    let city = place.map_or_else(|| CITY.to_owned(), |place| format!("Cidade {place} (MG)"));
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
