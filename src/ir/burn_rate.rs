//! Burn-rate pairs (SRE workbook, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts").
//!
//! A burn rate is how many times faster than sustainable the error budget is spent: at 1 it lasts exactly
//! the period. A pair alerts when both a long window, which says that enough of the budget is gone, and a
//! short one, which says that it is still going, burn faster than a factor:
//!
//! factor = budget spent × period ÷ long window

use rust_decimal::Decimal;

use super::{Duration, Severity};

/// A long and a short window that must both burn faster than a factor for an alert to fire.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pair {
    /// What the alert asks for.
    pub severity: Severity,
    /// The share of the period's error budget that is spent in the long window when the alert fires.
    pub budget: Decimal,
    /// The long window.
    pub long: Duration,
    /// The short window.
    pub short: Duration,
    /// The burn rate above which the alert fires: `budget` × period ÷ `long`, to four places.
    pub factor: Decimal,
}

impl Pair {
    /// Whether an alert of this pair can fire at all: no error ratio exceeds 1, so its threshold,
    /// `factor` × (1 − `objective`), must be below 1. At factor 14.4 that needs an objective above 93.05 %.
    pub fn can_fire(&self, objective: Decimal) -> bool {
        self.threshold(objective) < Decimal::ONE
    }

    /// The error ratio above which the alert fires: `factor` × (1 − `objective`), exact.
    pub fn threshold(&self, objective: Decimal) -> Decimal {
        (self.factor * (Decimal::ONE - objective)).normalize()
    }

    /// How long the whole budget lasts when it burns at exactly the factor: `long` ÷ `budget`.
    pub fn exhaustion(&self) -> Duration {
        rounded_millis(Decimal::from(self.long.0) / self.budget)
    }
}

/// How many pairs the workbook has.
pub const WORKBOOK_PAIRS: usize = WORKBOOK.len();

/// The workbook's pairs: severity, budget spent in hundredths, long window for a 30 d period.
const WORKBOOK: [(Severity, i64, Duration); 4] = [
    (Severity::Page, 2, Duration::hours(1)),
    (Severity::Page, 5, Duration::hours(6)),
    (Severity::Ticket, 10, Duration::days(1)),
    (Severity::Ticket, 10, Duration::days(3)),
];

/// The period that the workbook's windows are for.
const WORKBOOK_PERIOD: Duration = Duration::days(30);

/// How many times the short window goes into the long one.
const SHORT_DIVISOR: u64 = 12;

/// The least short window: four evaluations at the default interval of 30 s.
const LEAST_SHORT: Duration = Duration::minutes(2);

/// The window of current burn rates, where scrapes are not too far apart for it.
pub const CURRENT: Duration = Duration::minutes(5);

/// How long a slice of time is in which events are counted: longer windows are sums of them. Prometheus shows a sample for five
/// minutes, so that one of each slice is always seen.
pub const SLICE: Duration = Duration::minutes(3);

/// The longest window that reads raw series.
pub const LONGEST_RAW: Duration = Duration::hours(1);

/// How many scrapes a range over raw series has at least.
const LEAST_SCRAPES: u64 = 4;

/// The shortest range that has four scrapes in it, in whole minutes: `scrape_interval` × 4, rounded up.
pub fn least_range(scrape_interval: Duration) -> Duration {
    let scrapes = Duration(scrape_interval.0 * LEAST_SCRAPES);
    Duration(scrapes.0.div_ceil(Duration::MINUTE.0) * Duration::MINUTE.0)
}

/// Up to which length a long window is rounded to a multiple of which step. Each step is chosen such that a
/// twelfth of it reads well too (1 min, 5 min, 30 min, 1 h, 2 h).
const STEPS: [(Duration, Duration); 5] = [
    (Duration::hours(1), Duration::minutes(12)),
    (Duration::hours(12), Duration::hours(1)),
    (Duration::days(1), Duration::hours(6)),
    (Duration::days(3), Duration::hours(12)),
    (Duration(u64::MAX), Duration::days(1)),
];

