//! What Grafana's own schemas ask for.

use nthc::ir::panel::{Panel, Visualization};

use crate::dashboards::dashboards;
use crate::schema_files::{Dashboards, assert_valid, grafana, grafana_definition};
use crate::single::{panel, shown};

#[test]
fn dashboards_are_what_the_schemas_ask_for() {
    let Some(folder) = grafana() else { return };
    let mut schemas = Dashboards::new(folder);
    for (path, document) in dashboards() {
        schemas.check(&document, path);
    }
    let seen = schemas.kinds();
    assert_eq!(seen, ["bargauge", "gauge", "stat", "table", "timeseries"]);
}

#[test]
fn every_visualization_is_what_its_schema_asks_for() {
    let Some(folder) = grafana() else { return };
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
        let options = grafana_definition(&folder, kind, "Options").unwrap();
        assert_valid(&options, &panel["options"], kind);
        let whole = grafana_definition(&folder, "dashboard", "Panel").unwrap();
        assert_valid(&whole, &panel, kind);
    }
}
