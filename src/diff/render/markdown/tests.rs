#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use regex::Regex;
use serde_json::Value;

use super::{Comment, Limits, clean, comment};
use crate::document::Document;
use crate::render::sample::{HOSTILE, empty, hostile, rich};
use crate::render::summary::summary;

#[test]
fn comments() {
    let limits = Limits::default();
    let whole = comment(&rich(14), limits);
    assert_eq!(whole.dropped, Vec::<String>::new());
    insta::assert_snapshot!("comment", whole.body);
    insta::assert_snapshot!("comment_hostile", comment(&hostile(), limits).body);
    let unfolded = Limits {
        details: false,
        ..limits
    };
    let unfolded = comment(&rich(4), unfolded).body;
    assert!(!TAG.is_match(&unfolded), "{unfolded}");
    insta::assert_snapshot!("comment_unfolded", unfolded);
    for document in [rich(14), hostile()] {
        check(&comment(&document, limits), limits).unwrap();
    }
}

#[test]
fn a_change_that_became_clean_is_one_line() {
    assert_eq!(
        clean(&empty()),
        "No changes any longer, `main..working tree`.\n"
    );
    let mut document = empty();
    document.errored = rich(1).errored;
    assert_eq!(
        clean(&document),
        "No changes any longer in what could be compared, `main..working tree`; not complete: 1 error.\n"
    );
}

#[test]
fn a_tier_of_a_thousand_services_is_one_section() {
    let limits = Limits::default();
    let comment = comment(&rich(1000), limits);
    check(&comment, limits).unwrap();
    assert_eq!(comment.dropped, Vec::<String>::new());
    assert!(comment.body.len() < 16_000, "{}", comment.body.len());
    assert!(comment.body.contains("SLO `availability` of 1000 services: `billing`, `cart`, `checkout` and 997 more: `99.9%` → `99.5%`"));
}

/// A document in which each service has changes of its own.
fn many(services: usize) -> Document {
    let mut document = rich(services);
    document.causes.clear();
    for change in &mut document.changes {
        change.causes.clear();
    }
    document
}

#[test]
fn whole_sections_are_dropped_from_the_least_important_end() {
    let limits = Limits::default();
    let document = many(400);
    let comment = comment(&document, limits);
    check(&comment, limits).unwrap();
    assert!(comment.body.len() > 50_000, "{}", comment.body.len());
    // Nothing grave is dropped before something that hardly matters.
    assert!(
        !comment
            .dropped
            .iter()
            .any(|name| name == "service checkout"),
        "{:?}",
        comment.dropped
    );
    assert!(comment.dropped.iter().any(|name| name == "project"));
    let (shown, names) = comment.body.split_once("Not shown, because").unwrap();
    for name in &comment.dropped {
        let name = name.rsplit(' ').next().unwrap();
        assert!(!shown.contains(&format!("<code>{name}</code>:")), "{name}");
    }
    let first = comment.dropped.first().unwrap().rsplit(' ').next().unwrap();
    assert!(names.contains(first), "{names}");
    let sections = shown.matches("\n<details>\n<summary>service").count();
    assert!(sections > 20, "{sections}");

    // The summary has room for all of them.
    let summary = summary(&document);
    assert_eq!(summary.dropped, Vec::<String>::new());
    assert!(summary.body.len() < 900 * 1024);
    assert!(summary.body.contains("<code>service-0399</code>"));
    assert!(super::super::summary::summary(&many(4000)).body.len() < 900 * 1024);
}

#[test]
fn a_small_limit_leaves_the_verdict() {
    let limits = Limits {
        most: 0,
        ..Limits::default()
    };
    let comment = comment(&hostile(), limits);
    assert!(comment.body.starts_with("**2 silenced, 14 loosened"));
    assert!(comment.body.len() <= 8 << 10);
    assert!(!comment.dropped.is_empty());
}

/// The texts of a document replaced by these, equal ones by equal ones.
fn replaced(document: &Document, texts: &[String]) -> Document {
    fn walk(value: &mut Value, key: &str, texts: &[String], known: &mut BTreeMap<String, String>) {
        match value {
            Value::Object(fields) => {
                let is_cause = fields.contains_key("services") && fields.contains_key("kind");
                for (key, value) in fields.iter_mut() {
                    let key = if is_cause && key == "kind" { "id" } else { key };
                    walk(value, key, texts, known);
                }
            }
            Value::Array(items) => {
                for item in items {
                    walk(item, key, texts, known);
                }
            }
            Value::String(text) if !["id", "class", "level", "side"].contains(&key) => {
                let next = texts[known.len() % texts.len()].clone();
                *text = known.entry(text.clone()).or_insert(next).clone();
            }
            _ => {}
        }
    }
    let mut value = serde_json::to_value(document).unwrap();
    walk(&mut value, "", texts, &mut BTreeMap::new());
    serde_json::from_value(value).unwrap()
}

