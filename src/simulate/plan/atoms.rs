//! Classes of series: those that some selectors of a query match, and others do not.

use nth_engine::Labels;
use nth_promql::Selector;

use crate::matching::{Condition, matches, witness};

/// The number of selectors of one metric of which all combinations are considered.
const MOST_SELECTORS: usize = 4;

/// A class of series.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Atom {
    /// Labels of a series of the class.
    pub(super) labels: Labels,
    /// The selectors of the metric, and whether they match.
    pub(super) conditions: Vec<Condition>,
}

impl Atom {
    /// True if a selector matches the class.
    pub(super) fn is_matched_by(&self, selector: &Selector) -> bool {
        matches(selector, &self.labels)
    }
}

/// Returns the classes of series that selectors distinguish, by metric in the order of the selectors.
pub(super) fn atoms(selectors: &[&Selector]) -> Vec<Vec<Atom>> {
    let mut metrics: Vec<Vec<&Selector>> = Vec::new();
    let name = |selector: &Selector| selector.metric.as_ref().map(|metric| metric.text.clone());
    for selector in selectors {
        let known = metrics.iter_mut().find(|of| {
            of.first()
                .is_some_and(|first| name(first) == name(selector))
        });
        match known {
            Some(of) => of.push(selector),
            None => metrics.push(vec![selector]),
        }
    }
    metrics.iter().map(|of| classes(of)).collect()
}

/// Returns the classes that selectors of one metric distinguish.
fn classes(selectors: &[&Selector]) -> Vec<Atom> {
    let count = selectors.len();
    let assignments: Vec<u32> = if count <= MOST_SELECTORS {
        (1..1 << count).rev().collect()
    } else {
        (0..count.min(31)).map(|index| 1 << index).collect()
    };
    let mut found: Vec<Atom> = Vec::new();
    for assignment in assignments {
        let conditions: Vec<Condition> = selectors
            .iter()
            .enumerate()
            .map(|(index, selector)| Condition {
                selector: (*selector).clone(),
                matches: assignment >> index & 1 == 1,
            })
            .collect();
        if let Some(labels) = witness(&conditions)
            && found.iter().all(|known| known.labels != labels)
        {
            found.push(Atom { labels, conditions });
        }
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use nth_promql::parse;

    use super::*;
    use crate::queries::readings;

    fn labels(query: &str) -> Vec<String> {
        let found = readings(&parse(query).unwrap());
        let selectors: Vec<&Selector> = found.iter().map(|reading| &reading.selector).collect();
        let atoms = atoms(&selectors).into_iter().flatten();
        atoms.map(|atom| atom.labels.to_string()).collect()
    }

    #[test]
    fn a_total_and_its_part_are_two_classes() {
        assert_eq!(
            labels(r#"sum(rate(x{code=~"5.."}[5m])) / sum(rate(x[5m]))"#),
            [r#"x{code="500"}"#, r#"x{code="200"}"#]
        );
    }

    #[test]
    fn disjoint_selectors_are_two_classes() {
        assert_eq!(
            labels(r#"sum(x{a="1"}) / sum(x{a="2"}) + y"#),
            [r#"x{a="2"}"#, r#"x{a="1"}"#, "y"]
        );
    }
}
