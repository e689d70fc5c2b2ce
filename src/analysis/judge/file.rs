//! Everything that is wrong in what a file's items say and make.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use smol_str::SmolStr;

use crate::check::dependencies::Needs;
use crate::check::project::{self, GlobalName};
use crate::check::series::Measured;
use crate::check::{check_item, paging, reliability, utf8_names};
use crate::codes;
use crate::db::{Diag, ItemClass, ItemKey, SourceFile, Span, Workspace, file_names, parsed};
use crate::eval::instance;
use crate::levels::has_directives;
use crate::limits;
use crate::lower::{
    Relabelled, expiring_overrides, ignored_urgency, mail_receivers, relabelled, service_model,
    team_model,
};
use crate::schema::names::kind;

/// What was found on a way through a file's items. It changes only when something in it does, not when text moves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileFindings {
    /// What is wrong with the items themselves.
    pub checked: Vec<Diag>,
    /// Names that the file declares twice.
    pub duplicates: Vec<Diag>,
    /// The names that it shares with all other files.
    pub globals: Vec<GlobalName>,
    /// What is wrong with what the items make, by environments.
    pub made: Vec<Made>,
    /// Whether comments in it say something to the compiler.
    pub has_directives: bool,
}

/// What was found in what a file's items make in an environment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Made {
    /// What is wrong with services.
    pub services: Vec<Diag>,
    /// What is wrong with what they promise.
    pub promises: Vec<Diag>,
    /// What is wrong with whom they page.
    pub paging: Vec<Diag>,
    /// What is wrong with all other blocks.
    pub others: Vec<Other>,
    /// What labels are wrong where alerts need a certain namespace.
    pub relabelled: Vec<Relabelled>,
    /// What each service cannot work without.
    pub needs: Vec<Needs>,
    /// The series that each service measures.
    pub measured: Vec<Measured>,
    /// The metrics that services record.
    pub recorded: Vec<SmolStr>,
}

/// What is wrong with a block that is no service, or for a reason outside of the sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// What is wrong.
    pub found: Diag,
    /// When it counts.
    pub counts: Counts,
}

/// When something that was found counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// Always.
    Always,
    /// Where Alertmanager cannot send mail.
    WithoutMail,
    /// From that moment on.
    From(Timestamp),
}

/// What was found in a file, in all environments that the project declares.
#[salsa::tracked(returns(clone))]
pub fn file_findings(db: &dyn salsa::Database, file: SourceFile) -> Arc<FileFindings> {
    let Some(workspace) = Workspace::try_get(db) else {
        return Arc::default();
    };
    let declared = workspace.environments(db);
    let environments: Vec<Option<SmolStr>> = if declared.is_empty() {
        vec![None]
    } else {
        declared.keys().cloned().map(Some).collect()
    };
    Arc::new(judge_file(db, workspace, file, &environments))
}

/// What is found in a file, in these environments.
pub fn judge_file(
    db: &dyn salsa::Database,
    workspace: Workspace,
    file: SourceFile,
    environments: &[Option<SmolStr>],
) -> FileFindings {
    let errors = syntax_errors(db, file);
    if errors.is_too_many() {
        return FileFindings {
            checked: first_errors(db, file, errors),
            made: vec![Made::default(); environments.len()],
            ..FileFindings::default()
        };
    }
    let (mut checked, judged) = check_items(db, workspace, file, environments);
    let (duplicates, globals) = project::names_of(db, file);
    let made = environments
        .iter()
        .map(|environment| made(db, workspace, file, environment, &judged))
        .collect();
    if let Some(item) = judged.too_much {
        checked.push(too_much(db, item));
    }
    FileFindings {
        checked,
        duplicates,
        globals,
        made,
        has_directives: has_directives(db, file),
    }
}

/// How many of a file's text's errors there are. It changes only when their number does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyntaxErrors(pub usize);

impl SyntaxErrors {
    /// Whether they are all that is said of the file.
    pub fn is_too_many(self) -> bool {
        self.0 > limits::DIAGNOSTICS
    }
}

/// How many errors the text of a file has.
#[salsa::tracked(returns(copy))]
pub fn syntax_errors(db: &dyn salsa::Database, file: SourceFile) -> SyntaxErrors {
    let parsed = parsed(db, file);
    let kept = parsed.items.iter().map(|(_, item)| item.errors.len());
    SyntaxErrors(parsed.hidden + kept.sum::<usize>())
}

/// The first errors of a text that has too many, and how many more there are.
fn first_errors(db: &dyn salsa::Database, file: SourceFile, errors: SyntaxErrors) -> Vec<Diag> {
    let parsed = parsed(db, file);
    let entries = &file_names(db, file).items;
    let mut found: Vec<Diag> = entries
        .iter()
        .zip(&parsed.items)
        .flat_map(|(entry, (_, item))| {
            let key = entry.key;
            item.errors.iter().map(move |error| {
                nth_syntax::diagnose(error).map_spans(&mut |range| Span { item: key, range })
            })
        })
        .take(limits::DIAGNOSTICS)
        .collect();
    let last = found.last().map(|found| found.primary.span);
    let more = errors.0.saturating_sub(found.len());
    found.extend(last.map(|last| limits::more_diagnostics(more, last)));
    found
}

/// How much a file's items may take together.
#[derive(Debug, Default)]
pub struct Allowance {
    taken: u64,
}

