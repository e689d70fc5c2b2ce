//! The keys of SLOs in the ledger.

use std::collections::BTreeMap;

use nth_ledger::SloKey;

use nthc::ir::{Service, Settings, Slo};

/// The key of an SLO, without a group.
pub fn key(service: &Service, slo: &Slo, settings: &Settings) -> SloKey {
    SloKey {
        project: settings.project.clone(),
        environment: settings.environment.as_ref().map(ToString::to_string),
        service: service.name.to_string(),
        slo: slo.name.to_string(),
        group: BTreeMap::new(),
    }
}

/// The keys of a ledger that are an SLO, given without a group: its own, or those of its groups by these labels.
pub fn in_ledger(all: &[SloKey], slo: &SloKey, by: &[String]) -> Vec<SloKey> {
    let is_group = |key: &&SloKey| {
        key.group.len() == by.len() && by.iter().all(|label| key.group.contains_key(label))
    };
    let is_slo = |key: &&SloKey| {
        (&key.service, &key.slo, &key.project, &key.environment)
            == (&slo.service, &slo.slo, &slo.project, &slo.environment)
    };
    let found = all.iter().filter(is_slo).filter(is_group);
    found.cloned().collect()
}

/// The name of an SLO within a project and an environment: `checkout.availability`, `checkout.availability{route="/pay"}`.
pub fn name(key: &SloKey) -> String {
    format!("{}.{}", key.service, name_in_service(key))
}

/// The name of an SLO within its service: `availability`, `availability{route="/pay"}`. Control characters of label values are
/// escaped.
pub fn name_in_service(key: &SloKey) -> String {
    let group: Vec<String> = { key.group.iter() }
        .map(|(label, value)| format!("{label}={value:?}"))
        .collect();
    match group.as_slice() {
        [] => key.slo.clone(),
        group => format!("{}{{{}}}", key.slo, group.join(", ")),
    }
}
