//! Many at once: nobody waits for another's silence, and above the limit somebody is told so.

use agencia_tests::inventory::DAY;
use agencia_tests::wire::{check_error, frame};
use agencia_tests::{Client, Kind, Setup};

const HEALTH: &str = r#"{"action":"saude"}"#;

#[test]
fn a_thousand_idle_connections_do_not_keep_another_from_being_served() {
    for kind in Kind::ALL {
        let setup = Setup::of(kind, 1, 10);
        let daemon = setup.start();
        let mut idle: Vec<Client> = (0..1000).map(|_| daemon.connect()).collect();
        // Some are silent, some are within a header, some are within a body.
        for (number, client) in idle.iter_mut().enumerate() {
            match number % 3 {
                0 => {}
                1 => client.send_raw("1"),
                _ => client.send_raw("99        {"),
            }
        }
        let mut client = daemon.connect();
        for _ in 0..20 {
            assert_eq!(client.ask(kind.search(""))[kind.list()].as_array().map(Vec::len), Some(1));
        }
        let open = client.ask(HEALTH)["conexoes"].as_u64();
        assert!(open.is_some_and(|open| open >= 1001), "{open:?} connections");
        // Those that were idle are served as well.
        assert_eq!(idle[0].ask(HEALTH)["pronto"], true);
        idle[999].end();
        idle[999].expect_end();
    }
}

#[test]
fn a_peer_that_stops_reading_does_not_keep_others_from_being_served() {
    let setup = Setup::of(Kind::Tours, 300, 1);
    setup.settings("log = \"debug\"\nthreads = 1\n[deadlines]\nwrite_secs = 3600");
    let daemon = setup.start();
    let mut stalled: Vec<Client> = (0..8).map(|_| daemon.connect()).collect();
    for client in &mut stalled {
        client.send_raw(frame(Kind::Tours.search("")).repeat(500));
    }
    let mut client = daemon.connect();
    for _ in 0..20 {
        assert_eq!(client.ask(HEALTH)["pronto"], true);
    }
    // Whoever reads again gets all of it.
    for _ in 0..500 {
        assert_eq!(stalled[3].read()["passeio"].as_array().map(Vec::len), Some(300));
    }
}

#[test]
fn one_who_asks_without_end_does_not_keep_others_from_being_served() {
    let setup = Setup::of(Kind::Tours, 1, 1);
    setup.settings("threads = 1");
    let daemon = setup.start();
    let mut greedy = daemon.connect();
    let stream = greedy.stream().try_clone().expect("a socket can be cloned");
    // It asks as fast as it can until it is told to stop.
    let asker = std::thread::spawn(move || {
        use std::io::Write;
        let many = frame(HEALTH).repeat(1000);
        while (&stream).write_all(&many).is_ok() {}
    });
    let reader = greedy.stream().try_clone().expect("a socket can be cloned");
    let reading = std::thread::spawn(move || {
        std::io::copy(&mut (&reader), &mut std::io::sink()).ok();
    });
    for _ in 0..50 {
        assert_eq!(daemon.connect().ask(HEALTH)["pronto"], true);
    }
    greedy.stream().shutdown(std::net::Shutdown::Both).expect("it is connected");
    asker.join().expect("the asker does not panic");
    reading.join().expect("the reader does not panic");
    // The asker has the socket until here.
    drop(greedy.try_read_frame());
}

#[test]
fn above_the_limit_of_connections_one_is_told_so_and_closed() {
    let setup = Setup::of(Kind::Flights, 1, 1);
    setup.settings("log = \"debug\"\n[limits]\nconnections_max = 2");
    let daemon = setup.start();
    let mut first = daemon.connect();
    assert_eq!(first.ask(HEALTH)["conexoes"], 1);
    let mut second = daemon.connect();
    assert_eq!(second.ask(HEALTH)["conexoes"], 2);
    for _ in 0..3 {
        let mut third = daemon.connect();
        check_error(&third.read(), "ocupado", "");
        third.expect_end();
    }
    assert_eq!(first.ask(HEALTH)["conexoes"], 2, "those that are in stay");
    let gone = first.address();
    drop(first);
    daemon.lines().wait_for(&format!("Goodbye {gone}"));
    // The place is free a moment after that line: the other connection sees when.
    while second.ask(HEALTH)["conexoes"] != 1 {}
    assert_eq!(daemon.connect().ask(HEALTH)["conexoes"], 2);
}

#[test]
fn many_who_search_and_buy_at_once_are_all_answered() {
    let setup = Setup::of(Kind::Flights, 20, 100);
    let daemon = setup.start();
    let ids = daemon.ids();
    let address = daemon.address();
    let clients: Vec<_> = (0..32)
        .map(|number: usize| {
            let id = ids[number % ids.len()].clone();
            std::thread::spawn(move || {
                let mut client = Client::connect(address);
                for _ in 0..20 {
                    let buy = format!(r#"{{"action":"reservar","id":"{id}"}}"#);
                    assert!(client.ask(buy)["localizador"].is_string());
                    let found = client.ask(Kind::Flights.search(""));
                    assert_eq!(found["ida"][0]["diaIda"], "24/12/2099", "{DAY}");
                }
            })
        })
        .collect();
    for client in clients {
        client.join().expect("every client is answered");
    }
    assert_eq!(daemon.connect().ask(HEALTH)["reservas"], 32 * 20);
}
