//! What the simulation says of who is notified is what Alertmanager does.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nthc::backends::alertmanager::notify::{
    ALERTMANAGER, AlertInstance, Message, Notification, Routing, Texts,
};
use nthc::ir::Project;
use serde_json::{Value, json};

use crate::projects::{Modeled, build, hostile, single_with};
use crate::routes::{Labels, alerts, receiver};
use crate::server::{Sink, alertmanager, known, post};
use crate::tools;

const PROJECTS: [&str; 2] = ["shop", "platform"];
const ENVIRONMENTS: [&str; 2] = ["production", "staging"];

/// Calls a function with the routing of a project.
pub fn with_routing<T>(project: &Modeled, of: impl FnOnce(&Routing<'_>) -> T) -> T {
    let model = Project::new(&project.services, &project.teams);
    of(&Routing::new(&model, &project.settings).unwrap())
}

fn labels(text: &str) -> Labels {
    let pairs = text.split(' ').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(label, value)| (label.to_owned(), value.to_owned()))
        .collect()
}

/// Alerts that no rule of the project has: of each team and service, of others, and of none.
fn invented(project: &Modeled) -> Vec<Labels> {
    let teams = project.teams.iter().map(|team| team.name.to_string());
    let services = project.services.iter();
    let mut services: Vec<String> = services.map(|service| service.name.to_string()).collect();
    services.push("unknown".to_owned());
    let mut all: Vec<Labels> = [
        "alertname=Watchdog severity=none",
        "alertname=Watchdog severity=none tier=critical service=unknown",
        "alertname=InfoInhibitor team=payments",
        "alertname=NodeDown severity=page",
        "alertname=NodeDown severity=page environment=elsewhere",
        "alertname=NodeDown severity=page service=unknown tier=critical",
        "alertname=NodeDown severity=page tier=critical",
        "alertname=SLOErrorBudgetConsumed severity=ticket",
        "alertname=NodeDown",
    ]
    .map(labels)
    .into();
    for (index, team) in teams.chain(["unknown".to_owned()]).enumerate() {
        let names = ["SLOErrorBudgetBurn", "SLOErrorBudgetConsumed"];
        for (name, severity) in names
            .into_iter()
            .cycle()
            .zip(["page", "ticket", "critical"])
        {
            let service = &services[index % services.len()];
            let mut alert = Labels::new();
            for (label, value) in [
                ("alertname", name),
                ("severity", severity),
                ("team", team.as_str()),
                ("service", service),
            ] {
                alert.insert(label.to_owned(), value.to_owned());
            }
            all.push(alert);
        }
    }
    all
}

/// Compares the receivers and inhibitions of alerts that all fire; returns how many are inhibited.
fn compare(project: &Modeled, alerts: &[Labels]) -> Option<usize> {
    let folder = tempfile::tempdir().unwrap();
    let config = project.write(folder.path());
    let posted: Vec<Value> = alerts
        .iter()
        .map(|labels| json!({ "labels": labels }))
        .collect();
    let known = known(&config, folder.path(), posted)?;
    assert_eq!(known.len(), alerts.len());
    let alert = |labels: &Labels| AlertInstance::new(labels.clone(), Texts::new(), 0, None);
    let instances: Vec<AlertInstance> = alerts.iter().map(alert).collect();
    with_routing(project, |routing| {
        let simulation = routing.simulate(&instances, 3_600_000);
        let inhibited = simulation.inhibited.iter().map(|found| found.alert);
        let inhibited: BTreeSet<&Labels> = inhibited.map(|index| &alerts[index]).collect();
        for known in known {
            let labels: Labels = serde_json::from_value(known["labels"].clone()).unwrap();
            let routes = routing.routes(&labels);
            let receivers: Vec<Value> = routes
                .iter()
                .map(|route| json!({ "name": route.receiver }))
                .collect();
            assert_eq!(known["receivers"], Value::from(receivers), "{labels:?}");
            let is_suppressed = known["status"]["state"] == "suppressed";
            assert_eq!(inhibited.contains(&labels), is_suppressed, "{labels:?}");
        }
        Some(inhibited.len())
    })
}

