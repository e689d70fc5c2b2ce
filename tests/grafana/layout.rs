//! What stands where: panels with all they need, rows, links.

use std::collections::{BTreeMap, BTreeSet};

use nthc::promql;
use serde_json::Value;

use crate::dashboards::{built, dashboards, read};
use crate::schema_files::{panels, targets};

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
                let inside = item["panels"].as_array().unwrap();
                assert_eq!(item["collapsed"], !inside.is_empty(), "{path}");
                for panel in inside {
                    let id = panel["id"].as_i64().unwrap();
                    assert!(ids.insert(id), "{path}: {id}");
                }
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
            "Alerts",
            "Service health",
            "PostgreSQL: entries-db",
            "The books"
        ]
    );
    assert_eq!(
        rows("shop/production/grafana/settlement.json"),
        ["SLOs", "Alerts", "Service health"]
    );
    assert_eq!(
        rows("checkout/grafana/slo-overview.json"),
        ["Now", "Over time"]
    );
}

/// A row of the overview leads to its service: by Grafana's variable for a field of the same row, `__data.fields` and the
/// field's name as it is shown, and by the time range, which has no question mark of its own.
#[test]
fn rows_of_the_overview_lead_to_their_services() {
    let mut linked = 0;
    for (path, dashboard) in dashboards() {
        for panel in panels(&dashboard) {
            let Some(link) = panel["fieldConfig"]["defaults"]["links"].get(0) else {
                continue;
            };
            let what = format!("{path}: {}", panel["title"]);
            assert_eq!(panel["type"], "table", "{what}");
            assert_eq!(
                link["url"], "/d/${__data.fields.Dashboard}?${__url_time_range}",
                "{what}"
            );
            assert_eq!(link["type"], "link", "{what}");
            assert_eq!(link["targetBlank"], false, "{what}");
            // The field is a label of the query's result that the table shows, under that name.
            let organize = &panel["transformations"][0]["options"];
            assert_eq!(organize["renameByName"]["dashboard"], "Dashboard", "{what}");
            assert!(organize["excludeByName"]["dashboard"].is_null(), "{what}");
            let expr = read(panel["targets"][0]["expr"].as_str().unwrap());
            assert!(promql::labels_of(&expr).has("dashboard"), "{what}");
            assert!(!promql::labels_of(&expr).has("instance"), "{what}");
            linked += 1;
        }
    }
    // Two tables in each overview: of two environments, of the file by itself, and of the hostile project.
    assert_eq!(linked, 2 * 4);
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
