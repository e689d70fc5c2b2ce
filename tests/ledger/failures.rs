//! Servers that give no answer, or another one than was asked for.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::place::Place;
use super::scene::{LEDGER, availability, fails, open, pull, shared, slices};
use super::server::{command, forward, project};
use super::support::loopback::{Act, Loopback, ReceivedRequest, answer};

const JSON: &str = "Content-Type: application/json\r\n";

#[test]
fn without_a_server_nothing_is_written() {
    let place = Place::new();
    project(&place);
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let url = format!("http://127.0.0.1:{port}");
    let ran = fails(&place, &url, &[], 3);
    assert!(
        ran.err.starts_with("error: cannot query the samples of "),
        "{ran:?}"
    );
    assert!(ran.err.contains("refused"), "{ran:?}");
    assert!(!place.path(LEDGER).exists());
}

#[test]
fn an_answer_that_is_not_complete_is_not_counted() {
    let page = "<html><script>alert(1)</script>Sign in</html>";
    type Case = (&'static str, fn(&ReceivedRequest) -> Act);
    let cases: [Case; 8] = [
        ("HTML", |_| {
            answer(
                "200 OK",
                "Content-Type: text/html\r\n",
                "<html>Sign in</html>",
            )
        }),
        ("unexpected status 401", |_| {
            answer("401 Unauthorized", JSON, "no")
        }),
        ("unexpected status 503", |_| {
            answer("503 Service Unavailable", JSON, "no")
        }),
        ("unexpected status 206", |_| {
            answer(
                "206 Partial Content",
                JSON,
                r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#,
            )
        }),
        ("partial", |_| {
            answer(
                "200 OK",
                JSON,
                r#"{"status":"success","isPartial":true,"data":{"resultType":"matrix","result":[]}}"#,
            )
        }),
        ("cut", |_| {
            answer(
                "200 OK",
                JSON,
                r#"{"status":"success","data":{"resultType":"matrix","result":[{"met"#,
            )
        }),
        ("error", |_| {
            answer(
                "200 OK",
                JSON,
                r#"{"status":"error","error":"too many samples"}"#,
            )
        }),
        ("vector", |_| {
            answer(
                "200 OK",
                JSON,
                r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#,
            )
        }),
    ];
    for (name, act) in cases {
        let place = Place::new();
        project(&place);
        let server = Loopback::new(act);
        let ran = fails(&place, &server.url, &["--timeout", "2s"], 3);
        assert!(
            ran.err.starts_with("error: cannot query the samples of "),
            "{name}: {ran:?}"
        );
        assert!(!ran.err.contains(page), "{ran:?}");
        if name == "HTML" || name.starts_with("unexpected") {
            assert!(ran.err.contains(name), "{name}: {ran:?}");
        }
        assert!(!place.path(LEDGER).exists(), "{name}");
    }
}

#[test]
fn a_token_is_sent_and_not_shown() {
    let place = Place::new();
    project(&place);
    let server =
        Loopback::new(|_| answer("401 Unauthorized", JSON, r#"{"error":"no hunter2 here"}"#));
    let arguments = ["ledger", "pull", "--prometheus", &server.url];
    let ran = super::place::run(command(&place, &arguments).env("NTH_PROMETHEUS_TOKEN", "hunter2"));
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(!ran.err.contains("hunter2"), "{ran:?}");
    assert!(
        ran.err.contains("help: set NTH_PROMETHEUS_TOKEN"),
        "{ran:?}"
    );
    let requests = server.requests();
    let sent = requests
        .iter()
        .filter_map(|request| request.header("authorization"));
    assert!(sent.clone().count() > 0 && { sent }.all(|value| value == "Bearer hunter2"));
}

#[test]
fn a_server_that_fails_in_the_middle_leaves_whole_batches() {
    let Some(real) = shared() else { return };
    let place = Place::new();
    project(&place);
    let url = real.url();
    pull(&place, &url, &["--ledger", "whole.db"]);
    let asked = AtomicUsize::new(0);
    let to = url.clone();
    let server = Loopback::new(move |request| {
        // Each batch has three queries.
        if asked.fetch_add(1, Ordering::Relaxed) >= 40 {
            return answer(
                "400 Bad Request",
                JSON,
                r#"{"status":"error","error":"disk full"}"#,
            );
        }
        forward(&to, request)
    });
    let ran = fails(&place, &server.url, &["--chunk", "1h"], 3);
    assert!(ran.err.contains("disk full"), "{ran:?}");
    // What was read can be judged.
    let objectives = open(&place, LEDGER)
        .objectives(&availability(None))
        .unwrap();
    assert_eq!(objectives.len(), 1, "{objectives:?}");
    let partial: usize = slices(&place, LEDGER).values().map(Vec::len).sum();
    assert!(partial > 0 && partial.is_multiple_of(12), "{partial}");
    pull(&place, &url, &[]);
    assert_eq!(slices(&place, LEDGER), slices(&place, "whole.db"));
}
