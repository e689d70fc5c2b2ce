//! Everything that is wrong in what a file's items say and make.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use smol_str::SmolStr;

use crate::check::dependencies::Needs;
use crate::check::project::{self, GlobalName};
use crate::check::series::Measured;
use crate::check::{check_item, paging, reliability, utf8_names};
use crate::db::{Diag, ItemClass, SourceFile, Workspace, file_names};
use crate::eval::instance;
use crate::levels::has_directives;
use crate::lower::{
    Relabelled, expiring_overrides, ignored_urgency, mail_receivers, relabelled, service_model,
    team_model,
};

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
    let items = &file_names(db, file).items;
    let checked = items
        .iter()
        .flat_map(|entry| check_item(db, workspace, entry.key));
    let (duplicates, globals) = project::names_of(db, file);
    FileFindings {
        checked: checked.cloned().collect(),
        duplicates,
        globals,
        made: environments
            .iter()
            .map(|environment| made(db, workspace, file, environment))
            .collect(),
        has_directives: has_directives(db, file),
    }
}

fn made(
    db: &dyn salsa::Database,
    workspace: Workspace,
    file: SourceFile,
    environment: &Option<SmolStr>,
) -> Made {
    let mut made = Made::default();
    let is_package = file.package(db);
    for entry in file_names(db, file).of_class(ItemClass::Block) {
        let key = entry.key;
        if entry.kind != "service" {
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
            let recordings = service.children_of("recording");
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
    if let Some(environment) = block.filter(|block| block.kind == "environment") {
        // Its labels are in every query.
        let version = workspace.prometheus_version(db);
        let unreadable = utf8_names::unreadable(environment, version, &BTreeSet::new());
        found.extend(unreadable.into_iter().map(told));
    }
    let team = block.filter(|block| block.kind == "team");
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
    let tier = block.filter(|block| block.kind == "tier");
    found.extend(tier.and_then(ignored_urgency).map(told));
    found.extend(team.into_iter().flat_map(paging::team_facts).map(told));
}
