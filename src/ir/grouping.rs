//! Groups of SLOs: each has its own error budget.

use std::collections::BTreeMap;

use nth_promql::{Expr, Node, rewrite};
use rust_decimal::Decimal;
use smol_str::SmolStr;

use super::{Numerator, Sli, Slo};

/// The groups of an SLO: the combinations of the values of some labels.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Grouping {
    /// The labels, at least one, in the order of the source.
    pub by: Vec<String>,
    /// The largest number of groups in the SLO window for which rules are evaluated.
    pub limit: u32,
    /// Groups with an objective of their own. Of several that match a group, the first applies.
    pub objectives: Vec<GroupObjective>,
}

impl Grouping {
    /// The objective of the group with these labels, if it is not that of the SLO.
    pub fn own_objective(&self, labels: &BTreeMap<String, String>) -> Option<Decimal> {
        let value = |label: &String| labels.get(label).map_or("", String::as_str);
        let mut all = self.objectives.iter();
        let of_group = all.find(|own| {
            own.labels
                .iter()
                .all(|(label, wanted)| value(label) == wanted)
        });
        of_group.map(|own| own.objective)
    }
}

/// Groups of an SLO with an objective of their own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GroupObjective {
    /// The name in the source.
    pub name: SmolStr,
    /// The values of labels that these groups have, at least one.
    pub labels: BTreeMap<String, String>,
    /// The share of their events that must be good, between 0 and 1.
    pub objective: Decimal,
}

impl Slo {
    /// The SLI with the sums over the labels of its groups as sums over all events: that of an SLO without groups.
    pub fn ungrouped_sli(&self) -> Sli {
        let by = self.by();
        let without = |expr: &Expr| {
            let mut expr = expr.clone();
            rewrite::each_expr(&mut expr, &mut |expr| {
                if let Node::Aggregate(aggregate) = &mut expr.node {
                    let is_by = aggregate.grouping.as_ref().is_some_and(|grouping| {
                        let labels = grouping.labels.iter().map(|label| label.name.as_str());
                        !grouping.without && labels.eq(by.iter().map(String::as_str))
                    });
                    if is_by {
                        aggregate.grouping = None;
                    }
                }
            });
            expr
        };
        match &self.sli {
            Sli::Events {
                numerator,
                total,
                total_series,
                bucket,
                breakdown,
            } => Sli::Events {
                numerator: match numerator {
                    Numerator::Bad(bad) => Numerator::Bad(without(bad)),
                    Numerator::Good(good) => Numerator::Good(without(good)),
                },
                total: without(total),
                total_series: total_series.clone(),
                bucket: bucket.clone(),
                breakdown: breakdown.clone(),
            },
            Sli::TimeSlices { good } => Sli::TimeSlices {
                good: without(good),
            },
            Sli::ErrorRatio { ratio, total } => Sli::ErrorRatio {
                ratio: without(ratio),
                total: total.as_ref().map(without),
            },
        }
    }
}
