//! Takes the generated files and plans the build under the lock of the output folder.

use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use crate::console::Console;
use crate::exit::Failure;
use crate::options::Build;
use crate::progress::Progress;
use nthc::diagnostics::{Diagnostic, FileSpan, SourceMap};
use nthc::output::lock::{self, Holder, Lock, LockError};
use nthc::output::{self, Folder, Plan, Refusal, Spool, Taken};
use nthc::project::io_cause;

/// The obstacles to a build, with the files that they point into.
pub type Problems = (SourceMap, Vec<Diagnostic<FileSpan>>);

/// What planning found.
pub enum Planned<'a> {
    /// The changes.
    Changes(Box<Plan<'a>>),
    /// Obstacles.
    Problems(Problems),
    /// The files must be generated again, as others changed the folder in the meantime.
    Overtaken,
}

/// What a build needs to wait for another one.
pub struct Patience<'a> {
    /// The options of the command.
    pub options: &'a Build,
    /// Where the wait is told.
    pub console: &'a mut Console,
    /// What is shown until then.
    pub progress: &'a Mutex<Option<Progress>>,
}

/// Returns what takes the generated files. It acquires the lock of the folder when it meets the first file that differs, unless it
/// has it already.
pub fn spool<'l>(
    folder: &'l Folder<'l>,
    lock: Option<Lock>,
    patience: Patience<'l>,
) -> Spool<'l, Failure> {
    Spool::new(folder, move || {
        if lock.is_some() {
            return Ok(lock);
        }
        // Planning reports what is wrong with a folder that cannot be used.
        if patience.options.check || !output::is_usable(folder) {
            return Ok(None);
        }
        acquire_lock(folder, true, patience)
    })
}

/// Plans a build of these files, and acquires the lock to apply it under unless they have it. That is missing if there is nothing
/// to write, or if the folder cannot be locked and nothing must be written.
///
/// # Errors
///
/// If another build writes to the folder for longer than `--lock-timeout`, or the file system fails.
pub fn plan<'a>(
    folder: &Folder<'_>,
    taken: &'a Taken,
    patience: Patience<'_>,
) -> Result<(Planned<'a>, Option<Lock>), Failure> {
    let planned = || output::plan_taken(folder, taken);
    let is_checked = patience.options.check;
    // A plan that writes nothing needs no lock.
    let first = planned();
    let writes = match &first {
        Ok(plan) if plan.is_settled() || taken.lock.is_some() => return Ok((split(first)?, None)),
        Ok(_) => !is_checked,
        Err(_) => false,
    };
    // If the folder looks broken or out of date, another build may be running or may just have ended.
    if taken.lock.is_some() || (!writes && !lock::is_marked(folder.path)) {
        return Ok((split(first.or_else(|_| planned()))?, None));
    }
    let lock = acquire_lock(folder, writes, patience)?;
    Ok((split(planned())?, lock))
}

/// Ends the display of progress.
pub fn stop(progress: &Mutex<Option<Progress>>) {
    let mut shown = progress.lock().unwrap_or_else(PoisonError::into_inner);
    drop(shown.take());
}

fn split(planned: Result<Plan<'_>, Refusal>) -> Result<Planned<'_>, Failure> {
    match planned {
        Ok(plan) => Ok(Planned::Changes(Box::new(plan))),
        Err(Refusal::Problems {
            sources,
            diagnostics,
        }) => Ok(Planned::Problems((sources, diagnostics))),
        Err(Refusal::Io(error)) => Err(error.into()),
        Err(Refusal::Overtaken) => Ok(Planned::Overtaken),
    }
}

fn acquire_lock(
    folder: &Folder<'_>,
    writes: bool,
    patience: Patience<'_>,
) -> Result<Option<Lock>, Failure> {
    let Patience {
        options,
        console,
        progress,
    } = patience;
    let shown = folder.shown;
    let timeout = options.lock_timeout;
    let timeout = nthc::ir::Duration(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX));
    let mut notify = |holder: Option<&Holder>| {
        stop(progress);
        console.err.line(format_args!(
            "waiting for another build that writes to {shown}: {}; giving up after {timeout}",
            describe_holder(holder)
        ));
        // The stream keeps an error until [`Console::finish`].
        let _ = console.err.flush();
    };
    let lock = match lock::lock(folder.path, writes, options.lock_timeout, &mut notify) {
        Ok(lock) => lock,
        Err(LockError::Busy(holder)) => {
            return Err(Failure::io(format!(
                "another build writes to {shown}: {}",
                describe_holder(holder.as_ref())
            ))
            .help(format!(
                "wait for that build to finish, or wait longer than {timeout} with `--lock-timeout`; no \
                file was changed"
            )));
        }
        // A build that only compares needs no lock if none can be taken.
        Err(LockError::Io(_)) if !writes => None,
        Err(LockError::Io(cause)) => {
            return Err(Failure::io(format!(
                "cannot lock {shown}/{}: {}",
                lock::LOCK,
                io_cause(&cause)
            ))
            .help("no file was changed"));
        }
    };
    if let Some(lock) = &lock
        && !lock.is_effective()
    {
        stop(progress);
        console.err.line(format_args!(
            "note: the file system of {shown} does not support locks: run one build at a time"
        ));
    }
    Ok(lock)
}

fn describe_holder(holder: Option<&Holder>) -> String {
    match holder {
        Some(holder) => holder.to_string(),
        None => "its process is unknown".to_owned(),
    }
}
