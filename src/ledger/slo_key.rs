//! The identity of an SLO in the ledger.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Identifies an SLO, or one group of a grouped SLO.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SloKey {
    /// The project's name.
    pub project: String,
    /// The environment's name; `None` in a project without environments.
    pub environment: Option<String>,
    /// The service's name.
    pub service: String,
    /// The SLO's name.
    pub slo: String,
    /// The labels that identify the group; empty for an SLO without groups.
    #[serde(default)]
    pub group: BTreeMap<String, String>,
}

/// Formats the key for people: `production/checkout/availability{region="eu"}`, without the project. Control characters of
/// label values are escaped.
impl fmt::Display for SloKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(environment) = &self.environment {
            write!(f, "{environment}/")?;
        }
        write!(f, "{}/{}", self.service, self.slo)?;
        if self.group.is_empty() {
            return Ok(());
        }
        f.write_str("{")?;
        for (number, (name, value)) in self.group.iter().enumerate() {
            let comma = if number == 0 { "" } else { ", " };
            write!(f, "{comma}{name}={value:?}")?;
        }
        f.write_str("}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_formatted() {
        let mut key = SloKey {
            project: "shop".into(),
            environment: Some("production".into()),
            service: "checkout".into(),
            slo: "availability".into(),
            group: BTreeMap::new(),
        };
        assert_eq!(key.to_string(), "production/checkout/availability");
        key.environment = None;
        key.group = BTreeMap::from([
            ("region".into(), "eu\u{1b}".into()),
            ("zone".into(), "a".into()),
        ]);
        assert_eq!(
            key.to_string(),
            r#"checkout/availability{region="eu\u{1b}", zone="a"}"#
        );
    }
}
