//! Hover: the rules generated for a service, an SLO, an alert or a recording rule.

use nthc::backends::prometheus::{Group, Rule, rule_groups};
use nthc::db::ItemKey;
use nthc::eval::BlockRef;
use nthc::schema::names::kind;
use smol_str::SmolStr;

use crate::features::human;
use crate::features::markup::{Line, Markup};
use crate::features::source::Source;

/// Maximum length of an expression shown, in characters.
const LONGEST: usize = 100;
/// Maximum number of rules of one kind shown.
const MOST: usize = 9;

/// Number of rules of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Alerts.
    pub alerts: usize,
    /// Recording rules.
    pub recordings: usize,
}

impl Counts {
    fn new(groups: &[Group]) -> Self {
        let mut counts = Self::default();
        for rule in groups.iter().flat_map(|group| &group.rules) {
            match rule {
                Rule::Alerting(_) => counts.alerts += 1,
                Rule::Recording(_) => counts.recordings += 1,
            }
        }
        counts
    }

    /// "4 alerts, 12 recordings"
    pub fn words(self) -> String {
        format!(
            "{}, {}",
            human::count(self.alerts, "alert"),
            human::count(self.recordings, "recording")
        )
    }
}

/// The rule groups of a service in an environment; `None` if it has no model.
fn groups(
    source: &Source<'_>,
    service: ItemKey,
    environment: &Option<SmolStr>,
) -> Option<Vec<Group>> {
    let model = source.service(service, environment)?;
    Some(rule_groups(model, &source.settings_in(environment)))
}

/// The number of rules of a service in an environment, as in a build; `None` if it has no model.
pub fn counts(
    source: &Source<'_>,
    service: ItemKey,
    environment: &Option<SmolStr>,
) -> Option<Counts> {
    Some(Counts::new(&groups(source, service, environment)?))
}

/// An expression on one line, shortened.
pub fn shorten_expr(expr: &str) -> String {
    let line = expr.split_whitespace().collect::<Vec<_>>().join(" ");
    // Parentheses that the formatter broke into lines are joined.
    let line = line.replace("( ", "(").replace(" )", ")");
    if line.chars().count() <= LONGEST {
        return line;
    }
    let cut: String = line.chars().take(LONGEST).collect();
    format!("{} …", cut.trim_end())
}

/// The rules of an SLO.
pub fn slo_rules(source: &Source<'_>, block: &BlockRef) -> Markup {
    let Some((_, name)) = block.path.first() else {
        return Markup::default();
    };
    let made = source.everywhere(|environment| {
        let service = source.service(block.item, environment)?;
        let groups = groups(source, block.item, environment)?;
        Some(rules_of(groups, service, name))
    });
    let Some((environments, groups)) = made.into_iter().next() else {
        return Markup::default();
    };
    let counts = Counts::new(&groups);
    let intro = Line::default().text(format!("Generates {}", counts.words()));
    let intro = match environments.as_slice() {
        [] => intro.text(":"),
        names => intro.text("; in ").codes(names.to_vec()).text(" they are:"),
    };
    Markup::default()
        .line(intro)
        .block("yaml", rule_list(&groups))
}

/// The groups of a service with the rules of one SLO.
fn rules_of(mut groups: Vec<Group>, service: &nthc::ir::Service, slo: &str) -> Vec<Group> {
    let own = service.slos.iter().any(|known| known.name == slo);
    for group in &mut groups {
        group.rules.retain(|rule| {
            let labels = match rule {
                Rule::Alerting(rule) => &rule.labels,
                Rule::Recording(rule) => &rule.labels,
            };
            own && labels.get("slo").is_some_and(|label| label == slo)
        });
    }
    groups.retain(|group| !group.rules.is_empty());
    groups
}

