//! Applies a rename to a copy of the project first: each name in the copy must mean what it means in the project. The copy has only
//! the files that the renamed items can depend on.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use nthc::check::check_item;
use nthc::check::names::{duplicate_globals, duplicate_names};
use nthc::compile::SourceInput;
use nthc::db::{Database, Diag, ItemKey, SourceFile, Span, file_names, find_module};
use nthc::diagnostics::Severity;
use nthc::eval::index::{Definition, NamedPlace};
use nthc::lower::{outside_rule, service_model};
use nthc::schema::names::kind;
use nthc::session::{Session, is_of_project};
use nthc::syntax::tree::TextRange;
use rayon::prelude::*;
use salsa::Database as _;
use smol_str::SmolStr;

use super::Names;
use super::edit::{Edit, Refusal};

/// A range in a file, with the file's module.
type Place = (SmolStr, TextRange);

/// Checks edits. Only items that contain one of `texts`, before or after the edits, can change their meaning.
///
/// # Errors
/// If a name would change its meaning, or if a new error would be reported; with the reason.
pub fn check(names: Names<'_>, edits: &[Edit], texts: &[&str]) -> Result<(), Refusal> {
    let mut by_file: HashMap<SourceFile, Vec<&Edit>> = HashMap::new();
    for edit in edits {
        by_file.entry(edit.file).or_default().push(edit);
    }
    let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    let items = names.in_items(names.files, &texts, |_, item| vec![item]);
    let changed = items
        .iter()
        .map(|item| item.file)
        .chain(by_file.keys().copied());
    let files = needed_files(names, changed);
    let mut session = edited_copy(names, &files, &by_file)?;
    let twins: HashMap<SourceFile, SourceFile> = files
        .into_iter()
        .zip(session.files().iter().copied())
        .collect();
    let moved = Moved {
        edits: by_file
            .iter()
            .map(|(file, edits)| (file.module(names.db).clone(), edits.as_slice()))
            .collect(),
    };
    for some in items.chunks(AT_ONCE) {
        names.db.unwind_if_revision_cancelled();
        compare_items(names, &session, &twins, &moved, some)?;
        // Their results are not used again.
        session.evict_stale();
    }
    let (known, now) = all_duplicates(names, &session, &twins);
    let known: Vec<String> = known.into_iter().map(|found| found.message).collect();
    let new = now.iter().find(|found| !known.contains(&found.message));
    match new.or_else(|| now.first().filter(|_| now.len() > known.len())) {
        None => Ok(()),
        Some(found) => Err(Refusal::AlreadyUsed {
            message: found.message.clone(),
        }),
    }
}

/// Number of items of the copy whose results are held at once.
const AT_ONCE: usize = 16;

/// Refuses with the first of these items that differs in the copy.
fn compare_items(
    names: Names<'_>,
    session: &Session,
    twins: &HashMap<SourceFile, SourceFile>,
    moved: &Moved<'_>,
    items: &[ItemKey],
) -> Result<(), Refusal> {
    let (workspace, files, standard) = (names.workspace, names.files, names.standard);
    let default_team = names.default_team;
    let (copied, copied_files) = (session.workspace, session.files());
    let copied_standard = session.standard_library();
    let compared: Vec<Result<(), Refusal>> = items
        .par_iter()
        .map_with((names.db.clone(), session.db.clone()), |handles, item| {
            let here = Names {
                db: &handles.0,
                workspace,
                files,
                standard,
                default_team,
            };
            let there = Names {
                db: &handles.1,
                workspace: copied,
                files: copied_files,
                standard: copied_standard,
                default_team,
            };
            let twin = twins
                .get(&item.file)
                .and_then(|file| twin(here, there, *item, *file))
                .ok_or(Refusal::CannotParse)?;
            same_meanings((here, *item), (there, twin), moved)?;
            same_errors((here, *item), (there, twin))
        })
        .collect();
    compared.into_iter().collect()
}

