//! Queries of facts: over recorded series, and over the alerts themselves.

use rust_decimal::Decimal;

use crate::series_names::{
    BUDGET_REMAINING, COVERAGE, ERROR_BUDGET, ERROR_RATIO, INFO, LONGEST_RAW, PERIOD_LENGTH,
    of_contract,
};
use nth_model::burn_rate::budget_time;
use nth_model::gate::{Fact, Objective, PromisedBy};
use nth_model::number::decimal_text;
use nth_model::{Duration, Service, Settings, Severity};
use nth_promql::{BinaryOp, Expr, MatchOp, build, escape_regex};

/// The resolution for detecting the start of alerts. Alerts have a sample at every evaluation of the rules, and each is
/// visible for five minutes.
const STEP: &str = "1m";

/// The context of the queries of a service's facts.
#[derive(Clone, Copy)]
pub struct Queries<'a> {
    /// The service.
    pub service: &'a Service,
    /// The project's settings.
    pub settings: &'a Settings,
}

impl Queries<'_> {
    /// The query of a fact: one sample without labels, or none; never NaN or an infinity. `None` for a fact that is
    /// known without a query.
    pub fn query(self, fact: &Fact) -> Option<Expr> {
        let query = match fact {
            Fact::Budget(objective) => self.budget(objective),
            Fact::BudgetTime(objective)
                if objective.by.is_empty() || objective.contract.is_some() =>
            {
                build::binary(
                    BinaryOp::Multiply,
                    self.budget(objective),
                    self.budget_seconds(objective),
                )
            }
            // A group may have an objective of its own.
            Fact::BudgetTime(objective) => {
                let whole = build::binary(
                    BinaryOp::Multiply,
                    self.recorded_value(ERROR_BUDGET, objective),
                    number(objective.window.as_seconds()),
                );
                let left = self.recorded_value(BUDGET_REMAINING, objective);
                let left = build::binary(BinaryOp::Multiply, left, whole);
                build::aggregate("min", None, left)
            }
            Fact::Burn(objective, over) => {
                let ratio = self.recorded_value(&format!("{ERROR_RATIO}{over}"), objective);
                // The unknown part of a window counts as nothing consumed.
                let known = (*over > LONGEST_RAW)
                    .then(|| self.recorded_value(&format!("{COVERAGE}{over}"), objective));
                let spent = match known {
                    Some(known) => build::binary(BinaryOp::Multiply, ratio, known),
                    None => ratio,
                };
                if objective.by.is_empty() {
                    let allowed = number(Decimal::ONE - objective.objective);
                    build::binary(BinaryOp::Divide, spent, allowed)
                } else {
                    let allowed = self.recorded_value(ERROR_BUDGET, objective);
                    let burn = build::binary(BinaryOp::Divide, spent, allowed);
                    build::aggregate("max", None, burn)
                }
            }
            Fact::Firing(severity) => self.where_rules_are(or_zero(build::aggregate(
                "count",
                None,
                self.firing_alerts([severity]),
            ))),
            Fact::Incidents(over) => self.where_rules_are(or_zero(self.incidents(*over))),
            Fact::DeployAge => build::binary(
                BinaryOp::Subtract,
                build::call("time", Vec::new()),
                self.deploy_time()?,
            ),
            Fact::Deploys(over) => build::call(
                "changes",
                vec![build::subquery(
                    self.deploy_time()?,
                    over.to_string(),
                    Some(STEP),
                )],
            ),
            Fact::Dependents => return None,
        };
        Some(drop_non_finite(query))
    }

    /// The window of a fact that may be partly unknown, with the query of its known share: one sample without labels,
    /// or none.
    pub fn coverage(&self, fact: &Fact) -> Option<(String, Expr)> {
        let (objective, window) = match fact {
            Fact::Budget(objective) | Fact::BudgetTime(objective) => {
                (objective, objective.window_name())
            }
            Fact::Burn(objective, over) if *over > LONGEST_RAW => (objective, over.to_string()),
            _ => return None,
        };
        // Of groups, that which is known for longest: one that is new is not a gap.
        let known = self.window_value(&format!("{COVERAGE}{window}"), objective);
        let known = match objective.by.is_empty() {
            true => known,
            false => build::aggregate("max", None, known),
        };
        Some((window, known))
    }

    /// The labels of a service's series, besides that of an SLO.
    fn labels<'l>(&'l self, service: &'l str) -> Vec<(&'l str, &'l str)> {
        self.settings
            .scope()
            .chain([("service", service)])
            .collect()
    }

    /// The value of a recorded series of an SLO, for each of its groups.
    fn recorded_value(&self, metric: &str, objective: &Objective) -> Expr {
        self.value_of(metric, objective, None)
    }

    /// The value of a recorded series of the window of an SLO or a contract, for each group.
    fn window_value(&self, metric: &str, objective: &Objective) -> Expr {
        let contract = objective.contract.as_deref();
        self.value_of(
            metric,
            objective,
            contract.filter(|contract| !contract.shares_window),
        )
    }

    /// The value of a recorded series of an SLO, or of what it is of a contract.
    fn value_of(&self, metric: &str, objective: &Objective, contract: Option<&PromisedBy>) -> Expr {
        let mut labels = self.labels(&objective.service);
        labels.push(("slo", &objective.slo));
        let metric = match contract {
            Some(contract) => {
                labels.push(("contract", &contract.name));
                of_contract(metric)
            }
            None => metric.to_owned(),
        };
        let by: Vec<&str> = objective.by.iter().map(String::as_str).collect();
        let groups = (!by.is_empty()).then(|| build::by_labels(&by));
        build::aggregate("max", groups, build::selector(&metric, &labels))
    }

    /// The share of an error budget that is left: of groups, that of the worst.
    fn budget(&self, objective: &Objective) -> Expr {
        let left = self.value_of(BUDGET_REMAINING, objective, objective.contract.as_deref());
        match objective.by.is_empty() {
            true => left,
            false => build::aggregate("min", None, left),
        }
    }

    /// The error budget of the SLO window, in seconds of full downtime.
    fn budget_seconds(&self, objective: &Objective) -> Expr {
        match objective.calendar {
            Some(_) => build::binary(
                BinaryOp::Multiply,
                self.period_length(objective),
                number(Decimal::ONE - objective.objective),
            ),
            None => number(budget_time(objective.objective, objective.window).as_seconds()),
        }
    }

    /// The length of the current period, which is one for all groups.
    fn period_length(&self, objective: &Objective) -> Expr {
        let whole = Objective {
            by: Vec::new(),
            ..objective.clone()
        };
        self.window_value(PERIOD_LENGTH, &whole)
    }

    /// The number of firing alerts of the service with one of these severities.
    fn firing_alerts<'s>(&self, severities: impl IntoIterator<Item = &'s Severity>) -> Expr {
        let labels: Vec<&str> = severities.into_iter().map(Severity::label).collect();
        let severity = match labels.as_slice() {
            [one] => build::matcher("severity", MatchOp::Equal, *one),
            several => {
                let several: Vec<String> = several.iter().map(|one| escape_regex(one)).collect();
                build::matcher("severity", MatchOp::Matches, several.join("|"))
            }
        };
        let mut matchers = vec![
            build::matcher("alertstate", MatchOp::Equal, "firing"),
            severity,
        ];
        let own = self.labels(&self.service.name).into_iter();
        matchers.extend(own.map(|(label, value)| build::matcher(label, MatchOp::Equal, value)));
        build::selector_with("ALERTS", matchers)
    }

    /// The number of times that a first page began to fire: one fires now, and none did a step before.
    fn incidents(&self, over: Duration) -> Expr {
        let pages = || self.firing_alerts(self.settings.severities.paging());
        let now = build::aggregate("max", None, pages());
        let before = build::offset(pages(), STEP);
        let before = build::aggregate("max", None, before);
        let began = build::binary(BinaryOp::Unless, now, before);
        let range = build::subquery(build::paren(began), over.to_string(), Some(STEP));
        build::call("count_over_time", vec![range])
    }

    /// A count of alerts if the service's rules are evaluated; otherwise, no firing alert would mean nothing.
    fn where_rules_are(&self, count: Expr) -> Expr {
        if self.service.slos.is_empty() {
            return count;
        }
        let info = build::selector(INFO, &self.labels(&self.service.name));
        let there = build::aggregate("group", None, info);
        build::binary(BinaryOp::And, count, there)
    }

    fn deploy_time(&self) -> Option<Expr> {
        let query = self.service.deployed.clone()?;
        Some(build::aggregate("max", None, query))
    }
}

/// A number as a PromQL literal.
pub fn number(number: Decimal) -> Expr {
    build::number(decimal_text(number))
}

/// `expr or vector(0)`: no series means 0.
fn or_zero(count: Expr) -> Expr {
    build::binary(BinaryOp::Or, count, build::vector("0"))
}

/// Removes NaN and the infinities, which are not data.
fn drop_non_finite(query: Expr) -> Expr {
    let above = build::binary(BinaryOp::Less, build::number("-Inf"), query);
    build::binary(BinaryOp::Less, above, build::number("Inf"))
}
