//! Alerts of a service with the same name in the rules. There, a name has no separators, and starts with the name of its
//! dependency.

use std::collections::BTreeMap;

use super::dependencies::place;
use crate::codes;
use crate::db::{Diag, Span};
use crate::eval::Instance;
use crate::schema::names::kind;
use nth_model::Alert;
use nth_model::names::alert_names;

/// Diagnostics about alerts that get a number to make their names unique. `alerts` are the service's, in the order of the rules.
pub fn alike(service: &Instance, alerts: &[Alert]) -> Vec<Diag> {
    let names: Vec<&str> = alerts.iter().map(|alert| alert.name.as_str()).collect();
    let mut places: BTreeMap<String, Span> = BTreeMap::new();
    let mut found = Vec::new();
    for (alert, named) in alerts.iter().zip(alert_names(&names)) {
        let Some(here) = name_span_in(service, alert) else {
            continue;
        };
        if named.unique != named.preferred.as_str() {
            let mut diagnostic = Diag::new(
                &codes::SAME_ALERT_NAME,
                format!("two alerts would both be named `{}`", named.preferred),
                here,
            )
            .label(format!("generated name `{}`", named.unique));
            if let Some(before) = places.get(named.preferred.as_str()) {
                diagnostic =
                    diagnostic.because(*before, format!("generated name `{}`", named.preferred));
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

/// Returns the place of the alert's name.
fn name_span_in(service: &Instance, alert: &Alert) -> Option<Span> {
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
