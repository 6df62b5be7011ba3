//! What the three lists of results share: sorting, reading and going on, and what is said of few units
//! left.

use crate::choice::Choice;
use crate::daemons::DaemonError;
use crate::filters::{Check, Filters, Listed, Sort};
use crate::forms::{Pairs, link};
use crate::language::Lang;
use agencia_protocol::People;
use agencia_protocol::request::Page;

/// From how many units down a page says how many are left.
const FEW: u32 = 9;

/// A link that sorts a list.
pub(crate) struct SortLink {
    pub(crate) name: &'static str,
    pub(crate) href: String,
    pub(crate) current: bool,
}

/// The links that sort the results of this search in these orders.
pub(crate) fn sort_links(
    lang: Lang,
    (path, search): (&str, Pairs),
    choice: &Choice,
    (orders, current): (&[Sort], Sort),
) -> Vec<SortLink> {
    let sort = |order: &Sort| {
        let word = vec![("ordem", order.word().to_owned())];
        let about = [search.clone(), word, choice.pairs()].concat();
        let (name, href) = (lang.say(order.name()), link(path, &about));
        SortLink { name, href, current: *order == current }
    };
    orders.iter().map(sort).collect()
}

/// The form that filters a list: its boxes, and what of the address goes on.
pub(crate) struct FilterForm {
    pub(crate) action: &'static str,
    pub(crate) groups: Vec<(&'static str, Vec<Check>)>,
    pub(crate) hidden: Pairs,
    /// The same list without filters, when there are any.
    pub(crate) clear: Option<String>,
}

impl FilterForm {
    pub(crate) fn new(
        (action, search): (&'static str, Pairs),
        filters: &Filters,
        choice: &Choice,
        groups: Vec<(&'static str, Vec<Check>)>,
    ) -> Self {
        let order: Pairs = filters.sort_pair().into_iter().collect();
        let hidden = [search, order, choice.pairs()].concat();
        let clear = filters.any().then(|| link(action, &hidden));
        Self { action, groups, hidden, clear }
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
