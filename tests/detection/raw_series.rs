//! The raw series of an incident in promtool's notation, for each kind of SLI.

use nthc::ir::Duration;
use nthc::ir::burn_rate::SLICE;

use crate::support::promtool::{InputSeries, series};

/// Events per second.
const RATE: f64 = 100.0;

/// What counters have counted before.
const BEFORE: f64 = 1e6;

/// An incident between a good past and a recovery. Times are since the first scrape.
pub struct Incident {
    /// The share of events, or of time, that is bad.
    pub share: f64,
    /// When it begins.
    pub onset: Duration,
    /// When it ends.
    pub recovery: Duration,
    /// The last evaluation.
    pub end: Duration,
    /// The scrape interval.
    pub scrape: Duration,
    /// The length of a time slice.
    pub tick: Duration,
}

/// The series of a kind of SLI, by its name in `models::every_sli`.
pub fn of(kind: &str, incident: &Incident) -> Vec<InputSeries> {
    let bad = |name: &str| series(name, incident.counter(|share| share));
    let good = |name: &str| series(name, incident.counter(|share| 1.0 - share));
    let all = |name: &str| series(name, incident.counter(|_| 1.0));
    match kind {
        "availability" => vec![
            bad(r#"http_requests_total{code="500",job="checkout"}"#),
            good(r#"http_requests_total{code="200",job="checkout"}"#),
        ],
        "settlement" => vec![
            bad(r#"settlements_total{outcome="lost",job="checkout"}"#),
            good(r#"settlements_total{outcome="ok",job="checkout"}"#),
        ],
        "latency" => vec![
            good(r#"http_request_duration_seconds_bucket{job="checkout",le="0.3"}"#),
            all(r#"http_request_duration_seconds_bucket{job="checkout",le="+Inf"}"#),
            all(r#"http_request_duration_seconds_count{job="checkout"}"#),
        ],
        "native-latency" => vec![series(
            r#"http_request_duration_seconds{job="checkout"}"#,
            incident.histogram(),
        )],
        "freshness" => vec![series(
            r#"queue_age_seconds{job="checkout"}"#,
            incident.slices("10", "90"),
        )],
        "jobs" | "unweighted-jobs" => vec![
            bad(r#"jobs_total{job="checkout",outcome="failed"}"#),
            good(r#"jobs_total{job="checkout",outcome="done"}"#),
        ],
        _ => unreachable!("{kind}"),
    }
}

impl Incident {
    /// The bad share of each stretch, with its number of scrapes after the first one. The incident begins with a scrape, but may end
    /// between two.
    fn stretches(&self) -> [(f64, u64); 4] {
        let scrape = self.scrape.0;
        assert_eq!(self.onset.0 % scrape, 0, "it begins with a scrape");
        let length = self.recovery.0 - self.onset.0;
        let (before, during, part) = (self.onset.0 / scrape, length / scrape, length % scrape);
        let partial = u64::from(part > 0);
        [
            (0.0, before),
            (self.share, during),
            (self.share * part as f64 / scrape as f64, partial),
            (0.0, self.end.0 / scrape - before - during - partial),
        ]
    }

    /// The events of a part between two scrapes: a multiple of 2^-20, of which sums are exact. Otherwise, the last digit of a
    /// counter could fall, which is a reset.
    fn each(&self, part: f64) -> f64 {
        let unit = f64::from(1 << 20);
        (RATE * part * self.scrape.0 as f64 / 1000.0 * unit).round() / unit
    }

    /// What the rules over long windows record of the time that is known, for rules over short windows that run without them.
    pub fn known_time(&self) -> String {
        let apart = SLICE.0.div_ceil(self.scrape.0);
        let gap = match apart {
            1 => String::new(),
            _ => format!(" _x{}", apart - 1),
        };
        let seconds = SLICE.0 / 1000;
        let slices = self.end.0 / self.scrape.0 / apart;
        vec![format!("{seconds}{gap}"); usize::try_from(slices + 1).expect("it fits")].join(" ")
    }

    /// A counter of a part of the events.
    fn counter(&self, part: impl Fn(f64) -> f64) -> String {
        let mut value = BEFORE;
        let mut text = format!("{value}");
        for (share, scrapes) in self.stretches() {
            let each = self.each(part(share));
            if scrapes > 0 {
                text.push_str(&format!(" {}+{each}x{}", value + each, scrapes - 1));
            }
            value += each * scrapes as f64;
        }
        text
    }

    /// A native histogram of good events in (0.125, 0.25] and bad ones in (2, 4].
    fn histogram(&self) -> String {
        let shown = |good: f64, bad: f64| {
            let (count, sum) = (good + bad, good * 0.2 + bad * 3.0);
            format!(
                "{{{{schema:0 sum:{sum} count:{count} offset:-2 buckets:[{good} 0 0 0 {bad}]}}}}"
            )
        };
        let (mut good, mut bad) = (BEFORE, BEFORE);
        let mut text = shown(good, bad);
        for (share, scrapes) in self.stretches() {
            let each = (self.each(1.0 - share), self.each(share));
            if scrapes > 0 {
                text.push_str(&format!(
                    " {}+{}x{}",
                    shown(good + each.0, bad + each.1),
                    shown(each.0, each.1),
                    scrapes - 1
                ));
            }
            good += each.0 * scrapes as f64;
            bad += each.1 * scrapes as f64;
        }
        text
    }

    /// A gauge with one value in good time slices and another one in bad ones: the n-th slice of the incident is bad if the bad
    /// slices due so far reach the next whole number.
    fn slices(&self, good: &str, bad: &str) -> String {
        let due = |number: u64| (number as f64 * self.share).floor();
        let mut runs: Vec<(&str, u64)> = Vec::new();
        for scrape in 0..=self.end.0 / self.scrape.0 {
            let at = scrape * self.scrape.0;
            let is_bad = (self.onset.0..self.recovery.0).contains(&at) && {
                let number = (at - self.onset.0) / self.tick.0;
                due(number + 1) > due(number)
            };
            let value = if is_bad { bad } else { good };
            match runs.last_mut() {
                Some((last, count)) if *last == value => *count += 1,
                _ => runs.push((value, 1)),
            }
        }
        let runs = runs
            .iter()
            .map(|(value, count)| format!("{value}+0x{}", count - 1));
        runs.collect::<Vec<_>>().join(" ")
    }
}
