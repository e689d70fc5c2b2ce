//! Links among the sources. A link that stays within the project is followed, and a file is one module however it is
//! reached. The targets of links out of the project are never read.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Discovered, EXTENSION, FoundSource, Listed, Unlisted, list, module_name};
use crate::project::MANIFEST;
use crate::project::skipped::SkippedSource;

/// The maximum depth of links in linked folders.
const DEEPEST: usize = 16;

/// Adds the sources that links lead to, and records the links that are skipped.
pub(super) fn follow(
    root: &Path,
    source: &Path,
    skip: &[PathBuf],
    listed: Listed,
    discovered: &mut Discovered,
) -> Result<(), Unlisted> {
    if listed.links.is_empty() {
        return Ok(());
    }
    let mut links = Links {
        root: real(root),
        source: real(source),
        top: source,
        skip,
        seen: listed.files.iter().map(|path| real(path)).collect(),
        discovered,
    };
    // Links to other links come last: a file gets its name from the link that leads to it directly.
    let mut ordered = listed.links;
    ordered.sort_by_cached_key(|link| (leads_to_link(link), link.clone()));
    for link in ordered {
        links.link(&link, DEEPEST)?;
    }
    Ok(())
}

/// Returns a path with all links resolved; the path itself if it does not exist.
fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
}

/// Returns true if the target of a link is itself a link.
fn leads_to_link(link: &Path) -> bool {
    let Ok(target) = fs::read_link(link) else {
        return false;
    };
    let target = link.parent().unwrap_or(link).join(target);
    fs::symlink_metadata(target).is_ok_and(|found| found.is_symlink())
}

struct Links<'a> {
    root: PathBuf,
    source: PathBuf,
    top: &'a Path,
    skip: &'a [PathBuf],
    /// The files that are modules already, with links resolved.
    seen: HashSet<PathBuf>,
    discovered: &'a mut Discovered,
}

impl Links<'_> {
    fn link(&mut self, link: &Path, left: usize) -> Result<(), Unlisted> {
        let is_source = link
            .extension()
            .is_some_and(|extension| extension == EXTENSION);
        let link_path = link.to_path_buf();
        let Ok(target) = fs::canonicalize(link) else {
            // It may have been a folder; with another extension it is not a source.
            if is_source || link.extension().is_none() {
                let target = fs::read_link(link).unwrap_or_default();
                self.report(SkippedSource::Dangling {
                    link: link_path,
                    target,
                });
            }
            return Ok(());
        };
        let is_folder = target.is_dir();
        if !is_folder && !is_source {
            return Ok(());
        }
        if self
            .skip
            .iter()
            .any(|folder| target.starts_with(real(folder)))
        {
            return Ok(());
        }
        if is_folder && target != self.root && target.join(MANIFEST).is_file() {
            self.report(SkippedSource::Project {
                link: link_path,
                target,
            });
            return Ok(());
        }
        if !target.starts_with(&self.root) {
            self.report(SkippedSource::Outside {
                link: link_path,
                target,
                is_folder,
            });
            return Ok(());
        }
        if !is_folder {
            if self.seen.insert(target.clone()) {
                self.add(link);
            } else {
                self.report(SkippedSource::Twice {
                    link: link_path,
                    target,
                    files: 1,
                });
            }
            return Ok(());
        }
        // A parent folder of the sources contains only files that are found anyway, and this link.
        if self.source.starts_with(&target) {
            self.report(SkippedSource::Twice {
                link: link_path,
                target,
                files: self.seen.len(),
            });
            return Ok(());
        }
        let listed = list(link, self.skip, true)?;
        let mut twice = 0;
        for file in &listed.files {
            if self.seen.insert(real(file)) {
                self.add(file);
            } else {
                twice += 1;
            }
        }
        if twice > 0 {
            self.report(SkippedSource::Twice {
                link: link_path,
                target: target.clone(),
                files: twice,
            });
        }
        // Links in a folder of the sources are listed there.
        if !target.starts_with(&self.source) && left > 0 {
            for inner in &listed.links {
                self.link(inner, left - 1)?;
            }
        }
        Ok(())
    }

    fn add(&mut self, path: &Path) {
        let module = module_name(path.strip_prefix(self.top).unwrap_or(path));
        self.discovered.files.push(FoundSource {
            path: path.to_path_buf(),
            module,
        });
    }

    fn report(&mut self, skipped: SkippedSource) {
        self.discovered.skipped.push(skipped);
    }
}
