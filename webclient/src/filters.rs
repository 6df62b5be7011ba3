//! What of a list a visitor wants to see, and in which order. The daemons know no filters: a list
//! that is filtered, or sorted by duration, is read page by page as far as [`READ_MAX`] goes and cut
//! here.

use crate::format;
use crate::forms::{Fields, Pairs};
use crate::language::{Key, Lang};
use agencia_protocol::flight::Flight;
use agencia_protocol::request::Page;
use agencia_protocol::stay::Stay;
use agencia_protocol::tour::Tour;
use agencia_protocol::{Limit, OfferId, Order, TimeOfDay};
use std::num::NonZeroU32;

/// The most offers that are read at once to be filtered: what a daemon gives at most by default.
const PAGE_MAX: u32 = 1000;

/// The most offers that are read to be filtered. Of a longer list the page says that it was not looked
/// at whole.
const READ_MAX: usize = 10_000;

/// The fields of an address that filter.
pub(crate) const FIELDS: [&str; 4] = ["periodo", "cafe", "camas", "gratis"];

/// Beds that a room may be asked to have at least.
const BEDS: [u32; 4] = [1, 2, 3, 4];

/// The order of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Sort {
    #[default]
    Time,
    Price,
    Duration,
}

impl Sort {
    /// Its word in an address.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Sort::Time => "horario",
            Sort::Price => "preco",
            Sort::Duration => "duracao",
        }
    }

    pub(crate) fn name(self) -> Key {
        match self {
            Sort::Time => Key("sort-time"),
            Sort::Price => Key("sort-price"),
            Sort::Duration => Key("sort-duration"),
        }
    }

    /// The order of an address; nothing when it is none.
    pub(crate) fn named(word: &str) -> Option<Self> {
        [Sort::Time, Sort::Price, Sort::Duration].into_iter().find(|sort| sort.word() == word)
    }

    /// What is asked of a daemon.
    pub(crate) fn order(self) -> Order {
        match self {
            Sort::Price => Order::Price,
            Sort::Time | Sort::Duration => Order::Time,
        }
    }
}

/// A part of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Period {
    Night,
    Morning,
    Afternoon,
    Evening,
}

impl Period {
    const ALL: [Period; 4] = [Period::Night, Period::Morning, Period::Afternoon, Period::Evening];

    fn word(self) -> &'static str {
        match self {
            Period::Night => "madrugada",
            Period::Morning => "manha",
            Period::Afternoon => "tarde",
            Period::Evening => "noite",
        }
    }

    fn name(self) -> Key {
        match self {
            Period::Night => Key("period-night"),
            Period::Morning => Key("period-morning"),
            Period::Afternoon => Key("period-afternoon"),
            Period::Evening => Key("period-evening"),
        }
    }

    /// The part of the day, six hours each.
    fn of(time: TimeOfDay) -> Self {
        Self::ALL[usize::from(time.minute() / 360).min(3)]
    }
}

/// What is wanted; nothing is everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filters {
    sort: Sort,
    periods: Vec<Period>,
    breakfast: bool,
    beds: Option<u32>,
    free: bool,
}

/// A box of the form.
pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    pub(crate) label: String,
    pub(crate) checked: bool,
    /// Whether only one of its name can be picked.
    pub(crate) single: bool,
}

impl Filters {
    /// Reads them; a word that is none filters nothing.
    pub(crate) fn read(fields: &Fields) -> Self {
        let named = |word: &str| Period::ALL.into_iter().find(|period| period.word() == word);
        Self {
            sort: Sort::named(fields.first("ordem")).unwrap_or_default(),
            periods: fields.all("periodo").filter_map(named).collect(),
            breakfast: fields.first("cafe") == "sim",
            beds: fields.first("camas").parse().ok().filter(|beds| BEDS[1..].contains(beds)),
            free: fields.first("gratis") == "sim",
        }
    }

    pub(crate) fn sort(&self) -> Sort {
        self.sort
    }

    /// How they stand in an address, but for the order.
    pub(crate) fn pairs(&self) -> Pairs {
        let mut pairs = Pairs::new();
        pairs.extend(self.periods.iter().map(|period| ("periodo", period.word().to_owned())));
        pairs.extend(self.breakfast.then(|| ("cafe", "sim".to_owned())));
        pairs.extend(self.beds.map(|beds| ("camas", beds.to_string())));
        pairs.extend(self.free.then(|| ("gratis", "sim".to_owned())));
        pairs
    }

    /// How the order stands in an address: the usual one is left out.
    pub(crate) fn sort_pair(&self) -> Option<(&'static str, String)> {
        (self.sort != Sort::Time).then(|| ("ordem", self.sort.word().to_owned()))
    }

    /// Whether anything is filtered out.
    pub(crate) fn any(&self) -> bool {
        !self.pairs().is_empty()
    }

