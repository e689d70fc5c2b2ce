//! The series that a rule sees during its evaluation.

use std::collections::HashMap;

use nth_engine::rules::RuleId;
use nth_engine::{LabelMatcher, Labels, MemoryStore, Samples, Store, Timestamp};

/// A store after an evaluation, as a rule saw it during its own: without what it and later rules recorded at that time.
pub struct Seen<'s> {
    /// All series.
    pub store: &'s MemoryStore,
    /// The rules that recorded them.
    pub writers: &'s HashMap<Labels, RuleId>,
    /// The rule.
    pub rule: RuleId,
    /// The time of the evaluation.
    pub at: Timestamp,
}

impl Store for Seen<'_> {
    fn select(
        &self,
        matchers: &[LabelMatcher],
        start: Timestamp,
        end: Timestamp,
    ) -> Vec<Samples<'_>> {
        let all = self.store.select(matchers, start, end.min(self.at));
        let all = all.into_iter().map(|mut samples| {
            let writer = self.writers.get(&samples.labels);
            if writer.is_some_and(|writer| *writer >= self.rule) {
                samples.floats.to_mut().retain(|one| one.at < self.at);
                samples.histograms.to_mut().retain(|one| one.at < self.at);
            }
            samples
        });
        all.filter(|samples| !samples.floats.is_empty() || !samples.histograms.is_empty())
            .collect()
    }
}