#[test]
fn routes_and_inhibitions_of_the_examples_are_those_of_alertmanager() {
    for name in PROJECTS {
        let built = build(&["--project", name]);
        for environment in ENVIRONMENTS {
            let project = Modeled::example(name, Some(environment));
            let generated = alerts(&built.path().join(environment));
            let all: BTreeSet<Labels> = generated.into_iter().chain(invented(&project)).collect();
            let all: Vec<Labels> = all.into_iter().collect();
            // If everything fires, most is inhibited; of a part, less is.
            let part: Vec<Labels> = all.iter().step_by(5).cloned().collect();
            let Some(inhibited) = compare(&project, &all) else {
                return;
            };
            let of_part = compare(&project, &part).unwrap();
            println!(
                "{name} {environment}: {inhibited} of {} alerts are inhibited, {of_part} of {}",
                all.len(),
                part.len()
            );
            assert!(name != "shop" || inhibited > 0);
        }
    }
}

#[test]
fn routes_are_those_of_amtool() {
    let Some(amtool) = tools::find("amtool") else {
        return;
    };
    let mut projects = vec![hostile()];
    for name in PROJECTS {
        projects.extend(ENVIRONMENTS.map(|environment| Modeled::example(name, Some(environment))));
    }
    for project in projects {
        let folder = tempfile::tempdir().unwrap();
        let config = project.write(folder.path());
        with_routing(&project, |routing| {
            for alert in invented(&project) {
                let routes = routing.routes(&alert);
                let receivers: Vec<&str> = routes.iter().map(|route| route.receiver).collect();
                assert_eq!(
                    receiver(&amtool, &config, &alert),
                    receivers.join(","),
                    "{alert:?}"
                );
            }
        });
    }
}

/// How much faster than in the simulation time passes for Alertmanager.
const FASTER: i64 = 15;

/// The configuration in which time passes faster.
fn faster(project: &Modeled, folder: &Path) -> PathBuf {
    let config = project.write(folder);
    let mut text = std::fs::read_to_string(&config).unwrap();
    for (time, faster) in [
        ("group_wait: 15s", "group_wait: 1s"),
        ("group_wait: 2m", "group_wait: 8s"),
        ("group_interval: 2m", "group_interval: 8s"),
        ("group_interval: 15m", "group_interval: 1m"),
    ] {
        assert!(text.contains(time), "{time}");
        text = text.replace(time, faster);
    }
    std::fs::write(&config, text).unwrap();
    config
}

/// A notification as both say it: the time in seconds of the simulation, the group, and the alerts that fire or are
/// resolved.
type Told = (i64, String, BTreeSet<String>, BTreeSet<String>);

/// Alerts by their names, `id`, with the seconds in which they fire.
const ALERTS: [(&str, &str, i64, Option<i64>); 7] = [
    ("first", "slo=availability severity=page", 0, Some(180)),
    ("second", "slo=availability severity=page", 75, Some(330)),
    ("inhibited", "slo=availability severity=ticket", 0, None),
    ("ticket", "slo=latency severity=ticket", 0, None),
    ("short", "slo=throughput severity=page", 0, Some(75)),
    ("again", "slo=freshness severity=page", 0, Some(60)),
    ("again", "slo=freshness severity=page", 90, Some(200)),
];