    /// Whether the daemon's own list will not do.
    pub(crate) fn needs_all(&self) -> bool {
        self.any() || self.sort == Sort::Duration
    }

    /// What to ask a daemon for, to show so many after this one.
    pub(crate) fn page(&self, max: NonZeroU32, after: Option<OfferId>) -> Page {
        let order = self.sort.order();
        match self.needs_all() {
            true => Page { limit: Limit::new(PAGE_MAX), after: None, order },
            false => Page { limit: Limit::new(max.get()), after, order },
        }
    }

    /// What to ask a daemon for after these, which are not all that is needed; nothing when they are,
    /// or when no more may be read.
    pub(crate) fn next_page<T: Listed>(&self, found: &[T], more: bool) -> Option<Page> {
        let wanted = more && self.needs_all() && found.len() < READ_MAX;
        let after = found.last().filter(|_| wanted)?.id()?.clone();
        let left = u32::try_from(READ_MAX - found.len()).unwrap_or(PAGE_MAX);
        let limit = Limit::new(left.min(PAGE_MAX));
        Some(Page { limit, after: Some(after), order: self.sort.order() })
    }

    /// What of a daemon's answer is shown.
    pub(crate) fn cut<T: Listed>(
        &self,
        mut found: Vec<T>,
        more: bool,
        (max, after): (NonZeroU32, Option<&OfferId>),
    ) -> Cut<T> {
        if !self.needs_all() {
            let full = found.len() >= max.get() as usize;
            found.truncate(max.get() as usize);
            let last = found.last().and_then(|offer| offer.id().cloned());
            return Cut { offers: found, more: last.filter(|_| more && full), partial: false };
        }
        Cut { partial: more, ..self.part(found, (max, after)) }
    }

    /// What of a whole list is shown.
    pub(crate) fn part<T: Listed>(
        &self,
        mut found: Vec<T>,
        (max, after): (NonZeroU32, Option<&OfferId>),
    ) -> Cut<T> {
        found.retain(|offer| offer.is_wanted(self));
        if self.sort == Sort::Duration {
            found.sort_by_key(Listed::minutes);
        }
        if let Some(after) = after {
            let shown = found.iter().position(|offer| offer.id() == Some(after));
            found.drain(..shown.map_or(0, |at| at + 1));
        }
        let rest = found.len() > max.get() as usize;
        found.truncate(max.get() as usize);
        let last = found.last().and_then(|offer| offer.id().cloned());
        Cut { more: last.filter(|_| rest), offers: found, partial: false }
    }

    fn of_period(&self, time: TimeOfDay) -> bool {
        self.periods.is_empty() || self.periods.contains(&Period::of(time))
    }

    /// The boxes of parts of the day.
    pub(crate) fn period_checks(&self, lang: Lang) -> Vec<Check> {
        let check = |period: Period| Check {
            name: "periodo",
            value: period.word().to_owned(),
            label: lang.say(period.name()).to_owned(),
            checked: self.periods.contains(&period),
            single: false,
        };
        Period::ALL.into_iter().map(check).collect()
    }

    /// The boxes of rooms.
    pub(crate) fn room_checks(&self, lang: Lang) -> Vec<Check> {
        let breakfast = yes("cafe", lang.t("breakfast"), self.breakfast);
        let beds = BEDS.into_iter().map(|beds| Check {
            name: "camas",
            value: if beds == 1 { String::new() } else { beds.to_string() },
            label: if beds == 1 { lang.t("beds-any").to_owned() } else { lang.n("beds-min", beds) },
            checked: self.beds.unwrap_or(1) == beds,
            single: true,
        });
        std::iter::once(breakfast).chain(beds).collect()
    }

    /// The box of tours that cost nothing.
    pub(crate) fn free_check(&self, lang: Lang) -> Check {
        yes("gratis", lang.t("free-only"), self.free)
    }
}

fn yes(name: &'static str, label: &str, checked: bool) -> Check {
    Check { name, value: "sim".to_owned(), label: label.to_owned(), checked, single: false }
}

/// The offers of one page, and the last of them when there are more.
pub(crate) struct Cut<T> {
    pub(crate) offers: Vec<T>,
    pub(crate) more: Option<OfferId>,
    /// Whether there were offers that the filters have not looked at.
    pub(crate) partial: bool,
}

/// What stands in a list.
pub(crate) trait Listed {
    fn id(&self) -> Option<&OfferId>;
    fn is_wanted(&self, filters: &Filters) -> bool;
    /// How long it takes; what does not say it comes last.
    fn minutes(&self) -> u32 {
        u32::MAX
    }
}

impl Listed for Flight {
    fn id(&self) -> Option<&OfferId> {
        self.id.as_ref()
    }

    fn is_wanted(&self, filters: &Filters) -> bool {
        filters.of_period(self.departure)
    }

