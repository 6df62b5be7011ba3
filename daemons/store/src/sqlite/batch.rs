//! A batch of orders in one transaction. Each order is computed against the row as the batch has
//! changed it so far, and everything is checked before anything is written, so that a refusal
//! leaves nothing of itself and needs no savepoint.

use super::checkpoint::Checkpointer;
use super::recent::Working;
use super::rows::Rows;
use super::units::UnitsInForce;
use super::{
    Applied, Database, Done, Draw, Fault, Lookup, OwnDesk, Task, is_illegible, is_no_space,
};
use crate::options::ServiceDays;
use crate::{Order, Outcome, Stepped, StoreError};
use agencia_protocol::trip::Timestamp;
use agencia_protocol::{Locator, TripId};
use agencia_trip::row::SoldItem;
use agencia_trip::{Refusal, Row, Step, recovery};
use rusqlite::{Transaction, TransactionBehavior};
use std::sync::Arc;

/// How many locators are drawn for one trip before it is given up. With half of the ten million
/// taken, this many draws fail once in 2^64 trips.
const DRAWS_MAX: u32 = 64;

impl Database {
    /// Applies a batch in one transaction and commits it. Where there is no room for it, room is
    /// made; where that is not enough, nothing is done.
    pub(crate) fn apply(&mut self, batch: &[Task]) -> Result<Applied, Fault> {
        let now = batch.iter().find_map(|task| match task {
            Task::Step { at, .. } => Some(*at),
            Task::Read(_) => None,
        });
        if let Some(now) = now {
            self.ballast.restore(now);
        }
        let refused = |_: &Task| Done::Stepped(Err(StoreError::NoSpace));
        let done = self.with_room(now, |database| database.transact(batch))?;
        Ok(done.unwrap_or_else(|_| Applied {
            done: batch.iter().map(refused).collect(),
            ..Applied::default()
        }))
    }

    /// Does something that writes. Where there is no room, first the log is emptied and then the
    /// ballast is let go; from then on steps that take units are refused. The inner error is
    /// [`StoreError::NoSpace`] or, of a row that cannot be read,
    /// [`Illegible`](StoreError::Illegible): nothing was done.
    pub(crate) fn with_room<T>(
        &mut self,
        now: Option<Timestamp>,
        write: impl Fn(&mut Self) -> Result<T, Fault>,
    ) -> Result<Result<T, StoreError>, Fault> {
        for make_room in [Self::empty_log, Self::let_ballast_go] {
            match write(self) {
                Err(fault) if is_no_space(&fault) => make_room(self, now),
                done => return legible(done),
            }
        }
        match write(self) {
            Err(fault) if is_no_space(&fault) => Ok(Err(StoreError::NoSpace)),
            done => done.map(Ok),
        }
    }

    /// Copies the log into the database and gives its room back. The database may have to grow for
    /// that, which the ballast makes possible; it is made again at once, if there is room then.
    fn empty_log(&mut self, now: Option<Timestamp>) {
        self.let_ballast_go(now);
        let _paused = self.checkpointer.as_ref().map(Checkpointer::pause);
        let truncated =
            self.connection.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()));
        // Where it could not, or a reader was in the way, the log is longer than it might be.
        if truncated.is_ok() {
            self.ballast.restore_now();
        }
    }

    fn let_ballast_go(&mut self, now: Option<Timestamp>) {
        self.ballast.let_go(now, &self.connection);
    }

    fn transact(&mut self, batch: &[Task]) -> Result<Applied, Fault> {
        let transaction =
            Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
        let mut steps = Steps {
            rows: Working::new(Rows::new(&transaction), &mut self.recent),
            units: UnitsInForce::new(&transaction, self.in_force.as_ref(), self.guard),
            own: &self.desk,
            service_days: &self.service_days,
            letter: self.letter,
            draw: &mut self.draw,
            full: self.ballast.is_spent(),
            written: Vec::new(),
        };
        let done = batch.iter().map(|task| steps.run(task)).collect::<Result<_, _>>();
        let Steps { rows, units, written, .. } = steps;
        let applied = Applied { done: done?, changes: units.changes(), rows: written };
        let used = rows.used();
        transaction.commit()?;
        self.recent.keep(used);
        Ok(applied)
    }

    /// Ends the recovery: holds of before the restore are over, and the mark is removed.
    pub(crate) fn finish_recovery(&mut self, now: Timestamp) -> Result<Applied, Fault> {
        let transaction =
            Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
        let rows = Rows::new(&transaction);
        let mut units = UnitsInForce::new(&transaction, self.in_force.as_ref(), self.guard);
        let mut written = Vec::new();
        for (trip, row) in rows.held()? {
            let step = recovery::finish(&row, now);
            let Some(next) = step.row else { continue };
            if let Ok(moves) = units.plan(&step.units)? {
                units.write(moves)?;
            }
            rows.update(trip, &next, &self.service_days, now)?;
            written.push((trip, Arc::new(next)));
        }
        super::life::end_recovery(&transaction)?;
        let applied = Applied { done: Vec::new(), changes: units.changes(), rows: written };
        transaction.commit()?;
        self.recent.clear();
        self.desk.life.recovering = false;
        Ok(applied)
    }
}

