//! What queries read: their selectors, and how far back.

use nth_engine::eval::{self, Options};
use nth_engine::{Evaluated, MemoryStore, Steps, Store, Timestamp};
use nth_promql::{Duration, DurationNode, Expr, Modifiers, Node, Selector, parse};

use crate::error::Error;
use crate::matching::plain;

/// How a query reads a selector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The selector, without modifiers.
    pub(crate) selector: Selector,
    /// How its samples are understood.
    pub(crate) form: Form,
}

/// The kinds of series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A counter, which is only read through `rate`, `increase` and the like.
    Counter,
    /// A native histogram.
    Native,
    /// Anything else.
    Gauge,
}

/// Returns the selectors of a query in text order, each once.
pub(crate) fn readings(expr: &Expr) -> Vec<Reading> {
    let mut found = Vec::new();
    read(expr, Form::Gauge, &mut found);
    found
}

fn read(expr: &Expr, form: Form, found: &mut Vec<Reading>) {
    match &expr.node {
        Node::Selector(selector) => {
            let reading = Reading {
                selector: without_spans(selector),
                form,
            };
            if !found.iter().any(|known| known.selector == reading.selector) {
                found.push(reading);
            }
        }
        Node::Call(call) => {
            let form = match call.function.as_str() {
                "rate" | "increase" | "irate" | "resets" if form != Form::Native => Form::Counter,
                "histogram_count" | "histogram_sum" | "histogram_avg" | "histogram_fraction"
                | "histogram_stddev" | "histogram_stdvar" => Form::Native,
                _ => form,
            };
            for arg in &call.args {
                read(arg, form, found);
            }
        }
        _ => {
            for inner in children(expr) {
                read(inner, form, found);
            }
        }
    }
}

/// Returns a selector without modifiers and places, so that it can be compared.
pub(crate) fn without_spans(selector: &Selector) -> Selector {
    let mut expr = Expr::new(Node::Selector(plain(selector)));
    nth_promql::rewrite::clear_spans(&mut expr);
    match expr.node {
        Node::Selector(selector) => selector,
        _ => plain(selector),
    }
}

/// Returns the direct operands of an expression.
pub(crate) fn children(expr: &Expr) -> Vec<&Expr> {
    match &expr.node {
        Node::Number(_) | Node::String(_) | Node::Selector(_) | Node::Hole(_) => Vec::new(),
        Node::Range(inner, _)
        | Node::Unary(_, inner)
        | Node::Paren(inner)
        | Node::Modified(inner, _) => {
            vec![inner]
        }
        Node::Subquery(subquery) => vec![&subquery.expr],
        Node::Call(call) => call.args.iter().collect(),
        Node::Aggregate(aggregate) => aggregate.param.iter().chain([&aggregate.expr]).collect(),
        Node::Binary(binary) => vec![&binary.left, &binary.right],
    }
}

/// How far back a query reads series that `counts` accepts, in milliseconds.
pub(crate) fn reach(expr: &Expr, counts: &dyn Fn(&Selector) -> bool) -> i64 {
    let offset = |modifiers: &Modifiers| match &modifiers.offset {
        Some(offset) if !offset.negative => millis(&offset.duration),
        _ => 0,
    };
    match &expr.node {
        Node::Selector(selector) if counts(selector) => Options::default()
            .lookback
            .saturating_add(offset(&selector.modifiers)),
        Node::Range(inner, range) => match reach(inner, counts) {
            0 => 0,
            inner => inner.saturating_add(millis(range)),
        },
        Node::Subquery(subquery) => match reach(&subquery.expr, counts) {
            0 => 0,
            inner => inner
                .saturating_add(millis(&subquery.range))
                .saturating_add(offset(&subquery.modifiers)),
        },
        _ => {
            let inner = children(expr).into_iter();
            inner.map(|inner| reach(inner, counts)).max().unwrap_or(0)
        }
    }
}

/// The length of a computed duration, which is rare and short.
const COMPUTED: i64 = 3_600_000;

