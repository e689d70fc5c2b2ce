//! `nthc incidents`.

use jiff::Timestamp;
use nth_ledger::{Change, FoundIncident, IncidentEnd, Interval, NamedIncident, SloKey};
use serde::Serialize;

use super::amounts::{duration, percent};
use super::compiled::{CompiledProject, unknown_service};
use super::console::Console;
use super::exit::{Exit, Failure};
use super::gate_table::table;
use super::ledger::book::{self, Selection};
use super::ledger::{keys, open};
use super::options::{Format, Incidents, IncidentsCommand, IncidentsList, IncidentsRecord};
use super::{Context, select};

/// Runs the command or a subcommand.
///
/// # Errors
///
/// If there is no project or ledger, or the ledger cannot be read or written.
pub fn run(context: &Context, options: &Incidents, console: &mut Console) -> Result<Exit, Failure> {
    match &options.command {
        None => list(context, &options.list, console),
        Some(IncidentsCommand::Record(record)) => name(context, record, console),
        Some(IncidentsCommand::Withdraw(withdraw)) => {
            let loaded = select::project(context)?;
            let root = loaded.project.root.clone();
            let project = loaded.project.settings.project.clone();
            let mut store = open::open(context, &root, &withdraw.place)?;
            let change = open::with(context, &mut store, |store| {
                store.withdraw_incident(&project, &withdraw.id)
            })?;
            match change {
                Change::Unchanged => Err(Failure::usage(format!(
                    "the ledger has no incident `{}`",
                    withdraw.id
                ))
                .help("list them with `nthc incidents`")),
                _ => {
                    console
                        .out
                        .line(format_args!("withdrew incident {}", withdraw.id));
                    Ok(Exit::Ok)
                }
            }
        }
    }
}

/// An incident as it is listed.
#[derive(Serialize)]
struct Line {
    slo: SloKey,
    from: Timestamp,
    until: Timestamp,
    /// True if it may last, or may have lasted longer.
    is_open: bool,
    /// True if it may have begun earlier.
    is_onset_unknown: bool,
    bad: f64,
    total: f64,
    /// The highest share of bad events in a slice.
    worst_ratio: f64,
    /// The consumed share of the budget of an SLO window.
    budget_share: Option<f64>,
    /// The consumed budget in seconds of full downtime.
    budget_seconds: f64,
    /// The seconds of it that were not seen.
    unseen_seconds: i64,
    /// The named incidents that it overlaps.
    named: Vec<NamedIncident>,
}

#[derive(Serialize)]
struct List {
    project: String,
    from: Timestamp,
    until: Timestamp,
    incidents: Vec<Line>,
    /// Named incidents in which no budget burned.
    without_burn: Vec<NamedIncident>,
}

fn list(
    context: &Context,
    options: &IncidentsList,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let loaded = select::project(context)?;
    let mut store = open::open(context, &loaded.project.root, &options.place)?;
    let until = options.until.unwrap_or_else(Timestamp::now);
    let from = until
        .checked_sub(options.since)
        .map_err(|_| Failure::usage("`--since` reaches back too far").help("use `--since 30d`"))?;
    let within = Interval {
        from: from.as_second(),
        until: until.as_second(),
    };
    let project = loaded.project.settings.project.clone();
    let selection = Selection {
        project: &project,
        environment: options.env.as_deref(),
        names: &options.names,
    };
    let slos = book::read(context, &mut store, &selection, within)?;
    let mut named = open::with(context, &mut store, |store| store.incidents(within))?;
    named.retain(|one| {
        one.project == project
            && options
                .env
                .as_deref()
                .is_none_or(|env| one.environment.as_deref() == Some(env))
    });
    let mut lines: Vec<Line> = Vec::new();
    for slo in &slos {
        for found in slo.incidents() {
            lines.push(line(&slo.key, &found, &named));
        }
    }
    lines.sort_by(|one, other| (other.from, &one.slo).cmp(&(one.from, &other.slo)));
    let is_seen = |one: &NamedIncident| {
        lines
            .iter()
            .any(|line| line.named.iter().any(|named| named.id == one.id))
    };
    let without_burn = named.iter().filter(|one| !is_seen(one)).cloned().collect();
    let list = List {
        project,
        from,
        until,
        incidents: lines,
        without_burn,
    };
    if context.global.format == Format::Json {
        console.out.json("the incidents", &list)?;
        return Ok(Exit::Ok);
    }
    show(&list, console);
    Ok(Exit::Ok)
}

