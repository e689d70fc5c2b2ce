//! What can be made of a project.

/// A target by its name, which is also that of its folder in the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TargetName {
    /// Rules of Prometheus.
    Prometheus,
    /// Dashboards of Grafana.
    Grafana,
    /// Routes and receivers of Alertmanager.
    Alertmanager,
    /// Terraform for PagerDuty.
    PagerDuty,
    /// OpenSLO documents.
    OpenSlo,
    /// Gates.
    Policy,
    /// Runbooks.
    Docs,
}

impl TargetName {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Prometheus,
        Self::Grafana,
        Self::Alertmanager,
        Self::PagerDuty,
        Self::OpenSlo,
        Self::Policy,
        Self::Docs,
    ];

    /// The name, `pagerduty`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prometheus => "prometheus",
            Self::Grafana => "grafana",
            Self::Alertmanager => "alertmanager",
            Self::PagerDuty => "pagerduty",
            Self::OpenSlo => "openslo",
            Self::Policy => "policy",
            Self::Docs => "docs",
        }
    }
}
