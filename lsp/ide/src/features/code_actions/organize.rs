//! Organizes imports: sorted, without duplicates and unused ones.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use nthc::db::{SourceFile, find_module};
use nthc::resolve::import_names_item;
use nthc::syntax::comments::comments;
use nthc::syntax::tree::{ExprNode, Import, ItemNode, TextRange, TypeExpr, TypeNode};
use smol_str::SmolStr;

use super::super::formatting::diff::Change;
use super::super::formatting::layout::{line_start, whole_lines};
use super::place::{ActionKind, ItemAt, Offer, Place, has_word, replacement};
use crate::nodes::{Node, walk_item};

/// Offers to organize the imports of the document.
pub fn organize<'a>(place: &'a Place<'a>, offers: &mut Vec<Offer<'a>>) {
    // No import is moved if one has syntax errors.
    let is_sound = |at: &ItemAt<'_>| at.item.errors.is_empty();
    let mut imports = place.items().filter(is_import).peekable();
    if imports.peek().is_none() || !imports.all(|at| is_sound(&at)) {
        return;
    }
    let title = "Organize Imports";
    let kind = ActionKind::OrganizeImports;
    offers.push(Offer::new(kind, title, move || organized(place)));
}

fn is_import(at: &ItemAt<'_>) -> bool {
    matches!(at.item.node, ItemNode::Import(_))
}

/// An import with its comments.
struct Line<'a> {
    import: &'a Import,
    /// Comments on the lines before it, up to the previous import.
    above: Vec<String>,
    /// The comment at the end of its line.
    beside: Option<String>,
}

/// The sort key of imports; those with equal keys are merged.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Order {
    path: String,
    /// False for whole modules, which come before names from them.
    has_names: bool,
    alias: Option<SmolStr>,
}

/// A merged import.
#[derive(Default)]
struct Kept {
    names: BTreeSet<SmolStr>,
    above: Vec<String>,
    beside: Vec<String>,
}

fn organized(place: &Place<'_>) -> Option<Vec<Change>> {
    let runs = runs(place);
    let all: Vec<&Line<'_>> = runs.iter().flat_map(|(_, lines)| lines).collect();
    let used = UsedNames::new(place);
    let mut kept: BTreeMap<Order, Kept> = BTreeMap::new();
    // Comments of removed imports are kept.
    let mut orphans: Vec<String> = Vec::new();
    for line in all {
        let order = order(line.import);
        let names = used.names(place, line.import);
        let is_needed = match (&line.import.names, &names) {
            (Some(_), names) => names.as_ref().is_some_and(|names| !names.is_empty()),
            (None, _) => used.is_needed(place, line.import),
        };
        let comments = line.above.iter().cloned();
        if !is_needed {
            orphans.extend(comments.chain(line.beside.clone()));
            continue;
        }
        let known = kept.entry(order).or_default();
        known.names.extend(names.into_iter().flatten());
        known.above.extend(orphans.drain(..).chain(comments));
        known.beside.extend(line.beside.clone());
    }
    let mut text = String::new();
    for (order, known) in &kept {
        // If merged lines have several trailing comments, the first one stays at the end of the line.
        let (beside, others) = match known.beside.split_first() {
            Some((first, others)) => (Some(first), others),
            None => (None, [].as_slice()),
        };
        for comment in known.above.iter().chain(others) {
            text.push_str(comment);
            text.push('\n');
        }
        text.push_str(&import_text(order, &known.names));
        if let Some(comment) = beside {
            text.push_str("  ");
            text.push_str(comment);
        }
        text.push('\n');
    }
    for comment in orphans {
        text.push_str(&comment);
        text.push('\n');
    }
    let mut changes = Vec::new();
    for (number, (range, _)) in runs.iter().enumerate() {
        let text = if number == 0 { text.as_str() } else { "" };
        let mut range = *range;
        if text.is_empty() {
            // Removes the blank line after a removed block of imports.
            let rest = place.text.get(range.end as usize..)?;
            let blank = rest
                .split_inclusive('\n')
                .take_while(|line| line.trim().is_empty());
            range.end += blank.map(str::len).sum::<usize>() as u32;
        }
        changes.push(replacement(range, text));
    }
    let whole: Vec<Change> = changes
        .into_iter()
        .filter(|change| place.slice(change.range).replace("\r\n", "\n") != change.text)
        .collect();
    (!whole.is_empty()).then_some(whole)
}

fn order(import: &Import) -> Order {
    let words: Vec<&str> = import
        .path
        .segments
        .iter()
        .map(|name| name.text.as_str())
        .collect();
    Order {
        path: words.join("."),
        has_names: import.names.is_some(),
        alias: import.alias.as_ref().map(|alias| alias.text.clone()),
    }
}

fn import_text(order: &Order, names: &BTreeSet<SmolStr>) -> String {
    let mut text = format!("import {}", order.path);
    if order.has_names {
        let names: Vec<&str> = names.iter().map(SmolStr::as_str).collect();
        text.push_str(&format!(".{{{}}}", names.join(", ")));
    }
    if let Some(alias) = &order.alias {
        text.push_str(&format!(" as {alias}"));
    }
    text
}

