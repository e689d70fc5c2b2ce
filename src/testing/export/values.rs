//! Samples in the notation of `promtool test rules`, so that they read back exactly.

use std::fmt::Write as _;

use nth_engine::histogram::{CounterResetHint, FloatHistogram};
use nth_engine::{FloatSample, HistogramSample, Labels, METRIC_NAME, Timestamp, is_stale};

/// A sample in the notation.
#[derive(Debug, Clone, PartialEq)]
pub enum Slot {
    /// A float that is not a staleness marker.
    Float(f64),
    /// A histogram.
    Histogram(String),
    /// A staleness marker.
    Stale,
}

/// The samples of a series in order of time.
pub type Slots = Vec<(Timestamp, Slot)>;

/// Returns the samples of a series from a time on, each `shift` milliseconds later.
pub fn slots(
    floats: &[FloatSample],
    histograms: &[HistogramSample],
    start: Timestamp,
    shift: i64,
) -> Slots {
    let float = |sample: &FloatSample| match is_stale(sample.value) {
        true => (sample.at, Slot::Stale),
        false => (sample.at, Slot::Float(sample.value)),
    };
    let histogram = |sample: &HistogramSample| match is_stale(sample.value.sum) {
        true => (sample.at, Slot::Stale),
        false => (sample.at, Slot::Histogram(notation(&sample.value))),
    };
    let mut all: Slots = floats
        .iter()
        .filter(|sample| sample.at + shift >= start)
        .map(float)
        .chain(
            histograms
                .iter()
                .filter(|sample| sample.at + shift >= start)
                .map(histogram),
        )
        .map(|(at, slot)| (at + shift, slot))
        .collect();
    all.sort_by_key(|(at, _)| *at);
    all
}

/// Returns a histogram without what the storage finds out by itself: whether its counters were reset.
fn notation(histogram: &FloatHistogram) -> String {
    let mut plain = histogram.clone();
    if plain.counter_reset_hint != CounterResetHint::Gauge {
        plain.counter_reset_hint = CounterResetHint::Unknown;
    }
    plain.notation()
}

/// Returns samples as text, the first value at `start` and the others `grid` milliseconds apart. All samples are at such times.
pub fn text(slots: &[(Timestamp, Slot)], start: Timestamp, grid: i64) -> String {
    let mut items: Vec<String> = Vec::new();
    let mut next = start;
    let mut rest = slots;
    while let Some((at, slot)) = rest.first() {
        match (at - next) / grid {
            0 => {}
            1 => items.push("_".to_owned()),
            missing => items.push(format!("_x{missing}")),
        }
        let run = run(rest, grid);
        let mut item = match slot {
            Slot::Float(value) => float(*value),
            Slot::Histogram(text) => text.clone(),
            Slot::Stale => "stale".to_owned(),
        };
        if let Some(step) = run.step {
            let sign = if step.is_sign_negative() { '-' } else { '+' };
            let _ = write!(item, "{sign}{}", float(step.abs()));
        }
        if run.length > 1 && is_word(slot) {
            items.extend(std::iter::repeat_n(item, run.length));
        } else {
            if run.length > 1 {
                let _ = write!(item, "x{}", run.length - 1);
            }
            items.push(item);
        }
        let (done, after) = rest.split_at(run.length.min(rest.len()));
        next = done.last().map_or(next, |(at, _)| at + grid);
        rest = after;
    }
    items.join(" ")
}

/// Samples one after another that one item of the notation describes.
struct Run {
    length: usize,
    /// What is added each time; `None` if all are the same.
    step: Option<f64>,
}

/// Returns the longest run at the beginning of samples, of which there is at least one.
fn run(slots: &[(Timestamp, Slot)], grid: i64) -> Run {
    let Some((first_at, first)) = slots.first() else {
        return Run {
            length: 1,
            step: None,
        };
    };
    let first_at = *first_at;
    let in_sequence = slots
        .iter()
        .zip(0..)
        .take_while(move |((at, _), index)| *at == first_at + grid * index)
        .map(|((_, slot), _)| slot);
    let same = in_sequence
        .clone()
        .take_while(|slot| is_same(slot, first))
        .count();
    let mut floats = in_sequence.map_while(|slot| match slot {
        Slot::Float(value) => Some(*value),
        _ => None,
    });
    if let (Some(one), Some(two)) = (floats.next(), floats.next()) {
        let step = two - one;
        // As the notation is read: one addition after another.
        let mut sum = one + step;
        let mut length = 1;
        for value in std::iter::once(two).chain(floats) {
            if value.to_bits() != sum.to_bits() {
                break;
            }
            length += 1;
            sum += step;
        }
        if step.is_finite() && step != 0.0 && length > same.max(2) {
            return Run {
                length,
                step: Some(step),
            };
        }
    }
    Run {
        length: same.max(1),
        step: None,
    }
}

/// True for a sample that is written as a word, `NaN`, `Inf`, or `stale`: promtool would read `NaNx2` as another word.
fn is_word(slot: &Slot) -> bool {
    match slot {
        Slot::Float(value) => !value.is_finite(),
        Slot::Histogram(_) => false,
        Slot::Stale => true,
    }
}

fn is_same(left: &Slot, right: &Slot) -> bool {
    match (left, right) {
        (Slot::Float(left), Slot::Float(right)) => {
            left.to_bits() == right.to_bits() || (left.is_nan() && right.is_nan())
        }
        (left, right) => left == right,
    }
}

