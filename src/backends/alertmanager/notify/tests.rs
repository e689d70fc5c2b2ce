//! Who is notified, when and of what.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use nth_model::channel::{Mail, PagerDuty, Slack, Webhook};
use nth_model::{Receiver, Severities, Severity, Team, WebhookUrl, default_settings};

use super::*;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// A team with a channel for everything, and PagerDuty for pages.
fn payments() -> Team {
    let receiver = |name: &str, channel, on: &[Severity], resolved| Receiver {
        name: name.into(),
        channel,
        on: on.to_vec(),
        resolved,
        active: Vec::new(),
        mute: Vec::new(),
        mutes_pages: false,
    };
    let both = [Severity::page(), Severity::ticket()];
    Team {
        name: "payments".into(),
        description: None,
        slack: None,
        email: None,
        members: Vec::new(),
        managers: Vec::new(),
        support_hours: None,
        schedules: Vec::new(),
        escalations: Vec::new(),
        contacts: Vec::new(),
        origin: Default::default(),
        is_paged: true,
        severities: Severities::default(),
        receivers: vec![
            receiver(
                "oncall",
                Channel::PagerDuty(PagerDuty {
                    routing_key_file: Some("/{{ no template }}".to_owned()),
                }),
                &[Severity::page()],
                true,
            ),
            receiver(
                "chat",
                Channel::Slack(Slack {
                    channel: "#{{ payments }}".to_owned(),
                    url_file: None,
                    token_file: None,
                }),
                &both,
                true,
            ),
            receiver(
                "mail",
                Channel::Mail(Mail {
                    to: "payments@example.com".to_owned(),
                }),
                &[Severity::ticket()],
                false,
            ),
            receiver(
                "hook",
                Channel::Webhook(Webhook {
                    url: WebhookUrl::Plain("https://example.com".to_owned()),
                    authentication: None,
                    headers: Vec::new(),
                    timeout: None,
                    max_alerts: None,
                }),
                &[Severity::ticket()],
                false,
            ),
        ],
    }
}

