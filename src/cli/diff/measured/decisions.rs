//! What changed gates decide, before and now.

use std::collections::BTreeSet;

use nth_diff::{Document, Number, ServiceFigures};
use nth_model::Service;
use smol_str::SmolStr;

use super::{Asked, is_in, local_name, old_names};
use crate::exit::Failure;
use crate::gate::decide_now;
use crate::history::View;
use nthc::backends::policy::{Dependents, policy};
use nthc::policy::{Decision, Verdict};

/// Adds the decisions of the gates with changes in an environment.
///
/// # Errors
///
/// If the server gives no valid answer.
pub fn add(
    asked: &Asked<'_>,
    [base, head]: [View<'_>; 2],
    environment: Option<&SmolStr>,
    document: &mut Document,
) -> Result<(), Failure> {
    let changes = document.changes.iter();
    let gates: BTreeSet<[String; 4]> = changes
        .filter(|change| change.subject.kind == "gate" && is_in(change, environment))
        .filter_map(|change| {
            let service = change.subject.service.as_deref()?;
            let gate = local_name(change)?;
            let (old_service, old_gate) = old_names(change, &document.changes)?;
            Some([service, gate, old_service, old_gate].map(str::to_owned))
        })
        .collect();
    for [service, gate, old_service, old_gate] in gates {
        let before = decision(asked, base, &old_service, &old_gate)?;
        let after = decision(asked, head, &service, &gate)?;
        if before.is_none() && after.is_none() {
            continue;
        }
        let when = match asked.given {
            Some(at) => format!("at {at}"),
            None => "now".to_owned(),
        };
        let number = Number {
            name: format!("gate `{gate}` {when}"),
            before: before.as_ref().map(text),
            after: after.as_ref().map(text),
        };
        let is_same = |known: &&mut ServiceFigures| {
            known.service == service && known.environment.as_ref() == environment
        };
        match document.services.iter_mut().find(is_same) {
            Some(known) => known.numbers.push(number),
            None => document.services.push(ServiceFigures {
                service: service.into(),
                environment: environment.cloned(),
                numbers: vec![number],
                slos: Vec::new(),
            }),
        }
    }
    document.services.sort_by(|one, other| {
        (&one.service, &one.environment).cmp(&(&other.service, &other.environment))
    });
    Ok(())
}

fn decision(
    asked: &Asked<'_>,
    version: View<'_>,
    service: &str,
    gate: &str,
) -> Result<Option<Decision>, Failure> {
    let services: Vec<&Service> = version.project.services().collect();
    let Some(service) = version.project.service(service) else {
        return Ok(None);
    };
    let policy = policy(service, &Dependents::new(&services), version.settings);
    decide_now(asked.history.client, &policy, gate, asked.at)
}

/// A decision with its reasons: `deny: freeze denies: …`.
fn text(decision: &Decision) -> String {
    let verdict = decision.verdict.name();
    let verdict = if decision.dry_run && decision.found != Verdict::Allow {
        format!("{verdict} (dry run; would be {})", decision.found.name())
    } else {
        verdict.to_owned()
    };
    // Reasons say themselves how much is known.
    let why = match decision.reasons.as_slice() {
        [] => decision.notes.as_slice(),
        reasons => reasons,
    };
    if why.is_empty() {
        verdict
    } else {
        format!("{verdict}: {}", why.join("; "))
    }
}
