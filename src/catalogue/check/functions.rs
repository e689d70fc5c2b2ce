//! N0904 and N0905: functions for counters applied to gauges and the reverse, and counters whose value is used
//! directly.

use std::collections::BTreeSet;

use super::{Case, Finding, Kind, Read, Series};
use crate::codes;
use nth_promql::classify::{exprs, metrics};
use nth_promql::{Aggregate, Binary, BinaryOp, Call, Error, Expr, Node, Selector, Span};

/// Functions that account for the resets of a counter.
const COUNTER_FUNCTIONS: [&str; 4] = ["increase", "irate", "rate", "resets"];

/// Functions that take a counter's reset for a decrease.
const GAUGE_FUNCTIONS: [&str; 6] = [
    "delta",
    "deriv",
    "double_exponential_smoothing",
    "holt_winters",
    "idelta",
    "predict_linear",
];

/// Functions that depend on the times or the presence of samples, not on their values.
const SAMPLE_FUNCTIONS: [&str; 12] = [
    "absent",
    "absent_over_time",
    "changes",
    "count_over_time",
    "present_over_time",
    "start_timestamp",
    "timestamp",
    "ts_of_first_over_time",
    "ts_of_last_over_time",
    "ts_of_max_over_time",
    "ts_of_min_over_time",
    "info",
];

/// The use of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// It is used in a computation or a comparison, or is the result.
    Value,
    /// Only its presence is used.
    Presence,
}

pub(super) fn check(case: &Case<'_>, found: &mut Vec<Finding>) {
    Walk { case, found }.walk(case.expr, Use::Value);
}

struct Walk<'w, 'a> {
    case: &'w Case<'a>,
    found: &'w mut Vec<Finding>,
}

impl Walk<'_, '_> {
    fn walk(&mut self, expr: &Expr, used: Use) {
        match &expr.node {
            Node::Number(_) | Node::String(_) | Node::Hole(_) => {}
            Node::Selector(selector) => self.value(expr, selector, used),
            Node::Range(inner, _)
            | Node::Unary(_, inner)
            | Node::Paren(inner)
            | Node::Modified(inner, _) => self.walk(inner, used),
            Node::Subquery(subquery) => self.walk(&subquery.expr, used),
            Node::Call(call) => self.call(call, used),
            Node::Aggregate(aggregate) => self.aggregate(aggregate, used),
            Node::Binary(binary) => self.binary(binary, used),
        }
    }

    fn aggregate(&mut self, aggregate: &Aggregate, used: Use) {
        if let Some(param) = &aggregate.param {
            self.walk(param, Use::Value);
        }
        let used = match aggregate.op.as_str() {
            "count" | "group" => Use::Presence,
            // These select by the value.
            "topk" | "bottomk" | "count_values" => Use::Value,
            _ => used,
        };
        self.walk(&aggregate.expr, used);
    }

    fn binary(&mut self, binary: &Binary, used: Use) {
        let (left, right) = match binary.op {
            BinaryOp::And | BinaryOp::Unless => (used, Use::Presence),
            op if (op == BinaryOp::Subtract || op.is_comparison()) && compares_times(binary) => {
                (Use::Presence, Use::Presence)
            }
            op if op.is_comparison() => (Use::Value, Use::Value),
            _ => (used, used),
        };
        self.walk(&binary.left, left);
        self.walk(&binary.right, right);
    }

    fn call(&mut self, call: &Call, used: Use) {
        let function = call.function.as_str();
        let of_counters = COUNTER_FUNCTIONS.contains(&function);
        let of_gauges = GAUGE_FUNCTIONS.contains(&function);
        for arg in &call.args {
            if let Some((expr, selector)) = range_selector(arg)
                && (of_counters || of_gauges)
            {
                if let Read::Series(series) = self.case.read(selector) {
                    self.range_function(call, expr, &series, of_counters);
                }
            } else if of_counters || SAMPLE_FUNCTIONS.contains(&function) {
                self.walk(arg, Use::Presence);
            } else {
                self.walk(arg, used);
            }
        }
    }

