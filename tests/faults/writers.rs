//! Other commands that write files: they write regular files, whole, and through no link out of the project.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::place::Place;
use crate::project::{good, write};

const UNTIDY: &str = "team x {\n      slack = \"#x\"\n}\n";
const TIDY: &str = "team x {\n  slack = \"#x\"\n}\n";

fn pipe(place: &Place, path: &str) {
    let made = Command::new("mkfifo")
        .arg(place.path(path))
        .status()
        .unwrap();
    assert!(made.success());
}

#[test]
fn fmt_leaves_what_a_link_leads_out_to() {
    let elsewhere = Place::new();
    elsewhere.write("x.nth", UNTIDY);
    let place = Place::new();
    write(&place, 0..1, 1);
    place.write("own.nth", UNTIDY);
    place.write("common/y.nth", UNTIDY);
    symlink(elsewhere.path("x.nth"), place.path("out.nth")).unwrap();
    symlink("nowhere", place.path("gone.nth")).unwrap();
    symlink("common/y.nth", place.path("within.nth")).unwrap();
    pipe(&place, "pipe.nth");
    let ran = place.run(&[
        "fmt",
        "out.nth",
        "gone.nth",
        "pipe.nth",
        "within.nth",
        "own.nth",
    ]);
    assert_eq!(ran.code, 3, "{ran:?}");
    for said in [
        "cannot read out.nth: it is a symbolic link out of the project",
        "cannot read gone.nth: it is a dangling symbolic link",
        "cannot read pipe.nth: it is a named pipe, not a regular file",
    ] {
        assert_eq!(ran.err.matches(said).count(), 1, "{said}: {ran:?}");
    }
    assert_eq!(elsewhere.read("x.nth"), UNTIDY);
    // The rest went on, and a link within the project stays one.
    assert_eq!(place.read("own.nth"), TIDY);
    assert_eq!(place.read("common/y.nth"), TIDY);
    assert!(
        fs::symlink_metadata(place.path("within.nth"))
            .unwrap()
            .is_symlink()
    );
}

#[test]
fn fmt_that_cannot_write_a_file_leaves_it_whole() {
    let place = Place::new();
    let long = format!("{UNTIDY}\n// {}\n", "x".repeat(4096));
    place.write("x.nth", &long);
    let mut shell = Command::new("sh");
    shell
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 1; exec \"$0\" fmt x.nth",
            env!("CARGO_BIN_EXE_nthc"),
        ])
        .current_dir(place.path("."));
    let ran = crate::place::run(&mut shell);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.err.contains("cannot write x.nth: file too large"),
        "{ran:?}"
    );
    assert_eq!(place.read("x.nth"), long);
    assert_eq!(place.names("."), ["x.nth"]);
}

#[test]
fn import_reads_and_writes_regular_files() {
    let place = Place::new();
    place.write(
        "in/a.yaml",
        "apiVersion: openslo/v1\nkind: Service\nmetadata: { name: web }\nspec: {}\n",
    );
    pipe(&place, "in/b.yaml");
    symlink("/etc/hostname", place.path("in/c.yaml")).unwrap();
    let ran = place.run(&["import", "openslo", "in", "-o", "made.nth"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    for said in [
        "cannot read in/b.yaml: it is a named pipe",
        "cannot read in/c.yaml: it is a symbolic link out of",
    ] {
        assert_eq!(ran.err.matches(said).count(), 1, "{said}: {ran:?}");
    }
    assert!(!place.path("made.nth").exists());
    fs::remove_file(place.path("in/b.yaml")).unwrap();
    fs::remove_file(place.path("in/c.yaml")).unwrap();
    // What is overwritten by force is a file, not what a link leads to.
    place.write("mine.txt", "mine");
    symlink("mine.txt", place.path("made.nth")).unwrap();
    let ran = place.run(&["import", "openslo", "in", "-o", "made.nth", "--force"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.err
            .contains("cannot write made.nth: it is a symbolic link"),
        "{ran:?}"
    );
    assert_eq!(place.read("mine.txt"), "mine");
}

#[test]
fn init_writes_through_no_link() {
    let place = Place::new();
    fs::create_dir(place.path("elsewhere")).unwrap();
    symlink("elsewhere", place.path("services")).unwrap();
    let ran = place.run(&["init", "--name", "shop"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("services is not a directory"), "{ran:?}");
    assert!(place.names("elsewhere").is_empty());
    fs::remove_file(place.path("services")).unwrap();
    good(&place.run(&["init", "--name", "shop"]));
}

#[test]
fn the_lock_of_metrics_is_read_and_written_through_no_link_out() {
    let place = Place::new();
    write(&place, 0..1, 1);
    symlink("/proc/self/environ", place.path("nth.metrics.lock")).unwrap();
    for arguments in [
        &["check", "--format", "sarif"][..],
        &["metrics", "pull", "--prometheus", "http://127.0.0.1:9"],
    ] {
        let ran = place.run(arguments);
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(
            ran.err
                .contains("nth.metrics.lock: it is a symbolic link out of the project"),
            "{ran:?}"
        );
        assert!(
            !format!("{}{}", ran.out, ran.err).contains("PATH="),
            "{ran:?}"
        );
    }
}

#[test]
fn a_manifest_is_read_through_no_link_out() {
    let place = Place::new();
    write(&place, 0..1, 1);
    fs::remove_file(place.path("nth.toml")).unwrap();
    symlink("/proc/self/environ", place.path("nth.toml")).unwrap();
    for arguments in [
        &["check", "--format", "sarif"][..],
        &["build", "--format", "json"],
    ] {
        let ran = place.run(arguments);
        let told = format!("{}{}", ran.out, ran.err);
        assert_ne!(ran.code, 0, "{ran:?}");
        assert!(
            told.contains("nth.toml: it is a symbolic link out of the project"),
            "{ran:?}"
        );
        assert!(!told.contains("PATH="), "{ran:?}");
    }
}
