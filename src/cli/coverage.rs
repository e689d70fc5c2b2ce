//! `nthc metrics coverage`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use smol_str::SmolStr;

use super::Context;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::options::{self, Format};
use super::report::{self, Findings};
use super::select::{self, Selected};
use nthc::catalogue::{
    self, BlockCoverage, Coverage, EnvironmentCoverage, Initialized, MetricState, ServiceCoverage,
    Share, SignalCoverage, SignalState,
};
use nthc::db::item_name;
use nthc::diagnostics::suggest;
use nthc::ir::Tally;
use nthc::session::Session;

/// The width of the table in characters, unless names are longer.
const WIDTH: usize = 80;

/// The maximum width of the name column. Longer names are on a line of their own.
const WIDEST_NAME: usize = 32;

/// The width of the state column, which fits `not pulled`.
const STATE: usize = 10;

/// Prints which signals have a metric.
///
/// # Errors
///
/// If there is no project, if it cannot be read, or if it has no such service or environment.
pub fn run(
    context: &Context,
    options: &options::Coverage,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let format = context.global.format;
    if matches!(format, Format::Sarif | Format::Github) {
        return Err(Failure::usage("unsupported format for metric coverage")
            .help("use `--format human`, `--format short` or `--format json`"));
    }
    let selected = Selected::whole(select::project(context)?);
    let session = selected.session();
    let compilation = session.check(options.env.as_deref());
    let compilation = select::require_environment(options.env.as_deref(), compilation)?;
    let mut findings = Findings::default();
    findings.add(
        &selected.loaded.sources,
        selected.loaded.diagnostics.iter().cloned(),
    );
    findings.add(&compilation.sources, compilation.diagnostics);
    if findings.has_errors() {
        findings.show(format, console)?;
        let line = format!("cannot compute coverage: {}", findings.counts());
        report::conclude(&line, &findings, format, console);
        return Ok(Exit::Findings);
    }
    let only = known_services(&options.services, &session)?;
    let environments: Vec<Option<SmolStr>> = match compilation.environments.as_slice() {
        [] => vec![None],
        names => names
            .iter()
            .map(|name| Some(name.as_str().into()))
            .collect(),
    };
    let project = &selected.loaded.project.settings.project;
    let coverage = catalogue::coverage(&session, project, &environments, &only);
    match format {
        Format::Json => {
            console.out.json("the coverage", &coverage)?;
        }
        Format::Short => lines(&coverage, console),
        _ => show_table(&coverage, console),
    }
    let found = coverage.signals;
    let failed = options
        .fail_under
        .filter(|percent| found.is_under(*percent));
    let mut line = conclusion(&coverage);
    if let (Some(least), Some(percent)) = (failed, found.percent()) {
        let _ = write!(
            line,
            "\ncoverage is {percent:.1}%, below --fail-under {}%",
            least.normalize()
        );
    }
    report::conclude(&line, &Findings::default(), format, console);
    Ok(if failed.is_some() {
        Exit::Findings
    } else {
        Exit::Ok
    })
}

/// Returns the names as a set.
///
/// # Errors
///
/// If one of them is not a service of the project itself.
fn known_services(names: &[String], session: &Session) -> Result<BTreeSet<String>, Failure> {
    let known: BTreeSet<SmolStr> = session
        .services()
        .into_iter()
        .map(|key| item_name(&session.db, key))
        .collect();
    for name in names {
        if known.contains(name.as_str()) {
            continue;
        }
        let failure = Failure::usage(format!("unknown service `{name}`"));
        let near = suggest::nearest(name, known.iter().map(SmolStr::as_str));
        return Err(match near {
            Some(near) => failure.help(format!("did you mean `{near}`?")),
            None => failure.help("run `nthc metrics coverage` without arguments for all services"),
        });
    }
    Ok(names.iter().cloned().collect())
}

fn conclusion(coverage: &Coverage) -> String {
    let Tally {
        found,
        missing,
        unknown: unclaimed,
    } = coverage.signals.0;
    let total = coverage.signals.0.total();
    if total == 0 {
        return "no signals declared in these services".to_owned();
    }
    let mut line = format!("signals: {found} of {total} found");
    for (count, word) in [(missing, "missing"), (unclaimed, "not pulled")] {
        if count > 0 {
            let _ = write!(line, ", {count} {word}");
        }
    }
    if unclaimed > 0 {
        line.push_str("\nrun `nthc metrics pull` to check signals that were not pulled");
    }
    line
}

