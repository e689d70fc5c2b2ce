//! `nthc test` for others: JUnit for pipelines, a page for people, and runs that follow the files.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
mod place;
mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use headless_chrome::{Browser, LaunchOptions};
use place::{Place, Ran};
use quick_xml::Reader;
use quick_xml::events::Event;
use support::programs;

const PROJECT: &str = r##"
import std.http

environment production { }
environment staging { }

team payments {
  slack = "#payments"

  schedule primary { zone = "Europe/London"  members = ["a@example.com", "b@example.com"] }
  escalation default { step primary { notify = primary } }
}

service checkout {
  team     = payments
  selector = { job = "checkout" }

  slo availability : http.availability { objective = 99.9% }

  alert backlog {
    when     = `max(checkout_queue_depth) > 1000`
    for      = 10m
    severity = page
    summary  = "${value} <img src=x onerror=alert(1)> orders wait."
  }
}
"##;

/// Fails and passes, in each environment.
const TESTS: &str = r#"import main.{checkout}

/// A deployment <b>breaks</b> & half of the requests fail.
test "noon <script>alert(1)</script> ]]> & \"co\"" {
  given requests : traffic { service = checkout  rate = 200/s }
  given deploy   : errors  { slo = checkout.availability  share = 50%  from = 10m  for = 20m }

  expect paged : page { slo = checkout.availability  within = 1m }
}

test "a quiet day" {
  expect quiet : silent { service = checkout }
}
"#;

/// Has two failures, in production.
const MORE: &str = r#"import main.{checkout}

test "a full queue" {
  only_in = [production]

  given queue : series { series = `checkout_queue_depth{job="checkout"}`  values = "10x20 2000x60" }

  expect quiet : silent { service = checkout }
}
"#;

fn project() -> Place {
    let place = Place::new();
    place.write("nth.toml", "[project]\nname = \"shop\"\n");
    place.write("main.nth", PROJECT);
    place.write("tests/first.nth", TESTS);
    place.write("tests/second.nth", MORE);
    place
}

/// A project in which all tests pass.
fn passing() -> Place {
    let place = project();
    place.write(
        "tests/first.nth",
        "import main.{checkout}\n\ntest \"a quiet day\" {\n  expect quiet : silent { service = checkout }\n}\n",
    );
    place.write("tests/second.nth", "");
    place
}

/// An element of a document with its attributes, and its elements and text.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    children: Vec<Element>,
    text: String,
}

