//! A pull that is repeated until a signal.
#![cfg(unix)]

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::place::Place;
use super::scene::{LEDGER, Samples, count, slices};
use super::server::{command, nthc, project, start};
use super::support::programs::{Running, eventually};

fn watch(place: &Place, more: &[&str]) -> Child {
    let all = [&["ledger", "watch"], more].concat();
    let mut command = command(place, &all);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
}

/// Waits for the end. Returns the exit code and what is left of standard error.
fn end(mut child: Child) -> (Option<i32>, String) {
    let mut rest = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut rest)
        .unwrap();
    (child.wait().unwrap().code(), rest)
}

/// Starts a Prometheus with the last hours of the service.
fn recent(place: &Place, hours: i64) -> Option<Running> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = i64::try_from(now.as_secs()).unwrap() / 300 * 300;
    let mut samples = Samples::default();
    samples.service(now - hours * 3_600, now, "");
    start(place, &samples.text())
}

#[test]
fn a_watch_pulls_at_once_and_again_until_a_signal() {
    let place = Place::new();
    let Some(server) = recent(&place, 3) else {
        return;
    };
    let url = format!("http://{}", server.address());
    for name in ["-TERM", "-INT"] {
        let place = Place::new();
        project(&place);
        let mut child = watch(
            &place,
            &["--prometheus", &url, "--since", "2h", "--every", "1s"],
        );
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        assert!(
            first.starts_with("read 1 SLOs until ") && !first.ends_with(": 0 new slices"),
            "{first}"
        );
        let again = lines.next().unwrap().unwrap();
        assert!(again.starts_with("read 1 SLOs until "), "{again}");
        signal(&child, name);
        assert_eq!(end(child), (Some(0), String::new()));
        let pulled = slices(&place, LEDGER);
        assert!(
            pulled.values().all(|slices| slices.len() >= 22),
            "{pulled:?}"
        );
    }
}

#[test]
fn a_signal_ends_a_pull_after_its_batch() {
    let other = Place::new();
    let Some(server) = recent(&other, 72) else {
        return;
    };
    let place = Place::new();
    project(&place);
    let url = format!("http://{}", server.address());
    // A long time, in small parts.
    let more = ["--since", "72h", "--chunk", "15m", "--prometheus", &url];
    let child = watch(&place, &more);
    eventually("a ledger", || {
        thread::sleep(Duration::from_millis(200));
        (count(&place, LEDGER) > 0).then_some(())
    });
    signal(&child, "-INT");
    let (code, rest) = end(child);
    assert_eq!(code, Some(0), "{rest}");
    assert!(
        rest.starts_with("ended after ")
            && rest.ends_with(" new slices; the next pull continues\n"),
        "{rest:?}"
    );
    let before = slices(&place, LEDGER);
    // The next pull continues. It reads until the time of the first one at least.
    let pull = ["ledger", "pull", "--since", "72h", "--prometheus", &url];
    let ran = nthc(&place, &pull);
    assert_eq!(ran.code, 0, "{ran:?}");
    let after = slices(&place, LEDGER);
    for (slo, slices) in before {
        assert_eq!(after[&slo][..slices.len()], slices);
    }
    let whole: usize = after.values().map(Vec::len).sum();
    assert!(whole >= 70 * 12, "{whole}");
}

#[test]
fn a_failing_pull_is_reported_and_tried_again() {
    let place = Place::new();
    project(&place);
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let url = format!("http://127.0.0.1:{port}");
    let mut child = watch(
        &place,
        &["--prometheus", &url, "--every", "1s", "--timeout", "1s"],
    );
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    for _ in 0..2 {
        let line = lines.next().unwrap().unwrap();
        assert!(line.starts_with("error: cannot query "), "{line}");
    }
    signal(&child, "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn what_can_never_be_pulled_ends_the_watch() {
    let place = Place::new();
    project(&place);
    let child = watch(&place, &["--prometheus", "http://127.0.0.1:1", "chekout"]);
    assert_eq!(
        end(child),
        (
            Some(2),
            "error: unknown service `chekout`\n  help: did you mean `checkout`?\n".to_owned()
        )
    );
    place.replace("checkout.nth", "objective", "objectiv");
    let child = watch(&place, &["--prometheus", "http://127.0.0.1:1"]);
    assert_eq!(end(child).0, Some(1));
}
