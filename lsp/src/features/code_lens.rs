//! Code lenses: how many rules a service makes, what a gate decides on, and how often a template or a team is used. Where
//! they stand is found from names alone; what they say is counted for those that are looked at.

use nthc::check::check_item;
use nthc::db::{ItemClass, ItemKey, item_entry};
use nthc::diagnostics::Severity;
use nthc::eval::notes::Meaning;
use nthc::ir::gate::Effect;
use nthc::ir::{PolicyForm, TargetName};
use nthc::lower::service_model;
use nthc::syntax::tree::{Block, ItemNode, Statement, TextRange};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use tower_lsp::lsp_types::{
    CodeLens, CodeLensOptions, CodeLensParams, Command, ServerCapabilities, Url,
};

use super::generated::{self, SHOW};
use super::hover;
use super::source::{Placed, Source};
use super::spoken;
use crate::settings::Settings;
use crate::view::{ProjectView, View};

/// Lenses are given, and count when they are looked at.
pub fn offer(capabilities: &mut ServerCapabilities, _: &Settings) {
    capabilities.code_lens_provider = Some(CodeLensOptions {
        resolve_provider: Some(true),
    });
}

/// What a lens is about. It is found again by its names, wherever edits have moved it meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "camelCase")]
enum About {
    /// The rules of a service in an environment.
    Service {
        name: SmolStr,
        environment: Option<SmolStr>,
    },
    /// A gate of a service.
    Gate { service: SmolStr, name: SmolStr },
    /// A template by its kind and name.
    Template { kind: SmolStr, name: SmolStr },
    /// A team.
    Team { name: SmolStr },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Data {
    uri: Url,
    #[serde(flatten)]
    about: About,
}

/// The lenses of a document, which say nothing yet.
pub fn code_lens(view: &View, params: &CodeLensParams) -> Option<Vec<CodeLens>> {
    let uri = &params.text_document.uri;
    let (project, file) = view.file(uri)?;
    let source = Source::of(project, file);
    let lines = view.lines(project.text(file));
    let mut lenses = Vec::new();
    let mut push = |range: TextRange, about: About| {
        let data = Data {
            uri: uri.clone(),
            about,
        };
        lenses.push(CodeLens {
            range: lines.range(range.start as usize, range.end as usize),
            command: None,
            data: serde_json::to_value(data).ok(),
        });
    };
    for placed in source.items() {
        match &placed.item.node {
            ItemNode::Template(template) => push(
                placed.absolute(template.name.range),
                About::Template {
                    kind: template.kind.text.clone(),
                    name: template.name.text.clone(),
                },
            ),
            ItemNode::Block(block) => of_block(&source, &placed, block, &mut push),
            _ => {}
        }
    }
    Some(lenses)
}

fn of_block(
    source: &Source<'_>,
    placed: &Placed<'_>,
    block: &Block,
    push: &mut impl FnMut(TextRange, About),
) {
    let Some(name) = &block.name else { return };
    let range = placed.absolute(name.range);
    match block.kind.text.as_str() {
        "team" => push(
            range,
            About::Team {
                name: name.text.clone(),
            },
        ),
        "service" if source.is_own_service(placed.key) => {
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
                    && gate.kind.text == "gate"
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

/// A lens with what it says. One whose block is gone says nothing that can be clicked.
pub fn resolve(view: &View, mut lens: CodeLens) -> CodeLens {
    let data = lens
        .data
        .clone()
        .and_then(|data| serde_json::from_value::<Data>(data).ok());
    lens.command = Some(
        data.and_then(|data| command(view, &data))
            .unwrap_or_else(|| words("gone".to_owned())),
    );
    lens
}

/// Words that do nothing when they are clicked.
fn words(title: String) -> Command {
    Command {
        title,
        command: String::new(),
        arguments: None,
    }
}

fn command(view: &View, data: &Data) -> Option<Command> {
    let (project, file) = view.file(&data.uri)?;
    let source = Source::of(project, file);
    let find = |class: ItemClass, kind: &str, name: &str| {
        nthc::db::find_item(source.db, file, class, kind.into(), name.into())
    };
    match &data.about {
        About::Service { name, environment } => {
            let key = find(ItemClass::Block, "service", name)?;
            Some(of_service(view, project, &source, key, environment))
        }
        About::Gate { service, name } => {
            let key = find(ItemClass::Block, "service", service)?;
            of_gate(view, project, &source, key, name)
        }
        About::Template { kind, name } => {
            let key = find(ItemClass::Template, kind, name)?;
            let count = uses(
                view,
                &source,
                name,
                |meaning| matches!(meaning, Meaning::Item(item) if *item == key),
            );
            Some(words(used(count)))
        }
        About::Team { name } => {
            let key = find(ItemClass::Block, "team", name)?;
            let count = uses(
                view,
                &source,
                name,
                |meaning| matches!(meaning, Meaning::Block(block) if block.item == key && block.path.is_empty()),
            );
            Some(words(used(count)))
        }
    }
}

fn used(count: usize) -> String {
    format!("used by {count}")
}

fn of_service(
    view: &View,
    project: &ProjectView,
    source: &Source<'_>,
    key: ItemKey,
    environment: &Option<SmolStr>,
) -> Command {
    let place = environment
        .as_ref()
        .map(|name| format!("{name}: "))
        .unwrap_or_default();
    let counts = hover::counts(source, key, environment);
    let Some(counts) = counts.filter(|_| !has_errors(source, key, environment)) else {
        return words(format!("{place}nothing is generated: it has errors"));
    };
    let title = format!("{place}{}", counts.words());
    match generated::file_of_service(view, project, environment, key) {
        Some(uri) => show(title, &uri),
        None => words(title),
    }
}

/// Whether a service has a mistake for which nothing is built.
fn has_errors(source: &Source<'_>, key: ItemKey, environment: &Option<SmolStr>) -> bool {
    let own = check_item(source.db, source.workspace, key).found.iter();
    let model = service_model(source.db, source.workspace, key, environment.clone());
    own.chain(&model.diagnostics)
        .any(|found| found.code.severity == Severity::Error)
}

/// Words that show a virtual document when they are clicked.
fn show(title: String, uri: &Url) -> Command {
    Command {
        title: format!("{title}: show"),
        command: SHOW.to_owned(),
        arguments: Some(vec![uri.as_str().into()]),
    }
}

/// "denies for 6 reasons, warns for 3", as the first environment has it.
fn of_gate(
    view: &View,
    project: &ProjectView,
    source: &Source<'_>,
    key: ItemKey,
    name: &str,
) -> Option<Command> {
    let environment = source.environments().into_iter().next().flatten();
    let service = source.service(key, &environment)?;
    let gate = service.gates.iter().find(|gate| gate.name == name)?;
    let count = |effect: Effect| {
        let of_effect = gate.rules.iter().filter(|rule| rule.effect == effect);
        of_effect.count()
    };
    let mut title = format!(
        "denies for {}, warns for {}",
        spoken::count(count(Effect::Deny), "reason"),
        count(Effect::Warn)
    );
    if gate.dry_run {
        title.push_str(", dry run");
    }
    let settings = &project.targets;
    let is_written = settings.targets.contains(&TargetName::Policy)
        && settings.policy.forms.contains(&PolicyForm::Json);
    let path = format!("policy/{}.json", nthc::backends::file_stem(&service.name));
    let path = match &environment {
        Some(environment) => format!("{}/{path}", nthc::backends::file_stem(environment)),
        None => path,
    };
    let uri = is_written
        .then(|| generated::of_file(view, project, &path))
        .flatten();
    Some(match uri {
        Some(uri) => show(title, &uri),
        None => words(title),
    })
}

/// How many of the project's items name something. An import alone is no use.
fn uses(view: &View, source: &Source<'_>, name: &str, is_it: impl Fn(&Meaning) -> bool) -> usize {
    let mut count = 0;
    for file in source.all_files() {
        view.stop_if_unwanted();
        let other = source.at(file);
        // Most files do not even have the word.
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
