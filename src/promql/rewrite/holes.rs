//! Insertion of values into the holes of a query.

use super::{each_duration, each_expr};
use crate::tree::*;
use crate::{build, regex};

/// A value for a hole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HoleValue {
    /// A query.
    Expr(Expr),
    /// A number in PromQL's syntax: `0.001`.
    Number(String),
    /// A duration in PromQL's syntax: `1h30m`.
    Duration(String),
    /// A text, for a hole in a string.
    Text(String),
}

/// The reason that a value does not fit its hole. [`infer`](crate::infer) reports the same beforehand, with the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoleError {
    /// The hole's number.
    pub hole: usize,
    /// The message, without a full stop.
    pub message: String,
}

/// Inserts values into all holes, `values[n]` into hole `n`.
///
/// - A query replaces the hole, in parentheses if precedence requires them. Modifiers and a range of the hole apply to the
///   selector; its own `offset` or `@` is kept if the hole has none.
/// - A text is inserted into a string literally. In the value of `=~` or `!~` it is escaped, so that it matches only itself: an
///   interpolated value is never a regular expression.
///
/// # Errors
///
/// Returns an error for each value that is missing or does not fit. Those holes remain.
///
/// ```
/// use nth_promql::{parse, rewrite::{HoleValue, fill_holes}};
///
/// let mut query = parse(r#"rate(${_}[5m]) / x{path=~"${_}.*"}"#).unwrap();
/// let errors = parse(r#"errors{code="500"}"#).unwrap();
/// fill_holes(&mut query, &[HoleValue::Expr(errors), HoleValue::Text("/v1.0".into())]).unwrap();
/// assert_eq!(query.to_string(), r#"rate(errors{code="500"}[5m]) / x{path=~"/v1\\.0.*"}"#);
/// ```
pub fn fill_holes(expr: &mut Expr, values: &[HoleValue]) -> Result<(), Vec<HoleError>> {
    let mut errors = Vec::new();
    fill_strings(expr, values, &mut errors);
    each_duration(expr, &mut |duration| {
        if let DurationNode::Hole(hole) = duration.node {
            match values.get(hole) {
                Some(HoleValue::Duration(text) | HoleValue::Number(text)) => {
                    duration.node = DurationNode::Literal(text.into());
                }
                value => errors.push(misfit(hole, value, "a duration")),
            }
        }
    });
    fill_expr(expr, values, &mut errors);
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors)
    }
}

fn misfit(hole: usize, value: Option<&HoleValue>, wanted: &str) -> HoleError {
    let is = match value {
        None => "absent",
        Some(HoleValue::Expr(_)) => "a query",
        Some(HoleValue::Number(_)) => "a number",
        Some(HoleValue::Duration(_)) => "a duration",
        Some(HoleValue::Text(_)) => "a text",
    };
    HoleError {
        hole,
        message: format!("expected {wanted}, found {is}"),
    }
}

fn not_a_selector(hole: usize) -> HoleError {
    HoleError {
        hole,
        message: "expected a selector, found another query".to_owned(),
    }
}

fn fill_strings(expr: &mut Expr, values: &[HoleValue], errors: &mut Vec<HoleError>) {
    each_expr(expr, &mut |expr| match &mut expr.node {
        Node::String(string) => fill_string(string, values, false, errors),
        Node::Selector(selector) => {
            for matcher in &mut selector.matchers {
                fill_string(&mut matcher.value, values, matcher.op.is_regex(), errors);
            }
        }
        _ => {}
    });
}

fn fill_string(
    string: &mut StringLit,
    values: &[HoleValue],
    is_regex: bool,
    errors: &mut Vec<HoleError>,
) {
    for part in &mut string.parts {
        if let StringPart::Hole(hole) = *part {
            match values.get(hole) {
                Some(
                    HoleValue::Text(text) | HoleValue::Number(text) | HoleValue::Duration(text),
                ) => {
                    *part = StringPart::Text(if is_regex {
                        regex::escape(text).into()
                    } else {
                        text.as_str().into()
                    });
                }
                value => errors.push(misfit(hole, value, "a text")),
            }
        }
    }
    merge_parts(string);
}

/// Merges adjacent texts, so that equal strings have equal parts.
fn merge_parts(string: &mut StringLit) {
    let mut parts: Vec<StringPart> = Vec::with_capacity(string.parts.len());
    for part in std::mem::take(&mut string.parts) {
        match (parts.last_mut(), part) {
            (_, StringPart::Text(text)) if text.is_empty() => {}
            (Some(StringPart::Text(before)), StringPart::Text(text)) => {
                *before = format!("{before}{text}").into();
            }
            (_, part) => parts.push(part),
        }
    }
    string.parts = parts;
}