/// Prints a line for each signal and each other metric, for `grep`.
fn lines(coverage: &Coverage, console: &mut Console) {
    for environment in &coverage.environments {
        let prefix = match &environment.environment {
            Some(name) => format!("{name}: "),
            None => String::new(),
        };
        for service in &environment.services {
            for block in &service.blocks {
                let place = match &block.dependency {
                    Some(dependency) => format!("{}.{dependency}", service.service),
                    None => service.service.to_string(),
                };
                for signal in &block.signals {
                    console.out.line(format_args!(
                        "{prefix}{place}.{}: {}: {}",
                        signal.signal,
                        signal_word(signal.state),
                        describe(signal)
                    ));
                }
            }
            for errors in &service.errors {
                console.out.line(format_args!(
                    "{prefix}{}: errors of {}: {}: {}",
                    service.service,
                    errors.slo,
                    errors.initialized.word(),
                    uncounted_errors(errors.initialized)
                ));
            }
            for metric in &service.metrics {
                let used_by: Vec<&str> = metric.used_by.iter().map(String::as_str).collect();
                console.out.line(format_args!(
                    "{prefix}{}: metric {}: {}: {}",
                    service.service,
                    metric.metric,
                    metric_word(metric.state),
                    used_by.join(", ")
                ));
            }
        }
    }
}

fn show_table(coverage: &Coverage, console: &mut Console) {
    for environment in &coverage.environments {
        for service in &environment.services {
            show_service(environment, service, console);
            console.out.line("");
        }
    }
    show_totals(coverage, console);
}

fn show_service(
    environment: &EnvironmentCoverage,
    service: &ServiceCoverage,
    console: &mut Console,
) {
    let bold = Style::new().bold();
    let place = match &environment.environment {
        Some(environment) => format!(" in {environment}"),
        None => String::new(),
    };
    let found = match service.signals.0.total() {
        0 => "no signals".to_owned(),
        total => format!("{} of {total} signals found", service.signals.0.found),
    };
    console.out.styled_line(&[
        (bold, &service.service),
        (Style::new(), &format_args!("{place}: {found}")),
    ]);
    let signals = service.blocks.iter().flat_map(|block| &block.signals);
    let width = column_width(signals.map(|signal| signal.signal.as_str()));
    for block in &service.blocks {
        console.out.line(format_args!("  {}", heading(block)));
        for signal in &block.signals {
            let style = signal_style(signal.state);
            let state = (signal_word(signal.state), style);
            show_row(&signal.signal, width, state, &describe(signal), console);
            if signal.state != SignalState::Found
                && let Some(hint) = &signal.hint
            {
                for line in wrap(hint, WIDTH - 6) {
                    console.out.line(format_args!("      {line}"));
                }
            }
        }
    }
    if !service.metrics.is_empty() {
        console.out.line("  other metrics");
    }
    let width = column_width(service.metrics.iter().map(|metric| metric.metric.as_str()));
    for metric in &service.metrics {
        let used_by: Vec<&str> = metric.used_by.iter().map(String::as_str).collect();
        let state = (metric_word(metric.state), metric_style(metric.state));
        show_row(&metric.metric, width, state, &used_by.join(", "), console);
    }
    if !service.errors.is_empty() {
        console.out.line("  series of errors");
    }
    let width = column_width(service.errors.iter().map(|errors| errors.slo.as_str()));
    for errors in &service.errors {
        let state = (errors.initialized.word(), errors_style(errors.initialized));
        let lost = uncounted_errors(errors.initialized);
        show_row(&errors.slo, width, state, lost, console);
    }
    if !service.left_out.is_empty() {
        console.out.line("  not generated");
    }
    for left_out in &service.left_out {
        let lacks = left_out.missing.join(", ");
        let text = format!("{} {}: no metric for {lacks}", left_out.rule, left_out.name);
        for line in wrap(&text, WIDTH - 4) {
            console.out.line(format_args!("    {line}"));
        }
    }
}

/// Returns the width of a column of names. A name that is too long for it is on a line of its own.
fn column_width<'n>(names: impl Iterator<Item = &'n str>) -> usize {
    names
        .map(|name| name.chars().count())
        .filter(|width| *width <= WIDEST_NAME)
        .max()
        .unwrap_or_default()
}

/// Returns the title of a block: `orders-db, PostgreSQL, {instance="db-1"}`
fn heading(block: &BlockCoverage) -> String {
    let name = match &block.dependency {
        Some(dependency) => dependency.as_str(),
        None => "service",
    };
    let parts = [
        Some(name),
        block.technology.as_deref(),
        Some(block.selector.as_str()),
    ];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    parts.join(", ")
}

/// Describes the metric of a signal, or the metrics that were searched for.
fn describe(signal: &SignalCoverage) -> String {
    match (&signal.metric, signal.state) {
        (Some(metric), _) => metric.clone(),
        (None, SignalState::Missing) => format!("candidates: {}", signal.candidates.join(", ")),
        (None, _) => format!("candidates: {}", signal.candidates.join(", ")),
    }
}

