//! The model of an incident is what the language makes of its text.
#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::sync::Arc;

use nth_model::test::Event;
use nth_model::{Duration, Project};
use nth_promql::LabelMatchers;

use super::{
    Aspects, Beginning, Happening, Incident, Scope, fields, of_alert, of_gate, of_service, of_slo,
    statement, test,
};
use crate::catalogue::environment_labels;
use crate::db::Database;
use crate::session::{Session, SourceInput};

const PROJECT: &str = r##"
import std.http

environment production { selector = { env = "live" } }

team payments { slack = "#payments" }

service checkout {
  team     = payments
  selector = { job = "checkout" }
  deployed = `max(deployed_timestamp_seconds)`

  slo availability : http.availability { budget_tickets = [50%]  min_events = 5 }
  slo latency : http.latency(under: 300ms)

  alert backlog {
    when     = `max(queue_depth{kind=~"orders|mails"}) / sum(rate(queue_done_total[5m])) > 1000.5`
    severity = page
    summary  = "Orders wait."
  }

  gate production {
    deny spent   { when = budget(availability) < 10% }
    deny burning { when = burn(availability, over: 1h) > 2 }
    deny weekend { when = between(from: fri 16:00, to: mon 08:00, zone: "Europe/London") }
    deny frozen  { when = frozen(from: "2026-12-20", to: "2026-12-27", zone: "America/New_York") }
    warn recent  { when = deploy_age() < 30m }
  }
}
"##;

fn session(more: &str) -> Session {
    let input = SourceInput {
        module: "all".to_owned(),
        path: "all.nth".to_owned(),
        text: Arc::from(format!("{PROJECT}{more}")),
        package: false,
    };
    Session::new(Database::default(), &[input])
}

/// Incidents with all kinds of events.
fn incidents(project: &Project<'_>, scope: &Scope) -> Vec<Incident> {
    let service = project.service("checkout").unwrap();
    let aspects = Aspects {
        burn_rates: true,
        budgets: true,
        missing_data: true,
        traffic: true,
    };
    let mut found: Vec<Incident> = Vec::new();
    for slo in &service.slos {
        let mut other = slo.clone();
        other.objective = "0.9".parse().unwrap();
        other.burn_rate_pairs.clear();
        other.budget_alerts.clear();
        found.extend(of_slo(aspects, service, slo, &other));
    }
    for alert in &service.alerts {
        found.extend(of_alert(service, alert, None, scope));
    }
    found.extend(of_gate(service, service.gates.iter()));
    found.extend(of_service(service, scope));
    let slow = Event::Latency {
        slo: nth_model::test::SloRef {
            service: "checkout".into(),
            slo: "latency".into(),
            group: std::collections::BTreeMap::new(),
        },
        is: Duration(1550),
    };
    let given = vec![Happening::new(slow, Some(Duration::minutes(20)))];
    let mut at_night = Incident::new(&service.name, given, None).lasting(Duration::hours(2));
    at_night.when.at = Some(Beginning::Day(170));
    at_night.when.date = Some("2026-07-01".parse().unwrap());
    at_night.when.zone = Some("Europe/Berlin".to_owned());
    found.push(at_night);
    for incident in &mut found {
        let lasts = Duration(incident.until.unwrap_or(incident.from).0 + 3_600_000);
        incident.when.length.get_or_insert(lasts);
    }
    found
}

#[test]
fn a_text_is_lowered_to_the_model() {
    let environment = Some("production".into());
    let plain = session("");
    let labels = environment_labels(&plain.db, plain.workspace, Some("production"));
    assert_eq!(labels.len(), 1);
    // The labels of the environment may be written, or not.
    for known in [labels.clone(), LabelMatchers::default()] {
        let scope = Scope {
            scrape_interval: plain.workspace.scrape_interval(&plain.db),
            environment_labels: known,
        };
        let all = plain.with_project(&environment, |project, _| incidents(project, &scope));
        let mut text = String::new();
        for (index, incident) in all.iter().enumerate() {
            let _ = writeln!(text, "test \"{index}\" {{");
            for field in fields(&incident.when) {
                let _ = writeln!(text, "  {field}");
            }
            for (index, happening) in incident.given.iter().enumerate() {
                let statement = statement(happening);
                let _ = writeln!(text, "  given event-{} : {statement}", index + 1);
            }
            text.push_str("  expect quiet : silent { service = checkout }\n}\n");
        }
        let written = session(&text);
        let lowered = written.tests(Some("production"));
        assert_eq!(lowered.len(), all.len());
        assert!(all.len() > 60, "{}", all.len());
        for (index, (lowered, incident)) in lowered.iter().zip(&all).enumerate() {
            let own = test(&index.to_string(), incident, &labels).unwrap();
            let errors: Vec<&str> = { lowered.diagnostics.iter() }
                .map(|found| found.message.as_str())
                .collect();
            let Some(of_text) = &lowered.test else {
                panic!("{errors:?}\n{incident:?}");
            };
            assert_eq!(of_text.begin, own.begin, "{incident:?}");
            assert_eq!(of_text.length, own.length, "{incident:?}");
            assert_eq!(of_text.history, own.history);
            assert_eq!(of_text.given, own.given, "{incident:?}");
        }
    }
}
