//! Warnings about sources that are not read.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::paths;
use crate::diagnostics::{Diagnostic, FileSpan, SourceMap, codes};

/// A source that is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SkippedSource {
    /// A broken link.
    Dangling {
        /// The link.
        link: PathBuf,
        /// Its target, as written.
        target: PathBuf,
    },
    /// A link out of the project.
    Outside {
        /// The link.
        link: PathBuf,
        /// Its target.
        target: PathBuf,
        /// True if the target is a folder.
        is_folder: bool,
    },
    /// A link to a folder that is a project of its own.
    Project {
        /// The link.
        link: PathBuf,
        /// Its target.
        target: PathBuf,
    },
    /// A link to sources that are read already.
    Twice {
        /// The link.
        link: PathBuf,
        /// Its target.
        target: PathBuf,
        /// The number of sources that are reached twice.
        files: usize,
    },
    /// Sources that are ignored by a line of an ignore file.
    Ignored {
        /// The ignore file.
        file: PathBuf,
        /// The line.
        line: String,
        /// The sources.
        files: Vec<PathBuf>,
    },
}

impl SkippedSource {
    /// Returns the warning. Paths are shown relative to `cwd`.
    pub(super) fn diagnostic(&self, cwd: &Path, sources: &mut SourceMap) -> Diagnostic<FileSpan> {
        let shown = |path: &Path| paths::display(path, cwd);
        let mut at = |path: &Path| {
            let file = sources.add(shown(path), Arc::<str>::from(""));
            FileSpan {
                file,
                start: 0,
                end: 0,
            }
        };
        match self {
            Self::Dangling { link, target } => Diagnostic::new(
                &codes::PROJECT_LINK_REFUSED,
                format!(
                    "dangling link `{}`: `{}` does not exist",
                    shown(link),
                    target.display()
                ),
                at(link),
            )
            .help("restore the link's target, or remove the link"),
            Self::Outside {
                link,
                target,
                is_folder,
            } => Diagnostic::new(
                &codes::PROJECT_LINK_REFUSED,
                format!(
                    "link `{}` points out of the project, to `{}`",
                    shown(link),
                    target.display()
                ),
                at(link),
            )
            .help(match is_folder {
                true => {
                    "make the target directory a package with an `nth.toml` and list it under \
                    `[dependencies]`; if it contains no sources, list the link in a `.gitignore`"
                }
                false => {
                    "move the file into the project, or make its directory a package and list it \
                    under `[dependencies]`"
                }
            }),
            Self::Project { link, target } => Diagnostic::new(
                &codes::PROJECT_LINK_REFUSED,
                format!(
                    "link `{}` points to another project, `{}`",
                    shown(link),
                    target.display()
                ),
                at(link),
            )
            .help("list that project under `[dependencies]` in `nth.toml`, and remove the link"),
            Self::Twice {
                link,
                target,
                files,
            } => Diagnostic::new(
                &codes::PROJECT_LINKED_TWICE,
                format!(
                    "link `{}` points to {} already read from `{}`",
                    shown(link),
                    match files {
                        1 => "a source that is".to_owned(),
                        files => format!("{files} sources that are"),
                    },
                    shown(&relative(target, link, cwd)),
                ),
                at(link),
            )
            .help("import the module by its original name, and remove the link"),
            Self::Ignored { file, line, files } => {
                let text = fs::read_to_string(file).unwrap_or_default();
                let start = line_offset(&text, line);
                let span = FileSpan {
                    file: sources.add(shown(file), text.as_str()),
                    start,
                    end: start + line.len().min(text.len() - start),
                };
                let first = files.first().map(|path| shown(path)).unwrap_or_default();
                let message = match files.len() {
                    1 => format!(
                        "source `{first}` is not read: `{line}` in `{}` ignores it",
                        shown(file)
                    ),
                    count => format!(
                        "{count} sources are not read: `{line}` in `{}` ignores them",
                        shown(file)
                    ),
                };
                let diagnostic = Diagnostic::new(&codes::PROJECT_IGNORED_SOURCES, message, span);
                match files.len() {
                    1 => diagnostic,
                    _ => diagnostic.note(format!("the first of them is `{first}`")),
                }
                .help("change the line to read them; set `ignored-sources = \"allow\"` under `[lints]` \
                    to leave them out")
            }
        }
    }
}

/// Returns a target relative to the project, even if the working directory itself is reached through links.
fn relative(target: &Path, link: &Path, cwd: &Path) -> PathBuf {
    let Ok(here) = fs::canonicalize(cwd) else {
        return target.to_path_buf();
    };
    match target.strip_prefix(&here) {
        Ok(rest) if link.starts_with(cwd) => cwd.join(rest),
        _ => target.to_path_buf(),
    }
}

/// Returns the byte offset of a line in a text.
fn line_offset(text: &str, searched: &str) -> usize {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_end() == searched.trim_end() {
            return at;
        }
        at += line.len();
    }
    0
}
