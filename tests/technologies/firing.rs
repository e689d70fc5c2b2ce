//! What fires, and what does not, as promtool sees it.

use std::collections::BTreeSet;

use nthc::session::STANDARD_LIBRARY;

use super::cases::{self, Case};
use super::clouds;
use super::support::promtool;
use super::{TEAM, build};

#[test]
fn alerts_fire_when_they_should_and_only_then() {
    let judge = promtool::available();
    let cases = || -> Vec<&Case> { cases::CASES.iter().chain(clouds::CASES).collect() };
    let dependencies: BTreeSet<&str> = cases().iter().map(|case| case.dependency).collect();
    for dependency in dependencies {
        let template = dependency.split('(').next().unwrap();
        // A module's namesake comes with it; others, `kafka-consumer`, begin with the module's name.
        let module = format!("std.{template}");
        let is_module = STANDARD_LIBRARY.iter().any(|(name, _)| *name == module);
        let import = match template.split_once('-') {
            _ if is_module => template.to_owned(),
            Some((module, _)) => format!("{module}.{{{template}}}"),
            None => template.to_owned(),
        };
        let rules = build(&format!(
            "import std.{import}\n{TEAM}\nservice s {{\n  team = payments\n  selector = {{ job = \"s\" }}\n\n  dependency it : {dependency}\n}}\n"
        ));
        let rules = &rules
            .iter()
            .find(|(path, _)| path == "prometheus/s.yaml")
            .expect("it has rules")
            .1;
        let tests = cases()
            .into_iter()
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
