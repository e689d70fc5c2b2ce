//! The notation of series in test scripts and in the test files of promtool: `up{job="a"} 1 2 _ stale 0+1x10`.

use std::sync::Arc;

use nth_promql::{MatchOp, Node};
use smol_str::SmolStr;

use crate::histogram::{FloatHistogram, parse_sequence};
use crate::labels::{Labels, METRIC_NAME};
use crate::stale::STALE_NAN;
use crate::store::MemoryStore;
use crate::value::{FloatSample, HistogramSample, Timestamp};

/// The maximum number of values of a series.
const MOST_VALUES: usize = 10_000_000;

/// A value of a series in the notation.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `_`: no sample.
    Omitted,
    /// `1.5`, or `stale` for a staleness marker.
    Float(f64),
    /// `{{schema:0 sum:5 count:4 buckets:[1 2 1]}}`
    Histogram {
        /// The histogram.
        histogram: Arc<FloatHistogram>,
        /// True if its `counter_reset_hint` is written.
        has_hint: bool,
    },
}

/// A series in the notation: labels, then values in order of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Sequence {
    /// The series' labels.
    pub labels: Labels,
    /// Its values.
    pub values: Vec<Value>,
}

impl Sequence {
    /// Parses a series with its values: `up{job="a"} 1 2 _ stale 0+1x10 {{schema:0 sum:1 count:1}}x3`.
    ///
    /// `axb` is `a`, repeated `b` times after the first. `a+bxn` and `a-bxn` add or subtract `b` each time. `_xn` are exactly `n`
    /// missing samples. Histograms can be repeated and added in the same way.
    ///
    /// # Errors
    ///
    /// Returns a message that names the offending text.
    ///
    /// ```
    /// use nth_engine::testing::{Sequence, Value};
    ///
    /// let sequence = Sequence::parse(r#"up{job="a"} 1 _ 0+2x2"#).unwrap();
    /// assert_eq!(sequence.labels.to_string(), r#"up{job="a"}"#);
    /// let values = [1.0, 0.0, 2.0, 4.0].map(Value::Float);
    /// assert_eq!(sequence.values[1], Value::Omitted);
    /// assert_eq!(sequence.values[2..], values[1..]);
    /// ```
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let end = metric_end(text);
        let (metric, values) = text.split_at_checked(end).unwrap_or((text, ""));
        Ok(Self {
            labels: parse_metric(metric)?,
            values: parse_values(values)?,
        })
    }

    /// Checks that Prometheus would store the histograms.
    ///
    /// # Errors
    ///
    /// Returns a message about the first one that contradicts itself.
    pub fn validate(&self) -> Result<(), String> {
        self.values.iter().try_for_each(|value| match value {
            Value::Histogram { histogram, .. } => histogram
                .validate()
                .map_err(|error| format!("{}: {error}", self.labels)),
            Value::Omitted | Value::Float(_) => Ok(()),
        })
    }

    /// Adds the samples to a store: the first at `start`, the others `interval` milliseconds apart.
    pub fn load(&self, store: &mut MemoryStore, start: Timestamp, interval: i64) {
        // As in Prometheus's storage, a staleness marker after a histogram is a histogram.
        let mut was_histogram = false;
        for (index, value) in self.values.iter().enumerate() {
            let steps = i64::try_from(index).unwrap_or(i64::MAX);
            let at = start.saturating_add(interval.saturating_mul(steps));
            match value {
                Value::Omitted => {}
                Value::Float(value) if was_histogram && crate::is_stale(*value) => {
                    let stale = FloatHistogram {
                        sum: STALE_NAN,
                        ..FloatHistogram::default()
                    };
                    let value = Arc::new(stale);
                    store.add_histogram(&self.labels, HistogramSample { at, value });
                }
                Value::Float(value) => {
                    was_histogram = false;
                    store.add_float(&self.labels, FloatSample { at, value: *value });
                }
                Value::Histogram { histogram, .. } => {
                    was_histogram = true;
                    let value = Arc::clone(histogram);
                    store.add_histogram(&self.labels, HistogramSample { at, value });
                }
            }
        }
    }
}

/// Returns where a metric with its labels ends: after the closing brace, or at the first space.
fn metric_end(text: &str) -> usize {
    let mut quote = None;
    let mut in_braces = false;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some('"' | '\''), '\\') => escaped = true,
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '{') => in_braces = true,
            (None, '}') => return at + 1,
            (None, '"' | '\'' | '`') if in_braces => quote = Some(c),
            (None, c) if !in_braces && c.is_whitespace() => return at,
            _ => {}
        }
    }
    text.len()
}

