//! Conversion of classic histograms to native histograms with custom buckets.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::notation::{Sequence, Value, number};
use crate::histogram::{CUSTOM_SCHEMA, FloatHistogram, Span};
use crate::labels::{Labels, METRIC_NAME};
use crate::store::MemoryStore;
use crate::value::HistogramSample;

/// The series of a classic histogram at one time.
#[derive(Debug, Default, Clone)]
struct Classic {
    /// Upper bounds and cumulative counts.
    buckets: Vec<(f64, f64)>,
    count: Option<f64>,
    sum: f64,
}

/// Adds the classic histograms among series to a store, as native histograms without the suffix of their name.
///
/// # Errors
///
/// Returns a message for counts that are negative, not cumulative or contradictory.
pub(super) fn load(
    series: &[Sequence],
    store: &mut MemoryStore,
    interval: i64,
) -> Result<(), String> {
    let mut found: BTreeMap<Labels, BTreeMap<i64, Classic>> = BTreeMap::new();
    for sequence in series {
        let name = sequence.labels.metric();
        let Some((base, part)) = ["bucket", "sum", "count"].iter().find_map(|part| {
            let base = name.strip_suffix(part)?.strip_suffix('_')?;
            Some((base, *part))
        }) else {
            continue;
        };
        let bound = number(sequence.labels.get("le")).filter(|bound| !bound.is_nan());
        if part == "bucket" && bound.is_none() {
            continue;
        }
        let labels = sequence.labels.with("le", "").with(METRIC_NAME, base);
        let times = found.entry(labels).or_default();
        for (at, value) in (0i64..).zip(&sequence.values) {
            let Value::Float(value) = value else { continue };
            let classic = times.entry(at.saturating_mul(interval)).or_default();
            match (part, bound) {
                ("bucket", Some(bound)) => classic.buckets.push((bound, *value)),
                ("count", _) => classic.count = Some(*value),
                _ => classic.sum = *value,
            }
        }
    }
    for (labels, times) in found {
        for (at, classic) in times {
            let value = classic
                .convert()
                .map_err(|error| format!("{labels}: {error}"))?;
            store.add_histogram(
                &labels,
                HistogramSample {
                    at,
                    value: Arc::new(value),
                },
            );
        }
    }
    Ok(())
}

impl Classic {
    fn convert(mut self) -> Result<FloatHistogram, String> {
        self.buckets
            .sort_by(|left, right| left.0.total_cmp(&right.0));
        self.buckets.dedup_by(|later, earlier| later.0 == earlier.0);
        let last = self.buckets.last().copied();
        let count = self.count.or(last.map(|(_, count)| count)).unwrap_or(0.0);
        if last.is_none_or(|(bound, _)| bound != f64::INFINITY) {
            self.buckets.push((f64::INFINITY, count));
        } else if last.is_some_and(|(_, last)| last != count) {
            return Err(format!("count mismatch: {count} and the bucket +Inf"));
        }
        let mut counts = Vec::with_capacity(self.buckets.len());
        let mut previous = 0.0;
        for (_, cumulative) in &self.buckets {
            if *cumulative < previous {
                return Err(format!(
                    "count is not cumulative: {cumulative} < {previous}"
                ));
            }
            counts.push(cumulative - previous);
            previous = *cumulative;
        }
        let bounds = self.buckets.iter().map(|(bound, _)| *bound);
        let length = u32::try_from(counts.len()).map_err(|error| error.to_string())?;
        let mut histogram = FloatHistogram {
            schema: CUSTOM_SCHEMA,
            count,
            sum: self.sum,
            positive_spans: vec![Span { offset: 0, length }],
            positive_buckets: counts,
            custom_values: bounds.filter(|bound| *bound != f64::INFINITY).collect(),
            ..FloatHistogram::default()
        };
        histogram.compact(0);
        Ok(histogram)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn classic_histograms_become_native() {
        let lines = [
            r#"x_bucket{le="1", a="b"} 1 2"#,
            r#"x_bucket{le="+Inf", a="b"} 4 6"#,
            r#"x_bucket{le="2", a="b"} 3 3"#,
            r#"x_sum{a="b"} 10 11"#,
            r#"x_count{a="b"} 4 6"#,
            "y 1",
        ];
        let series: Vec<Sequence> = lines
            .iter()
            .map(|line| Sequence::parse(line).expect("the series is valid"))
            .collect();
        let mut store = MemoryStore::new();
        load(&series, &mut store, 1000).expect("it is a histogram");
        let found = store.select(&[], -1, 1000);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].labels.to_string(), r#"x{a="b"}"#);
        let last = &found[0].histograms[1].value;
        assert_eq!(last.custom_values, [1.0, 2.0]);
        assert_eq!(last.positive_buckets, [2.0, 1.0, 3.0]);
        assert_eq!((last.count, last.sum), (6.0, 11.0));
        let bad = [
            Sequence::parse(r#"x_bucket{le="1"} 2"#),
            Sequence::parse("x_count 1"),
        ];
        let bad: Vec<Sequence> = bad.into_iter().flatten().collect();
        assert!(load(&bad, &mut store, 1000).is_err());
    }
}
