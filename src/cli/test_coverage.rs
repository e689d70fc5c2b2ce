//! `nthc test --coverage`.

use serde::Serialize;

use super::console::Console;
use super::exit::{Exit, Failure};
use super::options::Format;
use super::report::count;
use nthc::diagnostics::render::annotation;
use nthc::testing::coverage::{AlertCoverage, EnvironmentCoverage, ServiceCoverage};

/// The output of `nthc test --coverage --format json`.
#[derive(Serialize)]
struct Document<'r> {
    project: &'r str,
    environments: &'r [EnvironmentCoverage],
}

/// Prints what tests exercise, and returns how the program ends.
///
/// # Errors
///
/// If it cannot be written.
pub fn show(
    project: &str,
    environments: &[EnvironmentCoverage],
    format: Format,
    quiet: bool,
    console: &mut Console,
) -> Result<Exit, Failure> {
    match format {
        Format::Json => {
            let document = Document {
                project,
                environments,
            };
            console.out.json("the coverage", &document)?;
        }
        Format::Short | Format::Github => {
            for (service, message) in environments.iter().flat_map(messages) {
                let place = service.map(|service| (service.file.as_str(), service.line));
                // What belongs to no service has no line.
                match (format, place) {
                    (Format::Github, place) => {
                        console
                            .out
                            .line(annotation("notice", place, "test coverage", &message))
                    }
                    (_, Some((file, line))) => {
                        console.out.line(format_args!("{file}:{line}: {message}"));
                    }
                    (_, None) => console.out.line(message),
                }
            }
        }
        Format::Human | Format::Sarif | Format::Junit | Format::Markdown => {
            for coverage in environments {
                human(coverage, quiet, console);
            }
        }
    }
    for coverage in environments {
        for error in &coverage.errors {
            console.err.line(format_args!(
                "{}:{}: {}{}: {}",
                error.file,
                error.line,
                error.test,
                place(coverage),
                error.problem
            ));
        }
    }
    if format != Format::Json {
        console.err.line(summary(environments));
    }
    let has_errors = environments.iter().any(|one| !one.errors.is_empty());
    Ok(if has_errors { Exit::Findings } else { Exit::Ok })
}

/// ` (production)`
fn place(coverage: &EnvironmentCoverage) -> String {
    let environment = coverage.environment.as_ref();
    environment.map_or_else(String::new, |name| format!(" ({name})"))
}

/// `SLOErrorBudgetBurn of availability 6h/30m (page)`
fn named(alert: &AlertCoverage) -> String {
    let slo = alert.slo.as_ref();
    let slo = slo.map_or_else(String::new, |slo| format!(" of {slo}"));
    let detail = alert.detail.as_ref();
    let detail = detail.map_or_else(String::new, |detail| format!(" {detail}"));
    format!("{}{slo}{detail} ({})", alert.alert, alert.severity)
}

/// `never fired, never silent`
fn never(missing: &[&str]) -> String {
    let words: Vec<String> = missing.iter().map(|word| format!("never {word}")).collect();
    words.join(", ")
}

/// What is not exercised, a line each.
fn messages(coverage: &EnvironmentCoverage) -> Vec<(Option<&ServiceCoverage>, String)> {
    let place = place(coverage);
    let mut found = Vec::new();
    for service in &coverage.services {
        let of = format!("{}{place}", service.service);
        if service.tests == 0 {
            found.push((Some(service), format!("{of}: no test simulates it")));
            continue;
        }
        for (name, missing) in unexercised(service) {
            found.push((Some(service), format!("{of}: {name}: {}", never(&missing))));
        }
    }
    let receivers = coverage.receivers.iter().filter(|one| one.tests == 0);
    found.extend(receivers.map(|one| {
        let message = format!("receiver {}{place}: never notified", one.receiver);
        (None, message)
    }));
    found
}

/// The alerts and gates of a service with what they never did.
fn unexercised(service: &ServiceCoverage) -> Vec<(String, Vec<&'static str>)> {
    let alerts = service
        .alerts
        .iter()
        .map(|alert| (named(alert), alert.missing()));
    let gates = service.gates.iter();
    let gates = gates.map(|gate| (format!("gate {}", gate.gate), gate.missing()));
    let all = alerts.chain(gates);
    all.filter(|(_, missing)| !missing.is_empty()).collect()
}

/// A share in percent, rounded down, so that 100% is all.
fn percent(share: f64) -> String {
    format!("{:.0}%", share.floor())
}

fn human(coverage: &EnvironmentCoverage, quiet: bool, console: &mut Console) {
    if let Some(environment) = &coverage.environment {
        console.out.line(environment);
        console.out.line("");
    }
    let names = coverage
        .services
        .iter()
        .map(|service| service.service.len());
    let width = names.max().unwrap_or_default().max("service".len());
    console.out.line(format_args!(
        "{:width$}  {:>5}  {:>6}  {:>9}  {:>8}  {:>6}",
        "service", "tests", "alerts", "fired", "resolved", "silent"
    ));
    for service in &coverage.services {
        let number = |is: fn(&AlertCoverage) -> bool| {
            service.alerts.iter().filter(|alert| is(alert)).count()
        };
        let fired = number(|alert| alert.fired > 0);
        let share = service.share().map_or_else(String::new, percent);
        console.out.line(format_args!(
            "{:width$}  {:>5}  {:>6}  {:>4} {:>4}  {:>8}  {:>6}",
            service.service,
            service.tests,
            service.alerts.len(),
            fired,
            share,
            number(|alert| alert.resolved > 0),
            number(|alert| alert.silent > 0),
        ));
    }
    console.out.line("");
    if quiet {
        return;
    }
    for service in &coverage.services {
        if service.tests == 0 {
            console
                .out
                .line(format_args!("{}: no test simulates it", service.service));
            console.out.line("");
            continue;
        }
        let missing = unexercised(service);
        if missing.is_empty() {
            continue;
        }
        console.out.line(format_args!("{}:", service.service));
        for (name, missing) in missing {
            console
                .out
                .line(format_args!("  {name}: {}", never(&missing)));
        }
        console.out.line("");
    }
    let receivers = coverage.receivers.iter().filter(|one| one.tests == 0);
    let receivers: Vec<&str> = receivers.map(|one| one.receiver.as_str()).collect();
    if !receivers.is_empty() {
        console
            .out
            .line(format_args!("never notified: {}", receivers.join(", ")));
        console.out.line("");
    }
}

/// `120 of 300 alerts fired in a test; 4 of 11 services have none`
fn summary(environments: &[EnvironmentCoverage]) -> String {
    let services = || environments.iter().flat_map(|one| &one.services);
    let alerts = || services().flat_map(|service| &service.alerts);
    let fired = alerts().filter(|alert| alert.fired > 0).count();
    let untested = services().filter(|service| service.tests == 0).count();
    let mut text = format!(
        "{fired} of {} fired in a test",
        count(alerts().count(), "alert")
    );
    if untested > 0 {
        text += &format!(
            "; no test simulates {untested} of {}",
            count(services().count(), "service")
        );
    }
    if environments.len() > 1 {
        text += &format!(", in {} environments together", environments.len());
    }
    text
}
