//! Exit codes and failures of the command.

use std::process::ExitCode;

/// The result of a command, and its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 0: success. Warnings do not change that without `--deny-warnings`.
    Ok,
    /// 1: the input has errors, a `--check` found a difference, coverage is below `--fail-under`, or a test failed.
    Findings,
    /// 2: invalid usage, or no project was found.
    Usage,
    /// 3: a file could not be read or written, or a server gave no valid answer.
    Io,
    /// 1: a gate warns.
    Warned,
    /// 2: a gate denies.
    Denied,
    /// 2: two versions differ.
    Changed,
    /// 10: two versions differ by something that `--fail-on` or a level names.
    FailOn,
    /// 64: invalid usage of `gate` and `diff`. It is `EX_USAGE` of `sysexits.h`, and differs from the exit codes of decisions.
    Misused,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Ok => 0,
            Exit::Findings | Exit::Warned => 1,
            Exit::Usage | Exit::Denied | Exit::Changed => 2,
            Exit::Io => 3,
            Exit::FailOn => 10,
            Exit::Misused => 64,
        })
    }
}

/// The reason why a command could not do its work, on one line.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// The error, without a full stop.
    pub message: String,
    /// The solution, for the user.
    pub help: Option<String>,
}

impl Failure {
    /// Creates a failure for invalid usage.
    pub fn usage(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Usage,
            message: message.into(),
            help: None,
        }
    }

    /// Creates a failure to read or write something, or to get a valid answer from a server.
    pub fn io(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Io,
            message: message.into(),
            help: None,
        }
    }

    /// Sets the help.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl From<nthc::project::Error> for Failure {
    fn from(error: nthc::project::Error) -> Self {
        match error {
            nthc::project::Error::NoManifest { .. } => Self::usage(error.to_string()).help(
                "create a project with `nthc init`, point to one with `--project`, or pass a file",
            ),
            nthc::project::Error::Read { .. } => Self::io(error.to_string()),
        }
    }
}

impl From<nthc::output::Error> for Failure {
    fn from(error: nthc::output::Error) -> Self {
        let failure = Self::io(error.to_string());
        match error.is_partial {
            true => failure.help(
                "fix the cause and build again: some files were already replaced, and the next build \
                completes them",
            ),
            false => failure.help("no file was changed"),
        }
    }
}
