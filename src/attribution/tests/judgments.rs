//! Judgments about services whose errors are written down.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;

use nth_attribution::{
    Analysis, Counts, Dependency, Judgment, Level, Reason, Rollout, Service, Settings, Slice,
    Stratum, UntilBecause,
};

/// A Monday, 2026-01-05 00:00 UTC.
const BEGIN: i64 = 1_767_571_200;
const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;
/// The day of the deployments: a Wednesday.
const TODAY: i64 = BEGIN + 16 * DAY;

/// Errors of 5% of the events from one time to another.
#[derive(Clone, Copy)]
struct Incident(i64, i64);

impl Incident {
    /// The seconds of a slice that are affected.
    fn seconds(self, start: i64) -> i64 {
        (self.1.min(start + 300) - self.0.max(start)).max(0)
    }
}

/// Slices of 17 days with 10,000 events each, of which about 10 are bad, and those of incidents.
fn slices(incidents: &[Incident]) -> Vec<Slice> {
    (0..17 * 288)
        .map(|number: i64| {
            let start = BEGIN + number * 300;
            let seconds: i64 = incidents
                .iter()
                .map(|incident| incident.seconds(start))
                .sum();
            let usual = 7.0 + (number * number % 7) as f64;
            Slice {
                start,
                bad: usual + (500.0 * seconds as f64 / 300.0).round(),
                total: 10_000.0,
                seen: 300,
            }
        })
        .collect()
}

fn rollout(key: &str, started: i64) -> Rollout {
    Rollout {
        key: key.to_owned(),
        started,
        finished: Some(started + 10 * MINUTE),
        ended_by_rollback: None,
    }
}

fn rolled_back(key: &str, started: i64, at: i64) -> Rollout {
    Rollout {
        ended_by_rollback: Some(at),
        ..rollout(key, started)
    }
}

/// A service with its deployments.
#[derive(Default)]
struct Case {
    slices: Vec<Slice>,
    rollouts: Vec<Rollout>,
    dependencies: Vec<Dependency>,
    comparisons: BTreeMap<String, Vec<Stratum>>,
}

impl Case {
    fn new(incidents: &[Incident], rollouts: &[Rollout]) -> Self {
        Self {
            slices: slices(incidents),
            rollouts: rollouts.to_vec(),
            ..Self::default()
        }
    }

    fn judge(&self) -> Vec<Judgment> {
        let service = Service {
            slices: &self.slices,
            rollouts: &self.rollouts,
            dependencies: &self.dependencies,
            comparisons: &self.comparisons,
        };
        Analysis::new(service, Settings::default()).judgments()
    }

    fn only(&self) -> Judgment {
        let mut judgments = self.judge();
        assert_eq!(judgments.len(), 1);
        judgments.remove(0)
    }
}

/// Whether an amount is that of this many minutes at 100 events a minute.
fn is_of_minutes(judgment: &Judgment, minutes: i64) -> bool {
    let amount = judgment.amount.unwrap();
    amount.holds(minutes as f64 * 100.0) && amount.high - amount.low < 0.1 * amount.mid
}

#[test]
fn an_effect_ends_with_the_roll_back() {
    let started = TODAY + 10 * HOUR + 2 * MINUTE;
    let back = started + 40 * MINUTE;
    let incident = Incident(started + 3 * MINUTE, back + 2 * MINUTE);
    let judgment = Case::new(&[incident], &[rolled_back("a", started, back)]).only();
    assert_eq!(judgment.level, Level::Onset);
    assert_eq!(judgment.until_because, UntilBecause::Rollback);
    assert!((judgment.from - incident.0).abs() <= 30, "{judgment:?}");
    assert!(judgment.until >= back && judgment.until <= back + 10 * MINUTE);
    assert!(is_of_minutes(&judgment, 39), "{judgment:?}");
    assert!(judgment.p < 0.01);
    assert_eq!(judgment.coverage, 1.0);
    assert_eq!(judgment.share(), 1.0);
}