/// Returns the shortest text of a float that reads back exactly.
pub fn float(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Inf" } else { "-Inf" }.to_owned();
    }
    let size = value.abs();
    if size == 0.0 || (1e-5..1e15).contains(&size) {
        value.to_string()
    } else {
        format!("{value:e}")
    }
}

/// Returns a metric with its labels, `up{job="checkout"}`. Names that need quotes have them.
pub fn series(labels: &Labels) -> String {
    let is_name = |name: &str, others: &str| {
        !name.is_empty()
            && name.chars().enumerate().all(|(place, c)| {
                c.is_ascii_alphabetic()
                    || c == '_'
                    || others.contains(c)
                    || (place > 0 && c.is_ascii_digit())
            })
    };
    let metric = labels.metric();
    let (mut out, mut parts) = (String::new(), Vec::new());
    if is_name(metric, ":") {
        out.push_str(metric);
    } else if !metric.is_empty() {
        parts.push(quoted(metric));
    }
    for (name, value) in labels.iter().filter(|(name, _)| *name != METRIC_NAME) {
        let name = match is_name(name, "") {
            true => name.to_owned(),
            false => quoted(name),
        };
        parts.push(format!("{name}={}", quoted(value)));
    }
    if parts.is_empty() && !out.is_empty() {
        return out;
    }
    let _ = write!(out, "{{{}}}", parts.join(","));
    out
}

/// Returns a text as a string of PromQL.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use nth_engine::testing::{Sequence, Value};
    use proptest::prelude::*;

    use super::*;

    fn written(values: &[Option<Slot>]) -> String {
        let slots: Slots = (0..)
            .zip(values)
            .filter_map(|(index, slot)| Some((100 + index * 7, slot.clone()?)))
            .collect();
        text(&slots, 100, 7)
    }

    fn floats(values: &[f64]) -> String {
        let slots: Vec<Option<Slot>> = values.iter().map(|v| Some(Slot::Float(*v))).collect();
        written(&slots)
    }

    #[test]
    fn runs_are_short() {
        assert_eq!(floats(&[1.0, 1.0, 1.0, 4.0, 7.0, 10.0]), "1x2 4+3x2");
        assert_eq!(floats(&[5.0, 3.0, 1.0, 0.0]), "5-2x2 0");
        assert_eq!(floats(&[1.0, 2.0]), "1 2");
        assert_eq!(
            floats(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY]),
            "NaN Inf -Inf"
        );
        let inf = f64::INFINITY;
        assert_eq!(floats(&[inf, inf, -inf, -inf, 1.0]), "Inf Inf -Inf -Inf 1");
        assert_eq!(floats(&[1e300, -1.5e-9, 0.1]), "1e300 -1.5e-9 0.1");
        let float = |value| Some(Slot::Float(value));
        assert_eq!(
            written(&[None, float(1.0), Some(Slot::Stale), None, None, float(2.0)]),
            "_ 1 stale _x2 2"
        );
    }

    #[test]
    fn metrics_are_read_as_they_were() {
        for labels in [
            vec![("__name__", "up")],
            vec![("__name__", "a:b"), ("job", "a \"quoted\" \\ one\n\u{7f}é")],
            vec![("__name__", "http.requests"), ("k8s.pod", "a{}#b")],
            vec![("job", "no name")],
        ] {
            let labels: Labels = labels.into_iter().collect();
            let read = Sequence::parse(&format!("{} 1", series(&labels))).unwrap();
            assert_eq!(read.labels, labels);
        }
    }

    fn any_slot() -> impl Strategy<Value = Option<Slot>> {
        let float = |value| Some(Slot::Float(value));
        prop_oneof![
            2 => Just(None),
            1 => Just(Some(Slot::Stale)),
            4 => (-3..4_i32).prop_map(move |value| float(f64::from(value) / 2.0)),
            2 => any::<f64>().prop_filter("no marker", |value| !is_stale(*value)).prop_map(float),
            1 => prop_oneof![Just(f64::NAN), Just(-0.0), Just(f64::INFINITY)].prop_map(float),
            1 => Just(Some(Slot::Histogram("{{count:1 sum:2 buckets:[1]}}".to_owned()))),
        ]
    }

    /// Counters with steps that add rounding errors, and gaps.
    fn any_counter() -> impl Strategy<Value = Vec<Option<Slot>>> {
        (
            any::<f64>(),
            prop_oneof![Just(0.1), Just(15.0), -1e3..1e3],
            1..40_usize,
        )
            .prop_map(|(start, step, length)| {
                let value = |index: usize| start % 1e6 + step * index as f64;
                (0..length)
                    .map(|index| Some(Slot::Float(value(index))))
                    .collect()
            })
    }

    proptest! {
        #[test]
        fn values_are_read_as_they_were(
            values in prop_oneof![proptest::collection::vec(any_slot(), 0..40), any_counter()]
        ) {
            let text = written(&values);
            let read = Sequence::parse(&format!("x {text}")).unwrap();
            let last = values.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
            prop_assert_eq!(read.values.len(), last, "{}", text);
            for (read, value) in read.values.iter().zip(&values) {
                let is_same = match (read, value) {
                    (Value::Omitted, None) => true,
                    (Value::Float(read), Some(Slot::Stale)) => is_stale(*read),
                    (Value::Float(read), Some(Slot::Float(value))) => {
                        read.to_bits() == value.to_bits() || (read.is_nan() && value.is_nan())
                    }
                    (Value::Histogram { histogram, .. }, Some(Slot::Histogram(text))) => {
                        notation(histogram) == *text
                    }
                    _ => false,
                };
                prop_assert!(is_same, "{:?} {:?} in {}", read, value, text);
            }
        }
    }
}
