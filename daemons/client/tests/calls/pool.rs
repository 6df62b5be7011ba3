//! A pool.

use crate::fake::{Fake, LONG, Number, SHORT, deaf, pool, spawn};
use agencia_client::{Answer, ClientError, Deadlines, Peer, Pool, PoolOptions, Spawn, Step};
use agencia_protocol::Code;
use futures_lite::future;
use smol::{Executor, block_on};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

async fn read(pool: &Pool, n: u32) -> Result<Number, ClientError> {
    pool.read(&Number { n }).await.map(|answer: Answer<Number>| answer.value)
}

async fn write(pool: &Pool, n: u32) -> Result<Number, ClientError> {
    pool.write(&Number { n }).await.map(|answer: Answer<Number>| answer.value)
}

#[test]
fn an_answer_is_read_into_its_type_and_timed() {
    block_on(async {
        let pause = Duration::from_millis(30);
        let daemon = Fake::start(move |mut client| async move {
            let request = client.request().await.expect("a request");
            smol::Timer::after(pause).await;
            client.reply(&request).await;
            client.hang().await;
        })
        .await;
        let answer: Answer<Number> = daemon.pool(1, LONG).read(&Number { n: 7 }).await.unwrap();
        assert_eq!(answer.value, Number { n: 7 });
        assert!(answer.took >= pause, "{:?}", answer.took);
    });
}

