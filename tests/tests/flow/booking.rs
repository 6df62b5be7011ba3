//! From the search to the locator, on both instances, with nothing kept in either.

use crate::visitor::{Visitor, address, search_of};
use agencia_tests::Kind;
use agencia_tests::agency::Site;
use agencia_tests::http::{Fields, Page, get};
use agencia_tests::process::Signal;
use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Barrier;

/// The locator of a whole trip that flies, whose anchor are the flights.
fn check_voucher(page: &Page) -> String {
    assert_eq!(page.status, 200, "{}", page.text());
    let locator = page.locator().unwrap_or_else(|| panic!("{}", page.text()));
    assert!(locator.len() == 6 && locator.starts_with('V'), "{locator}");
    locator
}

fn left(site: &Site) -> [u64; 3] {
    Kind::ALL.map(|kind| site.left(kind, &search_of(kind)))
}

#[test]
fn the_whole_flow_ends_in_a_locator_on_each_instance_and_across_both() {
    let site = Site::new();
    let _agency = site.up(&[]);
    let [first, second] = site.web();
    let mut all = HashSet::new();
    let walks: [&[SocketAddr]; 3] = [&[first], &[second], &[first, second]];
    for instances in walks {
        let before = left(&site);
        let mut visitor = Visitor::new(instances, "2");
        let review = visitor.choose_everything();
        assert_eq!(left(&site), before, "choosing takes nothing");
        let held = visitor.hold(&review);
        assert!(held.text().contains("Reservado até"), "{}", held.text());
        let taken: Vec<_> =
            before.iter().zip(left(&site)).map(|(before, after)| before - after).collect();
        assert_eq!(taken, [2, 1, 2], "two seats, one room, two places");
        all.insert(check_voucher(&visitor.book(&held)));
    }
    assert_eq!(all.len(), 3, "every locator is another");
    // Flights both ways and three nights, for each of three trips.
    assert_eq!(site.audit(), [[0, 0, 12], [0, 0, 9], [0, 0, 6]]);
}

#[test]
fn the_same_forms_sent_twice_book_once_also_on_the_other_instance() {
    let site = Site::new();
    let _agency = site.up(&[]);
    let mut visitor = Visitor::new(&site.web(), "1");
    let review = visitor.choose_everything();
    let held = visitor.hold(&review);
    let taken = site.audit();
    assert_eq!(address(&visitor.hold(&review)), address(&held));
    assert_eq!(site.audit(), taken);
    let first = check_voucher(&visitor.book(&held));
    let booked = site.audit();
    for _ in 0..2 {
        assert_eq!(check_voucher(&visitor.book(&held)), first);
        assert_eq!(check_voucher(&visitor.hold(&review)), first, "the back button");
    }
    assert_eq!(site.audit(), booked);
}

/// How often a form is sent from two windows at the same moment.
const DOUBLE_CLICKS: u64 = 8;

/// Sends a form from two windows at once, one on each instance.
fn double_click(
    visitor: &Visitor,
    instances: [SocketAddr; 2],
    form: &(String, Fields),
) -> [Page; 2] {
    let together = Barrier::new(2);
    let click = |instance| {
        let mut window = visitor.clone();
        window.goes_to(&[instance]);
        together.wait();
        window.send(form)
    };
    std::thread::scope(|scope| {
        let clicks = instances.map(|instance| scope.spawn(move || click(instance)));
        clicks.map(|click| click.join().expect("a page comes"))
    })
}

