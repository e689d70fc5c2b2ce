//! What fires, and what does not, as promtool sees it.

use std::collections::BTreeSet;

use nthc::session::STANDARD_LIBRARY;

use super::cases::{CASES, Case};
use super::clouds;
use super::library::LIBRARY;
use super::support::{exposition, promtool};
use super::{TEAM, build};

fn cases() -> impl Iterator<Item = &'static Case> {
    CASES.iter().chain(LIBRARY).chain(clouds::CASES)
}

/// The rules of a service with a dependency.
fn rules(dependency: &str) -> String {
    let template = dependency.split('(').next().unwrap();
    // A module's namesake comes with it; others, `kafka-consumer`, begin with the module's name.
    let module = format!("std.{template}");
    let is_module = STANDARD_LIBRARY.iter().any(|(name, _)| *name == module);
    let import = match template.split_once('-') {
        _ if is_module => template.to_owned(),
        Some((module, _)) => format!("{module}.{{{template}}}"),
        None => template.to_owned(),
    };
    build(&format!(
        "import std.{import}\n{TEAM}\nservice s {{\n  team = payments\n  selector = {{ job = \"s\" }}\n\n  dependency it : {dependency}\n}}\n"
    ))
    .into_iter()
    .find(|(path, _)| path == "prometheus/s.yaml")
    .expect("it has rules")
    .1
}

#[test]
fn alerts_fire_when_they_should_and_only_then() {
    let judge = promtool::available();
    let dependencies: BTreeSet<&str> = cases().map(|case| case.dependency).collect();
    for dependency in dependencies {
        let rules = &rules(dependency);
        let tests = cases()
            .filter(|case| case.dependency == dependency)
            .map(|case| {
                // A name that no rule has would never fire.
                let name = format!("It{}", case.alert);
                let known = rules.contains(&format!("alert: {name}\n"));
                assert!(
                    known || dependency.contains("cache: true"),
                    "{dependency} {name}"
                );
                let query = format!("count(ALERTS{{alertname=\"{name}\",alertstate=\"firing\"}})");
                let expected = if case.fires {
                    promtool::scalar(query, case.at, 1.0)
                } else {
                    promtool::no_samples(query, case.at)
                };
                promtool::Test {
                    name: format!("{dependency} {name}"),
                    interval: "1m".into(),
                    input_series: case
                        .series
                        .iter()
                        .map(|(series, values)| promtool::series(*series, *values))
                        .collect(),
                    promql_expr_test: vec![expected],
                    ..promtool::Test::default()
                }
            })
            .collect();
        if !judge {
            continue;
        }
        let file = promtool::TestFile {
            evaluation_interval: "1m".into(),
            tests,
            ..promtool::TestFile::default()
        };
        assert_eq!(promtool::test_rules(rules, file), Ok(()), "{rules}");
    }
}

/// A dependency, what is scraped of it, as which job, and an alert that fires on it.
const SCRAPED: &[(&str, &str, &str, &str)] = &[
    // It has certificates that were never issued.
    ("certmanager", "certmanager", "cert-manager", "ItNotReady"),
    ("coredns", "coredns", "coredns", ""),
    ("go", "go", "s", ""),
    ("go", "go-opentelemetry", "s", ""),
    ("nodejs", "nodejs", "s", ""),
    ("nodejs", "nodejs-opentelemetry", "s", ""),
    ("python", "python", "s", ""),
    ("python", "python-opentelemetry", "s", ""),
    ("temporal", "temporal", "temporal", ""),
    ("temporal", "temporal-opentelemetry", "temporal", ""),
    (
        "temporal-task-queue(queue: \"orders\")",
        "temporal",
        "temporal",
        "",
    ),
];

#[test]
fn nothing_else_fires_on_a_scrape() {
    let judge = promtool::available();
    for (dependency, scrape, job, except) in SCRAPED {
        let target = format!("job=\"{job}\",instance=\"a\"");
        let text = exposition::text(scrape);
        let mut input_series = vec![promtool::series(format!("up{{{target}}}"), "1x120")];
        for line in text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let Some(value) = value.parse::<f64>().ok().filter(|value| value.is_finite()) else {
                continue;
            };
            let series = match series.split_once('{') {
                Some((name, labels)) => format!("{name}{{{target},{labels}"),
                None => format!("{series}{{{target}}}"),
            };
            input_series.push(promtool::series(series, format!("{value}x120")));
        }
        assert!(input_series.len() > 10, "{scrape}");
        let rules = rules(dependency);
        if !judge {
            continue;
        }
        let test = promtool::Test {
            name: (*scrape).to_owned(),
            interval: "1m".into(),
            input_series,
            promql_expr_test: vec![promtool::no_samples(
                format!("ALERTS{{alertstate=\"firing\",alertname!=\"{except}\"}}"),
                "110m",
            )],
            ..promtool::Test::default()
        };
        let file = promtool::TestFile {
            evaluation_interval: "1m".into(),
            tests: vec![test],
            ..promtool::TestFile::default()
        };
        assert_eq!(promtool::test_rules(&rules, file), Ok(()), "{scrape}");
    }
}
