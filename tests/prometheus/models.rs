//! Models to make rules from.

use std::collections::BTreeMap;

use nthc::backends::prometheus::service_rules;
use nthc::ir::{
    Alert, AlertmanagerSettings, Breakdown, BudgetAlert, DocsSettings, Duration, GrafanaSettings,
    MissingDataAlert, MissingDataCause, Numerator, OpenSloSettings, Pace, PagerDutySettings,
    PolicySettings, PrometheusSettings, Recording, RuleFormat, Service, Settings, Severities,
    Severity, Sli, Slo, Text, TextPart, ValueFormat, burn_rate,
};
use nthc::promql::{self, Expr, LabelMatchers};

/// A query.
pub fn query(text: &str) -> Expr {
    promql::parse(text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"))
}

/// Settings without any base URL, evaluated at `interval`.
pub fn settings(interval: Duration) -> Settings {
    Settings {
        project: "shop".into(),
        shared: false,
        server_side_apply: false,
        kustomization: false,
        environment: None,
        targets: nthc::ir::TargetName::defaults(),
        prometheus: PrometheusSettings {
            format: RuleFormat::Plain,
            interval,
            scrape_interval: Duration::seconds(15),
            version: nthc::ir::PrometheusVersion::default(),
            namespace: None,
            labels: BTreeMap::new(),
            max_groups: None,
            rules_per_group: 20,
            ..PrometheusSettings::default()
        },
        severities: Severities::default(),
        runbook_base_url: None,
        dashboard_base_url: None,
        grafana: GrafanaSettings::default(),
        alertmanager: AlertmanagerSettings::default(),
        pagerduty: PagerDutySettings::default(),
        openslo: OpenSloSettings::default(),
        docs: DocsSettings::default(),
        policy: PolicySettings::default(),
        ..nthc::project::default_settings("shop")
    }
}

/// `checkout`, of team `payments`, with these SLOs.
pub fn service(slos: Vec<Slo>) -> Service {
    Service {
        name: "checkout".into(),
        role: nthc::ir::Role::Service,
        description: None,
        service_type: Some("api".into()),
        team: Some("payments".into()),
        tier: "critical".into(),
        selector: LabelMatchers::from_iter([("job", "checkout")]),
        labels: BTreeMap::new(),
        slos,
        alerts: Vec::new(),
        recordings: Vec::new(),
        log_alerts: Vec::new(),
        dependencies: Vec::new(),
        signals: Vec::new(),
        skipped_rules: Vec::new(),
        runbook_url: None,
        dashboard_url: None,
        logs_url: None,
        panels: Default::default(),
        escalation: None,
        pace: Pace {
            waits: vec![Duration::minutes(5)],
            loops: 3,
        },
        support_hours: None,
        runbook: Vec::new(),
        gates: Vec::new(),
        deployed: None,
        origin: Default::default(),
        former_tiers: Vec::new(),
    }
}

/// An SLO over 30 d with all pairs that can fire, and nothing else.
pub fn slo(name: &str, objective: &str, sli: Sli) -> Slo {
    let objective = objective.parse().expect("an objective");
    let window = Duration::days(30);
    let pairs = burn_rate::pairs(window, Duration::MINUTE);
    Slo {
        parts: Vec::new(),
        name: name.into(),
        description: None,
        objective,
        window,
        calendar: None,
        sli,
        histogram: None,
        labels: BTreeMap::new(),
        burn_rate_pairs: pairs
            .into_iter()
            .filter(|pair| pair.can_fire(objective))
            .collect(),
        min_events: None,
        min_bad_events: Some(3),
        budget_alerts: Vec::new(),
        missing_data_alerts: Vec::new(),
        ticket_severity: Severity::ticket(),
        is_consistent: true,
        breakdown: Vec::new(),
        grouping: None,
        runbook_url: None,
        gate_windows: Vec::new(),
        exclusions: Vec::new(),
        interval: None,
        query_offset: None,
        alert_blocks: Vec::new(),
        recordings: Vec::new(),
        contracts: Vec::new(),
    }
}

/// Told when there has been no data for that many minutes.
pub fn absent(minutes: u64, severity: Severity) -> MissingDataAlert {
    MissingDataAlert {
        cause: MissingDataCause::Data,
        up: Some(query(r#"up{job="checkout"}"#)),
        hold: Duration::minutes(minutes),
        declared: severity.clone(),
        severity,
    }
}

/// Requests that fail with a 5xx out of all.
pub fn bad_based() -> Sli {
    let bad = r#"http_requests_total{code=~"5..",job="checkout"}"#;
    let total = r#"http_requests_total{job="checkout"}"#;
    Sli::Events {
        numerator: Numerator::Bad(query(&format!("sum(rate({bad}[$window]))"))),
        total: query(&format!("sum(rate({total}[$window]))")),
        total_series: Some(query(total)),
        bucket: None,
        breakdown: Some(Breakdown::Bad(query(bad))),
    }
}

/// Settlements that went well out of all.
pub fn good_based() -> Sli {
    let good = r#"settlements_total{outcome="ok",job="checkout"}"#;
    let total = r#"settlements_total{job="checkout"}"#;
    Sli::Events {
        numerator: Numerator::Good(query(&format!("sum(rate({good}[$window]))"))),
        total: query(&format!("sum(rate({total}[$window]))")),
        total_series: Some(query(total)),
        bucket: None,
        breakdown: Some(Breakdown::Rest {
            all: query(total),
            good: query(good),
        }),
    }
}

/// Requests under 300 ms, by a classic histogram.
pub fn latency() -> Sli {
    let of = |series: &str| query(&format!("sum(rate({series}[$window]))"));
    let count = r#"http_request_duration_seconds_count{job="checkout"}"#;
    let bucket = r#"http_request_duration_seconds_bucket{job="checkout",le="0.3"}"#;
    Sli::Events {
        numerator: Numerator::Good(of(bucket)),
        total: of(count),
        total_series: Some(query(count)),
        bucket: Some(query(bucket)),
        breakdown: None,
    }
}

/// Requests under 300 ms, by a native histogram, which gives NaN where there is no request.
pub fn native_latency() -> Sli {
    let rate = r#"sum(rate(http_request_duration_seconds{job="checkout"}[$window]))"#;
    Sli::Events {
        numerator: Numerator::Good(query(&format!(
            "histogram_fraction(0, 0.3, {rate}) * histogram_count({rate})"
        ))),
        total: query(&format!("histogram_count({rate})")),
        total_series: Some(query(r#"http_request_duration_seconds{job="checkout"}"#)),
        bucket: None,
        breakdown: None,
    }
}

/// A queue that is younger than a minute.
pub fn time_slices() -> Sli {
    Sli::TimeSlices {
        good: query(r#"max(queue_age_seconds{job="checkout"}) < 60"#),
    }
}

/// A ratio that its author computed, with or without what weighs it.
pub fn error_ratio(weighted: bool) -> Sli {
    let of =
        |outcome: &str| format!(r#"sum(rate(jobs_total{{job="checkout"{outcome}}}[$window]))"#);
    Sli::ErrorRatio {
        ratio: query(&format!(r#"{} / {}"#, of(r#",outcome="failed""#), of(""))),
        total: weighted.then(|| query(&of(""))),
    }
}

/// All kinds of SLI, each with a name.
pub fn every_sli() -> Vec<(&'static str, Sli)> {
    vec![
        ("availability", bad_based()),
        ("settlement", good_based()),
        ("latency", latency()),
        ("native-latency", native_latency()),
        ("freshness", time_slices()),
        ("jobs", error_ratio(true)),
        ("unweighted-jobs", error_ratio(false)),
    ]
}

/// A service with all that a service may have.
pub fn complete() -> (Service, Settings) {
    let text = |parts: Vec<TextPart>| Some(Text { parts });
    let literal = |text: &str| TextPart::Literal(text.into());
    let availability = Slo {
        description: Some("Customers can pay.".into()),
        min_events: Some(100),
        budget_alerts: vec![
            BudgetAlert {
                consumed: "0.75".parse().expect("a share"),
                severity: Severity::ticket(),
                declared: Severity::ticket(),
            },
            BudgetAlert {
                consumed: "0.9".parse().expect("a share"),
                severity: Severity::page(),
                declared: Severity::page(),
            },
        ],
        missing_data_alerts: vec![absent(10, Severity::page())],
        breakdown: vec!["route".into(), "code".into()],
        ..slo("availability", "0.9995", bad_based())
    };
    let freshness = Slo {
        labels: BTreeMap::from([("journey".into(), "settle".into())]),
        missing_data_alerts: vec![absent(15, Severity::ticket())],
        ..slo("freshness", "0.95", time_slices())
    };
    let backlog = Alert {
        name: "queue-backlog".into(),
        when: query(r#"max by (queue) (checkout_queue_depth{job="checkout"}) > 1000"#),
        hold: Some(Duration::minutes(10)),
        keep_firing: None,
        limit: None,
        severity: Severity::ticket(),
        summary: text(vec![
            literal("Queue "),
            TextPart::Label("queue".into()),
            literal(" is "),
            TextPart::Value(ValueFormat::Number),
            literal(" deep, see {{ docs }}"),
        ]),
        description: None,
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        runbook_url: Some("https://runbooks.example.com/queues".into()),
        impact: None,
        steps: None,
        dependency: None,
    };
    let connections = Alert {
        name: "orders-db-connections-near-limit".into(),
        when: query(
            r#"sum(pg_stat_activity_count{instance="orders-db:9187"}) / sum(pg_settings_max_connections{instance="orders-db:9187"}) > 0.8"#,
        ),
        hold: None,
        keep_firing: None,
        limit: None,
        severity: Severity::ticket(),
        summary: None,
        description: None,
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        runbook_url: None,
        impact: None,
        steps: None,
        dependency: Some("orders-db".into()),
    };
    let recording = Recording {
        record: "checkout:http_requests:rate5m".into(),
        query: query(r#"sum by (route) (rate(http_requests_total{job="checkout"}[5m]))"#),
        labels: BTreeMap::new(),
    };
    let mut service = Service {
        labels: BTreeMap::from([("cost_center".into(), "0042".into())]),
        alerts: vec![backlog, connections],
        recordings: vec![recording],
        log_alerts: Vec::new(),
        ..service(vec![availability, freshness])
    };
    let settings = Settings {
        severities: Severities::new([
            Severity::page().labeled("critical"),
            Severity::ticket().labeled("warning"),
        ]),
        runbook_base_url: Some("https://runbooks.example.com/".into()),
        dashboard_base_url: Some("https://grafana.example.com".into()),
        ..settings(Duration::seconds(30))
    };
    relabel(&mut service, &settings.severities);
    (service, settings)
}

/// Gives all alerts of a service the severities of a project.
fn relabel(service: &mut Service, severities: &Severities) {
    let known = |severity: &mut Severity| {
        *severity = severities
            .named(severity.name())
            .expect("a severity")
            .clone();
    };
    for slo in &mut service.slos {
        slo.burn_rate_pairs
            .iter_mut()
            .for_each(|pair| known(&mut pair.severity));
        slo.budget_alerts
            .iter_mut()
            .for_each(|alert| known(&mut alert.severity));
        slo.missing_data_alerts
            .iter_mut()
            .for_each(|alert| known(&mut alert.severity));
        known(&mut slo.ticket_severity);
    }
    service
        .alerts
        .iter_mut()
        .for_each(|alert| known(&mut alert.severity));
}

/// The rule file of a service.
pub fn rules(service: &Service, settings: &Settings) -> String {
    service_rules(service, settings)
        .expect("it is YAML")
        .expect("it has rules")
        .contents
}
