//! What the formatter promises.

use super::format;
use super::outline::outline;
use super::parse;
use super::tests::TOUR;

/// The layout, after checking that it says the same and is its own layout.
fn laid_out(text: &str) -> String {
    let once = format(text).unwrap_or_else(|| panic!("malformed: {text}"));
    assert_eq!(
        outline(&parse(text)),
        outline(&parse(&once)),
        "{text}\n→\n{once}"
    );
    let twice = format(&once).unwrap_or_else(|| panic!("made malformed: {once}"));
    assert_eq!(once, twice);
    once
}

#[test]
fn the_tour_is_laid_out() {
    for (name, text) in TOUR {
        insta::assert_snapshot!(name, laid_out(text));
    }
}

/// The comments that tests put in: `// c` and a number.
fn comments(text: &str) -> Vec<&str> {
    let mut found: Vec<&str> = text
        .match_indices("// c")
        .map(|(at, _)| {
            let rest = &text[at..];
            &rest[..rest.find('\n').unwrap_or(rest.len())]
        })
        .map(str::trim_end)
        .collect();
    found.sort_unstable();
    found
}

#[test]
fn comments_survive_wherever_a_line_ends() {
    // The two files that have every construct between them.
    for (name, text) in [TOUR[2], TOUR[3]] {
        let mut at = 0;
        for (number, line) in text.split_inclusive('\n').enumerate() {
            at += line.len();
            for inserted in [
                format!(" // c{number}\n"),
                format!("\n// c{number}\n"),
                format!("\n\n  // c{number}\n\n"),
            ] {
                let with = format!("{}{}{}", &text[..at - 1], inserted, &text[at..]);
                if outline(&parse(&with)) != outline(&parse(text)) || comments(&with).len() != 1 {
                    // It landed in a string, a query or another comment.
                    continue;
                }
                let laid = laid_out(&with);
                assert_eq!(
                    comments(&laid),
                    comments(&with),
                    "{name}: {with}\n→\n{laid}"
                );
            }
        }
    }
}

#[test]
fn deep_nesting_on_one_line_is_laid_out() {
    for (depth, before, open, close) in [
        (60, "", "a{", "}"),
        (60, "", "a { b = 1 ", "}"),
        (30, "x = ", "f([", "])"),
        (30, "x = ", "[{ y = ", "}]"),
        (60, "x = ", "(1 + ", ")"),
    ] {
        let end = if before.is_empty() { "" } else { "1" };
        laid_out(&format!(
            "s {{ {before}{}{end}{} }}",
            open.repeat(depth),
            close.repeat(depth)
        ));
    }
}

#[test]
fn a_malformed_file_is_left_alone() {
    assert_eq!(format("service a {"), None);
    assert_eq!(format("service a { x = %% }"), None);
    assert_eq!(
        format("service a {}\n/// Kept.\n").as_deref(),
        Some("service a {}\n\n/// Kept.\n")
    );
    assert_eq!(format("").as_deref(), Some(""));
    assert_eq!(format("\n\n// c1\n").as_deref(), Some("// c1\n"));
}
