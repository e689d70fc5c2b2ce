//! Prints how large a ledger is and how long it takes: `cargo run --release -p nth-ledger --example ledger_size -- LOCATION SLOS DAYS`.
//!
//! The location is a path that does not exist, or a URL of PostgreSQL with an empty database.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::time::Instant;

use nth_ledger::counter::{Sample, Series, Targets, count};
use nth_ledger::export::ParquetWriter;
use nth_ledger::{
    Detection, Interval, Location, Pull, Replace, SLICE_SECONDS, Slice, SliceSource, SloKey, Store,
    StoreOptions, Yardstick, find_incidents, judge,
};

/// 2026-01-01 in UTC.
const START: i64 = 1_767_225_600;
const DAY: i64 = 86_400;

fn slo(number: usize) -> SloKey {
    SloKey {
        project: "shop".into(),
        environment: Some("production".into()),
        service: format!("service-{:03}", number / 4),
        slo: format!("slo-{}", number % 4),
        group: BTreeMap::new(),
    }
}

/// The slices of a day, with a rhythm and some bad events.
fn slices(slo: usize, day: i64) -> Vec<Slice> {
    (0..DAY / SLICE_SECONDS)
        .map(|number| {
            let start = START + day * DAY + number * SLICE_SECONDS;
            let mixed =
                (start as u64 ^ (slo as u64) << 40).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
            let total = 20_000 + number * (288 - number) + (mixed % 5_000) as i64;
            let bad = if mixed.is_multiple_of(997) {
                total / 20
            } else {
                (mixed % 13) as i64
            };
            Slice {
                start,
                bad: bad as f64,
                total: total as f64,
                seen: 300,
                source: SliceSource::Raw,
            }
        })
        .collect()
}

fn pulls(slos: usize, days: std::ops::Range<i64>) -> Vec<Pull> {
    let pull = |number: usize| Pull {
        slo: slo(number),
        slices: days.clone().flat_map(|day| slices(number, day)).collect(),
        read: Interval {
            from: START + days.start * DAY,
            until: START + days.end * DAY,
        },
    };
    (0..slos).map(pull).collect()
}

/// Runs a step, and prints how long it took.
fn timed<T>(what: &str, work: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let result = work();
    let seconds = start.elapsed().as_secs_f64();
    println!("{what}: {seconds:.2} s");
    (result, seconds)
}

fn size(location: &str) -> Option<u64> {
    let size = |end: &str| std::fs::metadata(format!("{location}{end}")).map(|file| file.len());
    let file = size("").ok()?;
    Some(file + size("-wal").unwrap_or(0))
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [location, slos, days] = arguments.as_slice() else {
        panic!("expected LOCATION SLOS DAYS");
    };
    let (slos, days): (usize, i64) = (slos.parse().unwrap(), days.parse().unwrap());
    let place = Location::parse(location).unwrap();
    let mut store = Store::open_or_create(&place, &StoreOptions::default()).unwrap();
    println!("{slos} SLOs, {days} days, {place}");
    let mut rows = 0;
    let (_, seconds) = timed("record all, 30 SLOs and 30 days at a time", || {
        for first in (0..days).step_by(30) {
            let part = pulls(slos, first..(first + 30).min(days));
            for part in part.chunks(30) {
                rows += store.record_all(part, Replace::NotWorse).unwrap().new;
            }
        }
    });
    println!("  {rows} slices, {:.0} a second", rows as f64 / seconds);
    if let Some(bytes) = size(location) {
        println!(
            "  {:.1} MiB, {:.1} bytes a slice, {:.2} MiB per SLO and year",
            bytes as f64 / 1_048_576.0,
            bytes as f64 / rows as f64,
            bytes as f64 / 1_048_576.0 / slos as f64 / days as f64 * 365.0
        );
    }
    let last = pulls(slos, days - 1..days + 1);
    let (recorded, _) = timed(
        "a pull that reads the last day again and adds a day",
        || {
            let mut all = (0, 0);
            for part in last.chunks(100) {
                let recorded = store.record_all(part, Replace::NotWorse).unwrap();
                all = (all.0 + recorded.new, all.1 + recorded.unchanged);
            }
            all
        },
    );
    println!("  {} new, {} unchanged", recorded.0, recorded.1);
    let month = Interval {
        from: START + (days - 30) * DAY,
        until: START + days * DAY,
    };
    timed("sums of 30 days of one SLO", || {
        store.sums(&slo(0), month).unwrap()
    });
    timed("sums of 30 days of all SLOs", || {
        store.sums_by_slo(month).unwrap()
    });
    let (found, _) = timed(
        "30 days of all SLOs, read, judged and searched for incidents",
        || {
            let objective = Yardstick::Throughout("0.999".parse().unwrap());
            let mut found = 0;
            for number in 0..slos {
                let slices = store.slices(&slo(number), month).unwrap();
                let judgment = judge(&slices, month, objective, &[]);
                assert!(judgment.gross.coverage().unwrap() > 0.99);
                found +=
                    find_incidents(&slices, objective, 30 * DAY * 1_000, &Detection::default())
                        .len();
            }
            found
        },
    );
    println!("  {found} incidents");
    let (bytes, _) = timed("30 days of all SLOs as Parquet", || {
        let mut writer = ParquetWriter::new(Vec::new()).unwrap();
        for number in 0..slos {
            let key = slo(number);
            writer
                .write(&key, &store.slices(&key, month).unwrap())
                .unwrap();
        }
        writer.finish().unwrap().len()
    });
    println!("  {:.1} MiB", bytes as f64 / 1_048_576.0);
    let (series, targets) = samples();
    let within = Interval {
        from: START,
        until: START + DAY,
    };
    timed(
        "a day of 100 raw series of 10 targets, every 15 s, counted",
        || count(within, &series, &targets),
    );
}

/// The samples of a day of ten targets with ten counters each.
fn samples() -> (Vec<Series>, Targets) {
    let times: Vec<i64> = (START - 6_000..START + DAY + 600).step_by(15).collect();
    let labels = |target: usize, code: usize| {
        BTreeMap::from([
            ("job".to_owned(), "web".to_owned()),
            ("instance".to_owned(), format!("10.0.0.{target}:80")),
            ("code".to_owned(), code.to_string()),
        ])
    };
    let series = |target: usize, code: usize, value: fn(usize) -> f64| Series {
        labels: labels(target, code),
        samples: times
            .iter()
            .enumerate()
            .map(|(number, at)| Sample {
                at: at * 1_000,
                value: value(number),
            })
            .collect(),
    };
    let counters = (0..100).map(|number| series(number / 10, number % 10, |number| number as f64));
    let targets = Targets {
        up: (0..10).map(|target| series(target, 0, |_| 1.0)).collect(),
        ..Targets::default()
    };
    (counters.collect(), targets)
}
