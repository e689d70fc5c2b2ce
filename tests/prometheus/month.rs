//! Weeks of strongly uneven traffic: the recorded error budget against the true count of events.

use nthc::ir::Duration;

use crate::models::{bad_based, rules, service, settings, slo};
use crate::support::promtool::{self, Test, series};

/// How often the counters have a value.
const SCRAPE: Duration = Duration::seconds(15);
/// How often the rules are evaluated.
const INTERVAL: Duration = Duration::minutes(3);
/// promtool's engine holds 10,000 samples a query, and the slices of all days must be below that.
const DAYS: usize = 20;
/// A day in stretches, not in step with anything: minutes, requests a minute, failed requests a minute. By day
/// there are fifty times as many as at night, and some fail for some hours of the night only.
const DAY: [(u64, f64, f64); 4] = [
    (713, 3000.0, 0.0),
    (131, 60.0, 0.0),
    (187, 60.0, 7.0),
    (409, 60.0, 0.0),
];

/// A counter that rises by `each` of a stretch every minute, day after day.
fn counter(each: impl Fn(f64, f64) -> f64) -> String {
    let mut value = 0.0;
    let mut parts = Vec::new();
    for (minutes, total, bad) in [DAY; DAYS].concat() {
        let steps = Duration::minutes(minutes).0 / SCRAPE.0;
        let each = each(total, bad) * minutes as f64 / steps as f64;
        parts.push(format!("{value}+{each}x{}", steps - 1));
        value += each * steps as f64;
    }
    parts.push(value.to_string());
    parts.join(" ")
}

#[test]
fn the_recorded_budget_is_the_true_one() {
    if !promtool::available() {
        return;
    }
    // Every day is like the others, so a day's counts do.
    let count = |each: fn(f64, f64) -> f64| -> f64 {
        DAY.iter()
            .map(|(minutes, total, bad)| *minutes as f64 * each(*total, *bad))
            .sum()
    };
    let (bad, total) = (count(|_, bad| bad), count(|total, _| total));
    let budget = 0.001;
    let truth = 1.0 - bad / total / budget;

    let mut slo = slo("availability", "0.999", bad_based());
    slo.window = Duration::days(DAYS as u64);
    // The alerts' own windows take no part in the month's budget.
    slo.burn_rate_pairs.clear();
    let test = Test {
        interval: SCRAPE.to_string(),
        input_series: vec![
            series(
                r#"http_requests_total{code="200",job="checkout"}"#,
                counter(|total, bad| total - bad),
            ),
            series(
                r#"http_requests_total{code="500",job="checkout"}"#,
                counter(|_, bad| bad),
            ),
        ],
        ..Test::default()
    };
    let remaining = "max(slo:period_error_budget_remaining:ratio)";
    let mean_of_ratios = "max(1 - avg_over_time(slo:sli_error:ratio_rate5m[20d]) / 0.001)";
    let got = promtool::values(
        &rules(&service(vec![slo]), &settings(INTERVAL)),
        &INTERVAL.to_string(),
        test,
        &[(remaining, "20d"), (mean_of_ratios, "20d")],
    );
    let [Some(recorded), Some(mean)] = got[..] else {
        panic!("{got:?}")
    };
    println!(
        "true remaining {:.3} %, recorded {:.3} %, mean of ratios {:.0} %",
        truth * 100.0,
        recorded * 100.0,
        mean * 100.0
    );
    assert!(
        (recorded - truth).abs() < 0.001,
        "{recorded} recorded, {truth} in truth"
    );
    assert!(
        (mean - truth).abs() > 1.0,
        "the trace does not tell the two apart: {mean}"
    );
}
