//! What can be typed next.

use serde_json::json;

use crate::completing::{Shown, complete, complete_in, complete_with};
use crate::support::Fixture;

/// The first things shown, without their details.
pub fn first(shown: &Shown, count: usize) -> Vec<&str> {
    shown.labels().into_iter().take(count).collect()
}

#[test]
fn the_top_of_a_file_has_kinds_and_statements() {
    let shown = complete("$0\n\nservice other { team = payments }\n");
    let labels = shown.labels();
    for wanted in [
        "service",
        "team",
        "environment",
        "import",
        "template",
        "let",
        "for",
        "rule",
        "extend",
        "alert",
        "dependency",
    ] {
        assert!(labels.contains(&wanted), "{wanted}: {labels:?}");
    }
    // Nested kinds, and what only the standard library declares, are not.
    for other in ["slo", "gate", "kind", "enum", "ratio"] {
        assert!(!labels.contains(&other), "{other}: {labels:?}");
    }
    assert_eq!(
        complete("ser$0").changes("service"),
        "service ${1:name} {\n  team = $2\n  selector = { $3 }\n  $0\n}\n"
    );
    assert_eq!(complete("imp$0").changes("import"), "import ${1:module}\n");
    // A word that is there already is replaced alone.
    assert_eq!(
        complete("ser$0vic checkout {\n}\n").chosen("service"),
        "service checkout {\n}\n"
    );
}

#[test]
fn clients_without_snippets_get_text() {
    let fixture = Fixture::new("ser$0");
    let shown = complete_with(fixture, |capabilities| {
        capabilities["textDocument"]["completion"]["completionItem"] = json!({});
    });
    assert_eq!(shown.chosen("service"), "service ");
    assert_eq!(shown.item("service")["insertTextFormat"], 1);
    // Nor can they ask later for what is said of it.
    let said = &shown.item("service")["documentation"];
    assert_eq!(said["kind"], "plaintext");
    assert!(
        said["value"]
            .as_str()
            .unwrap()
            .starts_with("A service: its owner"),
        "{said}"
    );
}

#[test]
fn imports_name_modules_and_their_folders() {
    assert_eq!(
        first(&complete("import $0"), 6),
        [
            "environments",
            "lib.services",
            "services.ledger",
            "teams.payments",
            "lib",
            "services"
        ]
    );
    assert_eq!(
        first(&complete("import std.$0"), 3),
        ["alb", "alertmanager", "apache"]
    );
    assert_eq!(
        complete("import std.ht$0").chosen("http"),
        "import std.http"
    );
    assert_eq!(
        complete("import te$0").chosen("teams.payments"),
        "import teams.payments"
    );
    // The prelude needs none, and a file does not import itself.
    assert!(!complete("import std.pre$0").has("prelude"));
    assert!(!complete("import serv$0").has("services.checkout"));
    assert_eq!(
        complete("import lib.services.{$0}").labels(),
        ["online", "regions"]
    );
    assert_eq!(
        complete("import lib.services.{online, $0}").labels(),
        ["regions"]
    );
    assert_eq!(
        complete("import lib.services.{online, re$0").labels(),
        ["regions"]
    );
    assert_eq!(complete("import lib.services $0").labels(), ["as"]);
    assert_eq!(complete("import no.such.{$0}").labels(), [""; 0]);
}

#[test]
fn a_body_wants_what_is_missing_first() {
    let text = "service checkout {\n  $0\n}\n";
    assert_eq!(
        complete(text).first(5),
        "\
team                 team, required
selector             matchers, required
description          string?
tier                 tier = standard
type                 service-type = api
"
    );
    let text = "service checkout {\n  team = payments\n  $0\n  selector = { job = \"c\" }\n}\n";
    assert_eq!(first(&complete(text), 2), ["description", "tier"]);
    // An indicator must be there too, and has variants.
    let text = "service checkout {\n  slo x {\n    $0\n  }\n}\n";
    assert_eq!(
        first(&complete(text), 6),
        [
            "objective",
            "sli",
            "sli : ratio",
            "sli : latency",
            "sli : time-slices",
            "sli : error-ratio"
        ]
    );
    let text = "service checkout {\n  slo x {\n    sli : ratio {}\n    s$0\n  }\n}\n";
    assert!(!complete(text).has("sli"), "there is one already");
}

