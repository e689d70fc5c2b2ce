//! Alerts of a service whose names are one in the rules: there, a name is words without what was between them, with its
//! dependency's name before it.

use std::collections::BTreeMap;

use super::dependencies::place;
use crate::codes;
use crate::db::{Diag, Span};
use crate::eval::Instance;
use crate::schema::names::kind;
use nth_model::Alert;
use nth_model::names::alert_names;

/// Every alert that has a number to tell it from another one. `alerts` are the service's, in the order of the rules.
pub fn alike(service: &Instance, alerts: &[Alert]) -> Vec<Diag> {
    let names: Vec<&str> = alerts.iter().map(|alert| alert.name.as_str()).collect();
    let mut places: BTreeMap<String, Span> = BTreeMap::new();
    let mut found = Vec::new();
    for (alert, named) in alerts.iter().zip(alert_names(&names)) {
        let Some(here) = written(service, alert) else {
            continue;
        };
        if named.unique != named.wanted.as_str() {
            let mut diagnostic = Diag::new(
                &codes::SAME_ALERT_NAME,
                format!("two alerts would both be named `{}`", named.wanted),
                here,
            )
            .label(format!("generated name `{}`", named.unique));
            if let Some(before) = places.get(named.wanted.as_str()) {
                diagnostic =
                    diagnostic.because(*before, format!("generated name `{}`", named.wanted));
            }
            found.push(diagnostic.help(
                "rename one of them: routes and silences match alerts by name, and a numeric suffix \
                moves to another alert when alerts are added or removed",
            ));
        }
        places.insert(named.unique, here);
    }
    found
}

/// Where the alert is written.
fn written(service: &Instance, alert: &Alert) -> Option<Span> {
    let (block, name) = match &alert.dependency {
        Some(name) => {
            let mut dependencies = service.children_of(kind::DEPENDENCY);
            let block = dependencies.find(|dependency| dependency.name == *name)?;
            let own = alert.name.strip_prefix(name.as_str())?.strip_prefix('-')?;
            (block, own)
        }
        None => (service, alert.name.as_str()),
    };
    let found = block
        .children_of(kind::ALERT)
        .find(|found| found.name.as_str() == name)?;
    Some(place(service, found, found.head))
}
