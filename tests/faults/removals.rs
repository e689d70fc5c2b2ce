//! Sources that are gone, and how much goes with them.

use std::fs;
use std::process::Command;

use crate::place::{Place, Ran, run};
use crate::project::{MANIFEST, built, good, sources, write};

fn project() -> Place {
    let place = Place::new();
    write(&place, 0..10, 1);
    good(&place.run(&["build"]));
    place
}

/// A build that removes nothing and says what to do.
fn refused(place: &Place, arguments: &[&str], code: &str) -> Ran {
    let before = built(place);
    let ran = place.run(&[arguments, &["--format", "short"]].concat());
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains(code), "{ran:?}");
    assert_eq!(built(place), before);
    ran
}

#[test]
fn without_sources_nothing_is_removed() {
    let place = project();
    place.write(".gitignore", "*.nth\n");
    for flags in [
        &["build"][..],
        &["build", "--allow-removals"],
        &["build", "--keep-going"],
    ] {
        let ran = refused(
            &place,
            flags,
            "nth.toml:1:2: error[N0630]: no sources in `.`",
        );
        assert!(ran.err.contains("N0628"), "{ran:?}");
    }
    assert_eq!(place.run(&["check"]).code, 1);
    fs::remove_file(place.path(".gitignore")).unwrap();

    fs::create_dir(place.path("empty")).unwrap();
    let empty = MANIFEST.replace("[project]", "[project]\nsource = \"empty\"");
    place.write("nth.toml", &empty);
    refused(
        &place,
        &["build"],
        "nth.toml:2:10: error[N0630]: no sources in `empty`",
    );
    // What the manifest says of teams is no second mistake.
    place.write(
        "nth.toml",
        format!("{empty}\n[alertmanager]\ndefault_team = \"payments\"\n"),
    );
    let ran = refused(&place, &["build"], "error[N0630]");
    assert!(!ran.err.contains("N0603"), "{ran:?}");
    place.write("nth.toml", &empty);
    // Sources that say nothing are sources, and all that stands would go.
    place.write("empty/main.nth", "// Nothing yet.\n");
    let ran = refused(&place, &["build"], "N0631");
    assert!(ran.err.contains("this build would remove all "), "{ran:?}");
}

#[test]
fn sources_and_the_output_folder_are_apart() {
    for output in [".", "../", "services"] {
        let place = Place::new();
        write(&place, 0..1, 1);
        place.write("services/x.nth", "team x { slack = \"#x\" }\n");
        place.write(
            "nth.toml",
            MANIFEST.replace("[project]", &format!("[project]\noutput = \"{output}\"")),
        );
        let before = place.files(".");
        let ran = place.run(&["build", "--format", "short"]);
        assert_eq!(ran.code, 1, "{output}: {ran:?}");
        assert!(
            ran.err.contains("nth.toml:2:10: error[N06"),
            "{output}: {ran:?}"
        );
        assert_eq!(place.files("."), before);
    }
    // Through a link, too.
    let place = Place::new();
    write(&place, 0..1, 1);
    std::os::unix::fs::symlink(".", place.path("build")).unwrap();
    let ran = place.run(&["build", "--format", "short"]);
    assert!(ran.err.contains("N0603"), "{ran:?}");
    fs::remove_file(place.path("build")).unwrap();
    for output in [".", ".."] {
        let ran = place.run(&["build", "--output", output]);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains("contains the sources"), "{ran:?}");
    }
}

