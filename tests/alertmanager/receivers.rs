//! Receivers of every kind, and their times: what Alertmanager takes, and what arrives.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use nthc::backends::alertmanager::notify::{AlertInstance, Texts};
use nthc::ir::{AlertmanagerFormat, Settings};
use nthc::project::default_settings;
use serde_json::{Value, json};

use crate::notify::{data, render_as, template, with_routing};
use crate::projects::{Modeled, single_with};
use crate::routes::{labels, receiver};
use crate::schema_files::{alertmanager_config, assert_valid};
use crate::server::{Sink, alertmanager, post};
use crate::tools;

/// A team that every kind of receiver notifies.
const ALL: &str = r##"
team payments {
  receiver oncall : pagerduty { on = [page] }
  receiver chat : slack { channel = "#payments" }
  receiver office : msteams { }
  receiver gamers : discord { }
  receiver phone : telegram {
    chat   = -1001234567890
    topic  = 7
    silent = true
  }
  receiver irm : grafana-irm { }
  receiver queue : sns {
    topic = "arn:aws:sns:eu-west-1:123456789012:alerts"
    role  = "arn:aws:iam::123456789012:role/alerts"
  }
  receiver pushes : pushover {
    device = "{{ phone }}"
    sound  = "siren"
  }
  receiver hook : webhook {
    url              = "https://hooks.example.com/x"
    credentials_file = "/etc/alertmanager/secrets/hook"
    timeout          = 10s
    max_alerts       = 20
  }
"##;

/// Those that the operator's resource does not have.
const MORE: &str = r#"
  receiver incidents : incidentio { url = "https://api.incident.io/v2/alert_events/alertmanager/01ABC" }
  receiver bot : slack {
    channel    = "C0123456789"
    token_file = "/etc/alertmanager/secrets/slack-bot"
  }
  receiver issues : jira {
    url                = "https://example.atlassian.net/"
    project            = "OPS"
    issue_type         = "[System] Incident"
    labels             = ["slo", "{{x}}"]
    priority           = "High"
    resolve_transition = "Done"
    reopen_transition  = "Reopen"
    reopen_within      = 7d
    wont_fix           = "Won't Do"
    user               = "alerts@example.com"
  }
  receiver gateway : jira {
    url        = "https://api.atlassian.com/ex/jira/1234"
    project    = "OPS"
    issue_type = "Task"
  }
  receiver basic : webhook {
    url_file      = "/etc/alertmanager/secrets/basic-url"
    user          = "nthc"
    password_file = "/etc/alertmanager/secrets/basic"
    headers       = ["X-Scope-OrgID: payments"]
    header_files  = ["X-Api-Key: /etc/alertmanager/secrets/key"]
    timeout       = 1500ms
  }
"#;

/// Texts that each consumer would take for its own: markup, mentions, functions, HTML.
const HOSTILE: &str = "@everyone <!channel> *bold* _x_ ~y~ `z` [a](https://evil.example.com) {{DATE(2026-01-01T00:00:00Z)}} \
    {color:red} !image.png! <b>tag</b> & \"quoted\" it's + é";

fn project(source: &str, settings: Settings) -> Modeled {
    single_with(&format!("{source}}}\n"), settings)
}

fn check_config(amtool: &Path, file: &Path) {
    let output = Command::new(amtool)
        .arg("check-config")
        .arg(file)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    let text = std::fs::read_to_string(file).unwrap();
    assert!(output.status.success(), "{told}{text}");
}

fn alert(more: &str, index: usize) -> AlertInstance {
    let annotations = [
        ("summary", format!("{HOSTILE} {index}")),
        (
            "description",
            format!("# {HOSTILE}\n- a second line\n{}", "long ".repeat(400)),
        ),
        (
            "runbook_url",
            "https://runbooks.example.com/a(b)|c]d<e> f".to_owned(),
        ),
        (
            "dashboard_url",
            "https://grafana.example.com/d/x?a=1&b=2".to_owned(),
        ),
    ];
    let labels = format!(
        "alertname=SLOErrorBudgetBurn team=payments service=checkout slo=availability window=w{index} {more}"
    );
    let labels = labels
        .split(' ')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let annotations: Texts = annotations
        .map(|(name, text)| (name.to_owned(), text))
        .into();
    AlertInstance::new(labels.collect(), annotations, 0, Some(600_000))
}

#[test]
fn alertmanager_takes_every_receiver_and_renders_its_texts() {
    let Some(amtool) = tools::find("amtool") else {
        return;
    };
    let project = project(&format!("{ALL}{MORE}"), default_settings("shop"));
    let folder = tempfile::tempdir().unwrap();
    let file = project.write(folder.path());
    check_config(&amtool, &file);
    let config: Value = yaml_serde::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let alerts: Vec<AlertInstance> = (0..12).map(|index| alert("severity=page", index)).collect();
    with_routing(&project, |routing| {
        let simulation = routing.simulate(&alerts, 3_600_000);
        let messages = routing.messages().unwrap();
        let mut compared = BTreeSet::new();
        for told in &simulation.notifications {
            let message = messages.message(told, &alerts).unwrap();
            let receivers = config["receivers"].as_array().unwrap();
            let receiver = receivers
                .iter()
                .find(|known| known["name"] == told.recipient.receiver)
                .unwrap();
            for (field, text) in &message.fields {
                let lists = receiver.as_object().unwrap().values();
                let mut entries = lists.filter_map(Value::as_array).flatten();
                let label = told.recipient.label();
                let is_telegram = label.starts_with("Telegram");
                let named = |entry: &&Value| {
                    template(entry, field).is_some()
                        && entry.get("chat_id").is_some() == is_telegram
                        && entry.get("webhook_url_file").is_some()
                            == (label == "Microsoft Teams" || label == "Discord")
                        && entry.get("message").is_some()
                            == matches!(
                                label.split(' ').next(),
                                Some("Discord" | "Telegram" | "SNS" | "Pushover")
                            )
                        && entry.get("topic_arn").is_some() == label.starts_with("SNS")
                        && entry.get("project").is_some() == label.starts_with("Jira")
                        && entry.get("routing_key_file").is_some() == (label == "PagerDuty")
                };
                let Some(entry) = entries.find(named) else {
                    assert_eq!(field, "url", "{label} {field}");
                    continue;
                };
                let template = template(entry, field).unwrap();
                let is_html = is_telegram && field == "message";
                let rendered = render_as(
                    &amtool,
                    folder.path(),
                    &data(told, &alerts),
                    template,
                    is_html,
                );
                // A secret or another entry's field may be named alike.
                if text.contains("evil") || text.starts_with("Page") || is_html {
                    assert_eq!(text.trim_end(), rendered.trim_end(), "{label} {field}");
                    compared.insert((label, field.clone()));
                }
            }
            check_text(&told.recipient.label(), &message.title, &message.body);
        }
        for (channel, field) in [
            ("Microsoft Teams", "title"),
            ("Microsoft Teams", "text"),
            ("Discord", "title"),
            ("Discord", "message"),
            ("Telegram chat -1001234567890", "message"),
            ("Jira OPS", "description"),
            ("Pushover", "message"),
            ("SNS alerts", "subject"),
            ("SNS alerts", "message"),
        ] {
            let wanted = (channel.to_owned(), field.to_owned());
            assert!(
                compared.contains(&wanted),
                "{channel} {field}: {compared:?}"
            );
        }
    });
}

/// Checks the limits of a consumer, and that no text is its markup.
fn check_text(channel: &str, title: &str, body: &str) {
    let length = |text: &str| text.chars().count();
    let name = channel.split(' ').next().unwrap();
    let unescaped = |text: &str, markup: &str| {
        text.match_indices(markup)
            .any(|(at, _)| !text[..at].ends_with('\\'))
    };
    match name {
        "Discord" => {
            assert!(length(title) <= 256 && length(body) <= 4096, "{body}");
            for markup in ["*bold", "`z", "@everyone", "<!channel"] {
                assert!(!unescaped(body, markup), "{markup}: {body}");
            }
            assert!(
                body.contains("[Runbook](<https://runbooks.example.com/a(b)|c]def>)"),
                "{body}"
            );
        }
        "Microsoft" => {
            for markup in ["*bold", "`z", "[a]", "<b>"] {
                assert!(!unescaped(body, markup), "{markup}: {body}");
            }
            assert!(!body.contains("{{"), "{body}");
            assert!(
                body.contains("[Runbook](https://runbooks.example.com/a%28b%29|c]def)"),
                "{body}"
            );
        }
        "Telegram" => {
            assert!(length(body) <= 4096, "{}: {body}", length(body));
            assert!(body.contains("&lt;b&gt;tag&lt;/b&gt; &amp;"), "{body}");
            assert!(
                body.starts_with("<b>") && body.matches('<').count() == 2,
                "{body}"
            );
        }
        "Jira" => {
            assert!(length(title) <= 255 && length(body) <= 32_767);
            for markup in ["*bold", "{color", "!image", "[a]", "@everyone"] {
                assert!(!unescaped(body, markup), "{markup}: {body}");
            }
        }
        "Pushover" => {
            assert!(length(title) <= 250 && length(body) <= 1024, "{body}");
        }
        "SNS" => {
            assert!(length(title) < 100 && title.is_ascii(), "{title}");
            assert!(!title.contains('\n') && !title.is_empty());
        }
        _ => {}
    }
}

#[test]
fn a_cluster_takes_every_receiver_and_time_that_it_knows() {
    let Some(schema) = alertmanager_config() else {
        return;
    };
    let mut settings = default_settings("shop");
    settings.alertmanager.format = AlertmanagerFormat::AlertmanagerConfig;
    let source = format!(
        "time-interval nights {{\n  zone = \"UTC\"\n  from = 22:00\n  to = 06:00\n  days = [saturday, sunday]\n}}\n\
         time-interval holidays {{\n  zone = \"UTC\"\n  dates = [\"2026-12-25\", \"2026-12-31\"]\n}}\n\
         time-interval closing {{\n  zone = \"UTC\"\n  months = [3, 6]\n  days_of_month = [-1, 1]\n}}\n{ALL}\
         receiver quiet : webhook {{\n  url = \"https://hooks.example.com/y\"\n  active = [nights]\n  mute = [holidays, closing]\n}}\n"
    );
    let project = project(&source, settings);
    let resource: Value = yaml_serde::from_str(&project.file("alertmanager-config.yaml")).unwrap();
    let whole = jsonschema::validator_for(&schema).unwrap();
    assert_valid(&whole, &resource, "all receivers");
    let route = &schema["properties"]["spec"]["properties"]["route"];
    let route = jsonschema::validator_for(route).unwrap();
    let mut open = vec![resource["spec"]["route"].clone()];
    let mut muted = 0;
    while let Some(found) = open.pop() {
        assert_valid(&route, &found, "a route");
        muted += usize::from(found["muteTimeIntervals"] == json!(["closing", "holidays"]));
        open.extend(found["routes"].as_array().cloned().unwrap_or_default());
    }
    // Of tickets, and of consumed budgets among them.
    assert_eq!(muted, 2);
    let intervals = resource["spec"]["muteTimeIntervals"].as_array().unwrap();
    assert_eq!(
        intervals[1],
        json!({ "name": "holidays", "timeIntervals": [
            { "daysOfMonth": [{ "start": 25, "end": 25 }, { "start": 31, "end": 31 }], "months": ["12"], "years": ["2026"] },
        ]})
    );
}

/// A team whose tickets wait for the working day, and whose pages do not.
const TIMED: &str = r##"
time-interval office {
  zone = "Europe/London"
  days = [monday, tuesday, wednesday, thursday, friday]
  from = 09:00
  to   = 17:30
}

time-interval holidays {
  zone  = "Europe/London"
  dates = ["2026-12-25", "2026-12-28"]
}

team payments {
  receiver chat : slack { channel = "#payments" }
  receiver queue : webhook {
    url    = "https://hooks.example.com/queue"
    on     = [ticket]
    active = [office]
    mute   = [holidays]
  }
}

team growth {
  receiver chat : slack {
    channel = "#growth"
    active  = [office]
  }
}

team silent {
  receiver day : slack {
    channel     = "#silent"
    active      = [office]
    mutes_pages = true
  }
}

template service sold {
  selector = { job = "x" }
  slo availability {
    objective = 99.9%
    sli : ratio {
      bad   = `http_requests_total{status=~"5.."}`
      total = `http_requests_total`
    }
  }
}

service checkout : sold {
  team = payments
  dependency search { service = search }
  dependency hidden { service = hidden }
}
service search : sold { team = growth }
service hidden : sold { team = silent }
"##;

#[test]
fn routes_with_times_are_those_of_amtool() {
    let Some(amtool) = tools::find("amtool") else {
        return;
    };
    for default_team in [None, Some("growth")] {
        let mut settings = default_settings("shop");
        settings.alertmanager.default_team = default_team.map(str::to_owned);
        let project = single_with(TIMED, settings);
        let folder = tempfile::tempdir().unwrap();
        let file = project.write(folder.path());
        check_config(&amtool, &file);
        let consumed = "SLOErrorBudgetConsumed";
        let mut cases = Vec::new();
        for team in ["payments", "growth", "silent", "unknown"] {
            for severity in ["page", "ticket", "critical"] {
                for name in ["SLOErrorBudgetBurn", consumed] {
                    cases.push(labels([
                        ("alertname", name),
                        ("severity", severity),
                        ("team", team),
                    ]));
                }
            }
        }
        with_routing(&project, |routing| {
            for case in &cases {
                let routes = routing.routes(case);
                let names: Vec<&str> = routes.iter().map(|route| route.receiver).collect();
                assert_eq!(receiver(&amtool, &file, case), names.join(","), "{case:?}");
            }
        });
        let route = |severity: &str| {
            receiver(
                &amtool,
                &file,
                &labels([("team", "payments"), ("severity", severity)]),
            )
        };
        assert_eq!(route("page"), "payments-page");
        assert_eq!(
            route("ticket"),
            "payments-ticket,payments-ticket/office,!holidays"
        );
        // It may be urgent, and is never muted.
        assert_eq!(
            route("critical"),
            "payments-ticket,payments-ticket/office,!holidays"
        );
        let text = project.file("alertmanager.yml");
        let config: Value = yaml_serde::from_str(&text).unwrap();
        let muted = |config: &Value| {
            let mut open = vec![(config["route"].clone(), String::new())];
            let mut muted = BTreeSet::new();
            while let Some((route, path)) = open.pop() {
                let own: Vec<String> = route["matchers"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|matcher| matcher.as_str().unwrap().to_owned())
                    .collect();
                let path = format!("{path}{{{}}}", own.join(", "));
                if !route["active_time_intervals"].is_null() {
                    muted.insert(path.clone());
                }
                let routes = route["routes"].as_array().cloned().unwrap_or_default();
                open.extend(routes.into_iter().map(|route| (route, path.clone())));
            }
            muted
        };
        let muted = muted(&config);
        assert!(
            muted.iter().all(|path| path.contains("ticket")
                || path.contains("silent")
                || path.contains("Consumed")),
            "{muted:#?}"
        );
        assert!(
            muted.iter().any(
                |path| path.contains(r#"team="silent""#) && path.contains(r#"severity="page""#)
            )
        );
        // A page that may be muted inhibits no page of those who depend on it.
        assert!(text.contains("service=\"search\""), "{text}");
        assert!(!text.contains("service=\"hidden\""), "{text}");
    }
}

#[test]
fn a_muted_ticket_arrives_when_the_interval_begins() {
    let project = single_with(TIMED, default_settings("shop"));
    let hour = 3_600_000;
    // Sunday, 2026-01-04 at 22:00 in London.
    let start = 1_767_564_000_000;
    let mut night = alert("severity=ticket", 0);
    night.start = start;
    night.annotations[0].0 = start;
    night.end = None;
    let mut over = night.clone();
    over.labels.insert("slo".to_owned(), "latency".to_owned());
    over.end = Some(start + hour);
    let alerts = [night, over];
    with_routing(&project, |routing| {
        let simulation = routing.simulate(&alerts, start + 12 * hour);
        let of = |label: &str| -> Vec<(i64, Vec<usize>)> {
            let all = simulation.notifications.iter();
            all.filter(|told| told.recipient.label() == label)
                .map(|told| ((told.at - start) / 60_000, told.firing.clone()))
                .collect()
        };
        // Monday at 09:00 is eleven hours later; groups are looked at every quarter of an hour.
        assert_eq!(of("webhook"), [(11 * 60 + 2, vec![0])]);
        assert_eq!(of("Slack #payments")[..2], [(2, vec![0]), (2, vec![1])]);
        let muted: Vec<usize> = simulation.muted.iter().map(|muted| muted.alert).collect();
        assert_eq!(muted, [0, 1]);
    });
}

#[test]
fn what_arrives_is_what_is_simulated() {
    let sink = Sink::start();
    let folder = tempfile::tempdir().unwrap();
    let secrets = folder.path().join("secrets");
    std::fs::create_dir(&secrets).unwrap();
    let url = |path: &str| format!("http://127.0.0.1:{}/{path}", sink.port);
    for (name, content) in [
        ("msteams-payments", url("teams")),
        ("discord-payments", url("discord")),
        ("telegram-token", "123:abc".to_owned()),
        ("password", "pass:word\n".to_owned()),
        ("token", "sesame\n".to_owned()),
        ("key", "k3y".to_owned()),
    ] {
        std::fs::write(secrets.join(name), content).unwrap();
    }
    let path = |name: &str| secrets.join(name).display().to_string();
    let source = format!(
        r#"
time-interval always {{ zone = "UTC" }}

time-interval once {{
  zone  = "Europe/London"
  dates = ["2020-02-29"]
}}

team payments {{
  receiver office : msteams {{ }}
  receiver gamers : discord {{ }}
  receiver phone : telegram {{
    chat    = -5
    api_url = "{}"
  }}
  receiver basic : webhook {{
    url           = "{}"
    user          = "nthc"
    password_file = "{}"
    headers       = ["X-Scope-OrgID: payments"]
    header_files  = ["X-Api-Key: {}"]
    max_alerts    = 1
    timeout       = 30s
  }}
  receiver token : webhook {{
    url              = "{}"
    credentials_file = "{}"
    scheme           = "Token"
    active           = [always]
    mute             = [once]
  }}
  receiver muted : webhook {{
    url         = "{}"
    mute        = [always]
    mutes_pages = true
  }}
  receiver inactive : webhook {{
    url         = "{}"
    active      = [once]
    mutes_pages = true
  }}
}}
"#,
        url("telegram"),
        url("basic"),
        path("password"),
        path("key"),
        url("token"),
        path("token"),
        url("muted"),
        url("inactive"),
    );
    let mut settings = default_settings("shop");
    settings.alertmanager.secrets = secrets.display().to_string();
    let project = single_with(&source, settings);
    let config = project.write(folder.path());
    let text = std::fs::read_to_string(&config).unwrap();
    assert!(text.contains("group_wait: 15s"), "{text}");
    std::fs::write(&config, text.replace("group_wait: 15s", "group_wait: 1s")).unwrap();
    let Some(server) = alertmanager(&config, folder.path()) else {
        return;
    };
    let alerts = [alert("severity=page", 0), alert("severity=page", 1)];
    let posted: Vec<Value> = alerts
        .iter()
        .map(|alert| json!({ "labels": alert.labels, "annotations": alert.annotations[0].1 }))
        .collect();
    post(&server, &Value::from(posted));
    let (basic, token) = (
        sink.wait_for("/basic", |_| true),
        sink.wait_for("/token", |_| true),
    );
    assert_eq!(basic["alerts"].as_array().unwrap().len(), 1);
    assert_eq!(basic["truncatedAlerts"], 1);
    assert_eq!(token["alerts"].as_array().unwrap().len(), 2);
    let header = |path: &str, name: &str| sink.header(path, name).unwrap_or_default();
    // nthc:pass:word
    assert_eq!(
        header("/basic", "authorization"),
        "Basic bnRoYzpwYXNzOndvcmQ="
    );
    assert_eq!(header("/basic", "x-scope-orgid"), "payments");
    assert_eq!(header("/basic", "x-api-key"), "k3y");
    assert_eq!(header("/token", "authorization"), "Token sesame");
    let teams = sink.wait_for("/teams", |_| true);
    let discord = sink.wait_for("/discord", |_| true);
    let telegram = sink.wait_for("/telegram/bot123:abc/sendMessage", |_| true);
    with_routing(&project, |routing| {
        let simulation = routing.simulate(&alerts, 60_000);
        let messages = routing.messages().unwrap();
        let message = |label: &str| {
            let mut all = simulation.notifications.iter();
            let told = all.find(|told| told.recipient.label() == label).unwrap();
            messages.message(told, &alerts).unwrap()
        };
        let expected = message("Microsoft Teams");
        let card = &teams["attachments"][0]["content"]["body"];
        assert_eq!(card[0]["text"], expected.title);
        assert_eq!(card[1]["text"], expected.body);
        let expected = message("Discord");
        assert_eq!(discord["embeds"][0]["title"], expected.title);
        assert_eq!(discord["embeds"][0]["description"], expected.body);
        let expected = message("Telegram chat -5");
        assert_eq!(telegram["text"], expected.body);
        assert_eq!(telegram["chat_id"], "-5");
        let muted = simulation.muted.iter().map(|muted| muted.receiver);
        let muted: BTreeSet<&str> = muted.collect();
        let told = simulation.notifications.len();
        assert_eq!((muted.len(), told), (2, 5));
    });
    // Its group was looked at when the others were.
    assert!(sink.all("/muted").is_empty() && sink.all("/inactive").is_empty());
}
