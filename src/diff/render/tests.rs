#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::sample::{empty, rich, small};
use super::terminal::{TerminalOptions, plain, terminal};
use super::*;
use crate::Document;

fn at(document: &Document, all: bool, width: Option<usize>) -> String {
    plain(&terminal(document, &TerminalOptions { all, width }))
}

#[test]
fn on_a_terminal() {
    insta::assert_snapshot!("terminal", at(&rich(14), false, Some(100)));
    insta::assert_snapshot!("terminal_all", at(&rich(4), true, None));
}

#[test]
fn as_a_comment() {
    insta::assert_snapshot!(
        "comment",
        markdown::comment(&rich(14), markdown::Limits::default()).body
    );
}

/// For a look at the page: `NTH_PAGE=/tmp/page.html`.
#[test]
fn as_a_page() {
    let page = page::page(&rich(34));
    if let Ok(path) = std::env::var("NTH_PAGE") {
        std::fs::write(path, &page).unwrap();
    }
}
