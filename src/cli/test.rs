//! `nthc test`.

use super::Context;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::options::{self, Format};
use super::page_file::PageFile;
use super::select::{self, Selected};
use super::test_page::GENERATOR;
use super::test_run::Run;
use super::test_watch;

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
    let format = context.global.format;
    require_format(format, options)?;
    let page = options.html.as_deref();
    let page = page
        .map(|file| PageFile::new(file, GENERATOR, context))
        .transpose()?;
    if options.watch {
        return test_watch::run(context, options, page.as_ref(), console);
    }
    let selected = Selected::whole(select::project(context)?);
    let mut session = selected.session();
    let run = Run {
        format,
        context,
        options,
        is_quiet: options.quiet,
        page: page.as_ref(),
    };
    run.tests(&selected.loaded, &mut session, console)
}

/// Requires a format that shows what is done with the tests.
fn require_format(format: Format, options: &options::Test) -> Result<(), Failure> {
    let (unsupported, help) = match (format, options.runs_tests()) {
        (Format::Sarif, true) => (
            "unsupported format for the results of tests",
            "use `--format human`, `--format short`, `--format json`, `--format junit` or `--format github`",
        ),
        (Format::Sarif, false) => (
            "`--format sarif` is for diagnostics",
            "use `--format human`, `--format short`, `--format json` or `--format github`",
        ),
        (Format::Junit, false) => (
            "`--format junit` is for the results of tests",
            "use `--format human`, `--format short`, `--format json` or `--format github`",
        ),
        _ => return Ok(()),
    };
    Err(Failure::usage(unsupported).help(help))
}
