//! Exclusions in the rules: what they take out of the error budget, and when alerts fire around them. The time begins on a Thursday.

use nthc::ir::exclude::{Approver, Exclusion, Times};
use nthc::ir::{Duration, Hours, Slo, TimeOfDay, TimeOfWeek, burn_rate};

use crate::models::{bad_based, slo};
use crate::scenario::{PAGES, STEP, assert_rules, input, kinds};
use crate::support::promtool::{self, no_samples, scalar};

const HOUR: i64 = 3600;

/// An SLO over some days, with pages over 12m and 36m: promtool holds 10,000 samples a query.
fn short(sli: nthc::ir::Sli, days: u64) -> Slo {
    let mut slo = slo("target", "0.999", sli);
    slo.window = Duration::days(days);
    slo.burn_rate_pairs = burn_rate::pairs(slo.window, Duration::MINUTE);
    slo
}

fn excluded(times: Times) -> Exclusion {
    Exclusion {
        name: "maintenance".into(),
        times,
        zone: "UTC".into(),
        reason: "maintenance".into(),
        by: Approver::Team("payments".into()),
    }
}

/// From 3h to 5h after the start.
fn once() -> Exclusion {
    excluded(Times::Once {
        from: 3 * HOUR,
        until: 5 * HOUR,
    })
}

fn fired(window: &str) -> String {
    format!("count_over_time(ALERTS{{{PAGES},alertstate=\"firing\"}}[{window}])")
}

#[test]
fn excluded_errors_neither_page_nor_consume() {
    if !promtool::available() {
        return;
    }
    let thursday = |hour| TimeOfWeek {
        day: 3,
        time: TimeOfDay { hour, minute: 0 },
    };
    let every_week = excluded(Times::Recurring {
        hours: vec![Hours::Weekly {
            from: thursday(3),
            to: thursday(5),
        }],
        first: None,
        last: None,
    });
    let parts = [
        (0.0, Duration::hours(3)),
        (1.0, Duration::hours(2)),
        (0.0, Duration::hours(4)),
    ];
    let each = kinds()
        .into_iter()
        .filter(|(kind, _)| ["latency", "time slices"].contains(kind))
        .map(|(kind, sli)| (kind, sli, once()));
    for (kind, sli, exclusion) in each.chain([("bad", bad_based(), every_week)]) {
        {
            let mut slo = short(sli, 3);
            slo.exclusions = vec![exclusion.clone()];
            assert_rules(
                &format!("{kind}, {}", exclusion.times_text()),
                &slo,
                STEP,
                input(kind, &parts, STEP),
                vec![
                    no_samples(fired("9h"), "9h"),
                    // An increase over an hour is extrapolated by half a scrape at both ends: of the excluded errors, 14s of 2h
                    // are subtracted in the hour after them.
                    scalar("max(slo:period_burn_rate:ratio) < bool 0.001", "9h", 1.0),
                    scalar("max(slo:period_burn_rate:ratio) > bool -0.06", "9h", 1.0),
                    // 2h of the 4m19s that 99.9% allows in 3d.
                    scalar("round(max(slo:period_burn_rate_gross:ratio))", "9h", 28.0),
                    scalar(
                        "round(max(slo:period_error_budget_remaining_gross:ratio))",
                        "9h",
                        -27.0,
                    ),
                    // 7h of 3d without 2h are known.
                    scalar("round(max(slo:sli_coverage:ratio3d), 0.01)", "9h", 0.1),
                    // The mark of a window ends as much after the exclusion.
                    scalar("max(slo:sli_excluded:bool36m)", "5h35m", 1.0),
                    no_samples("slo:sli_excluded:bool36m", "5h37m"),
                ],
            );
        }
    }
}

#[test]
fn errors_after_an_exclusion_page_soon() {
    if !promtool::available() {
        return;
    }
    let parts = [
        (0.0, Duration::hours(3)),
        (1.0, Duration::hours(2)),
        // It does not end with the exclusion.
        (1.0, Duration::hours(1)),
        (0.0, Duration::hours(3)),
    ];
    let counted_and_timed = kinds()
        .into_iter()
        .filter(|(kind, _)| ["bad", "time slices"].contains(kind));
    for (kind, sli) in counted_and_timed {
        let mut slo = short(sli, 3);
        slo.exclusions = vec![once()];
        assert_rules(
            kind,
            &slo,
            STEP,
            input(kind, &parts, STEP),
            vec![
                no_samples(fired("5h"), "5h2m"),
                scalar(format!("clamp_max(max({}), 1)", fired("20m")), "5h20m", 1.0),
                // 50m to 60m of 4m12s: without the slices that the exclusion touches.
                scalar("max(slo:period_burn_rate:ratio) > bool 12", "9h", 1.0),
                scalar("max(slo:period_burn_rate:ratio) < bool 14.4", "9h", 1.0),
            ],
        );
    }
}

#[test]
fn errors_before_an_exclusion_still_page() {
    if !promtool::available() {
        return;
    }
    let parts = [
        (0.0, Duration::minutes(150)),
        (1.0, Duration::minutes(30)),
        (0.0, Duration::hours(4)),
    ];
    let mut slo = short(bad_based(), 3);
    slo.exclusions = vec![once()];
    assert_rules(
        "before",
        &slo,
        STEP,
        input("bad", &parts, STEP),
        vec![
            scalar(format!("clamp_max(max({}), 1)", fired("20m")), "2h50m", 1.0),
            // 27m to 30m of 4m12s.
            scalar("max(slo:period_burn_rate:ratio) > bool 6", "7h", 1.0),
            scalar("max(slo:period_burn_rate:ratio) < bool 7.5", "7h", 1.0),
        ],
    );
}
