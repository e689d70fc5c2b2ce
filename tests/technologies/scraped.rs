//! Alerts on what exporters said of servers that do well, and SLOs on samples of CloudWatch.

use super::support::{exposition, promtool};
use super::{TEAM, build};

/// The rules of a service with these blocks.
fn rules(imports: &str, blocks: &str) -> String {
    let files = build(&format!(
        "{imports}\n{TEAM}\nservice s {{\n  team = payments\n  selector = {{ job = \"s\" }}\n\n{blocks}}}\n"
    ));
    let found = files
        .into_iter()
        .find(|(path, _)| path == "prometheus/s.yaml");
    found.expect("it has rules").1
}

/// The series of a scrape, unchanged for two hours. `target` is what Prometheus adds to their labels.
fn unchanged(scrape: &str, target: &str) -> Vec<promtool::InputSeries> {
    let text = exposition::text(scrape);
    let samples = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut series: Vec<_> = samples
        .map(|line| {
            let (series, value) = match line.rsplit_once('}') {
                Some((series, value)) => {
                    // What Prometheus does with labels that a target has too.
                    let series = series
                        .trim_end_matches(',')
                        .replace("{job=", "{exported_job=")
                        .replace(",instance=", ",exported_instance=");
                    let comma = if series.ends_with('{') { "" } else { "," };
                    (format!("{series}{comma}{target}}}"), value)
                }
                None => {
                    let (name, value) = line.split_once(' ').expect("it has a value");
                    (format!("{name}{{{target}}}"), value)
                }
            };
            let value = value.split_ascii_whitespace().next().expect("a value");
            promtool::series(series, format!("{value}x120"))
        })
        .collect();
    series.push(promtool::series(
        format!("up{{instance=\"i\",{target}}}"),
        "1x120",
    ));
    series
}

/// A scrape, its job, the dependency on it, and the alert that it deserves.
const SCRAPES: &[(&str, &str, &str, Option<&str>)] = &[
    // The scrape has a rejected connection.
    (
        "yace",
        "alb",
        "alb(\"app/shop/50dc6c495c0c9188\")",
        Some("ItRejectsConnections"),
    ),
    (
        "cloudwatch-exporter",
        "alb",
        "alb(\"app/shop/50dc6c495c0c9188\", yace: false)",
        Some("ItRejectsConnections"),
    ),
    (
        "yace",
        "sqs",
        "sqs(\"orders\", age_above: 5m, waiting_above: 100)",
        None,
    ),
    (
        "yace",
        "sqs",
        "sqs(\"orders-dead\", dead_letters: true)",
        None,
    ),
    (
        "cloudwatch-exporter",
        "sqs",
        "sqs(\"orders\", age_above: 5m, yace: false)",
        None,
    ),
    (
        "yace",
        "rds",
        "rds(\"orders\", storage_below: 5GiB, connections_above: 80)",
        None,
    ),
    // 9 GB are less than 10 GiB.
    (
        "cloudwatch-exporter",
        "rds",
        "rds(\"orders\", yace: false)",
        Some("ItStorageLow"),
    ),
    (
        "yace",
        "cloudfront",
        "cloudfront(\"E2EXAMPLE\", hit_ratio_below: 80%)",
        None,
    ),
    (
        "cloudwatch-exporter",
        "cloudfront",
        "cloudfront(\"E2EXAMPLE\", yace: false)",
        None,
    ),
    ("yace", "s3", "s3(\"shop-pictures\", filter: \"all\")", None),
    (
        "cloudwatch-exporter",
        "s3",
        "s3(\"shop-pictures\", filter: \"all\", yace: false)",
        None,
    ),
    ("envoy", "envoy", "envoy(\"web\")", None),
    ("envoy", "envoy", "envoy(\"payments\")", None),
    (
        "ingress-nginx",
        "ingress-nginx",
        "ingress-nginx(job: \"ingress-nginx\")",
        None,
    ),
    ("cassandra", "cassandra", "cassandra", None),
];

