//! `nthc plan`.

use std::collections::BTreeSet;

use nth_delivery::{DestinationPlan, ObjectKey, ObjectKind, Plan};
use nth_diff::{Class, Document};

use super::{
    DIFFERENT, Parts, Purpose, Surveyed, cancelled_by_signal, plan_of, prepare, revisions, words,
};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::options::{self, Format};
use crate::progress::Progress;
use crate::{Context, diff, revision, select};
use nthc::project::{io_cause, paths};

/// Shows what applying would change.
///
/// # Errors
///
/// If there is no project or destination, or one cannot be read.
pub fn run(
    context: &Context,
    options: &options::Plan,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let adopt = adopted(&options.adopt)?;
    let Some(prepared) = prepare(context, &options.delivery, Purpose::Plan, console)? else {
        return Ok(Exit::Findings);
    };
    let cancel = cancelled_by_signal()?;
    let total = u64::try_from(prepared.targets.len()).unwrap_or_default();
    let is_shown = console.is_interactive && context.global.format == Format::Human;
    let progress = Progress::steps("reading destinations", total, is_shown);
    let (surveyed, parts) = prepared.survey(&adopt, options.allow_empty, &cancel, &progress)?;
    drop(progress);
    let meaning = meaning(
        context,
        &options.delivery,
        options.since.as_deref(),
        &parts,
        console,
    );
    let plan = plan_of(&surveyed, &parts, meaning.as_ref());
    let is_applicable = show(context, &surveyed, &plan, meaning.as_ref(), console)?;
    if let Some(file) = &options.out {
        let path = paths::absolute(file, &context.cwd);
        let shown = paths::display(&path, &context.cwd);
        let text = plan
            .to_json()
            .map_err(|_| Failure::io("the plan cannot be written as JSON"))?;
        nthc::output::replace_file(&path, text.as_bytes())
            .map_err(|cause| Failure::io(format!("cannot write {shown}: {}", io_cause(&cause))))?;
        console.err.line(format_args!(
            "wrote {shown}: apply it with `nthc apply {shown}`"
        ));
    }
    if !is_applicable || (options.check && !plan.is_empty()) {
        return Ok(DIFFERENT);
    }
    Ok(Exit::Ok)
}

/// What changes of the sources since a revision mean.
pub(super) struct Meaning {
    /// The revision.
    base: String,
    /// The comparison.
    document: Document,
}

impl Meaning {
    /// What is silenced: plain sentences.
    pub(super) fn silenced(&self) -> impl Iterator<Item = String> {
        let changes = self.document.changes.iter();
        let silenced = changes.filter(|change| change.class == Class::Silenced);
        silenced.map(|change| {
            let text = format!(
                "{} {}: {}",
                change.subject.kind, change.subject, change.because
            );
            nthc::diagnostics::render::one_line(&text)
        })
    }
}

/// Shows a plan. Returns whether it could be applied.
///
/// # Errors
///
/// If it cannot be written.
pub(super) fn show(
    context: &Context,
    surveyed: &[Surveyed],
    plan: &Plan,
    meaning: Option<&Meaning>,
    console: &mut Console,
) -> Result<bool, Failure> {
    let plans: Vec<&DestinationPlan> = surveyed.iter().map(|one| &one.survey.plan).collect();
    if context.global.format == Format::Json {
        console.out.json("the plan", plan)?;
        return Ok(plans
            .iter()
            .all(|plan| plan.foreign.is_empty() && plan.excesses.is_empty()));
    }
    let is_applicable = words::show(surveyed, console);
    console.err.line(format_args!(
        "plan for {}: {}{}",
        plan.owner,
        words::summary(&plans),
        match is_applicable {
            true => "",
            false => "; it cannot be applied",
        }
    ));
    if let Some(meaning) = meaning {
        let base = nthc::diagnostics::render::one_line(&meaning.base);
        console.out.line("");
        let heading = format_args!("what it means since revision {base}:");
        console.out.line(heading);
        diff::print(&meaning.document, context.global.format, console)?;
    }
    Ok(is_applicable)
}

/// Compares the sources with the revision that was applied last, as `nthc diff` does. `None` if no revision is known, or the two
/// cannot be compared, which is said.
pub(super) fn meaning(
    context: &Context,
    delivery: &options::DeliveryOptions,
    since: Option<&str>,
    parts: &Parts,
    console: &mut Console,
) -> Option<Meaning> {
    let root = select::root(context).ok()?;
    let known = since.map(str::to_owned).or_else(|| {
        let last = revisions::last_applied(&parts.entries).map(str::to_owned);
        last.filter(|last| revision::exists(&root, last))
    });
    let base = known?;
    let environment = parts.owner.environment.as_deref();
    let head = delivery.revision.as_deref();
    let options = options::Diff::between(&base, head, environment)?;
    let document = match diff::document(context, &options, console) {
        Ok(document) if document.complete => document,
        Ok(_) => {
            let base = nthc::diagnostics::render::one_line(&base);
            let line = format_args!(
                "note: what changes since revision {base} mean is unknown: it has errors"
            );
            console.err.line(line);
            return None;
        }
        Err(failure) => {
            let base = nthc::diagnostics::render::one_line(&base);
            console.err.line(format_args!(
                "note: what changes since revision {base} mean is unknown: {}",
                failure.message
            ));
            return None;
        }
    };
    Some(Meaning { base, document })
}

/// The objects to adopt, by their names.
fn adopted(names: &[String]) -> Result<BTreeSet<ObjectKey>, Failure> {
    names
        .iter()
        .map(|name| {
            key(name).ok_or_else(|| {
                Failure::usage(format!("`{name}` is not the name of an object"))
                    .help("write it as `nthc plan` shows it: `rule group NAMESPACE/NAME`")
            })
        })
        .collect()
}

/// Reads a name as [`ObjectKey`] is displayed.
fn key(text: &str) -> Option<ObjectKey> {
    const KINDS: [ObjectKind; 7] = [
        ObjectKind::RuleGroup,
        ObjectKind::RuleFile,
        ObjectKind::AlertmanagerConfig,
        ObjectKind::KubernetesObject,
        ObjectKind::Folder,
        ObjectKind::Dashboard,
        ObjectKind::TerraformRoot,
    ];
    KINDS.into_iter().find_map(|kind| {
        let rest = text.strip_prefix(kind.name())?.strip_prefix(' ')?;
        let has_place = matches!(kind, ObjectKind::RuleGroup)
            || (kind == ObjectKind::KubernetesObject && rest.matches('/').count() > 1);
        let (namespace, name) = match rest.split_once('/') {
            Some((namespace, name)) if has_place => (namespace, name),
            _ => ("", rest),
        };
        (!name.is_empty()).then(|| ObjectKey::new(kind, namespace, name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_shown() {
        for key in [
            ObjectKey::new(ObjectKind::RuleGroup, "shop--checkout", "slo availability"),
            ObjectKey::new(ObjectKind::RuleFile, "", "shop--checkout.yaml"),
            ObjectKey::new(ObjectKind::Dashboard, "", "abc"),
            ObjectKey::new(
                ObjectKind::KubernetesObject,
                "monitoring",
                "PrometheusRule.v1.monitoring.coreos.com/shop",
            ),
            ObjectKey::new(ObjectKind::KubernetesObject, "", "Namespace.v1/shop"),
        ] {
            assert_eq!(super::key(&key.to_string()), Some(key));
        }
        assert_eq!(super::key("checkout"), None);
        assert_eq!(super::key("rule group "), None);
    }
}
