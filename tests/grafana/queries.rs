//! What is asked: of which service, aggregated how, over what. The selectors are those that Prometheus' own parser finds, so that neither how it prints a query nor how it reads one is taken at its word.

use std::collections::BTreeMap;
use std::time::Duration;

use nthc::promql::{self, classify};

use crate::blocks::{Labels, selectors};
use crate::dashboards::{built, dashboards, queries, read};
use crate::promql_tree::{Prometheus, Selector};
use crate::schema_files::{items, targets};

/// What stands for `$__rate_interval`: no range that somebody would write.
const RATE_INTERVAL: Duration = Duration::from_secs(7 * 60 + 13);

/// Whether a selector is of what the rules record.
fn is_recorded(selector: &Selector) -> bool {
    selector.metric.starts_with("slo:") || ["slo_info", "ALERTS"].contains(&&*selector.metric)
}

/// Whether an aggregation is around a selector, or a function that has one result whatever there is.
fn is_aggregated(selector: &Selector) -> bool {
    let has_one = |name: &String| matches!(&**name, "scalar" | "absent" | "absent_over_time");
    selector.is_aggregated || selector.under.iter().any(has_one)
}

/// Whether a selector asks for the label, and for which value, where it asks for one.
fn asks<'s>(selector: &'s Selector, label: &str) -> Option<Option<&'s str>> {
    let found = selector
        .matchers
        .iter()
        .find(|matcher| matcher.label == label)?;
    Some((found.op == "=").then_some(&*found.value))
}

/// What a query must carry.
struct Carried<'a> {
    /// The labels of the block that it is measured for.
    block: &'a Labels,
    /// What is asked of the label `service` of what the rules record, and how.
    service: (&'a str, &'a str),
    /// What recorded series have for an environment.
    environment: Option<&'a str>,
}

/// What is wrong with a query of a panel.
fn faults(prometheus: &Prometheus, query: &str, carried: &Carried<'_>) -> Vec<String> {
    let interval = format!("{}s", RATE_INTERVAL.as_secs());
    let plain = query.replace("$__rate_interval", &interval);
    if let Err(errors) = promql::parse(&plain) {
        return vec![format!("it cannot be parsed: {errors:?}")];
    }
    let found = match prometheus.parse(&plain) {
        Ok(query) => query.selectors,
        Err(error) => return vec![format!("Prometheus refuses it: {error}")],
    };
    let mut faults = Vec::new();
    if found.is_empty() {
        faults.push("it reads nothing".to_owned());
    }
    let is_alone = found.len() == 1;
    for reading in found {
        let of = &reading.metric;
        let is_one = is_alone && is_recorded(&reading);
        if !is_aggregated(&reading) && !is_one {
            faults.push(format!("`{of}` is not aggregated"));
        }
        if is_recorded(&reading) {
            let (op, service) = carried.service;
            let asked = (op == "=").then_some(service);
            if asks(&reading, "service") != Some(asked) {
                faults.push(format!("`{of}` is read of other services"));
            }
            if asks(&reading, "environment") != carried.environment.map(Some) {
                faults.push(format!("`{of}` is read of other environments"));
            }
            continue;
        }
        if reading.range.is_some_and(|range| range != RATE_INTERVAL) {
            faults.push(format!("`{of}` is read over a range of its own"));
        }
        // What asks for a label itself is not given the block's, as a probe that has its own job.
        let own = |label: &str| of == "probe_success" && label == "job";
        for (label, value) in carried.block {
            match asks(&reading, label) {
                Some(Some(found)) if found == value || own(label) => {}
                _ => faults.push(format!("`{of}` is read without `{label}={value:?}`")),
            }
        }
        if carried.block.is_empty() {
            faults.push(format!("`{of}` is measured for no block"));
        }
    }
    faults
}

