//! Names in generated files: stems of file names, uids of dashboards, alerts in rules.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::{Alert, Settings};

/// The longest stem of a file name, in bytes: file systems allow 255 for a complete name.
const LONGEST_STEM: usize = 200;

/// Names that Windows reserves for devices, with any extension.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// Converts a name to the stem of a file name: it cannot leave its folder, is not hidden, and is valid on every common
/// file system. Different names may give the same stem (as may names that differ in case alone, if the file system
/// ignores case); the caller has to check for duplicates.
///
/// ```
/// use nth_model::names::file_stem;
///
/// assert_eq!(file_stem("Legacy.Service"), "Legacy.Service");
/// assert_eq!(file_stem("../../etc/x"), "etc-x");
/// ```
pub fn file_stem(name: &str) -> String {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || "._-".contains(c) {
            c
        } else {
            '-'
        }
    };
    let mut stem: String = name.chars().map(safe).take(LONGEST_STEM).collect();
    let fit = stem
        .trim_start_matches(['.', '-'])
        .trim_end_matches(['.', '-']);
    stem = fit.to_owned();
    let before_dot = stem
        .split('.')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let numbered = before_dot
        .strip_prefix("com")
        .or(before_dot.strip_prefix("lpt"));
    if DEVICES.contains(&before_dot.as_str())
        || numbered.is_some_and(|n| n.len() == 1 && n.chars().all(|c| c.is_ascii_digit()))
    {
        stem.insert(0, '_');
    }
    if stem.is_empty() {
        "unnamed".to_owned()
    } else {
        stem
    }
}

/// The longest uid that Grafana accepts.
const LONGEST_UID: usize = 40;

/// The uid of a service's Grafana dashboard, which alerts link to: the service's name if Grafana accepts it as a uid
/// (at most 40 ASCII letters, digits, `-` and `_`); otherwise its valid characters and a hash of the complete name.
pub fn dashboard_uid(service: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !service.is_empty() && service.len() <= LONGEST_UID && service.chars().all(fits) {
        return service.to_owned();
    }
    let hash = format!("-{:08x}", fnv1a(service));
    let mut uid: String = service
        .chars()
        .map(|c| if fits(c) { c } else { '-' })
        .take(LONGEST_UID - hash.len())
        .collect();
    uid.push_str(&hash);
    uid
}

/// The separator between a service's name and its environment's in a uid.
const IN: &str = "--";

/// The uid of a service's dashboard in an environment, so that one Grafana can show several: `checkout--production`.
/// Without environments it is [`dashboard_uid`].
pub fn dashboard_uid_in(environment: Option<&str>, service: &str) -> String {
    let Some(environment) = environment else {
        return dashboard_uid(service);
    };
    let joined = format!("{service}{IN}{environment}");
    // If the end of the name is ambiguous, a hash of both names makes the uid unique.
    if is_clear(service) && is_clear(environment) {
        dashboard_uid(&joined)
    } else {
        dashboard_uid(&format!("{service}\0{environment}"))
    }
}

/// The uid of the project's dashboard of this name: [`dashboard_uid_in`] its environment, prefixed with the project's
/// name if other projects share its Grafana: `shop--checkout--production`.
pub fn project_dashboard_uid(settings: &Settings, name: &str) -> String {
    let environment = settings.environment.as_deref();
    let Some(project) = settings.shared_as() else {
        return dashboard_uid_in(environment, name);
    };
    let parts: Vec<&str> = [project, name].into_iter().chain(environment).collect();
    if parts.iter().all(|part| is_clear(part)) {
        dashboard_uid(&parts.join(IN))
    } else {
        dashboard_uid(&parts.join("\0"))
    }
}

/// Returns whether the end of a name is unambiguous when it is joined with others.
fn is_clear(name: &str) -> bool {
    !name.contains(IN) && !name.starts_with('-') && !name.ends_with('-')
}

/// The 32-bit FNV-1a hash, which is the same on every machine and in every version.
pub fn fnv1a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

/// The words of a name, split at all characters that are neither letters nor digits.
pub fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

/// A name in UpperCamelCase, as alerts are named: `queue-backlog` is `QueueBacklog`.
pub fn camel_case(name: &str) -> SmolStr {
    let mut out = String::new();
    for word in words(name) {
        let mut chars = word.chars();
        out.extend(chars.next().into_iter().flat_map(char::to_uppercase));
        out.push_str(chars.as_str());
    }
    out.into()
}

