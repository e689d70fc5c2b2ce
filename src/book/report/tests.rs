//! Reports of a planted month, as people see them, and what holds for every month.

use nth_ledger::{Interval, Yardstick, judge};
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::apportion::as_float;
use super::document::{Cause, Report, SloReport, TopicKind, Trend};
use super::input::{
    Bounds, ExcludedTimes, Incident, JudgedDeployment, Level, ReportInput, SloInput,
};
use super::sample::{at, deployment, input, key, page as alert, period, slices, version};
use super::{ReportError, markdown, page, report};

#[test]
fn a_month_as_markdown() {
    let report = report(&input(), None).expect("a report");
    insta::assert_snapshot!(markdown(&report));
}

#[test]
fn a_month_as_a_page() {
    let report = report(&input(), None).expect("a report");
    let page = page(&report).replace("><", ">\n<");
    insta::assert_snapshot!(page);
}

#[test]
fn a_team_has_a_report_of_its_own() {
    let report = report(&input(), Some("search")).expect("a report");
    let slos: Vec<&str> = report
        .slos
        .iter()
        .map(|slo| slo.slo.service.as_str())
        .collect();
    assert_eq!(slos, ["search"]);
    let text = markdown(&report);
    assert!(
        text.starts_with(
            "# Error budgets of `shop` in `production`, team `search`, 2026-10
"
        ),
        "{text}"
    );
    let unknown = super::report(&input(), Some("finders"));
    let known = vec!["payments".to_owned(), "search".to_owned()];
    assert_eq!(
        unknown,
        Err(ReportError::UnknownTeam {
            team: "finders".to_owned(),
            known
        })
    );
}

#[test]
fn periods_and_zones_are_checked() {
    let mut unknown = input();
    unknown.period.zone = "Europe/Berln".to_owned();
    assert_eq!(
        report(&unknown, None),
        Err(ReportError::UnknownZone("Europe/Berln".to_owned()))
    );
    let mut backwards = input();
    backwards.period.until = backwards.period.from;
    assert_eq!(report(&backwards, None), Err(ReportError::BadPeriod));
}

#[test]
fn the_document_survives_json() {
    let report = report(&input(), None).expect("a report");
    let text = serde_json::to_string(&report).expect("JSON");
    let read: Report = serde_json::from_str(&text).expect("a report");
    assert_eq!(read, report);
}

#[test]
fn nobody_can_write_markup() {
    let report = report(&input(), None).expect("a report");
    let page = page(&report);
    assert!(!page.contains("<script"), "{page}");
    assert!(!page.contains("href=\"javascript"), "{page}");
    let text = markdown(&report);
    for bad in ["<script", "[y](javascript", "\u{1b}"] {
        assert!(!text.contains(bad), "{text}");
    }
    assert!(!page.contains('\u{1b}'));
}

#[test]
fn only_a_comparison_says_burned() {
    let mut input = input();
    let checkout = input
        .slos
        .iter_mut()
        .find(|slo| slo.key.service == "checkout")
        .expect("it");
    for judged in &mut checkout.deployments {
        if judged.level == Level::Compared {
            judged.level = Level::Onset;
        }
    }
    let told = |input: &ReportInput| {
        let report = report(input, None).expect("a report");
        let text = markdown(&report);
        let (text, _) = text.split_once("## How to read it").expect("the end");
        text.to_owned()
    };
    let text = told(&input);
    assert!(text.contains("likely burned"), "{text}");
    assert_eq!(
        text.matches("burned").count(),
        text.matches("likely burned").count()
    );
    let checkout = input
        .slos
        .iter_mut()
        .find(|slo| slo.key.service == "checkout")
        .expect("it");
    for judged in &mut checkout.deployments {
        judged.level = Level::Coincides;
    }
    let text = told(&input);
    assert!(!text.contains("burned"), "{text}");
    assert!(text.contains("without a known part"), "{text}");
}

