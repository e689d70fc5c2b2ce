//! Display names in PagerDuty.

use super::text::{self, Text};
use nth_model::{self as ir, EnvironmentInNames};

/// The prefix and suffix of all names of a build: by default, the prefix is the project if others share the account,
/// and the suffix is the environment.
#[derive(Debug, Clone, Copy)]
pub struct Naming<'a> {
    prefix: &'a str,
    project: Option<&'a str>,
    environment: Option<&'a str>,
}

impl<'a> Naming<'a> {
    /// The names for these settings.
    pub fn new(settings: &'a ir::Settings) -> Self {
        let environment = settings.environment.as_deref();
        Self {
            prefix: &settings.pagerduty.name_prefix,
            project: settings
                .shared_as()
                .filter(|_| settings.pagerduty.name_prefix.is_empty()),
            environment: environment
                .filter(|_| settings.pagerduty.environment_in_names == EnvironmentInNames::Always),
        }
    }

    /// The display name of a team or a service: `checkout (production)`.
    pub fn name(self, name: &str) -> Text {
        self.display_name(&[name], name)
    }

    /// The display name of a team's object, such as a schedule: `payments: primary (production)`.
    pub fn in_team(self, team: &str, name: &str) -> Text {
        self.display_name(&[team, name], &format!("{team}: {name}"))
    }

    /// The display name of a team's escalation with the timing of a tier: `payments: default, critical (production)`.
    pub fn escalation(self, team: &str, name: &str, tier: &str) -> Text {
        self.display_name(&[team, name, tier], &format!("{team}: {name}, {tier}"))
    }

    fn display_name(self, parts: &[&str], joined: &str) -> Text {
        let mut parts = parts.to_vec();
        let mut joined = format!("{}{joined}", self.prefix);
        if let Some(project) = self.project {
            parts.insert(0, project);
            joined.insert_str(0, &format!("{project} "));
        }
        if let Some(environment) = self.environment {
            parts.push(environment);
            joined.push_str(&format!(" ({environment})"));
        }
        text::name(&parts, &joined)
    }
}
