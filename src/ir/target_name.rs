//! Names of targets.

use std::fmt;

macro_rules! target_names {
    ($($variant:ident = $name:literal, $doc:literal;)+) => {
        /// A target by its name, which is also that of its folder in the output.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum TargetName {
            $(#[doc = $doc] $variant,)+
        }

        impl TargetName {
            /// All of them, in the order of their declaration.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// The name as `nth.toml` and the output folder have it, `pagerduty`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// What it generates, as the documentation of `nth.toml` has it.
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
    Alertmanager = "alertmanager", "Alertmanager configuration.";
    PagerDuty = "pagerduty", "Terraform for PagerDuty.";
    OpenSlo = "openslo", "OpenSLO documents.";
    Policy = "policy", "Deployment gates.";
    Docs = "docs", "Runbooks.";
}

impl fmt::Display for TargetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
