//! The standard library is source like any other, but nobody is shown what is wrong with it: here it would be.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;

use nthc::check::check_item;
use nthc::compile::SourceInput;
use nthc::db::{Database, file_names};
use nthc::session::Session;

#[test]
fn the_standard_library_is_well_formed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("stdlib");
    let mut files = 0;
    for entry in ignore::Walk::new(folder) {
        let path = entry.unwrap().into_path();
        if path.extension().is_some_and(|extension| extension == "nth") {
            let text = std::fs::read_to_string(&path).unwrap();
            for (_, item) in nthc::syntax::parse(&text).items {
                assert_eq!(item.errors, [], "{}", path.display());
            }
            files += 1;
        }
    }
    assert!(files > 0);
}

#[test]
fn the_standard_library_has_no_mistakes() {
    let session = Session::new(Database::default(), &[]);
    let db = &session.db;
    for file in session.standard_library() {
        for entry in &file_names(db, *file).items {
            let found = check_item(db, session.workspace, entry.key);
            let messages: Vec<&str> = found.iter().map(|found| found.message.as_str()).collect();
            assert_eq!(
                messages,
                Vec::<&str>::new(),
                "{}: {} {}",
                file.path(db),
                entry.kind,
                entry.name
            );
        }
    }
}

#[test]
fn every_service_template_builds() {
    let templates = [
        "critical-api",
        "standard-api",
        "low-api",
        "background-job",
        "pipeline",
    ];
    let mut text = String::from(
        "import std.services\n\nteam payments {\n  escalation default { step first { notify = \"payments@example.com\" } }\n}\n",
    );
    for template in templates {
        text.push_str(&format!(
            "\nservice of-{template} : services.{template} {{\n  team = payments\n  selector = {{ job = \"x\" }}\n}}\n"
        ));
    }
    let input = SourceInput {
        module: "main".to_owned(),
        path: "main.nth".to_owned(),
        text: text.into(),
        package: false,
    };
    let session = Session::new(Database::default(), &[input]);
    let compilation = session.check(None);
    let messages: Vec<&str> = compilation
        .diagnostics
        .iter()
        .map(|found| found.message.as_str())
        .collect();
    assert_eq!(messages, Vec::<&str>::new());
}
