//! `nthc test`.

use std::collections::BTreeSet;
use std::time::Instant;

use smol_str::SmolStr;

use super::Context;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::options::{self, Format};
use super::report::Findings;
use super::select::{self, Selected};
use super::test_export;
use super::test_report::{self, Report};
use crate::diagnostics::suggest;
use crate::testing::{self, KnownTest, Selection};

/// Runs the tests of the project.
///
/// # Errors
///
/// If there is no project, no test, no test of a given name, or no such environment.
pub fn run(
    context: &Context,
    options: &options::Test,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let start = Instant::now();
    let format = context.global.format;
    if format == Format::Sarif {
        return Err(
            Failure::usage("unsupported format for the results of tests").help(
                "use `--format human`, `--format short`, `--format json` or `--format github`",
            ),
        );
    }
    let selected = Selected::whole(select::project(context)?);
    let session = selected.session();
    let env = options.env.as_deref();
    let compilation = select::require_environment(env, session.check(env))?;
    let environments: Vec<Option<SmolStr>> = match compilation.environments.as_slice() {
        [] => vec![None],
        all => all.iter().map(|name| Some(name.into())).collect(),
    };
    let mut findings = Findings::default();
    let own = selected.loaded.diagnostics.iter().cloned();
    findings.add(&selected.loaded.sources, own);
    findings.add(&compilation.sources, compilation.diagnostics);
    if findings.has_errors() {
        // Standard output is reserved for results.
        let shown = match format {
            Format::Human | Format::Github => format,
            _ => Format::Short,
        };
        findings.show(shown, console)?;
        console
            .err
            .line(format_args!("no test was run: {}", findings.counts()));
        return Ok(Exit::Findings);
    }
    let known = testing::known_tests(&session, &environments);
    require_tests(&known, &options.names, env)?;
    let selection = Selection {
        environments: &environments,
        names: &options.names,
    };
    if options.export.is_some() {
        return test_export::run(context, options, (&selected, &session), selection, console);
    }
    let results = testing::run(&session, &selected.loaded.project.settings, selection);
    let report = Report {
        project: &selected.loaded.project.settings.project,
        results: &results,
        took: start.elapsed(),
    };
    test_report::show(&report, format, options.quiet, console)?;
    Ok(if report.is_passed() {
        Exit::Ok
    } else {
        Exit::Findings
    })
}

/// Requires that there are tests, and that each name selects one: a test that does not run must not look like one that passes.
fn require_tests(known: &[KnownTest], names: &[String], env: Option<&str>) -> Result<(), Failure> {
    let place = env.map_or_else(String::new, |env| format!(" in environment `{env}`"));
    if known.is_empty() {
        return Err(Failure::usage(format!("the project has no tests{place}")).help(
            "write one: `test \"a bad deploy\" { given … : errors { … }  expect … : page { … } }`, as in docs/tests.md",
        ));
    }
    for name in names {
        if known.iter().any(|test| test.name.contains(name.as_str())) {
            continue;
        }
        let failure = Failure::usage(format!("unknown test `{name}`{place}"));
        let all: BTreeSet<&str> = known.iter().map(|test| test.name.as_str()).collect();
        return Err(
            match suggest::nearest(name, all.iter().copied()).or_else(|| nearest_word(name, &all)) {
                Some(near) => failure.help(format!("did you mean `{near}`?")),
                None => failure.help("use a part of a test's name; `nthc test` runs all tests"),
            },
        );
    }
    Ok(())
}

/// Returns the test that has a word like this one.
fn nearest_word<'t>(name: &str, tests: &BTreeSet<&'t str>) -> Option<&'t str> {
    let words = tests.iter().flat_map(|test| test.split_whitespace());
    let near = suggest::nearest(name, words)?;
    tests.iter().copied().find(|test| test.contains(near))
}