#[test]
fn the_same_forms_sent_to_both_instances_at_the_same_moment_book_once() {
    let site = Site::new();
    let _agency = site.up(&[]);
    let instances = site.web();
    for booked_before in 0..DOUBLE_CLICKS {
        let mut visitor = Visitor::new(&instances, "1");
        let review = visitor.choose_everything();
        let form = review.form("/pacote").expect("it can be held");
        let held = double_click(&visitor, instances, &form);
        let trip = address(&held[0]);
        assert_eq!(address(&held[1]), trip, "one trip");
        let booked = [2, 3, 1].map(|units| units * booked_before);
        let taken = [2, 3, 1].into_iter().zip(booked).map(|(held, booked)| [held, 0, booked]);
        assert_eq!(site.audit().to_vec(), taken.collect::<Vec<_>>(), "its units are held once");

        let page = visitor.wait_for(&trip, |page| page.travellers().is_some());
        let form = page.travellers().expect("it is held");
        let pages = double_click(&visitor, instances, &form);
        let page = visitor.wait_for(&trip, |page| page.locator().is_some());
        let voucher = check_voucher(&page);
        for page in &pages {
            // One that was not told the end yet may say so; it never says another one.
            assert_eq!(page.locator().unwrap_or_else(|| voucher.clone()), voucher);
            assert!(!page.text().contains("não foi comprada"), "{}", page.text());
        }
        visitor.wait_for(&trip, |_| site.audit().iter().all(|daemon| daemon[..2] == [0, 0]));
        let booked = [2, 3, 1].map(|units| units * (booked_before + 1));
        assert_eq!(site.audit().map(|[_, _, booked]| booked), booked, "and booked once");
    }
}

#[test]
fn no_page_that_is_only_looked_at_takes_or_releases_anything() {
    let site = Site::new();
    let _agency = site.up(&[]);
    let mut visitor = Visitor::new(&site.web(), "1");
    let review = visitor.choose_everything();
    assert_eq!(site.audit(), [[0; 3]; 3]);
    let held = visitor.hold(&review);
    let trip = address(&held);
    for end in ["", "/cancelar", "/desistir", "?passeio=x"] {
        let before = site.audit();
        for _ in 0..2 {
            visitor.look(&format!("{trip}{end}"));
        }
        assert_eq!(site.audit(), before, "{trip}{end}");
    }
    let booked = visitor.book(&held);
    check_voucher(&booked);
    for end in ["", "/cancelar"] {
        let before = site.audit();
        assert_eq!(visitor.look(&format!("{trip}{end}")).status, 200);
        assert_eq!(site.audit(), before, "{trip}{end}");
    }
}

#[test]
fn two_visitors_never_see_each_others_choice_or_trip() {
    let site = Site::new();
    let _agency = site.up(&[]);
    let [first, _] = site.web();
    let mut ana = Visitor::new(&[first], "1");
    let review = ana.choose_everything();
    assert!(review.text().contains("Altamira"));
    let mut bento = Visitor::new(&[first], "3");
    let empty = bento.get("/pacote", &vec![]);
    assert!(empty.text().contains("Seu pacote está vazio"), "{}", empty.text());
    let other = bento.choose_everything();
    assert!(other.text().contains("Para 3 pessoas"), "{}", other.text());
    let held = ana.hold(&review);
    let booked = check_voucher(&ana.book(&held));
    let his = check_voucher(&bento.buy(&other));
    assert_ne!(booked, his);
    // Hers, his with one digit changed, and one that never was look alike to him.
    let unknown = bento.look("/viagem/0190a5ee-7c1e-7c53-8b51-9a2d0e8f7b11");
    assert_eq!(unknown.status, 404);
    let without_date = |page: &Page| {
        let lines = page.head.lines().filter(|line| !line.starts_with("date: "));
        (lines.map(str::to_owned).collect::<Vec<_>>(), page.body.clone())
    };
    for below in ["", "/cancelar"] {
        let hers = bento.look(&format!("{}{below}", address(&held)));
        assert_eq!(without_date(&hers), without_date(&unknown));
    }
    let sent = bento.send(&held.travellers().expect("it was held"));
    assert_eq!(sent.status, 404, "{}", sent.text());
}

#[test]
fn a_locator_and_a_surname_open_a_trip_to_whoever_has_them() {
    let site = Site::new();
    let _agency = site.up(&[]);
    let mut ana = Visitor::new(&site.web(), "1");
    let review = ana.choose_everything();
    let booked = ana.buy(&review);
    let code = check_voucher(&booked);
    let open = |surname: &str| {
        let mut somebody = Visitor::new(&site.web(), "1");
        let mut form = somebody.look("/viagem").form("/viagem").expect("a form");
        for (name, value) in &mut form.1 {
            *value = if name == "localizador" { code.clone() } else { surname.to_owned() };
        }
        somebody.send(&form)
    };
    let opened = open("souza");
    assert_eq!(check_voucher(&opened), code);
    assert_eq!(opened.status, 200);
    let wrong = open("Silva");
    assert_eq!((wrong.status, wrong.locator()), (404, None), "{}", wrong.text());
}