#[test]
fn fields_are_typed_with_a_place_for_their_value() {
    let with = |field: &str, typed: &str| {
        complete(&format!("service checkout {{\n  {typed}$0\n}}\n")).changes(field)
    };
    assert_eq!(with("team", "te"), "  team = $1\n");
    assert_eq!(with("selector", ""), "  selector = { $1 }\n");
    assert_eq!(with("urgency", "ur"), "  urgency = ${1|high,low|}\n");
    assert_eq!(with("description", "des"), "  description = \"$1\"\n");
    assert_eq!(with("deployed", "dep"), "  deployed = `$1`\n");
    // The value that is there stays.
    let shown = complete("service checkout {\n  te$0 = payments\n}\n");
    assert_eq!(
        shown.chosen("team"),
        "service checkout {\n  team = payments\n}\n"
    );
    // Names have hyphens.
    let shown = complete("service checkout {\n  support-$0\n}\n");
    assert_eq!(
        shown.changes("support-hours"),
        "  support-hours {\n  zone = \"$1\"\n  $0\n}\n"
    );
}

#[test]
fn fields_say_what_they_are() {
    let mut shown = complete("service checkout {\n  slo x {\n    wi$0\n  }\n}\n");
    assert!(
        shown.item("window")["documentation"].is_null(),
        "said when the editor asks"
    );
    assert_eq!(
        shown.documentation("window"),
        "The rolling SLO window.\n\n\
         Type `duration`, at least 1d and at most 90d, default `30d`."
    );
}

#[test]
fn blocks_are_typed_with_what_they_need() {
    let with = |kind: &str| {
        complete(&format!("service checkout {{\n  {}$0\n}}\n", &kind[..2])).changes(kind)
    };
    assert_eq!(
        with("alert"),
        "  alert ${1:name} {\n  when = `$2`\n  $0\n}\n"
    );
    assert_eq!(with("dependency"), "  dependency ${1:name} {\n  $0\n}\n");
    let shown = complete("team t {\n  rec$0\n}\n");
    assert_eq!(
        shown.changes("receiver"),
        "  receiver ${1:name} : ${2|pagerduty,slack,msteams,discord,telegram,incidentio,grafana-irm,jira,sns,pushover,mail,webhook|} {\n  $0\n}\n"
    );
    let shown = complete("service checkout {\n  slo x {\n    sl$0\n  }\n}\n");
    assert_eq!(
        shown.changes("sli : ratio"),
        "    sli : ratio {\n  total = `$1`\n  $0\n}\n"
    );
}

#[test]
fn blocks_of_the_base_can_be_amended_or_taken_out() {
    let with = |body: &str| {
        complete(&format!(
            "import lib.services.{{online}}\n\nservice checkout : online(\"c\") {{\n  {body}\n}}\n"
        ))
    };
    assert_eq!(with("slo $0").labels(), ["availability", "latency"]);
    assert_eq!(
        with("slo la$0").changes("latency"),
        "  slo latency {\n  $0\n}\n"
    );
    assert_eq!(with("slo la$0 {}").changes("latency"), "  slo latency {}\n");
    assert_eq!(with("slo latency {}\n  slo $0").labels(), ["availability"]);
    assert_eq!(
        with("without $0").labels(),
        ["slo availability", "slo latency", "alert crash-loop"]
    );
    assert_eq!(with("without slo $0").labels(), ["availability", "latency"]);
    assert_eq!(
        with("al$0").changes("alert crash-loop"),
        "  alert crash-loop {\n  $0\n}\n"
    );
    // What the base sets comes after what nobody does, and says what it is.
    let shown = with("slo availability {\n    $0\n  }");
    let place = |label: &str| shown.labels().iter().position(|known| *known == label);
    assert!(place("window") < place("objective"));
    assert_eq!(
        shown.item("objective")["detail"],
        "percent = service.tier.availability (inherited)"
    );
    assert_eq!(
        shown.item("min_events")["detail"],
        "number? = 100 (inherited)"
    );
}

#[test]
fn statements_may_share_a_line() {
    let text = "service checkout {\n  alert a { severity = ticket  s$0 }\n}\n";
    let shown = complete(text);
    assert!(
        shown.has("summary") && !shown.has("severity"),
        "{:?}",
        shown.labels()
    );
    let text = "service checkout {\n  dependency ledger { $0 }\n}\n";
    assert!(complete(text).has("criticality"));
}

