//! The groups of an SLO: every expression has one series for each of them.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use nth_model::Sli;
use nth_promql::{BinaryOp, Expr, MatchOp, Node, build};

use super::super::query::{
    aggregate, aggregate_by, at_window, binary, for_each, or_zero, or_zero_of,
};
use super::SloContext;
use super::expressions::bad_slice;

impl<'a> SloContext<'a> {
    /// The labels whose values are the groups of this SLO; empty if it has none.
    pub fn by(&self) -> &'a [String] {
        self.slo.by()
    }

    /// Aggregates to one series for each group of this SLO.
    pub fn per_group(&self, op: &str, expr: Expr) -> Expr {
        aggregate_by(op, self.by(), None, expr)
    }

    /// The value of the series of this SLO with this metric name, without labels besides those of its groups.
    pub fn value(&self, metric: &str) -> Expr {
        self.per_group("max", self.recorded_series(metric))
    }

    /// The value of the series of this SLO with this metric name, which is one for all groups, without labels.
    pub fn whole_value(&self, metric: &str) -> Expr {
        aggregate("max", self.recorded_series(metric))
    }

    /// An operation on the series of each group and one value for all groups, which has no labels.
    pub(super) fn for_group(&self, groups: Expr, op: BinaryOp, all: Expr) -> Expr {
        match self.by() {
            [] => binary(groups, op, all),
            _ => for_each(groups, op, all),
        }
    }

    /// Adds 0 for what is missing: for an SLO without groups always, otherwise for the groups that a recorded series has.
    pub(super) fn or_zero_where(&self, expr: Expr, metric: &str) -> Expr {
        if self.by().is_empty() {
            return or_zero(expr);
        }
        or_zero_of(expr, self.per_group("group", self.recorded_series(metric)))
    }

    /// A number that follows from the objective. If groups have objectives of their own, it is one series for each group that a
    /// recorded series has.
    pub fn by_objective(&self, metric: &str, number: impl Fn(Decimal) -> Expr) -> Expr {
        let own = self.slo.own_objectives();
        if own.is_empty() {
            return number(self.slo.objective);
        }
        self.each_objective(metric, number)
    }

    /// A number that follows from the objective, for each group that a recorded series has.
    pub fn each_objective(&self, metric: &str, number: impl Fn(Decimal) -> Expr) -> Expr {
        let groups = |labels: &BTreeMap<String, String>, objective| {
            let mut series = self.recorded_series(metric);
            if let Node::Selector(selector) = &mut series.node {
                selector
                    .matchers
                    .extend(labels.iter().map(|(label, value)| {
                        build::matcher(label.as_str(), MatchOp::Equal, value.as_str())
                    }));
            }
            let groups = self.per_group("group", series);
            binary(groups, BinaryOp::Multiply, number(objective))
        };
        let own = self.slo.own_objectives().iter();
        let own: Vec<Expr> = own.map(|own| groups(&own.labels, own.objective)).collect();
        let all = groups(&BTreeMap::new(), self.slo.objective);
        build::join(BinaryOp::Or, own.into_iter().chain([all.clone()])).unwrap_or(all)
    }

    /// One series for each group that is measured now.
    pub fn measured_groups(&self) -> Expr {
        let current = self.current();
        match &self.slo.sli {
            Sli::Events { total, .. } => at_window(total, current),
            Sli::ErrorRatio { ratio, .. } => at_window(ratio, current),
            Sli::TimeSlices { good } => bad_slice(good, self.by()),
        }
    }
}
