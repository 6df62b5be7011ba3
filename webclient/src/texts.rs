//! What pages say that does not stand in a template, in Brazilian Portuguese: names of fields,
//! of products and of daemons, and what is said of an error. The only file to translate beside
//! `templates/`.

use crate::daemons::Daemon;
use agencia_protocol::Code;

/// What a form calls a field, by its wire name.
pub(crate) fn label(field: &str) -> &'static str {
    match field {
        "paraAeroporto" => "Aeroporto de destino",
        "cidade" => "Cidade",
        "dataIda" => "Dia da ida",
        "dataVolta" => "Dia da volta",
        "numeroPassagens" => "Número de passagens",
        "numeroDePessoas" => "Número de pessoas",
        "ordem" => "Ordem",
        "apos" | "aposIda" | "aposVolta" => "Continuação da lista",
        "ida" => "Voo de ida escolhido",
        "volta" => "Voo de volta escolhido",
        "pessoas" => "Pessoas na viagem",
        "hospedagem" => "Hospedagem escolhida",
        "noites" => "Noites da hospedagem",
        "passeio" => "Passeio escolhido",
        "viagemIda" | "viagemVolta" | "viagemHospedagem" | "viagemPasseio" => "Chave da compra",
        _ => "Campo",
    }
}

pub(crate) const MISSING: &str = "Preencha este campo.";
pub(crate) const NOT_A_PLACE: &str = "O nome de um lugar tem de 1 a 200 letras.";
pub(crate) const NOT_A_DAY: &str = "Esta data não existe. Escreva uma data como 24/12/2026.";
pub(crate) const NOT_PEOPLE: &str = "Escreva um número de 1 a 999.";
pub(crate) const RETURN_TOO_EARLY: &str = "A volta não pode ser antes da ida.";
pub(crate) const NO_NIGHT: &str = "A saída deve ser depois da chegada: pelo menos uma noite.";
pub(crate) const NOT_NIGHTS: &str = "Escreva um número de noites de 1 a 365.";
pub(crate) const NOT_AN_ORDER: &str = "A ordem é horario ou preco.";
pub(crate) const NOT_AN_OFFER: &str = "Isto não é o código de uma oferta.";
pub(crate) const NOT_A_KEY: &str = "Volte à revisão do pacote e confirme de novo.";
pub(crate) const NOTHING_CHOSEN: &str = "O pacote está vazio: escolha pelo menos um item.";

/// That more tours are chosen than a trip may have.
pub(crate) fn too_many_tours(max: usize) -> String {
    format!("Uma viagem pode ter até {max} passeios.")
}

/// What a daemon sells, as the subject of a sentence.
pub(crate) fn product(daemon: Daemon) -> &'static str {
    match daemon {
        Daemon::Flights => "voos",
        Daemon::Stays => "hospedagens",
        Daemon::Tours => "passeios",
    }
}

/// What a refusal of a purchase means for the traveller.
pub(crate) fn refusal(code: Code) -> &'static str {
    match code {
        Code::SoldOut => "Esgotou: alguém levou o último lugar antes da sua confirmação.",
        Code::Closed => "Encerrado: já começou, ou não está mais à venda.",
        Code::PriceChanged => "O preço mudou desde que você viu.",
        Code::Conflict => {
            "Esta confirmação já foi usada para outra escolha. Revise o pacote de novo."
        }
        Code::Stale => "Esta página ficou aberta tempo demais. Revise o pacote de novo.",
        Code::Busy | Code::Recovering => "O servidor está ocupado. Tente de novo em instantes.",
        _ => "O servidor recusou o pedido.",
    }
}

pub(crate) const OUTCOME_UNKNOWN: &str =
    "O servidor não confirmou a tempo: esta parte pode ter sido comprada ou não.";
pub(crate) const NOT_TRIED: &str = "Não foi comprada, porque uma parte antes dela não foi.";