#[test]
fn half_typed_text_all_around_does_no_harm() {
    // Each is the same question, with something else that is not finished.
    for text in [
        "service checkout {\n  tier = $0",
        "service checkout {\n  tier = $0\n",
        "service checkout {\n  team =\n  tier = $0\n",
        "service checkout {\n  selector = { job = \"x\n  tier = $0\n}\n",
        "service checkout {\n  selector = { job = \"x\"\n  tier = $0\n}\n",
        "service checkout {\n  alert a {\n    when = `sum(rate(x[5m\n  }\n  tier = $0\n}\n",
        "service checkout {\n  slo a : http.latency(under: 1s\n  tier = $0\n}\n",
        "service checkout {\n  tier = $0\n\nservice other {\n  team = payments\n}\n",
        "service broken {\n  team =\n\nservice checkout {\n  tier = $0\n}\n",
        "}\n}\nservice checkout {\n  tier = $0\n}\n",
        "import\n\nservice checkout {\n  tier = $0\n}\n",
        "service checkout : {\n  tier = $0\n}\n",
        "service checkout : nothing.such(1 2 {\n  tier = $0\n}\n",
    ] {
        let shown = complete(text);
        let labels = first(&shown, 2);
        assert_eq!(labels, ["critical", "high"], "{text}");
    }
}

#[test]
fn a_sign_that_asks_is_followed_by_a_space() {
    let chosen = |body: &str, label: &str| {
        complete(&format!("service checkout {{\n  {body}\n}}\n")).changes(label)
    };
    assert_eq!(chosen("tier =$0", "critical"), "  tier = critical\n");
    assert_eq!(
        chosen("slo x { sli :$0 }", "ratio"),
        "  slo x { sli : ratio }\n"
    );
    assert_eq!(chosen("tier = $0", "critical"), "  tier = critical\n");
    assert_eq!(
        complete("template service x(a:$0)\n").changes("bool"),
        "template service x(a: bool)\n"
    );
}

#[test]
fn what_is_offered_ends() {
    let mut text = String::new();
    for number in 0..300 {
        text.push_str(&format!(
            "//- services/s{number}.nth\nservice s{number} {{}}\n"
        ));
    }
    let fixture = |typed: &str| {
        format!(
            "{text}//- main.nth\nservice main {{\n  dependency d {{ service = {typed}$0 }}\n}}\n"
        )
    };
    let shown = complete_in(&fixture(""));
    assert!(shown.is_incomplete);
    assert!(shown.labels().len() < 230);
    let shown = complete_in(&fixture("s29"));
    assert!(shown.has("s299") && !shown.is_incomplete);
}

#[test]
fn names_in_quotes_are_typed_with_them() {
    let text = "team \"Payments Team\" {}\nservice a {\n  team = Pay$0\n}\n";
    assert_eq!(
        complete(text).chosen("Payments Team"),
        "team \"Payments Team\" {}\nservice a {\n  team = \"Payments Team\"\n}\n"
    );
    let text = "team \"Payments Team\" {}\nservice a {\n  team = \"Pay$0\"\n}\n";
    assert_eq!(
        complete(text).chosen("Payments Team"),
        "team \"Payments Team\" {}\nservice a {\n  team = \"Payments Team\"\n}\n"
    );
    let shown = complete_in(
        "
        //- main.nth
        import lib
        service a : lib.$0
        //- lib.nth
        template service \"Shop Service\"(job: string) { selector = { job = job } }
        ",
    );
    assert!(
        shown
            .changes("Shop Service")
            .contains("lib.\"Shop Service\"(\"$1\")"),
        "{}",
        shown.changes("Shop Service")
    );
    let text =
        "service a {\n  signal \"queue depth\" { any_of = [`q`] }\n  alert b { when = `$0` }\n}\n";
    assert!(complete(text).labels().contains(&"${\"queue depth\"}"),);
}

#[test]
fn an_environment_has_its_fields_and_defaults() {
    let shown = complete("environment staging {\n  $0\n}\n");
    let labels = shown.labels();
    for wanted in ["selector", "pages", "targets", "namespace", "defaults"] {
        assert!(labels.contains(&wanted), "{wanted}: {labels:?}");
    }
    let shown = complete("environment staging {\n  targets = [$0]\n}\n");
    let labels = shown.labels();
    for wanted in ["prometheus", "grafana", "docs"] {
        assert!(labels.contains(&wanted), "{wanted}: {labels:?}");
    }
    // The name of `defaults` is a kind, and its fields are of that kind.
    let shown = complete("environment staging {\n  defaults s$0\n}\n");
    let labels = shown.labels();
    for wanted in ["service", "slo", "schedule"] {
        assert!(labels.contains(&wanted), "{wanted}: {labels:?}");
    }
    for other in ["environment", "tier", "silent"] {
        assert!(!labels.contains(&other), "{other}: {labels:?}");
    }
    let shown = complete("environment staging {\n  defaults slo {\n    $0\n  }\n}\n");
    let labels = shown.labels();
    for wanted in ["objective", "burn_rate_pages", "labels"] {
        assert!(labels.contains(&wanted), "{wanted}: {labels:?}");
    }
}
