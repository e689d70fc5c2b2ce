//! Reads the owners of services from the files that `[ownership]` names.

use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use ignore::gitignore::GitignoreBuilder;

use super::Loader;
use crate::diagnostics::{Diagnostic, FileSpan, codes};
use crate::ir::settings::{Owners, Ownership};
use crate::project::codeowners::CodeOwners;
use crate::project::table::Located;
use crate::project::{Error, Manifest, catalog, paths};

/// The maximum number of files and folders that are searched for catalog files.
const MOST_ENTRIES: usize = 100_000;

impl Loader<'_> {
    /// Reads the owners of the sources and components.
    pub(super) fn ownership(
        &mut self,
        root: &Path,
        output: &Path,
        manifest: &Manifest,
    ) -> Result<Ownership, Error> {
        let mut ownership = Ownership::default();
        if let Some(setting) = &manifest.codeowners {
            self.code_owners(root, setting, &mut ownership)?;
        }
        if let Some(setting) = &manifest.catalog {
            self.components(root, output, setting, &mut ownership)?;
        }
        Ok(ownership)
    }

    fn code_owners(
        &mut self,
        root: &Path,
        setting: &Located<String>,
        ownership: &mut Ownership,
    ) -> Result<(), Error> {
        let path = paths::normalize(&root.join(&setting.value));
        let shown = paths::display(&path, self.cwd);
        let Some(text) = self.outside_text(root, &path)? else {
            self.not_found(
                setting,
                format!("the file `{shown}` of `ownership.codeowners` does not exist"),
            );
            return Ok(());
        };
        self.sources.add(shown.clone(), text.clone());
        let read = CodeOwners::read(&text, &root_of(&path));
        self.outside.push((path, text));
        let own = self.files.iter().filter(|file| file.package.is_none());
        for file in own {
            if let Some((names, line)) = read.owners(&file.path) {
                let owners = Owners {
                    names: names.to_vec(),
                    path: shown.clone(),
                    line,
                };
                ownership.sources.insert(file.shown.clone(), owners);
            }
        }
        ownership.codeowners = Some(shown);
        Ok(())
    }

    fn components(
        &mut self,
        root: &Path,
        output: &Path,
        setting: &Located<String>,
        ownership: &mut Ownership,
    ) -> Result<(), Error> {
        let Matching { found, is_complete } = matching(root, output, &setting.value);
        if !is_complete {
            let message = format!(
                "`ownership.backstage` searches more than {MOST_ENTRIES} files and directories"
            );
            self.diagnostics.push(
                Diagnostic::new(&codes::OWNERSHIP_FILE, message, setting.span)
                    .help("write a longer path before the first `*`"),
            );
        } else if found.is_empty() {
            self.not_found(setting, "no file matches `ownership.backstage`".to_owned());
        }
        for path in found {
            let Some(text) = self.outside_text(root, &path)? else {
                continue;
            };
            let shown = paths::display(&path, self.cwd);
            let file = self.sources.add(shown.clone(), text.clone());
            match catalog::components(&text) {
                Ok(components) => {
                    // Components are in the order of the text.
                    let (mut at, mut line) = (0, 1);
                    for component in components {
                        let passed = text.get(at..component.at).unwrap_or_default();
                        line += passed.matches('\n').count();
                        at = component.at;
                        let owners = Owners {
                            names: vec![component.owner],
                            path: shown.clone(),
                            line,
                        };
                        let known = ownership.components.get(&component.name);
                        match known.filter(|known| known.names != owners.names) {
                            Some(known) => {
                                let span = FileSpan {
                                    file,
                                    start: at,
                                    end: at + owners.names.iter().map(String::len).sum::<usize>(),
                                };
                                let found = two_owners(&component.name, known, span);
                                self.diagnostics.push(found);
                            }
                            None => {
                                ownership.components.insert(component.name, owners);
                            }
                        }
                    }
                }
                Err(malformed) => {
                    let span = FileSpan {
                        file,
                        start: malformed.span.start,
                        end: malformed.span.end,
                    };
                    self.diagnostics.push(
                        Diagnostic::new(
                            &codes::OWNERSHIP_FILE,
                            "the catalog file is not well-formed YAML",
                            span,
                        )
                        .label(malformed.what),
                    );
                }
            }
            self.outside.push((path, text));
        }
        ownership.catalog = Some(setting.value.clone());
        Ok(())
    }

    fn not_found(&mut self, setting: &Located<String>, message: String) {
        let found = Diagnostic::new(&codes::OWNERSHIP_FILE, message, setting.span);
        self.diagnostics.push(found.label("not found"));
    }
}

/// Reports a component that has another owner in another place, so that it is not known whose service it is.
fn two_owners(name: &str, known: &Owners, span: FileSpan) -> Diagnostic<FileSpan> {
    let Owners { names, path, line } = known;
    Diagnostic::new(
        &codes::OWNERSHIP_FILE,
        format!("component `{name}` has two owners"),
        span,
    )
    .note(format!(
        "it is owned by `{}` in line {line} of `{path}`",
        names.join("`, `")
    ))
    .help("remove one of them, or let `backstage` in `[ownership]` match only one of the files")
}

/// The folder that the patterns of a `CODEOWNERS` file are relative to: that of the repository, where the file is in one of three places.
fn root_of(path: &Path) -> PathBuf {
    let folder = path.parent().unwrap_or(path);
    let name = folder.file_name().and_then(|name| name.to_str());
    match (name, folder.parent()) {
        (Some(".github" | ".gitlab" | "docs"), Some(above)) => above.to_path_buf(),
        _ => folder.to_path_buf(),
    }
}

/// The files that match a path.
struct Matching {
    found: Vec<PathBuf>,
    /// False if there are more entries than are searched.
    is_complete: bool,
}

/// The files that match a path with `*`, sorted. Hidden and ignored ones, and the output, are skipped.
fn matching(root: &Path, output: &Path, pattern: &str) -> Matching {
    let all = |found| Matching {
        found,
        is_complete: true,
    };
    let parts: Vec<&str> = pattern.split('/').collect();
    let is_plain = |part: &&&str| !part.contains(['*', '?', '{', '[']);
    let fixed = parts.iter().take_while(is_plain).count();
    if fixed == parts.len() {
        let path = paths::normalize(&root.join(pattern));
        return all(path.is_file().then_some(path).into_iter().collect());
    }
    let (above, rest) = parts.split_at(fixed);
    let folder = paths::normalize(&root.join(above.join("/")));
    let mut builder = GitignoreBuilder::new(&folder);
    // Anchored, as a path is.
    if builder
        .add_line(None, &format!("/{}", rest.join("/")))
        .is_err()
    {
        return all(Vec::new());
    }
    let Ok(matcher) = builder.build() else {
        return all(Vec::new());
    };
    let output = output.to_path_buf();
    let walk = WalkBuilder::new(&folder)
        .require_git(false)
        .filter_entry(move |entry| entry.path() != output)
        .build();
    let mut walk = walk.peekable();
    let files = walk
        .by_ref()
        .take(MOST_ENTRIES)
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
        .map(ignore::DirEntry::into_path);
    let mut found: Vec<PathBuf> = files
        .filter(|path| matcher.matched(path, false).is_ignore())
        .collect();
    found.sort();
    Matching {
        found,
        is_complete: walk.peek().is_none(),
    }
}
