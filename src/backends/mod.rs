//! The targets. Each reads the model and gives files; none knows another, and none does I/O.

pub mod alertmanager;
mod alerts;
mod anchors;
pub mod docs;
pub mod go_template;
pub mod grafana;
pub mod limits;
mod links;
mod markdown;
pub mod openslo;
pub mod pagerduty;
pub mod policy;
pub mod prometheus;
pub(crate) mod recorded;
mod resource;

use std::collections::BTreeSet;

use smol_str::SmolStr;

use crate::ir::{self, TargetName};

/// Why a target gives no files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// A serialiser refused a document: a sentence.
    Unwritable(String),
    /// A document is larger than its reader takes.
    TooLarge(limits::Excess),
}

impl From<String> for Problem {
    fn from(problem: String) -> Self {
        Self::Unwritable(problem)
    }
}

impl From<limits::Excess> for Problem {
    fn from(excess: limits::Excess) -> Self {
        Self::TooLarge(excess)
    }
}

impl Problem {
    /// An error of a target, which is of what `what` could not be.
    fn of(error: Box<dyn std::error::Error>, what: &str) -> Self {
        match error.downcast::<limits::Excess>() {
            Ok(excess) => Self::TooLarge(*excess),
            Err(error) => Self::Unwritable(format!("cannot write {what}: {error}")),
        }
    }
}

/// A file that a target gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Artifact {
    /// Where it goes, relative to the output folder, with `/` between its parts.
    pub path: String,
    /// All of it.
    pub contents: String,
    /// The service that it is of alone; none where it is of the project.
    pub owner: Option<SmolStr>,
    /// The target that it is for.
    pub target: Option<TargetName>,
}

/// Notes whose the artifacts of a target are, where that is not known yet.
fn of_target(target: TargetName, owner: Option<&SmolStr>, artifacts: &mut [Artifact]) {
    for artifact in artifacts.iter_mut().filter(|made| made.target.is_none()) {
        artifact.target = Some(target);
        artifact.owner = artifact.owner.take().or_else(|| owner.cloned());
    }
}

/// Every artifact that a service of a project has in every target.
///
/// # Errors
///
/// What a serialiser refused, or a reader would.
pub fn service_artifacts(
    service: &ir::Service,
    project: &ir::Project<'_>,
    settings: &ir::Settings,
) -> Result<Vec<Artifact>, Problem> {
    let mut artifacts = Vec::new();
    for target in &settings.targets {
        match target {
            TargetName::Prometheus => {
                let rules = prometheus::service_rules(service, settings);
                artifacts
                    .extend(rules.map_err(|error| Problem::of(error, "the Prometheus rules"))?);
            }
            TargetName::Grafana => {
                let dashboard = grafana::service_dashboard(service, settings);
                artifacts.extend(
                    dashboard.map_err(|error| Problem::of(error, "the Grafana dashboard"))?,
                );
            }
            TargetName::OpenSlo => {
                artifacts.extend(openslo::service_files(service, project, settings)?);
            }
            TargetName::Docs => artifacts.extend(docs::service_files(service, project, settings)?),
            TargetName::Alertmanager | TargetName::PagerDuty | TargetName::Policy => {}
        }
        of_target(*target, Some(&service.name), &mut artifacts);
    }
    Ok(artifacts)
}

/// Every artifact that a project has in every target besides those of its services.
///
/// # Errors
///
/// What a serialiser refused, or a reader would.
pub fn project_artifacts(
    project: &ir::Project<'_>,
    settings: &ir::Settings,
) -> Result<Vec<Artifact>, Problem> {
    let mut artifacts = Vec::new();
    for target in &settings.targets {
        match target {
            TargetName::Prometheus => {}
            TargetName::Grafana => {
                let services: Vec<&ir::Service> = project.services().collect();
                let files = grafana::project_files(&services, settings);
                artifacts
                    .extend(files.map_err(|error| Problem::of(error, "the Grafana overview"))?);
            }
            TargetName::Alertmanager => {
                artifacts.extend(alertmanager::project_files(project, settings)?);
            }
            TargetName::PagerDuty => artifacts.extend(pagerduty::project_files(project, settings)?),
            TargetName::OpenSlo => artifacts.extend(openslo::project_files(project, settings)?),
            TargetName::Docs => artifacts.extend(docs::project_files(project, settings)?),
            TargetName::Policy => {
                let services: Vec<&ir::Service> = project.services().collect();
                artifacts.extend(policy::project_files(&services, settings)?);
            }
        }
        of_target(*target, None, &mut artifacts);
    }
    Ok(artifacts)
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
    if is_clear(service) && is_clear(environment) {
        dashboard_uid(&joined)
    } else {
        dashboard_uid(&format!("{service}\0{environment}"))
    }
}

/// The uid of the dashboard that a project has of that name: that in its environment, and where other projects share
/// its Grafana, with the project before it: `shop--checkout--production`.
pub fn dashboard_uid_of(settings: &ir::Settings, name: &str) -> String {
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

/// Whether one can tell where a name ends that is joined with others.
fn is_clear(name: &str) -> bool {
    !name.contains(IN) && !name.starts_with('-') && !name.ends_with('-')
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

/// What an alert is called in the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AlertName {
    /// Its name in camel case.
    pub wanted: SmolStr,
    /// The same, with a number where an alert before it has that name already.
    pub unique: String,
}

/// The names that a service's alerts have in the rules, which may differ only in what camel case drops. `names` are those
/// that they were given.
pub(crate) fn alert_names(names: &[&str]) -> Vec<AlertName> {
    let mut taken = BTreeSet::new();
    let of = |name: &&str| {
        let mut wanted = camel_case(name);
        if wanted.is_empty() {
            wanted = "Alert".into();
        }
        let mut unique = wanted.to_string();
        let mut number = 2;
        while !taken.insert(unique.clone()) {
            unique = format!("{wanted}{number}");
            number += 1;
        }
        AlertName { wanted, unique }
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
        let wanted: Vec<_> = names.iter().map(|name| name.wanted.as_str()).collect();
        assert_eq!(
            wanted,
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
