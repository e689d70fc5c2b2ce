//! `nthc backtest` and `nthc record` against a real Prometheus with a month of backfilled data, in which incidents were planted.
//!
//! It needs `prometheus` and `promtool`; the comparison of revisions also `git`. Everything listens on loopback alone, keeps its
//! files in temporary folders, and ends with the test.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "backtest/history.rs"]
mod history;
#[allow(dead_code)]
mod place;
mod support;

use std::path::Path;
use std::process::Command;

use history::{FROM, TO, month};
use place::{Place, Ran, run};
use serde_json::Value;
use support::loopback::{Act, Loopback, answer};
use support::programs::{Running, fetch, find};
use support::promtool;

/// The project as it is now.
const HEAD: &str = include_str!("backtest/shop.nth");

/// The incidents of the month, all that happened.
const INCIDENTS: &str = include_str!("backtest/incidents.toml");

/// What differs at the base: a lenient objective, and a threshold that an ordinary evening exceeds.
const BASE: [(&str, &str); 2] = [
    ("objective = 99.9%", "objective = 99%"),
    ("> 1000", "> 500"),
];

/// A Prometheus that has the month, with the project that reads it.
struct Month {
    place: Place,
    prometheus: Running,
}

impl Month {
    /// Starts Prometheus; `None` if a program is missing.
    fn start() -> Option<Self> {
        let program = find(&["prometheus"])?;
        if !promtool::available() {
            return None;
        }
        let place = Place::new();
        place.write("data/none", "");
        place.write("month.om", month());
        let blocks = Command::new("promtool")
            .args(["tsdb", "create-blocks-from", "openmetrics", "--quiet"])
            .args(["--max-block-duration=1536h", "month.om", "data"])
            .current_dir(place.path("."))
            .output()
            .unwrap();
        assert!(blocks.status.success(), "{blocks:?}");
        Some(Self {
            prometheus: prometheus(&program, &place, "data", "month"),
            place,
        })
    }

    fn url(&self) -> String {
        format!("http://{}", self.prometheus.address())
    }

    /// Runs a command in the project's folder, over the month.
    fn run(&self, command: &str, more: &[&str]) -> Ran {
        let url = self.url();
        let mut all = vec![
            command,
            "--project",
            "repository/shop",
            "--prometheus",
            &url,
        ];
        all.extend(more);
        let mut command = self.place.command(&all);
        command.env("XDG_CACHE_HOME", self.place.path("caches"));
        clean(&mut command);
        run(&mut command)
    }

    fn backtest(&self, more: &[&str]) -> Ran {
        let mut all = vec!["--from", FROM, "--to", TO];
        all.extend(more);
        self.run("backtest", &all)
    }
}

/// Removes what would direct requests elsewhere.
fn clean(command: &mut Command) {
    for name in [
        "ALL_PROXY",
        "HTTP_PROXY",
        "all_proxy",
        "http_proxy",
        "NTH_PROMETHEUS_TOKEN",
        "NTH_PROMETHEUS_USER",
        "NTH_PROMETHEUS_PASSWORD",
    ] {
        command.env_remove(name);
    }
}

/// Starts a Prometheus that scrapes nothing, over a folder of blocks.
fn prometheus(program: &Path, place: &Place, data: &str, name: &str) -> Running {
    let config = place.path(&format!("{name}.yml"));
    std::fs::write(
        &config,
        format!("global: {{ external_labels: {{ name: {name} }} }}\n"),
    )
    .unwrap();
    let arguments = |port: u16| {
        vec![
            format!("--config.file={}", config.display()),
            format!("--storage.tsdb.path={}", place.path(data).display()),
            "--storage.tsdb.retention.time=100y".to_owned(),
            format!("--web.listen-address=127.0.0.1:{port}"),
        ]
    };
    Running::start(program, arguments, |port| {
        fetch(&format!("http://127.0.0.1:{port}/-/ready")).is_some()
    })
}

fn write_project(place: &Place, services: &str) {
    place.write(
        "repository/shop/nth.toml",
        "[project]\nname = \"shop\"\n\n[prometheus]\ninterval = \"1m\"\nscrape_interval = \"1m\"\n",
    );
    place.write("repository/shop/shop.nth", services);
}

