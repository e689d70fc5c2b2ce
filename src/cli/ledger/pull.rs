//! `nthc ledger pull`.

use std::collections::BTreeMap;

use jiff::{Timestamp, Unit};
use nth_ledger::{Interval, ObjectiveVersion, Replace, SLICE_SECONDS, SloKey, Store};
use rayon::prelude::*;
use serde::Serialize;

use super::super::compiled::{CompiledProject, unknown_service};
use super::super::console::Console;
use super::super::exit::{Exit, Failure};
use super::super::options::{Format, PullOptions};
use super::super::progress::Progress;
use super::super::prometheus_client::Client;
use super::super::{Context, revision, select};
use super::{keys, open};
use nth_book::pull::{self, Wanted};
use nth_book::{Counting, Series};
use nthc::ir::Service;

/// The last part of what is in the ledger, which is read again: late samples and backfilled ones are found.
const READ_AGAIN: i64 = 86_400;

/// The most seconds that are read at once.
const LONGEST_CHUNK: i64 = 86_400;

/// The seconds that are read first.
const FIRST_CHUNK: i64 = 6 * 3_600;

/// The samples that are read at once, about.
const SAMPLES: usize = 1_000_000;

/// How many services are read at the same time, so that a transaction has several.
const SERVICES: usize = 16;

/// Services whose samples are asked for to find a gap.
const PROBES: usize = 5;

/// What a pull did.
#[derive(Serialize)]
struct Report {
    project: String,
    environment: Option<String>,
    /// The end of what was read.
    until: Timestamp,
    slos: usize,
    new: usize,
    corrected: usize,
    unchanged: usize,
    kept: usize,
    /// The SLOs whose counts are estimates, with the reason.
    estimated: Vec<Estimated>,
    /// The SLOs of which nothing was seen.
    unseen: Vec<String>,
}

#[derive(Serialize)]
struct Estimated {
    slo: String,
    why: &'static str,
}

/// SLOs of a service that are read from the same time on.
struct Task {
    wanted: Vec<Wanted>,
    next: i64,
    /// The seconds that are read at once.
    chunk: i64,
}

/// When a pull ends.
pub struct End<'e> {
    /// The time until which is read; `None` for now.
    pub until: Option<Timestamp>,
    /// Returns true once the pull has to end. It then ends after the batch that is being read.
    pub is_ended: &'e dyn Fn() -> bool,
}

/// Reads the events of the SLOs of a project.
///
/// # Errors
///
/// If there is no project, service or environment of a name, the ledger cannot be written, Prometheus gives no valid answer, or it
/// no longer has what follows the last pull.
pub fn run(
    context: &Context,
    options: &PullOptions,
    end: &End<'_>,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let format = context.global.format;
    if matches!(format, Format::Sarif | Format::Github) {
        return Err(Failure::usage("unsupported format for a pull")
            .help("use `--format human`, `--format short` or `--format json`"));
    }
    let now = Timestamp::now();
    let asked = end.until.unwrap_or(now);
    if asked > now {
        return Err(Failure::usage("`--until` is in the future"));
    }
    // What was scraped last may not be complete.
    let until = pull::countable_until(now.as_second()).min(aligned(asked.as_second()));
    let loaded = select::project(context)?;
    let root = loaded.project.root.clone();
    let Some(compiled) = CompiledProject::of(loaded, options.env.as_deref(), format, console)?
    else {
        return Ok(Exit::Findings);
    };
    let client = Client::new(&options.prometheus, options.timeout, &options.connection)?;
    let slos = compiled.with_services(|services| {
        for name in &options.services {
            if !services.iter().any(|service| service.name == name) {
                return Err(unknown_service(name, services));
            }
        }
        let is_chosen = |service: &&&Service| {
            options.services.is_empty() || options.services.iter().any(|name| service.name == name)
        };
        let chosen = services.iter().filter(is_chosen);
        Ok(chosen.map(|service| slos(service, &compiled)).collect())
    })?;
    let slos: Vec<Vec<Asked>> = slos;
    let mut store = open::open_or_create(context, &root, &options.place)?;
    let since = aligned(until - i64::try_from(options.since.as_secs()).unwrap_or(i64::MAX / 2));
    if !options.accept_gap {
        require_no_gap(context, &mut store, &slos, &client)?;
    }
    let commit = revision::head(&root);
    let mut tasks = Vec::new();
    for of_service in &slos {
        let mut by_start: BTreeMap<i64, Vec<Wanted>> = BTreeMap::new();
        for asked in of_service {
            let key = &asked.wanted.key;
            let read = open::with(context, &mut store, |store| store.read_interval(key))?;
            let start = read.map_or(since, |read| {
                aligned((read.until - READ_AGAIN).max(read.from))
            });
            by_start
                .entry(start)
                .or_default()
                .push(asked.wanted.clone());
        }
        let chunk = match options.chunk {
            Some(chunk) => slices_of(i64::try_from(chunk.as_secs()).unwrap_or(LONGEST_CHUNK)),
            None => FIRST_CHUNK,
        };
        tasks.extend(by_start.into_iter().map(|(next, wanted)| Task {
            wanted,
            next,
            chunk,
        }));
    }
    // What else is read begins where the first SLO does.
    let first = tasks.iter().map(|task| task.next).min().unwrap_or(until);
    let mut report = Report {
        project: compiled.settings.project.clone(),
        environment: compiled
            .settings
            .environment
            .as_ref()
            .map(ToString::to_string),
        until: Timestamp::from_second(until).unwrap_or(now),
        slos: slos.iter().map(Vec::len).sum(),
        new: 0,
        corrected: 0,
        unchanged: 0,
        kept: 0,
        estimated: Vec::new(),
        unseen: Vec::new(),
    };
    let Some(seen) = read_all(
        context,
        options,
        end,
        &client,
        &mut store,
        tasks,
        until,
        console,
        &mut report,
    )?
    else {
        console.err.line(format_args!(
            "ended after {} new slices; the next pull continues",
            report.new
        ));
        return Ok(Exit::Ok);
    };
    for asked in slos.iter().flatten() {
        let key = &asked.wanted.key;
        record_objective(
            context,
            &mut store,
            asked,
            now.as_second(),
            commit.as_deref(),
        )?;
        if let Some(why) = asked.wanted.counting.estimate() {
            report.estimated.push(Estimated {
                slo: keys::name(key),
                why,
            });
        }
        if !seen.contains_key(key) {
            report.unseen.push(keys::name(key));
        }
    }
    if let Some(label) = &options.version_label {
        compare_versions(context, &client, &mut store, &slos, label, [first, until])?;
    }
    super::episodes::pull(context, &client, &compiled, &mut store, [first, until])?;
    show(&report, format, console)?;
    for remark in client.remarks() {
        console.err.line(format_args!("note: {remark}"));
    }
    Ok(Exit::Ok)
}