/// Parses a metric with labels: `up{job="a"}`, `{__name__="up"}`, `{"up", job="a"}`, `{}`.
///
/// # Errors
///
/// Returns a message that names the offending text.
pub fn parse_metric(text: &str) -> Result<Labels, String> {
    let text = text.trim();
    let (name, braces) = text.split_at(text.find('{').unwrap_or(text.len()));
    let is_name = name.chars().enumerate().all(|(at, c)| {
        c.is_ascii_alphabetic() || matches!(c, '_' | ':') || (at > 0 && c.is_ascii_digit())
    });
    if !is_name || text.is_empty() {
        return Err(format!(
            "unexpected `{text}`, expected a metric with labels"
        ));
    }
    let mut labels: Vec<(SmolStr, SmolStr)> = Vec::new();
    if !name.is_empty() {
        labels.push((METRIC_NAME.into(), name.into()));
    }
    if !braces.is_empty() {
        let invalid = |reason: &str| format!("invalid labels `{braces}`: {reason}");
        let parsed = nth_promql::parse(braces).map_err(|errors| {
            invalid(
                errors
                    .first()
                    .map_or("malformed", |error| error.message.as_str()),
            )
        })?;
        let Node::Selector(selector) = parsed.node else {
            return Err(invalid("expected label=\"value\" pairs"));
        };
        if !selector.modifiers.is_empty() {
            return Err(invalid("unexpected modifier"));
        }
        if let Some(metric) = &selector.metric {
            labels.push((METRIC_NAME.into(), metric.text.clone()));
        }
        for matcher in &selector.matchers {
            match (matcher.op, matcher.value.text()) {
                (MatchOp::Equal, Some(value)) => labels.push((matcher.label.clone(), value.into())),
                _ => return Err(invalid("expected label=\"value\" pairs")),
            }
        }
    }
    Ok(labels.into_iter().collect())
}

/// Parses the values of a series: `1 2 _ stale 0+1x10`.
///
/// # Errors
///
/// Returns a message that names the offending text.
pub fn parse_values(text: &str) -> Result<Vec<Value>, String> {
    let mut values = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        rest = item(rest, &mut values)?.trim_start();
    }
    Ok(values)
}

/// Parses one item and adds its values. Returns the text after it.
fn item<'t>(text: &'t str, values: &mut Vec<Value>) -> Result<&'t str, String> {
    if text.starts_with("{{") {
        return histograms(text, values);
    }
    let end = text.find([' ', '\t']).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let malformed = || format!("invalid value `{word}` of a series");
    if let Some(repeats) = word.strip_prefix('_') {
        let count = if repeats.is_empty() {
            1
        } else {
            repeats
                .strip_prefix('x')
                .and_then(count)
                .ok_or_else(malformed)?
        };
        reserve(values, count)?;
        values.extend(std::iter::repeat_n(Value::Omitted, count));
        return Ok(rest);
    }
    let (first, tail) = signed_number(word).ok_or_else(malformed)?;
    let (step, tail) = match tail.as_bytes().first() {
        Some(b'+' | b'-') => signed_number(tail).ok_or_else(malformed)?,
        _ => (None, tail),
    };
    let repeats = match (tail.strip_prefix('x'), step) {
        (Some(repeats), _) => count(repeats).ok_or_else(malformed)?,
        (None, None) if tail.is_empty() => 0,
        _ => return Err(malformed()),
    };
    let mut value = first.ok_or_else(malformed)?;
    reserve(values, repeats.saturating_add(1))?;
    for _ in 0..=repeats {
        values.push(Value::Float(value));
        if let Some(step) = step {
            value += step;
        }
    }
    Ok(rest)
}

fn reserve(values: &mut Vec<Value>, count: usize) -> Result<(), String> {
    if values.len().saturating_add(count) > MOST_VALUES {
        return Err(format!("series with more than {MOST_VALUES} values"));
    }
    values.reserve(count);
    Ok(())
}

fn count(text: &str) -> Option<usize> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// Splits a number, `Inf`, `NaN` or `stale`, with an optional sign, off the start of a text.
fn signed_number(text: &str) -> Option<(Option<f64>, &str)> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let sign = text.len() - unsigned.len();
    let length = if unsigned.starts_with(|c: char| c.is_ascii_alphabetic()) {
        unsigned
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(unsigned.len())
    } else {
        number_length(unsigned)
    };
    let (word, rest) = text.split_at_checked(sign + length)?;
    if word == "stale" {
        return Some((Some(STALE_NAN), rest));
    }
    number(word).map(|value| (Some(value), rest))
}

