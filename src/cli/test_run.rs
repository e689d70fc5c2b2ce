//! A run of the tests of a loaded project.

use std::collections::BTreeSet;
use std::time::Instant;

use jiff::Timestamp;
use smol_str::SmolStr;

use super::Context;
use super::console::Console;
use super::detection;
use super::exit::{Exit, Failure};
use super::options::{self, Format};
use super::page_file::PageFile;
use super::progress::Progress;
use super::report::Findings;
use super::select;
use super::test_report::{self, Report};
use super::{test_coverage, test_export, test_junit, test_mutation, test_page};
use nthc::diagnostics::suggest;
use nthc::project::Loaded;
use nthc::session::Session;
use nthc::testing::{self, KnownTest, Selection, coverage, mutation};

/// How tests are run and shown.
pub struct Run<'r> {
    /// The format of the results.
    pub format: Format,
    /// The command's context.
    pub context: &'r Context,
    /// The names of the tests, the environment, and what to do with the tests.
    pub options: &'r options::Test,
    /// True if tests that pass are not shown.
    pub is_quiet: bool,
    /// The page to write.
    pub page: Option<&'r PageFile>,
}

impl Run<'_> {
    /// Runs the tests of a project that is loaded into a session.
    ///
    /// # Errors
    ///
    /// If there is no test, no test of a given name, or no such environment, or something cannot be written.
    pub fn tests(
        &self,
        loaded: &Loaded,
        session: &mut Session,
        console: &mut Console,
    ) -> Result<Exit, Failure> {
        let start = Instant::now();
        let (format, options) = (self.format, self.options);
        let project = &loaded.project.settings.project;
        let env = options.env.as_deref();
        let compilation = select::require_environment(env, session.check(env))?;
        let environments: Vec<Option<SmolStr>> = match compilation.environments.as_slice() {
            [] => vec![None],
            all => all.iter().map(|name| Some(name.into())).collect(),
        };
        let mut findings = Findings::default();
        findings.add(&loaded.sources, loaded.diagnostics.iter().cloned());
        findings.add(&compilation.sources, compilation.diagnostics);
        if findings.has_errors() {
            let nothing = match options.detection.detection {
                true => "nothing was simulated",
                false => "no test was run",
            };
            let none = format!("{nothing}: {}", findings.counts());
            if format == Format::Junit {
                let document = test_junit::no_test(project, &none, &findings.short_text()?)?;
                console.out.text(&document);
            }
            // Standard output is reserved for results.
            let shown = match format {
                Format::Human | Format::Github => format,
                _ => Format::Short,
            };
            findings.show(shown, console)?;
            console.err.line(none);
            return Ok(Exit::Findings);
        }
        let settings = &loaded.project.settings;
        if options.detection.detection {
            let checked = detection::Checked {
                session,
                settings,
                environments: &environments,
            };
            return detection::run(self.context, options, &checked, console);
        }
        let known = testing::known_tests(session, &environments);
        require_tests(&known, &options.names, env)?;
        let selection = Selection {
            environments: &environments,
            names: &options.names,
        };
        if options.export.is_some() {
            return test_export::run(self.context, options, (loaded, session), selection, console);
        }
        if options.coverage {
            let found = coverage::coverage(session, settings, selection);
            return test_coverage::show(project, &found, format, self.is_quiet, console);
        }
        if options.mutate {
            let report = mutation::mutate(session, settings, selection);
            let shown = test_mutation::Shown {
                project,
                report: &report,
                min_score: options.min_score,
                took: start.elapsed(),
            };
            return test_mutation::show(&shown, format, self.is_quiet, console);
        }
        let is_shown = console.is_interactive && !format.is_for_programs();
        let progress = Progress::start("running tests", is_shown);
        let results = match self.page {
            Some(_) => testing::run_in_detail(session, settings, selection),
            None => testing::run(session, settings, selection),
        };
        drop(progress);
        let report = Report {
            project,
            results: &results,
            took: start.elapsed(),
        };
        match format {
            Format::Junit => console.out.text(&test_junit::document(&report)?),
            _ => test_report::show(&report, format, self.is_quiet, console)?,
        }
        if let Some(page) = self.page {
            page.write(&test_page::page(&report, Timestamp::now()))?;
            if !format.is_for_programs() {
                console.err.line(format_args!("wrote {}", page.shown()));
            }
        }
        Ok(if report.is_passed() {
            Exit::Ok
        } else {
            Exit::Findings
        })
    }
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
