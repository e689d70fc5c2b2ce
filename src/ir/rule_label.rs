//! Labels that the model sets on rules, regardless of the labels that the author sets.

/// A label that identifies the subject of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RuleLabel {
    /// The service's name.
    Service,
    /// The name of the service's team.
    Team,
    /// The name of the service's tier.
    Tier,
    /// The environment's name, if the project declares any.
    Environment,
    /// The project's name, if it shares a Prometheus with others.
    Project,
    /// The namespace that the Alertmanager of a Prometheus operator expects on each alert, if one is used.
    Namespace,
    /// The severity of an alert.
    Severity,
    /// The name of an alert, which Prometheus writes itself.
    AlertName,
    /// The name of the dependency that an alert belongs to.
    Dependency,
    /// The SLO's name.
    Slo,
    /// The window of a recording rule of an SLO.
    Window,
    /// The long window of a burn-rate alert.
    LongWindow,
    /// The short window of a burn-rate alert.
    ShortWindow,
    /// The share of the error budget at which a budget alert fires.
    BudgetConsumed,
    /// Distinguishes a missing-data alert with healthy targets from the one without.
    Targets,
    /// The name of a contract of an SLO, on its series and alerts.
    Contract,
    /// The objective, on `slo_info`.
    Objective,
    /// The SLO's window in days, on `slo_info`.
    Period,
}

impl RuleLabel {
    /// All labels.
    pub const ALL: [Self; 18] = [
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
        Self::Contract,
        Self::Objective,
        Self::Period,
    ];

    /// The name of the label.
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
            Self::Contract => "contract",
            Self::Objective => "objective",
            Self::Period => "period",
        }
    }

    /// The label of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|label| label.name() == name)
    }

    /// Returns whether the label is only on the rules of an SLO.
    pub const fn is_slo_label(self) -> bool {
        matches!(
            self,
            Self::Slo
                | Self::Window
                | Self::LongWindow
                | Self::ShortWindow
                | Self::BudgetConsumed
                | Self::Targets
                | Self::Contract
                | Self::Objective
                | Self::Period
        )
    }

    /// Returns whether the label is only on alerts.
    pub const fn is_alert_label(self) -> bool {
        matches!(
            self,
            Self::Severity | Self::AlertName | Self::Dependency | Self::Namespace
        )
    }

    /// Returns whether the label depends on the project's settings.
    pub const fn is_settings_label(self) -> bool {
        matches!(self, Self::Project | Self::Namespace)
    }
}
