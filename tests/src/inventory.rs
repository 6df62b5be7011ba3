//! Inventories written by hand in the report's format, and what each kind of product calls things.

use serde_json::{Map, Value, json};
use std::fmt::Write;

/// The home airport, where all flights begin.
pub const HOME: &str = "Aeroporto Internacional de Confins - Tancredo Neves";
/// The airport that flights of these inventories go to.
pub const AIRPORT: &str = "Aeroporto de Altamira (PA)";
/// The city of the rooms and tours.
pub const CITY: &str = "Altamira (PA)";
/// A day that is on sale for as long as anybody runs these tests, as records write it.
pub const RECORD_DAY: &str = "24/12/2099";
/// The same day, as requests write it.
pub const DAY: &str = "2099-12-24";
/// A day that is over, as records write it: the report's own.
pub const RECORD_PAST: &str = "04/11/2020";
/// The same day, as requests write it.
pub const PAST: &str = "2020-11-04";

/// A kind of product and the daemon that sells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `voos`
    Flights,
    /// `hospedagens`
    Stays,
    /// `passeios`
    Tours,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 3] = [Kind::Flights, Kind::Stays, Kind::Tours];

    /// The daemon's name.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Flights => "voos",
            Kind::Stays => "hospedagens",
            Kind::Tours => "passeios",
        }
    }

    /// Its inventory file, as `agencia-mocks` calls it.
    pub fn file(self) -> &'static str {
        match self {
            Kind::Flights => "passagens.json",
            Kind::Stays => "hospedagens.json",
            Kind::Tours => "passeios.json",
        }
    }

    /// The action of its search.
    pub fn action(self) -> &'static str {
        match self {
            Kind::Flights => "passagem",
            Kind::Stays => "hospedar",
            Kind::Tours => "passeio",
        }
    }

    /// The list in the reply to its search.
    pub fn list(self) -> &'static str {
        match self {
            Kind::Flights => "ida",
            Kind::Stays => "hospedagens",
            Kind::Tours => "passeio",
        }
    }

    /// The field that says where, with the place of these inventories.
    pub fn place(self) -> (&'static str, &'static str) {
        match self {
            Kind::Flights => ("paraAeroporto", AIRPORT),
            Kind::Stays | Kind::Tours => ("cidade", CITY),
        }
    }

    /// The field of a record that says how many units there are.
    pub fn capacity_field(self) -> &'static str {
        match self {
            Kind::Flights => "lugares",
            Kind::Stays => "quartos",
            Kind::Tours => "vagas",
        }
    }

    /// The field of a search that says for how many.
    pub fn people_field(self) -> &'static str {
        match self {
            Kind::Flights => "numeroPassagens",
            Kind::Stays | Kind::Tours => "numeroDePessoas",
        }
    }

    /// The field of a record that says the day.
    pub fn day_field(self) -> &'static str {
        match self {
            Kind::Flights => "diaIda",
            Kind::Stays => "diaEntrada",
            Kind::Tours => "dia",
        }
    }

    /// The `number`-th offer of [`RECORD_DAY`], exactly as the report's inventory writes one: no
    /// id, no capacity. The price rises with the number.
    pub fn offer(self, number: u16) -> Value {
        let hour = format!("{:02}:{:02}h", number / 60 % 24, number % 60);
        let price = format!("{},00R$", 100 + number);
        match self {
            Kind::Flights => json!({
                "horarioIda": hour, "chegadaIda": "23:59h", "valor": price, "diaIda": RECORD_DAY,
                "diaChegada": RECORD_DAY, "deAeroporto": HOME, "paraAeroporto": AIRPORT,
            }),
            Kind::Stays => json!({
                "diaEntrada": RECORD_DAY, "numero": number, "qtdQuartos": 1, "qtdCamas": 4,
                "valor": price, "nome": "Hotel Xingu", "endereco": "Rua Um, 1", "cidade": CITY,
                "cafeDaManha": true,
            }),
            Kind::Tours => json!({
                "horario": hour, "valor": price, "dia": RECORD_DAY, "local": "Orla do Cais",
                "endereco": "Rua Dois, 2", "cidade": CITY,
            }),
        }
    }

    /// That offer with so many units.
    pub fn offer_of(self, number: u16, capacity: u32) -> Value {
        with(self.offer(number), [(self.capacity_field(), json!(capacity))])
    }

    /// The search that finds the offers of [`RECORD_DAY`], with more fields.
    pub fn search(self, more: &str) -> String {
        let (field, place) = self.place();
        format!(r#"{{"action":"{}","{field}":"{place}","dataIda":"{DAY}"{more}}}"#, self.action())
    }
}

/// A record with some fields set.
pub fn with<const N: usize>(record: Value, fields: [(&str, Value); N]) -> Value {
    let mut record = into_object(record);
    record.extend(fields.map(|(name, value)| (name.to_owned(), value)));
    Value::Object(record)
}

/// A record without some fields.
pub fn without(record: Value, fields: &[&str]) -> Value {
    let mut record = into_object(record);
    record.retain(|name, _| !fields.contains(&name.as_str()));
    Value::Object(record)
}

fn into_object(record: Value) -> Map<String, Value> {
    match record {
        Value::Object(record) => record,
        other => panic!("a record is an object: {other}"),
    }
}

/// The text of an inventory file: one record a line.
pub fn file_of(records: &[Value]) -> String {
    let mut text = String::from("[");
    for (number, record) in records.iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        write!(text, "{comma}\n{record}").expect("a string takes every text");
    }
    text.push_str("\n]\n");
    text
}
