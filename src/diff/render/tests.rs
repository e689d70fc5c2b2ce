#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;

use serde_json::Value;

use super::groups::Row;
use super::sample::{self, HOSTILE, empty, hostile, reached, rich, small};
use super::terminal::{TerminalOptions, plain, terminal};
use super::*;
use crate::change::{Fired, History, Subject};
use crate::class::{Class, Level};
use crate::document::Document;
use crate::id::ChangeId;

fn at(document: &Document, all: bool, width: Option<usize>) -> String {
    plain(&terminal(document, &TerminalOptions { all, width }))
}

#[test]
fn on_a_terminal() {
    insta::assert_snapshot!("terminal", at(&rich(14), false, Some(100)));
    insta::assert_snapshot!("terminal_all", at(&rich(4), true, None));
    let text = at(&hostile(), false, None);
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
    insta::assert_snapshot!("terminal_hostile", text);
    // Classes keep their color.
    let lines = terminal(&rich(4), &TerminalOptions::default());
    let classes: Vec<Class> = lines[0]
        .parts
        .iter()
        .filter_map(|part| match part.emphasis {
            terminal::Emphasis::Class(class) => Some(class),
            _ => None,
        })
        .collect();
    assert_eq!(classes, Class::ALL);
}

#[test]
fn what_a_reviewer_must_see_is_on_the_first_screen() {
    let mut document = rich(200);
    // Each of the consequences is different, too.
    for (number, change) in document.changes.iter_mut().enumerate() {
        if change.id == ChangeId::BurnRateWindowsChanged {
            change.after = Some(format!("{number}h"));
        }
    }
    let text = at(&document, false, Some(100));
    let screen: Vec<&str> = text.lines().take(24).collect();
    let screen = screen.join("\n");
    assert!(
        screen.contains("SLO checkout.latency: was page 1h/5m"),
        "{screen}"
    );
    assert!(screen.contains("gate ledger.deploy"), "{screen}");
    assert!(
        screen.contains("SLO availability of 200 services: billing, cart, checkout and 197 more"),
        "{screen}"
    );
    assert!(
        text.contains("194 more changes like these (shown by --all)"),
        "{text}"
    );
    assert!(text.lines().count() < 110, "{}", text.lines().count());
    let all = at(&document, true, Some(100));
    assert!(!all.contains("shown by --all"), "{all}");
    assert!(all.contains("service-0199.availability-page-6h"), "{all}");
}

#[test]
fn lines_are_not_longer_than_the_terminal() {
    for width in [60, 80, 120] {
        for line in at(&rich(14), true, Some(width)).lines() {
            // A word is not broken.
            let has_blank = line.trim_start().contains(' ');
            assert!(line.chars().count() <= width || !has_blank, "{line}");
            assert_eq!(line.trim_end(), line);
        }
    }
}

#[test]
fn verdicts_are_sentences() {
    let counts: Vec<String> = Class::ALL
        .into_iter()
        .map(|class| words::counts(&small(class)))
        .collect();
    assert_eq!(counts.first().unwrap(), "1 silenced change in 1 service");
    assert_eq!(counts.last().unwrap(), "1 cosmetic change in 1 service");
    assert_eq!(
        at(&empty(), false, None),
        "no changes, main..working tree\n"
    );
    let mut document = empty();
    document.complete = false;
    assert_eq!(
        at(&document, false, None),
        "no changes in what could be compared, main..working tree\nnot complete: the search for incidents was ended\n"
    );
    document.changes = rich(1).changes;
    document
        .changes
        .retain(|change| change.subject.service.is_none());
    assert_eq!(words::counts(&document), "1 paging change of the project");
}

#[test]
fn a_change_is_in_one_section() {
    let document = rich(30);
    for all in [false, true] {
        let sections = groups::sections(&document, all);
        let mut found: Vec<&str> = sections
            .iter()
            .flat_map(|section| &section.rows)
            .flat_map(groups::Row::changes)
            .map(|change| change.fingerprint.as_str())
            .collect();
        let mut expected: Vec<&str> = document
            .changes
            .iter()
            .filter(|change| all || change.level != Level::Allow)
            .map(|change| change.fingerprint.as_str())
            .collect();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected);
        // The numbers of a service are in one section as well.
        let numbers: Vec<&str> = sections
            .iter()
            .flat_map(|section| &section.slos)
            .flat_map(|group| group.services.iter().copied())
            .collect();
        let services: BTreeSet<&str> = numbers.iter().copied().collect();
        assert_eq!(numbers.len(), services.len());
        assert_eq!(
            services,
            reached(30).iter().map(|name| name.as_str()).collect()
        );
    }
}

