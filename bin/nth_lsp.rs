#![forbid(unsafe_code)]
//! The `nth-lsp` command: `nthc lsp` under the name that editors look for. The language server is in `nthc`; this program
//! only starts it, so it links only the standard library.
//!
//! It runs the `nthc` in its own directory, or else the one on the `PATH`. On Unix the server replaces this process, so a
//! client has one process to talk to, watch and kill. On other systems this process waits for the server and returns its
//! exit code.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// The exit code of `nthc` if a file cannot be read.
const UNREADABLE: u8 = 3;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let beside = nthc_beside();
    let started = match &beside {
        Some(program) => match run(program, &arguments) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => None,
            started => Some((program.as_path(), started)),
        },
        None => None,
    };
    let (program, started) = started.unwrap_or_else(|| {
        let name = Path::new("nthc");
        (name, run(name, &arguments))
    });
    let message = match started {
        Ok(exit) => return exit,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            let directory = match beside.as_deref().and_then(Path::parent) {
                Some(directory) => format!("neither in {} nor", directory.display()),
                None => "not".to_owned(),
            };
            format!(
                "cannot find `nthc`, which contains the language server: it is {directory} on the PATH\n  \
                 help: install `nthc` in the directory of `nth-lsp`, or add its directory to the PATH"
            )
        }
        Err(cause) => format!("cannot start {}: {cause}", program.display()),
    };
    // The client need not read this.
    let _ = writeln!(io::stderr(), "error: {message}");
    ExitCode::from(UNREADABLE)
}

/// Returns the path of `nthc` in the directory of this program, even if it does not exist. `None` if the system does not
/// know that directory.
fn nthc_beside() -> Option<PathBuf> {
    let name = format!("nthc{}", std::env::consts::EXE_SUFFIX);
    Some(std::env::current_exe().ok()?.parent()?.join(name))
}

/// Replaces this process by `program lsp ARGUMENTS`. Returns only if that cannot be started.
#[cfg(unix)]
fn run(program: &Path, arguments: &[OsString]) -> io::Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;
    Err(Command::new(program).arg("lsp").args(arguments).exec())
}

/// Runs `program lsp ARGUMENTS` on the streams of this process, and returns its exit code.
#[cfg(not(unix))]
fn run(program: &Path, arguments: &[OsString]) -> io::Result<ExitCode> {
    let status = Command::new(program).arg("lsp").args(arguments).status()?;
    std::process::exit(status.code().unwrap_or(1))
}
