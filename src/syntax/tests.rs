//! Tests of the parser on whole files.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::outline::outline;
use super::{format, parse};

pub(super) const TOUR: [(&str, &str); 4] = [
    ("checkout", include_str!("tour/checkout.nth")),
    ("payments", include_str!("tour/payments.nth")),
    ("postgresql", include_str!("tour/postgresql.nth")),
    ("everything", include_str!("tour/everything.nth")),
];

#[test]
fn the_tour_has_no_errors() {
    for (name, text) in TOUR {
        for (start, item) in parse(text).items {
            assert_eq!(
                item.errors,
                [],
                "{name} at {start}: {}",
                &text[start as usize..]
            );
        }
    }
}

#[test]
fn the_trees_of_the_tour() {
    for (name, text) in TOUR {
        insta::assert_snapshot!(name, outline(&parse(text)));
    }
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_change_nothing() {
    for (name, text) in TOUR.iter().filter(|(name, _)| *name != "everything") {
        let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        assert_eq!(outline(&parse(&windows)), outline(&parse(text)), "{name}");
    }
}

/// Every range of a file, found in its debug form so that none is forgotten.
fn check_ranges(text: &str) {
    let mut end = 0;
    for (start, item) in parse(text).items {
        let start = start as usize;
        assert!(start >= end, "items overlap at {start}: {text:?}");
        end = start + item.len as usize;
        assert!(
            text.is_char_boundary(start) && text.is_char_boundary(end),
            "{text:?}"
        );
        let shown = format!("{item:?}");
        for range in shown.split("TextRange { start: ").skip(1) {
            let (from, rest) = range.split_once(", end: ").unwrap();
            let (to, _) = rest.split_once(' ').unwrap();
            let (from, to): (usize, usize) = (from.parse().unwrap(), to.parse().unwrap());
            assert!(
                from <= to && start + to <= end,
                "{from}..{to} of {start}..{end}: {text:?}\n{shown}"
            );
            assert!(text.is_char_boundary(start + from), "{from} {text:?}");
            assert!(text.is_char_boundary(start + to), "{to} {text:?}");
        }
    }
}

/// Pieces that a mutation puts in: what the grammar gives a meaning.
const PIECES: &[&str] = &[
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "<",
    ">",
    "\"",
    "\"\"\"",
    "`",
    "${",
    "$",
    "\\",
    "=",
    ":",
    ",",
    ".",
    "\n",
    "\r\n",
    " ",
    "//",
    "///",
    "//!",
    "-",
    "->",
    "not ",
    " and ",
    " in ",
    "if ",
    "else ",
    "for ",
    "where ",
    "let ",
    "kind ",
    "template ",
    "enum ",
    "import ",
    "rule ",
    "é",
    "\u{feff}",
    "10m",
    "%",
    "1.",
    "mon 9:00",
    "x",
    "\nservice y {\n",
];

fn near(text: &str, at: usize) -> usize {
    let mut at = at % (text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn parsing_is_total_on_any_text(text in "\\PC{0,200}") {
        check_ranges(&text);
    }

    #[test]
    fn parsing_is_total_on_pieces(pieces in proptest::collection::vec(0..PIECES.len(), 0..60)) {
        let text: String = pieces.into_iter().map(|piece| PIECES[piece]).collect();
        check_ranges(&text);
    }

    #[test]
    fn parsing_is_total_on_mutations(
        file in 0..TOUR.len(),
        edits in proptest::collection::vec((any::<usize>(), 0..40usize, 0..3u8, 0..PIECES.len()), 1..6),
    ) {
        let mut text = TOUR[file].1.to_owned();
        for (at, len, how, piece) in edits {
            let start = near(&text, at);
            let end = near(&text, (start + len).min(text.len())).max(start);
            match how {
                0 => text.replace_range(start..end, ""),
                1 => text.insert_str(start, PIECES[piece]),
                _ => { let copy = text[start..end].to_owned(); text.insert_str(start, &copy) }
            }
        }
        check_ranges(&text);
        // A file that is malformed is left alone, and one that is not keeps its meaning.
        if let Some(laid_out) = format(&text) {
            // Lines end as most of them did, in queries as well.
            let meaning = |text: &str| outline(&parse(&text.replace("\r\n", "\n")));
            prop_assert_eq!(meaning(&laid_out), meaning(&text), "{}\n→\n{}", text, laid_out);
            prop_assert_eq!(format(&laid_out), Some(laid_out.clone()), "{}", text);
        }
    }
}

#[test]
fn the_grammar_counts_to_the_depth_that_the_code_names() {
    let grammar = include_str!("../../grammar/nth.pest");
    let written = grammar.matches("PEEK[0..").count();
    assert_eq!(
        grammar
            .matches(&format!("PEEK[0..{}]", super::MAX_DEPTH))
            .count(),
        written
    );
    // The block's own brace is one level.
    let nested =
        |depth: usize| format!("a b {{ x = {}1{} }}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(parse(&nested(super::MAX_DEPTH - 1)).items[0].1.errors, []);
    assert_eq!(parse(&nested(super::MAX_DEPTH)).items[0].1.errors.len(), 1);
}
