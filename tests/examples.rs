//! The examples build without a word of complaint, and what they make is what Prometheus takes.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use support::promtool;

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

fn nthc(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nthc"));
    command.args(args).current_dir(examples());
    command
}

/// Asserts that a command succeeded and told of no error or warning.
fn clean(output: &Output) {
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert!(
        !told.contains("warning[") && !told.contains("error["),
        "{told}"
    );
}

/// All files below a folder that are no records of the build, by their paths with `/`.
fn files(folder: &Path) -> BTreeMap<String, String> {
    fn walk(folder: &Path, root: &Path, found: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, root, found);
            } else if path
                .file_name()
                .is_some_and(|name| name != ".nthc-manifest.json")
            {
                let name = path
                    .strip_prefix(root)
                    .unwrap()
                    .to_string_lossy()
                    .replace('\\', "/");
                found.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(folder, folder, &mut found);
    found
}

/// What a build of a project, or of a single file, writes.
fn build(args: &[&str], threads: &str) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let mut command = nthc(&["build"]);
    command
        .args(args)
        .arg("--output")
        .arg(folder.path())
        .env("RAYON_NUM_THREADS", threads);
    clean(&command.output().unwrap());
    files(folder.path())
}

/// The rule files among what was built.
fn rule_files(built: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut built = built;
    built.retain(|path, _| path.contains("prometheus/"));
    built
}

fn shop() -> BTreeMap<String, String> {
    rule_files(build(&["--project", "shop"], "2"))
}

fn store() -> BTreeMap<String, String> {
    build(&["--project", "store"], "2")
}

/// The rules of a plain file.
fn rules(contents: &str) -> Vec<yaml_serde::Value> {
    let document: yaml_serde::Value = yaml_serde::from_str(&promtool::plain(contents)).unwrap();
    let groups = document["groups"].as_sequence().unwrap().iter();
    groups
        .flat_map(|group| group["rules"].as_sequence().unwrap().clone())
        .collect()
}

#[test]
fn the_projects_have_no_mistakes() {
    for project in ["shop", "platform", "store"] {
        clean(
            &nthc(&["check", "--deny-warnings", "--project", project])
                .output()
                .unwrap(),
        );
    }
}

#[test]
fn every_source_is_formatted() {
    for arguments in [
        ["--project", "shop"],
        ["--project", "platform"],
        ["--project", "store"],
        ["--", "checkout.nth"],
    ] {
        let output = nthc(&["fmt", "--check"]).args(arguments).output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stdout)
        );
    }
}

#[test]
fn the_shop_shows_every_type_of_service_in_every_environment() {
    let built = shop();
    let services = |environment: &str| -> BTreeSet<String> {
        let prefix = format!("{environment}/prometheus/");
        built
            .keys()
            .filter_map(|path| path.strip_prefix(&prefix))
            .map(str::to_owned)
            .collect()
    };
    assert!(services("production").len() >= 8);
    assert_eq!(services("production"), services("staging"));
    let sources = fs::read_dir(examples().join("shop/services")).unwrap();
    let sources: String = sources
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    let library = fs::read_to_string(examples().join("platform/services.nth")).unwrap();
    for known in ["web", "stream", "batch", "database"] {
        let written = format!("= {known}\n");
        assert!(
            sources.contains(&written) || library.contains(&written),
            "{known}"
        );
    }
    // An API is what a service is by default; the standard library says so of these two.
    for template in [
        "services.background-job",
        "services.pipeline",
        "services.standard-api",
    ] {
        assert!(sources.contains(template), "{template}");
    }
}

/// Six services of three teams: in staging nobody is paged, and only what was asked for is built.
#[test]
fn the_store_has_what_teams_ask_for() {
    let built = store();
    let targets = |environment: &str| -> BTreeSet<&str> {
        let prefix = format!("{environment}/");
        built
            .keys()
            .filter_map(|path| path.strip_prefix(&prefix)?.split('/').next())
            .collect()
    };
    assert_eq!(
        targets("staging"),
        BTreeSet::from(["grafana", "prometheus"])
    );
    assert!(targets("production").contains("pagerduty"));
    for path in built
        .keys()
        .filter(|path| path.starts_with("staging/prometheus/"))
    {
        assert!(!built[path].contains("severity: page"), "{path}");
        assert!(!built[path].contains("severity: critical"), "{path}");
    }
    let tested = nthc(&["test", "--project", "store"]).output().unwrap();
    let told = String::from_utf8_lossy(&tested.stdout);
    assert!(tested.status.success(), "{told}");
    let summary = String::from_utf8_lossy(&tested.stderr);
    assert!(summary.contains("3 passed"), "{summary}");
}

/// No source of the store says anything twice: no two blocks have the same three lines.
#[test]
fn the_store_repeats_no_lines() {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for (path, text) in files(&examples().join("store")) {
        let lines: Vec<&str> = text
            .lines()
            .map(str::trim)
            .filter(|line| line.len() > 1 && !line.starts_with("//"))
            .collect();
        for three in lines.windows(3) {
            let before = seen.insert(three.join("\n"), path.clone());
            assert_eq!(before, None, "{path} repeats:\n{}", three.join("\n"));
        }
    }
}

#[test]
fn prometheus_accepts_every_file() {
    if !promtool::available() {
        return;
    }
    let single = rule_files(build(&["checkout.nth"], "2"));
    let store = rule_files(store());
    for (path, contents) in shop().into_iter().chain(single).chain(store) {
        println!("{path}");
        promtool::check_rules(&contents);
    }
}

