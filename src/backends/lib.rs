#![forbid(unsafe_code)]
//! Owns the targets: each reads the model and generates files. Targets do not depend on each other, and do no I/O.
//!
//! A target is a folder with a type that implements [`Target`], and a line of [`TARGETS`].

pub mod alertmanager;
mod alerts;
mod anchors;
mod backstage;
pub mod clock;
pub mod docs;
mod error;
pub mod go_template;
pub mod grafana;
mod grafana_alerting;
mod json;
pub mod kustomize;
pub mod limits;
mod links;
mod loki;
mod markdown;
pub mod openslo;
pub mod pagerduty;
pub mod policy;
pub mod prometheus;
pub(crate) mod receivers;
mod registry;
mod resource;
pub mod series_names;
mod target;
mod yaml;

pub use error::{BaseError, EmitError, TooManyGroups, Unsupported, WriteError};
pub use nth_model::Artifact;
pub use nth_model::names::{
    alert_names, camel_case, dashboard_uid, dashboard_uid_in, file_stem, fnv1a,
    project_dashboard_uid, words,
};
pub use registry::{TARGETS, check_limits, project_artifacts, service_artifacts, target};
pub use target::Target;
