//! `nthc metrics`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::Context;
use super::console::Console;
use super::coverage;
use super::exit::{Exit, Failure};
use super::options::{Format, Metrics, MetricsCommand, Pull};
use super::progress::Progress;
use super::prometheus_client::Client;
use super::report::{self, Findings, count};
use super::select::{self, Selected};
use nthc::catalogue::{
    self, ErrorSeries, Errors, Gathered, LOCK, Lock, Metadata, RequiredSelectors, Section,
};
use nthc::limits;
use nthc::output::replace_file;
use nthc::project::{self, io_cause, paths, read_file_at_most};
use nthc::session::Session;

/// The number of concurrent requests, low because Prometheus also serves others.
const AT_ONCE: usize = 4;

/// Runs `metrics pull` or `metrics coverage`.
///
/// # Errors
///
/// If there is no project, a file cannot be read or written, or Prometheus gives no valid answer.
pub fn run(context: &Context, options: &Metrics, console: &mut Console) -> Result<Exit, Failure> {
    match &options.command {
        MetricsCommand::Pull(options) => pull(context, options, console),
        MetricsCommand::Coverage(options) => coverage::run(context, options, console),
    }
}

/// The selectors to pull with their origins, by environment; the key is `None` for a project without environments.
type Plan = BTreeMap<Option<String>, RequiredSelectors>;

fn pull(context: &Context, options: &Pull, console: &mut Console) -> Result<Exit, Failure> {
    let format = context.global.format;
    let client = Client::new(&options.prometheus, options.timeout, &options.connection)?;
    let requested = parse_selectors(&options.selectors)?;
    let selected = Selected::whole(select::project(context)?);
    let place = selected.loaded.project.root.join(LOCK);
    let shown = paths::display(&place, &context.cwd);
    let place = match project::resolve_file(&place, Some(&selected.loaded.project.root)) {
        Ok(place) => place,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => place,
        Err(cause) => {
            return Err(Failure::io(format!(
                "cannot write {shown}: {}",
                io_cause(&cause)
            )));
        }
    };
    let (before, old) = read_lock(&place, &shown)?;

    let session = selected.session();
    let compilation = session.check(options.env.as_deref());
    let compilation = select::require_environment(options.env.as_deref(), compilation)?;
    let mut plan = Plan::new();
    if requested.is_empty() {
        let mut findings = Findings::default();
        findings.add(
            &selected.loaded.sources,
            selected.loaded.diagnostics.iter().cloned(),
        );
        findings.add(&compilation.sources, compilation.diagnostics);
        if findings.has_errors() {
            findings.show(format, console)?;
            let line = format!("no metrics were pulled: {}", findings.counts());
            report::conclude(&line, &findings, format, console);
            return Ok(Exit::Findings);
        }
        let mut environments: Vec<Option<String>> =
            compilation.environments.into_iter().map(Some).collect();
        if options.env.is_none() {
            // Selectors that were pulled by hand without an environment are also kept up to date.
            environments.push(None);
        }
        let is_plain = environments == [None];
        for environment in environments {
            let name = environment.as_deref();
            let mut required = if name.is_some() || is_plain {
                catalogue::required_selectors(&session, name)
            } else {
                RequiredSelectors::new()
            };
            for (selector, section) in old.sections(name).into_iter().flatten() {
                if section.used_by.is_empty() {
                    required.entry(selector.clone()).or_default();
                }
            }
            plan.insert(environment, required);
        }
    } else {
        let required = requested
            .iter()
            .map(|selector| {
                let known = old.section(options.env.as_deref(), selector);
                let used_by = known.map(|section| section.used_by.clone());
                (selector.clone(), used_by.unwrap_or_default())
            })
            .collect();
        plan.insert(options.env.clone(), required);
    }
    let selectors: BTreeSet<&String> = plan.values().flat_map(|required| required.keys()).collect();
    let selectors: Vec<&String> = selectors.into_iter().collect();
    if selectors.is_empty() {
        return Err(
            Failure::usage("no service of the project has a selector: nothing to pull")
                .help("pass a selector with `--selector '{job=\"checkout\"}'`"),
        );
    }

    let progress = Progress::steps(
        "pulling",
        selectors.len() as u64 + 1,
        console.is_interactive && format == Format::Human,
    );
    let errors = ratio_errors(&session, &plan);
    let (metadata, gathered) = pull_series(&client, &selectors, errors, options, &progress)?;
    drop(progress);
    let found: BTreeMap<&String, Section> = selectors
        .into_iter()
        .zip(&gathered)
        .map(|(selector, (gathered, errors))| {
            Ok((selector, section(selector, gathered, errors, &metadata)?))
        })
        .collect::<Result<_, Failure>>()?;
    if found.values().all(|section| section.metrics.is_empty()) {
        return Err(Failure::io(format!(
            "no series at {} match {}",
            client.url(),
            match found.keys().next() {
                Some(one) if found.len() == 1 => one.as_str(),
                _ => "any of the selectors",
            }
        ))
        .help(
            "check that it is the right Prometheus, or look further back with `--since 1d`; nothing was \
            written",
        ));
    }

    let lock = merge(&old, &plan, &found, options);
    let text = lock
        .to_text()
        .map_err(|error| Failure::io(format!("cannot write {shown}: {error}")))?;
    let is_unchanged = before.as_deref() == Some(text.as_str());
    if !is_unchanged {
        replace_file(&place, text.as_bytes())
            .map_err(|cause| Failure::io(format!("cannot write {shown}: {}", io_cause(&cause))))?;
    }
    for (selector, section) in &found {
        if section.metrics.is_empty() {
            console
                .err
                .line(format_args!("note: no series match {selector}"));
        }
    }
    let names: BTreeSet<&String> = found
        .values()
        .flat_map(|section| section.metrics.keys())
        .collect();
    let line = format!(
        "pulled {} of {} from {}: {shown} {}",
        count(names.len(), "metric"),
        count(found.len(), "selector"),
        client.url(),
        match (is_unchanged, before.is_some()) {
            (true, _) => "is unchanged",
            (false, true) => "is updated",
            (false, false) => "is created",
        }
    );
    report::conclude(&line, &Findings::default(), format, console);
    Ok(Exit::Ok)
}