#[test]
fn prometheus_accepts_every_file_for_the_operator() {
    let folder = tempfile::tempdir().unwrap();
    for project in ["shop", "platform"] {
        copy(&examples().join(project), &folder.path().join(project));
    }
    let manifest = folder.path().join("shop/nth.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    let changed = text.replace("format = \"plain\"", "format = \"prometheus-rule\"");
    assert_ne!(text, changed);
    fs::write(&manifest, changed).unwrap();
    let built = rule_files(build(
        &["--project", folder.path().join("shop").to_str().unwrap()],
        "2",
    ));
    let plain = shop();
    assert_eq!(
        built.keys().collect::<Vec<_>>(),
        plain.keys().collect::<Vec<_>>()
    );
    let judge = promtool::available();
    for (path, contents) in built {
        let document: yaml_serde::Value = yaml_serde::from_str(&contents).unwrap();
        assert_eq!(document["kind"].as_str(), Some("PrometheusRule"), "{path}");
        assert_eq!(rules(&contents), rules(&plain[&path]), "{path}");
        if judge {
            promtool::check_rules(&contents);
        }
    }
}

#[test]
fn a_build_gives_the_same_bytes_with_any_number_of_threads() {
    let one = build(&["--project", "shop"], "1");
    assert_eq!(one, build(&["--project", "shop"], "1"));
    assert_eq!(one, build(&["--project", "shop"], "8"));
}

#[test]
fn no_rule_of_one_environment_reads_another() {
    for (path, contents) in shop() {
        let environment = path.split('/').next().unwrap();
        for rule in rules(&contents) {
            let expr = rule["expr"].as_str().unwrap();
            // One exporter watches the provider's status page for all environments; a constant reads nothing.
            if expr.contains("statuspage_component_status") || expr.starts_with("vector(") {
                continue;
            }
            let own = [
                format!("env=\"{environment}\""),
                format!("environment=\"{environment}\""),
            ];
            assert!(own.iter().any(|own| expr.contains(own)), "{path}: {expr}");
            let other = if environment == "staging" {
                "\"production\""
            } else {
                "\"staging\""
            };
            assert!(!expr.contains(other), "{path}: {expr}");
        }
    }
}

#[test]
fn no_burn_rate_is_judged_by_the_traffic_of_staging() {
    let burns = |contents: &str| {
        let rules = rules(contents);
        let named =
            |rule: &&yaml_serde::Value| rule["alert"].as_str() == Some("SLOErrorBudgetBurn");
        rules.iter().filter(named).count()
    };
    let built = shop();
    for service in ["storefront", "checkout", "ledger"] {
        let of =
            |environment: &str| burns(&built[&format!("{environment}/prometheus/{service}.yaml")]);
        assert!(of("production") >= 8, "{service}");
        assert_eq!(of("staging"), 0, "{service}");
    }
}

#[test]
fn an_alert_fires_for_its_own_environment_alone() {
    if !promtool::available() {
        return;
    }
    let built = shop();
    let rules = &built["production/prometheus/checkout.yaml"];
    let fires = |env: &str| {
        let depth =
            format!("checkout_queue_depth{{env=\"{env}\",job=\"checkout\",instance=\"a\"}}");
        let alert = promtool::AlertTest {
            eval_time: "20m".into(),
            alertname: "QueueBacklog".into(),
            exp_alerts: Vec::new(),
        };
        let test = promtool::Test {
            name: env.into(),
            interval: "1m".into(),
            input_series: vec![promtool::series(depth, "5000x30")],
            alert_rule_test: vec![alert],
            ..promtool::Test::default()
        };
        let file = promtool::TestFile {
            evaluation_interval: "1m".into(),
            tests: vec![test],
            ..promtool::TestFile::default()
        };
        promtool::test_rules(rules, file).err()
    };
    assert_eq!(fires("staging"), None);
    let fired = fires("production").expect("it fires");
    for told in [
        "The settlement queue is 5k deep, more than 1000.",
        "team=\"payments\"",
        "tier=\"regulated\"",
    ] {
        assert!(fired.contains(told), "{fired}");
    }
}

#[test]
fn the_single_file_fits_a_screen() {
    let text = fs::read_to_string(examples().join("checkout.nth")).unwrap();
    assert!(text.lines().count() <= 40);
    assert!(text.lines().all(|line| line.chars().count() <= 100));
    let built = build(&["checkout.nth"], "1");
    assert_eq!(
        built.keys().collect::<Vec<_>>(),
        [
            "alertmanager/alertmanager.yml",
            "alertmanager/nthc.tmpl",
            "docs/README.md",
            "docs/checkout.md",
            "grafana/checkout.json",
            "grafana/provisioning-checkout.yaml",
            "grafana/slo-overview.json",
            "openslo/checkout.yaml",
            "openslo/project/data-sources.yaml",
            "openslo/project/notification-targets.yaml",
            "pagerduty/escalations.tf.json",
            "pagerduty/lookups.tf.json",
            "pagerduty/main.tf.json",
            "pagerduty/orchestrations.tf.json",
            "pagerduty/schedules.tf.json",
            "pagerduty/services.tf.json",
            "pagerduty/teams.tf.json",
            "policy/checkout.json",
            "policy/rego/gates.rego",
            "policy/rego/nth.rego",
            "policy/rego/service-checkout.rego",
            "prometheus/checkout.yaml"
        ]
    );
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            if path.file_name().unwrap() != "build" {
                copy(&path, &target);
            }
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}
