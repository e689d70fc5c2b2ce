//! The targets. Each reads the model and gives files; none knows another, and none does I/O.

pub mod grafana;
pub mod policy;
pub mod prometheus;
mod recorded;

use smol_str::SmolStr;

/// A file that a target gives.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Artifact {
    /// Where it goes, relative to the output folder, with `/` between its parts.
    pub path: String,
    /// All of it.
    pub contents: String,
}

/// Every artifact that a service has in every target.
///
/// # Errors
///
/// What a serialiser refused, as a sentence.
pub fn service_artifacts(
    service: &crate::ir::Service,
    settings: &crate::ir::Settings,
) -> Result<Vec<Artifact>, String> {
    let rules = prometheus::service_rules(service, settings)
        .map_err(|error| format!("the Prometheus rules could not be written as YAML: {error}"))?;
    let dashboard = grafana::service_dashboard(service, settings)
        .map_err(|error| format!("the Grafana dashboard could not be written: {error}"))?;
    Ok(rules.into_iter().chain(dashboard).collect())
}

/// Every artifact that a project has in every target besides those of its services, of which it is given all.
///
/// # Errors
///
/// What a serialiser refused, as a sentence.
pub fn project_artifacts(
    services: &[&crate::ir::Service],
    settings: &crate::ir::Settings,
) -> Result<Vec<Artifact>, String> {
    let mut files = grafana::project_files(services, settings)
        .map_err(|error| format!("the Grafana overview could not be written: {error}"))?;
    files.extend(policy::project_files(services, settings)?);
    Ok(files)
}

/// The longest stem of a file name, in bytes: file systems allow 255 for a whole name.
const LONGEST_STEM: usize = 200;

/// Names that Windows keeps for devices, whatever their extension.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// A name as the stem of a file's name: it can't leave its folder, is not hidden, and is fit for every common
/// file system. Different names may give the same stem (as may names that differ in case alone, where the
/// file system ignores case); whoever names things has to check that none do.
///
/// ```
/// use nthc::backends::file_stem;
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

/// The longest uid that Grafana takes.
const LONGEST_UID: usize = 40;

/// The uid of a service's Grafana dashboard, by which alerts link to it: the service's own name where Grafana
/// takes it as a uid (at most 40 ASCII letters, digits, `-` and `_`); otherwise what can be kept of it and a
/// hash of all of it.
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

/// What joins a service's name and its environment's in a uid.
const IN: &str = "--";

/// The uid of a service's dashboard in an environment, so that one Grafana can show several: `checkout--production`.
/// Without environments it is [`dashboard_uid`].
pub fn dashboard_uid_in(environment: Option<&str>, service: &str) -> String {
    let Some(environment) = environment else {
        return dashboard_uid(service);
    };
    let joined = format!("{service}{IN}{environment}");
    // Where one could not tell where the name ends, the hash of both tells.
    let clear = |name: &str| !name.contains(IN) && !name.starts_with('-') && !name.ends_with('-');
    if clear(service) && clear(environment) {
        dashboard_uid(&joined)
    } else {
        dashboard_uid(&format!("{service}\0{environment}"))
    }
}

/// The 32-bit FNV-1a hash, which is the same on every machine and in every version.
fn fnv1a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

/// The words of a name, split at whatever is neither letter nor digit.
pub(crate) fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

/// A name in UpperCamelCase, as alerts are named: `queue-backlog` is `QueueBacklog`.
pub(crate) fn camel_case(name: &str) -> SmolStr {
    let mut out = String::new();
    for word in words(name) {
        let mut chars = word.chars();
        out.extend(chars.next().into_iter().flat_map(char::to_uppercase));
        out.push_str(chars.as_str());
    }
    out.into()
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
