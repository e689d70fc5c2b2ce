//! Latencies in seconds, milliseconds and less: whatever the histogram's unit and its way of writing a bound, the share of
//! slow events is the true one.

use std::fmt::Write as _;

use nthc::compile::{self, Input, SourceInput};
use nthc::project::default_settings;

use crate::support::promtool::{self, Test, TestFile, scalar, series};

/// A metric, how its SLI is written besides, the limit, and how its target writes the bound.
const CASES: [(&str, &str, &str, &str); 12] = [
    ("a_seconds", "", "500ms", "0.5"),
    ("b_seconds", "", "2s", "2"),
    ("c_seconds", "", "2s", "2.0"),
    ("http_request_duration_milliseconds", "", "500ms", "500"),
    ("d_milliseconds", "", "500ms", "500.0"),
    ("e_ms", "", "1s", "1000"),
    ("f_microseconds", "", "300ms", "300000"),
    ("g_microseconds", "", "1s", "1e+06"),
    ("h_microseconds", "", "2500ms", "2.5e+06"),
    ("i_us", "", "1s", "1000000"),
    ("j_nanoseconds", "", "100ms", "1.0E8"),
    ("k_latency", "unit = milliseconds", "250ms", "250"),
];

#[test]
fn one_event_in_ten_is_slow_in_every_unit() {
    if !promtool::available() {
        return;
    }
    let mut source =
        String::from("team t { }\nservice web {\n  team = t\n  selector = { job = \"web\" }\n");
    for (number, (metric, more, under, _)) in CASES.iter().enumerate() {
        let _ = writeln!(
            source,
            "  slo s{number} {{ objective = 99%  sli : latency {{ histogram = `{metric}`  under = {under}  {more} }} }}"
        );
    }
    source.push_str("}\n");
    let input = Input {
        settings: default_settings("test"),
        files: vec![SourceInput {
            path: "main.nth".into(),
            module: "main".to_owned(),
            text: source.into(),
            package: false,
        }],
        catalogue: None,
        levels: Default::default(),
        environment: None,
    };
    let compilation = compile::compile(&input);
    let messages: Vec<&str> = compilation
        .diagnostics
        .iter()
        .map(|diagnostic| diagnostic.message.as_str())
        .collect();
    assert_eq!(messages, Vec::<&str>::new());
    let rules = compilation
        .artifacts
        .iter()
        .find(|artifact| artifact.path == "prometheus/web.yaml")
        .unwrap();
    let input_series = CASES
        .iter()
        .flat_map(|(metric, _, _, bound)| {
            [
                series(
                    format!("{metric}_bucket{{job=\"web\",le=\"{bound}\"}}"),
                    "0+90x300",
                ),
                series(format!("{metric}_count{{job=\"web\"}}"), "0+100x300"),
            ]
        })
        .collect();
    let promql_expr_test = (0..CASES.len())
        .map(|number| {
            scalar(
                format!("round(sum(slo:sli_error:ratio_rate1h{{slo=\"s{number}\"}}), 0.0001)"),
                "2h",
                0.1,
            )
        })
        .collect();
    let file = TestFile {
        evaluation_interval: "30s".to_owned(),
        tests: vec![Test {
            name: "one in ten".to_owned(),
            interval: "30s".to_owned(),
            input_series,
            promql_expr_test,
            ..Test::default()
        }],
        ..TestFile::default()
    };
    promtool::test_rules(&rules.contents, file).unwrap();
}
