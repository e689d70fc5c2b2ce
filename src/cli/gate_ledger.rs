//! What the ledger of error budgets knows about the facts of a gate.
//!
//! What is consumed by the recordings and by the ledger is in both consumed at least: what was not seen consumes nothing. So the one
//! that knows of more is nearer to the truth, and a ledger of a month closes a gate that recordings of two days would open. All gates
//! measure the budget without the excluded times, and by the current objective.

use std::path::Path;

use jiff::Timestamp;
use nth_ledger::{Interval, SLICE_SECONDS, SloKey, Store, Yardstick, judge};
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive as _, ToPrimitive as _};

use super::Context;
use super::amounts::{duration, percent};
use super::compiled::CompiledProject;
use super::exit::Failure;
use super::ledger::{evidence, keys, open};
use super::options::LedgerPlace;
use nthc::backends::policy::fact_name;
use nthc::ir::gate::{Fact, Objective};
use nthc::ir::{Service, Slo};
use nthc::policy::{Measured, MeasuredValue};

/// How far the end of the ledger may be before the evaluation without a remark, in seconds.
const STALE: i64 = 2 * 3_600;

/// The gate that is evaluated.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The service.
    pub service: &'a str,
    /// The name of the gate.
    pub gate: &'a str,
    /// The evaluation time, in seconds since 1970.
    pub at: i64,
}

/// Replaces measured budgets by those of the ledger where it knows of more consumption, or the recordings have no data. Returns
/// remarks, a sentence each: which were replaced, and which deployments burned the budgets.
///
/// # Errors
///
/// If there is no ledger at the location, or it cannot be read.
pub fn consult(
    context: &Context,
    root: &Path,
    location: &str,
    compiled: &CompiledProject,
    asked: Asked<'_>,
    measured: &mut Measured,
) -> Result<Vec<String>, Failure> {
    let place = LedgerPlace {
        ledger: Some(location.to_owned()),
    };
    let mut store = open::open(context, root, &place)?;
    let slos = open::with(context, &mut store, Store::slos)?;
    let mut remarks = Vec::new();
    let mut longest = 0;
    compiled.with_services(|services| {
        for (name, fact) in facts(services, asked) {
            let (of, is_time) = match &fact {
                Fact::Budget(of) => (of, false),
                Fact::BudgetTime(of) => (of, true),
                _ => continue,
            };
            let Some((service, slo)) = find(services, of) else {
                continue;
            };
            let promised = of.contract.as_ref().and_then(|promised| {
                let mut contracts = slo.contracts.iter();
                let contract = contracts.find(|contract| contract.name == promised.name)?;
                Some(contract.as_slo(slo))
            });
            let slo = promised.as_ref().unwrap_or(slo);
            let base = keys::key(service, slo, &compiled.settings);
            let mut all = Vec::new();
            for key in keys::in_ledger(&slos, &base, slo.by()) {
                all.extend(Known::new(context, &mut store, &key, slo, asked.at)?);
            }
            let value = |known: &Known| match is_time {
                true => known.left * known.budget_seconds,
                false => known.left,
            };
            // The fact of an SLO with groups is that of the worst group.
            let Some(known) = all.into_iter().min_by_key(value) else {
                remarks.push(format!("the ledger has nothing of {}", keys::name(&base)));
                continue;
            };
            longest = longest.max(known.window);
            let value = value(&known);
            let before = measured.get(&name);
            let recorded = before.and_then(|before| before.value);
            if recorded.is_none_or(|recorded| value < recorded) {
                remarks.push(known.remark(&name, before));
                measured.insert(name, known.measured(value));
            }
            remarks.extend(known.stale(&of.slo, asked.at));
        }
        Ok::<(), Failure>(())
    })?;
    if longest > 0 {
        let within = Interval {
            from: asked.at - longest,
            until: asked.at,
        };
        let only = Some(asked.service);
        let found = evidence::collect_some(context, &mut store, compiled, within, only)?;
        remarks.extend(found.iter().flat_map(evidence::burned));
    }
    Ok(remarks)
}

/// The facts of a gate with their names, each once.
fn facts(services: &[&Service], asked: Asked<'_>) -> Vec<(String, Fact)> {
    let mut found: Vec<(String, Fact)> = Vec::new();
    let service = services
        .iter()
        .find(|service| service.name == asked.service);
    let Some(service) = service else {
        return found;
    };
    let gate = service.gates.iter().find(|gate| gate.name == asked.gate);
    for rule in gate.iter().flat_map(|gate| &gate.rules) {
        for fact in rule.when.facts() {
            let name = fact_name(fact, service);
            if !found.iter().any(|(known, _)| *known == name) {
                found.push((name, fact.clone()));
            }
        }
    }
    found
}

