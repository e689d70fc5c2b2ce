//! What can be typed next between backticks.

use crate::completing::{Shown, complete, complete_in};

/// An alert's condition, with what comes after it on other lines.
fn when(query: &str) -> Shown {
    complete(&format!(
        "import teams.payments\n\nservice checkout {{\n  team = payments\n  selector = {{ job = \"checkout\" }}\n\n  \
         alert a {{\n    when = {query}\n    for  = 5m\n  }}\n}}\n"
    ))
}

/// A project with a catalogue of what Prometheus has under `job="checkout"` and of the sessions' Redis.
fn catalogued(body: &str) -> Shown {
    complete_in(&format!(
        r##"
//- nth.metrics.lock
version = 1

[selectors.'{{job="checkout"}}'.metrics.http_requests_total]
type = "counter"
help = "All *requests* <so far>."
labels = ["code", "method"]
values = {{ code = ["200", "500"], method = ["GET", "POST"] }}

[selectors.'{{job="checkout"}}'.metrics.http_request_duration_seconds]
type = "histogram"
suffixes = ["_bucket", "_count", "_sum"]
labels = ["method"]
buckets = ["0.1", "0.5", "+Inf"]

[selectors.'{{instance="sessions:9121"}}'.metrics.redis_up]
type = "gauge"
labels = []
//- main.nth
service checkout {{
  selector = {{ job = "checkout" }}

{body}
}}
"##
    ))
}

#[test]
fn metrics_of_the_project_and_functions() {
    let shown = when("`$0`");
    assert!(shown.has("ledger_entries_total"), "{:?}", shown.labels());
    assert!(shown.has("sum") && shown.has("rate") && !shown.has("by"));
    assert_eq!(when("`sum(rate(ledg$0`").labels(), ["ledger_entries_total"]);
    assert_eq!(
        when("`sum(rate(ledg$0[5m])) > 1`").labels(),
        ["ledger_entries_total"]
    );
    let shown = when("`sum(rate(le$0dger_entries[5m])) > 1`");
    assert!(
        shown
            .chosen("ledger_entries_total")
            .contains("`sum(rate(ledger_entries_total[5m])) > 1`")
    );
    // Those of the standard library come last.
    let shown = when("`redis_memory_u$0`");
    assert!(shown.has("redis_memory_used_bytes"), "{:?}", shown.labels());
    // What is being typed is none.
    assert_eq!(when("`no_such_metr$0`").labels(), [""; 0]);
}

#[test]
fn functions_are_typed_as_calls() {
    let shown = when("`ra$0`");
    assert!(
        shown
            .changes("rate")
            .contains("when = `rate($1[${11:5m}])`"),
        "{}",
        shown.changes("rate")
    );
    assert_eq!(
        shown.item("rate")["detail"],
        "rate(range vector) -> instant vector"
    );
    assert!(when("`su$0`").changes("sum").contains("`sum($0)`"));
    assert!(when("`su$0(x)`").changes("sum").contains("`sum(x)`"));
    assert!(
        when("`quantile_o$0`")
            .changes("quantile_over_time")
            .contains("quantile_over_time($1, $2[${12:5m}])")
    );
    let mut shown = when("`ra$0`");
    assert!(
        shown
            .documentation("rate")
            .starts_with("The average increase per second")
    );
    assert!(
        when("`limitk$0`")
            .documentation("limitk")
            .contains("promql-experimental-functions")
    );
    let text = "service checkout {\n  slo x { sli : error-ratio { ratio = `ra$0` } }\n}\n";
    assert!(
        complete(text)
            .changes("rate")
            .contains("rate($1[${11:\\$window}])")
    );
}

#[test]
fn a_selector_is_a_metric_alone() {
    let text = "service checkout {\n  slo x { sli : latency { histogram = `$0` } }\n}\n";
    let shown = complete(text);
    assert!(
        shown.has("ledger_entries_total") && !shown.has("rate"),
        "{:?}",
        shown.labels()
    );
}

#[test]
fn labels_and_their_values() {
    assert_eq!(when("`ledger_entries_total{$0`").labels()[0], "outcome");
    assert_eq!(when("`ledger_entries_total{$0}`").labels()[0], "outcome");
    let shown = when("`sum(ledger_entries_total{out$0}) > 1`");
    assert!(shown.chosen("outcome").contains("{outcome=\"$0\"}"));
    let shown = when("`sum(ledger_entries_total{out$0=\"ok\"}) > 1`");
    assert!(shown.chosen("outcome").contains("{outcome=\"ok\"}"));
    assert!(!when("`ledger_entries_total{outcome=\"ok\",$0`").has("outcome"));
    assert_eq!(when("`ledger_entries_total{outcome=\"$0`").labels(), ["ok"]);
    assert_eq!(
        when("`ledger_entries_total{outcome=\"$0\"}`").labels(),
        ["ok"]
    );
    assert_eq!(
        when("`ledger_entries_total{outcome=~\"o$0\"}`").labels(),
        ["ok"]
    );
    assert_eq!(
        when("`ledger_entries_total{outcome$0}`").labels(),
        ["outcome"]
    );
    assert_eq!(
        when("`ledger_entries_total{outcome=\"ok\"$0}`").labels(),
        [""; 0]
    );
}