/// Fills the holes of expressions. Holes in inserted values are not filled: they are numbered separately.
fn fill_expr(expr: &mut Expr, values: &[HoleValue], errors: &mut Vec<HoleError>) {
    match &mut expr.node {
        Node::Hole(hole) => match hole_expr(*hole, values) {
            Ok(value) => *expr = value,
            Err(error) => errors.push(error),
        },
        Node::Range(inner, _) => {
            let hole = match inner.node {
                Node::Hole(hole) => hole,
                _ => return fill_expr(inner, values, errors),
            };
            match hole_expr(hole, values) {
                // Unwrap selectors in parentheses: `(x)[5m]` is not valid PromQL.
                Ok(value) => match value.unparenthesised() {
                    selector if matches!(selector.node, Node::Selector(_)) => {
                        **inner = selector.clone()
                    }
                    _ => errors.push(not_a_selector(hole)),
                },
                Err(error) => errors.push(error),
            }
        }
        Node::Modified(inner, modifiers) => {
            let Node::Hole(hole) = inner.node else { return };
            match hole_expr(hole, values) {
                Ok(value) => match value.unparenthesised().clone() {
                    Expr {
                        node: Node::Selector(mut selector),
                        span,
                    } => {
                        let own = &mut selector.modifiers;
                        own.offset = modifiers.offset.take().or(own.offset.take());
                        own.at = modifiers.at.take().or(own.at.take());
                        own.extended = modifiers.extended.or(own.extended);
                        *expr = Expr {
                            node: Node::Selector(selector),
                            span,
                        };
                    }
                    _ => errors.push(not_a_selector(hole)),
                },
                Err(error) => errors.push(error),
            }
        }
        Node::Number(_) | Node::String(_) | Node::Selector(_) => {}
        Node::Unary(_, inner) => fill_expr(inner, values, errors),
        Node::Paren(inner) => {
            let was_hole = matches!(inner.node, Node::Hole(_));
            fill_expr(inner, values, errors);
            if was_hole && let Node::Paren(_) = inner.node {
                *expr = (**inner).clone();
            }
        }
        Node::Subquery(subquery) => fill_expr(&mut subquery.expr, values, errors),
        Node::Call(call) => call
            .args
            .iter_mut()
            .for_each(|arg| fill_expr(arg, values, errors)),
        Node::Aggregate(aggregate) => {
            if let Some(param) = &mut aggregate.param {
                fill_expr(param, values, errors);
            }
            fill_expr(&mut aggregate.expr, values, errors);
        }
        Node::Binary(binary) => {
            fill_expr(&mut binary.left, values, errors);
            fill_expr(&mut binary.right, values, errors);
        }
    }
}

/// Converts a duration to exact seconds.
fn seconds(text: &str) -> String {
    match crate::literal::duration(text) {
        Ok(length) if length.subsec_millis() == 0 => length.as_secs().to_string(),
        Ok(length) => format!("{}.{:03}", length.as_secs(), length.subsec_millis())
            .trim_end_matches('0')
            .to_owned(),
        Err(_) => text.to_owned(),
    }
}

fn hole_expr(hole: usize, values: &[HoleValue]) -> Result<Expr, HoleError> {
    match values.get(hole) {
        Some(HoleValue::Expr(expr)) => Ok(expr.clone()),
        Some(HoleValue::Number(text)) => Ok(build::number(text)),
        // Use seconds, because Prometheus 2 does not accept a duration as a number.
        Some(HoleValue::Duration(text)) => Ok(build::number(seconds(text))),
        Some(HoleValue::Text(text)) => Ok(build::string(text)),
        None => Err(misfit(hole, None, "a query")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_seconds_where_a_number_stands_and_a_duration_where_one_does() {
        for (length, seconds) in [
            ("2h", "7200"),
            ("1m30s", "90"),
            ("250ms", "0.25"),
            ("1s5ms", "1.005"),
        ] {
            let filled = |text: &str| {
                let mut query = crate::parse(text).unwrap();
                fill_holes(&mut query, &[HoleValue::Duration(length.into())]).unwrap();
                query.to_string()
            };
            assert_eq!(filled("x > ${_}"), format!("x > {seconds}"));
            assert_eq!(filled("rate(x[${_}])"), format!("rate(x[{length}])"));
        }
    }
}
