//! Completion of values, names and what they are made of.

use serde_json::json;

use crate::completing::{complete, complete_with};
use crate::completion::first;
use crate::support::Fixture;

#[test]
fn enums_and_booleans_are_their_words() {
    let value = |body: &str| complete(&format!("service checkout {{\n  {body}\n}}\n"));
    assert_eq!(
        first(&value("type = $0"), 7),
        [
            "api", "web", "worker", "stream", "batch", "pipeline", "database"
        ]
    );
    assert_eq!(
        first(&value("alert a { severity = $0 }"), 2),
        ["page", "ticket"]
    );
    assert_eq!(
        first(&value("slo x { burn_rate_alerts = $0 }"), 2),
        ["true", "false"]
    );
    assert_eq!(first(&value("type = wor$0"), 1), ["worker"]);
    let shown = complete("team t {\n  support-hours {\n    days = [monday, t$0]\n  }\n}\n");
    assert_eq!(first(&shown, 2), ["tuesday", "thursday"]);
    let mut shown = value("alert a { severity = $0 }");
    assert_eq!(shown.documentation("page"), "Respond now.");
}

#[test]
fn references_are_blocks_of_the_kind() {
    let shown = complete("import teams.payments\n\nservice checkout {\n  team = $0\n}\n");
    assert_eq!(shown.first(1), "payments             team\n");
    assert_eq!(shown.item("payments")["additionalTextEdits"], json!(null));
    let shown = complete("service checkout {\n  tier = $0\n}\n");
    assert_eq!(first(&shown, 4), ["critical", "high", "standard", "low"]);
    let text =
        "team t {\n  schedule primary {}\n  escalation e {\n    step s { notify = $0 }\n  }\n}\n";
    assert_eq!(complete(text).first(1), "primary              schedule\n");
    let text = "service checkout {\n  dependency ledger { service = $0 }\n}\n";
    let shown = complete(text);
    assert!(!shown.has("checkout"), "a service does not need itself");
    assert!(shown.has("ledger"));
}

#[test]
fn what_is_not_imported_yet_brings_its_import() {
    let text = "service checkout {\n  team = pay$0\n}\n";
    assert_eq!(
        complete(text).chosen("payments"),
        "import teams.payments\n\nservice checkout {\n  team = payments\n}\n"
    );
    // Where the alphabet has it, and below the file's documentation.
    let text = "//! Checkout.\n\nimport environments\nimport std.http\n\nservice checkout {\n  dependency l { service = led$0 }\n}\n";
    assert_eq!(
        complete(text).chosen("ledger"),
        "//! Checkout.\n\nimport environments\nimport services.ledger\nimport std.http\n\n\
         service checkout {\n  dependency l { service = ledger }\n}\n"
    );
    let text = "//! Checkout.\n\nservice checkout {\n  team = pay$0\n}\n";
    assert_eq!(
        complete(text).chosen("payments"),
        "//! Checkout.\n\nimport teams.payments\n\nservice checkout {\n  team = payments\n}\n"
    );
    // Into the braces of an import that is there.
    let text = "import lib.services.{regions}\n\nservice checkout : on$0\n";
    assert_eq!(
        complete(text).chosen("online"),
        "import lib.services.{online, regions}\n\nservice checkout : online(\"$1\")\n"
    );
    // By its module, where that is imported.
    let text = "import lib.services\n\nservice checkout : on$0\n";
    assert_eq!(
        complete(text).chosen("services.online"),
        "import lib.services\n\nservice checkout : services.online(\"$1\")\n"
    );
    // The standard library's templates go by their modules.
    let text = "service checkout {\n  slo availability : avail$0\n}\n";
    assert_eq!(
        complete(text).chosen("http.availability"),
        "import std.http\n\nservice checkout {\n  slo availability : http.availability\n}\n"
    );
    // A name that means something else here is not offered.
    let text = "service payments {\n  team = pay$0\n}\n";
    assert!(!complete(text).has("payments"));
}

