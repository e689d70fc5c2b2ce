//! Tests of the formatter.

use proptest::prelude::*;

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

/// Returns all comments of a text.
fn all_comments(text: &str) -> Vec<String> {
    let mut found: Vec<String> = text
        .match_indices("//")
        .map(|(at, _)| {
            text[at..]
                .lines()
                .next()
                .unwrap_or_default()
                .trim_end()
                .to_owned()
        })
        .filter(|comment| comment.starts_with("// c"))
        .collect();
    found.sort();
    found
}

#[test]
fn comments_survive_between_any_two_tokens() {
    for (name, text) in [TOUR[2], TOUR[3]] {
        let plain = outline(&parse(text));
        let mut at = 0;
        while let Some(found) = text[at..].find([' ', '(', '[', '{', ',', '\n']) {
            at += found + 1;
            for inserted in ["// c0\n", "\n// c0\n// c1\n", "/// c0\n"] {
                let with = format!("{}{inserted}{}", &text[..at], &text[at..]);
                let is_malformed = parse(&with)
                    .items
                    .iter()
                    .flat_map(|(_, item)| &item.errors)
                    .any(|error| error.kind != super::tree::SyntaxErrorKind::StrayDoc);
                if is_malformed {
                    continue;
                }
                match super::try_format(&with) {
                    Ok(laid) if outline(&parse(&with)) == plain => {
                        assert_eq!(
                            all_comments(&laid),
                            all_comments(&with),
                            "{name}: {with}\n→\n{laid}"
                        );
                    }
                    Ok(_) => {}
                    Err(why) => panic!("{name}: {why:?} at {at}, {inserted:?}:\n{with}"),
                }
            }
        }
    }
}

#[test]
fn brackets_with_nothing_but_comments_keep_them() {
    for (text, laid) in [
        (
            "team t { members = [ // \"ana@example.com\",\n ] }",
            "team t {\n  members = [  // \"ana@example.com\",\n  ]\n}\n",
        ),
        (
            "team t {\n  members = [\n    // \"ana@example.com\",\n  ]\n}\n",
            "team t {\n  members = [\n    // \"ana@example.com\",\n  ]\n}\n",
        ),
        (
            "template service s(\n  /// a doc\n) { tier = low }\n",
            "template service s(\n  /// a doc\n) { tier = low }\n",
        ),
        (
            "template service s(\n  // none\n) { tier = low }\n",
            "template service s(\n  // none\n) { tier = low }\n",
        ),
        (
            "service s { selector = {\n // none\n }  slo a : b(\n // none\n ) }\n",
            "service s {\n  selector = {\n    // none\n  }\n  slo a : b(\n    // none\n  )\n}\n",
        ),
    ] {
        assert_eq!(laid_out(text), laid);
    }
}

#[test]
fn lines_end_as_most_of_them_did() {
    let tidy = "team t {\n  slack = \"#t\"\n}\n";
    let windows = tidy.replace('\n', "\r\n");
    assert_eq!(format(&windows).as_deref(), Some(windows.as_str()));
    assert_eq!(
        format("team t {\r\n  slack = \"#t\"\n}\n").as_deref(),
        Some(tidy)
    );
    assert_eq!(
        format("team t {\r\n  slack = \"#t\"\r\n}\n").as_deref(),
        Some(windows.as_str())
    );
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

/// Statements in any order, and the text between them.
const STATEMENTS: &[&str] = &[
    "team = payments",
    "description = \"a ${b + \"c\"} // no comment\"",
    "when = `sum(${a}) > 1`",
    "text = \"\"\"\n   one\n     two\n\n   three\n   \"\"\"",
    "members = [a, b,\n  c]",
    "selector = { job = \"x\", \"a-b\" = \"y\" }",
    "x = a and not b or c == 1 + -2 * 3 and d in [1, 2] and burn(a, over: 1h) < 99.95% and z",
    "y = if a { 1 } else if b { 2 } else { 3 }",
    "z = f(\n  a: 1,\n  b\n)",
    "slo a : http.latency(under: 300ms) { objective = 99% }",
    "slo b : http.availability",
    "sli : ratio { good = `a`, total = `b` }",
    "runbook { section \"A b\" { text = \"c\" } }",
    "let k = mon  9:00",
    "for i in [1, 2] where i > 1 { a = i }",
    "if a == b { c = 1 } else if d { e = 2 } else { f = 3 }",
    "in staging { a = 1 }",
    "without alert x",
    "/// Documented.\nalert \"lag-${x}\" { for = 10m }",
];

const SEPARATORS: &[&str] = &[
    "\n",
    "\n\n",
    "\n\n\n\n  ",
    ",\n",
    ", ",
    "  // c@\n",
    " // c@\n\n",
    "\n// c@\n",
    "\n\n// c@\n\n",
    "\n\t// c@\n // c@\n",
];

/// Pieces of sources, sound and damaged, for texts that nobody would write.
const PIECES: &[&str] = &[
    "service",
    "s",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "=",
    ":",
    ",",
    ".",
    "\n",
    " ",
    "\r\n",
    "// c\n",
    "/// d\n",
    "\"t\"",
    "\"a ${",
    "`q`",
    "\"\"\"\n x\n  y\n\"\"\"",
    "1h",
    "99%",
    "if",
    "else",
    "for x in",
    "in",
    "without",
    "template",
    "let",
    "team",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn nothing_but_white_space_changes_in_any_text(
        parts in proptest::collection::vec(0..PIECES.len(), 0..40),
    ) {
        let text: String = parts.iter().map(|part| PIECES[*part]).collect();
        if let Ok(laid) = super::try_format(&text) {
            prop_assert_eq!(outline(&parse(&text.replace("\r\n", "\n"))), outline(&parse(&laid.replace("\r\n", "\n"))), "{}", text);
            prop_assert_eq!(super::try_format(&laid), Ok(laid.clone()), "{}", text);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn any_order_of_statements_is_laid_out(
        parts in proptest::collection::vec((0..STATEMENTS.len(), 0..SEPARATORS.len()), 0..12),
        start in 0..SEPARATORS.len(),
        nested in any::<bool>(),
    ) {
        let mut body = SEPARATORS[start].replace(',', "");
        for (statement, separator) in parts {
            body.push_str(STATEMENTS[statement]);
            body.push_str(SEPARATORS[separator]);
        }
        let body = if nested { format!("gate g {{{body}}} // c@\n") } else { body };
        let mut text = String::new();
        for (number, part) in format!("// c@\nservice s {{{body}}} // c@\nimport a // c@").split('@').enumerate() {
            if number > 0 {
                text.push_str(&number.to_string());
            }
            text.push_str(part);
        }
        let laid = laid_out(&text);
        prop_assert_eq!(comments(&laid), comments(&text), "{}", text);
    }
}
