//! Code lenses: the number of rules of a service, the conditions of a gate, and the number of uses of a template or
//! team. Their places come from names alone; their titles are computed on demand.

use nthc::check::check_item;
use nthc::db::{ItemClass, ItemKey, SourceFile, item_entry};
use nthc::diagnostics::Severity;
use nthc::eval::index::Definition;
use nthc::ir::gate::Effect;
use nthc::ir::{PolicyForm, TargetName};
use nthc::lower::service_model;
use nthc::schema::names::kind;
use nthc::syntax::tree::{Block, ItemNode, Statement, TextRange};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::generated;
use super::hover;
use super::human;
use super::source::{Placed, Source};
use crate::view::{ProjectView, View};

/// The subject of a lens, by name, so that it is found again after edits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "camelCase")]
pub enum About {
    /// The rules of a service in an environment.
    Service {
        /// Its name.
        name: SmolStr,
        /// The environment.
        environment: Option<SmolStr>,
    },
    /// A gate of a service.
    Gate {
        /// The service.
        service: SmolStr,
        /// Its name.
        name: SmolStr,
    },
    /// A template by its kind and name.
    Template {
        /// Its kind.
        kind: SmolStr,
        /// Its name.
        name: SmolStr,
    },
    /// A team.
    Team {
        /// Its name.
        name: SmolStr,
    },
}

/// A lens without a title: see [`words`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lens {
    /// The range that it is above, in bytes.
    pub range: TextRange,
    /// The subject.
    pub about: About,
}

/// The title of a lens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// The title.
    pub title: String,
    /// The path of a generated file to show, below the output folder.
    pub shows: Option<String>,
}

/// The lenses of a document, without titles.
pub fn lenses(source: &Source<'_>) -> Vec<Lens> {
    let mut lenses = Vec::new();
    let mut push = |range: TextRange, about: About| lenses.push(Lens { range, about });
    for placed in source.items() {
        match &placed.item.node {
            ItemNode::Template(template) => push(
                placed.absolute(template.name.range),
                About::Template {
                    kind: template.kind.text.clone(),
                    name: template.name.text.clone(),
                },
            ),
            ItemNode::Block(block) => block_lenses(source, &placed, block, &mut push),
            _ => {}
        }
    }
    lenses
}

fn block_lenses(
    source: &Source<'_>,
    placed: &Placed<'_>,
    block: &Block,
    push: &mut impl FnMut(TextRange, About),
) {
    let Some(name) = &block.name else { return };
    let range = placed.absolute(name.range);
    match block.kind.text.as_str() {
        kind::TEAM => push(
            range,
            About::Team {
                name: name.text.clone(),
            },
        ),
        kind::SERVICE if source.is_own_service(placed.key) => {
            for environment in source.environments() {
                push(
                    range,
                    About::Service {
                        name: name.text.clone(),
                        environment,
                    },
                );
            }
            for statement in &block.body.statements {
                if let Statement::Block(gate) = statement
                    && gate.kind.text == kind::GATE
                    && let Some(gate_name) = &gate.name
                {
                    push(
                        placed.absolute(gate_name.range),
                        About::Gate {
                            service: name.text.clone(),
                            name: gate_name.text.clone(),
                        },
                    );
                }
            }
        }
        _ => {}
    }
}

/// A title without a file to show.
fn title_only(title: String) -> Words {
    Words { title, shows: None }
}

/// The title of a lens in a file; `None` if its block is gone.
pub fn words(view: &View, project: &ProjectView, file: SourceFile, about: &About) -> Option<Words> {
    let source = Source::new(project, file);
    let find = |class: ItemClass, kind: &str, name: &str| {
        nthc::db::find_item(source.db, file, class, kind.into(), name.into())
    };
    match about {
        About::Service { name, environment } => {
            let key = find(ItemClass::Block, kind::SERVICE, name)?;
            Some(service_words(project, &source, key, environment))
        }
        About::Gate { service, name } => {
            let key = find(ItemClass::Block, kind::SERVICE, service)?;
            gate_words(project, &source, key, name)
        }
        About::Template { kind, name } => {
            let key = find(ItemClass::Template, kind, name)?;
            let count = uses(
                view,
                &source,
                name,
                |meaning| matches!(meaning, Definition::Item(item) if *item == key),
            );
            Some(title_only(usage_text(count)))
        }
        About::Team { name } => {
            let key = find(ItemClass::Block, kind::TEAM, name)?;
            let count = uses(
                view,
                &source,
                name,
                |meaning| matches!(meaning, Definition::Block(block) if block.item == key && block.path.is_empty()),
            );
            Some(title_only(usage_text(count)))
        }
    }
}

