//! What the three lists of results share: sorting, filtering, reading and going on, and what is said of
//! few units left. Whatever shows a list in another way is a button of the list's own form, so that
//! what is ticked stays so.

use crate::choice::Choice;
use crate::daemons::DaemonError;
use crate::filters::{Check, Filters, Listed, Sort};
use crate::forms::{Pairs, button};
use crate::language::Lang;
use agencia_protocol::People;
use agencia_protocol::request::Page;

/// From how many units down a page says how many are left.
const FEW: u32 = 9;

/// A button that sorts a list.
pub(crate) struct SortButton {
    pub(crate) name: &'static str,
    pub(crate) search: String,
    pub(crate) current: bool,
}

/// The buttons that sort the results of this search in these orders.
pub(crate) fn sort_buttons(
    lang: Lang,
    mut search: Pairs,
    (orders, current): (&[Sort], Sort),
) -> Vec<SortButton> {
    let sort = |order: &Sort| {
        search.push(("ordem", order.word().to_owned()));
        let value = button(&search);
        search.pop();
        SortButton { name: lang.say(order.name()), search: value, current: *order == current }
    };
    orders.iter().map(sort).collect()
}

/// What filters a list: boxes, and the same list without filters.
pub(crate) struct FilterBoxes {
    pub(crate) groups: Vec<(&'static str, Vec<Check>)>,
    pub(crate) unfiltered: String,
    /// The list as it is.
    pub(crate) current: String,
    /// Whether there is anything to clear.
    pub(crate) is_filtered: bool,
}

impl FilterBoxes {
    pub(crate) fn new(
        mut search: Pairs,
        filters: &Filters,
        groups: Vec<(&'static str, Vec<Check>)>,
    ) -> Self {
        search.extend(filters.sort_pair());
        let unfiltered = button(&search);
        search.extend(filters.pairs());
        Self { groups, unfiltered, current: button(&search), is_filtered: filters.any() }
    }
}

/// The rest of a list that filters need all of, after what was found of it; `ask` answers a page and
/// whether there is more. Says as well whether there is more than may be read.
///
/// # Errors
/// The first page that there is no answer to.
pub(crate) async fn read_on<T: Listed, F>(
    filters: &Filters,
    (mut found, more): (Vec<T>, bool),
    ask: impl Fn(Page) -> F,
) -> Result<(Vec<T>, bool), DaemonError>
where
    F: Future<Output = Result<(Vec<T>, bool), DaemonError>>,
{
    // Where nothing came, nothing more comes.
    let mut more = more && !found.is_empty();
    while let Some(page) = filters.next_page(&found, more) {
        let (offers, goes_on) = ask(page).await?;
        more = goes_on && !offers.is_empty();
        found.extend(offers);
    }
    Ok((found, more))
}

/// How many are left, when few are.
pub(crate) fn few_left(available: Option<u32>) -> Option<u32> {
    available.filter(|&left| left <= FEW)
}

/// What a page says when a search was for other people than the trip is.
pub(crate) struct PeopleNotice {
    pub(crate) text: String,
    /// The same search, with the whole trip for as many as were searched for.
    pub(crate) change: String,
    pub(crate) change_text: String,
}

impl PeopleNotice {
    /// The notice of this search, if the two differ.
    pub(crate) fn new(
        lang: Lang,
        choice: &Choice,
        searched: People,
        (path, search): (&str, Pairs),
    ) -> Option<Self> {
        let trip = choice.people.filter(|trip| *trip != searched)?;
        let change = choice.with_people(searched).link(path, search);
        let (trip, searched) = (lang.n("people", trip.count()), lang.n("people", searched.count()));
        let text = lang.with("people-notice", &[("trip", &trip), ("searched", &searched)]);
        let change_text = lang.with("people-notice-change", &[("searched", &searched)]);
        Some(Self { text, change, change_text })
    }
}
