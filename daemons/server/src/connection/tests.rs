//! Conversations: what is answered, in which order, with how many writes, and when it is over.

mod memory;

use super::*;
use crate::door::Door;
use agencia_protocol::frame;
use futures_lite::future::{block_on, pending, poll_once};
use memory::{Echo, Memory};
use std::sync::atomic::Ordering;

const HERE: &str = "127.0.0.1:40000";
const ELSEWHERE: &str = "192.0.2.7:40000";
const SHORT: Duration = Duration::from_millis(30);
/// How long a test waits for what must happen: only a failure takes so long.
const PATIENCE: Duration = Duration::from_secs(20);

fn rules() -> Rules {
    Rules { limits: Limits::default(), deadlines: Deadlines::default() }
}

fn framed(body: &str) -> Vec<u8> {
    let mut frame = Vec::new();
    frame::encode(body.as_bytes(), &mut frame);
    frame
}

fn batch<'a>(bodies: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
    bodies.into_iter().flat_map(framed).collect()
}

fn buy(id: &str) -> String {
    format!("{{\"action\":\"reservar\",\"id\":\"{id}\"}}")
}

/// What a daemon without a certificate has in front of a peer.
fn door(memory: &Memory, peer: SocketAddr) -> Door<Memory> {
    Door::new(memory.clone(), peer, None, PATIENCE)
}

/// Runs a conversation to its end.
fn talk_as(peer: &str, rules: &Rules, memory: &Memory) -> (Echo, Arc<Counters>) {
    let (echo, counters) = (Echo::default(), Arc::new(Counters::default()));
    let peer = peer.parse().unwrap();
    let talk = converse(&echo, &counters, rules, door(memory, peer), peer, pending());
    let patience = async {
        smol::Timer::after(PATIENCE).await;
        panic!("the conversation did not end in {PATIENCE:?}");
    };
    block_on(future::or(talk, patience));
    (echo, counters)
}

fn talk(memory: &Memory) -> (Echo, Arc<Counters>) {
    talk_as(HERE, &rules(), memory)
}

fn code(reply: &str) -> String {
    let reply: serde_json::Value = serde_json::from_str(reply).unwrap();
    reply["erro"]["codigo"].as_str().unwrap_or("none").to_owned()
}

#[test]
fn sixteen_pipelined_requests_are_answered_in_order_with_one_write() {
    let bodies: Vec<String> = (0..16).map(|number| format!("{{\"n\":{number}}}")).collect();
    let memory = Memory::new([batch(bodies.iter().map(String::as_str))]);
    talk(&memory);
    assert_eq!(memory.writes().len(), 1);
    assert_eq!(memory.replies(), bodies);
}

#[test]
fn a_request_in_many_reads_is_one_request() {
    let memory = Memory::new(framed("{\"n\":1}").chunks(1).map(<[u8]>::to_vec));
    talk(&memory);
    assert_eq!(memory.replies(), ["{\"n\":1}"]);
}

#[test]
fn what_fills_more_than_one_read_is_still_answered_with_one_write() {
    let body = format!("{{\"text\":\"{}\"}}", "x".repeat(20_000));
    let memory = Memory::new([batch([body.as_str(); 3])]);
    talk(&memory);
    assert_eq!((memory.writes().len(), memory.replies().len()), (1, 3));
}

#[test]
fn replies_are_sent_early_only_from_the_documented_size_on() {
    let body = "{\"n\":1}";
    let reply = framed(body).len();
    for (flush, expected) in [
        (1, vec![reply; 4]),
        (2 * reply, vec![2 * reply, 2 * reply]),
        (2 * reply + 1, vec![3 * reply, reply]),
    ] {
        let memory = Memory::new([batch([body; 4])]);
        let mut rules = rules();
        rules.limits.reply_bytes_flush = flush;
        talk_as(HERE, &rules, &memory);
        let sent: Vec<_> = memory.writes().iter().map(Vec::len).collect();
        assert_eq!(sent, expected, "from {flush} bytes on");
    }
}

