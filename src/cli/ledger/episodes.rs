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
use nthc::backends::series_names::OBJECTIVE;
use nthc::ir::Settings;
use nthc::promql::build;

/// The time between two looks, in seconds.
const STEP: i64 = 60;

/// How long an alert may be absent between two looks and is still the same, in seconds.
const GAP: i64 = 3 * STEP;

/// The time between two looks whether rules were evaluated, in seconds.
const EVIDENCE_STEP: i64 = 3_600;

/// How far back alerts are read again, in seconds.
const READ_AGAIN: i64 = 86_400;

/// The time that a pull is about, in seconds since 1970.
#[derive(Debug, Clone, Copy)]
pub struct Time {
    /// The earliest moment that is read.
    pub earliest: i64,
    /// From when on slices were read.
    pub again: i64,
    /// The end.
    pub until: i64,
}

/// Records the alerts of a project's services that fired, since the last pull that recorded them, and of which time it is known
/// what fired.
///
/// # Errors
///
/// If Prometheus gives no valid answer, or the ledger cannot be written.
pub fn pull(
    context: &Context,
    client: &Client,
    compiled: &CompiledProject,
    store: &mut Store,
    time: Time,
) -> Result<(), Failure> {
    let settings = &compiled.settings;
    let environment = settings.environment.as_deref();
    let names: Vec<String> = compiled.with_services(|services| {
        services
            .iter()
            .map(|service| service.name.to_string())
            .collect()
    });
    let reads = open::with(context, store, |store| {
        store.alert_reads(&settings.project, environment)
    })?;
    // A pull that failed before has read slices and no alerts.
    let continued = { reads.asked.iter() }
        .find(|asked| asked.from <= time.earliest && time.earliest <= asked.until)
        .map_or(time.earliest, |asked| asked.until - READ_AGAIN);
    let from = continued.min(time.again).max(time.earliest);
    let asked = Interval {
        from: from.div_euclid(STEP) * STEP,
        until: time.until,
    };
    if names.is_empty() || asked.until <= asked.from {
        return Ok(());
    }
    let mut labels: Vec<(&str, &str)> = vec![("alertstate", "firing")];
    labels.extend(settings.scope());
    let query = build::selector("ALERTS", &labels).to_string();
    let series = client.steps(
        &query,
        asked.from * 1_000,
        asked.until * 1_000,
        STEP * 1_000,
        "the alerts that fired",
    )?;
    let known = evaluated(client, settings, asked)?;
    for episode in episodes(&series, settings, asked.until) {
        if names.contains(&episode.service) {
            open::with(context, store, |store| store.record_episode(&episode))?;
        }
    }
    open::with(context, store, |store| {
        store.record_alert_reads(&settings.project, environment, asked, &known)
    })?;
    Ok(())
}

/// When the server evaluated the project's rules: they record a constant of each SLO. A server without it, which for example scrapes
/// what another one evaluates, has no alerts either.
fn evaluated(
    client: &Client,
    settings: &Settings,
    asked: Interval,
) -> Result<Vec<Interval>, Failure> {
    let labels: Vec<(&str, &str)> = settings.scope().collect();
    let recorded = build::selector(OBJECTIVE, &labels);
    let query = build::aggregate("count", None, recorded).to_string();
    let series = client.steps(
        &query,
        asked.from * 1_000,
        asked.until * 1_000,
        EVIDENCE_STEP * 1_000,
        "whether rules were evaluated",
    )?;
    let times = series.iter().flat_map(|one| &one.samples);
    let around = times.map(|sample| {
        let at = sample.at.div_euclid(1_000);
        Interval {
            from: (at - EVIDENCE_STEP).max(asked.from),
            until: (at + EVIDENCE_STEP).min(asked.until),
        }
    });
    Ok(around.collect())
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

/// `page` or `ticket`, whatever severities a project declares; labels of no severity are as they are.
fn severity(label: Option<&String>, settings: &Settings) -> String {
    let text = label.map_or("", String::as_str);
    match settings.severities.with_label(text) {
        Some(severity) => severity.response().word().to_owned(),
        None => text.to_owned(),
    }
}
