//! Severities that a project declares have routes, receivers and inhibitions of their own.

use std::process::Command;

use crate::inhibitions::{names, silenced};
use crate::projects::{Modeled, single_with};
use crate::routes::{labels, receiver};
use crate::tools;

const SOURCE: &str = r##"
severity critical { pages = true  for = 1m  label = "P1" }
severity quiet { pages = true  urgency = low }
severity info { for = 30m }

team a {
  slack = "#a"
  escalation default { step first { notify = "ana@example.com" } }
}

team b {
  escalation default { step first { notify = "bo@example.com" } }
  receiver phone : pagerduty { on = [critical, page] }
  receiver chat : slack { channel = "#b"  on = [ticket, info, quiet] }
}

service checkout {
  team     = a
  selector = { job = "checkout" }

  dependency ledger { service = ledger }
  slo availability {
    objective = 99.9%
    sli : ratio { good = `ok_total`  total = `all_total` }
  }
}

service ledger {
  team       = a
  escalation = b.default
  selector   = { job = "ledger" }

  slo availability {
    objective     = 99.9%
    page_severity = critical
    sli : ratio { good = `ok_total`  total = `all_total` }
  }
}
"##;

fn project() -> Modeled {
    let mut settings = nthc::project::default_settings("shop");
    settings.environment = None;
    single_with(SOURCE, settings)
}

#[test]
fn each_severity_goes_to_its_receiver() {
    let Some(amtool) = tools::find("amtool") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let config = project().write(folder.path());
    let went = |service: &str, team: &str, severity: &str| {
        let alert = labels([
            ("service", service),
            ("team", team),
            ("severity", severity),
            ("tier", "standard"),
        ]);
        receiver(&amtool, &config, &alert)
    };
    assert_eq!(went("checkout", "a", "P1"), "a-critical");
    assert_eq!(went("checkout", "a", "page"), "a-page");
    assert_eq!(went("checkout", "a", "quiet"), "a-quiet");
    assert_eq!(went("checkout", "a", "info"), "a-info");
    assert_eq!(went("checkout", "a", "ticket"), "a-ticket");
    // The escalation of `ledger` is that of another team, which gets everything that pages.
    assert_eq!(went("ledger", "a", "P1"), "b-critical");
    assert_eq!(went("ledger", "a", "quiet"), "b-quiet");
    assert_eq!(went("ledger", "a", "info"), "a-info");
    // The name of a severity is no label if it has another one.
    assert_eq!(went("checkout", "a", "critical"), "a-ticket");
    let check = Command::new(&amtool)
        .arg("check-config")
        .arg(&config)
        .output()
        .unwrap();
    assert!(check.status.success(), "{check:?}");
}

#[test]
fn what_pages_inhibits_what_does_not() {
    let alerts = [
        (
            "critical",
            "alertname=SLOErrorBudgetBurn service=checkout slo=availability severity=P1",
        ),
        (
            "page",
            "alertname=SLOErrorBudgetBurn service=checkout slo=availability severity=page",
        ),
        (
            "ticket",
            "alertname=SLOErrorBudgetBurn service=checkout slo=availability severity=ticket",
        ),
        (
            "info",
            "alertname=SLOErrorBudgetBurn service=checkout slo=availability severity=info",
        ),
        (
            "another slo",
            "alertname=SLOErrorBudgetBurn service=checkout slo=latency severity=info",
        ),
    ];
    let Some(found) = silenced(&project(), &alerts) else {
        return;
    };
    assert_eq!(found, names(&["ticket", "info"]));
}

#[test]
fn a_critical_page_inhibits_the_services_that_depend_on_it() {
    let alerts = [
        (
            "ledger",
            "alertname=SLOErrorBudgetBurn service=ledger slo=availability severity=P1",
        ),
        (
            "checkout",
            "alertname=SLOErrorBudgetBurn service=checkout slo=availability severity=page",
        ),
    ];
    let Some(found) = silenced(&project(), &alerts) else {
        return;
    };
    assert_eq!(found, names(&["checkout"]));
}

#[test]
fn texts_name_the_severity_and_the_urgency() {
    let text = project().file("nthc.tmpl");
    let line = |name: &str| {
        let wanted = format!("{{{{ define \"{name}\" }}}}");
        let mut lines = text.lines();
        lines
            .find(|line| line.starts_with(&wanted))
            .unwrap()
            .to_owned()
    };
    // The urgency of `quiet` is low, although it pages.
    let severity = line("nthc.pagerduty.severity");
    assert!(
        severity.contains(r#"eq .CommonLabels.severity "P1" "page""#),
        "{severity}"
    );
    let color = line("nthc.slack.color");
    assert!(
        color.contains(r#"eq .CommonLabels.severity "P1" "page" "quiet""#),
        "{color}"
    );
    let kind = line("nthc.kind");
    for part in [
        r#"{{ if eq .CommonLabels.severity "P1" }}Critical"#,
        r#"{{ else if eq .CommonLabels.severity "info" }}Info"#,
        "{{ else }}Ticket{{ end }}",
    ] {
        assert!(kind.contains(part), "{kind}");
    }
}