#[test]
fn what_is_sold_out_meanwhile_is_told_and_the_rest_stays_held_until_something_else_is_chosen() {
    let site = Site::new();
    let _agency = site.up(&[]);
    let mut visitor = Visitor::new(&site.web(), "1");
    let review = visitor.choose_everything();
    // Somebody else takes the last of the room's first night over the wire.
    let (_, fields) = review.form("/pacote").expect("it can be held");
    let (_, room) = fields.iter().find(|(name, _)| name == "hospedagem").expect("a room");
    let mut other = agencia_tests::Client::connect(site.daemon(Kind::Stays));
    let buy = format!(r#"{{"action":"reservar","id":"{room}"}}"#);
    assert_eq!(agencia_tests::wire::code(&other.ask(&buy)), None);
    let before = site.audit();
    let page = visitor.hold(&review);
    let text = page.text();
    assert!(text.contains("Falta um pedaço") && text.contains("Esgotou"), "{text}");
    assert_eq!(page.locator(), None);
    let [flights, stays, tours] = site.audit();
    assert_eq!([flights[0], stays[0], tours[0]], [2, 0, 1], "the others are held");
    assert_eq!(stays, before[1]);

    let trip = address(&page);
    let (_, others) = page.body.split_once("class=\"instead\"").expect("other rooms are offered");
    let others = Page { body: others.to_owned(), ..page };
    let review = visitor.look(&others.attributes("href=\"/pacote", "href")[0]);
    let held = visitor.hold(&review);
    assert_eq!(address(&held), trip, "it is the same trip");
    check_voucher(&visitor.book(&held));
    assert_eq!(site.audit().map(|[held, pinned, _]| held + pinned), [0; 3]);
}

#[test]
fn a_price_that_changes_before_the_hold_is_told_with_the_old_one_and_asked_again() {
    let site = Site::new();
    let _agency = site.up(&[]);
    let mut visitor = Visitor::new(&site.web(), "2");
    let review = visitor.choose_everything();
    let dearer = |text: &str| text.replace("\"valor\":\"", "\"valor\":\"1");
    site.import(Kind::Stays, "hospedagens.json", dearer);
    let (_, fields) = review.form("/pacote").expect("it can be held");
    let (_, seen) = fields.iter().find(|(name, _)| name == "valorHospedagem").expect("a price");
    let old = seen.trim_end_matches("R$");
    let page = visitor.hold(&review);
    // As pages write it: R$ 1.234,56.
    let says_both = |page: &Page| {
        let text = page.text().replace(['.', '\u{a0}', ' '], "");
        let both = format!("eraR${old}quandovocêviu,agoraéR$");
        assert!(text.contains(&both), "{both}: {}", page.text());
    };
    says_both(&page);
    assert_eq!((page.travellers(), site.audit()[1]), (None, [0; 3]), "it is not held");
    // Not the step at the head of the page, but what leads on from the part that is missing.
    let again = page.attributes("antes=", "href");
    let review = visitor.look(again.first().unwrap_or_else(|| panic!("{}", page.text())));
    says_both(&review);
    assert_eq!(site.audit()[1], [0; 3], "looking holds nothing");
    let held = visitor.hold(&review);
    assert!(held.text().contains("Reservado até"), "{}", held.text());
    check_voucher(&visitor.book(&held));
}

#[test]
fn a_hold_that_expires_leaves_nothing_and_its_units_are_found_again() {
    let site = Site::new().with("AGENCIA_WEB_TRIPS__HOLD_SECS", "1");
    let _agency = site.up(&[]);
    let before = left(&site);
    let mut visitor = Visitor::new(&site.web(), "1");
    let review = visitor.choose_everything();
    let held = visitor.hold(&review);
    let trip = address(&held);
    let page = visitor.wait_for(&trip, |page| page.text().contains("não foi comprada"));
    assert_eq!(page.form("/viagem/"), None, "{}", page.text());
    visitor.wait_for(&trip, |_| site.audit() == [[0; 3]; 3]);
    assert_eq!(left(&site), before);
    // Who confirms too late has nothing, and the same items can be held again.
    let late = visitor.book(&held);
    assert_eq!(late.locator(), None, "{}", late.text());
    assert_eq!(site.audit(), [[0; 3]; 3]);
    let again = late.attributes("href=\"/pacote", "href");
    let review = visitor.look(again.first().unwrap_or_else(|| panic!("{}", late.text())));
    let held = visitor.hold(&review);
    assert_ne!(address(&held), trip, "it is another trip");
    assert!(held.text().contains("Reservado até"), "{}", held.text());
}

/// The sum at the side of a page.
fn sum(page: &Page) -> String {
    let (_, rest) = page.body.split_once("<p class=\"sum\">").expect("a sum");
    rest.split("</p>").next().unwrap_or_default().to_owned()
}

#[test]
fn what_is_cancelled_is_released_in_every_daemon() {
    let site = Site::new();
    let _agency = site.up(&[]);
    let before = left(&site);
    let mut visitor = Visitor::new(&site.web(), "1");
    let review = visitor.choose_everything();
    let booked = visitor.buy(&review);
    check_voucher(&booked);
    let trip = address(&booked);
    let asked = visitor.look(&format!("{trip}/cancelar"));
    // It is more than a week away: by the policy of each product all of it comes back.
    assert_eq!(sum(&asked), sum(&booked), "the refund is shown before: {}", asked.text());
    for product in ["Voos", "Hospedagem", "Passeios"] {
        assert!(asked.text().contains(product), "{product}: {}", asked.text());
    }
    assert_ne!(site.audit(), [[0; 3]; 3], "asking cancels nothing");
    let cancelled = visitor.press(&asked, &format!("{trip}/cancelar"));
    assert!(cancelled.text().contains("Viagem cancelada"), "{}", cancelled.text());
    visitor.wait_for(&trip, |_| site.audit() == [[0; 3]; 3]);
    assert_eq!(left(&site), before);
    // Once more, by the back button.
    let again = visitor.press(&asked, &format!("{trip}/cancelar"));
    assert!(again.text().contains("Viagem cancelada"), "{}", again.text());
}

#[test]
fn the_names_of_a_booked_trip_are_changed_and_open_it() {
    let site = Site::new();
    let _agency = site.up(&[]);
    let mut visitor = Visitor::new(&site.web(), "2");
    let review = visitor.choose_everything();
    let booked = visitor.buy(&review);
    let voucher = check_voucher(&booked);
    let trip = address(&booked);
    let form = visitor.look(&format!("{trip}/alterar"));
    let (action, mut fields) = form.form("/viagem/").expect("a form");
    for (name, value) in &mut fields {
        if name == "sobrenome2" {
            *value = "Araújo".to_owned();
        }
    }
    let changed = visitor.send(&(action, fields));
    assert_eq!(check_voucher(&changed), voucher);
    assert!(changed.text().contains("Ana Araújo"), "{}", changed.text());
    // On any instance, for whoever has the voucher.
    for instance in site.web() {
        let mut other = Visitor::new(&[instance], "1");
        let door = other.look("/viagem");
        let (action, mut fields) = door.form("/viagem").expect("a form");
        for (name, value) in &mut fields {
            match name.as_str() {
                "localizador" => value.clone_from(&voucher),
                "sobrenome" => *value = "araujo".to_owned(),
                _ => {}
            }
        }
        assert_eq!(check_voucher(&other.send(&(action, fields))), voucher);
    }
}

#[test]
fn a_wrong_field_is_told_with_the_form_as_it_was_typed() {
    let site = Site::new();
    let _agency = site.up(&[]);
    for instance in site.web() {
        let path = "/voos?paraAeroporto=Aeroporto+de+Altamira+-+Altamira+(PA)&dataIda=2021-02-30\
                    &numeroPassagens=1000000";
        let page = get(instance, path);
        assert_eq!(page.status, 400);
        let text = page.text();
        assert!(text.contains("Você não deveria estar aqui"), "{text}");
        let advice = "Volte e confira se os campos estão corretos e preenchidos.";
        assert!(text.contains(advice), "{text}");
        let typed = |name: &str| page.attributes(&format!("name=\"{name}\""), "value");
        assert_eq!(typed("dataIda"), ["2021-02-30"]);
        assert_eq!(typed("numeroPassagens"), ["1000000"]);
    }
}

#[test]
fn bookings_outlive_the_command() {
    let site = Site::new();
    let mut agency = site.up(&[]);
    let mut visitor = Visitor::new(&site.web(), "1");
    let review = visitor.choose_everything();
    let booked = visitor.buy(&review);
    let bought = check_voucher(&booked);
    let sold = site.audit();
    assert_eq!(agency.stop().code(), Some(0));
    let _again = site.up(&[]);
    assert_eq!(site.audit(), sold);
    assert_eq!(check_voucher(&visitor.look(&address(&booked))), bought);
    // Also the visitor who never saw the voucher and sends the form once more.
    assert_eq!(check_voucher(&visitor.hold(&review)), bought);
}

#[test]
fn daemons_that_are_down_are_told_with_503_and_used_when_they_come_back() {
    let site = Site::new();
    let _web = site.up(&["--only", "web"]);
    let [first, _] = site.web();
    let page = get(first, "/");
    assert_eq!(page.status, 503);
    assert!(page.text().contains("agencia-voos"), "{}", page.text());
    let mut daemons = site.up(&["--only", "daemons"]);
    let mut visitor = Visitor::new(&[first], "1");
    let review = visitor.choose_everything();
    assert_eq!(daemons.stop().code(), Some(0));
    let page = visitor.hold(&review);
    assert_eq!((page.status, page.locator()), (503, None), "{}", page.text());
    let _daemons = site.up(&["--only", "daemons"]);
    check_voucher(&visitor.buy(&review));
}

#[test]
fn a_trip_whose_daemon_is_killed_before_it_is_confirmed_is_finished_by_the_other_instance() {
    let site = Site::new();
    let agency = site.up(&[]);
    let [first, second] = site.web();
    let mut whole = 0;
    for kind in Kind::ALL {
        let mut visitor = Visitor::new(&[first], "1");
        let review = visitor.choose_everything();
        let held = visitor.hold(&review);
        let trip = address(&held);
        agency.kill_child(kind.name(), Signal::KILL);
        // Whatever can be said now is said; then the traveller goes to the other instance.
        visitor.book(&held);
        visitor.goes_to(&[second]);
        agency.wait_for_restart(kind.name());
        let is_over = |page: &Page| page.text().contains("não foi comprada");
        let page = visitor.wait_for(&trip, |page| {
            page.locator().is_some() || page.travellers().is_some() || is_over(page)
        });
        let page = match page.travellers() {
            Some(form) => visitor.send(&form),
            None => page,
        };
        visitor.wait_for(&trip, |_| site.audit().iter().all(|daemon| daemon[..2] == [0, 0]));
        whole += u64::from(page.locator().is_some());
        let booked = site.audit().map(|[_, _, booked]| booked);
        assert_eq!(booked, [2 * whole, 3 * whole, whole], "{}: {}", kind.name(), page.text());
    }
    assert!(whole > 0, "no trip was finished");
}

#[test]
fn a_daemon_that_is_killed_is_started_again_and_knows_what_it_sold() {
    let site = Site::new();
    let agency = site.up(&[]);
    let mut visitor = Visitor::new(&site.web(), "1");
    let review = visitor.choose_everything();
    let booked = visitor.buy(&review);
    let bought = check_voucher(&booked);
    for kind in Kind::ALL {
        agency.kill_child(kind.name(), Signal::KILL);
    }
    for kind in Kind::ALL {
        agency.wait_for_restart(kind.name());
    }
    let path = address(&booked);
    let page = visitor.wait_for(&path, |page| page.locator().is_some());
    assert_eq!(check_voucher(&page), bought);
}
