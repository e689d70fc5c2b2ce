//! Hovers, as the person sees them.

use serde_json::{Value, json};

use crate::support::{Editor, Fixture, capabilities, offset, position};

/// The word that the hover at the cursor is about, and what it shows, as plain text.
fn plain(fixture: &str) -> (String, String) {
    let mut can = capabilities();
    can["textDocument"]["hover"]["contentFormat"] = json!(["plaintext"]);
    let editor = Editor::start(Fixture::new(fixture), json!({ "capabilities": can }));
    shown(editor, "plaintext")
}

fn markdown(fixture: &str) -> String {
    shown(Editor::open(fixture), "markdown").1
}

fn shown(mut editor: Editor, kind: &str) -> (String, String) {
    let found = editor.ask_at_cursor("textDocument/hover", json!({}));
    assert!(!found.is_null(), "there is something to show");
    assert_eq!(found["contents"]["kind"], kind);
    let text = &editor.fixture.files[&editor.fixture.file];
    let start = offset(text, &found["range"]["start"]);
    let word = text[start..offset(text, &found["range"]["end"])].to_owned();
    let value = found["contents"]["value"].as_str().unwrap().to_owned();
    (word, value)
}

fn nothing(fixture: &str) {
    let mut editor = Editor::open(fixture);
    let found = editor.ask_at_cursor("textDocument/hover", json!({}));
    assert_eq!(found, Value::Null);
}

/// A service with what the fixtures are about.
const SHOP: &str = r##"
//- teams.nth
/// Everything that moves money.
team payments {
  slack = "#payments"
  schedule primary {
    zone    = "Europe/London"
    handoff = mon 09:00
    members = ["a@example.com", "b@example.com"]
  }
}
"##;

/// The shop's team and a file `main.nth`.
fn with_team(main: &str) -> String {
    format!("{SHOP}//- main.nth\n{main}")
}

#[test]
fn an_objective_says_how_much_may_fail() {
    let (word, text) = plain(&with_team(
        r#"
import teams.{payments}
service checkout {
  team = payments
  tier = critical
  selector = { job = "checkout" }
  slo availability {
    objective = 99.95$0%
    sli : ratio { bad = `errors_total`  total = `requests_total` }
  }
}
"#,
    ));
    assert_eq!(word, "99.95%");
    assert_eq!(
        text,
        "99.95%, 0.9995\n\n\
         Error budget for 99.95% over 30d: 21m36s of full downtime\n\n\
         - pages at 14.4x burn rate (1h/5m): above 0.72% bad\n\
         - pages at 6x burn rate (6h/30m): above 0.3% bad\n\
         - opens a ticket at 3x burn rate (1d/2h): above 0.15% bad\n\
         - opens a ticket at 1x burn rate (3d/6h): above 0.05% bad"
    );
}

#[test]
fn a_field_says_its_type_its_bound_and_where_its_value_is_from() {
    let (word, text) = plain(&with_team(
        r#"
import std.http
import teams.{payments}
service checkout {
  team = payments
  tier = critical
  selector = { job = "checkout" }
  slo availability : http.availability {
    win$0dow = 28d
  }
}
"#,
    ));
    assert_eq!(word, "window");
    assert_eq!(
        text,
        "window: duration where 1d <= it and it <= 90d = 30d\n\n\
         The rolling SLO window.\n\n\
         Allowed values: at least 1d and at most 90d.\n\n\
         Value: 28d\n\n\
         - Error budget for 99.95% over 28d: 20m9.6s of full downtime"
    );
}

