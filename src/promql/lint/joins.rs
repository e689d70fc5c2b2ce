//! Lints of matching or grouping by labels that the series do not have.

use super::super::error::Error;
use super::super::labels::{self, LabelSet};
use super::super::tree::*;
use super::Lint;
use super::facts::Facts;
use crate::codes;

impl Lint<'_> {
    /// Reports `sum by (a) (x) / sum by (b) (y)` and `x / on (a) sum(y)`.
    pub(super) fn join(&mut self, binary: &Binary, left: &Facts, right: &Facts) {
        // `or` and `fill` keep series that do not match.
        if binary.op == BinaryOp::Or
            || binary.fill != Fill::default()
            || labels::may_be_scalar(&binary.left)
            || labels::may_be_scalar(&binary.right)
        {
            return;
        }
        if let Some(matching) = &binary.matching {
            if let Some(group) = &matching.group {
                self.check_group(group, left, right);
            }
            if matching.on {
                self.check_matching(matching, left, right);
                return;
            }
        }
        let ignored: &[Label] = binary
            .matching
            .as_ref()
            .map_or(&[], |matching| matching.labels.as_slice());
        let lacks = |has: &Facts, other: &Facts| {
            has.labels
                .sure
                .iter()
                .find(|label| {
                    !other.labels.may.has(label)
                        && *label != "__name__"
                        && !ignored.iter().any(|ignored| ignored.name == **label)
                })
                .cloned()
        };
        let (label, side, other, lacking) = match (lacks(left, right), lacks(right, left)) {
            (Some(label), _) => (label, "left", "right", right),
            (None, Some(label)) => (label, "right", "left", left),
            (None, None) => return,
        };
        let mut error = Error::new(
            &codes::JOIN_NEVER_MATCHES,
            format!(
                "the two sides of `{}` never match: only the {side} one has the label `{label}`",
                binary.op.as_str()
            ),
            binary.op_span,
        )
        .label(if binary.op == BinaryOp::Unless {
            "so nothing is ever excluded".to_owned()
        } else {
            format!("the {other} side never has `{label}`, so the result is empty")
        });
        error = if lacking.labels.may == LabelSet::none() && !binary.op.is_set() {
            error.help(format!(
                "write `{} on () group_{side}` to match each series with the one of the {other} side",
                binary.op.as_str()
            ))
        } else if lacking.labels.may == LabelSet::none() {
            error.help(format!(
                "write `{} on ()` to only test whether the {other} side has a series",
                binary.op.as_str()
            ))
        } else {
            error.help(
                "aggregate both sides by the same labels, or name the labels to match with `on \
                (…)`",
            )
        };
        self.report(error);
    }

    fn check_matching(&mut self, matching: &Matching, left: &Facts, right: &Facts) {
        for label in &matching.labels {
            let lacking = match (
                left.labels.may.has(&label.name),
                right.labels.may.has(&label.name),
            ) {
                _ if label.name == "__name__" => continue,
                (true, true) => continue,
                (false, false) => "which neither side has",
                (false, true) => "which the left side never has",
                (true, false) => "which the right side never has",
            };
            self.report(
                Error::new(
                    &codes::JOIN_NEVER_MATCHES,
                    format!("matching by `{}`, {lacking}", label.name),
                    label.span,
                )
                .help("keep the label in the aggregation of that side, or match without it"),
            );
        }
    }

    /// Checks the labels of `group_left (…)`.
    fn check_group(&mut self, group: &Group, left: &Facts, right: &Facts) {
        let (one, side, name) = if group.left {
            (right, "right", "group_left")
        } else {
            (left, "left", "group_right")
        };
        for label in &group.labels {
            if !one.labels.may.has(&label.name) && label.name != "__name__" {
                self.report(
                    Error::new(
                        &codes::JOIN_NEVER_MATCHES,
                        format!(
                            "`{name}` takes `{}` from the {side} side, which never has it",
                            label.name
                        ),
                        label.span,
                    )
                    .label("always empty in the result")
                    .help("keep the label in the aggregation of that side"),
                );
            }
        }
    }

    /// Reports `sum by (a) (sum by (b) (x))`.
    pub(super) fn grouping(&mut self, aggregate: &Aggregate, of: &Facts) {
        let Some(grouping) = aggregate
            .grouping
            .as_ref()
            .filter(|grouping| !grouping.without)
        else {
            return;
        };
        for label in &grouping.labels {
            if of.labels.may.has(&label.name) || label.name == "__name__" {
                continue;
            }
            self.report(
                Error::new(
                    &codes::ABSENT_GROUP_LABEL,
                    format!(
                        "grouping by `{}`, a label that no input series has",
                        label.name
                    ),
                    label.span,
                )
                .label("dropped by an aggregation, a matcher or a join inside")
                .help("keep the label inside, or do not group by it"),
            );
        }
    }
}
