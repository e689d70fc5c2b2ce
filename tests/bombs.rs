//! Whatever a file says, a build and the formatter end, within half a gigabyte, with an answer or with a diagnostic.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "faults/list.rs"]
mod list;

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use list::{Bomb, Expected, bombs};

/// The most memory that a command may have had, in KiB.
const MEMORY: u64 = 512 * 1024;

/// What the system lets it have at most, in KiB of addresses: stacks and arenas are set aside and not used.
const ADDRESSES: u64 = 3 * 1024 * 1024;

/// How a command ended.
struct Ran {
    code: Option<i32>,
    said: String,
    memory: u64,
    took: Duration,
}

fn binary() -> PathBuf {
    std::env::var_os("NTH_BOMBS_BINARY")
        .map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_nthc")), PathBuf::from)
}

/// Runs the binary where it can't take the machine's memory, and looks at how much it has.
fn run(folder: &Path, arguments: &[&str]) -> Ran {
    let started = Instant::now();
    let mut child = Command::new("sh")
        .arg("-c")
        .arg(format!("ulimit -v {ADDRESSES}; exec \"$0\" \"$@\""))
        .arg(binary())
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut err = child.stderr.take().unwrap();
    let reader = thread::spawn(move || {
        let mut said = String::new();
        out.read_to_string(&mut said).unwrap();
        said
    });
    let other = thread::spawn(move || {
        let mut said = String::new();
        err.read_to_string(&mut said).unwrap();
        said
    });
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut memory = 0;
    let exit = loop {
        memory = memory.max(peak(&status));
        if let Some(exit) = child.try_wait().unwrap() {
            break exit;
        }
        thread::sleep(Duration::from_millis(2));
    };
    Ran {
        code: exit.code(),
        said: reader.join().unwrap() + &other.join().unwrap(),
        memory,
        took: started.elapsed(),
    }
}

/// The most memory that a process has had so far, in KiB: the system remembers it while the process is there.
fn peak(status: &Path) -> u64 {
    let text = fs::read_to_string(status).unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

fn project(bomb: &Bomb) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("nth.toml"),
        "[project]\nname = \"bomb\"\nsource = \"src\"\n",
    )
    .unwrap();
    fs::create_dir(folder.path().join("src")).unwrap();
    fs::write(folder.path().join("src/a.nth"), (bomb.text)()).unwrap();
    folder
}

/// What is wrong with how it ended, if anything is.
fn wrong(bomb: &Bomb, ran: &Ran) -> Option<String> {
    let said: String = ran.said.chars().take(2_000).collect();
    if ran.memory > MEMORY {
        return Some(format!("{} KiB of memory", ran.memory));
    }
    match bomb.expected {
        Expected::Fine if ran.code != Some(0) => Some(format!("{:?}: {said}", ran.code)),
        Expected::Code(code) if ran.code != Some(1) || !ran.said.contains(&format!("[{code}]")) => {
            Some(format!("{:?} instead of {code}: {said}", ran.code))
        }
        Expected::Warned(code) if ran.code != Some(0) || !ran.said.contains(&format!("[{code}]")) => {
            Some(format!("{:?} instead of {code}: {said}", ran.code))
        }
        _ => None,
    }
}

/// All bombs in the two commands, and what is wrong with how each ended.
fn all(arguments: &[&str], judge: impl Fn(&Bomb, &Ran) -> Option<String>) {
    let only = std::env::var("NTH_BOMB").unwrap_or_default();
    let mut failed = Vec::new();
    for bomb in bombs().into_iter().filter(|bomb| bomb.name.contains(&only)) {
        let folder = project(&bomb);
        let ran = run(folder.path(), arguments);
        println!(
            "{:45} {:?} {:6} ms {:4} MiB",
            bomb.name,
            ran.code,
            ran.took.as_millis(),
            ran.memory / 1024
        );
        if let Some(wrong) = judge(&bomb, &ran) {
            failed.push(format!("{}: {wrong}", bomb.name));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

#[test]
fn every_build_ends() {
    all(&["build", "--format", "short"], wrong);
}

#[test]
fn every_run_of_the_formatter_ends() {
    all(&["fmt", "--check", "--format", "short"], |_, ran| {
        let ended = matches!(ran.code, Some(0 | 1)) && ran.memory <= MEMORY;
        (!ended).then(|| format!("{:?}, {} KiB: {:.2000}", ran.code, ran.memory, ran.said))
    });
}
