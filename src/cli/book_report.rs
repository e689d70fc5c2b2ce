//! `nthc report`.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use nth_ledger::{Interval, Period as Calendar, Store};

use super::compiled::CompiledProject;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::ledger::evidence::{Found, collect, collect_for_summary, gone};
use super::ledger::{keys, open};
use super::options::{BookReport, Format};
use super::page_file::PageFile;
use super::{Context, select};
use nth_book::report::{
    GENERATOR, Period, Report, ReportError, ReportInput, contracts_markdown, markdown, page, report,
};

/// Reports on the error budgets of a period.
///
/// # Errors
///
/// If there is no project or ledger, a name is unknown, or the ledger has nothing of the period.
pub fn run(
    context: &Context,
    options: &BookReport,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let format = context.global.format;
    if matches!(format, Format::Sarif | Format::Github) {
        return Err(Failure::usage("unsupported format for a report")
            .help("use `--format human`, `--format markdown` or `--format json`"));
    }
    let html = options.html.as_ref();
    let html = html
        .map(|path| PageFile::new(path, GENERATOR, context))
        .transpose()?;
    let zone = zone(&options.zone)?;
    let loaded = select::project(context)?;
    let root = loaded.project.root.clone();
    let Some(compiled) = CompiledProject::of(loaded, options.env.as_deref(), format, console)?
    else {
        return Ok(Exit::Findings);
    };
    let mut store = open::open(context, &root, &options.place)?;
    let end = end_of_ledger(context, &mut store, &compiled)?;
    let asked = options.month.as_deref().or(options.period.as_deref());
    let (name, whole, calendar) = match asked {
        Some(text) => {
            let (calendar, whole) = Calendar::parse(text, &zone).map_err(|error| {
                Failure::usage(error.to_string()).help("write a month as `--month 2026-10`")
            })?;
            if options.month.is_some() && calendar != Calendar::Month {
                return Err(Failure::usage(format!("`{text}` is not a month"))
                    .help(format!("write `--period {text}`")));
            }
            (text.to_owned(), whole, calendar)
        }
        None => latest_month(end, &zone)?,
    };
    let out_of_range = |_| Failure::usage("the period is out of range");
    let before = calendar.before(whole.from, &zone).map_err(out_of_range)?;
    if end <= whole.from {
        return Err(Failure::usage(format!(
            "the ledger has nothing of {name}: it ends at {}",
            at(end)
        ))
        .help("run `nthc ledger pull` first, or choose another period"));
    }
    let summaries = match before.from < before.until && end > before.from {
        true => {
            let found = collect_for_summary(context, &mut store, &compiled, known(before, end))?;
            let period = ("the period before", before, &*options.zone);
            let earlier = input(context, &mut store, &compiled, period, end, found)?;
            { report(&earlier, None) }
                .map(|report| report.summaries())
                .unwrap_or_default()
        }
        false => Vec::new(),
    };
    let found = collect(context, &mut store, &compiled, known(whole, end))?;
    let false_blame: Vec<(u64, u64)> = found.iter().map(|one| one.false_blame).collect();
    let period = (&*name, whole, &*options.zone);
    let mut now = input(context, &mut store, &compiled, period, end, found)?;
    for slo in &mut now.slos {
        slo.previous = { summaries.iter() }
            .find(|summary| summary.slo == slo.key && summary.attained.is_some())
            .cloned();
    }
    let made = report(&now, options.team.as_deref()).map_err(failure)?;
    for key in gone(context, &mut store, &compiled)? {
        let name = keys::name(&key);
        let note = "is in the ledger and no longer in the project: it is not in the report";
        console.err.line(format_args!("note: {name} {note}"));
    }
    for name in unreported(&compiled, &made) {
        console.err.line(format_args!(
            "note: contract {name} is not in the report: the ledger has no counts of its SLO"
        ));
    }
    if let Some(html) = html {
        html.write(&page(&made))?;
    }
    match format {
        Format::Json if options.contracts => {
            console.out.json("the report", &made.contracts())?;
        }
        _ if options.contracts => console.out.text(&contracts_markdown(&made.contracts())),
        Format::Json => console.out.json("the report", &made)?,
        _ => console.out.text(&text(&made, &false_blame)),
    }
    Ok(Exit::Ok)
}

