//! Where a change is written, and what it comes from: a tier, a template, a package, a setting, the metrics that exist.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use nth_diff::{Cause, CauseKind, Change, ChangeId, Place, Side};
use smol_str::SmolStr;

use super::changed::{ChangedItems, Items};
use super::places::{Roots, Wanted};
use super::{Source, place};
use crate::db::references::file_references;
use crate::db::{EXTENDED_ENUM, ItemClass, ItemKey, Span, name_span};
use crate::diagnostics::SourceMap;
use crate::diagnostics::position::Positions;
use crate::eval::{Instance, Value};
use crate::schema::names::kind;

/// A version with what is known about its items.
struct View<'s> {
    source: Source<'s>,
    items: Items<'s>,
    roots: Roots<'s>,
    sources: SourceMap,
    references: HashMap<ItemKey, Vec<ItemKey>>,
}

impl<'s> View<'s> {
    fn new(source: Source<'s>) -> Self {
        let session = source.session;
        let mut references: HashMap<ItemKey, Vec<ItemKey>> = HashMap::new();
        for file in session.files() {
            let found = file_references(&session.db, session.workspace, *file);
            for (key, targets) in found.iter() {
                let targets = targets.iter().map(|(target, _)| *target);
                references.insert(*key, targets.collect());
            }
        }
        Self {
            items: Items::new(session),
            roots: Roots::new(session),
            sources: session.sources(),
            source,
            references,
        }
    }

    fn place(&self, positions: &Positions<'_>, span: Span, side: Side) -> Place {
        let span = self.source.session.file_span(span);
        let line = positions.range(span).0.line;
        place(positions.path(span.file), line, side)
    }

    /// The place that says it in the files of the project and its packages.
    fn readable(&self, positions: &Positions<'_>, wanted: &Wanted<'_>, side: Side) -> Place {
        let session = self.source.session;
        let files = session.files();
        let span = wanted.readable(|span| files.contains(&span.item.file));
        self.place(positions, span, side)
    }

    /// The changed items that an item refers to, directly or through others: the nearest ones.
    fn nearest(&self, from: ItemKey, changed: &HashSet<ItemKey>) -> Vec<ItemKey> {
        let mut seen = HashSet::from([from]);
        let mut level = vec![from];
        while !level.is_empty() {
            let mut next: Vec<ItemKey> = Vec::new();
            for key in level {
                for target in self.references.get(&key).into_iter().flatten() {
                    // Another service does not say what this one is.
                    if seen.insert(*target) && !self.is_service(*target) {
                        next.push(*target);
                    }
                }
            }
            let found: Vec<ItemKey> = next
                .iter()
                .filter(|key| changed.contains(key))
                .copied()
                .collect();
            if !found.is_empty() {
                return found;
            }
            level = next;
        }
        Vec::new()
    }

    fn is_service(&self, key: ItemKey) -> bool {
        let name = self.items.name(key);
        name.is_some_and(|(_, class, of, _, _)| *class == ItemClass::Block && of == kind::SERVICE)
    }
}

/// Where changes are written, and what they come from.
pub struct Origins<'s> {
    base: View<'s>,
    head: View<'s>,
    changed: ChangedItems,
}

/// The environments of both versions in which a change was found first.
type FoundIn = [Option<SmolStr>; 2];

impl<'s> Origins<'s> {
    /// Compares the items of two versions.
    pub fn new(base: Source<'s>, head: Source<'s>) -> Self {
        let (base, head) = (View::new(base), View::new(head));
        let changed = ChangedItems::new(&base.items, &head.items);
        Self {
            base,
            head,
            changed,
        }
    }

