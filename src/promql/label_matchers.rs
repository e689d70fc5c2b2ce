//! Matchers without a metric, by label: what all series of a service or an environment match.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use smol_str::SmolStr;

use super::build;
use super::regex::{matches_any, matches_empty};
use super::tree::{MatchOp, Matcher, Modifiers, Selector};

/// The operator and the value of a matcher.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Condition {
    /// The operator.
    pub op: MatchOp,
    /// The value: a regular expression in RE2's syntax for `=~` and `!~`, otherwise the text itself.
    pub value: SmolStr,
}

impl Condition {
    /// The order in the keys of the metric catalog: by operator, then by the value in quotes.
    fn rank(&self) -> (u8, String) {
        let op = match self.op {
            MatchOp::Equal => 0,
            MatchOp::Matches => 1,
            MatchOp::NotEqual => 2,
            MatchOp::NotMatches => 3,
        };
        (op, super::StringLit::new(self.value.clone()).to_string())
    }
}

/// Matchers by label, in one order: two sets with the same matchers are equal.
///
/// A label has one or more matchers, and a series matches all of them. Sets are merged by label: [`Self::replace`] replaces
/// all matchers of a label, [`Self::fill`] keeps them. Copies share their matchers until one of them changes.
///
/// ```
/// use nth_promql::{LabelMatchers, MatchOp};
///
/// let mut matchers = LabelMatchers::default();
/// matchers.add("job", MatchOp::Matches, "web-.*");
/// matchers.add("job", MatchOp::NotEqual, "web-canary");
/// matchers.add("env", MatchOp::Equal, "production");
/// assert_eq!(
///     matchers.to_string(),
///     r#"{env="production",job=~"web-.*",job!="web-canary"}"#
/// );
/// assert_eq!(matchers.value("env"), Some("production"));
/// assert_eq!(matchers.value("job"), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct LabelMatchers(Arc<BTreeMap<SmolStr, Vec<Condition>>>);

impl LabelMatchers {
    /// Adds a matcher to those of its label. Has no effect if the label has the same one.
    pub fn add(&mut self, label: impl Into<SmolStr>, op: MatchOp, value: impl Into<SmolStr>) {
        let condition = Condition {
            op,
            value: value.into(),
        };
        let conditions = Arc::make_mut(&mut self.0).entry(label.into()).or_default();
        if !conditions.contains(&condition) {
            conditions.push(condition);
            conditions.sort_by_cached_key(Condition::rank);
        }
    }

    /// Replaces the matchers of each label that `other` has.
    pub fn replace(&mut self, other: Self) {
        if self.is_empty() {
            *self = other;
        } else if !other.is_empty() {
            Arc::make_mut(&mut self.0).extend(Arc::unwrap_or_clone(other.0));
        }
    }

    /// Adds the matchers of each label that this set does not have.
    pub fn fill(&mut self, other: &Self) {
        if self.is_empty() {
            *self = other.clone();
            return;
        }
        let missing: Vec<_> = other
            .0
            .iter()
            .filter(|(label, _)| !self.0.contains_key(*label))
            .collect();
        if missing.is_empty() {
            return;
        }
        let own = Arc::make_mut(&mut self.0);
        for (label, conditions) in missing {
            own.insert(label.clone(), conditions.clone());
        }
    }

    /// True if there are no matchers.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the number of matchers.
    pub fn len(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }

    /// Iterates over the names of the labels, in alphabetical order.
    pub fn labels(&self) -> impl Iterator<Item = &SmolStr> {
        self.0.keys()
    }

    /// True if a label has a matcher.
    pub fn contains(&self, label: &str) -> bool {
        self.0.contains_key(label)
    }

    /// Returns the matchers of a label; none if it has none.
    pub fn conditions(&self, label: &str) -> &[Condition] {
        self.0.get(label).map_or(&[], Vec::as_slice)
    }

    /// Returns the only value that a label may have: that of its `=`. `None` if it has no `=`, or several.
    pub fn value(&self, label: &str) -> Option<&str> {
        single(self.conditions(label))
    }

