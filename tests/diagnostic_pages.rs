//! Every code has a page that follows the guide, and the index lists them all.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "literate/markdown.rs"]
#[allow(dead_code)]
mod markdown;

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use nthc::diagnostics::codes::{ALL, RENAMED, current_slug};
use nthc::diagnostics::{Severity, explain};

/// The last number of each range that the compiler gives out, by hundreds: syntax to exclusions.
const RANGES: std::ops::RangeInclusive<u16> = 0..=12;

/// Codes of what is wrong on the disk rather than in a text, which no fence can hold: bytes that are not UTF-8, and
/// what stands in the output folder, and what a target's own format refuses. What OpenSLO documents say stands in YAML,
/// which `tests/openslo` reads.
const NOT_IN_A_TEXT: [&str; 31] = [
    "N0017", "N0018", "N0019", "N0434", "N0435", "N0608", "N0620", "N0621", "N0622", "N0623",
    "N0624", "N0625", "N0626", "N0627", "N0628", "N0630", "N0631", "N0632", "N0633", "N0640",
    "N0641", "N0642", "N0643", "N0644", "N0645", "N0646", "N0650", "N0651", "N0652", "N0653",
    "N0701",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/diagnostics")
}

#[test]
fn numbers_are_sorted_unique_and_in_a_range() {
    let numbers: Vec<u16> = ALL
        .iter()
        .map(|code| {
            let digits = code.id.strip_prefix('N').expect(code.id);
            assert_eq!(digits.len(), 4, "{}", code.id);
            digits.parse().expect(code.id)
        })
        .collect();
    assert!(
        numbers.is_sorted_by(|a, b| a < b),
        "not in order or given twice: {numbers:?}"
    );
    for number in numbers {
        assert!(
            RANGES.contains(&(number / 100)) && !number.is_multiple_of(100),
            "N{number:04} is in no range"
        );
    }
}

#[test]
fn slugs_are_unique_and_summaries_are_sentences() {
    let mut slugs = HashSet::new();
    for code in ALL.iter() {
        assert!(
            slugs.insert(code.slug),
            "{} has the slug of another: {}",
            code.id,
            code.slug
        );
        assert!(
            code.slug.split('-').all(|word| {
                !word.is_empty()
                    && word
                        .chars()
                        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
            }),
            "{}: `{}` is no slug",
            code.id,
            code.slug
        );
        assert!(
            code.summary.ends_with('.') && code.summary.starts_with(|c: char| !c.is_lowercase()),
            "{}: `{}` is no sentence",
            code.id,
            code.summary
        );
    }
}

#[test]
fn every_code_is_found_by_its_number_and_its_slug() {
    for code in ALL.iter() {
        assert_eq!(explain::find(&ALL, code.id), Ok(*code));
        assert_eq!(explain::find(&ALL, &code.slug.to_uppercase()), Ok(*code));
    }
}

#[test]
fn pages_follow_the_guide() {
    let mut wrong = String::new();
    for code in ALL.iter() {
        let head = format!("# {} {}", code.id, code.slug);
        let mut complain = |what: &str| {
            let _ = writeln!(wrong, "docs/diagnostics/{}.md {what}", code.id);
        };
        if code.page.lines().next() != Some(&head) {
            complain(&format!("does not begin with `{head}`"));
        }
        match markdown::parse(code.page) {
            Err(error) => complain(&format!("line {}: {}", error.line, error.what)),
            Ok(sections) => {
                let examples = |fails: bool| {
                    sections
                        .iter()
                        .flat_map(|section| &section.fences)
                        .filter(move |fence| ["nth", "toml"].contains(&fence.language.as_str()))
                        .any(move |fence| fence.has("fails") == fails)
                };
                if !NOT_IN_A_TEXT.contains(&code.id) {
                    if !examples(true) {
                        complain("has no fence marked `fails`");
                    }
                    if !examples(false) {
                        complain("has no fence that passes");
                    }
                }
            }
        }
        let prose = code
            .page
            .lines()
            .skip(1)
            .take_while(|line| !line.starts_with('#') && !line.starts_with("```"))
            .any(|line| !line.trim().is_empty());
        if !prose {
            complain("does not say what is wrong before it shows it");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn no_page_is_left_without_a_code() {
    for entry in std::fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if let Some(id) = name.strip_suffix(".md").filter(|id| *id != "README") {
            assert!(
                ALL.iter().any(|code| code.id == id),
                "docs/diagnostics/{name} is the page of no code"
            );
        }
    }
}

#[test]
fn the_index_lists_every_code() {
    const END: &str = "<!-- end of index -->";
    let path = folder().join("README.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let start = text
        .find("<!-- index:")
        .expect("the index begins with a comment");
    let start = start + text[start..].find('\n').unwrap() + 1;
    let end = text.find(END).expect("the index ends with a comment");

    let mut index = String::from("\n| code | severity | |\n|---|---|---|\n");
    for code in ALL.iter() {
        let severity = match code.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let _ = writeln!(
            index,
            "| [{0} {1}]({0}.md) | {severity} | {2} |",
            code.id,
            code.slug,
            code.summary.replace('|', "\\|")
        );
    }
    index.push('\n');
    if std::env::var_os("NTH_BLESS").is_some() {
        std::fs::write(&path, format!("{}{index}{}", &text[..start], &text[end..])).unwrap();
    } else {
        assert!(
            text[start..end] == index,
            "docs/diagnostics/README.md: the index is not up to date; \
             write it with `NTH_BLESS=1 cargo test --test diagnostic_pages`"
        );
    }
}

#[test]
fn a_former_slug_leads_to_one_that_a_code_has() {
    for (before, now) in RENAMED {
        assert!(ALL.iter().all(|code| code.slug != before), "{before}");
        assert!(ALL.iter().any(|code| code.slug == now), "{now}");
        assert_eq!(current_slug(before), Some(now));
    }
    assert_eq!(current_slug("duplicate-receiver"), None);
}
