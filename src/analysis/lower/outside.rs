//! Alerts and recording rules outside of any service. Those of a team are one model, named after the team.

use std::collections::BTreeMap;
use std::sync::Arc;

use smol_str::SmolStr;

use super::read::{block_name, labels, query};
use super::{Lowered, lints, recordings, service, signal, team, time_units};
use crate::db::{Diag, ItemEntry, ItemKey, Span, Workspace};
use crate::environment::instead_of_pages;
use crate::eval::{Instance, instance};
use crate::schema::names::{field, kind};
use crate::severities::severities;
use nth_model as ir;
use nth_promql as promql;

/// A lowered rule.
#[derive(Debug, Clone, PartialEq, Eq)]
enum OneRule {
    Alert(Box<ir::Alert>),
    Recording(ir::Recording),
    Skipped(ir::SkippedRule),
}

/// An alert or a recording rule at the top level of a file, in an environment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OutsideRule {
    /// The team that owns it; `None` if it has errors, or does not exist in the environment.
    pub team: Option<SmolStr>,
    /// Its diagnostics.
    pub diagnostics: Vec<Diag>,
    /// `None` if errors prevent it.
    rule: Option<OneRule>,
    /// The place of its head.
    head: Option<Span>,
    escalation: Option<ir::EscalationRef>,
}

/// Evaluates and lowers an alert or a recording rule at the top level of a file.
#[salsa::tracked(returns(ref))]
pub fn outside_rule(
    db: &dyn salsa::Database,
    workspace: Workspace,
    key: ItemKey,
    environment: Option<SmolStr>,
) -> Arc<OutsideRule> {
    let evaluated = instance(db, workspace, key, environment.clone());
    let mut lowered = OutsideRule {
        diagnostics: evaluated.diagnostics.clone(),
        ..OutsideRule::default()
    };
    if let Some(block) = &evaluated.instance {
        lowered.head = Some(block.head);
        lowered.team = block_name(block.get(field::TEAM));
        lowered.escalation = team::escalation_of(db, workspace, environment.as_ref(), block);
        let scrapes = workspace.scrape_interval(db);
        let surroundings = OutsideContext {
            absences: signal::Absences::new(db, block),
            severities: severities(db, workspace, environment),
            scrapes,
        };
        lowered.rule = one_rule(block, &surroundings, &mut lowered.diagnostics);
    }
    Arc::new(lowered)
}

/// What a rule is lowered with, besides its block.
struct OutsideContext<'a> {
    absences: signal::Absences<'a>,
    severities: &'a ir::Severities,
    scrapes: ir::Duration,
}

fn one_rule(
    block: &Instance,
    context: &OutsideContext<'_>,
    diagnostics: &mut Vec<Diag>,
) -> Option<OneRule> {
    let OutsideContext {
        absences,
        severities,
        scrapes,
    } = context;
    let is_alert = block.kind == kind::ALERT;
    let read = if is_alert { field::WHEN } else { field::QUERY };
    let missing = absences.in_query(block.get(read));
    if !missing.is_empty() {
        let rule = if is_alert {
            ir::Rule::Alert
        } else {
            ir::Rule::Recording
        };
        let omission = signal::Omission::new(rule, block.name.clone(), block, missing, absences);
        return Some(OneRule::Skipped(omission.left_out));
    }
    if is_alert {
        let alert = service::lower_alert(block, None, severities)?;
        lints::check_alert(block, block, &alert, *scrapes, diagnostics);
        time_units::check_alert(block, &alert, diagnostics);
        return Some(OneRule::Alert(Box::new(alert)));
    }
    recordings::check_metric_name(block, diagnostics);
    Some(OneRule::Recording(ir::Recording {
        record: block.name.clone(),
        query: query(block.get(field::QUERY))?,
        labels: labels(block.get(field::LABELS)),
    }))
}

/// Collects the rules of a team outside of any service. Its diagnostics are about several of them; those of a single one are its
/// own.
pub(super) fn team_rules(
    db: &dyn salsa::Database,
    workspace: Workspace,
    team: &ItemEntry,
    environment: Option<SmolStr>,
) -> Lowered {
    let mut diagnostics = Vec::new();
    let mut alerts: Vec<(ir::Alert, Span)> = Vec::new();
    let mut recordings = Vec::new();
    let mut skipped_rules = Vec::new();
    let mut escalation = None;
    for key in workspace.outside_rules(db).iter().copied() {
        let lowered = outside_rule(db, workspace, key, environment.clone());
        if lowered.team.as_ref() != Some(&team.name) {
            continue;
        }
        escalation = escalation.or_else(|| lowered.escalation.clone());
        match (lowered.rule.clone(), lowered.head) {
            (Some(OneRule::Alert(alert)), Some(head)) => alerts.push((*alert, head)),
            (Some(OneRule::Recording(recording)), _) => recordings.push(recording),
            (Some(OneRule::Skipped(skipped)), _) => skipped_rules.push(skipped),
            _ => {}
        }
    }
    if alerts.is_empty() && recordings.is_empty() && skipped_rules.is_empty() {
        return Lowered {
            service: None,
            diagnostics,
        };
    }
    service::warn_of_duplicates(&alerts, &mut diagnostics);
    lints::check_thresholds(&alerts, &mut diagnostics);
    let mut rules = ir::Service {
        name: ir::Service::name_of_team_rules(&team.name),
        role: ir::Role::Team,
        description: None,
        service_type: None,
        team: Some(team.name.clone()),
        tier: SmolStr::default(),
        selector: promql::LabelMatchers::default(),
        labels: BTreeMap::new(),
        slos: Vec::new(),
        alerts: alerts.into_iter().map(|(alert, _)| alert).collect(),
        recordings,
        log_alerts: Vec::new(),
        dependencies: Vec::new(),
        signals: Vec::new(),
        skipped_rules,
        runbook_url: None,
        dashboard_url: None,
        logs_url: None,
        panels: ir::panel::Panels::default(),
        escalation,
        pace: ir::Pace {
            waits: vec![ir::Duration::minutes(30), ir::Duration::minutes(60)],
            loops: 1,
        },
        support_hours: None,
        runbook: Vec::new(),
        gates: Vec::new(),
        deployed: None,
        origin: ir::Origin::default(),
        former_tiers: Vec::new(),
    };
    if let Some(instead) = instead_of_pages(db, workspace, environment.as_ref()) {
        rules.without_pages(&instead);
    }
    Lowered {
        service: Some(rules),
        diagnostics,
    }
}
