//! What pages say that does not stand in a template, in Brazilian Portuguese: names of fields,
//! of products and of daemons, and what is said of an error. The only file to translate beside
//! `templates/`.

use crate::daemons::Daemon;
use agencia_protocol::Code;
use agencia_protocol::trip::AbortReason;

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
        "viagem" | "anterior" | "revisao" => "Viagem",
        "valorIda" => "Preço do voo de ida",
        "valorVolta" => "Preço do voo de volta",
        "valorHospedagem" => "Preço da hospedagem",
        "valorPasseio" => "Preço do passeio",
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
pub(crate) const OLD_REVIEW: &str = "Volte à revisão do pacote e reserve de novo.";
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

/// What a refusal to hold means for the traveller.
pub(crate) fn refusal(code: Code) -> &'static str {
    match code {
        Code::SoldOut => "Esgotou: alguém levou o último antes da sua reserva.",
        Code::Closed => "Encerrado: já começou, ou não está mais à venda.",
        Code::PriceChanged => "O preço mudou desde que você viu.",
        Code::Expired => "O prazo da reserva deste item terminou.",
        Code::Aborted => "Este item foi solto e precisa ser reservado de novo.",
        Code::Stale => "A página ficou aberta tempo demais.",
        Code::Busy => {
            "Há reservas temporárias demais agora, talvez suas: conclua ou solte uma, ou tente de \
             novo daqui a pouco."
        }
        Code::Recovering => "O servidor está se recuperando. Tente de novo daqui a pouco.",
        _ => "O servidor recusou o pedido.",
    }
}

pub(crate) const HOLD_UNHEARD: &str = "O servidor não respondeu a tempo.";
pub(crate) const BECAUSE_OF_ANOTHER: &str =
    "Não foi reservado porque outro item do mesmo grupo não pôde ser.";
pub(crate) const NOT_HELD: &str = "Ainda não está reservado.";

/// Why a trip was decided against.
pub(crate) fn abort_reason(reason: Option<AbortReason>) -> &'static str {
    match reason {
        Some(AbortReason::Expired) => "O prazo da reserva terminou antes da confirmação.",
        Some(AbortReason::LetGo) => "A reserva foi solta antes da confirmação.",
        Some(AbortReason::Deadline) => "A confirmação não terminou a tempo.",
        Some(AbortReason::Unknown | AbortReason::Recovered) => "A reserva não existia mais.",
        None => "O prazo da reserva terminou, ou ela foi solta.",
    }
}

pub(crate) const NOT_A_NAME: &str =
    "Escreva um texto de até 100 letras; as com acento contam por duas.";
pub(crate) const NOT_A_CONTACT: &str =
    "Escreva um contato de até 200 letras; as com acento contam por duas.";
pub(crate) const NOT_A_LOCATOR: &str = "Um localizador tem seis letras e algarismos, como VA9AAC.";
pub(crate) const NO_SUCH_TRIP: &str = "Não há viagem com este localizador e este sobrenome.";
pub(crate) const TOO_MANY_GUESSES: &str =
    "Houve tentativas demais. Espere alguns minutos e tente de novo.";
pub(crate) const TRIP_CHANGED: &str =
    "A viagem mudou enquanto esta página estava aberta. Confira os itens e confirme de novo.";
pub(crate) const QUOTE_AGAIN: &str =
    "O valor mostrado antes não vale mais. Este é o de agora: confira e confirme.";