/// The contracts of SLOs that are not in a report, `checkout.availability.customers`: those of SLOs without counts.
fn unreported(compiled: &CompiledProject, made: &Report) -> Vec<String> {
    compiled.with_services(|services| {
        let services = services.iter().filter(|service| {
            made.team.is_none() || service.team.as_deref() == made.team.as_deref()
        });
        let slos = services.flat_map(|service| {
            let slos = service.slos.iter();
            slos.map(move |slo| (service, slo))
        });
        let is_missing = |service: &str, slo: &str| {
            let mut reported = made.slos.iter();
            !reported.any(|row| row.slo.service == service && row.slo.slo == slo)
        };
        let missing = slos.filter(|(service, slo)| is_missing(&service.name, &slo.name));
        let names = missing.flat_map(|(service, slo)| {
            let contracts = slo.contracts.iter();
            contracts
                .map(move |contract| format!("{}.{}.{}", service.name, slo.name, contract.name))
        });
        names.collect()
    })
}

/// The report as Markdown, with how often deployments are blamed falsely.
fn text(made: &Report, found: &[(u64, u64)]) -> String {
    let mut text = markdown(made);
    let (blamed, placebos) = { found.iter() }.fold((0, 0), |(blamed, placebos), (more, of)| {
        (blamed + more, placebos + of)
    });
    if placebos > 0 {
        #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
        let share = blamed as f64 / placebos as f64;
        text.push_str(&format!(
            "\nAt {placebos} times of the history at which nothing was deployed, the method blames {}.\n",
            super::amounts::percent(share)
        ));
    }
    text
}

fn zone(name: &str) -> Result<TimeZone, Failure> {
    nthc::ir::zone::find(name).map_err(|unknown| {
        let names = nthc::ir::zone::names();
        let near = nthc::diagnostics::suggest::nearest(name, names.iter().map(String::as_str));
        let failure = Failure::usage(unknown.to_string());
        match near {
            Some(near) => failure.help(format!("did you mean `{near}`?")),
            None => failure.help("write a name of the IANA database, such as `Europe/Berlin`"),
        }
    })
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Until when the ledger was read, of the SLO that was read last.
fn end_of_ledger(
    context: &Context,
    store: &mut Store,
    compiled: &CompiledProject,
) -> Result<i64, Failure> {
    let settings = &compiled.settings;
    let environment = settings.environment.as_ref().map(ToString::to_string);
    let mut end = None;
    for key in open::with(context, store, Store::slos)? {
        if key.project == settings.project && key.environment == environment {
            end = end.max(open::with(context, store, |store| store.watermark(&key))?);
        }
    }
    end.ok_or_else(|| {
        Failure::usage("the ledger has nothing of this project")
            .help("run `nthc ledger pull` first")
    })
}

/// The last month that has ended by a time; if the ledger has just begun, the current one.
fn latest_month(end: i64, zone: &TimeZone) -> Result<(String, Interval, Calendar), Failure> {
    let out_of_range = |_| Failure::usage("the ledger ends out of range");
    let current = Calendar::Month
        .containing(end, zone)
        .map_err(out_of_range)?;
    let whole = match current.until <= end {
        true => current,
        false => Calendar::Month
            .before(current.from, zone)
            .map_err(out_of_range)?,
    };
    let first = at(whole.from).to_zoned_datetime(zone.clone());
    let name = format!("{:04}-{:02}", first.year(), first.month());
    Ok((name, whole, Calendar::Month))
}

/// The part of a period that the ledger has.
fn known(whole: Interval, end: i64) -> Interval {
    Interval {
        from: whole.from,
        until: whole.until.min(end).max(whole.from),
    }
}

/// The input of a report on a period.
fn input(
    context: &Context,
    store: &mut Store,
    compiled: &CompiledProject,
    (name, whole, zone): (&str, Interval, &str),
    end: i64,
    found: Vec<Found>,
) -> Result<ReportInput, Failure> {
    let within = known(whole, end);
    let settings = &compiled.settings;
    let alerts = open::with(context, store, |store| {
        store.alert_reads(&settings.project, settings.environment.as_deref())
    })?;
    Ok(ReportInput {
        project: settings.project.clone(),
        environment: settings.environment.as_ref().map(ToString::to_string),
        period: Period {
            name: name.to_owned(),
            from: within.from,
            until: within.until,
            is_complete: end >= whole.until,
            zone: zone.to_owned(),
        },
        known_until: end.max(within.until),
        alerts_known: alerts.known,
        slos: found.into_iter().map(|one| one.input).collect(),
    })
}

fn failure(error: ReportError) -> Failure {
    let failure = Failure::usage(error.to_string());
    match error {
        ReportError::UnknownTeam { team, known } => {
            let near = nthc::diagnostics::suggest::nearest(&team, known.iter().map(String::as_str));
            match near {
                Some(near) => failure.help(format!("did you mean `{near}`?")),
                None if known.is_empty() => failure,
                None => failure.help(format!("choose one of `{}`", known.join("`, `"))),
            }
        }
        ReportError::UnknownZone(_) | ReportError::BadPeriod => failure,
    }
}
