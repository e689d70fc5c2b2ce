//! The project that all benchmarks measure is what they promise: always the same, without findings, and of all kinds.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../benches/support/loaded.rs"]
mod loaded;
#[allow(dead_code)]
mod place;
#[path = "../benches/support/project.rs"]
mod project;

use std::collections::BTreeMap;
use std::fs;

use nthc::compile;
use nthc::syntax;
use nthc::testing::{self, Outcome, Selection};
use place::Place;
use smol_str::SmolStr;

/// More than two teams.
const SERVICES: usize = 20;

#[test]
fn the_same_size_always_gives_the_same_project() {
    let places = [Place::new(), Place::new()];
    let [first, second] = places.map(|place| {
        project::write(&place.path("."), SERVICES).unwrap();
        place.files(".")
    });
    assert_eq!(first, second);
    let texts: BTreeMap<String, String> = project::files(SERVICES).collect();
    assert_eq!(first, texts);
    // A larger project has all services of a smaller one.
    let larger: BTreeMap<String, String> = project::files(10 * SERVICES).collect();
    assert!(texts.iter().all(|(path, text)| larger[path] == *text));
}

#[test]
fn it_has_no_findings() {
    for services in [1, SERVICES, 101] {
        let found = compile::check(&loaded::input(services)).diagnostics;
        assert!(found.is_empty(), "{services} services: {found:#?}");
    }
}

/// Also where names are as long as in the largest project.
#[test]
fn it_is_formatted() {
    for (path, text) in project::files(10_000) {
        let is_source = path.ends_with(".nth");
        let is_sample = !path.starts_with("shop/") || path.contains("99");
        if is_source && is_sample {
            let formatted = syntax::format(&text).unwrap();
            assert_eq!(formatted, text, "{path}");
        }
    }
}

#[test]
fn its_paths_and_edits_are_there() {
    let place = Place::new();
    let shop = project::write(&place.path("."), SERVICES).unwrap();
    for (path, from) in [
        (project::service_path(&shop, SERVICES / 2), "let deep = "),
        (project::team_path(&shop, 1), "after = "),
        (project::templates_path(&shop), "min_events = "),
        (project::tiers_path(&shop), "= 99."),
    ] {
        let text = fs::read_to_string(&path).unwrap();
        assert_ne!(project::with_number(&text, from, 205), text);
    }
}

#[test]
fn it_has_all_kinds() {
    let input = loaded::input(SERVICES);
    let session = compile::session(&input);
    let production = Some(SmolStr::new("production"));
    let lowered = session.models(production.as_deref());
    let services: Vec<_> = lowered
        .iter()
        .filter_map(|lowered| lowered.service.as_ref())
        .collect();
    assert_eq!(services.len(), SERVICES);
    let mut types = BTreeMap::new();
    for service in &services {
        let of_type = service.service_type.as_deref().unwrap_or_default();
        *types.entry(of_type).or_insert(0) += 1;
        assert_eq!(service.slos.len(), 3, "{}", service.name);
        // Two technologies, and for most another service.
        assert!(service.dependencies.len() >= 2, "{}", service.name);
        assert!(service.alerts.len() > 2, "{}", service.name);
        assert_eq!(service.recordings.len(), 1, "{}", service.name);
        assert_eq!(service.gates.len(), 1, "{}", service.name);
        assert_eq!(service.runbook.len(), 1, "{}", service.name);
        assert!(service.deployed.is_some(), "{}", service.name);
    }
    assert_eq!(
        types,
        BTreeMap::from([("api", 8), ("stream", 4), ("worker", 8)])
    );
    let on_services = services
        .iter()
        .filter(|service| service.dependencies.len() > 2)
        .count();
    assert!(on_services > SERVICES / 2, "{on_services}");
    let tiers: Vec<&str> = services
        .iter()
        .map(|service| service.tier.as_str())
        .collect();
    assert!(tiers.contains(&"waited-for") && tiers.contains(&"behind"));

    let teams = session.teams(&lowered, &production);
    assert_eq!(teams.len(), SERVICES.div_ceil(project::TEAM));
    let sources = input.files.iter();
    assert!(sources.clone().any(|file| file.package));
    for start in [
        "environment ",
        "rule ",
        "template service ",
        "template test ",
        "tier ",
    ] {
        let has = |text: &str| text.lines().any(|line| line.starts_with(start));
        assert!(sources.clone().any(|file| has(&file.text)), "{start}");
    }
}

#[test]
fn its_tests_pass() {
    let input = loaded::input(10);
    let session = compile::session(&input);
    let environments = project::ENVIRONMENTS.map(|name| Some(SmolStr::new(name)));
    let selection = Selection {
        environments: &environments,
        names: &[],
    };
    let results = testing::run(&session, &input.settings, selection);
    assert_eq!(results.len(), 10 * project::TESTS);
    for result in results {
        let is_passed = matches!(result.outcome, Outcome::Passed);
        assert!(is_passed, "{}: {:#?}", result.name, result.outcome);
    }
}
