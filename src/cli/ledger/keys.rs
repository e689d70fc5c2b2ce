//! The keys of SLOs in the ledger.

use std::collections::BTreeMap;

use nth_ledger::SloKey;

use nthc::ir::{Service, Settings, Slo};

/// The key of an SLO.
pub fn key(service: &Service, slo: &Slo, settings: &Settings) -> SloKey {
    SloKey {
        project: settings.project.clone(),
        environment: settings.environment.as_ref().map(ToString::to_string),
        service: service.name.to_string(),
        slo: slo.name.to_string(),
        group: BTreeMap::new(),
    }
}

/// The name of an SLO within a project and an environment: `checkout.availability`.
pub fn name(key: &SloKey) -> String {
    let group: Vec<String> = { key.group.iter() }
        .map(|(label, value)| format!("{label}={value:?}"))
        .collect();
    match group.as_slice() {
        [] => format!("{}.{}", key.service, key.slo),
        group => format!("{}.{}{{{}}}", key.service, key.slo, group.join(", ")),
    }
}
