//! Names, labels and annotations of the alerts that are generated for an SLO.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::{BudgetAlert, Duration, Severity, Slo, Text};

/// The kinds of alerts that are generated for an SLO.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SloAlertKind {
    /// Burn-rate alerts.
    BurnRate,
    /// Alerts on the consumed error budget.
    Budget,
    /// Alerts on a contract whose error budget is not exhausted.
    ContractAtRisk,
    /// Alerts on a contract whose error budget is exhausted.
    ContractBroken,
    /// Missing-data alerts.
    MissingData,
    /// The alert on more good or bad events than there are.
    Inconsistent,
    /// The alert on too many groups.
    GroupLimit,
}

impl SloAlertKind {
    /// All kinds, in the order of the language.
    pub const ALL: [Self; 7] = [
        Self::BurnRate,
        Self::Budget,
        Self::ContractAtRisk,
        Self::ContractBroken,
        Self::MissingData,
        Self::Inconsistent,
        Self::GroupLimit,
    ];

    /// The name in the language.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BurnRate => "burn-rate",
            Self::Budget => "budget",
            Self::ContractAtRisk => "contract-at-risk",
            Self::ContractBroken => "contract-broken",
            Self::MissingData => "missing-data",
            Self::Inconsistent => "inconsistent",
            Self::GroupLimit => "group-limit",
        }
    }

    /// The name of its alerts, unless the SLO sets another.
    pub const fn usual_alert(self) -> &'static str {
        match self {
            Self::BurnRate => "SLOErrorBudgetBurn",
            Self::Budget => "SLOErrorBudgetConsumed",
            Self::ContractAtRisk => "SLOContractAtRisk",
            Self::ContractBroken => "SLOContractBroken",
            Self::MissingData => "SLOMetricAbsent",
            Self::Inconsistent => "SLIInconsistent",
            Self::GroupLimit => "SLOGroupLimitExceeded",
        }
    }

    /// The kind of an alert on the error budget of a contract.
    pub fn of_contract(alert: &BudgetAlert) -> Self {
        match alert.is_exhausted() {
            true => Self::ContractBroken,
            false => Self::ContractAtRisk,
        }
    }

    /// Whether alerts of the kind are on a consumed error budget, of an SLO or of a contract.
    pub const fn is_on_consumed_budget(self) -> bool {
        matches!(
            self,
            Self::Budget | Self::ContractAtRisk | Self::ContractBroken
        )
    }

    /// The kind of this name in the language.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Which alert of an SLO.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SloAlertRef<'a> {
    /// Its kind.
    pub kind: SloAlertKind,
    /// Its severity where the environment pages.
    pub severity: &'a Severity,
    /// The long window of a burn-rate alert.
    pub long: Option<Duration>,
}

/// What alerts of an SLO have instead of, or besides, what is generated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct AlertOptions {
    /// The name; `None` for the usual one.
    pub alert: Option<SmolStr>,
    /// Labels besides those of the SLO.
    pub labels: BTreeMap<String, String>,
    /// Annotations besides summary, description and URLs.
    pub annotations: BTreeMap<String, Text>,
    /// The duration for which they keep firing after their condition has ended.
    pub keep_firing: Option<Duration>,
}

impl AlertOptions {
    /// Adds those of a block that overrides these.
    fn add(&mut self, other: &Self) {
        if other.alert.is_some() {
            self.alert.clone_from(&other.alert);
        }
        self.labels.extend(other.labels.clone());
        self.annotations.extend(other.annotations.clone());
        self.keep_firing = other.keep_firing.or(self.keep_firing);
    }
}

/// Options of some alerts of an SLO.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SloAlert {
    /// The kinds of the alerts; empty for all.
    pub kinds: Vec<SloAlertKind>,
    /// Their severities where the environment pages; empty for all.
    pub severities: Vec<Severity>,
    /// The long windows of burn-rate alerts; empty for all, and for alerts of other kinds.
    pub long: Vec<Duration>,
    /// The options.
    pub options: AlertOptions,
}

impl SloAlert {
    /// Returns whether it applies to an alert.
    pub fn applies_to(&self, alert: SloAlertRef<'_>) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&alert.kind))
            && (self.severities.is_empty() || self.severities.contains(alert.severity))
            && (self.long.is_empty() || alert.long.is_some_and(|long| self.long.contains(&long)))
    }
}

impl Slo {
    /// All alerts of the SLO, in the order of its rules.
    pub fn alerts(&self) -> Vec<SloAlertRef<'_>> {
        let of_pairs = self.burn_rate_pairs.iter().map(|pair| SloAlertRef {
            kind: SloAlertKind::BurnRate,
            severity: &pair.declared,
            long: Some(pair.long),
        });
        let of_budget = self.budget_alerts.iter().map(|alert| SloAlertRef {
            kind: SloAlertKind::Budget,
            severity: &alert.declared,
            long: None,
        });
        let contracts = self.contracts.iter();
        let of_contracts = contracts
            .flat_map(|contract| &contract.alerts)
            .map(|alert| SloAlertRef {
                kind: SloAlertKind::of_contract(alert),
                severity: &alert.declared,
                long: None,
            });
        let of_data = self.missing_data_alerts.iter().map(|alert| SloAlertRef {
            kind: alert.cause.alert_kind(),
            severity: &alert.declared,
            long: None,
        });
        let inconsistent = (!self.is_consistent).then_some(SloAlertRef {
            kind: SloAlertKind::Inconsistent,
            severity: &self.ticket_severity,
            long: None,
        });
        of_pairs
            .chain(of_budget)
            .chain(of_contracts)
            .chain(of_data)
            .chain(inconsistent)
            .collect()
    }

    /// The options of an alert: those of all blocks that apply to it, later ones over earlier ones.
    pub fn alert_options(&self, alert: SloAlertRef<'_>) -> AlertOptions {
        let mut options = AlertOptions::default();
        for block in &self.alert_blocks {
            if block.applies_to(alert) {
                options.add(&block.options);
            }
        }
        options
    }

    /// The name of an alert in the rules.
    pub fn alert_name(&self, alert: SloAlertRef<'_>) -> SmolStr {
        let own = self.alert_options(alert).alert;
        own.unwrap_or_else(|| alert.kind.usual_alert().into())
    }

    /// Returns whether all alerts of a kind have the usual name, and no alert of another kind has it.
    pub fn has_usual_names(&self, kind: SloAlertKind) -> bool {
        let usual = kind.usual_alert();
        self.alert_blocks.is_empty()
            || self
                .alerts()
                .into_iter()
                .all(|alert| (alert.kind == kind) == (self.alert_name(alert) == usual))
    }
}