#[test]
fn an_error_that_the_daemon_answers_is_refused_and_the_connection_goes_on() {
    block_on(async {
        let daemon = Fake::start(|mut client| async move {
            client.request().await;
            client.reply(r#" { "erro":{"codigo":"esgotado","mensagem":"acabou","id":"x1"}}"#).await;
            client.echo().await;
        })
        .await;
        let pool = daemon.pool(1, LONG);
        let ClientError::Refused(error) = read(&pool, 1).await.unwrap_err() else {
            panic!("not refused");
        };
        assert_eq!((error.code, error.id.as_deref()), (Code::SoldOut, Some("x1")));
        assert_eq!(read(&pool, 2).await.unwrap().n, 2);
    });
}

#[test]
fn an_answer_to_another_question_is_unreadable() {
    block_on(async {
        for answer in ["[1]", "{\"m\":1}", "{\"erro\":1}", "{\"n\":", "\"n\""] {
            let daemon = Fake::start(move |mut client| async move {
                client.request().await;
                client.reply(answer).await;
                client.hang().await;
            })
            .await;
            let error = read(&daemon.pool(1, LONG), 1).await.unwrap_err();
            assert!(matches!(error, ClientError::Unreadable { .. }), "{answer}: {error:?}");
        }
    });
}

#[test]
fn a_daemon_that_is_down_is_unreachable_at_once_and_reached_when_it_is_back() {
    block_on(async {
        let address = deaf();
        let pool = pool(Peer { name: "voos".into(), address }, 2, LONG);
        let error = read(&pool, 1).await.unwrap_err();
        assert!(matches!(error, ClientError::Unreachable { .. }), "{error:?}");
        assert!(error.to_string().starts_with("voos (127.0.0.1:"), "{error}");
        let _daemon = Fake::start_at(address, |client| client.echo()).await;
        assert_eq!(read(&pool, 2).await.unwrap().n, 2);
    });
}

#[test]
fn after_a_restart_the_next_read_and_the_next_write_succeed() {
    block_on(async {
        let daemon = Fake::start(|client| client.echo()).await;
        let address = daemon.address;
        let pool = daemon.pool(1, LONG);
        assert_eq!(read(&pool, 1).await.unwrap().n, 1);
        daemon.stop().await;
        let daemon = Fake::start_at(address, |client| client.echo()).await;
        assert_eq!(read(&pool, 2).await.unwrap().n, 2);
        daemon.stop().await;
        let _daemon = Fake::start_at(address, |client| client.echo()).await;
        // Nothing of this write was sent on the connection that had ended.
        assert_eq!(write(&pool, 3).await.unwrap().n, 3);
    });
}

#[test]
fn a_write_is_not_sent_on_a_connection_that_has_ended_unnoticed() {
    // Drivers run only while a call does: nobody notices the end of the first daemon before.
    let drivers = Arc::new(Executor::new());
    let driven = Arc::clone(&drivers);
    let spawn: Spawn = Arc::new(move |driver| driven.spawn(driver).detach());
    block_on(async {
        let daemon = Fake::start(|client| client.echo()).await;
        let address = daemon.address;
        let options = PoolOptions { deadlines: LONG, ..PoolOptions::default() };
        let pool = Pool::new(daemon.peer(), options, spawn);
        assert_eq!(drivers.run(write(&pool, 1)).await.unwrap().n, 1);
        daemon.stop().await;
        let _daemon = Fake::start_at(address, |client| client.echo()).await;
        assert_eq!(drivers.run(write(&pool, 2)).await.unwrap().n, 2);
    });
}

#[test]
fn a_read_is_sent_again_on_a_newer_connection_only() {
    block_on(async {
        let (arrived, both) = async_channel::bounded::<()>(2);
        // The first two connections answer once and end at the next request.
        let daemon = Fake::start(move |mut client| {
            let (arrived, both) = (arrived.clone(), both.clone());
            async move {
                if client.number >= 2 {
                    return client.echo().await;
                }
                let request = client.request().await.expect("a request");
                arrived.send(()).await.expect("room for both");
                while !both.is_full() {
                    smol::future::yield_now().await;
                }
                client.reply(&request).await;
                client.request().await;
            }
        })
        .await;
        let pool = daemon.pool(2, LONG);
        let (one, two) = future::zip(read(&pool, 1), read(&pool, 2)).await;
        assert_eq!((one.unwrap().n, two.unwrap().n), (1, 2));
        assert_eq!(read(&pool, 3).await.unwrap().n, 3);
    });
}

#[test]
fn calls_made_one_after_another_use_one_connection() {
    block_on(async {
        let daemon = Fake::start(|mut client| async move {
            while client.request().await.is_some() {
                client.reply(&format!("{{\"n\":{}}}", client.number)).await;
            }
        })
        .await;
        let pool = daemon.pool(4, LONG);
        for _ in 0..1_000 {
            assert_eq!(read(&pool, 7).await.unwrap().n, 0, "another connection was opened");
        }
    });
}

/// A daemon whose first connection takes one request and closes; the others echo.
async fn forgetful(received: Arc<AtomicUsize>) -> Fake {
    Fake::start(move |mut client| {
        let received = Arc::clone(&received);
        async move {
            if client.number == 0 {
                client.request().await;
                received.fetch_add(1, Ordering::SeqCst);
            } else {
                while let Some(request) = client.request().await {
                    received.fetch_add(1, Ordering::SeqCst);
                    client.reply(&request).await;
                }
            }
        }
    })
    .await
}

#[test]
fn a_read_whose_connection_ends_is_sent_once_more() {
    block_on(async {
        let received = Arc::new(AtomicUsize::new(0));
        let daemon = forgetful(Arc::clone(&received)).await;
        assert_eq!(read(&daemon.pool(1, LONG), 1).await.unwrap().n, 1);
        assert_eq!(received.load(Ordering::SeqCst), 2);
    });
}

#[test]
fn a_write_whose_connection_ends_is_lost_and_never_sent_again() {
    block_on(async {
        let received = Arc::new(AtomicUsize::new(0));
        let daemon = forgetful(Arc::clone(&received)).await;
        let pool = daemon.pool(1, LONG);
        let error = write(&pool, 1).await.unwrap_err();
        assert!(matches!(error, ClientError::Lost { .. }), "{error:?}");
        assert!(error.outcome_unknown());
        assert_eq!(received.load(Ordering::SeqCst), 1);
        assert_eq!(write(&pool, 2).await.unwrap().n, 2);
    });
}

#[test]
fn a_read_is_sent_twice_at_most() {
    block_on(async {
        let received = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&received);
        let daemon = Fake::start(move |mut client| {
            let received = Arc::clone(&counter);
            async move {
                client.request().await;
                received.fetch_add(1, Ordering::SeqCst);
            }
        })
        .await;
        let error = read(&daemon.pool(4, LONG), 1).await.unwrap_err();
        assert!(matches!(error, ClientError::Lost { .. }), "{error:?}");
        assert_eq!(received.load(Ordering::SeqCst), 2);
    });
}

