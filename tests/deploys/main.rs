//! `nthc deploys`, from end to end: reports of pipelines, documents, a real Prometheus with series of kube-state-metrics, and
//! servers on loopback.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod documents;
mod pipelines;
#[allow(dead_code)]
#[path = "../place/mod.rs"]
mod place;
mod prometheus;
mod scene;
mod servers;
#[path = "../support/mod.rs"]
mod support;
