//! `nthc test --export promtool`: what promtool finds in the files is what the simulation found.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
mod place;
#[path = "support/promtool.rs"]
mod promtool;
#[path = "support/shop.rs"]
mod shop;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use place::{Place, Ran};
use rayon::prelude::*;
use serde_json::Value;
use shop::{SHOP, project};

const DEPLOY: &str = r#"
test "a bad deploy" {
  given requests : traffic { service = checkout  rate = 200/s }
  given deploy   : errors  { slo = checkout.availability  share = 50%  from = 10m  for = 20m }

  expect paged : page     { slo = checkout.availability  within = 10m }
  expect over  : resolved { slo = checkout.availability  within = 7h }
}
"#;

const QUIET: &str = r#"
test "a quiet hour" {
  given requests : traffic { service = checkout  rate = 200/s }
  expect quiet : silent { service = checkout }
}
"#;

fn export(place: &Place, more: &[&str]) -> Ran {
    place.run(&[&["test", "--export", "promtool", "--format", "json"], more].concat())
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

/// Returns the test files below a folder.
fn test_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                waiting.push(path);
            } else if name.starts_with("test-") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Runs promtool over test files, several at a time. The error is what it prints.
fn run_promtool(files: &[PathBuf]) -> Result<(), String> {
    files.par_iter().try_for_each(|file| run_one(file))
}

