use super::*;

const TEXT: &str = "
import std.http

service checkout {
  team     = pay$0ments
  selector = { job = \"a\" }
}
";

#[test]
fn of_a_name_in_order_of_the_alphabet() {
    assert_eq!(
        titles(TEXT, &["quickfix"]),
        [
            "Add `import teams.{payments}`",
            "Add `import teams` and write `teams.payments`"
        ]
    );
    let made = after(TEXT, "Add `import teams.{payments}`");
    assert!(
        made.starts_with("import std.http\nimport teams.{payments}\n\nservice"),
        "{made}"
    );
    let made = after(TEXT, "Add `import teams` and write `teams.payments`");
    assert!(
        made.starts_with("import std.http\nimport teams\n\n"),
        "{made}"
    );
    assert!(made.contains("= teams.payments\n"), "{made}");
}

#[test]
fn into_the_braces_that_are_there() {
    let text = TEXT.replace("std.http", "teams.{search}");
    let made = after(&text, "Add `import teams.{payments}`");
    assert!(
        made.starts_with("import teams.{payments, search}\n\n"),
        "{made}"
    );
}

#[test]
fn of_a_module_and_at_the_top_of_a_file() {
    let text = "
//! A file.

// What sells.
service checkout : serv$0ices.online(\"a\", under: 1s) {}
";
    let made = after(text, "Add `import lib.services`");
    assert!(
        made.starts_with("//! A file.\n\nimport lib.services\n\n// What sells.\n"),
        "{made}"
    );
}

#[test]
fn of_templates_and_lets() {
    let text = "service checkout : onl$0ine(\"a\", under: 1s) {}\n";
    assert_eq!(
        titles(text, &["quickfix"]),
        [
            "Add missing fields `team`, `selector`",
            "Add `import lib.services.{online}`",
            "Add `import lib.services` and write `services.online`"
        ]
    );
}
