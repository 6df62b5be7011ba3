//! Putting a new inventory in force: all its capacities, or none of them.

use super::{Database, Fault, from_column, to_column};
use crate::options::CapacityOf;
use crate::{Adopted, UnitChange};
use rusqlite::{Transaction, TransactionBehavior};

/// How an adoption ended, and the ledger after it.
pub(crate) struct Adoption {
    pub(crate) adopted: Adopted,
    /// Every offer of which something was ever taken.
    pub(crate) used: Vec<UnitChange>,
    /// Whether a capacity changed.
    pub(crate) wrote: bool,
}

impl Database {
    /// Checks an inventory against what is used and writes its capacities. A withdrawn offer keeps
    /// the one it had. On a refusal nothing changes. What a recovery found oversold is no reason
    /// to refuse an inventory that takes nothing away.
    pub(crate) fn adopt(&mut self, capacity_of: &CapacityOf) -> Result<Adoption, Fault> {
        let transaction =
            Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
        let mut all = Vec::new();
        let mut changed = Vec::new();
        let mut withdrawn = 0;
        {
            let mut statement = transaction
                .prepare_cached("select offer, capacity, used from unit order by offer")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let offer = from_column(row.get(0)?);
                let (old, used): (u32, u32) = (row.get(1)?, row.get(2)?);
                all.push(UnitChange { offer, used });
                match capacity_of(offer) {
                    None => withdrawn += u64::from(used > 0),
                    Some(capacity) if capacity < used && capacity < old => {
                        let adopted = Adopted::BelowSold { offer, capacity, used };
                        return Ok(Adoption { adopted, used: Vec::new(), wrote: false });
                    }
                    Some(capacity) if capacity != old => {
                        changed.push((offer, capacity, used.saturating_sub(capacity)));
                    }
                    Some(_) => {}
                }
            }
            let mut statement = transaction
                .prepare_cached("update unit set capacity = ?2, oversold = ?3 where offer = ?1")?;
            for (offer, capacity, oversold) in &changed {
                statement.execute((to_column(*offer), capacity, oversold))?;
            }
        }
        transaction.commit()?;
        let adopted = Adopted::Adopted { withdrawn };
        Ok(Adoption { adopted, used: all, wrote: !changed.is_empty() })
    }

    /// From now on this inventory tells what is on sale.
    pub(crate) fn put_in_force(&mut self, capacity_of: CapacityOf) {
        self.in_force = Some(capacity_of);
    }
}
