//! How the command ends.

use std::process::ExitCode;

/// A command's end, and the exit code that stands for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 0: all is well. Warnings do not change that, unless `--deny-warnings` is given.
    Ok,
    /// 1: the input has errors, a `--check` found a difference, or coverage is below `--fail-under`.
    Found,
    /// 2: the command was used wrongly, or where there is no project.
    Usage,
    /// 3: a file could not be read or written, or a server gave no good answer.
    Io,
    /// 1: a gate warns.
    Warned,
    /// 2: a gate denies.
    Denied,
    /// 64: a gate was asked for wrongly. It is `EX_USAGE` of `sysexits.h`, and none of a gate's answers.
    Misused,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Ok => 0,
            Exit::Found | Exit::Warned => 1,
            Exit::Usage | Exit::Denied => 2,
            Exit::Io => 3,
            Exit::Misused => 64,
        })
    }
}

/// Why a command could not do its work, as one line for a person.
#[derive(Debug)]
pub struct Failure {
    /// How the command ends.
    pub exit: Exit,
    /// What went wrong, without a full stop.
    pub message: String,
    /// What to do about it, a sentence.
    pub help: Option<String>,
}

impl Failure {
    /// The command was used wrongly.
    pub fn usage(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Usage,
            message: message.into(),
            help: None,
        }
    }

    /// Something could not be read or written, or a server gave no good answer.
    pub fn io(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Io,
            message: message.into(),
            help: None,
        }
    }

    /// Adds what to do about it.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl From<crate::project::Error> for Failure {
    fn from(error: crate::project::Error) -> Self {
        match error {
            crate::project::Error::NoManifest { .. } => Self::usage(error.to_string()).help(
                "create a project with `nthc init`, point to one with `--project`, or pass a file",
            ),
            crate::project::Error::Read { .. } => Self::io(error.to_string()),
        }
    }
}

impl From<crate::output::Error> for Failure {
    fn from(error: crate::output::Error) -> Self {
        let failure = Self::io(error.to_string());
        match error.is_part {
            true => failure.help(
                "fix the cause and build again: some files were already replaced, and the next build \
                completes them",
            ),
            false => failure.help("no file was changed"),
        }
    }
}
