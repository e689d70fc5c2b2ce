//! What Alertmanager says, as whoever is told receives it.

use std::path::Path;

use serde_json::{Value, json};

use crate::programs::Running;
use crate::projects::{Modeled, single_with};
use crate::server::{Sink, alertmanager, post};

/// A summary that templates, YAML, JSON, HTML and Slack would take for theirs.
const SUMMARY: &str = "key: {{ .X }} \"quoted\" 'too' <!channel> & *bold* \\ \t%s\n- second line";

const SOURCE: &str = r##"team payments {
  receiver hook   : webhook   { url_file = "SECRETS/hook" }
  receiver plain  : webhook   { url = "http://127.0.0.1:PORT/plain" }
  receiver chat   : slack     { channel = "#{{ .CommonLabels.team }}" }
  receiver oncall : pagerduty { on = [page] }
}

service checkout {
  team     = payments
  tier     = critical
  selector = { job = "checkout" }
}
"##;

/// What Alertmanager would say of a notification, by each of the texts that messages are made of.
#[test]
fn a_notification_of_two_alerts_has_one_link_and_one_paragraph() {
    let Some(amtool) = crate::tools::find("amtool") else {
        return;
    };
    let alert = |window: &str, status: &str| {
        json!({
            "status": status,
            "labels": {
                "alertname": "SLOErrorBudgetBurn", "service": "checkout", "slo": "availability",
                "severity": "page", "long_window": window,
            },
            "annotations": {
                "summary": format!("checkout availability burns over {window}"),
                "description": format!("A long paragraph about {window}."),
                "runbook_url": format!("https://runbooks.example.com/checkout#{window}"),
                "dashboard_url": "https://grafana.example.com/d/checkout",
            },
            "startsAt": "2026-01-02T03:04:05Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus/",
            "fingerprint": "x",
        })
    };
    let notification = |alerts: [Value; 2], status: &str| {
        json!({
            "receiver": "payments-page",
            "status": status,
            "alerts": alerts,
            "groupLabels": { "service": "checkout" },
            "commonLabels": { "service": "checkout", "severity": "page" },
            "commonAnnotations": { "dashboard_url": "https://grafana.example.com/d/checkout" },
            "externalURL": "http://alertmanager",
        })
    };
    let folder = tempfile::tempdir().unwrap();
    let settings = nthc::project::default_settings("shop");
    single_with("team payments { slack = \"#payments\" }\n", settings).write(folder.path());
    let render = |data: &Value, text: &str| {
        let path = folder.path().join("data.json");
        std::fs::write(&path, data.to_string()).unwrap();
        let output = std::process::Command::new(&amtool)
            .args(["template", "render"])
            .arg(format!(
                "--template.glob={}",
                folder.path().join("nthc.tmpl").display()
            ))
            .arg(format!("--template.data={}", path.display()))
            .arg(format!("--template.text={{{{ template \"{text}\" . }}}}"))
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}");
        String::from_utf8(output.stdout)
            .unwrap()
            .trim_end()
            .to_owned()
    };
    let firing = notification([alert("1h", "firing"), alert("6h", "firing")], "firing");
    let runbook = "https://runbooks.example.com/checkout#1h";
    let dashboard = "https://grafana.example.com/d/checkout";
    assert_eq!(render(&firing, "nthc.runbook_url"), runbook);
    assert_eq!(render(&firing, "nthc.dashboard_url"), dashboard);
    assert_eq!(render(&firing, "nthc.more_url"), dashboard);
    assert_eq!(
        render(&firing, "nthc.summary"),
        "checkout availability burns over 1h (2 alerts)"
    );
    assert_eq!(
        render(&firing, "nthc.slack.text"),
        format!(
            "*checkout availability burns over 1h*\nA long paragraph about 1h.\n\
             • checkout availability burns over 6h\n<{runbook}|Runbook> <{dashboard}|Dashboard>"
        )
    );
    assert_eq!(
        render(&firing, "nthc.mail.text"),
        format!(
            "[firing] checkout availability burns over 1h\nA long paragraph about 1h.\n\
             - checkout availability burns over 6h\n\n  service: checkout\n  severity: page\n\n\
             Runbook: {runbook}\nDashboard: {dashboard}"
        )
    );
    // What is over has no link that counts while something else fires.
    let one = notification([alert("1h", "resolved"), alert("6h", "firing")], "firing");
    assert!(render(&one, "nthc.runbook_url").ends_with("#6h"));
    let over = notification(
        [alert("1h", "resolved"), alert("6h", "resolved")],
        "resolved",
    );
    assert_eq!(render(&over, "nthc.runbook_url"), runbook);
    assert_eq!(render(&over, "nthc.kind"), "Resolved");
    // An alert without a link leaves it to the next one.
    let mut bare = firing.clone();
    bare["alerts"][0]["annotations"]
        .as_object_mut()
        .unwrap()
        .remove("runbook_url");
    assert!(render(&bare, "nthc.runbook_url").ends_with("#6h"));
}