fn millis(duration: &Duration) -> i64 {
    match &duration.node {
        DurationNode::Literal(text) => nth_promql::seconds(text).map_or(0, seconds_to_millis),
        DurationNode::Paren(inner) => millis(inner),
        _ => COMPUTED,
    }
}

/// Converts seconds to whole milliseconds; times beyond all clocks are clamped.
#[allow(clippy::cast_possible_truncation)]
pub(crate) fn seconds_to_millis(seconds: f64) -> i64 {
    (seconds * 1000.0).round() as i64
}

/// Parses the text of a generated query.
pub(crate) fn parsed(text: &str, name: &str) -> Result<Expr, Error> {
    parse(text).map_err(|errors| Error::Rule {
        name: name.to_owned(),
        reason: errors
            .first()
            .map_or_else(String::new, |error| error.message.clone()),
    })
}

/// Returns the values of a query's series at a time; an error's text if it cannot be evaluated.
pub(crate) fn values(expr: &Expr, store: &dyn Store, at: Timestamp) -> Result<Vec<f64>, String> {
    let evaluated = eval::evaluate(expr, store, Steps::instant(at), &Options::default());
    match evaluated.map_err(|error| error.message)?.0 {
        Evaluated::Scalar(values) => Ok(values),
        Evaluated::String(_) => Err("it is a text".to_owned()),
        Evaluated::Vector(series) => Ok(series
            .iter()
            .filter_map(|series| series.points.first())
            .filter(|point| point.is_present())
            .map(|point| point.float().unwrap_or(f64::NAN))
            .collect()),
    }
}

/// Returns the numbers in a query: those written, and those of operands that read no series, in order of appearance.
pub(crate) fn constants(expr: &Expr) -> Vec<f64> {
    let mut found: Vec<f64> = Vec::new();
    let mut waiting = vec![expr];
    while let Some(expr) = waiting.pop() {
        let all: Vec<&Expr> = nth_promql::classify::exprs(expr).collect();
        let is_constant = all.iter().all(|part| {
            matches!(
                part.node,
                Node::Number(_) | Node::Binary(_) | Node::Unary(..) | Node::Paren(_)
            )
        });
        if !is_constant {
            waiting.extend(children(expr).into_iter().rev());
            continue;
        }
        let nothing = MemoryStore::new();
        for value in values(expr, &nothing, 0).unwrap_or_default() {
            if value.is_finite() && !found.contains(&value) {
                found.push(value);
            }
        }
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_read_once_with_their_form() {
        let query = parse(
            "sum(rate(a[5m])) / sum(rate(a[5m] offset 1h)) + b + histogram_count(rate(h[5m]))",
        );
        let found: Vec<(String, Form)> = readings(&query.unwrap())
            .into_iter()
            .map(|reading| {
                (
                    Expr::new(Node::Selector(reading.selector)).to_string(),
                    reading.form,
                )
            })
            .collect();
        let expected = [
            ("a", Form::Counter),
            ("b", Form::Gauge),
            ("h", Form::Native),
        ];
        assert_eq!(found, expected.map(|(name, form)| (name.to_owned(), form)));
    }

    #[test]
    fn a_query_reads_back_as_far_as_its_ranges_and_offsets() {
        let minutes = |text: &str| reach(&parse(text).unwrap(), &|_| true) / 60_000;
        assert_eq!(minutes("x"), 5);
        assert_eq!(minutes("rate(x[1h3m] offset 1m) + x"), 69);
        assert_eq!(
            minutes("max_over_time(rate(x[5m])[1h:1m] offset 1d)"),
            5 + 5 + 60 + 24 * 60
        );
        assert_eq!(minutes("vector(1)"), 0);
    }

    #[test]
    fn constants_are_computed() {
        let numbers = |text: &str| constants(&parse(text).unwrap());
        assert_eq!(numbers("time() - max(x) > 6 * 3600"), [21_600.0]);
        assert_eq!(numbers("-a > 0.2 and b < 3"), [0.2, 3.0]);
    }
}