#[test]
fn an_effect_ends_by_itself_or_with_the_next_deployment() {
    let started = TODAY + 10 * HOUR;
    let incident = Incident(started + 3 * MINUTE, started + 33 * MINUTE);
    let alone = Case::new(&[incident], &[rollout("a", started)]).only();
    assert_eq!(alone.until_because, UntilBecause::Recovery);
    assert!(is_of_minutes(&alone, 30), "{alone:?}");

    let fix = rollout("b", started + 22 * MINUTE);
    let both = Case::new(&[incident], &[rollout("a", started), fix]).judge();
    assert_eq!(both[0].level, Level::Onset);
    assert_eq!(both[0].until_because, UntilBecause::NextDeployment);
    assert_eq!(both[0].until, started + 22 * MINUTE);
    assert!(both[0].amount.unwrap().holds(1900.0), "{both:?}");
    assert_eq!(both[1].level, Level::Coincides);
    assert_eq!(both[1].amount, None);
}

#[test]
fn an_effect_that_lasts_ends_with_the_data() {
    let started = BEGIN + 17 * DAY - HOUR;
    let incident = Incident(started + 5 * MINUTE, i64::MAX);
    let judgment = Case::new(&[incident], &[rollout("a", started)]).only();
    assert_eq!(judgment.level, Level::Onset);
    assert_eq!(judgment.until_because, UntilBecause::End);
    assert_eq!(judgment.until, BEGIN + 17 * DAY);
    assert!(is_of_minutes(&judgment, 55), "{judgment:?}");
}

#[test]
fn what_begins_before_or_after_the_roll_out_only_coincides() {
    let started = TODAY + 10 * HOUR;
    for begin in [-20, -6, 17, 40] {
        let begin = started + begin * MINUTE;
        let incident = Incident(begin, begin + 30 * MINUTE);
        let judgment = Case::new(&[incident], &[rollout("a", started)]).only();
        assert_eq!(judgment.level, Level::Coincides, "{judgment:?}");
        assert_eq!(judgment.amount, None);
    }
}

#[test]
fn a_service_with_many_incidents_blames_only_what_ends_with_the_roll_back() {
    // Two incidents a day of half an hour, and one in the roll-out.
    let mut incidents: Vec<Incident> = (0..32)
        .map(|number| {
            let at = BEGIN + number * DAY / 2 + number * 30 * MINUTE + 7 * HOUR;
            Incident(at, at + 30 * MINUTE)
        })
        .filter(|incident| incident.0 < TODAY)
        .collect();
    let started = TODAY + 10 * HOUR;
    incidents.push(Incident(started + 8 * MINUTE, started + 38 * MINUTE));
    let alone = Case::new(&incidents, &[rollout("a", started)]).only();
    assert_eq!(alone.level, Level::Coincides);
    assert!(alone.p > 0.01 && alone.p < 0.2, "{alone:?}");
    let together = rolled_back("a", started, started + 36 * MINUTE);
    let together = Case::new(&incidents, &[together]).only();
    assert_eq!(together.level, Level::Onset);
    // A roll-back that does not help speaks for the deployment.
    let in_vain = rolled_back("a", started, started + 12 * MINUTE);
    let in_vain = Case::new(&incidents, &[in_vain]).only();
    assert_eq!(in_vain.level, Level::Coincides);
}

#[test]
fn too_little_history_is_no_judgment() {
    let started = BEGIN + 5 * DAY + 10 * HOUR;
    let incident = Incident(started + 3 * MINUTE, started + 33 * MINUTE);
    let judgment = Case::new(&[incident], &[rollout("a", started)]).only();
    let reason = Reason::TooLittleHistory {
        have: 5.0,
        need: 7.0,
    };
    assert_eq!(judgment.level, Level::NotJudged { reason });
    assert_eq!(judgment.amount, None);
}

