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
fn a_row_that_the_ledger_never_wrote_concerns_its_trip_alone() {
    for damage in
        ["update trip set row = '{}' where id = 1", "update trip set row = 'no' where id = 1"]
    {
        new_place(&|path| {
            let (ledger, thread) = opened(path, 9);
            let voucher = buy(&ledger, 1, &[1]);
            buy(&ledger, 2, &[1]);
            end(ledger, thread);
            Connection::open(path).unwrap().execute_batch(damage).unwrap();
            let (ledger, thread) = super::open(path).unwrap();
            adopt(&ledger, Box::new(|_| Some(9)));
            // Lists and sums need every row, and say what to restore.
            let refused = block_on(ledger.audit()).unwrap_err();
            assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused:?}");
            // These share their batch.
            let queue = |number| ledger.step(trip(number), purchase(&[1], 1), at(0));
            let (own, other, new) = (queue(1), queue(2), queue(3));
            let answer = block_on(own);
            assert!(matches!(answer, Err(StoreError::Illegible { .. })), "{answer:?}");
            assert!(bought(block_on(other).unwrap()).1 && !bought(block_on(new).unwrap()).1);
            let found = [block_on(ledger.row(trip(1))).err(), block_on(ledger.find(voucher)).err()];
            assert!(
                matches!(
                    &found[..],
                    [Some(StoreError::Illegible { .. }), Some(StoreError::Illegible { .. })]
                ),
                "{found:?}"
            );
            end(ledger, thread);
        });
    }
}
