//! Pulls that are repeated, killed, run at once, and that find a gap.

use std::process::Stdio;
use std::thread;
use std::time::Duration;

use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};

use super::place::Place;
use super::scene::{
    DAY, DAYS, END, LEDGER, Samples, arguments, availability, count, fails, open, pull, shared,
    slices,
};
use super::server::{SERVICE, command, nthc, project, start};

/// The slices of the days. The last one is known only in part: its last scrape is at its end.
const ALL: usize = (DAYS * DAY / 300) as usize;

#[test]
fn a_pull_counts_what_happened_and_a_second_one_adds_nothing() {
    let Some(server) = shared() else { return };
    let place = Place::new();
    project(&place);
    let first = pull(&place, &server.url(), &[]);
    assert_eq!(
        (first["slos"].as_u64(), first["new"].as_u64()),
        (Some(1), Some(ALL as u64))
    );
    let before = slices(&place, LEDGER);
    let [counted] = before.values().collect::<Vec<_>>()[..] else {
        panic!("{before:?}")
    };
    // 100 requests a minute of which 2 of 500 fail; the first value of each counter counts: the process is new.
    for slice in counted {
        assert_eq!((slice.bad, slice.total), (2.0, 500.0), "{slice:?}");
    }
    let again = pull(&place, &server.url(), &[]);
    assert_eq!(
        (again["new"].as_u64(), again["corrected"].as_u64()),
        (Some(0), Some(0)),
        "{again}"
    );
    // The last day was read again.
    assert_eq!(again["unchanged"].as_u64(), Some(288), "{again}");
    assert_eq!(slices(&place, LEDGER), before);
    let status = nthc(&place, &["ledger", "status", "--format", "json"]);
    let status: serde_json::Value = serde_json::from_str(&status.out).unwrap();
    assert_eq!(status["slos"][0]["until"], "2026-11-01T00:00:00Z");
}

#[test]
fn pulls_at_the_same_time_lose_nothing_and_count_nothing_twice() {
    let Some(server) = shared() else { return };
    let place = Place::new();
    project(&place);
    let url = server.url();
    let alone = pull(&place, &url, &["--ledger", "alone.db"]);
    let mut all = arguments(&url, &["--chunk", "1h", "--ledger", "together.db"]);
    all.extend(["--format", "json"]);
    let pulls: Vec<_> = (0..3)
        .map(|_| {
            let mut command = command(&place, &all);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    let mut new = 0;
    for pull in pulls {
        let output = pull.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["corrected"], 0, "{report}");
        new += report["new"].as_u64().unwrap();
    }
    assert_eq!(Some(new), alone["new"].as_u64());
    assert_eq!(slices(&place, "together.db"), slices(&place, "alone.db"));
}

#[test]
fn a_killed_pull_is_continued() {
    let Some(server) = shared() else { return };
    let place = Place::new();
    project(&place);
    let url = server.url();
    pull(&place, &url, &["--ledger", "whole.db"]);
    let whole = slices(&place, "whole.db");
    let mut rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[3; 32]);
    let mut partial = 0;
    for moment in 0..10 {
        let file = format!("killed-{moment}.db");
        let hourly = ["--chunk", "1h", "--ledger", &file];
        let mut command = command(&place, &arguments(&url, &hourly));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut running = command.spawn().unwrap();
        // From before there is a ledger until shortly before the end, and then anywhere between two batches.
        let least = usize::try_from(rng.next_u64()).unwrap_or(0) % ALL;
        while count(&place, &file) < least && running.try_wait().unwrap().is_none() {
            thread::sleep(Duration::from_millis(5));
        }
        thread::sleep(Duration::from_millis(rng.next_u64() % 40));
        running.kill().unwrap();
        running.wait().unwrap();
        let left = count(&place, &file);
        partial += usize::from(left > 0 && left < ALL);
        pull(&place, &url, &hourly);
        assert_eq!(slices(&place, &file), whole, "killed at {left} slices");
        let mut store = open(&place, &file);
        let objectives = store.objectives(&availability(None)).unwrap();
        // The objective holds for all that was read.
        assert_eq!(objectives.len(), 1);
        assert_eq!(objectives[0].valid_from, END - DAYS * DAY);
    }
    assert!(partial > 0);
    println!("{partial} of 10 pulls were killed with a part of the slices");
}

#[test]
fn what_the_server_no_longer_has_is_an_error_until_it_is_accepted() {
    let Some(server) = shared() else { return };
    let place = Place::new();
    project(&place);
    // A pull of the first day and a half, and a server that has the last two days alone.
    let until = ["--until", "2026-10-28T12:00:00Z"];
    let mut early = vec!["ledger", "pull", "--since", "2d"];
    let url = server.url();
    early.extend(["--prometheus", &url]);
    early.extend(until);
    assert_eq!(nthc(&place, &early).code, 0);
    let before = slices(&place, LEDGER);
    let mut samples = Samples::default();
    samples.service(END - 2 * DAY, END, "");
    let other = Place::new();
    let Some(late) = start(&other, &samples.text()) else {
        return;
    };
    let url = format!("http://{}", late.address());
    let ran = fails(&place, &url, &[], 2);
    // How long the server keeps samples depends on the day of the test.
    let first = ran.err.lines().next().unwrap().split(';').next().unwrap();
    assert_eq!(
        first,
        "error: the ledger ends at 2026-10-28T12:00:00Z, and the server no longer has the samples that follow"
    );
    assert!(
        ran.err
            .contains("pass `--accept-gap` to leave that time unknown"),
        "{ran:?}"
    );
    assert_eq!(slices(&place, LEDGER), before);

    pull(&place, &url, &["--accept-gap"]);
    let after = slices(&place, LEDGER).remove(&availability(None)).unwrap();
    let gap = END - 7 * DAY / 2..END - 2 * DAY;
    assert!(!after.iter().any(|slice| gap.contains(&slice.start)));
    assert_eq!(
        after.iter().filter(|slice| slice.start < gap.start).count(),
        432
    );
    assert_eq!(
        after.iter().filter(|slice| slice.start >= gap.end).count(),
        576
    );
    // The gap is accepted once.
    pull(&place, &url, &[]);
}

