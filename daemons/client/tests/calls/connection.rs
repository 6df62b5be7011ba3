//! One connection.

use crate::fake::{Fake, LONG, SHORT, body, deaf};
use agencia_client::{ClientError, ConnectionOptions, Peer, Step, connect, connect_with};
use futures_lite::future::{self, poll_once};
use smol::block_on;
use std::pin::pin;

fn text(reply: Result<Vec<u8>, ClientError>) -> String {
    String::from_utf8(reply.expect("a reply")).expect("UTF-8")
}

#[test]
fn sixteen_pipelined_calls_are_answered_in_order() {
    block_on(async {
        // Nothing is answered before all sixteen have arrived.
        let daemon = Fake::start(|mut client| async move {
            for request in client.requests(16).await {
                client.reply(&request).await;
            }
            client.hang().await;
        })
        .await;
        let connection = daemon.connect(LONG).await;
        let mut calls = Vec::new();
        for n in 0..16 {
            let connection = connection.clone();
            let mut call = Box::pin(async move { connection.call(body(n).as_bytes()).await });
            assert!(poll_once(&mut call).await.is_none(), "answered too early");
            calls.push(call);
        }
        for (n, call) in (0..).zip(calls) {
            assert_eq!(text(call.await), body(n));
        }
    });
}

#[test]
fn replies_may_come_in_any_split() {
    block_on(async {
        let daemon = Fake::start(|mut client| async move {
            let requests = client.requests(3).await;
            let mut bytes = Vec::new();
            for request in &requests {
                agencia_protocol::frame::encode(request.as_bytes(), &mut bytes);
            }
            for piece in bytes.chunks(3) {
                client.raw(piece).await;
                // The client reads this piece alone.
                smol::Timer::after(std::time::Duration::from_millis(1)).await;
            }
            client.hang().await;
        })
        .await;
        let connection = daemon.connect(LONG).await;
        let bodies = [1, 20, 300].map(body);
        let [first, second, third] = &bodies;
        let ((one, two), three) = future::zip(
            future::zip(connection.call(first.as_bytes()), connection.call(second.as_bytes())),
            connection.call(third.as_bytes()),
        )
        .await;
        assert_eq!([text(one), text(two), text(three)], bodies);
    });
}

#[test]
fn an_abandoned_call_does_not_shift_the_replies_after_it() {
    block_on(async {
        let (seen, was_seen) = async_channel::unbounded();
        let (go, may_go) = async_channel::bounded::<()>(1);
        let daemon = Fake::start(move |mut client| {
            let (seen, may_go) = (seen.clone(), may_go.clone());
            async move {
                let request = client.request().await.expect("a request");
                seen.try_send(()).expect("the test listens");
                may_go.recv().await.expect("the test goes on");
                client.reply(&request).await;
                client.echo().await;
            }
        })
        .await;
        let connection = daemon.connect(LONG).await;
        let mut abandoned = Box::pin(connection.call(b"{\"n\":1}"));
        assert!(poll_once(&mut abandoned).await.is_none());
        was_seen.recv().await.expect("it was sent");
        drop(abandoned);
        let mut second = pin!(connection.call(b"{\"n\":2}"));
        assert!(poll_once(&mut second).await.is_none());
        go.send(()).await.expect("the daemon waits");
        assert_eq!(text(second.await), body(2));
        assert_eq!(text(connection.call(b"{\"n\":3}").await), body(3));
    });
}

#[test]
fn a_call_abandoned_before_it_was_sent_is_never_sent() {
    block_on(async {
        let (seen, was_seen) = async_channel::unbounded();
        let daemon = Fake::start(move |mut client| {
            let seen = seen.clone();
            async move {
                while let Some(request) = client.request().await {
                    client.reply(&request).await;
                    seen.try_send(request).expect("the test listens");
                }
            }
        })
        .await;
        let (connection, driver) = connect(daemon.address, LONG).await.unwrap();
        let mut abandoned = Box::pin(connection.call(b"{\"n\":1}"));
        assert!(poll_once(&mut abandoned).await.is_none());
        drop(abandoned);
        smol::spawn(driver).detach();
        assert_eq!(text(connection.call(b"{\"n\":2}").await), body(2));
        assert_eq!(was_seen.recv().await.unwrap(), body(2));
    });
}