    fn minutes(&self) -> u32 {
        let took = format::minutes((self.day, self.departure), (self.arrival_day, self.arrival));
        took.unwrap_or(u32::MAX)
    }
}

impl Listed for Stay {
    fn id(&self) -> Option<&OfferId> {
        self.id.as_ref()
    }

    fn is_wanted(&self, filters: &Filters) -> bool {
        (!filters.breakfast || self.breakfast) && filters.beds.is_none_or(|beds| self.beds >= beds)
    }
}

impl Listed for Tour {
    fn id(&self) -> Option<&OfferId> {
        self.id.as_ref()
    }

    fn is_wanted(&self, filters: &Filters) -> bool {
        filters.of_period(self.time) && (!filters.free || self.price.cents() == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms::link;
    use serde_json::json;

    fn tour(id: u32, time: &str, price: &str) -> Tour {
        serde_json::from_value(json!({"horario": time, "valor": price, "dia": "04/11/2027",
            "local": "X", "endereco": "X", "cidade": "X", "id": id.to_string(), "disponiveis": 8}))
        .unwrap()
    }

    fn read(query: &str) -> Filters {
        Filters::read(&Fields::parse(query.as_bytes()))
    }

    fn ids(cut: &Cut<Tour>) -> Vec<&str> {
        cut.offers.iter().filter_map(|tour| tour.id()).map(OfferId::as_str).collect()
    }

    #[test]
    fn filters_survive_their_address_and_nonsense_filters_nothing() {
        let text = "periodo=manha&periodo=noite&cafe=sim&camas=3&gratis=sim";
        assert_eq!(link("", &read(text).pairs()), format!("?{text}"));
        assert!(!read("periodo=x&cafe=1&camas=99&gratis=&ordem=y").any());
        for (word, sort) in [("", Sort::Time), ("preco", Sort::Price), ("duracao", Sort::Duration)]
        {
            assert_eq!(read(&format!("ordem={word}")).sort(), sort);
        }
    }

    #[test]
    fn parts_of_the_day_have_their_edges() {
        for (time, wanted) in
            [("05:59h", false), ("06:00h", true), ("11:59h", true), ("12:00h", false)]
        {
            assert_eq!(tour(1, time, "1,00R$").is_wanted(&read("periodo=manha")), wanted, "{time}");
        }
        assert!(tour(1, "23:59h", "1,00R$").is_wanted(&read("periodo=noite")));
        assert!(tour(1, "0:00h", "0,00R$").is_wanted(&read("periodo=madrugada&gratis=sim")));
        assert!(!tour(1, "0:00h", "0,01R$").is_wanted(&read("gratis=sim")));
    }

    #[test]
    fn a_filtered_list_is_paged_to_its_end() {
        let all = || (1..=5).map(|id| tour(id, "09:00h", "0,00R$")).collect::<Vec<_>>();
        let filters = read("gratis=sim");
        let max = NonZeroU32::new(2).unwrap();
        let first = filters.cut(all(), false, (max, None));
        assert_eq!(ids(&first), ["1", "2"]);
        let second = filters.cut(all(), false, (max, first.more.as_ref()));
        assert_eq!(ids(&second), ["3", "4"]);
        let third = filters.cut(all(), false, (max, second.more.as_ref()));
        assert_eq!(ids(&third), ["5"]);
        assert_eq!(third.more, None);
    }

    #[test]
    fn a_list_is_read_on_as_far_as_the_ceiling() {
        let found = |count: usize| vec![tour(7, "09:00h", "0,00R$"); count];
        let limit = |query: &str, count: usize, more: bool| {
            let page = read(query).next_page(&found(count), more)?;
            assert_eq!(page.after.as_ref().map(OfferId::as_str), Some("7"));
            Some(page.limit)
        };
        assert_eq!(limit("gratis=sim", 1000, true), Some(Limit::new(PAGE_MAX)));
        assert_eq!(limit("gratis=sim", READ_MAX - 1, true), Some(Limit::new(1)));
        for (query, count, more) in [
            ("gratis=sim", READ_MAX, true),
            ("gratis=sim", 1000, false),
            ("gratis=sim", 0, true),
            ("", 1000, true),
        ] {
            assert_eq!(limit(query, count, more), None, "{query} {count} {more}");
        }
    }

    #[test]
    fn what_the_filters_have_not_looked_at_is_known() {
        let all = || (1..=3).map(|id| tour(id, "09:00h", "0,00R$")).collect::<Vec<_>>();
        let max = (NonZeroU32::new(2).unwrap(), None);
        assert!(read("gratis=sim").cut(all(), true, max).partial);
        assert!(!read("gratis=sim").cut(all(), false, max).partial);
        assert!(!read("").cut(all(), true, max).partial);
    }
}