/// An Alertmanager whose receivers are a sink, and which waits for nothing.
fn start(sink: &Sink, folder: &Path) -> Option<Running> {
    let secrets = folder.join("secrets");
    std::fs::create_dir(&secrets).unwrap();
    let base = format!("http://127.0.0.1:{}", sink.port);
    std::fs::write(secrets.join("hook"), format!("{base}/hook\n")).unwrap();
    std::fs::write(secrets.join("slack-url"), format!("{base}/slack\n")).unwrap();
    std::fs::write(secrets.join("pagerduty-payments"), "a-key\n").unwrap();
    let mut settings = nthc::project::default_settings("shop");
    settings.alertmanager.secrets = secrets.to_str().unwrap().to_owned();
    let source = SOURCE
        .replace("PORT", &sink.port.to_string())
        .replace("SECRETS", secrets.to_str().unwrap());
    let config = faster(&single_with(&source, settings), folder, &base);
    alertmanager(&config, folder)
}

/// The configuration with PagerDuty at another place, and without waiting.
pub fn faster(project: &Modeled, folder: &Path, base: &str) -> std::path::PathBuf {
    let config = project.write(folder);
    let text = std::fs::read_to_string(&config).unwrap();
    let global = format!("global:\n  pagerduty_url: {base}/pagerduty\n");
    let text = text
        .replacen("templates:", &format!("{global}templates:"), 1)
        .replace("group_wait: 15s", "group_wait: 0s")
        .replace("group_interval: 2m", "group_interval: 1s");
    // Tickets wait longer.
    let text = text
        .replace("group_wait: 2m", "group_wait: 0s")
        .replace("group_interval: 15m", "group_interval: 1s");
    assert!(text.contains("pagerduty_url") && text.contains("group_interval: 1s"));
    std::fs::write(&config, text).unwrap();
    config
}

fn alert(name: &str, summary: &str) -> Value {
    json!({
        "labels": {
            "alertname": name,
            "service": "checkout",
            "team": "payments",
            "tier": "critical",
            "slo": "availability",
            "severity": "page",
        },
        "annotations": {
            "summary": summary,
            "description": "5% of events & <more>",
            "runbook_url": "https://runbooks.example.com/a|b>c",
            "dashboard_url": "https://grafana.example.com/d/checkout",
        },
    })
}

