//! `nthc what-if`.

use jiff::Timestamp;
use nth_ledger::{Interval, SLICE_SECONDS, SloKey, Store};
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive as _;
use serde::Serialize;

use super::amounts::{duration, percent};
use super::compiled::{CompiledProject, unknown_service};
use super::console::Console;
use super::exit::{Exit, Failure};
use super::gate_table::table;
use super::ledger::{keys, open};
use super::options::{self, Format};
use super::{Context, select};
use nth_book::{Replay, Replayed, replay};
use nthc::ir::burn_rate::{self, budget_time};
use nthc::ir::gate::{Condition, Effect, Fact, Operand};
use nthc::ir::number::percent_text;
use nthc::ir::{Duration, Response, Service, Severity, Slo};

/// What an objective means.
#[derive(Serialize)]
struct Side {
    objective: Decimal,
    window: String,
    /// The error budget, in seconds of full downtime.
    budget_seconds: Decimal,
    /// The consumed share of the budget at the end.
    spent: Option<f64>,
    /// The largest consumed share, and when it was.
    worst: Option<f64>,
    worst_at: Option<Timestamp>,
    exhausted_seconds: i64,
    pages: Vec<Timestamp>,
    tickets: Vec<Timestamp>,
    gates: Vec<GateRule>,
}

/// How long a rule of a gate would have decided.
#[derive(Serialize)]
struct GateRule {
    gate: String,
    rule: String,
    effect: &'static str,
    seconds: i64,
}

#[derive(Serialize)]
struct Report {
    slo: String,
    environment: Option<String>,
    from: Timestamp,
    until: Timestamp,
    /// The share of the time, and of the SLO window before it, with data.
    known: f64,
    now: Side,
    then: Side,
    /// Rules of gates that read the SLO and something else, a sentence each.
    not_replayed: Vec<String>,
}

