//! Two builds at once write to one folder.

use std::process::Stdio;

use crate::place::Place;
use crate::project::{MANIFEST, built, expected, good, leftovers, rounds, write};

#[test]
fn two_builds_at_once_leave_what_one_of_them_makes() {
    let races = rounds("NTH_RACES", 60);
    let states = [(0..3, 1), (2..5, 2)];
    let made = states
        .clone()
        .map(|(services, limit)| expected(services, limit));
    let place = Place::new();
    place.write("nth.toml", MANIFEST);
    for (name, (services, limit)) in ["one", "other"].into_iter().zip(states.clone()) {
        let own = Place::new();
        write(&own, services, limit);
        for (path, text) in own.files(".") {
            place.write(&format!("{name}/{path}"), text);
        }
    }
    let mut won = [0, 0];
    for round in 0..races {
        if round % 10 == 0 {
            let _ = std::fs::remove_dir_all(place.path("build"));
        }
        let children = ["one", "other"].map(|name| {
            place
                .command(&[
                    "build",
                    "--project",
                    name,
                    "--output",
                    "build",
                    "--allow-removals",
                ])
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        });
        for child in children {
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(0), "round {round}: {said}");
            assert!(!said.contains("N06"), "round {round}: {said}");
        }
        let stands = built(&place);
        let winner = made.iter().position(|files| *files == stands);
        let winner = winner.unwrap_or_else(|| panic!("round {round}: {:?}", stands.keys()));
        won[winner] += 1;
        assert!(
            leftovers(&place).is_empty(),
            "round {round}: {:?}",
            leftovers(&place)
        );
    }
    println!(
        "{races} races: {} and {} times the one and the other came last, 0 orphans",
        won[0], won[1]
    );
    good(&place.run(&[
        "build",
        "--project",
        "one",
        "--output",
        "build",
        "--allow-removals",
    ]));
    assert_eq!(built(&place), made[0]);
}
