//! Adding the books up again, from the parts.

use super::reading::Reader;
use super::rows::{BOOKING, read};
use super::{Fault, from_column};
use crate::Audit;
use agencia_protocol::OfferKey;
use agencia_protocol::trip::PartState;
use std::collections::HashMap;

impl Reader {
    /// Compares every counter with the parts behind it, as of one moment.
    pub(crate) fn audit(&self) -> Result<Audit, Fault> {
        let transaction = self.connection.unchecked_transaction()?;
        let mut audit = Audit::default();
        let mut of_parts: HashMap<OfferKey, u64> = HashMap::new();
        let mut statement =
            transaction.prepare_cached("select row from trip where kind is null or kind = ?1")?;
        let mut rows = statement.query([BOOKING])?;
        while let Some(row) = rows.next()? {
            let row = read(row.get_ref(0)?.as_bytes()?)?;
            let Some(part) = row.part.as_ref().filter(|part| part.state.has_units()) else {
                continue;
            };
            let sum = match part.state.name() {
                PartState::Held => &mut audit.held,
                PartState::Pinned => &mut audit.pinned,
                _ => &mut audit.confirmed,
            };
            for sold in part.items.iter() {
                let count = u64::from(sold.item.units.count());
                for offer in &sold.offers {
                    *sum += count;
                    *of_parts.entry(*offer).or_default() += count;
                }
            }
        }
        drop(rows);
        drop(statement);
        let mut statement = transaction.prepare_cached("select offer, capacity, used from unit")?;
        let mut rows = statement.query([])?;
        let mut agrees = true;
        while let Some(row) = rows.next()? {
            let offer = from_column(row.get(0)?);
            let (capacity, used): (u64, u64) = (row.get(1)?, row.get(2)?);
            audit.capacity += capacity;
            audit.free += capacity.saturating_sub(used);
            audit.oversold += used.saturating_sub(capacity);
            agrees &= of_parts.remove(&offer).unwrap_or(0) == used;
        }
        // Parts whose offers have no counter are left over.
        audit.consistent = agrees && of_parts.is_empty() && audit.oversold == 0;
        Ok(audit)
    }
}
