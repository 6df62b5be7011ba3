//! Adding the books up again, from the sales.

use super::{Database, Fault};
use crate::Audit;

impl Database {
    /// Compares every counter with the sales behind it, as of one moment.
    pub(crate) fn audit(&mut self) -> Result<Audit, Fault> {
        let transaction = self.connection.transaction()?;
        let (capacity, used): (u64, u64) = transaction.query_row(
            "select coalesce(sum(capacity), 0), coalesce(sum(used), 0) from unit",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let recomputed: u64 =
            transaction
                .query_row("select coalesce(sum(count), 0) from sale_unit", [], |row| row.get(0))?;
        let wrong: u64 = transaction.query_row(
            "select count(*) from unit \
             left join (select offer, sum(count) as sold from sale_unit group by offer) \
                 using (offer) \
             where used <> coalesce(sold, 0) or used > capacity",
            [],
            |row| row.get(0),
        )?;
        transaction.commit()?;
        // The sums are compared too: sold units of an offer without a counter are in no row above.
        Ok(Audit { capacity, used, recomputed, consistent: wrong == 0 && used == recomputed })
    }
}
