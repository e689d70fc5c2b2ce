//! What stands where: panels with all they need, rows, links.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::dashboards::{built, dashboards, panels, targets};

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