    /// Sets the places of changes.
    pub fn locate(&self, changes: &mut [Change], found_in: &[FoundIn]) {
        let (base, head) = (
            Positions::new(&self.base.sources),
            Positions::new(&self.head.sources),
        );
        for (change, [base_name, head_name]) in changes.iter_mut().zip(found_in) {
            change.place = match &*change.subject.kind {
                "setting" | "target" => self.setting(change),
                _ => {
                    let is_gone = change.after.is_none() && is_removal(change.id);
                    let new = (!is_gone)
                        .then(|| Wanted::find(&self.head.roots, head_name, change))
                        .flatten();
                    match new {
                        Some(wanted) => Some(self.head.readable(&head, &wanted, Side::Head)),
                        None => Wanted::find(&self.base.roots, base_name, change)
                            .map(|wanted| self.base.readable(&base, &wanted, Side::Base)),
                    }
                }
            };
        }
    }

    /// The line of a key in `nth.toml`.
    fn setting(&self, change: &Change) -> Option<Place> {
        let key = match &*change.subject.kind {
            "target" => "project.targets",
            _ => change.subject.name.as_str(),
        };
        let (table, key) = key.split_once('.')?;
        [(&self.head, Side::Head), (&self.base, Side::Base)]
            .into_iter()
            .find_map(|(view, side)| {
                let (text, path) = view.source.manifest;
                Some(place(path, line_of(text, table, key)?, side))
            })
    }

    /// Sets what changes come from, and returns it.
    pub fn causes(&self, changes: &mut [Change], found_in: &[FoundIn]) -> Vec<Cause> {
        let mut found: BTreeMap<String, (Cause, BTreeSet<SmolStr>)> = BTreeMap::new();
        let (base, head) = (
            Positions::new(&self.base.sources),
            Positions::new(&self.head.sources),
        );
        let metrics_differ = self.base.source.metrics != self.head.source.metrics;
        for (change, environments) in changes.iter_mut().zip(found_in) {
            let Some(service) = change.subject.service.clone() else {
                continue;
            };
            let mut causes: Vec<Cause> = Vec::new();
            let (side, keys) = self.items_of(change, environments);
            let (view, positions) = match side {
                Side::Base => (&self.base, &base),
                Side::Head => (&self.head, &head),
            };
            for key in keys {
                causes.extend(item_cause(view, positions, key, side));
            }
            let is_own = causes.is_empty() && self.says_itself(change, environments);
            let follows_metrics = matches!(
                change.id,
                ChangeId::AlertSkipped
                    | ChangeId::AlertNoLongerSkipped
                    | ChangeId::RecordingSkipped
                    | ChangeId::RecordingNoLongerSkipped
            );
            if causes.is_empty() && metrics_differ && (follows_metrics || !is_own) {
                causes.push(Cause {
                    name: "nth.metrics.lock".to_owned(),
                    kind: CauseKind::Metrics,
                    place: None,
                    services: Vec::new(),
                });
            } else if causes.is_empty()
                && !is_own
                && self.base.source.settings != self.head.source.settings
            {
                causes.push(Cause {
                    name: "nth.toml".to_owned(),
                    kind: CauseKind::Setting,
                    place: None,
                    services: Vec::new(),
                });
            }
            for cause in causes {
                change.causes.push(cause.name.clone());
                let (_, services) = found
                    .entry(cause.name.clone())
                    .or_insert_with(|| (cause, BTreeSet::new()));
                services.insert(service.clone());
            }
        }
        found
            .into_values()
            .map(|(cause, services)| Cause {
                services: services.into_iter().collect(),
                ..cause
            })
            .collect()
    }

