//! A service with one panel, made by hand.

use std::collections::BTreeMap;

use nthc::backends::grafana::service_dashboard;
use nthc::ir::panel::{MissingSignal, Panel, Panels, Unit, Visualization};
use nthc::ir::{GrafanaSettings, Service, Settings};
use nthc::project::default_settings;
use nthc::promql::{self, LabelMatchers};
use serde_json::Value;

use crate::schema_files::panels;

fn settings() -> Settings {
    default_settings("shop")
}

fn service_with(panel: Panel) -> Service {
    Service {
        name: "checkout".into(),
        role: nthc::ir::Role::Service,
        description: None,
        service_type: None,
        team: None,
        tier: "standard".into(),
        selector: LabelMatchers::default(),
        labels: BTreeMap::new(),
        slos: Vec::new(),
        alerts: Vec::new(),
        recordings: Vec::new(),
        log_alerts: Vec::new(),
        dependencies: Vec::new(),
        signals: Vec::new(),
        skipped_rules: Vec::new(),
        runbook_url: None,
        dashboard_url: None,
        logs_url: None,
        panels: Panels {
            own: vec![panel],
            ..Panels::default()
        },
        escalation: None,
        pace: nthc::ir::Pace {
            waits: Vec::new(),
            loops: 0,
        },
        support_hours: None,
        runbook: Vec::new(),
        gates: Vec::new(),
        deployed: None,
        origin: Default::default(),
        former_tiers: Vec::new(),
    }
}

pub(crate) fn panel() -> Panel {
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

pub(crate) fn shown(panel: Panel) -> Value {
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
**No metric found for `connections`.**

Not in the metric catalog:

- `pg_stat_activity_count{instance="$·service"}`
- `` pg_`x` ``

Run &lt;b&gt;postgres\_exporter&lt;/b&gt;, \*not\* $·{service}.

Once it is exposed, run `nthc metrics pull` and build again.
"#);
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
        Some("shop--dashboard-checkout")
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
