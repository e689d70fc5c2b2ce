//! What `promtool tsdb create-blocks-from rules` counts of the past is what the rules would have recorded.

use std::collections::BTreeMap;

use nthc::backends::prometheus::backfill;
use nthc::ir::Duration;

use crate::models::{every_sli, rules, service, settings, slo};
use crate::support::promtool::{self, Test, series};

/// How often slices are recorded.
const SLICE: Duration = Duration::minutes(3);

#[test]
fn backfilled_slices_are_those_that_the_rules_record() {
    if !promtool::available() {
        return;
    }
    let settings = settings(Duration::seconds(30));
    let counter = |name: &str, labels: &str, each: u64| {
        series(
            format!("{name}{{job=\"checkout\"{labels}}}"),
            format!("0+{each}x800"),
        )
    };
    let input = || {
        vec![
            counter("http_requests_total", r#",code="200""#, 590),
            counter("http_requests_total", r#",code="500""#, 10),
            counter("settlements_total", r#",outcome="ok""#, 90),
            counter("settlements_total", r#",outcome="lost""#, 10),
            counter("http_request_duration_seconds_bucket", r#",le="0.3""#, 80),
            counter("http_request_duration_seconds_count", "", 100),
            counter("jobs_total", r#",outcome="failed""#, 1),
            counter("jobs_total", r#",outcome="done""#, 99),
            series(
                r#"queue_age_seconds{job="checkout"}"#,
                "10x100 90x20 10x680",
            ),
        ]
    };
    // The native histogram is left out: promtool's notation of its values is tried elsewhere.
    let of = every_sli()
        .into_iter()
        .filter(|(name, _)| *name != "native-latency");
    for (name, sli) in of {
        let service = service(vec![slo(name, "0.99", sli)]);
        let queries = [
            "sum(sum_over_time(slo:sli_total_events:increase3m[2h]))",
            "sum(sum_over_time(slo:sli_bad_events:increase3m[2h]))",
            "sum(sum_over_time(slo:sli_known_time:seconds[2h]))",
        ];
        let queries: Vec<_> = queries.iter().map(|query| (*query, "5h")).collect();
        let values = |rules: &str| {
            let test = Test {
                interval: "30s".into(),
                input_series: input(),
                ..Test::default()
            };
            promtool::values(rules, &SLICE.to_string(), test, &queries)
        };
        let past = backfill(&service, &settings, &[]).expect("it is YAML");
        let backfilled = values(&past);
        // Slices of time are recorded more often than slices, and promtool evaluates all groups at once.
        if name != "freshness" {
            let recorded = values(&rules(&service, &settings));
            for (recorded, backfilled) in recorded.iter().zip(&backfilled) {
                let (recorded, backfilled) = (recorded.expect("one"), backfilled.expect("one"));
                assert!(
                    (recorded - backfilled).abs() <= 1e-6 * recorded.abs(),
                    "{name}: {recorded} recorded, {backfilled} backfilled"
                );
            }
        } else {
            assert_eq!(backfilled[2], Some(7200.0));
            assert_eq!(backfilled[0], Some(7200.0));
        }
    }
    let service = service(
        every_sli()
            .into_iter()
            .map(|(name, sli)| slo(name, "0.99", sli))
            .collect(),
    );
    let chosen = backfill(&service, &settings, &["jobs".into()]).expect("it is YAML");
    let groups: BTreeMap<String, yaml_serde::Value> = yaml_serde::from_str(&chosen).expect("YAML");
    assert_eq!(groups["groups"].as_sequence().expect("groups").len(), 1);
    promtool::check_rules(&backfill(&service, &settings, &[]).expect("it is YAML"));
}
