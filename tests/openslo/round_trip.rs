//! From `.nth` to OpenSLO and back: the same objectives and periods, and rules that record the same error ratios.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use nthc::backends::Artifact;
use nthc::compile::{Input, SourceInput, compile};
use nthc::import::openslo::import_into;
use nthc::promql::rewrite::{clear_spans, each_expr};
use nthc::promql::{Node, parse};
use serde_json::Value;

use super::{compiled, documents, examples, root, sound, told};

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

/// An annotation with the matchers of its queries in order.
fn ordered(text: &str) -> String {
    let mut out = String::new();
    for part in text.split_inclusive('}') {
        match part
            .strip_suffix('}')
            .and_then(|part| part.rsplit_once('{'))
        {
            Some((before, inner)) if inner.contains('=') => {
                let mut matchers: Vec<&str> = inner.split(',').collect();
                matchers.sort_unstable();
                out.push_str(&format!("{before}{{{}}}", matchers.join(",")));
            }
            _ => out.push_str(part),
        }
    }
    out
}

/// A rule by what it is called: its group, its name and the labels that tell it from others of that name.
type Name = (String, String, String);

/// All rules of an environment.
fn rules(artifacts: &[Artifact], environment: Option<&str>) -> BTreeMap<Name, Value> {
    let folder = environment.map_or_else(String::new, |name| format!("{name}/"));
    let mut out = BTreeMap::new();
    for artifact in artifacts {
        if !artifact.path.starts_with(&format!("{folder}prometheus/")) {
            continue;
        }
        for document in documents(&artifact.contents) {
            for group in document["groups"].as_array().unwrap() {
                for rule in group["rules"].as_array().unwrap() {
                    let mut rule = rule.clone();
                    rule["expr"] = canonical(rule["expr"].as_str().unwrap()).into();
                    rule["interval"] = group["interval"].clone();
                    if let Some(description) = rule["annotations"]["description"].as_str() {
                        rule["annotations"]["description"] = ordered(description).into();
                    }
                    let name = [&rule["record"], &rule["alert"]]
                        .into_iter()
                        .find_map(Value::as_str)
                        .unwrap()
                        .to_owned();
                    let telling = [
                        "window",
                        "long_window",
                        "budget_consumed",
                        "severity",
                        "targets",
                    ];
                    let labels = telling.map(|label| rule["labels"][label].as_str().unwrap_or(""));
                    let group = group["name"].as_str().unwrap().to_owned();
                    let key = (group, name, labels.join(" ").trim().to_owned());
                    assert!(!out.contains_key(&key), "{key:?}");
                    out.insert(key, rule);
                }
            }
        }
    }
    out
}

/// A project in an environment, with its documents imported and built in a project of the same settings.
struct RoundTrip {
    there: BTreeMap<Name, Value>,
    back: BTreeMap<Name, Value>,
    text: String,
}

fn round_trip(input: &Input, environment: Option<&str>) -> RoundTrip {
    let built = sound(compile(input)).artifacts;
    let folder = environment.map_or_else(String::new, |name| format!("{name}/"));
    let files: Vec<(String, String)> = super::openslo(&built)
        .into_iter()
        .filter(|(path, _)| path.starts_with(&folder))
        .collect();
    let import = import_into(files, &input.settings, &[]);
    let text = import
        .text
        .clone()
        .unwrap_or_else(|| panic!("{}", told(&import)));
    let again = compile(&Input {
        settings: input.settings.clone(),
        files: vec![SourceInput {
            module: "main".to_owned(),
            path: "main.nth".to_owned(),
            text: text.as_str().into(),
            package: false,
        }],
        catalogue: None,
        levels: Default::default(),
        environment: None,
    });
    RoundTrip {
        there: rules(&built, environment),
        back: rules(&sound(again).artifacts, environment),
        text,
    }
}

/// What is not the same, a line each.
fn differences(trip: &RoundTrip) -> Vec<String> {
    let mut out = Vec::new();
    for (key, rule) in &trip.there {
        let name = format!("{} / {} {}", key.0, key.1, key.2);
        let name = name.trim_end();
        match trip.back.get(key) {
            None => out.push(format!("- {name}")),
            Some(found) if found == rule => {}
            Some(found) => {
                let fields: BTreeSet<&String> = [rule, found]
                    .into_iter()
                    .flat_map(|rule| rule.as_object().unwrap().keys())
                    .collect();
                for field in fields {
                    if rule[field] != found[field] {
                        out.push(format!(
                            "~ {name}: {field}\n    {}\n    {}",
                            rule[field], found[field]
                        ));
                    }
                }
            }
        }
    }
    let more = trip
        .back
        .keys()
        .filter(|key| !trip.there.contains_key(*key));
    out.extend(more.map(|key| {
        format!("+ {} / {} {}", key.0, key.1, key.2)
            .trim_end()
            .to_owned()
    }));
    out
}

