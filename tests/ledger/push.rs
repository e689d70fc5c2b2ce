//! Pushes to a real Prometheus, and to receivers that do not accept them.

use std::sync::atomic::{AtomicUsize, Ordering};

use nth_ledger::{Interval, Pull, Replace};

use super::export::{compare, ledger, values};
use super::place::{Place, Ran, run};
use super::scene::{DAY, END, LEDGER, availability, open, slices};
use super::server::{command, nthc, start_with};
use super::support::loopback::{Loopback, ReceivedRequest, answer};

/// The end of the pushed time.
const UNTIL: &str = "2026-11-01T00:00:00Z";

fn push(place: &Place, url: &str, more: &[&str]) -> Ran {
    let all = ["ledger", "push", "--remote-write", url, "--until", UNTIL];
    nthc(place, &[&all, more].concat())
}

#[test]
fn prometheus_has_what_was_pushed_once_and_again() {
    let place = Place::new();
    let all = ledger(&place);
    let other = Place::new();
    let configuration = "storage: { tsdb: { out_of_order_time_window: 5000d } }\n";
    let receives = ["--web.enable-remote-write-receiver"];
    let Some(server) = start_with(&other, "", configuration, &receives) else {
        return;
    };
    let url = format!("http://{}", server.address());
    let write = format!("{url}/api/v1/write");
    for _ in 0..2 {
        let ran = push(&place, &write, &[]);
        assert_eq!(
            (ran.code, ran.out, ran.err.as_str()),
            (0, format!("sent 846 slices of 3 SLOs to {write}\n"), "")
        );
        compare(&url, &all);
    }
    // The labels are those of the SLO, and nothing else.
    let query = "count by (project, environment, service, slo, region) (nth_ledger_events)";
    assert_eq!(values(&url, query).len(), 3);
    // More of another SLO than a request has.
    let mut store = open(&place, LEDGER);
    let slo = availability(Some("production"));
    let mut more = slices(&place, LEDGER).remove(&slo).unwrap();
    for slice in &mut more {
        slice.start -= DAY;
    }
    let read = Interval {
        from: END - 2 * DAY,
        until: END - DAY,
    };
    let slices = more.clone();
    store
        .record_all(&[Pull { slo, slices, read }], Replace::NotWorse)
        .unwrap();
    let ran = push(
        &place,
        &write,
        &[
            "--since",
            "2d",
            "--env",
            "production",
            "checkout.availability",
            "--format",
            "json",
        ],
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (report["slices"].as_u64(), report["requests"].as_u64()),
        (Some(564), Some(2))
    );
    let sum = values(
        &url,
        "sum_over_time(nth_ledger_events{environment=\"production\",slo=\"availability\"}[2d])",
    );
    let of_day: f64 = more.iter().map(|slice| slice.total).sum();
    assert_eq!(sum.into_values().collect::<Vec<_>>(), [2.0 * of_day]);
}

#[test]
fn a_prometheus_that_accepts_no_old_samples_is_named_with_the_setting() {
    let place = Place::new();
    ledger(&place);
    let other = Place::new();
    let receives = ["--web.enable-remote-write-receiver"];
    let Some(server) = start_with(&other, "", "global: {}\n", &receives) else {
        return;
    };
    let write = format!("http://{}/api/v1/write", server.address());
    let ran = push(&place, &write, &[]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.err.starts_with(&format!(
            "error: cannot write to {write}: unexpected status 400: "
        )),
        "{ran:?}"
    );
    assert!(ran.err.contains("help: the receiver does not accept samples that old: set `storage.tsdb.out_of_order_time_window`"), "{ran:?}");

    let other = Place::new();
    let Some(closed) = start_with(&other, "", "global: {}\n", &[]) else {
        return;
    };
    let ran = push(
        &place,
        &format!("http://{}/api/v1/write", closed.address()),
        &[],
    );
    assert!(
        ran.err
            .contains("unexpected status 404: remote write receiver needs to be enabled"),
        "{ran:?}"
    );
    assert!(
        ran.err.contains("`--web.enable-remote-write-receiver`"),
        "{ran:?}"
    );
}

#[test]
fn a_request_is_as_remote_write_has_it() {
    let place = Place::new();
    ledger(&place);
    let server = Loopback::new(|_| answer("204 No Content", "", ""));
    let write = format!("{}/api/v1/push", server.url);
    let all = [
        "ledger",
        "push",
        "--remote-write",
        &write,
        "--until",
        UNTIL,
        "--tenant",
        "payments",
    ];
    let ran = run(command(&place, &all)
        .env("NTH_PROMETHEUS_USER", "ana")
        .env("NTH_PROMETHEUS_PASSWORD", "hunter2"));
    assert_eq!(ran.code, 0, "{ran:?}");
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    for request in requests {
        assert_eq!(request.line, "POST /api/v1/push HTTP/1.1");
        for (name, value) in [
            ("content-type", "application/x-protobuf"),
            ("content-encoding", "snappy"),
            ("x-prometheus-remote-write-version", "0.1.0"),
            ("x-scope-orgid", "payments"),
            // ana:hunter2
            ("authorization", "Basic YW5hOmh1bnRlcjI="),
        ] {
            assert_eq!(request.header(name), Some(value), "{name}");
        }
    }
}

