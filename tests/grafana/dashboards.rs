//! The dashboards that the examples make, and a project of hostile text.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use nthc::promql;
use serde_json::Value;

use crate::place::Place;
use crate::schema_files::{panels, targets};

/// Text that Grafana, Markdown and HTML would take for theirs, each in its own way.
pub(crate) const HOSTILE: &str = r##"import std.http

team t { }

/// `$service` <b>bold</b> [[service]] ${__user.login}
service "a$service" {
  team     = t
  selector = { job = "$service", path = "[[datasource]]" }

  slo "s$service" : http.availability {
    description = "**Never** <script>alert(1)</script> $service \${datasource:raw}"
    objective   = 99.9%
  }

  row "r" {
    title = "Row [[service:csv]]"

    panel p {
      title       = "Costs $5 of $service"
      description = "# [link](javascript:alert(1)) $__from"
      query       = `sum by (x) (rate(y_total{z=~"$service|[[service]]|e$"}[$window]))`
      legend      = "{{x}} $service ${labels.x}"
    }
  }
}
"##;

/// Every file that the examples, and a project of hostile text, make, by project and path.
pub(crate) fn built() -> &'static BTreeMap<String, String> {
    static BUILT: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    BUILT.get_or_init(|| {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
        let mut built = BTreeMap::new();
        let hostile = Place::new();
        hostile.write("nth.toml", "[project]\nname = \"hostile\"\n");
        hostile.write("main.nth", HOSTILE);
        for (project, folder, arguments) in [
            ("shop", examples.clone(), vec!["--project", "shop"]),
            ("platform", examples.clone(), vec!["--project", "platform"]),
            ("checkout", examples, vec!["checkout.nth"]),
            ("hostile", hostile.path("."), vec![]),
        ] {
            let place = Place::new();
            let out = place.path("build");
            let run = Command::new(env!("CARGO_BIN_EXE_nthc"))
                .arg("build")
                .args(arguments)
                .arg("--output")
                .arg(&out)
                .current_dir(folder)
                .output()
                .unwrap();
            assert!(
                run.status.success(),
                "{project}: {}",
                String::from_utf8_lossy(&run.stderr)
            );
            let files = place.files("build").into_iter();
            built.extend(files.map(|(path, text)| (format!("{project}/{path}"), text)));
        }
        built
    })
}

/// Every dashboard by its path.
pub(crate) fn dashboards() -> BTreeMap<&'static str, Value> {
    let found: BTreeMap<_, _> = built()
        .iter()
        .filter(|(path, _)| path.contains("grafana/") && path.ends_with(".json"))
        .map(|(path, text)| (path.as_str(), serde_json::from_str(text).unwrap()))
        .collect();
    assert!(found.len() > 20, "{:?}", found.keys());
    found
}

/// Each query of each panel, with its dashboard's path.
pub(crate) fn queries() -> Vec<(&'static str, String, String)> {
    let mut found = Vec::new();
    for (path, dashboard) in dashboards() {
        for panel in panels(&dashboard) {
            for target in targets(panel) {
                let title = panel["title"].as_str().unwrap().to_owned();
                found.push((path, title, target["expr"].as_str().unwrap().to_owned()));
            }
        }
    }
    assert!(found.len() > 200);
    found
}

pub(crate) fn read(query: &str) -> promql::Expr {
    let plain = query.replace("$__rate_interval", "5m");
    promql::parse(&plain).unwrap_or_else(|errors| panic!("{query}: {errors:?}"))
}