/// Every example in every environment, there and back: the rules are the same but for these.
#[test]
fn all_examples_give_the_same_rules() {
    let mut table = String::new();
    let mut sets: Vec<(&str, Input, Vec<Option<String>>)> = Vec::new();
    let text = std::fs::read_to_string(root().join("examples/checkout.nth")).unwrap();
    sets.push((
        "checkout",
        Input {
            settings: nthc::project::default_settings("checkout"),
            files: vec![SourceInput {
                module: "checkout".to_owned(),
                path: "checkout.nth".to_owned(),
                text: text.as_str().into(),
                package: false,
            }],
            catalogue: None,
            levels: Default::default(),
            environment: None,
        },
        vec![None],
    ));
    for folder in ["examples/shop", "examples/platform"] {
        let loaded = nthc::project::load(&root().join(folder), root()).unwrap();
        let input = loaded.project.input(None);
        let environments = sound(compile(&input)).environments;
        assert!(!environments.is_empty());
        let environments = environments.iter().map(|name| Some(name.to_string()));
        let environments = environments.collect();
        sets.push((folder, input, environments));
    }
    let mut rules = 0;
    for (name, input, environments) in sets {
        for environment in environments {
            let environment = environment.as_deref();
            let documents = super::openslo(&sound(compile(&input)).artifacts);
            if documents.is_empty() {
                // What only others build promises nothing itself.
                assert_eq!(name, "examples/platform");
                continue;
            }
            let trip = round_trip(&input, environment);
            rules += trip.there.len();
            writeln!(table, "{name} {}", environment.unwrap_or("-")).unwrap();
            for line in differences(&trip) {
                writeln!(table, "  {line}").unwrap();
            }
            if environment == Some("production") {
                insta::assert_snapshot!("shop", trip.text);
            }
        }
    }
    assert!(rules > 500, "{rules}");
    insta::assert_snapshot!("differences", table);
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
  slo weighed { objective = 99%  sli : error-ratio { ratio = `max(avg_over_time(r[$window]))` total = `all_total` } }
  slo timed { objective = 98.5%  sli : error-ratio { ratio = `max(avg_over_time(r[$window]))` } }
}
";
    let built = sound(compiled(source));
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
        "good  = `good_total`",
        "good = `max(age_seconds) <= 60`",
        "ratio = `max(avg_over_time(r[$window]))`",
        "good = `sum(flag) == 1`",
        "ratio = `max(avg_over_time(r[$window]))`",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    sound(compiled(&text));
}

/// Calendar windows of each unit and zone, there and back: rules of the same periods.
#[test]
fn calendar_windows_come_back() {
    let source = r##"
team t {
  slack = "#t"
}
service s {
  team     = t
  selector = { job = "s" }

  slo weekly    { objective = 99%    calendar = week     zone = "UTC"               sli : ratio { bad = `bad_total` total = `all_total` } }
  slo monthly   { objective = 99.9%  calendar = month    zone = "Europe/Berlin"     sli : ratio { bad = `bad_total` total = `all_total` } }
  slo quarterly { objective = 99.9%  calendar = quarter  zone = "America/New_York"  sli : ratio { bad = `bad_total` total = `all_total` } }
}
"##;
    let input = Input {
        settings: nthc::project::default_settings("shop"),
        files: vec![SourceInput {
            module: "main".to_owned(),
            path: "main.nth".to_owned(),
            text: source.into(),
            package: false,
        }],
        catalogue: None,
        levels: Default::default(),
        environment: None,
    };
    let trip = round_trip(&input, None);
    let words: Vec<&str> = trip.text.split_whitespace().collect();
    let text = words.join(" ");
    for line in [
        "calendar = week",
        "calendar = month",
        "calendar = quarter",
        "zone = \"Europe/Berlin\"",
        "zone = \"America/New_York\"",
    ] {
        assert!(text.contains(line), "{line}\n{}", trip.text);
    }
    assert!(trip.there.len() > 60, "{:?}", trip.there.keys());
    assert_eq!(differences(&trip), [""; 0], "{}", trip.text);
}

#[test]
fn a_selector_with_expressions_comes_back() {
    let source = r##"
team t {
  receiver chat : slack { channel = "#t" }
}
service s {
  team     = t
  selector = { namespace = "shop", job =~ "web\\..*|api", job != "web.canary", zone !~ "b|c" }

  slo events { objective = 99.95%  sli : ratio { good = `good_total` total = `all_total` } }
  slo timed { objective = 98.5%  sli : error-ratio { ratio = `max(avg_over_time(r[$window]))` } }
}
"##;
    let built = sound(compiled(source));
    let files = super::openslo(&built.artifacts);
    let selector = r#"selector = { job =~ "web\\..*|api", job != "web.canary", namespace = "shop", zone !~ "b|c" }"#;
    let import = nthc::import::openslo::import(files.clone());
    let text = import
        .text
        .clone()
        .unwrap_or_else(|| panic!("{}", told(&import)));
    assert!(text.contains(selector), "{text}");
    assert!(text.contains("good  = `good_total`"), "{text}");
    let there = rules(&built.artifacts, None);
    assert_eq!(
        rules(&sound(compiled(&text)).artifacts, None).len(),
        there.len()
    );

    // Without the annotation, the matchers that all queries have in common become the selector.
    let foreign: Vec<(String, String)> = files
        .into_iter()
        .map(|(path, text)| (path, text.replace("nthc.", "other.")))
        .collect();
    let import = nthc::import::openslo::import(foreign);
    let text = import
        .text
        .clone()
        .unwrap_or_else(|| panic!("{}", told(&import)));
    assert!(text.contains(selector), "{text}");
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
