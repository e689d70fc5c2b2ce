//! The labels that rules have from the model are those that nobody else may set.

use std::collections::BTreeSet;

use nthc::ir::{
    AlertmanagerFormat, Contract, Duration, MissingDataAlert, MissingDataCause, RuleLabel, Service,
    Severity,
};
use yaml_serde::Value;

use crate::models::{absent, complete, rules};

/// Labels that the model's author set.
const OWN: [&str; 2] = ["cost_center", "journey"];

fn names(document: &str) -> BTreeSet<String> {
    let document: Value = yaml_serde::from_str(document).unwrap();
    let groups = document["groups"].as_sequence().unwrap();
    groups
        .iter()
        .flat_map(|group| group["rules"].as_sequence().unwrap())
        .flat_map(|rule| rule["labels"].as_mapping().unwrap())
        .map(|(name, _)| name.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_label_of_a_rule_is_reserved() {
    let (mut service, mut settings) = complete();
    let of_series = MissingDataAlert {
        cause: MissingDataCause::Series,
        ..absent(10, Severity::ticket())
    };
    service.slos[0].missing_data_alerts.push(of_series);
    service.slos[0].contracts.push(Contract {
        name: "customers".into(),
        with: "Customers".into(),
        description: None,
        objective: "0.999".parse().unwrap(),
        window: Duration::days(30),
        calendar: None,
        alerts: Vec::new(),
        remedy: None,
    });
    settings.environment = Some("staging".into());
    settings.shared = true;
    settings.alertmanager.format = AlertmanagerFormat::AlertmanagerConfig;
    settings.alertmanager.namespace = Some("monitoring".into());
    let found = names(&rules(&service, &settings));
    let reserved: BTreeSet<String> = RuleLabel::ALL
        .iter()
        .filter(|label| **label != RuleLabel::AlertName)
        .map(|label| label.name().to_owned())
        .collect();
    let own = OWN.map(str::to_owned);
    let expected: BTreeSet<String> = reserved.into_iter().chain(own).collect();
    assert_eq!(found, expected);
}

#[test]
fn without_an_slo_no_label_of_one_is_set() {
    let (service, mut settings) = complete();
    let service = Service {
        slos: Vec::new(),
        ..service
    };
    settings.environment = Some("staging".into());
    settings.shared = true;
    settings.alertmanager.format = AlertmanagerFormat::AlertmanagerConfig;
    settings.alertmanager.namespace = Some("monitoring".into());
    let found = names(&rules(&service, &settings));
    for label in RuleLabel::ALL {
        let expected = !label.is_slo_label() && label != RuleLabel::AlertName;
        assert_eq!(found.contains(label.name()), expected, "{label:?}");
    }
}