#[test]
fn imports_keep_the_ends_of_lines() {
    let fixture = format!(
        "{}//- services/checkout.nth\nimport std.http\n\nservice checkout {{\n  team = pay$0\n}}\n",
        crate::completing::PROJECT
    );
    let shown = complete_with(Fixture::new(&fixture).with_crlf(), |_| {});
    assert_eq!(
        shown.chosen("payments"),
        "import std.http\r\nimport teams.payments\r\n\r\nservice checkout {\r\n  team = payments\r\n}\r\n"
    );
}

#[test]
fn a_module_that_is_not_imported_yet_is_known_by_its_last_name() {
    let text = "service checkout {\n  slo availability : http.av$0\n}\n";
    assert_eq!(
        complete(text).changes("availability"),
        "import std.http\n\n  slo availability : http.availability\n"
    );
    // Where the name means another module, that one is meant.
    let text = "import lib.services as http\n\nservice checkout {\n  slo a : http.$0\n}\n";
    assert_eq!(complete(text).labels(), Vec::<String>::new());
    let text = "service checkout {\n  slo a : nowhere.$0\n}\n";
    assert_eq!(complete(text).labels(), Vec::<String>::new());
}

#[test]
fn bases_are_variants_templates_and_blocks() {
    let text = "service checkout {\n  slo x {\n    sli : $0\n  }\n}\n";
    assert_eq!(
        complete(text).labels(),
        [
            "ratio",
            "latency",
            "time-slices",
            "error-ratio",
            "all-of",
            "weighted"
        ]
    );
    let text = "import std.http\n\nservice checkout {\n  slo availability : http.$0\n}\n";
    assert_eq!(complete(text).labels(), ["availability", "latency"]);
    let text = "import std.http\n\nservice checkout {\n  slo availability : http.av$0 {\n    objective = 99%\n  }\n}\n";
    assert!(
        complete(text)
            .chosen("availability")
            .contains(": http.availability {\n")
    );
    assert_eq!(first(&complete("service checkout : $0"), 1), ["online"]);
    let text = "template service own(job: string) {}\n\nservice checkout : o$0\n";
    assert_eq!(
        complete(text).changes("own"),
        "service checkout : own(\"$1\")\n"
    );
    // Neither is it its own base, nor is a template of another kind one.
    assert!(!complete(text).has("checkout"));
    let text = "template slo own() {}\n\nservice checkout : o$0\n";
    assert!(!complete(text).has("own"));
    let mut shown = complete("service checkout : onl$0");
    assert_eq!(
        shown.documentation("online"),
        "```nth\ntemplate service online(job: string, under: duration = 300ms)\n```\nA service that somebody waits for."
    );
}

#[test]
fn arguments_are_named_and_typed() {
    let call = |call: &str| {
        complete(&format!(
            "import lib.services.{{online}}\n\nservice checkout : online({call}\n"
        ))
    };
    assert_eq!(
        call("$0)").first(2),
        "job:                 string\nunder:               duration = 300ms\n"
    );
    assert_eq!(call("\"c\", $0)").labels(), ["under:"]);
    assert_eq!(
        call("\"c\", un$0").changes("under:"),
        "service checkout : online(\"c\", under: $0\n"
    );
    assert_eq!(call("job: \"c\", under: 300ms, $0)").labels(), [""; 0]);
    assert_eq!(call("\"c\", $0under: 1s)").labels(), [""; 0]);
    assert_eq!(
        first(&call("\"c\", under: $0)"), 4),
        ["5m", "1h", "30d", "300ms"]
    );
    let mut shown = call("$0)");
    let item = shown.item("job:").clone();
    assert_eq!(
        item["documentation"]["value"],
        "The job that Prometheus scrapes it under."
    );
    assert!(shown.documentation("job:").starts_with("The job"));
    let text =
        "service checkout {\n  slo a {}\n  gate g { deny d { when = budget($0) < 5% } }\n}\n";
    assert_eq!(first(&complete(text), 1), ["a"]);
    let text =
        "service checkout {\n  gate g { deny d { when = frozen(from: \"2026-01-01\", $0 } }\n}\n";
    assert_eq!(first(&complete(text), 2), ["to:", "zone:"]);
}

