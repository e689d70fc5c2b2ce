//! How long it takes until an SLO's alerts fire, and until they are resolved.

use std::sync::Arc;

use nth_model::burn_rate::SLICE;
use nth_model::detection::{
    Detection, DetectionTable, Fired, Impossible, Incident, STRENGTHS, Situation, Strength,
};
use nth_model::test::{History, SloRef};
use nth_model::{Duration, Response, RuleLabel, Service, Settings, Severity, Sli, Slo};
use nth_targets::prometheus::Rule;
use rust_decimal::Decimal;
use smol_str::SmolStr;

use crate::alerts::AlertTimeline;
use crate::error::Error;
use crate::matching::matches;
use crate::piecewise::{Piecewise, Span};
use crate::plan::{Plan, PlannedSlo, float};
use crate::queries::Form;
use crate::rule_groups::RuleSet;
use crate::run::run;
use crate::series::Source;
use crate::timeline::{DEFAULT_RATE, Scenario, check_share, millis};
use crate::world::{ServiceState, SloIndex, World};

/// The longest incident that is simulated.
const LONGEST: Duration = Duration::days(10);

/// How long a situation lasts.
const SITUATION: Duration = Duration::hours(2);

/// A share of time slices that is neither none nor all.
const HALF: Decimal = Decimal::from_parts(5, 0, 0, false, 1);

/// The events per second while one fails.
const QUIET_RATE: f64 = 1.0 / 60.0;

/// Returns how an SLO reacts, simulated without the rest of its service. Its past is good.
///
/// # Errors
///
/// If no series can be generated from the queries of its SLI, or a rule fails.
pub fn detection_of(
    service: &Service,
    slo: &Slo,
    settings: &Settings,
) -> Result<DetectionTable, Error> {
    let alone = alone(service, slo);
    let plan = Plan::new(&[&alone], settings, &[])?;
    let slo = SloRef {
        service: service.name.clone(),
        slo: slo.name.clone(),
        group: std::collections::BTreeMap::new(),
    };
    detection(&plan, &slo)
}

/// Returns a service with an SLO, and nothing else that could fail to be simulated.
pub fn alone(service: &Service, slo: &Slo) -> Service {
    Service {
        slos: vec![slo.clone()],
        alerts: Vec::new(),
        recordings: Vec::new(),
        log_alerts: Vec::new(),
        dependencies: Vec::new(),
        signals: Vec::new(),
        gates: Vec::new(),
        deployed: None,
        ..service.clone()
    }
}

/// Returns how an SLO of a plan reacts. Its past is good.
///
/// # Errors
///
/// If the SLO is not in the plan, or a rule fails.
pub fn detection(plan: &Plan<'_>, slo: &SloRef) -> Result<DetectionTable, Error> {
    let index = plan.slo(&slo.service, &slo.slo)?;
    let run = Runner { plan, index };
    let mut incidents = Vec::new();
    let mut impossible = Vec::new();
    for strength in STRENGTHS {
        match run.incident(strength)? {
            Ok(incident) => incidents.push(incident),
            Err(why) => impossible.push((strength, why)),
        }
    }
    let situations = Situation::ALL.into_iter();
    let situations = situations.map(|situation| Ok((situation, run.situation(situation)?)));
    Ok(DetectionTable {
        slo: slo.clone(),
        incidents,
        impossible,
        situations: situations.collect::<Result<_, Error>>()?,
    })
}

/// Returns how long after the onset alerts fired and were resolved in an incident that lasts for a time; `None` if the strength is
/// impossible.
///
/// # Errors
///
/// If the SLO is not in the plan, or a rule fails.
pub fn incident(
    plan: &Plan<'_>,
    slo: &SloRef,
    strength: Strength,
) -> Result<Option<Incident>, Error> {
    let index = plan.slo(&slo.service, &slo.slo)?;
    Ok(Runner { plan, index }.incident(strength)?.ok())
}

struct Runner<'p, 'm> {
    plan: &'p Plan<'m>,
    index: SloIndex,
}

