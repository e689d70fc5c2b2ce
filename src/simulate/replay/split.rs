//! The parts of queries that a server evaluates.

use std::collections::HashMap;

use nth_engine::METRIC_NAME;
use nth_engine::rules::{ALERTS, Group, Rule, RuleId};
use nth_promql::classify::exprs;
use nth_promql::{
    At, Duration, DurationNode, Expr, MatchOp, Matcher, MetricName, Modifiers, Node, Selector,
    Span, Type,
};
use smol_str::{SmolStr, format_smolstr};

use crate::error::Error;
use crate::rule_groups::RuleSet;
use crate::run::greatest_common_divisor;

/// Where the series of a selector come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The server has them.
    Server,
    /// The rules write them.
    Rules,
    /// Perhaps both.
    Unclear,
}

/// A query for the server.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) text: String,
    pub(super) interval: i64,
    /// The rules that read it.
    pub(super) rules: Vec<RuleId>,
    pub(super) first: SmolStr,
    pub(super) service: SmolStr,
}

/// The division of rules between the server and the engine.
pub(super) struct Split<'r> {
    rules: &'r RuleSet,
    pub(super) asked: Vec<Asked>,
    known: HashMap<(String, i64), usize>,
}

/// The metric in which the result of a query is stored.
pub(super) fn name(index: usize) -> SmolStr {
    format_smolstr!("nth_replay_{index}")
}

/// Returns where the series of a selector come from.
pub(super) fn origin(rules: &RuleSet, selector: &Selector) -> Origin {
    let writes = |metric: &str| {
        metric == ALERTS || metric == nth_engine::rules::ALERTS_FOR_STATE || rules.writes(metric)
    };
    let is_name = |matcher: &&Matcher| matcher.label == METRIC_NAME;
    let names: Vec<&Matcher> = selector.matchers.iter().filter(is_name).collect();
    let exact = selector.metric.as_ref().map(|metric| metric.text.as_str());
    let exact = exact.or_else(|| {
        let equal = names.iter().find(|matcher| matcher.op == MatchOp::Equal)?;
        equal.value.text()
    });
    match exact {
        Some(metric) if writes(metric) => Origin::Rules,
        Some(_) => Origin::Server,
        None => {
            let may_be = |metric: &str| {
                names.iter().all(|matcher| {
                    let text = matcher.value.text().unwrap_or_default();
                    match matcher.op {
                        MatchOp::Matches => nth_promql::matches_any(text, [metric]).unwrap_or(true),
                        MatchOp::NotMatches => {
                            !nth_promql::matches_any(text, [metric]).unwrap_or(false)
                        }
                        MatchOp::NotEqual => text != metric,
                        MatchOp::Equal => text == metric,
                    }
                })
            };
            if rules.written().chain([ALERTS]).any(may_be) {
                Origin::Unclear
            } else {
                Origin::Server
            }
        }
    }
}

/// The rule whose query is divided.
struct Reader<'r> {
    id: RuleId,
    name: &'r SmolStr,
    service: &'r SmolStr,
    interval: i64,
}

impl Reader<'_> {
    fn error(&self, reason: impl Into<String>) -> Error {
        Error::Rule {
            name: self.name.to_string(),
            reason: reason.into(),
        }
    }
}

impl<'r> Split<'r> {
    pub(super) fn new(rules: &'r RuleSet) -> Self {
        Self {
            rules,
            asked: Vec::new(),
            known: HashMap::new(),
        }
    }

    /// Returns the groups, with selectors of results instead of what the server evaluates.
    pub(super) fn groups(&mut self) -> Result<Vec<Group>, Error> {
        let rules = self.rules;
        let mut groups = rules.groups.clone();
        for (index, (group, service)) in groups.iter_mut().zip(&rules.services).enumerate() {
            // The results of the server have a sample at each time that the rules query.
            let interval = greatest_common_divisor(group.interval, group.query_offset);
            for (rule_index, rule) in group.rules.iter_mut().enumerate() {
                let name = rule.name().clone();
                let reader = Reader {
                    id: RuleId {
                        group: index,
                        rule: rule_index,
                    },
                    name: &name,
                    service,
                    interval,
                };
                let divided = self.divide(rule.expr(), &reader, false)?;
                match rule {
                    Rule::Recording(rule) => rule.expr = divided,
                    Rule::Alerting(rule) => rule.expr = divided,
                }
            }
        }
        Ok(groups)
    }