/// The diagnostics about names that are declared twice: in the project, and with the edits.
fn all_duplicates(
    names: Names<'_>,
    session: &Session,
    twins: &HashMap<SourceFile, SourceFile>,
) -> (Vec<Diag>, Vec<Diag>) {
    let declared: Vec<_> = names
        .files
        .par_iter()
        .map_with((names.db.clone(), session.db.clone()), |handles, file| {
            let own = duplicate_names(&handles.0, *file);
            let copied = twins.get(file);
            let copied = copied.map(|twin| duplicate_names(&handles.1, *twin));
            (own, copied)
        })
        .collect();
    let (mut known, mut now) = (Vec::new(), Vec::new());
    let (mut known_globals, mut globals) = (Vec::new(), Vec::new());
    for ((own, own_globals), copied) in &declared {
        let (found, found_globals) = match copied {
            Some((found, globals)) => (found, globals),
            None => (own, own_globals),
        };
        known.extend(own.iter().cloned());
        now.extend(found.iter().cloned());
        known_globals.extend(own_globals);
        globals.extend(found_globals);
    }
    known.extend(duplicate_globals(known_globals));
    now.extend(duplicate_globals(globals));
    (known, now)
}

/// The files, in their order, that the items of some files can depend on: those that they import, directly or through others, and
/// those that say something about the whole project.
fn needed_files(names: Names<'_>, changed: impl Iterator<Item = SourceFile>) -> Vec<SourceFile> {
    let (db, workspace) = (names.db, names.workspace);
    // Who owns a source may be any team.
    if workspace.ownership(db).is_read() {
        return names.files.to_vec();
    }
    let own: HashSet<SourceFile> = names.files.iter().copied().collect();
    let of_all = names.files.iter().copied();
    let of_all = of_all.filter(|file| file_names(db, *file).items.iter().any(is_of_project));
    let mut waiting: Vec<SourceFile> = changed.chain(of_all).collect();
    let mut needed = HashSet::new();
    while let Some(file) = waiting.pop() {
        if !own.contains(&file) || !needed.insert(file) {
            continue;
        }
        for import in &file_names(db, file).imports {
            let module = |name: &str| find_module(db, workspace, name.into());
            // The name of the module may be followed by that of an item.
            let above = import.module.rsplit_once('.');
            let (named, above) = (
                module(&import.module),
                above.and_then(|(name, _)| module(name)),
            );
            if named.is_none() {
                // What it should name depends on all modules.
                return names.files.to_vec();
            }
            waiting.extend(named.into_iter().chain(above));
        }
    }
    let files = names.files.iter().copied();
    files.filter(|file| needed.contains(file)).collect()
}

/// Creates the copy of these files of the project with edited texts.
fn edited_copy(
    names: Names<'_>,
    files: &[SourceFile],
    edits: &HashMap<SourceFile, Vec<&Edit>>,
) -> Result<Session, Refusal> {
    let mut inputs = Vec::with_capacity(files.len());
    for file in files {
        let mut text = Arc::clone(names.text(*file));
        if let Some(edits) = edits.get(file) {
            text = apply(&text, edits).ok_or(Refusal::Overlap)?.into();
        }
        inputs.push(SourceInput {
            module: file.module(names.db).to_string(),
            path: file.path(names.db).clone(),
            text,
            package: file.package(names.db),
        });
    }
    let mut session = Session::new(Database::default(), &inputs);
    session.configure_like(names.db, names.workspace);
    session.limit_models();
    Ok(session)
}

/// Applies edits, which must be sorted, to a text. `None` if they overlap.
fn apply(text: &str, edits: &[&Edit]) -> Option<String> {
    let mut new = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        new.push_str(text.get(at..edit.range.start as usize)?);
        new.push_str(&edit.text);
        at = edit.range.end as usize;
    }
    new.push_str(text.get(at..)?);
    Some(new)
}

/// The corresponding item of the copy, by its index: a rename neither adds nor removes items.
fn twin(here: Names<'_>, there: Names<'_>, item: ItemKey, file: SourceFile) -> Option<ItemKey> {
    let own = &file_names(here.db, item.file).items;
    let copied = &file_names(there.db, file).items;
    let place = own.iter().position(|entry| entry.key == item)?;
    (own.len() == copied.len())
        .then(|| copied.get(place))
        .flatten()
        .map(|entry| entry.key)
}

/// Maps ranges of the project to the copy.
struct Moved<'a> {
    edits: BTreeMap<SmolStr, &'a [&'a Edit]>,
}

impl Moved<'_> {
    fn place(&self, (module, range): Place) -> Place {
        let (mut start, mut end) = (0_i64, 0_i64);
        for edit in self.edits.get(&module).copied().unwrap_or_default() {
            if edit.range.start <= range.start && range.end <= edit.range.end {
                let before = shift_by(edit.range.start, start);
                let range = TextRange {
                    start: before + edit.before,
                    end: before + edit.text.len() as u32,
                };
                return (module, range);
            }
            let shift = edit.text.len() as i64 - i64::from(edit.range.len());
            if edit.range.end <= range.start {
                start += shift;
            }
            // A name may contain others in its interpolations.
            if edit.range.end <= range.end {
                end += shift;
            }
        }
        let range = TextRange {
            start: shift_by(range.start, start),
            end: shift_by(range.end, end),
        };
        (module, range)
    }
}

