//! A real Alertmanager is told of alerts and asked which of them it silences.

use std::collections::BTreeSet;

use nthc::ir::{Criticality, Dependency};
use serde_json::{Value, json};

use crate::projects::{Modeled, hostile};
use crate::server::known;

/// An alert: what it is called here, and its labels.
pub type Alert<'a> = (&'a str, &'a str);

/// The names of those alerts of a production that are silenced while all of them fire.
pub fn silenced(project: &Modeled, alerts: &[Alert<'_>]) -> Option<BTreeSet<String>> {
    let folder = tempfile::tempdir().unwrap();
    let config = project.write(folder.path());
    let posted: Vec<Value> = alerts
        .iter()
        .map(|(id, labels)| {
            let mut of = json!({ "id": id, "environment": "production", "team": "t" });
            for pair in labels.split(' ') {
                let (label, value) = pair.split_once('=').unwrap();
                of[label] = Value::from(value);
            }
            json!({ "labels": of })
        })
        .collect();
    let silenced = known(&config, folder.path(), posted)?
        .into_iter()
        .filter(|alert| {
            let by = alert["status"]["inhibitedBy"].as_array().unwrap();
            assert_eq!(alert["status"]["state"] == "suppressed", !by.is_empty());
            !by.is_empty()
        })
        .map(|alert| alert["labels"]["id"].as_str().unwrap().to_owned());
    Some(silenced.collect())
}

pub fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

const LEDGER_BURNS: Alert<'_> = (
    "ledger burns",
    "alertname=SLOErrorBudgetBurn service=ledger slo=availability severity=page",
);
const CHECKOUT_BURNS: Alert<'_> = (
    "checkout burns",
    "alertname=SLOErrorBudgetBurn service=checkout slo=availability severity=page",
);
const CHECKOUT_TICKET: Alert<'_> = (
    "checkout's ticket",
    "alertname=SLOErrorBudgetBurn service=checkout slo=availability severity=ticket",
);

#[test]
fn a_page_silences_the_tickets_of_its_slo() {
    let project = Modeled::example("shop", Some("production"));
    let alerts = [
        CHECKOUT_BURNS,
        CHECKOUT_TICKET,
        (
            "its budget",
            "alertname=SLOErrorBudgetConsumed service=checkout slo=availability severity=ticket",
        ),
        (
            "another slo",
            "alertname=SLOErrorBudgetBurn service=checkout slo=latency severity=ticket",
        ),
        (
            "another service",
            "alertname=SLOErrorBudgetBurn service=mailer slo=availability severity=ticket",
        ),
        (
            "another environment",
            "alertname=SLOErrorBudgetBurn service=checkout slo=availability severity=ticket environment=staging",
        ),
        (
            "its own page",
            "alertname=BooksDiffer service=checkout severity=page",
        ),
        (
            "its own ticket",
            "alertname=QueueBacklog service=checkout severity=ticket",
        ),
        ("a page of nobody", "alertname=NodeDown severity=page"),
        ("a ticket of nobody", "alertname=NodeFull severity=ticket"),
    ];
    let Some(silenced) = silenced(&project, &alerts) else {
        return;
    };
    assert_eq!(silenced, names(&["checkout's ticket", "its budget"]));
}

#[test]
fn a_consumed_budget_inhibits_nothing_even_where_it_pages() {
    let project = Modeled::example("shop", Some("production"));
    let alerts = [
        (
            "its budget",
            "alertname=SLOErrorBudgetConsumed service=checkout slo=availability severity=page",
        ),
        CHECKOUT_TICKET,
    ];
    let Some(silenced) = silenced(&project, &alerts) else {
        return;
    };
    assert_eq!(silenced, names(&[]));
}