/// Parses a number, `Inf` or `NaN` with an optional sign.
pub(super) fn number(text: &str) -> Option<f64> {
    match text.strip_prefix('-') {
        Some(unsigned) => nth_promql::number(unsigned).map(|value| -value),
        None => nth_promql::number(text.strip_prefix('+').unwrap_or(text)),
    }
}

/// Returns the length of a decimal number without a sign.
fn number_length(text: &str) -> usize {
    let mut previous = '0';
    text.find(|c: char| {
        let continues = c.is_ascii_digit()
            || matches!(c, '.' | '_' | 'e' | 'E')
            || (matches!(c, '+' | '-') && matches!(previous, 'e' | 'E'));
        previous = c;
        !continues
    })
    .unwrap_or(text.len())
}

/// Parses one or several histograms: `{{…}}`, `{{…}}x5`, `{{…}}+{{…}}x5`.
fn histograms<'t>(text: &'t str, values: &mut Vec<Value>) -> Result<&'t str, String> {
    let most = MOST_VALUES.saturating_sub(values.len());
    let (parsed, length) = parse_sequence(text, most).map_err(|error| error.message)?;
    values.extend(parsed.into_iter().map(|parsed| Value::Histogram {
        histogram: Arc::new(parsed.histogram),
        has_hint: parsed.hint_is_set,
    }));
    let rest = text.get(length..).unwrap_or_default();
    if rest.starts_with(|c: char| !c.is_whitespace()) {
        return Err(format!("unexpected text after a histogram: `{rest}`"));
    }
    Ok(rest)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    fn floats(text: &str) -> Vec<Option<f64>> {
        let values = parse_values(text).expect("the values are valid");
        values
            .into_iter()
            .map(|value| match value {
                Value::Float(value) => Some(value),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn values_are_repeated_and_added() {
        assert_eq!(floats("1 -2 +3.5"), [1.0, -2.0, 3.5].map(Some));
        assert_eq!(floats("0+10x3"), [0.0, 10.0, 20.0, 30.0].map(Some));
        assert_eq!(floats("5-2x2"), [5.0, 3.0, 1.0].map(Some));
        assert_eq!(floats("-1-1e1x1"), [-1.0, -11.0].map(Some));
        assert_eq!(floats("7x2"), [7.0; 3].map(Some));
        assert_eq!(floats("_ _x2 1"), [None, None, None, Some(1.0)]);
        assert_eq!(
            floats("Inf -Inf"),
            [f64::INFINITY, f64::NEG_INFINITY].map(Some)
        );
        assert_eq!(floats(""), []);
        let stale = floats("stale");
        assert!(matches!(stale.as_slice(), [Some(value)] if crate::is_stale(*value)));
    }

    #[test]
    fn histograms_that_storage_rejects_are_errors() {
        let validated = |text: &str| Sequence::parse(&format!("x {text}")).unwrap().validate();
        assert_eq!(validated("1 _ {{schema:0 count:3 buckets:[1 2]}}"), Ok(()));
        let negative = validated("{{schema:0 count:1 buckets:[2 -1]}}");
        assert!(
            negative
                .as_ref()
                .is_err_and(|error| error.starts_with("x: ")),
            "{negative:?}"
        );
        let report = super::super::run("load 1m\n  x {{schema:0 count:1 buckets:[2 -1]}}\n");
        assert!(matches!(
            report.cases[0].outcome,
            super::super::Outcome::Failed(_)
        ));
    }

    #[test]
    fn malformed_values_are_errors() {
        for text in [
            "1x",
            "1+2",
            "1+x3",
            "a",
            "stalex5",
            "1x-1",
            "_5",
            "{{schema:0",
            "0x5000000000000",
        ] {
            assert!(parse_values(text).is_err(), "{text}");
        }
    }

    #[test]
    fn metrics_have_names_with_and_without_quotes() {
        for (text, expected) in [
            ("up", "up"),
            (r#"up{a="}", b="\"x"}"#, r#"up{a="}", b="\"x"}"#),
            (r#"{__name__="up"}"#, "up"),
            (r#"{"up", a="b"}"#, r#"up{a="b"}"#),
            ("sum{}", "sum"),
            ("{}", "{}"),
            (r#"x{a=""}"#, "x"),
        ] {
            let sequence = Sequence::parse(&format!("{text} 1")).expect(text);
            assert_eq!(sequence.labels.to_string(), expected);
            assert_eq!(sequence.values, [Value::Float(1.0)]);
        }
        for text in ["", "1x{}", r#"x{a=~"b"}"#, "x{a=b}", "x{} offset 5m"] {
            assert!(Sequence::parse(text).is_err(), "{text}");
        }
    }
}
