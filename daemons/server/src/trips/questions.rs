//! What is asked about trips and changes none: each answer is begun when everything before it is
//! done.

use super::dispatch::Trips;
use super::orders::{self, refused};
use super::{consult, refunds};
use crate::clock::Now;
use crate::connection::Later;
use crate::daemon::internal;
use agencia_catalog::Product;
use agencia_protocol::WireError;
use agencia_protocol::trip::{
    AuditReply, Consult, ConsultBy, List, ListFilter, ListReply, QuoteCancellation, Recover,
};
use agencia_store::{Filter, Order};
use serde::Serialize;
use std::time::Instant;

impl Trips {
    /// `cotar_cancelamento`.
    pub(super) fn quote<P: Product>(&self, ask: &QuoteCancellation, now: Now) -> Later {
        let (trip, shares) = (ask.trip, ask.quotes.clone());
        let (row, ledger) = (self.ledger.row(trip), self.ledger.clone());
        let rules = self.policy.clone();
        Box::pin(async move {
            let row = row.await.map_err(refused)?.unwrap_or_default();
            let own = refunds::share::<P>(&rules, &row, now.moment.day);
            orders::queue(&ledger, trip, Order::Quote { own, shares }, now.timestamp()).await
        })
    }

    /// `consultar`. Whoever may ask may know who travels; by the voucher only with the surname.
    ///
    /// # Errors
    /// The field that is wrong, and `ocupado` after too many wrong guesses.
    pub(super) fn consult(&self, consult: &Consult) -> Result<Later, WireError> {
        match consult.by()? {
            ConsultBy::Trip(trip) => {
                let row = self.ledger.row(trip);
                Ok(Box::pin(async move {
                    let row = row.await.map_err(refused)?.unwrap_or_default();
                    written(&consult::view(trip, &row))
                }))
            }
            ConsultBy::Voucher(locator, surname) => {
                let (address, guesses) = (consult.address, self.guesses.clone());
                // Counted before it is known to be wrong: nobody guesses faster than is counted.
                guesses.guess(locator, address, Instant::now())?;
                let found = self.ledger.find(locator);
                Ok(Box::pin(async move {
                    let found = found.await.map_err(refused)?;
                    let right = found.filter(|(_, row)| consult::is_of(row, &surname));
                    let (trip, row) = right.ok_or_else(consult::no_such_voucher)?;
                    guesses.was_right(locator, address);
                    written(&consult::view(trip, &row))
                }))
            }
        }
    }

    /// `recuperar`, for daemons of this agency only.
    ///
    /// # Errors
    /// `nao_autorizado` for any other name.
    pub(super) fn recover(&self, recover: &Recover) -> Result<Later, WireError> {
        if !self.peers.contains(&recover.daemon) {
            let message = "este servidor não conhece quem pergunta; veja o arquivo de pares";
            return Err(WireError::new(agencia_protocol::Code::Unauthorised, message));
        }
        let (ledger, gate) = (self.ledger.clone(), self.recovery.clone());
        let recover = recover.clone();
        Ok(Box::pin(async move { written(&gate.answer(&ledger, recover).await.map_err(refused)?) }))
    }

    /// `auditar`.
    pub(super) fn audit(&self) -> Later {
        let ledger = self.ledger.clone();
        Box::pin(async move {
            let audit = ledger.audit().await.map_err(refused)?;
            written(&AuditReply {
                capacity: audit.capacity,
                free: audit.free,
                held: audit.held,
                pinned: audit.pinned,
                confirmed: audit.confirmed,
                consistent: audit.consistent,
            })
        })
    }

    /// `listar`.
    pub(super) fn list(&self, list: &List) -> Later {
        let filter = match list.filter {
            ListFilter::All => Filter::All,
            ListFilter::Bookings => Filter::Bookings { day: list.day },
            ListFilter::InDoubt => Filter::InDoubt,
            ListFilter::Forced => Filter::Forced,
        };
        let (ledger, list, limit) = (self.ledger.clone(), list.clone(), list.page_max());
        if let Some(locator) = list.locator {
            // A voucher names one trip, whatever else is asked.
            let found = ledger.find(locator);
            return Box::pin(async move {
                let row = found.await.map_err(refused)?;
                let trips = row.iter().map(|(trip, row)| consult::listed(*trip, row)).collect();
                written(&ListReply { trips, more: false })
            });
        }
        Box::pin(async move {
            // One more than is shown tells whether there are more.
            let page = ledger.page(filter, list.after, limit + 1);
            let mut rows = page.await.map_err(refused)?;
            let more = rows.len() > limit;
            rows.truncate(limit);
            let trips = rows.iter().map(|(trip, row)| consult::listed(*trip, row)).collect();
            written(&ListReply { trips, more })
        })
    }
}

fn written(reply: &impl Serialize) -> Result<Vec<u8>, WireError> {
    serde_json::to_vec(reply).map_err(internal)
}