    /// Iterates over the labels that may have only one value, each with that value.
    pub fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .filter_map(|(label, conditions)| Some((label.as_str(), single(conditions)?)))
    }

    /// Iterates over the labels that have no single value, each with its matchers.
    pub fn open(&self) -> impl Iterator<Item = (&SmolStr, &[Condition])> {
        self.0
            .iter()
            .map(|(label, conditions)| (label, conditions.as_slice()))
            .filter(|(_, conditions)| single(conditions).is_none())
    }

    /// Iterates over the matchers as those of a selector, by label and operator.
    pub fn matchers(&self) -> impl Iterator<Item = Matcher> {
        self.matchers_except(|_| false)
    }

    /// Iterates over the matchers of labels that are not skipped, in the order of [`matchers`](Self::matchers).
    pub fn matchers_except(
        &self,
        is_skipped: impl Fn(&SmolStr) -> bool,
    ) -> impl Iterator<Item = Matcher> {
        let labels = self.0.iter().filter(move |(label, _)| !is_skipped(label));
        labels.flat_map(|(label, conditions)| {
            conditions.iter().map(|condition| {
                build::matcher(label.clone(), condition.op, condition.value.clone())
            })
        })
    }

    /// Adds all matchers that a label has in `other`.
    pub fn copy(&mut self, label: &str, other: &Self) {
        for condition in other.conditions(label) {
            self.add(label, condition.op, condition.value.clone());
        }
    }

    /// True if it has this matcher.
    pub fn has(&self, matcher: &Matcher) -> bool {
        self.conditions(&matcher.label).iter().any(|condition| {
            condition.op == matcher.op && matcher.value.text() == Some(&condition.value)
        })
    }

    /// True if a selector has exactly these matchers for a label.
    pub fn has_all(&self, label: &str, selector: &Selector) -> bool {
        let mut own = selector
            .matchers
            .iter()
            .filter(|matcher| matcher.label == label);
        let wanted = self.conditions(label);
        own.clone().count() == wanted.len() && own.all(|matcher| self.has(matcher))
    }

    /// True if all series that match have a label: one of its matchers does not match the empty text.
    pub fn requires(&self, label: &str) -> bool {
        self.conditions(label).iter().any(|condition| {
            let value = condition.value.as_str();
            match condition.op {
                MatchOp::Equal => !value.is_empty(),
                MatchOp::NotEqual => value.is_empty(),
                MatchOp::Matches => matches_empty(value) == Ok(false),
                MatchOp::NotMatches => matches_empty(value) == Ok(true),
            }
        })
    }

    /// True if a matcher restricts the series: an `=` with a value, or a `=~` that does not match every value. Negations exclude
    /// some series, but select those of every other service.
    pub fn is_restrictive(&self) -> bool {
        self.0.values().flatten().any(|condition| {
            let value = condition.value.as_str();
            match condition.op {
                MatchOp::Equal => !value.is_empty(),
                // No service has this name, so an expression that matches it matches all of them: `.+`, `[^x]*`.
                MatchOp::Matches => matches_any(value, ["", PROBE]) == Some(false),
                MatchOp::NotEqual | MatchOp::NotMatches => false,
            }
        })
    }
}

/// A value that no label has.
const PROBE: &str = "\u{e000}\u{e001} \u{e002}";

fn single(conditions: &[Condition]) -> Option<&str> {
    let mut equal = conditions
        .iter()
        .filter(|condition| condition.op == MatchOp::Equal);
    match (equal.next(), equal.next()) {
        (Some(only), None) => Some(&only.value),
        _ => None,
    }
}

/// Labels with one value each.
impl<L: Into<SmolStr>, V: Into<SmolStr>> FromIterator<(L, V)> for LabelMatchers {
    fn from_iter<T: IntoIterator<Item = (L, V)>>(labels: T) -> Self {
        let mut matchers = Self::default();
        for (label, value) in labels {
            matchers.add(label, MatchOp::Equal, value);
        }
        matchers
    }
}

