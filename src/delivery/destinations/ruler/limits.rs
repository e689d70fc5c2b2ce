//! The limits of a ruler, where the server publishes them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{LEASES, Ruler};
use crate::destination::Excess;
use crate::destinations::cortex;
use crate::error::DeliveryError;
use crate::object::{DesiredObject, ObjectKey};

/// The names of the limits in the settings of Cortex and Mimir.
const RULES: &str = "ruler_max_rules_per_rule_group";
const GROUPS: &str = "ruler_max_rule_groups_per_tenant";

impl Ruler {
    /// Compares the desired groups with the limits of the tenant.
    pub(super) fn excesses(&self, desired: &[DesiredObject]) -> Result<Vec<Excess>, DeliveryError> {
        let limits = cortex::limits(&self.client, self.settings.tenant.as_deref())?;
        let mut found = Vec::new();
        if let Some(allowed) = limits.get(RULES).copied() {
            for object in desired {
                let rules = object.content.get("rules").and_then(Value::as_array);
                // And the mark.
                let needed = rules.map_or(0, Vec::len).saturating_add(1);
                let needed = u64::try_from(needed).unwrap_or(u64::MAX);
                if needed > allowed {
                    found.push(Excess {
                        key: Some(object.key.clone()),
                        limit: RULES.to_owned(),
                        allowed,
                        needed,
                    });
                }
            }
        }
        if let Some(allowed) = limits.get(GROUPS).copied() {
            let live = self.list()?;
            let live = live.iter().filter(|one| one.key.namespace != LEASES);
            let live = live.map(|object| &object.key);
            let all: BTreeSet<&ObjectKey> = live
                .chain(desired.iter().map(|object| &object.key))
                .collect();
            // The lease, and one more: the server counts a group that is replaced twice. Deletions come last.
            let needed = all.len().saturating_add(2);
            let needed = u64::try_from(needed).unwrap_or(u64::MAX);
            if needed > allowed {
                found.push(Excess {
                    key: None,
                    limit: GROUPS.to_owned(),
                    allowed,
                    needed,
                });
            }
        }
        Ok(found)
    }
}
