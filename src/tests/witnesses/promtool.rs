//! Incidents of changes, replayed by promtool with the rules of both versions.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use nth_diff::{Change, ChangeId, Witness};
use nthc::testing::{Exported, Selection, export};
use rayon::prelude::*;

use crate::pairs::{Pair, pairs};
use crate::projects::{Text, search};

/// The fewest incidents that are replayed.
const FEWEST: usize = 10;

/// Returns true if promtool is installed. If not, the test reports that and ends; on a build server it fails.
fn is_available() -> bool {
    let ran = Command::new("promtool").arg("--version").output();
    let is_found = ran.is_ok_and(|output| output.status.success());
    if !is_found {
        assert!(
            std::env::var_os("CI").is_none(),
            "promtool is not installed"
        );
        println!("skipped, promtool not installed");
    }
    is_found
}

/// The expectation that an outcome is: what is notified, or that nothing is.
fn expectation(change: &Change, outcome: &str) -> Option<String> {
    let subject = match change.subject.kind.as_str() {
        "slo" => format!("slo = {}", change.subject.name),
        "alert" => format!("alert = {}", change.subject.name),
        _ => return None,
    };
    Some(match outcome {
        "no alert" => "silent { service = checkout }".to_owned(),
        outcome if outcome.starts_with("paged after") => format!("page {{ {subject} }}"),
        outcome if outcome.starts_with("ticket after") => format!("ticket {{ {subject} }}"),
        _ => return None,
    })
}

/// The files of a version's rules with the incident, if the outcome is as told. The error is why there are none.
fn files(version: &Text, witness: &Witness, expected: &str) -> Result<Exported, String> {
    let mut version = version.clone();
    let body = witness.test.trim_end().strip_suffix('}').unwrap();
    let _ = write!(version.source, "\n{body}\n  expect told : {expected}\n}}\n");
    let session = version.session();
    let selection = Selection {
        environments: &[None],
        names: &[],
    };
    let mut exports = export(&session, &version.settings, ".", selection);
    match exports.exported.pop() {
        Some(exported) => Ok(exported),
        None => Err(format!("{:?} {:?}", exports.refused, exports.failed)),
    }
}

/// Runs promtool over exported files. The error is what it prints.
fn replay(exported: &Exported) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in &exported.files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    for path in exported.files.keys().filter(|path| is_test(path)) {
        let ran = Command::new("promtool")
            .args(["test", "rules"])
            .arg(folder.path().join(path))
            .output()
            .unwrap();
        if !ran.status.success() {
            let text = [ran.stdout, ran.stderr].concat();
            return Err(String::from_utf8_lossy(&text).into_owned());
        }
    }
    Ok(())
}

fn is_test(path: &str) -> bool {
    let name = Path::new(path).file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.starts_with("test-"))
}

/// How many alerts promtool is told to find.
fn firing(exported: &Exported) -> usize {
    let tests = exported.files.iter().filter(|(path, _)| is_test(path));
    tests
        .map(|(_, text)| text.matches("exp_labels:").count())
        .sum()
}

/// Replays the witness of a pair; `None` if promtool does not know such outcomes, or a version does not know the subject.
fn replayed(mut pair: Pair) -> Option<()> {
    let known = |change: &Change| ["slo", "alert"].contains(&change.subject.kind.as_str());
    let is_in_both = |text: &Text, change: &Change| {
        let name = change.subject.name.rsplit('.').next().unwrap_or_default();
        text.source
            .contains(&format!("{} {name} ", change.subject.kind))
    };
    let change = pair.changes.first()?;
    if !known(change)
        || ![&pair.base, &pair.head]
            .iter()
            .all(|text| is_in_both(text, change))
    {
        return None;
    }
    // promtool stops at a rule that exceeds its limit.
    if [ChangeId::AlertLimitLowered, ChangeId::AlertLimitRaised].contains(&change.id) {
        return None;
    }
    search(&pair.base, &pair.head, &mut pair.changes);
    let change = pair.changes.first()?;
    let witness = change.witness.as_ref()?;
    let before = expectation(change, &witness.before)?;
    let after = expectation(change, &witness.after)?;
    if before == after {
        return None;
    }
    let versions = [(&pair.base, &before), (&pair.head, &after)];
    let [base, head] = versions.map(|(version, expected)| {
        let exported = files(version, witness, expected);
        exported.unwrap_or_else(|problem| panic!("{}: {problem}", pair.name))
    });
    for (exported, expected) in [(&base, &before), (&head, &after)] {
        if let Err(report) = replay(exported) {
            panic!("{}: promtool finds something else: {report}", pair.name);
        }
        let fires = firing(exported) > 0;
        assert_eq!(fires, !expected.starts_with("silent"), "{}", pair.name);
    }
    println!("{}: {}, {}", pair.name, witness.before, witness.after);
    Some(())
}

#[test]
fn promtool_finds_the_outcomes_that_are_told() {
    if !is_available() {
        return;
    }
    let all = pairs().into_par_iter().filter_map(replayed).count();
    println!("{all} incidents are replayed by promtool with the rules of both versions");
    assert!(all >= FEWEST, "{all}");
}
