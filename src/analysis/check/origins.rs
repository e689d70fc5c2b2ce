//! Checks across a project of what objects in PagerDuty were before: former names that are in use, and objects that would be
//! managed twice.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::codes;
use crate::db::{Diag, Span, Workspace};
use crate::environment::environment_settings;
use crate::eval::{Instance, Value};
use crate::schema::names::{field, kind};
use nth_diagnostics::suggest;
use nth_model::origin::{OTHER_ALERTS, is_orchestration_import, is_pagerduty_id};
use nth_model::{ContactMethod, Phone, TargetName};

/// What the blocks of a file say about objects in PagerDuty, in one environment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origins {
    /// The blocks whose former names are of the whole project, and those without any.
    named: Vec<Named>,
    /// What only one Terraform state may manage.
    managed: Vec<Managed>,
    /// The tiers that escalations name, each with its place.
    tiers: Vec<(SmolStr, Span)>,
}

/// A block with its former names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    kind: SmolStr,
    name: SmolStr,
    former: Vec<SmolStr>,
    place: Span,
    head: Span,
}

/// An object that only one Terraform state may manage.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Managed {
    what: What,
    /// The ID of an import, or the person and number of a contact method.
    key: String,
    place: Span,
    environment: Option<SmolStr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Import,
    Method,
}

impl Origins {
    /// What is compared across files, without places.
    pub fn facts(&self) -> String {
        let Self {
            named,
            managed,
            tiers,
        } = self;
        let mut facts = String::new();
        for Named {
            kind,
            name,
            former,
            place: _,
            head: _,
        } in named
        {
            facts.push_str(&format!(" {kind:?} {name:?} {former:?}"));
        }
        for Managed {
            what,
            key,
            place: _,
            environment,
        } in managed
        {
            facts.push_str(&format!(" {what:?} {key:?} {environment:?}"));
        }
        for (tier, _) in tiers {
            facts.push_str(&format!(" {tier:?}"));
        }
        facts
    }

    /// Adds what a top-level block says in an environment.
    pub fn add(
        &mut self,
        db: &dyn salsa::Database,
        workspace: Workspace,
        environment: Option<&SmolStr>,
        block: &Instance,
    ) {
        self.named.push(Named::new(block, block));
        let settings = environment_settings(db, workspace, environment.cloned());
        let has_pagerduty = |targets: &std::collections::BTreeSet<TargetName>| {
            targets.contains(&TargetName::PagerDuty)
        };
        if !settings.pages || !settings.targets.as_ref().is_none_or(has_pagerduty) {
            return;
        }
        let mut managed = |what, key: String, place| {
            // What is no ID is reported by itself.
            if what == What::Import && !is_pagerduty_id(&key) && !is_orchestration_import(&key) {
                return;
            }
            self.managed.push(Managed {
                what,
                key,
                place,
                environment: environment.cloned(),
            });
        };
        let own = block.children_of(kind::SCHEDULE);
        let objects = own.chain(block.children_of(kind::ESCALATION));
        for object in std::iter::once(block).chain(objects) {
            for field in [field::PAGERDUTY_IMPORT, field::ORCHESTRATION_IMPORT] {
                let place = block.place_of(object, object.span_of(field));
                match object.get(field) {
                    Value::String(id) => {
                        let itself = id.trim().split(['.', ':']).next().unwrap_or_default();
                        managed(What::Import, itself.to_owned(), place);
                    }
                    Value::Labels(tiers) => {
                        for (tier, id) in tiers {
                            let place = block.place_of(object, object.span_of_label(field, tier));
                            managed(What::Import, id.show().unwrap_or_default(), place);
                            self.tiers.push((tier.clone(), place));
                        }
                    }
                    _ => {}
                }
            }
        }
        for contact in block.children_of(kind::CONTACT) {
            let (Value::String(email), Value::String(phone), Value::List(methods)) = (
                contact.get(field::EMAIL),
                contact.get(field::PHONE),
                contact.get(field::PAGERDUTY),
            ) else {
                continue;
            };
            let Ok(phone) = Phone::parse(phone) else {
                continue;
            };
            let place = block.place_of(contact, contact.span_of(field::PAGERDUTY));
            for method in [ContactMethod::Phone, ContactMethod::Sms] {
                let is_method =
                    |value: &Value| matches!(value, Value::Enum(_, name) if name == method.name());
                if methods.iter().any(is_method) {
                    let key = format!("{} {} {phone}", email.trim(), method.name());
                    managed(What::Method, key, place);
                }
            }
        }
    }
}

