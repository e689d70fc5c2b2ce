//! What counts and what does not, rule by rule.

use nth_ledger::Interval;
use nth_ledger::counter::{Counted, Sample, Series, Targets, combine, count, slices};

/// A multiple of 300 s, long after 1970.
pub const START: i64 = 1_790_812_800;

/// The stale marker.
pub const STALE: f64 = f64::from_bits(0x7ff0_0000_0000_0002);

/// A series with samples at seconds after [`START`].
pub fn series(labels: &[(&str, &str)], samples: impl IntoIterator<Item = (i64, f64)>) -> Series {
    let labels = labels
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let samples = samples.into_iter().map(|(at, value)| Sample {
        at: (START + at) * 1_000,
        value,
    });
    Series {
        labels: labels.collect(),
        samples: samples.collect(),
    }
}

/// A counter of an instance of job `web`.
fn counter(instance: &str, samples: impl IntoIterator<Item = (i64, f64)>) -> Series {
    series(&[("job", "web"), ("instance", instance)], samples)
}

/// Successful scrapes of an instance, every 15 s from one moment until another one.
fn up(instance: &str, from: i64, until: i64) -> Series {
    counter(instance, every_15_s(from, until).map(|at| (at, 1.0)))
}

pub fn every_15_s(from: i64, until: i64) -> impl Iterator<Item = i64> {
    (from..=until).step_by(15)
}

/// A counter that increases by one per sample, every 15 s.
fn steady(instance: &str, from: i64, until: i64, first: f64) -> Series {
    let values = every_15_s(from, until).enumerate();
    counter(
        instance,
        values.map(|(number, at)| (at, first + number as f64)),
    )
}

fn targets(up: Vec<Series>) -> Targets {
    Targets {
        up,
        ..Targets::default()
    }
}

/// The increases in slices after [`START`].
fn increases(series: &[Series], targets: &Targets, slices: i64) -> Vec<f64> {
    let within = Interval {
        from: START,
        until: START + slices * 300,
    };
    let counted = count(within, series, targets);
    assert_eq!(counted.len(), usize::try_from(slices).unwrap());
    counted.iter().map(|counted| counted.increase).collect()
}

#[test]
fn an_increase_belongs_to_the_slice_of_the_later_sample() {
    let read = counter(
        "a",
        [(-10, 7.0), (5, 9.0), (300, 10.0), (301, 14.0), (600, 14.0)],
    );
    let up = counter(
        "a",
        [(-10, 1.0), (5, 1.0), (300, 1.0), (301, 1.0), (600, 1.0)],
    );
    assert_eq!(increases(&[read], &targets(vec![up]), 2), [3.0, 4.0]);
}

#[test]
fn a_lower_value_is_a_reset() {
    let read = counter("a", [(-10, 100.0), (5, 110.0), (20, 3.0), (35, 4.0)]);
    assert_eq!(increases(&[read], &Targets::default(), 1), [14.0]);
}

#[test]
fn a_new_process_is_a_reset_even_if_its_value_is_higher() {
    let read = counter("a", [(-10, 2.0), (5, 3.0), (20, 50.0), (35, 51.0)]);
    let mut targets = targets(vec![counter(
        "a",
        [(-10, 1.0), (5, 1.0), (20, 1.0), (35, 1.0)],
    )]);
    assert_eq!(increases(std::slice::from_ref(&read), &targets, 1), [49.0]);
    let started = |at: i64, second: f64| (at, START as f64 + second);
    // Exporters calculate the start from the time since the boot, which varies a little.
    targets.process_start = vec![counter(
        "a",
        [
            started(-10, -900.0),
            started(5, -900.4),
            started(20, 8.0),
            started(35, 8.3),
        ],
    )];
    assert_eq!(increases(&[read], &targets, 1), [52.0]);
}

#[test]
fn a_series_at_the_beginning_starts_unknown() {
    // Prometheus has nothing before.
    let read = steady("a", 30, 300, 1_000.0);
    let targets = targets(vec![up("a", 30, 300)]);
    assert_eq!(increases(&[read], &targets, 1), [18.0]);
}

#[test]
fn a_series_that_a_target_did_not_have_starts_at_zero() {
    let old = steady("a", -6_000, 600, 0.0);
    let mut new = steady("a", 30, 300, 3.0);
    new.labels.insert("code".into(), "500".into());
    let targets = targets(vec![up("a", -6_000, 600)]);
    assert_eq!(increases(&[old, new], &targets, 1), [20.0 + 3.0 + 18.0]);
}

#[test]
fn a_series_that_appears_after_a_gap_starts_at_zero() {
    let old = counter(
        "a",
        every_15_s(-6_000, -1_200)
            .chain(every_15_s(30, 600))
            .map(|at| (at, 5.0)),
    );
    let mut new = steady("a", 30, 300, 3.0);
    new.labels.insert("code".into(), "500".into());
    let scrapes = every_15_s(-6_000, -1_200).chain(every_15_s(30, 600));
    let targets = targets(vec![counter("a", scrapes.map(|at| (at, 1.0)))]);
    assert_eq!(increases(&[old, new], &targets, 1), [3.0 + 18.0]);
}