#[test]
fn an_overloaded_receiver_gets_everything_once_it_can() {
    let place = Place::new();
    ledger(&place);
    let asked = AtomicUsize::new(0);
    let server = Loopback::new(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
        0 => answer("503 Service Unavailable", "", "starting"),
        1 => answer("429 Too Many Requests", "Retry-After: 1\r\n", "slow down"),
        2 => answer(
            "500 Internal Server Error",
            "Content-Type: text/html\r\n",
            "<html>",
        ),
        _ => answer("200 OK", "", ""),
    });
    let ran = push(&place, &format!("{}/write", server.url), &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    // Three requests, of which one was sent four times.
    let requests = server.requests();
    assert_eq!(requests.len(), 6);
    assert!(
        requests[..4]
            .iter()
            .all(|request| request.body == requests[0].body)
    );
}

#[test]
fn a_receiver_that_does_not_accept_is_shown_without_harm() {
    let place = Place::new();
    ledger(&place);
    type Case = (&'static str, &'static str, &'static str, &'static str);
    let cases: [Case; 7] = [
        (
            "400 Bad Request",
            "",
            "no \u{1b}[2J of hunter2\nhere",
            ": unexpected status 400: no  [2J of <hidden> here\n",
        ),
        (
            "400 Bad Request",
            "",
            "failed pushing: the sample has been rejected (err-mimir-sample-timestamp-too-old)",
            "(err-mimir-sample-timestamp-too-old)\n  help: the receiver does not accept samples that old: set ",
        ),
        (
            "401 Unauthorized",
            "",
            "",
            ": unexpected status 401\n  help: set NTH_PROMETHEUS_TOKEN, or ",
        ),
        (
            "404 Not Found",
            "Content-Type: text/html; charset=utf-8\r\n",
            "<html>404</html>",
            ": unexpected status 404\n  help: check the URL; ",
        ),
        (
            "302 Found",
            "Location: /login\r\n",
            "",
            ": unexpected status 302\n  help: pass the URL that it redirects to",
        ),
        (
            "200 OK",
            "Content-Type: text/html\r\n",
            "<html>Sign in</html>",
            ": the response is an HTML page\n  help: check the URL: ",
        ),
        (
            "500 Internal Server Error",
            "",
            "disk full",
            ": unexpected status 500: disk full\n",
        ),
    ];
    for (status, headers, body, message) in cases {
        let act = move |_: &ReceivedRequest| answer(status, headers, body);
        let server = Loopback::new(act);
        let write = format!("{}/write", server.url);
        let all = ["ledger", "push", "--remote-write", &write, "--until", UNTIL];
        let ran = run(command(&place, &all).env("NTH_PROMETHEUS_TOKEN", "hunter2"));
        assert_eq!(ran.code, 3, "{ran:?}");
        assert_eq!(ran.out, "");
        assert!(
            ran.err
                .starts_with(&format!("error: cannot write to {write}: ")),
            "{ran:?}"
        );
        assert!(ran.err.contains(message), "{status}: {ran:?}");
        assert!(
            !ran.err.contains("hunter2") && !ran.err.contains('\u{1b}'),
            "{ran:?}"
        );
        let times = if status.starts_with('5') { 5 } else { 1 };
        assert_eq!(server.requests().len(), times, "{status}");
    }
}

#[test]
fn a_url_that_is_not_one_of_a_receiver_is_not_asked() {
    let place = Place::new();
    ledger(&place);
    for (url, message) in [
        (
            "http://localhost:9090",
            "has no path\n  help: pass the whole URL: that of Prometheus ends with /api/v1/write",
        ),
        ("http://localhost:9090/", "has no path\n"),
        ("localhost:9090/api/v1/write", "cannot be parsed\n"),
        (
            "http://ana:hunter2@localhost/write",
            "contains a user or a password\n  help: pass them in NTH_PROMETHEUS_USER and NTH_PROMETHEUS_PASSWORD\n",
        ),
    ] {
        let ran = push(&place, url, &[]);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(
            ran.err
                .starts_with("error: invalid URL in `--remote-write`: "),
            "{ran:?}"
        );
        assert!(ran.err.contains(message), "{ran:?}");
        assert!(!ran.err.contains("hunter2"), "{ran:?}");
    }
    let ran = push(&place, "http://127.0.0.1:1/write", &["--tenant", "a\nb"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    let nothing = [
        "ledger",
        "push",
        "--remote-write",
        "http://127.0.0.1:1/write",
        "--until",
        "2020-01-01T00:00:00Z",
    ];
    let ran = nthc(&place, &nothing);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (0, "warning: the ledger has no slices of that time\n")
    );
}