impl Named {
    /// A block of an item, with its former names.
    pub fn new(item: &Instance, block: &Instance) -> Self {
        let former = match block.get(field::RENAMED_FROM) {
            Value::List(names) => names
                .iter()
                .filter_map(|name| match name {
                    Value::String(name) => Some(SmolStr::from(name.trim())),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        };
        Self {
            // Both are services in PagerDuty.
            kind: match block.kind.as_str() {
                kind::DEPENDENCY => kind::SERVICE.into(),
                _ => block.kind.clone(),
            },
            name: block.name.clone(),
            former,
            place: item.place_of(block, block.span_of(field::RENAMED_FROM)),
            head: item.place_of(block, block.head),
        }
    }
}

/// Returns diagnostics about former names of blocks of one scope: those that are in use, and those given twice.
pub fn renames<'a>(all: impl IntoIterator<Item = &'a Named>) -> Vec<Diag> {
    let all: Vec<&Named> = all.into_iter().collect();
    let mut in_use: BTreeMap<(&str, &str), &Named> = BTreeMap::new();
    for named in &all {
        in_use.entry((&named.kind, &named.name)).or_insert(named);
    }
    let mut claimed: BTreeMap<(&str, &str), &Named> = BTreeMap::new();
    let mut found = Vec::new();
    for named in &all {
        for former in &named.former {
            let key = (named.kind.as_str(), former.as_str());
            let report = |message: String| Diag::new(&codes::RENAMED_FROM, message, named.place);
            if *former == named.name {
                found.push(
                    report(format!(
                        "{} `{}` is renamed from itself",
                        named.kind, named.name
                    ))
                    .help("list only names that it no longer has"),
                );
            } else if former.is_empty() {
                found.push(report("a former name must not be empty".to_owned()));
            } else if let Some(other) = in_use.get(&key) {
                found.push(
                    report(format!(
                        "{} `{}` is renamed from `{former}`, which is still in use",
                        named.kind, named.name
                    ))
                    .label("an object still has this address in Terraform")
                    .because(other.head, "still has this name")
                    .help(format!(
                        "remove `{former}` from the list, or apply the two renames one after the other"
                    )),
                );
            } else if let Some(other) = claimed.insert(key, named) {
                found.push(
                    report(format!("former name `{former}` is given twice"))
                        .label("an object moves to one new name")
                        .because(other.place, "also given here"),
                );
            }
        }
    }
    found
}

/// Returns the diagnostics about the objects of a project in each environment. `usual` are the tiers of the prelude.
pub fn findings(environments: &[Vec<&Origins>], usual: &[SmolStr]) -> Vec<Diag> {
    let mut found = Vec::new();
    for files in environments {
        let named = || files.iter().flat_map(|file| &file.named);
        found.extend(renames(named()));
        let tiers = named().filter(|named| named.kind == kind::TIER);
        let known: Vec<&str> = usual
            .iter()
            .chain(tiers.map(|tier| &tier.name))
            .map(SmolStr::as_str)
            .chain([OTHER_ALERTS])
            .collect();
        for (tier, place) in files.iter().flat_map(|file| &file.tiers) {
            if !known.contains(&tier.as_str()) {
                found.push(unknown_tier(tier, *place, &known));
            }
        }
    }
    found.extend(managed_twice(environments));
    found
}

fn unknown_tier(tier: &str, place: Span, known: &[&str]) -> Diag {
    let diagnostic = Diag::new(
        &codes::PAGERDUTY_OBJECT,
        format!("unknown tier `{tier}`"),
        place,
    )
    .label("an escalation has a policy for each tier");
    match suggest::nearest(tier, known.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(format!(
            "name a tier, or `{OTHER_ALERTS}` for the policy of alerts without a service"
        )),
    }
}

/// Reports objects that would be managed by several environments, each of which has a state of its own, or twice in one.
fn managed_twice(environments: &[Vec<&Origins>]) -> Vec<Diag> {
    let mut first: BTreeMap<(What, &str), &Managed> = BTreeMap::new();
    let mut found = Vec::new();
    let all = environments.iter().flatten().flat_map(|file| &file.managed);
    for managed in all {
        let Some(other) = first.get(&(managed.what, managed.key.as_str())) else {
            first.insert((managed.what, &managed.key), managed);
            continue;
        };
        let subject = match managed.what {
            What::Import => format!("`{}` is imported", managed.key),
            What::Method => "a contact method is created".to_owned(),
        };
        let diagnostic = match (&other.environment, &managed.environment) {
            (Some(here), Some(there)) if here != there => Diag::new(
                &codes::PAGERDUTY_OBJECT,
                format!("{subject} in environments `{here}` and `{there}`"),
                managed.place,
            )
            .label("the Terraform states of both would manage it")
            .help(format!(
                "set the field in one environment only: `in {here} {{ … }}`"
            )),
            _ if other.place == managed.place => continue,
            _ => Diag::new(
                &codes::PAGERDUTY_OBJECT,
                format!("{subject} twice"),
                managed.place,
            )
            .because(other.place, "also here"),
        };
        found.push(diagnostic);
    }
    found
}