/// The workbook's four pairs for an error budget over `period`, fastest first.
///
/// From 28 d to 31 d the windows are the workbook's own, 1 h, 6 h, 1 d and 3 d, as a month is a month; only
/// the factors follow the period. Other periods scale the long windows (Pyrra does the same) and round them
/// to the nearest multiple of 12 min below 1 h, of 1 h below 12 h, of 6 h below 1 d, of 12 h below 3 d and of
/// a day above, half up. The short window is a twelfth of the long one, at least 2 min. The factor is computed
/// from the rounded window, so the budget spent stays what the pair says.
///
/// A pair whose long window would round to nothing (below 6 min) is left out: rules that are evaluated
/// every 30 s can't see it. A period under 1 h therefore has no pairs at all. No short window is below `least_range`, the
/// shortest range that has enough scrapes in it; a pair whose long window would not be longer than that is left out too.
pub fn pairs(period: Duration, least_range: Duration) -> Vec<Pair> {
    let month = (Duration::days(28)..=Duration::days(31)).contains(&period);
    WORKBOOK
        .into_iter()
        .filter_map(|(severity, hundredths, workbook_long)| {
            let long = if month {
                Some(workbook_long)
            } else {
                scale(workbook_long, period)
            }?;
            let budget = Decimal::new(hundredths, 2);
            let short = LEAST_SHORT
                .max(least_range)
                .max(Duration(long.0 / SHORT_DIVISOR));
            (short < long).then_some(())?;
            Some(Pair {
                severity,
                budget: budget.normalize(),
                long,
                short,
                factor: (budget * Decimal::from(period.0) / Decimal::from(long.0))
                    .round_dp(4)
                    .normalize(),
            })
        })
        .collect()
}

/// A workbook window scaled to a period and rounded; nothing where it rounds to zero.
fn scale(workbook_long: Duration, period: Duration) -> Option<Duration> {
    let exact = Duration(period.0 / (WORKBOOK_PERIOD.0 / workbook_long.0));
    let (_, step) = STEPS.into_iter().find(|(below, _)| exact < *below)?;
    let rounded = Duration((exact.0 + step.0 / 2) / step.0 * step.0);
    (rounded.0 > 0).then_some(rounded)
}

/// How long a total outage may last before the error budget of a period is spent: (1 − `objective`) ×
/// `window`, to the millisecond. 30 d at 99.95 % is 21m36s.
pub fn budget_time(objective: Decimal, window: Duration) -> Duration {
    rounded_millis((Decimal::ONE - objective) * Decimal::from(window.0))
}