fn texts(text: &str) -> Texts {
    let pairs = text.split_whitespace();
    let pairs = pairs.filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn burn(more: &str) -> Texts {
    texts(&format!(
        "alertname=SLOErrorBudgetBurn team=payments service=checkout slo=availability {more}"
    ))
}

fn alert(more: &str, start: i64, end: Option<i64>) -> AlertInstance {
    let annotations = [
        ("summary", "checkout burns & <burns>"),
        ("description", "5% of events are bad."),
        ("runbook_url", "https://runbooks.example.com/a|b"),
    ];
    let annotations = annotations.map(|(name, text)| (name.to_owned(), text.to_owned()));
    AlertInstance::new(burn(more), annotations.into(), start, end)
}

/// Calls a function with the routing of a project that only has the team.
fn with_routing<T>(of: impl FnOnce(&Routing<'_>) -> T) -> T {
    let teams = [payments()];
    let mut settings = default_settings("shop");
    settings.alertmanager.smarthost = Some("mail.example.com:25".to_owned());
    settings.alertmanager.from = Some("alerts@example.com".to_owned());
    let project = Project::new([], &teams);
    of(&Routing::new(&project, &settings).expect("the team has receivers"))
}

/// The notifications in one kind of channel: the time in seconds, the reason, the alerts.
fn told(
    alerts: &[AlertInstance],
    until: i64,
    list: &str,
) -> Vec<(i64, Reason, Vec<usize>, Vec<usize>)> {
    with_routing(|routing| {
        let simulation = routing.simulate(alerts, until);
        let all = simulation.notifications.into_iter();
        all.filter(|notification| {
            crate::receivers::describe(notification.recipient.channel).kind() == list
        })
        .map(|told| (told.at / SECOND, told.reason, told.firing, told.resolved))
        .collect()
    })
}

#[test]
fn every_time_of_the_routes_is_read() {
    fn check(node: &Node) {
        let times = [node.pace.wait, node.pace.interval, node.pace.repeat];
        for time in times.into_iter().flatten() {
            assert!(milliseconds(time).is_some(), "{time}");
        }
        node.routes.iter().for_each(check);
    }
    let teams = [payments()];
    let settings = default_settings("shop");
    let plan = Plan::new(&Project::new([], &teams), &settings);
    check(&Node::root(&plan.expect("a plan"), &settings));
    assert_eq!(milliseconds("24h"), Some(24 * HOUR));
    for unknown in ["", "h", "1", "1w", "é", "-", "99999999999999999d"] {
        assert_eq!(milliseconds(unknown), None);
    }
}

#[test]
fn an_alert_goes_to_the_receiver_of_its_team_and_severity() {
    with_routing(|routing| {
        let route = |labels: &str| routing.routes(&texts(labels)).remove(0);
        let page = route("team=payments severity=page");
        assert_eq!(page.receiver, "payments-page");
        assert_eq!(page.path, [r#"{team="payments"}"#, r#"{severity="page"}"#]);
        assert_eq!(page.integrations.len(), 2);
        assert_eq!(page.timing.wait, 15 * SECOND);
        assert_eq!(page.timing.interval, 2 * MINUTE);
        let ticket = route("team=payments severity=ticket");
        assert_eq!(ticket.receiver, "payments-ticket");
        assert_eq!(ticket.timing.repeat, 24 * HOUR);
        let consumed = route("team=payments severity=ticket alertname=SLOErrorBudgetConsumed");
        assert_eq!(consumed.receiver, "payments-ticket");
        assert_eq!(consumed.timing.repeat, 96 * HOUR);
        assert_eq!(consumed.timing.wait, 2 * MINUTE);
        let elsewhere = route("team=payments severity=page service=other tier=critical");
        assert_eq!(elsewhere.receiver, "nobody");
        assert!(elsewhere.integrations.is_empty());
    });
}

#[test]
fn a_group_is_notified_about_when_it_changes_or_after_a_while() {
    let alerts = [
        alert("severity=page long_window=1h", 0, Some(3 * MINUTE)),
        alert("severity=page long_window=6h", MINUTE, Some(5 * HOUR)),
    ];
    let repeated = 4 * MINUTE + 15 * SECOND + 4 * HOUR + 2 * MINUTE;
    let resolved = 5 * HOUR + 15 * SECOND;
    assert_eq!(
        told(&alerts, 10 * HOUR, "slack"),
        [
            (15, Reason::First, vec![0], vec![]),
            (135, Reason::NewAlerts, vec![0, 1], vec![]),
            (255, Reason::SomeResolved, vec![1], vec![0]),
            (repeated / SECOND, Reason::Repeat, vec![1], vec![]),
            (resolved / SECOND, Reason::AllResolved, vec![], vec![1]),
        ]
    );
    // The end of the simulation is the last time at which anything is sent.
    assert_eq!(told(&alerts, 15 * SECOND, "slack").len(), 1);
    assert_eq!(told(&alerts, 15 * SECOND - 1, "slack").len(), 0);
}

#[test]
fn what_is_over_before_the_first_look_is_not_told() {
    let alerts = [alert("severity=page", 0, Some(10 * SECOND))];
    assert_eq!(told(&alerts, HOUR, "slack"), []);
    // An alert that is back before the next look was not seen to end.
    let alerts = [
        alert("severity=page", 0, Some(MINUTE)),
        alert("severity=page", 90 * SECOND, Some(3 * MINUTE)),
    ];
    assert_eq!(
        told(&alerts, HOUR, "slack"),
        [
            (15, Reason::First, vec![0], vec![]),
            (255, Reason::AllResolved, vec![], vec![1]),
        ]
    );
}

#[test]
fn a_channel_that_is_not_told_of_ends_is_told_of_the_next_beginning() {
    let alerts = [
        alert("severity=ticket", 0, Some(10 * MINUTE)),
        alert("severity=ticket", HOUR, None),
    ];
    assert_eq!(
        told(&alerts, 2 * HOUR, "email"),
        [
            (120, Reason::First, vec![0], vec![]),
            (3720, Reason::First, vec![1], vec![]),
        ]
    );
    assert_eq!(told(&alerts, 2 * HOUR, "slack").len(), 3);
}

#[test]
fn a_page_inhibits_the_ticket_of_its_slo_while_it_fires() {
    let alerts = [
        alert("severity=page", 0, Some(30 * MINUTE)),
        alert("severity=ticket", 0, None),
        alert("severity=ticket environment=staging", 0, None),
    ];
    with_routing(|routing| {
        let simulation = routing.simulate(&alerts, HOUR);
        assert_eq!(
            simulation.inhibited,
            [Inhibited {
                alert: 1,
                by: 0,
                from: 2 * MINUTE,
                until: Some(32 * MINUTE),
            }]
        );
        let tickets = simulation.notifications.iter().filter(|told| {
            told.recipient.receiver == "payments-ticket" && told.recipient.integration == 0
        });
        let tickets: Vec<(i64, &[usize])> = tickets
            .map(|told| (told.at, told.firing.as_slice()))
            .collect();
        assert_eq!(tickets, [(2 * MINUTE, &[2][..]), (32 * MINUTE, &[1][..])]);
    });
}

#[test]
fn an_end_that_was_inhibited_is_told_if_prometheus_still_repeats_it() {
    // The ticket was told of, is inhibited by the page, and ends.
    let ends = |end_of_page: i64| {
        let alerts = [
            alert("severity=ticket", 0, Some(12 * MINUTE)),
            alert("severity=page", 10 * MINUTE, Some(end_of_page)),
        ];
        with_routing(|routing| {
            let told = routing.simulate(&alerts, HOUR).notifications.into_iter();
            told.filter(|told| told.recipient.receiver == "payments-ticket" && told.is_resolved())
                .map(|told| told.at)
                .collect::<Vec<i64>>()
        })
    };
    // Every 90 seconds, for 15 minutes.
    assert_eq!(ends(20 * MINUTE), [21 * MINUTE]);
    assert_eq!(ends(30 * MINUTE), [0; 0]);
}

#[test]
fn messages_say_what_the_templates_say() {
    let alerts = [
        alert("severity=page long_window=1h", 0, Some(HOUR)),
        alert("severity=page long_window=6h", 0, Some(HOUR)),
    ];
    with_routing(|routing| {
        let simulation = routing.simulate(&alerts, 2 * HOUR);
        let messages = routing.messages().expect("known templates");
        let message = |index: usize| {
            let told = &simulation.notifications[index];
            messages.message(told, &alerts).expect("known templates")
        };
        let field = |message: &Message, name: &str| {
            let mut fields = message.fields.iter();
            let found = fields.find(|(known, _)| known == name);
            found.map(|(_, text)| text.clone())
        };
        let event = message(0);
        assert_eq!(event.title, "checkout burns & <burns> (2 alerts)");
        assert_eq!(field(&event, "severity").as_deref(), Some("critical"));
        assert_eq!(field(&event, "component").as_deref(), Some("checkout"));
        assert_eq!(field(&event, "group").as_deref(), Some("payments"));
        assert_eq!(
            field(&event, "details.slo").as_deref(),
            Some("availability")
        );
        assert_eq!(field(&event, "details.tier").as_deref(), Some("(none)"));
        assert_eq!(field(&event, "client").as_deref(), Some("Alertmanager"));
        assert_eq!(
            field(&event, "client_url").as_deref(),
            Some("https://ALERTMANAGER/#/alerts?receiver=payments-page")
        );
        assert_eq!(
            field(&event, "links.Runbook").as_deref(),
            Some("https://runbooks.example.com/a|b")
        );
        // A path is no template.
        assert_eq!(field(&event, "routing_key_file"), None);
        assert!(event.body.contains("description: 5% of events are bad.\n"));
        assert!(event.contains("availability") && !event.contains("ledger"));

        let chat = message(1);
        let escaped = "checkout burns &amp; &lt;burns&gt;";
        assert_eq!(chat.title, format!("Page: {escaped} (2 alerts)"));
        assert_eq!(
            chat.body,
            format!(
                "*{escaped}*\n5% of events are bad.\n• {escaped}\n\
                 <https://runbooks.example.com/ab|Runbook> "
            )
        );
        assert_eq!(field(&chat, "channel").as_deref(), Some("#{{ payments }}"));
        assert_eq!(field(&chat, "color").as_deref(), Some("danger"));

        let over = message(3);
        assert_eq!(over.title, format!("Resolved: {escaped} (2 alerts)"));
        assert_eq!(field(&over, "color").as_deref(), Some("good"));
    });
}

#[test]
fn an_email_has_a_subject_and_a_text() {
    let mut one = alert("severity=ticket", 0, None);
    // Annotations are those of the time of the message.
    let later = Texts::from([("summary".to_owned(), "later".to_owned())]);
    one.annotations.push((MINUTE, later.clone()));
    one.annotations.push((HOUR, Texts::new()));
    let alerts = [one];
    with_routing(|routing| {
        let simulation = routing.simulate(&alerts, HOUR);
        let messages = routing.messages().expect("known templates");
        let of = |told: &Notification<'_>| matches!(told.recipient.channel, Channel::Mail(_));
        let told = simulation.notifications.iter().find(|told| of(told));
        let message = messages.message(told.expect("an email"), &alerts);
        let message = message.expect("known templates");
        assert_eq!(message.title, "Ticket: later");
        assert_eq!(
            message.body,
            "[firing] later\n\n\n  alertname: SLOErrorBudgetBurn\n  service: checkout\n  \
             severity: ticket\n  slo: availability\n  team: payments\n\n"
        );
    });
}

#[test]
fn a_namespace_decides_which_alerts_the_operator_gives() {
    let teams = [payments()];
    let mut settings = default_settings("shop");
    settings.targets.insert(nth_model::TargetName::Alertmanager);
    settings.alertmanager.format = nth_model::AlertmanagerFormat::AlertmanagerConfig;
    settings.alertmanager.namespace = Some("monitoring".to_owned());
    let project = Project::new([], &teams);
    let routing = Routing::new(&project, &settings).expect("the team has receivers");
    assert!(routing.routes(&burn("severity=page")).is_empty());
    let known = routing.routes(&burn("severity=page namespace=monitoring"));
    assert_eq!(known.len(), 1);
    let alerts = [alert("severity=page", 0, None)];
    assert!(routing.simulate(&alerts, HOUR).notifications.is_empty());
}

#[test]
fn a_project_without_receivers_notifies_nobody() {
    let settings = default_settings("shop");
    assert!(Routing::new(&Project::new([], []), &settings).is_none());
}
