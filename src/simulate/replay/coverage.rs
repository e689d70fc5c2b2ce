//! How far back alerts read series of the server, through everything that is recorded on the way.

use std::collections::BTreeMap;

use nth_engine::rules::{Alerting, Rule};
use nth_model::{RuleLabel, Service};
use nth_promql::{Expr, Node};
use smol_str::SmolStr;

use super::needs::{self, Written};
use super::split::{Origin, origin};
use crate::queries::without_spans;
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
    let read = Read::new(rules);
    let of_rule = |(name, rule): (&SmolStr, &Rule)| match rule {
        Rule::Recording(_) => None,
        Rule::Alerting(rule) => {
            let slo = rule.labels.get(RuleLabel::Slo.name());
            let service = services.iter().find(|service| service.name == *name)?;
            let slo = slo.filter(|slo| service.slos.iter().any(|known| known.name == **slo));
            Some(read.by_alert(name, slo, rule))
        }
    };
    rules.rules().filter_map(of_rule).collect()
}

/// What alerts read.
struct Read<'r> {
    rules: &'r RuleSet,
    written: Written<'r>,
}

impl<'r> Read<'r> {
    fn new(rules: &'r RuleSet) -> Self {
        Self {
            rules,
            written: Written::new(rules.rules().map(|(_, rule)| rule)),
        }
    }

    fn by_alert(&self, service: &SmolStr, slo: Option<&SmolStr>, rule: &Alerting) -> Reach {
        let mut selectors = BTreeMap::new();
        self.collect(&rule.expr, 0, &mut Vec::new(), &mut selectors);
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
        &self,
        expr: &Expr,
        before: i64,
        via: &mut Vec<SmolStr>,
        found: &mut BTreeMap<String, i64>,
    ) {
        for (selector, reach) in needs::reaches(expr) {
            let reach = before.saturating_add(reach);
            if origin(self.rules, selector) != Origin::Rules {
                let text = Expr::new(Node::Selector(without_spans(selector))).to_string();
                let known = found.entry(text).or_insert(0);
                *known = (*known).max(reach);
                continue;
            }
            for (_, rule) in self.written.selected(selector) {
                if !via.contains(&rule.record) {
                    via.push(rule.record.clone());
                    self.collect(&rule.expr, reach, via, found);
                    via.pop();
                }
            }
        }
    }
}

/// Collects what an alert reads.
#[cfg(test)]
pub(super) fn collect_for_tests(rules: &RuleSet, rule: &Rule, found: &mut BTreeMap<String, i64>) {
    Read::new(rules).collect(rule.expr(), 0, &mut Vec::new(), found);
}
