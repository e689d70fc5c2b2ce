//! Changes of small projects, with the incidents that show them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod pairs;
mod projects;
mod promtool;
mod rules;

use rayon::prelude::*;

use pairs::{Pair, pairs};
use projects::{is_counted, search, told};

/// The words for all pairs, and how many changes have a witness.
#[test]
fn changes_have_incidents_that_show_them() {
    let all = pairs();
    assert!(all.len() >= 40, "{}", all.len());
    let searched: Vec<Pair> = all
        .into_par_iter()
        .map(|mut pair| {
            search(&pair.base, &pair.head, &mut pair.changes);
            pair
        })
        .collect();
    let mut text = String::new();
    for pair in &searched {
        text.push_str(&format!("{}\n", pair.name));
        for change in &pair.changes {
            text.push_str(&format!("  {}\n", told(change)));
        }
        text.push('\n');
    }
    let counted = || {
        searched
            .iter()
            .flat_map(|pair| &pair.changes)
            .filter(|change| is_counted(change))
    };
    let (with, total) = (
        counted().filter(|change| change.witness.is_some()).count(),
        counted().count(),
    );
    println!(
        "{with} of {total} loosened and tightened changes have a witness: {}%",
        with * 100 / total
    );
    insta::assert_snapshot!("pairs", text);
    assert!(with * 100 >= total * 95, "{with} of {total}");
}