/// Returns the error selectors of the project's ratios, by the selectors that are pulled.
fn ratio_errors(session: &Session, plan: &Plan) -> BTreeMap<String, BTreeSet<Errors>> {
    let mut errors: BTreeMap<String, BTreeSet<Errors>> = BTreeMap::new();
    for (environment, required) in plan {
        for (selector, found) in catalogue::required_errors(session, environment.as_deref()) {
            if required.contains_key(&selector) {
                errors.entry(selector).or_default().extend(found);
            }
        }
    }
    errors
}

/// Parses the selectors of the command line.
fn parse_selectors(written: &[String]) -> Result<BTreeSet<String>, Failure> {
    written
        .iter()
        .map(|written| match catalogue::canonical(written) {
            Ok((selector, _)) => Ok(selector),
            Err(why) => Err(Failure::usage(format!(
                "invalid selector `{written}`: {why}"
            ))),
        })
        .collect()
}

/// Reads the lock file. Returns its text, `None` if there is no file, and its contents.
fn read_lock(place: &Path, shown: &str) -> Result<(Option<String>, Lock), Failure> {
    let bytes = match read_file_at_most(place, limits::LOCK_BYTES) {
        Ok(bytes) => bytes,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
            return Ok((None, Lock::default()));
        }
        Err(cause) => {
            return Err(Failure::io(format!(
                "cannot read {shown}: {}",
                io_cause(&cause)
            )));
        }
    };
    let unreadable = |why: String| {
        Failure::io(format!("cannot read {shown}: {why}"))
            .help("restore it, or remove it and pull everything again")
    };
    let text = String::from_utf8(bytes).map_err(|_| unreadable("not valid UTF-8".to_owned()))?;
    let lock = Lock::parse(&text).map_err(|error| unreadable(error.to_string()))?;
    Ok((Some(text), lock))
}

/// The series of a selector, and the error series of the ratios that are pulled with it.
type Pulled = (Gathered, Vec<ErrorSeries>);

/// Requests the metadata and the series of each selector, [`AT_ONCE`] at a time. Stops at the first failure.
fn pull_series(
    client: &Client,
    selectors: &[&String],
    mut errors: BTreeMap<String, BTreeSet<Errors>>,
    options: &Pull,
    progress: &Progress,
) -> Result<(Metadata, Vec<Pulled>), Failure> {
    // The first request is sent alone: if Prometheus is down or denies access, one is enough.
    let metadata = client.metadata()?;
    // If Prometheus counts the first sample of a counter, no errors are missed.
    if !errors.is_empty() && client.counts_first_samples() {
        errors.clear();
    }
    progress.advance();
    let next = AtomicUsize::new(0);
    let has_failed = AtomicBool::new(false);
    let answers = Mutex::new(BTreeMap::new());
    let work = || {
        while !has_failed.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(selector) = selectors.get(number) else {
                return;
            };
            let answer = client.series(selector, options.since, errors.get(*selector));
            if answer.is_err() {
                has_failed.store(true, Ordering::Relaxed);
            }
            answers
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(number, answer);
            progress.advance();
        }
    };
    thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(selectors.len()) {
            scope.spawn(work);
        }
    });
    let answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
    let gathered = answers.into_values().collect::<Result<_, _>>()?;
    Ok((metadata, gathered))
}

fn section(
    selector: &str,
    gathered: &Gathered,
    errors: &[ErrorSeries],
    metadata: &Metadata,
) -> Result<Section, Failure> {
    let (_, fixed) = catalogue::canonical(selector)
        .map_err(|why| Failure::io(format!("invalid selector `{selector}`: {why}")))?;
    Ok(Section {
        used_by: BTreeSet::new(),
        metrics: catalogue::metrics(gathered, metadata, &fixed),
        errors: errors.to_vec(),
    })
}

/// Returns the lock file after a pull. A pull of the whole project replaces all sections, one of an environment those of the
/// environment, and one of selectors those of the selectors.
fn merge(old: &Lock, plan: &Plan, found: &BTreeMap<&String, Section>, options: &Pull) -> Lock {
    let is_whole = options.selectors.is_empty();
    let mut lock = if is_whole && options.env.is_none() {
        Lock::default()
    } else {
        old.clone()
    };
    for (environment, required) in plan {
        let sections = lock.sections_mut(environment.as_deref());
        if is_whole {
            sections.clear();
        }
        for (selector, used_by) in required {
            if let Some(section) = found.get(selector) {
                let section = Section {
                    used_by: used_by.clone(),
                    ..section.clone()
                };
                sections.insert(selector.clone(), section);
            }
        }
    }
    lock
}
