//! Links, pipes and folders where a build's files should be: each is named once, nothing is read or written through
//! it, and all else stays as it was.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::process::Command;

use crate::place::{Place, Ran};
use crate::project::{built, good, leftovers, sources, write};

fn pipe(place: &Place, path: &str) {
    let made = Command::new("mkfifo")
        .arg(place.path(path))
        .status()
        .unwrap();
    assert!(made.success());
}

fn project() -> Place {
    let place = Place::new();
    write(&place, 0..6, 1);
    good(&place.run(&["build"]));
    place
}

fn lines<'a>(ran: &'a Ran, path: &str) -> Vec<&'a str> {
    let lines = ran.err.lines();
    lines
        .filter(|line| line.starts_with(&format!("{path}:")))
        .collect()
}

#[test]
fn what_is_no_file_in_an_outputs_place_is_named_and_nothing_is_written() {
    let place = project();
    place.write("elsewhere/mine.yaml", "mine");
    let folder = "build/prometheus";
    sources(&place, "", 0..6, 2);
    for number in 0..5 {
        fs::remove_file(place.path(&format!("{folder}/s{number}.yaml"))).unwrap();
    }
    symlink(
        place.path("elsewhere/mine.yaml"),
        place.path(&format!("{folder}/s0.yaml")),
    )
    .unwrap();
    symlink("nowhere", place.path(&format!("{folder}/s1.yaml"))).unwrap();
    pipe(&place, &format!("{folder}/s2.yaml"));
    fs::create_dir(place.path(&format!("{folder}/s3.yaml"))).unwrap();
    let _socket = UnixListener::bind(place.path(&format!("{folder}/s4.yaml"))).unwrap();
    let untouched = place.read("build/prometheus/s5.yaml");
    for arguments in [
        &["build", "--format", "short"][..],
        &["build", "--check", "--format", "short"],
    ] {
        let ran = place.run(arguments);
        assert_eq!(ran.code, 1, "{ran:?}");
        for (number, what) in [
            (0, "is a symbolic link"),
            (1, "is a symbolic link"),
            (2, "is a named pipe"),
            (3, "is a directory"),
            (4, "is a socket"),
        ] {
            let told = lines(&ran, &format!("{folder}/s{number}.yaml"));
            assert_eq!(told.len(), 1, "{number}: {ran:?}");
            assert!(told[0].contains(what), "{told:?}");
        }
        assert!(
            lines(&ran, &format!("{folder}/s5.yaml")).is_empty(),
            "{ran:?}"
        );
    }
    assert_eq!(place.read("elsewhere/mine.yaml"), "mine");
    assert_eq!(place.read("build/prometheus/s5.yaml"), untouched);
    assert!(leftovers(&place).is_empty());
    // What was said is enough to mend it.
    fs::remove_dir_all(place.path(folder)).unwrap();
    good(&place.run(&["build"]));
    assert!(place.read("build/prometheus/s5.yaml").contains("> 20"));
}

#[test]
fn what_took_the_place_of_a_file_that_goes_stays_and_is_told() {
    let place = project();
    place.write("mine.txt", "mine");
    let [link, pipe_path] = ["build/prometheus/s5.yaml", "build/docs/s5.md"];
    sources(&place, "", 0..5, 1);
    for path in [link, pipe_path] {
        fs::remove_file(place.path(path)).unwrap();
    }
    symlink("../../mine.txt", place.path(link)).unwrap();
    pipe(&place, pipe_path);
    for _ in 0..2 {
        let ran = place.run(&["build", "--format", "short"]);
        good(&ran);
        assert!(
            lines(&ran, link)[0].contains("is a symbolic link now and is no longer generated"),
            "{ran:?}"
        );
        assert!(
            lines(&ran, pipe_path)[0].contains("is a named pipe now and is no longer generated"),
            "{ran:?}"
        );
    }
    assert_eq!(place.read("mine.txt"), "mine");
    assert!(fs::symlink_metadata(place.path(link)).unwrap().is_symlink());
}

#[test]
fn the_record_is_read_and_written_through_no_link() {
    let place = project();
    let record = "build/.nthc-manifest.json";
    let before = built(&place);
    place.write("mine.json", place.read(record));
    sources(&place, "", 0..6, 2);
    for made in [
        |place: &Place| symlink("../mine.json", place.path("build/.nthc-manifest.json")).unwrap(),
        |place: &Place| {
            symlink(
                "/proc/self/environ",
                place.path("build/.nthc-manifest.json"),
            )
            .unwrap()
        },
        |place: &Place| symlink("nowhere", place.path("build/.nthc-manifest.json")).unwrap(),
        |place: &Place| pipe(place, "build/.nthc-manifest.json"),
    ] {
        fs::remove_file(place.path(record)).unwrap();
        made(&place);
        let kept = place.read("mine.json");
        let ran = place.run(&["build", "--format", "sarif"]);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.out.contains("N0621"), "{ran:?}");
        assert!(!ran.out.contains("PATH="), "{ran:?}");
        assert_eq!(built_files(&place), before);
        assert_eq!(place.read("mine.json"), kept);
    }
    fs::remove_file(place.path(record)).unwrap();
    fs::rename(place.path("mine.json"), place.path(record)).unwrap();
    good(&place.run(&["build"]));
}

/// As `built`, where the record cannot be read.
fn built_files(place: &Place) -> crate::project::Files {
    let mut files = crate::project::Files::new();
    for folder in ["prometheus", "alertmanager", "docs"] {
        for (path, text) in place.files(&format!("build/{folder}")) {
            files.insert(format!("{folder}/{path}"), text);
        }
    }
    files
}

#[test]
fn an_output_folder_that_leads_out_of_the_project_is_refused() {
    let elsewhere = Place::new();
    elsewhere.write("keep.txt", "mine");
    let place = Place::new();
    write(&place, 0..1, 1);
    symlink(elsewhere.path("."), place.path("build")).unwrap();
    let ran = place.run(&["build", "--format", "short"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("N0633"), "{ran:?}");
    assert_eq!(elsewhere.names("."), ["keep.txt"]);
    // Named by itself, it is meant.
    fs::remove_file(place.path("build")).unwrap();
    let folder = elsewhere.path("out");
    good(&place.run(&["build", "--output", folder.to_str().unwrap()]));
    // Within the project, a link is a folder like others.
    fs::create_dir(place.path("rules")).unwrap();
    symlink("rules", place.path("build")).unwrap();
    good(&place.run(&["build"]));
    assert!(place.path("rules/prometheus/s0.yaml").is_file());
    // One that leads nowhere is told.
    fs::remove_dir_all(place.path("rules")).unwrap();
    let ran = place.run(&["build", "--format", "short"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("dangling link `build`"), "{ran:?}");
    let ran = place.run(&["build", "--output", "build/"]);
    assert_ne!(ran.code, 0, "{ran:?}");
}
