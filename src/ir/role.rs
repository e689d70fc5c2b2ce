//! What owns rules: a service, a dependency that services share, or a team.

use smol_str::SmolStr;

use super::Service;

/// What owns rules. Only a service has SLOs, gates and dependencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Role {
    /// A service.
    #[default]
    Service,
    /// A dependency that several services share.
    Dependency,
    /// A team, for its alerts and recording rules outside of any service. Their labels are without `service` and `tier`.
    Team,
}

impl Role {
    /// The word for it in texts.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Dependency => "dependency",
            Self::Team => "team",
        }
    }
}

impl Service {
    /// The name of what owns the rules of a team outside of any service, `team-payments`: that of its rule file and its runbook.
    pub fn name_of_team_rules(team: &str) -> SmolStr {
        format!("team-{team}").into()
    }

    /// True if its rules have the labels `service` and `tier`.
    pub fn has_service_label(&self) -> bool {
        self.role != Role::Team
    }

    /// The label that identifies its rules, with its value: `service`, or for the rules of a team `team`.
    pub fn identity(&self) -> (&'static str, &str) {
        match (self.role, &self.team) {
            (Role::Team, Some(team)) => ("team", team),
            _ => ("service", &self.name),
        }
    }

    /// The name with what it is, for messages: "service `checkout`", "team `payments`".
    pub fn described(&self) -> String {
        match (self.role, &self.team) {
            (Role::Team, Some(team)) => format!("team `{team}`"),
            _ => format!("{} `{}`", self.role.word(), self.name),
        }
    }
}
