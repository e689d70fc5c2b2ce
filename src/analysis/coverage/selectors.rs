//! The selectors of a project, which a pull needs.

use std::collections::{BTreeMap, BTreeSet};

use super::service_instances;
use crate::eval::Instance;
use crate::eval::metrics::{block_labels, environment_labels};
use crate::session::Session;
use nth_metrics::selector_of;
use nth_promql::LabelMatchers;

/// Selectors as text, each with the services and nested blocks that use it.
pub type RequiredSelectors = BTreeMap<String, BTreeSet<String>>;

/// Returns the selectors of the project's services in an environment: those of services and of nested blocks such as
/// dependencies, each with the environment's labels. Blocks without labels are skipped.
pub fn required_selectors(session: &Session, environment: Option<&str>) -> RequiredSelectors {
    let shared = environment_labels(&session.db, session.workspace, environment);
    let mut found = RequiredSelectors::new();
    for service in service_instances(session, environment) {
        gather(service, "", &shared, &mut found);
    }
    found
}

fn gather(block: &Instance, above: &str, shared: &LabelMatchers, found: &mut RequiredSelectors) {
    let name = match (above, block.name.as_str()) {
        ("", name) => name.to_owned(),
        (above, "") => format!("{above}.{}", block.kind),
        (above, name) => format!("{above}.{name}"),
    };
    let mut own = block_labels(block);
    if !own.is_empty() || (above.is_empty() && !shared.is_empty()) {
        own.fill(shared);
        // Prometheus rejects a selector whose matchers all match the empty text: it would select every series.
        if own.labels().any(|label| own.requires(label)) {
            found
                .entry(selector_of(&own))
                .or_default()
                .insert(name.clone());
        }
    }
    for child in &block.children {
        gather(child, &name, shared, found);
    }
}
