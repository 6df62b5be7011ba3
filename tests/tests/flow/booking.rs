//! From the search to the locators, on both instances, with nothing kept in either.

use crate::visitor::{Visitor, locators, search_of};
use agencia_tests::agency::Site;
use agencia_tests::http::{get, post};
use agencia_tests::process::Signal;
use agencia_tests::{Kind, wire};
use std::collections::HashSet;
use std::net::SocketAddr;

/// The initials of the locators of a trip of everything.
fn check_voucher(locators: &[String]) {
    let initials: Vec<_> = locators.iter().filter_map(|locator| locator.chars().next()).collect();
    assert_eq!(initials, ['V', 'V', 'H', 'P'], "{locators:?}");
    assert!(locators.iter().all(|locator| locator.len() == 6), "{locators:?}");
}

fn left(site: &Site) -> [u64; 3] {
    Kind::ALL.map(|kind| site.left(kind, &search_of(kind)))
}

#[test]
fn the_whole_flow_ends_in_locators_on_each_instance_and_across_both() {
    let site = Site::new();
    let _agency = site.up(&[]);
    let [first, second] = site.web();
    let mut all = HashSet::new();
    let walks: [&[SocketAddr]; 3] = [&[first], &[second], &[first, second]];
    for instances in walks {
        let before = left(&site);
        let mut visitor = Visitor::new(instances, "2");
        let review = visitor.choose_everything();
        assert_eq!(left(&site), before, "nothing is sold before it is confirmed");
        let voucher = visitor.confirm(&review);
        assert_eq!(voucher.status, 200, "{}", voucher.text());
        let found = locators(&voucher);
        check_voucher(&found);
        all.extend(found);
        let after = left(&site);
        let taken: Vec<_> =
            before.iter().zip(after).map(|(before, after)| before - after).collect();
        assert_eq!(taken, [2, 1, 2], "two seats, one room, two places");
    }
    assert_eq!(all.len(), 12, "every locator is another");
}

#[test]
fn the_same_form_sent_twice_buys_once_also_on_the_other_instance() {
    let site = Site::new();
    let _agency = site.up(&[]);
    let mut visitor = Visitor::new(&site.web(), "1");
    let review = visitor.choose_everything();
    let first = locators(&visitor.confirm(&review));
    check_voucher(&first);
    let sold = left(&site);
    for _ in 0..2 {
        assert_eq!(locators(&visitor.confirm(&review)), first);
    }
    assert_eq!(left(&site), sold);
}

#[test]
fn two_visitors_never_see_each_others_choice() {
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
    let again = ana.get("/pacote", &review.hidden());
    assert!(again.text().contains("Para 1 pessoa"), "{}", again.text());
    assert_eq!(locators(&ana.confirm(&review)).len(), 4);
    assert_eq!(locators(&bento.confirm(&other)).len(), 4);
}

#[test]
fn what_is_sold_out_meanwhile_is_told_and_not_sold() {
    let site = Site::new();
    let _agency = site.up(&[]);
    let mut visitor = Visitor::new(&site.web(), "1");
    let review = visitor.choose_everything();
    // Somebody else takes the last of the room's first night over the wire.
    let fields = review.hidden();
    let (_, room) = fields.iter().find(|(name, _)| name == "hospedagem").expect("a room");
    let mut other = agencia_tests::Client::connect(site.daemon(Kind::Stays));
    let buy = format!(r#"{{"action":"reservar","id":"{room}"}}"#);
    assert_eq!(wire::code(&other.ask(&buy)), None);
    assert_eq!(wire::code(&other.ask(&buy)), Some("esgotado"), "it was the last one");
    let page = visitor.confirm(&review);
    let found: Vec<_> =
        locators(&page).iter().filter_map(|locator| locator.chars().next()).collect();
    assert_eq!(found, ['V', 'V'], "what came before it is bought and told: {}", page.text());
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
        assert!(text.contains("You shouldn't be here"), "{text}");
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
    let bought = locators(&visitor.confirm(&review));
    check_voucher(&bought);
    let sold = left(&site);
    assert_eq!(agency.stop().code(), Some(0));
    let _again = site.up(&[]);
    assert_eq!(left(&site), sold);
    // Also the visitor who never saw the voucher and sends the form once more.
    assert_eq!(locators(&visitor.confirm(&review)), bought);
}

#[test]
fn a_daemon_that_is_down_is_told_with_503_and_one_that_comes_back_is_used() {
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
    let page = post(first, "/pacote", &review.hidden());
    assert_eq!(page.status, 503, "{}", page.text());
    assert_eq!(locators(&page).len(), 0);
    let _daemons = site.up(&["--only", "daemons"]);
    check_voucher(&locators(&visitor.confirm(&review)));
}

#[test]
fn a_daemon_that_is_killed_is_started_again_and_knows_what_it_sold() {
    let site = Site::new();
    let agency = site.up(&[]);
    let mut visitor = Visitor::new(&site.web(), "1");
    let review = visitor.choose_everything();
    let bought = locators(&visitor.confirm(&review));
    check_voucher(&bought);
    for kind in Kind::ALL {
        agency.kill_child(kind.name(), Signal::KILL);
    }
    for kind in Kind::ALL {
        agency.wait_for_restart(kind.name());
    }
    assert_eq!(locators(&visitor.confirm(&review)), bought);
}
