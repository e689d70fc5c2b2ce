//! Programs of npm, which `tests/tools/install` puts into `target/tools/npm`.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::support::programs;

/// The folder of the installed packages. Without it the test is skipped and says so; in CI it fails.
pub fn packages() -> Option<PathBuf> {
    let packages = programs::install_folder().join("npm/node_modules");
    if packages.join("mermaid").is_dir() {
        return Some(packages);
    }
    programs::report_uninstalled("mermaid and markdownlint-cli2");
    None
}

/// Runs a script of Node.js on what it reads.
pub fn run(arguments: &[&str], input: &str, prepare: impl Fn(&mut Command)) -> Option<Output> {
    use std::io::Write as _;
    let node = programs::find(&["node", "nodejs"])?;
    let mut command = Command::new(node);
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    prepare(&mut command);
    let mut child = command.spawn().expect("node starts");
    let mut stdin = child.stdin.take().expect("it reads");
    stdin.write_all(input.as_bytes()).expect("it is given");
    drop(stdin);
    Some(child.wait_with_output().expect("node ends"))
}
