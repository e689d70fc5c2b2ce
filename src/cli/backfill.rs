//! `nthc backfill`.

use jiff::Timestamp;
use rust_decimal::prelude::ToPrimitive;

use super::Context;
use super::compiled::{CompiledProject, unknown_service};
use super::console::Console;
use super::exit::{Exit, Failure};
use super::gate::evaluation_time;
use super::options;
use super::prometheus_client::Client;
use nthc::backends::prometheus::{BudgetStatus, backfill};
use nthc::ir::{Duration, Service, Settings, Slo};
use nthc::policy::NotFinite;

/// Writes a rule file that backfills the error ratios of SLOs from before their recording rules were loaded, and explains
/// how to evaluate it.
///
/// # Errors
///
/// If there is no project, if it has no such service, SLO or environment, or if Prometheus gives no valid answer.
pub fn run(
    context: &Context,
    options: &options::Backfill,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let Some(built) = CompiledProject::new(context, options.env.as_deref(), console)? else {
        return Ok(Exit::Findings);
    };
    let now = evaluation_time(None);
    let client = options
        .prometheus
        .as_deref()
        .map(|url| Client::new(url, options.timeout, &options.connection))
        .transpose()?;
    built.with_services(|services| {
        let Some(service) = services
            .iter()
            .find(|service| service.name == options.service)
        else {
            return Err(unknown_service(&options.service, services));
        };
        let chosen = select_slos(service, &options.slos)?;
        let windows = chosen.iter().flat_map(|slo| {
            let contracts = slo.contracts.iter();
            let promised = contracts.map(|contract| (&contract.calendar, contract.window));
            promised.chain([(&slo.calendar, slo.window)])
        });
        let longest = windows.map(|(calendar, window)| match calendar {
            Some(calendar) => calendar.unit.longest(),
            None => window,
        });
        let longest = longest.max();
        let longest = longest.unwrap_or(Duration::days(30));
        let until = match (options.until, &client) {
            (Some(until), _) => until.min(now),
            (None, Some(client)) => {
                first_recorded(service, &chosen, &built.settings, client, now, longest)?
            }
            (None, None) => now,
        };
        let since = now.as_second() - (longest.0 / 1000) as i64;
        if since >= until.as_second() {
            console.err.line(format!(
                "The last {longest} is already recorded: there is nothing to backfill."
            ));
            return Ok(());
        }
        let rules = backfill(service, &built.settings, &options.slos)
            .map_err(|error| Failure::io(format!("cannot write the rules: {error}")))?;
        console.out.text(&rules);
        let url = client.as_ref().map_or("http://localhost:9090", Client::url);
        console.err.lines(&format!(
            "Written to a file, these rules are evaluated over the time before {until} by:\n\n  \
             promtool tsdb create-blocks-from rules --url={url} --start={since} --end={} --output-dir=backfill backfill.yaml\n\n\
             Move the folders in `backfill` into Prometheus's data folder; it reads them within a minute or two. Do it once: a \
             second time counts the same events again.",
            until.as_second()
        ));
        Ok(())
    })?;
    Ok(Exit::Ok)
}

/// Returns the SLOs called `names`, or all of the service if there are no names.
fn select_slos<'s>(service: &'s Service, names: &[String]) -> Result<Vec<&'s Slo>, Failure> {
    for name in names {
        if !service.slos.iter().any(|slo| slo.name == name) {
            let known: Vec<&str> = service.slos.iter().map(|slo| slo.name.as_str()).collect();
            return Err(Failure::usage(format!(
                "unknown SLO `{name}` of service `{}`",
                service.name
            ))
            .help(format!("use one of `{}`", known.join("`, `"))));
        }
    }
    let is_chosen = |slo: &&Slo| names.is_empty() || names.iter().any(|name| slo.name == name);
    let chosen: Vec<&Slo> = service.slos.iter().filter(is_chosen).collect();
    if chosen.is_empty() {
        return Err(Failure::usage(format!(
            "service `{}` has no SLOs",
            service.name
        )));
    }
    Ok(chosen)
}

/// Returns the time of the first sample that the rules of these SLOs recorded; `now` if they recorded none.
fn first_recorded(
    service: &Service,
    slos: &[&Slo],
    settings: &Settings,
    client: &Client,
    now: Timestamp,
    back: Duration,
) -> Result<Timestamp, Failure> {
    let mut first = now;
    for slo in slos {
        let query = BudgetStatus::new(service, slo, settings).recorded_since(back);
        let what = format!("the first sample of {}.{}", service.name, slo.name);
        let began = client.instant(&query, now, &what, NotFinite::NoData)?;
        let began = began.and_then(|seconds| seconds.to_i64());
        if let Some(began) = began.and_then(|seconds| Timestamp::from_second(seconds).ok()) {
            first = first.min(began);
        }
    }
    Ok(first)
}
