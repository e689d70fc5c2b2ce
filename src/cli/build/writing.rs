//! Planning under the lock of the output folder.

use std::io::Write as _;

use crate::backends::Artifact;
use crate::cli::console::Console;
use crate::cli::exit::Failure;
use crate::cli::options::Build;
use crate::diagnostics::{Diagnostic, FileSpan, SourceMap};
use crate::output::lock::{self, Holder, Lock, Locked};
use crate::output::{self, File, Folder, Plan, Refusal};
use crate::project::io_cause;

/// What stands in the way.
type Problems = (SourceMap, Vec<Diagnostic<FileSpan>>);

/// What a build will do, with the lock under which it may do it; without one, there is nothing to write.
///
/// # Errors
/// Where another build writes to the folder for longer than is waited, or the file system fails.
pub fn plan<'a>(
    folder: &Folder<'_>,
    artifacts: &'a [Artifact],
    options: &Build,
    console: &mut Console,
) -> Result<Result<(Plan<'a>, Option<Lock>), Problems>, Failure> {
    let planned = || output::plan(folder, files(artifacts));
    // What needs no writing needs no lock.
    let first = planned();
    let writes = match &first {
        Ok(plan) if plan.is_settled() => return sorted(first, None),
        Ok(_) => !options.check,
        Err(_) => false,
    };
    // What looks wrong, or out of date, may be another build at work, or one that has just ended.
    if !writes && !lock::is_marked(folder.path) {
        return sorted(first.or_else(|_| planned()), None);
    }
    let lock = locked(folder, writes, options, console)?;
    if let Some(lock) = &lock
        && !lock.is_effective()
    {
        console.err.line(format_args!(
            "note: the file system of {} does not support locks: run one build at a time",
            folder.shown
        ));
    }
    sorted(planned(), lock)
}

fn files(artifacts: &[Artifact]) -> impl Iterator<Item = File<'_>> {
    artifacts.iter().map(|artifact| File {
        path: &artifact.path,
        contents: artifact.contents.as_bytes(),
    })
}

fn sorted<'a>(
    planned: Result<Plan<'a>, Refusal>,
    lock: Option<Lock>,
) -> Result<Result<(Plan<'a>, Option<Lock>), Problems>, Failure> {
    match planned {
        Ok(plan) => Ok(Ok((plan, lock))),
        Err(Refusal::Problems {
            sources,
            diagnostics,
        }) => Ok(Err((sources, diagnostics))),
        Err(Refusal::Io(error)) => Err(error.into()),
    }
}

fn locked(
    folder: &Folder<'_>,
    writes: bool,
    options: &Build,
    console: &mut Console,
) -> Result<Option<Lock>, Failure> {
    let shown = folder.shown;
    let timeout = options.lock_timeout;
    let timeout = crate::ir::Duration(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX));
    let mut tell = |holder: Option<&Holder>| {
        console.err.line(format_args!(
            "waiting for another build that writes to {shown}: {}; giving up after {timeout}",
            who(holder)
        ));
        // The outcome is kept in the stream.
        let _ = console.err.flush();
    };
    match lock::lock(folder.path, writes, options.lock_timeout, &mut tell) {
        Ok(lock) => Ok(lock),
        Err(Locked::Busy(holder)) => Err(Failure::io(format!(
            "another build writes to {shown}: {}",
            who(holder.as_ref())
        ))
        .help(format!(
            "wait for that build to finish, or wait longer than {timeout} with `--lock-timeout`; no \
            file was changed"
        ))),
        // Who only looks needs no lock where there can be none.
        Err(Locked::Io(_)) if !writes => Ok(None),
        Err(Locked::Io(cause)) => Err(Failure::io(format!(
            "cannot lock {shown}/{}: {}",
            lock::LOCK,
            io_cause(&cause)
        ))
        .help("no file was changed")),
    }
}

fn who(holder: Option<&Holder>) -> String {
    match holder {
        Some(holder) => holder.to_string(),
        None => "its process is unknown".to_owned(),
    }
}
