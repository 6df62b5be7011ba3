//! What a visitor typed, field by field: each is valid, or named in an error. What the fields of a
//! search mean together is in `queries`.

use crate::filters::{self, Filters, Sort};
use crate::language::Key;
use crate::texts::{self, Wrong};
use agencia_protocol::trip::{Contact, PersonName, Revision};
use agencia_protocol::{Day, Locator, Money, Nights, OfferId, People, Place, TripId};

/// The names and values of a query or of a posted form, in order, as they were typed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded`; there is no text that is not some form.
    pub(crate) fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// Reads the query of a URL, with what the button in it says of a search as if it stood there.
    pub(crate) fn of_query(text: &[u8]) -> Self {
        let mut fields = Self::parse(text);
        if fields.has(WITHOUT) {
            let gone = Self::parse(fields.first(WITHOUT).as_bytes());
            fields.0.retain(|pair| !gone.0.contains(pair) && pair.0 != WITHOUT);
        }
        let Some(button) = [LIST, FILTER, ENTER].into_iter().find(|name| fields.has(name)) else {
            return fields;
        };
        let turns = button == LIST;
        let mut search = Self::parse(fields.first(button).as_bytes());
        search.0.extend(Self::parse(fields.first(SAME).as_bytes()).0);
        if button == ENTER {
            let boxes = |fields: &Self| Filters::read(fields).pairs();
            if boxes(&fields) == boxes(&search) {
                fields.0.push((GO_ON.to_owned(), String::new()));
            }
            search.remove(&filters::FIELDS);
        }
        search.0.extend(Self::parse(fields.first(CHOSEN).as_bytes()).0);
        // Boxes of filters count once they are applied: till then the search says its own.
        if turns {
            fields.remove(&filters::FIELDS);
        }
        for own in TICKED {
            if fields.has(own[0]) { search.remove(own) } else { fields.remove(own) }
        }
        fields.0.extend(search.0);
        fields
    }

    /// The same with one more.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut fields = self.clone();
        fields.0.push((name.to_owned(), value.to_owned()));
        fields
    }

    fn remove(&mut self, names: &[&str]) {
        self.0.retain(|(name, _)| !names.contains(&name.as_str()));
    }

    /// Whether this name was sent, empty or not.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// The first value of this name without the space around it; empty when there is none.
    pub(crate) fn first(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// The first value of this name as it was typed, line by line.
    pub(crate) fn text(&self, name: &str) -> &str {
        let named = self.0.iter().find(|(key, _)| key == name);
        named.map_or("", |(_, value)| value)
    }

    /// All values of this name that are not empty.
    pub(crate) fn all<'a, 'n>(
        &'a self,
        name: &'n str,
    ) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        let named = self.0.iter().filter(move |(key, _)| key == name);
        named.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }
}

impl From<Vec<(String, String)>> for Fields {
    fn from(fields: Vec<(String, String)>) -> Self {
        Self(fields)
    }
}