#[test]
fn names_in_scope_are_values() {
    let text = "template slo quick(goal: duration, other: string) {\n  let twice = goal * 2\n  window = $0\n}\n";
    assert_eq!(
        complete(text).first(2),
        "twice                duration\ngoal                 duration\n"
    );
    let text = "service checkout {\n  for region in [\"eu\", \"us\"] {\n    alert \"a-${re$0}\" {}\n  }\n}\n";
    assert_eq!(complete(text).first(1), "region               string\n");
    let text = "let most = 5m\n\nservice checkout {\n  alert a { for = mo$0 }\n}\n";
    assert_eq!(complete(text).first(1), "most                 let\n");
    assert!(
        !complete("let most = mo$0\n").has("most"),
        "no value is its own"
    );
    let text = "service checkout {\n  for r in reg$0\n}\n";
    assert!(
        complete(text)
            .chosen("regions")
            .starts_with("import lib.services.{regions}\n\n")
    );
}

#[test]
fn members_follow_dots() {
    let text = "service checkout {\n  slo x {\n    objective = service.tier.$0\n  }\n}\n";
    // What fits comes first.
    assert_eq!(complete(text).first(1), "availability         percent\n");
    let text = "rule r {\n  for s in services {\n    require s.$0\n  }\n}\n";
    let shown = complete(text);
    for wanted in ["tier", "name", "slos", "dependencies", "support-hours"] {
        assert!(shown.has(wanted), "{wanted}: {:?}", shown.labels());
    }
    let text = "import lib.services\n\nlet all = services.$0\n";
    assert_eq!(complete(text).labels(), ["regions"]);
    let text = "service checkout {\n  alert a { summary = \"${labels.$0}\" }\n}\n";
    assert_eq!(first(&complete(text), 2), ["job", "instance"]);
    assert_eq!(complete("let a = 5m\nlet b = a.$0\n").labels(), [""; 0]);
    assert_eq!(complete("let b = nothing.$0\n").labels(), [""; 0]);
}

#[test]
fn comparisons_want_what_stands_on_their_left() {
    let rule = |condition: &str| {
        complete(&format!(
            "rule r {{\n  for s in services where {condition}\n}}\n"
        ))
    };
    assert_eq!(
        first(&rule("s.tier == $0"), 4),
        ["critical", "high", "standard", "low"]
    );
    assert_eq!(
        first(&rule("s.tier in [critical, $0]"), 2),
        ["critical", "high"]
    );
    assert_eq!(
        first(&rule("s.name == \"x\" and s.type == $0"), 2),
        ["api", "web"]
    );
    let text = "service checkout {\n  slo x { objective = if environment() == $0 }\n}\n";
    assert_eq!(first(&complete(text), 2), ["production", "staging"]);
    let text = "service checkout {\n  gate g { deny d { when = deploy_age() < 30$0 } }\n}\n";
    assert_eq!(first(&complete(text), 2), ["30m", "30h"]);
}

#[test]
fn numbers_get_units() {
    let value = |body: &str| complete(&format!("service checkout {{\n  slo x {{ {body} }}\n}}\n"));
    assert_eq!(
        value("window = 30$0").labels(),
        ["30m", "30h", "30d", "30s", "30ms", "30w"]
    );
    assert_eq!(
        value("window = 1h30$0").labels(),
        ["1h30m", "1h30s", "1h30ms"]
    );
    assert_eq!(value("window = 30m$0").labels(), ["30m", "30ms"]);
    assert_eq!(value("objective = 99.9$0").labels(), ["99.9%"]);
    assert_eq!(
        value("min_events = 1$0").labels(),
        [""; 0],
        "a number has none"
    );
}

