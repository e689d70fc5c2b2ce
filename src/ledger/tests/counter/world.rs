//! A simulated service with its truth: pods that come and go, processes that restart, series that appear, servers that fail.

use std::collections::BTreeMap;

use nth_ledger::counter::{Sample, Series, Targets};

use crate::support::Numbers;

/// When what Prometheus knows begins, in seconds: a multiple of 300.
pub const BEGIN: i64 = 1_790_812_800;
/// How long the world exists, in seconds.
pub const LENGTH: i64 = 6 * 3_600;

/// A process of a pod. Its counters start at zero.
struct Process {
    pod: usize,
    /// In milliseconds.
    start: i64,
    end: i64,
    /// The events of each series, in order.
    events: BTreeMap<&'static str, Vec<i64>>,
}

/// What goes wrong in a world.
#[derive(Debug, Clone, Copy)]
pub struct Faults {
    /// Whether pods are replaced all the time.
    pub has_short_pods: bool,
    /// Whether processes restart within their pod.
    pub has_restarts: bool,
    /// Whether scrapes of a pod fail for some time.
    pub has_failures: bool,
    /// Whether the first server does not scrape at all for some time.
    pub has_outages: bool,
    /// How many replicas scrape.
    pub replicas: usize,
    /// Whether `process_start_time_seconds` is known.
    pub knows_starts: bool,
}

/// A simulated service.
pub struct World {
    processes: Vec<Process>,
    /// When each replica does not scrape, in milliseconds.
    outages: Vec<Vec<(i64, i64)>>,
    /// When scrapes of a pod fail, in milliseconds.
    failures: BTreeMap<usize, Vec<(i64, i64)>>,
    faults: Faults,
    interval: i64,
}

const SERIES: [&str; 3] = ["200", "404", "500"];

impl World {
    /// The world of a seed.
    pub fn new(seed: u64, faults: Faults) -> Self {
        let mut numbers = Numbers(seed);
        let interval = [10_000, 15_000, 30_000][numbers.below(3) as usize];
        let begin = BEGIN * 1_000;
        let end = begin + LENGTH * 1_000;
        let mut processes = Vec::new();
        // Three pods are there all the time, and others live for minutes.
        let mut pods = vec![(begin - 7_200_000, end + 1_000_000); 3];
        if faults.has_short_pods {
            let mut start = begin + 4_000_000;
            while start < end {
                pods.push((start, start + 120_000 + numbers.below(600_000) as i64));
                start += 100_000 + numbers.below(300_000) as i64;
            }
        }
        for (pod, (first, last)) in pods.iter().enumerate() {
            let mut start = *first;
            while start < *last {
                // The first process of a pod that is there from the beginning is older than all data.
                let is_old = start < begin;
                let mut stop = *last;
                if faults.has_restarts {
                    let life = 900_000 + numbers.below(7_200_000) as i64;
                    let earliest = if is_old { begin + 4_000_000 } else { start };
                    stop = (earliest + life).min(*last);
                }
                let events = events(&mut numbers, start, stop, is_old);
                processes.push(Process {
                    pod,
                    start,
                    end: stop,
                    events,
                });
                start = stop + 1_000 + numbers.below(40_000) as i64;
            }
        }
        let mut outages = vec![Vec::new(); faults.replicas];
        if faults.has_outages {
            for outages in &mut outages {
                let mut at = begin + 5_000_000;
                while at < end {
                    at += numbers.below(7_000_000) as i64;
                    let length = 20_000 + numbers.below(2_400_000) as i64;
                    outages.push((at, at + length));
                    at += length;
                }
            }
        }
        let mut failures: BTreeMap<usize, Vec<(i64, i64)>> = BTreeMap::new();
        if faults.has_failures {
            for _ in 0..20 {
                let at = begin + 4_000_000 + numbers.below(LENGTH as u64 * 1_000) as i64;
                let length = numbers.below(600_000) as i64;
                let pod = numbers.below(pods.len() as u64) as usize;
                failures.entry(pod).or_default().push((at, at + length));
            }
        }
        Self {
            processes,
            outages,
            failures,
            faults,
            interval,
        }
    }

    /// The scrapes of a pod by a replica in milliseconds, with the process that answered.
    fn scrapes(&self, pod: usize, replica: usize) -> Vec<(i64, Option<&Process>)> {
        let offset = (pod as i64 * 3_700 + replica as i64 * 6_100) % self.interval;
        let processes: Vec<&Process> = self
            .processes
            .iter()
            .filter(|process| process.pod == pod)
            .collect();
        let known = (processes[0].start, processes[processes.len() - 1].end);
        let is_within = |spans: &[(i64, i64)], at: i64| {
            spans
                .iter()
                .any(|(from, until)| (*from..*until).contains(&at))
        };
        let begin = BEGIN * 1_000 + offset;
        (0..)
            .map(|number| begin + number * self.interval)
            .take_while(|at| *at <= (BEGIN + LENGTH) * 1_000)
            .filter(|at| (known.0..known.1).contains(at))
            .filter(|at| !is_within(&self.outages[replica], *at))
            .map(|at| {
                let fails = self
                    .failures
                    .get(&pod)
                    .is_some_and(|spans| is_within(spans, at));
                let running = processes
                    .iter()
                    .find(|process| (process.start..process.end).contains(&at));
                (at, running.copied().filter(|_| !fails))
            })
            .collect()
    }

