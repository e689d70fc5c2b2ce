//! How far back alerts read series of the server, through everything that is recorded on the way.

use std::collections::BTreeMap;

use nth_engine::rules::{Alerting, Rule};
use nth_model::{RuleLabel, Service};
use nth_promql::classify::exprs;
use nth_promql::{Expr, Node, Selector};
use smol_str::SmolStr;

use super::needs::may_select;
use super::split::{Origin, origin};
use crate::queries::{reach, without_spans};
use crate::rule_groups::RuleSet;

/// How far back an alert reads series of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The service.
    pub service: SmolStr,
    /// The SLO; `None` for a custom alert.
    pub slo: Option<SmolStr>,
    /// The alert's name, as in the rules.
    pub alert: SmolStr,
    /// The alert window of a burn rate, as in the rules: `3d`.
    pub window: Option<SmolStr>,
    /// The selectors of the server's series, with how far back each is read, in milliseconds.
    pub selectors: BTreeMap<String, i64>,
}

/// Returns the reaches of all alerts, in the order of the rules.
pub(super) fn reaches(rules: &RuleSet, services: &[&Service]) -> Vec<Reach> {
    let of_rule = |(name, rule): (&SmolStr, &Rule)| match rule {
        Rule::Recording(_) => None,
        Rule::Alerting(rule) => {
            let slo = rule.labels.get(RuleLabel::Slo.name());
            let service = services.iter().find(|service| service.name == *name)?;
            let slo = slo.filter(|slo| service.slos.iter().any(|known| known.name == **slo));
            Some(of_alert(rules, name, slo, rule))
        }
    };
    rules.rules().filter_map(of_rule).collect()
}

fn of_alert(rules: &RuleSet, service: &SmolStr, slo: Option<&SmolStr>, rule: &Alerting) -> Reach {
    let mut selectors = BTreeMap::new();
    collect(rules, &rule.expr, 0, &mut Vec::new(), &mut selectors);
    Reach {
        service: service.clone(),
        slo: slo.cloned(),
        alert: rule.alert.clone(),
        window: rule.labels.get(RuleLabel::LongWindow.name()).cloned(),
        selectors,
    }
}

/// Collects what a query reads that is evaluated `before` milliseconds before the alert. `via` are the rules on the way.
fn collect(
    rules: &RuleSet,
    expr: &Expr,
    before: i64,
    via: &mut Vec<SmolStr>,
    found: &mut BTreeMap<String, i64>,
) {
    let selectors: Vec<&Selector> = exprs(expr)
        .filter_map(|part| match &part.node {
            Node::Selector(selector) => Some(selector),
            _ => None,
        })
        .collect();
    for selector in selectors {
        let is_this = |other: &Selector| other == selector;
        let reach = before.saturating_add(reach(expr, &is_this));
        if origin(rules, selector) != Origin::Rules {
            let text = Expr::new(Node::Selector(without_spans(selector))).to_string();
            let known = found.entry(text).or_insert(0);
            *known = (*known).max(reach);
            continue;
        }
        for (_, rule) in rules.rules() {
            let Rule::Recording(rule) = rule else {
                continue;
            };
            if may_select(selector, rule) && !via.contains(&rule.record) {
                via.push(rule.record.clone());
                collect(rules, &rule.expr, reach, via, found);
                via.pop();
            }
        }
    }
}

/// Collects what an alert reads.
#[cfg(test)]
pub(super) fn collect_for_tests(rules: &RuleSet, rule: &Rule, found: &mut BTreeMap<String, i64>) {
    collect(rules, rule.expr(), 0, &mut Vec::new(), found);
}