fn usage_text(count: usize) -> String {
    format!("used by {count}")
}

fn service_words(
    project: &ProjectView,
    source: &Source<'_>,
    key: ItemKey,
    environment: &Option<SmolStr>,
) -> Words {
    let place = environment
        .as_ref()
        .map(|name| format!("{name}: "))
        .unwrap_or_default();
    let service = source.service(key, environment);
    let counts = hover::counts(source, key, environment);
    let (Some(service), Some(counts), false) =
        (service, counts, has_errors(source, key, environment))
    else {
        return title_only(format!("{place}nothing is generated: it has errors"));
    };
    let title = format!("{place}{}", counts.words());
    let has_rules = counts.alerts + counts.recordings > 0;
    show(
        title,
        generated::service_file_path(project, environment, service, has_rules),
    )
}

/// True if a service has an error, so that nothing is generated for it.
fn has_errors(source: &Source<'_>, key: ItemKey, environment: &Option<SmolStr>) -> bool {
    let own = check_item(source.db, source.workspace, key).found.iter();
    let model = service_model(source.db, source.workspace, key, environment.clone());
    own.chain(&model.diagnostics)
        .any(|found| found.code.severity == Severity::Error)
}

/// A title with a file to show.
fn show(title: String, path: String) -> Words {
    Words {
        title: format!("{title}: show"),
        shows: Some(path),
    }
}

/// "denies for 6 reasons, warns for 3", as in the first environment.
fn gate_words(
    project: &ProjectView,
    source: &Source<'_>,
    key: ItemKey,
    name: &str,
) -> Option<Words> {
    let environment = source.environments().into_iter().next().flatten();
    let service = source.service(key, &environment)?;
    let gate = service.gates.iter().find(|gate| gate.name == name)?;
    let count = |effect: Effect| {
        let of_effect = gate.rules.iter().filter(|rule| rule.effect == effect);
        of_effect.count()
    };
    let mut title = format!(
        "denies for {}, warns for {}",
        human::count(count(Effect::Deny), "reason"),
        count(Effect::Warn)
    );
    if gate.dry_run {
        title.push_str(", dry run");
    }
    let settings = &project.session.settings_in(&project.targets, &environment);
    let is_written = settings.targets.contains(&TargetName::Policy)
        && settings.policy.forms.contains(&PolicyForm::Json);
    let path = format!("policy/{}.json", nthc::backends::file_stem(&service.name));
    Some(match is_written {
        true => show(title, generated::in_environment(&environment, &path)),
        false => title_only(title),
    })
}

/// Number of the project's items that refer to something. Imports do not count.
fn uses(
    view: &View,
    source: &Source<'_>,
    name: &str,
    is_it: impl Fn(&Definition) -> bool,
) -> usize {
    let mut count = 0;
    for file in source.all_files() {
        view.stop_if_cancelled();
        let other = source.with_file(file);
        // Most files do not contain the word.
        if !other.text().contains(name) {
            continue;
        }
        for placed in other.items() {
            let class = item_entry(other.db, placed.key).map(|entry| entry.class);
            let range = placed.range();
            let text = other.text().get(range.start as usize..range.end as usize);
            if class == Some(ItemClass::Import) || !text.is_some_and(|text| text.contains(name)) {
                continue;
            }
            let names = &other.notes(placed.key).names;
            if names
                .iter()
                .any(|named| !named.declares && is_it(&named.meaning))
            {
                count += 1;
            }
        }
    }
    count
}