#[test]
fn every_query_is_of_its_block_aggregated_and_over_what_suits_the_resolution() {
    let Some(prometheus) = Prometheus::find() else {
        return;
    };
    let selectors = selectors();
    let none = Labels::new();
    let (mut asked, mut raw, mut with_range) = (0, 0, 0);
    for (path, dashboard) in dashboards() {
        let parts: Vec<&str> = path.split('/').collect();
        let project = parts[0];
        let environment = (parts.len() == 4).then_some(parts[1]);
        let uid = dashboard["uid"].as_str().unwrap();
        let of = selectors
            .iter()
            .find(|((known, name), _)| *known == project && name == uid)
            .map(|(_, selectors)| selectors);
        assert_eq!(of.is_none(), path.ends_with("slo-overview.json"), "{path}");
        let mut row = String::new();
        for item in items(&dashboard) {
            if item["type"] == "row" {
                row = item["title"].as_str().unwrap().to_owned();
            }
            for target in targets(item) {
                let query = target["expr"].as_str().unwrap();
                let what = format!("{path}, {row}, {}: {query}", item["title"]);
                let carried = Carried {
                    block: of.map_or(&none, |of| of.dependencies.get(&row).unwrap_or(&of.own)),
                    service: match of {
                        Some(_) => ("=", "$service"),
                        None => ("=~", "$service"),
                    },
                    environment,
                };
                assert_eq!(faults(prometheus, query, &carried), [""; 0], "{what}");
                let unit = item["fieldConfig"]["defaults"]["unit"].as_str();
                assert!(unit.is_some_and(|unit| !unit.is_empty()), "{what}");
                asked += 1;
                raw += usize::from(!query.contains("slo"));
                with_range += usize::from(query.contains("[$__rate_interval]"));
            }
        }
    }
    assert!(
        asked > 300 && raw > 100 && with_range > 100,
        "{asked}, {raw}, {with_range}"
    );
}

/// The judgment above finds what it is there for.
#[test]
fn every_fault_of_a_query_is_found() {
    let Some(prometheus) = Prometheus::find() else {
        return;
    };
    let block: Labels = BTreeMap::from([("job".to_owned(), "checkout".to_owned())]);
    let carried = Carried {
        block: &block,
        service: ("=", "$service"),
        environment: Some("production"),
    };
    let recorded = r#"service="$service",environment="production""#;
    for good in [
        r#"sum by (job) (rate(x_total{job="checkout"}[$__rate_interval])) / 2"#,
        r#"histogram_quantile(0.9, sum by (le) (rate(x_bucket{job="checkout"}[$__rate_interval])))"#,
        r#"topk(5, x{job="checkout",code=~"5.."})"#,
        r#"absent(x{job="checkout"})"#,
        &format!("slo:error_budget:ratio{{{recorded}}}"),
        &format!(
            "max(slo:error_budget:ratio{{{recorded}}}) / min(slo:objective:ratio{{{recorded}}})"
        ),
    ] {
        assert_eq!(faults(prometheus, good, &carried), [""; 0], "{good}");
    }
    for (bad, fault) in [
        ("sum(x{job=\"checkout\"", "it cannot be parsed"),
        (
            "sum(rate(x{job=\"checkout\"}[$window]))",
            "Prometheus refuses it",
        ),
        ("vector(1)", "it reads nothing"),
        ("x{job=\"checkout\"}", "`x` is not aggregated"),
        (
            "sum(x{job=\"checkout\"}) / y{job=\"checkout\"}",
            "`y` is not aggregated",
        ),
        (
            "rate(x_total{job=\"checkout\"}[$__rate_interval])",
            "`x_total` is not aggregated",
        ),
        (
            &format!("slo:a{{{recorded}}} / slo:b{{{recorded}}}"),
            "`slo:a` is not aggregated",
        ),
        (
            "sum(rate(x_total{job=\"checkout\"}[5m]))",
            "a range of its own",
        ),
        ("sum(x)", "`x` is read without `job=\"checkout\"`"),
        ("sum(x{job=\"ledger\"})", "`x` is read without"),
        ("sum(x{job=~\"checkout\"})", "`x` is read without"),
        ("sum(x{job!=\"checkout\"})", "`x` is read without"),
        (
            "slo:a{service=\"ledger\",environment=\"production\"}",
            "of other services",
        ),
        (
            "slo:a{service=~\"$service\",environment=\"production\"}",
            "of other services",
        ),
        ("slo:a{service=\"$service\"}", "of other environments"),
    ] {
        let found = faults(prometheus, bad, &carried).join("; ");
        assert!(found.contains(fault), "{bad}: {found}");
    }
    let nothing = Labels::new();
    let of_no_block = Carried {
        block: &nothing,
        ..carried
    };
    assert_eq!(
        faults(prometheus, "sum(x)", &of_no_block),
        ["`x` is measured for no block"]
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
