//! Reads the packages that a project depends on, and finds modules with names that are in use.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use smol_str::SmolStr;

use super::{Loader, canonical};
use crate::diagnostics::{Applicability, Diagnostic, FileSpan, codes};
use crate::project::{Dependency, Error, MANIFEST, Manifest, paths};

impl Loader<'_> {
    /// Reads the dependencies of the manifest in `root`, recursively. `chain` is the path from the project.
    pub(super) fn dependencies(
        &mut self,
        root: &Path,
        manifest: &Manifest,
        chain: &mut Vec<(String, PathBuf)>,
    ) -> Result<(), Error> {
        for dependency in &manifest.dependencies {
            let folder = paths::normalize(&root.join(&dependency.path.value));
            if !folder.join(MANIFEST).is_file() {
                let shown = paths::display(&folder, self.cwd);
                let label = if folder.is_dir() {
                    "this directory has no `nth.toml`"
                } else {
                    "this directory does not exist"
                };
                self.diagnostics.push(
                    Diagnostic::new(
                        &codes::PROJECT_MISSING_PACKAGE,
                        format!("no package in {shown}"),
                        dependency.path.span,
                    )
                    .label(label),
                );
                continue;
            }
            let here = canonical(&folder);
            if let Some(start) = chain.iter().position(|(_, path)| *path == here) {
                let mut names: Vec<&str> = chain
                    .iter()
                    .skip(start)
                    .map(|(name, _)| name.as_str())
                    .collect();
                let first = names.first().copied().unwrap_or_default();
                names.push(first);
                self.diagnostics.push(
                    Diagnostic::new(
                        &codes::PROJECT_PACKAGE_CYCLE,
                        format!("the package `{first}` depends on itself"),
                        dependency.path.span,
                    )
                    .label(names.join(" → ")),
                );
                continue;
            }
            if let Some((other, named)) = self.packages.get(&dependency.name.value).cloned() {
                if other != here {
                    self.diagnostics.push(
                        Diagnostic::new(
                            &codes::PROJECT_PACKAGE_NAME,
                            format!("duplicate package name `{}`", dependency.name.value),
                            dependency.name.span,
                        )
                        .label("not the same directory as the first one")
                        .because(named, "first package with this name"),
                    );
                }
                continue;
            }
            self.package(dependency, &folder, here, chain)?;
        }
        Ok(())
    }

    fn package(
        &mut self,
        dependency: &Dependency,
        folder: &Path,
        here: PathBuf,
        chain: &mut Vec<(String, PathBuf)>,
    ) -> Result<(), Error> {
        let text = self.read_manifest(folder)?;
        let (manifest, is_sound) = self.manifest(folder, &text);
        let name = &dependency.name;
        if is_sound && manifest.name.value != name.value {
            self.diagnostics.push(
                Diagnostic::new(
                    &codes::PROJECT_PACKAGE_NAME,
                    format!(
                        "package `{}` is imported as `{}`",
                        manifest.name.value, name.value
                    ),
                    name.span,
                )
                .label("not the package's name")
                .because(manifest.name.span, "named here")
                .fix(
                    format!("Replace with `{}`", manifest.name.value),
                    name.span,
                    manifest.name.value.clone(),
                    Applicability::Maybe,
                ),
            );
        }
        self.packages
            .insert(name.value.clone(), (here.clone(), manifest.name.span));
        let output = paths::normalize(&folder.join(&manifest.output.value));
        self.read_sources(
            Some(&SmolStr::from(name.value.as_str())),
            folder,
            &manifest,
            &[output],
        )?;
        chain.push((name.value.clone(), here));
        self.dependencies(folder, &manifest, chain)?;
        chain.pop();
        Ok(())
    }

    /// Reports and removes modules with names that are in use.
    pub(super) fn remove_collisions(&mut self, manifest: &Manifest) {
        let packages: BTreeMap<String, FileSpan> = manifest
            .dependencies
            .iter()
            .map(|dependency| {
                (
                    dependency.name.value.to_ascii_lowercase(),
                    dependency.name.span,
                )
            })
            .collect();
        let mut taken: BTreeMap<String, (String, String, Arc<str>)> = BTreeMap::new();
        let mut kept = Vec::with_capacity(self.files.len());
        for file in std::mem::take(&mut self.files) {
            let lower = file.module.to_ascii_lowercase();
            // The modules of a package begin with its name, which does not collide.
            let first = lower.split('.').next().unwrap_or_default();
            let own = file.package.is_none();
            if own && first == "std" {
                let span = self.add_span(&file.path, file.text, 0..0);
                self.diagnostics.push(
                    Diagnostic::new(
                        &codes::PROJECT_MODULE_COLLISION,
                        format!("module `{}` has the standard library's name", file.module),
                        span,
                    )
                    .help("rename the file or directory: `std` is reserved"),
                );
            } else if let Some(span) = packages.get(first).copied().filter(|_| own) {
                let at = self.add_span(&file.path, file.text, 0..0);
                self.diagnostics.push(
                    Diagnostic::new(
                        &codes::PROJECT_MODULE_COLLISION,
                        format!("module `{}` has the name of a package", file.module),
                        at,
                    )
                    .because(span, "the package"),
                );
            } else if let Some((module, shown, text)) = taken.get(&lower).cloned() {
                let at = self.add_span(&file.path, file.text, 0..0);
                let first = self.sources.add(shown, text);
                self.diagnostics.push(
                    Diagnostic::new(
                        &codes::PROJECT_MODULE_COLLISION,
                        format!(
                            "modules `{module}` and `{}` differ only in case",
                            file.module
                        ),
                        at,
                    )
                    .because(
                        FileSpan {
                            file: first,
                            start: 0,
                            end: 0,
                        },
                        "the other module",
                    ),
                );
            } else {
                taken.insert(
                    lower,
                    (file.module.clone(), file.shown.clone(), file.text.clone()),
                );
                kept.push(file);
            }
        }
        self.files = kept;
    }
}
