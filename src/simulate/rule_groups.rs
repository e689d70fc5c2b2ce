//! The generated rules, ready for the engine.

use std::collections::BTreeSet;

use nth_engine::Labels;
use nth_engine::rules::{Alerting, Expand, Group, Observation, Recording, Rule, RuleId};
use nth_model::{Service, Settings};
use nth_promql::{Expr, Selector};
use nth_targets::prometheus::{self, rule_groups};
use smol_str::SmolStr;

use crate::error::Error;
use crate::matching::matches;
use crate::queries::{parsed, readings, seconds_to_millis};
use crate::world::ServiceIndex;

/// The rules of services.
#[derive(Debug, Clone)]
pub struct RuleSet {
    /// The groups.
    pub groups: Vec<Group>,
    /// The name of each group's service.
    pub services: Vec<SmolStr>,
    /// The metrics that the rules record.
    recorded: BTreeSet<SmolStr>,
    /// The selectors of the rules.
    selectors: Vec<Selector>,
}

impl RuleSet {
    /// Reads the rules that the Prometheus target generates. Groups of which `keeps` accepts no rule's labels are omitted.
    pub(crate) fn new(
        services: &[&Service],
        settings: &Settings,
        keeps: &dyn Fn(&prometheus::Rule) -> bool,
    ) -> Result<Self, Error> {
        let (mut groups, mut names) = (Vec::new(), Vec::new());
        for service in services {
            for group in rule_groups(service, settings) {
                if group.rules.iter().any(keeps) {
                    groups.push(read_group(&group)?);
                    names.push(service.name.clone());
                }
            }
        }
        Ok(Self::of_groups(groups, names))
    }

    /// Reads all rules that the Prometheus target generates for services.
    ///
    /// # Errors
    ///
    /// If the engine cannot read a rule.
    pub fn of_services(services: &[&Service], settings: &Settings) -> Result<Self, Error> {
        Self::new(services, settings, &|_| true)
    }

    /// Creates a set of groups, with the name of each one's service.
    pub(crate) fn of_groups(groups: Vec<Group>, services: Vec<SmolStr>) -> Self {
        let mut set = Self {
            groups,
            services,
            recorded: BTreeSet::new(),
            selectors: Vec::new(),
        };
        for rule in set.groups.iter().flat_map(|group| &group.rules) {
            if let Rule::Recording(rule) = rule {
                set.recorded.insert(rule.record.clone());
            }
            for reading in readings(rule.expr()) {
                if !set.selectors.contains(&reading.selector) {
                    set.selectors.push(reading.selector);
                }
            }
        }
        set
    }

    /// True if a rule itself sets a label.
    pub(crate) fn sets_label(&self, id: RuleId, label: &str) -> bool {
        let group = self.groups.get(id.group);
        let rule = group.and_then(|group| group.rules.get(id.rule));
        rule.is_some_and(|rule| rule.labels().contains_key(label))
    }

    /// The longest query offset of a group, in milliseconds.
    pub(crate) fn longest_offset(&self) -> i64 {
        let offsets = self.groups.iter().map(|group| group.query_offset);
        offsets.max().unwrap_or(0)
    }

    /// Omits recording rules that no alert reads, directly or through others.
    pub(crate) fn for_alerts(mut self) -> Self {
        if let Some(metrics) = self.metrics_for_alerts() {
            for group in &mut self.groups {
                group.rules.retain(|rule| is_needed(rule, &metrics));
            }
        }
        self
    }

    /// Returns the metrics that alerts read, directly or through other rules; `None` if a rule reads any metric.
    fn metrics_for_alerts(&self) -> Option<BTreeSet<SmolStr>> {
        let mut metrics = BTreeSet::new();
        loop {
            let before = metrics.len();
            for (_, rule) in self.rules() {
                if is_needed(rule, &metrics) {
                    for reading in readings(rule.expr()) {
                        metrics.insert(reading.selector.metric?.text);
                    }
                }
            }
            if metrics.len() == before {
                return Some(metrics);
            }
        }
    }

    /// Iterates over the rules with their services.
    pub(crate) fn rules(&self) -> impl Iterator<Item = (&SmolStr, &Rule)> {
        let groups = self.groups.iter().zip(&self.services);
        groups.flat_map(|(group, service)| group.rules.iter().map(move |rule| (service, rule)))
    }

    /// Returns the queries of all rules.
    pub(crate) fn exprs(&self) -> impl Iterator<Item = &Expr> {
        self.rules().map(|(_, rule)| rule.expr())
    }

    /// True if a rule reads a series.
    pub(crate) fn reads(&self, labels: &Labels) -> bool {
        self.selectors
            .iter()
            .any(|selector| matches(selector, labels))
    }

