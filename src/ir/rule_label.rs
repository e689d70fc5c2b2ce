//! The labels that rules have from the model, whatever labels its author sets.

/// A label of rules that tells what they are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RuleLabel {
    /// The service's name.
    Service,
    /// The name of the service's team.
    Team,
    /// The name of the service's tier.
    Tier,
    /// The environment's name, where the project declares any.
    Environment,
    /// The project's name, where it shares a Prometheus with others.
    Project,
    /// The namespace that an operator's Alertmanager expects on each alert, where one is used.
    Namespace,
    /// What an alert asks for.
    Severity,
    /// The name of an alert, which Prometheus itself writes.
    AlertName,
    /// The dependency that an alert is of.
    Dependency,
    /// The SLO's name.
    Slo,
    /// The window of a recording rule of an SLO.
    Window,
    /// The long window of a burn-rate alert.
    LongWindow,
    /// The short window of a burn-rate alert.
    ShortWindow,
    /// The share of the error budget that a budget alert is about.
    BudgetConsumed,
    /// What tells an alert on missing series of healthy targets from the one on missing data.
    Targets,
    /// The objective, on `slo_info`.
    Objective,
    /// The SLO's window in days, on `slo_info`.
    Period,
}

impl RuleLabel {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Service,
        Self::Team,
        Self::Tier,
        Self::Environment,
        Self::Project,
        Self::Namespace,
        Self::Severity,
        Self::AlertName,
        Self::Dependency,
        Self::Slo,
        Self::Window,
        Self::LongWindow,
        Self::ShortWindow,
        Self::BudgetConsumed,
        Self::Targets,
        Self::Objective,
        Self::Period,
    ];

    /// The label's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Team => "team",
            Self::Tier => "tier",
            Self::Environment => "environment",
            Self::Project => "project",
            Self::Namespace => "namespace",
            Self::Severity => "severity",
            Self::AlertName => "alertname",
            Self::Dependency => "dependency",
            Self::Slo => "slo",
            Self::Window => "window",
            Self::LongWindow => "long_window",
            Self::ShortWindow => "short_window",
            Self::BudgetConsumed => "budget_consumed",
            Self::Targets => "targets",
            Self::Objective => "objective",
            Self::Period => "period",
        }
    }

    /// The label of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|label| label.name() == name)
    }

    /// Whether it is only on the rules of an SLO.
    pub const fn is_of_slo(self) -> bool {
        matches!(
            self,
            Self::Slo
                | Self::Window
                | Self::LongWindow
                | Self::ShortWindow
                | Self::BudgetConsumed
                | Self::Targets
                | Self::Objective
                | Self::Period
        )
    }

    /// Whether it is only on alerts.
    pub const fn is_of_alert(self) -> bool {
        matches!(
            self,
            Self::Severity | Self::AlertName | Self::Dependency | Self::Namespace
        )
    }

    /// Whether only some settings put it on rules.
    pub const fn is_of_settings(self) -> bool {
        matches!(self, Self::Project | Self::Namespace)
    }
}