/// What is shown of an amount, as milliseconds.
fn read(text: &str) -> i64 {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text),
    };
    let mut sum = 0.0;
    let mut number = String::new();
    for c in text.chars() {
        let unit = match c {
            'd' => 86_400_000.0,
            'h' => 3_600_000.0,
            'm' => 60_000.0,
            's' => 1000.0,
            c => {
                number.push(c);
                continue;
            }
        };
        sum += number.parse::<f64>().expect(text) * unit;
        number.clear();
    }
    super::apportion::whole(sign * sum)
}

#[test]
fn what_is_shown_adds_up() {
    let report = report(&input(), None).expect("a report");
    let text = markdown(&report);
    let mut tables = 0;
    for table in text.split("| Cause | Budget | Share |\n").skip(1) {
        tables += 1;
        let rows: Vec<i64> = table
            .lines()
            .skip(1)
            .take_while(|line| line.starts_with('|'))
            .map(|line| read(line.split('|').nth(2).expect("a cell").trim()))
            .collect();
        let [causes @ .., consumed, left, budget] = rows.as_slice() else {
            panic!("{table}");
        };
        assert_eq!(causes.iter().sum::<i64>(), *consumed, "{table}");
        assert_eq!(consumed + left, *budget, "{table}");
    }
    assert_eq!(tables, 2);
}

#[test]
fn topics_are_in_the_order_of_their_weight() {
    let report = report(&input(), None).expect("a report");
    let kinds: Vec<TopicKind> = report.topics.iter().map(|topic| topic.kind).collect();
    assert!(kinds.is_sorted(), "{kinds:?}");
    for wanted in [
        TopicKind::Missed,
        TopicKind::Deployment,
        TopicKind::NotPaged,
        TopicKind::UselessPages,
        TopicKind::Unseen,
        TopicKind::Excluded,
        TopicKind::ObjectiveChanged,
        TopicKind::Unused,
    ] {
        assert!(kinds.contains(&wanted), "{wanted:?}: {kinds:?}");
    }
}

/// An SLO with an objective of 99.9% and nothing else.
fn quiet(bad: impl Fn(i64) -> (u32, u16)) -> SloInput {
    SloInput {
        calendar: None,
        key: key("checkout", "availability"),
        team: None,
        slices: slices(bad),
        objectives: vec![version("2026-01-01T00:00", Decimal::new(999, 3), None)],
        contracts: Vec::new(),
        contract_slices: Vec::new(),
        exclusions: Vec::new(),
        incidents: Vec::new(),
        deployments: Vec::new(),
        episodes: Vec::new(),
        previous: None,
    }
}

fn only(slo: SloInput) -> SloReport {
    only_with(
        slo,
        &[Interval {
            from: period().from,
            until: period().until,
        }],
    )
}

fn only_with(slo: SloInput, alerts_known: &[Interval]) -> SloReport {
    let input = ReportInput {
        known_until: i64::MAX,
        alerts_known: alerts_known.to_vec(),
        project: "shop".to_owned(),
        environment: None,
        period: period(),
        slos: vec![slo],
    };
    let mut report = report(&input, None).expect("a report");
    report.slos.remove(0)
}

#[test]
fn the_pace_shows_when_the_budget_runs_out() {
    // About a quarter of the budget, forever.
    let Trend::Expected { consumed, mid, .. } = only(quiet(|_| (0, 300))).trend else {
        panic!("a trend");
    };
    assert!((0.1..0.5).contains(&consumed), "{consumed}");
    assert_eq!(mid, None);
    // In the last five days it is four times the budget.
    let worse = only(quiet(|start| match start >= at("2026-10-27T00:00") {
        true => (4, 300),
        false => (0, 300),
    }));
    let Trend::Expected {
        mid, early, late, ..
    } = worse.trend
    else {
        panic!("a trend: {:?}", worse.trend);
    };
    let (mid, early) = (mid.expect("a day"), early.expect("a day"));
    assert!(early < mid && mid <= 14, "{early} {mid}");
    assert_eq!(late, None);
    let exhausted = only(quiet(|_| (2, 300))).trend;
    assert!(
        matches!(exhausted, Trend::Exhausted { .. }),
        "{exhausted:?}"
    );
    let unseen = only(quiet(|start| match start >= at("2026-10-27T00:00") {
        true => (0, 300),
        false => (0, 0),
    }));
    assert!(
        matches!(unseen.trend, Trend::Unknown(_)),
        "{:?}",
        unseen.trend
    );
}

