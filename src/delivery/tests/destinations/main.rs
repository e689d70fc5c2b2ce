//! Destinations against real programs where they are installed, and against servers of the tests that keep their semantics.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod alertmanager;
mod cluster;
mod deliver;
mod grafana;
mod grafana_server;
mod kubernetes;
mod laws;
mod mapped;
#[path = "../../../../tests/support/programs.rs"]
mod programs;
mod prometheus;
mod stub;
#[path = "../support/mod.rs"]
mod support;
mod terraform;

use nth_delivery::Owner;

/// The owner of what these tests write.
fn owner() -> Owner {
    Owner {
        project: "shop".to_owned(),
        environment: Some("production".to_owned()),
    }
}
