//! A visitor without a browser: goes from page to page by the forms that are on them.

use agencia_tests::http::{Fields, Page, encode, get, post};
use agencia_tests::{Kind, agency};
use std::net::SocketAddr;

/// A visitor at work on one or more instances of the web client.
pub(crate) struct Visitor {
    instances: Vec<SocketAddr>,
    /// How many pages were visited.
    visited: usize,
    people: &'static str,
}

fn field(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// The search of the visitor's flights, as a daemon is asked it.
pub(crate) fn search_of(kind: Kind) -> String {
    let (action, place) = (kind.action(), kind.place().0);
    let name = if kind == Kind::Flights { agency::AIRPORT } else { agency::CITY };
    format!(r#"{{"action":"{action}","{place}":"{name}","dataIda":"2099-12-21","limite":1000}}"#)
}

impl Visitor {
    /// A visitor whose every page comes from the next of these instances.
    pub(crate) fn new(instances: &[SocketAddr], people: &'static str) -> Self {
        Self { instances: instances.to_vec(), visited: 0, people }
    }

    fn instance(&mut self) -> SocketAddr {
        self.visited += 1;
        self.instances[self.visited % self.instances.len()]
    }

    pub(crate) fn get(&mut self, path: &str, fields: &Fields) -> Page {
        let instance = self.instance();
        let page = get(instance, &format!("{path}?{}", encode(fields)));
        assert_eq!(page.status, 200, "{path}: {}", page.text());
        page
    }

    /// Buys what is reviewed; the page may say anything.
    pub(crate) fn confirm(&mut self, review: &Page) -> Page {
        let instance = self.instance();
        post(instance, "/pacote", &review.hidden())
    }

    /// The review of a trip of everything: flights both ways, three nights, a tour.
    pub(crate) fn choose_everything(&mut self) -> Page {
        let form = self.get("/", &vec![]);
        let airports = form.attributes("option", "value");
        assert!(airports.contains(&agency::AIRPORT.to_owned()), "{airports:?}");
        let mut search = form.hidden();
        search.extend([
            field("paraAeroporto", agency::AIRPORT),
            field("dataIda", "2099-12-21"),
            field("dataVolta", "2099-12-24"),
            field("numeroPassagens", self.people),
        ]);
        let flights = self.get("/voos", &search);
        let form = self.choose("/hospedagem", &flights, &["ida", "volta"]);
        check_filled(&form, "dataVolta", "2099-12-24");
        let stays = self.get("/hospedagens", &filled(&form));
        let form = self.choose("/passeio", &stays, &["hospedagem"]);
        let tours = self.get("/passeios", &filled(&form));
        self.choose("/pacote", &tours, &["passeio"])
    }

    /// Takes the first offer of each list and goes on.
    fn choose(&mut self, path: &str, page: &Page, names: &[&str]) -> Page {
        let mut fields = page.hidden();
        for name in names {
            let offers = page.attributes(&format!("name=\"{name}\""), "value");
            let first = offers.first().unwrap_or_else(|| panic!("no {name}: {}", page.text()));
            fields.push(field(name, first));
        }
        self.get(path, &fields)
    }
}

/// A search form as it was filled in for the visitor, who changes nothing.
fn filled(form: &Page) -> Fields {
    let mut fields = form.hidden();
    let city = form.attributes("selected", "value");
    assert_eq!(city, [agency::CITY], "the city flows on");
    fields.push(field("cidade", agency::CITY));
    for name in ["dataIda", "dataVolta", "numeroDePessoas"] {
        let values = form.attributes(&format!("name=\"{name}\""), "value");
        fields.extend(values.first().map(|value| field(name, value)));
    }
    fields
}

fn check_filled(form: &Page, name: &str, expected: &str) {
    let values = form.attributes(&format!("name=\"{name}\""), "value");
    assert_eq!(values, [expected], "{name} flows on");
}

/// The locators on a voucher.
pub(crate) fn locators(page: &Page) -> Vec<String> {
    let after = page.body.split("class=\"locator\"").skip(1);
    let strong = |text: &str| {
        let (_, rest) = text.split_once("<strong>")?;
        rest.split_once("</strong>").map(|(locator, _)| locator.to_owned())
    };
    after.filter_map(strong).collect()
}