#[test]
fn purchases_in_a_row_are_submitted_together_and_a_search_behind_sees_them() {
    let (first, second, third) = (buy("a"), buy("b"), buy("c"));
    let memory = Memory::new([batch([&first, &second, "{}", &third])]);
    let (echo, _) = talk(&memory);
    let expected =
        ["submitted a", "submitted b", "sold a", "sold b", "rendered", "submitted c", "sold c"];
    assert_eq!(echo.events(), expected);
    assert_eq!(
        memory.replies(),
        ["{\"sold\":\"a\"}", "{\"sold\":\"b\"}", "{}", "{\"sold\":\"c\"}"]
    );
    assert_eq!(memory.writes().len(), 1);
}

#[test]
fn a_purchase_that_is_refused_at_once_keeps_its_place() {
    let (sold, refused) = (buy("a"), buy("none"));
    let memory = Memory::new([batch([&*sold, &*refused, "{\"action\":\"x\"}", &*sold])]);
    talk(&memory);
    let codes: Vec<_> = memory.replies().iter().map(|reply| code(reply)).collect();
    assert_eq!(codes, ["none", "esgotado", "acao_desconhecida", "none"]);
}

#[test]
fn an_error_replaces_what_was_written_before_it() {
    let memory = Memory::new([batch(["{}", "{\"action\":\"saude\"}", "{}"])]);
    let (_, counters) = talk(&memory);
    let replies = memory.replies();
    assert_eq!(code(&replies[1]), "interno");
    assert!(replies[1].starts_with("{\"erro\""), "{}", replies[1]);
    assert_eq!((replies.len(), counters.requests(), counters.errors()), (3, 3, 1));
}

#[test]
fn the_first_frame_may_be_a_greeting_and_only_the_first() {
    let memory = Memory::new([batch([" \"I'm live!\"", "{}", "\"again\""])]);
    let (_, counters) = talk(&memory);
    let replies = memory.replies();
    assert_eq!((replies[0].as_str(), code(&replies[1])), ("{}", "json_invalido".to_owned()));
    assert_eq!((replies.len(), counters.requests()), (2, 2));

    for body in ["42", "[]", "\"unfinished", "null"] {
        let memory = Memory::new([batch([body, "{}"])]);
        talk(&memory);
        let replies = memory.replies();
        assert_eq!((code(&replies[0]), replies.len()), ("json_invalido".to_owned(), 2), "{body}");
    }

    let memory = Memory::new([batch(["{}", "\"late\""])]);
    talk(&memory);
    assert_eq!(code(&memory.replies()[1]), "json_invalido");
}

#[test]
fn what_is_no_frame_is_answered_once_after_the_good_ones_and_ends_the_conversation() {
    for (header, expected) in [
        (&b"GET / HTTP/1.1\r\n"[..], "cabecalho_invalido"),
        (b"0         ", "quadro_vazio"),
        (b"65537     ", "quadro_grande"),
        (b"9999999999", "quadro_grande"),
    ] {
        let bytes = [batch(["{\"n\":1}", "{\"n\":2}"]), header.to_vec(), batch(["{}"])].concat();
        let memory = Memory::new([bytes, batch(["{}"])]);
        talk(&memory);
        let replies = memory.replies();
        assert_eq!(replies[..2], ["{\"n\":1}", "{\"n\":2}"]);
        assert_eq!((code(&replies[2]), replies.len()), (expected.to_owned(), 3));
        assert_eq!(memory.writes().len(), 1);
        assert!(memory.0.lock().unwrap().closed);
        // It read on, so that no reset overtakes the error.
        assert!(memory.0.lock().unwrap().input.is_empty());
    }
}

#[test]
fn a_purchase_before_garbage_is_answered_first() {
    let memory = Memory::new([[framed(&buy("a")), b"garbage".to_vec()].concat()]);
    talk(&memory);
    let replies = memory.replies();
    assert_eq!(replies[0], "{\"sold\":\"a\"}");
    assert_eq!(code(&replies[1]), "cabecalho_invalido");
}

#[test]
fn a_body_at_the_limit_is_taken_and_one_byte_more_is_not() {
    for (bytes, taken) in [(65_536, true), (65_537, false)] {
        let body = format!("{{\"t\":\"{}\"}}", "x".repeat(bytes - 8));
        assert_eq!(body.len(), bytes);
        let memory = Memory::new([framed(&body)]);
        talk(&memory);
        assert_eq!(memory.replies() == [body], taken, "{bytes} bytes");
    }
}