/// Names and values that go into a URL or into hidden inputs.
pub(crate) type Pairs = Vec<(&'static str, String)>;

/// The field of a button that shows a list in another way: another part, order or day of it. Its form
/// says what is ticked, the button's value the search: a form has no other place for what only one of
/// its buttons needs.
pub(crate) const LIST: &str = "lista";

/// The field of what is the same in all searches that the buttons of a list say: it stands in their form
/// once and not in each of them.
const SAME: &str = "busca";

/// What that is: where to, and for how many.
const SAME_FIELDS: [&str; 4] = ["paraAeroporto", "cidade", "numeroPassagens", "numeroDePessoas"];

/// The field of the button that shows a list as the boxes of filters in its form say.
const FILTER: &str = "filtra";

/// The field of the button that Enter presses, wherever in the form one is: it shows the list as the
/// boxes of filters say where one of them was changed, and goes on where none was.
const ENTER: &str = "entra";

/// The field of a search in whose form Enter was pressed, to go on: what was ticked is enough for that,
/// or it is not.
pub(crate) const GO_ON: &str = "segue";

/// The field of a button that takes something out of what its form sends.
const WITHOUT: &str = "sem";

/// The field of what was chosen before and is not on the list, so that it cannot be ticked there. It
/// stays chosen while the list is shown in other ways, and no longer.
pub(crate) const CHOSEN: &str = "escolhida";

/// What lists tick one of, each with what belongs to it. What was chosen before counts where the form
/// ticks nothing in its place.
const TICKED: [&[&str]; 3] = [&["ida"], &["volta"], &["hospedagem", "noites"]];

/// The most bytes of a place's name, as the daemons take it.
pub(crate) const PLACE_BYTES_MAX: usize = 200;

/// The most people of a search, as the daemons take it.
pub(crate) const PEOPLE_MAX: u16 = 999;

/// How many letters and digits a locator has.
pub(crate) const LOCATOR_LENGTH: usize = 6;

/// These as the query of a URL.
pub(crate) fn query<'a>(pairs: impl IntoIterator<Item = &'a (&'static str, String)>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// A search as a button of its list says it, beside what [`same`] puts into their form.
pub(crate) fn button(search: &[(&'static str, String)]) -> String {
    query(search.iter().filter(|(name, _)| !SAME_FIELDS.contains(name)))
}

/// What the form of a list says for all of its buttons.
pub(crate) fn same(search: &[(&'static str, String)]) -> (&'static str, String) {
    (SAME, query(search.iter().filter(|(name, _)| SAME_FIELDS.contains(name))))
}

/// A link to `path` with these.
pub(crate) fn link(path: &str, pairs: &[(&'static str, String)]) -> String {
    if pairs.is_empty() {
        return path.to_owned();
    }
    format!("{path}?{}", query(pairs))
}

/// A field that cannot be used, by its wire name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldError {
    /// The field's name on the wire.
    pub(crate) field: String,
    /// What is wrong with it.
    pub(crate) wrong: Wrong,
}

impl FieldError {
    /// This field is wrong for this reason.
    pub(crate) fn new(field: &str, wrong: impl Into<Wrong>) -> Self {
        Self { field: field.to_owned(), wrong: wrong.into() }
    }
}

/// Reads fields one by one and remembers all that is wrong, so that a visitor is told everything
/// at once.
pub(crate) struct Reader<'a> {
    fields: &'a Fields,
    errors: Vec<FieldError>,
}

impl<'a> Reader<'a> {
    /// A reader of these fields.
    pub(crate) fn new(fields: &'a Fields) -> Self {
        Self { fields, errors: Vec::new() }
    }

    /// The value that `read` makes of a field; nothing when it is left out or wrong.
    fn optional<T>(
        &mut self,
        name: &str,
        read: impl Fn(&str) -> Option<T>,
        wrong: Key,
    ) -> Option<T> {
        let text = self.fields.first(name);
        if text.is_empty() {
            return None;
        }
        let value = read(text);
        if value.is_none() {
            self.wrong(name, wrong);
        }
        value
    }

    fn required<T>(
        &mut self,
        name: &str,
        read: impl Fn(&str) -> Option<T>,
        wrong: Key,
    ) -> Option<T> {
        if self.fields.first(name).is_empty() {
            self.wrong(name, texts::MISSING);
        }
        self.optional(name, read, wrong)
    }

    /// Notes that a field is wrong.
    pub(crate) fn wrong(&mut self, name: &str, wrong: impl Into<Wrong>) {
        self.errors.push(FieldError::new(name, wrong));
    }

    /// The name of a place.
    pub(crate) fn place(&mut self, name: &str) -> Option<Place<'static>> {
        self.required(name, |text| Place::new(text.to_owned()), texts::NOT_A_PLACE)
    }

    /// A day.
    pub(crate) fn day(&mut self, name: &str) -> Option<Day> {
        self.required(name, read_day, texts::NOT_A_DAY)
    }

    /// A day, if there is one.
    pub(crate) fn optional_day(&mut self, name: &str) -> Option<Day> {
        self.optional(name, read_day, texts::NOT_A_DAY)
    }

    /// A number of people, if there is one.
    pub(crate) fn people(&mut self, name: &str) -> Option<People> {
        self.optional(name, |text| text.parse().ok(), texts::NOT_PEOPLE)
    }

    /// A number of nights, if there is one.
    pub(crate) fn nights(&mut self, name: &str) -> Option<Nights> {
        self.optional(name, |text| text.parse().ok(), texts::NOT_NIGHTS)
    }

    /// An offer, if there is one.
    pub(crate) fn offer(&mut self, name: &str) -> Option<OfferId> {
        self.optional(name, |text| text.parse().ok(), texts::NOT_AN_OFFER)
    }

    /// All offers of this name.
    pub(crate) fn offers(&mut self, name: &str) -> Vec<OfferId> {
        self.all(name, texts::NOT_AN_OFFER)
    }

    /// All prices of this name.
    pub(crate) fn prices(&mut self, name: &str) -> Vec<Money> {
        let read: Vec<_> = self.fields.all(name).map(Money::from_record).collect();
        if read.iter().any(Option::is_none) {
            self.wrong(name, texts::OLD_REVIEW);
        }
        read.into_iter().flatten().collect()
    }

    /// A trip, if there is one.
    pub(crate) fn trip(&mut self, name: &str) -> Option<TripId> {
        self.optional(name, |text| text.parse().ok(), texts::OLD_REVIEW)
    }

    /// A version of a trip, if there is one.
    pub(crate) fn revision(&mut self, name: &str) -> Option<Revision> {
        self.optional(name, |text| text.parse().ok(), texts::OLD_REVIEW)
    }

    /// A voucher's locator.
    pub(crate) fn locator(&mut self, name: &str) -> Option<Locator> {
        self.required(name, |text| text.parse().ok(), texts::NOT_A_LOCATOR)
    }

    /// A person's name.
    pub(crate) fn name(&mut self, name: &str) -> Option<PersonName> {
        self.required(name, |text| text.parse().ok(), texts::NOT_A_NAME)
    }

    /// A person's name or a document's number, if there is one.
    pub(crate) fn optional_name(&mut self, name: &str) -> Option<PersonName> {
        self.optional(name, |text| text.parse().ok(), texts::NOT_A_NAME)
    }

    /// How somebody is reached, if they say it.
    pub(crate) fn contact(&mut self, name: &str) -> Option<Contact> {
        self.optional(name, |text| text.parse().ok(), texts::NOT_A_CONTACT)
    }

    fn all<T: std::str::FromStr>(&mut self, name: &str, wrong: Key) -> Vec<T> {
        let read: Vec<_> = self.fields.all(name).map(|text| text.parse().ok()).collect();
        if read.iter().any(Option::is_none) {
            self.wrong(name, wrong);
        }
        read.into_iter().flatten().collect()
    }

    /// The filters and the order of a list.
    pub(crate) fn filters(&mut self) -> Filters {
        self.optional("ordem", Sort::named, texts::NOT_AN_ORDER);
        Filters::read(self.fields)
    }

    /// What was read, if nothing was wrong.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Vec<FieldError>> {
        match value {
            Some(value) if self.errors.is_empty() => Ok(value),
            _ => Err(self.errors),
        }
    }
}

/// A day as browsers send it, or as people in Brazil write it where there is no date picker.
fn read_day(text: &str) -> Option<Day> {
    Day::from_iso(text).or_else(|| Day::from_record(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_of_inputs_are_those_of_what_they_take() {
        let place = |bytes: usize| Place::new("x".repeat(bytes)).is_some();
        assert!(place(PLACE_BYTES_MAX) && !place(PLACE_BYTES_MAX + 1));
        let people = |count: u16| People::new(count).is_some();
        assert!(people(PEOPLE_MAX) && !people(PEOPLE_MAX + 1));
        let locator = |length: usize| "A".repeat(length).parse::<Locator>().is_ok();
        assert!(locator(LOCATOR_LENGTH) && !locator(LOCATOR_LENGTH + 1));
    }

    /// The values of `name` after a button of a list was pressed.
    fn values(query: &str, name: &str) -> Vec<String> {
        let fields = Fields::of_query(query.as_bytes());
        fields.all(name).map(str::to_owned).collect()
    }

    #[test]
    fn what_a_form_ticks_counts_more_than_what_was_chosen_before() {
        let button = "lista=periodo%3Dtarde&escolhida=ida%3Da%26hospedagem%3Db%26noites%3D3";
        assert_eq!(values(button, "ida"), ["a"]);
        assert_eq!(values(&format!("ida=c&{button}"), "ida"), ["c"]);
        assert!(values(&format!("ida=&{button}"), "ida").is_empty(), "none is an answer as well");
        // The nights belong to the room that is ticked.
        assert_eq!(values(&format!("noites=2&{button}"), "noites"), ["3"]);
        assert_eq!(values(&format!("hospedagem=d&noites=2&{button}"), "noites"), ["2"]);
        // What is the same for all buttons stands beside them.
        let same = format!("busca=cidade%3DX%26numeroDePessoas%3D2&{button}");
        assert_eq!(
            (values(&same, "cidade"), values(&same, "periodo")),
            (vec!["X".to_owned()], vec!["tarde".to_owned()])
        );
        // Boxes count when they are applied.
        assert_eq!(values(&format!("periodo=manha&{button}"), "periodo"), ["tarde"]);
        assert_eq!(values("periodo=manha&filtra=ordem%3Dpreco", "periodo"), ["manha"]);
    }
}