#[test]
fn what_is_not_seen_is_no_judgment() {
    let started = TODAY + 10 * HOUR;
    let mut case = Case::new(&[], &[rollout("a", started)]);
    for slice in &mut case.slices {
        if slice.start >= started - 10 * MINUTE && slice.start < started + 10 * MINUTE {
            slice.seen = 0;
        }
    }
    let reason = Reason::Unseen;
    assert_eq!(case.only().level, Level::NotJudged { reason });
    case.slices.clear();
    assert_eq!(case.only().level, Level::NotJudged { reason });

    let late = Case::new(&[], &[rollout("a", BEGIN + 17 * DAY - 2 * MINUTE)]).only();
    let reason = Reason::TooEarly;
    assert_eq!(late.level, Level::NotJudged { reason });

    let mut wrong = rollout("a", started);
    wrong.finished = Some(started - 1);
    let reason = Reason::BadTimes;
    let wrong = Case::new(&[], &[wrong]).only();
    assert_eq!(wrong.level, Level::NotJudged { reason });
}

#[test]
fn a_service_that_is_always_deployed_has_no_placebos() {
    let rollouts: Vec<Rollout> = (0..17 * 144)
        .map(|number| rollout(&number.to_string(), BEGIN + number * 10 * MINUTE))
        .collect();
    let started = rollouts[16 * 144 + 60].started;
    let incident = Incident(started + 3 * MINUTE, started + 33 * MINUTE);
    let judgments = Case::new(&[incident], &rollouts).judge();
    let level = &judgments[16 * 144 + 60].level;
    let reason = Reason::TooFewPlacebos { least_p: 1.0 };
    assert_eq!(*level, Level::NotJudged { reason });
    // Nothing began in another one.
    assert_eq!(judgments[16 * 144 + 30].level, Level::Coincides);
}

#[test]
fn a_gap_in_an_effect_is_not_part_of_the_amount() {
    let started = TODAY + 10 * HOUR;
    let incident = Incident(started + 5 * MINUTE, started + 65 * MINUTE);
    let back = rolled_back("a", started, started + 65 * MINUTE);
    let mut case = Case::new(&[incident], &[back]);
    for slice in &mut case.slices {
        if slice.start >= started + 20 * MINUTE && slice.start < started + 35 * MINUTE {
            slice.seen = 0;
        }
    }
    let judgment = case.only();
    assert_eq!(judgment.level, Level::Onset);
    assert!(is_of_minutes(&judgment, 45), "{judgment:?}");
    assert!((judgment.coverage - 0.75).abs() < 0.03, "{judgment:?}");
}

#[test]
fn overlapping_roll_outs_share_an_effect() {
    let started = TODAY + 10 * HOUR;
    let incident = Incident(started + 8 * MINUTE, started + 38 * MINUTE);
    let rollouts = [
        rollout("a", started),
        rollout("b", started + 5 * MINUTE),
        rollout("c", started - 20 * MINUTE),
    ];
    let judgments = Case::new(&[incident], &rollouts).judge();
    assert_eq!(judgments[0].level, Level::Onset);
    assert_eq!(judgments[0].shared_with, ["b"]);
    assert_eq!(judgments[1].level, Level::Onset);
    assert_eq!(judgments[1].shared_with, ["a"]);
    assert_eq!(
        judgments[0].amount.unwrap().mid,
        judgments[1].amount.unwrap().mid
    );
    assert_eq!(judgments[0].share() + judgments[1].share(), 1.0);
    assert_eq!(judgments[2].level, Level::Coincides);
}

