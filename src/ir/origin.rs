//! What a definition's objects in PagerDuty were before: existing objects, and objects under former names.

use std::collections::BTreeMap;

use smol_str::SmolStr;

/// The existing objects in PagerDuty that a definition refers to or takes over, and its former names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The ID of the object in PagerDuty, if it is managed elsewhere.
    pub pagerduty_id: Option<String>,
    /// The IDs of existing objects that Terraform imports, by what they are: [`ITSELF`], [`ORCHESTRATION`], or a tier or
    /// [`OTHER_ALERTS`] for an escalation.
    pub imports: BTreeMap<SmolStr, String>,
    /// The former names, the oldest first. None of them is in use.
    pub renamed_from: Vec<SmolStr>,
}

/// The key of the import of a team, schedule or service itself.
pub const ITSELF: &str = "itself";

/// The key of the import of a team's event orchestration.
pub const ORCHESTRATION: &str = "orchestration";

/// The key of the import of the escalation policy of alerts without a service.
pub const OTHER_ALERTS: &str = "other_alerts";

impl Origin {
    /// The ID of an import, without that of the integration behind a separator.
    pub fn import(&self, key: &str) -> Option<&str> {
        let id = self.imports.get(key)?;
        Some(id.split(INTEGRATION).next().unwrap_or(id))
    }

    /// The ID of the import of an integration: both its parts, as Terraform expects them.
    pub fn integration_import(&self, key: &str) -> Option<&str> {
        let id = self.imports.get(key)?;
        id.contains(INTEGRATION).then_some(id)
    }
}

/// The separators between the ID of a service or an orchestration and that of its integration.
const INTEGRATION: [char; 2] = ['.', ':'];

/// The lengths of IDs of PagerDuty: `PABC123`, and `Q1A2B3C4D5E6F7` of newer objects.
const ID_LENGTHS: std::ops::RangeInclusive<usize> = 5..=20;

/// Returns whether a text can be the ID of an object in PagerDuty: upper-case letters and digits.
pub fn is_pagerduty_id(text: &str) -> bool {
    ID_LENGTHS.contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}

/// Returns whether a text can be the ID of a service in PagerDuty, or of a service and its integration.
pub fn is_service_import(text: &str) -> bool {
    match text.split_once('.') {
        Some((service, integration)) => is_pagerduty_id(service) && is_pagerduty_id(integration),
        None => is_pagerduty_id(text),
    }
}

/// Returns whether a text can be the ID of an event orchestration, a UUID, or of one and its integration.
pub fn is_orchestration_import(text: &str) -> bool {
    match text.split_once(':') {
        Some((orchestration, integration)) => is_uuid(orchestration) && is_uuid(integration),
        None => is_uuid(text),
    }
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_pagerduty() {
        assert!(is_pagerduty_id("PABC123") && is_pagerduty_id("Q1A2B3C4D5E6F7"));
        for wrong in [
            "",
            "P12",
            "pabc123",
            "PABC-123",
            "PABC123.PINT456",
            "PÄBC123",
        ] {
            assert!(!is_pagerduty_id(wrong), "{wrong}");
        }
        assert!(is_service_import("PABC123") && is_service_import("PABC123.PINT456"));
        assert!(!is_service_import("PABC123:PINT456") && !is_service_import("PABC123."));
        let uuid = "b4745a03-4f72-4654-4f72-a8b5c9d0e1f2";
        assert!(is_orchestration_import(uuid));
        assert!(is_orchestration_import(&format!("{uuid}:{uuid}")));
        assert!(!is_orchestration_import("PABC123") && !is_orchestration_import(&uuid[1..]));
    }

    #[test]
    fn an_integration_is_the_second_part() {
        let of = |id: &str| Origin {
            imports: BTreeMap::from([(ITSELF.into(), id.to_owned())]),
            ..Origin::default()
        };
        let both = of("PABC123.PINT456");
        assert_eq!(both.import(ITSELF), Some("PABC123"));
        assert_eq!(both.integration_import(ITSELF), Some("PABC123.PINT456"));
        let alone = of("PABC123");
        assert_eq!(alone.import(ITSELF), Some("PABC123"));
        assert_eq!(alone.integration_import(ITSELF), None);
        assert_eq!(alone.import(ORCHESTRATION), None);
    }
}