impl Runner<'_, '_> {
    fn planned(&self) -> Result<&PlannedSlo<'_>, Error> {
        let planned = self.plan.slos.get(self.index);
        planned.ok_or_else(|| {
            Error::inapplicable(self.plan.slo_name(self.index), "it is not simulated")
        })
    }

    fn incident(&self, strength: Strength) -> Result<Result<Incident, Impossible>, Error> {
        let slo = self.planned()?.slo;
        let share = match strength {
            Strength::Share(share) => share,
            Strength::BurnRate(rate) => rate * (Decimal::ONE - self.planned()?.objective()),
        };
        if share > Decimal::ONE {
            return Ok(Err(Impossible::MoreThanAll));
        }
        if self.has_whole_ranges(share)? {
            return Ok(Err(Impossible::WholeRanges));
        }
        let burn_rate = float(share) / float(Decimal::ONE - self.planned()?.objective());
        let due = Response::ALL.map(|response| due(slo, burn_rate, response));
        let in_time = || due.iter().flatten().filter(|due| **due <= millis(LONGEST));
        let mut length = in_time().max().copied();
        loop {
            let incident = self.incident_of(strength, share, length)?;
            let fired =
                usize::from(incident.page.is_some()) + usize::from(incident.ticket.is_some());
            length = match length {
                // They may be later than expected, never earlier.
                Some(length) if fired < in_time().count() && length < millis(LONGEST) => {
                    Some(length.saturating_mul(2).min(millis(LONGEST)))
                }
                _ => {
                    let later = Response::ALL.into_iter().zip(due);
                    let later =
                        later.filter(|(_, due)| due.is_some_and(|due| due > millis(LONGEST)));
                    return Ok(Ok(Incident {
                        later: later.map(|(response, _)| response).collect(),
                        ..incident
                    }));
                }
            };
        }
    }

    /// True if a share of time is bad of time slices that depend on ranges, which cannot be simulated.
    fn has_whole_ranges(&self, share: Decimal) -> Result<bool, Error> {
        let is_timed = matches!(self.planned()?.slo.sli, Sli::TimeSlices { .. });
        match check_share(self.plan, self.index, float(share)) {
            Ok(()) => Ok(false),
            Err(_) if is_timed && share < Decimal::ONE => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Runs an incident in which a share is bad for some milliseconds; `None` if no alert is expected.
    fn incident_of(
        &self,
        strength: Strength,
        share: Decimal,
        length: Option<i64>,
    ) -> Result<Incident, Error> {
        // Whole slices, so that tables of different rules can be compared.
        let slice = millis(SLICE);
        let length = length.unwrap_or_else(|| millis(SITUATION));
        let recovery = (length + slice - 1) / slice * slice;
        let observed = tail(self.planned()?.slo);
        let span = Span {
            from: BEGIN,
            to: BEGIN + recovery,
        };
        let timelines = self.alerts(recovery.saturating_add(observed), |world| {
            if let Some(bad) = world.bad.get_mut(self.index) {
                *bad = Piecewise::of_spans(0.0, &[(span, float(share))], f64::max);
            }
        })?;
        let mut alerts: Vec<Detection> = timelines
            .iter()
            .filter_map(|alert| {
                let resolved = alert.resolved().filter(|_| is_burn_rate(alert));
                Some(Detection {
                    alert: first(alert)?,
                    resolved: resolved.map(|at| duration(at - recovery)),
                })
            })
            .collect();
        alerts.sort_by_key(|found| found.alert.after);
        let detection = |response| {
            let is_such = |severity: &Severity| severity.response() == response;
            let mut such = alerts.iter().filter(|one| is_such(&one.alert.severity));
            let first = such.next()?;
            let burning = timelines.iter().filter(|alert| {
                alert.severity.as_ref().is_some_and(is_such)
                    && is_burn_rate(alert)
                    && alert.fires_from(0).is_some()
            });
            let resolved: Option<Vec<i64>> = burning.map(AlertTimeline::resolved).collect();
            let last = resolved.and_then(|times| times.into_iter().max());
            Some(Detection {
                alert: first.alert.clone(),
                resolved: last.map(|at| duration(at - recovery)),
            })
        };
        Ok(Incident {
            strength,
            length: duration(recovery),
            observed: duration(observed),
            page: detection(Response::Page),
            ticket: detection(Response::Ticket),
            later: Vec::new(),
            alerts,
        })
    }

    fn situation(&self, situation: Situation) -> Result<Result<Vec<Fired>, Impossible>, Error> {
        let planned = self.planned()?;
        let service = planned.service;
        let is_timed = matches!(planned.slo.sli, Sli::TimeSlices { .. });
        match situation {
            Situation::OneFailure if self.has_whole_ranges(HALF)? => {
                return Ok(Err(Impossible::WholeRanges));
            }
            Situation::OneFailure if is_timed => {}
            Situation::NoTraffic | Situation::OneFailure if !self.counts_events(planned) => {
                return Ok(Err(Impossible::NoEvents));
            }
            Situation::CounterReset if !reads_counters(planned) => {
                return Ok(Err(Impossible::NoCounters));
            }
            _ => {}
        }
        let scrape = millis(self.plan.settings.prometheus.scrape_interval);
        let (index, length) = (self.index, millis(SITUATION));
        let span = |length: i64| Span {
            from: BEGIN,
            to: BEGIN + length,
        };
        let alerts = self.alerts(2 * length, |world| {
            let tick = world.tick(index);
            let Some(state) = world.services.get_mut(service) else {
                return;
            };
            match situation {
                Situation::NoTraffic => {
                    state.rate =
                        Piecewise::of_spans(DEFAULT_RATE, &[(span(length), 0.0)], f64::min);
                }
                Situation::OneFailure if is_timed => {
                    if let Some(bad) = world.bad.get_mut(index) {
                        *bad = Piecewise::of_spans(0.0, &[(span(tick), 1.0)], f64::max);
                    }
                }
                Situation::OneFailure => {
                    state.rate = Piecewise::constant(QUIET_RATE);
                    state.failures.push((index, BEGIN));
                }
                Situation::CounterReset => state.resets.push(BEGIN),
                Situation::MissingScrape => state.down.push(span(scrape)),
            }
        })?;
        let mut all: Vec<Fired> = alerts.iter().filter_map(first).collect();
        all.sort_by_key(|fired| fired.after);
        Ok(Ok(all))
    }

    /// True if a series of the SLO counts events.
    fn counts_events(&self, planned: &PlannedSlo<'_>) -> bool {
        let mut series = self.plan.series.iter();
        series.any(|series| {
            let counts = matches!(series.source, Source::Events(_) | Source::Histogram { .. });
            let mut read = planned.readings.iter();
            counts && read.any(|one| matches(&one.reading.selector, &series.labels))
        })
    }

    /// Runs the SLO's rules for a time.
    fn alerts(
        &self,
        length: i64,
        change: impl FnOnce(&mut World),
    ) -> Result<Vec<AlertTimeline>, Error> {
        let plan = self.plan;
        let planned = self.planned()?;
        let services: Vec<_> = plan
            .services
            .get(planned.service)
            .copied()
            .into_iter()
            .collect();
        let mut world = World {
            services: vec![ServiceState::steady(DEFAULT_RATE); plan.services.len()],
            bad: vec![Piecewise::constant(0.0); plan.slos.len()],
            ticks: plan.ticks(),
            begin: BEGIN,
        };
        change(&mut world);
        let is_of_slo = |rule: &Rule| {
            let labels = match rule {
                Rule::Recording(rule) => &rule.labels,
                Rule::Alerting(rule) => &rule.labels,
            };
            labels
                .get(RuleLabel::Slo.name())
                .is_some_and(|name| *name == planned.slo.name)
        };
        let scenario = Scenario {
            begin: BEGIN,
            end: BEGIN + length,
            history: History::Good,
            budgets: Vec::new(),
            written: Vec::new(),
            world,
        };
        let rules = RuleSet::new(&services, plan.settings, &is_of_slo)?.for_alerts();
        Ok(run(plan, scenario, Arc::new(rules))?.alerts)
    }
}

/// The onset, in milliseconds since 1970: a Monday at noon.
const BEGIN: i64 = 1_704_715_200_000;

/// How long an incident of a burn rate has to last, in milliseconds, until a page or a ticket fires; `None` if none does.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
fn due(slo: &Slo, burn_rate: f64, response: Response) -> Option<i64> {
    let margin = 4 * millis(SLICE) + 2 * millis(Duration::MINUTE);
    let pairs = slo
        .burn_rate_pairs
        .iter()
        .filter(|pair| pair.severity.response() == response);
    let pairs = pairs.filter_map(|pair| {
        let factor = float(pair.factor);
        let holds = pair.hold.0 as f64;
        (burn_rate > factor).then(|| pair.long.0 as f64 * factor / burn_rate + holds)
    });
    let budgets = slo
        .budget_alerts
        .iter()
        .filter(|alert| alert.severity.response() == response);
    let budgets = budgets.filter_map(|alert| {
        let consumed = float(alert.consumed);
        // Otherwise, the whole SLO window does not consume as much.
        let holds = alert.declared.default_hold().0 as f64;
        (burn_rate >= consumed).then(|| slo.window.0 as f64 * consumed / burn_rate + holds)
    });
    let first = pairs.chain(budgets).reduce(f64::min)?;
    Some((first as i64).saturating_add(margin))
}

/// True if the SLI of an SLO reads counters or histograms.
fn reads_counters(planned: &PlannedSlo<'_>) -> bool {
    let mut read = planned.readings.iter();
    read.any(|one| one.reading.form != Form::Gauge)
}

/// How long after an incident burn-rate alerts may fire.
fn tail(slo: &Slo) -> i64 {
    let shorts = slo.burn_rate_pairs.iter().map(|pair| millis(pair.short));
    let kept = slo.alerts().into_iter().filter_map(|alert| {
        let kept = slo.alert_options(alert).keep_firing;
        kept.map(millis)
    });
    shorts
        .max()
        .unwrap_or(0)
        .saturating_add(5 * millis(SLICE))
        .saturating_add(kept.max().unwrap_or(0))
}

/// Returns an alert that fired at or after the onset, with its first time.
fn first(alert: &AlertTimeline) -> Option<Fired> {
    let at = alert.fires_from(0)?;
    let threshold = [RuleLabel::LongWindow, RuleLabel::BudgetConsumed]
        .into_iter()
        .map(|label| alert.labels.get(label.name()))
        .find(|value| !value.is_empty());
    Some(Fired {
        name: alert.name.clone(),
        severity: alert.severity.clone()?,
        threshold: threshold.map(SmolStr::from),
        after: duration(at),
    })
}

fn is_burn_rate(alert: &AlertTimeline) -> bool {
    !alert.labels.get(RuleLabel::LongWindow.name()).is_empty()
}

fn duration(millis: i64) -> Duration {
    Duration(u64::try_from(millis).unwrap_or(0))
}
