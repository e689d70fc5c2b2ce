//! A build is killed at many moments. What stands is then whole files, old or new, and the next build makes it right.

use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use crate::place::Place;
use crate::project::{Files, Numbers, built, expected, good, leftovers, rounds, sources, write};

const SERVICES: usize = 12;

/// What became of the killed builds.
#[derive(Debug, Default)]
struct Tally {
    before: usize,
    during: usize,
    after: usize,
}

#[test]
fn a_killed_build_leaves_whole_files_and_the_next_one_repairs() {
    let kills = rounds("NTH_KILLS", 40);
    // Between them, services come and go, and every rule changes.
    let states = [(0..SERVICES, 1), (1..SERVICES + 1, 2)];
    let made = states
        .clone()
        .map(|(services, limit)| expected(services, limit));
    let place = Place::new();
    write(&place, states[0].0.clone(), states[0].1);
    good(&place.run(&["build"]));

    let mut numbers = Numbers(7);
    let mut tally = Tally::default();
    let mut whole = Duration::from_millis(50);
    for round in 0..kills {
        let now = (round + 1) % 2;
        let (services, limit) = states[now].clone();
        sources(&place, "", services, limit);
        // A third is killed at any moment, the others once the new files are being written.
        let awaits = round % 3 != 0;
        let start = Instant::now();
        let mut child = place
            .command(&["build", "--allow-removals"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut has_ended = false;
        if awaits {
            while leftovers(&place).is_empty() && !has_ended {
                has_ended = child.try_wait().unwrap().is_some();
            }
            spin(Duration::from_micros(numbers.below(12_000)));
        } else {
            let part = numbers.below(1_000) as u32;
            thread::sleep(whole * part / 1_000);
        }
        let _ = child.kill();
        child.wait().unwrap();

        let stands = built(&place);
        check_whole(&stands, &made, round);
        match () {
            () if !leftovers(&place).is_empty() => tally.during += 1,
            () if stands == made[now] => tally.after += 1,
            () => {
                assert_eq!(stands, made[1 - now], "round {round}");
                tally.before += 1;
            }
        }
        let repair = Instant::now();
        let ran = place.run(&["build", "--allow-removals"]);
        whole = whole.max(repair.elapsed()).max(start.elapsed() / 2);
        good(&ran);
        assert!(!ran.err.contains("N06"), "round {round}: {ran:?}");
        assert_eq!(built(&place), made[now], "round {round}");
        assert!(
            leftovers(&place).is_empty(),
            "round {round}: {:?}",
            leftovers(&place)
        );
    }
    println!(
        "{kills} builds killed: {} before anything was written, {} while it was written, {} after; 0 torn files, 0 orphans",
        tally.before, tally.during, tally.after
    );
}

/// Every file that stands is what one of the builds makes.
fn check_whole(stands: &Files, made: &[Files; 2], round: usize) {
    for (path, text) in stands {
        let is_whole = made.iter().any(|files| files.get(path) == Some(text));
        assert!(
            is_whole,
            "round {round}: {path} is torn, or nobody's: {text:?}"
        );
    }
    // What both builds make is always there.
    for path in made[0].keys().filter(|path| made[1].contains_key(*path)) {
        assert!(stands.contains_key(path), "round {round}: {path} is gone");
    }
}

fn spin(length: Duration) {
    let start = Instant::now();
    while start.elapsed() < length {
        std::hint::spin_loop();
    }
}