    /// True if a selector reads what the rules record.
    pub(crate) fn records(&self, selector: &Selector) -> bool {
        selector
            .metric
            .as_ref()
            .is_some_and(|metric| self.recorded.contains(&metric.text))
    }

    /// True if the rules record a metric.
    pub(crate) fn writes(&self, metric: &str) -> bool {
        self.recorded.contains(metric)
    }

    /// Returns the metrics that the rules record.
    pub(crate) fn written(&self) -> impl Iterator<Item = &str> {
        self.recorded.iter().map(SmolStr::as_str)
    }

    /// Returns the durations for which conditions must hold, in milliseconds, the shortest first.
    pub(crate) fn holds(&self) -> Vec<i64> {
        let holds = self.rules().filter_map(|(_, rule)| match rule {
            Rule::Alerting(rule) => Some(rule.hold),
            Rule::Recording(_) => None,
        });
        let mut holds: Vec<i64> = holds.collect();
        holds.sort_unstable();
        holds.dedup();
        holds
    }

    /// Returns the recording rules of an SLO.
    pub(crate) fn of_slo<'s>(
        &'s self,
        service: &'s str,
        slo: &'s str,
    ) -> impl Iterator<Item = &'s Recording> {
        self.rules().filter_map(move |(of, rule)| match rule {
            Rule::Recording(rule) => {
                let is = of == service && rule.labels.get("slo").is_some_and(|name| name == slo);
                is.then_some(rule)
            }
            Rule::Alerting(_) => None,
        })
    }

    /// Returns the index of a group's service in a plan.
    pub(crate) fn service_of(&self, group: usize, services: &[&Service]) -> Option<ServiceIndex> {
        let name = self.services.get(group)?;
        services.iter().position(|service| service.name == *name)
    }
}

fn is_needed(rule: &Rule, metrics: &BTreeSet<SmolStr>) -> bool {
    match rule {
        Rule::Recording(rule) => metrics.contains(&rule.record),
        Rule::Alerting(_) => true,
    }
}

fn read_group(group: &prometheus::Group) -> Result<Group, Error> {
    Ok(Group {
        name: group.name.as_str().into(),
        interval: duration(&group.interval, &group.name)?.max(1),
        query_offset: match &group.query_offset {
            Some(text) => duration(text, &group.name)?,
            None => 0,
        },
        limit: group
            .limit
            .map_or(0, |limit| usize::try_from(limit).unwrap_or(usize::MAX)),
        rules: group
            .rules
            .iter()
            .map(read_rule)
            .collect::<Result<_, _>>()?,
    })
}

fn read_rule(rule: &prometheus::Rule) -> Result<Rule, Error> {
    let texts = |map: &std::collections::BTreeMap<String, String>| {
        map.iter()
            .map(|(name, text)| (name.into(), text.into()))
            .collect()
    };
    Ok(match rule {
        prometheus::Rule::Recording(rule) => Rule::Recording(Recording {
            record: rule.record.as_str().into(),
            expr: parsed(&rule.expr, &rule.record)?,
            labels: texts(&rule.labels),
        }),
        prometheus::Rule::Alerting(rule) => Rule::Alerting(Alerting {
            alert: rule.alert.as_str().into(),
            expr: parsed(&rule.expr, &rule.alert)?,
            hold: duration(&rule.hold, &rule.alert)?,
            keep_firing: match &rule.keep_firing {
                Some(text) => duration(text, &rule.alert)?,
                None => 0,
            },
            labels: texts(&rule.labels),
            annotations: texts(&rule.annotations),
        }),
    })
}

fn duration(text: &str, name: &str) -> Result<i64, Error> {
    let seconds = nth_promql::seconds(text).ok_or_else(|| Error::Rule {
        name: name.to_owned(),
        reason: format!("invalid duration `{text}`"),
    })?;
    Ok(seconds_to_millis(seconds))
}

/// Expands the templates in labels of generated alerts, which contain literal text only.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Literal;

impl Expand for Literal {
    fn expand(&self, template: &str, _: &Observation) -> String {
        literal(template)
    }

    fn depends_on_labels_only(&self, _: &str) -> bool {
        true
    }
}

/// Reverses [`nth_targets::go_template::escape`].
fn literal(template: &str) -> String {
    const OPEN: &str = "{{ \"";
    const CLOSE: &str = "\" }}";
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once(OPEN) {
        let Some((braces, after)) = after.split_once(CLOSE) else {
            break;
        };
        out.push_str(before);
        out.push_str(braces);
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_labels_are_read_as_they_were() {
        for text in ["payments", "{{ .Labels }}", "a{", "{{{ x }}} {{"] {
            assert_eq!(literal(&nth_targets::go_template::escape(text)), text);
        }
    }
}
