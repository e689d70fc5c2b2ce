//! Names of targets.

use std::collections::BTreeSet;
use std::fmt;

macro_rules! target_names {
    ($($variant:ident = $name:literal, $doc:literal;)+) => {
        /// The name of a target, which is also the name of its folder in the output.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum TargetName {
            $(#[doc = $doc] $variant,)+
        }

        impl TargetName {
            /// All targets, in the order of their declaration.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// The name in `nth.toml` and the output folder, such as `pagerduty`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// The generated output, as in the documentation of `nth.toml`.
            pub const fn doc(self) -> &'static str {
                match self {
                    $(Self::$variant => $doc,)+
                }
            }
        }
    };
}

target_names! {
    Prometheus = "prometheus", "Prometheus rules.";
    Grafana = "grafana", "Grafana dashboards.";
    GrafanaAlerting = "grafana-alerting", "Alert rules that Grafana evaluates.";
    Loki = "loki", "Loki rules.";
    Alertmanager = "alertmanager", "Alertmanager configuration.";
    PagerDuty = "pagerduty", "Terraform for PagerDuty.";
    OpenSlo = "openslo", "OpenSLO documents.";
    Policy = "policy", "Deployment gates.";
    Docs = "docs", "Runbooks.";
    Backstage = "backstage", "Entities of Backstage's catalog, if listed.";
}

impl TargetName {
    /// True if a project that lists no targets builds it: not what needs another program that few have, and no alerts that would be
    /// evaluated twice and notify twice.
    pub const fn is_default(self) -> bool {
        !matches!(self, Self::GrafanaAlerting | Self::Backstage)
    }

    /// The targets of a project that lists none.
    pub fn defaults() -> BTreeSet<Self> {
        Self::ALL
            .into_iter()
            .filter(|target| target.is_default())
            .collect()
    }
}

impl fmt::Display for TargetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
