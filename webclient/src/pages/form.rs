//! The search form, which three pages and the error page show.

use super::Visit;
use crate::daemons::Places;
use crate::forms::{self, FieldError, Pairs, link};
use crate::language::Lang;
use askama::Template;

/// A search form, filled with what is known.
#[derive(Template)]
#[template(path = "form.html")]
pub(crate) struct SearchForm {
    /// Where it leads.
    pub(crate) action: &'static str,
    /// The page that shows only this form.
    pub(crate) home: &'static str,
    pub(crate) lang: Lang,
    pub(crate) legend: &'static str,
    pub(crate) submit: &'static str,
    pub(crate) inputs: Vec<Input>,
    /// The choice so far.
    pub(crate) hidden: Pairs,
}

/// One input. What the visitor typed wins over what the page would fill in.
pub(crate) struct Input {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) value: String,
    pub(crate) required: bool,
    pub(crate) kind: Kind,
    pub(crate) error: Option<String>,
}

/// What an input takes.
pub(crate) enum Kind {
    /// One of these names.
    Place(Vec<String>),
    /// A name, typed: there are too many to list, or the list is not known.
    Name,
    /// A day between these.
    Day { first: String, last: String },
    /// A number of people.
    People,
}

/// Fills a form from a visit.
pub(crate) struct Filler<'a> {
    pub(crate) visit: &'a Visit,
    pub(crate) places: &'a Places,
    pub(crate) errors: &'a [FieldError],
}

impl Filler<'_> {
    /// The input for a place.
    pub(crate) fn place(&self, name: &'static str, label: &'static str, known: &str) -> Input {
        let listed = 1..=self.visit.site.settings.pages.places_max;
        let kind = match listed.contains(&self.places.names().len()) {
            true => Kind::Place(self.places.names().map(str::to_owned).collect()),
            false => Kind::Name,
        };
        self.input(name, label, known, true, kind)
    }

    /// The input for a city. What is known may be that of an airport, where nothing else is sold.
    pub(crate) fn city(&self, known: Option<String>) -> Input {
        let label = self.visit.lang().t("field-city");
        let mut city = self.place("cidade", label, &known.unwrap_or_default());
        if self.errors.is_empty() && !self.places.has(&city.value) {
            city.value = String::new();
        }
        city
    }

    /// The input for a day.
    pub(crate) fn day(
        &self,
        name: &'static str,
        label: &'static str,
        known: Option<String>,
        required: bool,
    ) -> Input {
        let (first, last) = match self.places.days() {
            Some((first, last)) => {
                (self.visit.today().map_or(first, |today| first.max(today)).iso(), last.iso())
            }
            None => (String::new(), String::new()),
        };
        self.input(name, label, &known.unwrap_or_default(), required, Kind::Day { first, last })
    }

    /// The input for a number of people.
    pub(crate) fn people(&self, name: &'static str, label: &'static str, known: String) -> Input {
        self.input(name, label, &known, true, Kind::People)
    }

    fn input(
        &self,
        name: &'static str,
        label: &'static str,
        known: &str,
        required: bool,
        kind: Kind,
    ) -> Input {
        let typed = self.visit.fields.first(name);
        let value = if typed.is_empty() { known } else { typed };
        let error = self.errors.iter().find(|error| error.field == name);
        Input {
            name,
            label,
            value: value.to_owned(),
            required,
            kind,
            error: error.map(|error| error.wrong.say(self.visit.lang())),
        }
    }
}

impl SearchForm {
    /// A link to the page of this form, with everything still filled in.
    pub(crate) fn back(&self) -> String {
        let inputs = self.inputs.iter().map(|input| (input.name, input.value.clone()));
        link(self.home, &inputs.chain(self.hidden.iter().cloned()).collect::<Pairs>())
    }

    /// What this form calls a field.
    pub(crate) fn label(&self, field: &str) -> Option<&'static str> {
        self.inputs.iter().find(|input| input.name == field).map(|input| input.label)
    }
}

impl Input {
    /// Whether the value is not among the names listed, so that it is listed as well: what was
    /// typed is never lost.
    fn is_unlisted(&self, names: &[String]) -> bool {
        !self.value.is_empty() && !names.contains(&self.value)
    }

    /// Whether it needs a line of its own.
    fn is_wide(&self) -> bool {
        matches!(self.kind, Kind::Place(_) | Kind::Name)
    }
}