impl Allowance {
    /// Takes what an item needed; whether there was as much left.
    pub fn take(&mut self, steps: u64) -> bool {
        let counted = steps.saturating_sub(limits::STEPS_OF_ITEM);
        self.taken = self.taken.saturating_add(counted);
        self.taken <= limits::STEPS_OF_FILE
    }
}

/// How far a file's items are judged.
#[derive(Debug, Default)]
struct Judged {
    /// The item with which all of them take too much.
    too_much: Option<ItemKey>,
    /// Items of which nothing is made: those that take too much by themselves, and those after `too_much`.
    left_out: HashSet<ItemKey>,
}

/// Checks the items one after another, until they take more than a file may. What they make is asked of here already,
/// so that all of it counts.
fn check_items(
    db: &dyn salsa::Database,
    workspace: Workspace,
    file: SourceFile,
    environments: &[Option<SmolStr>],
) -> (Vec<Diag>, Judged) {
    let mut found = Vec::new();
    let mut judged = Judged::default();
    let mut allowance = Allowance::default();
    for entry in &file_names(db, file).items {
        let key = entry.key;
        if judged.too_much.is_some() {
            judged.left_out.insert(key);
            continue;
        }
        let checked = check_item(db, workspace, key);
        found.extend(checked.found.iter().cloned());
        let mut steps = checked.steps;
        if checked.is_over {
            judged.left_out.insert(key);
        } else if entry.class == ItemClass::Block {
            let made = environments
                .iter()
                .map(|environment| instance(db, workspace, key, environment.clone()).steps);
            steps = made.fold(steps, u64::saturating_add);
        }
        if !allowance.take(steps / environments.len().max(1) as u64) {
            judged.too_much = Some(key);
            judged.left_out.insert(key);
        }
    }
    (found, judged)
}

fn too_much(db: &dyn salsa::Database, key: ItemKey) -> Diag {
    Diag::new(
        &codes::FILE_TAKES_TOO_LONG,
        format!(
            "the evaluation of this file takes more than {} steps",
            limits::STEPS_OF_FILE
        ),
        project::name_span(db, key),
    )
    .label("not evaluated from this point on")
    .help("split the file, or loop over fewer elements")
}

fn made(
    db: &dyn salsa::Database,
    workspace: Workspace,
    file: SourceFile,
    environment: &Option<SmolStr>,
    judged: &Judged,
) -> Made {
    let mut made = Made::default();
    let is_package = file.package(db);
    for entry in file_names(db, file).of_class(ItemClass::Block) {
        let key = entry.key;
        if judged.left_out.contains(&key) {
            continue;
        }
        if entry.kind != kind::SERVICE {
            others(db, workspace, key, environment, &mut made.others);
            continue;
        }
        // A package's services are for it to build.
        if is_package {
            continue;
        }
        let lowered = service_model(db, workspace, key, environment.clone());
        made.services.extend(lowered.diagnostics.iter().cloned());
        let promises = reliability::service_facts(db, workspace, key, environment.clone());
        made.promises.extend(promises.iter().cloned());
        let paging = paging::paging_facts(db, workspace, key, environment.clone());
        made.paging.extend(paging.iter().cloned());
        let evaluated = instance(db, workspace, key, environment.clone());
        if let Some(service) = &evaluated.instance {
            made.needs.push(Needs::of(service));
            let model = lowered.service.as_ref();
            made.measured
                .extend(model.and_then(|model| Measured::of(service, model)));
            let expiring = expiring_overrides(service);
            made.others.extend(expiring.map(|(end, found)| Other {
                found,
                counts: Counts::From(end),
            }));
            made.services.extend(ignored_urgency(service));
            made.relabelled.extend(relabelled(service));
            let recordings = service.children_of(kind::RECORDING);
            made.recorded
                .extend(recordings.map(|recording| recording.name.clone()));
        }
    }
    made
}

fn others(
    db: &dyn salsa::Database,
    workspace: Workspace,
    key: crate::db::ItemKey,
    environment: &Option<SmolStr>,
    found: &mut Vec<Other>,
) {
    let evaluated = instance(db, workspace, key, environment.clone());
    let told = |found: Diag| Other {
        found,
        counts: Counts::Always,
    };
    let block = evaluated.instance.as_ref();
    if let Some(environment) = block.filter(|block| block.kind == kind::ENVIRONMENT) {
        // Its labels are in every query.
        let version = workspace.prometheus_version(db);
        let unreadable = utf8_names::unreadable(environment, version, &BTreeSet::new());
        found.extend(unreadable.into_iter().map(told));
    }
    let team = block.filter(|block| block.kind == kind::TEAM);
    match team {
        Some(team) => {
            let lowered = team_model(db, workspace, key, environment.clone());
            found.extend(lowered.diagnostics.iter().cloned().map(told));
            found.extend(mail_receivers(team).map(|found| Other {
                found,
                counts: Counts::WithoutMail,
            }));
        }
        None => found.extend(evaluated.diagnostics.iter().cloned().map(told)),
    }
    found.extend(
        block
            .into_iter()
            .flat_map(reliability::empty_escalations)
            .map(told),
    );
    let tier = block.filter(|block| block.kind == kind::TIER);
    found.extend(tier.and_then(ignored_urgency).map(told));
    found.extend(team.into_iter().flat_map(paging::team_facts).map(told));
}
