//! What Alertmanager really sends is what PagerDuty's event orchestrations match on: an event gets to its service, notifies as
//! loudly as its alert asks for, and nothing of another environment or project gets through.

use std::path::Path;

use nthc::backends::Target as _;
use nthc::backends::pagerduty::PagerDuty;
use nthc::ir::{Project, Settings, Severities, Severity};
use serde_json::{Value, json};

use crate::programs::Running;
use crate::projects::{Modeled, single_with};
use crate::said::faster;
use crate::server::{Sink, alertmanager, post};

/// Pages of services of low tiers, a service that another team is woken for, names that YAML takes for no text, and a
/// default team that has nothing of its own.
const SOURCE: &str = r##"team a {
  slack = "#a"

  schedule primary {
    zone    = "Etc/UTC"
    members = ["ana@example.com"]
  }

  escalation default {
    step first { notify = primary }
  }

  receiver all : pagerduty { }
}

team b {
  escalation default {
    step first { notify = "bob@example.com" }
  }

  receiver all : pagerduty { }
}

team quiet { }

service reports {
  team     = a
  tier     = low
  selector = { job = "reports" }

  alert Gone { when = `max(q) > 1`  severity = page  summary = "x" }
  alert Slow { when = `max(q) > 2`  severity = ticket  summary = "x" }
}

service elsewhere {
  team       = a
  tier       = standard
  escalation = b.default
  selector   = { job = "elsewhere" }

  alert Gone { when = `max(q) > 3`  severity = page  summary = "x" }
}

service "true" {
  team     = a
  selector = { job = "true" }

  alert Gone { when = `max(q) > 4`  severity = page  summary = "x" }
}

service orphan {
  team     = quiet
  selector = { job = "orphan" }

  alert Gone { when = `max(q) > 5`  severity = page  summary = "x" }
}
"##;

fn project(severities: [&str; 2]) -> Modeled {
    let mut settings = nthc::project::default_settings("shop");
    let [page, ticket] = severities.map(str::to_owned);
    settings.severities = Severities::new([
        Severity::page().labeled(&page),
        Severity::ticket().labeled(&ticket),
    ]);
    settings.alertmanager.default_team = Some("b".to_owned());
    single_with(SOURCE, settings)
}

/// The Terraform of a project, as one document.
fn terraform(project: &Modeled, settings: &Settings) -> Value {
    let model = Project::new(&project.services, &project.teams);
    let mut all = json!({});
    for file in PagerDuty.project_artifacts(&model, settings).unwrap() {
        let document: Value = serde_json::from_str(&file.contents).unwrap();
        for (section, kinds) in document.as_object().unwrap() {
            for (kind, found) in kinds.as_object().unwrap() {
                all[section][kind] = found.clone();
            }
        }
    }
    all
}

/// Whether a condition holds for an event: equality and regular expressions of strings, joined by `and`.
fn holds(condition: &str, event: &Value) -> bool {
    condition.split(" and ").all(|part| {
        let (field, test) = part.split_once(" matches ").unwrap();
        let path = field.strip_prefix("event.").unwrap().replace('.', "/");
        let Some(Value::String(said)) = event["payload"].pointer(&format!("/{path}")) else {
            return false;
        };
        let text = |quoted: &str| {
            let text = quoted
                .strip_prefix('\'')
                .and_then(|text| text.strip_suffix('\''));
            text.unwrap_or_else(|| panic!("{condition}")).to_owned()
        };
        match test.strip_prefix("regex ") {
            Some(pattern) => regex::Regex::new(&text(pattern)).unwrap().is_match(said),
            None => text(test) == *said,
        }
    })
}

/// Where a router sends an event: the first rule that matches, or else what catches all.
fn routed(terraform: &Value, team: &str, event: &Value) -> String {
    let router = &terraform["resource"]["pagerduty_event_orchestration_router"][team];
    let rules = router["set"]["rule"].as_array().unwrap();
    let rule = rules
        .iter()
        .find(|rule| holds(rule["condition"]["expression"].as_str().unwrap(), event));
    let to = match rule {
        Some(rule) => &rule["actions"]["route_to"],
        None => &router["catch_all"]["actions"]["route_to"],
    };
    let to = to.as_str().unwrap();
    let address = to.strip_prefix("${pagerduty_service.");
    address
        .and_then(|rest| rest.strip_suffix(".id}"))
        .unwrap_or(to)
        .to_owned()
}

/// With which urgency an event of a service notifies: what its orchestration makes of the severity, by the service's rule.
fn urgency(terraform: &Value, service: &str, event: &Value) -> &'static str {
    let resource = &terraform["resource"];
    let rule = &resource["pagerduty_service"][service]["incident_urgency_rule"];
    assert_eq!(rule["urgency"], "severity_based", "{service}");
    let orchestration = &resource["pagerduty_event_orchestration_service"][service];
    let rules = orchestration["set"]["rule"].as_array().unwrap();
    let matched = rules
        .iter()
        .find(|rule| holds(rule["condition"]["expression"].as_str().unwrap(), event));
    let sent = &event["payload"]["severity"];
    let severity = matched.map_or(sent, |rule| &rule["actions"]["severity"]);
    // Both say the same.
    assert_eq!(severity, sent);
    match severity.as_str().unwrap() {
        "critical" | "error" => "high",
        "warning" | "info" => "low",
        other => panic!("{other}"),
    }
}