    /// Replaces the largest parts that the server can evaluate.
    fn divide(&mut self, expr: &Expr, reader: &Reader<'_>, inside: bool) -> Result<Expr, Error> {
        let mut origins = exprs(expr).filter_map(|part| match &part.node {
            Node::Selector(selector) => Some((selector, origin(self.rules, selector))),
            _ => None,
        });
        let (mut reads_server, mut reads_rules) = (false, false);
        for (selector, origin) in &mut origins {
            match origin {
                Origin::Server => reads_server = true,
                Origin::Rules => reads_rules = true,
                Origin::Unclear => {
                    let shown = Expr::new(Node::Selector(selector.clone()));
                    return Err(reader.error(format!(
                        "`{shown}` may select both recorded and other series; name its metric"
                    )));
                }
            }
        }
        drop(origins);
        if !reads_server {
            return Ok(expr.clone());
        }
        let (of, _) = nth_promql::infer(expr, &[]);
        if !reads_rules && of == Some(Type::InstantVector) {
            if inside {
                return Err(reader.error(format!(
                    "a subquery reads `{expr}` together with recorded series; record it with a rule of its own"
                )));
            }
            if let Some(reason) = depends_on_range(expr) {
                return Err(reader.error(reason));
            }
            return Ok(self.ask(expr, reader));
        }
        if !reads_rules && of != Some(Type::Scalar) {
            return Err(reader.error(format!(
                "a function reads the range `{expr}` together with recorded series; record its result with a rule of its own"
            )));
        }
        let mut divided = expr.clone();
        for child in children_mut(&mut divided.node) {
            let inside = inside || matches!(expr.node, Node::Subquery(_));
            *child = self.divide(child, reader, inside)?;
        }
        Ok(divided)
    }

    fn ask(&mut self, expr: &Expr, reader: &Reader<'_>) -> Expr {
        let key = (expr.to_string(), reader.interval);
        let index = match self.known.get(&key) {
            Some(index) => *index,
            None => {
                let index = self.asked.len();
                self.asked.push(Asked {
                    text: key.0.clone(),
                    interval: key.1,
                    rules: Vec::new(),
                    first: reader.name.clone(),
                    service: reader.service.clone(),
                });
                self.known.insert(key, index);
                index
            }
        };
        if let Some(asked) = self.asked.get_mut(index) {
            asked.rules.push(reader.id);
        }
        Expr::new(Node::Selector(Selector {
            metric: Some(MetricName {
                text: name(index),
                span: Span::new(0, 0),
            }),
            matchers: Vec::new(),
            modifiers: Modifiers::default(),
        }))
    }
}

/// Returns why a query has other results in a range than at each time; `None` if it has not.
fn depends_on_range(expr: &Expr) -> Option<String> {
    let moves = |modifiers: &Modifiers| matches!(modifiers.at, Some(At::Start | At::End));
    let depends = exprs(expr).any(|part| match &part.node {
        Node::Selector(selector) => moves(&selector.modifiers),
        Node::Modified(_, modifiers) => moves(modifiers),
        Node::Range(_, range) => is_computed(range),
        Node::Subquery(subquery) => {
            moves(&subquery.modifiers)
                || is_computed(&subquery.range)
                || subquery.step.as_ref().is_some_and(is_computed)
        }
        _ => false,
    });
    depends.then(|| {
        format!("`{expr}` depends on the range of the query: write it without `start()`, `end()`, `step()` and `range()`")
    })
}

fn is_computed(duration: &Duration) -> bool {
    match &duration.node {
        DurationNode::Literal(_) | DurationNode::Window | DurationNode::Hole(_) => false,
        DurationNode::Paren(inner) | DurationNode::Unary(_, inner) => is_computed(inner),
        DurationNode::Binary(_, left, right) => is_computed(left) || is_computed(right),
        DurationNode::Call(..) => true,
    }
}

/// Returns the direct operands of an expression.
fn children_mut(node: &mut Node) -> Vec<&mut Expr> {
    match node {
        Node::Number(_) | Node::String(_) | Node::Selector(_) | Node::Hole(_) => Vec::new(),
        Node::Range(inner, _)
        | Node::Unary(_, inner)
        | Node::Paren(inner)
        | Node::Modified(inner, _) => {
            vec![inner]
        }
        Node::Subquery(subquery) => vec![&mut subquery.expr],
        Node::Call(call) => call.args.iter_mut().collect(),
        Node::Aggregate(aggregate) => {
            let mut all: Vec<&mut Expr> = aggregate.param.iter_mut().collect();
            all.push(&mut aggregate.expr);
            all
        }
        Node::Binary(binary) => vec![&mut binary.left, &mut binary.right],
    }
}
