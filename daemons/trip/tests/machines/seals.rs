//! Receipts, proofs and quotes: genuine for exactly what they say.

use crate::desk::{Office, early, trip_minted, whole};
use agencia_protocol::trip::{Incarnation, Outcome, Refund};
use agencia_trip::receipt::{
    Key, NO_PARTS, ProofClaim, Quoted, open_proof, open_quote, open_receipt,
};
use agencia_trip::{Command, Refusal, Reply};
use std::time::Duration;

#[test]
fn a_key_does_not_print_itself() {
    assert_eq!(format!("{:?}", Key::new([7; 32])), "Key(…)");
}

#[test]
fn a_receipt_is_for_one_trip_one_daemon_and_one_choice_of_parts() {
    let office = Office::of("voos");
    let receipt = office.receipt("hospedagens", 3);
    let (trip, other_trip) = (office.trip, trip_minted(early().after(Duration::from_secs(1))));
    let other_key = Key::new([8; 32]);
    let (daemon, other_daemon) = ("hospedagens".parse().unwrap(), "passeios".parse().unwrap());
    let (parts, other_parts) = (&office.parts, whole("hospedagens", &["voos", "hospedagens"]));
    let open =
        |key, trip, daemon, parts| open_receipt(key, trip, daemon, parts, &receipt).is_some();
    assert!(open(&office.key, trip, &daemon, parts.digest()));
    assert!(!open(&other_key, trip, &daemon, parts.digest()));
    assert!(!open(&office.key, other_trip, &daemon, parts.digest()));
    assert!(!open(&office.key, trip, &other_daemon, parts.digest()));
    assert!(!open(&office.key, trip, &daemon, other_parts.digest()));
}

/// Every single character of a seal changed to another: none is genuine any more.
#[test]
fn a_seal_with_one_character_changed_is_not_genuine() {
    let office = Office::of("voos");
    let daemon = "hospedagens".parse().unwrap();
    let changed = |text: &str| {
        let change = |at: usize| {
            let mut bytes = text.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'1' { b'2' } else { b'1' };
            String::from_utf8(bytes).unwrap()
        };
        (0..text.len()).map(change).collect::<Vec<_>>()
    };
    for text in changed(office.receipt("hospedagens", 3).as_str()) {
        let receipt = text.parse().unwrap();
        let opened =
            open_receipt(&office.key, office.trip, &daemon, office.parts.digest(), &receipt);
        assert_eq!(opened, None, "{text}");
    }
    let proof = office.proof("voos", Outcome::Committed, *office.parts.digest());
    for text in changed(proof.as_str()) {
        let proof = text.parse().unwrap();
        assert_eq!(open_proof(&office.key, office.trip, Outcome::Committed, &proof), None);
    }
    for text in changed(office.quote().as_str()) {
        let quote = text.parse().unwrap();
        let open = open_quote(&office.key, (office.trip, Quoted::Trip), &office.name, &quote);
        assert_eq!(open, None, "{text}");
    }
}

#[test]
fn a_proof_of_one_outcome_is_none_of_another() {
    let office = Office::of("voos");
    let proof = office.proof("voos", Outcome::Aborted, NO_PARTS);
    let open = |outcome| open_proof(&office.key, office.trip, outcome, &proof).is_some();
    assert!(open(Outcome::Aborted));
    assert!(!open(Outcome::Committed) && !open(Outcome::Cancelled));
}

#[test]
fn a_quote_of_another_anchor_does_not_count() {
    let office = Office::of("voos");
    let quote = office.quote_of(Quoted::Trip, "passeios", early());
    let open = |of| open_quote(&office.key, (office.trip, of), &office.name, &quote);
    assert_eq!(open(Quoted::Trip), None);
}

#[test]
fn a_quote_of_a_part_is_none_of_the_whole_trip() {
    let office = Office::of("voos");
    for (sealed, other) in [(Quoted::Trip, Quoted::Share), (Quoted::Share, Quoted::Trip)] {
        let quote = office.quote_of(sealed, "voos", early());
        let open = |of| open_quote(&office.key, (office.trip, of), &office.name, &quote);
        assert_eq!(open(sealed).map(|claim| claim.refund), Some(Refund(5)));
        assert_eq!(open(other), None);
    }
}

/// What was sealed before its daemon was restored no longer counts, here for receipts and proofs.
#[test]
fn a_fence_shuts_out_earlier_lives() {
    let mut office = Office::of("voos");
    office.fences.raise(&"hospedagens".parse().unwrap(), Incarnation(3));
    let held = office.after(&[office.hold(1, "x1")]);
    let decide = |life| {
        let command = office.decide(&[("hospedagens", office.receipt("hospedagens", life))]);
        office.desk().step(office.trip, &held, &command, early()).reply
    };
    assert_eq!(decide(2), Reply::Refused(Refusal::NotGenuine));
    assert!(matches!(decide(3), Reply::Decided { .. }));

    let mut office = Office::of("hospedagens");
    office.fences.raise(&"voos".parse().unwrap(), Incarnation(3));
    let pinned = office.after(&[office.hold(1, "x1"), office.pin()]);
    let apply = |life| {
        let (trip, outcome) = (office.trip, Outcome::Committed);
        let (anchor, parts) = ("voos".parse().unwrap(), *office.parts.digest());
        let incarnation = Incarnation(life);
        let proof = ProofClaim { trip, anchor, incarnation, outcome, parts }.seal(&office.key);
        let command = Command::Apply { outcome, proof, locator: None };
        office.desk().step(trip, &pinned, &command, early()).reply
    };
    assert_eq!(apply(2), Reply::Refused(Refusal::NotGenuine));
    assert!(matches!(apply(3), Reply::State(_)));
}
