use super::*;

fn organized(text: &str) -> String {
    after(text, "Organize Imports")
}

#[test]
fn sorted_merged_and_none_unused() {
    assert_eq!(
        organized(
            "//! A file.

import teams.{search}
import std.http  // Requests.
// Who answers.
import teams.{payments}
import lib.services

// What sells.
service checkout : services.online(\"a\", under: 1s) {
  team = payments
}

service find : services.online(\"b\", under: 1s) {
  team = search
}$0
"
        ),
        "//! A file.

import lib.services
// Requests.
// Who answers.
import teams.{payments, search}

// What sells.
service checkout : services.online(\"a\", under: 1s) {
  team = payments
}

service find : services.online(\"b\", under: 1s) {
  team = search
}
"
    );
}

#[test]
fn what_is_not_known_stays() {
    let text = "import teams\nimport nowhere.at-all\nimport std.http\n\nlet a = 1$0\n";
    assert_eq!(organized(text), "import nowhere.at-all\n\nlet a = 1\n");
}

#[test]
fn words_of_damaged_text_count() {
    let text = "import teams.{payments}\nimport lib.services\n\nservice a : services.\n  team = payments\n$0";
    assert_eq!(
        organized(text),
        "import lib.services\nimport teams.{payments}\n\nservice a : services.\n  team = payments\n"
    );
}

#[test]
fn nothing_is_offered_where_nothing_changes() {
    let text = "import lib.services\n\nlet a = services.usual$0\n";
    assert_eq!(titles(text, &["source"]), Vec::<String>::new());
    assert_eq!(titles("let a = 1$0\n", &["source"]), Vec::<String>::new());
}
