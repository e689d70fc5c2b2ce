//! A store without its future.

use crate::store::{LabelMatcher, MemoryStore, Samples, Store};
use crate::value::Timestamp;

/// The samples up to and including a time. An evaluation one time after another must not see the input of later ones, for
/// example with a negative offset.
pub(super) struct Until<'s> {
    pub(super) store: &'s MemoryStore,
    pub(super) time: Timestamp,
}

impl Store for Until<'_> {
    fn select(
        &self,
        matchers: &[LabelMatcher],
        start: Timestamp,
        end: Timestamp,
    ) -> Vec<Samples<'_>> {
        let end = end.min(self.time);
        if start >= end {
            return Vec::new();
        }
        self.store.select(matchers, start, end)
    }
}
