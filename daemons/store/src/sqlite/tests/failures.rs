//! A storage that fails while the ledger runs: the answer is "unknown", never "no".

use super::{new_place, opened, tampered};
use crate::StoreError;
use crate::battery::{adopt, ask, at, audit, bought, buy, end, purchase, row, trip, try_at};
use futures_lite::future::block_on;
use rusqlite::Connection;

/// After a failure: everyone hears "unknown", the thread ends with the error, nothing can be
/// queued, and the next start reads the truth.
#[test]
fn an_error_at_the_commit_is_unknown_and_ends_the_thread() {
    new_place(&|path| {
        let (ledger, thread) = opened(path, 1000);
        let locator = buy(&ledger, 0, &[1]);
        end(ledger, thread);

        let (ledger, thread) = tampered(path, |database| {
            let mut commits = 0;
            let refuses = move || {
                commits += 1;
                // The first is that of the inventory.
                commits > 1
            };
            database.connection.commit_hook(Some(refuses)).unwrap();
        });
        adopt(&ledger, Box::new(|_| Some(1000)));
        let queue = |number| ledger.step(trip(number), purchase(&[1], 1), at(0));
        let answers: Vec<_> = (1..600).map(queue).collect();
        let (mut unknown, mut closed) = (0, 0);
        for answer in answers {
            match block_on(answer) {
                // Submitted after the thread had ended.
                Err(StoreError::Closed) => closed += 1,
                Err(StoreError::Unknown) if closed == 0 => unknown += 1,
                other => panic!("{other:?}"),
            }
        }
        assert!(unknown > 0);
        assert_eq!(ledger.stats().sales, 0);
        let ended = thread.wait().unwrap_err();
        assert!(matches!(ended, StoreError::Storage { .. }), "{ended:?}");
        assert!(ended.to_string().contains(path.to_str().unwrap()));
        assert!(matches!(try_at(&ledger, 1, purchase(&[1], 1), 0), Err(StoreError::Closed)));
        assert!(matches!(block_on(ledger.live()), Err(StoreError::Closed)));

        let (ledger, thread) = opened(path, 1000);
        assert_eq!(bought(ask(&ledger, 0, purchase(&[1], 1))), (locator, true));
        assert_eq!(row(&ledger, 1), None);
        assert!(audit(&ledger).consistent);
        end(ledger, thread);
    });
}

#[test]
fn a_value_that_the_ledger_never_wrote_is_a_fault_and_no_panic() {
    for damage in ["update trip set row = '{}'", "update trip set row = 'no'"] {
        new_place(&|path| {
            let (ledger, thread) = opened(path, 9);
            buy(&ledger, 1, &[1]);
            end(ledger, thread);
            Connection::open(path).unwrap().execute_batch(damage).unwrap();
            let (ledger, thread) = super::open(path).unwrap();
            adopt(&ledger, Box::new(|_| Some(9)));
            assert!(matches!(block_on(ledger.audit()), Err(StoreError::Read { .. })));
            let answer = try_at(&ledger, 1, purchase(&[1], 1), 0);
            assert!(matches!(answer, Err(StoreError::Unknown)), "{answer:?}");
            assert!(matches!(thread.wait(), Err(StoreError::Storage { .. })));
        });
    }
}