    fn labels(&self, pod: usize, replica: usize) -> BTreeMap<String, String> {
        let mut labels = BTreeMap::from([
            ("job".to_owned(), "web".to_owned()),
            ("instance".to_owned(), format!("pod-{pod}")),
        ]);
        if self.faults.replicas > 1 {
            labels.insert("replica".into(), format!("r{replica}"));
        }
        labels
    }

    fn pods(&self) -> usize {
        self.processes
            .iter()
            .map(|process| process.pod + 1)
            .max()
            .unwrap()
    }

    /// What the replicas have stored.
    pub fn read(&self) -> (Vec<Series>, Targets) {
        let mut series = Vec::new();
        let mut targets = Targets {
            replica_labels: vec!["replica".into()],
            ..Targets::default()
        };
        for pod in 0..self.pods() {
            for replica in 0..self.faults.replicas {
                let scrapes = self.scrapes(pod, replica);
                let labels = self.labels(pod, replica);
                let sample = |at: i64, value: f64| Sample { at, value };
                let up = scrapes
                    .iter()
                    .map(|(at, process)| sample(*at, f64::from(u8::from(process.is_some()))));
                targets.up.push(Series {
                    labels: labels.clone(),
                    samples: up.collect(),
                });
                let answered = || {
                    scrapes
                        .iter()
                        .filter_map(|(at, process)| Some((*at, (*process)?)))
                };
                if self.faults.knows_starts {
                    let starts =
                        answered().map(|(at, process)| sample(at, process.start as f64 / 1_000.0));
                    targets.process_start.push(Series {
                        labels: labels.clone(),
                        samples: starts.collect(),
                    });
                }
                for code in SERIES {
                    let mut labels = labels.clone();
                    labels.insert("code".into(), code.into());
                    let samples = answered().filter_map(|(at, process)| {
                        let events = process.events.get(code)?;
                        let value = events.partition_point(|event| *event <= at);
                        // A series exists from its first event on.
                        (value > 0).then(|| sample(at, value as f64))
                    });
                    let samples: Vec<Sample> = samples.collect();
                    if !samples.is_empty() {
                        series.push(Series { labels, samples });
                    }
                }
            }
        }
        (series, targets)
    }

    /// The truth of a world with one replica: the events of each slice, each in the slice of the next scrape that saw it. Events
    /// before the data begin, and those that no scrape saw, are not part of it.
    pub fn truth(&self) -> BTreeMap<i64, f64> {
        let mut truth = BTreeMap::new();
        for process in &self.processes {
            let scrapes: Vec<i64> = self
                .scrapes(process.pod, 0)
                .into_iter()
                .filter(|(_, answered)| {
                    answered.is_some_and(|answered| std::ptr::eq(answered, process))
                })
                .map(|(at, _)| at)
                .collect();
            for event in process.events.values().flatten() {
                let next = scrapes.partition_point(|at| at < event);
                if let Some(at) = scrapes.get(next) {
                    let slice = (at - 1).div_euclid(300_000) * 300;
                    *truth.entry(slice).or_insert(0.0) += 1.0;
                }
            }
        }
        truth
    }

    /// All events of an interval in milliseconds, whether a scrape saw them or not.
    pub fn events(&self, from: i64, until: i64) -> f64 {
        let all = self
            .processes
            .iter()
            .flat_map(|process| process.events.values().flatten());
        all.filter(|event| (from + 1..=until).contains(*event))
            .count() as f64
    }
}

/// The events of a process: many of the first kind, few of the others, in bursts.
fn events(
    numbers: &mut Numbers,
    start: i64,
    end: i64,
    is_old: bool,
) -> BTreeMap<&'static str, Vec<i64>> {
    let mut all = BTreeMap::new();
    for (code, pause) in SERIES.into_iter().zip([4_000, 90_000, 600_000]) {
        let mut events = Vec::new();
        // An old process has counted before the data begin.
        let mut at = if is_old {
            start.max(BEGIN * 1_000 - 600_000)
        } else {
            start
        };
        loop {
            at += 1 + numbers.below(pause * 2) as i64;
            if at >= end {
                break;
            }
            events.push(at);
        }
        all.insert(code, events);
    }
    all
}