fn line(key: &SloKey, found: &FoundIncident, named: &[NamedIncident]) -> Line {
    let at = |seconds| Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    let overlaps = |one: &&NamedIncident| {
        one.environment == key.environment
            && one.services.contains(&key.service)
            && one.from < found.until
            && one.until.is_none_or(|until| until > found.from)
    };
    Line {
        slo: key.clone(),
        from: at(found.from),
        until: at(found.until),
        is_open: found.end != IncidentEnd::Recovered,
        is_onset_unknown: !found.is_onset_seen,
        bad: found.bad,
        total: found.total,
        worst_ratio: found.worst_ratio,
        budget_share: found.budget_share,
        budget_seconds: found.budget_seconds,
        unseen_seconds: found.unseen,
        named: named.iter().filter(overlaps).cloned().collect(),
    }
}

fn show(list: &List, console: &mut Console) {
    if list.incidents.is_empty() {
        console
            .out
            .line(format_args!("no incidents since {}", list.from));
    } else {
        let head = [
            "from",
            "length",
            "SLO",
            "worst",
            "budget",
            "of the budget",
            "named",
        ];
        let mut rows = vec![head.map(str::to_owned)];
        for line in &list.incidents {
            let length = duration(line.until.as_second() - line.from.as_second());
            let slo = match &line.slo.environment {
                Some(environment) => format!("{} in {environment}", keys::name(&line.slo)),
                None => keys::name(&line.slo),
            };
            let ids: Vec<&str> = line.named.iter().map(|one| one.id.as_str()).collect();
            rows.push([
                line.from.to_string(),
                if line.is_open {
                    format!("{length} or more")
                } else {
                    length
                },
                slo,
                percent(line.worst_ratio),
                #[allow(clippy::cast_possible_truncation)]
                duration(line.budget_seconds.round() as i64),
                line.budget_share.map(percent).unwrap_or_default(),
                ids.join(", "),
            ]);
        }
        table(&rows, console);
    }
    for one in &list.without_burn {
        console.out.line(format_args!(
            "{} ({}) burned no budget of {}",
            one.id,
            one.title,
            one.services.join(", ")
        ));
    }
}

fn name(
    context: &Context,
    options: &IncidentsRecord,
    console: &mut Console,
) -> Result<Exit, Failure> {
    if options.until.is_some_and(|until| until <= options.from) {
        return Err(Failure::usage("the incident ends before it begins")
            .help("`--from` must be before `--until`"));
    }
    let loaded = select::project(context)?;
    let root = loaded.project.root.clone();
    let format = context.global.format;
    let Some(compiled) = CompiledProject::of(loaded, options.env.as_deref(), format, console)?
    else {
        return Ok(Exit::Findings);
    };
    compiled.with_services(|services| {
        let unknown = options
            .services
            .iter()
            .find(|name| !services.iter().any(|service| service.name == **name));
        unknown.map_or(Ok(()), |name| Err(unknown_service(name, services)))
    })?;
    let mut store = open::open_or_create(context, &root, &options.place)?;
    let incident = NamedIncident {
        id: options.id.clone(),
        project: compiled.settings.project.clone(),
        environment: compiled
            .settings
            .environment
            .as_ref()
            .map(ToString::to_string),
        services: options.services.clone(),
        title: options.title.clone(),
        from: options.from.as_second(),
        until: options.until.map(Timestamp::as_second),
        url: options.url.clone(),
        by: options.by.clone(),
    };
    let change = open::with(context, &mut store, |store| {
        store.record_incident(&incident)
    })?;
    let done = match change {
        Change::New => "recorded",
        Change::Corrected => "corrected",
        Change::Unchanged => "already recorded:",
    };
    console
        .out
        .line(format_args!("{done} incident {}", incident.id));
    Ok(Exit::Ok)
}
