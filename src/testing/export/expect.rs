//! What promtool is to find: firing alerts at all times at which something changes, and recorded ratios.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use nth_engine::eval::{self, Options};
use nth_engine::rules::{ALERT_NAME, AlertHistory, AlertState, Alerting, Rule, RuleId};
use nth_engine::{Evaluated, Labels, Steps, Timestamp};
use smol_str::SmolStr;

use super::document::{AlertTest, ExpectedAlert, ExpectedSample, QueryTest};
use super::recorded::{Source, writer};
use super::seen::Seen;
use super::unit::{Settled, result_labels, times};
use super::values;
use crate::testing::annotations;
use crate::testing::wording::time;

/// What a file expects.
#[derive(Debug, Default)]
pub struct Expectations {
    /// The alerts, of each rule at each time.
    pub alerts: Vec<AlertTest>,
    /// The ratios that the rules record.
    pub queries: Vec<QueryTest>,
}

/// Returns all expectations of a unit.
///
/// # Errors
///
/// If an annotation cannot be expanded, or a query fails.
pub fn expectations(source: &Source<'_>, settled: &Settled) -> Result<Expectations, String> {
    let expecting = Expecting {
        source,
        settled,
        writers: settled
            .world
            .store
            .iter()
            .filter_map(|series| {
                let id = writer(source.simulation, &series.labels)?;
                settled.runs(id).then_some((series.labels, id))
            })
            .collect(),
    };
    let mut found = Expectations::default();
    let mut names: BTreeSet<&SmolStr> = BTreeSet::new();
    for (group, rules) in &settled.world.running {
        let ids = rules.iter().map(|rule| RuleId {
            group: *group,
            rule: *rule,
        });
        names.extend(ids.filter_map(|id| match source.rule(id) {
            Some(Rule::Alerting(rule)) => Some(&rule.alert),
            _ => None,
        }));
    }
    let ratios = expecting.ratios();
    for at in expecting.times() {
        for name in &names {
            found.alerts.push(AlertTest {
                eval_time: time(at - settled.world.start),
                alertname: (*name).to_string(),
                exp_alerts: expecting.firing(name, at)?,
            });
        }
        for ratio in &ratios {
            found.queries.push(expecting.value(ratio, at)?);
        }
    }
    Ok(found)
}

struct Expecting<'e, 's> {
    source: &'e Source<'s>,
    settled: &'e Settled,
    /// The rules that record series in the unit.
    writers: HashMap<Labels, RuleId>,
}

impl Expecting<'_, '_> {
    /// Returns the times at which the first evaluation of the test, the last one, and those before and after a change are.
    fn times(&self) -> BTreeSet<Timestamp> {
        let simulation = self.source.simulation;
        let interval = self.settled.unit.interval;
        let all = || {
            times(simulation.from, simulation.end, interval).filter(|at| *at >= simulation.begin)
        };
        let mut found: BTreeSet<Timestamp> = all().take(1).chain(all().last()).collect();
        for alert in &self.settled.world.alerts {
            let mut before = AlertState::Inactive;
            for transition in &alert.transitions {
                let is_change =
                    (before == AlertState::Firing) != (transition.state == AlertState::Firing);
                before = transition.state;
                if is_change {
                    let both = [transition.at - interval, transition.at];
                    found.extend(both.into_iter().filter(|at| *at >= simulation.begin));
                }
            }
        }
        found
    }

    /// Returns the alerts of a name that fire at a time.
    fn firing(&self, name: &str, at: Timestamp) -> Result<Vec<ExpectedAlert>, String> {
        let all = self.settled.world.alerts.iter();
        let firing = all.filter(|alert| {
            alert.labels.get(ALERT_NAME) == name && alert.state_at(at) == AlertState::Firing
        });
        let mut found = Vec::new();
        for alert in firing {
            let Some(Rule::Alerting(rule)) = self.source.rule(alert.rule) else {
                continue;
            };
            let labels = alert.labels.iter().filter(|(name, _)| *name != ALERT_NAME);
            found.push(ExpectedAlert {
                exp_labels: labels
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .collect(),
                exp_annotations: self.annotations(alert, rule, at)?,
            });
        }
        found.sort_by(|left, right| {
            let key = |one: &ExpectedAlert| (one.exp_labels.clone(), one.exp_annotations.clone());
            key(left).cmp(&key(right))
        });
        Ok(found)
    }

