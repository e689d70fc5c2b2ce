//! The project of all tests, and what they read of its ledger.

use serde_json::Value;

use super::place::{Place, Ran, run};

/// Two services, one of which has a `deployed` query.
const SHOP: &str = r##"
import std.http

team payments { slack = "#payments" }

service checkout {
  team     = payments
  selector = { job = "checkout" }
}

service ledger {
  team     = payments
  selector = { job = "ledger" }
  deployed = `max(deployed_timestamp_seconds)`
}
"##;

/// A project without environments.
pub fn shop() -> Place {
    let place = Place::new();
    place.write("nth.toml", "[project]\nname = \"shop\"\n");
    place.write("shop.nth", SHOP);
    place
}

/// The same with two environments.
pub fn shop_with_environments() -> Place {
    let place = shop();
    let environments =
        "\nenvironment production { }\nenvironment staging { selector = { env = \"staging\" } }\n";
    place.write("shop.nth", format!("{SHOP}{environments}"));
    place
}

/// Runs `nthc deploys` without what would direct requests elsewhere.
pub fn deploys(place: &Place, more: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut command = place.command(&[&["deploys"], more].concat());
    for name in [
        "ALL_PROXY",
        "HTTP_PROXY",
        "all_proxy",
        "http_proxy",
        "NTH_LEDGER",
        "NTH_PROMETHEUS_TOKEN",
        "NTH_PROMETHEUS_USER",
        "NTH_PROMETHEUS_PASSWORD",
        "NTH_ARGOCD_TOKEN",
        "NTH_ARGOCD_TOKEN_FILE",
    ] {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied());
    run(&mut command)
}

/// Runs `nthc deploys`, which must succeed.
pub fn good(place: &Place, more: &[&str]) -> Ran {
    let ran = deploys(place, more, &[]);
    assert_eq!(ran.code, 0, "{more:?}: {ran:?}");
    ran
}

/// The deployments in the ledger, the oldest first.
pub fn recorded(place: &Place) -> Vec<Value> {
    let ran = good(place, &["--since", "10000d", "--format", "json"]);
    let list: Value = serde_json::from_str(&ran.out).unwrap();
    let mut deployments = list["deployments"].as_array().unwrap().clone();
    deployments.reverse();
    deployments
}

/// A deployment as `service version<previous started–finished !rolled back`.
pub fn line(deployment: &Value) -> String {
    let text = |name: &str| deployment[name].as_str().unwrap_or("-").to_owned();
    let time = |name: &str| {
        text(name)
            .replace("2025-09-01T", "")
            .replace("2026-11-20T", "")
    };
    let mut line = format!(
        "{} {}<{} {}–{}",
        text("service"),
        text("version"),
        text("previous"),
        time("started"),
        time("finished")
    );
    if !deployment["rolled_back"].is_null() {
        line.push_str(&format!(" !{}", time("rolled_back")));
    }
    line
}

/// The deployments in the ledger, a line each.
pub fn lines(place: &Place) -> Vec<String> {
    recorded(place).iter().map(line).collect()
}
