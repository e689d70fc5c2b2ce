//! The Prometheus target's rules, judged by promtool: accepted, and firing when they must and only then.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/mod.rs"]
mod support;

#[path = "prometheus/models.rs"]
mod models;

#[path = "prometheus/conditions.rs"]
mod conditions;

#[path = "prometheus/document.rs"]
mod document;

#[path = "prometheus/scenario.rs"]
mod scenario;

#[path = "prometheus/firing.rs"]
mod firing;

#[path = "prometheus/contracts.rs"]
mod contracts;

#[path = "prometheus/exclusions.rs"]
mod exclusions;

#[path = "prometheus/groups.rs"]
mod groups;

#[path = "prometheus/missing_series.rs"]
mod missing_series;

#[path = "prometheus/over_time.rs"]
mod over_time;

#[path = "prometheus/labels.rs"]
mod labels;

#[path = "prometheus/selectors.rs"]
mod selectors;

#[path = "prometheus/text.rs"]
mod text;

#[path = "prometheus/units.rs"]
mod units;

#[path = "prometheus/month.rs"]
mod month;

#[path = "prometheus/backfill.rs"]
mod backfill;