#[test]
fn a_peer_that_leaves_in_the_middle_of_a_frame_is_told_nothing() {
    let memory = Memory::new([b"10   ".to_vec()]);
    talk(&memory);
    assert_eq!(memory.writes(), Vec::<Vec<u8>>::new());
}

#[test]
fn the_clock_is_read_once_for_all_that_was_read_together() {
    let memory = Memory::new([batch(["{}"; 16]), batch(["{}"; 3])]);
    let (echo, _) = talk(&memory);
    assert_eq!(echo.readings.load(Ordering::Relaxed), 2);
}

#[test]
fn others_get_their_turn_after_so_many_frames() {
    let memory = Memory::silent([batch(["{}"; 100])]);
    let (echo, counters, rules) = (Echo::default(), Counters::default(), rules());
    let peer = HERE.parse().unwrap();
    let mut talk =
        Box::pin(converse(&echo, &counters, &rules, door(&memory, peer), peer, pending()));
    let mut done = Vec::new();
    for _ in 0..4 {
        assert!(block_on(poll_once(&mut talk)).is_none());
        done.push(echo.rendered.load(Ordering::Relaxed));
    }
    assert_eq!(done, [32, 64, 96, 100]);
}

#[test]
fn only_so_many_purchases_of_one_peer_wait_together() {
    let purchase = buy("a");
    let memory = Memory::new([batch([purchase.as_str(); 300])]);
    let (echo, _) = talk(&memory);
    let events = echo.events();
    let first_sold = events.iter().position(|event| event == "sold a");
    assert_eq!((first_sold, events.len(), memory.replies().len()), (Some(256), 600, 300));
}

/// The request is answered to this host only; its events are these.
fn check_for_this_host_only(request: &str, events: &[&str]) {
    for peer in [HERE, "[::1]:1", "[::ffff:127.0.0.1]:1"] {
        let memory = Memory::new([framed(request)]);
        let (echo, _) = talk_as(peer, &rules(), &memory);
        assert_eq!((code(&memory.replies()[0]), echo.events()), ("none".into(), owned(events)));
    }
    let memory = Memory::new([batch([request, "{}"])]);
    let (echo, _) = talk_as(ELSEWHERE, &rules(), &memory);
    let codes: Vec<_> = memory.replies().iter().map(|reply| code(reply)).collect();
    assert_eq!(codes, ["nao_autorizado", "none"], "{request}");
    assert_eq!(echo.events(), ["rendered"], "{request}");
}

fn owned(events: &[&str]) -> Vec<String> {
    events.iter().map(|&event| event.to_owned()).collect()
}

