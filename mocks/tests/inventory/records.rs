//! Every record is in the report's format, to the letter.

use crate::reader::{SUMMER, bytes, centavos, date, time, week};

#[test]
fn every_flight_is_in_the_reports_format() {
    for flight in &SUMMER.flights {
        time(&flight.horario_ida);
        time(&flight.chegada_ida);
        date(&flight.dia_ida);
        date(&flight.dia_chegada);
        assert!(centavos(&flight.valor) > 0, "{flight:?}");
        assert!(flight.lugares > 0, "{flight:?}");
    }
}

#[test]
fn every_stay_is_in_the_reports_format() {
    for stay in &SUMMER.stays {
        date(&stay.dia_entrada);
        assert!(centavos(&stay.valor) > 0, "{stay:?}");
        assert!(
            stay.qtd_camas >= stay.qtd_quartos && stay.qtd_quartos > 0 && stay.numero > 0,
            "{stay:?}"
        );
        assert_eq!(stay.quartos, 1, "{stay:?}");
    }
    assert!(
        SUMMER.stays.iter().any(|stay| stay.cafe_da_manha)
            && SUMMER.stays.iter().any(|stay| !stay.cafe_da_manha)
    );
}

#[test]
fn every_tour_is_in_the_reports_format() {
    for tour in &SUMMER.tours {
        time(&tour.horario);
        date(&tour.dia);
        centavos(&tour.valor);
        assert!(tour.vagas > 0 && !tour.local.is_empty() && !tour.endereco.is_empty(), "{tour:?}");
    }
}

#[test]
fn each_record_has_a_line_and_the_fields_are_in_the_reports_order() {
    let bytes = bytes(&week());
    for (bytes, fields) in [
        (
            bytes.flights,
            "horarioIda chegadaIda valor diaIda diaChegada deAeroporto paraAeroporto lugares",
        ),
        (
            bytes.stays,
            "diaEntrada numero qtdQuartos qtdCamas valor nome endereco cidade cafeDaManha quartos",
        ),
        (bytes.tours, "horario valor dia local endereco cidade vagas"),
    ] {
        let text = String::from_utf8(bytes).unwrap();
        let lines: Vec<_> =
            text.strip_prefix("[\n").unwrap().strip_suffix("\n]\n").unwrap().split(",\n").collect();
        assert!(lines.len() > 1_000);
        for line in lines {
            let record: serde_json::Map<_, _> = serde_json::from_str(line).unwrap();
            let places: Vec<_> = fields
                .split(' ')
                .map(|field| line.find(&format!("\"{field}\":")).unwrap())
                .collect();
            assert!(record.len() == places.len() && places.is_sorted(), "{line}");
        }
    }
}

#[test]
fn no_two_offers_of_a_file_are_the_same() {
    let bytes = bytes(&week());
    for bytes in [bytes.flights, bytes.stays] {
        let text = String::from_utf8(bytes).unwrap();
        let mut lines: Vec<_> = text.lines().map(|line| line.trim_end_matches(',')).collect();
        let all = lines.len();
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(lines.len(), all);
    }
}
