//! The Grafana target: what the examples make is what Grafana takes, and what an engineer would have drawn.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
mod place;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use nthc::backends::grafana::service_dashboard;
use nthc::ir::panel::{MissingSignal, Panel, Panels, Unit, Visualization};
use nthc::ir::{GrafanaSettings, Service, Settings};
use nthc::project::default_settings;
use nthc::promql::{self, Node, classify};
use place::Place;
use serde_json::Value;

/// Text that Grafana, Markdown and HTML would take for theirs, each in its own way.
const HOSTILE: &str = r##"import std.http

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
fn built() -> &'static BTreeMap<String, String> {
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
fn dashboards() -> BTreeMap<&'static str, Value> {
    let found: BTreeMap<_, _> = built()
        .iter()
        .filter(|(path, _)| path.contains("grafana/") && path.ends_with(".json"))
        .map(|(path, text)| (path.as_str(), serde_json::from_str(text).unwrap()))
        .collect();
    assert!(found.len() > 20, "{:?}", found.keys());
    found
}

/// The panels of a dashboard, without its rows.
fn panels(dashboard: &Value) -> impl Iterator<Item = &Value> {
    let items = dashboard["panels"].as_array().unwrap().iter();
    items.filter(|item| item["type"] != "row")
}

fn targets(panel: &Value) -> impl Iterator<Item = &Value> {
    panel["targets"].as_array().into_iter().flatten()
}

