//! Errors of histograms.

use std::fmt::{self, Display, Formatter};

use super::number::Shortest;
use super::{CUSTOM_SCHEMA, FloatHistogram, Span, is_exponential};

/// Why histograms cannot be combined, or why one is not valid, in Prometheus's words.
#[derive(Debug, Clone, PartialEq)]
pub enum HistogramError {
    /// One histogram has custom buckets and the other exponential ones.
    IncompatibleSchemas,
    /// The resolution cannot be reduced.
    Resolution {
        /// The schema of the histogram.
        from: i32,
        /// The schema that was asked for.
        to: i32,
    },
    /// The histogram contradicts itself.
    Invalid(String),
}

impl Display for HistogramError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::IncompatibleSchemas => f.write_str(
                "cannot apply this operation on histograms with a mix of exponential and custom bucket schemas",
            ),
            Self::Resolution { from, .. } if *from == CUSTOM_SCHEMA => {
                f.write_str("cannot reduce resolution when there are custom buckets")
            }
            Self::Resolution { to, .. } if *to == CUSTOM_SCHEMA => {
                f.write_str("cannot reduce resolution to custom buckets schema")
            }
            Self::Resolution { from, to } => {
                write!(f, "cannot reduce resolution from schema {from} to {to}")
            }
            Self::Invalid(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for HistogramError {}

impl FloatHistogram {
    /// Checks what Prometheus checks before it stores a histogram: that spans fit the buckets, that no count is negative, and
    /// that only fields of the schema are used.
    ///
    /// # Errors
    ///
    /// The first contradiction.
    pub fn validate(&self) -> Result<(), HistogramError> {
        self.contradiction()
            .map_or(Ok(()), |message| Err(HistogramError::Invalid(message)))
    }

    fn contradiction(&self) -> Option<String> {
        let of_schema = if self.is_custom() {
            self.custom_contradiction()
        } else if is_exponential(self.schema) {
            self.exponential_contradiction()
        } else {
            Some(format!(
                "histogram has an invalid schema, which must be between -4 and 8 for exponential buckets, or -53 for custom buckets, got schema {}",
                self.schema
            ))
        };
        of_schema
            .or_else(|| {
                (self.count < 0.0).then(|| {
                    format!(
                        "observation count is  {}: histogram's observation count is negative",
                        Shortest(self.count)
                    )
                })
            })
            .or_else(|| {
                negative_count(&self.positive_buckets)
                    .map(|message| format!("positive side: {message}"))
            })
    }

    fn custom_contradiction(&self) -> Option<String> {
        let bounds = &self.custom_values;
        let of_bounds = bounds_contradiction(bounds).or_else(|| {
            let negative = self.positive_spans.iter().position(|span| span.offset < 0);
            if let Some(number) = negative {
                return Some(negative_offset(&self.positive_spans, number));
            }
            let needed: i64 = self
                .positive_spans
                .iter()
                .map(|span| i64::from(span.length) + i64::from(span.offset))
                .sum();
            mismatch(&self.positive_spans, self.positive_buckets.len()).or_else(|| {
                (i64::try_from(bounds.len() + 1).unwrap_or(i64::MAX) < needed).then(|| {
                    format!(
                        "only {} custom bounds defined which is insufficient to cover total span length of {needed}: histogram custom bounds are too few",
                        bounds.len()
                    )
                })
            })
        });
        if let Some(message) = of_bounds {
            return Some(format!("custom buckets: {message}"));
        }
        let unused = [
            (
                self.zero_count != 0.0,
                "custom buckets: must have zero count of 0",
            ),
            (
                self.zero_threshold != 0.0,
                "custom buckets: must have zero threshold of 0",
            ),
            (
                !self.negative_spans.is_empty(),
                "custom buckets: must not have negative spans",
            ),
            (
                !self.negative_buckets.is_empty(),
                "custom buckets: must not have negative buckets",
            ),
        ];
        unused
            .iter()
            .find(|(used, _)| *used)
            .map(|(_, message)| (*message).to_owned())
    }

    fn exponential_contradiction(&self) -> Option<String> {
        let of_spans = |spans: &[Span], buckets: &[f64]| {
            out_of_range(spans).or_else(|| mismatch(spans, buckets.len()))
        };
        of_spans(&self.positive_spans, &self.positive_buckets)
            .map(|message| format!("positive side: {message}"))
            .or_else(|| {
                of_spans(&self.negative_spans, &self.negative_buckets)
                    .or_else(|| negative_count(&self.negative_buckets))
                    .map(|message| format!("negative side: {message}"))
            })
            .or_else(|| {
                (self.zero_count < 0.0).then(|| {
                    format!(
                        "zero bucket has observation count of {}: {NEGATIVE_BUCKET}",
                        Shortest(self.zero_count)
                    )
                })
            })
            .or_else(|| {
                (!self.custom_values.is_empty()).then(|| {
                    "histogram with exponential schema must not have custom bounds".to_owned()
                })
            })
    }
}

const NEGATIVE_BUCKET: &str = "histogram has a bucket whose observation count is negative";

fn bounds_contradiction(bounds: &[f64]) -> Option<String> {
    if bounds.iter().any(|bound| bound.is_nan()) {
        return Some("histogram custom bounds must not be NaN".to_owned());
    }
    let unordered = bounds.windows(2).find_map(|pair| match pair {
        [before, bound] if bound <= before => Some(format!(
            "previous bound is {before:.6} and current is {bound:.6}: histogram custom bounds must be in strictly increasing order"
        )),
        _ => None,
    });
    unordered.or_else(|| {
        (bounds.last() == Some(&f64::INFINITY)).then(|| {
            "last +Inf bound must not be explicitly defined: histogram custom bounds must be finite".to_owned()
        })
    })
}

fn negative_offset(spans: &[Span], place: usize) -> String {
    let offset = spans.get(place).map_or(0, |span| span.offset);
    format!(
        "span number {} with offset {offset}: histogram has a span whose offset is negative",
        place + 1
    )
}

/// Finds the first span of exponential buckets that goes back, or whose indices are out of the range of 32 bits.
fn out_of_range(spans: &[Span]) -> Option<String> {
    const OUT_OF_RANGE: &str = "histogram has a span whose bucket index is out of range";
    let mut end = 0_i64;
    for (place, span) in spans.iter().enumerate() {
        let number = place + 1;
        if place > 0 && span.offset < 0 {
            return Some(negative_offset(spans, place));
        }
        if place == 0 && span.offset == i32::MIN {
            return Some(format!(
                "span number {number} starts at bucket index {}: {OUT_OF_RANGE}",
                span.offset
            ));
        }
        end = end.saturating_add(i64::from(span.offset) + i64::from(span.length));
        if end - 1 > i64::from(i32::MAX) {
            return Some(format!(
                "span number {number} ends at bucket index {}: {OUT_OF_RANGE}",
                end - 1
            ));
        }
    }
    None
}

fn mismatch(spans: &[Span], buckets: usize) -> Option<String> {
    let needed: u64 = spans.iter().map(|span| u64::from(span.length)).sum();
    (usize::try_from(needed) != Ok(buckets)).then(|| {
        format!(
            "spans need {needed} buckets, have {buckets} buckets: histogram spans specify different number of buckets than provided"
        )
    })
}

fn negative_count(buckets: &[f64]) -> Option<String> {
    let place = buckets.iter().position(|count| *count < 0.0)?;
    let count = buckets.get(place).copied().unwrap_or_default();
    Some(format!(
        "bucket number {} has observation count of {}: {NEGATIVE_BUCKET}",
        place + 1,
        Shortest(count)
    ))
}
