//! The report of a planted month, for tests: what consumed its budget is known.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use jiff::tz::TimeZoneDatabase;
use nth_ledger::{
    AlertEpisode, Deployment, Interval, NamedIncident, ObjectiveVersion, SLICE_SECONDS, Slice,
    SliceSource, SloKey,
};
use rust_decimal::Decimal;

use super::input::{
    Bounds, ExcludedTimes, Incident, JudgedDeployment, Level, Period, ReportInput, SloInput,
    Summary,
};

const ZONE: &str = "Europe/Berlin";

/// A moment on the clocks of Berlin.
pub fn at(text: &str) -> i64 {
    let local: DateTime = text.parse().expect("a time");
    let zone = TimeZoneDatabase::bundled().get(ZONE).expect("a zone");
    let moment = local.to_zoned_datetime(zone).expect("a moment");
    moment.timestamp().as_second()
}

/// October, with the hour that clocks repeat.
pub fn period() -> Period {
    Period {
        name: "2026-10".to_owned(),
        from: at("2026-10-01T00:00"),
        until: at("2026-11-01T00:00"),
        is_complete: true,
        zone: ZONE.to_owned(),
    }
}

pub fn key(service: &str, slo: &str) -> SloKey {
    SloKey {
        project: "shop".to_owned(),
        environment: Some("production".to_owned()),
        service: service.to_owned(),
        slo: slo.to_owned(),
        group: BTreeMap::new(),
    }
}

pub fn version(valid_from: &str, objective: Decimal, revision: Option<&str>) -> ObjectiveVersion {
    ObjectiveVersion {
        valid_from: at(valid_from),
        objective,
        window_ms: 30 * 86_400_000,
        revision: revision.map(str::to_owned),
    }
}

/// Slices from September on: 3,000 events each by day and 600 by night, of which one in two slices has a bad one. `bad` says how
/// many of a thousand are bad instead, and how many seconds were seen.
pub fn slices(bad: impl Fn(i64) -> (u32, u16)) -> Vec<Slice> {
    let mut slices = Vec::new();
    let mut start = at("2026-09-01T00:00");
    while start < at("2026-11-01T00:00") {
        let hour = start.rem_euclid(86_400) / 3600;
        let total: u32 = if (6..20).contains(&hour) { 3000 } else { 600 };
        let (per_mille, seen) = bad(start);
        let usual = u32::from(start.div_euclid(SLICE_SECONDS) % 2 == 0);
        if seen > 0 {
            slices.push(Slice {
                start,
                bad: f64::from(usual.max(total * per_mille / 1000)),
                total: f64::from(total),
                seen,
                source: SliceSource::Raw,
            });
        }
        start += SLICE_SECONDS;
    }
    slices
}

pub fn during(start: i64, from: &str, until: &str) -> bool {
    (at(from)..at(until)).contains(&start)
}

pub fn deployment(key: &str, started: &str, versions: (&str, &str)) -> Deployment {
    Deployment {
        key: key.to_owned(),
        project: "shop".to_owned(),
        environment: Some("production".to_owned()),
        service: "checkout".to_owned(),
        started: at(started),
        finished: Some(at(started) + 600),
        version: Some(versions.1.to_owned()),
        previous: Some(versions.0.to_owned()),
        source: "argo-cd".to_owned(),
        url: Some(format!("https://argo.example.com/applications/{key}")),
        by: None,
        rolled_back: None,
    }
}

fn judged(
    deployment: Deployment,
    level: Level,
    bad: Option<Bounds>,
    until: &str,
) -> JudgedDeployment {
    JudgedDeployment {
        from: deployment.started,
        until: at(until),
        deployment,
        level,
        bad,
        dependency: None,
    }
}

pub fn page(severity: &str, from: &str, until: &str) -> AlertEpisode {
    AlertEpisode {
        project: "shop".to_owned(),
        environment: Some("production".to_owned()),
        service: "checkout".to_owned(),
        slo: Some("availability".to_owned()),
        alert: "SLOErrorBudgetBurn".to_owned(),
        severity: severity.to_owned(),
        from: at(from),
        until: Some(at(until)),
        labels: BTreeMap::new(),
    }
}