/// Replays the ledger with another objective.
///
/// # Errors
///
/// If there is no project, SLO or ledger, or the ledger has nothing of the SLO.
pub fn run(
    context: &Context,
    options: &options::WhatIf,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let format = context.global.format;
    if matches!(format, Format::Sarif | Format::Github) {
        return Err(Failure::usage("unsupported format for a replay")
            .help("use `--format human`, `--format short` or `--format json`"));
    }
    let loaded = select::project(context)?;
    let root = loaded.project.root.clone();
    let Some(compiled) = CompiledProject::of(loaded, options.env.as_deref(), format, console)?
    else {
        return Ok(Exit::Findings);
    };
    let mut store = open::open(context, &root, &options.place)?;
    let report = compiled.with_services(|services| {
        // A group is written as the ledger names it: `checkout.availability{route="/pay"}`.
        let name = { options.slo.split_once('{') }.map_or(&*options.slo, |(name, _)| name);
        let (service, slo) = find(services, name)?;
        let base = keys::key(service, slo, &compiled.settings);
        let key = match slo.grouping {
            None if name == options.slo => base,
            _ => {
                let all = open::with(context, &mut store, Store::slos)?;
                group(&keys::in_ledger(&all, &base, slo.by()), &options.slo)?
            }
        };
        let own = slo.grouping.as_ref();
        let own = own.and_then(|grouping| grouping.own_objective(&key.group));
        let objective = own.unwrap_or(slo.objective);
        let read = open::with(context, &mut store, |store| store.read_interval(&key))?;
        let Some(read) = read else {
            return Err(
                Failure::usage(format!("the ledger has nothing of {}", options.slo))
                    .help("run `nthc ledger pull` first"),
            );
        };
        if let (Some(calendar), None) = (&slo.calendar, options.window) {
            return Err(Failure::usage(format!(
                "the window of {} is a calendar {}, and a replay rolls",
                options.slo, calendar.unit
            ))
            .help("compare rolling windows with `--window 30d`"));
        }
        let window = match options.window {
            Some(window) => {
                let millis = u64::try_from(window.as_millis()).unwrap_or(u64::MAX);
                Duration(millis)
            }
            None => slo.window,
        };
        let until = options
            .until
            .map_or(read.until, Timestamp::as_second)
            .min(read.until);
        let until = until.div_euclid(SLICE_SECONDS) * SLICE_SECONDS;
        let since = i64::try_from(options.since.as_secs()).unwrap_or(i64::MAX / 4);
        let from = (until - since).max(read.from).div_euclid(SLICE_SECONDS) * SLICE_SECONDS;
        if from >= until {
            return Err(Failure::usage("the ledger has nothing of this time")
                .help("see what it has with `nthc ledger status`"));
        }
        let longest = i64::try_from(window.0.max(slo.window.0) / 1_000).unwrap_or(i64::MAX / 4);
        let whole = Interval {
            from: from - longest,
            until,
        };
        let slices = open::with(context, &mut store, |store| store.slices(&key, whole))?;
        let within = Interval { from, until };
        let least = burn_rate::least_range(compiled.settings.prometheus.scrape_interval);
        let (own, not_replayed) = gates(service, slo);
        let side = |objective: Decimal, window: Duration, pairs: &[burn_rate::Pair]| {
            let replayed = replay(Replay {
                slices: &slices,
                within,
                window_ms: i64::try_from(window.0).unwrap_or(i64::MAX / 4),
                objective,
                pairs,
            });
            let gates = own.iter().map(|rule| GateRule {
                gate: rule.gate.to_owned(),
                rule: rule.rule.to_owned(),
                effect: rule.effect,
                seconds: denied(&slices, within, window, objective, rule.when),
            });
            Side::new(objective, window, replayed, gates.collect())
        };
        let first = |response: Response| {
            let pairs = slo.burn_rate_pairs.iter().map(|pair| &pair.severity);
            let mut such = pairs.filter(|severity| severity.response() == response);
            such.next().cloned()
        };
        let page = first(Response::Page).unwrap_or_else(Severity::page);
        let ticket = first(Response::Ticket).unwrap_or_else(Severity::ticket);
        let workbook = burn_rate::pairs_with(slo.window, least, [&page, &ticket]);
        let is_declared = { slo.burn_rate_pairs.iter() }.any(|pair| !workbook.contains(pair));
        let mut others: Vec<burn_rate::Pair> = if is_declared {
            let declared = slo.burn_rate_pairs.iter().map(|pair| pair.over(window));
            declared.filter(|pair| pair.long <= window).collect()
        } else {
            burn_rate::pairs_with(window, least, [&page, &ticket])
        };
        others.retain(|pair| pair.can_fire(options.objective));
        let seen: i64 = slices.iter().map(|slice| i64::from(slice.seen)).sum();
        Ok(Report {
            slo: options.slo.clone(),
            environment: key.environment.clone(),
            from: at(from),
            until: at(until),
            known: share(seen, until - whole.from.max(read.from)),
            now: side(objective, slo.window, &slo.burn_rate_pairs),
            then: side(options.objective, window, &others),
            not_replayed,
        })
    })?;
    if format == Format::Json {
        console.out.json("the replay", &report)?;
    } else {
        show(&report, console);
    }
    Ok(Exit::Ok)
}

fn find<'s>(services: &[&'s Service], name: &str) -> Result<(&'s Service, &'s Slo), Failure> {
    let Some((service, slo)) = name.split_once('.') else {
        return Err(Failure::usage(format!("`{name}` is not an SLO"))
            .help("write it with its service: `checkout.availability`"));
    };
    let Some(service) = services.iter().find(|one| one.name == service) else {
        return Err(unknown_service(service, services));
    };
    let found = service.slos.iter().find(|one| one.name == slo);
    found.map(|found| (*service, found)).ok_or_else(|| {
        let names = service.slos.iter().map(|one| one.name.as_str());
        let near = nthc::diagnostics::suggest::nearest(slo, names.clone());
        let failure = Failure::usage(format!("service `{}` has no SLO `{slo}`", service.name));
        match near {
            Some(near) => failure.help(format!("did you mean `{}.{near}`?", service.name)),
            None => {
                let names: Vec<&str> = names.collect();
                failure.help(format!("choose one of `{}`", names.join("`, `")))
            }
        }
    })
}