#[test]
fn a_page_is_useful_during_an_incident_that_consumed_budget() {
    let mut slo =
        quiet(
            |start| match super::sample::during(start, "2026-10-06T14:00", "2026-10-06T15:00") {
                true => (100, 300),
                false => (0, 300),
            },
        );
    let incident = |from: &str, until: &str| Incident {
        named: None,
        from: at(from),
        until: Some(at(until)),
    };
    slo.incidents = vec![incident("2026-10-06T14:00", "2026-10-06T15:00")];
    slo.episodes = vec![
        alert("page", "2026-10-06T14:05", "2026-10-06T15:10"),
        // Only resolved when the incident begins, or fired when it has ended.
        alert("page", "2026-10-06T13:50", "2026-10-06T14:00"),
        alert("page", "2026-10-06T15:00", "2026-10-06T15:10"),
    ];
    let report = only(slo);
    assert_eq!((report.pages.all, report.pages.useful), (3, 1));
    let incident = report.incidents.first().expect("it");
    assert_eq!((incident.pages, incident.paged_after), (1, Some(300)));
}

#[test]
fn without_the_history_of_alerts_pages_are_unknown() {
    let mut slo =
        quiet(
            |start| match super::sample::during(start, "2026-10-06T14:00", "2026-10-06T15:00") {
                true => (100, 300),
                false => (0, 300),
            },
        );
    slo.incidents = vec![Incident {
        named: None,
        from: at("2026-10-06T14:00"),
        until: Some(at("2026-10-06T15:00")),
    }];
    let paged = |known: &[Interval], slo: &SloInput| {
        let report = only_with(slo.clone(), known);
        let incident = report.incidents.first().expect("it");
        (report.pages.count(), super::words::paged(incident))
    };
    let text = |pages: &str, page: &str| (pages.to_owned(), page.to_owned());
    assert_eq!(paged(&[], &slo), text("unknown", "unknown"));
    // Of the incident, but not of the whole period.
    let day = Interval {
        from: at("2026-10-06T00:00"),
        until: at("2026-10-07T00:00"),
    };
    assert_eq!(paged(&[day], &slo), text("unknown", "no page"));
    let half = Interval {
        until: at("2026-10-06T14:30"),
        ..day
    };
    assert_eq!(paged(&[half], &slo), text("unknown", "unknown"));
    let whole = Interval {
        from: period().from - 60,
        until: period().until + 60,
    };
    assert_eq!(paged(&[whole], &slo), text("0", "no page"));
    slo.episodes = vec![alert("page", "2026-10-06T14:05", "2026-10-06T15:10")];
    assert_eq!(paged(&[], &slo), text("at least 1", "5m after it began"));
}

#[test]
fn what_the_ledger_judges_is_what_is_reported() {
    let input = input();
    let report = report(&input, None).expect("a report");
    for slo in &report.slos {
        let source = input
            .slos
            .iter()
            .find(|source| source.key == slo.slo)
            .expect("it");
        let window = Interval {
            from: input.period.from,
            until: input.period.until,
        };
        let exclusions: Vec<Interval> = source
            .exclusions
            .iter()
            .flat_map(|one| one.intervals.clone())
            .collect();
        let judged = judge(
            &source.slices,
            window,
            Yardstick::AsItWas(&source.objectives),
            &exclusions,
        );
        assert_eq!(slo.attained, judged.net.attained());
        assert_eq!(slo.attained_gross, judged.gross.attained());
        assert_eq!(slo.coverage.seen, judged.net.seen);
        let (Some(account), Some(spent)) = (
            &slo.account,
            judged.net.budget_seconds(judged.net.judged_bad),
        ) else {
            assert!(slo.account.is_none());
            continue;
        };
        assert!(
            (as_float(account.spent_ms) / 1000.0 - spent).abs() <= 0.5,
            "{account:?} {spent}"
        );
        assert!((as_float(account.budget_ms) / 1000.0 - judged.net.allowed_seconds).abs() < 0.001);
    }
}

