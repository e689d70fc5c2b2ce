//! Values of tests.

use std::collections::BTreeMap;

use nth_ledger::{
    AlertEpisode, Deployment, NamedIncident, ObjectiveVersion, SLICE_SECONDS, Slice, SliceSource,
    SloKey,
};

/// 2026-10-01 in UTC.
pub const START: i64 = 1_790_812_800;

pub fn slo(name: &str) -> SloKey {
    SloKey {
        project: "shop".into(),
        environment: Some("production".into()),
        service: "checkout".into(),
        slo: name.into(),
        group: BTreeMap::new(),
    }
}

/// The slice with a number.
pub fn slice(number: i64, bad: f64, total: f64, seen: u16) -> Slice {
    Slice {
        start: START + number * SLICE_SECONDS,
        bad,
        total,
        seen,
        source: SliceSource::Raw,
    }
}

/// Complete slices in order.
pub fn slices(count: i64) -> Vec<Slice> {
    (0..count)
        .map(|number| slice(number, (number % 7) as f64, 1_000.0, 300))
        .collect()
}

pub fn end(count: i64) -> i64 {
    START + count * SLICE_SECONDS
}

pub fn objective(valid_from: i64, objective: &str, revision: &str) -> ObjectiveVersion {
    ObjectiveVersion {
        valid_from,
        objective: objective.parse().unwrap(),
        window_ms: 30 * 86_400_000,
        revision: Some(revision.into()),
    }
}

pub fn deployment(key: &str, started: i64) -> Deployment {
    Deployment {
        key: key.into(),
        project: "shop".into(),
        environment: Some("production".into()),
        service: "checkout".into(),
        started,
        finished: None,
        version: Some("v2".into()),
        previous: None,
        source: "kube-state-metrics".into(),
        url: None,
        by: None,
        rolled_back: None,
    }
}

pub fn incident(id: &str, from: i64, until: Option<i64>) -> NamedIncident {
    NamedIncident {
        id: id.into(),
        project: "shop".into(),
        environment: None,
        services: vec!["checkout".into(), "cart".into()],
        title: "Payments fail".into(),
        from,
        until,
        url: None,
        by: None,
    }
}

pub fn episode(alert: &str, from: i64, until: Option<i64>) -> AlertEpisode {
    AlertEpisode {
        project: "shop".into(),
        environment: Some("production".into()),
        service: "checkout".into(),
        slo: Some("availability".into()),
        alert: alert.into(),
        severity: "page".into(),
        from,
        until,
        labels: BTreeMap::from([("long_window".into(), "1h".into())]),
    }
}