/// Prints a row: a name, its state, and a text that is wrapped within the last column.
fn show_row(
    name: &str,
    width: usize,
    state: (&str, Style),
    description: &str,
    console: &mut Console,
) {
    let (word, style) = state;
    let indent = 4 + width + 2 + STATE + 2;
    let mut lines = wrap(description, WIDTH - indent).into_iter();
    let first = lines.next().unwrap_or_default();
    let named = if name.chars().count() > width {
        console.out.line(format_args!("    {name}"));
        ""
    } else {
        name
    };
    let named = format!("    {named:width$}  ");
    let mut rest = String::new();
    if !first.is_empty() {
        rest = " ".repeat(STATE.saturating_sub(word.len()) + 2) + &first;
    }
    let plain = Style::new();
    console
        .out
        .styled_line(&[(plain, &named), (style, &word), (plain, &rest)]);
    for line in lines {
        console.out.line(format_args!("{:indent$}{line}", ""));
    }
}

/// Wraps a text to lines of at most `width` characters. Longer words are not broken.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Prints how many signals have a metric, by service, by technology, and in total.
fn show_totals(coverage: &Coverage, console: &mut Console) {
    if coverage.signals.0.total() == 0 {
        return;
    }
    let mut by_service: BTreeMap<&str, Tally> = BTreeMap::new();
    for service in coverage
        .environments
        .iter()
        .flat_map(|found| &found.services)
    {
        by_service
            .entry(&service.service)
            .or_default()
            .merge(service.signals.0);
    }
    let services = by_service
        .into_iter()
        .filter(|(_, tally)| tally.total() > 0)
        .map(|(name, tally)| (name.to_owned(), Share(tally)))
        .collect();
    let technologies = coverage
        .technologies
        .iter()
        .map(|found| {
            let name = found.technology.as_deref().unwrap_or("no technology");
            (name.to_owned(), found.signals)
        })
        .collect();
    let groups: [(&str, Vec<(String, Share)>); 2] =
        [("by service", services), ("by technology", technologies)];
    let width = groups
        .iter()
        .flat_map(|(title, rows)| {
            let names = rows.iter().map(|(name, _)| name.chars().count() + 2);
            names.chain([title.chars().count()])
        })
        .max()
        .unwrap_or_default();
    let bold = Style::new().bold();
    let mut titles = "  found  missing  not pulled   share";
    for (title, rows) in groups.iter().filter(|(_, rows)| !rows.is_empty()) {
        console
            .out
            .styled_line(&[(bold, &format_args!("{title:width$}{titles}"))]);
        titles = "";
        for (name, share) in rows {
            show_total(&format!("  {name}"), *share, width, console);
        }
    }
    show_total("overall", coverage.signals, width, console);
}

fn show_total(name: &str, share: Share, width: usize, console: &mut Console) {
    let Tally {
        found,
        missing,
        unknown: unclaimed,
    } = share.0;
    let percent = match share.percent() {
        Some(percent) => format!("{percent:.1}%"),
        None => "-".to_owned(),
    };
    console.out.line(format_args!(
        "{name:width$}  {found:5}  {missing:7}  {unclaimed:10}  {percent:>6}"
    ));
}

fn signal_word(state: SignalState) -> &'static str {
    match state {
        SignalState::Found => "found",
        SignalState::Missing => "missing",
        SignalState::Unclaimed => "not pulled",
    }
}

fn metric_word(state: MetricState) -> &'static str {
    match state {
        MetricState::Present => "present",
        MetricState::Absent => "absent",
        MetricState::Unclaimed => "not pulled",
    }
}

fn signal_style(state: SignalState) -> Style {
    match state {
        SignalState::Found => AnsiColor::Green.on_default(),
        SignalState::Missing => AnsiColor::Red.on_default(),
        SignalState::Unclaimed => AnsiColor::Yellow.on_default(),
    }
}

fn errors_style(initialized: Initialized) -> Style {
    match initialized {
        Initialized::All => AnsiColor::Green.on_default(),
        Initialized::Labels => AnsiColor::Yellow.on_default(),
        Initialized::Targets | Initialized::None => AnsiColor::Red.on_default(),
    }
}

/// Describes the errors that are not counted.
fn uncounted_errors(initialized: Initialized) -> &'static str {
    match initialized {
        Initialized::All => "every error is counted",
        Initialized::Labels => "the first error of some label sets is not counted",
        Initialized::Targets => "the first error of some targets is not counted",
        Initialized::None => "the first error of each target is not counted",
    }
}

fn metric_style(state: MetricState) -> Style {
    match state {
        MetricState::Present => AnsiColor::Green.on_default(),
        MetricState::Absent => AnsiColor::Red.on_default(),
        MetricState::Unclaimed => AnsiColor::Yellow.on_default(),
    }
}