/// The name of an alert in the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertName {
    /// The name in camel case.
    pub preferred: SmolStr,
    /// The same name, with a number appended if an earlier alert has that name.
    pub unique: String,
}

/// The name in the rules of a service's alert, by its name in the source; `None` if the service has no such alert.
pub fn alert_name(alerts: &[Alert], name: &str) -> Option<String> {
    let written: Vec<&str> = alerts.iter().map(|alert| alert.name.as_str()).collect();
    let place = written.iter().position(|one| *one == name)?;
    let names = alert_names(&written);
    Some(names.into_iter().nth(place)?.unique)
}

/// The names of a service's alerts in the rules. `names` are those in the source, which may differ only in characters
/// that camel case drops.
pub fn alert_names(names: &[&str]) -> Vec<AlertName> {
    let mut taken = BTreeSet::new();
    let of = |name: &&str| {
        let mut preferred = camel_case(name);
        if preferred.is_empty() {
            preferred = "Alert".into();
        }
        let mut unique = preferred.to_string();
        let mut number = 2;
        while !taken.insert(unique.clone()) {
            unique = format!("{preferred}{number}");
            number += 1;
        }
        AlertName { preferred, unique }
    };
    names.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_stem_stays_in_its_folder() {
        for (name, stem) in [
            ("checkout", "checkout"),
            ("Legacy.Service", "Legacy.Service"),
            ("../../x", "x"),
            ("..", "unnamed"),
            ("", "unnamed"),
            ("a/b\\c:d", "a-b-c-d"),
            (".hidden", "hidden"),
            ("con", "_con"),
            ("LPT1.x", "_LPT1.x"),
            ("command", "command"),
            ("süd", "s-d"),
        ] {
            assert_eq!(file_stem(name), stem, "{name}");
        }
        assert_eq!(file_stem(&"x".repeat(1000)).len(), LONGEST_STEM);
    }

    #[test]
    fn uids_follow_names() {
        assert_eq!(dashboard_uid("checkout"), "checkout");
        assert_eq!(dashboard_uid("Legacy.Service"), "Legacy-Service-59633be3");
        // The published test vector of FNV-1a.
        assert_eq!(fnv1a("foobar"), 0xbf9c_f968);
        assert_ne!(dashboard_uid("a.b"), dashboard_uid("a:b"));
        assert_ne!(dashboard_uid(""), dashboard_uid("-"));
    }

    #[test]
    fn uids_tell_environments_apart() {
        assert_eq!(dashboard_uid_in(None, "checkout"), "checkout");
        let production = dashboard_uid_in(Some("production"), "checkout");
        assert_eq!(production, "checkout--production");
        assert_ne!(
            dashboard_uid_in(Some("c"), "a--b"),
            dashboard_uid_in(Some("b--c"), "a")
        );
        assert_ne!(
            dashboard_uid_in(Some("-b"), "a"),
            dashboard_uid_in(Some("b"), "a-")
        );
    }

    #[test]
    fn alerts_are_named_in_camel_case() {
        assert_eq!(camel_case("queue-backlog"), "QueueBacklog");
        assert_eq!(
            camel_case("orders-db/connections_near limit"),
            "OrdersDbConnectionsNearLimit"
        );
        assert_eq!(camel_case("http-5xx"), "Http5xx");
    }

    #[test]
    fn names_of_alerts_stay_apart() {
        let names = alert_names(&[
            "queue-backlog",
            "queue_backlog",
            "QueueBacklog2",
            "queue backlog",
            "-",
        ]);
        let unique: Vec<_> = names.iter().map(|name| name.unique.as_str()).collect();
        assert_eq!(
            unique,
            [
                "QueueBacklog",
                "QueueBacklog2",
                "QueueBacklog22",
                "QueueBacklog3",
                "Alert"
            ]
        );
        let preferred: Vec<_> = names.iter().map(|name| name.preferred.as_str()).collect();
        assert_eq!(
            preferred,
            [
                "QueueBacklog",
                "QueueBacklog",
                "QueueBacklog2",
                "QueueBacklog",
                "Alert"
            ]
        );
    }

    proptest! {
        #[test]
        fn whatever_the_name(name in any::<String>()) {
            let stem = file_stem(&name);
            prop_assert!(!stem.is_empty() && !stem.starts_with('.') && !stem.ends_with('.'));
            prop_assert!(stem.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)));
            let uid = dashboard_uid(&name);
            prop_assert!((1..=LONGEST_UID).contains(&uid.len()));
            prop_assert!(uid.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'));
        }
    }
}
