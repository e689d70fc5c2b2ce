//! The one trait of all destinations.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::DeliveryError;
use crate::lease::LeaseStore;
use crate::object::{DesiredObject, LiveObject, ObjectKey, Owner};

/// The kinds of destinations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DestinationKind {
    /// A ruler with Cortex's API: Mimir, Cortex, Grafana Cloud.
    Ruler,
    /// Files of rules of Prometheus or Thanos, and their reload.
    Prometheus,
    /// The configuration file of Alertmanager, and its reload.
    Alertmanager,
    /// The configuration API of Cortex's and Mimir's Alertmanager.
    AlertmanagerApi,
    /// Dashboards and folders of Grafana.
    Grafana,
    /// Objects of a Kubernetes cluster.
    Kubernetes,
    /// Terraform or OpenTofu.
    Terraform,
}

impl DestinationKind {
    /// The kind in words: `ruler`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ruler => "ruler",
            Self::Prometheus => "Prometheus",
            Self::Alertmanager => "Alertmanager",
            Self::AlertmanagerApi => "Alertmanager API",
            Self::Grafana => "Grafana",
            Self::Kubernetes => "Kubernetes",
            Self::Terraform => "Terraform",
        }
    }
}

/// Which server or folder it is, and which part of it. A plan is bound to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DestinationIdentity {
    /// What it is.
    pub kind: DestinationKind,
    /// Its URL without a user, a password or a query, or its path.
    pub url: String,
    /// The tenant, organization, namespace or workspace in it, if it has such parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

/// For people: `ruler https://mimir.example.com, tenant shop`.
impl fmt::Display for DestinationIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.name(), self.url.escape_debug())?;
        match &self.scope {
            Some(scope) => write!(f, " ({})", scope.escape_debug()),
            None => Ok(()),
        }
    }
}

/// A limit of the server that the desired objects exceed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Excess {
    /// The object that exceeds it; `None` if all together do.
    pub key: Option<ObjectKey>,
    /// The name of the limit in the server's settings: `ruler_max_rules_per_rule_group`.
    pub limit: String,
    /// The most that it allows.
    pub allowed: u64,
    /// What the objects need.
    pub needed: u64,
}

/// Whether an object does its work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Health {
    /// It was evaluated or loaded since it was written, without an error.
    Healthy,
    /// It is accepted, and not evaluated or loaded yet.
    Pending,
    /// It fails.
    Failing {
        /// The server's own words, made safe to print.
        error: String,
    },
    /// It is evaluated, and no series matches what it reads.
    NoData,
    /// The destination cannot say.
    Unknown,
}

/// The health of one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ObjectHealth {
    /// Which object.
    pub key: ObjectKey,
    /// Its health.
    pub health: Health,
}

/// One server, or one folder of files: reads and writes objects, and knows whether they work.
///
/// All calls block. None repeats a request: the caller does, if [`DeliveryError::is_transient`] says that it may. What cannot
/// be read is an error, never "nothing there": 401, 403, 404 of the API itself, a page of HTML, another tenant.
pub trait Destination: Send + Sync {
    /// What a plan is bound to. It contains no secret.
    fn identity(&self) -> DestinationIdentity;

    /// Gives a desired object the form in which [`read`](Self::read) returns it, so that equal meaning is an equal hash:
    /// durations, defaults that the server adds or drops.
    ///
    /// # Errors
    ///
    /// [`DeliveryError::Unsupported`] if the destination cannot hold such an object, and says what is wrong with it.
    fn normalize(&self, object: DesiredObject) -> Result<DesiredObject, DeliveryError>;

    /// Reads every live object that bears the mark of this project, of any of its environments, and the objects at the keys in
    /// `wanted`, whatever mark they bear.
    ///
    /// # Errors
    ///
    /// If anything of it cannot be read.
    fn read(&self, owner: &Owner, wanted: &[ObjectKey]) -> Result<Vec<LiveObject>, DeliveryError>;

    /// Reads one object, whatever mark it bears; `None` if the destination says that it does not exist.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    fn read_one(&self, key: &ObjectKey) -> Result<Option<LiveObject>, DeliveryError>;

    /// Compares the server's limits with what would be live: `desired` is all that will be there of ours. Limits that the server
    /// does not publish are skipped.
    ///
    /// # Errors
    ///
    /// If the limits are published and cannot be read.
    fn limits(&self, desired: &[DesiredObject]) -> Result<Vec<Excess>, DeliveryError>;

    /// Creates or replaces an object, with the mark of `owner`. `before` is what was live a moment ago; `None` creates.
    ///
    /// # Errors
    ///
    /// [`DeliveryError::Conflict`] if the server finds another version than `before`; any other error of the server.
    fn write(
        &self,
        object: &DesiredObject,
        owner: &Owner,
        before: Option<&LiveObject>,
    ) -> Result<(), DeliveryError>;

    /// Deletes an object that was live a moment ago. That it does not exist any more is no error.
    ///
    /// # Errors
    ///
    /// As of [`write`](Self::write).
    fn delete(&self, object: &LiveObject) -> Result<(), DeliveryError>;

    /// Ends a series of writes: reloads the server where it needs that. Safe to repeat.
    ///
    /// # Errors
    ///
    /// If the server refuses what was written.
    fn finish(&self) -> Result<(), DeliveryError>;

    /// Returns the health of objects, one entry for each key in `keys`, in this order.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    fn health(&self, keys: &[ObjectKey]) -> Result<Vec<ObjectHealth>, DeliveryError>;

    /// Where the lease of this destination is kept; `None` if it cannot keep one, such as Terraform, whose state has a lock of its
    /// own.
    fn lease_store(&self) -> Option<&dyn LeaseStore>;
}
