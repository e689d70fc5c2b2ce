//! Spans of time, in seconds; the end is not part of one.

/// From when until when.
pub(crate) type Span = (i64, i64);

/// Sorts spans and joins those that overlap or touch. Empty ones are removed.
pub(crate) fn join(mut spans: Vec<Span>) -> Vec<Span> {
    spans.retain(|span| span.0 < span.1);
    spans.sort_unstable();
    let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match joined.last_mut() {
            Some(last) if span.0 <= last.1 => last.1 = last.1.max(span.1),
            _ => joined.push(span),
        }
    }
    joined
}

/// The length of joined spans, within bounds and without other joined spans.
pub(crate) fn length(spans: &[Span], within: Span, without: &[Span]) -> i64 {
    let mut sum = 0;
    let mut next = 0;
    for span in spans {
        let (from, until) = (span.0.max(within.0), span.1.min(within.1));
        if until <= from {
            continue;
        }
        sum += until - from;
        while without.get(next).is_some_and(|other| other.1 <= from) {
            next += 1;
        }
        for other in without.iter().skip(next) {
            if other.0 >= until {
                break;
            }
            sum -= other.1.min(until) - other.0.max(from);
        }
    }
    sum
}

/// Whether a span overlaps one of joined spans.
pub(crate) fn overlaps(spans: &[Span], span: Span) -> bool {
    let next = spans.partition_point(|other| other.1 <= span.0);
    spans.get(next).is_some_and(|other| other.0 < span.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_spans_are_joined() {
        let spans = join(vec![(5, 7), (0, 3), (2, 4), (7, 7), (4, 5)]);
        assert_eq!(spans, [(0, 7)]);
        assert_eq!(join(vec![(9, 8)]), []);
    }

    #[test]
    fn lengths_are_without_other_spans() {
        let spans = [(0, 10), (20, 30)];
        assert_eq!(length(&spans, (0, 100), &[]), 20);
        assert_eq!(length(&spans, (5, 25), &[]), 10);
        assert_eq!(length(&spans, (0, 100), &[(8, 22), (25, 26)]), 15);
        assert_eq!(length(&spans, (0, 100), &[(-5, 200)]), 0);
    }

    #[test]
    fn a_span_overlaps_others() {
        let spans = [(0, 10), (20, 30)];
        assert!(
            overlaps(&spans, (9, 10)) && overlaps(&spans, (5, 25)) && overlaps(&spans, (15, 21))
        );
        assert!(
            !overlaps(&spans, (10, 20))
                && !overlaps(&spans, (30, 31))
                && !overlaps(&spans, (-9, 0))
        );
    }
}
