//! Templates of SLOs on scrapes of real services: each metric and label is there, under the name that the template reads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use nthc::catalogue::{Lock, MetricState, coverage, required_selectors};
use nthc::compile::SourceInput;
use nthc::db::Database;
use nthc::session::{Configuration, Session};
use nthc::suppressions::Levels;

use super::TEAM;
use super::support::exposition::{self, Scraped};

/// The metrics that a service's only SLO reads, with a note where one is not in the scrape; and the diagnostics.
fn tried(template: &str, scrape: &str) -> (Vec<String>, Vec<String>) {
    let target = [("job", "shop"), ("instance", "shop:8080")]
        .map(|(label, value)| (label.to_owned(), value.to_owned()));
    let mut scraped = Scraped::default();
    let said = exposition::parse(&exposition::text(scrape)).unwrap();
    scraped.add(&BTreeMap::from(target), &said);
    let text = format!(
        "import std.opentelemetry\n{TEAM}\nservice shop {{\n  team = payments\n  selector = {{ job = \"shop\" }}\n\n  \
         slo it : opentelemetry.{template} {{}}\n}}\n"
    );
    let files = [SourceInput {
        module: "main".into(),
        path: "main.nth".into(),
        text: text.as_str().into(),
        package: false,
    }];
    let mut session = Session::new(Database::default(), &files);
    let mut lock = Lock::default();
    for selector in required_selectors(&session, None).into_keys() {
        let section = scraped.section(&selector);
        assert!(!section.metrics.is_empty(), "{template}: {selector}");
        lock.sections_mut(None).insert(selector, section);
    }
    let lock = Lock::parse(&lock.to_text().unwrap()).unwrap();
    session.configure(&Configuration::new(
        &nthc::project::default_settings("shop"),
        Some(Arc::new(lock)),
        Levels::default(),
    ));
    let said = session.check(None).diagnostics;
    let said = said
        .iter()
        .map(|found| format!("{}: {}", found.code.id, found.message));
    let covered = coverage(&session, "shop", &[None], &BTreeSet::new());
    let metrics = covered.environments[0].services[0].metrics.iter();
    let metrics = metrics.map(|metric| {
        let there = metric.state == MetricState::Present;
        format!(
            "{}{}",
            metric.metric,
            if there { "" } else { " is not there" }
        )
    });
    (metrics.collect(), said.collect())
}

#[test]
fn slos_of_opentelemetry_read_what_its_sdks_say() {
    let rows: &[(&str, &str, &str)] = &[
        (
            "http-availability",
            "go-opentelemetry",
            "http_server_request_duration_seconds_count",
        ),
        (
            "http-latency(under: 100ms)",
            "go-opentelemetry",
            "http_server_request_duration_seconds",
        ),
        (
            "http-availability",
            "python-opentelemetry",
            "http_server_request_duration_seconds_count",
        ),
        (
            "http-latency(under: 100ms)",
            "python-opentelemetry",
            "http_server_request_duration_seconds",
        ),
        (
            "http-availability(requests: `http_server_request_duration_count`)",
            "nodejs-opentelemetry",
            "http_server_request_duration_count",
        ),
        (
            "http-latency(under: 100ms, histogram: `http_server_request_duration`)",
            "nodejs-opentelemetry",
            "http_server_request_duration",
        ),
        (
            "dotted-http-availability",
            "go-opentelemetry-dotted",
            "http.server.request.duration_count",
        ),
        (
            "dotted-http-latency(under: 100ms)",
            "go-opentelemetry-dotted",
            "http.server.request.duration",
        ),
        (
            "old-http-availability",
            "python-opentelemetry-old",
            "http_server_duration_milliseconds_count",
        ),
        (
            "old-http-latency(under: 100ms)",
            "python-opentelemetry-old",
            "http_server_duration_milliseconds",
        ),
        (
            "rpc-availability",
            "go-opentelemetry",
            "rpc_server_call_duration_seconds_count",
        ),
        (
            "rpc-latency(under: 100ms)",
            "go-opentelemetry",
            "rpc_server_call_duration_seconds",
        ),
        (
            "dotted-rpc-availability",
            "go-opentelemetry-dotted",
            "rpc.server.call.duration_count",
        ),
        (
            "dotted-rpc-latency(under: 100ms)",
            "go-opentelemetry-dotted",
            "rpc.server.call.duration",
        ),
        (
            "old-rpc-availability",
            "go-opentelemetry-0.61",
            "rpc_server_duration_milliseconds_count",
        ),
        (
            "old-rpc-latency(under: 100ms)",
            "go-opentelemetry-0.61",
            "rpc_server_duration_milliseconds",
        ),
    ];
    for (template, scrape, metric) in rows {
        let (metrics, said) = tried(template, scrape);
        println!("{template:<40} {scrape:<26} {metrics:?}");
        assert!(
            metrics.contains(&(*metric).to_owned()),
            "{template} on {scrape}: {metrics:?}"
        );
        let absent: Vec<_> = metrics
            .iter()
            .filter(|metric| metric.ends_with("not there"))
            .collect();
        assert!(absent.is_empty(), "{template} on {scrape}: {absent:?}");
        assert!(said.is_empty(), "{template} on {scrape}: {said:?}");
    }
    // A convention's names are not another's.
    let (_, said) = tried("old-http-availability", "python-opentelemetry");
    assert!(!said.is_empty());
}