#[test]
fn notifications_come_when_alertmanager_sends_them() {
    const UNTIL: i64 = 390;
    let sink = Sink::start();
    let source = format!(
        "team payments {{\n  receiver hook : webhook {{ url = \"http://127.0.0.1:{}/hook\" }}\n}}\n",
        sink.port
    );
    let project = single_with(&source, nthc::project::default_settings("shop"));
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = alertmanager(&faster(&project, folder.path()), folder.path()) else {
        return;
    };
    let of = |(id, of, start, end): (&str, &str, i64, Option<i64>)| {
        let labels = labels(&format!(
            "alertname=SLOErrorBudgetBurn team=payments service=checkout id={id} {of}"
        ));
        let end = end.map(|end| end * 1_000);
        AlertInstance::new(labels, Texts::new(), start * 1_000, end)
    };
    let alerts = ALERTS.map(of);

    // Prometheus repeats the end of an alert, unless it fires again.
    let mut posts: Vec<(i64, usize, bool)> = Vec::new();
    for (index, alert) in alerts.iter().enumerate() {
        posts.push((alert.start / 1_000, index, true));
        let again = alerts[index + 1..]
            .iter()
            .any(|other| other.labels == alert.labels);
        let ends = (0..).map_while(|count| {
            let at = alert.end? / 1_000 + 90 * count;
            (at < UNTIL && (count == 0 || !again)).then_some(at)
        });
        posts.extend(ends.map(|at| (at, index, false)));
    }
    posts.sort_unstable();
    let mut posts = posts.into_iter().peekable();
    let mut starts: BTreeMap<usize, String> = BTreeMap::new();
    let mut ends: BTreeMap<usize, String> = BTreeMap::new();
    let mut sent: Vec<Told> = Vec::new();
    let begin = Instant::now();
    let seconds = || i64::try_from(begin.elapsed().as_millis()).unwrap() * FASTER / 1_000;
    while seconds() < UNTIL {
        while let Some((_, index, fires)) = posts.next_if(|(at, ..)| *at <= seconds()) {
            let now = || jiff::Timestamp::now().to_string();
            let start = starts.entry(index).or_insert_with(now);
            let mut alert = json!({ "labels": alerts[index].labels, "startsAt": start });
            if !fires {
                alert["endsAt"] = ends.entry(index).or_insert_with(now).as_str().into();
            }
            post(&server, &json!([alert]));
        }
        for told in sink.all("/hook").into_iter().skip(sent.len()) {
            let of = |status: &str| {
                let alerts = told["alerts"].as_array().unwrap().iter();
                let alerts = alerts.filter(|alert| alert["status"] == status);
                let ids = alerts.map(|alert| alert["labels"]["id"].as_str().unwrap().to_owned());
                ids.collect()
            };
            let group = told["groupLabels"]["slo"].as_str().unwrap().to_owned();
            sent.push((seconds(), group, of("firing"), of("resolved")));
        }
        sleep(Duration::from_millis(20));
    }

    let id = |index: &usize| alerts[*index].labels["id"].clone();
    let mut expected: Vec<Told> = with_routing(&project, |routing| {
        let told = routing.simulate(&alerts, UNTIL * 1_000).notifications;
        told.iter()
            .map(|told| {
                let of = |alerts: &[usize]| alerts.iter().map(id).collect();
                let group = told.group_labels["slo"].clone();
                (told.at / 1_000, group, of(&told.firing), of(&told.resolved))
            })
            .collect()
    });
    let by_group = |told: &Told| (told.1.clone(), told.0);
    expected.sort_by_key(by_group);
    sent.sort_by_key(by_group);
    let without_times = |told: &[Told]| -> Vec<_> {
        let told = told.iter().cloned();
        told.map(|(_, group, firing, resolved)| (group, firing, resolved))
            .collect()
    };
    assert_eq!(
        without_times(&expected),
        without_times(&sent),
        "{expected:#?}{sent:#?}"
    );
    assert!(expected.len() >= 9, "{expected:#?}");
    for (expected, sent) in expected.iter().zip(&sent) {
        // Two seconds of a busy computer.
        assert!(
            (0..30).contains(&(sent.0 - expected.0)),
            "{expected:?} {sent:?}"
        );
    }
}

/// The text that Alertmanager makes of a template.
fn render(amtool: &Path, folder: &Path, data: &Value, template: &str) -> String {
    render_as(amtool, folder, data, template, false)
}

