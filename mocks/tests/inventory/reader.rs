//! Reads inventory back as a daemon would: strict about fields and formats.

use std::sync::LazyLock;

use agencia_mocks::{Outputs, Plan, generate};
use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime};
use serde::Deserialize;
use serde::de::DeserializeOwned;

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Flight {
    pub(crate) horario_ida: String,
    pub(crate) chegada_ida: String,
    pub(crate) valor: String,
    pub(crate) dia_ida: String,
    pub(crate) dia_chegada: String,
    pub(crate) de_aeroporto: String,
    pub(crate) para_aeroporto: String,
    pub(crate) lugares: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Stay {
    pub(crate) dia_entrada: String,
    pub(crate) numero: u32,
    pub(crate) qtd_quartos: u32,
    pub(crate) qtd_camas: u32,
    pub(crate) valor: String,
    pub(crate) nome: String,
    pub(crate) endereco: String,
    pub(crate) cidade: String,
    pub(crate) cafe_da_manha: bool,
    pub(crate) quartos: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tour {
    pub(crate) horario: String,
    pub(crate) valor: String,
    pub(crate) dia: String,
    pub(crate) local: String,
    pub(crate) endereco: String,
    pub(crate) cidade: String,
    pub(crate) vagas: u32,
}

impl Flight {
    pub(crate) fn departure(&self) -> NaiveDateTime {
        date(&self.dia_ida).and_time(time(&self.horario_ida))
    }

    pub(crate) fn arrival(&self) -> NaiveDateTime {
        date(&self.dia_chegada).and_time(time(&self.chegada_ida))
    }
}

/// The room that a stay is in, as the daemons name it.
pub(crate) type RoomName<'a> = (&'a str, &'a str, u32);

impl Stay {
    pub(crate) fn room(&self) -> RoomName<'_> {
        (&self.nome, &self.endereco, self.numero)
    }
}

pub(crate) struct Inventory {
    pub(crate) flights: Vec<Flight>,
    pub(crate) stays: Vec<Stay>,
    pub(crate) tours: Vec<Tour>,
}

/// The real places from the first of December, over Christmas, January and carnival, to the
/// end of February: high season, low season and every weekday.
pub(crate) static SUMMER: LazyLock<Inventory> =
    LazyLock::new(|| read(&Plan { days: 90, ..Plan::starting(day("2026-12-01")) }));

pub(crate) fn read(plan: &Plan) -> Inventory {
    let bytes = bytes(plan);
    Inventory {
        flights: records(&bytes.flights),
        stays: records(&bytes.stays),
        tours: records(&bytes.tours),
    }
}

pub(crate) fn bytes(plan: &Plan) -> Outputs<Vec<u8>> {
    let mut bytes = Outputs::default();
    let Outputs { flights, stays, tours } = &mut bytes;
    generate(plan, Outputs { flights, stays, tours }, &mut |_| {}).unwrap();
    bytes
}

fn records<T: DeserializeOwned>(bytes: &[u8]) -> Vec<T> {
    serde_json::from_slice(bytes).unwrap()
}

/// A short plan that starts where tests that need no season start.
pub(crate) fn week() -> Plan {
    Plan { days: 7, ..Plan::starting(day("2026-12-01")) }
}

pub(crate) fn day(iso: &str) -> NaiveDate {
    iso.parse().unwrap()
}

pub(crate) fn days_of(plan: &Plan) -> impl Iterator<Item = NaiveDate> {
    let from = plan.from;
    (0..u64::from(plan.days)).map(move |days| from + Days::new(days))
}

/// Nothing but "04/11/2020".
pub(crate) fn date(text: &str) -> NaiveDate {
    let date = NaiveDate::parse_from_str(text, "%d/%m/%Y").unwrap();
    assert_eq!(date.format("%d/%m/%Y").to_string(), text);
    date
}

/// Nothing but "06:00h".
pub(crate) fn time(text: &str) -> NaiveTime {
    let time = NaiveTime::parse_from_str(text, "%H:%Mh").unwrap();
    assert_eq!(time.format("%H:%Mh").to_string(), text);
    time
}

/// The centavos of nothing but "9906,00R$".
pub(crate) fn centavos(text: &str) -> u64 {
    let (reais, cents) = text.strip_suffix("R$").unwrap().split_once(',').unwrap();
    let centavos = reais.parse::<u64>().unwrap() * 100 + cents.parse::<u64>().unwrap();
    assert_eq!(format!("{},{:02}R$", centavos / 100, centavos % 100), text);
    centavos
}

/// What the pages show as the city of an airport: the text after the last " - ".
pub(crate) fn city_of(airport: &str) -> &str {
    airport.rsplit_once(" - ").unwrap().1
}

pub(crate) fn average(values: impl Iterator<Item = u64>) -> u64 {
    let (sum, count) = values.fold((0, 0), |(sum, count), value| (sum + value, count + 1));
    assert!(count > 0, "nothing to take the average of");
    sum / count
}
