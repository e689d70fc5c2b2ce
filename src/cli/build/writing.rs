//! Planning under the lock of the output folder.

use std::io::Write as _;

use crate::console::Console;
use crate::exit::Failure;
use crate::options::Build;
use nthc::backends::Artifact;
use nthc::diagnostics::{Diagnostic, FileSpan, SourceMap};
use nthc::output::lock::{self, Holder, Lock, LockError};
use nthc::output::{self, File, Folder, Plan, Refusal};
use nthc::project::io_cause;

/// The obstacles to a build, with the files that they point into.
type Problems = (SourceMap, Vec<Diagnostic<FileSpan>>);

/// Plans a build, with the lock to apply it under. The lock is `None` if there is nothing to write, or if the folder cannot
/// be locked and nothing must be written. The inner error holds the obstacles.
///
/// # Errors
///
/// If another build writes to the folder for longer than `--lock-timeout`, or the file system fails.
pub fn plan<'a>(
    folder: &Folder<'_>,
    artifacts: &'a [&'a Artifact],
    options: &Build,
    console: &mut Console,
) -> Result<Result<(Plan<'a>, Option<Lock>), Problems>, Failure> {
    let planned = || output::plan(folder, files(artifacts));
    // A plan that writes nothing needs no lock.
    let first = planned();
    let writes = match &first {
        Ok(plan) if plan.is_settled() => return split_problems(first, None),
        Ok(_) => !options.check,
        Err(_) => false,
    };
    // If the folder looks broken or out of date, another build may be running or may just have ended.
    if !writes && !lock::is_marked(folder.path) {
        return split_problems(first.or_else(|_| planned()), None);
    }
    let lock = acquire_lock(folder, writes, options, console)?;
    if let Some(lock) = &lock
        && !lock.is_effective()
    {
        console.err.line(format_args!(
            "note: the file system of {} does not support locks: run one build at a time",
            folder.shown
        ));
    }
    split_problems(planned(), lock)
}

fn files<'a>(artifacts: &'a [&'a Artifact]) -> impl Iterator<Item = File<'a>> {
    artifacts.iter().map(|artifact| File {
        path: &artifact.path,
        contents: artifact.contents.as_bytes(),
    })
}

fn split_problems<'a>(
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

fn acquire_lock(
    folder: &Folder<'_>,
    writes: bool,
    options: &Build,
    console: &mut Console,
) -> Result<Option<Lock>, Failure> {
    let shown = folder.shown;
    let timeout = options.lock_timeout;
    let timeout = nthc::ir::Duration(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX));
    let mut notify = |holder: Option<&Holder>| {
        console.err.line(format_args!(
            "waiting for another build that writes to {shown}: {}; giving up after {timeout}",
            describe_holder(holder)
        ));
        // The stream keeps an error until [`Console::finish`].
        let _ = console.err.flush();
    };
    match lock::lock(folder.path, writes, options.lock_timeout, &mut notify) {
        Ok(lock) => Ok(lock),
        Err(LockError::Busy(holder)) => Err(Failure::io(format!(
            "another build writes to {shown}: {}",
            describe_holder(holder.as_ref())
        ))
        .help(format!(
            "wait for that build to finish, or wait longer than {timeout} with `--lock-timeout`; no \
            file was changed"
        ))),
        // A build that only compares needs no lock if none can be taken.
        Err(LockError::Io(_)) if !writes => Ok(None),
        Err(LockError::Io(cause)) => Err(Failure::io(format!(
            "cannot lock {shown}/{}: {}",
            lock::LOCK,
            io_cause(&cause)
        ))
        .help("no file was changed")),
    }
}

fn describe_holder(holder: Option<&Holder>) -> String {
    match holder {
        Some(holder) => holder.to_string(),
        None => "its process is unknown".to_owned(),
    }
}
