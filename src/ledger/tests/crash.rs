//! A process that is killed while it records: nothing is lost, and nothing is there twice.
//!
//! This test has no harness, because it starts itself as the process that is killed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use nth_ledger::{
    Interval, Location, Pull, Replace, SLICE_SECONDS, Slice, SliceSource, SloKey, Store,
    StoreOptions,
};
use support::{Numbers, server};

/// The variable with the location, for the process that is killed.
const LOCATION: &str = "NTH_LEDGER_CRASH_LOCATION";

const START: i64 = 1_790_812_800;
/// How many slices each SLO has at the end.
const SLICES: i64 = 8_000;
/// How many slices a transaction has.
const PART: usize = 5;
const SLOS: [&str; 3] = ["a", "b", "c"];
const KILLS: usize = 100;

fn slo(name: &str) -> SloKey {
    SloKey {
        project: "shop".into(),
        environment: None,
        service: "checkout".into(),
        slo: name.into(),
        group: BTreeMap::new(),
    }
}

/// The truth, which every attempt reads again.
fn slice(name: &str, number: i64) -> Slice {
    let bad = (number * 7 + name.len() as i64) % 11;
    Slice {
        start: START + number * SLICE_SECONDS,
        bad: bad as f64,
        total: 100.0 + (number % 13) as f64,
        seen: 300,
        source: SliceSource::Raw,
    }
}

fn open(location: &str) -> Store {
    let location = Location::parse(location).unwrap();
    Store::open_or_create(&location, &StoreOptions::default()).unwrap()
}

/// Continues where the ledger ends, and reads a few slices before that again.
fn pull(location: &str) {
    let mut store = open(location);
    println!("ready");
    loop {
        let read = store.watermark(&slo("a")).unwrap();
        let done = read.map_or(0, |until| (until - START) / SLICE_SECONDS);
        if done >= SLICES {
            return;
        }
        let from = (done - 3).max(0);
        let until = (done + PART as i64).min(SLICES);
        let pulls = SLOS.map(|name| Pull {
            slo: slo(name),
            slices: (from..until).map(|number| slice(name, number)).collect(),
            read: Interval {
                from: START + from * SLICE_SECONDS,
                until: START + until * SLICE_SECONDS,
            },
        });
        store.record_all(&pulls, Replace::NotWorse).unwrap();
    }
}

fn start(location: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .env(LOCATION, location)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What must hold at every moment: all SLOs are read equally far, without a gap, and every slice is there once.
fn check(location: &str) -> i64 {
    let mut store = open(location);
    // A server still ends the transaction whose client was killed: what takes the lock after it sees all of it.
    store.record_all(&[], Replace::NotWorse).unwrap();
    let mut ends = Vec::new();
    for name in SLOS {
        let end = store.watermark(&slo(name)).unwrap().unwrap_or(START);
        let all = Interval {
            from: 0,
            until: i64::MAX,
        };
        let expected: Vec<Slice> = (0..(end - START) / SLICE_SECONDS)
            .map(|number| slice(name, number))
            .collect();
        let versions = store.slice_versions(&slo(name), all).unwrap();
        assert!(versions.iter().all(|version| version.seq == 0));
        let found: Vec<Slice> = versions.iter().map(|version| version.slice).collect();
        assert_eq!(found, expected, "SLO {name}");
        ends.push(end);
    }
    assert!(ends.iter().all(|end| *end == ends[0]), "{ends:?}");
    (ends[0] - START) / SLICE_SECONDS
}

fn kill_at_random_moments(location: &str, database: &str) {
    let mut numbers = Numbers(42);
    let mut kills = 0;
    let mut progress = Vec::new();
    // The pause is chosen so that all kills happen before the end.
    let mut most = 20;
    while kills < KILLS {
        let mut child = start(location);
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        thread::sleep(Duration::from_micros(numbers.below(most * 1_000)));
        child.kill().unwrap();
        let status = child.wait().unwrap();
        assert!(
            !status.success(),
            "{database}: finished after {kills} kills"
        );
        kills += 1;
        let done = check(location);
        let left = SLICES - done;
        // Less than what remains, divided by what is to come.
        let last = progress.last().copied().unwrap_or(0);
        if (done - last) * (KILLS - kills) as i64 > left / 2 {
            most = (most / 2).max(1);
        } else if done == last {
            // It was killed too early, on a busy machine.
            most = (most * 2).min(2_000);
        }
        progress.push(done);
    }
    let moving = progress.windows(2).filter(|pair| pair[1] > pair[0]).count();
    assert!(
        moving >= 10,
        "{database}: it hardly ever recorded something: {progress:?}"
    );
    pull(location);
    assert_eq!(check(location), SLICES);
    println!(
        "{database}: {kills} kills, {moving} of them after new slices: nothing lost, nothing twice"
    );
}

fn main() {
    if let Ok(location) = std::env::var(LOCATION) {
        return pull(&location);
    }
    // What cargo asks every test program: for the names of its tests, or for those that have a text in their names.
    let name = "kill_at_random_moments";
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        println!("{name}: test");
        return;
    }
    let mut filters = arguments
        .iter()
        .filter(|argument| !argument.starts_with('-'))
        .peekable();
    if filters.peek().is_some() && !filters.any(|filter| name.contains(filter.as_str())) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    kill_at_random_moments(path.to_str().unwrap(), "SQLite");
    if let Some(session) = server::database() {
        kill_at_random_moments(&session.url(), "PostgreSQL");
    }
}