fn run_one(file: &Path) -> Result<(), String> {
    let ran = Command::new("promtool")
        .args(["test", "rules"])
        .arg(file)
        .output()
        .unwrap();
    let text = [ran.stdout, ran.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    ran.status.success().then_some(()).ok_or(text)
}

/// Expectations that promtool confirmed.
#[derive(Debug, Default)]
struct Agreed {
    tests: usize,
    alerts: u64,
    queries: u64,
    firing: usize,
    /// Alerts that promtool does not evaluate, as the export says.
    omitted: usize,
}

/// Exports a project and requires that promtool finds the same.
fn agree(folder: &Path, ran: &Ran) -> Agreed {
    assert_eq!(ran.code, 0, "{ran:?}");
    let document = json(ran);
    let tests = document["tests"].as_array().unwrap();
    let files = test_files(folder);
    let named: usize = tests
        .iter()
        .map(|test| test["files"].as_array().unwrap().len())
        .sum();
    assert_eq!(named, 2 * files.len(), "each file has its rules");
    if let Err(report) = run_promtool(&files) {
        panic!("promtool finds something else: {report}\n{}", ran.err);
    }
    let sum = |key: &str| tests.iter().map(|test| test[key].as_u64().unwrap()).sum();
    let missing = tests.iter().flat_map(|test| {
        let all = test["not_exported"].as_array().unwrap();
        all.iter()
            .map(|missing| missing["subject"].as_str().unwrap())
    });
    Agreed {
        tests: tests.len(),
        alerts: sum("alert_expectations"),
        queries: sum("query_expectations"),
        firing: files
            .iter()
            .map(|file| {
                fs::read_to_string(file)
                    .unwrap()
                    .matches("exp_labels:")
                    .count()
            })
            .sum(),
        omitted: missing
            .filter(|subject| subject.starts_with("alert"))
            .count(),
    }
}

fn print(what: &str, agreed: &Agreed) {
    println!(
        "{what}: {} tests, {} expectations of alerts ({} alerts fire), {} of queries agree; {} alerts are omitted",
        agreed.tests, agreed.alerts, agreed.firing, agreed.queries, agreed.omitted
    );
}

fn out(place: &Place, folder: &str) -> PathBuf {
    place.path(folder)
}

/// Tests of the example. In the last one, promtool cannot evaluate an alert as in the simulation, and the export says so.
const OF_EXAMPLE: [&str; 5] = [
    "a bad deploy at noon",
    "prices collapse",
    "a disk of the orders fills slowly",
    "search is not measured",
    "two bookings at night",
];

#[test]
fn promtool_agrees_about_the_example() {
    if !promtool::available() {
        return;
    }
    let place = Place::new();
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop");
    let shop = shop.to_string_lossy().into_owned();
    let options = ["--project", &shop, "--out", "out", "--env", "production"];
    let ran = export(&place, &[&options[..], &OF_EXAMPLE[..]].concat());
    let agreed = agree(&out(&place, "out"), &ran);
    print("examples/shop", &agreed);
    assert!(
        agreed.tests == OF_EXAMPLE.len() && agreed.alerts > 200 && agreed.firing > 20,
        "{agreed:?}"
    );
    assert_eq!(agreed.omitted, 2, "{ran:?}");
}

/// Returns the sources on the page about tests.
fn documented() -> Place {
    let place = project(&[]);
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tests.md");
    let page = fs::read_to_string(page).unwrap().replace("\r\n", "\n");
    for example in page.split("```nth file=").skip(1) {
        let (path, rest) = example.split_once('\n').unwrap();
        let (text, _) = rest.split_once("```").unwrap();
        place.write(path, text);
    }
    place
}

#[test]
fn promtool_agrees_about_the_documentation() {
    if !promtool::available() {
        return;
    }
    let place = documented();
    let ran = export(&place, &[]);
    let agreed = agree(&out(&place, "promtool"), &ran);
    print("docs/tests.md", &agreed);
    assert!(agreed.tests >= 8 && agreed.firing > 20, "{agreed:?}");
    assert_eq!(agreed.omitted, 0, "{ran:?}");
}

#[test]
fn each_environment_has_its_own_files() {
    if !promtool::available() {
        return;
    }
    let place = project(&[SHOP, DEPLOY]);
    place.write(
        "environments.nth",
        "environment production { selector = { env = \"production\" } }\n\
         environment staging { selector = { env = \"staging\" } }\n",
    );
    let ran = export(&place, &[]);
    let agreed = agree(&out(&place, "promtool"), &ran);
    print("two environments", &agreed);
    assert!(agreed.tests == 2 && agreed.omitted == 0, "{agreed:?}");
    let staging = place.read("promtool/staging/a-bad-deploy/test-30s.yaml");
    assert!(staging.contains("env=\"staging\""), "{staging}");
    assert!(!staging.contains("production"));
    // One environment leaves the files of the other.
    let ran = export(&place, &["--env", "staging"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        place
            .path("promtool/production/a-bad-deploy/test-30s.yaml")
            .exists()
    );
}

/// What queries can read, and annotations can contain.
const HARD: &str = r##"
service search {
  team     = payments
  selector = { job = "search" }

  slo latency : http.latency(under: 300ms)  { objective = 99% }
  slo native  : http.latency(under: 250ms, native: true, histogram: `search_seconds`) { objective = 99% }

  recording "search:queue:max" { query = `max by (path) (search_queue)` }

  alert flapping {
    when            = `max by (path) (search_queue) > 5`
    for             = 2m
    keep_firing_for = 7m
    summary         = "queue of ${labels.path}: ${value}"
  }
  alert infinite { when = `search_level > 1e300`  for = 0s  summary = "level is ${value}" }
  alert recorded { when = `max_over_time(search:queue:max[10m]) > 8`  for = 0s  summary = "was ${value}" }
  alert restarted { when = `resets(search_restarts_total[10m]) > 0`  for = 0s  summary = "restarted" }
  alert missing { when = `absent(search_heartbeat{zone="a"})`  for = 1m  summary = "no heartbeat" }
}

test "odd series" {
  length = 1h
  given q : series { series = `search_queue{job="search", path="/a\"b\\c#{{ x }}é"}`  values = "1x10 9x15 2x4 9x3 _x4 8+1x5 1x60" }
  given n : series { series = `search_level{job="search"}`  values = "1 NaN 1e-9 -0 Inf Inf 1e301x5 -Inf 0.1+0.1x20" }
  given r : series { series = `search_restarts_total{job="search"}`  values = "5+1x20 0+1x100" }
  given h : series { series = `search_heartbeat{job="search", zone="a"}`  values = "1x20 stale _x10 1x100" }
  expect flaps : ticket { alert = search.flapping }
  expect gone  : ticket { alert = search.missing }
}

test "slow" {
  given slow : slow { slo = search.latency  takes = 2s  from = 10m  for = 20m }
  given more : slow { slo = search.native  takes = 2s  from = 20m  for = 20m }
  expect one   : page { slo = search.latency }
  expect other : page { slo = search.native }
}

test "gaps" {
  given requests : traffic { service = search  rate = 0.7/s }
  given gone     : no-data { service = search  from = 10m  for = 20m }
  given reset    : counter-reset { service = search  at = 45m }
  given down     : target-down { service = search  from = 1h  for = 13m }
  expect told : ticket { service = search }
}

test "new" {
  history = none
  given requests : traffic { service = search  rate = 20/s }
  given bad      : errors { slo = search.latency  share = 30%  from = 1h  for = 30m }
  expect told   : page { slo = search.latency }
  expect budget : budget { slo = search.latency  below = 100% }
}
"##;

#[test]
fn promtool_agrees_about_odd_series() {
    if !promtool::available() {
        return;
    }
    let place = project(&[SHOP, HARD]);
    let ran = export(&place, &[]);
    let agreed = agree(&out(&place, "promtool"), &ran);
    print("odd series", &agreed);
    assert!(agreed.tests == 4 && agreed.omitted == 0, "{agreed:?}");
    let text = place.read("promtool/new/test-3m.yaml");
    assert!(
        !text.contains("Not exported: `budget`"),
        "without a past, the budget is evaluated"
    );
    let text = place.read("promtool/slow/test-30s.yaml");
    assert!(text.contains("{{schema:"), "native histograms are given");
}

/// Incidents with other rates, shares, times and faults each.
#[test]
fn promtool_agrees_about_random_tests() {
    if !promtool::available() {
        return;
    }
    let mut random = Random(0x5eed);
    let incidents: Vec<String> = (0..INCIDENTS).map(|_| incident(&mut random)).collect();
    let mut text = SHOP.to_owned();
    for (number, incident) in incidents.iter().enumerate() {
        // What is expected decides only whether the test passes.
        for expected in ["page", "ticket", "silent"] {
            let _ = write!(
                text,
                "\ntest \"{number:02} {expected}\" {{\n{incident}  expect it : {expected} {{ service = checkout }}\n}}\n"
            );
        }
    }
    let place = project(&[&text]);
    let names = passing(&place);
    assert!(names.len() >= INCIDENTS, "{names:?}");
    let names: Vec<&str> = names
        .iter()
        .enumerate()
        .filter(|(index, name)| *index == 0 || names[index - 1][..2] != name[..2])
        .map(|(_, name)| name.as_str())
        .collect();
    let ran = export(&place, &names);
    let agreed = agree(&out(&place, "promtool"), &ran);
    print("random tests", &agreed);
    assert!(
        agreed.tests == INCIDENTS && agreed.firing > 40 && agreed.omitted == 0,
        "{agreed:?}"
    );
}

const INCIDENTS: usize = 8;

/// Returns the body of a random test.
fn incident(random: &mut Random) -> String {
    let history = random.pick(&["", "", "  history = none\n"]);
    let rate = random.pick(&["0.05", "0.7", "3", "100", "333.3"]);
    let share = random.pick(&["0.3%", "2%", "7%", "33.3%", "100%"]);
    let start = 1 + random.below(20);
    let length = 1 + random.below(40);
    let mut text = format!(
        "{history}  length = 2h\n  given requests : traffic {{ service = checkout  rate = {rate}/s }}\n  \
         given bad : errors {{ slo = checkout.availability  share = {share}  from = {start}m  for = {length}m }}\n"
    );
    let at = format!(
        "{}m{}s",
        start + length + 1 + random.below(20),
        random.below(60)
    );
    let fault = random.pick(&["counter-reset", "no-data", "target-down", "queue", "none"]);
    let _ = match fault {
        "counter-reset" => writeln!(
            text,
            "  given reset : counter-reset {{ service = checkout  at = {at} }}"
        ),
        "queue" => writeln!(
            text,
            "  given queue : series {{ series = `checkout_queue_depth{{job=\"checkout\"}}`  values = \"{}+{}x{} _x{} 2000x90\" }}",
            random.below(2000),
            random.below(50),
            random.below(60) + 2,
            random.below(30) + 1,
        ),
        "none" => Ok(()),
        fault => writeln!(
            text,
            "  given gone : {fault} {{ service = checkout  from = {at}  for = {}m }}",
            2 + random.below(30)
        ),
    };
    text
}

/// Returns the names of the tests that pass, in source order.
fn passing(place: &Place) -> Vec<String> {
    let ran = place.run(&["test", "--format", "json"]);
    let document = json(&ran);
    let tests = document["tests"].as_array().unwrap();
    let passed = tests.iter().filter(|test| test["outcome"] == "passed");
    passed
        .map(|test| test["name"].as_str().unwrap().to_owned())
        .collect()
}

/// A generator of numbers, the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn pick<'t>(&mut self, all: &[&'t str]) -> &'t str {
        all[self.below(all.len() as u64) as usize]
    }
}