    fn range_function(&mut self, call: &Call, expr: &Expr, series: &Series<'_>, of_counters: bool) {
        let kind = Kind::from_part(&series.part);
        let is_wrong = if of_counters {
            kind.is_measured()
        } else {
            kind.is_counted()
        };
        if !is_wrong {
            return;
        }
        let function = call.function.as_str();
        let (wanted, why) = if of_counters {
            (
                "counters",
                format!("`{function}` treats every decrease as a counter reset"),
            )
        } else {
            (
                "gauges",
                format!("`{function}` treats a counter reset as a decrease"),
            )
        };
        let mut error = Error::new(
            &codes::WRONG_RANGE_FUNCTION,
            format!(
                "`{function}` expects {wanted}, but found {}",
                kind.phrase(&series.part)
            ),
            call.function_span,
        )
        .label(format!("expected {wanted}"))
        .help(why);
        let instead = match (function, kind) {
            ("rate", Kind::Gauge) => Some("deriv"),
            ("increase", Kind::Gauge) => Some("delta"),
            ("delta", Kind::Counter | Kind::Histogram) => Some("increase"),
            ("deriv", Kind::Counter) => Some("rate"),
            _ => None,
        };
        error = error.help(match (function, kind) {
            ("rate", Kind::Gauge) => {
                "use `deriv` for how fast a gauge grows, `avg_over_time` for its average".to_owned()
            }
            ("increase", Kind::Gauge) => "use `delta` for the change of a gauge".to_owned(),
            ("irate", Kind::Gauge) => {
                "use `idelta` for the difference of the last two samples of a gauge, `deriv` for how \
                fast it grows".to_owned()
            }
            ("resets", Kind::Gauge) => "use `changes` for how often a gauge changed".to_owned(),
            (_, Kind::Quantile) => format!(
                "use `{0}_count` for the number of observations, `{0}_sum` for their sum: the quantiles \
                are already computed",
                series.part.name
            ),
            (_, Kind::Info) => "match its labels: its value is always 1".to_owned(),
            (_, Kind::State) => "use `avg_over_time` for the share of time in a state: its value is 0 \
                or 1".to_owned(),
            ("delta" | "idelta", _) => "use `increase` for the growth of a counter".to_owned(),
            ("deriv", _) => "use `rate` for how fast a counter grows".to_owned(),
            _ => format!("take its rate first: `{function}(rate({}[5m])[1h:] …)`", show(series)),
        });
        // For a value from an interpolation, the interpolation is the place; otherwise the function's name.
        if self.case.is_filled(expr.span) {
            error.span = expr.span;
        }
        if let Some(instead) = instead {
            error = error.suggest(call.function_span, instead);
        }
        self.found.push(error.into());
    }

    fn value(&mut self, expr: &Expr, selector: &Selector, used: Use) {
        if used == Use::Presence {
            return;
        }
        let Read::Series(series) = self.case.read(selector) else {
            return;
        };
        let kind = Kind::from_part(&series.part);
        if !kind.is_counted() {
            return;
        }
        let shown = show(&series);
        let error = Error::new(
            &codes::BARE_COUNTER,
            format!(
                "raw value of {}",
                kind.phrase(&series.part)
            ),
            place(expr, selector),
        )
        .label("counts since the process started")
        .note("a counter only grows and restarts at zero, so its raw value means little")
        .help(match kind {
            Kind::Histogram => format!("use its rate: `rate({shown}[5m])`"),
            _ => format!(
                "use `rate({shown}[5m])` for how fast it grows, `increase({shown}[1h])` for by how much"
            ),
        });
        self.found.push(error.into());
    }
}

/// The selector in a range, or in a subquery of it alone.
fn range_selector(arg: &Expr) -> Option<(&Expr, &Selector)> {
    let inner = match &arg.unparenthesised().node {
        Node::Range(inner, _) => inner.as_ref(),
        Node::Subquery(subquery) => subquery.expr.unparenthesised(),
        _ => return None,
    };
    match &inner.node {
        Node::Selector(selector) => Some((inner, selector)),
        _ => None,
    }
}

/// Returns whether one metric is compared with itself at other times: `x - x offset 5m`, or its maximum and minimum.
fn compares_times(binary: &Binary) -> bool {
    let names = |side| -> BTreeSet<&str> {
        metrics(side)
            .filter_map(|selector| Some(selector.metric.as_ref()?.text.as_str()))
            .collect()
    };
    let (left, right) = (names(&binary.left), names(&binary.right));
    let moved = |side| {
        exprs(side).any(|expr| match &expr.node {
            Node::Selector(selector) => {
                selector.modifiers.offset.is_some() || selector.modifiers.at.is_some()
            }
            Node::Subquery(subquery) => {
                subquery.modifiers.offset.is_some() || subquery.modifiers.at.is_some()
            }
            Node::Range(..) => true,
            _ => false,
        })
    };
    !left.is_empty() && left == right && (moved(&binary.left) || moved(&binary.right))
}

fn show(series: &Series<'_>) -> String {
    format!("{}{}", series.part.name, series.part.suffix)
}

/// The place of the metric's name, if it is written.
fn place(expr: &Expr, selector: &Selector) -> Span {
    selector
        .metric
        .as_ref()
        .map_or(expr.span, |metric| metric.span)
}