/// What a platform makes of text: mentions, references, links, hashes and emoji.
static FORBIDDEN: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        r"@\w",
        r"[#!&]\w",
        r"[~%$]\w",
        r"\w://",
        r"(?i)www\.",
        r"\b[A-Za-z]+-[0-9]",
        r"\b[0-9a-f]{7,40}\b",
        r":([a-z0-9_+-]*[a-z_+-][a-z0-9_+-]*|100|1234):",
        r"\$.*\$`",
    ]
    .map(|pattern| Regex::new(pattern).unwrap())
    .to_vec()
});

static TAG: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"</?(details|summary|code|b)>").unwrap());

static ENTITY: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"&#(\d+);").unwrap());

static CODE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"<code>[^<]*</code>").unwrap());

/// Complains if a comment is too long, is cut, or has markup that a user wrote.
fn check(comment: &Comment, limits: Limits) -> Result<(), String> {
    let body = &comment.body;
    if body.len() > limits.most || body.encode_utf16().count() > limits.most {
        return Err(format!("{} bytes", body.len()));
    }
    let mut options = Options::all();
    options.remove(Options::ENABLE_SMART_PUNCTUATION);
    let mut text = String::new();
    let (mut open, mut blocks) = (0i32, 0);
    let mut is_code = false;
    for event in Parser::new_ext(body, options) {
        // Pieces of one text, between which nothing is seen.
        if !matches!(event, Event::Text(_)) {
            judge(&std::mem::take(&mut text))?;
        }
        match event {
            Event::Text(part) if !is_code => text.push_str(&part),
            Event::Text(_) | Event::Code(_) | Event::SoftBreak => {}
            Event::InlineHtml(part) if &*part == "<code>" => is_code = true,
            Event::InlineHtml(part) if &*part == "</code>" => is_code = false,
            Event::Html(part) | Event::InlineHtml(part) => {
                for tag in TAG.find_iter(&part) {
                    open += match tag.as_str() {
                        "<details>" => 1,
                        "</details>" => -1,
                        _ => 0,
                    };
                }
                let rest = CODE.replace_all(&part, " ");
                let rest = TAG.replace_all(&rest, " ");
                if rest.contains(['<', '>', '`']) {
                    return Err(format!("HTML: {part}"));
                }
                let rest = ENTITY.replace_all(&rest, |found: &regex::Captures<'_>| {
                    let number = found.get(1).and_then(|number| number.as_str().parse().ok());
                    char::from_u32(number.unwrap_or_default())
                        .map(String::from)
                        .unwrap_or_default()
                });
                judge(&rest)?;
            }
            Event::Start(Tag::CodeBlock(_)) => {
                blocks += 1;
                is_code = true;
            }
            Event::End(TagEnd::CodeBlock) => is_code = false,
            Event::Start(
                Tag::Paragraph
                | Tag::List(None)
                | Tag::Item
                | Tag::HtmlBlock
                | Tag::Strong
                | Tag::Table(_)
                | Tag::TableHead
                | Tag::TableRow
                | Tag::TableCell,
            )
            | Event::End(_) => {}
            other => return Err(format!("{other:?}")),
        }
        if open < 0 {
            return Err("a section is closed that is not open".to_owned());
        }
    }
    judge(&text)?;
    if open != 0 {
        return Err(format!("{open} open sections"));
    }
    let tests = body.matches("as a test</summary>").count();
    if blocks != tests {
        return Err(format!("{blocks} blocks of code for {tests} tests"));
    }
    if body
        .lines()
        .next()
        .is_none_or(|line| !line.starts_with("**"))
    {
        return Err("no verdict".to_owned());
    }
    Ok(())
}

fn judge(text: &str) -> Result<(), String> {
    match FORBIDDEN.iter().find_map(|pattern| pattern.find(text)) {
        Some(found) => Err(format!("{:?} in {text:?}", found.as_str())),
        None => Ok(()),
    }
}

/// Texts that users would not write, and some that they would.
fn texts() -> impl Strategy<Value = Vec<String>> {
    let piece = prop_oneof![
        4 => prop::sample::select(HOSTILE).prop_map(str::to_owned),
        4 => r#"[ `|<>&@#\[\]()!*_~:/$%^'"a0.\\-]{0,12}"#,
        2 => any::<String>(),
        2 => "[a-z]{1,8}",
        1 => Just("\n\n".to_owned()),
        1 => (prop::sample::select(HOSTILE), 1..60usize).prop_map(|(text, times)| text.repeat(times)),
    ];
    let text = prop::collection::vec(piece, 1..4).prop_map(|pieces| pieces.concat());
    prop::collection::vec(text, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_text_becomes_markup(texts in texts(), services in 1..12usize, most in 8_192..70_000usize) {
        let document = replaced(&rich(services), &texts);
        for limits in [Limits::default(), Limits { most, ..Limits::default() }] {
            let comment = comment(&document, limits);
            prop_assert_eq!(check(&comment, limits), Ok(()), "{}", comment.body);
        }
        let line = clean(&document);
        prop_assert_eq!(line.lines().count(), 1);
        let unfolded = comment(&document, Limits { details: false, tests: false, ..Limits::default() });
        prop_assert!(!unfolded.body.lines().any(|line| line.starts_with(['/', '<'])));
    }
}
