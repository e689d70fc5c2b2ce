//! Results as a JUnit document, read strictly.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::place::Ran;
use crate::{passing, project};

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
