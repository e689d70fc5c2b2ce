//! Whether the recording rules of a group record anything.

use std::collections::BTreeSet;

use super::Ruler;
use super::state::{Group, Rule};
use crate::destinations::recorded::{self, Recording, Series};
use crate::error::DeliveryError;

impl Ruler {
    /// Returns the groups among these that have recording rules and no recorded series at this moment, by their numbers.
    pub(super) fn groups_without_data(
        &self,
        groups: &[(usize, &Group)],
    ) -> Result<BTreeSet<usize>, DeliveryError> {
        let rules = groups.iter().flat_map(|(_, group)| &group.rules);
        let Some(time) = recorded::time(rules.map(|rule| rule.last_evaluation.as_str())) else {
            return Ok(BTreeSet::new());
        };
        let groups: Vec<Recording<'_>> = groups
            .iter()
            .map(|(number, group)| Recording {
                number: *number,
                interval: group.interval,
                series: group.recordings().map(series).collect(),
            })
            .collect();
        let path = format!("{}/api/v1/query", self.state);
        recorded::groups_without_data(&self.client, &path, time, &groups)
    }
}

/// What a recording rule records.
fn series(rule: &Rule) -> Series<'_> {
    Series {
        name: &rule.name,
        labels: &rule.labels,
    }
}
