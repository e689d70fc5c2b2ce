//! Reports of SLOs with many groups.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::document::{Report, TopicKind};
use super::groups::SHOWN;
use super::input::{ReportInput, SloInput};
use super::sample::{at, during, input, key, page as alert, slices, version};
use super::{markdown, page, report};

const GROUPS: u32 = 14;

/// A group whose requests fail for an hour, more of them the higher its number is; without slices if it is gone.
fn group(number: u32, is_gone: bool) -> SloInput {
    let route = BTreeMap::from([("route".to_owned(), format!("/{number:02}"))]);
    let failing = |start| match during(start, "2026-10-10T12:00", "2026-10-10T13:00") {
        true => (number * 60, 300),
        false => (0, 300),
    };
    let mut fired = alert("page", "2026-10-10T12:10", "2026-10-10T13:00");
    fired.labels.clone_from(&route);
    let missing = alert("page", "2026-10-20T12:10", "2026-10-20T12:20");
    let slo = key("checkout", "availability");
    SloInput {
        calendar: None,
        key: nth_ledger::SloKey {
            group: route,
            ..slo
        },
        team: Some("payments".to_owned()),
        slices: match is_gone {
            true => slices(|start| {
                (
                    0,
                    if start < at("2026-09-15T00:00") {
                        300
                    } else {
                        0
                    },
                )
            }),
            false => slices(failing),
        },
        objectives: vec![version("2026-01-01T00:00", Decimal::new(999, 3), None)],
        contract_slices: Vec::new(),
        contracts: Vec::new(),
        exclusions: Vec::new(),
        incidents: Vec::new(),
        deployments: Vec::new(),
        episodes: match is_gone {
            true => vec![missing],
            false => vec![fired, missing],
        },
        previous: None,
    }
}

fn groups(gone: bool) -> ReportInput {
    ReportInput {
        slos: (0..GROUPS)
            .map(|number| group(number, gone || number == 3))
            .collect(),
        ..input()
    }
}

fn made(gone: bool) -> Report {
    report(&groups(gone), None).expect("a report")
}

#[test]
fn the_worst_groups_are_first_and_the_others_are_counted() {
    let made = made(false);
    let routes: Vec<&str> = { made.slos.iter() }
        .map(|slo| slo.slo.group["route"].as_str())
        .collect();
    assert_eq!(
        routes,
        [
            "/13", "/12", "/11", "/10", "/09", "/08", "/07", "/06", "/05", "/04", "/02", "/01",
            "/00"
        ]
    );
    let text = markdown(&made);
    let sections = text.lines().filter(|line| line.starts_with("## checkout/"));
    assert_eq!(sections.count(), SHOWN, "{text}");
    let missed = made.slos.iter().filter(|slo| slo.is_met() == Some(false));
    let missed = missed.count();
    assert!(missed > 3, "{missed}");
    assert!(
        text.contains(
            "And 3 more groups of `checkout/availability`, which consumed less; none of them missed its objective."
        ),
        "{text}"
    );
    assert!(
        text.contains("1 group had no data in this time: `checkout/availability{route=\"/03\"}`."),
        "{text}"
    );
    // Three of a kind are talked about, and the others are counted.
    let of_kind = made
        .topics
        .iter()
        .filter(|topic| topic.kind == TopicKind::Missed);
    let texts: Vec<String> = of_kind.map(|topic| topic.text.to_string()).collect();
    assert_eq!(texts.len(), 4, "{texts:?}");
    assert!(texts[0].contains("route=\"/13\""), "{texts:?}");
    assert_eq!(
        texts[3],
        format!(
            "The same holds for {} more groups of checkout/availability.",
            missed - 3
        )
    );
}

#[test]
fn an_slo_with_groups_counts_once() {
    let made = made(false);
    let team = &made.teams[0];
    assert_eq!(
        (team.slos, team.missed, team.met, team.unknown),
        (1, 1, 0, 0)
    );
    // A page of each route, and one about missing data that belongs to all of them.
    assert_eq!(made.slos[0].pages.all, 2);
    assert_eq!(team.pages.all, made.slos.len() + 1);
    let html = page(&made);
    assert!(html.contains("1 SLO: "), "{html}");
    // Every link leads to a section.
    let links = html
        .split("href=\"#")
        .skip(1)
        .filter_map(|rest| rest.split('"').next());
    for link in links {
        assert!(html.contains(&format!("id=\"{link}\"")), "{link}");
    }
}

#[test]
fn without_any_data_all_groups_are_unknown() {
    let made = made(true);
    assert_eq!(made.slos.len(), usize::try_from(GROUPS).expect("a number"));
    assert!(made.groups_without_data.is_empty());
    let team = &made.teams[0];
    assert_eq!((team.slos, team.unknown), (1, 1));
    let text = serde_json::to_string(&made).expect("JSON");
    let read: Report = serde_json::from_str(&text).expect("a report");
    assert_eq!(read, made);
}