#[test]
fn more_than_a_fifth_goes_only_where_that_is_allowed() {
    let place = project();
    let all = built(&place);
    // Two of ten services are a fifth.
    sources(&place, "", 0..8, 1);
    good(&place.run(&["build"]));
    sources(&place, "", 0..10, 1);
    good(&place.run(&["build"]));
    assert_eq!(built(&place), all);

    sources(&place, "", 0..6, 1);
    let ran = refused(
        &place,
        &["build"],
        "build/:1:1: error[N0631]: this build would remove 8 of the 23 files in build/",
    );
    assert_eq!(ran.err.matches("N0631").count(), 1, "{ran:?}");
    let human = place.run(&["build"]);
    for said in [
        "docs/s6.md, docs/s7.md",
        "--allow-removals",
        "shop was not built",
    ] {
        assert!(human.err.contains(said), "{said}: {human:?}");
    }
    // A look tells it as well, beside the changes.
    let ran = refused(&place, &["build", "--check"], "N0631");
    assert!(ran.out.contains("would remove build/docs/s6.md"), "{ran:?}");
    refused(&place, &["build", "--keep-going"], "N0631");
    let json = place.run(&["build", "--format", "json"]);
    assert!(json.out.contains("N0631"), "{json:?}");
    good(&place.run(&["build", "--allow-removals"]));
    assert!(!place.path("build/docs/s6.md").exists());
}

#[test]
fn a_renamed_service_is_no_removal() {
    let place = Place::new();
    write(&place, 0..1, 1);
    good(&place.run(&["build"]));
    sources(&place, "", 1..2, 1);
    good(&place.run(&["build"]));
    assert!(place.path("build/prometheus/s1.yaml").is_file());
    assert!(!place.path("build/prometheus/s0.yaml").exists());
}

#[test]
fn an_environment_or_a_target_that_is_taken_out_is_asked_for() {
    let place = Place::new();
    write(&place, 0..2, 1);
    let names = ["a", "b", "c", "d", "e", "f"];
    let environments = |names: &[&str]| {
        let declared = names
            .iter()
            .map(|name| format!("environment {name} {{ selector = {{ env = \"{name}\" }} }}\n"));
        declared.collect::<String>()
    };
    place.write("environments.nth", environments(&names));
    good(&place.run(&["build"]));
    // A sixth of all, and all of one.
    place.write("environments.nth", environments(&names[..5]));
    refused(
        &place,
        &["build"],
        "error[N0631]: this build would remove all 7 files in build/f/",
    );
    place.write("environments.nth", environments(&names));
    place.write("nth.toml", MANIFEST.replace("\"alertmanager\", ", ""));
    refused(
        &place,
        &["build"],
        "this build would remove 12 of the 42 files in build/",
    );
    let ran = refused(&place, &["build", "--env", "b"], "N0631");
    assert!(ran.err.contains("build/b/alertmanager/"), "{ran:?}");
    assert!(!ran.err.contains("build/a/"), "{ran:?}");
    good(&place.run(&["build", "--env", "b", "--allow-removals"]));
}

/// Runs the build on a terminal, which `script` makes, with an answer.
fn on_a_terminal(place: &Place, answer: &str) -> Option<Ran> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found = std::env::split_paths(&path).map(|folder| folder.join("script"));
    let Some(script) = found.find(|program| program.is_file()) else {
        eprintln!("skipped, no program `script` that makes a terminal");
        return None;
    };
    let binary = env!("CARGO_BIN_EXE_nthc");
    let mut command = Command::new(script);
    command
        .args(["-q", "-e", "-c", &format!("{binary} build"), "/dev/null"])
        .current_dir(place.path("."));
    Some(crate::place::with_stdin(&mut command, answer.as_bytes()))
}

#[test]
fn a_person_is_asked() {
    let place = project();
    let before = built(&place);
    sources(&place, "", 0..6, 1);
    let Some(declined) = on_a_terminal(&place, "n\n") else {
        return;
    };
    assert_eq!(declined.code, 1, "{declined:?}");
    for said in [
        "would remove 8 of the 23 files in build/",
        "docs/s6.md",
        "Remove them? [y/N]",
        "the removals were declined",
    ] {
        assert!(declined.out.contains(said), "{said}: {declined:?}");
    }
    assert_eq!(built(&place), before);
    let agreed = on_a_terminal(&place, "y\n").unwrap();
    assert_eq!(agreed.code, 0, "{agreed:?}");
    assert!(!place.path("build/docs/s6.md").exists());
    // Without a terminal, nobody is asked.
    good(&run(place.command(&["build"]).env("TERM", "dumb")));
}
