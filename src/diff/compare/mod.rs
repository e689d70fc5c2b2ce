//! Compares the models of two versions in an environment.

mod alert;
mod changes;
mod channels;
mod contracts;
mod dashboard;
mod direction;
mod exclude;
mod gate;
mod groups;
mod log_alerts;
mod matching;
mod origins;
mod query;
mod service;
mod settings;
mod severities;
mod slo;
mod slo_alerts;
mod slo_options;
mod team;
mod texts;

use nth_model::{Project, Service, Settings};
use nth_promql::{Expr, LabelMatchers};
use smol_str::SmolStr;

use crate::change::{Change, Side, Subject};
use crate::id::ChangeId;
use changes::Changes;
use query::Known;

/// A version of a project in one environment.
#[derive(Debug, Clone, Copy)]
pub struct Version<'v> {
    /// The services and teams.
    pub project: &'v Project<'v>,
    /// The settings, with the environment.
    pub settings: &'v Settings,
    /// The matchers that the environment adds to all queries.
    pub environment_labels: &'v LabelMatchers,
}

/// The labels that every query of a service has, in both versions.
struct Sides {
    base: Known,
    head: Known,
    is_same: bool,
}

impl Sides {
    fn new(base: (Version<'_>, &Service), head: (Version<'_>, &Service)) -> Self {
        let known = |(version, service): (Version<'_>, &Service)| {
            let mut scope = version.environment_labels.clone();
            let own = version.settings.scope();
            scope.replace(own.collect());
            Known {
                scope,
                selector: service.selector.clone(),
            }
        };
        let (base, head) = (known(base), known(head));
        Self {
            is_same: base == head,
            base,
            head,
        }
    }

    /// The labels of a version.
    fn known(&self, side: Side) -> &Known {
        match side {
            Side::Base => &self.base,
            Side::Head => &self.head,
        }
    }

    /// Returns whether two queries are the same tree, without what is reported by itself: the labels of the environment and of
    /// the service.
    fn is_same_query(&self, before: &Expr, after: &Expr) -> bool {
        (self.is_same && before == after)
            || query::normal(before, &self.base) == query::normal(after, &self.head)
    }
}

/// Compares two versions in an environment: all changes, without places, causes and incidents. The order is that of settings,
/// teams, exclusions and services, each by name.
pub fn compare(base: Version<'_>, head: Version<'_>) -> Vec<Change> {
    let mut changes = Changes::default();
    settings::compare(base.settings, head.settings, &mut changes);
    let (old, new) = (&base.settings.environment, &head.settings.environment);
    // The first environments continue what was built without any, and the other way around.
    if old == new || old.is_none() || new.is_none() {
        changes.text(
            ChangeId::EnvironmentLabelsChanged,
            &Subject::project(
                "environment",
                new.as_deref().or(old.as_deref()).unwrap_or_default(),
            ),
            Some(base.environment_labels),
            Some(head.environment_labels),
            texts::matchers,
        );
    }
    team::compare(base.project, head.project, &mut changes);
    exclude::compare(base.project, head.project, &mut changes);
    service::compare(base, head, &mut changes);
    changes.found
}

/// Compares which environments two versions have.
pub fn compare_environments(base: &[SmolStr], head: &[SmolStr]) -> Vec<Change> {
    let mut changes = Changes::default();
    for name in base.iter().filter(|name| !head.contains(name)) {
        let subject = Subject::project("environment", name.as_str());
        changes.plain(
            ChangeId::EnvironmentRemoved,
            &subject,
            Some(name.to_string()),
            None,
        );
    }
    for name in head.iter().filter(|name| !base.contains(name)) {
        let subject = Subject::project("environment", name.as_str());
        changes.plain(
            ChangeId::EnvironmentAdded,
            &subject,
            None,
            Some(name.to_string()),
        );
    }
    changes.found
}
