//! A log that cannot be copied into the database, because the disk does not take it: nothing more is
//! sold, and all that was is in the log still.

use agencia_tests::faults::command::need_root;
use agencia_tests::faults::strace::{self, Strace};
use agencia_tests::trio::{Trio, offer_id};
use agencia_tests::wire::{code, frame, parse};
use agencia_tests::{Client, Kind};
use serde_json::json;

const KIND: Kind = Kind::Tours;
/// More units than are sold until the log is long enough to be copied.
const UNITS: u32 = 60_000;
/// Purchases that may share a commit; few, so that the log grows.
const TOGETHER: usize = 10;

/// Buys until the daemon ends: how many purchases it has confirmed.
fn buy_until_it_ends(client: &mut Client) -> u64 {
    let buy = json!({"action": "reservar", "id": offer_id(KIND, 0)}).to_string();
    let mut sold = 0;
    while sold < UNITS.into() {
        client.send_raw(frame(&buy).repeat(TOGETHER));
        for _ in 0..TOGETHER {
            let Ok(reply) = client.try_read_frame() else { return sold };
            match code(&parse(&reply)) {
                None => sold += 1,
                Some("desconhecido") => return sold,
                Some(_) => panic!("{reply}"),
            }
        }
    }
    panic!("all is sold, and the log was never copied");
}

#[test]
fn a_log_that_cannot_be_copied_ends_the_daemon_and_loses_no_purchase() {
    need_root(&[strace::NEEDS]);
    let trio = Trio::new(&[UNITS], crate::TIMES);
    let [_flights, _stays, mut tours] = trio.start();
    // The log is another file.
    let fails = "pwrite64:error=EIO";
    let strace = Strace::attach_to_file(tours.process_id(), fails, &trio.ledger(KIND));
    let sold = buy_until_it_ends(&mut Client::connect(trio.address(KIND)));
    assert_eq!(tours.wait().code(), Some(1));
    drop(strace);
    let said = tours.lines().text();
    assert!(said.contains("livro.sqlite failed: check the disk"), "{said}");
    let _again = trio.setup(KIND).start();
    let audit = Client::connect(trio.address(KIND)).ask(r#"{"action":"auditar"}"#);
    assert_eq!(audit["consistente"], true, "{audit}");
    // Of the last ones nobody was told what came of them.
    let kept = audit["confirmadas"].as_u64().expect("a number");
    assert!((sold..=sold + TOGETHER as u64).contains(&kept), "{sold} were told: {audit}");
}
