//! The Alertmanager target: what the examples make is what Alertmanager takes, sends each alert where it belongs, and says
//! what it must.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod check;
mod existing;
mod inhibitions;
mod isolation;
mod migration;
mod notify;
mod operator;
mod pagerduty;
#[path = "../support/programs.rs"]
mod programs;
mod projects;
mod receivers;
mod routes;
mod said;
#[path = "../tools/schemas.rs"]
#[allow(dead_code)]
mod schema_files;
mod server;
mod severities;

use programs::tools;
