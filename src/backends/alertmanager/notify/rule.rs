//! Inhibition rules, compared with the labels of alerts.

use super::{Texts, all_match};
use crate::alertmanager::inhibit::Inhibition;

/// An inhibition rule.
#[derive(Debug)]
pub struct Rule(Inhibition);

impl Rule {
    /// The rule as the configuration has it.
    pub fn new(inhibition: Inhibition) -> Self {
        Self(inhibition)
    }

    /// Returns whether an alert with these labels inhibits others.
    pub fn is_source(&self, labels: &Texts) -> bool {
        all_match(&self.0.source, labels)
    }

    /// Returns whether an alert with these labels can be inhibited.
    pub fn is_target(&self, labels: &Texts) -> bool {
        all_match(&self.0.target, labels)
    }

    /// Returns whether a source inhibits a target: the labels that must be equal are.
    pub fn is_equal(&self, source: &Texts, target: &Texts) -> bool {
        let mut labels = self.0.equal.iter();
        labels.all(|label| source.get(label) == target.get(label))
    }
}
