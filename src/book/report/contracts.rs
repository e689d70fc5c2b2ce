//! What was promised outside: for each period of a contract, whether it was kept.
//!
//! A contract is judged by its own objective throughout, whatever objective the SLO had, and without what is excluded. It is kept if
//! it would be kept even if all of the time that was not seen had been bad, and broken if it is even if all of that time had been good.
//! Otherwise it is unknown.

use nth_ledger::{Interval, Yardstick, judge};
use nth_model::{Contract, Duration};

use super::apportion::{as_float, whole};
use super::document::{ContractRow, Kept};
use super::input::{Period, SloInput};

/// The tolerance of a consumed share for rounding errors.
const EXACT: f64 = 1e-9;

/// How long after a report's period a longer one may end, in seconds: the same month ends later in another time zone.
const DAY: i64 = 86_400;

/// How long after a report's period the periods of its contracts end at most, in seconds: half a quarter.
pub const OVERHANG: i64 = 47 * DAY;

/// A period of a contract.
struct Promised {
    /// All of it.
    whole: Interval,
    /// Until when it is judged.
    until: i64,
}

/// The periods of the contracts of an SLO that a report is about, in the order of the contracts and of time. `known_until` is the
/// end of what the ledger has.
pub(super) fn rows(slo: &SloInput, period: &Period, known_until: i64) -> Vec<ContractRow> {
    let all = slo.contracts.iter().flat_map(|contract| {
        let periods = periods(contract, period, known_until).into_iter();
        periods.map(move |promised| row(slo, contract, &promised))
    });
    all.collect()
}

/// The periods of a contract of which the middle is in a report's period, so that each is in one of several reports; and the current
/// one, if the report's period has not ended. If there is none, the one with the middle of the report's period, up to its end. Of a
/// rolling window, the one that ends with the report's period.
fn periods(contract: &Contract, period: &Period, known_until: i64) -> Vec<Promised> {
    let Some(calendar) = &contract.calendar else {
        let whole = Interval {
            from: period.until.saturating_sub(seconds(contract.window)),
            until: period.until,
        };
        return vec![Promised {
            whole,
            until: period.until,
        }];
    };
    let of_report = period.from..period.until;
    let middle = |from: i64, until: i64| from + (until - from) / 2;
    let middle_of_report = middle(period.from, period.until);
    let mut found = Vec::new();
    let mut longer = None;
    let mut at = period.from;
    while at < period.until {
        // The language reports an unknown zone before.
        let Ok(range) = calendar.period(at) else {
            break;
        };
        if range.is_empty() {
            break;
        }
        let whole = Interval {
            from: range.start,
            until: range.end,
        };
        let is_within = of_report.contains(&middle(range.start, range.end));
        let is_current = !period.is_complete && range.end > period.until;
        if is_within || is_current {
            found.push(Promised {
                whole,
                until: range.end.min(known_until),
            });
        } else if range.contains(&middle_of_report) {
            let until = known_until.min(period.until.saturating_add(DAY));
            longer = Some(Promised {
                whole,
                until: range.end.min(until),
            });
        }
        at = range.end;
    }
    if found.is_empty() {
        found.extend(longer);
    }
    found
}

fn row(slo: &SloInput, contract: &Contract, promised: &Promised) -> ContractRow {
    let whole_period = promised.whole;
    let until = promised.until.max(whole_period.from);
    let is_complete = until == whole_period.until;
    let so_far = Interval {
        from: whole_period.from,
        until,
    };
    let exclusions: Vec<Interval> = { slo.exclusions.iter() }
        .flat_map(|exclusion| exclusion.intervals.iter().copied())
        .collect();
    let judged = judge(
        &slo.contract_slices,
        so_far,
        Yardstick::Throughout(contract.objective),
        &exclusions,
    );
    let net = judged.net;
    let unseen = net.seconds - net.seen;
    // What is to come of the period has a budget too, and has consumed nothing yet.
    let to_come = whole_period.until - until;
    let elapsed = as_float(net.seconds) / as_float((net.seconds + to_come).max(1));
    let spent = net.spent().map(|spent| spent * elapsed);
    let budget_seconds = net.allowed_seconds / elapsed.max(f64::MIN_POSITIVE);
    let kept = match spent {
        Some(spent) if spent > 1.0 + EXACT => Kept::Broken,
        Some(_) if !is_complete => Kept::Open,
        Some(spent) => {
            let worst = spent + as_float(unseen) / budget_seconds.max(f64::MIN_POSITIVE);
            match worst <= 1.0 + EXACT {
                true => Kept::Kept,
                false => Kept::Unknown,
            }
        }
        None if is_complete => Kept::Unknown,
        None => Kept::Open,
    };
    ContractRow {
        slo: slo.key.clone(),
        contract: contract.name.to_string(),
        with: contract.with.clone(),
        promised: contract.objective,
        window: match &contract.calendar {
            Some(calendar) => format!("calendar {calendar}"),
            None => contract.window.to_string(),
        },
        from: whole_period.from,
        until: whole_period.until,
        known_until: until,
        measured: net.attained(),
        kept,
        budget_ms: whole(budget_seconds * 1000.0),
        bad_ms: net
            .budget_seconds(net.bad)
            .map(|seconds| whole(seconds * 1000.0)),
        seconds: net.seconds,
        unseen_seconds: unseen,
        excluded_seconds: judged.excluded.seconds,
        remedy: contract.remedy.clone().filter(|_| kept == Kept::Broken),
    }
}

/// The first moment that the contracts of an SLO are about in a report on a period, in seconds since 1970: at most the period's first.
pub fn first_moment(contracts: &[Contract], from: i64, until: i64) -> i64 {
    let begins = contracts.iter().map(|contract| match &contract.calendar {
        Some(calendar) => calendar.period(from).map_or(from, |period| period.start),
        None => until.saturating_sub(seconds(contract.window)),
    });
    begins.min().unwrap_or(from).min(from)
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.0 / 1000).unwrap_or(i64::MAX)
}
