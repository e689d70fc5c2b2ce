//! Confirmation of builds that remove many files.

use std::io::{self, Write as _};

use crate::console::Console;
use crate::exit::Failure;
use crate::report::count;
use nthc::diagnostics::{Diagnostic, FileSpan, SourceMap, codes};
use nthc::output::{Excess, Plan};
use nthc::project::io_cause;

/// The number of files that are listed.
const LISTED: usize = 10;

/// Returns the diagnostic for a build that would remove more than a fifth of the existing files; `None` for any other build.
pub fn diagnostic(plan: &Plan<'_>, shown: &str) -> Option<(SourceMap, Diagnostic<FileSpan>)> {
    let first = plan.excesses.first()?;
    let mut sources = SourceMap::default();
    let span = FileSpan {
        file: sources.add(folder(shown, first), ""),
        start: 0,
        end: 0,
    };
    let message = format!("this build would remove {}", describe_extent(plan, shown));
    let diagnostic = Diagnostic::new(&codes::OUTPUT_MANY_REMOVALS, message, span)
        .label("expected most of the files to stay")
        .note(format!("to be removed: {}", list_files(plan, ", ")))
        .help("build with `--allow-removals` if this is intended")
        .help("otherwise look for missing or ignored sources, and for environments and targets removed \
            from the project");
    Some((sources, diagnostic))
}

/// Describes the number of files and their folders: `28 of the 34 files in build/`.
fn describe_extent(plan: &Plan<'_>, shown: &str) -> String {
    let folders = plan.excesses.iter().map(|excess| {
        let place = folder(shown, excess);
        match excess.removed == excess.existing {
            true if excess.removed == 1 => format!("the only file in {place}"),
            true => format!("all {} in {place}", count(excess.removed, "file")),
            false => format!(
                "{} of the {} in {place}",
                excess.removed,
                count(excess.existing, "file")
            ),
        }
    });
    folders.collect::<Vec<_>>().join(", ")
}

fn folder(shown: &str, excess: &Excess) -> String {
    format!("{}/{}", shown.trim_end_matches('/'), excess.folder)
}

/// Lists the first [`LISTED`] files that would be removed.
fn list_files(plan: &Plan<'_>, between: &str) -> String {
    let is_excess = |path: &&String| {
        let mut excesses = plan.excesses.iter();
        excesses.any(|excess| path.starts_with(&excess.folder))
    };
    let paths: Vec<&str> = plan
        .removals()
        .iter()
        .filter(is_excess)
        .map(String::as_str)
        .collect();
    let first: Vec<&str> = paths.iter().take(LISTED).copied().collect();
    match paths.len() - first.len() {
        0 => first.join(between),
        more => format!("{}{between}and {more} more", first.join(between)),
    }
}

/// Asks on the terminal whether to remove the files. Returns true if the answer is yes.
///
/// # Errors
///
/// If the answer cannot be read.
pub fn confirm(plan: &Plan<'_>, shown: &str, console: &mut Console) -> Result<bool, Failure> {
    let extent = describe_extent(plan, shown);
    let list = list_files(plan, "\n  ");
    console.err.text(&format!(
        "This build would remove {extent}:\n  {list}\nRemove them? [y/N] "
    ));
    // The stream keeps an error until [`Console::finish`].
    let _ = console.err.flush();
    let mut answer = String::new();
    io::stdin()
        .read_line(&mut answer)
        .map_err(|cause| Failure::io(format!("cannot read the reply: {}", io_cause(&cause))))?;
    let answer = answer.trim().to_ascii_lowercase();
    Ok(matches!(answer.as_str(), "y" | "yes"))
}
