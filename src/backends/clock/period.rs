//! The current period of a calendar window.

use jiff::tz::TimeZone;

use nth_model::{CalendarUnit, CalendarWindow, zone};
use nth_promql::{BinaryOp, Expr, build};

use super::offset::Offsets;
use super::{add, moved, seconds};

const DAY: i64 = 86_400;
/// 1969-12-29, a Monday: times since then are never negative.
const MONDAY: i64 = -3 * DAY;
/// Half a month: added to the first moment of a month, it is in the same month in every zone.
const HALF_MONTH: i64 = 15 * DAY;
/// A month: added to a time in the middle of a month, it is in the next one.
const MONTH: i64 = 30 * DAY;

/// The periods of a calendar window, as of some seconds before the evaluation.
pub struct Periods {
    unit: CalendarUnit,
    offsets: Offsets,
    late: i64,
}

impl Periods {
    /// Creates those of a window, `late` seconds ago.
    pub fn new(window: &CalendarWindow, late: i64) -> Self {
        // The language reports an unknown zone before.
        let zone = zone::find(&window.zone).unwrap_or(TimeZone::UTC);
        Self {
            unit: window.unit,
            offsets: Offsets::new(&zone),
            late,
        }
    }

    /// The local time in seconds, plus some.
    fn local(&self, plus: i64) -> Expr {
        match self.offsets.constant() {
            Some(offset) => moved(offset + plus - self.late),
            None => {
                let offset = self.offsets.at(&|by| moved(by - self.late));
                build::binary(BinaryOp::Add, moved(plus - self.late), offset)
            }
        }
    }

    /// A number of the period, in which it differs from the one before and the one after: one sample without labels.
    pub fn number(&self) -> Expr {
        let call = |function: &str, of: Expr| build::call(function, vec![of]);
        let divide = |left, right| build::binary(BinaryOp::Divide, left, seconds(right));
        match self.unit {
            CalendarUnit::Week => {
                let since = build::paren(self.local(-MONDAY));
                call("floor", divide(since, 7 * DAY))
            }
            CalendarUnit::Month => call("month", self.local(0)),
            CalendarUnit::Quarter => call("ceil", divide(call("month", self.local(0)), 3)),
        }
    }

    /// The first moment of the period on the local clock, in seconds.
    pub fn local_start(&self) -> Expr {
        let minus = |left, right| build::binary(BinaryOp::Subtract, left, right);
        let modulo =
            |left, right| build::binary(BinaryOp::Modulo, build::paren(left), seconds(right));
        if self.unit == CalendarUnit::Week {
            return minus(self.local(0), modulo(self.local(-MONDAY), 7 * DAY));
        }
        let days = |function: &str, of: Expr| build::call(function, vec![of]);
        let today = minus(self.local(0), modulo(self.local(0), DAY));
        let before = add(days("day_of_month", self.local(0)), -1);
        let month = minus(
            today,
            build::binary(BinaryOp::Multiply, build::paren(before), seconds(DAY)),
        );
        if self.unit == CalendarUnit::Month {
            return month;
        }
        // How many months of the quarter are over, and the days of these.
        let over = || {
            let month = add(days("month", self.local(0)), -1);
            modulo(month, 3)
        };
        let length = |back: i64| days("days_in_month", add(build::paren(month.clone()), -back));
        let past = |least: i64, back: i64| {
            let is_over = build::compare_bool(BinaryOp::GreaterOrEqual, over(), seconds(least));
            build::binary(
                BinaryOp::Multiply,
                build::paren(is_over),
                build::binary(BinaryOp::Multiply, length(back), seconds(DAY)),
            )
        };
        minus(
            minus(month.clone(), past(1, HALF_MONTH)),
            past(2, HALF_MONTH + MONTH),
        )
    }

    /// The first moment of the period, in seconds since 1970, from its recorded local start.
    pub fn start(&self, local_start: &Expr) -> Expr {
        let offset = match self.offsets.constant() {
            Some(offset) => return add(local_start.clone(), -offset),
            None => {
                let largest = self.offsets.largest();
                self.offsets
                    .at(&|by| add(local_start.clone(), by - largest))
            }
        };
        build::binary(
            BinaryOp::Subtract,
            local_start.clone(),
            build::paren(offset),
        )
    }

    /// The length of the period in seconds, from its recorded local start.
    pub fn length(&self, local_start: &Expr) -> Expr {
        let days_in =
            |after: i64| build::call("days_in_month", vec![add(local_start.clone(), after)]);
        let local = match self.unit {
            // The value is that of the week, but only if there is one.
            CalendarUnit::Week => add(
                build::binary(BinaryOp::Multiply, local_start.clone(), seconds(0)),
                7 * DAY,
            ),
            CalendarUnit::Month => {
                build::binary(BinaryOp::Multiply, days_in(HALF_MONTH), seconds(DAY))
            }
            CalendarUnit::Quarter => {
                let months = [0, 1, 2].map(|month| days_in(HALF_MONTH + month * MONTH));
                let days = build::join(BinaryOp::Add, months);
                let days = days.map_or_else(|| seconds(91), build::paren);
                build::binary(BinaryOp::Multiply, days, seconds(DAY))
            }
        };
        if self.offsets.constant().is_some() {
            return local;
        }
        let largest = self.offsets.largest();
        let at = |moment: Expr| {
            let offset = self.offsets.at(&|by| add(moment.clone(), by - largest));
            build::paren(offset)
        };
        let end = build::binary(BinaryOp::Add, local_start.clone(), local.clone());
        let change = build::binary(BinaryOp::Subtract, at(end), at(local_start.clone()));
        build::binary(BinaryOp::Subtract, local, build::paren(change))
    }
}
