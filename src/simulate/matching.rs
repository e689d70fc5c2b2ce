//! Labels that selectors match, or do not match.

use std::collections::{BTreeMap, BTreeSet};

use nth_engine::{Labels, METRIC_NAME};
use nth_promql::{MatchOp, Modifiers, Selector};
use smol_str::SmolStr;

use crate::example::examples;

/// A selector, and whether a series must satisfy it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Condition {
    /// The selector, without modifiers.
    pub(crate) selector: Selector,
    /// True if its series must match.
    pub(crate) matches: bool,
}

/// A condition on one label.
#[derive(Debug, Clone)]
struct Requirement {
    label: SmolStr,
    op: MatchOp,
    value: String,
    holds: bool,
}

impl Requirement {
    fn is_met(&self, text: &str) -> bool {
        let regex = || nth_promql::matches_any(&self.value, [text]) == Some(true);
        let matches = match self.op {
            MatchOp::Equal => self.value == text,
            MatchOp::NotEqual => self.value != text,
            MatchOp::Matches => regex(),
            MatchOp::NotMatches => !regex(),
        };
        matches == self.holds
    }

    /// Returns texts that probably meet it.
    fn suggestions(&self) -> Vec<String> {
        match (self.op, self.holds) {
            (MatchOp::Equal, true) | (MatchOp::NotEqual, false) => vec![self.value.clone()],
            (MatchOp::Matches, true) | (MatchOp::NotMatches, false) => examples(&self.value),
            _ => Vec::new(),
        }
    }
}

/// Returns the requirements of a selector; `None` if a value is not text.
fn requirements(selector: &Selector) -> Option<Vec<Requirement>> {
    let name = selector.metric.iter().map(|metric| {
        Some(Requirement {
            label: METRIC_NAME.into(),
            op: MatchOp::Equal,
            value: metric.text.to_string(),
            holds: true,
        })
    });
    let matchers = selector.matchers.iter().map(|matcher| {
        Some(Requirement {
            label: matcher.label.clone(),
            op: matcher.op,
            value: matcher.value.text()?.to_owned(),
            holds: true,
        })
    });
    name.chain(matchers).collect()
}

/// Returns true if a series satisfies a selector.
pub(crate) fn matches(selector: &Selector, labels: &Labels) -> bool {
    // Most selectors are of another metric.
    let metric = selector.metric.as_ref();
    metric.is_none_or(|metric| metric.text == labels.metric())
        && requirements(selector)
            .is_some_and(|all| all.iter().all(|one| one.is_met(labels.get(&one.label))))
}

/// Returns the selector without `offset` and `@`.
pub(crate) fn plain(selector: &Selector) -> Selector {
    Selector {
        modifiers: Modifiers::default(),
        ..selector.clone()
    }
}

/// The number of combinations of violated matchers that are tried.
const MOST_CHOICES: usize = 256;

/// Returns the labels of a series that satisfies all conditions; `None` if none is found.
pub(crate) fn witness(conditions: &[Condition]) -> Option<Labels> {
    let mut required = Vec::new();
    let mut violated = Vec::new();
    for condition in conditions {
        let all = requirements(&condition.selector)?;
        if condition.matches {
            required.extend(all);
        } else {
            violated.push(all);
        }
    }
    let choices = violated
        .iter()
        .map(Vec::len)
        .product::<usize>()
        .min(MOST_CHOICES);
    (0..choices).find_map(|choice| {
        let mut rest = choice;
        let mut all = required.clone();
        for options in &violated {
            // The last matcher is the most specific: the labels of the service are inserted at the end, those of the
            // query before.
            let option = options.get(rest % options.len())?;
            rest /= options.len();
            all.push(Requirement {
                holds: false,
                ..option.clone()
            });
        }
        solve(&all)
    })
}

/// Returns labels that meet all requirements.
fn solve(all: &[Requirement]) -> Option<Labels> {
    let mut by_label: BTreeMap<&SmolStr, Vec<&Requirement>> = BTreeMap::new();
    for one in all {
        by_label.entry(&one.label).or_default().push(one);
    }
    let values = by_label.into_iter().map(|(label, of_label)| {
        let value = value(&of_label)?;
        let is_named = label != METRIC_NAME || !value.is_empty();
        is_named.then(|| (label.clone(), value))
    });
    values.collect::<Option<Vec<_>>>().map(Labels::from_iter)
}

/// Returns a value that meets all requirements on a label.
fn value(of_label: &[&Requirement]) -> Option<String> {
    let suggested: BTreeSet<String> = of_label.iter().flat_map(|one| one.suggestions()).collect();
    let in_order = of_label.iter().flat_map(|one| one.suggestions());
    // A status is a number if the query compares it with one.
    let is_number = of_label
        .iter()
        .any(|one| one.value.starts_with(|c: char| c.is_ascii_digit()));
    let others: [&str; 6] = if is_number {
        ["200", "404", "1", "0", "other", ""]
    } else {
        ["ok", "other", "1", "200", "x", ""]
    };
    let others = others.iter().map(|text| (*text).to_owned());
    let longer = suggested.iter().map(|text| format!("{text}x"));
    let mut candidates = in_order.chain(others).chain(longer);
    candidates.find(|text| of_label.iter().all(|one| one.is_met(text)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use nth_promql::{Node, parse};

    use super::*;

    fn selector(text: &str) -> Selector {
        match parse(text).unwrap().node {
            Node::Selector(selector) => selector,
            other => panic!("{other:?}"),
        }
    }

    fn labels(conditions: &[(&str, bool)]) -> Option<String> {
        let conditions: Vec<Condition> = conditions
            .iter()
            .map(|(text, matches)| Condition {
                selector: selector(text),
                matches: *matches,
            })
            .collect();
        let found = witness(&conditions)?;
        for condition in &conditions {
            assert_eq!(
                matches(&condition.selector, &found),
                condition.matches,
                "{found}"
            );
        }
        Some(found.to_string())
    }

    #[test]
    fn a_series_is_bad_or_good() {
        let total = r#"http_requests_total{job="a"}"#;
        let bad = r#"http_requests_total{code=~"5..", job="a"}"#;
        assert_eq!(
            labels(&[(total, true), (bad, true)]).unwrap(),
            r#"http_requests_total{code="500", job="a"}"#
        );
        assert_eq!(
            labels(&[(total, true), (bad, false)]).unwrap(),
            r#"http_requests_total{code="200", job="a"}"#
        );
    }

    #[test]
    fn matchers_are_satisfied_together() {
        assert_eq!(
            labels(&[(
                r#"x{path=~"/api/.*", path!~".*health", kind!="newsletter"}"#,
                true
            )])
            .unwrap(),
            r#"x{kind="ok", path="/api/0"}"#
        );
        assert_eq!(labels(&[(r#"x{a="1", a="2"}"#, true)]), None);
        assert_eq!(labels(&[(r#"x{a=""}"#, true)]).unwrap(), "x");
        assert_eq!(labels(&[(r#"x{a!=""}"#, true)]).unwrap(), r#"x{a="ok"}"#);
        assert_eq!(
            labels(&[(r#"x{le=~"5(\\.0)?"}"#, true)]).unwrap(),
            r#"x{le="5.0"}"#
        );
        assert_eq!(labels(&[(r#"{__name__=~"a|b"}"#, true)]).unwrap(), "a");
    }

    #[test]
    fn what_cannot_be_told_apart_has_no_series() {
        assert_eq!(labels(&[("x", true), ("x", false)]), None);
        assert_eq!(labels(&[(r#"x{a=~".*"}"#, false), ("x", true)]), None);
    }
}
