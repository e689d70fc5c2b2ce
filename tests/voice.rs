//! Texts keep the words and the form of the style guide, `docs/style.md`: what a test can tell of them is told here, on the
//! real snapshots, pages and library.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use nthc::diagnostics::codes::ALL;
use regex::Regex;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files below a folder with one of these endings, in order.
fn files(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = ignore::Walk::new(root().join(folder))
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| {
            let ending = path.extension().and_then(|ending| ending.to_str());
            ending.is_some_and(|ending| endings.contains(&ending))
        })
        .collect();
    found.sort();
    assert!(!found.is_empty(), "no files in {folder}");
    found
}

fn shown(path: &Path) -> String {
    let path = path.strip_prefix(root()).unwrap();
    path.to_str().unwrap().replace('\\', "/")
}

/// Words that no text has, with what is written instead.
static WORDS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    [
        (r"\b(is|are) wanted\b", "expected"),
        (r"\bthere is no [a-z` -]+ here\b", "unknown …"),
        (r"\b(cannot|can) stand\b", "is not allowed"),
        (r"\bmend(s|ed|ing)?\b", "fix"),
        (r"\bfull outage\b", "full downtime"),
        (r"\bsustainable rate\b", "burn rate 14.4x"),
        (
            r"\b(nobody|somebody) is woken\b",
            "no page is sent; is paged",
        ),
        (r"\bheld against\b", "checked against"),
        (r"\bleft out of the rules\b", "not generated"),
        (r"\bwith less comfort\b", "degraded"),
        (r"\bgone through again\b", "repeats"),
        (r"\b[Cc]an't\b", "cannot"),
        (r"\b[Cc]atalogues?\b", "catalog"),
        (r"\b[Oo]rganis(e|es|ed|ation|ations|ing)\b", "organize"),
        (
            r"\b([Cc]olour|[Bb]ehaviour|[Nn]eighbour|[Hh]onour)",
            "US spelling",
        ),
        (
            r"\b([Rr]ecognis|[Ss]erialis|[Nn]ormalis)(e|es|ed|er)\b",
            "US spelling",
        ),
        (r"\b[Ee]-mail\b", "email"),
        (r"\d ?× ", "14.4x"),
    ]
    .map(|(pattern, instead)| (Regex::new(pattern).unwrap(), instead))
    .to_vec()
});

/// The target of a link in Markdown.
static TARGET: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\]\([^)]*\)").unwrap());

static HEADLINE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(error|warning)\[N\d{4}\]: (.*)$").unwrap());
static LABEL: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[╰├][─┤]+ (\S.*)$").unwrap());
static BELOW: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^  (help|note): (.*)$").unwrap());

/// Text without code spans and the targets of links: names and paths there are not prose.
fn prose(line: &str) -> String {
    let mut out = String::new();
    for (number, piece) in line.split('`').enumerate() {
        if number % 2 == 0 {
            out.push_str(piece);
        } else {
            out.push('`');
        }
    }
    TARGET.replace_all(&out, "]").into_owned()
}

/// Complains of each word of `text` that the guide replaces.
fn judge(place: &str, text: &str, wrong: &mut String) {
    for (word, instead) in WORDS.iter() {
        if let Some(found) = word.find(text) {
            let _ = writeln!(wrong, "{place}: `{}`: write {instead}", found.as_str());
        }
    }
}

/// The lines of a snapshot that the compiler says: headlines, labels, notes and help, without the source.
fn said(snapshot: &str) -> Vec<(usize, &str, &str)> {
    let mut found = Vec::new();
    for (number, line) in snapshot.lines().enumerate() {
        if let Some(parts) = HEADLINE.captures(line) {
            found.push((number + 1, "headline", parts.get(2).unwrap().as_str()));
        } else if let Some(parts) = LABEL.captures(line) {
            found.push((number + 1, "label", parts.get(1).unwrap().as_str()));
        } else if let Some(parts) = BELOW.captures(line) {
            let kind = if &parts[1] == "help" { "help" } else { "note" };
            found.push((number + 1, kind, parts.get(2).unwrap().as_str()));
        }
    }
    found
}