#[test]
fn a_field_of_another_block_is_read_there() {
    let (word, text) = plain(&with_team(
        r#"
import teams.{payments}
service checkout {
  team = payments
  tier = critical
  selector = { job = "checkout" }
  slo availability {
    objective = service.tier.avail$0ability
    sli : ratio { bad = `errors_total`  total = `requests_total` }
  }
}
"#,
    ));
    assert_eq!(word, "availability");
    assert_eq!(
        text,
        "availability: percent where 0% < it and it < 100%\n\n\
         The default availability objective of std.http and similar modules.\n\n\
         Allowed values: more than 0% and less than 100%.\n\n\
         Value: 99.95%\n\n\
         - Error budget for 99.95% over 30d: 21m36s of full downtime"
    );
}

#[test]
fn environments_differ() {
    let (_, text) = plain(&with_team(
        r#"
import teams.{payments}
environment production { selector = { env = "production" } }
environment staging { selector = { env = "staging" } }
service checkout {
  team = payments
  selector = { job = "checkout" }
  slo availability {
    object$0ive = 99.9%
    burn_rate_alerts = false
    sli : ratio { bad = `errors_total`  total = `requests_total` }
  }
  in staging { slo availability { objective = 99% } }
}
"#,
    ));
    let values = text.split_once("less than 100%.\n\n").unwrap().1;
    assert_eq!(
        values,
        "In production: 99.9%\n\n\
         - Error budget for 99.9% over 30d: 43m12s of full downtime\n\n\
         In staging: 99%\n\n\
         - Error budget for 99% over 30d: 7h12m of full downtime"
    );
}

#[test]
fn an_slo_shows_the_rules_that_are_made_of_it() {
    let text = markdown(&with_team(
        r#"
import teams.{payments}
service checkout {
  team = payments
  selector = { job = "checkout" }
  /// Orders are taken.
  slo order$0s {
    objective = 99.9%
    sli : ratio { bad = `errors_total`  total = `requests_total` }
  }
}
"#,
    ));
    let (head, rules) = text.split_once("\n\nGenerates ").unwrap();
    let (head, detection) = head.split_once("\n\nDetection times").unwrap();
    assert_eq!(
        head,
        "```nth\nslo orders\n```\n\nOrders are taken.\n\nError budget for 99.9% over 30d: **43m12s** of full downtime"
    );
    assert_eq!(detection, ": being simulated, hover again");
    assert!(
        rules.starts_with("9 alerts, 24 recordings:\n\n```yaml\n- alert: SLOErrorBudgetBurn"),
        "{rules}"
    );
    assert!(
        rules.contains("- record: slo:sli_events:increase1h\n  expr: sum(increase(requests_total{job=\"checkout\"}[1h]))\n"),
        "{rules}"
    );
    assert!(rules.ends_with("more recordings\n```"), "{rules}");
}