#[test]
fn long_texts_are_cut_around_what_differs() {
    let same = "sum(rate(requests_total[5m])) / ".repeat(20);
    let pair = words::pair(
        Some(&format!("{same}old")),
        Some(&format!("{same}new")),
        " -> ",
    );
    let text = pair.unwrap().to_string();
    assert!(text.chars().count() < 110, "{text}");
    assert!(text.contains("old -> …") && text.ends_with("new"), "{text}");
    assert_eq!(words::pair(None, None, " -> "), None);
    assert_eq!(
        words::pair(Some("a"), Some(""), " -> ")
            .unwrap()
            .to_string(),
        "a -> \"\""
    );
}

#[test]
fn as_json() {
    let document = hostile();
    let text = json::json(&document).unwrap();
    let read: Document = serde_json::from_str(&text).unwrap();
    assert_eq!(read, document);
    insta::assert_snapshot!("json", json::json(&rich(1)).unwrap());
    let mut document = rich(1);
    document.services[0].slos[0].budget_minutes[1] = Some(f64::NAN);
    assert_eq!(
        json::json(&document).unwrap_err().to_string(),
        "a number of the SLO `availability` is not finite"
    );
}

#[test]
fn the_schema_describes_every_field() {
    let schema = json::schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let check = |document: &Document| {
        let value = serde_json::to_value(document).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
        value
    };
    check(&empty());
    check(&hostile());
    let mut document = rich(2);
    // Environments are compared with each other, too.
    document.head.environment = Some("production".into());
    for service in &mut document.services {
        service.environment = Some("production".into());
    }
    let mut value = check(&document);
    // Each property of the schema is used by this document, which has all of them.
    let mut used = BTreeSet::new();
    keys(&value, &mut used);
    let mut described = BTreeSet::new();
    properties(&schema, &mut described);
    assert_eq!(used, described);
    // Nothing else is allowed, and what is required is.
    value["changes"][0]["further"] = Value::Bool(true);
    assert!(!validator.is_valid(&value));
    let mut value = check(&document);
    value["changes"][0]
        .as_object_mut()
        .unwrap()
        .remove("fingerprint");
    assert!(!validator.is_valid(&value));
    let mut value = check(&document);
    value["changes"][0]["class"] = Value::from("worse");
    assert!(!validator.is_valid(&value));
}

fn keys(value: &Value, used: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                used.insert(key.clone());
                keys(value, used);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys(item, used)),
        _ => {}
    }
}

fn properties(schema: &Value, described: &mut BTreeSet<String>) {
    match schema {
        Value::Object(fields) => {
            for (key, value) in fields {
                if let ("properties", Value::Object(properties)) = (key.as_str(), value) {
                    described.extend(properties.keys().cloned());
                    for property in properties.values() {
                        assert!(property.get("description").is_some(), "{property}");
                    }
                }
                properties_of(value, described);
            }
        }
        _ => properties_of(schema, described),
    }
}

fn properties_of(value: &Value, described: &mut BTreeSet<String>) {
    match value {
        Value::Object(_) => properties(value, described),
        Value::Array(items) => items.iter().for_each(|item| properties(item, described)),
        _ => {}
    }
}

#[test]
fn as_sarif() {
    let document = hostile();
    let log: Value = serde_json::from_str(&sarif::sarif(&document).unwrap()).unwrap();
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), document.shown().count());
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let mut fingerprints = BTreeSet::new();
    for result in results {
        let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[rule]["id"], result["ruleId"]);
        fingerprints.insert(
            result["partialFingerprints"]["nthDiff/v1"]
                .as_str()
                .unwrap(),
        );
        assert!(result.get("baselineState").is_none());
    }
    assert_eq!(fingerprints.len(), results.len());
    // What was in the old version has no line in the new one.
    let gone = results
        .iter()
        .find(|result| result["ruleId"] == "slo-never-pages")
        .unwrap();
    assert_eq!(gone["level"], "error");
    let place = &gone["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "services/checkout.nth");
    assert_eq!(place["region"]["startLine"], 1);
    let text = gone["message"]["text"].as_str().unwrap();
    assert!(
        text.contains("services/checkout.nth:41 of the old version"),
        "{text}"
    );
    // What is accepted is a note.
    let gate = results
        .iter()
        .find(|result| result["ruleId"] == "gate-always-open")
        .unwrap();
    assert_eq!(gate["level"], "note");
    insta::assert_snapshot!("sarif", sarif::sarif(&few()).unwrap());
}

