//! Which selectors a project has.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use crate::db::{ItemClass, Workspace, file_names};
use crate::eval::{Instance, Value, instance};
use crate::promql::build::matcher;
use crate::promql::{self, MatchOp, Modifiers, Node, Selector};
use crate::session::Session;

/// Selectors as text, with the services and the blocks in them that have each.
pub type Wanted = BTreeMap<String, BTreeSet<String>>;

/// The selectors that the queries of the project's own services carry in an environment: the services' own and those
/// of blocks in them, as dependencies, each with the environment's labels. A block without labels is left out.
pub fn wanted(session: &Session, environment: Option<&str>) -> Wanted {
    let db = &session.db;
    let shared = environment_labels(db, session.workspace, environment);
    let mut found = Wanted::new();
    for file in session.files().iter().filter(|file| !file.package(db)) {
        let services = file_names(db, *file)
            .of_class(ItemClass::Block)
            .filter(|entry| entry.kind == "service");
        for entry in services {
            let environment = environment.map(SmolStr::from);
            let evaluated = instance(db, session.workspace, entry.key, environment);
            if let Some(service) = &evaluated.instance {
                gather(service, "", &shared, &mut found);
            }
        }
    }
    found
}

/// The labels that all series of an environment carry.
pub fn environment_labels(
    db: &dyn salsa::Database,
    workspace: Workspace,
    environment: Option<&str>,
) -> BTreeMap<String, String> {
    environment
        .and_then(|name| workspace.environments(db).get(name).copied())
        .and_then(|key| {
            let evaluated = instance(db, workspace, key, None);
            evaluated.instance.as_ref().map(block_labels)
        })
        .unwrap_or_default()
}

fn gather(block: &Instance, above: &str, shared: &BTreeMap<String, String>, found: &mut Wanted) {
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

/// A block's selector. What is no text in it was reported, and no query carries it.
pub fn block_labels(block: &Instance) -> BTreeMap<String, String> {
    match block.get("selector") {
        Value::Labels(entries) => entries
            .iter()
            .filter_map(|(name, value)| match value {
                Value::String(value) => Some((name.to_string(), value.clone())),
                _ => None,
            })
            .collect(),
        _ => BTreeMap::new(),
    }
}

/// A selector with these labels, as the lock file's key.
pub fn selector_of(labels: &BTreeMap<String, String>) -> String {
    let matchers = labels
        .iter()
        .map(|(label, value)| matcher(label.as_str(), MatchOp::Equal, value.as_str()))
        .collect();
    let selector = Selector {
        metric: None,
        matchers,
        modifiers: Modifiers::default(),
    };
    selector.to_string()
}

/// A selector that a person wrote, as the lock file's key, and the labels of which it says the one value.
///
/// # Errors
/// Where it is no PromQL, or no plain selector; with a few words on why.
pub fn canonical(written: &str) -> Result<(String, BTreeSet<String>), String> {
    let parsed = promql::parse(written).map_err(|errors| {
        errors.first().map_or_else(
            || "not valid PromQL".to_owned(),
            |error| error.message.clone(),
        )
    })?;
    let Node::Selector(mut selector) = parsed.node else {
        return Err("not a selector, such as `{job=\"checkout\"}`".to_owned());
    };
    if selector.modifiers != Modifiers::default() {
        return Err("`offset` and `@` are not supported in a catalog selector".to_owned());
    }
    selector.matchers.sort_by_cached_key(|matcher| {
        let op = format!("{:?}", matcher.op);
        (matcher.label.clone(), op, matcher.value.to_string())
    });
    let fixed = selector
        .matchers
        .iter()
        .filter(|matcher| matcher.op == MatchOp::Equal)
        .map(|matcher| matcher.label.to_string())
        .collect();
    Ok((selector.to_string(), fixed))
}
