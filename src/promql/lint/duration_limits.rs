//! Lints of durations as limits of values in other units than seconds.

use super::super::error::Error;
use super::super::time_unit::time_unit;
use super::super::tree::*;
use super::{Known, Lint};
use crate::codes;
use nth_units::number::decimal_text;
use nth_units::{Duration, DurationUnit};

impl<'l> Lint<'l> {
    /// Reports `x_milliseconds > ${500ms}`: an interpolated duration is a number of seconds.
    pub(super) fn duration_limit(&mut self, binary: &Binary) {
        if !binary.op.is_comparison() {
            return;
        }
        let found = self
            .misread(&binary.left, &binary.right)
            .or_else(|| self.misread(&binary.right, &binary.left));
        let Some((duration, span, unit)) = found else {
            return;
        };
        let count = decimal_text(unit.count(duration));
        let seconds = decimal_text(duration.as_seconds());
        self.report(
            Error::new(
                &codes::DURATION_IN_OTHER_UNIT,
                format!("{duration} is compared as {seconds} with {}", unit.name()),
                span,
            )
            .label("a duration in a query is a number of seconds")
            .help(format!(
                "compare with the number of {}: `{count}`",
                unit.name()
            ))
            .help(format!(
                "or divide the measured value by {}, and keep the duration",
                decimal_text(unit.count(Duration(1000)))
            )),
        );
    }

    fn misread(&self, limit: &Expr, value: &Expr) -> Option<(Duration, Span, DurationUnit)> {
        let Node::Hole(number) = limit.unparenthesised().node else {
            return None;
        };
        let Known::Duration(duration) = self.hole_value(number) else {
            return None;
        };
        let unit = time_unit(value, &|hole| match self.hole_value(hole) {
            Known::Query(query) => Some(query),
            _ => None,
        })?;
        (unit != DurationUnit::Seconds).then_some((duration, limit.span, unit))
    }
}
