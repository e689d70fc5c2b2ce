//! Label sets.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use smol_str::SmolStr;

/// The label that holds a metric's name.
pub const METRIC_NAME: &str = "__name__";

/// The labels of a series, sorted by name, including `__name__`. A label with an empty value is the same as no label, so
/// none is kept. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Labels(Arc<[(SmolStr, SmolStr)]>);

impl Default for Labels {
    fn default() -> Self {
        Self(Arc::from([]))
    }
}

impl<N: Into<SmolStr>, V: Into<SmolStr>> FromIterator<(N, V)> for Labels {
    /// Collects labels in any order. Of two with one name, the last counts.
    fn from_iter<I: IntoIterator<Item = (N, V)>>(labels: I) -> Self {
        let mut all: Vec<(SmolStr, SmolStr)> = labels
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        // A stable sort keeps the last of equal names last.
        all.sort_by(|left, right| left.0.cmp(&right.0));
        let mut unique: Vec<(SmolStr, SmolStr)> = Vec::with_capacity(all.len());
        for label in all {
            match unique.last_mut() {
                Some(last) if last.0 == label.0 => *last = label,
                _ => unique.push(label),
            }
        }
        unique.retain(|(_, value)| !value.is_empty());
        Self(unique.into())
    }
}

impl Labels {
    /// Returns the value of a label; `""` if there is no such label.
    pub fn get(&self, name: &str) -> &str {
        self.0
            .binary_search_by(|(known, _)| known.as_str().cmp(name))
            .ok()
            .and_then(|at| self.0.get(at))
            .map_or("", |(_, value)| value.as_str())
    }

    /// Returns the metric's name; `""` if there is none.
    pub fn metric(&self) -> &str {
        self.get(METRIC_NAME)
    }

    /// Iterates over names and values, sorted by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// True if there are no labels.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the labels whose names satisfy a condition.
    pub fn filter(&self, keep: impl Fn(&str) -> bool) -> Self {
        if self.0.iter().all(|(name, _)| keep(name)) {
            return self.clone();
        }
        Self(
            self.0
                .iter()
                .filter(|(name, _)| keep(name))
                .cloned()
                .collect(),
        )
    }

    /// Returns the labels without the metric's name.
    pub fn without_metric(&self) -> Self {
        self.filter(|name| name != METRIC_NAME)
    }

    /// Returns the labels with one more, or with another value for it. An empty value removes the label.
    pub fn with(&self, name: &str, value: &str) -> Self {
        let others = self.iter().filter(|(known, _)| *known != name);
        others.chain([(name, value)]).collect()
    }
}

/// Formats as Prometheus does: `x{a="b", c="d"}`, `{}`.
impl Display for Labels {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let metric = self.metric();
        f.write_str(metric)?;
        let mut others = self.iter().filter(|(name, _)| *name != METRIC_NAME);
        let Some((name, value)) = others.next() else {
            return if metric.is_empty() {
                f.write_str("{}")
            } else {
                Ok(())
            };
        };
        write!(f, "{{{name}={value:?}")?;
        for (name, value) in others {
            write!(f, ", {name}={value:?}")?;
        }
        f.write_str("}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_sorted_unique_and_not_empty() {
        let labels: Labels = [("b", "1"), ("a", "2"), ("b", "3"), ("c", "")]
            .into_iter()
            .collect();
        assert_eq!(labels.iter().collect::<Vec<_>>(), [("a", "2"), ("b", "3")]);
        assert_eq!(labels.get("b"), "3");
        assert_eq!(labels.get("c"), "");
        assert_eq!(labels.with("a", "").to_string(), r#"{b="3"}"#);
        assert_eq!(
            labels.with(METRIC_NAME, "up").to_string(),
            r#"up{a="2", b="3"}"#
        );
        assert_eq!(Labels::default().to_string(), "{}");
    }
}
