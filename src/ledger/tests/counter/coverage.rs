//! How many seconds of slices are seen.

use nth_ledger::Interval;
use nth_ledger::counter::{Series, Targets, count};

use crate::rules::{STALE, START, every_15_s, series};

fn up(instance: &str, times: impl IntoIterator<Item = i64>) -> Series {
    let labels = [("job", "web"), ("instance", instance)];
    series(&labels, times.into_iter().map(|at| (at, 1.0)))
}

fn seen(up: Vec<Series>, slices: i64) -> Vec<u16> {
    let within = Interval {
        from: START,
        until: START + slices * 300,
    };
    let targets = Targets {
        up,
        ..Targets::default()
    };
    count(within, &[], &targets)
        .iter()
        .map(|counted| counted.seen)
        .collect()
}

#[test]
fn a_scraped_target_is_seen() {
    assert_eq!(
        seen(vec![up("a", every_15_s(-6_000, 1_200))], 2),
        [300, 300]
    );
    // Scrapes need not be at the edges, nor exactly 15 s apart.
    let mut late = up("a", every_15_s(-5_992, 1_200));
    for (number, sample) in late.samples.iter_mut().enumerate() {
        sample.at += [0, 3, -2, 11][number % 4];
    }
    assert_eq!(seen(vec![late], 2), [300, 300]);
}

#[test]
fn one_missing_scrape_is_no_gap_and_two_are() {
    let without = |missing: &'static [i64]| {
        vec![up(
            "a",
            every_15_s(-6_000, 1_200).filter(move |at| !missing.contains(at)),
        )]
    };
    assert_eq!(seen(without(&[60]), 1), [300]);
    assert_eq!(seen(without(&[60, 75]), 1), [255]);
}

#[test]
fn nothing_is_seen_in_a_gap_of_the_server() {
    let times = every_15_s(-6_000, 150).chain(every_15_s(1_050, 2_400));
    assert_eq!(seen(vec![up("a", times)], 4), [150, 0, 0, 150]);
}

#[test]
fn a_failing_target_is_not_seen() {
    let mut failing = up("a", every_15_s(-6_000, 1_800));
    for sample in &mut failing.samples {
        if (150..450).contains(&(sample.at / 1_000 - START)) {
            sample.value = 0.0;
        }
    }
    // From the last success to the first one after it.
    assert_eq!(seen(vec![failing.clone()], 2), [135, 150]);
    // One of two targets.
    assert_eq!(
        seen(vec![failing, up("b", every_15_s(-6_000, 1_800))], 2),
        [217, 225]
    );
}

#[test]
fn a_target_that_is_gone_is_missed_for_one_interval() {
    let others = || up("b", every_15_s(-6_000, 1_800));
    let gone = up("a", every_15_s(-6_000, 150));
    // Half of 15 s, rounded down.
    assert_eq!(seen(vec![gone.clone(), others()], 2), [292, 300]);
    // Without others, nothing is seen any longer.
    assert_eq!(seen(vec![gone.clone()], 2), [150, 0]);
    let mut removed = gone;
    removed.samples.push(nth_ledger::counter::Sample {
        at: (START + 152) * 1_000,
        value: STALE,
    });
    assert_eq!(seen(vec![removed, others()], 2), [299, 300]);
}

#[test]
fn a_target_that_comes_back_within_ten_minutes_is_missed() {
    let others = || up("b", every_15_s(-6_000, 3_000));
    let times = |back: i64| every_15_s(-6_000, 0).chain(every_15_s(back, 3_000));
    assert_eq!(
        seen(vec![up("a", times(600)), others()], 3),
        [150, 150, 300]
    );
    // After a longer time, it was not a target meanwhile.
    assert_eq!(
        seen(vec![up("a", times(915)), others()], 4),
        [292, 300, 300, 292]
    );
}

#[test]
fn a_new_target_is_expected_from_its_first_scrape_on() {
    let others = up("b", every_15_s(-6_000, 1_800));
    assert_eq!(
        seen(vec![up("a", every_15_s(150, 1_800)), others], 2),
        [300, 300]
    );
    assert_eq!(seen(vec![up("a", every_15_s(150, 1_800))], 2), [150, 300]);
}

#[test]
fn a_slice_in_which_one_of_many_targets_is_lost_for_a_moment_is_not_complete() {
    let mut all: Vec<Series> = (0..100)
        .map(|number| up(&number.to_string(), every_15_s(-6_000, 900)))
        .collect();
    all[7]
        .samples
        .retain(|sample| !(START * 1_000 + 60_000..START * 1_000 + 90_000).contains(&sample.at));
    assert_eq!(seen(all, 1), [299]);
}

#[test]
fn replicas_see_for_each_other() {
    let of_replica = |replica: &str, times: Vec<i64>| {
        let labels = [("job", "web"), ("instance", "a"), ("replica", replica)];
        series(&labels, times.into_iter().map(|at| (at, 1.0)))
    };
    let first = every_15_s(-6_000, 150)
        .chain(every_15_s(1_050, 2_400))
        .collect();
    let second = every_15_s(-5_993, 2_400).collect();
    let within = Interval {
        from: START,
        until: START + 1_200,
    };
    let targets = Targets {
        up: vec![of_replica("0", first), of_replica("1", second)],
        replica_labels: vec!["replica".into()],
        ..Targets::default()
    };
    let seen: Vec<u16> = count(within, &[], &targets)
        .iter()
        .map(|counted| counted.seen)
        .collect();
    assert_eq!(seen, [300; 4]);
}
