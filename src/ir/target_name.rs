//! Names of targets.

use std::fmt;
use std::str::FromStr;

macro_rules! target_names {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)+) => {
        /// A target by its name, which is also that of its folder in the output.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum TargetName {
            $($(#[$doc])* $variant,)+
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
        }
    };
}

target_names! {
    /// Rules of Prometheus.
    Prometheus = "prometheus",
    /// Dashboards of Grafana.
    Grafana = "grafana",
    /// Routes and receivers of Alertmanager.
    Alertmanager = "alertmanager",
    /// Terraform for PagerDuty.
    PagerDuty = "pagerduty",
    /// OpenSLO documents.
    OpenSlo = "openslo",
    /// Gates.
    Policy = "policy",
    /// Runbooks.
    Docs = "docs",
}

/// A text that names no target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownTarget;

impl fmt::Display for UnknownTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown target: use ")?;
        for (number, target) in TargetName::ALL.into_iter().enumerate() {
            let separator = if number == 0 { "" } else { ", " };
            write!(f, "{separator}`{target}`")?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownTarget {}

impl FromStr for TargetName {
    type Err = UnknownTarget;

    fn from_str(text: &str) -> Result<Self, UnknownTarget> {
        let mut all = Self::ALL.into_iter();
        all.find(|target| target.name() == text)
            .ok_or(UnknownTarget)
    }
}

impl fmt::Display for TargetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
