//! Functions that sort.

use std::cmp::Ordering;

use crate::value::{Point, Series};

/// Sorts by the value at the first step, with NaN last. Series with histograms there are dropped.
pub(super) fn by_value(mut all: Vec<Series>, descending: bool) -> Vec<Series> {
    for series in &mut all {
        for point in &mut series.points {
            if matches!(point, Point::Histogram(_)) {
                *point = Point::Absent;
            }
        }
    }
    all.retain(|series| series.points.iter().any(Point::is_present));
    let value = |series: &Series| {
        let first = series.points.first().and_then(Point::float);
        first.unwrap_or(f64::NAN)
    };
    all.sort_by(|left, right| {
        let (left, right) = (value(left), value(right));
        let by_value = left.partial_cmp(&right).unwrap_or(Ordering::Equal);
        let by_value = if descending {
            by_value.reverse()
        } else {
            by_value
        };
        left.is_nan().cmp(&right.is_nan()).then(by_value)
    });
    all
}

/// Sorts by the natural order of the values of labels, then by all labels.
pub(super) fn by_labels(mut all: Vec<Series>, labels: &[String], descending: bool) -> Vec<Series> {
    all.sort_by(|left, right| {
        let mut values = labels
            .iter()
            .map(|label| (left.labels.get(label), right.labels.get(label)));
        let order = match values.find(|(left, right)| left != right) {
            Some((left, right)) => natural(left, right),
            None => left.labels.cmp(&right.labels),
        };
        if descending { order.reverse() } else { order }
    });
    all
}

/// Compares texts in natural order: runs of digits are compared as numbers.
fn natural(left: &str, right: &str) -> Ordering {
    let mut left_chunks = chunks(left);
    let mut right_chunks = chunks(right);
    loop {
        let order = match (left_chunks.next(), right_chunks.next()) {
            (Some(chunk), Some(other)) => match (number(chunk), number(other)) {
                (Some(number), Some(other)) => number.cmp(&other),
                _ => chunk.cmp(other),
            },
            (None, None) => return left.cmp(right),
            (chunk, other) => chunk.cmp(&other),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Returns a run of digits as something that compares like its number: the number of its digits without leading zeros, and
/// these digits.
fn number(chunk: &str) -> Option<(usize, &str)> {
    let digits = chunk.trim_start_matches('0');
    chunk
        .starts_with(|c: char| c.is_ascii_digit())
        .then_some((digits.len(), digits))
}

/// Iterates over the longest runs of digits and of other characters.
fn chunks(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let digits = first.is_ascii_digit();
        let end = rest
            .find(|c: char| c.is_ascii_digit() != digits)
            .unwrap_or(rest.len());
        let (chunk, others) = rest.split_at(end);
        rest = others;
        Some(chunk)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_texts_are_compared() {
        for (left, right) in [
            ("4m600", "4m1000"),
            ("a2", "a10"),
            ("a", "a1"),
            ("", "a"),
            ("1", "a"),
            ("canary", "production"),
            ("9", "99999999999999999999"),
            ("99999999999999999999", "99999999999999999999a"),
            ("01", "1"),
        ] {
            assert_eq!(natural(left, right), Ordering::Less, "{left} {right}");
            assert_eq!(natural(right, left), Ordering::Greater, "{right} {left}");
        }
    }
}
