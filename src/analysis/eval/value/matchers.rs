//! The value of a selector: matchers by label.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::Value;
use nth_promql::{LabelMatchers, MatchOp};

/// Matchers by label. A series matches all of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Matchers(BTreeMap<SmolStr, Vec<(MatchOp, Value)>>);

impl Matchers {
    /// Adds a matcher to those of its label.
    pub fn add(&mut self, label: SmolStr, op: MatchOp, value: Value) {
        self.0.entry(label).or_default().push((op, value));
    }

    /// Creates matchers that require the values of labels.
    pub fn from_labels(labels: BTreeMap<SmolStr, Value>) -> Self {
        let equal = |(label, value)| (label, vec![(MatchOp::Equal, value)]);
        Self(labels.into_iter().map(equal).collect())
    }

    /// Returns the labels if each has one `=` and nothing else.
    pub fn as_labels(&self) -> Option<BTreeMap<SmolStr, Value>> {
        self.0
            .iter()
            .map(|(label, conditions)| match conditions.as_slice() {
                [(MatchOp::Equal, value)] => Some((label.clone(), value.clone())),
                _ => None,
            })
            .collect()
    }

    /// Replaces the matchers of each label that `other` has.
    pub fn replace(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// True if there are no matchers.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Iterates over the names of the labels, in alphabetical order.
    pub fn labels(&self) -> impl Iterator<Item = &SmolStr> {
        self.0.keys()
    }

    /// Iterates over all values.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.0.values().flatten().map(|(_, value)| value)
    }

    /// Iterates over all matchers: the label, the operator and the value.
    pub fn iter(&self) -> impl Iterator<Item = (&SmolStr, MatchOp, &Value)> {
        self.0.iter().flat_map(|(label, conditions)| {
            conditions
                .iter()
                .map(move |(op, value)| (label, *op, value))
        })
    }

    /// Returns the operators and values of a label; `None` if it has no matcher.
    pub fn conditions(&self, label: &str) -> Option<&[(MatchOp, Value)]> {
        self.0.get(label).map(Vec::as_slice)
    }

    /// Returns the value of a label that has exactly one `=`.
    pub fn value(&self, label: &str) -> Option<&Value> {
        let conditions = self.conditions(label)?;
        let mut equal = conditions
            .iter()
            .filter(|(op, _)| *op == MatchOp::Equal)
            .map(|(_, value)| value);
        match (equal.next(), equal.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }

    /// Returns the matchers as queries have them. Values that are not strings were reported, and are skipped.
    pub fn resolved(&self) -> LabelMatchers {
        let mut resolved = LabelMatchers::default();
        for (label, op, value) in self.iter() {
            if let Value::String(value) = value {
                resolved.add(label.clone(), op, value.as_str());
            }
        }
        resolved
    }

    /// Formats the matchers as source text, `{ job =~ "web-.*" }`. `None` if a value has no such form.
    pub fn show(&self) -> Option<String> {
        if self.is_empty() {
            return Some("{}".to_owned());
        }
        let entries: Option<Vec<String>> = self
            .iter()
            .map(|(label, op, value)| match value {
                Value::String(text) => Some(format!("{label} {} {text:?}", op.as_str())),
                _ => None,
            })
            .collect();
        Some(format!("{{ {} }}", entries?.join(", ")))
    }
}
