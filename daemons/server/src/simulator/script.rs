//! What travellers do: they want trips of one, two or three parts, hold, revise, confirm, give up,
//! cancel, change names; their instances die, and others go on for them.

use super::books::TripBook;
use super::stock;
use super::time::START;
use super::traveller::{Cancelling, Lead, Told, travellers};
use super::world::{Event, Instance, World};
use agencia_protocol::trip::{Revision, Timestamp};
use agencia_protocol::{Code, TripId};
use agencia_trip::driver::{Driver, Ending, Goal, Plan, PlannedPart};
use std::collections::BTreeSet;

/// Something that somebody begins to do about a trip.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Book {
        plan: usize,
    },
    Hold {
        plan: usize,
    },
    Confirm {
        plan: usize,
    },
    Abandon {
        plan: usize,
    },
    /// Takes other items, and holds those.
    Revise {
        plan: usize,
    },
    Extend,
    Cancel,
    Alter,
    Reserve,
}

/// How long the storm lasts, at most.
const STORM_MILLIS_MAX: i64 = 600_000;

impl World {
    /// Plans what travellers will do. Answers how long that takes.
    pub(super) fn plan_trips(&mut self) -> i64 {
        let storm = self.random.between(20_000, STORM_MILLIS_MAX);
        for _ in 0..self.random.between(2, 7) {
            let at = self.random.between(0, storm);
            self.plan_trip(at);
        }
        storm
    }

    fn plan_trip(&mut self, at: i64) {
        let minted = START + at + self.random.between(-5_000, 5_000);
        let random = self.random.bytes();
        let millis = u64::try_from(minted).expect("after 1970");
        let trip = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
        let trip = TripId::from_uuid(trip);
        let daemons: &[usize] = match self.random.below(20) {
            0 => &[0],
            1 => &[1],
            2 => &[2],
            3 => &[0, 1],
            4 | 5 => &[0, 2],
            6 | 7 => &[1, 2],
            _ => &[0, 1, 2],
        };
        let part = |daemon: usize, world: &mut Self| PlannedPart {
            daemon: stock::name(daemon),
            revision: Revision(0),
            items: stock::wanted(daemon, &world.houses[daemon].stock, &mut world.random),
        };
        let parts = daemons.iter().map(|daemon| part(*daemon, self)).collect();
        let hold_secs = *self.random.pick(&[5, 60, 600, 3_600]);
        let plan = Plan { trip, parts, hold_secs };
        self.coverage.count("trips");
        self.coverage.count(match (daemons.len(), daemons[0]) {
            (1, _) => "trips of one part",
            (2, _) => "trips of two parts",
            _ => "trips of three parts",
        });
        let nights = |part: &PlannedPart| {
            part.items.iter().any(|item| item.nights.is_some_and(|nights| nights.count() > 1))
        };
        if plan.parts.iter().any(nights) {
            self.coverage.count("trips with a stay of several nights");
        }
        let book = self.books.len();
        self.books.push(TripBook::new(trip, plan));
        self.plan_steps(book, at, daemons.len());
    }

    fn plan_steps(&mut self, book: usize, at: i64, parts: usize) {
        let is_single = parts == 1 && self.books[book].plans[0].parts[0].items.len() == 1;
        if is_single && self.random.one_in(2) {
            self.schedule(at, Event::Step(book, Step::Reserve));
            return;
        }
        let plan = 0;
        let first = match self.random.percent(50) {
            true => Step::Book { plan },
            false => Step::Hold { plan },
        };
        self.schedule(at, Event::Step(book, first));
        if self.random.percent(30) {
            let after = at + self.random.between(0, 20_000);
            self.schedule(after, Event::Step(book, Step::Book { plan }));
        }
        if parts == 3 && self.random.percent(10) {
            let plan = self.shorter_plan(book);
            let after = at + self.random.between(0, 20_000);
            self.schedule(after, Event::Step(book, Step::Book { plan }));
        }
        for (percent, step) in [(12, Step::Abandon { plan }), (10, Step::Extend), (4, Step::Cancel)]
        {
            if self.random.percent(percent) {
                let after = at + self.random.between(0, 40_000);
                self.schedule(after, Event::Step(book, step));
            }
        }
    }

    /// The same trip in another window: without its first part, or with the middle one alone.
    fn shorter_plan(&mut self, book: usize) -> usize {
        let mut plan = self.books[book].plans[0].clone();
        plan.parts.remove(0);
        if self.random.one_in(2) {
            plan.parts.pop();
        }
        self.books[book].plans.push(plan);
        self.books[book].plans.len() - 1
    }

    /// Other items for some parts, under a higher revision.
    fn revised_plan(&mut self, book: usize, plan: usize) -> usize {
        let mut plan = self.books[book].plans[plan].clone();
        for place in 0..plan.parts.len() {
            if place > 0 && self.random.one_in(2) {
                continue;
            }
            let daemon = stock::place(&plan.parts[place].daemon);
            let items = stock::wanted(daemon, &self.houses[daemon].stock, &mut self.random);
            let part = &mut plan.parts[place];
            (part.items, part.revision) = (items, Revision(part.revision.0 + 1));
        }
        self.books[book].plans.push(plan);
        self.books[book].plans.len() - 1
    }