#[test]
fn changed_rules_do_not_pass() {
    if !promtool::available() {
        return;
    }
    let place = project(&[SHOP, DEPLOY]);
    assert_eq!(export(&place, &[]).code, 0);
    let rules = "promtool/a-bad-deploy/rules-30s.yaml";
    let test = [place.path("promtool/a-bad-deploy/test-30s.yaml")];
    run_promtool(&test).unwrap();
    let before = place.read(rules);
    for (from, to) in [
        ("for: 2m", "for: 3m"),
        ("> 14.4 *", "> 400 *"),
        ("severity: page", "severity: ticket"),
        ("[5m]", "[7m]"),
        ("error budget burning", "budget burning"),
    ] {
        assert!(before.contains(from), "{from}");
        place.write(rules, before.replace(from, to));
        assert!(run_promtool(&test).is_err(), "{from} became {to}");
    }
}

#[test]
fn only_generated_files_are_replaced_and_removed() {
    let place = project(&[SHOP, DEPLOY, QUIET]);
    assert_eq!(export(&place, &[]).code, 0);
    let before = place.files("promtool");
    assert!(
        before.contains_key("a-quiet-hour/test-30s.yaml"),
        "{before:?}"
    );
    for (path, text) in before.iter().filter(|(path, _)| path.ends_with(".yaml")) {
        assert!(text.starts_with("# Generated by nthc."), "{path}: {text}");
    }
    // The files of tests that are not named stay.
    assert_eq!(export(&place, &["quiet"]).code, 0);
    assert_eq!(place.files("promtool"), before);
    // Those of a test that is gone are removed, and what somebody else wrote stays.
    place.write("promtool/own.yaml", "mine");
    place.write("main.nth", [SHOP, DEPLOY].concat());
    assert_eq!(export(&place, &[]).code, 0);
    let names = place.names("promtool");
    assert!(
        !names.iter().any(|name| name.contains("quiet")),
        "{names:?}"
    );
    assert_eq!(place.read("promtool/own.yaml"), "mine");
    // A file in the way changes nothing.
    fs::remove_dir_all(place.path("promtool")).unwrap();
    place.write("promtool/a-bad-deploy/test-30s.yaml", "mine");
    let ran = export(&place, &[]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("a-bad-deploy/test-30s.yaml"), "{ran:?}");
    assert_eq!(place.names("promtool"), ["a-bad-deploy/test-30s.yaml"]);
}

