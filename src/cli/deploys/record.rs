//! `nthc deploys record`.

use jiff::Timestamp;
use nth_deployments::pipeline::{self, Report, ReportError};
use nth_deployments::{Skipped, page_url};
use nth_ledger::{Change, Deployment};

use super::list::short;
use super::recorder::Recorder;
use super::services::{require_service, service_names};
use crate::Context;
use crate::compiled::CompiledProject;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::options::{DeploysRecord, Format};

/// Records a report of a pipeline.
///
/// # Errors
///
/// If there is no project, the service is unknown, the report contradicts the ledger, or the ledger cannot be used.
pub fn run(
    context: &Context,
    options: &DeploysRecord,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let url = match &options.url {
        Some(url) => Some(page_url(url).ok_or_else(|| {
            // It may contain a password.
            Failure::usage("invalid URL in `--url`").help(
                "pass a URL without a user and a password, e.g. `https://ci.example.com/jobs/7`",
            )
        })?),
        None => None,
    };
    let Some(built) = CompiledProject::new(context, options.env.as_deref(), console)? else {
        return Ok(Exit::Findings);
    };
    require_service(&options.service, &service_names(&built))?;
    let mut recorder = Recorder::new(context, &built, &options.place, &[])?;
    let seconds = |time: Timestamp| time.as_second();
    let report = Report {
        service: options.service.clone(),
        version: options.version.clone(),
        previous: options.previous.clone(),
        started: options.started.map(seconds),
        finished: options.finished.map(seconds),
        rolled_back: options.rolled_back.map(seconds),
        key: options.key.clone(),
        url: url.map(str::to_owned),
        by: options.by.clone(),
    };
    let reading = pipeline::read(&report, seconds(Timestamp::now()), &recorder.scope);
    let reading = reading.map_err(|error| failure(&error, &options.version))?;
    recorder.record(reading)?;
    if context.global.format == Format::Json {
        recorder.report(console)?;
        return Ok(Exit::Ok);
    }
    for line in lines(options, &recorder) {
        console.out.line(line);
    }
    Ok(Exit::Ok)
}

/// What was recorded, a line each.
fn lines(options: &DeploysRecord, recorder: &Recorder<'_>) -> Vec<String> {
    let (service, version) = (&options.service, short(&options.version));
    let place = match &recorder.scope.environment {
        Some(environment) => format!(" in {environment}"),
        None => String::new(),
    };
    let changes = recorder.changes();
    let mut lines: Vec<String> = changes
        .iter()
        .map(|(deployment, change)| line(deployment, *change, &place))
        .collect();
    if recorder.has_skipped(Skipped::SameArtifact) {
        lines.push(format!(
            "not recorded: {service}{place} runs {version} already"
        ));
    } else if recorder.has_skipped(Skipped::RollBack) {
        lines.push(format!("{service}{place} returns to {version}"));
    } else if lines.is_empty() {
        lines.push(format!(
            "nothing to record: {service} {version}{place} is in the ledger"
        ));
    }
    lines
}

fn line(deployment: &Deployment, change: Change, place: &str) -> String {
    let time = |seconds: i64| match Timestamp::from_second(seconds) {
        Ok(time) => time.to_string(),
        Err(_) => seconds.to_string(),
    };
    let version = short(deployment.version.as_deref().unwrap_or("-"));
    let verb = match change {
        Change::New => "recorded",
        _ => "updated",
    };
    let mut line = format!("{verb} {} {version}{place}", deployment.service);
    if let Some(previous) = &deployment.previous {
        line.push_str(&format!(" (from {})", short(previous)));
    }
    line.push_str(&format!(", started {}", time(deployment.started)));
    if let Some(finished) = deployment.finished {
        line.push_str(&format!(", finished {}", time(finished)));
    }
    if let Some(rolled_back) = deployment.rolled_back {
        line.push_str(&format!(", rolled back {}", time(rolled_back)));
    }
    line
}

fn failure(error: &ReportError, version: &str) -> Failure {
    let failure = Failure::usage(format!("cannot record {}: {error}", short(version)));
    match error {
        ReportError::NoStart => failure.help(
            "pass its start with `--started`, or record it when it starts: the ledger has no deployment of this version",
        ),
        ReportError::EndsBeforeStart => {
            failure.help("check `--started`, `--finished` and `--rolled-back`: all are in UTC with `Z`")
        }
        ReportError::OtherDeployment { .. } => {
            failure.help("pass another `--key`: it identifies one deployment of one version")
        }
    }
}
