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
            let messages: Vec<&str> = found
                .found
                .iter()
                .map(|found| found.message.as_str())
                .collect();
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
            "\nservice of-{template} : services.{template} {{\n  team = payments\n  selector = {{ job = \"of-{template}\" }}\n}}\n"
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

/// Each of these enums stands in a module that is no prelude, and in templates of that module and of others.
#[test]
fn an_enum_of_any_of_its_modules_has_a_name() {
    let file = |module: &str, text: &str| SourceInput {
        module: module.to_owned(),
        path: format!("{}.nth", module.replace('.', "/")),
        text: text.into(),
        package: false,
    };
    let library = "/// How a queue keeps what it holds.
enum keeping {
  /// On a disk.
  on-disk
  /// In memory.
  in-memory
}

template dependency queue(
  /// How it is kept.
  kept: keeping = on-disk,
) {
  technology = \"Queue\"

  if kept == in-memory {
    alert full { when = `max(queue_bytes) > 1`  summary = \"full\" }
  }
}
";
    let service = "import std.queue

team payments { }

service s {
  team     = payments
  selector = { job = \"s\" }

  dependency a : queue(kept: in-memory)
  dependency b : queue()
  dependency c : queue(kept: on-tape)
}

enum own { x }
";
    let session = Session::new(
        Database::default(),
        &[file("std.queue", library), file("main", service)],
    );
    let found = session.check(None).diagnostics;
    let told: Vec<(&str, &str)> = found
        .iter()
        .map(|found| (found.code.id, found.message.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("N0204", "unknown keeping `on-tape`"),
            ("N0112", "a project cannot declare a new enum"),
        ]
    );
    let models = session.models(None);
    let service = models[0].service.as_ref().unwrap();
    let alerts: Vec<&str> = service
        .alerts
        .iter()
        .map(|alert| alert.name.as_str())
        .collect();
    assert_eq!(alerts, ["a-full"]);
}