#[test]
fn a_new_slo_is_read_from_the_past_and_a_known_one_is_not() {
    let Some(server) = shared() else { return };
    let place = Place::new();
    project(&place);
    pull(&place, &server.url(), &[]);
    let more = "
service search {
  team     = payments
  selector = { job = \"checkout\", instance = \"a\" }

  slo availability : http.availability { objective = 99% }
}
";
    place.write("checkout.nth", format!("{SERVICE}{more}"));
    let report = pull(&place, &server.url(), &[]);
    assert_eq!(report["new"].as_u64(), Some(ALL as u64), "{report}");
    assert_eq!(report["unchanged"].as_u64(), Some(288), "{report}");
    let all = slices(&place, LEDGER);
    let new = all
        .iter()
        .find(|(key, _)| key.service == "search")
        .unwrap()
        .1;
    assert!(
        new.iter()
            .all(|slice| (slice.bad, slice.total) == (1.0, 250.0)),
        "{new:?}"
    );
}

#[test]
fn a_pull_at_the_end_of_time_and_of_nothing() {
    let Some(server) = shared() else { return };
    let place = Place::new();
    project(&place);
    let url = server.url();
    let mut future = vec!["ledger", "pull", "--until", "2999-01-01T00:00:00Z"];
    future.extend(["--prometheus", &url]);
    let ran = nthc(&place, &future);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (2, "error: `--until` is in the future\n")
    );
    place.replace("checkout.nth", "job = \"checkout\"", "job = \"gone\"");
    let ran = nthc(&place, &arguments(&url, &[]));
    assert_eq!(ran.code, 0);
    assert_eq!(
        ran.err,
        "warning: nothing was seen of checkout.availability\n"
    );
    assert!(slices(&place, LEDGER).values().all(Vec::is_empty));
}

#[test]
fn an_unknown_service_is_named_with_what_was_meant() {
    let place = Place::new();
    project(&place);
    let ran = fails(&place, "http://127.0.0.1:1", &["chekout"], 2);
    assert_eq!(
        ran.err,
        "error: unknown service `chekout`\n  help: did you mean `checkout`?\n"
    );
    assert!(!place.path(LEDGER).exists());
}

#[test]
fn environments_share_a_ledger_and_mix_nothing() {
    let place = Place::new();
    project(&place);
    let environments = "
environment production { selector = { env = \"production\" } }
environment staging { selector = { env = \"staging\" } }
";
    place.write("checkout.nth", format!("{SERVICE}{environments}"));
    let mut samples = Samples::default();
    samples.service(END - DAY, END, "env=\"production\",");
    samples.service(END - DAY / 2, END, "env=\"staging\",");
    let other = Place::new();
    let Some(server) = start(&other, &samples.text()) else {
        return;
    };
    let url = format!("http://{}", server.address());
    // Without a name there is no telling which is meant.
    let ran = fails(&place, &url, &[], 2);
    assert!(
        ran.err.contains("production") && ran.err.contains("staging"),
        "{ran:?}"
    );
    let ran = fails(&place, &url, &["--env", "stagin"], 2);
    assert!(
        ran.err.starts_with("error: unknown environment `stagin`\n"),
        "{ran:?}"
    );

    pull(&place, &url, &["--env", "production"]);
    pull(&place, &url, &["--env", "staging"]);
    let all = slices(&place, LEDGER);
    let [production, staging] = ["production", "staging"].map(|name| {
        let found = &all[&availability(Some(name))];
        found.iter().filter(|slice| slice.seen > 0).count()
    });
    assert_eq!(all.len(), 2);
    assert_eq!([production, staging], [288, 144]);
    // Each continues where it ended.
    let again = pull(&place, &url, &["--env", "staging"]);
    assert_eq!(again["new"], 0, "{again}");
}

#[test]
fn replicas_of_prometheus_are_counted_once() {
    let Some(server) = shared() else { return };
    let place = Place::new();
    project(&place);
    pull(&place, &server.url(), &["--ledger", "one.db"]);
    let mut samples = Samples::default();
    // The first replica begins with the days, and the second one is down for their last two.
    samples.service(END - DAYS * DAY, END, "replica=\"a\",");
    samples.service(END - DAYS * DAY, END - 2 * DAY, "replica=\"b\",");
    let other = Place::new();
    let Some(both) = start(&other, &samples.text()) else {
        return;
    };
    let url = format!("http://{}", both.address());
    let more = ["--replica-label", "replica", "--ledger", "two.db"];
    pull(&place, &url, &more);
    assert_eq!(slices(&place, "two.db"), slices(&place, "one.db"));
    // Without the label, each replica counts.
    pull(&place, &url, &["--ledger", "twice.db"]);
    let sum = |file: &str| -> f64 {
        let all = slices(&place, file);
        all[&availability(None)]
            .iter()
            .map(|slice| slice.total)
            .sum()
    };
    assert!(sum("twice.db") > 1.5 * sum("one.db"));
}
