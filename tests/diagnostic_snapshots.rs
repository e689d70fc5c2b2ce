//! What a person sees of every diagnostic code: the failing examples of its page with their rendering, one
//! snapshot a code.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "literate/compiler.rs"]
mod compiler;
#[path = "literate/example.rs"]
#[allow(dead_code)]
mod example;
#[path = "literate/markdown.rs"]
#[allow(dead_code)]
mod markdown;

use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use nthc::diagnostics::Code;
use nthc::diagnostics::codes::ALL;
use nthc::diagnostics::render::{Format, next_steps, summary};

use compiler::Nthc;
use example::{Compiler, DEFAULT_MANIFEST, Kind, examples, shown};

#[test]
fn every_code() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots/diagnostics");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    // All of them are compared before the first difference ends the test.
    let different: Vec<&str> = ALL
        .iter()
        .filter(|code| {
            let screen = screen(code);
            // What is wrong on the disk has no example in a text.
            if screen.is_empty() {
                return false;
            }
            let name = format!("{}-{}", code.id, code.slug);
            // Nothing that a failed comparison could leave half done is used again.
            catch_unwind(AssertUnwindSafe(|| {
                settings.bind(|| insta::assert_snapshot!(name, screen));
            }))
            .is_err()
        })
        .map(|code| code.id)
        .collect();
    assert!(
        different.is_empty(),
        "other than their snapshots: {}",
        different.join(", ")
    );
}

fn screen(code: &Code) -> String {
    let mut screen = String::new();
    for example in examples(code.page, Kind::Page).expect(code.id) {
        if !example.fails {
            continue;
        }
        let manifest = (example.project.manifest != DEFAULT_MANIFEST)
            .then_some(("nth.toml", example.project.manifest.as_str()));
        let files = example
            .project
            .files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()));
        for (path, text) in manifest.into_iter().chain(files) {
            let _ = writeln!(screen, "// {path}\n{text}");
        }
        let outcome = Nthc.compile(&example.project, None);
        let _ = writeln!(
            screen,
            "{}{}",
            shown(&outcome, Format::Human),
            summary(&outcome.diagnostics)
        );
        for step in next_steps(&outcome.diagnostics) {
            let _ = writeln!(screen, "{step}");
        }
        screen.push('\n');
    }
    screen
}