#[test]
fn an_slo_shows_how_soon_its_alerts_fire_once_that_is_simulated() {
    let source = with_team(
        r#"
import teams.{payments}
service checkout {
  team = payments
  selector = { job = "checkout" }
  slo detect$0ed {
    objective = 99%
    window = 7d
    sli : ratio { bad = `errors_total`  total = `requests_total` }
  }
}
"#,
    );
    let text = loop {
        let text = markdown(&source);
        if !text.contains("being simulated") {
            break text;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    let (_, times) = text.split_once("\n\nDetection times:\n\n").unwrap();
    let (times, _) = times.split_once("\n\n").unwrap();
    let lines: Vec<&str> = times.lines().collect();
    assert_eq!(lines.len(), 8, "{times}");
    assert!(lines[0].starts_with("- 100% bad for "), "{times}");
    assert!(lines[0].contains(": page after "), "{times}");
    assert_eq!(lines[7], "- missing scrape: no page; no ticket");
}

#[test]
fn a_service_says_whose_it_is_and_what_it_promises() {
    let (word, text) = plain(&with_team(
        r#"
import teams.{payments}
/// Takes the money.
service check$0out {
  team = payments
  tier = low
  selector = { job = "checkout" }
  slo orders {
    objective = 99.9%
    sli : ratio { bad = `errors_total`  total = `requests_total` }
  }
  dependency ledger { technology = "PostgreSQL" }
}
"#,
    ));
    assert_eq!(word, "checkout");
    assert_eq!(
        text,
        "service checkout\n\nTakes the money.\n\nTier low, team payments\n\n\
         Generates 8 alerts, 24 recordings\n\n\
         - orders: Error budget for 99.9% over 30d: 43m12s of full downtime\n\n\
         Depends on ledger"
    );
}

#[test]
fn templates_say_what_they_take_and_make() {
    let (word, text) = plain(&with_team(
        r#"
import std.http
import teams.{payments}
service checkout {
  team = payments
  selector = { job = "checkout" }
  slo availability : http.avail$0ability
}
"#,
    ));
    assert_eq!(word, "availability");
    assert!(
        text.starts_with(
            "template slo availability(requests: selector = `http_requests_total`)\n\n\
             The share of requests that were answered without a server error."
        ),
        "{text}"
    );
    assert!(text.ends_with("Generates an slo with sli"), "{text}");
}

#[test]
fn modules_kinds_enums_and_functions_have_their_docs() {
    let of_module = plain("import std.ht$0tp\n").1;
    assert!(
        of_module.starts_with("module std.http\n\nHTTP services."),
        "{of_module}"
    );
    assert!(
        of_module.contains("- Templates: availability, latency"),
        "{of_module}"
    );
    let of_kind = plain("ti$0er x { availability = 99%  latency = 1s }\n").1;
    assert!(
        of_kind.starts_with("kind tier\n\nHow important a service is."),
        "{of_kind}"
    );
    assert!(
        of_kind.contains("- Required: availability, latency\n- Optional: budget_pages"),
        "{of_kind}"
    );
    let (word, of_member) =
        plain("tier x { availability = 99%  latency = 1s  absence = pa$0ge }\n");
    assert_eq!(
        (word.as_str(), of_member.as_str()),
        (
            "page",
            "severity page\n\nRespond now.\n\n- pages = true\n- urgency = high\n- for = 2m"
        )
    );
    let of_function = plain(
        "service x { selector = {job = \"x\"} gate g { deny d { when = fro$0zen(from: \"2026-12-20\", to: \"2026-12-27\", zone: \"UTC\") } } }",
    )
    .1;
    assert_eq!(
        of_function,
        "function frozen(from: date, to: date, zone: time-zone) -> bool\n\n\
         Whether today is in a freeze; both days are included.\n\nComputed when the gate runs."
    );
}

#[test]
fn values_of_lets_and_parameters() {
    let (word, text) = plain("/// Long enough.\nlet wai$0t = 90s\n");
    assert_eq!(word, "wait");
    assert_eq!(
        text,
        "let wait = 1m30s\n\nLong enough.\n\nduration: 1m30s (1m30s, 90 s)"
    );
    let (word, text) = plain(
        "template alert late(\n  /// How late.\n  after: duration = 5m,\n) { when = `x > 1`  for = aft$0er }\n",
    );
    assert_eq!(word, "after");
    assert_eq!(
        text,
        "after: duration = 5m\n\nHow late.\n\nParameter of template late"
    );
}

#[test]
fn texts_with_holes_are_computed() {
    let (word, text) = plain("let wait = 90s\nlet note = \"Wait for $0${wait}.\"\n");
    assert_eq!(word, "\"Wait for ${wait}.\"");
    assert_eq!(text, "\"Wait for 1m30s.\": string");
}

#[test]
fn quantities_in_other_units() {
    let of = |value: &str| plain(&format!("let x = {value}\n")).1;
    assert_eq!(of("1h3$00m"), "1h30m, 5400 s");
    assert_eq!(of("99.9$05%"), "99.95%, 0.9995");
    assert_eq!(of("512M$0iB"), "536870912 bytes");
    assert_eq!(
        of("100$0/s"),
        "100 per second, 6000 per minute, 360000 per hour"
    );
}

#[test]
fn times_of_the_week_have_their_zone() {
    let (word, text) = plain(&SHOP.replace("mon 09:00", "mon 09$0:00"));
    assert_eq!(word, "mon 09:00");
    assert_eq!(text, "Monday, 09:00 in Europe/London");
    let text = plain(
        "service x { selector = {job = \"x\"} gate g { deny d { when = between(from: fri 16$0:00, to: mon 09:00, zone: \"America/New_York\") } } }",
    )
    .1;
    assert_eq!(text, "Friday, 16:00 in America/New_York");
}

/// A service with one alert, whose query is the argument.
fn alert(query: &str) -> String {
    with_team(&format!(
        "import teams.{{payments}}\nservice checkout {{\n  team = payments\n  selector = {{ job = \"checkout\" }}\n  alert deep {{ when = `{query}` }}\n}}\n"
    ))
}

#[test]
fn queries_are_shown_as_they_will_stand_in_the_rules() {
    let (word, text) = plain(&alert("su$0m(queue_depth) by (zone) > 10"));
    assert_eq!(word, "sum");
    assert_eq!(
        text,
        "sum by (labels) (vector)\n\nThe sum of the values in each group.\n\n\
         With labels added:\n\nsum by (zone) (queue_depth{job=\"checkout\"}) > 10"
    );
    let (word, text) = plain(&alert("rate(jobs_total[5m]) > bo$0ol 10"));
    assert_eq!(word, "bool");
    assert!(
        text.starts_with("bool\n\nReturns 1 if the comparison is true"),
        "{text}"
    );
}

const LOCK: &str = r#"
//- nth.metrics.lock
version = 1

[selectors.'{job="checkout"}']
used_by = ["checkout"]

[selectors.'{job="checkout"}'.metrics.queue_depth]
type = "gauge"
help = "How many orders wait. <b>*all*</b>"
labels = ["zone"]

[selectors.'{job="checkout"}'.metrics.queue_depth.values]
zone = ["eu", "us"]
"#;

#[test]
fn metrics_are_known_from_the_catalogue() {
    let fixture = format!("{LOCK}{}", alert("sum(queue$0_depth) by (zone) > 10"));
    let text = markdown(&fixture);
    assert_eq!(
        text,
        "```promql\nqueue_depth\n```\n\n\
         **Gauge**, in the metric catalog under `{job=\"checkout\"}`\n\n\
         How many orders wait. \\<b\\>\\*all\\*\\</b\\>\n\n\
         - Labels: `zone`\n\n\
         With labels added:\n\n\
         ```promql\nsum by (zone) (queue_depth{job=\"checkout\"}) > 10\n```"
    );
    let fixture = format!("{LOCK}{}", alert("sum(queue_depth{zo$0ne=\"eu\"}) > 10"));
    let (word, text) = plain(&fixture);
    assert_eq!(word, "zone");
    assert!(
        text.starts_with("Label zone\n\nValues in the metric catalog: eu, us\n\n"),
        "{text}"
    );
    let fixture = format!("{LOCK}{}", alert("sum(queue_dep$0) > 10"));
    let text = plain(&fixture).1;
    assert!(
        text.starts_with("queue_dep\n\nNot in the metric catalog under {job=\"checkout\"}."),
        "{text}"
    );
}

#[test]
fn other_readers_of_a_metric_are_named() {
    let fixture = format!(
        "{}//- other.nth\nimport teams.{{payments}}\nservice mailer {{ team = payments  selector = {{ job = \"mailer\" }}  alert deep {{ when = `max(queue_depth) > 1` }} }}\n//- main.nth\n{}",
        SHOP,
        alert("sum(queue$0_depth) > 10")
            .split_once("//- main.nth\n")
            .unwrap()
            .1
    );
    let text = plain(&fixture).1;
    assert!(text.contains("Also used by service mailer\n"), "{text}");
}

#[test]
fn signals_say_what_carries_them() {
    let signal = |lock: &str, cursor: &str| {
        let main = format!(
            "import teams.{{payments}}\nservice checkout {{\n  team = payments\n  selector = {{ job = \"checkout\" }}\n  signal {cursor} {{ any_of = [`depth`, `queue_depth`] }}\n}}\n"
        );
        plain(&format!("{lock}{}", with_team(&main))).1
    };
    assert_eq!(
        signal(LOCK, "wai$0ting"),
        "signal waiting\n\nProvided by queue_depth, the second of 2 candidates"
    );
    assert_eq!(
        signal("", "wai$0ting"),
        "signal waiting\n\nQueries use depth: there is no metric catalog, so whether it exists is unknown. \
         nthc metrics pull creates one. There are 2 candidates"
    );
    let other = LOCK.replace("queue_depth", "other");
    assert_eq!(
        signal(&other, "wai$0ting"),
        "signal waiting\n\nNo metric found. Candidates: depth, queue_depth for selector {job=\"checkout\"}. \
         Rules that use it are not generated"
    );
}

#[test]
fn what_a_text_fills_in() {
    let main = "service x { selector = {job = \"x\"} alert a { when = `x > 1`  summary = \"${val$0ue} on ${labels.zone}\" } }";
    let (word, text) = plain(main);
    assert_eq!(word, "value");
    assert!(
        text.starts_with("${value}\n\nThe value of the alert's condition"),
        "{text}"
    );
}

#[test]
fn nothing_is_said_of_comments_and_empty_places() {
    nothing("// servi$0ce checkout\nlet x = 1\n");
    nothing("$0\n\nlet x = 1\n");
    nothing("let x = 1\n\n\n$0");
    nothing("$0");
    nothing("let x = \"serv$0ice\"\n");
    nothing("let x = 1 }}} su$0m(\n");
}

#[test]
fn half_typed_queries_and_blocks_do_no_harm() {
    let (word, text) = plain(&alert("su$0m(rate(x_total[5m"));
    assert_eq!(word, "sum");
    assert!(text.starts_with("sum by (labels) (vector)"), "{text}");
    let text = plain("service checkout {\n  slo availability {\n    objec$0tive = \n").1;
    assert!(text.starts_with("objective: percent"), "{text}");
}

#[test]
fn the_standard_library_explains_itself() {
    let greeting = json!({
        "capabilities": capabilities(),
        "initializationOptions": { "virtualDocuments": true },
    });
    let mut editor = Editor::start(Fixture::new("import std.http\n"), greeting);
    let uri = "nth-std:///std/http.nth";
    let (_, text) = nthc::session::STANDARD_LIBRARY
        .iter()
        .find(|(name, _)| *name == "std.http")
        .unwrap();
    let place = position(text, text.find("service.tier.availability").unwrap() + 14);
    let params = json!({ "textDocument": { "uri": uri }, "position": place });
    let found = editor.ask("textDocument/hover", params);
    let shown = found["contents"]["value"].as_str().unwrap();
    assert!(
        shown.starts_with("```nth\navailability: percent where"),
        "{shown}"
    );
}

#[test]
fn windows_line_ends_count_as_one() {
    let fixture = Fixture::new(&alert("sum(queue$0_depth) > 10")).with_crlf();
    let mut can = capabilities();
    can["textDocument"]["hover"]["contentFormat"] = json!(["plaintext"]);
    let editor = Editor::start(fixture, json!({ "capabilities": can }));
    assert_eq!(shown(editor, "plaintext").0, "queue_depth");
}

#[test]
fn names_with_marks_stay_names() {
    let text = markdown("/// <img src=x> [a](b)\nlet x$0 = \"`#` \\n # <b>\"\n");
    assert_eq!(
        text,
        "```nth\nlet x = \"`#` \\n # <b>\"\n```\n\n\\<img src=x\\> \\[a\\](b)\n\n`string`: ``\"`#` \\n # <b>\"``"
    );
}
