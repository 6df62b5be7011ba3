//! A visitor without a browser's window: goes from page to page by the forms that are on them.

use agencia_tests::http::{Browser, Fields, Page, encode};
use agencia_tests::{Kind, PATIENCE, agency};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// The pause before a page is asked for again that says it does not know yet.
const PAUSE: Duration = Duration::from_millis(50);

/// A visitor at work on one or more instances of the web client; a clone is another window of theirs.
#[derive(Clone)]
pub(crate) struct Visitor {
    browser: Browser,
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
        let (browser, instances) = (Browser::default(), instances.to_vec());
        Self { browser, instances, visited: 0, people }
    }

    /// From now on every page comes from these.
    pub(crate) fn goes_to(&mut self, instances: &[SocketAddr]) {
        self.instances = instances.to_vec();
    }

    fn instance(&mut self) -> SocketAddr {
        self.visited += 1;
        self.instances[self.visited % self.instances.len()]
    }

    /// A page, whatever it says.
    pub(crate) fn look(&mut self, path: &str) -> Page {
        let instance = self.instance();
        self.browser.get(instance, path)
    }

    pub(crate) fn get(&mut self, path: &str, fields: &Fields) -> Page {
        let page = self.look(&format!("{path}?{}", encode(fields)));
        assert_eq!(page.status, 200, "{path}: {}", page.text());
        page
    }

    /// Sends a form and follows where that leads; the page may say anything.
    pub(crate) fn send(&mut self, (action, fields): &(String, Fields)) -> Page {
        let instance = self.instance();
        self.browser.post(instance, action, fields)
    }

    /// Sends the form of a page that goes there.
    pub(crate) fn press(&mut self, page: &Page, action: &str) -> Page {
        let form = page.form(action).unwrap_or_else(|| panic!("no {action}: {}", page.text()));
        self.send(&form)
    }

    /// Has what is reviewed held.
    pub(crate) fn hold(&mut self, review: &Page) -> Page {
        self.press(review, "/pacote")
    }

    /// Names the travellers on the page of a held trip and confirms.
    pub(crate) fn book(&mut self, held: &Page) -> Page {
        self.send(&held.travellers().unwrap_or_else(|| panic!("no names: {}", held.text())))
    }

    /// From the review to the voucher.
    pub(crate) fn buy(&mut self, review: &Page) -> Page {
        let held = self.hold(review);
        self.book(&held)
    }

    /// Looks at a page until it is so.
    pub(crate) fn wait_for(&mut self, path: &str, is_so: impl Fn(&Page) -> bool) -> Page {
        let due = Instant::now() + PATIENCE;
        loop {
            let page = self.look(path);
            if is_so(&page) {
                return page;
            }
            assert!(Instant::now() < due, "{path}: {}", page.text());
            std::thread::sleep(PAUSE);
        }
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
        // Their flight arrives in the evening. They go on the first tour of that day all the same.
        check_filled(&form, "dataIda", "2099-12-22");
        let mut search = filled(&form);
        search.retain(|(name, _)| name != "dataIda");
        search.push(field("dataIda", "2099-12-21"));
        let tours = self.get("/passeios", &search);
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

/// The address of a trip's page, as the page itself has it.
pub(crate) fn address(page: &Page) -> String {
    let (_, rest) = page.body.split_once("/viagem/").unwrap_or_else(|| panic!("{}", page.text()));
    format!("/viagem/{}", &rest[..36])
}