#[test]
fn alerts_are_silent_on_what_exporters_said() {
    for (scrape, module, dependency, deserved) in SCRAPES {
        let rules = rules(
            &format!("import std.{module}"),
            &format!("  dependency it : {dependency}\n"),
        );
        if !promtool::available() {
            continue;
        }
        let all = "count(ALERTS{alertname=~\"It.+\",alertstate=\"firing\"})";
        let expected = match deserved {
            None => vec![promtool::no_samples(all, "110m")],
            Some(alert) => {
                let one = format!("count(ALERTS{{alertname=\"{alert}\",alertstate=\"firing\"}})");
                vec![
                    promtool::scalar(all, "110m", 1.0),
                    promtool::scalar(one, "110m", 1.0),
                ]
            }
        };
        let test = promtool::Test {
            name: format!("{scrape} {dependency}"),
            interval: "1m".into(),
            input_series: unchanged(scrape, &format!("job=\"{module}\"")),
            promql_expr_test: expected,
            ..promtool::Test::default()
        };
        let file = promtool::TestFile {
            evaluation_interval: "1m".into(),
            tests: vec![test],
            ..promtool::TestFile::default()
        };
        assert_eq!(promtool::test_rules(&rules, file), Ok(()), "{dependency}");
    }
}

/// However samples of CloudWatch come, each event counts once, and so do requests that no target got.
#[test]
fn events_of_cloudwatch_count_once() {
    let rules = rules(
        "import std.alb",
        "  slo late : alb.availability(load_balancer: \"l\", yace: false, delay: 15m)\n  \
           slo now : alb.availability(load_balancer: \"l\")\n  \
           slo five : alb.availability(load_balancer: \"f\", period: 5m)\n",
    );
    if !promtool::available() {
        return;
    }
    let requests = "aws_applicationelb_request_count_sum";
    let rejected = "aws_applicationelb_httpcode_elb_503_count_sum";
    let balancer = "aws_applicationelb_httpcode_elb_5_xx_count_sum";
    let target = "aws_applicationelb_httpcode_target_5_xx_count_sum";
    let of_yace =
        |metric: &str, name: &str| format!("{metric}{{dimension_LoadBalancer=\"{name}\"}}");
    let of_other = |metric: &str| format!("{metric}{{load_balancer=\"l\"}}");
    // A sample for each period that has events, at its time.
    let sparse = format!("_x4 {}", vec!["5"; 38].join(" _x9 "));
    // The last period again at each scrape, and NaN if there was nothing in it.
    let again: Vec<_> = (0..300)
        .map(|minute| {
            let value = if minute % 10 == 4 { "8" } else { "NaN" };
            [value; 4].join(" ")
        })
        .collect();
    let of_five: Vec<_> = (0..60)
        .map(|period| {
            let value = if period % 6 == 4 { "15" } else { "0" };
            [value; 5].join(" ")
        })
        .collect();
    let checks = |slo: &str, bad: f64, total: f64| {
        let ratio = format!("round(1e6 * max(slo:sli_error:ratio_rate1h{{slo=\"{slo}\"}}))");
        let count = |what: &str| {
            format!(
                "round(sum(sum_over_time(slo:sli_{what}_events:increase3m{{slo=\"{slo}\"}}[1h])))"
            )
        };
        vec![
            promtool::scalar(ratio, "290m", (1e6 * bad / total).round()),
            promtool::scalar(count("bad"), "290m", bad),
            promtool::scalar(count("total"), "290m", total),
        ]
    };
    let test = |name: &str, interval: &str, series, checks| promtool::Test {
        name: name.into(),
        interval: interval.into(),
        input_series: series,
        promql_expr_test: checks,
        ..promtool::Test::default()
    };
    let tests = vec![
        test(
            "with the timestamps of CloudWatch",
            "1m",
            vec![
                promtool::series(of_other(requests), "100x320"),
                promtool::series(of_other(balancer), sparse.clone()),
                promtool::series(of_other(rejected), sparse),
            ],
            checks("late", 30.0, 6030.0),
        ),
        test(
            "without them",
            "15s",
            vec![
                promtool::series(of_yace(requests, "l"), "100x1200"),
                promtool::series(of_yace(target, "l"), again.join(" ")),
                // A zone has part of the same events.
                promtool::series(
                    format!(
                        "{requests}{{dimension_LoadBalancer=\"l\",dimension_AvailabilityZone=\"a\"}}"
                    ),
                    "50x1200",
                ),
            ],
            checks("now", 48.0, 6000.0),
        ),
        test(
            "in periods of 5m",
            "1m",
            vec![
                promtool::series(of_yace(requests, "f"), "500x300"),
                promtool::series(of_yace(target, "f"), of_five.join(" ")),
            ],
            checks("five", 30.0, 6000.0),
        ),
    ];
    let file = promtool::TestFile {
        evaluation_interval: "30s".into(),
        tests,
        ..promtool::TestFile::default()
    };
    assert_eq!(promtool::test_rules(&rules, file), Ok(()));
}
