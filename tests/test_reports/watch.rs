//! Runs after each change.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use crate::place::Place;
use crate::{MORE, passing, programs, project};

/// `nthc test --watch`, which ends with the test.
struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    fn start(place: &Place, args: &[&str]) -> Self {
        // One pipe for both streams keeps the order of their lines.
        let mut command = Command::new("sh");
        let mut child = command
            .args(["-c", "exec \"$@\" 2>&1", "sh", env!("CARGO_BIN_EXE_nthc")])
            .args(["test", "--watch"])
            .args(args)
            .current_dir(place.path(""))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (send, lines) = channel();
        let out = child.stdout.take().unwrap();
        thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                let _ = send.send(line);
            }
        });
        Self { child, lines }
    }

    /// Returns what is printed until a run has ended that prints a text. Editors write twice; others may be in between.
    fn run_with(&self, text: &str) -> String {
        let mut seen = String::new();
        loop {
            let line = self
                .lines
                .recv_timeout(programs::PATIENCE)
                .unwrap_or_else(|_| panic!("{text} is not in {seen}"));
            let is_end = line.ends_with("watching for changes; press Ctrl+C to stop");
            seen += &(line + "\n");
            if is_end && seen.contains(text) {
                return seen;
            }
        }
    }

    /// Interrupts, and returns the exit code.
    fn interrupt(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status().unwrap();
        assert!(sent.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn tests_run_again_after_each_change() {
    let place = passing();
    let watching = Watching::start(&place, &["--html", "report.html"]);
    let seen = watching.run_with("2 tests: 2 passed");
    assert!(!seen.contains('\u{1b}'), "{seen}");
    // An error does not end it.
    place.write("tests/new.nth", "test \"new\" {\n");
    watching.run_with("no test was run: ");
    // A new file.
    place.write("tests/new.nth", MORE);
    let seen = watching.run_with("3 tests: 2 passed, 1 failed");
    assert!(seen.contains("failed  a full queue (production)"), "{seen}");
    assert!(!seen.contains("passed  a quiet day"), "{seen}");
    assert!(
        place
            .read("report.html")
            .contains("3 tests: 2 passed, 1 failed")
    );
    // A file that is gone.
    std::fs::remove_file(place.path("tests/new.nth")).unwrap();
    watching.run_with("2 tests: 2 passed");
    // No project for a moment.
    let manifest = place.read("nth.toml");
    std::fs::remove_file(place.path("nth.toml")).unwrap();
    watching.run_with("nth.toml");
    place.write("nth.toml", manifest);
    watching.run_with("2 tests: 2 passed");
    assert_eq!(watching.interrupt(), Some(0));
}

#[test]
fn the_last_result_is_the_exit_code() {
    let place = project();
    let watching = Watching::start(&place, &["queue"]);
    watching.run_with("1 test: 0 passed, 1 failed");
    assert_eq!(watching.interrupt(), Some(1));
    let watching = Watching::start(&place, &["nothing has this name"]);
    watching.run_with("unknown test `nothing has this name`");
    assert_eq!(watching.interrupt(), Some(2));
}

#[test]
fn programs_read_one_document() {
    let place = project();
    for format in ["json", "junit", "github"] {
        let ran = place.run(&["test", "--watch", "--format", format]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
        assert!(ran.err.contains("--format short"), "{ran:?}");
    }
}
