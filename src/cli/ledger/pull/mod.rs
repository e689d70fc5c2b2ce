//! `nthc ledger pull`.

mod gap;
mod groups;
mod read;
mod versions;

use std::collections::BTreeMap;

use jiff::Timestamp;
use nth_ledger::Recorded;
use serde::Serialize;

use super::super::compiled::{CompiledProject, unknown_service};
use super::super::console::Console;
use super::super::exit::{Exit, Failure};
use super::super::options::{Format, PullOptions};
use super::super::prometheus_client::Client;
use super::super::report::count;
use super::super::{Context, revision, select};
use super::open::Later;
use super::{episodes, keys, open};
use nth_book::Counting;
use nth_book::pull::{self, Wanted};
use nthc::ir::{Grouping, Service};

use self::groups::{Groups, TooMany};
use self::read::{FIRST_CHUNK, LONGEST_CHUNK, Reading, Task, aligned, slices_of};

/// The last part of what is in the ledger, which is read again: late samples and backfilled ones are found.
const READ_AGAIN: i64 = 86_400;

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
    /// The groups that the ledger has of all SLOs; missing if there are none.
    #[serde(skip_serializing_if = "is_none")]
    groups: usize,
    /// The SLOs with too many groups; missing if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    too_many_groups: Vec<TooMany>,
}

fn is_none(count: &usize) -> bool {
    *count == 0
}

#[derive(Serialize)]
struct Estimated {
    slo: String,
    why: &'static str,
}

impl Report {
    fn add(&mut self, recorded: Recorded) {
        self.new += recorded.new;
        self.corrected += recorded.corrected;
        self.unchanged += recorded.unchanged;
        self.kept += recorded.kept;
    }
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
    let mut ledger = Later::open(context, &root, &options.place)?;
    let since = aligned(until - i64::try_from(options.since.as_secs()).unwrap_or(i64::MAX / 2));
    let mut groups = Groups::new(context, ledger.existing(), &slos, since)?;
    if !options.accept_gap
        && let Some(store) = ledger.existing()
    {
        for warning in gap::require_none(context, store, &slos, &groups, &client)?.warnings {
            console.err.line(format_args!("warning: {warning}"));
        }
    }
    let commit = revision::head(&root);
    let mut earliest = until;
    let mut tasks = Vec::new();
    for of_service in &slos {
        let mut by_start: BTreeMap<i64, Vec<Wanted>> = BTreeMap::new();
        for asked in of_service {
            let key = &asked.wanted.key;
            let read = match ledger.existing() {
                Some(_) if asked.limit().is_some() => groups.read_interval(key),
                Some(store) => open::with(context, store, |store| store.read_interval(key))?,
                None => None,
            };
            earliest = earliest.min(read.map_or(since, |read| read.from));
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
        groups: 0,
        too_many_groups: Vec::new(),
    };
    let reading = Reading {
        context,
        client: &client,
        slos: &slos,
        replica_labels: &options.replica_labels,
        is_chunk_fixed: options.chunk.is_some(),
        until,
        is_ended: end.is_ended,
        now: now.as_second(),
        commit: commit.as_deref(),
    };
    let Some(seen) = reading.all(&mut ledger, tasks, &mut groups, console, &mut report)? else {
        console.err.line(format_args!(
            "ended after {} new slices; the next pull continues",
            report.new
        ));
        return Ok(Exit::Ok);
    };
    for asked in slos.iter().flatten() {
        let key = &asked.wanted.key;
        if let Some(why) = asked.wanted.counting.estimate() {
            report.estimated.push(Estimated {
                slo: keys::name(key),
                why,
            });
        }
        if !groups
            .keys(&asked.wanted)
            .iter()
            .any(|key| seen.contains(key))
        {
            report.unseen.push(keys::name(key));
        }
    }
    report.groups = groups.count();
    report.too_many_groups = groups.too_many();
    let too_many = |name: &String| { report.too_many_groups.iter() }.any(|slo| slo.slo == *name);
    report.unseen.retain(|name| !too_many(name));
    let store = ledger.store()?;
    let earliest = earliest.max(since);
    let time = episodes::Time {
        earliest,
        again: first,
        until,
    };
    episodes::pull(context, &client, &compiled, store, time)?;
    if let Some(label) = &options.version_label {
        let read = versions::Read {
            label,
            since: earliest,
            again: first,
            until,
        };
        versions::compare(context, &client, store, (&slos, &groups), &read)?;
    }
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
    /// The groups of the SLO.
    grouping: Option<Grouping>,
    window_ms: u64,
}

impl Asked {
    /// The largest number of its groups; `None` for an SLO without groups.
    fn limit(&self) -> Option<usize> {
        let grouping = self.grouping.as_ref();
        grouping.map(|grouping| usize::try_from(grouping.limit).unwrap_or(usize::MAX))
    }

    /// The objective of a group.
    fn objective(&self, group: &pull::Group) -> rust_decimal::Decimal {
        let own = self.grouping.as_ref();
        let own = own.and_then(|grouping| grouping.own_objective(group));
        own.unwrap_or(self.objective)
    }
}

fn slos(service: &Service, compiled: &CompiledProject) -> Vec<Asked> {
    let settings = &compiled.settings;
    let slos = service.slos.iter();
    slos.map(|slo| Asked {
        wanted: Wanted {
            key: keys::key(service, slo, settings),
            by: slo.by().to_vec(),
            counting: Counting::new(service, slo, settings),
        },
        objective: slo.objective,
        grouping: slo.grouping.clone(),
        window_ms: slo.window.0,
    })
    .collect()
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
    let groups = match report.groups {
        0 => String::new(),
        groups => format!(" with {}", count(groups, "group")),
    };
    console.out.line(format_args!(
        "read {} SLOs{groups}{of} until {}: {} new slices{corrected}",
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
    for TooMany { slo, groups, limit } in &report.too_many_groups {
        console.err.line(format_args!(
            "warning: {slo} has {groups} groups in an SLO window, and `group_limit` is {limit}: nothing more was read of it"
        ));
    }
    for slo in &report.unseen {
        console
            .err
            .line(format_args!("warning: nothing was seen of {slo}"));
    }
    Ok(())
}