    pub(super) fn step(&mut self, book: usize, step: Step) {
        self.trace.line(|| format!("trip {book}: {step:?}"));
        let plan_of = |plan: usize, world: &Self| world.books[book].plans[plan].clone();
        let trip = self.books[book].trip;
        let anchor = stock::place(&self.books[book].plans[0].parts[0].daemon);
        let (plan, lead) = match step {
            Step::Book { plan } | Step::Confirm { plan } if self.is_without_pins() => {
                let (held, booked) = (BTreeSet::new(), BTreeSet::new());
                (plan, Lead::PartByPart { plan: plan_of(plan, self), held, booked })
            }
            Step::Book { plan } => {
                let goal = Goal::Book { travellers: travellers(false), contact: None };
                (plan, Lead::Drive(Box::new(Driver::new(plan_of(plan, self), goal))))
            }
            Step::Hold { plan } => {
                (plan, Lead::Drive(Box::new(Driver::new(plan_of(plan, self), Goal::Hold))))
            }
            Step::Confirm { plan } => {
                let driver = Driver::confirm(plan_of(plan, self), travellers(false), None);
                (plan, Lead::Drive(Box::new(driver)))
            }
            Step::Abandon { plan } => {
                self.coverage.count("trips that were given up");
                (plan, Lead::Drive(Box::new(Driver::abandon(plan_of(plan, self)))))
            }
            Step::Revise { plan } => {
                self.coverage.count("revisions");
                let plan = self.revised_plan(book, plan);
                (plan, Lead::Drive(Box::new(Driver::new(plan_of(plan, self), Goal::Hold))))
            }
            Step::Extend => {
                let seconds = self.random.between(10, 3_000);
                let until = Timestamp::from_unix_millis(START + self.now() + seconds * 1_000);
                (0, Lead::Extend { trip, daemon: anchor, until })
            }
            Step::Cancel => {
                self.books[book].cancel_asked = true;
                let parts = self.books[book].plans.iter().next_back().map(|plan| &plan.parts);
                let others = parts.into_iter().flatten().map(|part| part.daemon.clone());
                let others = others.filter(|daemon| *daemon != stock::name(anchor)).collect();
                (0, Lead::Cancel(Cancelling::new(trip, anchor, others)))
            }
            Step::Alter => (0, Lead::Alter { trip, anchor }),
            Step::Reserve => {
                let item = self.books[book].plans[0].parts[0].items[0].clone();
                // What is bought in one step is bought at the price of the moment.
                self.books[book].plans[0].parts[0].items[0].price = None;
                (0, Lead::Reserve { trip, daemon: anchor, item })
            }
        };
        self.begin(book, plan, lead);
    }

    fn is_without_pins(&self) -> bool {
        self.mutation == super::mutation::Mutation::NoPins
    }

    fn begin(&mut self, book: usize, plan: usize, lead: Lead) {
        let instance = Instance {
            book,
            plan,
            node: 3 + self.random.below(2),
            lead,
            alive: true,
            pause: self.random.between(500, 8_000),
            tries: self.random.between(3, 30),
            tick: 0,
            told: false,
            heard_since: u64::MAX,
        };
        let lead = self.instances.len();
        self.instances.push(instance);
        self.schedule(0, Event::Tick { lead, tick: 0 });
        if self.random.percent(25) {
            let after = self.random.between(0, 10_000);
            self.schedule(after, Event::Die { lead });
        }
    }

    /// What somebody does who was told this.
    pub(super) fn after_told(&mut self, lead: usize, told: &Told) {
        let Instance { book, plan, .. } = self.instances[lead];
        match told {
            Told::Ended(Ending::Held { refused, .. }) if refused.is_empty() => {
                self.coverage.count("told: held");
                let is_revised = self.books[book].plans.len() > 2;
                let next = match !is_revised && self.random.percent(30) {
                    true => Step::Revise { plan },
                    false => Step::Confirm { plan },
                };
                let after = self.random.between(0, 60_000);
                self.schedule(after, Event::Step(book, next));
            }
            Told::Ended(Ending::Held { refused, .. }) => {
                self.count_refusals(refused.values().map(|refused| refused.code));
                if self.random.one_in(2) {
                    let after = self.random.between(0, 10_000);
                    self.schedule(after, Event::Step(book, Step::Abandon { plan }));
                }
            }
            Told::Ended(Ending::Booked { .. }) => self.after_booked(book, "told: booked"),
            Told::Reserved(_) => self.after_booked(book, "told: bought in one step"),
            Told::Ended(Ending::NotBooked { refused, .. }) => {
                self.coverage.count("told: not booked");
                self.count_refusals(refused.values().map(|refused| refused.code));
            }
            Told::Ended(Ending::Cancelled) | Told::Cancelled => {
                self.coverage.count("told: cancelled");
            }
            Told::Ended(Ending::Unknown) => self.coverage.count("told: not known"),
            Told::Altered => self.coverage.count("told: travellers changed"),
            Told::Extended => self.coverage.count("told: held for longer"),
            Told::Refused(error) => self.count_refusals([error.code].into_iter()),
        }
    }

    fn after_booked(&mut self, book: usize, how: &'static str) {
        self.coverage.count(how);
        for (percent, step) in [(35, Step::Cancel), (25, Step::Alter)] {
            if self.random.percent(percent) {
                let after = self.random.between(0, 60_000);
                self.schedule(after, Event::Step(book, step));
            }
        }
    }

    fn count_refusals(&mut self, codes: impl Iterator<Item = Code>) {
        for code in codes {
            self.coverage.count(match code {
                Code::SoldOut => "refused: esgotado",
                Code::Closed => "refused: encerrado",
                Code::Expired => "refused: expirada",
                Code::PriceChanged => "refused: preco_mudou",
                Code::Conflict => "refused: conflito",
                Code::Aborted => "refused: desfeita",
                Code::Stale => "refused: antiga",
                Code::InvalidField => "refused: campo_invalido",
                _ => "refused: otherwise",
            });
        }
    }
}