#[test]
fn inhibitions_keep_to_an_environment_and_a_project() {
    // A label that Prometheus adds to all of its alerts tells environments apart as well as one of a rule does.
    for environment in [Some("production"), None] {
        for shared in [false, true] {
            let mut project = Modeled::example("shop", Some("production"));
            project.settings.environment = environment.map(Into::into);
            project.settings.shared = shared;
            let document: serde_json::Value =
                yaml_serde::from_str(&project.file("alertmanager.yml")).unwrap();
            let rules = document["inhibit_rules"].as_array().unwrap();
            assert!(rules.len() > 2);
            for rule in rules {
                let equal = rule["equal"].as_array().unwrap();
                assert!(equal.contains(&"environment".into()), "{rule}");
                assert!(equal.contains(&"project".into()), "{rule}");
                for side in ["source_matchers", "target_matchers"] {
                    let matchers = rule[side].as_array().unwrap();
                    let has = |text: &str| matchers.contains(&text.into());
                    assert_eq!(has("environment=\"production\""), environment.is_some());
                    assert_eq!(has("project=\"shop\""), shared);
                }
            }
        }
    }
    let mut project = Modeled::example("shop", Some("production"));
    project.settings.environment = None;
    project.settings.shared = true;
    let page = "alertname=SLOErrorBudgetBurn service=checkout slo=availability severity=page";
    let ticket = "alertname=SLOErrorBudgetBurn service=checkout slo=availability severity=ticket";
    let ledger = "alertname=SLOErrorBudgetBurn service=ledger slo=availability severity=page";
    let of = |labels: &str, more: &str| format!("{labels} {more}");
    let alerts = [
        ("bank's", of(ledger, "project=bank")),
        (
            "shop's page in staging",
            of(page, "project=shop environment=staging"),
        ),
        ("shop's ticket", of(ticket, "project=shop")),
        ("bank's page", of(page, "project=bank")),
        (
            "shop's ticket in staging",
            of(ticket, "project=shop environment=staging"),
        ),
    ];
    let alerts: Vec<Alert<'_>> = alerts
        .iter()
        .map(|(name, labels)| (*name, labels.as_str()))
        .collect();
    let Some(silenced) = silenced(&project, &alerts) else {
        return;
    };
    assert_eq!(silenced, names(&["shop's ticket in staging"]));
}

#[test]
fn a_ticket_alone_is_told() {
    let project = Modeled::example("shop", Some("production"));
    let Some(silenced) = silenced(&project, &[CHECKOUT_TICKET]) else {
        return;
    };
    assert_eq!(silenced, names(&[]));
}

#[test]
fn a_service_that_pages_silences_what_burns_in_those_that_need_it() {
    let project = Modeled::example("shop", Some("production"));
    let alerts = [
        LEDGER_BURNS,
        CHECKOUT_BURNS,
        CHECKOUT_TICKET,
        (
            "settlement's ticket",
            "alertname=SLOErrorBudgetBurn service=settlement slo=freshness severity=ticket",
        ),
        // Its own page silences nothing of it.
        (
            "lacks data",
            "alertname=SLOMetricAbsent service=checkout slo=latency severity=page",
        ),
        (
            "budget spent",
            "alertname=SLOErrorBudgetConsumed service=checkout slo=latency severity=page",
        ),
        (
            "service",
            "alertname=QueueBacklog service=checkout severity=ticket",
        ),
        // It does not need the ledger.
        (
            "mailer burns",
            "alertname=SLOErrorBudgetBurn service=mailer slo=availability severity=page",
        ),
        (
            "staging burns",
            "alertname=SLOErrorBudgetBurn service=checkout slo=availability severity=page environment=staging",
        ),
    ];
    let Some(silenced) = silenced(&project, &alerts) else {
        return;
    };
    assert_eq!(
        silenced,
        names(&["checkout burns", "checkout's ticket", "settlement's ticket"])
    );
}

#[test]
fn only_what_burns_now_and_pages_silences_others() {
    let project = Modeled::example("shop", Some("production"));
    let alerts = [
        (
            "a ticket",
            "alertname=SLOErrorBudgetBurn service=ledger slo=availability severity=ticket",
        ),
        (
            "budget spent",
            "alertname=SLOErrorBudgetConsumed service=ledger slo=availability severity=page",
        ),
        (
            "service",
            "alertname=BooksDiffer service=ledger severity=page",
        ),
        (
            "staging",
            "alertname=SLOErrorBudgetBurn service=ledger slo=latency severity=page environment=staging",
        ),
        CHECKOUT_BURNS,
    ];
    let Some(silenced) = silenced(&project, &alerts) else {
        return;
    };
    assert_eq!(silenced, names(&[]));
}

