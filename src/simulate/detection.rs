//! How long it takes until an SLO's alerts fire, and until they are resolved.

use nth_model::burn_rate::SLICE;
use nth_model::test::{History, SloRef};
use nth_model::{Duration, RuleLabel, Severity, Sli, Slo};
use nth_targets::prometheus::Rule;
use rust_decimal::Decimal;
use smol_str::SmolStr;

use crate::alerts::AlertTimeline;
use crate::error::Error;
use crate::piecewise::{Piecewise, Span};
use crate::plan::{Plan, float};
use crate::rule_groups::RuleSet;
use crate::run::run;
use crate::timeline::{DEFAULT_RATE, Scenario, check_share, millis};
use crate::world::{ServiceState, SloIndex, World};

/// How an SLO's alerts react to typical incidents.
#[derive(Debug, Clone, PartialEq)]
pub struct DetectionTable {
    /// The SLO.
    pub slo: SloRef,
    /// The incidents of different strength, the strongest first.
    pub incidents: Vec<Incident>,
    /// What should not alert.
    pub situations: Vec<(Situation, Vec<Fired>)>,
}

/// The strength of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Strength {
    /// This share of events, or of time, is bad.
    Share(Decimal),
    /// The error budget burns at this rate.
    BurnRate(Decimal),
}

/// The strengths of a table: 100%, 10%, 2x and 1.01x.
pub const STRENGTHS: [Strength; 4] = [
    Strength::Share(Decimal::ONE),
    Strength::Share(Decimal::from_parts(1, 0, 0, false, 1)),
    Strength::BurnRate(Decimal::TWO),
    Strength::BurnRate(Decimal::from_parts(101, 0, 0, false, 2)),
];

/// An incident of a strength.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// The strength.
    pub strength: Strength,
    /// How long it lasted in the simulation.
    pub length: Duration,
    /// The first page.
    pub page: Option<Detection>,
    /// The first ticket.
    pub ticket: Option<Detection>,
}

/// When alerts of a severity fired in an incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Detection {
    /// The first alert.
    pub alert: Fired,
    /// The time from the recovery until no burn-rate alert of the severity fires; `None` if one fired until the end, or if there
    /// was none.
    pub resolved: Option<Duration>,
}

/// An alert that fired.
#[derive(Debug, Clone, PartialEq)]
pub struct Fired {
    /// The alert's name.
    pub name: SmolStr,
    /// The severity.
    pub severity: Severity,
    /// The long window of a burn-rate alert, or the share of a budget alert.
    pub threshold: Option<SmolStr>,
    /// The time from the onset until it fired.
    pub after: Duration,
}

/// A situation that is no incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Situation {
    /// There are no events for two hours.
    NoTraffic,
    /// One event is bad, while there is one a minute. For time slices, one slice is bad.
    OneFailure,
    /// All counters start again from 0.
    CounterReset,
    /// One scrape fails.
    MissingScrape,
}

impl Situation {
    /// All situations.
    pub const ALL: [Self; 4] = [
        Self::NoTraffic,
        Self::OneFailure,
        Self::CounterReset,
        Self::MissingScrape,
    ];
}

/// The longest incident that is simulated.
const LONGEST: Duration = Duration::days(10);

/// How long a situation lasts.
const SITUATION: Duration = Duration::hours(2);

/// The events per second while one fails.
const QUIET_RATE: f64 = 1.0 / 60.0;

