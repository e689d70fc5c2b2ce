//! Outputs that were edited by hand.

use std::fs;

use crate::place::{Place, Ran};
use crate::project::{good, sources, write};

/// How often a warning of an edit is in what a command says.
fn told(ran: &Ran, path: &str) -> usize {
    let lines = ran.err.lines();
    lines
        .filter(|line| line.contains("N0625") && line.contains(path))
        .count()
}

#[test]
fn an_edited_file_that_is_no_longer_built_is_told_of_until_it_is_gone() {
    let place = Place::new();
    write(&place, 0..8, 1);
    good(&place.run(&["build"]));
    let path = "build/prometheus/s7.yaml";
    place.write(path, "edited\n");
    sources(&place, "", 0..7, 1);
    for round in 0..3 {
        let ran = place.run(&["build", "--format", "short"]);
        good(&ran);
        assert_eq!(told(&ran, path), 1, "round {round}: {ran:?}");
        assert_eq!(place.read(path), "edited\n");
    }
    let ran = place.run(&["build", "--check", "--format", "short"]);
    assert_eq!(told(&ran, path), 1, "{ran:?}");
    assert_eq!(place.run(&["build", "--deny-warnings"]).code, 1);
    fs::remove_file(place.path(path)).unwrap();
    let ran = place.run(&["build", "--format", "short"]);
    good(&ran);
    assert_eq!(told(&ran, path), 0, "{ran:?}");
    // A pipe in its place is not read, and told as well.
    place.write(
        "s7.nth",
        "import team.{payments}\nservice s7 { team = payments  selector = { job = \"x\" } }\n",
    );
    good(&place.run(&["build"]));
}

#[test]
fn edits_of_files_that_are_not_built_this_time_are_told() {
    let place = Place::new();
    write(&place, 0..2, 1);
    place.write(
        "environments.nth",
        "environment staging { selector = { env = \"s\" } }\nenvironment production { selector = { env = \"p\" } }\n",
    );
    good(&place.run(&["build"]));
    let path = "build/production/prometheus/s0.yaml";
    let good_text = place.read(path);
    place.write(path, "edited\n");
    for _ in 0..2 {
        let ran = place.run(&["build", "--env", "staging", "--format", "short"]);
        good(&ran);
        assert_eq!(told(&ran, path), 1, "{ran:?}");
        assert_eq!(place.read(path), "edited\n");
    }
    // Built with the others, it is written anew, and that is said.
    let ran = place.run(&["build", "--format", "short"]);
    assert_eq!(told(&ran, path), 1, "{ran:?}");
    assert_eq!(place.read(path), good_text);
    let ran = place.run(&["build", "--format", "short"]);
    assert_eq!(told(&ran, path), 0, "{ran:?}");
}