#[test]
fn everybody_is_told_what_the_alert_says() {
    let sink = Sink::start();
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = start(&sink, folder.path()) else {
        return;
    };
    post(&server, &json!([alert("SLOErrorBudgetBurn", SUMMARY)]));

    for path in ["/hook", "/plain"] {
        let told = sink.wait_for(path, |_| true);
        let [said] = told["alerts"].as_array().unwrap().as_slice() else {
            panic!("{told:#}")
        };
        assert_eq!(said["annotations"]["summary"], SUMMARY);
        assert_eq!(said["labels"]["service"], "checkout");
        assert_eq!(told["receiver"], "payments-page");
        assert_eq!(told["groupLabels"]["slo"], "availability");
    }

    let slack = sink.wait_for("/slack", |_| true);
    assert_eq!(slack["channel"], "#{{ .CommonLabels.team }}");
    let escaped = SUMMARY
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let message = &slack["attachments"][0];
    assert_eq!(message["title"], format!("Page: {escaped}"));
    assert_eq!(message["fallback"], message["title"]);
    assert_eq!(message["color"], "danger");
    assert_eq!(
        message["title_link"],
        "https://grafana.example.com/d/checkout"
    );
    assert_eq!(
        message["text"],
        format!(
            "*{escaped}*\n5% of events &amp; &lt;more&gt;\n<https://runbooks.example.com/abc|Runbook> \
             <https://grafana.example.com/d/checkout|Dashboard> "
        )
    );

    let event = sink.wait_for("/pagerduty", |_| true);
    assert_eq!(event["routing_key"], "a-key");
    assert_eq!(event["event_action"], "trigger");
    assert_eq!(event["client"], "Dashboard");
    assert_eq!(
        event["client_url"],
        "https://grafana.example.com/d/checkout"
    );
    assert_eq!(
        event["links"][0]["href"],
        "https://runbooks.example.com/a|b>c"
    );
    let payload = &event["payload"];
    assert_eq!(payload["summary"], SUMMARY);
    assert_eq!(payload["severity"], "critical");
    assert_eq!(payload["source"], "checkout");
    assert_eq!(payload["class"], "SLOErrorBudgetBurn");
    assert_eq!(payload["component"], "checkout");
    assert_eq!(payload["group"], "payments");
    let details = &payload["custom_details"];
    for (label, value) in [
        ("service", "checkout"),
        ("team", "payments"),
        ("tier", "critical"),
        ("slo", "availability"),
        ("severity", "page"),
    ] {
        assert_eq!(details[label], value);
    }
    assert_eq!(details["firing"][0]["annotations"]["summary"], SUMMARY);
}

#[test]
fn an_incident_is_one_kind_of_alert_of_one_slo_and_has_an_end() {
    let sink = Sink::start();
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = start(&sink, folder.path()) else {
        return;
    };
    let with = |mut alert: Value, label: &str, value: &str| {
        alert["labels"][label] = Value::from(value);
        alert
    };
    let burn = alert("SLOErrorBudgetBurn", "burns");
    let both = [
        with(burn.clone(), "long_window", "1h"),
        with(burn, "long_window", "6h"),
    ];
    let own = alert("QueueBacklog", "is deep");
    post(&server, &json!([both[0], both[1], own]));
    let of = |class: &'static str| {
        move |event: &Value| {
            event["payload"]["class"] == class && event["event_action"] == "trigger"
        }
    };
    let burns = sink.wait_for("/pagerduty", |event| {
        of("SLOErrorBudgetBurn")(event) && event["payload"]["summary"] == "burns (2 alerts)"
    });
    let deep = sink.wait_for("/pagerduty", of("QueueBacklog"));
    assert_ne!(burns["dedup_key"], deep["dedup_key"]);

    let mut over = own;
    over["endsAt"] = Value::from("2020-01-02T00:00:00Z");
    over["startsAt"] = Value::from("2020-01-01T00:00:00Z");
    post(&server, &json!([over]));
    let resolved = sink.wait_for("/pagerduty", |event| event["event_action"] == "resolve");
    assert_eq!(resolved["dedup_key"], deep["dedup_key"]);
    let slack = sink.wait_for("/slack", |message| {
        message["attachments"][0]["title"] == "Resolved: is deep"
    });
    assert_eq!(slack["attachments"][0]["color"], "good");
}