/// An SLO of the project.
struct Asked {
    wanted: Wanted,
    objective: rust_decimal::Decimal,
    window_ms: u64,
}

fn slos(service: &Service, compiled: &CompiledProject) -> Vec<Asked> {
    let settings = &compiled.settings;
    let slos = service.slos.iter();
    slos.map(|slo| Asked {
        wanted: Wanted {
            key: keys::key(service, slo, settings),
            counting: Counting::new(service, slo, settings),
        },
        objective: slo.objective,
        window_ms: slo.window.0,
    })
    .collect()
}

/// Reads the counts of both versions of the deployments that were not read completely.
fn compare_versions(
    context: &Context,
    client: &Client,
    store: &mut Store,
    slos: &[Vec<Asked>],
    label: &str,
    [since, until]: [i64; 2],
) -> Result<(), Failure> {
    let within = Interval { from: since, until };
    let deployments = open::with(context, store, |store| store.deployments(within))?;
    for asked in slos.iter().flatten() {
        let key = &asked.wanted.key;
        let is_of = |one: &&nth_ledger::Deployment| {
            (&one.project, &one.environment, &one.service)
                == (&key.project, &key.environment, &key.service)
        };
        for deployment in deployments.iter().filter(is_of) {
            let counts = pull::versions::read(client, &asked.wanted, deployment, label, until)?;
            open::with(context, store, |store| store.record_version_counts(&counts))?;
        }
    }
    Ok(())
}

/// Requires that the server has what follows the last pull of an SLO.
fn require_no_gap(
    context: &Context,
    store: &mut Store,
    slos: &[Vec<Asked>],
    client: &Client,
) -> Result<(), Failure> {
    let mut probed = 0;
    let mut end = None;
    for asked in slos.iter().flatten() {
        let Some(selector) = probe(&asked.wanted.counting) else {
            continue;
        };
        let key = &asked.wanted.key;
        let Some(watermark) = open::with(context, store, |store| store.watermark(key))? else {
            continue;
        };
        let before = Interval {
            from: watermark - 3_600,
            until: watermark,
        };
        let sums = open::with(context, store, |store| store.sums(key, before))?;
        if sums.seen == 0 {
            continue;
        }
        let Ok(at) = Timestamp::from_second(watermark) else {
            continue;
        };
        if client.has_samples(selector, at)? {
            return Ok(());
        }
        probed += 1;
        end = end.max(Some(at));
        if probed == PROBES {
            break;
        }
    }
    let Some(end) = end else {
        return Ok(());
    };
    let retention = client.retention().and_then(|length| {
        let oldest = Timestamp::now().checked_sub(length).ok()?;
        let oldest = oldest.round(Unit::Minute).ok()?;
        Some(format!("; it keeps samples since about {oldest}"))
    });
    Err(Failure::usage(format!(
        "the ledger ends at {end}, and the server no longer has the samples that follow{}",
        retention.unwrap_or_default()
    ))
    .help("pull from a server that has them, or pass `--accept-gap` to leave that time unknown"))
}

/// A selector whose samples show that the server still has them.
fn probe(counting: &Counting) -> Option<&str> {
    match counting {
        Counting::Counters { total, .. } => {
            total.first().map(|Series { selector, .. }| &**selector)
        }
        Counting::Evaluations { .. } => None,
        Counting::Recorded { known, .. } => Some(known),
    }
}

