//! Example texts of regular expressions.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

/// The number of examples of one expression.
const MOST: usize = 24;

/// The length in bytes above which a text is not an example.
const LONGEST: usize = 200;

/// Returns texts that a regular expression of a matcher matches completely, the plainest first. Empty if it is invalid.
pub(crate) fn examples(pattern: &str) -> Vec<String> {
    let Some(translated) = nth_promql::regex_for_rust(pattern) else {
        return Vec::new();
    };
    let Ok(hir) = ParserBuilder::new().utf8(false).build().parse(&translated) else {
        return Vec::new();
    };
    let mut found = texts(&hir);
    // An assertion, such as `\b`, is not followed.
    found.retain(|text| nth_promql::matches_any(pattern, [text.as_str()]) == Some(true));
    found
}

fn texts(hir: &Hir) -> Vec<String> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => vec![String::new()],
        HirKind::Literal(literal) => String::from_utf8(literal.0.to_vec()).into_iter().collect(),
        HirKind::Class(class) => characters(class),
        HirKind::Capture(capture) => texts(&capture.sub),
        HirKind::Repetition(repetition) => {
            let once = texts(&repetition.sub);
            let times = usize::try_from(repetition.min.max(1)).unwrap_or(usize::MAX);
            let mut found: Vec<String> = once
                .into_iter()
                .filter(|text| text.len().saturating_mul(times) <= LONGEST)
                .map(|text| text.repeat(times))
                .collect();
            if repetition.min == 0 {
                found.push(String::new());
            }
            found
        }
        HirKind::Concat(parts) => parts.iter().fold(vec![String::new()], |before, part| {
            let after = texts(part);
            let pairs = before
                .iter()
                .flat_map(|before| after.iter().map(move |after| format!("{before}{after}")));
            pairs
                .filter(|text| text.len() <= LONGEST)
                .take(MOST)
                .collect()
        }),
        HirKind::Alternation(parts) => {
            let all: Vec<Vec<String>> = parts.iter().map(texts).collect();
            let longest = all.iter().map(Vec::len).max().unwrap_or(0);
            // The first example of each part, then the second ones.
            let found =
                (0..longest).flat_map(|index| all.iter().filter_map(move |texts| texts.get(index)));
            found.take(MOST).cloned().collect()
        }
    }
}

/// Returns a digit and a letter of a class; if it has neither, its first character.
fn characters(class: &Class) -> Vec<String> {
    let ranges: Vec<(char, char)> = match class {
        Class::Unicode(class) => class
            .iter()
            .map(|range| (range.start(), range.end()))
            .collect(),
        Class::Bytes(class) => class
            .iter()
            .filter(|range| range.start().is_ascii())
            .map(|range| (char::from(range.start()), char::from(range.end().min(0x7f))))
            .collect(),
    };
    let has = |c: &char| {
        ranges
            .iter()
            .any(|(start, end)| (*start..=*end).contains(c))
    };
    let mut found: Vec<char> = [('0'..='9'), ('a'..='z'), ('A'..='Z')]
        .into_iter()
        .filter_map(|mut plain| plain.find(has))
        .take(2)
        .collect();
    if found.is_empty() {
        found.extend(ranges.first().map(|(start, _)| *start));
    }
    found.into_iter().map(String::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_example_matches() {
        for (pattern, first) in [
            ("5..", Some("500")),
            ("DataLoss|Internal", Some("DataLoss")),
            ("0\\.3(\\.0)?", Some("0.3.0")),
            ("api-[a-z]+", Some("api-a")),
            (".*", Some("0")),
            ("", Some("")),
            ("[^a-z0-9A-Z]x{3}", Some("\0xxx")),
            ("(", None),
            ("a{1000}", None),
        ] {
            assert_eq!(
                examples(pattern).first().map(String::as_str),
                first,
                "{pattern}"
            );
        }
    }

    #[test]
    fn all_branches_of_an_alternation_are_examples() {
        assert_eq!(
            examples("ok|refused|(aa|bb)c"),
            ["ok", "refused", "aac", "bbc"]
        );
    }
}
