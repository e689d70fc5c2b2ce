//! Histograms as text: as Prometheus prints them, and the notation of its tests.

use std::fmt::{self, Display, Formatter, Write};

use super::number::Shortest;
use super::{Bucket, CounterResetHint, FloatHistogram, HistogramError, Span};

/// A histogram in test notation.
#[derive(Debug, Clone, PartialEq)]
pub struct ParsedHistogram {
    /// The histogram.
    pub histogram: FloatHistogram,
    /// True if the text gives the counter reset hint, even if as unknown.
    pub hint_is_set: bool,
}

/// Why a text is not a histogram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotationError {
    /// The message.
    pub message: String,
    /// Where the text is wrong, in bytes.
    pub at: usize,
}

impl Display for NotationError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for NotationError {}

/// Displays a bucket as `(1,2]:3`.
impl Display for Bucket {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}{},{}{}:{}",
            if self.lower_inclusive { '[' } else { '(' },
            Shortest(self.lower),
            Shortest(self.upper),
            if self.upper_inclusive { ']' } else { ')' },
            Shortest(self.count),
        )
    }
}

/// Displays the populated buckets in ascending order: `{count:3, sum:4, (1,2]:3}`.
impl Display for FloatHistogram {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{{count:{}, sum:{}",
            Shortest(self.count),
            Shortest(self.sum)
        )?;
        let negative: Vec<Bucket> = self
            .negative()
            .filter(|bucket| bucket.count != 0.0)
            .collect();
        for bucket in negative.iter().rev() {
            write!(f, ", {bucket}")?;
        }
        if self.zero_count != 0.0 {
            write!(f, ", {}", self.zero_bucket())?;
        }
        for bucket in self.positive().filter(|bucket| bucket.count != 0.0) {
            write!(f, ", {bucket}")?;
        }
        f.write_char('}')
    }
}

/// The most empty buckets that the test notation spells out.
const MOST_EMPTY: usize = 1 << 14;

impl FloatHistogram {
    /// Returns the histogram in test notation, `{{schema:1 count:3 sum:4 buckets:[1 2]}}`. One with too many buckets between
    /// populated ones has no such notation, and is displayed as Prometheus does.
    pub fn notation(&self) -> String {
        let mut joined = self.clone();
        joined.compact(MOST_EMPTY);
        if joined.positive_spans.len() > 1 || joined.negative_spans.len() > 1 {
            return self.to_string();
        }
        let mut parts: Vec<String> = Vec::new();
        if self.schema != 0 {
            parts.push(format!("schema:{}", self.schema));
        }
        for (key, value) in [
            ("count", self.count),
            ("sum", self.sum),
            ("z_bucket", self.zero_count),
            ("z_bucket_w", self.zero_threshold),
        ] {
            if value != 0.0 {
                parts.push(format!("{key}:{}", Shortest(value)));
            }
        }
        if self.is_custom() {
            parts.push(format!("custom_values:{}", list(&self.custom_values)));
        }
        match self.counter_reset_hint {
            CounterResetHint::Unknown => {}
            CounterResetHint::CounterReset => parts.push("counter_reset_hint:reset".to_owned()),
            CounterResetHint::NotCounterReset => {
                parts.push("counter_reset_hint:not_reset".to_owned())
            }
            CounterResetHint::Gauge => parts.push("counter_reset_hint:gauge".to_owned()),
        }
        for (spans, buckets, offset_key, buckets_key) in [
            (
                &joined.positive_spans,
                &joined.positive_buckets,
                "offset",
                "buckets",
            ),
            (
                &joined.negative_spans,
                &joined.negative_buckets,
                "n_offset",
                "n_buckets",
            ),
        ] {
            if let Some(span) = spans.first().filter(|span| span.offset != 0) {
                parts.push(format!("{offset_key}:{}", span.offset));
            }
            if !buckets.is_empty() {
                parts.push(format!("{buckets_key}:{}", list(buckets)));
            }
        }
        format!("{{{{{}}}}}", parts.join(" "))
    }
}

fn list(values: &[f64]) -> String {
    let values: Vec<String> = values
        .iter()
        .map(|value| Shortest(*value).to_string())
        .collect();
    format!("[{}]", values.join(" "))
}

