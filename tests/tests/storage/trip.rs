//! One trip's messages, step by step, in raw JSON.

use agencia_tests::trio::{offer_id, place};
use agencia_tests::{Client, Kind};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

/// A trip of one unit of the first offer of every kind.
#[derive(Debug, Clone)]
pub(crate) struct Trip {
    id: String,
    receipts: Value,
    /// The anchor's answer to `decidir`.
    decided: Value,
}

impl Trip {
    pub(crate) fn new() -> Self {
        Self { id: Uuid::now_v7().to_string(), receipts: json!({}), decided: Value::Null }
    }

    pub(crate) fn held(clients: &mut [Client; 3]) -> Self {
        let trip = Self::new();
        for kind in Kind::ALL {
            let reply = trip.hold(kind, &mut clients[place(kind)]);
            assert_eq!(reply["estado"], "segura", "{reply}");
        }
        trip
    }

    pub(crate) fn pinned(clients: &mut [Client; 3]) -> Self {
        let mut trip = Self::held(clients);
        for kind in [Kind::Stays, Kind::Tours] {
            trip.pin(kind, &mut clients[place(kind)]);
        }
        trip
    }

    pub(crate) fn decided(clients: &mut [Client; 3]) -> Self {
        let mut trip = Self::pinned(clients);
        trip.decide(&mut clients[0]);
        trip
    }

    pub(crate) fn hold_message(&self, kind: Kind) -> String {
        self.hold_message_for(kind, crate::TIMES.hold_secs)
    }

    fn hold_message_for(&self, kind: Kind, secs: u32) -> String {
        let message = json!({"action": "segurar", "viagem": self.id, "revisao": 1,
                             "itens": items(kind), "validade": secs});
        message.to_string()
    }

    /// Held in one daemon for so many seconds.
    pub(crate) fn held_for(kind: Kind, client: &mut Client, secs: u32) -> Self {
        let trip = Self::new();
        let reply = client.ask(trip.hold_message_for(kind, secs));
        assert_eq!(reply["estado"], "segura", "{reply}");
        trip
    }

    pub(crate) fn hold(&self, kind: Kind, client: &mut Client) -> Value {
        client.ask(self.hold_message(kind))
    }

    pub(crate) fn pin(&mut self, kind: Kind, client: &mut Client) {
        let message = json!({"action": "fixar", "viagem": self.id, "revisao": 1,
                             "ancora": Kind::Flights.name(), "partes": parts()});
        let reply = client.ask(message.to_string());
        assert_eq!(reply["estado"], "fixa", "{reply}");
        self.receipts[kind.name()] = reply["recibo"].clone();
    }

    pub(crate) fn decide_message(&self) -> String {
        let traveller = json!({"nome": "Ana", "sobrenome": "Souza"});
        let message = json!({"action": "decidir", "viagem": self.id, "partes": parts(),
                             "recibos": self.receipts, "viajantes": [traveller]});
        message.to_string()
    }

    /// Books it, or finds it booked.
    pub(crate) fn decide(&mut self, client: &mut Client) {
        let reply = client.ask(self.decide_message());
        assert_eq!(reply["estado"], "confirmada", "{reply}");
        self.decided = reply;
    }

    pub(crate) fn locator(&self) -> &str {
        self.decided["localizador"].as_str().expect("it is booked")
    }

    /// Cancels it, for whatever is given back.
    pub(crate) fn cancel(&mut self, clients: &mut [Client; 3]) {
        let [anchor, others @ ..] = clients;
        let ask = self.message("cotar_cancelamento");
        let share = |(kind, client): (Kind, &mut Client)| {
            (kind.name().to_owned(), client.ask(ask.to_string())["cotacao"].clone())
        };
        let shares = [Kind::Stays, Kind::Tours].into_iter().zip(others).map(share).collect();
        let mut whole = ask.clone();
        whole["cotacoes"] = Value::Object(shares);
        let quoted = anchor.ask(whole.to_string());
        let mut message = self.message("cancelar");
        message["cotacao"] = quoted["cotacao"].clone();
        let reply = anchor.ask(message.to_string());
        assert_eq!(reply["estado"], "cancelada", "{quoted}, {reply}");
        self.decided = reply;
    }

    /// Asks the anchor for the outcome as a daemon whose part has waited for long enough: it must
    /// decide against the trip.
    pub(crate) fn abort(&mut self, client: &mut Client) {
        let mut message = self.message("desfecho");
        message["espera"] = json!(Duration::from_secs_f64(crate::TIMES.decision_secs).as_secs());
        let reply = client.ask(message.to_string());
        assert_eq!(reply["desfecho"], "desfeita", "{reply}");
        self.decided = reply;
    }

    /// Lets the hold of one daemon go.
    pub(crate) fn let_go(&self, client: &mut Client) {
        let reply = client.ask(self.message("soltar").to_string());
        assert_eq!(reply["estado"], "solta", "{reply}");
    }

    fn message(&self, action: &str) -> Value {
        json!({"action": action, "viagem": self.id})
    }

    /// Tells a part that the trip is booked.
    pub(crate) fn apply(&self, kind: Kind, client: &mut Client) {
        self.apply_outcome("confirmada", "confirmada", kind, client);
    }

    /// Tells a part how the trip was decided, after which it must be in this state.
    pub(crate) fn apply_outcome(
        &self,
        outcome: &str,
        state: &str,
        kind: Kind,
        client: &mut Client,
    ) {
        let mut message = self.message("aplicar");
        message["desfecho"] = json!(outcome);
        message["prova"] = self.decided["prova"].clone();
        let reply = client.ask(message.to_string());
        assert_eq!(reply["estado"], state, "{}: {reply}", kind.name());
    }

    /// Its state in a daemon.
    pub(crate) fn state(&self, client: &mut Client) -> String {
        let reply = client.ask(self.message("consultar").to_string());
        reply["estado"].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned()
    }
}

fn items(kind: Kind) -> Value {
    json!([{"id": offer_id(kind, 0), "quantidade": 1}])
}

fn parts() -> Value {
    let parts = Kind::ALL.map(|kind| (kind.name().to_owned(), items(kind)));
    Value::Object(parts.into_iter().collect())
}

/// Checks that a daemon's counters agree with so many units held, pinned and booked.
pub(crate) fn check_audit(client: &mut Client, held: u64, pinned: u64, booked: u64) {
    let audit = client.ask(r#"{"action":"auditar"}"#);
    assert_eq!(audit["consistente"], true, "{audit}");
    let found = ["seguras", "fixas", "confirmadas"].map(|field| audit[field].as_u64());
    assert_eq!(found, [Some(held), Some(pinned), Some(booked)], "{audit}");
}