#[test]
fn a_new_target_starts_at_zero_if_others_were_scraped() {
    let others = up("b", -6_000, 900);
    let read = [steady("a", 45, 300, 7.0)];
    let new = targets(vec![up("a", 45, 900), others.clone()]);
    assert_eq!(increases(&read, &new, 1), [7.0 + 17.0]);
    // Others of another job say nothing about when this one was found.
    let mut other_job = others.clone();
    other_job.labels.insert("job".into(), "db".into());
    let of_another_job = targets(vec![up("a", 45, 900), other_job]);
    assert_eq!(increases(&read, &of_another_job, 1), [17.0]);
    // Others that were first scraped in the same round do not either.
    let together = targets(vec![up("a", 45, 900), up("b", 40, 900)]);
    assert_eq!(increases(&read, &together, 1), [17.0]);
    // It failed before: it is still new.
    let starting = counter(
        "a",
        [(15, 0.0), (30, 0.0)]
            .into_iter()
            .chain(every_15_s(45, 900).map(|at| (at, 1.0))),
    );
    assert_eq!(
        increases(&read, &targets(vec![starting, others.clone()]), 1),
        [7.0 + 17.0]
    );
    // It failed all the time: nobody knows how long it has counted.
    let failing = every_15_s(-6_000, 30).map(|at| (at, 0.0));
    let failing = counter("a", failing.chain(every_15_s(45, 900).map(|at| (at, 1.0))));
    assert_eq!(increases(&read, &targets(vec![failing, others]), 1), [17.0]);
}

#[test]
fn the_start_of_the_process_decides_if_it_is_known() {
    let others = up("b", -6_000, 900);
    let mut other_job = others.clone();
    other_job.labels.insert("job".into(), "db".into());
    let read = [steady("a", 45, 300, 7.0)];
    let with_start = |second: i64, others: &Series| Targets {
        up: vec![up("a", 45, 900), others.clone()],
        process_start: vec![counter(
            "a",
            every_15_s(45, 900).map(|at| (at, (START + second) as f64)),
        )],
        ..Targets::default()
    };
    // It has started after the last look at anything.
    assert_eq!(increases(&read, &with_start(20, &others), 1), [24.0]);
    assert_eq!(increases(&read, &with_start(20, &other_job), 1), [24.0]);
    // It is older than what is read, and was only found now.
    assert_eq!(increases(&read, &with_start(-4_000, &others), 1), [17.0]);
    // Prometheus has nothing before: it may have been scraped.
    let alone = up("b", 40, 900);
    assert_eq!(increases(&read, &with_start(20, &alone), 1), [17.0]);
}

#[test]
fn the_increase_over_a_gap_belongs_to_its_end() {
    let values = |at: i64| (at, (at + 10_000) as f64);
    let scrapes = || every_15_s(-6_000, 0).chain(every_15_s(1_005, 2_400));
    let read = counter("a", scrapes().map(values));
    let targets = targets(vec![counter("a", scrapes().map(|at| (at, 1.0)))]);
    assert_eq!(
        increases(&[read], &targets, 5),
        [0.0, 0.0, 0.0, 1_200.0, 300.0]
    );
}

#[test]
fn a_gap_of_more_than_an_hour_is_not_bridged() {
    let values = |at: i64| (at, (at + 10_000) as f64);
    let scrapes = || every_15_s(-6_000, 0).chain(every_15_s(3_615, 4_800));
    let read = counter("a", scrapes().map(values));
    let targets = targets(vec![counter("a", scrapes().map(|at| (at, 1.0)))]);
    let found = increases(&[read], &targets, 14);
    assert_eq!(found[..13], [[0.0; 12].as_slice(), &[285.0]].concat());
}

#[test]
fn a_restart_in_a_gap_counts_from_zero() {
    let read = counter("a", [(-15, 100.0), (0, 101.0), (600, 40.0), (615, 41.0)]);
    assert_eq!(increases(&[read], &Targets::default(), 3), [0.0, 40.0, 1.0]);
}

#[test]
fn stale_markers_and_broken_values_are_no_samples() {
    let read = counter(
        "a",
        [
            (-15, 1.0),
            (0, 2.0),
            (15, f64::NAN),
            (30, STALE),
            (45, f64::INFINITY),
            (60, -5.0),
            (75, 6.0),
        ],
    );
    let targets = targets(vec![up("a", -6_000, 600)]);
    assert_eq!(increases(&[read], &targets, 1), [4.0]);
}

