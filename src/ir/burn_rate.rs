//! Burn-rate alerts (SRE workbook, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts").
//!
//! A burn rate is how many times faster than sustainable the error budget is consumed: at 1 it lasts exactly the SLO
//! window. An alert fires if the burn rate exceeds a factor over both a long window, which shows that enough of the
//! budget is consumed, and a short one, which shows that it is still being consumed:
//!
//! factor = budget consumed × SLO window ÷ long window

use rust_decimal::Decimal;

use super::{Duration, Response, Severity};

/// A long and a short window; the alert fires if the burn rate exceeds [`factor`](Self::factor) over both.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pair {
    /// The severity of the alert.
    pub severity: Severity,
    /// The severity where the environment pages. It decides whether some events must be bad, so that the alert fires at the same times
    /// in all environments.
    pub declared: Severity,
    /// The share of the SLO window's error budget that is consumed in the long window when the alert fires, at most 1.
    pub budget: Decimal,
    /// The long window.
    pub long: Duration,
    /// The short window.
    pub short: Duration,
    /// The burn rate above which the alert fires. Of the workbook's pairs: `budget` × SLO window ÷ `long`, to four places.
    pub factor: Decimal,
    /// The duration for which both windows must exceed the factor before the alert fires.
    pub hold: Duration,
}

impl Pair {
    /// Creates a pair of these windows, the long one first, with a factor. The budget consumed follows: `factor` × `long` ÷
    /// SLO window.
    pub fn new(
        severity: Severity,
        [long, short]: [Duration; 2],
        factor: Decimal,
        window: Duration,
        hold: Duration,
    ) -> Self {
        let consumed = factor.checked_mul(Decimal::from(long.0));
        let consumed = consumed.and_then(|consumed| consumed.checked_div(Decimal::from(window.0)));
        Self {
            declared: severity.clone(),
            severity,
            // Too much for a number is more than all.
            budget: consumed.unwrap_or(Decimal::MAX).normalize(),
            long,
            short,
            factor: factor.normalize(),
            hold,
        }
    }

    /// The [`budget`](Self::budget) consumed, rounded to a hundredth of a percent, for texts.
    pub fn rounded_budget(&self) -> Decimal {
        self.budget.round_dp(4).normalize()
    }

    /// The pair over another SLO window, with the same windows and factor.
    pub fn over(&self, window: Duration) -> Self {
        Self::new(
            self.severity.clone(),
            [self.long, self.short],
            self.factor,
            window,
            self.hold,
        )
    }

    /// Returns whether an alert of this pair can fire: no error ratio exceeds 1, so its threshold, `factor` × (1 −
    /// `objective`), must be below 1. At factor 14.4 that needs an objective above 93.05%.
    pub fn can_fire(&self, objective: Decimal) -> bool {
        self.threshold(objective) < Decimal::ONE
    }

    /// The error ratio above which the alert fires: `factor` × (1 − `objective`), exact.
    pub fn threshold(&self, objective: Decimal) -> Decimal {
        let threshold = self.factor.checked_mul(Decimal::ONE - objective);
        threshold.unwrap_or(Decimal::MAX).normalize()
    }

    /// The time until the whole budget is exhausted at a burn rate of exactly the factor: `long` ÷ `budget`.
    pub fn exhaustion(&self) -> Duration {
        let exhausted = Decimal::from(self.long.0).checked_div(self.budget);
        rounded_millis(exhausted.unwrap_or(Decimal::MAX))
    }
}

/// The number of pairs in the workbook.
pub const WORKBOOK_PAIRS: usize = WORKBOOK.len();

/// The workbook's pairs: page or ticket, budget consumed in hundredths, long window for a 30d SLO window.
const WORKBOOK: [(Response, i64, Duration); 4] = [
    (Response::Page, 2, Duration::hours(1)),
    (Response::Page, 5, Duration::hours(6)),
    (Response::Ticket, 10, Duration::days(1)),
    (Response::Ticket, 10, Duration::days(3)),
];

/// The SLO window that the workbook's alert windows are for.
const WORKBOOK_PERIOD: Duration = Duration::days(30);

/// The ratio of the long window to the short one.
const SHORT_DIVISOR: u64 = 12;

/// The shortest short window: four evaluations at the default interval of 30s.
pub const LEAST_SHORT: Duration = Duration::minutes(2);

/// The window of current burn rates, unless the scrape interval is too long for it.
pub const CURRENT: Duration = Duration::minutes(5);

/// The length of a time slice in which events are counted: longer windows are sums of slices. Prometheus shows a sample
/// for five minutes, so one sample of each slice is always visible.
pub const SLICE: Duration = Duration::minutes(3);

/// The longest window that reads raw series.
pub const LONGEST_RAW: Duration = Duration::hours(1);

/// The least number of scrapes in a range over raw series.
const LEAST_SCRAPES: u64 = 4;

/// The shortest range that contains four scrapes, in whole minutes: `scrape_interval` × 4, rounded up.
pub fn least_range(scrape_interval: Duration) -> Duration {
    let scrapes = Duration(scrape_interval.0 * LEAST_SCRAPES);
    Duration(scrapes.0.div_ceil(Duration::MINUTE.0) * Duration::MINUTE.0)
}