/// The text or the HTML that Alertmanager makes of a template.
pub fn render_as(
    amtool: &Path,
    folder: &Path,
    data: &Value,
    template: &str,
    is_html: bool,
) -> String {
    let kind = if is_html { "html" } else { "text" };
    let path = folder.join("data.json");
    std::fs::write(&path, data.to_string()).unwrap();
    let output = Command::new(amtool)
        .args(["template", "render"])
        .arg(format!(
            "--template.glob={}",
            folder.join("nthc.tmpl").display()
        ))
        .arg(format!("--template.data={}", path.display()))
        .arg(format!("--template.type={kind}"))
        .arg(format!("--template.text={template}"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    String::from_utf8(output.stdout).unwrap()
}

/// A notification as Alertmanager gives it to templates.
pub fn data(notification: &Notification<'_>, alerts: &[AlertInstance]) -> Value {
    let common = |of: &dyn Fn(&AlertInstance) -> Texts| {
        let all = notification.firing.iter().chain(&notification.resolved);
        let mut all = all.map(|index| of(&alerts[*index]));
        let mut common = all.next().unwrap();
        for texts in all {
            common.retain(|name, value| texts.get(name) == Some(value));
        }
        common
    };
    let annotations =
        |alert: &AlertInstance| alert.annotations_at(notification.at).unwrap().clone();
    let of = |indices: &[usize], status: &str| -> Vec<Value> {
        let alerts = indices.iter().map(|index| &alerts[*index]);
        alerts
            .map(|alert| json!({ "status": status, "labels": alert.labels, "annotations": annotations(alert) }))
            .collect()
    };
    let mut all = of(&notification.firing, "firing");
    all.extend(of(&notification.resolved, "resolved"));
    json!({
        "receiver": notification.recipient.receiver,
        "status": if notification.is_resolved() { "resolved" } else { "firing" },
        "alerts": all,
        "groupLabels": notification.group_labels,
        "commonLabels": common(&|alert| alert.labels.clone()),
        "commonAnnotations": common(&annotations),
        "externalURL": ALERTMANAGER,
    })
}

/// The template of a field of a message in the configuration.
pub fn template<'c>(entry: &'c Value, field: &str) -> Option<&'c str> {
    if let Some(title) = field.strip_prefix("links.") {
        let links = entry["links"].as_array()?;
        return links.iter().find(|link| link["text"] == title)?["href"].as_str();
    }
    let mut found = entry;
    for name in field.split('.') {
        found = found.get(name)?;
    }
    found.as_str()
}

#[test]
fn texts_are_those_that_alertmanager_renders() {
    let Some(amtool) = tools::find("amtool") else {
        return;
    };
    let project = Modeled::example("shop", Some("production"));
    let folder = tempfile::tempdir().unwrap();
    let config = project.write(folder.path());
    let config: Value = yaml_serde::from_str(&std::fs::read_to_string(config).unwrap()).unwrap();
    let alert = |more: &str, summary: &str, start| {
        let labels = labels(&format!(
            "alertname=SLOErrorBudgetBurn team=discovery service=search tier=internal {more}"
        ));
        let annotations = [
            ("summary", summary),
            (
                "description",
                "5% of events & <more>\n- a second line {{ .X }}",
            ),
            ("runbook_url", "https://runbooks.example.com/a|b>c"),
        ];
        let annotations = annotations.map(|(name, text)| (name.to_owned(), text.to_owned()));
        AlertInstance::new(labels, annotations.into(), start, Some(600_000))
    };
    let alerts = [
        alert(
            "severity=page slo=availability window=1h",
            "search <!channel> & \"burns\"",
            0,
        ),
        alert(
            "severity=page slo=availability window=6h",
            "search burns longer",
            0,
        ),
        alert("severity=ticket slo=latency", "search is slow", 0),
    ];
    with_routing(&project, |routing| {
        let simulation = routing.simulate(&alerts, 3_600_000);
        let messages = routing.messages().unwrap();
        let mut compared = BTreeSet::new();
        for told in &simulation.notifications {
            let message: Message = messages.message(told, &alerts).unwrap();
            let receivers = config["receivers"].as_array().unwrap();
            let receiver = receivers
                .iter()
                .find(|known| known["name"] == told.recipient.receiver);
            let lists = receiver.unwrap().as_object().unwrap().values();
            let entries = lists.filter_map(Value::as_array).flatten();
            // Each list has one entry here, in the order of the channels.
            let entry = entries.clone().nth(told.recipient.integration).unwrap();
            for (field, text) in &message.fields {
                let template = template(entry, field).unwrap_or_else(|| panic!("{field}: {entry}"));
                let rendered = render(&amtool, folder.path(), &data(told, &alerts), template);
                assert_eq!(text.trim_end(), rendered.trim_end(), "{field}: {template}");
                compared.insert((told.recipient.receiver, field.as_str().to_owned()));
            }
        }
        let pages = compared
            .iter()
            .filter(|(receiver, _)| *receiver == "discovery-page");
        assert!(pages.count() > 20, "{compared:?}");
    });
}