#[test]
fn times_and_zones() {
    let text = "team t {\n  schedule s { handoff = fri$0 }\n}\n";
    assert_eq!(
        complete(text).chosen("fri 09:00").lines().nth(1),
        Some("  schedule s { handoff = fri ${1:09}:${2:00} }")
    );
    let text = "team t {\n  support-hours { zone = \"Europe/Lond$0\" }\n}\n";
    let shown = complete(text);
    assert_eq!(shown.labels(), ["Europe/London"]);
    assert!(
        shown
            .chosen("Europe/London")
            .contains("zone = \"Europe/London\" }")
    );
    // Also in a string that is not closed, and of which more is there.
    let text = "team t {\n  support-hours { zone = \"Euro$0\n  }\n}\n";
    assert!(
        complete(text)
            .chosen("Europe/London")
            .contains("zone = \"Europe/London\n")
    );
    let text = "team t {\n  support-hours { zone = \"Euro$0pe/Berlin\" }\n}\n";
    assert!(
        complete(text)
            .chosen("Europe/London")
            .contains("zone = \"Europe/London\" }")
    );
}

#[test]
fn environments_and_labels_by_name() {
    assert_eq!(
        complete("service checkout {\n  in $0\n}\n").labels(),
        ["production", "staging"]
    );
    let shown = complete("service checkout {\n  in s$0\n}\n");
    assert_eq!(shown.labels(), ["staging"]);
    let shown = complete("service checkout {\n  sta$0\n}\n");
    assert_eq!(shown.changes("in staging"), "  in staging {\n  $0\n}\n");
    let text = "service checkout {\n  selector = { $0 }\n}\n";
    assert_eq!(complete(text).labels(), ["job", "instance"]);
    assert_eq!(
        complete(text).changes("job"),
        "  selector = { job = \"$0\" }\n"
    );
    let text = "service checkout {\n  selector = { job = \"x\", $0 }\n}\n";
    assert_eq!(complete(text).labels(), ["instance"]);
    // A label may have several matchers.
    let text = "service checkout {\n  selector = { job =~ \"x\", $0 }\n}\n";
    assert_eq!(complete(text).labels(), ["job", "instance"]);
    let text = "let prefix = \"web\"\nservice checkout {\n  selector = { job =~ $0 }\n}\n";
    assert_eq!(first(&complete(text), 1), ["prefix"]);
    let text = "service checkout {\n  selector = $0\n}\n";
    assert!(
        complete(text).has("{ job =~ \"…\" }"),
        "{:?}",
        complete(text).labels()
    );
    let text = "service checkout {\n  slo x { breakdown = [$0] }\n  alert a { when = `sum by (route) (x) > 1` }\n}\n";
    assert_eq!(first(&complete(text), 1), ["route"]);
}

#[test]
fn types_and_kinds_where_they_are_declared() {
    let shown = complete("template service own(job: $0) {}\n");
    for wanted in ["string", "duration", "severity", "team", "list"] {
        assert!(shown.has(wanted), "{wanted}: {:?}", shown.labels());
    }
    assert!(complete("extend kind service {\n  owner: st$0\n}\n").has("string"));
    assert_eq!(first(&complete("extend kind serv$0"), 1), ["service"]);
    assert_eq!(complete("extend $0").labels(), ["kind"]);
    assert_eq!(first(&complete("template al$0"), 1), ["alert"]);
}

#[test]
fn text_is_the_writers() {
    for text in [
        "// ser$0\n",
        "/// te$0\nservice checkout {}\n",
        "service checkout {\n  // te$0\n}\n",
        "service checkout {\n  description = \"te$0\"\n}\n",
        "service checkout {\n  description = \"te$0\n}\n",
        "service checkout {\n  alert a { steps = \"\"\"\n    te$0\n    \"\"\" }\n}\n",
        "service $0",
        "service checkout {\n  let $0\n}\n",
        "template service x($0",
        "service checkout {\n  alert a { when = `max(x) # ma$0` }\n}\n",
    ] {
        assert_eq!(complete(text).labels(), [""; 0], "{text}");
    }
}
