//! Whoever leads trips in these tests: the production driver over real connections, step by step
//! where a test wants to stop in the middle.

use crate::scene::Scene;
use agencia_client::{ClientError, Peers, Pool, PoolOptions, Spawn};
use agencia_protocol::trip::{
    Apply, ByDaemon, Cancel, DaemonName, Outcome, Proof, Quote, QuoteCancellation, Revision,
    Timestamp, Traveller, TripItem, TripMessage,
};
use agencia_protocol::{Locator, TripId};
use agencia_trip::driver::{Answer, Driver, Ending, Goal, Plan, PlannedPart};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is sold in these tests, one offer each, with many units.
pub(crate) const OFFERS: [(&str, &str); 3] =
    [("voos", "ida"), ("hospedagens", "quarto"), ("passeios", "praca")];

/// Puts inventory with many units of each offer in the scene.
pub(crate) fn stock(scene: &Scene) {
    let day = "24/12/2099";
    let flight = format!(
        r#"[{{"horarioIda":"14:00h","chegadaIda":"15:00h","valor":"906,00R$","diaIda":"{day}","diaChegada":"{day}","deAeroporto":"Confins","paraAeroporto":"Bagé","id":"ida","lugares":5000}}]"#
    );
    let stay = format!(
        r#"[{{"diaEntrada":"{day}","numero":6,"qtdQuartos":1,"qtdCamas":2,"valor":"958,00R$","nome":"Hotel","endereco":"Rua 1","cidade":"Bagé (RS)","cafeDaManha":true,"id":"quarto","quartos":5000}}]"#
    );
    let tour = format!(
        r#"[{{"horario":"21:00h","valor":"0,00R$","dia":"{day}","local":"Praça","endereco":"Centro","cidade":"Bagé (RS)","id":"praca","vagas":5000}}]"#
    );
    scene.write("var/inventory/passagens.json", &flight);
    scene.write("var/inventory/hospedagens.json", &stay);
    scene.write("var/inventory/passeios.json", &tour);
}

pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_unix_millis(since.as_millis().try_into().unwrap())
}

pub(crate) fn traveller(name: &str, surname: &str) -> Traveller {
    Traveller { name: name.parse().unwrap(), surname: surname.parse().unwrap(), document: None }
}

pub(crate) struct Leader(BTreeMap<DaemonName, Pool>);

impl Leader {
    pub(crate) fn new(scene: &Scene) -> Self {
        let peers = Peers::load(scene.path("pares.toml")).unwrap();
        let spawn: Spawn = Arc::new(|driver| smol::spawn(driver).detach());
        let pool = |peer: &agencia_client::Peer| {
            let pool = Pool::new(peer.clone(), PoolOptions::default(), spawn.clone());
            (peer.name.parse().unwrap(), pool)
        };
        Self(peers.iter().map(pool).collect())
    }

    /// A trip of one unit in each of these daemons.
    pub(crate) fn plan(of: &[&str]) -> Plan {
        let part = |(daemon, id): &(&str, &str)| PlannedPart {
            daemon: daemon.parse().unwrap(),
            revision: Revision::default(),
            items: vec![TripItem {
                id: id.parse().unwrap(),
                units: Default::default(),
                nights: None,
                price: None,
            }],
        };
        let chosen = OFFERS.iter().filter(|(daemon, _)| of.contains(daemon));
        Plan { trip: agencia_store::mint(now()), parts: chosen.map(part).collect(), hold_secs: 600 }
    }

    pub(crate) fn ask(&self, daemon: &str, message: &TripMessage) -> Result<Value, ClientError> {
        let pool = &self.0[&daemon.parse::<DaemonName>().unwrap()];
        smol::block_on(pool.read(message)).map(|answer| answer.value)
    }

    /// Answers what the driver asks for now, once.
    pub(crate) fn stage(&self, driver: &mut Driver) {
        for (daemon, message) in driver.requests() {
            let answer = match self.ask(daemon.as_str(), &message) {
                Ok(value) => Answer::read(&message, value.to_string().as_bytes()).unwrap(),
                Err(ClientError::Refused(error)) => Answer::Error(error),
                Err(error) => panic!("{daemon}: {error}"),
            };
            driver.answered(&daemon, &answer);
        }
    }

    /// Books a trip for these travellers, and everyone is told: its voucher.
    pub(crate) fn book(&self, plan: &Plan, travellers: Vec<Traveller>) -> Locator {
        let contact = Some("+55 31 3899-0000".parse().unwrap());
        let mut driver = Driver::new(plan.clone(), Goal::Book { travellers, contact });
        loop {
            self.stage(&mut driver);
            match driver.ending() {
                None => {}
                Some(Ending::Booked { locator: Some(locator) }) => {
                    self.stage(&mut driver);
                    return locator;
                }
                Some(other) => panic!("{other:?}"),
            }
        }
    }

    /// Cancels a booked trip, and everyone is told.
    pub(crate) fn cancel(&self, plan: &Plan) {
        let [anchor, others @ ..] = plan.parts.as_slice() else { panic!("a trip has parts") };
        let ask = |daemon: &DaemonName, message| self.ask(daemon.as_str(), &message).unwrap();
        let quote = |daemon: &DaemonName, shares: ByDaemon<Quote>| -> Quote {
            let quoted = ask(daemon, QuoteCancellation::new(plan.trip, shares).into());
            quoted["cotacao"].as_str().unwrap().parse().unwrap()
        };
        let share =
            |part: &PlannedPart| (part.daemon.clone(), quote(&part.daemon, ByDaemon::new()));
        let quote = quote(&anchor.daemon, others.iter().map(share).collect());
        let cancelled = ask(&anchor.daemon, Cancel::new(plan.trip, quote).into());
        let proof: Proof = cancelled["prova"].as_str().unwrap().parse().unwrap();
        for part in others {
            let told = Apply::new(plan.trip, Outcome::Cancelled, proof.clone(), None);
            assert_eq!(ask(&part.daemon, told.into())["estado"], "solta");
        }
    }

    /// Holds all parts and pins all but the anchor's, and goes away.
    pub(crate) fn pin(&self, plan: &Plan) -> TripId {
        let goal = Goal::Book { travellers: vec![traveller("Ana", "Silva")], contact: None };
        let mut driver = Driver::new(plan.clone(), goal);
        self.stage(&mut driver);
        self.stage(&mut driver);
        plan.trip
    }
}