/// The limits of long windows and the step to which windows below each limit are rounded. A twelfth of each step is a
/// readable duration too (1m, 5m, 30m, 1h, 2h).
const STEPS: [(Duration, Duration); 5] = [
    (Duration::hours(1), Duration::minutes(12)),
    (Duration::hours(12), Duration::hours(1)),
    (Duration::days(1), Duration::hours(6)),
    (Duration::days(3), Duration::hours(12)),
    (Duration(u64::MAX), Duration::days(1)),
];

/// The workbook's four pairs for an SLO window of `period`, fastest first.
///
/// From 28d to 31d the alert windows are the workbook's own, 1h, 6h, 1d and 3d, as a month is a month; only the factors
/// follow the SLO window. For other SLO windows, the long windows are scaled (as in Pyrra) and rounded to the nearest
/// multiple of 12m below 1h, of 1h below 12h, of 6h below 1d, of 12h below 3d and of a day above, half up. The short
/// window is a twelfth of the long one, at least 2m. The factor is computed from the rounded window, so the budget
/// consumed remains [`Pair::budget`].
///
/// A pair whose long window would round to zero (below 6m) is omitted: rules that are evaluated every 30s cannot detect
/// it. An SLO window under 1h therefore has no pairs. No short window is below `least_range`, the shortest range that
/// contains enough scrapes; a pair whose long window would not be longer than that is omitted too.
pub fn pairs(period: Duration, least_range: Duration) -> Vec<Pair> {
    pairs_with(
        period,
        least_range,
        [&Severity::page(), &Severity::ticket()],
    )
}

/// The [`pairs`] with these severities: of those that page, and of the others.
pub fn pairs_with(
    period: Duration,
    least_range: Duration,
    [page, ticket]: [&Severity; 2],
) -> Vec<Pair> {
    let month = (Duration::days(28)..=Duration::days(31)).contains(&period);
    WORKBOOK
        .into_iter()
        .filter_map(|(response, hundredths, workbook_long)| {
            let long = if month {
                Some(workbook_long)
            } else {
                scale(workbook_long, period)
            }?;
            let budget = Decimal::new(hundredths, 2);
            let short = short_window(long, least_range);
            (short < long).then_some(())?;
            let severity = match response {
                Response::Page => page,
                Response::Ticket => ticket,
            };
            Some(Pair {
                hold: severity.default_hold(),
                severity: severity.clone(),
                declared: severity.clone(),
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

/// The short window of a long one: a twelfth, at least 2m and `least_range`, as in the workbook.
pub fn short_window(long: Duration, least_range: Duration) -> Duration {
    LEAST_SHORT
        .max(least_range)
        .max(Duration(long.0 / SHORT_DIVISOR))
}

/// Scales a workbook window to an SLO window and rounds it; `None` if it rounds to zero.
fn scale(workbook_long: Duration, period: Duration) -> Option<Duration> {
    let exact = Duration(period.0 / (WORKBOOK_PERIOD.0 / workbook_long.0));
    let (_, step) = STEPS.into_iter().find(|(below, _)| exact < *below)?;
    let rounded = Duration((exact.0 + step.0 / 2) / step.0 * step.0);
    (rounded.0 > 0).then_some(rounded)
}

/// The length of full downtime that exhausts the error budget of `window`: (1 − `objective`) × `window`, to the
/// millisecond. 30d at 99.95% is 21m36s.
pub fn budget_time(objective: Decimal, window: Duration) -> Duration {
    rounded_millis((Decimal::ONE - objective) * Decimal::from(window.0))
}

/// Converts milliseconds to a duration; negative and excessive values are clamped.
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

    /// The shortest range at the default scrape interval of 15s.
    const SCRAPED: Duration = Duration::minutes(1);

    /// `page 2% in 1h and 5m: 14.4`
    fn table(period: Duration) -> Vec<String> {
        pairs(period, SCRAPED)
            .iter()
            .map(|p| {
                let severity = if p.severity.pages() { "page" } else { "ticket" };
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
    fn a_declared_pair_consumes_what_its_factor_says() {
        let pair = |factor, long, window| {
            let windows = [long, Duration::minutes(5)];
            Pair::new(Severity::page(), windows, factor, window, Duration::MINUTE)
        };
        let month = Duration::days(30);
        for known in pairs(month, SCRAPED) {
            assert_eq!(known.over(month), known);
        }
        let odd = pair(Decimal::from(14), Duration::hours(1), Duration::days(28));
        assert_eq!(odd.rounded_budget(), Decimal::new(208, 4));
        assert_eq!(odd.exhaustion(), Duration::days(2));
        assert_eq!(odd.over(Duration::days(14)).exhaustion(), Duration::days(1));
        let absurd = pair(Decimal::MAX, Duration::days(90), Duration::days(1));
        assert!(absurd.budget > Decimal::ONE);
        assert!(!absurd.can_fire("0.999".parse().unwrap()));
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
                // The factor is rounded to four places; the tolerance is the share of the budget that the rounding is
                // worth.
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
