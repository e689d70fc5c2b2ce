//! Exports the tests of a project in its environments.

use std::collections::{BTreeMap, BTreeSet};

use nth_model::Settings;
use rayon::prelude::*;
use smol_str::SmolStr;

use super::export::{Exported, Exporting};
use super::result::TestResult;
use super::run::{EnvironmentTests, Selection, in_environment};
use crate::backends::file_stem;
use crate::session::Session;

/// The result of exporting tests.
#[derive(Debug, Default)]
pub struct Exports {
    /// The tests, in source order for each environment.
    pub exported: Vec<Exported>,
    /// The tests that cannot be exported.
    pub refused: Vec<Refused>,
    /// The results of tests that do not pass. They are not exported: what happens in them is not what is expected.
    pub failed: Vec<TestResult>,
}

/// A test that cannot be exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The name of the test.
    pub name: SmolStr,
    /// The environment; `None` if the project declares none.
    pub environment: Option<SmolStr>,
    /// The file, as it is shown.
    pub file: String,
    /// The line of the test's name, from 1.
    pub line: usize,
    /// The reason, without a full stop.
    pub reason: String,
}

/// Runs tests, and exports those that pass to promtool. `settings` are those of the project, `root` is its folder as it is
/// shown: paths in the files begin below it.
pub fn export(
    session: &Session,
    settings: &Settings,
    root: &str,
    selection: Selection<'_>,
) -> Exports {
    let mut exports = Exports::default();
    for environment in selection.environments {
        in_environment(session, settings, environment, |view| {
            of_environment(root, view, selection, &mut exports);
        });
    }
    exports
}

fn of_environment(
    root: &str,
    mut view: EnvironmentTests<'_>,
    selection: Selection<'_>,
    exports: &mut Exports,
) {
    // Also tests that are not selected have a folder.
    let settings = view.runner.settings;
    let names = view.tests.iter().map(|placed| placed.test.name.as_str());
    let shared = shared_folders(names.map(|name| folder(name, settings)));
    view.select(selection);
    let (runner, selected) = (&view.runner, &view.tests);
    let plans = runner.plans(selected.iter().map(|placed| placed.test));
    let results = runner.run(selected, &plans, false);
    let outcomes: Vec<Result<Exported, String>> = selected
        .par_iter()
        .zip(&results)
        .filter(|(_, result)| result.is_passed())
        .map(|(placed, _)| {
            let exporting = Exporting {
                test: placed.test,
                lines: &placed.expect,
                file: below(root, &placed.file),
                folder: folder(&placed.test.name, settings),
                project: runner.project,
                settings,
            };
            if shared.contains(&exporting.folder) {
                return Err(format!(
                    "its files are in the same folder as those of another test, {}; rename it",
                    exporting.folder
                ));
            }
            let plan = runner.key(placed.test).and_then(|key| plans.get(&key));
            exporting.export(plan.map_err(|error| error.to_string())?)
        })
        .collect();
    let mut outcomes = outcomes.into_iter();
    for (placed, result) in selected.iter().zip(results) {
        if !result.is_passed() {
            exports.failed.push(result);
            continue;
        }
        match outcomes.next() {
            Some(Ok(exported)) => exports.exported.push(exported),
            Some(Err(reason)) => exports.refused.push(Refused {
                name: result.name,
                environment: result.environment,
                file: placed.file.clone(),
                line: placed.line,
                reason,
            }),
            None => {}
        }
    }
}

/// Returns the part of a path below a folder.
fn below<'p>(root: &str, path: &'p str) -> &'p str {
    let inner = path.strip_prefix(root);
    inner
        .and_then(|inner| inner.strip_prefix('/'))
        .unwrap_or(path)
}

/// Returns the folder of a test's files, which may be that of another test, too.
fn folder(test: &str, settings: &Settings) -> String {
    let test = file_stem(test).to_lowercase();
    match &settings.environment {
        Some(environment) => format!("{}/{test}", file_stem(environment)),
        None => test,
    }
}

/// Returns the folders that several tests have.
fn shared_folders(folders: impl Iterator<Item = String>) -> BTreeSet<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for folder in folders {
        *counts.entry(folder).or_default() += 1;
    }
    let shared = counts.into_iter().filter(|(_, count)| *count > 1);
    shared.map(|(folder, _)| folder).collect()
}