#[test]
fn a_hang_is_a_deadline_and_closes_the_connection() {
    block_on(async {
        let daemon = Fake::start(|client| client.hang()).await;
        let connection = daemon.connect(SHORT).await;
        let first = connection.call(b"{\"n\":1}");
        let second = connection.call(b"{\"n\":2}");
        let (first, second) = future::zip(first, second).await;
        let error = first.unwrap_err();
        assert!(matches!(error, ClientError::Deadline { step: Step::Reply, .. }), "{error:?}");
        assert!(error.outcome_unknown());
        // The one behind it was sent, and can only be lost with the connection.
        assert!(matches!(second.unwrap_err(), ClientError::Lost { .. }));
        assert!(!connection.is_open());
        let error = connection.call(b"{\"n\":3}").await.unwrap_err();
        assert!(matches!(error, ClientError::Unreachable { .. }), "{error:?}");
    });
}

#[test]
fn a_reply_after_the_deadline_reaches_nobody() {
    block_on(async {
        let (late, is_late) = async_channel::bounded::<()>(1);
        let daemon = Fake::start(move |mut client| {
            let is_late = is_late.clone();
            async move {
                let request = client.request().await.expect("a request");
                is_late.recv().await.expect("the test goes on");
                client.reply(&request).await;
                client.echo().await;
            }
        })
        .await;
        let connection = daemon.connect(SHORT).await;
        let error = connection.call(b"{\"n\":1}").await.unwrap_err();
        assert!(matches!(error, ClientError::Deadline { .. }), "{error:?}");
        late.send(()).await.expect("the daemon waits");
        assert!(connection.call(b"{\"n\":2}").await.is_err());
    });
}

#[test]
fn what_is_no_frame_is_unreadable() {
    block_on(async {
        for garbage in ["HTTP/1.1 400 Bad Request", "0         ", "9999999999"] {
            let daemon = Fake::start(move |mut client| async move {
                client.request().await;
                client.raw(garbage.as_bytes()).await;
                client.hang().await;
            })
            .await;
            let connection = daemon.connect(LONG).await;
            let error = connection.call(b"{\"n\":1}").await.unwrap_err();
            assert!(matches!(error, ClientError::Unreadable { .. }), "{garbage}: {error:?}");
            assert!(!connection.is_open(), "{garbage}");
        }
    });
}

#[test]
fn a_reply_at_the_limit_is_read_and_one_past_it_is_not() {
    block_on(async {
        let daemon = Fake::start(|client| client.echo()).await;
        let options = ConnectionOptions { reply_bytes_max: 100, ..ConnectionOptions::default() };
        let (connection, driver) = connect_with(daemon.peer(), options).await.unwrap();
        smol::spawn(driver).detach();
        assert_eq!(connection.call(&[b'x'; 100]).await.unwrap().len(), 100);
        let error = connection.call(&[b'x'; 101]).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "voos ({}) answered what cannot be read: the header announces 101 bytes, the \
                 limit is 100",
                daemon.address
            )
        );
    });
}

#[test]
fn an_empty_body_is_never_sent() {
    block_on(async {
        let daemon = Fake::start(|client| client.echo()).await;
        let connection = daemon.connect(LONG).await;
        let error = connection.call(b"").await.unwrap_err();
        assert!(matches!(error, ClientError::Unwritable { .. }), "{error:?}");
        assert!(!error.outcome_unknown());
        assert_eq!(text(connection.call(b"{\"n\":1}").await), body(1));
    });
}

#[test]
fn a_refused_connection_is_unreachable() {
    block_on(async {
        let Err(error) = connect(deaf(), LONG).await else { panic!("somebody listens") };
        assert!(matches!(error, ClientError::Unreachable { .. }), "{error:?}");
        assert!(!error.outcome_unknown());
    });
}

