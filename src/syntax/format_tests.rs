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
    for (name, text) in TOUR {
        let mut at = 0;
        for (number, line) in text.split_inclusive('\n').enumerate() {
            at += line.len();
            for inserted in
                [format!(" // c{number}\n"), format!("\n// c{number}\n"), format!("\n\n  // c{number}\n\n")]
            {
                let with = format!("{}{}{}", &text[..at - 1], inserted, &text[at..]);
                if outline(&parse(&with)) != outline(&parse(text)) || comments(&with).len() != 1 {
                    // It landed in a string, a query or another comment.
                    continue;
                }
                let laid = laid_out(&with);
                assert_eq!(comments(&laid), comments(&with), "{name}: {with}\n→\n{laid}");
            }
        }
    }
}
