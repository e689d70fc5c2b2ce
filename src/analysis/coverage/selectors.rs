//! The selectors of a project, which a pull needs.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use crate::eval::metrics::{block_labels, environment_labels};
use crate::eval::{Instance, instance};
use crate::session::Session;
use nth_metrics::selector_of;

/// Selectors as text, each with the services and nested blocks that use it.
pub type RequiredSelectors = BTreeMap<String, BTreeSet<String>>;

/// Returns the selectors of the project's services in an environment: those of services and of nested blocks such as
/// dependencies, each with the environment's labels. Blocks without labels are skipped.
pub fn required_selectors(session: &Session, environment: Option<&str>) -> RequiredSelectors {
    let db = &session.db;
    let shared = environment_labels(db, session.workspace, environment);
    let mut found = RequiredSelectors::new();
    for key in session.services() {
        let environment = environment.map(SmolStr::from);
        let evaluated = instance(db, session.workspace, key, environment);
        if let Some(service) = &evaluated.instance {
            gather(service, "", &shared, &mut found);
        }
    }
    found
}

fn gather(
    block: &Instance,
    above: &str,
    shared: &BTreeMap<String, String>,
    found: &mut RequiredSelectors,
) {
    let name = match (above, block.name.as_str()) {
        ("", name) => name.to_owned(),
        (above, "") => format!("{above}.{}", block.kind),
        (above, name) => format!("{above}.{name}"),
    };
    let mut own = block_labels(block);
    if !own.is_empty() || (above.is_empty() && !shared.is_empty()) {
        for (label, value) in shared {
            own.entry(label.clone()).or_insert_with(|| value.clone());
        }
        found
            .entry(selector_of(&own))
            .or_default()
            .insert(name.clone());
    }
    for child in &block.children {
        gather(child, &name, shared, found);
    }
}
