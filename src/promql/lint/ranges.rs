//! Lints of ranges with too few samples, offsets into the future, and rates of aggregated counters.

use super::super::error::Error;
use super::super::tree::*;
use super::super::{durations, labels};
use super::{Known, Lint};
use crate::codes;

/// The minimum range in scrape intervals: even with one missed scrape and any alignment, four intervals contain the two samples
/// that a rate needs.
const INTERVALS: u64 = 4;

impl Lint<'_> {
    /// Reports `rate(x[30s])` and `rate(sum(x)[5m:])`.
    pub(super) fn ranges(&mut self, call: &Call) {
        let intervals = match call.function.as_str() {
            "rate"
            | "increase"
            | "delta"
            | "deriv"
            | "predict_linear"
            | "resets"
            | "changes"
            | "double_exponential_smoothing" => INTERVALS,
            // These use the last two samples.
            "irate" | "idelta" => 2,
            _ => return,
        };
        match call.args.first().map(|arg| (&arg.node, arg)) {
            Some((Node::Range(_, range), _)) => self.short(call, range, intervals),
            Some((Node::Subquery(subquery), _)) => self.rate_of_aggregate(call, subquery),
            _ => {}
        }
    }

    fn short(&mut self, call: &Call, range: &Duration, intervals: u64) {
        let scrapes = self.surroundings.scrape_interval;
        let (Some(length), Some(least)) = (self.length(range), scrapes.0.checked_mul(intervals))
        else {
            return;
        };
        if length.0 >= least {
            return;
        }
        let readable = readable(nth_units::Duration(least));
        let mut error = Error::new(
            &codes::SHORT_RANGE,
            format!(
                "`{}` over {} is too short for a {} scrape interval",
                call.function,
                length.to_human(),
                scrapes.to_human()
            ),
            range.span,
        )
        .label(format!(
            "shorter than {intervals} scrape intervals ({})",
            nth_units::Duration(least).to_human()
        ))
        .note(if length.0 < scrapes.0.saturating_mul(2) {
            "a rate needs two samples: this range can contain fewer, and the result is then empty"
        } else {
            "a rate needs two samples: if a scrape fails or is late, fewer are left and the result is \
            empty"
        })
        .note("the scrape interval is `scrape_interval` under `[prometheus]` in nth.toml");
        if matches!(range.node, DurationNode::Literal(_)) {
            error = error.suggest(range.span, readable);
        }
        self.report(error);
    }

    /// Returns the length of a range, if it is known.
    fn length(&self, range: &Duration) -> Option<nth_units::Duration> {
        match &range.node {
            DurationNode::Literal(text) => {
                let milliseconds = durations::seconds(text)? * 1000.0;
                // Rounding does not matter for longer ones.
                Some(nth_units::Duration(milliseconds.round() as u64))
            }
            DurationNode::Hole(number) => match self.hole_value(*number) {
                Known::Duration(length) => Some(length),
                _ => None,
            },
            DurationNode::Paren(inner) => self.length(inner),
            _ => None,
        }
    }

    /// Reports `x offset -5m`.
    pub(super) fn future(&mut self, modifiers: &Modifiers) {
        let Some(offset) = modifiers.offset.as_ref().filter(|offset| offset.negative) else {
            return;
        };
        // With `@`, the offset is relative to a time that may be in the past.
        if modifiers.at.is_some()
            || self
                .length(&offset.duration)
                .is_none_or(|length| length.0 == 0)
        {
            return;
        }
        self.report(
            Error::new(
                &codes::FUTURE_OFFSET,
                "negative offset looks into the future",
                offset.duration.span,
            )
            .label("no samples exist yet when a rule is evaluated")
            .help("write `offset` without the sign to compare with the past"),
        );
    }

    fn rate_of_aggregate(&mut self, call: &Call, subquery: &Subquery) {
        if !matches!(
            call.function.as_str(),
            "rate" | "increase" | "irate" | "resets"
        ) {
            return;
        }
        let Node::Aggregate(aggregate) = &subquery.expr.unparenthesised().node else {
            return;
        };
        if labels::chooses(aggregate) || !matches!(aggregate.op.as_str(), "sum" | "avg") {
            return;
        }
        self.report(
            Error::new(
                &codes::RATE_OF_AGGREGATE,
                format!(
                    "`{}` of a `{}` misreads counter resets",
                    call.function, aggregate.op
                ),
                call.function_span,
            )
            .label("a reset of one counter looks like a reset of the whole")
            .help(format!(
                "take the rate of each series first: `{}({}(x[5m]))`",
                aggregate.op, call.function
            )),
        );
    }
}

/// Rounds a duration up to a readable one.
fn readable(least: nth_units::Duration) -> String {
    const SECOND: u64 = 1_000;
    const MINUTE: u64 = 60 * SECOND;
    let step = match least.0 {
        ..=MINUTE => 5 * SECOND,
        length if length <= 10 * MINUTE => MINUTE,
        _ => 5 * MINUTE,
    };
    nth_units::Duration(least.0.div_ceil(step).saturating_mul(step)).to_human()
}