#[test]
fn a_frame_that_nobody_asked_for_closes_the_connection() {
    block_on(async {
        let daemon = Fake::start(|mut client| async move {
            client.reply("{\"n\":0}").await;
            client.hang().await;
        })
        .await;
        let (connection, driver) = connect(daemon.address, LONG).await.unwrap();
        driver.await;
        assert!(!connection.is_open());
    });
}

#[test]
fn only_so_many_calls_are_in_flight() {
    block_on(async {
        let (go, may_go) = async_channel::bounded::<()>(1);
        let (seen, was_seen) = async_channel::unbounded();
        let daemon = Fake::start(move |mut client| {
            let (may_go, seen) = (may_go.clone(), seen.clone());
            async move {
                while let Some(request) = client.request().await {
                    seen.try_send(request.clone()).expect("the test listens");
                    may_go.recv().await.expect("the test goes on");
                    client.reply(&request).await;
                }
            }
        })
        .await;
        let options =
            ConnectionOptions { in_flight_max: 2, deadlines: SHORT, ..Default::default() };
        let peer = Peer { name: "voos".to_owned(), address: daemon.address };
        let (connection, driver) = connect_with(peer, options).await.unwrap();
        smol::spawn(driver).detach();

        let [one, two, three] = [1, 2, 3].map(body);
        let mut first = Box::pin(connection.call(one.as_bytes()));
        let mut second = Box::pin(connection.call(two.as_bytes()));
        let mut third = Box::pin(connection.call(three.as_bytes()));
        assert!(poll_once(&mut first).await.is_none());
        assert!(poll_once(&mut second).await.is_none());
        assert!(poll_once(&mut third).await.is_none());
        assert_eq!(was_seen.recv().await.unwrap(), one);
        go.send(()).await.unwrap();
        assert_eq!(text(first.await), one);
        // The first one's place is the third one's now.
        assert!(poll_once(&mut third).await.is_none());
        go.send(()).await.unwrap();
        assert_eq!(text(second.await), two);
        go.send(()).await.unwrap();
        assert_eq!(text(third.await), three);
    });
}

#[test]
fn a_call_that_gets_no_turn_in_time_was_not_sent() {
    block_on(async {
        let daemon = Fake::start(|client| client.hang()).await;
        let deadlines = agencia_client::Deadlines { reply: SHORT.reply, ..LONG };
        let options = ConnectionOptions { in_flight_max: 1, deadlines, ..Default::default() };
        let (connection, driver) = connect_with(daemon.peer(), options).await.unwrap();
        // Nobody drives the connection: the first call keeps its turn.
        let first = connection.call(b"{\"n\":1}");
        let second = async {
            let error = connection.call(b"{\"n\":2}").await.unwrap_err();
            assert!(matches!(error, ClientError::Deadline { step: Step::Turn, .. }), "{error:?}");
            assert!(!error.outcome_unknown());
            drop(driver);
        };
        let (first, ()) = future::zip(first, second).await;
        assert!(matches!(first.unwrap_err(), ClientError::Unreachable { .. }), "never sent");
    });
}

#[test]
fn a_connection_ends_when_nobody_holds_it() {
    block_on(async {
        let daemon = Fake::start(|client| client.echo()).await;
        let (connection, driver) = connect(daemon.address, LONG).await.unwrap();
        let driver = smol::spawn(driver);
        assert_eq!(text(connection.call(b"{\"n\":1}").await), body(1));
        drop(connection);
        driver.await;
    });
}

#[test]
fn it_works_under_tokio() {
    let daemon = block_on(Fake::start(|client| client.echo()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let (connection, driver) = connect(daemon.address, LONG).await.unwrap();
        tokio::spawn(driver);
        let calls: Vec<_> = (0..100)
            .map(|n| {
                let connection = connection.clone();
                tokio::spawn(async move { connection.call(body(n).as_bytes()).await })
            })
            .collect();
        for (n, call) in (0..).zip(calls) {
            assert_eq!(text(call.await.unwrap()), body(n));
        }
    });
}
