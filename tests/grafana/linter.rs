//! Grafana's dashboard-linter, where it is installed.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::dashboards::dashboards;

/// The linter is not among the tools that `tests/tools/install` builds. Where it is on the `PATH`, it judges.
#[test]
fn grafanas_linter_has_nothing_to_say() {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let linter = std::env::split_paths(&paths)
        .map(|folder| folder.join("dashboard-linter"))
        .find(|program| program.is_file());
    let Some(linter) = linter else {
        println!("skipped, dashboard-linter not installed");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dashboard.json");
    let lint = |document: &Value| {
        std::fs::write(&file, document.to_string()).unwrap();
        let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/grafana/lint.yaml");
        Command::new(&linter)
            .args(["lint", "--strict", "--config"])
            .arg(config)
            .arg(&file)
            .output()
            .unwrap()
    };
    for (path, dashboard) in dashboards() {
        let output = lint(&dashboard);
        assert!(
            output.status.success(),
            "{path}:\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let (_, mut wrong) = dashboards().pop_first().unwrap();
    wrong["editable"] = Value::Bool(true);
    assert!(
        !lint(&wrong).status.success(),
        "it finds no fault with anything"
    );
}