fn git(place: &Place, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
        .args([
            "-c",
            "commit.gpgSign=false",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(arguments)
        .current_dir(place.path("repository"))
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

/// The alerts of a report, as `page checkout availability SLOErrorBudgetBurn`.
fn names(alerts: &Value) -> Vec<String> {
    let alerts = alerts.as_array().unwrap().iter();
    alerts
        .map(|alert| {
            let text = |key: &str| alert[key].as_str().unwrap_or("-").to_owned();
            let parts = ["severity", "service", "slo", "alert"].map(text);
            parts.join(" ")
        })
        .collect()
}

#[test]
fn a_month_is_backtested_recorded_and_compared() {
    let Some(month) = Month::start() else {
        return;
    };
    let place = &month.place;
    place.write("incidents.toml", INCIDENTS);
    write_project(place, HEAD);
    let incidents = ["--incidents", "incidents.toml"];

    // All four incidents are found, and nothing else pages.
    let found = month.backtest(&["--format", "json", "--incidents", "incidents.toml"]);
    assert_eq!(found.code, 0, "{found:?}");
    let report = json(&found);
    assert_eq!(
        names(&report["alerts"]),
        [
            "page checkout availability SLOErrorBudgetBurn",
            "ticket checkout availability SLOErrorBudgetBurn",
            "page checkout latency SLOErrorBudgetBurn",
            "page ledger availability SLOMetricAbsent",
        ],
        "{}",
        found.out
    );
    assert_eq!(report["pages_without_incident"], Value::Array(Vec::new()));
    let listed = report["incidents"].as_array().unwrap();
    let delays: Vec<(&str, f64)> = listed
        .iter()
        .map(|one| {
            let delay = one["delay_seconds"].as_f64().unwrap_or(f64::NAN);
            (one["result"].as_str().unwrap(), delay / 60.0)
        })
        .collect();
    let bounds = [
        (8.0, 15.0),
        (17.0 * 60.0, 20.0 * 60.0),
        (15.0, 25.0),
        (10.0, 20.0),
    ];
    assert_eq!(delays.len(), bounds.len());
    for ((result, delay), (least, most)) in delays.iter().zip(bounds) {
        assert_eq!(*result, "detected");
        assert!((least..=most).contains(delay), "{delays:?}");
    }
    let paged = &report["alerts"][0]["notified"][0];
    assert_eq!(paged["team"], "payments");
    assert_eq!(paged["receiver"], "payments-page");
    // The data begins with the month: the window of a month is not whole before its end.
    let incomplete = report["incomplete"].as_array().unwrap();
    let windows: Vec<&Value> = incomplete.iter().map(|one| &one["window"]).collect();
    assert!(windows.contains(&&Value::from("3d")), "{incomplete:?}");
    assert!(
        incomplete
            .iter()
            .all(|one| one["data_begins"].as_str().unwrap() <= FROM),
        "{incomplete:?}"
    );

    // A second run asks nothing about the past again.
    let again = month.backtest(&incidents);
    assert_eq!(again.code, 0, "{again:?}");
    assert!(again.err.contains("(0 queries sent, "), "{}", again.err);
    assert!(
        again.out.contains("payments-page (PagerDuty)"),
        "{}",
        again.out
    );
    assert!(!again.out.contains('\u{1b}') && !again.err.contains('\u{1b}'));
    // An SLO's windows are on one line.
    let line = "checkout.availability: data begins at 2025-08-31T18:00:00Z; SLOErrorBudgetConsumed whole from ";
    assert!(again.out.contains(line), "{}", again.out);
    let lines = again
        .out
        .matches("\ncheckout.availability: data begins at ");
    assert_eq!(lines.count(), 1, "{}", again.out);
    let fresh = month.backtest(&["--no-cache", "--format", "short", "ledger"]);
    assert_eq!(fresh.code, 0, "{fresh:?}");
    assert!(!fresh.err.contains("(0 queries sent"), "{}", fresh.err);
    assert!(
        fresh
            .out
            .starts_with("page SLOMetricAbsent of ledger.availability at "),
        "{}",
        fresh.out
    );

    misses_are_findings(&month);
    incidents_become_tests(&month);
    if find(&["git"]).is_some() {
        revisions_differ_as_planted(&month);
    }
}

/// An incident without an alert, and a page without an incident.
fn misses_are_findings(month: &Month) {
    let (_, rest) = INCIDENTS.split_once("\n\n").unwrap();
    let quiet = "[[incident]]\r\nservice = \"ledger\"\r\nfrom = 2025-09-05T00:00:00Z\r\n\
                 to = \"2025-09-05T02:00:00+02:00\"\r\nnote = \"nobody noticed\"\r\n\r\n";
    month.place.write("other.toml", format!("{quiet}{rest}"));
    let ran = month.backtest(&["--incidents", "other.toml"]);
    assert_eq!(ran.code, 2, "it ends when it begins: {ran:?}");
    assert!(
        ran.err
            .contains("other.toml:4: the incident ends before it begins"),
        "{}",
        ran.err
    );
    month.place.write(
        "other.toml",
        format!("{}{rest}", quiet.replace("+02:00", "Z")),
    );
    let ran = month.backtest(&["--incidents", "other.toml"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.out
            .contains("missed  ledger from 2025-09-05T00:00:00Z for 2h  nobody noticed"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains(
            "pages without an incident\npage SLOErrorBudgetBurn of checkout.availability"
        ),
        "{}",
        ran.out
    );
}

/// Three incidents are recorded, and the tests pass.
fn incidents_become_tests(month: &Month) {
    for (slo, from, to, file) in [
        (
            "checkout.availability",
            "2025-09-08T12:00:00Z",
            "2025-09-08T12:30:00Z",
            "deploy",
        ),
        (
            "checkout.latency",
            "2025-09-20T18:00:00Z",
            "2025-09-20T18:30:00Z",
            "index",
        ),
        (
            "ledger.availability",
            "2025-09-27T03:00:00Z",
            "2025-09-27T04:00:00Z",
            "moved",
        ),
    ] {
        let out = format!("repository/shop/{file}.nth");
        let record = || {
            let name = format!("it was {file}");
            let times = ["--slo", slo, "--from", from, "--to", to];
            month.run(
                "record",
                &[&times[..], &["--name", &name, "--out", &out]].concat(),
            )
        };
        let ran = record();
        assert_eq!(ran.code, 0, "{ran:?}");
        let text = month.place.read(&out);
        assert!(text.matches("given ").count() <= 4, "{text}");
        assert!(text.contains("expect paged : page"), "{text}");
        assert!(text.contains("team = payments"), "{text}");
        let again = record();
        assert_eq!(again.code, 2, "{again:?}");
        assert_eq!(month.place.read(&out), text);
    }
    let project = ["--project", "repository/shop"];
    let tested = month.place.run(&[&["test"], &project[..]].concat());
    assert_eq!(tested.code, 0, "{tested:?}");
    assert!(tested.err.starts_with("3 tests: 3 passed"), "{tested:?}");
    let formatted = month
        .place
        .run(&[&["fmt", "--check"], &project[..]].concat());
    assert_eq!(formatted.code, 0, "{formatted:?}");
    // A name that is taken.
    let taken = ["--name", "it was moved", "--slo", "ledger.availability"];
    let times = [
        "--from",
        "2025-09-27T03:00:00Z",
        "--to",
        "2025-09-27T04:00:00Z",
    ];
    let ran = month.run("record", &[&taken[..], &times].concat());
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        ran.err.contains("has a test `it was moved` already"),
        "{}",
        ran.err
    );
    // No traffic is not missing data.
    let times = [
        "--from",
        "2025-09-11T02:00:00Z",
        "--to",
        "2025-09-11T04:00:00Z",
    ];
    let ran = month.run(
        "record",
        &[&["--slo", "ledger.availability"], &times[..]].concat(),
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("rate = 0/s"), "{}", ran.out);
    assert!(!ran.out.contains("no-data"), "{}", ran.out);
    for file in ["deploy", "index", "moved"] {
        std::fs::remove_file(month.place.path(&format!("repository/shop/{file}.nth"))).unwrap();
    }
}

/// Two changes: an objective and a threshold.
fn revisions_differ_as_planted(month: &Month) {
    let place = &month.place;
    let mut base = HEAD.to_owned();
    for (now, before) in BASE {
        assert!(base.contains(now), "{now}");
        base = base.replace(now, before);
    }
    write_project(place, &base);
    git(place, &["init", "--quiet"]);
    git(place, &["add", "."]);
    git(place, &["commit", "--quiet", "--message", "base"]);
    git(place, &["tag", "v1"]);
    write_project(place, HEAD);
    place.write("repository/untracked", "it stays");
    let status = || git(place, &["status", "--porcelain=v2", "--branch"]);
    let before = status();
    let ran = month.backtest(&["--base", "v1", "--format", "json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(status(), before);
    assert_eq!(git(place, &["worktree", "list"]).lines().count(), 1);
    let report = json(&ran);
    let base = &report["base"];
    assert_eq!(base["revision"], "v1");
    assert_eq!(base["incomplete"], Value::Array(Vec::new()));
    let alert = |side: &Value, index: &Value| {
        let index = usize::try_from(index.as_u64().unwrap()).unwrap();
        names(&side["alerts"])[index].clone()
    };
    let mut only_base = Vec::new();
    let mut only_head = Vec::new();
    for change in base["changes"].as_array().unwrap() {
        match change["change"].as_str().unwrap() {
            "only-base" => only_base.push(alert(base, &change["base"])),
            "only-head" => only_head.push(alert(&report, &change["head"])),
            other => panic!("{other}: {change}"),
        }
    }
    assert_eq!(only_base, ["page checkout - Backlog"]);
    assert_eq!(
        only_head,
        [
            "page checkout availability SLOErrorBudgetBurn",
            "ticket checkout availability SLOErrorBudgetBurn",
        ]
    );
    let shown = month.backtest(&["--base", "v1"]);
    assert!(
        shown
            .out
            .contains("only with v1: page Backlog of checkout at 2025-09-24T"),
        "{}",
        shown.out
    );

    for (revision, why) in [
        ("v2", "unknown git revision `v2`"),
        ("-v1", "unknown git revision `-v1`"),
        ("v1^{tree}", "unknown git revision"),
    ] {
        let argument = format!("--base={revision}");
        let ran = month.backtest(&[&argument]);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains(why), "{}", ran.err);
    }
}

/// A command in the project's folder that keeps no answers of a server.
fn at_server(place: &Place, name: &str, url: &str, more: &[&str]) -> Command {
    let mut all = vec![name, "--project", "repository/shop"];
    all.extend(["--prometheus", url, "--timeout", "1s", "--no-cache"]);
    all.extend(more);
    let mut command = place.command(&all);
    clean(&mut command);
    command
}

/// Where no server is.
const NOWHERE: &str = "http://127.0.0.1:1";

#[test]
fn a_query_that_is_too_large_says_what_to_do() {
    let place = Place::new();
    write_project(&place, HEAD);
    let error = r#"{"status":"error","errorType":"execution","error":"query processing would load too many samples into memory"}"#;
    let large = Loopback::new(move |_| answer("422 Unprocessable Entity", "", error));
    let slow = Loopback::new(|_| Act::Silence);
    for (server, why, help) in [
        (
            &large,
            "would load too many samples",
            "read fewer series in the query",
        ),
        (&slow, "request timed out", "`--timeout 10m`"),
    ] {
        let ran = run(&mut at_server(&place, "backtest", &server.url, &[]));
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(ran.err.contains("the history of rule "), "{}", ran.err);
        assert!(ran.err.contains(why), "{}", ran.err);
        assert!(ran.err.contains(help), "{}", ran.err);
    }
}

#[test]
fn a_revision_that_cannot_be_compared_is_told() {
    let place = Place::new();
    write_project(&place, HEAD);
    let compare = |revision: &str, more: &[&str]| {
        let all = [&["--base", revision], more].concat();
        at_server(&place, "backtest", NOWHERE, &all)
    };
    let told = |command: &mut Command, code: i32, why: &[&str]| {
        let ran = run(command);
        assert_eq!(ran.code, code, "{ran:?}");
        for why in why {
            assert!(ran.err.contains(why), "{why}: {}", ran.err);
        }
    };
    let no_git = ["cannot run git", "a git revision requires git"];
    told(compare("main", &[]).env("PATH", ""), 3, &no_git);
    if find(&["git"]).is_none() {
        return;
    }
    git(&place, &["init", "--quiet"]);
    let no_commit = "unknown git revision `HEAD`";
    told(&mut compare("HEAD", &[]), 2, &[no_commit]);
    git(
        &place,
        &["commit", "--quiet", "--allow-empty", "--message", "none"],
    );
    let no_project = "revision `HEAD` has no nth.toml in shop";
    told(&mut compare("HEAD", &[]), 2, &[no_project]);

    // The base has errors, and the current sources have none.
    write_project(&place, "service x {");
    git(&place, &["add", "."]);
    git(&place, &["commit", "--quiet", "--message", "broken"]);
    write_project(&place, HEAD);
    let errors = [
        "shop/shop.nth:1:",
        "the project at revision `HEAD` has errors",
    ];
    let short = ["--format", "short"];
    told(&mut compare("HEAD", &short), 1, &errors);

    git(
        &place,
        &["commit", "--quiet", "--all", "--message", "whole"],
    );
    let environments = "\nenvironment production { }\nenvironment staging { }\n";
    write_project(&place, &format!("{HEAD}{environments}"));
    let unknown = ["unknown environment `production` at revision `HEAD`"];
    told(&mut compare("HEAD", &["--env", "production"]), 2, &unknown);
}

#[test]
fn invalid_usage_is_told_before_anything_is_asked() {
    let place = Place::new();
    write_project(&place, HEAD);
    let backtest = |more: &[&str]| run(&mut at_server(&place, "backtest", NOWHERE, more));
    for (more, why) in [
        (
            &[
                "--from",
                "2025-09-02T00:00:00Z",
                "--to",
                "2025-09-01T00:00:00Z",
            ][..],
            "the range of time is empty",
        ),
        (&["--to", "9000-01-01T00:00:00Z"], "`--to` is in the future"),
        (&["--since", "soon"], "a duration, e.g. `12h`"),
        (
            &["--since", "1d", "--from", "2025-09-02T00:00:00Z"],
            "cannot be used with",
        ),
        (&["chekout"], "did you mean `checkout`?"),
        (&["--env", "production"], "unknown environment `production`"),
        (&["--format", "sarif"], "unsupported format for a backtest"),
        (
            &["--base", "main"],
            "a git revision requires a project in a git repository",
        ),
    ] {
        let ran = backtest(more);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains(why), "{}", ran.err);
        assert!(ran.out.is_empty(), "{}", ran.out);
    }
    let ran = backtest(&[]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.err.contains("cannot query the history of rule "),
        "{}",
        ran.err
    );
    let ran = backtest(&["--incidents", "missing.toml"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("cannot read missing.toml"), "{}", ran.err);
    place.write("repository/shop/broken.nth", "service x {");
    let ran = backtest(&[]);
    assert_eq!(ran.code, 1, "{ran:?}");
}

#[test]
fn a_bad_range_of_a_recording_is_told() {
    let place = Place::new();
    write_project(&place, HEAD);
    place.write("there.nth", "// It stays.\n");
    let record = |more: &[&str]| run(&mut at_server(&place, "record", NOWHERE, more));
    let times = [
        "--from",
        "2025-09-08T12:00:00Z",
        "--to",
        "2025-09-08T12:30:00Z",
    ];
    let slo = ["--slo", "checkout.availability"];
    for (more, code, why) in [
        (
            &["--slo", "checkout.availabilty"][..],
            2,
            "did you mean `checkout.availability`?",
        ),
        (&["--slo", "checkout"], 2, "unknown SLO `checkout`"),
        (
            &[slo[0], slo[1], "--out", "there.nth"],
            2,
            "there.nth already exists",
        ),
        (
            &[slo[0], slo[1], "--format", "json"],
            2,
            "unsupported format",
        ),
        (&slo, 3, "cannot query"),
    ] {
        let ran = record(&[&times, more].concat());
        assert_eq!(ran.code, code, "{ran:?}");
        assert!(ran.err.contains(why), "{}", ran.err);
    }
    let ran = record(&[slo[0], slo[1], "--from", times[3], "--to", times[1]]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        ran.err.contains("the range of time is empty"),
        "{}",
        ran.err
    );
    assert_eq!(place.read("there.nth"), "// It stays.\n");
}