    fn annotations(
        &self,
        alert: &AlertHistory,
        rule: &Alerting,
        at: Timestamp,
    ) -> Result<BTreeMap<String, String>, String> {
        let failed = |problem: String| {
            format!(
                "cannot expand the annotations of `{}`: {problem}",
                rule.alert
            )
        };
        let Some(sample) = alert.observation_at(at) else {
            return Ok(BTreeMap::new());
        };
        // An alert that keeps firing has the annotations of its last sample.
        let mut at = at;
        while rule.keep_firing > 0
            && at > sample.at
            && !self
                .exists(alert.rule, rule, &sample.labels, at)
                .map_err(failed)?
        {
            at -= self.settled.unit.interval;
        }
        annotations::expand(rule, sample, &self.seen(alert.rule, at), at).map_err(failed)
    }

    fn seen(&self, rule: RuleId, at: Timestamp) -> Seen<'_> {
        Seen {
            store: &self.settled.world.store,
            writers: &self.writers,
            rule,
            at,
        }
    }

    fn options(&self) -> Options {
        Options {
            subquery_step: self.settled.unit.interval,
            ..Options::default()
        }
    }

    /// True if the query of an alert returns a series at a time.
    fn exists(
        &self,
        id: RuleId,
        rule: &Alerting,
        labels: &Labels,
        at: Timestamp,
    ) -> Result<bool, String> {
        let seen = self.seen(id, at);
        let evaluated = eval::evaluate(&rule.expr, &seen, Steps::instant(at), &self.options());
        Ok(match evaluated.map_err(|error| error.message)?.0 {
            Evaluated::Vector(series) => series.iter().any(|series| {
                series.labels == *labels && series.points.iter().any(|point| point.is_present())
            }),
            _ => true,
        })
    }

    /// Returns what a ratio is at a time.
    fn value(&self, ratio: &Labels, at: Timestamp) -> Result<QueryTest, String> {
        let series = values::series(ratio);
        // Sums of many series differ in the last digits.
        let rounded = self.query(format!("round({series}, 1e-9)"), at)?;
        if rounded.exp_samples.iter().all(|one| !one.value.is_nan()) {
            return Ok(rounded);
        }
        // promtool does not consider two NaNs equal. Only NaN is not equal to itself.
        self.query(format!("{series} != bool {series}"), at)
    }

    fn query(&self, expr: String, at: Timestamp) -> Result<QueryTest, String> {
        let world = &self.settled.world;
        let failed = |problem: &str| format!("cannot evaluate the query {expr}: {problem}");
        let query = nth_promql::parse(&expr).map_err(|_| failed("syntax error"))?;
        let evaluated = eval::evaluate(&query, &world.store, Steps::instant(at), &self.options());
        let evaluated = evaluated.map_err(|error| failed(&error.message))?;
        let Evaluated::Vector(result) = evaluated.0 else {
            return Err(failed("expected an instant vector"));
        };
        let samples = result.iter().filter_map(|series| {
            Some(ExpectedSample {
                labels: values::series(&result_labels(&series.labels)),
                value: series.points.first()?.float()?,
            })
        });
        Ok(QueryTest {
            exp_samples: samples.collect(),
            expr,
            eval_time: time(at - world.start),
        })
    }

    /// Returns the series of ratios that rules of the unit record, in order.
    fn ratios(&self) -> BTreeSet<&Labels> {
        let recorded = self.writers.iter().filter(|(labels, id)| {
            let is_recording = matches!(self.source.rule(**id), Some(Rule::Recording(_)));
            is_recording && labels.metric().contains(":ratio")
        });
        recorded.map(|(labels, _)| labels).collect()
    }
}

impl Settled {
    /// True if a rule runs in promtool.
    pub fn runs(&self, id: RuleId) -> bool {
        let of_group = self.world.running.get(&id.group);
        of_group.is_some_and(|rules| rules.contains(&id.rule))
    }
}
