//! Checks of the output folder: a build must not empty it by accident, or write outside of the project.

use std::fs;
use std::path::Path;

use super::discover::list;
use super::manifest::Manifest;
use super::paths;
use crate::diagnostics::{Diagnostic, FileSpan, codes};

/// Returns the error of a project without sources: a build would remove all of its files.
pub(super) fn no_sources(manifest: &Manifest, is_ignored: bool) -> Diagnostic<FileSpan> {
    let folder = &manifest.source.value;
    let diagnostic = Diagnostic::new(
        &codes::PROJECT_NO_SOURCES,
        format!("no sources in `{folder}`"),
        manifest.source.span,
    )
    .label("expected at least one `*.nth` file in the source directory");
    match is_ignored {
        true => diagnostic.help("change the `.gitignore` lines that ignore them"),
        false => diagnostic.help(
            "add a source, or set the directory that contains them: `source = \"services\"` in \
            `[project]`",
        ),
    }
}

/// Returns the error of the output folder in the manifest, if there is one.
pub(super) fn check(
    root: &Path,
    source: &Path,
    output: &Path,
    manifest: &Manifest,
    cwd: &Path,
) -> Option<Diagnostic<FileSpan>> {
    let shown = &manifest.output.value;
    let real = paths::real(output);
    if output.starts_with(root) && !real.starts_with(paths::real(root)) {
        return Some(
            Diagnostic::new(
                &codes::PROJECT_OUTPUT_LINK,
                format!(
                    "output directory `{shown}` points out of the project, to `{}`",
                    real.display()
                ),
                manifest.output.span,
            )
            .label("expected a directory, found a link")
            .help(
                "set the directory itself: `nthc build --output DIR`, or `output = \"../…\"`, and \
                remove the link",
            ),
        );
    }
    let is_folder = fs::symlink_metadata(output).is_ok_and(|meta| meta.is_dir());
    if !is_folder || !output.starts_with(source) {
        return None;
    }
    let sources = list(output, &[], true).ok()?.files;
    let first = sources.first()?;
    let message = match sources.len() {
        1 => format!("a source is in the output directory `{shown}` and is not read"),
        count => {
            format!("{count} sources are in the output directory `{shown}` and are not read")
        }
    };
    Some(
        Diagnostic::new(
            &codes::PROJECT_SOURCES_IN_OUTPUT,
            message,
            manifest.output.span,
        )
        .label("expected a directory without sources")
        .help(format!(
            "move `{}` elsewhere, or set another directory: `output = \"build\"`",
            paths::display(first, cwd)
        )),
    )
}