#[test]
fn importing_buying_and_trips_are_for_this_host_only() {
    check_for_this_host_only("{\"action\":\"importar\"}", &["import"]);
    check_for_this_host_only(&buy("a"), &["submitted a", "sold a"]);
    let trip = "0190a5ee-7c1e-7c53-8b51-9a2d0e8f7b11";
    for message in [
        format!(r#"{{"action":"soltar","viagem":"{trip}"}}"#),
        format!(r#"{{"action":"consultar","viagem":"{trip}"}}"#),
        format!(r#"{{"action":"forcar","viagem":"{trip}","estado":"solta","motivo":"x"}}"#),
        r#"{"action":"recuperar","servidor":"voos","encarnacao":1}"#.to_owned(),
        r#"{"action":"auditar"}"#.to_owned(),
    ] {
        check_for_this_host_only(&message, &["trip"]);
    }
}

#[test]
fn searches_and_health_are_for_everybody() {
    let memory = Memory::new([batch(["{}", "{\"action\":\"destinos\"}"])]);
    talk_as(ELSEWHERE, &rules(), &memory);
    let codes: Vec<_> = memory.replies().iter().map(|reply| code(reply)).collect();
    assert_eq!(codes, ["none", "none"]);
}

/// Deadlines that are all long but one.
fn with_short(shorten: impl FnOnce(&mut Deadlines)) -> Rules {
    let hour = Duration::from_secs(3600);
    let mut deadlines = Deadlines {
        header: hour,
        body: hour,
        idle: hour,
        write: hour,
        drain: hour,
        ..Deadlines::default()
    };
    shorten(&mut deadlines);
    Rules { deadlines, ..rules() }
}

/// Runs a conversation with a silent peer, which only a deadline can end.
fn check_late(peer: &str, rules: &Rules, input: Vec<u8>, expected: &[&str]) {
    let memory = Memory::silent([input]);
    let start = Instant::now();
    talk_as(peer, rules, &memory);
    assert!(start.elapsed() >= SHORT, "over after {:?}", start.elapsed());
    let codes: Vec<_> = memory.replies().iter().map(|reply| code(reply)).collect();
    assert_eq!(codes, expected);
}

#[test]
fn a_header_that_is_not_finished_in_time_is_told_so_and_ends_the_conversation() {
    let rules = with_short(|deadlines| deadlines.header = SHORT);
    check_late(HERE, &rules, b"12  ".to_vec(), &["prazo_vencido"]);
    // Also behind a good frame.
    check_late(HERE, &rules, [framed("{}"), b"12  ".to_vec()].concat(), &["none", "prazo_vencido"]);
}

#[test]
fn a_body_that_does_not_come_in_time_is_told_so_and_ends_the_conversation() {
    let rules = with_short(|deadlines| deadlines.body = SHORT);
    check_late(HERE, &rules, b"12        {\"a\"".to_vec(), &["prazo_vencido"]);
    check_late(HERE, &rules, b"12        ".to_vec(), &["prazo_vencido"]);
}

#[test]
fn an_idle_peer_from_another_host_is_let_go_without_a_word() {
    let rules = with_short(|deadlines| deadlines.idle = SHORT);
    check_late(ELSEWHERE, &rules, framed("{}"), &["none"]);
}

#[test]
fn an_idle_peer_of_this_host_may_wait_for_ever() {
    let rules = with_short(|deadlines| deadlines.idle = Duration::from_millis(1));
    let (echo, counters) = (Echo::default(), Counters::default());
    let memory = Memory::silent([framed("{}")]);
    let here = HERE.parse().unwrap();
    let talk = converse(&echo, &counters, &rules, door(&memory, here), here, pending());
    let patience = async {
        smol::Timer::after(SHORT).await;
    };
    block_on(future::or(talk, patience));
    // Who is let go is closed first.
    assert!(!memory.0.lock().unwrap().closed);
}

#[test]
fn a_peer_that_stops_reading_is_dropped() {
    let rules = with_short(|deadlines| deadlines.write = SHORT);
    let memory = Memory::silent([framed("{}")]);
    memory.0.lock().unwrap().stuck = true;
    let start = Instant::now();
    talk_as(HERE, &rules, &memory);
    assert!(start.elapsed() >= SHORT);
    // No goodbye for somebody who does not read.
    assert!(!memory.0.lock().unwrap().closed);
}

#[test]
fn what_had_arrived_when_the_daemon_stops_is_still_answered() {
    let stop = crate::stop::Stop::new();
    stop.stop();
    let memory = Memory::silent([batch(["{\"n\":1}", &buy("a")]), batch(["{\"n\":2}"])]);
    let (echo, counters, rules) = (Echo::default(), Counters::default(), rules());
    let peer = HERE.parse().unwrap();
    block_on(converse(&echo, &counters, &rules, door(&memory, peer), peer, stop.stopped()));
    assert_eq!(memory.replies(), ["{\"n\":1}", "{\"sold\":\"a\"}", "{\"n\":2}"]);
    assert!(memory.0.lock().unwrap().closed);
}

#[test]
fn who_speaks_tls_with_a_daemon_without_a_certificate_is_told_so() {
    for (peer, told) in [(ELSEWHERE, true), (HERE, false)] {
        let memory = Memory::new([b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03".to_vec()]);
        talk_as(peer, &rules(), &memory);
        let replies = memory.replies();
        assert_eq!((replies.len(), code(&replies[0])), (1, "cabecalho_invalido".to_owned()));
        assert_eq!(replies[0].contains("não fala TLS"), told, "{}", replies[0]);
    }
}
