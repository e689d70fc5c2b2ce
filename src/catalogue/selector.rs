//! Selectors as keys of the catalog, and the sections that queries read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use nth_promql::{LabelMatchers, MatchOp, Modifiers, Node, Selector};
use smol_str::SmolStr;

/// The scope of the queries of a block.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// Their matchers: the innermost selector's, and the environment's.
    pub labels: LabelMatchers,
    /// The names of the service's own recording rules.
    pub recordings: Vec<SmolStr>,
}

impl Scope {
    /// Returns whether the service's rules record a metric: by its own recording rules, or by those of every service's
    /// SLOs.
    pub fn records(&self, name: &str) -> bool {
        name.starts_with("slo:")
            || name == "slo_info"
            || self.recordings.iter().any(|recording| recording == name)
    }
}

/// A selector with these matchers, as the key in the lock file.
pub fn selector_of(labels: &LabelMatchers) -> String {
    labels.to_string()
}

/// The reason why a text is not a selector of the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotASelector {
    /// It is not PromQL; with the parser's first error, if there is one.
    Syntax(Option<Box<nth_promql::Error>>),
    /// It is an expression of another kind.
    Expression,
    /// It has an `offset` or `@`.
    Modified,
}

impl fmt::Display for NotASelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(Some(error)) => f.write_str(&error.message),
            Self::Syntax(None) => f.write_str("not valid PromQL"),
            Self::Expression => f.write_str("not a selector, such as `{job=\"checkout\"}`"),
            Self::Modified => {
                f.write_str("`offset` and `@` are not supported in a catalog selector")
            }
        }
    }
}

impl std::error::Error for NotASelector {}

/// Returns a selector as the key in the lock file, and the labels that it fixes to one value.
///
/// # Errors
///
/// If the text is not PromQL, or not a plain selector.
pub fn canonical(written: &str) -> Result<(String, BTreeSet<String>), NotASelector> {
    let parsed = nth_promql::parse(written)
        .map_err(|errors| NotASelector::Syntax(errors.into_iter().next().map(Box::new)))?;
    let Node::Selector(mut selector) = parsed.node else {
        return Err(NotASelector::Expression);
    };
    if selector.modifiers != Modifiers::default() {
        return Err(NotASelector::Modified);
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

/// The name of the metric that a selector reads; `None` if it matches any name.
pub fn name_of(selector: &Selector) -> Option<&str> {
    let named = || {
        selector
            .matchers
            .iter()
            .find(|matcher| matcher.label == "__name__" && matcher.op == MatchOp::Equal)
            .and_then(|matcher| matcher.value.text())
    };
    selector
        .metric
        .as_ref()
        .map(|metric| metric.text.as_str())
        .or_else(named)
}

/// The key of the catalog's section in which a selector's metric is looked up: the block's, if the selector has the
/// block's labels; otherwise that of the labels that it sets itself.
pub fn section_of(selector: &Selector, scope: &Scope) -> String {
    selector_of(&fixed_labels(selector, scope))
}

/// The matchers with which a selector's metric is looked up: the block's, if it has them; otherwise its own `=`.
pub fn fixed_labels(selector: &Selector, scope: &Scope) -> LabelMatchers {
    let own: BTreeMap<&str, &str> = selector
        .matchers
        .iter()
        .filter(|matcher| matcher.op == MatchOp::Equal && matcher.label != "__name__")
        .filter_map(|matcher| Some((matcher.label.as_str(), matcher.value.text()?)))
        .collect();
    let carries = |label: &SmolStr| {
        let only = scope.labels.value(label);
        scope.labels.has_all(label, selector)
            || only.is_some_and(|value| own.get(label.as_str()) == Some(&value))
    };
    if scope.labels.labels().all(carries) {
        return scope.labels.clone();
    }
    own.into_iter().collect()
}