/// The group with a name, of those that the ledger has of an SLO.
fn group(all: &[SloKey], name: &str) -> Result<SloKey, Failure> {
    if let Some(key) = all.iter().find(|key| keys::name(key) == name) {
        return Ok(key.clone());
    }
    if !name.contains('{') && all.iter().any(|key| !key.group.is_empty()) {
        let first = { all.iter() }.find(|key| !key.group.is_empty());
        let first = first.map(keys::name).unwrap_or_default();
        return Err(
            Failure::usage(format!("{name} has groups, each with its own error budget")).help(
                format!("choose a group of `nthc ledger status`, such as `{first}`"),
            ),
        );
    }
    let names: Vec<String> = all.iter().map(keys::name).collect();
    let near = nthc::diagnostics::suggest::nearest(name, names.iter().map(String::as_str));
    let failure = Failure::usage(format!("the ledger has nothing of {name}"));
    Err(match near {
        Some(near) => failure.help(format!("did you mean `{near}`?")),
        None => failure.help("run `nthc ledger pull` first"),
    })
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Seconds are far below 2^53.
#[allow(clippy::cast_precision_loss)]
fn share(part: i64, whole: i64) -> f64 {
    part as f64 / whole.max(1) as f64
}

impl Side {
    fn new(objective: Decimal, window: Duration, replayed: Replayed, gates: Vec<GateRule>) -> Self {
        let starts = |all: Vec<Interval>| all.into_iter().map(|one| at(one.from)).collect();
        Self {
            objective,
            window: window.to_string(),
            budget_seconds: budget_time(objective, window).as_seconds(),
            spent: replayed.spent,
            worst: replayed.worst.map(|(worst, _)| worst),
            worst_at: replayed.worst.map(|(_, end)| at(end)),
            exhausted_seconds: replayed.exhausted_seconds,
            pages: starts(replayed.pages),
            tickets: starts(replayed.tickets),
            gates,
        }
    }
}

/// The rules of the service's gates about the budget of the SLO, and what is not replayed because it reads something else too, a
/// sentence each.
fn gates<'s>(service: &'s Service, slo: &Slo) -> (Vec<OwnRule<'s>>, Vec<String>) {
    let (mut own, mut others) = (Vec::new(), Vec::new());
    for gate in &service.gates {
        for rule in &gate.rules {
            let facts = rule.when.facts();
            let is_own = |fact: &&Fact| {
                matches!(fact, Fact::Budget(of)
                    if of.service == service.name && of.slo == slo.name && of.contract.is_none())
            };
            let about = |fact: &&Fact| {
                matches!(fact, Fact::Budget(of) | Fact::BudgetTime(of) | Fact::Burn(of, _)
                    if of.service == service.name && of.slo == slo.name)
            };
            if !facts.iter().any(about) {
                continue;
            }
            if facts.iter().all(is_own) && is_plain(&rule.when) {
                own.push(OwnRule {
                    gate: &gate.name,
                    rule: &rule.name,
                    effect: match rule.effect {
                        Effect::Deny => "denies",
                        Effect::Warn => "warns",
                    },
                    when: &rule.when,
                });
            } else {
                others.push(format!(
                    "rule `{}` of gate `{}` reads more than the budget of {}, so it is not replayed",
                    rule.name, gate.name, slo.name
                ));
            }
        }
    }
    (own, others)
}

/// A rule of a gate that depends on the budget of the SLO alone.
struct OwnRule<'s> {
    gate: &'s str,
    rule: &'s str,
    effect: &'static str,
    when: &'s Condition,
}