fn ends_in_a_full_stop(text: &str) -> bool {
    text.ends_with('.') && !text.ends_with("..")
}

#[test]
fn diagnostics_have_the_form_of_the_guide() {
    let mut wrong = String::new();
    let mut seen = 0;
    for path in files("tests/snapshots/diagnostics", &["snap"]) {
        let text = std::fs::read_to_string(&path).unwrap();
        for (line, kind, said) in said(&text) {
            seen += 1;
            let place = format!("{}:{line}", shown(&path));
            judge(&place, &prose(said), &mut wrong);
            let complaint = match kind {
                "label" if said == "here" => "a label that says only `here`",
                "headline" | "label" | "help" if ends_in_a_full_stop(said) => "a full stop",
                "headline" | "label"
                    if said.starts_with(|c: char| c.is_ascii_uppercase())
                        && said.chars().nth(1).is_some_and(|c| c.is_ascii_lowercase())
                        && !is_name(said) =>
                {
                    "a capital"
                }
                _ => continue,
            };
            let _ = writeln!(wrong, "{place}: {complaint}: {said}");
        }
    }
    assert!(seen > 500, "only {seen} texts in the snapshots");
    assert!(wrong.is_empty(), "{wrong}");
}

/// Whether a text begins with the name of a program.
fn is_name(text: &str) -> bool {
    let names = [
        "Alertmanager",
        "Prometheus",
        "PagerDuty",
        "Go ",
        "Kubernetes",
        "Grafana",
        "Inf ",
        "PromQL",
        "OpenSLO",
        "Argo ",
    ];
    names.iter().any(|name| text.starts_with(name))
}

#[test]
fn no_fix_repeats_a_help() {
    let mut wrong = String::new();
    for path in files("tests/snapshots/diagnostics", &["snap"]) {
        let text = std::fs::read_to_string(&path).unwrap();
        let said = said(&text);
        for pair in said.windows(2) {
            let [(_, "help", first), (line, "help", second)] = pair else {
                continue;
            };
            if first.eq_ignore_ascii_case(second) {
                let _ = writeln!(wrong, "{}:{line}: {second}", shown(&path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn documents_have_the_words_of_the_guide() {
    let mut wrong = String::new();
    let mut paths = files("docs", &["md"]);
    paths.push(root().join("README.md"));
    for path in paths {
        // One is the guide itself; the other one is written by `tests/truth/run`.
        if ["docs/style.md", "docs/truth.md"].contains(&shown(&path).as_str()) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let mut is_code = false;
        for (number, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("```") {
                is_code = !is_code;
            } else if !is_code {
                let place = format!("{}:{}", shown(&path), number + 1);
                judge(&place, &prose(line), &mut wrong);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn summaries_of_codes_have_the_words_of_the_guide() {
    let mut wrong = String::new();
    for code in ALL.iter() {
        judge(code.id, &prose(code.summary), &mut wrong);
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What the standard library says in alerts is plain text: it is read in chats and on phones.
#[test]
fn the_library_has_the_words_of_the_guide_and_plain_alerts() {
    let mut wrong = String::new();
    for path in files("stdlib", &["nth"]) {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut summary = None;
        for (number, line) in text.lines().enumerate() {
            let place = format!("{}:{}", shown(&path), number + 1);
            let trimmed = line.trim_start();
            if trimmed.starts_with("///") || trimmed.starts_with("//!") || trimmed.contains("= \"")
            {
                judge(&place, &prose(line), &mut wrong);
            }
            let is_text = |field: &str| {
                let value = trimmed.strip_prefix(field).map(str::trim_start);
                value.is_some_and(|value| value.starts_with("= \""))
            };
            if is_text("summary") {
                summary = Some(number);
                if trimmed.ends_with(".\"") {
                    let _ = writeln!(wrong, "{place}: a summary ends without a full stop");
                }
            }
            let is_of_alert = summary.is_some_and(|of| number <= of + 3);
            if is_of_alert
                && (is_text("summary") || is_text("description"))
                && trimmed.contains('`')
            {
                let _ = writeln!(wrong, "{place}: backticks in plain text: {trimmed}");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
