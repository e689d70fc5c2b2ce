//! From `.nth` to OpenSLO and back: the same objectives and periods, and rules that record the same error ratios.

use std::collections::BTreeMap;

use nthc::backends::Artifact;
use nthc::promql::rewrite::{clear_spans, each_expr};
use nthc::promql::{Node, parse};
use serde_json::Value;

use super::{compiled, documents, examples, project, sound, told};

/// A query with its matchers in order: which stands first means nothing.
fn canonical(query: &str) -> String {
    let mut expr = parse(query).unwrap();
    clear_spans(&mut expr);
    each_expr(&mut expr, &mut |expr| {
        if let Node::Selector(selector) = &mut expr.node {
            selector
                .matchers
                .sort_by_key(|matcher| matcher.label.clone());
        }
    });
    expr.to_string()
}

/// What rules record of objectives and their error ratios, by service, objective, metric.
fn recorded(artifacts: &[Artifact]) -> BTreeMap<(String, String, String), String> {
    let mut out = BTreeMap::new();
    for artifact in artifacts
        .iter()
        .filter(|artifact| artifact.path.contains("prometheus/"))
    {
        for document in documents(&artifact.contents) {
            let groups = document["groups"].as_array().unwrap();
            for rule in groups
                .iter()
                .flat_map(|group| group["rules"].as_array().unwrap())
            {
                let Some(metric) = rule["record"]
                    .as_str()
                    .filter(|metric| metric.starts_with("slo:"))
                else {
                    continue;
                };
                let label = |label: &str| rule["labels"][label].as_str().unwrap().to_owned();
                let key = (label("service"), label("slo"), metric.to_owned());
                // The environment tells series apart that no module by itself has.
                let query = rule["expr"]
                    .as_str()
                    .unwrap()
                    .replace("environment=\"production\",", "");
                out.insert(key, canonical(&query));
            }
        }
    }
    out
}

#[test]
fn the_shop_comes_back() {
    let (_, files) = examples().remove(1);
    let wanted: BTreeMap<_, _> = {
        let artifacts = project("examples/shop");
        let production: Vec<Artifact> = artifacts
            .into_iter()
            .filter(|artifact| artifact.path.starts_with("production/"))
            .collect();
        recorded(&production)
    };
    let import = nthc::import::openslo::import(files);
    let text = import
        .text
        .clone()
        .unwrap_or_else(|| panic!("{}", told(&import)));
    let back = recorded(&sound(compiled(&text)).artifacts);
    // Events of a minimum are counted only where there is one, which the format can't say.
    let is_said = |metric: &str| !metric.starts_with("slo:sli_events:");
    // A ratio with the number of its events comes back as bad events out of all: the same share of the same events.
    let is_computed = |slo: &str| slo == "authorisation";
    let mut different = Vec::new();
    let compared = wanted
        .iter()
        .filter(|((_, slo, metric), _)| is_said(metric) && !is_computed(slo));
    for (key, query) in compared {
        match back.get(key) {
            Some(found) if found == query => {}
            found => different.push(format!("{key:?}\n  {query}\n  {found:?}")),
        }
    }
    let objectives = wanted
        .keys()
        .filter(|(.., metric)| metric == "slo:objective:ratio");
    assert!(objectives.count() >= 20);
    assert!(
        different.is_empty(),
        "{} differ:\n{}",
        different.len(),
        different.join("\n")
    );
    assert!(back.keys().all(|key| wanted.contains_key(key)));
    let bad = "slo:sli_bad_events:rate5m".to_owned();
    assert!(back.contains_key(&("payment-gateway".into(), "authorisation".into(), bad)));
}

#[test]
fn each_way_of_measuring_comes_back() {
    let source = "\
team t {
  receiver chat : slack { channel = \"#t\" }
}
service s {
  team     = t
  selector = { job = \"s\" }

  slo events { objective = 99.95%  window = 28d  sli : ratio { good = `good_total` total = `all_total` } }
  slo slices { objective = 99.1%  window = 7d  sli : time-slices { good = `60 >= max(age_seconds)` } }
  slo equal { objective = 99%  sli : time-slices { good = `sum(flag) == 1` } }
  slo weighed { objective = 99%  sli : error-ratio { ratio = `x(avg_over_time(r[$window]))` total = `all_total` } }
  slo timed { objective = 98.5%  sli : error-ratio { ratio = `max(avg_over_time(r[$window]))` } }
}
"
    .replace("x(avg", "max(avg");
    let built = sound(compiled(&source));
    let documents: Vec<Value> = super::openslo(&built.artifacts)
        .iter()
        .flat_map(|(_, text)| documents(text))
        .collect();
    let said: BTreeMap<&str, String> = documents
        .iter()
        .filter(|document| document["kind"] == "SLO")
        .map(|slo| {
            let goal = &slo["spec"]["objectives"][0];
            let said = format!(
                "{} {} {} {} {} {}",
                goal["target"],
                slo["spec"]["timeWindow"][0]["duration"],
                slo["spec"]["budgetingMethod"],
                goal["op"],
                goal["value"],
                goal["timeSliceWindow"]
            );
            (slo["metadata"]["name"].as_str().unwrap(), said)
        })
        .collect();
    assert_eq!(
        said.into_iter()
            .map(|(name, said)| format!("{name}: {said}"))
            .collect::<Vec<_>>(),
        [
            "s--equal: 0.99 \"30d\" \"Timeslices\" \"gte\" 1.0 \"1m\"",
            "s--events: 0.9995 \"28d\" \"Occurrences\" null null null",
            "s--slices: 0.991 \"7d\" \"Timeslices\" \"lte\" 60.0 \"1m\"",
            "s--timed: 0.985 \"30d\" \"RatioTimeslices\" null null \"5m\"",
            "s--weighed: 0.99 \"30d\" \"Occurrences\" null null null",
        ]
    );
    let import = nthc::import::openslo::import(super::openslo(&built.artifacts));
    let text = import
        .text
        .clone()
        .unwrap_or_else(|| panic!("{}", told(&import)));
    for line in [
        "good  = `sum(rate(good_total[$window]))`",
        "good = `max(age_seconds) <= 60`",
        "bad   = `max(avg_over_time(r[$window])) * sum(rate(all_total[$window]))`",
        "good = `sum(flag) == 1`",
        "ratio = `max(avg_over_time(r[$window]))`",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    sound(compiled(&text));
}

#[test]
fn what_is_missing_is_told_once() {
    let (_, mut files) = examples().remove(1);
    files.retain(|(path, _)| path.ends_with("openslo/checkout.yaml"));
    assert_eq!(files.len(), 1);
    let import = nthc::import::openslo::import(files);
    assert_eq!(import.text, None);
    let told = told(&import);
    let missing: Vec<&str> = told
        .lines()
        .filter_map(|line| line.split_once("N0643]: ").or(line.split_once("N0643: ")))
        .map(|(_, message)| message)
        .collect();
    let once: std::collections::BTreeSet<&str> = missing.iter().copied().collect();
    assert_eq!(missing.len(), once.len(), "{told}");
    // The data source, and whom a page and a ticket go to, each of which every objective names.
    assert_eq!(once.len(), 3, "{told}");
}
