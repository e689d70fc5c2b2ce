//! Gates, from end to end: what the binary decides on the data of a real Prometheus, and that every form decides the same.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
mod place;
#[path = "tools/schemas.rs"]
#[allow(dead_code)]
mod schema_files;
mod support;

#[path = "gates/answers.rs"]
mod answers;
#[path = "gates/calendar.rs"]
mod calendar;
#[path = "gates/cases.rs"]
mod cases;
#[path = "gates/expired.rs"]
mod expired;
#[path = "gates/forms.rs"]
mod forms;
#[path = "gates/history.rs"]
mod history;
#[path = "gates/hostile.rs"]
mod hostile;
#[path = "gates/hostile_rows.rs"]
mod hostile_rows;
#[path = "gates/https.rs"]
mod https;
#[path = "gates/live.rs"]
mod live;
#[path = "gates/proxies.rs"]
mod proxies;
#[path = "gates/schemas.rs"]
mod schemas;

use place::{Place, Ran, run};
use serde_json::Value;
use support::programs::tools;

/// The manifest of a project whose gates are written in every form.
const MANIFEST: &str = r#"[project]
name = "shop"

[policy]
forms = ["json", "rego", "argo-rollouts", "argo-cd"]
prometheus = "http://prometheus.monitoring:9090"
image = "registry.example.com/nthc:1.0"

[severity]
page = "critical"
"#;

/// A project of one file, built.
fn built(source: &str) -> Place {
    let place = Place::new();
    place.write("nth.toml", MANIFEST);
    place.write("main.nth", source);
    let ran = place.run(&["build"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    place
}

/// Runs the binary without what the environment says of a Prometheus.
fn nthc(place: &Place, args: &[&str]) -> Ran {
    with(place, args, &[])
}

/// The same with some variables.
fn with(place: &Place, args: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut command = place.command(args);
    for name in [
        "ALL_PROXY",
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "NO_PROXY",
        "all_proxy",
        "https_proxy",
        "http_proxy",
        "no_proxy",
        "NTH_PROMETHEUS_CA",
        "NTH_PROMETHEUS_CERT",
        "NTH_PROMETHEUS_KEY",
        "NTH_PROMETHEUS_PASSWORD",
        "NTH_PROMETHEUS_PASSWORD_FILE",
        "NTH_PROMETHEUS_TENANT",
        "NTH_PROMETHEUS_TOKEN",
        "NTH_PROMETHEUS_TOKEN_FILE",
        "NTH_PROMETHEUS_USER",
    ] {
        command.env_remove(name);
    }
    run(command.envs(variables.iter().copied()))
}

/// The decision that the binary writes as JSON, with its exit code.
fn check(place: &Place, args: &[&str]) -> (i32, Value) {
    let ran = nthc(
        place,
        &[&["gate", "check", "--format", "json"], args].concat(),
    );
    let decision =
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    (ran.code, decision)
}
