//! Owners that other programs know: the team of a block that sets none, from `CODEOWNERS` or Backstage's catalog.

use std::collections::BTreeMap;

use nth_model::settings::{Owners, Ownership};
use smol_str::SmolStr;

use super::node::NodeId;
use super::{Evaluator, Value, instance};
use crate::db::{BlockRef, Diag, ItemClass, ItemKey, Workspace, file_names};
use crate::schema::FieldSchema;
use crate::schema::names::{field, kind};

/// What other programs say about the owner of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// Nothing.
    Unknown,
    /// A team of the project.
    Team(BlockRef, Owners),
    /// Owners that are no team of the project.
    NoTeam(Owners),
    /// Two programs name different teams.
    Contradiction([(BlockRef, Owners); 2]),
}

/// Returns the owner of a top-level block, as `CODEOWNERS` says of its file, and the catalog of a service.
pub fn owner(
    db: &dyn salsa::Database,
    workspace: Workspace,
    item: ItemKey,
    block_kind: &str,
    name: &str,
) -> Owner {
    let known = workspace.ownership(db);
    let source = known.sources.get(item.file.path(db));
    let component = known
        .components
        .get(name)
        .filter(|_| block_kind == kind::SERVICE);
    let team = |owners: &Owners| team_of(db, workspace, owners);
    let both = [source, component].map(|owners| owners.filter(|owners| !owners.names.is_empty()));
    let teams = both.map(|owners| owners.and_then(|owners| Some((team(owners)?, owners.clone()))));
    match teams {
        [Some(one), Some(other)] if one.0.item != other.0.item => {
            Owner::Contradiction([one, other])
        }
        // The catalog is about the service itself.
        [_, Some((team, owners))] | [Some((team, owners)), None] => Owner::Team(team, owners),
        [None, None] => match both {
            [_, Some(owners)] | [Some(owners), None] => Owner::NoTeam(owners.clone()),
            [None, None] => Owner::Unknown,
        },
    }
}

/// The first of the owners that is a team of the project.
fn team_of(db: &dyn salsa::Database, workspace: Workspace, owners: &Owners) -> Option<BlockRef> {
    let handles = team_handles(db, workspace);
    owners.names.iter().find_map(|name| {
        let name = name.to_lowercase();
        if name.starts_with("user:") {
            return None;
        }
        let last = name.rsplit(['/', ':', '@']).next().unwrap_or_default();
        let is_address = name.contains('@') && !name.starts_with('@');
        let found = handles.get(name.as_str());
        found
            .or_else(|| handles.get(last).filter(|_| !is_address))
            .cloned()
    })
}

/// The teams of the project and its packages by what other programs call them, in lower case: the handle that the team declares, its
/// email address, or its name.
#[salsa::tracked(returns(ref))]
fn team_handles(db: &dyn salsa::Database, workspace: Workspace) -> BTreeMap<SmolStr, BlockRef> {
    let mut names = BTreeMap::new();
    let mut declared: Vec<(SmolStr, BlockRef)> = Vec::new();
    for file in workspace.modules(db).values() {
        let teams = file_names(db, *file).of_class(ItemClass::Block);
        for entry in teams.filter(|entry| entry.kind == kind::TEAM && !entry.name.is_empty()) {
            let team = BlockRef {
                item: entry.key,
                path: Vec::new(),
                kind: entry.kind.clone(),
                name: entry.name.clone(),
            };
            names.insert(entry.name.to_lowercase().into(), team.clone());
            let evaluated = instance(db, workspace, entry.key, None);
            let Some(block) = &evaluated.instance else {
                continue;
            };
            for field in [field::EMAIL, field::GITHUB] {
                if let Value::String(handle) = block.get(field) {
                    declared.push((handle.to_lowercase().into(), team.clone()));
                }
            }
        }
    }
    names.extend(declared);
    names
}

/// What to write so that a block has a team, if other programs do not say one.
fn help(owner: &Owner, known: &Ownership, source: &str) -> Option<String> {
    let place = |owners: &Owners| format!("line {} of `{}`", owners.line, owners.path);
    match owner {
        Owner::Team(..) => None,
        Owner::Unknown => {
            let file = known.codeowners.as_ref();
            let file = file.map(|path| format!("`{path}` has no owner of `{source}`"));
            let catalog = known.catalog.as_ref();
            let catalog = catalog.map(|path| format!("no component of `{path}` has its name"));
            let both: Vec<String> = file.into_iter().chain(catalog).collect();
            (!both.is_empty()).then(|| format!("{}: add one, or set `team`", both.join(", and ")))
        }
        Owner::NoTeam(owners) => {
            let handle = owners.names.first()?;
            Some(format!(
                "{} names {handle:?}, which is no team: declare it, as in `team … {{ github = {handle:?} }}`, or set `team`",
                place(owners)
            ))
        }
        Owner::Contradiction([one, other]) => Some(format!(
            "{} names team `{}`, and {} team `{}`: correct one of them, or set `team`",
            place(&one.1),
            one.0.name,
            place(&other.1),
            other.0.name
        )),
    }
}

impl Evaluator<'_> {
    /// The owner of a block that other programs know, if the field is its team.
    fn owner_of(&self, id: NodeId, field: &FieldSchema) -> Option<Owner> {
        let node = self.node(id);
        let is_team = field.name == field::TEAM && node.parent.is_none();
        if !is_team || !self.workspace.ownership(self.db).is_read() {
            return None;
        }
        let item = node.head.item;
        Some(owner(self.db, self.workspace, item, &node.kind, &node.name))
    }

    /// The team of a block that sets none.
    pub(super) fn team_of_owner(&self, id: NodeId, field: &FieldSchema) -> Value {
        match self.owner_of(id, field) {
            Some(Owner::Team(team, _)) => Value::Block(team),
            _ => Value::None,
        }
    }

    /// Adds to the diagnostic of a missing team what other programs lack.
    pub(super) fn help_with_owner(&self, found: Diag, id: NodeId, field: &FieldSchema) -> Diag {
        let Some(owner) = self.owner_of(id, field) else {
            return found;
        };
        let source = self.node(id).head.item.file.path(self.db);
        match help(&owner, self.workspace.ownership(self.db), source) {
            Some(help) => found.help(help),
            None => found,
        }
    }
}