/// An Alertmanager whose PagerDuty is a sink; a team's key is its name.
fn start(project: &mut Modeled, sink: &Sink, folder: &Path) -> Option<Running> {
    let secrets = folder.join("secrets");
    std::fs::create_dir(&secrets).unwrap();
    for team in ["a", "b"] {
        std::fs::write(secrets.join(format!("pagerduty-{team}")), team).unwrap();
    }
    project.settings.alertmanager.secrets = secrets.to_str().unwrap().to_owned();
    let base = format!("http://127.0.0.1:{}", sink.port);
    alertmanager(&faster(project, folder, &base), folder)
}

#[test]
fn an_event_gets_to_its_service_and_is_as_loud_as_its_alert() {
    // A label that YAML takes for a number cannot be matched; the severity that is sent says it all the same.
    for severities in [["page", "ticket"], ["P1", "P3"], ["1", "2"]] {
        let sink = Sink::start();
        let folder = tempfile::tempdir().unwrap();
        let mut project = project(severities);
        let Some(server) = start(&mut project, &sink, folder.path()) else {
            return;
        };
        let terraform = terraform(&project, &project.settings);
        let [page, ticket] = severities;
        let alert = |name: &str, service: &str, team: &str, tier: &str, severity: &str| {
            let mut labels = json!({ "alertname": name, "severity": severity });
            for (label, value) in [("service", service), ("team", team), ("tier", tier)] {
                if !value.is_empty() {
                    labels[label] = value.into();
                }
            }
            json!({ "labels": labels, "annotations": { "summary": name } })
        };
        let cases = [
            (
                alert("R1", "reports", "a", "low", page),
                "a",
                "reports",
                "high",
            ),
            (
                alert("R2", "reports", "a", "low", ticket),
                "a",
                "reports",
                "low",
            ),
            // The page goes to whom its escalation wakes, the ticket stays.
            (
                alert("E1", "elsewhere", "a", "standard", page),
                "b",
                "elsewhere",
                "high",
            ),
            (
                alert("E2", "elsewhere", "a", "standard", ticket),
                "a",
                "elsewhere",
                "low",
            ),
            (
                alert("T1", "true", "a", "standard", page),
                "a",
                "true",
                "high",
            ),
            // Nobody of its own is told.
            (
                alert("O1", "orphan", "quiet", "standard", page),
                "b",
                "b--other",
                "high",
            ),
            // What other rules say, of a team or of nobody.
            (
                alert("H1", "legacy", "a", "", page),
                "a",
                "a--other",
                "high",
            ),
            (alert("H2", "", "a", "", "info"), "a", "a--other", "low"),
            (alert("N1", "", "", "", page), "b", "b--other", "high"),
            (
                alert("N2", "kubelet", "", "", "critical"),
                "b",
                "b--other",
                "low",
            ),
        ];
        let posted: Vec<Value> = cases.iter().map(|(alert, ..)| alert.clone()).collect();
        post(&server, &Value::from(posted));
        for (alert, team, service, loud) in cases {
            let name = alert["labels"]["alertname"].as_str().unwrap();
            let event = sink.wait_for("/pagerduty", |event| event["payload"]["class"] == name);
            assert_eq!(event["routing_key"], team, "{name}");
            assert_eq!(routed(&terraform, team, &event), service, "{event:#}");
            assert_eq!(urgency(&terraform, service, &event), loud, "{event:#}");
        }
    }
}

/// The event that an alert with these labels is sent as, of an environment's project; how it is made is what the test above
/// sees for real.
fn event(labels: &[(&str, &str)]) -> Value {
    let mut details = json!({});
    for label in ["environment", "project", "service", "tier"] {
        details[label] = "(none)".into();
    }
    for (label, value) in labels {
        details[*label] = (*value).into();
    }
    json!({ "payload": { "component": details["service"], "custom_details": details } })
}

#[test]
fn events_of_other_environments_and_projects_are_unrouted() {
    for shared in [false, true] {
        let mut project = project(["page", "ticket"]);
        project.settings.environment = Some("production".into());
        project.settings.shared = shared;
        let terraform = terraform(&project, &project.settings);
        let of = |environment: &str, of: &str, service: &str| {
            let mut labels = vec![("service", service), ("tier", "low")];
            if !environment.is_empty() {
                labels.push(("environment", environment));
            }
            if shared {
                labels.push(("project", of));
            }
            event(&labels)
        };
        for team in ["a", "b"] {
            let went = |event: &Value| routed(&terraform, team, event);
            let own = ["reports", "elsewhere"];
            let wanted = if team == "a" { own[0] } else { own[1] };
            assert_eq!(went(&of("production", "shop", wanted)), wanted);
            for service in ["reports", "elsewhere", "gateway"] {
                assert_eq!(went(&of("staging", "shop", service)), "unrouted");
                assert_eq!(went(&of("staging", "bank", service)), "unrouted");
            }
            assert_eq!(went(&of("production", "bank", "gateway")), "unrouted");
            if shared {
                assert_eq!(went(&of("production", "bank", wanted)), "unrouted");
            }
            // What says neither is of this team all the same, as Alertmanager sent it here.
            let others = format!("{team}--other");
            assert_eq!(went(&event(&[("service", "legacy")])), others);
            assert_eq!(went(&event(&[("tier", "backend")])), others);
            let staging = event(&[("environment", "staging")]);
            assert_eq!(went(&staging), "unrouted");
        }
    }
}