#[test]
fn it_can_be_turned_off() {
    let mut project = Modeled::example("shop", Some("production"));
    project.settings.alertmanager.inhibit_dependents = false;
    let alerts = [LEDGER_BURNS, CHECKOUT_BURNS, CHECKOUT_TICKET];
    let Some(silenced) = silenced(&project, &alerts) else {
        return;
    };
    assert_eq!(silenced, names(&["checkout's ticket"]));
}

#[test]
fn who_is_told_by_nobody_silences_nobody() {
    let mut project = Modeled::example("shop", Some("production"));
    project.settings.alertmanager.default_team = None;
    for receiver in &mut project.team("discovery").receivers {
        receiver.on = vec![nthc::ir::Severity::ticket()];
    }
    let inhibits = |project: &Modeled| {
        let text = project.file("alertmanager.yml");
        text.contains("  - service=\"search\"\n")
    };
    let needs_search = |project: &mut Modeled| {
        project.service("mailer").dependencies.push(hard("search"));
    };
    needs_search(&mut project);
    assert!(!inhibits(&project));
    project.settings.alertmanager.default_team = Some("payments".to_owned());
    assert!(inhibits(&project));
}

#[test]
fn hostile_names_are_what_they_are() {
    let project = hostile();
    let folder = tempfile::tempdir().unwrap();
    let config = project.write(folder.path());
    let burn = |service: &str| {
        json!({ "labels": {
            "alertname": "SLOErrorBudgetBurn", "service": service, "slo": "availability", "severity": "page",
        } })
    };
    // What a regular expression made of the names would match as well is another service.
    let services = [
        "up.stream|{{x}}\"",
        "on",
        "(second\\",
        "second",
        "xon",
        "elsewhere",
    ];
    let Some(known) = known(&config, folder.path(), services.map(burn).into()) else {
        return;
    };
    let silenced: BTreeSet<String> = known
        .into_iter()
        .filter(|alert| alert["status"]["state"] == "suppressed")
        .map(|alert| alert["labels"]["service"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(silenced, names(&["on", "(second\\"]));
}

fn hard(service: &str) -> Dependency {
    Dependency {
        name: service.into(),
        service: Some(service.into()),
        technology: None,
        criticality: Criticality::Hard,
        availability: None,
        impact: None,
        description: None,
    }
}

#[test]
fn a_circle_does_not_fall_silent() {
    let mut project = Modeled::example("shop", Some("production"));
    for service in &mut project.services {
        service.dependencies.clear();
    }
    // checkout, ledger and payment-gateway need one another the long way round; storefront needs checkout, and all of
    // them need orders-db.
    for (service, needed) in [
        ("checkout", "ledger"),
        ("ledger", "payment-gateway"),
        ("payment-gateway", "checkout"),
        ("storefront", "checkout"),
        ("checkout", "orders-db"),
    ] {
        project.service(service).dependencies.push(hard(needed));
    }
    let burn = |service: &str| {
        format!("alertname=SLOErrorBudgetBurn service={service} slo=x severity=page")
    };
    let services = [
        "checkout",
        "ledger",
        "payment-gateway",
        "storefront",
        "orders-db",
    ];
    let burns = services.map(burn);
    let alerts: Vec<Alert<'_>> = services
        .iter()
        .zip(&burns)
        .map(|(service, labels)| (*service, labels.as_str()))
        .collect();
    let Some(silent) = silenced(&project, &alerts) else {
        return;
    };
    assert_eq!(silent, names(&["checkout", "storefront"]));
    let without_root = &alerts[..4];
    let silent = silenced(&project, without_root).unwrap();
    assert_eq!(silent, names(&["storefront"]));
}