impl Element {
    /// Reads a document as any XML parser does, strictly.
    fn read(text: &str) -> Self {
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_end_names = true;
        let mut open = vec![Self::default()];
        loop {
            match reader
                .read_event()
                .unwrap_or_else(|error| panic!("{error}: {text}"))
            {
                Event::Start(start) => open.push(Self::of(&start)),
                Event::Empty(start) => open.last_mut().unwrap().children.push(Self::of(&start)),
                Event::End(_) => {
                    let ended = open.pop().unwrap();
                    open.last_mut().unwrap().children.push(ended);
                }
                Event::Text(part) => {
                    open.last_mut().unwrap().text += &part.decode().unwrap();
                }
                Event::GeneralRef(part) => {
                    let name = part.decode().unwrap();
                    let character = match &*name {
                        "lt" => "<",
                        "gt" => ">",
                        "amp" => "&",
                        "quot" => "\"",
                        "apos" => "'",
                        other => panic!("{other}"),
                    };
                    open.last_mut().unwrap().text += character;
                }
                Event::Eof => break,
                Event::Decl(_) => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(open.len(), 1, "{text}");
        open.pop().unwrap().children.pop().unwrap()
    }

    fn of(start: &quick_xml::events::BytesStart<'_>) -> Self {
        let attributes = start.attributes().map(|attribute| {
            let attribute = attribute.unwrap();
            let key = String::from_utf8(attribute.key.as_ref().to_vec()).unwrap();
            let value = attribute
                .decoded_and_normalized_value(quick_xml::XmlVersion::Implicit1_0, start.decoder())
                .unwrap();
            (key, value.into_owned())
        });
        Self {
            name: String::from_utf8(start.name().as_ref().to_vec()).unwrap(),
            attributes: attributes.collect(),
            ..Self::default()
        }
    }

    fn get(&self, attribute: &str) -> &str {
        self.attributes.get(attribute).map_or("", String::as_str)
    }

    fn number(&self, attribute: &str) -> usize {
        let value = self.get(attribute);
        value
            .parse()
            .unwrap_or_else(|_| panic!("{attribute} of {self:?}"))
    }

    /// Checks elements and attributes: each is one that GitLab, Jenkins and reporters of GitHub Actions know.
    fn check(&self) {
        let (required, optional, inside): (&[&str], &[&str], &[&str]) = match self.name.as_str() {
            "testsuites" => (
                &["name", "tests", "failures", "errors", "skipped"],
                &["time"],
                &["testsuite"],
            ),
            "testsuite" => (
                &["name", "tests", "failures", "errors", "skipped"],
                &["time"],
                &["testcase"],
            ),
            "testcase" => (
                &["name", "classname"],
                &["time", "file", "line"],
                &["failure", "error"],
            ),
            "failure" | "error" => (&["message", "type"], &[], &[]),
            other => panic!("{other}"),
        };
        for attribute in required {
            assert_ne!(self.get(attribute), "", "{attribute} of {self:?}");
        }
        for attribute in self.attributes.keys() {
            let known = |all: &[&str]| all.contains(&attribute.as_str());
            assert!(known(required) || known(optional), "{attribute}");
        }
        if let Some(time) = self.attributes.get("time") {
            assert!(time.parse::<f64>().is_ok_and(|time| time >= 0.0), "{time}");
        }
        for child in &self.children {
            assert!(inside.contains(&child.name.as_str()), "{}", child.name);
            child.check();
        }
        match self.name.as_str() {
            "testsuite" => {
                let with = |name: &str| {
                    let has = |case: &&Self| case.children.iter().any(|child| child.name == name);
                    self.children.iter().filter(has).count()
                };
                assert_eq!(self.number("tests"), self.children.len());
                assert_eq!(self.number("failures"), with("failure"));
                assert_eq!(self.number("errors"), with("error"));
            }
            "testsuites" => {
                for count in ["tests", "failures", "errors"] {
                    let sum: usize = self.children.iter().map(|suite| suite.number(count)).sum();
                    assert_eq!(self.number(count), sum, "{count}");
                }
            }
            "testcase" => assert!(self.children.len() <= 1, "{self:?}"),
            _ => {}
        }
    }
}

fn junit(ran: &Ran) -> Element {
    let document = Element::read(&ran.out);
    assert_eq!(document.name, "testsuites", "{ran:?}");
    document.check();
    document
}

#[test]
fn junit_has_a_suite_for_each_file_and_environment() {
    let ran = project().run(&["test", "--format", "junit"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let document = junit(&ran);
    assert_eq!(document.get("name"), "shop");
    let suites: Vec<(&str, usize, usize)> = document
        .children
        .iter()
        .map(|suite| {
            (
                suite.get("name"),
                suite.number("tests"),
                suite.number("failures"),
            )
        })
        .collect();
    assert_eq!(
        suites,
        [
            ("tests/first.nth (production)", 2, 1),
            ("tests/second.nth (production)", 1, 1),
            ("tests/first.nth (staging)", 2, 1),
        ]
    );
    let case = &document.children[0].children[0];
    assert_eq!(
        case.get("name"),
        "noon <script>alert(1)</script> ]]> & \"co\""
    );
    assert_eq!(case.get("classname"), "production.tests.first");
    assert_eq!(
        (case.get("file"), case.get("line")),
        ("tests/first.nth", "4")
    );
    let failure = &case.children[0];
    assert_eq!(
        (failure.name.as_str(), failure.get("type")),
        ("failure", "too-late")
    );
    assert!(
        failure
            .get("message")
            .starts_with("expected a page of `checkout.availability` after 10m and by 11m, but SLOErrorBudgetBurn"),
        "{failure:?}"
    );
    assert!(
        failure
            .text
            .starts_with("tests/first.nth:8: `paged`: expected a page")
    );
    assert!(
        failure
            .text
            .contains("payments-page (Slack #payments), fires"),
        "{failure:?}"
    );
    // The same incident breaks two rules: the queue pages, and is not silent.
    let failure = &document.children[1].children[0].children[0];
    assert_eq!(failure.get("type"), "not-silent");
    assert!(
        failure.get("message").ends_with(" (and 1 more)"),
        "{failure:?}"
    );
    assert!(
        failure.text.contains("expected no other page"),
        "{failure:?}"
    );

    let ran = passing().run(&["test", "--format", "junit", "--env", "staging"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(junit(&ran).number("tests"), 1);
    assert!(!ran.out.contains("<failure"), "{ran:?}");
}

#[test]
fn junit_shows_what_could_not_run() {
    let place = project();
    place.replace(
        "main.nth",
        "  alert backlog",
        "  slo odd { objective = 99%  sli : error-ratio { ratio = `max(avg_over_time(a[$window])) * max(avg_over_time(b[$window])) % 0.013` } }\n\n  alert backlog",
    );
    place.write(
        "tests/second.nth",
        "import main.{checkout}\r\n\r\ntest \"odd\" {\r\n  given slow : errors { slo = checkout.odd  share = 50%  from = 10m }\r\n  expect quiet : silent { slo = checkout.odd }\r\n}\r\n",
    );
    let ran = place.run(&["test", "odd", "--format", "junit"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let document = junit(&ran);
    assert_eq!(
        (document.number("errors"), document.number("failures")),
        (2, 0)
    );
    let error = &document.children[0].children[0].children[0];
    assert_eq!(error.get("type"), "not-simulated");
    assert!(error.text.contains("help: "), "{error:?}");

    // The sources have errors: a document that says so, so that no pipeline shows the last one.
    place.write(
        "tests/second.nth",
        "test \"odd\" {\n  expect quiet : silent { service = chekout }\n}\n",
    );
    let ran = place.run(&["test", "--format", "junit"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let document = junit(&ran);
    assert_eq!(document.number("errors"), 1);
    let error = &document.children[0].children[0].children[0];
    assert!(
        error.get("message").starts_with("no test was run: 1 error"),
        "{error:?}"
    );
    assert!(error.text.contains("tests/second.nth:2"), "{error:?}");
    assert!(ran.err.contains("no test was run: 1 error"), "{ran:?}");
}

#[test]
fn other_commands_have_no_results_of_tests() {
    let place = project();
    for command in [
        &["check"][..],
        &["build"],
        &["fmt"],
        &["metrics", "coverage"],
    ] {
        let ran = place.run(&[command, &["--format", "junit"]].concat());
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{command:?}");
        assert!(
            ran.err
                .starts_with("error: unsupported format `junit`\n  help: use it with `nthc test`"),
            "{ran:?}"
        );
    }
    // The exit codes of gates are decisions.
    let gate = [
        "gate",
        "check",
        "checkout",
        "--prometheus",
        "http://127.0.0.1:1",
        "--format",
        "junit",
    ];
    let ran = place.run(&gate);
    assert_eq!(ran.code, 64, "{ran:?}");
}

#[test]
fn a_timeline_fits_into_the_terminal() {
    let place = project();
    for columns in ["80", "40", "300", "0", "wide"] {
        let mut command = place.command(&["test", "noon", "--env", "production"]);
        let ran = place::run(command.env("COLUMNS", columns).env("NO_COLOR", "1"));
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(!ran.out.contains('\u{1b}'), "{ran:?}");
        let drawn = ran
            .out
            .lines()
            .filter(|line| line.contains('█') || line.contains("  0s "));
        let longest = drawn.map(|line| line.chars().count()).max().unwrap();
        match columns {
            "80" | "40" => assert!(longest <= columns.parse().unwrap(), "{ran:?}"),
            _ => assert!((100..200).contains(&longest), "{ran:?}"),
        }
    }
}

#[test]
fn failures_are_last() {
    let ran = project().run(&["test", "--env", "production"]);
    let outcomes: Vec<&str> = ran
        .out
        .lines()
        .filter(|line| line.starts_with("passed") || line.starts_with("failed"))
        .filter_map(|line| line.split("  ").nth(1))
        .collect();
    assert_eq!(
        outcomes,
        [
            "a quiet day (production)",
            "noon <script>alert(1)</script> ]]> & \"co\" (production)",
            "a full queue (production)"
        ]
    );
}

#[test]
fn a_page_shows_each_test_and_runs_nothing() {
    let place = project();
    let ran = place.run(&["test", "--html", "report.html"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.ends_with("wrote report.html\n"), "{ran:?}");
    let page = place.read("report.html");
    for part in [
        "Tests of shop",
        "5 tests: 2 passed, 3 failed",
        "noon &lt;script&gt;alert(1)&lt;/script&gt; ]]&gt; &amp; &quot;co&quot;",
        "A deployment &lt;b&gt;breaks&lt;/b&gt; &amp; half of the requests fail.",
        "50% of <code>checkout.availability</code> bad",
        "a page of <code>checkout.availability</code> after 10m and by 11m",
        "error budget left",
        "class=\"pending\"",
        "class=\"page\"",
        "payments-page (Slack #payments), team payments",
        // The text of a notification.
        "2k &lt;img src=x onerror=alert(1)&gt; orders wait.",
        "staging",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    for part in [
        "<script",
        "<b>breaks",
        "<img",
        "http://",
        "style=\"",
        "@import",
        "url(",
    ] {
        assert!(!page.contains(part), "{part}");
    }
    // Closed if it passed, open if it failed.
    let passed = page.matches("<details class=\"test passed\" id=").count();
    let failed = page.matches("<details class=\"test failed\" id=").count();
    assert_eq!((passed, failed), (2, 3));
    assert_eq!(page.matches("\" open><summary>").count(), 3);

    // The next run replaces the page.
    place.write("tests/second.nth", "");
    let ran = place.run(&["test", "--html", "report.html", "--format", "json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.starts_with('{') && ran.err.is_empty(), "{ran:?}");
    assert!(
        place
            .read("report.html")
            .contains("4 tests: 2 passed, 2 failed")
    );
}

#[test]
fn a_page_replaces_nothing_but_a_page() {
    let place = passing();
    place.write("notes.html", "<p>mine</p>");
    let ran = place.run(&["test", "--html", "notes.html"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
    assert!(
        ran.err
            .starts_with("error: notes.html exists and is not a page of `nthc test`\n"),
        "{ran:?}"
    );
    assert_eq!(place.read("notes.html"), "<p>mine</p>");
    let ran = place.run(&["test", "--html", "tests"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.err.contains("cannot write tests: it is a directory"),
        "{ran:?}"
    );
    let ran = place.run(&["test", "--html", "nowhere/report.html"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("no directory nowhere"), "{ran:?}");
    // An empty file, as `mktemp` creates it.
    place.write("empty.html", "");
    let ran = place.run(&["test", "--html", "empty.html", "--quiet"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(place.read("empty.html").contains("2 tests: 2 passed"));
    // Sources with errors: the old page stays.
    let before = place.read("empty.html");
    place.write("tests/second.nth", "test \"odd\" {\n");
    let ran = place.run(&["test", "--html", "empty.html"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(place.read("empty.html"), before);
}

#[test]
fn a_browser_shows_the_page() {
    let Some(chromium) = programs::find(&["chromium", "chromium-browser", "google-chrome"]) else {
        return;
    };
    let place = project();
    let ran = place.run(&["test", "--html", "report.html"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let options = LaunchOptions::default_builder()
        .path(Some(chromium))
        .sandbox(false)
        .window_size(Some((1200, 1000)))
        .idle_browser_timeout(Duration::from_secs(120))
        .build()
        .expect("options");
    let browser = Browser::new(options).expect("Chromium starts");
    let tab = browser.new_tab().expect("a tab");
    tab.set_default_timeout(Duration::from_secs(30));
    let address = format!("file://{}", place.path("report.html").display());
    tab.navigate_to(&address).expect("it loads");
    tab.wait_for_element(".timeline").expect("a timeline");
    let value = |script: &str| {
        tab.evaluate(script, false)
            .expect("it runs")
            .value
            .expect("a value")
    };
    // The policy allows the page's own style.
    let outcome = "getComputedStyle(document.querySelector('.failed .outcome')).fontWeight";
    assert_eq!(value(outcome), "600");
    // Bars begin where their times are: the error after 10m of a test of 1h30m.
    let place_of_bar = "(() => {
        const bar = document.querySelector('.test.failed .row:nth-of-type(2) rect.event');
        const row = bar.closest('svg').getBoundingClientRect();
        const box = bar.getBoundingClientRect();
        return JSON.stringify([(box.left - row.left) / row.width, box.width / row.width].map(share => Math.round(share * 90)));
    })()";
    assert_eq!(value(place_of_bar), "[10,20]");
    // An area is drawn: it has a width and a height.
    let area = "(() => { const box = document.querySelector('polygon.bad').getBoundingClientRect(); return box.width > 100 && box.height > 20; })()";
    assert_eq!(value(area), true);
    // Nothing is wider than the page.
    let fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth";
    assert_eq!(value(fits), true);
    // Only failures are shown if that is chosen.
    let hidden = "(() => {
        document.querySelector('#only').click();
        return [...document.querySelectorAll('.test')].filter(one => one.getBoundingClientRect().height > 0).length;
    })()";
    assert_eq!(value(hidden), 3);
}

#[cfg(unix)]
mod watch {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Child, Command, Stdio};
    use std::sync::mpsc::{Receiver, channel};
    use std::thread;

    use super::*;

    /// `nthc test --watch`, which ends with the test.
    struct Watching {
        child: Child,
        lines: Receiver<String>,
    }

    impl Watching {
        fn start(place: &Place, args: &[&str]) -> Self {
            // One pipe for both streams keeps the order of their lines.
            let mut command = Command::new("sh");
            let mut child = command
                .args(["-c", "exec \"$@\" 2>&1", "sh", env!("CARGO_BIN_EXE_nthc")])
                .args(["test", "--watch"])
                .args(args)
                .current_dir(place.path(""))
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let (send, lines) = channel();
            let out = child.stdout.take().unwrap();
            thread::spawn(move || {
                for line in BufReader::new(out).lines().map_while(Result::ok) {
                    let _ = send.send(line);
                }
            });
            Self { child, lines }
        }

        /// Returns what is printed until a run has ended that prints a text. Editors write twice; others may be in between.
        fn run_with(&self, text: &str) -> String {
            let mut seen = String::new();
            loop {
                let line = self
                    .lines
                    .recv_timeout(programs::PATIENCE)
                    .unwrap_or_else(|_| panic!("{text} is not in {seen}"));
                let is_end = line.ends_with("watching for changes; press Ctrl+C to stop");
                seen += &(line + "\n");
                if is_end && seen.contains(text) {
                    return seen;
                }
            }
        }

        /// Interrupts, and returns the exit code.
        fn interrupt(mut self) -> Option<i32> {
            let id = self.child.id().to_string();
            let sent = Command::new("kill").args(["-INT", &id]).status().unwrap();
            assert!(sent.success());
            self.child.wait().unwrap().code()
        }
    }

    impl Drop for Watching {
        fn drop(&mut self) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }

    #[test]
    fn tests_run_again_after_each_change() {
        let place = passing();
        let watching = Watching::start(&place, &["--html", "report.html"]);
        let seen = watching.run_with("2 tests: 2 passed");
        assert!(!seen.contains('\u{1b}'), "{seen}");
        // An error does not end it.
        place.write("tests/new.nth", "test \"new\" {\n");
        watching.run_with("no test was run: ");
        // A new file.
        place.write("tests/new.nth", MORE);
        let seen = watching.run_with("3 tests: 2 passed, 1 failed");
        assert!(seen.contains("failed  a full queue (production)"), "{seen}");
        assert!(!seen.contains("passed  a quiet day"), "{seen}");
        assert!(
            place
                .read("report.html")
                .contains("3 tests: 2 passed, 1 failed")
        );
        // A file that is gone.
        std::fs::remove_file(place.path("tests/new.nth")).unwrap();
        watching.run_with("2 tests: 2 passed");
        // No project for a moment.
        let manifest = place.read("nth.toml");
        std::fs::remove_file(place.path("nth.toml")).unwrap();
        watching.run_with("nth.toml");
        place.write("nth.toml", manifest);
        watching.run_with("2 tests: 2 passed");
        assert_eq!(watching.interrupt(), Some(0));
    }

    #[test]
    fn the_last_result_is_the_exit_code() {
        let place = project();
        let watching = Watching::start(&place, &["queue"]);
        watching.run_with("1 test: 0 passed, 1 failed");
        assert_eq!(watching.interrupt(), Some(1));
        let watching = Watching::start(&place, &["nothing has this name"]);
        watching.run_with("unknown test `nothing has this name`");
        assert_eq!(watching.interrupt(), Some(2));
    }

    #[test]
    fn programs_read_one_document() {
        let place = project();
        for format in ["json", "junit", "github"] {
            let ran = place.run(&["test", "--watch", "--format", format]);
            assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
            assert!(ran.err.contains("--format short"), "{ran:?}");
        }
    }
}
