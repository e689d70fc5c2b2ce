//! Detection times compared with those of promtool, for random SLOs.
//!
//! For each SLO and each strength of an incident, promtool evaluates the generated rules over raw series: a good past that is
//! longer than the longest window of an alert, the incident, and the time after it. When each burn-rate alert fires and ends must
//! be what [`nthc::detection`] finds, which plants the past instead of evaluating it, to one evaluation.
//!
//! promtool evaluates all groups in the same interval. Rules over short windows therefore run alone in their interval, and
//! rules over long windows with them every three minutes, when both are due. All that short windows read of what long ones record
//! is how much of the time is known, which is all of it here.
//!
//! Choices are the same in every run. By default, a few SLOs over 7 days are compared, because promtool takes minutes for the long
//! windows of others. `NTH_DETECTION_SLOS` sets how many SLOs of all windows are compared, `NTH_DETECTION_SEED` a number for other
//! ones:
//!
//! ```text
//! NTH_DETECTION_SLOS=30 cargo test --release -p nthc --test detection_promtool -- --nocapture
//! ```
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/mod.rs"]
mod support;

#[allow(dead_code)]
#[path = "prometheus/models.rs"]
mod models;

#[path = "detection/random_slos.rs"]
mod random_slos;

#[path = "detection/raw_series.rs"]
mod raw_series;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use nthc::backends::prometheus::{Group, Rule, rule_groups};
use nthc::ir::burn_rate::SLICE;
use nthc::ir::detection::{DetectionTable, Incident, Strength};
use nthc::ir::{Duration, Service, Slo};
use serde_json::json;

use random_slos::RandomSlo;
use raw_series::Incident as Given;
use support::promtool;

/// How many SLOs over 7 days are compared unless `NTH_DETECTION_SLOS` says otherwise.
const FEW: usize = 4;

/// The most steps of a subquery: promtool holds 10,000 samples a query.
const MOST_STEPS: u64 = 9_000;

/// When an alert fires and ends, in seconds since the beginning of the incident and since its end.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Times {
    fires: f64,
    ends: f64,
}

/// The number of results, and how they differ.
#[derive(Debug, Default)]
struct Tally {
    incidents: usize,
    fired: usize,
    silent: usize,
    same: usize,
    /// The largest difference, in seconds.
    largest: f64,
    wrong: Vec<String>,
    ours: f64,
    theirs: f64,
}

#[test]
fn detection_times_are_those_of_promtool() {
    if !promtool::available() {
        return;
    }
    let number = |name: &str| -> Option<u64> {
        let text = std::env::var(name).ok()?;
        Some(
            text.parse()
                .unwrap_or_else(|_| panic!("{name} is not a number")),
        )
    };
    let seed = number("NTH_DETECTION_SEED").unwrap_or(15);
    let all = match number("NTH_DETECTION_SLOS") {
        Some(count) => random_slos::all(seed, usize::try_from(count).unwrap()),
        None => random_slos::over_a_week(seed, FEW),
    };
    let count = all.len();
    let (next, tally) = (AtomicUsize::new(0), Mutex::new(Tally::default()));
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(random) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    compare(random, &tally);
                }
            });
        }
    });
    let tally = tally.into_inner().unwrap();
    println!(
        "{count} SLOs, {} incidents: {} alerts fire, {} do not; {} of the {} fire and end at promtool's time, the largest \
         difference is {}s; {:.2}s here, {:.0}s in promtool",
        tally.incidents,
        tally.fired,
        tally.silent,
        tally.same,
        tally.fired,
        tally.largest,
        tally.ours,
        tally.theirs
    );
    assert!(tally.fired >= count, "hardly any alert fires");
    assert!(tally.silent >= count, "every alert fires");
    assert!(tally.wrong.is_empty(), "{}", tally.wrong.join("\n"));
}