/// Some changes of [`rich`], of several classes.
fn few() -> Document {
    let mut document = rich(2);
    document.changes.retain(|change| {
        matches!(
            change.id,
            ChangeId::SloNeverPages | ChangeId::ObjectiveLowered | ChangeId::AlertAdded
        )
    });
    document
}

#[test]
fn as_annotations() {
    let document = rich(14);
    let lines = github::annotations(&document);
    assert_eq!(lines.len(), 10);
    insta::assert_snapshot!("github", lines.join("\n"));
    let lines = github::annotations(&hostile());
    assert_eq!(lines.len(), 10);
    for line in &lines {
        assert!(!line.contains(['\n', '\r', '\u{1b}']), "{line}");
        assert_eq!(line.matches("::").next(), Some("::"));
        let properties = line.strip_prefix("::").unwrap().split_once("::").unwrap().0;
        let level = properties.split(' ').next().unwrap();
        assert!(["error", "warning", "notice"].contains(&level), "{line}");
    }
    // All that there is needs no count.
    assert_eq!(github::annotations(&few()).len(), 3);
    assert_eq!(github::annotations(&empty()), Vec::<String>::new());
}

#[test]
fn as_short_lines() {
    insta::assert_snapshot!("short", short::short(&few(), false));
    let text = short::short(&hostile(), true);
    assert_eq!(text.lines().count(), hostile().changes.len());
    assert!(!text.contains('\u{1b}'));
    assert_eq!(
        short::short(&hostile(), false).lines().count(),
        hostile().shown().count()
    );
}

#[test]
fn the_page_of_ids_has_each_once() {
    let page = ids::ids_page();
    for id in ChangeId::ALL {
        let heading = format!(
            "\n### {}\n\n{} {}\n",
            id.name(),
            id.info().summary,
            id.info().advice
        );
        assert_eq!(page.matches(&heading).count(), 1, "{id}");
    }
    assert_eq!(page.matches("\n### ").count(), ChangeId::ALL.len());
    assert_eq!(page.matches("\n## ").count(), Class::ALL.len());
}

#[test]
fn as_a_page() {
    let text = page::page(&rich(34));
    assert!(!text.contains("<script"));
    assert!(text.contains("default-src 'none'; style-src 'sha256-"));
    // The style guide's words; `role="img"` has a name.
    assert_eq!(
        text.matches("role=\"img\"").count(),
        text.matches("role=\"img\" aria-label=\"").count()
    );
    assert_eq!(text.matches("<svg").count(), 3);
    insta::assert_snapshot!(
        "page",
        page::page(&few())
            .replace("><", ">\n<")
            .split("</style>")
            .last()
            .unwrap()
    );

    let text = page::page(&hostile());
    for tag in [
        "<script",
        "</summary></details> @org",
        "<img",
        "<a href=\"http",
        "\u{1b}",
        "\u{202e}",
    ] {
        assert!(!text.contains(tag), "{tag}");
    }
    assert!(text.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(HOSTILE.len() > 5);
}

#[test]
fn history_is_a_sentence() {
    let mut change = sample::change(
        ChangeId::ObjectiveLowered,
        Subject::part("checkout", "slo", "availability"),
        None,
        None,
    );
    let mut said = |before: (usize, usize), after: (usize, usize), incomplete: Option<&str>| {
        let fired = |(pages, tickets)| Fired { pages, tickets };
        change.history = Some(History {
            since: "30d".to_owned(),
            until: None,
            before: fired(before),
            after: fired(after),
            incomplete: incomplete.map(str::to_owned),
        });
        let row = Row {
            change: &change,
            others: Vec::new(),
        };
        words::history(&row).unwrap().to_string()
    };
    assert_eq!(
        said((3, 0), (1, 0), None),
        "would have paged 3 times in the last 30d, now 1"
    );
    assert_eq!(
        said((1, 0), (0, 2), Some("history begins 2026-11-20")),
        "would have paged 1 time in the last 30d, now 0; 0 tickets, now 2 (history begins 2026-11-20)"
    );
    assert_eq!(
        said((0, 2), (0, 2), None),
        "would have opened 2 tickets in the last 30d, now 2"
    );
    assert_eq!(
        said((0, 0), (0, 0), Some("no history")),
        "would have notified nobody in the last 30d, before or now (no history)"
    );

    // Several services are counted together.
    let mut other = change.clone();
    change.history.as_mut().unwrap().before.pages = 2;
    other.history.as_mut().unwrap().after.pages = 1;
    other.history.as_mut().unwrap().incomplete = None;
    let row = Row {
        change: &change,
        others: vec![&other],
    };
    assert_eq!(
        words::history(&row).unwrap().to_string(),
        "would have paged 2 times in the last 30d, now 1 (no history for some)"
    );
}