#[test]
fn a_hang_frees_the_connection_for_the_next_call() {
    block_on(async {
        let daemon = Fake::start(|client| async move {
            match client.number {
                0 => client.hang().await,
                _ => client.echo().await,
            }
        })
        .await;
        let pool = daemon.pool(1, SHORT);
        let error = read(&pool, 1).await.unwrap_err();
        assert!(matches!(error, ClientError::Deadline { step: Step::Reply, .. }), "{error:?}");
        assert_eq!(read(&pool, 2).await.unwrap().n, 2);
    });
}

#[test]
fn a_daemon_that_does_not_accept_is_a_deadline() {
    block_on(async {
        // Reserved for documentation: packets to it go nowhere, or are refused at once.
        let address = "192.0.2.1:5050".parse().unwrap();
        let deadlines = Deadlines { connect: Duration::from_millis(200), ..LONG };
        let error = read(&pool(Peer::unnamed(address), 1, deadlines), 1).await.unwrap_err();
        let told = matches!(
            error,
            ClientError::Deadline { step: Step::Connect, .. } | ClientError::Unreachable { .. }
        );
        assert!(told, "{error:?}");
    });
}

#[test]
fn calls_spread_over_as_many_connections_as_there_may_be() {
    block_on(async {
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        let (go, may_go) = async_channel::unbounded::<()>();
        let daemon = Fake::start(move |mut client| {
            counter.fetch_add(1, Ordering::SeqCst);
            let may_go = may_go.clone();
            async move {
                while let Some(request) = client.request().await {
                    may_go.recv().await.expect("the test goes on");
                    client.reply(&request).await;
                }
            }
        })
        .await;
        let pool = daemon.pool(3, LONG);
        let calls: Vec<_> = (0..30)
            .map(|n| {
                let pool = pool.clone();
                smol::spawn(async move { read(&pool, n).await })
            })
            .collect();
        for _ in 0..30 {
            go.send(()).await.unwrap();
        }
        for (n, call) in (0..).zip(calls) {
            assert_eq!(call.await.unwrap().n, n);
        }
        let opened = connections.load(Ordering::SeqCst);
        assert!((1..=3).contains(&opened), "{opened} connections");
    });
}

#[test]
fn a_connection_that_was_idle_too_long_is_not_used_again() {
    block_on(async {
        let daemon = Fake::start(|mut client| async move {
            while client.request().await.is_some() {
                client.reply(&format!("{{\"n\":{}}}", client.number)).await;
            }
        })
        .await;
        let keep = PoolOptions { connections_max: 1, deadlines: LONG, ..PoolOptions::default() };
        let drop_at_once = PoolOptions { idle: Duration::ZERO, ..keep };
        for (options, expected) in [(keep, [0, 0]), (drop_at_once, [1, 2])] {
            let pool = Pool::new(daemon.peer(), options, spawn());
            let answers = [read(&pool, 0).await.unwrap().n, read(&pool, 0).await.unwrap().n];
            assert_eq!(answers, expected);
        }
    });
}

#[test]
fn two_hundred_callers_get_their_own_answers() {
    block_on(async {
        let daemon = Fake::start(|client| client.echo()).await;
        let pool = daemon.pool(4, LONG);
        let calls: Vec<_> = (0..200)
            .map(|n| {
                let pool = pool.clone();
                smol::spawn(async move {
                    // Some give up after one poll, whatever came of it.
                    if n % 7 == 0 {
                        future::poll_once(read(&pool, n)).await;
                    }
                    read(&pool, n).await
                })
            })
            .collect();
        for (n, call) in (0..).zip(calls) {
            assert_eq!(call.await.unwrap().n, n);
        }
    });
}