/// Each query of each panel, with its dashboard's path.
fn queries() -> Vec<(&'static str, String, String)> {
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

fn read(query: &str) -> promql::Expr {
    let plain = query.replace("$__rate_interval", "5m");
    promql::parse(&plain).unwrap_or_else(|errors| panic!("{query}: {errors:?}"))
}

fn schemas() -> Option<PathBuf> {
    let shared = std::env::var_os("NTH_SHARED_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let folder = shared.join("grafana");
    if !folder.is_dir() {
        println!("skipped, ../shared/data not present");
        return None;
    }
    Some(folder)
}

/// A definition of one of the schemas as a schema of its own.
fn schema(folder: &Path, name: &str, definition: &str) -> Option<jsonschema::Validator> {
    let text = std::fs::read_to_string(folder.join(format!("{name}.jsonschema.json"))).unwrap();
    let mut schema: Value = serde_json::from_str(&text).unwrap();
    schema["definitions"].get(definition)?;
    schema["$ref"] = Value::String(format!("#/definitions/{definition}"));
    Some(jsonschema::validator_for(&schema).unwrap())
}

fn assert_valid(validator: &jsonschema::Validator, value: &Value, what: &str) {
    let errors: Vec<_> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{what}:\n{}", errors.join("\n"));
}

#[test]
fn dashboards_are_what_the_schemas_ask_for() {
    let Some(folder) = schemas() else { return };
    let dashboard = schema(&folder, "dashboard", "Dashboard").unwrap();
    let query = schema(&folder, "prometheus", "Dataquery").unwrap();
    let mut kinds: BTreeMap<String, [Option<jsonschema::Validator>; 2]> = BTreeMap::new();
    for (path, document) in dashboards() {
        assert_valid(&dashboard, &document, path);
        for panel in panels(&document) {
            let kind = panel["type"].as_str().unwrap();
            let [options, custom] = kinds.entry(kind.to_owned()).or_insert_with(|| {
                ["Options", "FieldConfig"].map(|definition| schema(&folder, kind, definition))
            });
            let what = format!("{path}: {}", panel["title"]);
            assert_valid(options.as_ref().unwrap(), &panel["options"], &what);
            let found = &panel["fieldConfig"]["defaults"]["custom"];
            match custom {
                Some(custom) if !found.is_null() => assert_valid(custom, found, &what),
                _ => assert!(found.is_null(), "{what} has {found}"),
            }
            for target in targets(panel) {
                assert_valid(&query, target, &what);
            }
        }
    }
    let seen: Vec<_> = kinds.keys().map(String::as_str).collect();
    assert_eq!(seen, ["bargauge", "gauge", "stat", "table", "timeseries"]);
}

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

#[test]
fn every_query_is_of_its_service_and_aggregated() {
    for (path, title, query) in queries() {
        let what = format!("{path}, {title}: {query}");
        let expr = read(&query);
        assert!(
            classify::exprs(&expr).any(|expr| matches!(expr.node, Node::Aggregate(_))),
            "{what}"
        );
        let mut selectors = 0;
        for selector in classify::metrics(&expr) {
            selectors += 1;
            let recorded = selector
                .metric
                .as_ref()
                .is_some_and(|metric| metric.text.starts_with("slo:") || metric.text == "slo_info");
            let labels: BTreeSet<_> = selector
                .matchers
                .iter()
                .map(|matcher| matcher.label.as_str())
                .collect();
            if recorded {
                let service = selector
                    .matchers
                    .iter()
                    .find(|matcher| matcher.label == "service");
                assert_eq!(service.unwrap().value.text(), Some("$service"), "{what}");
                assert_eq!(
                    labels.contains("environment"),
                    path.starts_with("shop/"),
                    "{what}"
                );
            } else {
                let own = ["job", "instance", "cluster", "path"];
                assert!(own.iter().any(|label| labels.contains(label)), "{what}");
                assert_eq!(labels.contains("env"), path.starts_with("shop/"), "{what}");
            }
        }
        assert!(selectors > 0, "{what}");
        assert!(!query.contains("$window"), "{what}");
    }
}

#[test]
fn rates_are_taken_over_what_suits_the_resolution() {
    let mut rates = 0;
    for (path, title, query) in queries() {
        let what = format!("{path}, {title}: {query}");
        let named = |function: &str| query.matches(&format!("{function}(")).count();
        let taken = named("rate") + named("increase");
        assert_eq!(
            query.matches("[$__rate_interval]").count(),
            taken + named("avg_over_time"),
            "{what}"
        );
        rates += taken;
        if query.contains("histogram_quantile") {
            let native = query.contains("_seconds{") && !query.contains("_bucket{");
            assert!(native || query.contains("sum by (le) (rate("), "{what}");
        }
    }
    assert!(rates > 50);
}

#[test]
fn every_panel_tells_what_it_shows() {
    for (path, dashboard) in dashboards() {
        assert_eq!(dashboard["editable"], false);
        let variables: Vec<_> = dashboard["templating"]["list"]
            .as_array()
            .unwrap()
            .iter()
            .map(|variable| variable["name"].as_str().unwrap())
            .collect();
        assert_eq!(variables, ["datasource", "service"]);
        for panel in panels(&dashboard) {
            let what = format!("{path}: {}", panel["title"]);
            for key in ["title", "description"] {
                assert!(!panel[key].as_str().unwrap().is_empty(), "{what}: {key}");
            }
            if panel["type"] == "text" {
                assert!(
                    !panel["options"]["content"].as_str().unwrap().is_empty(),
                    "{what}"
                );
                continue;
            }
            assert!(
                !panel["fieldConfig"]["defaults"]["unit"]
                    .as_str()
                    .unwrap()
                    .is_empty(),
                "{what}"
            );
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{what}");
            let mut letters = BTreeSet::new();
            for target in targets(panel) {
                assert_eq!(target["datasource"], panel["datasource"], "{what}");
                assert!(
                    !target["legendFormat"].as_str().unwrap().is_empty(),
                    "{what}"
                );
                assert!(letters.insert(target["refId"].as_str().unwrap()), "{what}");
            }
            assert!(!letters.is_empty(), "{what}");
        }
    }
}

#[test]
fn rows_and_panels_stand_at_the_root_and_do_not_overlap() {
    for (path, dashboard) in dashboards() {
        let items = dashboard["panels"].as_array().unwrap();
        let mut ids = BTreeSet::new();
        let mut taken: BTreeMap<(i64, i64), &Value> = BTreeMap::new();
        assert_eq!(items[0]["type"], "row", "{path}");
        for item in items {
            let id = item["id"].as_i64().unwrap();
            assert!(
                (1..=i64::from(i32::MAX)).contains(&id) && ids.insert(id),
                "{path}: {id}"
            );
            if item["type"] == "row" {
                assert_eq!(
                    (&item["collapsed"], item["panels"].as_array().map(Vec::len)),
                    (&Value::Bool(false), Some(0))
                );
            }
            let [x, y, w, h] =
                ["x", "y", "w", "h"].map(|key| item["gridPos"][key].as_i64().unwrap());
            assert!(x >= 0 && x + w <= 24, "{path}: {}", item["title"]);
            for column in x..x + w {
                for line in y..y + h {
                    let before = taken.insert((column, line), &item["title"]);
                    assert_eq!(before, None, "{path}: {}", item["title"]);
                }
            }
        }
    }
}

#[test]
fn rows_come_in_their_order() {
    let all = dashboards();
    let rows = |path: &str| -> Vec<&str> {
        let items = all[path]["panels"].as_array().unwrap().iter();
        items
            .filter(|item| item["type"] == "row")
            .map(|item| item["title"].as_str().unwrap())
            .collect()
    };
    assert_eq!(
        rows("shop/production/grafana/ledger.json"),
        [
            "SLOs",
            "Service health",
            "PostgreSQL: entries-db",
            "The books"
        ]
    );
    assert_eq!(
        rows("shop/production/grafana/settlement.json"),
        ["SLOs", "Service health"]
    );
    assert_eq!(
        rows("checkout/grafana/slo-overview.json"),
        ["Now", "Over time"]
    );
}

/// What a dashboard reads of an SLO is recorded by the same build.
#[test]
fn every_recorded_series_is_recorded() {
    let mut read_series = 0;
    for (path, title, query) in queries() {
        if path.ends_with("slo-overview.json") {
            continue;
        }
        let rules = &built()[&path
            .replace("/grafana/", "/prometheus/")
            .replace(".json", ".yaml")];
        for selector in classify::metrics(&read(&query)) {
            let Some(metric) = selector
                .metric
                .as_ref()
                .filter(|metric| metric.text.starts_with("slo:"))
            else {
                continue;
            };
            read_series += 1;
            assert!(
                rules.contains(&format!("record: {}\n", metric.text)),
                "{path}, {title}: {query}"
            );
        }
    }
    assert!(read_series > 100);
}

#[test]
fn links_lead_to_dashboards_that_there_are() {
    let all = dashboards();
    let uids: BTreeMap<_, _> = all
        .iter()
        .map(|(path, dashboard)| (dashboard["uid"].as_str().unwrap(), *path))
        .collect();
    assert_eq!(uids.len(), all.len(), "two dashboards have the same uid");
    for (path, dashboard) in &all {
        for link in dashboard["links"].as_array().unwrap() {
            let url = link["url"].as_str().unwrap();
            match url.strip_prefix("/d/") {
                Some(uid) => assert!(uids.contains_key(uid), "{path}: {url}"),
                None => assert!(
                    url.starts_with("https://runbooks.example.com/"),
                    "{path}: {url}"
                ),
            }
        }
    }
    let storefront = &all["shop/production/grafana/storefront.json"]["links"];
    let titles: Vec<_> = storefront
        .as_array()
        .unwrap()
        .iter()
        .map(|link| link["title"].as_str().unwrap())
        .collect();
    assert_eq!(
        titles,
        [
            "Runbook",
            "SLO overview",
            "checkout",
            "search",
            "recommendations"
        ]
    );
    let rules = &built()["shop/production/prometheus/storefront.yaml"];
    let uid = all["shop/production/grafana/storefront.json"]["uid"]
        .as_str()
        .unwrap();
    assert!(rules.contains(&format!(
        "dashboard_url: https://grafana.example.com/d/{uid}\n"
    )));
}

/// Whether Grafana would fill in a variable other than those that are meant.
fn has_variable(text: &str) -> bool {
    let meant = [
        "${datasource}",
        "$service",
        "$__rate_interval",
        "${__data.fields.Dashboard}",
        "${__url_time_range}",
        "$__all",
    ];
    let mut rest = text.to_owned();
    for variable in meant {
        rest = rest.replace(variable, "");
    }
    let bytes: Vec<u8> = rest.bytes().collect();
    bytes.windows(2).any(|pair| {
        pair == b"[["
            || (pair[0] == b'$' && (pair[1].is_ascii_alphanumeric() || b"_{".contains(&pair[1])))
    })
}

#[test]
fn text_of_a_user_is_no_template() {
    let all = dashboards();
    let (path, hostile) = all
        .iter()
        .find(|(path, _)| path.starts_with("hostile/grafana/a"))
        .unwrap();
    for item in hostile["panels"].as_array().unwrap() {
        for key in ["title", "description"] {
            let text = item[key].as_str().unwrap_or_default();
            assert!(
                !has_variable(text) && !text.contains("$service"),
                "{path}: {text}"
            );
            assert!(
                !text.contains("<script>")
                    && !text.contains("**Never**")
                    && !text.contains("[link]"),
                "{text}"
            );
        }
        for target in targets(item) {
            let legend = target["legendFormat"].as_str().unwrap();
            assert!(
                !has_variable(legend) && !legend.contains("$service"),
                "{legend}"
            );
            assert!(!has_variable(target["expr"].as_str().unwrap()), "{target}");
        }
    }
    let panel = panels(hostile).last().unwrap();
    assert_eq!(panel["title"], "Costs $\u{2060}5 of $\u{2060}service");
    assert_eq!(
        panel["targets"][0]["legendFormat"],
        "{\u{2060}{x}} $\u{2060}service {{x}}"
    );
    assert_eq!(
        panel["targets"][0]["expr"],
        r#"sum by (x) (rate(y_total{z=~"\x24service|\x5b[service]]|e$",job="\x24service",path="\x5b[datasource]]"}[$__rate_interval]))"#
    );
    for (path, text) in built() {
        if path.ends_with("slo-overview.json") {
            assert!(text.lines().all(|line| !has_variable(line)), "{path}");
        }
    }
}

#[test]
fn an_edit_changes_the_lines_of_its_panel_alone() {
    let place = Place::new();
    place.write("nth.toml", "[project]\nname = \"shop\"\n");
    let text = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/checkout.nth"),
    )
    .unwrap();
    let own = "  panel depth { title = \"Depth\"  query = `max(checkout_queue_depth)` }\n  panel age { title = \"Age\"  query = `max(checkout_queue_age)` }\n\n  alert queue-backlog";
    place.write("checkout.nth", text.replace("  alert queue-backlog", own));
    let build = |place: &Place| {
        let ran = place.run(&["build"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        place.files("build")
    };
    let before = build(&place);
    place.replace("checkout.nth", "\"Depth\"", "\"Orders that wait\"");
    let after = build(&place);
    for (path, text) in &before {
        if path != "grafana/checkout.json" && path.contains('/') {
            assert_eq!(text, &after[path], "{path}");
        }
    }
    let [old, new] = [&before, &after].map(|files| &files["grafana/checkout.json"]);
    let changed: Vec<_> = similar::TextDiff::from_lines(old.as_str(), new.as_str())
        .iter_all_changes()
        .filter(|change| change.tag() != similar::ChangeTag::Equal)
        .map(|change| change.to_string().trim().to_owned())
        .collect();
    // The title, and the legend, which is the title where a query has no labels.
    assert_eq!(
        changed,
        [
            "\"title\": \"Depth\",",
            "\"title\": \"Orders that wait\",",
            "\"legendFormat\": \"Depth\",",
            "\"legendFormat\": \"Orders that wait\",",
        ]
    );
}

fn settings() -> Settings {
    default_settings("shop")
}

fn service_with(panel: Panel) -> Service {
    Service {
        name: "checkout".into(),
        description: None,
        service_type: None,
        team: None,
        tier: "standard".into(),
        selector: BTreeMap::new(),
        labels: BTreeMap::new(),
        slos: Vec::new(),
        alerts: Vec::new(),
        recordings: Vec::new(),
        dependencies: Vec::new(),
        signals: Vec::new(),
        left_out: Vec::new(),
        runbook_url: None,
        dashboard_url: None,
        panels: Panels {
            own: vec![panel],
            ..Panels::default()
        },
        gates: Vec::new(),
        deployed: None,
    }
}

fn panel() -> Panel {
    Panel {
        name: "connections".into(),
        title: "Connections".into(),
        description: None,
        query: promql::parse("sum by (le) (rate(pg_seconds_bucket[$window]))").unwrap(),
        unit: Unit::Seconds,
        visualization: Visualization::Heatmap,
        legend: None,
        thresholds: Vec::new(),
        low_is_bad: false,
        min: None,
        max: None,
        width: 12,
        height: 8,
        missing: Vec::new(),
    }
}

fn shown(panel: Panel) -> Value {
    let artifact = service_dashboard(&service_with(panel), &settings())
        .unwrap()
        .unwrap();
    let dashboard: Value = serde_json::from_str(&artifact.contents).unwrap();
    panels(&dashboard).next().unwrap().clone()
}

#[test]
fn a_signal_without_a_metric_gives_guidance() {
    let missing = MissingSignal {
        name: "connections".into(),
        candidates: vec![
            "pg_stat_activity_count{instance=\"$service\"}".into(),
            "pg_`x`".into(),
        ],
        hint: Some("Run <b>postgres_exporter</b>, *not* ${service}.".into()),
    };
    let panel = shown(Panel {
        missing: vec![missing],
        ..panel()
    });
    assert_eq!(panel["type"], "text");
    assert_eq!(panel["title"], "Connections");
    assert!(panel.get("targets").is_none());
    insta::assert_snapshot!(panel["options"]["content"].as_str().unwrap().replace('\u{2060}', "·"), @r#"
**There is no metric for `connections`.**

The metric catalogue has none of these:

- `pg_stat_activity_count{instance="$·service"}`
- `` pg_`x` ``

Run &lt;b&gt;postgres\_exporter&lt;/b&gt;, \*not\* $·{service}.

Once there is one, run `nthc metrics pull` and build again.
"#);
}

#[test]
fn every_visualization_is_what_its_schema_asks_for() {
    let Some(folder) = schemas() else { return };
    for visualization in [
        Visualization::Timeseries,
        Visualization::Stat,
        Visualization::Gauge,
        Visualization::BarGauge,
        Visualization::Table,
        Visualization::Heatmap,
    ] {
        let panel = shown(Panel {
            visualization,
            ..panel()
        });
        let kind = panel["type"].as_str().unwrap();
        let options = schema(&folder, kind, "Options").unwrap();
        assert_valid(&options, &panel["options"], kind);
        let whole = schema(&folder, "dashboard", "Panel").unwrap();
        assert_valid(&whole, &panel, kind);
    }
}

#[test]
fn a_configmap_holds_the_same_dashboard() {
    let plain = service_dashboard(&service_with(panel()), &settings())
        .unwrap()
        .unwrap();
    let settings = Settings {
        grafana: GrafanaSettings {
            format: nthc::ir::DashboardFormat::ConfigMap,
            folder: Some("on: call".into()),
            namespace: Some("monitoring".into()),
            ..GrafanaSettings::default()
        },
        ..settings()
    };
    let wrapped = service_dashboard(&service_with(panel()), &settings)
        .unwrap()
        .unwrap();
    assert_eq!(wrapped.path, "grafana/checkout.yaml");
    let resource: yaml_serde::Value = yaml_serde::from_str(&wrapped.contents).unwrap();
    assert_eq!(resource["kind"].as_str(), Some("ConfigMap"));
    assert_eq!(
        resource["metadata"]["name"].as_str(),
        Some("dashboard-checkout")
    );
    assert_eq!(
        resource["metadata"]["namespace"].as_str(),
        Some("monitoring")
    );
    assert_eq!(
        resource["metadata"]["labels"]["grafana_dashboard"].as_str(),
        Some("1")
    );
    assert_eq!(
        resource["metadata"]["annotations"]["grafana_folder"].as_str(),
        Some("on: call")
    );
    assert_eq!(
        resource["data"]["checkout.json"].as_str(),
        Some(plain.contents.as_str())
    );
}