/// Rules as in a rule file, alerts first, without labels and annotations.
fn rule_list(groups: &[Group]) -> String {
    let rules = || groups.iter().flat_map(|group| &group.rules);
    let mut lines = Vec::new();
    let alerts = rules().filter_map(|rule| match rule {
        Rule::Alerting(rule) => {
            let told = |label: &str| {
                let value = rule.labels.get(label)?;
                Some(format!("{label} {value}"))
            };
            let labels = ["severity", "long_window", "budget_consumed"];
            let labels: Vec<String> = labels.into_iter().filter_map(told).collect();
            Some(format!(
                "- alert: {} # {}\n  expr: {}",
                rule.alert,
                labels.join(", "),
                shorten_expr(&rule.expr)
            ))
        }
        Rule::Recording(_) => None,
    });
    let recordings = rules().filter_map(|rule| match rule {
        Rule::Recording(rule) => Some(format!(
            "- record: {}\n  expr: {}",
            rule.record,
            shorten_expr(&rule.expr)
        )),
        Rule::Alerting(_) => None,
    });
    push_first(alerts.collect(), "alerts", &mut lines);
    push_first(recordings.collect(), "recordings", &mut lines);
    lines.join("\n")
}

fn push_first(rules: Vec<String>, what: &str, lines: &mut Vec<String>) {
    let more = rules.len().saturating_sub(MOST);
    lines.extend(rules.into_iter().take(MOST));
    if more > 0 {
        lines.push(format!("# and {more} more {what}"));
    }
}

/// The complete rule of an alert or a recording of a service.
pub fn rule(source: &Source<'_>, block: &BlockRef) -> Markup {
    let made = source.everywhere(|environment| {
        let service = source.service(block.item, environment)?;
        let groups = groups(source, block.item, environment)?;
        if let Some((of, slo)) = block.path.first()
            && of == kind::SLO
        {
            let mut rules = groups.into_iter().flat_map(|group| group.rules);
            return rules.find(|rule| match rule {
                Rule::Recording(rule) => {
                    rule.record == block.name && rule.labels.get("slo").is_some_and(|of| of == slo)
                }
                Rule::Alerting(_) => false,
            });
        }
        let (group, number) = match block.kind.as_str() {
            kind::ALERT => {
                let name = match block.path.as_slice() {
                    [(_, dependency), _] => format!("{dependency}-{}", block.name),
                    _ => block.name.to_string(),
                };
                let number = service
                    .alerts
                    .iter()
                    .position(|alert| alert.name == *name)?;
                (format!("{}-alerts", service.name), number)
            }
            _ => {
                let mut recordings = service.recordings.iter();
                let number = recordings.position(|known| known.record == block.name)?;
                (format!("{}-recordings", service.name), number)
            }
        };
        // A service's own alerts and recordings have one rule each, in source order.
        let group = groups.into_iter().find(|known| known.name == group)?;
        group.rules.into_iter().nth(number)
    });
    let mut markup = Markup::default();
    for (environments, rule) in made {
        let place = match environments.as_slice() {
            [] => Line::default(),
            names => Line::default().text(" in ").codes(names.to_vec()),
        };
        let (what, expr) = match &rule {
            Rule::Alerting(rule) => (
                Line::default()
                    .text("The rule ")
                    .code(rule.alert.clone())
                    .text(format!(", for {}", rule.hold)),
                &rule.expr,
            ),
            Rule::Recording(rule) => (
                Line::default().text("The rule ").code(rule.record.clone()),
                &rule.expr,
            ),
        };
        markup = markup.line(what.then(place).text(":")).query(expr.clone());
    }
    markup
}

/// The windows for which the rules evaluate `$window` of an SLO, shortest first, as in the rules.
pub fn windows(source: &Source<'_>, block: &BlockRef) -> Vec<String> {
    let Some((_, name)) = block.path.first().filter(|(kind, _)| kind == kind::SLO) else {
        return Vec::new();
    };
    let environment = source.environments().into_iter().next().flatten();
    let Some(groups) = groups(source, block.item, &environment) else {
        return Vec::new();
    };
    let mut windows: Vec<String> = Vec::new();
    for rule in groups.iter().flat_map(|group| &group.rules) {
        if let Rule::Recording(rule) = rule
            && rule.labels.get("slo").map(String::as_str) == Some(name.as_str())
            && let Some(window) = rule.labels.get("window")
            && !windows.contains(window)
        {
            windows.push(window.clone());
        }
    }
    windows
}
