//! Lowers what a definition's objects in PagerDuty were before: existing objects and former names.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::read::{labels, text};
use crate::db::Workspace;
use crate::eval::{Instance, Value, block_field};
use crate::schema::names::{field, kind};
use nth_model::origin::{
    ITSELF, ORCHESTRATION, is_orchestration_import, is_pagerduty_id, is_service_import,
};
use nth_model::{self as ir, Origin};

/// Lowers the origin of a team, schedule, escalation or service. Skips IDs that are invalid, which are reported.
pub(super) fn lower(block: &Instance) -> Origin {
    Origin {
        pagerduty_id: text(block.get(field::PAGERDUTY_ID)).filter(|id| is_pagerduty_id(id)),
        imports: imports(block),
        renamed_from: names(block.get(field::RENAMED_FROM)),
    }
}

fn imports(block: &Instance) -> BTreeMap<SmolStr, String> {
    if block.kind == kind::ESCALATION {
        let by_tier = labels(block.get(field::PAGERDUTY_IMPORT));
        return by_tier
            .into_iter()
            .map(|(tier, id)| (SmolStr::from(tier), id.trim().to_owned()))
            .filter(|(_, id)| is_pagerduty_id(id))
            .collect();
    }
    let is_import = match block.kind.as_str() {
        kind::SERVICE => is_service_import,
        _ => is_pagerduty_id,
    };
    let itself = text(block.get(field::PAGERDUTY_IMPORT)).filter(|id| is_import(id));
    let orchestration =
        text(block.get(field::ORCHESTRATION_IMPORT)).filter(|id| is_orchestration_import(id));
    [(ITSELF, itself), (ORCHESTRATION, orchestration)]
        .into_iter()
        .filter_map(|(key, id)| Some((key.into(), id?)))
        .collect()
}

/// Returns the former names of a service's tier.
pub(super) fn former_tiers(
    db: &dyn salsa::Database,
    workspace: Workspace,
    environment: Option<&SmolStr>,
    service: &Instance,
) -> Vec<SmolStr> {
    let Value::Block(tier) = service.get(field::TIER) else {
        return Vec::new();
    };
    let former = block_field(
        db,
        workspace,
        tier.clone(),
        field::RENAMED_FROM.into(),
        environment.cloned(),
    );
    former.as_ref().map(names).unwrap_or_default()
}

/// Returns the names in a list.
fn names(value: &Value) -> Vec<SmolStr> {
    match value {
        Value::List(items) => items
            .iter()
            .filter_map(|item| text(item).map(SmolStr::from))
            .collect(),
        _ => Vec::new(),
    }
}

/// Lowers the contacts of a team. Skips those with an invalid phone number, which are reported.
pub(super) fn contacts(team: &Instance) -> Vec<ir::Contact> {
    let lower = |contact: &Instance| {
        let phone = match text(contact.get(field::PHONE)) {
            Some(phone) => Some(ir::Phone::parse(&phone).ok()?),
            None => None,
        };
        Some(ir::Contact {
            name: contact.name.clone(),
            email: text(contact.get(field::EMAIL))?,
            phone,
            slack: text(contact.get(field::SLACK)),
            telegram: text(contact.get(field::TELEGRAM))
                .map(|name| name.trim_start_matches('@').to_owned()),
            microsoft_teams: text(contact.get(field::MICROSOFT_TEAMS)),
            pagerduty: methods(contact.get(field::PAGERDUTY)),
        })
    };
    team.children_of(kind::CONTACT).filter_map(lower).collect()
}

/// Returns the methods without repetitions, in the order of the enum.
fn methods(value: &Value) -> Vec<ir::ContactMethod> {
    let Value::List(items) = value else {
        return Vec::new();
    };
    [ir::ContactMethod::Phone, ir::ContactMethod::Sms]
        .into_iter()
        .filter(|method| {
            let mut names = items.iter().filter_map(super::read::member);
            names.any(|name| name == method.name())
        })
        .collect()
}