#[test]
fn a_dependency_that_failed_first_is_the_candidate() {
    let started = TODAY + 10 * HOUR;
    let own = Incident(started + 6 * MINUTE, started + 40 * MINUTE);
    let mut case = Case::new(&[own], &[rollout("a", started)]);
    let dependency = |name: &str, from: i64| Dependency {
        name: name.to_owned(),
        slices: slices(&[Incident(started + from * MINUTE, started + 41 * MINUTE)]),
    };
    case.dependencies = vec![dependency("later", 12), dependency("ledger", 4)];
    let judgment = case.only();
    assert_eq!(judgment.candidate_dependency.as_deref(), Some("ledger"));
    assert_eq!(judgment.level, Level::Coincides);
    assert_eq!(judgment.amount, None);

    case.dependencies.truncate(1);
    let judgment = case.only();
    assert_eq!(judgment.candidate_dependency, None);
    assert_eq!(judgment.level, Level::Onset);
}

/// Minutes of a canary of 20% with these bad events of the old and the new version.
fn strata(from: i64, minutes: i64, (old, new): (f64, f64)) -> Vec<Stratum> {
    (0..minutes)
        .map(|minute| Stratum {
            start: from + minute * MINUTE,
            old: Counts {
                bad: old,
                total: 1600.0,
            },
            new: Counts {
                bad: new,
                total: 400.0,
            },
        })
        .collect()
}

#[test]
fn a_compared_deployment_needs_no_history() {
    let started = BEGIN + DAY;
    let mut case = Case::new(&[], &[rollout("a", started)]);
    let worse = strata(started, 15, (2.0, 20.0));
    case.comparisons.insert("a".to_owned(), worse);
    let judgment = case.only();
    assert_eq!(judgment.level, Level::Compared);
    assert!(judgment.p < 1e-6);
    let amount = judgment.amount.unwrap();
    assert!(amount.holds(15.0 * (20.0 - 0.5)), "{amount:?}");
    assert!(amount.high <= 300.0);
    assert_eq!(
        (judgment.from, judgment.until),
        (started, started + 15 * MINUTE)
    );
    assert_eq!(judgment.coverage, 1.0);
}

#[test]
fn a_comparison_counts_what_comes_after_it_too() {
    let started = TODAY + 10 * HOUR;
    // 5% of 20% of the events for 15 minutes, then of all of them for 30.
    let incident = Incident(started + 15 * MINUTE, started + 45 * MINUTE);
    let mut case = Case::new(
        &[incident],
        &[rolled_back("a", started, started + 44 * MINUTE)],
    );
    case.rollouts[0].finished = Some(started + 20 * MINUTE);
    for slice in &mut case.slices {
        if slice.start >= started && slice.start < started + 15 * MINUTE {
            slice.bad += 100.0;
        }
    }
    let worse = strata(started, 15, (1.6, 20.4));
    case.comparisons.insert("a".to_owned(), worse);
    let judgment = case.only();
    assert_eq!(judgment.level, Level::Compared);
    let amount = judgment.amount.unwrap();
    assert!(amount.holds(3300.0), "{judgment:?}");
    assert!(judgment.until >= started + 44 * MINUTE);
}

#[test]
fn a_comparison_acquits() {
    // Both versions fail alike: it is something else that began in the roll-out.
    let started = TODAY + 10 * HOUR;
    let incident = Incident(started + 5 * MINUTE, started + 35 * MINUTE);
    let mut case = Case::new(&[incident], &[rollout("a", started), rollout("b", started)]);
    let mut both = strata(started, 5, (1.6, 0.4));
    both.extend(strata(started + 5 * MINUTE, 10, (81.6, 20.4)));
    case.comparisons.insert("a".to_owned(), both);
    let judgments = case.judge();
    assert_eq!(judgments[0].level, Level::Coincides, "{judgments:?}");
    // The other one is not compared, and has no one to share with.
    assert_eq!(judgments[1].level, Level::Onset);
    assert_eq!(judgments[1].shared_with, [""; 0]);
}

#[test]
fn a_compared_one_explains_what_others_coincide_with() {
    let started = TODAY + 10 * HOUR;
    let incident = Incident(started + 5 * MINUTE, started + 35 * MINUTE);
    let mut case = Case::new(&[incident], &[rollout("a", started), rollout("b", started)]);
    let worse = strata(started, 30, (1.6, 100.0));
    case.comparisons.insert("a".to_owned(), worse);
    let judgments = case.judge();
    assert_eq!(judgments[0].level, Level::Compared);
    assert_eq!(judgments[1].level, Level::Coincides);
}

