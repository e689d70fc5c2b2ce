//! What is asked: of which service, aggregated how, over what.

use std::collections::BTreeSet;

use nthc::promql::{Node, classify};

use crate::dashboards::{built, queries, read};

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