#[test]
fn a_folder_of_something_else_is_refused() {
    let place = project(&[SHOP, DEPLOY]);
    assert_eq!(place.run(&["build"]).code, 0);
    let before = place.files("build");
    let ran = export(&place, &["--out", "build"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.err.contains("contains the output of project `shop`"),
        "{ran:?}"
    );
    assert_eq!(place.files("build"), before);
    let ran = export(&place, &["--out", "."]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("contains the sources"), "{ran:?}");
    place.write("file", "x");
    let ran = export(&place, &["--out", "file"]);
    assert!(ran.code == 1 || ran.code == 3, "{ran:?}");
    assert_eq!(place.read("file"), "x");
}

#[test]
fn a_test_that_does_not_pass_is_not_exported() {
    let place = project(&[SHOP, DEPLOY, &QUIET.replace("rate = 200/s }", "rate = 200/s }\n  given bad : errors { slo = checkout.availability  share = 50%  from = 5m }")]);
    let ran = place.run(&["test", "--export", "promtool"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("failed  a quiet hour"), "{ran:?}");
    assert!(
        ran.err.contains("no file was written: 1 test did not pass"),
        "{ran:?}"
    );
    assert!(!place.path("promtool").exists());
    assert_eq!(export(&place, &["a bad deploy"]).code, 0);
}

#[test]
fn line_ends_and_colors_do_not_matter() {
    let place = project(&[SHOP, DEPLOY]);
    assert_eq!(export(&place, &[]).code, 0);
    let before = place.files("promtool");
    place.write("main.nth", [SHOP, DEPLOY].concat().replace('\n', "\r\n"));
    for format in ["human", "short", "github", "json"] {
        let mut command = place.command(&["test", "--export", "promtool", "--format", format]);
        let ran = place::run(command.env("NO_COLOR", "1"));
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(
            !ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'),
            "{ran:?}"
        );
        assert!(ran.err.contains("exported 1 test with"), "{ran:?}");
    }
    assert_eq!(place.files("promtool"), before);
    let ran = place.run(&["test", "--export", "promtool", "--format", "sarif"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    for options in [
        &["--out", "x"][..],
        &["--out", "x", "--detection"],
        &["--out", "x", "--mutate"],
        &["--out", "x", "--coverage"],
        &["--min-score", "90", "--export", "promtool"],
        &["--min-score", "90", "--coverage"],
        &["--min-score", "90", "--detection"],
    ] {
        let ran = place.run(&[&["test"], options].concat());
        assert_eq!(ran.code, 2, "{ran:?}");
    }
}

#[test]
fn two_tests_in_the_same_folder_are_refused() {
    let place = project(&[SHOP, QUIET, &QUIET.replace("quiet hour", "quiet-hour")]);
    let ran = export(&place, &[]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("rename it"), "{ran:?}");
    let ran = place.run(&["test", "--export", "promtool", "--format", "github"]);
    assert!(
        ran.out.starts_with("::error file=main.nth,line="),
        "{ran:?}"
    );
    assert!(!place.path("promtool").exists());
}

#[test]
fn what_promtool_cannot_express_is_named() {
    let place = project(&[SHOP, DEPLOY]);
    let ran = place.run(&["test", "--export", "promtool"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("not exported: `paged`"), "{ran:?}");
    assert!(ran.err.contains("not exported: 1 expectation;"), "{ran:?}");
    let text = place.read("promtool/a-bad-deploy/test-30s.yaml");
    assert!(
        text.contains("# Not exported: `paged` (main.nth:"),
        "{text}"
    );
    assert!(
        text.contains("slo:period_burn_rate:ratio of checkout.availability"),
        "{text}"
    );
}

#[test]
fn an_alert_that_reads_more_than_promtool_loads_is_named() {
    if !promtool::available() {
        return;
    }
    let alert = "  alert rare { when = `sum(increase(checkout_refunds_total[2d])) > 5`  for = 0s  summary = \"refunds\" }\n  alert backlog";
    let place = project(&[&SHOP.replace("  alert backlog", alert), QUIET]);
    let ran = place.run(&["test", "--export", "promtool"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let reason =
        "not exported: alert `Rare` of `checkout`: it reads more samples than promtool loads";
    assert!(ran.out.contains(reason), "{ran:?}");
    assert!(ran.err.contains("not exported: 1 alert;"), "{ran:?}");
    let test = place.read("promtool/a-quiet-hour/test-30s.yaml");
    assert!(test.contains("# Not exported: alert `Rare`") && !test.contains("alertname: Rare"));
    assert!(
        !place
            .read("promtool/a-quiet-hour/rules-30s.yaml")
            .contains("alert: Rare")
    );
    run_promtool(&test_files(&place.path("promtool"))).unwrap();
}

#[test]
fn ratios_that_are_not_numbers_are_compared() {
    if !promtool::available() {
        return;
    }
    let recording = "  recording \"checkout:refunds:ratio\" { query = `sum(rate(refunds_failed_total[5m])) / sum(rate(refunds_total[5m]))` }\n  alert backlog";
    // The test ends before the series do.
    let series = "  length = 1h\n  given all : series { series = `refunds_total{job=\"checkout\"}`  values = \"1x800\" }\n  \
                  given bad : series { series = `refunds_failed_total{job=\"checkout\"}`  values = \"1x800\" }\n  expect quiet";
    let place = project(&[
        &SHOP.replace("  alert backlog", recording),
        &QUIET.replace("  expect quiet", series),
    ]);
    let ran = export(&place, &[]);
    let agreed = agree(&out(&place, "promtool"), &ran);
    let text = place.read("promtool/a-quiet-hour/test-30s.yaml");
    let query = "checkout:refunds:ratio{service=\"checkout\",team=\"payments\",tier=\"standard\"} != bool checkout:refunds:ratio";
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(folded.contains(query), "{text}");
    let written = text.matches("- expr:").count() as u64;
    assert!(
        agreed.queries > written && agreed.omitted == 0,
        "{agreed:?}"
    );
}

#[test]
fn a_subquery_without_a_step_is_the_reason() {
    let alert = "  alert busy { when = `count_over_time(sum(checkout_queue_depth)[10m:]) > 15`  for = 0s  summary = \"busy\" }\n  alert backlog";
    let series = "  given queue : series { series = `checkout_queue_depth{job=\"checkout\"}`  values = \"1x400\" }\n  expect quiet";
    let place = project(&[
        &SHOP.replace("  alert backlog", alert),
        &QUIET.replace("  expect quiet", series),
    ]);
    let ran = place.run(&["test", "--export", "promtool"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let reason = "because its subquery has no step, which is 1m in the simulation and 30s in promtool; write one: `[10m:1m]`";
    assert!(ran.out.contains(reason), "{ran:?}");
}