/// Parses the histogram in test notation at the start of a text, such as `{{schema:1 buckets:[1 2]}}`. Returns it and the
/// number of bytes that it takes.
///
/// # Errors
///
/// The text does not start with a histogram.
pub fn parse(text: &str) -> Result<(ParsedHistogram, usize), NotationError> {
    let mut reader = Reader { text, at: 0 };
    let histogram = reader.histogram()?;
    Ok((histogram, reader.at))
}

/// Parses one or more histograms in test notation at the start of a text: `{{…}}`, `{{…}}x3` (the histogram once and three
/// times more), `{{…}}+{{…}}x3` and `{{…}}-{{…}}x3`. Returns them and the number of bytes that they take.
///
/// # Errors
///
/// The text does not start with histograms, they cannot be combined, or there are more than `most`.
pub fn parse_sequence(
    text: &str,
    most: usize,
) -> Result<(Vec<ParsedHistogram>, usize), NotationError> {
    let mut reader = Reader { text, at: 0 };
    let base = reader.histogram()?;
    let sign = if reader.eat("+") {
        1.0
    } else if reader.eat("-") {
        -1.0
    } else {
        if !reader.eat("x") {
            return Ok((vec![base], reader.at));
        }
        let times = reader.times(most)?;
        return Ok((vec![base; times + 1], reader.at));
    };
    let step = reader.histogram()?;
    if !reader.eat("x") {
        return Err(reader.error("expected `x` and a number of repetitions"));
    }
    let times = reader.times(most)?;
    let all = repeat(&base.histogram, &step.histogram, sign, times)
        .map_err(|error| reader.error(&error.to_string()))?;
    let hint_is_set = step.hint_is_set;
    let all = all.into_iter().map(|histogram| ParsedHistogram {
        histogram,
        hint_is_set,
    });
    Ok((all.collect(), reader.at))
}

/// Returns a histogram and the `times` next ones, each of which differs from the one before by `step`, added for a `sign` of 1
/// and subtracted for one of -1.
///
/// # Errors
///
/// The step has a lower resolution, or exactly one of both has custom buckets.
pub fn repeat(
    base: &FloatHistogram,
    step: &FloatHistogram,
    sign: f64,
    times: usize,
) -> Result<Vec<FloatHistogram>, HistogramError> {
    let mut all = vec![base.clone()];
    let mut current = base.clone();
    for _ in 0..times {
        if current.schema > step.schema {
            return Err(HistogramError::Invalid(format!(
                "error combining histograms: cannot merge from schema {} to {}",
                step.schema, current.schema
            )));
        }
        if sign < 0.0 {
            current.subtract(step)?;
        } else {
            current.add(step)?;
        }
        all.push(current.clone());
    }
    Ok(all)
}

