//! `nthc test --watch`.

use std::io::Write as _;
use std::process;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use jiff::Timestamp;

use super::Context;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::options::{self, Format};
use super::page_file::PageFile;
use super::report;
use super::select::{self, Source};
use super::test_run::Run;
use super::watch::{WatchedFiles, watch};
use nthc::db::Database;
use nthc::project::{Loaded, io_cause, paths};
use nthc::session::{Configuration, Session};

/// What happens while nothing runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    /// A file of the project changed, appeared or disappeared.
    Changed,
    /// The user interrupts.
    Interrupted,
}

/// The exit code of a process that a second interrupt ends, as shells have it: 128 and the number of the signal.
const INTERRUPTED: i32 = 130;

/// Runs the tests, and again after each change, until the user interrupts. Returns the result of the last run.
///
/// # Errors
///
/// If the format is one for programs, there is no project, or its files cannot be watched. What goes wrong in a run is shown,
/// and the next change is awaited.
pub fn run(
    context: &Context,
    options: &options::Test,
    page: Option<&PageFile>,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let format = context.global.format;
    if !matches!(format, Format::Human | Format::Short) {
        return Err(Failure::usage(
            "`--watch` prints the results of several runs, and not one document",
        )
        .help("use `--format human` or `--format short`, or leave out `--watch`"));
    }
    let loaded = select::project(context)?;
    let source = Source::Folder(loaded.project.root.clone());
    let mut watched = WatchedFiles::new(&loaded, &source);
    drop(loaded);
    let (send, events) = channel();
    interrupts(send.clone())?;
    let start = |watched: &WatchedFiles| {
        let send = send.clone();
        let changed = move || {
            // If the receiver is gone, the process is ending.
            let _ = send.send(Event::Changed);
        };
        watch(watched.clone(), changed).map_err(|why| {
            Failure::io(format!(
                "cannot watch {}: {why}",
                paths::display(source.path(), &context.cwd)
            ))
        })
    };
    let mut watcher = start(&watched)?;
    let run = Run {
        format,
        context,
        options,
        is_quiet: true,
        page,
    };
    let mut session = Session::new(Database::default(), &[]);
    loop {
        let loaded = source.load(&context.cwd);
        if let Ok(loaded) = &loaded {
            let now = WatchedFiles::new(loaded, &source);
            if now != watched {
                // A package came or went. What changed before it is watched is read again.
                watched = now;
                watcher = start(&watched)?;
                continue;
            }
        }
        console.out.clear();
        let exit = loaded
            .map_err(Failure::from)
            .and_then(|loaded| {
                update(&mut session, &loaded);
                run.tests(&loaded, &mut session, console)
            })
            .unwrap_or_else(|failure| report::show_failure(&failure, console));
        let now = Timestamp::now().strftime("%H:%M:%S").to_string();
        console.err.line(format_args!(
            "{now} UTC: watching for changes; press Ctrl+C to stop"
        ));
        // The streams keep an error until [`Console::finish`].
        let _ = console.out.flush();
        let _ = console.err.flush();
        if console.out.is_closed() || next(&events) == Event::Interrupted {
            drop(watcher);
            return Ok(exit);
        }
    }
}

/// Loads a project into the session. Only results that a change affects are computed again.
fn update(session: &mut Session, loaded: &Loaded) {
    let input = loaded.project.input(None);
    session.configure(&Configuration::new(
        &input.settings,
        input.catalogue.clone(),
        input.levels.clone(),
    ));
    session.set_files(&input.files);
}

/// Waits for the next event. An interrupt is more important than changes.
fn next(events: &Receiver<Event>) -> Event {
    // The watcher and the thread of interrupts hold senders.
    let first = events.recv().unwrap_or(Event::Interrupted);
    let mut all = std::iter::once(first).chain(events.try_iter());
    match all.any(|event| event == Event::Interrupted) {
        true => Event::Interrupted,
        false => Event::Changed,
    }
}

/// Sends an event for the first interrupt. The second one ends the process during a run.
fn interrupts(send: Sender<Event>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|cause| Failure::io(format!("cannot start: {}", io_cause(&cause))))?;
    thread::spawn(move || {
        runtime.block_on(async {
            if tokio::signal::ctrl_c().await.is_ok() {
                // If the receiver is gone, the process is ending.
                let _ = send.send(Event::Interrupted);
            }
            if tokio::signal::ctrl_c().await.is_ok() {
                process::exit(INTERRUPTED);
            }
        });
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn several_changes_are_one_and_an_interrupt_counts_first() {
        let (send, events) = channel();
        for _ in 0..3 {
            send.send(Event::Changed).unwrap();
        }
        assert_eq!(next(&events), Event::Changed);
        send.send(Event::Changed).unwrap();
        send.send(Event::Interrupted).unwrap();
        assert_eq!(next(&events), Event::Interrupted);
        drop(send);
        assert_eq!(next(&events), Event::Interrupted);
    }
}