/// Two deployments, two incidents, an exclusion, a gap and a changed objective.
fn checkout() -> SloInput {
    let slices = slices(|start| match start {
        at_ if during(at_, "2026-10-06T14:00", "2026-10-06T15:30") => (120, 300),
        at_ if during(at_, "2026-10-14T10:00", "2026-10-14T10:40") => (60, 300),
        at_ if during(at_, "2026-10-20T03:00", "2026-10-20T04:15") => (600, 300),
        // The migration, which is excluded.
        at_ if during(at_, "2026-10-23T22:00", "2026-10-24T02:00") => (150, 300),
        at_ if during(at_, "2026-10-28T09:00", "2026-10-28T12:00") => (0, 0),
        _ => (0, 300),
    });
    let mut rolled_back = deployment("1207", "2026-10-06T14:00", ("v1.4.1", "v1.4.2"));
    rolled_back.rolled_back = Some(at("2026-10-06T15:25"));
    let mut blamed = judged(
        deployment("1215", "2026-10-30T11:00", ("v1.5.0", "v1.5.1")),
        Level::Coincides,
        None,
        "2026-10-30T11:30",
    );
    blamed.dependency = Some("ledger".to_owned());
    SloInput {
        calendar: None,
        key: key("checkout", "availability"),
        team: Some("payments".to_owned()),
        slices,
        objectives: vec![
            version("2026-01-01T00:00", Decimal::new(9995, 4), Some("4f2c91d")),
            version("2026-10-12T00:00", Decimal::new(999, 3), Some("8a01e77")),
        ],
        contracts: Vec::new(),
        contract_slices: Vec::new(),
        exclusions: vec![ExcludedTimes {
            name: "orders-migration".to_owned(),
            reason: "planned migration of the orders database".to_owned(),
            by: "payments".to_owned(),
            intervals: vec![Interval {
                from: at("2026-10-23T22:00"),
                until: at("2026-10-24T02:00"),
            }],
        }],
        incidents: vec![
            Incident {
                named: Some(NamedIncident {
                    id: "INC-118".to_owned(),
                    project: "shop".to_owned(),
                    environment: Some("production".to_owned()),
                    services: vec!["checkout".to_owned()],
                    title: "payments declined".to_owned(),
                    from: at("2026-10-06T14:00"),
                    until: Some(at("2026-10-06T15:30")),
                    url: Some("https://incidents.example.com/118".to_owned()),
                    by: None,
                }),
                from: at("2026-10-06T14:00"),
                until: Some(at("2026-10-06T15:30")),
            },
            Incident {
                named: None,
                from: at("2026-10-20T03:00"),
                until: Some(at("2026-10-20T04:15")),
            },
        ],
        deployments: vec![
            judged(
                rolled_back,
                Level::Compared,
                Some(Bounds {
                    low: 5400.0,
                    mid: 6000.0,
                    high: 6500.0,
                }),
                "2026-10-06T15:25",
            ),
            judged(
                deployment("1210", "2026-10-14T10:00", ("v1.4.2", "v1.5.0")),
                Level::Onset,
                Some(Bounds {
                    low: 900.0,
                    mid: 1300.0,
                    high: 1500.0,
                }),
                "2026-10-14T10:40",
            ),
            blamed,
            judged(
                deployment("1216", "2026-10-31T16:00", ("v1.5.1", "v1.5.2")),
                Level::NotJudged("the roll-out is too new".to_owned()),
                None,
                "2026-10-31T16:10",
            ),
        ],
        episodes: vec![
            page("page", "2026-10-06T14:06", "2026-10-06T15:40"),
            page("page", "2026-10-08T01:00", "2026-10-08T01:10"),
            page("page", "2026-10-16T01:00", "2026-10-16T01:10"),
            page("page", "2026-10-17T01:00", "2026-10-17T01:10"),
            page("ticket", "2026-10-20T04:00", "2026-10-20T06:00"),
            // In the month before.
            page("page", "2026-09-30T01:00", "2026-09-30T01:10"),
        ],
        previous: Some(Summary {
            period: "2026-09".to_owned(),
            slo: key("checkout", "availability"),
            objective: Some(Decimal::new(9995, 4)),
            attained: Some(0.999_75),
            consumed: Some(0.5),
            pages: 2,
            useful_pages: 2,
        }),
    }
}

/// An SLO that hardly anything happened to, of another team.
fn search() -> SloInput {
    SloInput {
        calendar: None,
        key: key("search", "availability"),
        team: Some("search".to_owned()),
        slices: slices(|_| (0, 300)),
        objectives: vec![version("2026-01-01T00:00", Decimal::new(99, 2), None)],
        contracts: Vec::new(),
        contract_slices: Vec::new(),
        exclusions: Vec::new(),
        incidents: Vec::new(),
        deployments: Vec::new(),
        episodes: Vec::new(),
        previous: Some(Summary {
            period: "2026-09".to_owned(),
            slo: key("search", "availability"),
            objective: Some(Decimal::new(99, 2)),
            attained: Some(0.9996),
            consumed: Some(0.04),
            pages: 0,
            useful_pages: 0,
        }),
    }
}

/// An SLO without data, whose names look like markup.
fn hostile() -> SloInput {
    let text = "<script>alert(1)</script> | `x` [y](javascript:z) @all\u{1b}[31m";
    let mut deployment = deployment("1300", "2026-10-02T12:00", ("v1", text));
    deployment.url = Some("javascript:alert(1)".to_owned());
    SloInput {
        calendar: None,
        key: SloKey {
            group: BTreeMap::from([("region".to_owned(), text.to_owned())]),
            ..key("reports", "freshness")
        },
        team: None,
        slices: Vec::new(),
        objectives: vec![version("2026-01-01T00:00", Decimal::new(95, 2), Some(text))],
        contracts: Vec::new(),
        contract_slices: Vec::new(),
        exclusions: Vec::new(),
        incidents: Vec::new(),
        deployments: vec![judged(
            deployment,
            Level::NotJudged(text.to_owned()),
            None,
            "2026-10-02T12:10",
        )],
        episodes: Vec::new(),
        previous: None,
    }
}

/// The whole month.
pub fn input() -> ReportInput {
    ReportInput {
        project: "shop".to_owned(),
        environment: Some("production".to_owned()),
        known_until: i64::MAX,
        alerts_known: vec![Interval {
            from: period().from - 86_400,
            until: period().until,
        }],
        period: period(),
        slos: vec![search(), hostile(), checkout()],
    }
}
