//! The alerts that fired, from the history of `ALERTS`.

use std::collections::BTreeMap;

use nth_ledger::counter::{Sample, Series as SampledSeries};
use nth_ledger::{AlertEpisode, Interval, Store};

use super::super::Context;
use super::super::compiled::CompiledProject;
use super::super::exit::Failure;
use super::super::prometheus_client::Client;
use super::open;
use nth_book::pull::Server as _;
use nthc::ir::{Settings, Severity};
use nthc::promql::build;

/// The time between two looks, in seconds.
const STEP: i64 = 60;

/// How long an alert may be absent between two looks and is still the same, in seconds.
const GAP: i64 = 3 * STEP;

/// Records the alerts of a project's services that fired in an interval.
///
/// # Errors
///
/// If Prometheus gives no valid answer, or the ledger cannot be written.
pub fn pull(
    context: &Context,
    client: &Client,
    compiled: &CompiledProject,
    store: &mut Store,
    [from, until]: [i64; 2],
) -> Result<(), Failure> {
    let settings = &compiled.settings;
    let names: Vec<String> = compiled.with_services(|services| {
        services
            .iter()
            .map(|service| service.name.to_string())
            .collect()
    });
    if names.is_empty() || until <= from {
        return Ok(());
    }
    let mut labels: Vec<(&str, &str)> = vec![("alertstate", "firing")];
    labels.extend(settings.scope());
    let query = build::selector("ALERTS", &labels).to_string();
    let from = from.div_euclid(STEP) * STEP;
    let series = client.steps(
        &query,
        from * 1_000,
        until * 1_000,
        STEP * 1_000,
        "the alerts that fired",
    )?;
    for episode in episodes(&series, settings, until) {
        if names.contains(&episode.service) {
            open::with(context, store, |store| store.record_episode(&episode))?;
        }
    }
    Ok(())
}

/// The times in which alerts fired. One that fires at the end has none yet.
fn episodes(series: &[SampledSeries], settings: &Settings, until: i64) -> Vec<AlertEpisode> {
    let mut by_labels: BTreeMap<&BTreeMap<String, String>, Vec<i64>> = BTreeMap::new();
    for one in series {
        let times = one
            .samples
            .iter()
            .map(|sample: &Sample| sample.at.div_euclid(1_000));
        by_labels.entry(&one.labels).or_default().extend(times);
    }
    let mut found = Vec::new();
    for (labels, mut times) in by_labels {
        let (Some(alert), Some(service)) = (labels.get("alertname"), labels.get("service")) else {
            continue;
        };
        times.sort_unstable();
        let mut runs: Vec<Interval> = Vec::new();
        for at in times {
            match runs.last_mut() {
                Some(run) if at - run.until <= GAP => run.until = at,
                _ => runs.push(Interval {
                    from: at,
                    until: at,
                }),
            }
        }
        found.extend(runs.into_iter().map(|run| AlertEpisode {
            project: settings.project.clone(),
            environment: settings.environment.as_ref().map(ToString::to_string),
            service: service.clone(),
            slo: labels.get("slo").cloned(),
            alert: alert.clone(),
            severity: severity(labels.get("severity"), settings),
            from: run.from,
            until: (run.until + GAP < until).then_some(run.until + STEP),
            labels: labels.clone(),
        }));
    }
    found
}

/// `page` or `ticket`, whatever a project calls them; other severities are as they are.
fn severity(label: Option<&String>, settings: &Settings) -> String {
    let text = label.map_or("", String::as_str);
    if text == settings.severity_label(Severity::Page) {
        "page".to_owned()
    } else if text == settings.severity_label(Severity::Ticket) {
        "ticket".to_owned()
    } else {
        text.to_owned()
    }
}