/// As PromQL writes it: `{job=~"web-.*"}`.
impl fmt::Display for LabelMatchers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let selector = Selector {
            metric: None,
            matchers: self.matchers().collect(),
            modifiers: Modifiers::default(),
        };
        selector.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matchers(all: &[(&str, MatchOp, &str)]) -> LabelMatchers {
        let mut matchers = LabelMatchers::default();
        for (label, op, value) in all {
            matchers.add(*label, *op, *value);
        }
        matchers
    }

    #[test]
    fn sets_are_merged_by_label() {
        let web = matchers(&[
            ("job", MatchOp::Matches, "web-.*"),
            ("job", MatchOp::NotEqual, "web-canary"),
            ("env", MatchOp::Equal, "production"),
        ]);
        let other = matchers(&[
            ("job", MatchOp::Equal, "api"),
            ("zone", MatchOp::Equal, "a"),
        ]);
        let mut replaced = web.clone();
        replaced.replace(other.clone());
        assert_eq!(
            replaced.to_string(),
            r#"{env="production",job="api",zone="a"}"#
        );
        let mut filled = web;
        filled.fill(&other);
        assert_eq!(
            filled.to_string(),
            r#"{env="production",job=~"web-.*",job!="web-canary",zone="a"}"#
        );
    }

    #[test]
    fn the_order_of_matchers_does_not_matter() {
        let one = matchers(&[
            ("job", MatchOp::NotEqual, "b"),
            ("job", MatchOp::NotEqual, "a"),
            ("job", MatchOp::Matches, ".+"),
        ]);
        let other = matchers(&[
            ("job", MatchOp::Matches, ".+"),
            ("job", MatchOp::NotEqual, "a"),
            ("job", MatchOp::NotEqual, "b"),
            ("job", MatchOp::NotEqual, "a"),
        ]);
        assert_eq!(one, other);
        assert_eq!(one.len(), 3);
        assert_eq!(one.to_string(), r#"{job=~".+",job!="a",job!="b"}"#);
    }

    #[test]
    fn only_an_equality_is_a_value() {
        let all = matchers(&[
            ("env", MatchOp::Equal, "production"),
            ("env", MatchOp::NotEqual, "staging"),
            ("job", MatchOp::Matches, "web"),
        ]);
        assert_eq!(all.values().collect::<Vec<_>>(), [("env", "production")]);
        let open: Vec<&str> = all.open().map(|(label, _)| label.as_str()).collect();
        assert_eq!(open, ["job"]);
    }

    #[test]
    fn negations_and_catch_all_expressions_do_not_restrict() {
        for (op, value, expected) in [
            (MatchOp::Equal, "web", true),
            (MatchOp::Equal, "", false),
            (MatchOp::NotEqual, "web", false),
            (MatchOp::NotEqual, "", false),
            (MatchOp::NotMatches, "web-.*", false),
            (MatchOp::Matches, "web-.*", true),
            (MatchOp::Matches, ".*-web", true),
            (MatchOp::Matches, "a|b", true),
            (MatchOp::Matches, ".*", false),
            (MatchOp::Matches, ".+", false),
            (MatchOp::Matches, "(?i).+", false),
            (MatchOp::Matches, "[^x]+", false),
            (MatchOp::Matches, "web|", false),
            (MatchOp::Matches, "web|.+", false),
            (MatchOp::Matches, "(", false),
        ] {
            let one = matchers(&[("job", op, value)]);
            assert_eq!(one.is_restrictive(), expected, "{one}");
        }
        let both = matchers(&[
            ("job", MatchOp::NotEqual, "web"),
            ("namespace", MatchOp::Equal, "shop"),
        ]);
        assert!(both.is_restrictive());
    }

    #[test]
    fn a_label_is_required_by_one_matcher() {
        for (op, value, expected) in [
            (MatchOp::Equal, "web", true),
            (MatchOp::NotEqual, "web", false),
            (MatchOp::NotEqual, "", true),
            (MatchOp::Matches, "web-.*", true),
            (MatchOp::Matches, "(web)?", false),
            (MatchOp::NotMatches, ".*-web", false),
            (MatchOp::NotMatches, "(web)?", true),
        ] {
            let one = matchers(&[("job", op, value)]);
            assert_eq!(one.requires("job"), expected, "{one}");
        }
    }
}
