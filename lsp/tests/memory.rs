//! What is held of texts that are gone, and of renames that were tried. How much memory that takes is measured by
//! `cargo bench -p nth-lsp --bench memory`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::{Arc, Weak};

use nth_ide::navigation::Names;
use nthc::compile::SourceInput;
use nthc::db::{Database, SourceFile, StorageSize};
use nthc::eval::{Evaluated, instance};
use nthc::session::Session;

const SHARED: &str = r#"import std.http

template service online(job: string) {
  let deep = 3
  selector = { job = job }
  slo availability : http.availability
  alert deep { when = `max(depth) > ${deep}`  summary = "deep" }
}

template service taken(job: string) { selector = { job = job } }

team platform { }
"#;

fn input(module: &str, text: &str) -> SourceInput {
    SourceInput {
        module: module.to_owned(),
        path: format!("{module}.nth"),
        text: Arc::from(text),
        package: false,
    }
}

/// A template and so many services that start from it; the first file is the template's.
fn session(services: usize) -> Session {
    let mut files = vec![input("shared", SHARED)];
    for number in 0..services {
        let text = format!(
            "import shared.{{online, platform}}\n\nservice service-{number} : online(\"job-{number}\") {{\n  \
             team = platform\n  tier = high\n}}\n"
        );
        files.push(input(&format!("service_{number}"), &text));
    }
    let session = Session::new(Database::default(), &files);
    assert!(session.findings().is_empty(), "{:#?}", session.findings());
    session
}

fn edit(session: &mut Session, file: SourceFile, change: impl Fn(&str) -> String) {
    let text = change(file.text(&session.db));
    session.edit(file, Arc::from(text));
    assert!(session.findings().is_empty());
}

/// Everything that is held of services.
fn evaluated(session: &Session) -> Vec<Weak<Evaluated>> {
    let of = |key| Arc::downgrade(instance(&session.db, session.workspace, key, None));
    session.services().into_iter().map(of).collect()
}

fn alive(of: &[Weak<Evaluated>]) -> usize {
    of.iter().filter(|of| of.strong_count() > 0).count()
}

#[test]
fn what_an_edit_has_replaced_is_let_go_of_before_the_next() {
    let mut session = session(10);
    let shared = session.files()[0];
    let before = evaluated(&session);
    edit(&mut session, shared, |text| {
        text.replace("deep = 3", "deep = 4")
    });
    session.evict_stale();
    assert_eq!(
        alive(&before),
        0,
        "the template says something else in each of them"
    );
    assert_eq!(alive(&evaluated(&session)), 10, "a few are kept");
}

#[test]
fn a_large_project_is_not_held_with_all_that_it_was_judged_by() {
    let mut session = session(200);
    let all = evaluated(&session);
    assert_eq!(alive(&all), 200);
    session.evict_stale();
    let kept = alive(&all);
    assert!((1..=64).contains(&kept), "{kept}");

    // Nor is it looked at anew because of that: an edit of one service is one of that service.
    let file = session.files()[7];
    edit(&mut session, file, |text| text.replace("high", "low"));
    session.evict_stale();
    assert!(alive(&all) <= 64, "{}", alive(&all));
}

#[test]
fn a_project_is_looked_at_in_parts_where_much_has_changed() {
    let mut session = session(119);
    // The first time, everything is new.
    let files: Vec<SourceInput> = session
        .files()
        .iter()
        .map(|file| input(file.module(&session.db), file.text(&session.db)))
        .collect();
    let fresh = Session::new(Database::default(), &files);
    assert_eq!(fresh.compute_findings(0, 50), 50);
    assert_eq!(fresh.compute_findings(50, 50), 100);
    assert_eq!(fresh.compute_findings(100, 50), 120);
    assert_eq!(fresh.findings(), session.findings());

    // Nothing has changed since it was judged, then one file has, then what all start from.
    assert_eq!(session.compute_findings(0, 50), 120);
    let file = session.files()[7];
    let text = file.text(&session.db).replace("high", "low");
    session.edit(file, Arc::from(text));
    assert_eq!(session.compute_findings(0, 50), 120);
    assert!(session.findings().is_empty());
    let shared = session.files()[0];
    session.edit(shared, Arc::from(SHARED.replace("deep = 3", "deep = gone")));
    assert!(session.compute_findings(0, 50) < 120);
}

#[test]
fn names_that_were_only_tried_leave_nothing_behind() {
    let mut session = session(20);
    let shared = session.files()[0];
    let offset = u32::try_from(SHARED.find("online").unwrap()).unwrap();
    let mut rename = |new: &str| -> StorageSize {
        let edits = Names::new(&session).rename(shared, offset, new).unwrap();
        assert_eq!(edits.len(), 1 + 2 * 20, "{edits:#?}");
        let refused = Names::new(&session).rename(shared, offset, "taken");
        assert!(refused.is_err(), "{refused:?}");
        session.evict_stale();
        session.storage_size()
    };
    // What was asked of the project itself may be asked again.
    let first = rename("once");
    for number in 0..5 {
        assert_eq!(rename(&format!("other-{number}")), first);
    }
}