/// A number of milliseconds as a duration; negative ones and those past all reason are clamped.
fn rounded_millis(millis: Decimal) -> Duration {
    use rust_decimal::prelude::ToPrimitive;
    let millis = millis.round().max(Decimal::ZERO);
    Duration(millis.to_u64().unwrap_or(u64::MAX))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the default scrape interval of 15 s allows.
    const SCRAPED: Duration = Duration::minutes(1);

    /// `page 2% in 1h and 5m: 14.4`
    fn table(period: Duration) -> Vec<String> {
        pairs(period, SCRAPED)
            .iter()
            .map(|p| {
                let severity = if p.severity == Severity::Page {
                    "page"
                } else {
                    "ticket"
                };
                let percent = p.budget * Decimal::ONE_HUNDRED;
                format!(
                    "{severity} {}% in {} and {}: {}",
                    percent.normalize(),
                    p.long,
                    p.short,
                    p.factor
                )
            })
            .collect()
    }

    #[test]
    fn the_workbook_s_table() {
        assert_eq!(
            table(Duration::days(30)),
            [
                "page 2% in 1h and 5m: 14.4",
                "page 5% in 6h and 30m: 6",
                "ticket 10% in 1d and 2h: 3",
                "ticket 10% in 3d and 6h: 1",
            ]
        );
    }

    #[test]
    fn a_month_of_four_weeks_keeps_the_windows() {
        assert_eq!(
            table(Duration::days(28)),
            [
                "page 2% in 1h and 5m: 13.44",
                "page 5% in 6h and 30m: 5.6",
                "ticket 10% in 1d and 2h: 2.8",
                "ticket 10% in 3d and 6h: 0.9333",
            ]
        );
    }

    #[test]
    fn other_periods_scale_and_stay_readable() {
        assert_eq!(
            table(Duration::days(7)),
            [
                "page 2% in 12m and 2m: 16.8",
                "page 5% in 1h and 5m: 8.4",
                "ticket 10% in 6h and 30m: 2.8",
                "ticket 10% in 18h and 1h30m: 0.9333",
            ]
        );
        assert_eq!(
            table(Duration::days(14)),
            [
                "page 2% in 24m and 2m: 16.8",
                "page 5% in 3h and 15m: 5.6",
                "ticket 10% in 11h and 55m: 3.0545",
                "ticket 10% in 1d12h and 3h: 0.9333",
            ]
        );
        assert_eq!(
            table(Duration::days(90)),
            [
                "page 2% in 3h and 15m: 14.4",
                "page 5% in 18h and 1h30m: 6",
                "ticket 10% in 3d and 6h: 3",
                "ticket 10% in 9d and 18h: 1",
            ]
        );
        assert_eq!(
            table(Duration::days(1)),
            [
                "page 5% in 12m and 2m: 6",
                "ticket 10% in 48m and 4m: 3",
                "ticket 10% in 2h and 10m: 1.2",
            ]
        );
        assert!(pairs(Duration::minutes(59), SCRAPED).is_empty());
    }

    #[test]
    fn a_pair_can_t_fire_at_or_below_its_floor() {
        let page = &pairs(Duration::days(30), SCRAPED)[0];
        assert!(page.can_fire(Decimal::new(999, 3)));
        assert!(page.can_fire(Decimal::new(9306, 4)));
        assert!(!page.can_fire(Decimal::new(9305, 4)));
        assert!(!page.can_fire(Decimal::new(93, 2)));
        assert_eq!(page.exhaustion(), Duration::hours(50));
    }

    #[test]
    fn a_budget_in_time_is_exact() {
        let time = |objective: &str, days| {
            budget_time(objective.parse().unwrap(), Duration::days(days)).to_human()
        };
        assert_eq!(time("0.9995", 30), "21m36s");
        assert_eq!(time("0.999", 30), "43m12s");
        assert_eq!(time("0.99", 28), "6h43m12s");
        assert_eq!(time("0.99995", 30), "2m9.6s");
    }

    proptest! {
        #[test]
        fn the_laws_of_the_pairs(minutes in 24 * 60u64..=3 * 366 * 24 * 60, scrape in 1u64..=120) {
            let period = Duration::minutes(minutes);
            let scrape = Duration::seconds(scrape);
            let least = LEAST_SHORT.max(least_range(scrape));
            let pairs = pairs(period, least_range(scrape));
            prop_assert!(!pairs.is_empty());
            for pair in &pairs {
                // The factor is rounded to four places; what that rounding is worth in budget is the tolerance.
                let spent = pair.factor * Decimal::from(pair.long.0);
                let error = (spent - pair.budget * Decimal::from(period.0)).abs();
                prop_assert!(error <= Decimal::new(5, 5) * Decimal::from(pair.long.0));
                prop_assert!(pair.long <= period);
                prop_assert!(pair.short < pair.long);
                prop_assert!(pair.short >= least);
                prop_assert!(pair.short.0 >= 4 * scrape.0);
                prop_assert!(pair.short == least || pair.short.0 * SHORT_DIVISOR == pair.long.0);
                prop_assert_eq!(pair.short.0 % Duration::MINUTE.0, 0, "{}", pair.short);
                prop_assert!(pair.factor > Decimal::ZERO);
            }
            for two in pairs.windows(2) {
                prop_assert!(two[0].long < two[1].long);
                prop_assert!(two[0].short <= two[1].short);
                prop_assert!(two[0].factor > two[1].factor, "{:?}", two);
                prop_assert!(two[0].severity <= two[1].severity);
            }
        }
    }
}
