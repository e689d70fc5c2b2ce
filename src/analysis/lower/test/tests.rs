//! The models of tests.
#![allow(clippy::expect_used)]

use std::sync::Arc;

use nth_model::test::{Event, History, Outcome, SloRef, Subject, Test};
use nth_model::{Duration, Response};

use crate::db::Database;
use crate::session::{Session, SourceInput};

/// The project that the tests are about.
const PROJECT: &str = r##"
import std.http

environment production { selector = { env = "live" } }
environment staging { }

team payments { slack = "#payments" }

service ledger {
  team     = payments
  selector = { job = "ledger" }

  slo availability : http.availability
}

service checkout {
  team     = payments
  selector = { job = "checkout" }
  deployed = `max(deployed_timestamp_seconds)`

  slo availability : http.availability
  slo latency : http.latency(under: 300ms)

  alert queue_backlog { when = `max(queue_depth) > 1000`  summary = "The queue is long." }
  alert queue-backlog { when = `max(queue_depth) > 2000`  summary = "The queue is longer." }

  dependency ledger { service = ledger }
  dependency cache {
    technology = "Redis"

    alert down { when = `max(redis_up) == 0`  severity = page  summary = "It is down." }
  }
}
"##;

/// Returns the models of the tests in `text` in an environment, with what is reported.
fn all(text: &str, environment: Option<&str>) -> Vec<(Option<Test>, Vec<String>)> {
    let input = SourceInput {
        module: "all".to_owned(),
        path: "all.nth".to_owned(),
        text: Arc::from(format!("{PROJECT}{text}")),
        package: false,
    };
    let session = Session::new(Database::default(), &[input]);
    let models = session.tests(environment);
    let models = models.iter().map(|lowered| {
        let found = lowered
            .diagnostics
            .iter()
            .map(|found| found.message.clone());
        (lowered.test.clone(), found.collect())
    });
    models.collect()
}

fn one(text: &str) -> Test {
    let mut all = all(text, Some("production"));
    assert_eq!(all.len(), 1);
    let (test, found) = all.remove(0);
    assert_eq!(found, Vec::<String>::new(), "{text}");
    test.expect("it has no errors")
}

/// A test with these statements.
fn with(body: &str) -> Test {
    one(&format!("test \"t\" {{\n{body}\n}}\n"))
}

const QUIET: &str = "expect quiet : silent { service = ledger }";

#[test]
fn a_test_begins_on_its_day_in_its_zone() {
    for (fields, begin) in [
        ("", "2026-01-05T12:00:00Z"),
        ("at = 09:30", "2026-01-05T09:30:00Z"),
        ("at = mon 00:00", "2026-01-05T00:00:00Z"),
        ("at = sun 23:59", "2026-01-11T23:59:00Z"),
        (
            "at = 12:00  date = \"2026-07-01\"  zone = \"Europe/Berlin\"",
            "2026-07-01T10:00:00Z",
        ),
        (
            "at = fri 12:00  date = \"2026-07-01\"",
            "2026-07-03T12:00:00Z",
        ),
        // The hour that clocks leave out.
        (
            "at = 02:30  date = \"2026-03-29\"  zone = \"Europe/Berlin\"",
            "2026-03-29T01:30:00Z",
        ),
    ] {
        let begins: jiff::Timestamp = begin.parse().expect("a timestamp");
        let test = with(&format!("{fields}\n{QUIET}"));
        assert_eq!(test.begin, begins.as_second(), "{fields}");
    }
}

#[test]
fn a_test_lasts_as_long_as_it_needs() {
    for (body, length) in [
        (QUIET.to_owned(), Duration::hours(1)),
        (format!("length = 5m\n{QUIET}"), Duration::minutes(5)),
        (
            format!(
                "given a : errors {{ slo = ledger.availability  share = 5%  from = 10m  for = 20m }}\n{QUIET}"
            ),
            Duration::minutes(90),
        ),
        (
            format!(
                "given a : errors {{ slo = ledger.availability  share = 5%  from = 10m }}\n{QUIET}"
            ),
            Duration::minutes(70),
        ),
        (
            "given a : errors { slo = ledger.availability  share = 50%  from = 10m }\n\
             expect b : page { slo = ledger.availability  within = 2h  for = 30m }"
                .to_owned(),
            Duration::minutes(160),
        ),
        (
            "expect b : budget { slo = ledger.availability  above = 5%  at = 3d }".to_owned(),
            Duration::days(3),
        ),
        (
            format!(
                "given a : series {{ series = `up{{job=\"x\"}}`  values = \"1x9\"  at = 5m }}\n{QUIET}"
            ),
            Duration(Duration::minutes(65).0 + 10 * scrape_interval()),
        ),
    ] {
        assert_eq!(with(&body).length, length, "{body}");
    }
}

/// The default scrape interval, in milliseconds.
fn scrape_interval() -> u64 {
    let session = Session::new(Database::default(), &[]);
    session.workspace.scrape_interval(&session.db).0
}

