//! A text that is edited has the same tree as one that is parsed at once.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::Arc;

use super::tree::ParsedFile;
use super::{MAX_DEPTH, parse, reparse};

/// What people and programs insert, with everything that ends or begins something.
const PIECES: &[&str] = &[
    "\"",
    "\"\"\"",
    "`",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "${",
    "\\",
    ",",
    ":",
    ".",
    "=",
    "==",
    "-",
    "/",
    "//",
    "// a comment \" ` {\n",
    "/// what it is for\n",
    "//! of the file\n",
    "\n",
    "\n\n",
    "\r\n",
    "\r",
    " ",
    "\t",
    "  ",
    "and",
    " and 1",
    "\nor 2",
    "in",
    "for x in [1, 2] {\n",
    "if a { 1 } else { 2 }",
    "x",
    "é🦀",
    "\u{feff}",
    "99%",
    "let a = 1\n",
    "let b = \"\"\"\n  one\n  two\n  \"\"\"\n",
    "import std.http\n",
    "import a.{b, c}\n",
    "service s { }\n",
    "service \"a ${[1,\n2]}\" { }\n",
    "service half\n",
    "service t {\n",
    "\nslo a {\n",
    "template service t(a: string) {\n  x = a\n}\n",
    "rule r { require 1 > 2 else \"no\" }\n",
    "enum e { a, b }\n",
    "extend kind service { a: string? = \"x\" }\n",
    "when = `max(x) > 1`",
    "`{a=\"b\"",
    "123 456\n",
    "junk ! junk\n",
];

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end.max(1)
    }

    /// A byte of a text at which a character begins.
    fn place(&mut self, text: &str) -> usize {
        let mut at = self.below(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}

fn tour() -> String {
    [
        include_str!("tour/payments.nth"),
        include_str!("tour/everything.nth"),
        include_str!("tour/postgresql.nth"),
        include_str!("tour/checkout.nth"),
    ]
    .concat()
}

fn edited(text: &str, numbers: &mut Numbers) -> String {
    let (start, other) = (numbers.place(text), numbers.place(text));
    let piece = PIECES[numbers.below(PIECES.len())];
    let mut new = text.to_owned();
    match numbers.below(12) {
        // Something is cut out, however much.
        0 => new.replace_range(start.min(other)..start.max(other), ""),
        // Something is copied or moved.
        1 => {
            let mut end = (start + numbers.below(200)).min(text.len());
            while !text.is_char_boundary(end) {
                end += 1;
            }
            new.insert_str(other, &text[start..end]);
        }
        // A line end to its start.
        2 => {
            let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
            new.insert_str(line, piece);
        }
        // A few characters are replaced.
        3..=6 => {
            let mut end = (start + numbers.below(8)).min(text.len());
            while !text.is_char_boundary(end) {
                end += 1;
            }
            new.replace_range(start..end, if numbers.below(2) == 0 { "" } else { piece });
        }
        _ => new.insert_str(start, piece),
    }
    new
}

fn check(before: &str, tree: &ParsedFile, text: &str) -> ParsedFile {
    let now = reparse(before, tree, text);
    let at_once = parse(text);
    assert!(
        now == at_once,
        "from\n{before:?}\nto\n{text:?}\nfound\n{now:#?}\ninstead of\n{at_once:#?}"
    );
    now
}

#[test]
fn after_each_of_many_edits_the_tree_is_that_of_the_text() {
    let sound = tour();
    let deep = format!("service d {{ a = {}1\n}}\n", "(".repeat(MAX_DEPTH + 2));
    let texts = [
        sound.clone(),
        sound.replace('\n', "\r\n"),
        format!("\u{feff}//! first\n\n{sound}"),
        format!("{sound}{deep}{sound}"),
        String::new(),
    ];
    let rounds = if cfg!(debug_assertions) { 8 } else { 60 };
    for (number, start) in texts.iter().enumerate() {
        for round in 0..rounds {
            let mut numbers = Numbers((number * 1000 + round) as u64);
            let mut text = start.clone();
            let mut tree = parse(&text);
            // Some texts are edited until little of them is sound.
            for _ in 0..1 + numbers.below(120) {
                let new = edited(&text, &mut numbers);
                tree = check(&text, &tree, &new);
                text = if numbers.below(5) == 0 {
                    tree = check(&new, &tree, &text);
                    text
                } else {
                    new
                };
                if text.len() > 3 * sound.len() {
                    break;
                }
            }
        }
    }
}

#[test]
fn each_letter_of_a_text_may_go_and_come_back() {
    let text = tour();
    let tree = parse(&text);
    for (at, letter) in text.char_indices() {
        let mut without = text.clone();
        without.replace_range(at..at + letter.len_utf8(), "");
        let shorter = check(&text, &tree, &without);
        check(&without, &shorter, &text);
    }
}

#[test]
fn each_piece_may_be_typed_anywhere_between_items() {
    let text = tour();
    let tree = parse(&text);
    for (start, item) in &tree.items {
        for place in [*start as usize, (*start + item.len) as usize] {
            for piece in PIECES {
                let mut longer = text.clone();
                longer.insert_str(place, piece);
                let now = check(&text, &tree, &longer);
                check(&longer, &now, &text);
            }
        }
    }
}

#[test]
fn malformed_text_in_a_file_with_many_items_is_merged_alike() {
    let items = nth_diagnostics::limits::DIAGNOSTICS;
    let junk = "? ?\n".repeat(6);
    for (before, after) in [(items - 2, 4), (items + 2, 1), (2, items)] {
        let sound = |count: usize| "let a = 1\n".repeat(count);
        let text = format!("{}{junk}{}", sound(before), sound(after));
        let tree = parse(&text);
        for changed in [
            text.replacen("let a", "? a", 1),
            text.replacen("let a = 1\n", "", 1),
            format!("{text}? ?\n? ?\n"),
            format!("let b = 2\n{text}"),
        ] {
            let now = check(&text, &tree, &changed);
            check(&changed, &now, &text);
        }
    }
}

#[test]
fn an_edit_parses_its_own_item_again_and_no_other() {
    let text = (0..100)
        .map(|number| {
            format!(
                "/// Number {number}.\nservice s-{number} {{\n  a = \"\"\"\n    b\n    \"\"\"\n  c = `d`\n}}\n\n"
            )
        })
        .collect::<String>();
    let tree = parse(&text);
    let edits = [
        ("s-50 {", "s-50 {\n  x = 1"),
        ("number 50.", "."),
        ("`d`", "`d"),
        ("}\n\n", "}\n\nlet x = 1\n"),
    ];
    for (old, new) in edits {
        let changed = text.replacen(old, new, 1);
        let now = check(&text, &tree, &changed);
        let known = |item: &Arc<_>| tree.items.iter().any(|(_, known)| Arc::ptr_eq(known, item));
        let made = now.items.iter().filter(|(_, item)| !known(item)).count();
        assert!(made <= 4, "{new:?} made {made} items");
    }
}
