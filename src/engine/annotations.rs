//! Warnings and infos of an evaluation.

use std::collections::BTreeSet;

/// What an evaluation noticed without failing, in Prometheus's words. Equal messages are kept once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Annotations {
    /// Likely wrong results, such as `PromQL warning: encountered a mix of histograms and floats for metric name "x"`.
    pub warnings: BTreeSet<String>,
    /// Suspicious use, such as `PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "x"`.
    pub infos: BTreeSet<String>,
}

impl Annotations {
    /// Adds a warning. `text` comes after the prefix `PromQL warning: `.
    pub fn warn(&mut self, text: impl std::fmt::Display) {
        self.warnings.insert(format!("PromQL warning: {text}"));
    }

    /// Adds an info. `text` comes after the prefix `PromQL info: `.
    pub fn info(&mut self, text: impl std::fmt::Display) {
        self.infos.insert(format!("PromQL info: {text}"));
    }

    /// Adds all of another evaluation.
    pub fn merge(&mut self, other: Self) {
        self.warnings.extend(other.warnings);
        self.infos.extend(other.infos);
    }
}
