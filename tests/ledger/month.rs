//! A month of a service, event by event: what happened, and what was scraped.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};

/// The end of the month: 2026-11-01T00:00:00Z, in seconds since 1970.
pub const END: i64 = 1_793_491_200;

/// Its beginning.
pub const START: i64 = END - DAYS * DAY;

const DAYS: i64 = 30;
const DAY: i64 = 86_400;

/// The scrape interval.
const SCRAPE: i64 = 60;

/// The length of a slice.
pub const SLICE: i64 = 300;

/// The counts of a slice.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Counts {
    pub bad: u64,
    pub total: u64,
}

/// A month with the truth about it.
pub struct Month {
    /// What Prometheus has, as OpenMetrics.
    pub samples: String,
    /// What happened in each slice, by its start.
    pub truth: BTreeMap<i64, Counts>,
    /// The slices in which a scrape failed or is late, by their starts.
    pub lost: BTreeMap<i64, ()>,
}

/// One process: its counters begin at zero when it starts.
struct Process {
    instance: String,
    from: i64,
    until: i64,
}

/// The processes of the month: two that are restarted once a day, and a pod that lives for five minutes each noon.
fn processes() -> Vec<Process> {
    let mut all = Vec::new();
    for day in 0..DAYS {
        let midnight = START + day * DAY;
        for (name, at) in [("a", 3 * 3_600), ("b", 15 * 3_600 + 7 * 60)] {
            let ends = if day + 1 == DAYS {
                END
            } else {
                midnight + DAY + at
            };
            if day == 0 {
                all.push(Process {
                    instance: name.to_owned(),
                    from: midnight,
                    until: midnight + at,
                });
            }
            all.push(Process {
                instance: name.to_owned(),
                from: midnight + at,
                until: ends,
            });
        }
        all.push(Process {
            instance: format!("job-{day}"),
            from: midnight + DAY / 2 + 30,
            until: midnight + DAY / 2 + 330,
        });
    }
    all
}

/// When scrapes of an instance fail: twenty minutes, in which the counters go on and are scraped again, and three hours.
fn is_lost(instance: &str, at: i64) -> bool {
    let within = |from: i64, length: i64| (from..from + length).contains(&at);
    instance == "b" && within(START + 9 * DAY + 3_600, 1_200)
        || instance == "a" && within(START + 19 * DAY + 7_200, 10_800)
}

/// How many requests fail of ten thousand: an outage on the sixth day, a bad deployment on the eighteenth.
fn failing(at: i64) -> u64 {
    let within = |from: i64, length: i64| (from..from + length).contains(&at);
    if within(START + 5 * DAY + 40_000, 2_400) {
        4_000
    } else if within(START + 17 * DAY + 54_600, 5_400) {
        300
    } else {
        3
    }
}

/// Creates the month.
pub fn month() -> Month {
    let mut rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut truth: BTreeMap<i64, Counts> = BTreeMap::new();
    let mut lost = BTreeMap::new();
    // Samples by series, in the order of time.
    let mut series: BTreeMap<&str, BTreeMap<String, String>> = BTreeMap::new();
    let mut add = |name: &'static str, labels: String, value: u64, at: i64| {
        let lines = series
            .entry(name)
            .or_default()
            .entry(labels.clone())
            .or_default();
        let _ = writeln!(lines, "{name}{{{labels}}} {value} {at}");
    };
    for process in processes() {
        let labels = format!("job=\"checkout\",instance=\"{}\"", process.instance);
        let (mut good, mut bad) = (0_u64, 0_u64);
        // The moment of a scrape differs from instance to instance.
        let offset = i64::from(process.instance.bytes().map(u32::from).sum::<u32>()) % SCRAPE;
        let mut at = process.from - process.from.rem_euclid(SCRAPE) + offset;
        while at <= process.from {
            at += SCRAPE;
        }
        while at <= process.until {
            // What happened since the last scrape, just before this one.
            let hour = (at.rem_euclid(DAY)) / 3_600;
            let most = if (8..20).contains(&hour) { 400 } else { 60 };
            let events = rng.next_u64() % most;
            let failed = (0..events)
                .filter(|_| rng.next_u64() % 10_000 < failing(at))
                .count();
            let failed = u64::try_from(failed).unwrap_or(0);
            bad += failed;
            good += events - failed;
            let slice = (at - 1).div_euclid(SLICE) * SLICE;
            let counts = truth.entry(slice).or_default();
            counts.bad += failed;
            counts.total += events;
            if is_lost(&process.instance, at) {
                lost.insert(slice, ());
                add("up", labels.clone(), 0, at);
            } else {
                add("up", labels.clone(), 1, at);
                let started = u64::try_from(process.from).unwrap_or(0);
                add("process_start_time_seconds", labels.clone(), started, at);
                // Neither child exists before its first event.
                for (code, value) in [("200", good), ("500", bad)] {
                    if value > 0 {
                        add(
                            "http_requests_total",
                            format!("{labels},status=\"{code}\""),
                            value,
                            at,
                        );
                    }
                }
            }
            at += SCRAPE;
        }
    }
    let mut samples = String::new();
    for (name, of_name) in &series {
        let kind = if name.ends_with("_total") {
            "counter"
        } else {
            "gauge"
        };
        let _ = writeln!(samples, "# TYPE {} {kind}", name.trim_end_matches("_total"));
        for lines in of_name.values() {
            samples.push_str(lines);
        }
    }
    samples.push_str("# EOF\n");
    Month {
        samples,
        truth,
        lost,
    }
}
