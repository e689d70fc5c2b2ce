//! Runs `tofu` or `terraform` without a terminal, with bounded output, and ends it after a time.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::DeliveryError;

/// The most bytes of an output that are read: a plan of a large state as JSON has tens of megabytes.
const MOST_OUTPUT: u64 = 256 * 1024 * 1024;

/// The most characters of an error that are kept.
const MOST_ERROR: usize = 4000;

/// The pause between two looks at a running program.
const PAUSE: Duration = Duration::from_millis(20);

/// Names of programs, in the order in which they are looked for.
const PROGRAMS: [&str; 2] = ["tofu", "terraform"];

/// The program, and the folder in which it runs.
#[derive(Debug, Clone)]
pub(super) struct Program {
    /// Its path.
    pub path: PathBuf,
    /// The folder of the root module.
    pub root: PathBuf,
    /// The workspace; `None` for the selected one.
    pub workspace: Option<String>,
    /// How long it may run.
    pub timeout: Duration,
}

/// What a program returned.
pub(super) struct Output {
    /// Its exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to its standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to its standard error, made safe to print.
    pub stderr: String,
}

impl Program {
    /// Finds OpenTofu or Terraform in the folders of `PATH`.
    pub fn find(path: Option<&OsStr>) -> Option<PathBuf> {
        let folders: Vec<PathBuf> = std::env::split_paths(path?).collect();
        PROGRAMS.iter().find_map(|name| {
            let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
            folders
                .iter()
                .map(|folder| folder.join(&file))
                .find(|candidate| candidate.is_file())
        })
    }

    /// Its name in messages: `terraform`.
    pub fn name(&self) -> String {
        let stem = self.path.file_stem().unwrap_or(self.path.as_os_str());
        stem.to_string_lossy().escape_debug().to_string()
    }

    /// Runs it. It asks nothing, uses no color, and does not look for newer versions of itself.
    ///
    /// # Errors
    ///
    /// If it cannot be started, writes too much, or does not end in time.
    pub fn run(&self, arguments: &[&OsStr]) -> Result<Output, DeliveryError> {
        let mut command = Command::new(&self.path);
        if let Some(workspace) = &self.workspace {
            command.env("TF_WORKSPACE", workspace);
        }
        let mut child = command
            .args(arguments)
            .current_dir(&self.root)
            .env("TF_IN_AUTOMATION", "1")
            .env("TF_INPUT", "0")
            .env("CHECKPOINT_DISABLE", "1")
            // Arguments that a person sets for the own terminal change what a command does.
            .env_remove("TF_CLI_ARGS")
            .env_remove("TF_CLI_ARGS_plan")
            .env_remove("TF_CLI_ARGS_apply")
            .env_remove("TF_CLI_ARGS_show")
            // Logs show requests with their headers.
            .env_remove("TF_LOG")
            .env_remove("TF_LOG_CORE")
            .env_remove("TF_LOG_PROVIDER")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|cause| self.error(&cause.to_string()))?;
        let stdout = child.stdout.take();
        let stderr = child.stderr.take();
        let stdout = thread::spawn(move || read(stdout));
        let stderr = thread::spawn(move || read(stderr));
        let code = self.wait(&mut child)?;
        let joined = |thread: thread::JoinHandle<io::Result<Vec<u8>>>| {
            thread
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("its output cannot be read")))
                .map_err(|cause| self.error(&cause.to_string()))
        };
        let stdout = joined(stdout)?;
        let stderr = joined(stderr)?;
        Ok(Output {
            code,
            stdout,
            stderr: printable(&String::from_utf8_lossy(&stderr)),
        })
    }

    /// Waits for its end, and ends it if that takes too long.
    fn wait(&self, child: &mut Child) -> Result<Option<i32>, DeliveryError> {
        let end = Instant::now().checked_add(self.timeout);
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return Ok(status.code()),
                Ok(None) => {}
                Err(cause) => return Err(self.error(&cause.to_string())),
            }
            if end.is_some_and(|end| Instant::now() >= end) {
                // It may have ended a moment ago.
                let _ = child.kill();
                let _ = child.wait();
                return Err(DeliveryError::Unavailable {
                    cause: format!(
                        "`{}` did not end within {} seconds",
                        self.name(),
                        self.timeout.as_secs()
                    ),
                });
            }
            thread::sleep(PAUSE);
        }
    }

    /// An error of the program.
    pub fn error(&self, cause: &str) -> DeliveryError {
        DeliveryError::Program {
            program: self.name(),
            cause: printable(cause),
        }
    }

    /// The folder of the root module, for messages.
    pub fn root(&self) -> &Path {
        &self.root
    }
}

/// Reads an output to its end.
fn read(stream: Option<impl Read>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        stream.take(MOST_OUTPUT).read_to_end(&mut bytes)?;
    }
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) >= MOST_OUTPUT {
        return Err(io::Error::other("it writes too much"));
    }
    Ok(bytes)
}

/// A message without control characters and frames, short.
fn printable(message: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in message.lines() {
        let line: String = line
            .chars()
            .filter(|letter| !letter.is_control() && !matches!(letter, '╷' | '│' | '╵'))
            .collect();
        let line = line.trim();
        if !line.is_empty() {
            lines.push(line.to_owned());
        }
    }
    let joined = lines.join(" ");
    match joined.char_indices().nth(MOST_ERROR) {
        Some((end, _)) => format!("{}…", joined.get(..end).unwrap_or_default()),
        None => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_framed_message_becomes_one_line() {
        let message =
            "╷\n│ Error: \u{1b}[31mSaved plan is stale\u{1b}[0m\n│ \n│ The given plan\n╵\n";
        assert_eq!(
            printable(message),
            "Error: [31mSaved plan is stale[0m The given plan"
        );
        let long = "é".repeat(MOST_ERROR + 1);
        assert_eq!(printable(&long).chars().count(), MOST_ERROR + 1);
        assert!(printable(&long).ends_with('…'));
    }
}
