//! Splits groups to the number of rules that a ruler accepts.
//!
//! Prometheus evaluates the rules of a group in sequence, and groups in no order. So rules that read a recording rule
//! are in its group, as long as there is room: recording rules that read one another stay together, and alerts are
//! moved first. An alert in another group sees a recorded value one evaluation later.

use std::collections::{BTreeMap, BTreeSet};

use nth_model::Duration;
use nth_promql::{classify, parse};

use super::document::{Group, Rule};

/// The groups of these rules, which are in a valid order of evaluation: `title`, `title-2` and so on, each with at most
/// `most` rules.
pub fn groups(title: &str, interval: Duration, rules: Vec<Rule>, most: usize) -> Vec<Group> {
    let most = most.max(1);
    let parts = if rules.len() <= most {
        vec![rules]
    } else {
        parts(rules, most)
    };
    let name = |index: usize| match index {
        0 => title.to_owned(),
        _ => format!("{title}-{}", index + 1),
    };
    parts
        .into_iter()
        .filter(|rules| !rules.is_empty())
        .enumerate()
        .map(|(index, rules)| Group {
            name: name(index),
            interval: interval.to_string(),
            query_offset: None,
            eval_delay: None,
            source_tenants: Vec::new(),
            partial_response_strategy: None,
            limit: None,
            rules,
        })
        .collect()
}

/// Splits the rules into parts of at most `most`: first recording rules, those that read one another together, then
/// alerts.
fn parts(rules: Vec<Rule>, most: usize) -> Vec<Vec<Rule>> {
    let mut parts: Vec<Vec<Rule>> = vec![Vec::new()];
    let mut put = |together: Vec<Rule>| {
        let fits = |part: &Vec<Rule>| part.len() + together.len() <= most;
        if !parts.last().is_some_and(fits) && together.len() <= most {
            parts.push(Vec::new());
        }
        for rule in together {
            if parts.last().is_none_or(|part| part.len() == most) {
                parts.push(Vec::new());
            }
            if let Some(part) = parts.last_mut() {
                part.push(rule);
            }
        }
    };
    let (recordings, alerts): (Vec<_>, Vec<_>) = rules
        .into_iter()
        .partition(|rule| matches!(rule, Rule::Recording(_)));
    for together in group_connected(recordings) {
        put(together);
    }
    for alert in alerts {
        put(vec![alert]);
    }
    parts
}

/// The sets of recording rules that read one another, each set in the given order, and the sets in the order of their
/// first rules.
fn group_connected(recordings: Vec<Rule>) -> Vec<Vec<Rule>> {
    let names: Vec<String> = recordings.iter().map(recorded_metric).collect();
    let mut set: Vec<usize> = (0..recordings.len()).collect();
    let index: BTreeMap<&str, usize> = names
        .iter()
        .enumerate()
        .map(|(index, name)| (name.as_str(), index))
        .collect();
    for (reader, rule) in recordings.iter().enumerate() {
        for read in read_metrics(rule) {
            let Some(read) = index.get(read.as_str()) else {
                continue;
            };
            let (of_reader, of_read) = (set[reader], set[*read]);
            let (kept, merged) = (of_reader.min(of_read), of_reader.max(of_read));
            for other in &mut set {
                if *other == merged {
                    *other = kept;
                }
            }
        }
    }
    let mut sets: BTreeMap<usize, Vec<Rule>> = BTreeMap::new();
    for (set, rule) in set.into_iter().zip(recordings) {
        sets.entry(set).or_default().push(rule);
    }
    sets.into_values().collect()
}

fn recorded_metric(rule: &Rule) -> String {
    match rule {
        Rule::Recording(rule) => rule.record.clone(),
        Rule::Alerting(rule) => rule.alert.clone(),
    }
}

/// The metrics that a rule reads.
fn read_metrics(rule: &Rule) -> BTreeSet<String> {
    let text = match rule {
        Rule::Recording(rule) => &rule.expr,
        Rule::Alerting(rule) => &rule.expr,
    };
    // The text was printed from a tree and can be parsed.
    let Ok(expr) = parse(text) else {
        return BTreeSet::new();
    };
    classify::metrics(&expr)
        .filter_map(|selector| selector.metric.as_ref())
        .map(|metric| metric.text.to_string())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prometheus::document::{AlertingRule, RecordingRule};

    fn recording(record: &str, expr: &str) -> Rule {
        Rule::Recording(RecordingRule {
            record: record.into(),
            expr: expr.into(),
            labels: BTreeMap::new(),
        })
    }

    fn alert(alert: &str, expr: &str) -> Rule {
        Rule::Alerting(AlertingRule {
            alert: alert.into(),
            expr: expr.into(),
            hold: "1m".into(),
            keep_firing: None,
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
        })
    }

    fn summarize(groups: &[Group]) -> Vec<String> {
        let names = |group: &Group| {
            group
                .rules
                .iter()
                .map(recorded_metric)
                .collect::<Vec<_>>()
                .join(" ")
        };
        groups
            .iter()
            .map(|group| format!("{}: {}", group.name, names(group)))
            .collect()
    }

    #[test]
    fn few_rules_are_one_group_in_their_order() {
        let rules = vec![
            recording("a", "x"),
            alert("A", "a > 1"),
            recording("b", "a"),
        ];
        let groups = groups("g", Duration::MINUTE, rules, 3);
        assert_eq!(summarize(&groups), ["g: a A b"]);
    }

    #[test]
    fn what_reads_a_recording_stays_with_it() {
        let rules = vec![
            recording("a", "x"),
            recording("b", "y"),
            recording("c", "sum(b)"),
            recording("d", "sum(a)"),
            alert("A", "d > 1"),
            alert("B", "c > 1"),
        ];
        let groups = groups("g", Duration::MINUTE, rules, 3);
        assert_eq!(summarize(&groups), ["g: a d", "g-2: b c A", "g-3: B"]);
    }

    #[test]
    fn a_chain_that_is_too_long_goes_on_in_the_next_group() {
        let rules = vec![
            recording("a", "x"),
            recording("b", "a"),
            recording("c", "b"),
        ];
        let groups = groups("g", Duration::MINUTE, rules, 2);
        assert_eq!(summarize(&groups), ["g: a b", "g-2: c"]);
    }
}
