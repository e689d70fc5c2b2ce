//! Each alert goes to the receiver of its team and severity.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::thread;

use nthc::ir::{EscalationRef, Severity};

use crate::projects::{Modeled, build, files, hostile};
use crate::tools;

pub type Labels = BTreeMap<String, String>;

/// The receiver that `amtool` says an alert goes to.
pub fn receiver(amtool: &Path, config: &Path, labels: &Labels) -> String {
    let quoted = labels.iter().map(|(label, value)| {
        let value = value
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n");
        format!("{label}=\"{value}\"")
    });
    let output = Command::new(amtool)
        .args(["config", "routes", "test"])
        .arg(format!("--config.file={}", config.display()))
        .args(quoted)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

pub fn labels<const N: usize>(pairs: [(&str, &str); N]) -> Labels {
    pairs
        .map(|(label, value)| (label.to_owned(), value.to_owned()))
        .into()
}

/// The labels of every alert of rule files.
pub fn alerts(folder: &Path) -> Vec<Labels> {
    let mut found = Vec::new();
    for (path, text) in files(folder) {
        if !path
            .parent()
            .is_some_and(|folder| folder.ends_with("prometheus"))
        {
            continue;
        }
        let document: yaml_serde::Value = yaml_serde::from_str(&text).unwrap();
        let groups = match document.get("spec") {
            Some(resource) => &resource["groups"],
            None => &document["groups"],
        };
        for group in groups.as_sequence().unwrap() {
            for rule in group["rules"].as_sequence().unwrap() {
                let Some(name) = rule["alert"].as_str() else {
                    continue;
                };
                let written = rule["labels"].as_mapping().unwrap().iter();
                let mut labels: Labels = written
                    .map(|(label, value)| {
                        let value = value.as_str().unwrap().to_owned();
                        (label.as_str().unwrap().to_owned(), value)
                    })
                    .collect();
                labels.insert("alertname".to_owned(), name.to_owned());
                found.push(labels);
            }
        }
    }
    found
}

/// Where an alert of a service is to go, by the model alone: every team of the shop is told of both severities.
fn expected(project: &Modeled, alert: &Labels) -> String {
    let service = project
        .services
        .iter()
        .find(|service| service.name == alert["service"])
        .unwrap();
    assert_eq!(service.team.as_deref(), Some(alert["team"].as_str()));
    let severities = &project.settings.severities;
    let severity = severities.with_label(&alert["severity"]).unwrap();
    if severity.pages() {
        let woken = service
            .escalation
            .as_ref()
            .map(|escalation| &escalation.team);
        format!("{}-page", woken.or(service.team.as_ref()).unwrap())
    } else {
        assert_eq!(severity.name(), "ticket", "{alert:?}");
        format!("{}-ticket", service.team.as_ref().unwrap())
    }
}

#[test]
fn every_alert_of_the_shop_goes_to_its_team() {
    let Some(amtool) = tools::find("amtool") else {
        return;
    };
    let built = build(&["--project", "shop"]);
    for environment in ["production", "staging"] {
        let project = Modeled::example("shop", Some(environment));
        let folder = built.path().join(environment);
        let config = folder.join("alertmanager/alertmanager.yml");
        let alerts = alerts(&folder);
        let of_services: BTreeSet<&str> = alerts
            .iter()
            .map(|alert| alert["service"].as_str())
            .collect();
        let services: BTreeSet<&str> = project
            .services
            .iter()
            .map(|service| service.name.as_str())
            .collect();
        assert_eq!(of_services, services, "every service has alerts");
        let severities: BTreeSet<&str> = alerts
            .iter()
            .map(|alert| alert["severity"].as_str())
            .collect();
        assert_eq!(severities.len(), 2);
        thread::scope(|scope| {
            for half in alerts.chunks(alerts.len().div_ceil(2)) {
                let (amtool, config, project) = (&amtool, &config, &project);
                scope.spawn(move || {
                    for alert in half {
                        let went = receiver(amtool, config, alert);
                        assert_eq!(went, expected(project, alert), "{alert:?}");
                    }
                });
            }
        });
        println!("{environment}: {} alerts", alerts.len());
    }
}

#[test]
fn receivers_tell_what_teams_say() {
    let project = Modeled::example("shop", Some("production"));
    let document: yaml_serde::Value =
        yaml_serde::from_str(&project.file("alertmanager.yml")).unwrap();
    let receivers = document["receivers"].as_sequence().unwrap();
    let receiver = |name: &str| {
        let found = receivers.iter().find(|receiver| receiver["name"] == name);
        found.unwrap_or_else(|| panic!("no receiver {name}"))
    };
    let list = |name: &str, integrations: &str, field: &str| -> Vec<String> {
        let list = receiver(name)[integrations].as_sequence().cloned();
        let fields = list.into_iter().flatten();
        fields
            .map(|of| of[field].as_str().unwrap().to_owned())
            .collect()
    };
    let key = |team: &str| vec![format!("/etc/alertmanager/secrets/pagerduty-{team}")];
    for team in project
        .teams
        .iter()
        .filter(|team| team.receivers.is_empty())
    {
        let name = &team.name;
        let page = format!("{name}-page");
        let ticket = format!("{name}-ticket");
        let slack = vec![team.slack.clone().unwrap()];
        assert!(!team.escalations.is_empty());
        assert_eq!(
            list(&page, "pagerduty_configs", "routing_key_file"),
            key(name)
        );
        assert_eq!(
            list(&ticket, "pagerduty_configs", "routing_key_file"),
            [""; 0]
        );
        for name in [&page, &ticket] {
            assert_eq!(list(name, "slack_configs", "channel"), slack);
            // Something tells the team already.
            assert_eq!(list(name, "email_configs", "to"), [""; 0]);
        }
    }
    let page = "discovery-page";
    assert_eq!(
        list(page, "pagerduty_configs", "routing_key_file"),
        key("discovery")
    );
    assert_eq!(
        list(page, "slack_configs", "channel"),
        ["#discovery-alerts"]
    );
    assert_eq!(list(page, "email_configs", "to"), [""; 0]);
    let ticket = "discovery-ticket";
    assert_eq!(
        list(ticket, "slack_configs", "channel"),
        ["#discovery-alerts"]
    );
    assert_eq!(
        list(ticket, "email_configs", "to"),
        ["discovery-tickets@example.com"]
    );
    let mail = &receiver(ticket)["email_configs"][0];
    assert_eq!(mail["send_resolved"].as_bool(), Some(false));
    assert_eq!(
        document["global"]["smtp_smarthost"].as_str(),
        Some("mail.example.com:587")
    );
    assert_eq!(
        document["global"]["smtp_auth_password_file"].as_str(),
        Some("/etc/alertmanager/secrets/smtp-password")
    );
}

#[test]
fn pages_go_to_the_team_that_the_escalation_wakes() {
    let Some(amtool) = tools::find("amtool") else {
        return;
    };
    let mut project = Modeled::example("shop", Some("production"));
    project.service("search").escalation = Some(EscalationRef {
        team: "payments".into(),
        name: "default".into(),
    });
    let folder = tempfile::tempdir().unwrap();
    let config = project.write(folder.path());
    let went = |service: &str, severity: &str| {
        let team = project.services.iter().find(|known| known.name == service);
        let team = team.unwrap().team.clone().unwrap();
        let alert = labels([
            ("service", service),
            ("team", &team),
            ("severity", severity),
            ("environment", "production"),
        ]);
        receiver(&amtool, &config, &alert)
    };
    assert_eq!(went("search", "page"), "payments-page");
    assert_eq!(went("search", "ticket"), "discovery-ticket");
    assert_eq!(went("recommendations", "page"), "discovery-page");
}

#[test]
fn what_is_nobodys_is_not_lost() {
    let Some(amtool) = tools::find("amtool") else {
        return;
    };
    let mut project = Modeled::example("shop", Some("production"));
    let folder = tempfile::tempdir().unwrap();
    let config = project.write(folder.path());
    let watchdog = labels([("alertname", "Watchdog"), ("severity", "none")]);
    let lost = labels([("alertname", "NodeDown"), ("severity", "page")]);
    let other = labels([("team", "commerce"), ("severity", "critical")]);
    let staging = labels([
        ("team", "commerce"),
        ("severity", "page"),
        ("environment", "staging"),
    ]);
    assert_eq!(receiver(&amtool, &config, &watchdog), "nobody");
    assert_eq!(receiver(&amtool, &config, &lost), "payments-page");
    // An alert of other origin may name a team, and neither an environment nor a severity of ours.
    assert_eq!(receiver(&amtool, &config, &other), "commerce-ticket");
    // What another environment's rules say is not this one's to tell.
    assert_eq!(receiver(&amtool, &config, &staging), "nobody");

    project.settings.alertmanager.default_team = None;
    let config = project.write(folder.path());
    assert_eq!(receiver(&amtool, &config, &watchdog), "nobody");
    assert_eq!(receiver(&amtool, &config, &lost), "nobody");
    let text = std::fs::read_to_string(&config).unwrap();
    assert!(text.contains("# Receiver `nobody` has no integration"));
}

#[test]
fn a_severity_that_no_receiver_names_goes_to_the_default() {
    let Some(amtool) = tools::find("amtool") else {
        return;
    };
    let mut project = Modeled::example("shop", Some("production"));
    for receiver in &mut project.team("discovery").receivers {
        receiver.on.retain(Severity::pages);
    }
    let receivers = &mut project.team("discovery").receivers;
    receivers.retain(|receiver| !receiver.on.is_empty());
    let folder = tempfile::tempdir().unwrap();
    let config = project.write(folder.path());
    let went = |severity: &str| {
        let alert = labels([("team", "discovery"), ("severity", severity)]);
        receiver(&amtool, &config, &alert)
    };
    assert_eq!(went("page"), "discovery-page");
    assert_eq!(went("ticket"), "payments-ticket");
    assert_eq!(went("info"), "discovery-page");
}

#[test]
fn hostile_names_are_told_apart() {
    let Some(amtool) = tools::find("amtool") else {
        return;
    };
    let project = hostile();
    let folder = tempfile::tempdir().unwrap();
    let config = project.write(folder.path());
    for team in &project.teams {
        for severity in ["page", "ticket"] {
            let alert = labels([("team", &team.name), ("severity", severity)]);
            let went = receiver(&amtool, &config, &alert);
            assert_eq!(went, format!("{}-{severity}", team.name));
        }
    }
    for service in &project.services {
        let woken = service
            .escalation
            .as_ref()
            .map(|escalation| &escalation.team);
        let team = service.team.as_ref().unwrap();
        let alert = labels([
            ("team", team),
            ("severity", "page"),
            ("service", &service.name),
        ]);
        let went = receiver(&amtool, &config, &alert);
        assert_eq!(went, format!("{}-page", woken.unwrap_or(team)));
    }
    // A team that is called `.*` is no pattern.
    let stranger = labels([("team", "stranger"), ("severity", "page")]);
    assert_eq!(receiver(&amtool, &config, &stranger), "nobody");
}