fn compare(random: &RandomSlo, tally: &Mutex<Tally>) {
    let (service, slo) = (&random.service, &random.service.slos[0]);
    let start = Instant::now();
    let table = nthc::detection::reaction(service, slo, &random.settings)
        .unwrap_or_else(|problem| panic!("{random}: {problem:?}"));
    let ours = start.elapsed().as_secs_f64();
    tally.lock().unwrap().ours += ours;
    let mut of_slo = Vec::new();
    for incident in &table.incidents {
        let start = Instant::now();
        let theirs = in_promtool(random, incident);
        let took = start.elapsed().as_secs_f64();
        let mut tally = tally.lock().unwrap();
        tally.incidents += 1;
        tally.theirs += took;
        for (index, pair) in slo.burn_rate_pairs.iter().enumerate() {
            let ours = ours_of(incident, &pair.long.to_string());
            let interval = interval(random, index).seconds_f64();
            let (of, theirs) = (incident.strength.words(), theirs[index]);
            let difference = match (ours, theirs) {
                (None, None) => {
                    tally.silent += 1;
                    continue;
                }
                (Some(ours), Some(theirs)) => {
                    tally.fired += 1;
                    (ours.fires - theirs.fires)
                        .abs()
                        .max((ours.ends - theirs.ends).abs())
                }
                _ => f64::INFINITY,
            };
            of_slo.push(difference);
            tally.same += usize::from(difference == 0.0);
            tally.largest = tally.largest.max(difference);
            if difference > interval {
                tally.wrong.push(format!(
                    "{random}, {of}, {}: here {ours:?}, in promtool {theirs:?}",
                    pair.long
                ));
            }
        }
    }
    let same = of_slo.iter().filter(|difference| **difference == 0.0);
    let largest = of_slo.iter().copied().fold(0.0, f64::max);
    println!(
        "{random}: {ours:.3}s here; {} of {} alerts at promtool's time, the largest difference is {largest}s\n  {}",
        same.count(),
        of_slo.len(),
        summary(&table)
    );
}

fn summary(table: &DetectionTable) -> String {
    let rows = table.rows();
    let rows = rows.iter().take(table.incidents.len());
    let rows: Vec<String> = rows.map(nthc::detection::sentence).collect();
    rows.join(" | ")
}

fn ours_of(incident: &Incident, long: &str) -> Option<Times> {
    let mut alerts = incident.alerts.iter();
    let found = alerts.find(|found| found.alert.threshold.as_deref() == Some(long))?;
    Some(Times {
        fires: found.alert.after.seconds_f64(),
        ends: found.resolved.map_or(f64::INFINITY, Seconds::seconds_f64),
    })
}

/// A pair is evaluated as often as the project's rules if both windows read raw series.
fn is_fast(slo: &Slo, pair: usize) -> bool {
    slo.burn_rate_pairs[pair].long <= Duration::hours(1)
}

fn interval(random: &RandomSlo, pair: usize) -> Duration {
    match is_fast(&random.service.slos[0], pair) {
        true => random.settings.prometheus.interval,
        false => SLICE,
    }
}

/// Keeps burn-rate alerts, and the recording rules that they read, directly or through others.
fn for_burn_rates(mut groups: Vec<Group>) -> Vec<Group> {
    let mut needed = vec![false; groups.iter().map(|group| group.rules.len()).sum()];
    let mut read = String::new();
    loop {
        let before = needed.clone();
        let rules = groups.iter().flat_map(|group| &group.rules);
        for (needed, rule) in needed.iter_mut().zip(rules) {
            let (expr, is_read) = match rule {
                Rule::Recording(rule) => (&rule.expr, read.contains(&format!("{}{{", rule.record))),
                Rule::Alerting(rule) => (&rule.expr, rule.labels.contains_key("long_window")),
            };
            if is_read && !*needed {
                *needed = true;
                read.push_str(expr);
            }
        }
        if needed == before {
            break;
        }
    }
    let mut needed = needed.into_iter();
    for group in &mut groups {
        group.rules.retain(|_| needed.next() == Some(true));
    }
    groups
}

/// The alerts that are compared.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Windows {
    /// Those of windows over raw series.
    Short,
    /// The others.
    Long,
}

/// When the alert of each pair fires and ends by promtool; `None` if it does not fire.
fn in_promtool(random: &RandomSlo, incident: &Incident) -> Vec<Option<Times>> {
    let slo = &random.service.slos[0];
    let groups = for_burn_rates(rule_groups(&random.service, &random.settings));
    let is_slow = |group: &Group| group.name.ends_with("-budget");
    let fast: Vec<&Group> = groups.iter().filter(|group| !is_slow(group)).collect();
    let all: Vec<&Group> = groups.iter().collect();
    let longest = slo.burn_rate_pairs.iter().map(|pair| pair.long).max();
    let mut found = BTreeMap::new();
    for (groups, is_of, past) in [
        (fast, true, Duration::hours(3)),
        (
            all,
            false,
            Duration(longest.unwrap().0 + Duration::hours(2).0),
        ),
    ] {
        let pairs: Vec<usize> = (0..slo.burn_rate_pairs.len())
            .filter(|pair| is_fast(slo, *pair) == is_of)
            .collect();
        if pairs.is_empty() {
            continue;
        }
        let kind = if is_of { Windows::Short } else { Windows::Long };
        let times = run(random, incident, &groups, &pairs, kind, past);
        found.extend(pairs.into_iter().zip(times));
    }
    found.into_values().collect()
}

