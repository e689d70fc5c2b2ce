//! The error series of a project's ratios.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::service_instances;
use crate::eval::metrics::{block_labels, environment_labels, plain_selector};
use crate::eval::{Instance, Value};
use crate::schema::names::{field, kind};
use crate::session::Session;
use nth_metrics::check::read_under;
use nth_metrics::{Errors, selector_of};
use nth_promql::{LabelMatchers, Selector};

/// Returns the error series of the project's services in an environment, by the selector to pull. Ratios of anything but plain
/// selectors are skipped, because their series are unknown.
pub fn required_errors(
    session: &Session,
    environment: Option<&str>,
) -> BTreeMap<String, BTreeSet<Errors>> {
    let shared = environment_labels(&session.db, session.workspace, environment);
    let mut found = BTreeMap::new();
    for service in service_instances(session, environment) {
        for (_, section, errors) in errors_of(service, &shared) {
            found
                .entry(section)
                .or_insert_with(BTreeSet::new)
                .insert(errors);
        }
    }
    found
}

/// Returns, for each ratio of a service, the objective, the selector to pull, and the two selectors of the ratio.
pub(super) fn errors_of(
    service: &Instance,
    shared: &LabelMatchers,
) -> Vec<(SmolStr, String, Errors)> {
    let mut labels = shared.clone();
    labels.replace(block_labels(service));
    let mut found = Vec::new();
    for slo in service.children_of(kind::SLO) {
        for sli in slo.children_of(kind::SLI) {
            if sli.variant.as_deref() != Some(kind::RATIO) {
                continue;
            }
            let (Some(bad), Some(total)) =
                (plain(sli.get(field::BAD)), plain(sli.get(field::TOTAL)))
            else {
                continue;
            };
            if let Some((section, errors)) = pair(bad, total, &labels) {
                found.push((slo.name.clone(), section, errors));
            }
        }
    }
    found
}

/// Pairs the selectors of a ratio with the selector to pull; `None` if the two have different ones.
fn pair(bad: &Selector, total: &Selector, labels: &LabelMatchers) -> Option<(String, Errors)> {
    if labels.is_empty() {
        return None;
    }
    let under = |selector| read_under(labels, selector).map(|labels| selector_of(&labels));
    let section = under(total)?;
    if under(bad)? != section {
        return None;
    }
    Some((section, Errors::new(bad, total)))
}

fn plain(value: &Value) -> Option<&Selector> {
    match value {
        Value::Query(query) => plain_selector(query),
        _ => None,
    }
}
