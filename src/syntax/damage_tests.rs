//! Each kind of damage gives one error, and the rest is still read.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::outline::outline;
use super::parse;
use super::tree::SyntaxErrorKind::*;
use super::tree::{ItemNode, SyntaxErrorKind};

/// The errors of a text: kind, and the text that the range shows.
fn errors(text: &str) -> Vec<(SyntaxErrorKind, String)> {
    let mut found = Vec::new();
    for (start, item) in parse(text).items {
        for error in &item.errors {
            let (from, to) = (start + error.range.start, start + error.range.end);
            found.push((error.kind, text[from as usize..to as usize].to_owned()));
        }
    }
    found
}

/// One line of damage in a body, between a good field and a good block.
fn in_body(line: &str) -> String {
    format!(
        "service a {{\n  before = 1\n  {line}\n  slo after {{ objective = 99% }}\n}}\n\nservice b {{ }}\n"
    )
}

fn check(failures: &mut String, text: &str, wanted: (SyntaxErrorKind, &str)) {
    let found = errors(text);
    if found != [(wanted.0, wanted.1.to_owned())] {
        failures.push_str(&format!(
            "{text}wanted {wanted:?}\nfound {found:?}\n{}\n",
            outline(&parse(text))
        ));
    }
}

#[test]
fn damage_in_a_body_gives_one_error_and_the_rest_is_read() {
    let cases: &[(&str, SyntaxErrorKind, &str)] = &[
        ("objective = %%", BadValue, "%%"),
        ("objective = 99% %%", BadValue, "%%"),
        (
            "description = Every accepted order",
            BadValue,
            "Every accepted order",
        ),
        ("objective =", MissingValue, ""),
        ("objective = // later", MissingValue, ""),
        ("objective 99%", MissingEquals, ""),
        ("team payments", MissingEquals, ""),
        ("labels [a, b]", MissingEquals, ""),
        ("objec", HalfTypedKey, "objec"),
        ("team = teams.", TrailingDot, "."),
        ("teams.", TrailingDot, "teams."),
        ("slo x : http. { }", TrailingDot, "."),
        ("text = \"never closed", OpenString, "\"never closed"),
        ("text = \"never ${closed", OpenString, "\"never ${closed"),
        (
            "text = \"never ${f(closed",
            OpenString,
            "\"never ${f(closed",
        ),
        ("text = \"never ${closed\"", MissingBrace, ""),
        ("text = \"a ${}\"", MissingValue, "${"),
        ("text = \"a ${b c}\"", BadValue, "c"),
        ("text = \"a \\q b\"", BadEscape, "\\q"),
        ("text = \"\\u{110000}\"", BadEscape, "\\u{110000}"),
        ("text = `never closed", OpenQuery, "`never closed"),
        (
            "text = \"\"\"never closed",
            OpenString,
            "\"\"\"never closed",
        ),
        (
            "text = \"\"\"\n    1. never\n    2. closed",
            OpenString,
            "\"\"\"\n    1. never\n    2. closed",
        ),
        ("members = [\"a\", \"b\"", MissingDelimiter, ""),
        ("members = [\"a\",\n    \"b\",", MissingDelimiter, ""),
        ("members = [a b]", MissingDelimiter, ""),
        ("members = [a, %%, b]", BadValue, "%%"),
        ("when = burn(a, over: 1h", MissingDelimiter, ""),
        ("when = burn(a, over = 1h) > 6", BadValue, "="),
        ("when = burn(a, over:) > 6", MissingValue, ""),
        (
            "slo g : h(under: 300ms { objective = 99% }",
            MissingDelimiter,
            "",
        ),
        ("when = (a + b", MissingDelimiter, ""),
        ("when = ()", MissingValue, ""),
        ("when = a +", MissingValue, ""),
        ("when = a and", MissingValue, ""),
        ("when = if a { b }", MissingValue, ""),
        ("selector = { job = \"x\"", MissingBrace, ""),
        ("selector = { job \"x\" }", MissingEquals, ""),
        ("selector = { job = }", MissingValue, ""),
        ("selector = { job =~ }", MissingValue, ""),
        ("selector = { job != %% }", BadValue, "%%"),
        ("labels = { job == \"x\" }", TwoEquals, "=="),
        ("selector = { job = %% }", BadValue, "%%"),
        ("for = 10x", BadLiteral, "10x"),
        ("for = 1m1h", BadLiteral, "1m1h"),
        ("for = 1.5h", BadLiteral, "1.5h"),
        ("handoff = mon 25:00", BadLiteral, "mon 25:00"),
        ("n = 1.2.3", BadLiteral, "1.2.3"),
        ("%% what is this", Junk, "%% what is this"),
        ("%% x { a = 1 }", Junk, "%% x { a = 1 }"),
        (") ]", Junk, ") ]"),
        ("let = 1, let x", MissingEquals, ""),
        ("let x 5", MissingEquals, ""),
        ("for x { }", Junk, ""),
        ("for x in { }", MissingValue, ""),
        ("for x [1] { }", Junk, ""),
        ("for x in [1] %% { }", Junk, "%%"),
        ("if a b { }", Junk, "b"),
        ("if %% { }", MissingValue, ""),
        ("for in [a] { }", MissingName, ""),
        ("if { }", MissingValue, ""),
        ("if a", MissingBrace, ""),
        ("in { }", MissingName, ""),
        ("without", MissingName, ""),
        ("slo x : { }", MissingName, ""),
        (
            "/// documents a loop\n  for x in [a] { }",
            StrayDoc,
            "/// documents a loop",
        ),
    ];
    let mut failures = String::new();
    for (line, kind, shown) in cases {
        let text = in_body(line);
        check(&mut failures, &text, (*kind, shown));
        let shape = outline(&parse(&text));
        assert!(shape.contains("  before = 1\n"), "{text}\n{shape}");
        assert!(shape.contains("block slo after"), "{text}\n{shape}");
        assert!(shape.contains("\nblock service b"), "{text}\n{shape}");
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn damage_at_the_top_gives_one_error_and_the_rest_is_read() {
    let cases: &[(&str, SyntaxErrorKind, &str)] = &[
        ("}", StrayBrace, "}"),
        ("%% junk", Junk, "%% junk"),
        ("x = 1", Junk, "x = 1"),
        (
            "  x = 1\n\n  y = 2\n  z = 3\n}",
            Junk,
            "x = 1\n\n  y = 2\n  z = 3\n}",
        ),
        ("serv", HalfTypedKey, "serv"),
        ("service x", MissingBrace, ""),
        ("service \"x\"", MissingBrace, ""),
        ("import", MissingName, ""),
        ("import a.", TrailingDot, "."),
        ("import a.{b, c", MissingBrace, ""),
        ("import a as", MissingName, ""),
        ("import a b", Junk, "b"),
        ("template", MissingName, ""),
        ("template slo { }", MissingName, ""),
        ("template slo x(a: string { }", MissingDelimiter, ""),
        ("template slo x(a) { }", MissingName, ""),
        ("template slo x(a: string)", MissingBrace, ""),
        ("kind x { a: }", MissingName, ""),
        ("kind x { a: list<string }", MissingDelimiter, ""),
        ("kind x { a: (b | c }", MissingDelimiter, ""),
        ("kind x { a: string = }", MissingValue, ""),
        ("kind x { a string }", Junk, "a string"),
        ("kind { a: string }", MissingName, ""),
        ("enum { a }", MissingName, ""),
        ("enum x", MissingBrace, ""),
        ("function f(a: b)", MissingName, ""),
        ("function f", MissingDelimiter, ""),
        ("rule { }", MissingName, ""),
        ("let x", MissingEquals, ""),
        ("let x =", MissingValue, ""),
    ];
    let mut failures = String::new();
    for (line, kind, shown) in cases {
        let text = format!("service a {{ }}\n\n{line}\n\n/// Kept.\nservice b {{ }}\n");
        check(&mut failures, &text, (*kind, shown));
        let shape = outline(&parse(&text));
        assert!(shape.contains("block service a"), "{text}\n{shape}");
        assert!(
            shape.contains("\ndoc \"Kept.\"\nblock service b"),
            "{text}\n{shape}"
        );
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn an_unclosed_brace_ends_at_the_next_head_at_column_0() {
    for unclosed in [
        "service a {\n",
        "service a {\n  team = x\n",
        "service a {\n  slo x {\n    objective = 1%\n}\n",
        "service a {\n  selector = {\n",
        "service a {\n  if x {\n}\n",
        "enum a {\n  x\n",
        "template dependency a(x: string) {\n",
    ] {
        for next in [
            "service b {\n  team = y\n}\n",
            "/// Doc.\nservice b {\n  team = y\n}\n",
            "template service b(x: string) {\n}\n",
            "kind b in service {\n  a: string\n}\n",
            "extend kind b {\n  a: string\n}\n",
            "enum b { c, d }\n",
            "rule b {\n}\n",
            "function b(a: string) -> string\n",
            "let b = 1\n",
            "import b\n",
        ] {
            let text = format!("{unclosed}{next}\nservice c {{ }}\n");
            let file = parse(&text);
            let kinds: Vec<_> = errors(&text).into_iter().map(|(kind, _)| kind).collect();
            assert_eq!(kinds, [MissingBrace], "{text}\n{}", outline(&file));
            assert_eq!(file.items.len(), 3, "{text}\n{}", outline(&file));
            let ItemNode::Block(last) = &file.items[2].1.node else {
                panic!("{text}")
            };
            assert_eq!(last.name.as_ref().unwrap().text, "c");
        }
    }
}

#[test]
fn a_block_without_indent_is_no_head_where_all_braces_are_closed() {
    let text = "service a {\nteam = x\nslo b {\nobjective = 1%\n}\n}\nservice c { }\n";
    assert_eq!(errors(text), []);
    assert_eq!(parse(text).items.len(), 2);
}

#[test]
fn nesting_too_deep_is_one_error() {
    for (open, close) in [
        ("a {", "}"),
        ("(", ")"),
        ("[", "]"),
        ("f(", ")"),
        ("{ a = ", "}"),
        ("\"${", "}\""),
        ("`${", "}`"),
        ("if ", " { a } else { b }"),
        ("if a { b } else ", "{ c }"),
        ("if a { ", "} else { b }"),
        ("- ", ""),
        ("not ", ""),
        ("a.", "b"),
        ("1 + ", "1"),
    ] {
        for (depth, closed) in [(1000, true), (1000, false), (3000, true), (3000, false)] {
            let inner = format!(
                "{}1{}",
                open.repeat(depth),
                if closed {
                    close.repeat(depth)
                } else {
                    String::new()
                }
            );
            for text in [
                format!("service a {{ x = {inner} }}\n\nservice b {{ }}\n"),
                format!("service a {{\n {inner}\n}}\n\nservice b {{ }}\n"),
                format!("{inner}\n\nservice b {{ }}\n"),
            ] {
                let file = parse(&text);
                let found = errors(&text);
                if open.starts_with("if a { b } else") && text.starts_with("if") {
                    continue;
                }
                assert!(
                    !found.is_empty() && found.len() == 1,
                    "{open} {closed}: {} errors",
                    found.len()
                );
                let shape = outline(&file);
                // A query that is open on 64 levels may span lines, so nobody can tell where it ends.
                if open == "`${" && !closed {
                    continue;
                }
                assert!(
                    shape.contains("\nblock service b") || shape.starts_with("block service b"),
                    "{open} {closed} {shape}"
                );
            }
        }
    }
}