/// An incident or a time of a deployment: hours since the begin of the period, and how many.
fn spans(most: usize) -> impl Strategy<Value = Vec<(u16, u16)>> {
    proptest::collection::vec((0_u16..740, 0_u16..60), 0..most)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn causes_add_up_exactly(
        noise in proptest::collection::vec((0_u32..1000, prop_oneof![4 => Just(300_u16), 1 => 0_u16..300]), 1..50),
        incidents in spans(5),
        exclusions in spans(4),
        deployments in proptest::collection::vec((0_u16..740, 0_u16..60, any::<bool>(), 0.0_f64..1e7), 0..5),
        objective in prop_oneof![Just(999), Just(9), Just(99_999), Just(500)],
        changed in any::<bool>(),
    ) {
        let from = period().from;
        let hour = |hours: u16| from + i64::from(hours) * 3600;
        let mut slo = quiet(|start| {
            let number = usize::try_from(start.div_euclid(300)).unwrap_or(0) % noise.len();
            noise.get(number).copied().unwrap_or_default()
        });
        let scale = [(9, 1), (500, 3), (999, 3), (99_999, 5)].into_iter().find(|(digits, _)| *digits == objective);
        let objective = Decimal::new(objective, scale.map_or(3, |(_, scale)| scale));
        slo.objectives = vec![version("2026-01-01T00:00", objective, None)];
        if changed {
            slo.objectives.push(version("2026-10-11T07:13", Decimal::new(97, 2), None));
        }
        slo.incidents = incidents.iter().map(|(start, hours)| Incident {
            named: None,
            from: hour(*start),
            until: (*hours < 50).then(|| hour(start + hours)),
        }).collect();
        slo.exclusions = exclusions.iter().map(|(start, hours)| ExcludedTimes {
            name: format!("exclusion-{start}"),
            reason: "a test".to_owned(),
            by: "payments".to_owned(),
            intervals: vec![Interval { from: hour(*start) + 77, until: hour(start + hours) }],
        }).collect();
        slo.deployments = deployments.iter().map(|(start, hours, is_compared, bad)| JudgedDeployment {
            deployment: deployment(&format!("{start}"), "2026-10-06T14:00", ("a", "b")),
            level: if *is_compared { Level::Compared } else { Level::Onset },
            bad: Some(Bounds { low: bad * 0.8, mid: *bad, high: bad * 1.3 }),
            from: hour(*start),
            until: hour(start + hours),
            dependency: None,
        }).collect();
        let report = only(slo);
        let Some(account) = report.account else {
            return Ok(());
        };
        let causes: i64 = Cause::ALL.iter().map(|cause| account.spent_by(*cause)).sum();
        prop_assert_eq!(causes, account.spent_ms);
        prop_assert_eq!(account.spent_ms + account.left_ms, account.budget_ms);
        for cause in Cause::ALL {
            prop_assert!(account.spent_by(cause) >= 0);
        }
        let days: i64 = report.days.iter().map(|day| day.spent_ms).sum();
        prop_assert_eq!(days, account.spent_ms);
        prop_assert_eq!(report.days.last().map(|day| day.left_ms), Some(account.left_ms));
        let taken_out: i64 = report.exclusions.iter().map(|row| row.taken_out_ms).sum();
        prop_assert_eq!(taken_out, account.taken_out_ms);
        let of_deployments: i64 = report.deployments.iter().filter_map(|row| row.consumed).map(|consumed| consumed.ms).sum();
        prop_assert_eq!(of_deployments, account.compared_ms + account.onset_ms);
        let of_incidents: i64 = report.incidents.iter().map(|row| row.own_ms).sum();
        prop_assert_eq!(of_incidents, account.incidents_ms);
        for consumed in report.deployments.iter().filter_map(|row| row.consumed) {
            prop_assert!(consumed.low_ms <= consumed.ms && consumed.ms <= consumed.high_ms);
        }
        if account.budget_ms >= 600_000 {
            let whole = [account.spent_ms, account.compared_ms, account.onset_ms, account.incidents_ms];
            prop_assert!(whole.iter().all(|ms| ms % 1000 == 0));
        }
    }
}