fn run(
    random: &RandomSlo,
    incident: &Incident,
    groups: &[&Group],
    pairs: &[usize],
    windows: Windows,
    past: Duration,
) -> Vec<Option<Times>> {
    let slo = &random.service.slos[0];
    let interval = interval(random, pairs[0]);
    // The onset is an evaluation of all groups and a scrape.
    let even = Duration::minutes(6).0;
    let onset = Duration(past.0.div_ceil(even) * even);
    let recovery = Duration(onset.0 + incident.length.0);
    let end = Duration(recovery.0 + incident.observed.0);
    let share = match incident.strength {
        Strength::Share(share) => share,
        Strength::BurnRate(rate) => rate * slo.error_budget(),
    };
    let given = Given {
        share: share.to_string().parse().unwrap(),
        onset,
        recovery,
        end,
        scrape: random.settings.prometheus.scrape_interval,
        tick: random.settings.prometheus.interval,
    };
    let mut input_series = raw_series::of(random.kind, &given);
    if windows == Windows::Short {
        let known = r#"slo:sli_known_time:seconds{service="checkout",slo="availability"}"#;
        input_series.push(promtool::series(known, given.known_time()));
    }
    let test = promtool::Test {
        name: random.to_string(),
        interval: given.scrape.to_string(),
        input_series,
        ..promtool::Test::default()
    };
    let queries = queries(slo, pairs, interval, end);
    let asked: Vec<(&str, &str)> = queries
        .iter()
        .map(|(query, at)| (query.as_str(), at.as_str()))
        .collect();
    let rules = json!({ "groups": groups }).to_string();
    let values = promtool::values(&rules, &interval.to_string(), test, &asked);
    let of_pair = values.len() / pairs.len();
    let step = interval.seconds_f64();
    values
        .chunks(of_pair)
        .map(|values| {
            let known = |offset: usize| values.iter().skip(offset).step_by(3).flatten().copied();
            let first = known(0).reduce(f64::min)?;
            let last = known(1).reduce(f64::max)?;
            let count: f64 = known(2).sum();
            // A few time slices can end it for a moment.
            let all = (last - first) / step + 1.0;
            if all != count {
                println!(
                    "{random}: it fires at {count} of {all} evaluations between the first and the last"
                );
                assert_eq!(random.kind, "freshness", "{random}: it fires once");
            }
            Some(Times {
                fires: first - onset.seconds_f64(),
                ends: match last + step > end.seconds_f64() {
                    true => f64::INFINITY,
                    // One that ends before the incident does ends at once.
                    false => (last + step - recovery.seconds_f64()).max(0.0),
                },
            })
        })
        .collect()
}

/// Asks for each pair, and for each part of the time, when its alert fires first and last and how often.
fn queries(slo: &Slo, pairs: &[usize], interval: Duration, end: Duration) -> Vec<(String, String)> {
    let part = Duration(interval.0 * MOST_STEPS);
    let parts: Vec<Duration> = (1..=end.0.div_ceil(part.0))
        .map(|number| Duration((part.0 * number).min(end.0)))
        .collect();
    let of_pair = |pair: &usize| {
        let long = slo.burn_rate_pairs[*pair].long;
        let alert = format!("ALERTS{{alertstate=\"firing\",long_window=\"{long}\"}}");
        parts.iter().enumerate().flat_map(move |(index, at)| {
            let range = Duration(at.0 - part.0 * index as u64);
            let over = format!("(timestamp({alert})[{range}:{interval}])");
            ["min", "max", "count"].map(|name| (format!("{name}_over_time{over}"), at.to_string()))
        })
    };
    pairs.iter().flat_map(of_pair).collect()
}

/// A duration as a number.
trait Seconds {
    fn seconds_f64(self) -> f64;
}

impl Seconds for Duration {
    fn seconds_f64(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

/// The service of an SLO, which has no other.
fn service(slo: Slo) -> Service {
    models::service(vec![slo])
}