/// Returns how an SLO of a plan reacts. Its past is good.
///
/// # Errors
///
/// If the SLO is not in the plan, or a rule fails.
pub fn detection(plan: &Plan<'_>, slo: &SloRef) -> Result<DetectionTable, Error> {
    let index = plan.slo(&slo.service, &slo.slo)?;
    let run = Runner { plan, index };
    let mut incidents = Vec::new();
    for strength in STRENGTHS {
        if let Some(incident) = run.incident(strength)? {
            incidents.push(incident);
        }
    }
    let situations = Situation::ALL.into_iter();
    let situations = situations.map(|situation| Ok((situation, run.situation(situation)?)));
    Ok(DetectionTable {
        slo: slo.clone(),
        incidents,
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
    Runner { plan, index }.incident(strength)
}

struct Runner<'p, 'm> {
    plan: &'p Plan<'m>,
    index: SloIndex,
}

impl Runner<'_, '_> {
    fn slo(&self) -> Result<&Slo, Error> {
        let planned = self.plan.slos.get(self.index);
        planned.map(|planned| planned.slo).ok_or_else(|| {
            Error::inapplicable(self.plan.slo_name(self.index), "it is not simulated")
        })
    }

    fn incident(&self, strength: Strength) -> Result<Option<Incident>, Error> {
        let slo = self.slo()?;
        let share = match strength {
            Strength::Share(share) => share,
            Strength::BurnRate(rate) => rate * slo.error_budget(),
        };
        if share > Decimal::ONE || slo.error_budget().is_zero() {
            return Ok(None);
        }
        // A share of time cannot be simulated if the slices depend on ranges.
        if check_share(self.plan, self.index, float(share)).is_err() {
            return Ok(None);
        }
        let length = expected(slo, float(share / slo.error_budget()));
        let recovery = millis(length);
        let span = Span {
            from: BEGIN,
            to: BEGIN + recovery,
        };
        let alerts = self.alerts(recovery.saturating_add(tail(slo)), |world| {
            if let Some(bad) = world.bad.get_mut(self.index) {
                *bad = Piecewise::of_spans(0.0, &[(span, float(share))], f64::max);
            }
        })?;
        let detection = |severity| {
            let fired: Vec<&AlertTimeline> = alerts
                .iter()
                .filter(|alert| alert.severity == Some(severity))
                .collect();
            let mut all: Vec<Fired> = fired.iter().filter_map(|alert| first(alert)).collect();
            all.sort_by_key(|fired| fired.after);
            let burning: Vec<&AlertTimeline> = fired
                .into_iter()
                .filter(|alert| is_burn_rate(alert) && alert.fires_from(0).is_some())
                .collect();
            let resolved = burning
                .iter()
                .map(|alert| alert.resolved())
                .collect::<Option<Vec<i64>>>();
            let resolved = resolved.and_then(|times| times.into_iter().max());
            all.into_iter().next().map(|alert| Detection {
                alert,
                resolved: resolved.map(|at| duration(at - recovery)),
            })
        };
        Ok(Some(Incident {
            strength,
            length,
            page: detection(Severity::Page),
            ticket: detection(Severity::Ticket),
        }))
    }

    fn situation(&self, situation: Situation) -> Result<Vec<Fired>, Error> {
        let service = self
            .plan
            .slos
            .get(self.index)
            .map_or(0, |planned| planned.service);
        let is_timed = matches!(self.slo()?.sli, Sli::TimeSlices { .. });
        let scrape = millis(self.plan.settings.prometheus.scrape_interval);
        let (index, length) = (self.index, millis(SITUATION));
        let span = |length: i64| Span {
            from: BEGIN,
            to: BEGIN + length,
        };
        let alerts = self.alerts(2 * length, |world| {
            let tick = world.tick;
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
        Ok(all)
    }

    /// Runs the SLO's rules for a time.
    fn alerts(
        &self,
        length: i64,
        change: impl FnOnce(&mut World),
    ) -> Result<Vec<AlertTimeline>, Error> {
        let plan = self.plan;
        let slo = self.slo()?;
        let Some(planned) = plan.slos.get(self.index) else {
            return Ok(Vec::new());
        };
        let services: Vec<_> = plan
            .services
            .get(planned.service)
            .copied()
            .into_iter()
            .collect();
        let mut world = World {
            services: vec![ServiceState::steady(DEFAULT_RATE); plan.services.len()],
            bad: vec![Piecewise::constant(0.0); plan.slos.len()],
            tick: millis(plan.settings.prometheus.interval).max(1),
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
                .is_some_and(|name| *name == slo.name)
        };
        let scenario = Scenario {
            begin: BEGIN,
            end: BEGIN + length,
            history: History::Good,
            budgets: Vec::new(),
            written: Vec::new(),
            world,
        };
        let rules = RuleSet::new(&services, plan.settings, &is_of_slo)?;
        Ok(run(plan, scenario, rules)?.alerts)
    }
}

/// The onset, in milliseconds since 1970: a Monday at noon.
const BEGIN: i64 = 1_704_715_200_000;

/// How long an incident has to last so that both a page and a ticket fire, if they do.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]
fn expected(slo: &Slo, burn_rate: f64) -> Duration {
    let margin = 4 * millis(SLICE) + 2 * millis(Duration::MINUTE);
    let of = |severity: Severity| {
        let hold = millis(severity.default_hold());
        let pairs = slo
            .burn_rate_pairs
            .iter()
            .filter(|pair| pair.severity == severity);
        let pairs = pairs.filter_map(|pair| {
            let factor = float(pair.factor);
            (burn_rate > factor).then(|| pair.long.0 as f64 * factor / burn_rate)
        });
        let budgets = slo
            .budget_alerts
            .iter()
            .filter(|alert| alert.severity == severity);
        let budgets = budgets.map(|alert| slo.window.0 as f64 * float(alert.consumed) / burn_rate);
        let first = pairs.chain(budgets).reduce(f64::min);
        first.map(|first| (first as i64).saturating_add(hold + margin))
    };
    let both = [of(Severity::Page), of(Severity::Ticket)];
    let known = both
        .into_iter()
        .flatten()
        .filter(|length| *length <= millis(LONGEST));
    let length = known.max().unwrap_or_else(|| millis(SITUATION));
    // Whole slices, so that tables of different rules can be compared.
    let slice = millis(SLICE);
    duration((length + slice - 1) / slice * slice)
}

/// How long after an incident burn-rate alerts may fire.
fn tail(slo: &Slo) -> i64 {
    let shorts = slo.burn_rate_pairs.iter().map(|pair| millis(pair.short));
    shorts.max().unwrap_or(0).saturating_add(5 * millis(SLICE))
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
        severity: alert.severity?,
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