/// The keys that have been read.
#[derive(Default)]
struct Described {
    histogram: FloatHistogram,
    offset: i32,
    negative_offset: i32,
    keys: Vec<String>,
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn error(&self, message: &str) -> NotationError {
        NotationError {
            message: message.to_owned(),
            at: self.at,
        }
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Takes all characters that satisfy a condition.
    fn take(&mut self, condition: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest
            .find(|character| !condition(character))
            .unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    fn times(&mut self, most: usize) -> Result<usize, NotationError> {
        let digits = self.take(|character| character.is_ascii_digit());
        match digits.parse::<usize>() {
            Ok(times) if times < most => Ok(times),
            _ => Err(self.error("invalid repetition in series values")),
        }
    }

    fn histogram(&mut self) -> Result<ParsedHistogram, NotationError> {
        if !self.eat("{{") {
            return Err(
                self.error("expected a histogram, such as {{schema:0 sum:1 count:1 buckets:[1]}}")
            );
        }
        let mut described = Described::default();
        loop {
            self.spaces();
            if self.eat("}}") {
                break;
            }
            self.item(&mut described)?;
        }
        let mut histogram = described.histogram;
        histogram.positive_spans = span(described.offset, histogram.positive_buckets.len());
        histogram.negative_spans =
            span(described.negative_offset, histogram.negative_buckets.len());
        Ok(ParsedHistogram {
            histogram,
            hint_is_set: described.keys.iter().any(|key| key == "counter_reset_hint"),
        })
    }

    fn item(&mut self, described: &mut Described) -> Result<(), NotationError> {
        let start = self.at;
        let word = self.take(|character| character.is_ascii_alphabetic() || character == '_');
        let key = word.to_ascii_lowercase();
        let known = [
            "sum",
            "count",
            "schema",
            "offset",
            "n_offset",
            "buckets",
            "n_buckets",
            "z_bucket",
            "z_bucket_w",
            "custom_values",
            "counter_reset_hint",
        ];
        if !known.contains(&key.as_str()) {
            self.at = start;
            return Err(match (word, self.rest().chars().next()) {
                ("", Some(unexpected)) => self.error(&format!(
                    "histogram description incomplete unexpected: {unexpected:?}"
                )),
                ("", None) => self.error("histogram description incomplete"),
                _ => self.error(&format!("bad histogram descriptor found: {word:?}")),
            });
        }
        if !self.eat(":") {
            return Err(self.error("missing `:` for histogram descriptor"));
        }
        if described.keys.contains(&key) {
            return Err(self.error(&format!("duplicate key \"{key}\" in histogram")));
        }
        let histogram = &mut described.histogram;
        match key.as_str() {
            "sum" => histogram.sum = self.number()?,
            "count" => histogram.count = self.number()?,
            "schema" => histogram.schema = self.integer()?,
            "offset" => described.offset = self.integer()?,
            "n_offset" => described.negative_offset = self.integer()?,
            "buckets" => histogram.positive_buckets = self.numbers()?,
            "n_buckets" => histogram.negative_buckets = self.numbers()?,
            "z_bucket" => histogram.zero_count = self.number()?,
            "z_bucket_w" => histogram.zero_threshold = self.number()?,
            "custom_values" => histogram.custom_values = self.numbers()?,
            _ => histogram.counter_reset_hint = self.hint()?,
        }
        described.keys.push(key);
        Ok(())
    }

    fn hint(&mut self) -> Result<CounterResetHint, NotationError> {
        let start = self.at;
        let word = self.take(|character| character.is_ascii_alphabetic() || character == '_');
        match word.to_ascii_lowercase().as_str() {
            "unknown" => Ok(CounterResetHint::Unknown),
            "reset" => Ok(CounterResetHint::CounterReset),
            "not_reset" => Ok(CounterResetHint::NotCounterReset),
            "gauge" => Ok(CounterResetHint::Gauge),
            _ => {
                self.at = start;
                Err(self.error(&format!(
                    "error parsing counter_reset_hint: unknown value {word}"
                )))
            }
        }
    }

    /// Takes everything up to a character that ends a value.
    fn value(&mut self) -> &'t str {
        self.take(|character| {
            !character.is_whitespace() && !matches!(character, '}' | ']' | '[' | ':')
        })
    }

    fn integer(&mut self) -> Result<i32, NotationError> {
        let start = self.at;
        let value = self.value();
        value.parse().map_err(|_| {
            self.at = start;
            self.error(&format!("error parsing integer: {value:?}"))
        })
    }

    fn number(&mut self) -> Result<f64, NotationError> {
        let start = self.at;
        let value = self.value();
        number(value).ok_or_else(|| {
            self.at = start;
            self.error(&format!("error parsing number: {value:?}"))
        })
    }

    fn numbers(&mut self) -> Result<Vec<f64>, NotationError> {
        if !self.eat("[") {
            return Err(self.error("expected a list of numbers, such as [5 10 7]"));
        }
        let mut numbers = Vec::new();
        loop {
            self.spaces();
            if !numbers.is_empty() && self.eat("]") {
                return Ok(numbers);
            }
            numbers.push(self.number()?);
        }
    }
}

fn span(offset: i32, buckets: usize) -> Vec<Span> {
    match u32::try_from(buckets) {
        Ok(0) | Err(_) => Vec::new(),
        Ok(length) => vec![Span { offset, length }],
    }
}

/// Parses a number as PromQL does: decimal, `0x1f`, `Inf` or `NaN`, with a sign.
fn number(text: &str) -> Option<f64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1.0, digits),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let value = match lower.as_str() {
        "inf" => f64::INFINITY,
        "nan" => return Some(f64::NAN),
        _ => match lower.strip_prefix("0x") {
            // Above 2^53, the nearest float is meant.
            #[allow(clippy::cast_precision_loss)]
            Some(hex) => i64::from_str_radix(hex, 16).ok()? as f64,
            None if lower.starts_with(|first: char| first.is_ascii_digit() || first == '.') => {
                lower.parse().ok()?
            }
            None => return None,
        },
    };
    Some(sign * value)
}
