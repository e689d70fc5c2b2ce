//! The severities of a project: those of the prelude, and those that it declares.

use nth_model::settings::texts;
use nth_model::{Declaration, Response, Severities, Severity, Urgency};
use smol_str::SmolStr;

use crate::codes;
use crate::db::{Diag, ItemKey, Workspace, name_span};
use crate::eval::{Instance, Value, instance};
use crate::resolve::is_identifier;
use crate::schema::names::field;

/// Returns the severities of a project in an environment. Of one with an error, only what is valid is read.
#[salsa::tracked(returns(ref))]
pub fn severities(
    db: &dyn salsa::Database,
    workspace: Workspace,
    environment: Option<SmolStr>,
) -> Severities {
    let usual = workspace.severities(db);
    let declared = workspace.declared_severities(db).iter();
    let declared = declared.filter(|(name, _)| usual.named(name).is_none());
    let declared = declared.map(|(name, key)| {
        let evaluated = instance(db, workspace, *key, environment.clone());
        read(name, evaluated.instance.as_ref())
    });
    Severities::new(usual.all().iter().cloned().chain(declared))
}

/// Reads a declaration; the defaults of what has an error.
fn read(name: &SmolStr, block: Option<&Instance>) -> Severity {
    let get = |field: &str| block.map_or(&Value::None, |block| block.get(field));
    let response = match get(field::PAGES) {
        Value::Bool(true) => Response::Page,
        _ => Response::Ticket,
    };
    let usual = match response {
        Response::Page => Severity::page(),
        Response::Ticket => Severity::ticket(),
    };
    let label = match get(field::LABEL) {
        Value::String(label) => label.clone(),
        _ => name.to_string(),
    };
    Severity::new(Declaration {
        response,
        urgency: match get(field::URGENCY) {
            Value::Enum(_, member) if member == "high" => Urgency::High,
            Value::Enum(..) => Urgency::Low,
            _ => usual.urgency(),
        },
        hold: match get(field::FOR) {
            Value::Duration(milliseconds) => nth_model::Duration(*milliseconds),
            _ => usual.default_hold(),
        },
        name: name.clone(),
        label,
        description: block.and_then(description),
    })
}

fn description(block: &Instance) -> Option<String> {
    match block.get(field::DESCRIPTION) {
        Value::String(text) => Some(text.trim().to_owned()),
        _ => block.doc.as_ref().map(|doc| doc.trim().to_owned()),
    }
}

/// Returns the severity that a value refers to.
pub(crate) fn severity_named(value: &Value, severities: &Severities) -> Option<Severity> {
    match value {
        Value::Block(block) => severities.named(&block.name).cloned(),
        _ => None,
    }
}

/// Diagnostics about the declaration of a severity.
pub fn severity_findings(
    db: &dyn salsa::Database,
    workspace: Workspace,
    key: ItemKey,
    block: &Instance,
    environment: &Option<SmolStr>,
) -> Vec<Diag> {
    let name = &block.name;
    let mut found = Vec::new();
    let usual = workspace.severities(db);
    if usual.named(name).is_some() {
        let place = name_span(db, key);
        let message = format!("severity `{name}` exists in every project");
        found.push(
            Diag::new(&codes::INVALID_SEVERITY, message, place)
                .help(format!(
                    "choose another name; `[severity]` in `nth.toml` sets the label of `{name}`"
                ))
                .help("set `for` on alerts, or declare another severity with its own `for`"),
        );
        return found;
    }
    if !is_identifier(name) || name.contains('-') {
        let plain: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        let message = format!("invalid severity name `{name}`");
        let mut diagnostic = Diag::new(&codes::INVALID_SEVERITY, message, name_span(db, key))
            .label("expected letters, digits and `_`")
            .note("names of receivers contain it");
        if is_identifier(&plain) {
            diagnostic = diagnostic.help(format!(
                "rename it to `{plain}`, and keep the label: `label = \"{name}\"`"
            ));
        }
        found.push(diagnostic);
    }
    if let Value::String(label) = block.get(field::LABEL)
        && let Some(problem) = (texts::FILLED.problem)(label)
    {
        let message = "the label of a severity must not be empty";
        let place = block.span_of(field::LABEL);
        found.push(Diag::new(&codes::BAD_TEXT, message, place).label(problem));
    }
    let all = severities(db, workspace, environment.clone());
    let Some(own) = all.named(name) else {
        return found;
    };
    let mut others = all.all().iter().filter(|other| *other != own);
    let same = others.find(|other| other.label() == own.label());
    // The two are reported once, at the one that comes later.
    if let Some(same) = same.filter(|same| usual.named(same.name()).is_some() || *same < own) {
        let place = match block.get(field::LABEL) {
            Value::String(_) => block.span_of(field::LABEL),
            _ => name_span(db, key),
        };
        found.push(
            Diag::new(
                &codes::INVALID_SEVERITY,
                format!(
                    "severities `{}` and `{name}` have the same label `{}`",
                    same.name(),
                    own.label()
                ),
                place,
            )
            .label("routes cannot distinguish their alerts")
            .help(format!("set another value: `label = \"{name}\"`")),
        );
    }
    found
}