fn shift_by(at: u32, shift: i64) -> u32 {
    u32::try_from(i64::from(at) + shift).unwrap_or_default()
}

/// The meaning of a name in terms that are comparable between project and copy.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Sense {
    /// Declared at this place.
    Declared(Place),
    /// Built into the compiler, or not declared anywhere.
    Known(String),
}

fn sense(names: Names<'_>, meaning: &Definition) -> Sense {
    match names.declaration(meaning) {
        Some(span) => Sense::Declared(place(names, span)),
        None => Sense::Known(match meaning {
            Definition::Block(block) | Definition::Enclosing(block) => format!("a {}", block.kind),
            other => format!("{other:?}"),
        }),
    }
}

fn place(names: Names<'_>, span: Span) -> Place {
    let module = span.item.file.module(names.db).clone();
    (module, names.absolute(span))
}

/// Refuses if a name of an item has another meaning in the copy.
fn same_meanings(
    (here, item): (Names<'_>, ItemKey),
    (there, twin): (Names<'_>, ItemKey),
    moved: &Moved<'_>,
) -> Result<(), Refusal> {
    // `ledger` becomes `ledger.books`, which also names the module.
    let is_no_module = |name: &&NamedPlace| !matches!(name.meaning, Definition::Module(_));
    let own: Vec<&NamedPlace> = here.notes(item).names.iter().filter(is_no_module).collect();
    let copied = there.notes(twin).names.iter().filter(is_no_module);
    let copied: HashMap<Place, &Definition> = copied
        .map(|name| {
            let span = Span {
                item: twin,
                range: name.range,
            };
            (place(there, span), &name.meaning)
        })
        .collect();
    for name in &own {
        let span = Span {
            item,
            range: name.range,
        };
        let wanted = match sense(here, &name.meaning) {
            Sense::Declared(declared) => Sense::Declared(moved.place(declared)),
            known => known,
        };
        let found = copied.get(&moved.place(place(here, span)));
        if found.map(|meaning| sense(there, meaning)) != Some(wanted) {
            return Err(Refusal::OtherMeaning {
                name: here.bare_name(span).into_owned(),
                path: item.file.path(here.db).to_string(),
                line: here.line(span),
            });
        }
    }
    if own.len() == copied.len() {
        return Ok(());
    }
    Err(Refusal::NewMeaning {
        path: item.file.path(here.db).to_string(),
    })
}

/// Refuses if an item of the copy has an error that it does not have in the project.
fn same_errors(
    (here, item): (Names<'_>, ItemKey),
    (there, twin): (Names<'_>, ItemKey),
) -> Result<(), Refusal> {
    let mut known: HashMap<&str, usize> = HashMap::new();
    for found in diagnostics(here, item) {
        *known.entry(found.code.id).or_default() += 1;
    }
    for found in diagnostics(there, twin) {
        match known.get_mut(found.code.id) {
            Some(count) if *count > 0 => *count -= 1,
            _ if found.code.severity != Severity::Error => {}
            _ => {
                return Err(Refusal::NewError {
                    message: found.message,
                });
            }
        }
    }
    Ok(())
}

fn diagnostics(names: Names<'_>, item: ItemKey) -> Vec<Diag> {
    let (db, workspace) = (names.db, names.workspace);
    let mut found = check_item(db, workspace, item).found.clone();
    let entry = nthc::db::item_entry(db, item);
    let kind = entry.map(|entry| entry.kind).unwrap_or_default();
    let is_rule = matches!(kind.as_str(), kind::ALERT | kind::RECORDING);
    if is_rule || matches!(kind.as_str(), kind::SERVICE | kind::DEPENDENCY) {
        let mut environments: Vec<Option<SmolStr>> = workspace
            .environments(db)
            .keys()
            .cloned()
            .map(Some)
            .collect();
        if environments.is_empty() {
            environments.push(None);
        }
        for environment in environments {
            if is_rule {
                let lowered = outside_rule(db, workspace, item, environment);
                found.extend(lowered.diagnostics.iter().cloned());
                continue;
            }
            let lowered = service_model(db, workspace, item, environment);
            found.extend(lowered.diagnostics.iter().cloned());
        }
    }
    found
}
