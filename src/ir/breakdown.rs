//! The breakdown of an SLI's bad events: by the labels that tell apart where they come from.

use nth_promql::{BinaryOp, Expr, Node, build};

use crate::Numerator;

/// The selectors from which an SLI's events are taken, label by label.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Breakdown {
    /// Those of the bad events.
    Bad(Expr),
    /// Those of all events, and of the good ones among them: the bad events are the difference.
    Rest {
        /// All events.
        all: Expr,
        /// The good events.
        good: Expr,
    },
    /// Those of all events: no selector counts the good ones, or one of another metric, whose labels may be others.
    All(Expr),
}

impl Breakdown {
    /// The breakdown of an SLI by the selectors of its numerator and of all events; `None` without those that it needs.
    pub fn new(numerator: &Numerator, counted: Option<Expr>, all: Option<Expr>) -> Option<Self> {
        match (numerator, counted, all) {
            (Numerator::Bad(_), Some(bad), _) => Some(Self::Bad(bad)),
            (Numerator::Bad(_), None, _) | (Numerator::Good(_), _, None) => None,
            (Numerator::Good(_), Some(good), Some(all)) if is_one_family(&good, &all) => {
                Some(Self::Rest { all, good })
            }
            (Numerator::Good(_), _, Some(all)) => Some(Self::All(all)),
        }
    }

    /// Whether it is one of bad events; otherwise of all events.
    pub fn is_of_bad_events(&self) -> bool {
        !matches!(self, Self::All(_))
    }

    /// The bad events per second over `$window`, by labels; of [`Breakdown::All`], all events. Without labels, the sum.
    pub fn rate_by(&self, labels: &[&str]) -> Expr {
        let rate = |series: &Expr| {
            let over = build::range_window(series.unparenthesised().clone());
            let grouping = (!labels.is_empty()).then(|| build::by_labels(labels));
            build::aggregate("sum", grouping, build::call("rate", vec![over]))
        };
        match self {
            Self::Bad(series) | Self::All(series) => rate(series),
            Self::Rest { all, good } => {
                // Of labels without good events, all are bad.
                let none = build::binary(BinaryOp::Multiply, build::number("0"), rate(all));
                let good = build::binary(BinaryOp::Or, rate(good), none);
                let bad = build::binary(BinaryOp::Subtract, rate(all), good);
                build::call("clamp_min", vec![bad, build::number("0")])
            }
        }
    }
}

/// Whether both selectors are of one metric.
fn is_one_family(one: &Expr, other: &Expr) -> bool {
    family(one).is_some_and(|one| family(other) == Some(one))
}

/// The metric of a selector; for a series of a histogram, the histogram. Only series of one have the same labels for sure.
fn family(selector: &Expr) -> Option<&str> {
    let Node::Selector(selector) = &selector.unparenthesised().node else {
        return None;
    };
    let name = selector.metric.as_ref()?.text.as_str();
    let stem = name.strip_suffix("_bucket");
    Some(stem.or(name.strip_suffix("_count")).unwrap_or(name))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use nth_promql::parse;

    use super::*;

    #[test]
    fn bad_events_are_all_but_the_good_ones() {
        let query = |text: &str| parse(text).unwrap();
        let good = Numerator::Good(query("sum(rate(served[$window]))"));
        let served = query(r#"served{outcome="ok"}"#);
        let rest = Breakdown::new(&good, Some(served), Some(query("served"))).unwrap();
        assert!(rest.is_of_bad_events());
        assert_eq!(
            rest.rate_by(&["route"]).to_string(),
            "clamp_min(sum by (route) (rate(served[$window])) - \
             (sum by (route) (rate(served{outcome=\"ok\"}[$window])) \
             or 0 * sum by (route) (rate(served[$window]))), 0)"
        );
        let all = Breakdown::new(&good, None, Some(query("all"))).unwrap();
        assert!(!all.is_of_bad_events());
        assert_eq!(all.rate_by(&[]).to_string(), "sum(rate(all[$window]))");
        assert_eq!(Breakdown::new(&good, Some(query("good")), None), None);
    }

    /// A metric that lacks a label of the other would make all events of each value bad.
    #[test]
    fn good_events_of_another_metric_are_not_subtracted() {
        let query = |text: &str| parse(text).unwrap();
        let good = Numerator::Good(query("sum(rate(good[$window]))"));
        for (counted, all, is_of_bad_events) in [
            ("orders_ok_total", "orders_total", false),
            (r#"orders_total{ok="1"}"#, "orders_total", true),
            (r#"seconds_bucket{le="0.3"}"#, "seconds_count", true),
            (r#"seconds_bucket{le="0.3"}"#, "other_seconds_count", false),
            (r#"{ok="1"}"#, r#"{job="x"}"#, false),
        ] {
            let found = Breakdown::new(&good, Some(query(counted)), Some(query(all))).unwrap();
            assert_eq!(
                found.is_of_bad_events(),
                is_of_bad_events,
                "{counted} of {all}"
            );
        }
    }
}
