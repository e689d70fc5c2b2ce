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