/// Reads all tasks to their end. Returns the SLOs of which something was seen; `None` if the pull had to end before.
#[allow(clippy::too_many_arguments)]
fn read_all(
    context: &Context,
    options: &PullOptions,
    end: &End<'_>,
    client: &Client,
    store: &mut Store,
    mut tasks: Vec<Task>,
    until: i64,
    console: &Console,
    report: &mut Report,
) -> Result<Option<BTreeMap<SloKey, ()>>, Failure> {
    let left = |task: &Task| u64::try_from((until - task.next) / SLICE_SECONDS).unwrap_or(0);
    let total: u64 = tasks.iter().map(left).sum();
    let progress = Progress::steps("reading", total, console.is_interactive);
    let mut seen = BTreeMap::new();
    let mut waiting = tasks.split_off(0).into_iter();
    loop {
        tasks.retain(|task| task.next < until);
        tasks.extend(
            { waiting.by_ref() }
                .filter(|task| task.next < until)
                .take(SERVICES - tasks.len().min(SERVICES)),
        );
        if tasks.is_empty() {
            return Ok(Some(seen));
        }
        if (end.is_ended)() {
            return Ok(None);
        }
        let chunks: Vec<Interval> = tasks
            .iter()
            .map(|task| Interval {
                from: task.next,
                until: (task.next + task.chunk).min(until),
            })
            .collect();
        let read: Result<Vec<pull::Read>, Failure> = { tasks.par_iter() }
            .zip(&chunks)
            .map(|(task, chunk)| pull::read(client, &task.wanted, *chunk, &options.replica_labels))
            .collect();
        let read = read?;
        let pulls: Vec<nth_ledger::Pull> = { read.iter() }
            .flat_map(|read| read.pulls.iter().cloned())
            .collect();
        let recorded = open::with(context, store, |store| {
            store.record_all(&pulls, Replace::NotWorse)
        })?;
        report.new += recorded.new;
        report.corrected += recorded.corrected;
        report.unchanged += recorded.unchanged;
        report.kept += recorded.kept;
        for pull in pulls {
            if pull.slices.iter().any(|slice| slice.seen > 0) {
                seen.insert(pull.slo, ());
            }
        }
        for ((task, chunk), read) in tasks.iter_mut().zip(chunks).zip(read) {
            progress.advance_by(u64::try_from(chunk.seconds() / SLICE_SECONDS).unwrap_or(0));
            task.next = chunk.until;
            if options.chunk.is_none() {
                task.chunk = next_chunk(task.chunk, read.samples);
            }
        }
    }
}

/// How much is read next, so that the server sends about [`SAMPLES`].
fn next_chunk(seconds: i64, samples: usize) -> i64 {
    let longer = match samples {
        samples if samples > SAMPLES => seconds / 2,
        samples if samples < SAMPLES / 3 => seconds * 2,
        _ => seconds,
    };
    slices_of(longer)
}

/// A length of whole slices, at most [`LONGEST_CHUNK`].
fn slices_of(seconds: i64) -> i64 {
    aligned(seconds).clamp(SLICE_SECONDS, LONGEST_CHUNK)
}

fn aligned(seconds: i64) -> i64 {
    seconds.div_euclid(SLICE_SECONDS) * SLICE_SECONDS
}

/// Records the objective. That of an SLO that is new to the ledger is taken to have held before.
fn record_objective(
    context: &Context,
    store: &mut Store,
    asked: &Asked,
    now: i64,
    commit: Option<&str>,
) -> Result<(), Failure> {
    let key = &asked.wanted.key;
    let known = open::with(context, store, |store| store.objectives(key))?;
    let read = open::with(context, store, |store| store.read_interval(key))?;
    let valid_from = match (known.is_empty(), read) {
        (true, Some(read)) => read.from,
        _ => now,
    };
    let version = ObjectiveVersion {
        valid_from,
        objective: asked.objective,
        window_ms: i64::try_from(asked.window_ms).unwrap_or(i64::MAX),
        revision: commit.map(str::to_owned),
    };
    open::with(context, store, |store| {
        store.record_objective(key, &version)
    })?;
    Ok(())
}

fn show(report: &Report, format: Format, console: &mut Console) -> Result<(), Failure> {
    if format == Format::Json {
        return console.out.json("the pull", report);
    }
    let of = match &report.environment {
        Some(environment) => format!(" of {environment}"),
        None => String::new(),
    };
    let corrected = match report.corrected {
        0 => String::new(),
        count => format!(", {count} corrected"),
    };
    console.out.line(format_args!(
        "read {} SLOs{of} until {}: {} new slices{corrected}",
        report.slos, report.until, report.new
    ));
    if report.kept > 0 {
        console.err.line(format_args!(
            "note: {} slices were kept as they are: the server has less of them now",
            report.kept
        ));
    }
    for Estimated { slo, why } in &report.estimated {
        console.err.line(format_args!(
            "note: {slo} is estimated from recording rules: {why}"
        ));
    }
    for slo in &report.unseen {
        console
            .err
            .line(format_args!("warning: nothing was seen of {slo}"));
    }
    Ok(())
}