    /// True if the text of the change's own service differs.
    fn says_itself(&self, change: &Change, [base_name, head_name]: &FoundIn) -> bool {
        let item = |view: &View<'_>, name| {
            Wanted::find(&view.roots, name, change).map(|wanted| wanted.root.head.item)
        };
        let new = item(&self.head, head_name);
        let old = item(&self.base, base_name);
        new.is_some_and(|key| self.changed.head.contains(&key))
            || old.is_some_and(|key| self.changed.base.contains(&key))
    }

    /// The changed items that a change comes from, and their version; none if its own service says it.
    fn items_of(&self, change: &Change, [base_name, head_name]: &FoundIn) -> (Side, Vec<ItemKey>) {
        let sides = [
            (Side::Head, &self.head, head_name, &self.changed.head),
            (Side::Base, &self.base, base_name, &self.changed.base),
        ];
        for (side, view, name, changed) in sides {
            let Some(wanted) = Wanted::find(&view.roots, name, change) else {
                continue;
            };
            let home = wanted.root.head.item;
            let at = wanted.span().item;
            // What is not set is a default, which may be the tier's.
            let is_own = at == home && wanted.is_set() && changed.contains(&home);
            if is_own {
                return (side, Vec::new());
            }
            if at != home && changed.contains(&at) {
                return (side, vec![at]);
            }
            let environment = name.as_ref().and_then(|name| {
                let session = view.source.session;
                let key = session.workspace.environments(&session.db).get(name)?;
                changed.contains(key).then_some(*key)
            });
            let mut found = view.nearest(at, changed);
            if found.is_empty() && at != home {
                found = view.nearest(home, changed);
            }
            if found.is_empty() {
                // What its fields name: the tier, the team.
                for named in named_blocks(wanted.root) {
                    match changed.contains(&named) {
                        true => found.push(named),
                        false if view.is_service(named) => {}
                        false => found.extend(view.nearest(named, changed)),
                    }
                }
                found.dedup();
            }
            if found.is_empty() {
                found.extend(environment);
            }
            if !found.is_empty() {
                return (side, found);
            }
        }
        (Side::Head, Vec::new())
    }
}

/// The items of the blocks that the fields of a block name.
fn named_blocks(block: &Instance) -> impl Iterator<Item = ItemKey> {
    block
        .fields
        .values()
        .filter_map(|field| match &field.value {
            Value::Block(named) => Some(named.item),
            _ => None,
        })
}

/// A changed item as a cause: the item itself, or its package.
fn item_cause(
    view: &View<'_>,
    positions: &Positions<'_>,
    key: ItemKey,
    side: Side,
) -> Option<Cause> {
    let entry = view.items.entry(key)?;
    let db = &view.source.session.db;
    let (module, ..) = view.items.name(key)?;
    let place = Some(view.place(positions, name_span(db, key), side));
    if key.file.package(db) {
        let package = module.split('.').next().unwrap_or_default();
        return Some(Cause {
            name: format!("package `{package}`"),
            kind: CauseKind::Package,
            place,
            services: Vec::new(),
        });
    }
    let class = match entry.class {
        ItemClass::Block => entry.kind.to_string(),
        ItemClass::Template => format!("{} template", entry.kind),
        ItemClass::Kind => "kind".to_owned(),
        ItemClass::Extension if entry.kind == EXTENDED_ENUM => "extension of enum".to_owned(),
        ItemClass::Extension => "extension of kind".to_owned(),
        ItemClass::Enum => "enum".to_owned(),
        ItemClass::Function => "function".to_owned(),
        ItemClass::Let => "`let`".to_owned(),
        _ => return None,
    };
    Some(Cause {
        name: format!("{class} `{}`", entry.name),
        kind: CauseKind::Item,
        place,
        services: Vec::new(),
    })
}

/// True if a change is about something that the new version does not have.
fn is_removal(id: ChangeId) -> bool {
    let name = id.name();
    name.ends_with("-removed") || matches!(id, ChangeId::AlertSkipped | ChangeId::RecordingSkipped)
}

/// The line of a key of a table in a TOML text, from 1; of the table's header, if it does not have the key.
fn line_of(text: &str, table: &str, key: &str) -> Option<usize> {
    let mut header = None;
    let mut is_inside = false;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[') {
            let name = name.split(']').next().unwrap_or_default().trim();
            is_inside = name == table;
            if is_inside {
                header = Some(number);
            }
        } else if is_inside
            && let Some((name, _)) = line.split_once('=')
            && name.trim().trim_matches('"') == key
        {
            return Some(number);
        }
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_tables_have_lines() {
        let text = "[project]\nname = \"a\"\n\n[prometheus]\n# no\ninterval = \"30s\"\n";
        assert_eq!(line_of(text, "prometheus", "interval"), Some(6));
        assert_eq!(line_of(text, "prometheus", "version"), Some(4));
        assert_eq!(line_of(text, "grafana", "folder"), None);
    }
}