/// Returns whether a condition has no dates.
fn is_plain(condition: &Condition) -> bool {
    let mut is_plain = true;
    condition.each_leaf(&mut |leaf| {
        is_plain &= matches!(leaf, Condition::Compare(..) | Condition::Constant(_));
    });
    is_plain
}

/// How many seconds a condition holds.
fn denied(
    slices: &[nth_ledger::Slice],
    within: Interval,
    window: Duration,
    objective: Decimal,
    condition: &Condition,
) -> i64 {
    let window_ms = i64::try_from(window.0).unwrap_or(i64::MAX / 4);
    let mut seconds = 0;
    nth_book::each_budget(slices, within, window_ms, objective, &mut |left| {
        if left
            .and_then(Decimal::from_f64)
            .and_then(|left| holds(condition, left))
            == Some(true)
        {
            seconds += SLICE_SECONDS;
        }
    });
    seconds
}

/// Evaluates a condition about the budget that is left.
fn holds(condition: &Condition, left: Decimal) -> Option<bool> {
    Some(match condition {
        Condition::Constant(value) => *value,
        Condition::Not(inner) => !holds(inner, left)?,
        Condition::All(parts) => {
            let all: Option<Vec<bool>> = parts.iter().map(|part| holds(part, left)).collect();
            all?.into_iter().all(|holds| holds)
        }
        Condition::Any(parts) => {
            let all: Option<Vec<bool>> = parts.iter().map(|part| holds(part, left)).collect();
            all?.into_iter().any(|holds| holds)
        }
        Condition::Compare(one, comparison, other) => {
            let value = |operand: &Operand| match operand {
                Operand::Fact(_) => left,
                Operand::Limit(limit) => *limit,
            };
            comparison.holds(&value(one), &value(other))
        }
        Condition::Dates { .. } | Condition::Week { .. } => return None,
    })
}

fn show(report: &Report, console: &mut Console) {
    let of = match &report.environment {
        Some(environment) => format!(" in {environment}"),
        None => String::new(),
    };
    console.out.line(format_args!(
        "{}{of}, from {} to {}",
        report.slo, report.from, report.until
    ));
    if report.known < 0.999 {
        console.out.line(format_args!(
            "{} of this time is known; nothing is consumed in the rest",
            percent(report.known)
        ));
    }
    console.out.line("");
    let sides = [&report.now, &report.then];
    let row =
        |name: &str, get: &dyn Fn(&Side) -> String| [name.to_owned(), get(sides[0]), get(sides[1])];
    let head = |side: &Side| format!("{} over {}", percent_text(side.objective), side.window);
    let seconds = |text: Decimal| {
        use rust_decimal::prelude::ToPrimitive as _;
        duration(text.round().to_i64().unwrap_or_default())
    };
    let mut rows = vec![
        row("", &head),
        row("error budget", &|side| seconds(side.budget_seconds)),
        row("consumed at the end", &|side| {
            side.spent.map_or_else(|| "–".to_owned(), percent)
        }),
        row("most consumed", &|side| match (side.worst, side.worst_at) {
            (Some(worst), Some(at)) => format!("{} at {at}", percent(worst)),
            _ => "–".to_owned(),
        }),
        row("exhausted for", &|side| duration(side.exhausted_seconds)),
        row("pages", &|side| side.pages.len().to_string()),
        row("tickets", &|side| side.tickets.len().to_string()),
    ];
    for (number, rule) in report.now.gates.iter().enumerate() {
        let name = format!("gate {} {} ({})", rule.gate, rule.effect, rule.rule);
        rows.push(row(&name, &|side| {
            { side.gates.get(number) }.map_or_else(String::new, |rule| duration(rule.seconds))
        }));
    }
    table(&rows, console);
    for remark in &report.not_replayed {
        console.err.line(format_args!("note: {remark}"));
    }
}
