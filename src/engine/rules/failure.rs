//! Errors of rules.

use smol_str::SmolStr;

use super::rule::RuleId;
use crate::error::Error;
use crate::value::Timestamp;

/// The first error of a rule, which ends the evaluation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The rule.
    pub id: RuleId,
    /// The name of the rule's metric or alert.
    pub name: SmolStr,
    /// The time of the evaluation.
    pub at: Timestamp,
    /// The error.
    pub error: Error,
}

/// Formats with the rule and the error, as Prometheus's test output does.
impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "rule: {}, err: {}", self.name, self.error)
    }
}

impl std::error::Error for Failure {}

/// An error at a step of a rule.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Failed {
    /// The time of the evaluation.
    pub(super) at: Timestamp,
    /// The error.
    pub(super) error: Error,
}

impl Failed {
    /// Keeps the earlier of two errors, and the first if they have the same time.
    pub(super) fn earliest(first: &mut Option<Self>, second: Self) {
        if first.as_ref().is_none_or(|first| second.at < first.at) {
            *first = Some(second);
        }
    }
}
