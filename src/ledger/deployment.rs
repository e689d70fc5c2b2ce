//! Deployments, and counts of two versions that run at the same moment.

use serde::{Deserialize, Serialize};

use crate::SloKey;

/// A roll-out of a new artifact. The same artifact again, scaling and replaced pods are none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// Identifies the deployment, so that several reports of it are one.
    pub key: String,
    /// The project's name.
    pub project: String,
    /// The environment's name; `None` in a project without environments.
    pub environment: Option<String>,
    /// The service's name.
    pub service: String,
    /// The start of the roll-out, in seconds since 1970.
    pub started: i64,
    /// The end of the roll-out; `None` while it runs or if it is unknown.
    pub finished: Option<i64>,
    /// The new version.
    pub version: Option<String>,
    /// The version before.
    pub previous: Option<String>,
    /// Where it was read: `argo-cd`, `kube-state-metrics`, `pipeline`.
    pub source: String,
    /// A page about it.
    pub url: Option<String>,
    /// Who or what started it.
    pub by: Option<String>,
    /// When it was rolled back; `None` if it was not.
    pub rolled_back: Option<i64>,
}

/// Which of the two versions of a deployment served the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Version {
    /// The version before the deployment.
    Old,
    /// The version that is deployed.
    New,
}

/// The counts of one version in one minute of a roll-out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VersionCounts {
    /// The SLO.
    pub slo: SloKey,
    /// The key of the deployment.
    pub deployment: String,
    /// The start of the minute, in seconds since 1970.
    pub stratum: i64,
    /// The version.
    pub version: Version,
    /// The bad events.
    pub bad: f64,
    /// All events.
    pub total: f64,
}
