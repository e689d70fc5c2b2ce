//! `nth-lsp`, which starts `nthc lsp`: which `nthc`, with what, and that nothing is between an editor and the server.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::ffi::OsStr;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::json;
use tempfile::TempDir;

/// A directory with these programs. They are hard links, because a link by name leads `nth-lsp` to where it was built,
/// and a copy may be refused while another test starts a process. `target` is on the same disk as the programs.
fn installed(programs: &[&str]) -> TempDir {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    for name in programs {
        let built = match *name {
            "nthc" => env!("CARGO_BIN_EXE_nthc"),
            "nth-lsp" => env!("CARGO_BIN_EXE_nth-lsp"),
            other => panic!("{other} is no program of this package"),
        };
        fs::hard_link(built, program(folder.path(), name)).unwrap();
    }
    folder
}

fn program(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// The `nth-lsp` of a directory, where the `PATH` is one other directory.
fn launcher(folder: &TempDir, path: &Path) -> Command {
    let mut command = Command::new(program(folder.path(), "nth-lsp"));
    command.env("PATH", path);
    command
}

/// Output with an empty standard input.
fn output(mut command: Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// A conversation that has begun.
fn greeted(mut command: Command) -> Child {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    send(
        &mut child,
        &json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": { "capabilities": {} } }),
    );
    let mut answer = [0; 16];
    let output = child.stdout.as_mut().unwrap();
    output.read_exact(&mut answer).unwrap();
    assert_eq!(text(&answer), "Content-Length: ");
    child
}

fn send(child: &mut Child, message: &serde_json::Value) {
    let body = message.to_string();
    let input = child.stdin.as_mut().unwrap();
    write!(input, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
}

/// Reads standard output to its end, which comes when no process holds it any more.
fn drain(child: &mut Child) {
    let mut rest = Vec::new();
    let mut output = child.stdout.take().unwrap();
    output.read_to_end(&mut rest).unwrap();
}

#[test]
fn arguments_reach_the_server() {
    let both = installed(&["nth-lsp", "nthc"]);
    let nowhere = tempfile::tempdir().unwrap();
    for arguments in [&["--version"][..], &["--stdio", "-V"]] {
        let mut command = launcher(&both, nowhere.path());
        command.args(arguments);
        let ran = output(command);
        let version = format!("nth-lsp {}\n", env!("CARGO_PKG_VERSION"));
        assert_eq!(text(&ran.stdout), version);
        assert_eq!(ran.status.code(), Some(0));
    }
    let mut command = launcher(&both, nowhere.path());
    command.args(["--of its own"]);
    let ran = output(command);
    assert_eq!(ran.status.code(), Some(2));
    let said = text(&ran.stderr);
    assert!(
        said.contains("unexpected argument '--of its own'"),
        "{said}"
    );
    assert!(said.contains("Usage: nthc lsp"), "{said}");
}

#[cfg(unix)]
#[test]
fn arguments_need_not_be_text() {
    use std::os::unix::ffi::OsStrExt as _;
    let both = installed(&["nth-lsp", "nthc"]);
    let mut command = launcher(&both, both.path());
    command.arg(OsStr::from_bytes(b"--\xFF"));
    assert_eq!(
        output(command).status.code(),
        Some(2),
        "as `nthc` judges it"
    );
}

#[test]
fn exit_codes_are_those_of_the_server() {
    let both = installed(&["nth-lsp", "nthc"]);
    let mut child = greeted(launcher(&both, both.path()));
    drop(child.stdin.take());
    drain(&mut child);
    assert_eq!(
        child.wait().unwrap().code(),
        Some(1),
        "the end of standard input"
    );

    let mut child = greeted(launcher(&both, both.path()));
    send(
        &mut child,
        &json!({ "jsonrpc": "2.0", "id": 2, "method": "shutdown" }),
    );
    send(&mut child, &json!({ "jsonrpc": "2.0", "method": "exit" }));
    drain(&mut child);
    assert_eq!(
        child.wait().unwrap().code(),
        Some(0),
        "`shutdown` and `exit`"
    );
}

#[test]
fn a_killed_launcher_leaves_no_server_behind() {
    let both = installed(&["nth-lsp", "nthc"]);
    let mut child = greeted(launcher(&both, both.path()));
    child.kill().unwrap();
    // On Windows the server is a process of its own, which ends with its input.
    #[cfg(not(unix))]
    drop(child.stdin.take());
    // A server that goes on would hold this open.
    drain(&mut child);
    child.wait().unwrap();
}

#[test]
fn nthc_may_be_on_the_path() {
    let alone = installed(&["nth-lsp"]);
    let other = installed(&["nthc"]);
    let mut command = launcher(&alone, other.path());
    command.arg("--version");
    let ran = output(command);
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stderr));
    assert!(text(&ran.stdout).starts_with("nth-lsp "));
}

/// The process that an editor started is the server itself, of the `nthc` that was installed with `nth-lsp`.
#[cfg(target_os = "linux")]
#[test]
fn the_nthc_of_the_same_directory_comes_first() {
    let both = installed(&["nth-lsp", "nthc"]);
    let other = installed(&["nthc"]);
    let mut child = greeted(launcher(&both, other.path()));
    let running = fs::read_link(format!("/proc/{}/exe", child.id())).unwrap();
    assert_eq!(running, both.path().canonicalize().unwrap().join("nthc"));
    // A link in another directory is enough to find both.
    let links = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(both.path().join("nth-lsp"), links.path().join("nth-lsp")).unwrap();
    let mut linked = greeted(launcher(&links, links.path()));
    let running = fs::read_link(format!("/proc/{}/exe", linked.id())).unwrap();
    assert_eq!(running, both.path().canonicalize().unwrap().join("nthc"));
    for child in [&mut child, &mut linked] {
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
fn without_nthc_it_says_so() {
    let alone = installed(&["nth-lsp"]);
    let ran = output(launcher(&alone, alone.path()));
    assert_eq!(ran.status.code(), Some(3));
    assert!(ran.stdout.is_empty());
    let said = text(&ran.stderr).replace(alone.path().to_str().unwrap(), "DIR");
    assert_eq!(
        said,
        "error: cannot find `nthc`, which contains the language server: it is neither in DIR nor on the PATH\n  \
         help: install `nthc` in the directory of `nth-lsp`, or add its directory to the PATH\n"
    );
}

#[cfg(unix)]
#[test]
fn an_nthc_that_cannot_be_run_is_named() {
    let alone = installed(&["nth-lsp"]);
    let nthc = alone.path().join("nthc");
    fs::write(&nthc, "no program").unwrap();
    let other = installed(&["nthc"]);
    let ran = output(launcher(&alone, other.path()));
    assert_eq!(ran.status.code(), Some(3), "another one must not hide it");
    let said = text(&ran.stderr);
    let wanted = format!("error: cannot start {}: Permission denied", nthc.display());
    assert!(said.starts_with(&wanted), "{said}");
}