/// The steps of one transaction.
struct Steps<'a> {
    rows: Working<'a>,
    units: UnitsInForce<'a>,
    own: &'a OwnDesk,
    service_days: &'a ServiceDays,
    letter: char,
    draw: &'a mut Draw,
    full: bool,
    written: Vec<(TripId, Arc<Row>)>,
}

impl Steps<'_> {
    fn run(&mut self, task: &Task) -> Result<Done, Fault> {
        Ok(match task {
            Task::Step { trip, order, at } => Done::Stepped(self.step(*trip, order, *at)?),
            Task::Read(lookup) => {
                let shared = |(trip, row)| (trip, Arc::new(row));
                let found = match lookup {
                    Lookup::Trip(trip) => {
                        self.rows.find(*trip).map(|row| row.map(|row| (*trip, row)))
                    }
                    Lookup::Locator(locator) => {
                        let found = self.rows.on_disk().find_locator(*locator);
                        found.map(|found| found.map(shared))
                    }
                };
                Done::Read(legible(found)?)
            }
        })
    }

    /// Applies one order. The inner error concerns this one only; a fault is everyone's.
    fn step(
        &mut self,
        trip: TripId,
        order: &Order,
        now: Timestamp,
    ) -> Result<Result<Outcome, StoreError>, Fault> {
        let before = match legible(self.rows.find(trip))? {
            Ok(before) => before,
            Err(error) => return Ok(Err(error)),
        };
        let known = before.is_some();
        let before = before.unwrap_or_default();
        let Step { row, units, reply } = match self.compute(trip, &before, order, now)? {
            Ok(step) => step,
            Err(error) => return Ok(Err(error)),
        };
        if self.full && units.takes() {
            return Ok(Err(StoreError::NoSpace));
        }
        match self.units.plan(&units)? {
            Ok(moves) => self.units.write(moves)?,
            Err(offer) => return Ok(Ok(Outcome::SoldOut { offer })),
        }
        let row = match row {
            Some(row) if row != *before => {
                let rows = self.rows.on_disk();
                match known {
                    true => rows.update(trip, &row, self.service_days, now)?,
                    false => rows.insert(trip, &row, self.service_days, now)?,
                }
                let row = Arc::new(row);
                self.rows.wrote(trip, &row);
                self.written.push((trip, row.clone()));
                row
            }
            _ => before,
        };
        Ok(Ok(Outcome::Stepped(Stepped { reply, row })))
    }

    fn compute(
        &mut self,
        trip: TripId,
        row: &Row,
        order: &Order,
        now: Timestamp,
    ) -> Result<Result<Step, StoreError>, Fault> {
        let desk = self.own.desk();
        if let Order::Learn { told, found } = order {
            if !desk.recovering {
                return Ok(Ok(Step::answer(Refusal::Conflict)));
            }
            let item = |asked: &_| {
                let known = found.iter().find(|sold| sold.item == *asked).cloned();
                let lost = || SoldItem {
                    item: asked.clone(),
                    offers: Vec::new(),
                    record: "{}".to_owned(),
                };
                known.unwrap_or_else(lost)
            };
            let mut step = recovery::learn(&desk, row, told, &item, now);
            self.give_up_taken_locator(trip, &mut step)?;
            return Ok(Ok(step));
        }
        let locator = match order.may_book() && row.decision.is_none() {
            true => match self.free_locator()? {
                Some(locator) => Some(locator),
                None => return Ok(Err(StoreError::NoLocator { draws: DRAWS_MAX })),
            },
            // Where it is decided, the locator is not looked at.
            false => Locator::new(self.letter, [0; 5]),
        };
        Ok(order
            .command(locator)
            .map(|command| desk.step(trip, row, &command, now))
            .ok_or(StoreError::NoLocator { draws: 0 }))
    }

    fn free_locator(&mut self) -> Result<Option<Locator>, Fault> {
        for _ in 0..DRAWS_MAX {
            let Some(locator) = Locator::new(self.letter, (self.draw)()) else { break };
            if self.rows.on_disk().owner(locator)?.is_none() {
                return Ok(Some(locator));
            }
        }
        Ok(None)
    }

    /// A locator that was given to another trip after a long retention stays with that one: what a
    /// peer remembers of this trip is learned without it.
    fn give_up_taken_locator(&self, trip: TripId, step: &mut Step) -> Result<(), Fault> {
        let decision = step.row.as_mut().and_then(|row| row.decision.as_mut());
        let Some(decision) = decision else { return Ok(()) };
        let Some(locator) = decision.locator else { return Ok(()) };
        if self.rows.on_disk().owner(locator)?.is_some_and(|owner| owner != trip) {
            decision.locator = None;
        }
        Ok(())
    }
}

/// What cannot be read of one trip concerns that one, and nobody who shares its batch.
fn legible<T>(found: Result<T, Fault>) -> Result<Result<T, StoreError>, Fault> {
    match found {
        Err(fault) if is_illegible(&fault) => {
            Ok(Err(StoreError::Illegible { source: fault.into() }))
        }
        found => found.map(Ok),
    }
}

/// Whether these units are to be taken from what is free.
trait Takes {
    fn takes(&self) -> bool;
}

impl Takes for agencia_trip::Units {
    fn takes(&self) -> bool {
        matches!(self, Self::Swap { take, .. } if !take.is_empty())
    }
}