/// Groups of consecutive imports, each with its range and lines.
fn runs<'a>(place: &Place<'a>) -> Vec<(TextRange, Vec<Line<'a>>)> {
    let all = comments(place.text, |_| true);
    let mut runs: Vec<(TextRange, Vec<Line<'a>>)> = Vec::new();
    let mut goes_on = false;
    for at in place.items() {
        let ItemNode::Import(import) = &at.item.node else {
            goes_on = false;
            continue;
        };
        let range = import.range.shifted(at.start);
        let lines = whole_lines(place.text, range);
        let beside = all
            .iter()
            .find(|comment| !comment.own_line && comment.with == Some(range));
        let beside = beside.map(|comment| place.slice(comment.range).to_owned());
        let previous = runs.last().filter(|_| goes_on).map(|(range, _)| range.end);
        let start = match previous {
            Some(end) => end,
            None => place.with_comments_above(range.start) as u32,
        };
        let above = all
            .iter()
            .filter(|comment| {
                comment.own_line && start <= comment.range.start && comment.range.end <= range.start
            })
            .map(|comment| place.slice(comment.range).to_owned())
            .collect();
        let line = Line {
            import,
            above,
            beside,
        };
        match runs.last_mut() {
            Some((run, lines_of_run)) if goes_on => {
                run.end = lines.end;
                lines_of_run.push(line);
            }
            _ => {
                let start = line_start(place.text, start as usize) as u32;
                let run = TextRange {
                    start,
                    end: lines.end,
                };
                runs.push((run, vec![line]));
            }
        }
        goes_on = true;
    }
    runs
}

/// The names that the document's other items use. In items with syntax errors every word counts.
struct UsedNames {
    names: HashSet<SmolStr>,
    damaged: Vec<TextRange>,
}

impl UsedNames {
    fn new(place: &Place<'_>) -> Self {
        let mut used = Self {
            names: HashSet::new(),
            damaged: Vec::new(),
        };
        for at in place.items().filter(|at| !is_import(at)) {
            if !at.item.errors.is_empty() {
                let end = at.start + at.item.len;
                used.damaged.push(TextRange {
                    start: at.start,
                    end,
                });
            }
            used.item(&at.item.node);
        }
        used
    }

    fn item(&mut self, item: &ItemNode) {
        match item {
            ItemNode::Template(template) => {
                template.params.iter().for_each(|param| self.ty(&param.ty));
            }
            ItemNode::Kind(decl) => decl.fields.iter().for_each(|field| self.ty(&field.ty)),
            _ => {}
        }
        walk_item(item, &mut |node| match node {
            Node::Base(base) => {
                let segments = base.path.segments.iter();
                self.names.extend(segments.map(|name| name.text.clone()));
            }
            Node::Expr(expr) => match &expr.node {
                ExprNode::Name(name) | ExprNode::Member(_, name) => {
                    self.names.insert(name.text.clone());
                }
                _ => {}
            },
            _ => {}
        });
    }

    fn ty(&mut self, ty: &TypeExpr) {
        match &ty.node {
            TypeNode::Name(name) | TypeNode::One(name) => {
                self.names.insert(name.text.clone());
            }
            TypeNode::Optional(inner) | TypeNode::List(inner) => self.ty(inner),
            TypeNode::Union(members) => members.iter().for_each(|member| self.ty(member)),
            TypeNode::Error => {}
        }
    }

    fn has(&self, place: &Place<'_>, name: &str) -> bool {
        self.names.contains(name)
            || self
                .damaged
                .iter()
                .any(|range| has_word(place.slice(*range), name))
    }

    /// True if the whole module is used. An import of an unknown module is kept, because its error has a fix.
    fn is_needed(&self, place: &Place<'_>, import: &Import) -> bool {
        let last = import.path.segments.last();
        let Some(alias) = import.alias.as_ref().or(last) else {
            return true;
        };
        self.has(place, &alias.text) || !is_known(place, import)
    }

    /// The used names in the braces of an import, or all if the module is unknown.
    fn names(&self, place: &Place<'_>, import: &Import) -> Option<Vec<SmolStr>> {
        let names = import.names.as_ref()?.iter().map(|name| name.text.clone());
        let module = module(place, import);
        let is_there = |name: &SmolStr| {
            module.is_some_and(|module| {
                let known = nthc::db::file_names(place.db(), module);
                known.items.iter().any(|entry| entry.name == *name)
            })
        };
        Some(
            names
                .filter(|name| self.has(place, name) || !is_there(name))
                .collect(),
        )
    }
}

fn module(place: &Place<'_>, import: &Import) -> Option<SourceFile> {
    find_module(place.db(), place.workspace(), order(import).path.into())
}

fn is_known(place: &Place<'_>, import: &Import) -> bool {
    module(place, import).is_some()
        || import_names_item(place.db(), place.workspace(), &order(import).path)
}