#[test]
fn judgments_do_not_depend_on_the_order_of_the_data() {
    let started = TODAY + 10 * HOUR;
    let incident = Incident(started + 5 * MINUTE, started + 35 * MINUTE);
    let mut case = Case::new(&[incident], &[rollout("a", started), rollout("b", started)]);
    let judgments = case.judge();
    case.slices.reverse();
    assert_eq!(case.judge(), judgments);
}

#[test]
fn later_data_does_not_change_a_judgment() {
    let started = BEGIN + 15 * DAY + 10 * HOUR;
    let back = started + 33 * MINUTE;
    let incidents = [
        Incident(started + 5 * MINUTE, back + 2 * MINUTE),
        Incident(started + 5 * HOUR, started + 9 * HOUR),
    ];
    let mut case = Case::new(&incidents, &[rolled_back("a", started, back)]);
    let judgment = case.only();
    case.slices.retain(|slice| slice.start < started + 2 * HOUR);
    assert_eq!(case.only(), judgment);
}

#[test]
fn a_quiet_service_blames_no_placebo() {
    let rollouts = [rollout("a", TODAY), rollout("b", TODAY + 5 * HOUR)];
    let case = Case::new(&[], &rollouts);
    let service = Service {
        slices: &case.slices,
        rollouts: &case.rollouts,
        dependencies: &[],
        comparisons: &case.comparisons,
    };
    let rate = Analysis::new(service, Settings::default()).false_blame_rate();
    assert_eq!(rate.blamed, 0);
    // Ten days of 288 slices, without those that touch the roll-outs.
    assert!(rate.placebos > 2860 && rate.placebos < 2880, "{rate:?}");
    assert_eq!(rate.share(), Some(0.0));

    let none = Service {
        rollouts: &[],
        ..service
    };
    let rate = Analysis::new(none, Settings::default()).false_blame_rate();
    assert_eq!(rate.share(), None);
}

#[test]
fn impossible_data_is_no_reason_to_panic() {
    let numbers = [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e300, 5.0];
    let times = [i64::MIN, -1, 0, BEGIN, TODAY, 1 << 36, i64::MAX];
    let mut case = Case::new(&[], &[]);
    for time in times {
        for number in numbers {
            case.slices.push(Slice {
                start: time,
                bad: number,
                total: 1e300,
                seen: u16::MAX,
            });
        }
        for other in times {
            case.rollouts.push(Rollout {
                key: case.rollouts.len().to_string(),
                started: time,
                finished: Some(other),
                ended_by_rollback: Some(other),
            });
            case.rollouts.push(Rollout {
                key: case.rollouts.len().to_string(),
                started: time,
                finished: None,
                ended_by_rollback: None,
            });
        }
    }
    let strata = times.iter().flat_map(|start| {
        numbers.iter().map(|bad| Stratum {
            start: *start,
            old: Counts {
                bad: *bad,
                total: 10.0,
            },
            new: Counts {
                bad: 5.0,
                total: *bad,
            },
        })
    });
    case.comparisons.insert("3".to_owned(), strata.collect());
    case.dependencies.push(Dependency {
        name: "ledger".to_owned(),
        slices: case.slices.clone(),
    });
    assert_eq!(case.judge().len(), case.rollouts.len());
    // The stray slices of distant times hide all others.
    case.slices
        .retain(|slice| (0..1 << 35).contains(&slice.start));
    let judgments = case.judge();
    let is_finite = |judgment: &Judgment| {
        let amount = judgment
            .amount
            .map_or(0.0, |amount| amount.high - amount.low);
        judgment.p.is_finite() && amount.is_finite() && judgment.coverage.is_finite()
    };
    assert!(judgments.iter().all(is_finite));
}