#[test]
fn samples_of_the_second_replica_fill_gaps_of_the_first() {
    let value = |at: i64| (at + 10_000) as f64;
    let of_replica = |replica: &str, times: Vec<i64>| {
        let labels = [("job", "web"), ("instance", "a"), ("replica", replica)];
        (
            series(&labels, times.iter().map(|at| (*at, value(*at)))),
            series(&labels, times.iter().map(|at| (*at, 1.0))),
        )
    };
    let first = of_replica(
        "0",
        every_15_s(-6_000, 300)
            .chain(every_15_s(1_200, 2_100))
            .collect(),
    );
    let second = of_replica("1", every_15_s(-5_993, 2_100).collect());
    let targets = Targets {
        up: vec![first.1, second.1],
        replica_labels: vec!["replica".into()],
        ..Targets::default()
    };
    // 300, then 592 and 892 of the second replica, then 1,200 of the first again. Nothing is there twice.
    let found = increases(&[first.0, second.0], &targets, 5);
    assert_eq!(found, [300.0, 292.0, 300.0, 308.0, 300.0]);
}

#[test]
fn two_replicas_that_scrape_at_the_same_moment_are_no_reset() {
    // The second one sees the target a moment earlier, although it starts to scrape a moment later.
    let of_replica = |replica: &str, samples: Vec<(i64, f64)>| {
        series(
            &[("job", "web"), ("instance", "a"), ("replica", replica)],
            samples,
        )
    };
    let mut second = of_replica(
        "1",
        every_15_s(-6_000, 900)
            .map(|at| (at, (at + 9_990) as f64))
            .collect(),
    );
    for sample in &mut second.samples {
        sample.at += 3;
    }
    let times = every_15_s(-6_000, 90).chain(every_15_s(150, 900));
    let first = of_replica("0", times.map(|at| (at, (at + 10_000) as f64)).collect());
    let targets = Targets {
        replica_labels: vec!["replica".into()],
        ..Targets::default()
    };
    assert_eq!(increases(&[first, second], &targets, 2), [300.0, 300.0]);
}

#[test]
fn up_without_the_labels_of_replicas_is_not_used() {
    let of_replica = |replica: &str, offset: i64| {
        let labels = [("job", "web"), ("instance", "a"), ("replica", replica)];
        let times = every_15_s(-6_000 + offset, 900);
        series(&labels, times.map(|at| (at, (at + 10_000) as f64)))
    };
    let targets = Targets {
        up: vec![up("a", -6_000, 900)],
        replica_labels: vec!["replica".into()],
        ..Targets::default()
    };
    assert_eq!(
        increases(&[of_replica("0", 2), of_replica("1", 8)], &targets, 1),
        [300.0]
    );
}

#[test]
fn counters_with_their_own_times_are_counted() {
    // cAdvisor's samples have the time of its measurement, not of the scrape.
    let read = counter(
        "a",
        (0..120).map(|number| (-6_000 + number * 60 + 7, number as f64)),
    );
    let found = increases(&[read], &targets(vec![up("a", -6_000, 900)]), 3);
    assert_eq!(found, [5.0, 5.0, 5.0]);
}

#[test]
fn samples_in_any_order_are_counted_once() {
    let mut read = steady("a", -6_000, 900, 0.0);
    let again = read.samples.clone();
    read.samples.extend(again);
    read.samples.reverse();
    let twice = [read.clone(), read];
    assert_eq!(increases(&twice, &Targets::default(), 2), [20.0, 20.0]);
}

#[test]
fn counts_are_exact_up_to_2_53() {
    let largest = 9_007_199_254_740_992.0_f64;
    let read = counter(
        "a",
        [
            (-15, largest - 3.0),
            (0, largest - 2.0),
            (15, largest - 1.0),
            (30, largest),
        ],
    );
    assert_eq!(increases(&[read], &Targets::default(), 1), [2.0]);
}

#[test]
fn terms_are_added_with_their_coefficients() {
    let counted = |start: i64, increase: f64, seen: u16| Counted {
        start: START + start,
        increase,
        seen,
    };
    let total = [
        counted(0, 100.0, 300),
        counted(300, 50.0, 280),
        counted(600, 1.0, 300),
    ];
    let good = [counted(0, 90.0, 290), counted(300, 51.0, 300)];
    let bad = combine(&[(1.0, &total), (-1.0, &good)]);
    assert_eq!(bad, [counted(0, 10.0, 290), counted(300, -1.0, 280)]);
    let slices = slices(&bad, &total);
    let found: Vec<_> = slices
        .iter()
        .map(|slice| (slice.bad, slice.total, slice.seen))
        .collect();
    assert_eq!(found, [(10.0, 100.0, 290), (0.0, 50.0, 280)]);
    assert_eq!(combine(&[]), []);
}

#[test]
fn nothing_was_read() {
    let within = Interval {
        from: START,
        until: START + 600,
    };
    let counted = count(within, &[], &Targets::default());
    let found: Vec<_> = counted
        .iter()
        .map(|counted| (counted.increase, counted.seen))
        .collect();
    assert_eq!(found, [(0.0, 0), (0.0, 0)]);
    let empty = Interval {
        from: START,
        until: START,
    };
    assert_eq!(count(empty, &[], &Targets::default()), []);
}

#[test]
fn an_interval_is_extended_to_whole_slices() {
    let within = Interval {
        from: START + 10,
        until: START + 301,
    };
    let starts: Vec<i64> = count(within, &[], &Targets::default())
        .iter()
        .map(|counted| counted.start)
        .collect();
    assert_eq!(starts, [START, START + 300]);
}
