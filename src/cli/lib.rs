//! The `nthc` command: reads a project, calls the compiler, prints and writes the results. It has no logic of the language.
//!
//! # Exit codes
//!
//! | code | meaning |
//! |---|---|
//! | 0 | success; there may be warnings |
//! | 1 | the input has errors (warnings too, with `--deny-warnings`), `--check` found a difference, coverage is below `--fail-under`, or a test failed |
//! | 2 | invalid usage, or there is no project or no such test |
//! | 3 | a file could not be read or written, or a server gave no valid answer |
//!
//! `gate` has its own exit codes: 0 allow, 1 warn, 2 deny, 3 no decision, 64 invalid usage. So has `diff`: 0 no changes, 1 errors in
//! the sources, 2 changes, 3 not comparable, 10 changes that fail, 64 invalid usage.
//!
//! Diagnostics for people go to standard error, those for programs (`--format json`, `sarif`, `github`) to standard output.

mod amounts;
mod backfill;
mod backtest;
mod backtest_report;
mod book_report;
mod budget;
mod budget_history;
mod build;
mod check;
mod comment;
mod completions;
mod console;
mod coverage;
mod deploys;
mod detection;
mod diff;
mod exit;
mod explain;
mod fmt;
mod forge;
mod gate;
mod gate_ledger;
mod gate_table;
mod history;
mod http;
mod import;
mod incidents;
mod init;
mod ledger;
mod metrics;
mod options;
mod page_file;
mod preview;
mod progress;
mod prometheus_client;
mod record;
mod report;
mod revision;
mod schema;
mod select;
mod test;
mod test_coverage;
mod test_export;
mod test_junit;
mod test_mutation;
mod test_page;
mod test_report;
mod test_run;
mod test_watch;
mod watch;
mod what_if;

use std::ffi::OsString;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser as _;

pub use exit::Exit;
pub use options::Cli;

use console::Console;
use exit::Failure;
use options::{Command, Format, Global};

use nthc::project::io_cause;
use nthc::stack::STACK;

/// The context of every command.
struct Context {
    global: Global,
    /// The working directory, absolute. Paths are shown relative to it.
    cwd: PathBuf,
}

/// Runs the command that the process was started with. `language_server` serves an editor on the standard streams.
pub fn main(language_server: fn() -> ExitCode) -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to standard output, whose reader may be gone.
            let _ = error.print();
            let exit = if !error.use_stderr() {
                Exit::Ok
            } else if has_own_exit_codes(std::env::args_os().skip(1)) {
                Exit::Misused
            } else {
                Exit::Usage
            };
            return exit.into();
        }
    };
    // Standard output is reserved for the protocol.
    if let Command::Lsp(_) = cli.command {
        return language_server();
    }
    run_with_stack(move || execute(cli))
}

/// Runs `work` on a thread with the stack size of the language server, and gives the same stack to the threads of the pool.
fn run_with_stack(work: impl FnOnce() -> ExitCode + Send) -> ExitCode {
    // An existing pool was built in the same way.
    let _ = rayon::ThreadPoolBuilder::new()
        .stack_size(STACK)
        .build_global();
    std::thread::scope(|scope| {
        let worker = std::thread::Builder::new().stack_size(STACK);
        match worker.spawn_scoped(scope, work) {
            Ok(worker) => worker.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(cause) => {
                anstream::eprintln!("error: cannot start a thread: {}", io_cause(&cause));
                Exit::Io.into()
            }
        }
    })
}

fn execute(cli: Cli) -> ExitCode {
    let mut console = Console::new(cli.global.color);
    let exit = run(cli, &mut console)
        .unwrap_or_else(|failure| report::show_failure(&failure, &mut console));
    match console.finish() {
        Ok(()) => exit.into(),
        Err(failure) => {
            // Standard output is full or closed; standard error may still work.
            anstream::eprintln!("error: {}", failure.message);
            failure.exit.into()
        }
    }
}

/// Returns whether invalid arguments are those of `gate` or `diff`: the exit code must differ from those of decisions and changes.
fn has_own_exit_codes(arguments: impl Iterator<Item = OsString>) -> bool {
    let mut arguments = arguments;
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            // The next argument is the value.
            Some("--format" | "--color" | "--project") => {
                arguments.next();
            }
            Some(option) if option.starts_with('-') => {}
            command => return matches!(command, Some("gate" | "diff")),
        }
    }
    false
}

fn run(cli: Cli, console: &mut Console) -> Result<Exit, Failure> {
    let cwd = std::env::current_dir().map_err(|cause| {
        Failure::io(format!(
            "cannot determine the working directory: {}",
            nthc::project::io_cause(&cause)
        ))
    })?;
    let context = Context {
        global: cli.global,
        cwd,
    };
    let only = match context.global.format {
        Format::Junit if !matches!(cli.command, Command::Test(_)) => Some(("junit", "test")),
        Format::Markdown if !matches!(cli.command, Command::Diff(_) | Command::Report(_)) => {
            Some(("markdown", "diff"))
        }
        _ => None,
    };
    if let Some((format, command)) = only {
        let failure = Failure::usage(format!("unsupported format `{format}`")).help(format!(
            "use it with `nthc {command}`; other commands print `human`, `short`, `json`, `sarif` or `github`",
        ));
        // The exit codes of `gate` and `diff` must differ from those of decisions and changes.
        return match cli.command {
            Command::Gate(_) | Command::Diff(_) => {
                report::show_failure(&failure, console);
                Ok(Exit::Misused)
            }
            _ => Err(failure),
        };
    }
    match cli.command {
        Command::Init(options) => init::run(&context, &options, console),
        Command::Check(options) => check::run(&context, &options, console),
        Command::Build(options) => build::run(&context, &options, console),
        Command::Test(options) => test::run(&context, &options, console),
        Command::Fmt(options) => fmt::run(&context, &options, console),
        Command::Preview(options) => preview::run(&context, &options, console),
        Command::Metrics(options) => metrics::run(&context, &options, console),
        Command::Import(options) => import::run(&context, &options, console),
        Command::Gate(options) => Ok(gate::run(&context, &options, console)),
        Command::Budget(options) => budget::run(&context, &options, console),
        Command::Ledger(options) => ledger::run(&context, &options, console),
        Command::Incidents(options) => incidents::run(&context, &options, console),
        Command::Deploys(options) => deploys::run(&context, &options, console),
        Command::Report(options) => book_report::run(&context, &options, console),
        Command::WhatIf(options) => what_if::run(&context, &options, console),
        Command::Backfill(options) => backfill::run(&context, &options, console),
        Command::Diff(options) => Ok(diff::run(&context, &options, console)),
        Command::Backtest(options) => backtest::run(&context, &options, console),
        Command::Record(options) => record::run(&context, &options, console),
        Command::Comment(options) => comment::run(&context, &options, console),
        Command::Explain(options) => explain::run(&options, console),
        Command::Completions(options) => Ok(completions::run(&options, console)),
        Command::Schema(_) => Ok(schema::run(console)),
        // `main` runs it without a console.
        Command::Lsp(_) => Ok(Exit::Ok),
    }
}