#[test]
fn events_are_lowered() {
    let test = with(&format!(
        "/// Ignored.\n\
         given a : traffic {{ service = checkout  rate = 90/m }}\n\
         given b : slow {{ slo = checkout.latency  takes = 2s  from = 1h }}\n\
         given c : dependency-down {{ dependency = checkout.ledger  from = 10m  for = 5m }}\n\
         given d : budget-left {{ slo = checkout.latency  is = -12.5% }}\n\
         given e : deployment {{ service = checkout  at = 10m }}\n\
         given f : series {{ series = `up{{job=\"x\"}}`  values = \" 1x9 \" }}\n\
         {QUIET}"
    ));
    let events: Vec<&Event> = test.given.iter().map(|given| &given.event).collect();
    let latency = SloRef {
        service: "checkout".into(),
        slo: "latency".into(),
        group: std::collections::BTreeMap::new(),
    };
    let expected = [
        Event::Traffic {
            service: "checkout".into(),
            rate: "1.5".parse().expect("a number"),
        },
        Event::Latency {
            slo: latency.clone(),
            is: Duration::seconds(2),
        },
        Event::DependencyDown {
            service: "checkout".into(),
            dependency: "ledger".into(),
        },
        Event::BudgetLeft {
            slo: latency,
            left: "-0.125".parse().expect("a number"),
        },
        Event::Deployment {
            service: "checkout".into(),
        },
        // The environment's labels are added, as to every query.
        Event::Series {
            series: "up{job=\"x\",env=\"live\"}".to_owned(),
            values: "1x9".to_owned(),
        },
    ];
    assert_eq!(events, expected.iter().collect::<Vec<_>>());
    assert_eq!(test.given[2].from, Duration::minutes(10));
    assert_eq!(test.given[2].length, Some(Duration::minutes(5)));
    assert_eq!(test.given[4].from, Duration::minutes(10));
    assert_eq!(test.history, History::Good);
}

fn since(test: &Test, number: usize) -> Duration {
    match &test.expect[number].outcome {
        Outcome::Fires { since, .. } | Outcome::Resolved { since, .. } => *since,
        other => panic!("{other:?}"),
    }
}

#[test]
fn within_counts_from_what_concerns_the_alert() {
    let test = with(
        "given requests : traffic { service = checkout  rate = 5/s }\n\
         given release : deployment { service = checkout  at = 5m }\n\
         given a : errors { slo = checkout.availability  share = 50%  from = 10m  for = 10m }\n\
         given b : errors { slo = checkout.latency  share = 50%  from = 40m  for = 10m }\n\
         given c : no-data { service = checkout  from = 1h  for = 10m }\n\
         expect a : page { slo = checkout.availability  within = 5m }\n\
         expect b : page { slo = checkout.latency  within = 5m }\n\
         expect c : page { service = checkout  within = 5m }\n\
         expect d : page { slo = ledger.availability  within = 5m }\n\
         expect e : resolved { slo = checkout.availability  within = 5m }\n\
         expect f : resolved { slo = ledger.availability  within = 5m }\n",
    );
    let found: Vec<u64> = (0..6)
        .map(|number| since(&test, number).0 / Duration::MINUTE.0)
        .collect();
    assert_eq!(found, [10, 40, 10, 10, 70, 70]);
    let only = with(
        "given release : deployment { service = checkout  at = 5m }\n\
         expect a : page { service = checkout  within = 5m }",
    );
    assert_eq!(since(&only, 0), Duration::minutes(5));
    let fallen = with(
        "given day : traffic { service = checkout  rate = 5/s  for = 20m }\n\
         given night : traffic { service = checkout  rate = 0/s  from = 20m  for = 1h }\n\
         expect a : page { service = checkout  within = 5m }\n\
         expect b : resolved { service = checkout  within = 5m }",
    );
    assert_eq!(since(&fallen, 0), Duration::minutes(20));
    assert_eq!(since(&fallen, 1), Duration::minutes(80));
}

#[test]
fn alerts_have_their_names_in_the_rules() {
    let test = with(
        "expect a : ticket { alert = checkout.queue_backlog }\n\
         expect b : ticket { alert = checkout.queue-backlog }\n\
         expect c : page { alert = checkout.cache.down }",
    );
    let names: Vec<(&str, Response)> = test
        .expect
        .iter()
        .filter_map(|expected| match &expected.outcome {
            Outcome::Fires {
                subject: Subject::Alert { alert, .. },
                response,
                ..
            } => Some((alert.as_str(), *response)),
            _ => None,
        })
        .collect();
    assert_eq!(
        names,
        [
            ("QueueBacklog", Response::Ticket),
            ("QueueBacklog2", Response::Ticket),
            ("CacheDown", Response::Page),
        ]
    );
}

#[test]
fn a_test_is_only_in_its_environments() {
    let text =
        "test \"t\" {\n  only_in = [staging]\n  expect quiet : silent { service = ledger }\n}\n";
    let [(none, found)] = all(text, Some("production")).try_into().expect("one test");
    assert_eq!((none, found), (None, Vec::new()));
    let [(some, _)] = all(text, Some("staging")).try_into().expect("one test");
    assert!(some.is_some());
}

#[test]
fn events_of_an_slo_contradict_each_other_just_if_they_overlap() {
    let mut text = String::new();
    let mut overlaps = Vec::new();
    let (begin, end) = (2, 4);
    for (variant, value) in [("errors", "share = 5%"), ("slow", "takes = 2s")] {
        for from in 0..6 {
            for length in 1..4 {
                let name = overlaps.len();
                text.push_str(&format!(
                    "test \"{name}\" {{\n  {QUIET}\n  \
                     given a : errors {{ slo = checkout.latency  share = 5%  from = {begin}m  for = {}m }}\n  \
                     given b : {variant} {{ slo = checkout.latency  {value}  from = {from}m  for = {length}m }}\n}}\n",
                    end - begin,
                ));
                overlaps.push(begin < from + length && from < end);
            }
        }
    }
    let all = all(&text, Some("production"));
    assert_eq!(all.len(), overlaps.len());
    for ((test, found), overlaps) in all.iter().zip(overlaps) {
        assert_eq!(test.is_none(), overlaps, "{found:?}");
        assert_eq!(found.len(), usize::from(overlaps), "{found:?}");
    }
}
