//! `nthc ledger annotate`.

mod api;
mod wanted;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use nth_ledger::{Interval, Store};
use serde::Serialize;

use super::super::console::Console;
use super::super::exit::{Exit, Failure};
use super::super::options::{Format, LedgerAnnotate};
use super::super::{Context, select};
use super::book::{self, Selection};
use super::open;
use nthc::backends::grafana::scope_tags;

use self::api::{Existing, Grafana};
use self::wanted::{Annotation, Wanted, is_key, wanted};

/// What was written.
#[derive(Debug, Default, Serialize)]
struct Report {
    grafana: String,
    new: usize,
    changed: usize,
    deleted: usize,
    unchanged: usize,
}

/// Writes annotations of the deployments and incidents of the ledger to Grafana.
///
/// # Errors
///
/// If there is no project or ledger, the ledger has none of a name, or Grafana gives no valid answer. What it accepted before stays
/// there, and the same again completes it.
pub fn run(
    context: &Context,
    options: &LedgerAnnotate,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let format = context.global.format;
    if matches!(format, Format::Sarif | Format::Github) {
        return Err(Failure::usage("unsupported format for annotations")
            .help("use `--format human`, `--format short` or `--format json`"));
    }
    let variable = |name: &str| std::env::var(name).ok();
    let grafana = Grafana::new(options, &variable)?;
    let until = options.until.unwrap_or_else(Timestamp::now);
    let from = until
        .checked_sub(options.since)
        .map_err(|_| Failure::usage("`--since` reaches back too far").help("use `--since 30d`"))?;
    let time = Interval {
        from: from.as_second(),
        until: until.as_second(),
    };
    let loaded = select::project(context)?;
    let project = &loaded.project.settings.project;
    let mut store: Store = open::open(context, &loaded.project.root, &options.place)?;
    let selection = Selection {
        project,
        environment: options.env.as_deref(),
        names: &options.services,
    };
    // Reports a name that the ledger does not have.
    book::keys(context, &mut store, &selection)?;
    let wanted = wanted(context, &mut store, &selection, time)?;
    let tags = scope_tags(project, options.env.as_deref());
    let found = grafana.annotations(&tags, time)?;
    let mut report = Report {
        grafana: grafana.url().to_owned(),
        ..Report::default()
    };
    write(&grafana, &wanted, found, time, &mut report)?;
    if format == Format::Json {
        console.out.json("the annotations", &report)?;
    } else {
        let Report {
            grafana,
            new,
            changed,
            deleted,
            unchanged,
        } = &report;
        console.out.line(format_args!(
            "annotations in {grafana}: {new} new, {changed} changed, {deleted} deleted, {unchanged} unchanged"
        ));
    }
    if wanted.annotations.is_empty() {
        console
            .err
            .line("warning: the ledger has no deployments and no incidents of that time");
    }
    Ok(Exit::Ok)
}

/// Makes Grafana have what is wanted. Annotations without our key, or of services and environments that the ledger does not know,
/// stay as they are.
fn write(
    grafana: &Grafana,
    wanted: &Wanted,
    found: Vec<Existing>,
    time: Interval,
    report: &mut Report,
) -> Result<(), Failure> {
    let mut by_key: BTreeMap<String, Vec<Existing>> = BTreeMap::new();
    for existing in found {
        if let Some(key) = existing.tags.iter().find(|tag| is_key(tag)) {
            by_key.entry(key.clone()).or_default().push(existing);
        }
    }
    for annotation in { wanted.annotations.iter() }.filter(|one| one.overlaps(time)) {
        let existing = by_key.remove(&annotation.key).unwrap_or_default();
        let mut existing = existing.into_iter();
        match existing.next() {
            None => {
                grafana.create(annotation)?;
                report.new += 1;
            }
            Some(first) if is_same(annotation, &first) => report.unchanged += 1,
            Some(first) => {
                grafana.update(first.id, annotation)?;
                report.changed += 1;
            }
        }
        // Of two writers at once, for example.
        for double in existing {
            grafana.delete(double.id)?;
            report.deleted += 1;
        }
    }
    let kept: BTreeSet<&str> = { wanted.annotations.iter() }
        .map(|one| one.key.as_str())
        .collect();
    for (key, existing) in by_key {
        for one in existing {
            if !kept.contains(key.as_str()) && wanted.owns(&one.tags) {
                grafana.delete(one.id)?;
                report.deleted += 1;
            }
        }
    }
    Ok(())
}

fn is_same(wanted: &Annotation, found: &Existing) -> bool {
    let tags: BTreeSet<&str> = found.tags.iter().map(String::as_str).collect();
    let own: BTreeSet<&str> = wanted.tags.iter().map(String::as_str).collect();
    (wanted.time, wanted.time_end) == (found.time, found.end())
        && wanted.text == found.text
        && tags == own
}
