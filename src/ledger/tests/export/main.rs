//! Exports, as other programs read them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod files;
mod metrics;
mod remote_write;

#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;

use nth_ledger::{SLICE_SECONDS, Slice, SliceSource, SloKey};

/// 2026-10-01 in UTC.
const START: i64 = 1_790_812_800;

fn slo(name: &str, group: &[(&str, &str)]) -> SloKey {
    SloKey {
        project: "shop".into(),
        environment: Some("production".into()),
        service: "checkout".into(),
        slo: name.into(),
        group: group
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect(),
    }
}

fn slice(number: i64, bad: f64, total: f64, seen: u16, source: SliceSource) -> Slice {
    Slice {
        start: START + number * SLICE_SECONDS,
        bad,
        total,
        seen,
        source,
    }
}

/// SLOs with slices of all kinds.
fn examples() -> Vec<(SloKey, Vec<Slice>)> {
    let mut without_environment = slo("latency", &[]);
    without_environment.environment = None;
    vec![
        (
            slo("availability", &[]),
            vec![
                slice(0, 3.0, 1_200.0, 300, SliceSource::Raw),
                slice(1, 0.0, 0.0, 300, SliceSource::Raw),
                // The slice between them was not seen.
                slice(
                    3,
                    9_007_199_254_740_991.0,
                    9_007_199_254_740_992.0,
                    285,
                    SliceSource::Raw,
                ),
            ],
        ),
        (
            slo(
                "availability",
                &[("region", "eu \"west\"\\1\n"), ("service", "payments")],
            ),
            vec![slice(0, 0.25, 10.5, 200, SliceSource::Recorded)],
        ),
        (
            without_environment,
            vec![slice(0, 1.0, 20.0, 300, SliceSource::TimeSlices)],
        ),
    ]
}

/// Labels as a map.
fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()))
        .collect()
}
