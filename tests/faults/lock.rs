//! The lock on an output folder.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

use crate::place::Place;
use crate::project::{built, expected, good, leftovers, sources, write};

const HOLDER: &str = r#"{"pid":4711,"host":"ci-7","command":"nthc build --env staging","since":"2026-01-02T03:04:05Z"}"#;

/// Holds the lock as another build does.
fn hold(place: &Place, holder: &str) -> File {
    place.write("build/.nthc-lock", holder);
    let file = File::open(place.path("build/.nthc-lock")).unwrap();
    file.try_lock().unwrap();
    file
}

#[test]
fn a_build_that_does_not_wait_names_who_holds_the_lock() {
    let place = Place::new();
    write(&place, 0..2, 1);
    let held = hold(&place, HOLDER);
    let ran = place.run(&["build", "--lock-timeout", "0s"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    for said in [
        "process 4711 on ci-7 (`nthc build --env staging`), for ",
        "--lock-timeout",
        "no file was changed",
    ] {
        assert!(ran.err.contains(said), "{said}: {ran:?}");
    }
    assert!(built(&place).is_empty());
    drop(held);
    good(&place.run(&["build", "--lock-timeout", "0s"]));
    assert!(leftovers(&place).is_empty());
    // What needs no writing needs no lock.
    let held = hold(&place, HOLDER);
    fs::remove_file(place.path("build/.nthc-lock")).unwrap();
    good(&place.run(&["build", "--lock-timeout", "0s"]));
    drop(held);
    // What another process wrote into it does no harm to a terminal.
    let held = hold(&place, &HOLDER.replace("ci-7", "\\u001b[31mci-7"));
    sources(&place, "", 0..2, 2);
    let ran = place.run(&["build", "--lock-timeout", "1ms"]);
    assert!(ran.err.contains("on [31mci-7 ("), "{ran:?}");
    drop(held);
}

#[test]
fn a_build_waits_for_another_one_and_says_so() {
    let place = Place::new();
    write(&place, 0..2, 1);
    let held = hold(&place, HOLDER);
    let mut child = place
        .command(&["build", "--lock-timeout", "10m"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(
        line.starts_with("waiting for another build that writes to build: process 4711 on ci-7 (`nthc build --env staging`), for "),
        "{line}"
    );
    assert!(line.contains("giving up after 10m"), "{line}");
    assert!(built(&place).is_empty());
    drop(held);
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{rest}");
    assert_eq!(built(&place), expected(0..2, 1));
}

#[test]
fn what_dead_builds_left_is_cleared_away() {
    let place = Place::new();
    write(&place, 0..2, 1);
    good(&place.run(&["build"]));
    let before = built(&place);
    place.write("build/.nthc-staging-dead01/0", "half");
    place.write("build/.nthc-lock", HOLDER);
    place.write("build/.nthc-aB3dE9", "{");
    // These are nobody's of ours.
    place.write("build/.nthc-notes.txt", "mine");
    let ran = place.run(&["build"]);
    good(&ran);
    assert!(ran.err.contains("0 written, 0 removed"), "{ran:?}");
    assert_eq!(leftovers(&place), [".nthc-notes.txt"]);
    assert_eq!(built(&place), before);
}

#[test]
fn a_link_in_the_locks_place_is_not_written_through() {
    let place = Place::new();
    write(&place, 0..2, 1);
    place.write("mine.txt", "mine");
    fs::create_dir(place.path("build")).unwrap();
    std::os::unix::fs::symlink("../mine.txt", place.path("build/.nthc-lock")).unwrap();
    let ran = place.run(&["build"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.err
            .contains("cannot lock build/.nthc-lock: it is a symbolic link"),
        "{ran:?}"
    );
    assert_eq!(place.read("mine.txt"), "mine");
}
