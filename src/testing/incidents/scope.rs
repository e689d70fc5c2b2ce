//! Series that selectors match.

use nth_model::{Alert, Duration};
use nth_promql::{Expr, LabelMatchers, MatchOp, Matcher, Modifiers, Selector, classify};

/// What the series of an environment have in common.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The time between two scrapes.
    pub scrape_interval: Duration,
    /// The matchers of all series of the environment.
    pub environment_labels: LabelMatchers,
}

impl Scope {
    /// A series that a selector matches, with another label.
    pub fn series(&self, selector: &Selector, other: Option<(&str, &str)>) -> String {
        let metric = selector.metric.as_ref().map_or("", |metric| &metric.text);
        let mut labels: Vec<(String, String)> = Vec::new();
        for matcher in &selector.matchers {
            if other.is_some_and(|(label, _)| matcher.label == label) {
                continue;
            }
            // The labels of the environment that have one value are added to what a test writes.
            if let Some(value) = example(matcher)
                && self.environment_labels.value(&matcher.label).is_none()
                && !labels.iter().any(|(label, _)| matcher.label == *label)
            {
                labels.push((matcher.label.to_string(), value));
            }
        }
        if let Some((label, value)) = other {
            labels.push((label.to_owned(), value.to_owned()));
        }
        let shown: Vec<String> = labels
            .iter()
            .map(|(label, value)| format!("{label}=\"{value}\""))
            .collect();
        match shown.is_empty() {
            true => metric.to_owned(),
            false => format!("{metric}{{{}}}", shown.join(", ")),
        }
    }

    /// The series of the first selector, and those with which a changed matcher makes a difference.
    pub(super) fn label_sets(&self, selector: &Selector, mutated: Option<&Alert>) -> Vec<String> {
        let mut found = Vec::new();
        let others = mutated
            .map(|alert| selectors(&alert.when))
            .unwrap_or_default();
        for matcher in &selector.matchers {
            let is_kept = others.iter().any(|other| {
                other.matchers.iter().any(|known| {
                    known.label == matcher.label
                        && known.op == matcher.op
                        && known.value.text() == matcher.value.text()
                })
            });
            if mutated.is_some() && !is_kept {
                found.push(self.series(selector, Some((&matcher.label, "other"))));
            }
        }
        found.insert(found.len().min(1), self.series(selector, None));
        found
    }
}

/// A value that a matcher accepts, if it needs one.
fn example(matcher: &Matcher) -> Option<String> {
    let text = matcher.value.text()?;
    match matcher.op {
        MatchOp::Equal => Some(text.to_owned()),
        MatchOp::Matches => {
            let parts = text
                .split('|')
                .map(|part| part.replace(".*", "").replace(".+", "x").replace('.', "0"));
            let mut plain = parts.filter(|part| {
                let mut letters = part.chars();
                letters.all(|letter| letter.is_ascii_alphanumeric() || "-_:/".contains(letter))
            });
            plain.find(|part| nth_promql::matches_any(text, [part.as_str()]) == Some(true))
        }
        MatchOp::NotEqual | MatchOp::NotMatches => None,
    }
}

/// The selectors of a query, each once.
pub(super) fn selectors(expr: &Expr) -> Vec<Selector> {
    let mut found: Vec<Selector> = Vec::new();
    for selector in classify::metrics(expr) {
        let mut plain = selector.clone();
        plain.modifiers = Modifiers::default();
        let is_known =
            |one: &Selector| one.metric == plain.metric && one.matchers == plain.matchers;
        if plain.metric.is_some() && !found.iter().any(is_known) {
            found.push(plain);
        }
    }
    found
}
