//! Imports follow the files that an editor renames.

use serde_json::{Value, json};

use crate::support::{Editor, Fixture, capabilities};

/// What becomes of the files when these are renamed.
fn renamed(text: &str, old: &str, new: &str) -> String {
    let mut editor = Editor::open(text);
    let files = json!([{ "oldUri": editor.uri(old), "newUri": editor.uri(new) }]);
    let edit = editor.ask("workspace/willRenameFiles", json!({ "files": files }));
    match edit {
        Value::Null => "nothing".to_owned(),
        edit => editor.show_edited(&edit),
    }
}

const TEAMS: &str = "
//- teams/payments.nth
team payments { }
team risk { }
";

fn importing(text: &str) -> String {
    format!("{TEAMS}//- main.nth\n{text}\n")
}

fn main(text: &str) -> String {
    renamed(&importing(text), "teams/payments.nth", "teams/billing.nth")
}

#[test]
fn a_module_that_is_named_in_paths_keeps_its_name_there() {
    assert_eq!(
        main(
            "import teams.payments\nservice a { team = payments.risk  selector = { job = \"a\" } }"
        ),
        "//- main.nth\nimport teams.billing as payments\nservice a { team = payments.risk  selector = { job = \"a\" } }\n"
    );
}

#[test]
fn the_item_that_is_called_like_the_module_is_imported_by_name() {
    assert_eq!(
        main("import teams.payments\nservice a { team = payments  selector = { job = \"a\" } }"),
        "//- main.nth\nimport teams.billing.{payments}\nservice a { team = payments  selector = { job = \"a\" } }\n"
    );
}

#[test]
fn both_are_kept() {
    assert_eq!(
        main(
            "import teams.payments\nservice a { team = payments  selector = { job = \"a\" } }\nservice b { team = payments.risk  selector = { job = \"b\" } }"
        ),
        "//- main.nth\nimport teams.billing as payments\nimport teams.billing.{payments}\nservice a { team = payments  selector = { job = \"a\" } }\nservice b { team = payments.risk  selector = { job = \"b\" } }\n"
    );
}

#[test]
fn lines_end_as_those_of_the_file() {
    let text = importing(
        "import teams.payments\nservice a { team = payments  selector = { job = \"a\" } }\nservice b { team = payments.risk  selector = { job = \"b\" } }",
    );
    let fixture = Fixture::new(&text).with_crlf();
    let mut editor = Editor::start(fixture, json!({ "capabilities": capabilities() }));
    let old = editor.uri("teams/payments.nth");
    let new = editor.uri("teams/billing.nth");
    let files = json!([{ "oldUri": old, "newUri": new }]);
    let edit = editor.ask("workspace/willRenameFiles", json!({ "files": files }));
    let edited = editor.edited(&edit)["main.nth"].clone();
    assert_eq!(edited.matches('\n').count(), edited.matches("\r\n").count());
    assert!(
        edited
            .starts_with("import teams.billing as payments\r\nimport teams.billing.{payments}\r\n")
    );
}

#[test]
fn names_in_braces_aliases_items_and_the_projects_name_stay() {
    for (before, after) in [
        (
            "import teams.payments.{risk}",
            "import teams.billing.{risk}",
        ),
        (
            "import teams.payments as money\nservice a { team = money.risk  selector = { job = \"a\" } }",
            "import teams.billing as money\nservice a { team = money.risk  selector = { job = \"a\" } }",
        ),
        ("import teams.payments.risk", "import teams.billing.risk"),
        (
            "import teams.payments as money\nservice a { team = money  selector = { job = \"a\" } }",
            "import teams.billing.payments as money\nservice a { team = money  selector = { job = \"a\" } }",
        ),
        (
            "import demo.teams.payments.{risk}",
            "import demo.teams.billing.{risk}",
        ),
        (
            "import teams.payments // unused",
            "import teams.billing // unused",
        ),
    ] {
        assert_eq!(main(before), format!("//- main.nth\n{after}\n"));
    }
}

#[test]
fn a_folder_takes_its_modules_along() {
    let text = importing(
        "import teams.payments\nservice a { team = payments  selector = { job = \"a\" } }",
    );
    assert_eq!(
        renamed(&text, "teams", "groups/all"),
        "//- main.nth\nimport groups.all.payments\nservice a { team = payments  selector = { job = \"a\" } }\n"
    );
}

#[test]
fn what_nobody_imports_and_what_is_no_module_changes_nothing() {
    let text = importing("service a { selector = { job = \"a\" } }");
    for (old, new) in [
        ("teams/payments.nth", "teams/billing.nth"),
        ("main.nth", "other.nth"),
        ("nth.toml", "nth.bak"),
        ("teams/payments.nth", "teams/payments.txt"),
        ("teams/payments.nth", "teams/9 lives.nth"),
    ] {
        assert_eq!(renamed(&text, old, new), "nothing", "{old} {new}");
    }
}

/// Nothing is wrong once the file is there under its new name.
#[test]
fn nothing_is_wrong_afterwards() {
    let services = "import teams.payments\nservice a { team = payments  selector = { job = \"a\" } }\nservice b { team = payments.risk  selector = { job = \"b\" } }";
    let text = importing(services);
    let mut editor = Editor::open(&text);
    let before = editor.diagnostics("main.nth");
    let edited = main(services);
    let (_, edited) = edited.split_once('\n').unwrap();
    let after = format!(
        "//- teams/billing.nth\nteam payments {{ }}\nteam risk {{ }}\n//- main.nth\n{edited}"
    );
    let mut editor = Editor::open(&after);
    let messages = |found: &[Value]| -> Vec<String> {
        found.iter().map(|one| one["message"].to_string()).collect()
    };
    assert_eq!(messages(&before), messages(&editor.diagnostics("main.nth")));
}
