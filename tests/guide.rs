//! What the documents show is what the compiler says and makes.
//!
//! All ```` ```nth file=… ```` fences of a document are one project, which has no diagnostics. One with `aside` is
//! compiled with them, and with no other. One with `fails` too, and the ```` ```human ```` fence after it shows what is
//! said of it. Sources are formatted. `NTH_BLESS=1` formats them, and writes what is said. A ```` ```yaml file=… ````
//! ```` ```json file=… ```` or ```` ```markdown file=… ```` fence holds lines of that artifact, in their order, maybe with others between them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "literate/markdown.rs"]
#[allow(dead_code)]
mod markdown;

use std::collections::BTreeMap;
use std::path::Path;

use markdown::Fence;
use nthc::compile::{Compilation, Input, SourceInput, compile};
use nthc::diagnostics::render::{Format, render};

fn build(files: &BTreeMap<&str, &str>) -> Compilation {
    let files = files
        .iter()
        .map(|(path, text)| SourceInput {
            module: path.trim_end_matches(".nth").replace('/', "."),
            path: (*path).to_owned(),
            text: (*text).into(),
            package: false,
        })
        .collect();
    let settings = nthc::project::default_settings("shop");
    compile(&Input {
        settings,
        files,
        catalogue: None,
        levels: Default::default(),
        environment: None,
    })
}

fn human(compilation: &Compilation) -> String {
    let mut text = Vec::new();
    render(
        &compilation.diagnostics,
        &compilation.sources,
        Format::Human,
        false,
        &mut text,
    )
    .unwrap();
    let text = String::from_utf8(text).unwrap();
    let lines: Vec<&str> = text.trim().lines().map(str::trim_end).collect();
    format!("{}\n", lines.join("\n"))
}

/// Whether the lines of `wanted` are lines of `found`, in their order.
fn holds(found: &str, wanted: &str) -> bool {
    let mut lines = found.lines().map(str::trim);
    wanted
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .all(|line| lines.any(|found| found == line))
}

/// Whether to write what is said and how sources are laid out, instead of comparing.
fn blesses() -> bool {
    std::env::var_os("NTH_BLESS").is_some()
}

fn check(document: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(document);
    let text = std::fs::read_to_string(&path).unwrap();
    let sections = markdown::parse(&text)
        .unwrap_or_else(|error| panic!("{document}:{}: {}", error.line, error.what));
    let fences: Vec<&Fence> = sections
        .iter()
        .flat_map(|section| &section.fences)
        .collect();
    let mut project: BTreeMap<&str, &str> = BTreeMap::new();
    for fence in &fences {
        if fence.language == "nth" && !fence.has("aside") && !fence.has("fails") {
            let file = fence.key("file").unwrap_or("main.nth");
            assert!(
                project.insert(file, &fence.body).is_none(),
                "{document}:{}: {file} twice",
                fence.line
            );
        }
    }
    let whole = build(&project);
    assert!(
        whole.diagnostics.is_empty(),
        "{document}:\n{}",
        human(&whole)
    );
    let mut current = whole.clone();
    let mut written = Vec::new();
    for fence in fences {
        let place = format!("{document}:{}", fence.line);
        match fence.language.as_str() {
            "nth" => {
                let mut files = project.clone();
                files.insert(fence.key("file").unwrap_or("main.nth"), &fence.body);
                current = if fence.has("aside") || fence.has("fails") {
                    build(&files)
                } else {
                    whole.clone()
                };
                let formatted = nthc::syntax::format(&fence.body);
                match formatted.filter(|formatted| *formatted != fence.body) {
                    Some(formatted) if blesses() => written.push((fence.range.clone(), formatted)),
                    formatted => assert_eq!(formatted, None, "{place} is not formatted"),
                }
                let told = !current.diagnostics.is_empty();
                assert_eq!(told, fence.has("fails"), "{place}:\n{}", human(&current));
            }
            "human" => {
                let said = human(&current);
                if blesses() {
                    written.push((fence.range.clone(), said));
                } else {
                    assert_eq!(
                        fence.body, said,
                        "{place}: write it with `NTH_BLESS=1 cargo test --test guide`"
                    );
                }
            }
            "yaml" | "json" | "markdown" => {
                let file = fence.key("file").unwrap();
                let artifact = current
                    .artifacts
                    .iter()
                    .find(|artifact| artifact.path == file);
                let contents = &artifact
                    .unwrap_or_else(|| panic!("{place}: there is no {file}"))
                    .contents;
                assert!(
                    holds(contents, &fence.body),
                    "{place}: {file} does not hold these lines\n{contents}"
                );
            }
            "sh" | "toml" | "text" | "promql" => {}
            other => panic!("{place}: what is {other:?}?"),
        }
    }
    if !written.is_empty() {
        std::fs::write(&path, markdown::replace(&text, written)).unwrap();
    }
}

#[test]
fn the_guide_to_the_language() {
    check("docs/language.md");
}

#[test]
fn what_is_made_for_prometheus() {
    check("docs/prometheus.md");
}

#[test]
fn the_technologies() {
    check("docs/technologies.md");
}

#[test]
fn what_is_made_for_grafana() {
    check("docs/grafana.md");
}

#[test]
fn the_guide_to_teams() {
    check("docs/teams.md");
}

#[test]
fn what_is_made_for_whoever_is_on_call() {
    check("docs/runbooks.md");
}

#[test]
fn what_is_made_for_alertmanager() {
    check("docs/alertmanager.md");
}

#[test]
fn the_document_on_openslo() {
    check("docs/openslo.md");
}

#[test]
fn moving_from_other_programs() {
    check("docs/peers.md");
}

#[test]
fn alerts_on_logs() {
    check("docs/loki.md");
}

#[test]
fn what_each_ruler_accepts() {
    check("docs/rulers.md");
}

#[test]
fn the_pagerduty_page() {
    check("docs/pagerduty.md");
}

#[test]
fn how_gates_decide() {
    check("docs/gates.md");
}

#[test]
fn the_guide_to_tests() {
    check("docs/tests.md");
}

#[test]
fn the_guide_to_backtests() {
    check("docs/backtest.md");
}

#[test]
fn tests_change_no_output() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tests.md");
    let text = std::fs::read_to_string(path).unwrap();
    let sections = markdown::parse(&text).unwrap_or_else(|error| panic!("{}", error.what));
    let sources = sections.iter().flat_map(|section| &section.fences);
    let with: BTreeMap<&str, &str> = sources
        .filter(|fence| fence.language == "nth")
        .map(|fence| (fence.key("file").unwrap(), fence.body.as_str()))
        .collect();
    let mut without = with.clone();
    without.retain(|file, _| !file.starts_with("tests/"));
    assert!(without.len() < with.len());
    let (with, without) = (build(&with), build(&without));
    assert!(!with.artifacts.is_empty());
    assert_eq!(with.artifacts, without.artifacts);
}

#[test]
fn the_readme() {
    check("README.md");
}