fn find<'s>(services: &[&'s Service], of: &Objective) -> Option<(&'s Service, &'s Slo)> {
    let service = services.iter().find(|service| service.name == of.service)?;
    let slo = service.slos.iter().find(|slo| slo.name == of.slo)?;
    Some((service, slo))
}

/// What the ledger knows about the SLO window of an SLO, or of a group of one.
struct Known {
    /// The name of the group within its service: `availability{route="/pay"}`; `None` without groups.
    group: Option<String>,
    /// The share of the budget that is left at most.
    left: Decimal,
    /// The share of the window that is known.
    coverage: f64,
    /// The length of the window, or of the current period so far, in seconds.
    window: i64,
    /// The error budget of the window, in seconds of full downtime.
    budget_seconds: Decimal,
    /// Until when the ledger was pulled, in seconds since 1970.
    until: i64,
}

impl Known {
    /// `None` if the ledger knows nothing of the window.
    fn new(
        context: &Context,
        store: &mut Store,
        key: &SloKey,
        slo: &Slo,
        at: i64,
    ) -> Result<Option<Self>, Failure> {
        let own = slo.grouping.as_ref();
        let own = own.and_then(|grouping| grouping.own_objective(&key.group));
        let objective = own.unwrap_or(slo.objective);
        let Some(read) = open::with(context, store, |store| store.read_interval(key))? else {
            return Ok(None);
        };
        let until = at.div_euclid(SLICE_SECONDS) * SLICE_SECONDS;
        let window_ms = i64::try_from(slo.window.0).unwrap_or(i64::MAX / 4);
        let within = evidence::slo_window(slo.calendar.as_ref(), until, window_ms);
        let window = until - within.from;
        let slices = open::with(context, store, |store| store.slices(key, within))?;
        let slices = evidence::slices_before(&slices, until);
        let yardstick = Yardstick::Throughout(objective);
        let excluded: Vec<Interval> = { slo.exclusions.iter() }
            // The language reports an unknown zone before.
            .flat_map(|one| one.intervals(within.from, until).unwrap_or_default())
            .map(|range| Interval {
                from: range.start,
                until: range.end,
            })
            .collect();
        let account = judge(slices, within, yardstick, &excluded).net;
        // Of a calendar window, what is to come is not unknown.
        let so_far = Interval { until, ..within };
        let coverage = judge(slices, so_far, yardstick, &excluded).net.coverage();
        let left = account.spent().and_then(|spent| {
            let spent = Decimal::from_f64(spent)?.round_dp(9);
            Some((Decimal::ONE - spent).normalize())
        });
        Ok(left.zip(coverage).map(|(left, coverage)| Self {
            group: (!key.group.is_empty()).then(|| keys::name_in_service(key)),
            left,
            coverage,
            window,
            budget_seconds: Decimal::from(within.until - within.from) * (Decimal::ONE - objective),
            until: read.until,
        }))
    }

    fn measured(&self, value: Decimal) -> MeasuredValue {
        MeasuredValue {
            value: Some(value),
            coverage: Decimal::from_f64(self.coverage).map(|share| share.round_dp(6)),
        }
    }

    /// That a fact is measured by the ledger.
    fn remark(&self, name: &str, before: Option<&MeasuredValue>) -> String {
        let ledger = percent(self.coverage);
        let name = match &self.group {
            Some(group) => format!("{name}, of {group},"),
            None => name.to_owned(),
        };
        match before {
            Some(MeasuredValue {
                value: Some(_),
                coverage: Some(recorded),
            }) => format!(
                "{name} is that of the ledger, which knows {ledger} of the window; the recordings know {}",
                percent(recorded.to_f64().unwrap_or_default())
            ),
            Some(MeasuredValue { value: Some(_), .. }) => {
                format!("{name} is that of the ledger, which knows {ledger} of the window")
            }
            _ => format!(
                "{name} is that of the ledger, which knows {ledger} of the window; the recordings have no data"
            ),
        }
    }

    /// That the ledger ends long before the evaluation.
    fn stale(&self, slo: &str, at: i64) -> Option<String> {
        let late = at - self.until;
        let until = Timestamp::from_second(self.until).unwrap_or(Timestamp::UNIX_EPOCH);
        (late > STALE).then(|| {
            format!(
                "the ledger has {slo} only until {until}, {} before the evaluation; run `nthc ledger pull`",
                duration(late.div_euclid(60) * 60)
            )
        })
    }
}
