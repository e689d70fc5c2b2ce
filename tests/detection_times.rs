//! `nthc test --detection`, from end to end, and the same times in runbooks and in the preview.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
mod place;

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use place::{Place, Ran};
use serde_json::Value;

const MAIN: &str = r#"import std.http

team payments { }

service checkout {
  team     = payments
  selector = { job = "checkout" }

  slo availability : http.availability {
    objective = 99.9%
    window    = 7d
  }
}
"#;

/// An SLO whose slices are never good, whatever its metric is.
const IMPOSSIBLE: &str = r#"
service queue {
  team     = payments
  selector = { job = "queue" }

  slo age {
    objective = 99%
    window    = 7d
    sli : time-slices { good = `max(age_seconds) ^ 0 > 2` }
  }
}
"#;

fn project(main: &str) -> Place {
    let place = Place::new();
    place.write("nth.toml", "[project]\nname = \"shop\"\n");
    place.write("main.nth", main);
    place
}

/// Runs `nthc test --detection` and expects an exit code.
fn detection(place: &Place, code: i32, more: &[&str]) -> Ran {
    let args = [&["test", "--detection"], more].concat();
    let ran = place.run(&args);
    assert_eq!(ran.code, code, "{args:?}: {ran:?}");
    ran
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

/// The rows of the first table in Markdown.
fn rows(markdown: &str) -> Vec<Vec<String>> {
    let table = markdown
        .lines()
        .skip_while(|line| !line.starts_with("| incident"));
    let lines = table.take_while(|line| line.starts_with('|'));
    let cells = |line: &str| {
        let inner = line.trim_matches('|').split('|');
        inner.map(|cell| cell.trim().to_owned()).collect()
    };
    lines.map(cells).collect()
}

#[test]
fn a_table_shows_how_soon_alerts_fire_and_end() {
    let place = project(MAIN);
    let ran = detection(&place, 0, &[]);
    insta::assert_snapshot!(ran.out);
    assert_eq!(ran.err, "1 SLO\n");

    let document = json(&detection(&place, 0, &["--format", "json"]));
    let slo = &document["slos"][0];
    assert_eq!(
        (&slo["service"], &slo["slo"]),
        (&"checkout".into(), &"availability".into())
    );
    assert_eq!(
        (&slo["file"], &slo["line"]),
        (&"main.nth".into(), &9.into())
    );
    assert_eq!(document["changes"], Value::Null);
    let worst = &slo["incidents"][0];
    assert_eq!(worst["incident"], "100% bad");
    // The strongest incident pages at once and all of its alerts end.
    let page = &worst["page"];
    assert_eq!(page["alert"], "SLOErrorBudgetBurn");
    assert!(page["after_seconds"].as_f64().unwrap() <= 300.0, "{page}");
    assert!(page["ends_after_seconds"].as_f64().unwrap() > 0.0, "{page}");
    assert!(worst["alerts"].as_array().unwrap().len() >= 2, "{worst}");
    let situations = slo["situations"].as_array().unwrap();
    assert_eq!(situations.len(), 4);

    let short = detection(&place, 0, &["--format", "short"]).out;
    assert_eq!(short.lines().count(), 8, "{short}");
    assert!(
        short.starts_with("main.nth:9: checkout.availability: 100% bad for "),
        "{short}"
    );

    // Not a line is longer than a narrow terminal.
    let mut command = place.command(&["test", "--detection"]);
    let narrow = place::run(command.env("COLUMNS", "60"));
    assert!(
        narrow.out.lines().all(|line| line.chars().count() <= 60),
        "{}",
        narrow.out
    );
    assert!(narrow.out.contains("\n    page after "), "{}", narrow.out);
    let colored = detection(&place, 0, &["--color", "always"]);
    assert!(
        colored.out.starts_with("\u{1b}[1mcheckout.availability"),
        "{colored:?}"
    );
}

#[test]
fn the_documentation_shows_what_is_printed() {
    let page = include_str!("../docs/detection.md");
    let block = |start: &str| {
        let (_, after) = page.split_once(start).unwrap();
        after.split_once("```\n").unwrap().0
    };
    let place = project(block("```nth file=services/checkout.nth\n"));
    let ran = detection(&place, 0, &[]);
    assert_eq!(ran.out.trim_end(), block("```text\n").trim_end());
    assert_eq!(detection(&place, 0, &["--quiet"]).out, "");
}

#[test]
fn environments_and_names_select_slos() {
    let environments = "\nenvironment staging { }\nenvironment production { }\n";
    let place = project(&format!("{MAIN}{environments}"));
    let staging = "  in staging { slo availability { objective = 99% } }\n}\n\nenvironment";
    place.replace(
        "main.nth",
        "}\n\nenvironment staging",
        &format!("{staging} staging"),
    );
    let titles = |more: &[&str]| -> Vec<String> {
        let ran = detection(&place, 0, more);
        let lines = ran.out.lines().filter(|line| line.starts_with("checkout."));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(
        titles(&[]),
        [
            "checkout.availability in production  99.9% over 7d",
            "checkout.availability in staging  99% over 7d",
        ]
    );
    assert_eq!(titles(&["avail", "--env", "staging"]).len(), 1);
    let unknown = detection(&place, 2, &["checkout.availabilty"]);
    assert!(
        unknown.err.contains("unknown SLO `checkout.availabilty`"),
        "{unknown:?}"
    );
    assert!(
        unknown
            .err
            .contains("did you mean `checkout.availability`?"),
        "{unknown:?}"
    );
    assert!(
        detection(&place, 2, &["--env", "nowhere"])
            .err
            .contains("nowhere")
    );
}

#[test]
fn a_file_is_checked_and_each_change_is_named() {
    let place = project(MAIN);
    let missing = detection(&place, 3, &["--check", "times/detection.md"]);
    assert!(missing.err.contains("--write"), "{missing:?}");
    let wrote = detection(&place, 0, &["--write", "times/detection.md"]);
    assert_eq!(wrote.err, "wrote times/detection.md: 1 SLO\n");
    assert_eq!(wrote.out, "");
    let text = place.read("times/detection.md");
    insta::assert_snapshot!(text);
    let check = |code| detection(&place, code, &["--check", "times/detection.md"]);
    assert_eq!(check(0).err, "times/detection.md is up to date: 1 SLO\n");
    place.write("times/detection.md", text.replace('\n', "\r\n"));
    check(0);
    // The same bytes every time.
    detection(&place, 0, &["--write", "times/detection.md"]);
    assert_eq!(place.read("times/detection.md"), text);

    place.replace("main.nth", "99.9%", "99%");
    let changed = check(1);
    assert!(
        changed.out.lines().any(|line| line
            .starts_with("checkout.availability: 10% bad: page after `")
            && line.ends_with(" slower")),
        "{changed:?}"
    );
    assert!(
        changed.out.contains("`99% over 7d`, was `99.9% over 7d`"),
        "{changed:?}"
    );
    assert!(
        changed
            .err
            .starts_with("times/detection.md is not up to date: "),
        "{changed:?}"
    );
    let github = detection(
        &place,
        1,
        &["--check", "times/detection.md", "--format", "github"],
    );
    assert!(
        github
            .out
            .starts_with("::error file=main.nth,line=9,title=detection of checkout.availability::"),
        "{github:?}"
    );
    let document = json(&detection(
        &place,
        1,
        &["--check", "times/detection.md", "--format", "json"],
    ));
    let changes = document["changes"].as_array().unwrap();
    assert_eq!(changes.len(), changed.out.lines().count());
    assert_eq!(changes[0]["slo"], "checkout.availability");

    place.replace("main.nth", "99%", "99.9%");
    place.replace("main.nth", "slo availability", "slo success");
    let renamed = check(1).out;
    assert_eq!(
        renamed,
        "checkout.success: not in the file\n\
         checkout.availability: in the file, but no longer in the project\n"
    );
}

#[test]
fn nothing_else_is_overwritten() {
    let place = project(MAIN);
    place.write("notes.md", "my notes\n");
    let refused = detection(&place, 2, &["--write", "notes.md"]);
    assert!(refused.err.contains("--force"), "{refused:?}");
    assert_eq!(place.read("notes.md"), "my notes\n");
    detection(&place, 0, &["--write", "notes.md", "--force"]);
    detection(&place, 0, &["--check", "notes.md"]);
    place.write("folder/file", "");
    detection(&place, 2, &["--write", "folder"]);
    detection(&place, 3, &["--write", "folder/file/x.md"]);
    place.write("broken.md", b"\xff\xfe");
    detection(&place, 3, &["--check", "broken.md"]);
    for usage in [
        &["test", "--write", "x.md"][..],
        &["test", "--check", "x.md"],
        &["test", "--detection", "--force"],
        &["test", "--detection", "--write", "x.md", "--check", "x.md"],
        &["test", "--detection", "--format", "sarif"],
        &["test", "--export", "promtool", "--write", "x.md"],
        &["test", "--export", "promtool", "--check", "x.md"],
        &["test", "--coverage", "--write", "x.md"],
        &["test", "--mutate", "--check", "x.md"],
        &["test", "--html", "x.html", "--check", "x.md"],
    ] {
        assert_eq!(place.run(usage).code, 2, "{usage:?}");
    }
    assert!(!place.path("x.md").exists());
}

#[test]
fn a_file_of_something_else_is_not_compared() {
    let place = project(MAIN);
    for (path, text) in [("main.nth", MAIN), ("empty.md", ""), ("notes.md", "mine\n")] {
        place.write(path, text);
        let ran = detection(&place, 2, &["--check", path]);
        let problem = format!("{path} contains no detection times");
        assert!(ran.err.contains(&problem), "{ran:?}");
        assert_eq!(ran.out, "", "{ran:?}");
    }
}

#[test]
fn a_part_of_a_file_is_not_said_to_be_gone() {
    let place = project(&format!("{MAIN}{IMPOSSIBLE}"));
    detection(&place, 0, &["--write", "detection.md"]);
    let ran = detection(&place, 1, &["checkout", "--check", "detection.md"]);
    assert!(
        ran.out
            .starts_with("queue.age: in the file, but not selected"),
        "{ran:?}"
    );
    assert_eq!(ran.out.lines().count(), 1, "{ran:?}");
    // The annotation is in the file, because the SLO is not in the sources.
    place.write("main.nth", MAIN);
    let options = ["--check", "detection.md", "--format", "github"];
    let ran = detection(&place, 1, &options);
    assert_eq!(
        ran.out,
        "::error file=detection.md,line=1,title=detection::queue.age: in the file, but no longer in the project\n"
    );
}

#[test]
fn annotations_do_not_replace_the_times() {
    let place = project(MAIN);
    let shown = detection(&place, 0, &[]).out;
    assert_eq!(detection(&place, 0, &["--format", "github"]).out, shown);
}

#[test]
fn what_cannot_be_simulated_says_so() {
    let place = project(&format!("{MAIN}{IMPOSSIBLE}"));
    let ran = detection(&place, 1, &[]);
    assert!(
        ran.out
            .contains("\nqueue.age  99% over 7d\n  not simulated: "),
        "{ran:?}"
    );
    assert!(
        ran.out.contains("help: write a `test` of the SLO"),
        "{ran:?}"
    );
    assert!(ran.out.contains("\n  100% bad "), "{ran:?}");
    assert_eq!(ran.err, "2 SLOs, of which 1 could not be simulated\n");
    let document = json(&detection(&place, 1, &["queue", "--format", "json"]));
    let slo = &document["slos"][0];
    assert!(
        slo["error"].as_str().unwrap().contains("queue.age"),
        "{slo}"
    );
    assert_eq!(slo["incidents"], Value::Array(Vec::new()));
    let github = detection(&place, 1, &["--format", "github"]);
    assert!(
        github.out.starts_with("::error file=main.nth,line="),
        "{github:?}"
    );

    // A file records it, so that it is not reported again.
    let wrote = detection(&place, 0, &["--write", "detection.md"]);
    assert!(
        wrote.out.contains("not simulated: queue.age: "),
        "{wrote:?}"
    );
    assert!(place.read("detection.md").contains("\nNot simulated: "));
    detection(&place, 0, &["--check", "detection.md"]);
}

#[test]
fn errors_and_empty_projects_are_reported() {
    let place = project(&MAIN.replace("99.9%", "many"));
    let ran = detection(&place, 1, &[]);
    assert!(
        ran.err.contains("nothing was simulated: 1 error"),
        "{ran:?}"
    );
    assert_eq!(ran.out, "");
    let place = project("team payments { }\n");
    assert!(
        detection(&place, 2, &[])
            .err
            .contains("the project has no SLOs")
    );
}

#[test]
fn runbooks_and_the_preview_show_the_same_times() {
    let place = project(&format!("{MAIN}{IMPOSSIBLE}"));
    assert_eq!(place.run(&["build"]).code, 0);
    let page = || place.read("build/docs/checkout.md");
    assert!(!page().contains("Detection times"), "{}", page());
    place.write(
        "nth.toml",
        "[project]\nname = \"shop\"\n\n[docs]\ndetection = true\n",
    );
    assert_eq!(place.run(&["build"]).code, 0);
    detection(&place, 0, &["--write", "detection.md"]);
    let expected = rows(&place.read("detection.md"));
    assert_eq!(expected.len(), 10, "{expected:?}");
    assert_eq!(rows(&page()), expected);
    let queue = place.read("build/docs/queue.md");
    assert!(
        queue.contains("Detection times of **age** are unknown: "),
        "{queue}"
    );

    let mut server = place
        .command(&["preview", "--port", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut address = String::new();
    let stdout = server.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut address).unwrap();
    let get = |query: &str| {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let url = format!("{}api/detection?{query}", address.trim());
        let mut answer = agent.get(url).call().unwrap();
        let status = answer.status().as_u16();
        let body = answer.body_mut().read_to_string().unwrap();
        (status, serde_json::from_str::<Value>(&body).unwrap())
    };
    let known = get("service=checkout&slo=availability");
    let impossible = get("service=queue&slo=age");
    let unknown = get("service=checkout&slo=latency");
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!(known.0, 200, "{known:?}");
    let cells = |row: &Value| -> Vec<String> {
        let cells = row.as_array().unwrap().iter();
        cells
            .map(|cell| cell.as_str().unwrap().to_owned())
            .collect()
    };
    let shown = known.1["rows"].as_array().unwrap().iter().map(cells);
    assert_eq!(shown.collect::<Vec<_>>(), expected[2..]);
    assert_eq!(cells(&known.1["columns"]), expected[0]);
    assert_eq!(impossible.0, 422, "{impossible:?}");
    assert!(
        impossible.1["error"]
            .as_str()
            .unwrap()
            .starts_with("Not simulated: ")
    );
    assert_eq!(unknown.0, 404, "{unknown:?}");
}