#[test]
fn groupings() {
    assert_eq!(
        when("`sum by ($0) (ledger_entries_total{outcome=\"ok\"})`").labels()[0],
        "outcome"
    );
    assert_eq!(
        when("`sum(ledger_entries_total{outcome=\"ok\"}) by ($0)`").labels()[0],
        "outcome"
    );
    assert_eq!(
        when("`a / on (out$0) ledger_entries_total{outcome=\"ok\"}`").labels(),
        ["outcome"]
    );
    assert!(!when("`sum by (outcome, $0) (ledger_entries_total)`").has("outcome"));
    assert_eq!(when("`sum $0(x)`").labels(), ["by", "without"]);
    let shown = when("`sum(x) b$0`");
    assert!(
        shown.has("by") && shown.has("bool") && !shown.has("bottomk"),
        "{:?}",
        shown.labels()
    );
    assert!(shown.changes("by").contains("`sum(x) by ($0)`"));
    let shown = when("`a $0`");
    assert!(
        shown.has("and") && shown.has("offset") && shown.has("group_left") && !shown.has("rate")
    );
}

#[test]
fn durations_stand_in_brackets() {
    assert_eq!(when("`rate(x[$0`").labels()[0], "5m");
    assert_eq!(when("`rate(x[$0])`").labels()[0], "5m");
    assert_eq!(when("`rate(x[$wi$0])`").labels(), ["$window"]);
    assert!(
        when("`rate(x[$wi$0])`")
            .chosen("$window")
            .contains("`rate(x[$window])`")
    );
    assert_eq!(when("`x offset $0`").labels()[0], "5m");
    assert_eq!(
        when("`x > 5$0`").labels(),
        [""; 0],
        "a number is no duration there"
    );
    let text = "service checkout {\n  slo x { sli : ratio { total = `rate(x[$0])` } }\n}\n";
    assert_eq!(complete(text).labels()[0], "$window");
}

#[test]
fn holes_hold_names() {
    let text = "let most = 5\n\nservice checkout {\n  let deep = 5\n  signal depth { any_of = [`queue_depth`] }\n  alert a { when = `max($0) > 1` }\n}\n";
    let shown = complete(text);
    assert_eq!(shown.labels()[0], "${depth}");
    assert!(shown.has("${deep}") && shown.has("${most}") && shown.has("queue_depth"));
    assert!(shown.chosen("${depth}").contains("`max(${depth}) > 1`"));
    let text = "service checkout {\n  let deep = 5\n  alert a { when = `max(x) > ${$0` }\n}\n";
    assert!(complete(text).has("deep"));
    let text = "service checkout {\n  let deep = 5\n  alert a { when = `max(x) > ${de$0}` }\n}\n";
    assert_eq!(complete(text).first(1), "deep                 number\n");
    let text = "service checkout {\n  signal depth { any_of = [`queue_depth`] }\n  alert a { when = `max(${de$0}) > 1` }\n}\n";
    assert_eq!(complete(text).first(1), "depth                signal\n");
}

#[test]
fn the_catalogue_knows_what_is_there() {
    let shown = catalogued("  alert a { when = `sum(rate($0` }");
    assert_eq!(
        shown.labels()[..4],
        [
            "http_request_duration_seconds_bucket",
            "http_request_duration_seconds_count",
            "http_request_duration_seconds_sum",
            "http_requests_total"
        ]
    );
    // Under another selector there are other metrics, and none besides.
    assert!(!shown.has("redis_up") && !shown.is_incomplete);
    assert_eq!(shown.item("http_requests_total")["detail"], "counter");
    let help = &shown.item("http_requests_total")["documentation"]["value"];
    assert_eq!(
        help, "All \\*requests\\* \\<so far\\>\\.",
        "it is text, not Markdown"
    );
    assert_eq!(
        catalogued("  alert a { when = `http_requests_total{$0` }").labels(),
        ["code", "method"]
    );
    let shown = catalogued("  alert a { when = `http_requests_total{$0` }");
    assert_eq!(shown.item("code")["detail"], "200, 500");
    assert_eq!(
        catalogued("  alert a { when = `http_requests_total{code=\"$0\"` }").labels(),
        ["200", "500"]
    );
    assert_eq!(
        catalogued("  alert a { when = `http_request_duration_seconds_bucket{$0` }").labels(),
        ["le", "method"]
    );
    assert_eq!(
        catalogued("  alert a { when = `http_request_duration_seconds_bucket{le=\"0$0` }").labels(),
        ["0.1", "0.5"]
    );
    let shown = catalogued(
        "  dependency sessions {\n    selector = { instance = \"sessions:9121\" }\n    alert a { when = `$0` }\n  }",
    );
    assert!(shown.has("redis_up") && !shown.has("http_requests_total"));
}

#[test]
fn declared_metrics_count_too() {
    let text = "/// What was asked.\nmetric asked_total {\n  type = counter\n  labels = [route]\n}\n\nservice checkout {\n  alert a { when = `ask$0` }\n}\n";
    assert_eq!(complete(text).first(1), "asked_total          counter\n");
    let text = text.replace("ask$0", "asked_total{$0");
    assert_eq!(complete(&text).labels(), ["route"]);
}

#[test]
fn a_query_that_is_left_open_ends_with_its_line() {
    assert_eq!(
        when("`sum(rate(ledger_entries_total{outcome=\"$0").labels(),
        ["ok"]
    );
    let text = "service checkout {\n  alert a {\n    when = `max(x\n    se$0\n  }\n}\n";
    assert!(complete(text).has("severity"));
}
