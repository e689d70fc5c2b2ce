//! Reads files of other programs that `nth.toml` names.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use smol_str::SmolStr;

use super::Loader;
use crate::diagnostics::{Diagnostic, codes};
use crate::ir::settings::texts::ENVIRONMENT;
use crate::ir::{AlertmanagerBase, AlertmanagerFormat};
use crate::limits;
use crate::project::table::Located;
use crate::project::{
    Error, Manifest, NotUtf8, alertmanager_base, decode, not_utf8, paths, read_file_at_most,
    resolve_file,
};

/// The contents of base files, by environment; by `None` that of all environments. A file with an error has none.
type Bases = BTreeMap<Option<SmolStr>, Option<Arc<AlertmanagerBase>>>;

impl Loader<'_> {
    /// Reads `base` of `[alertmanager]`: one file, or one for each environment.
    pub(super) fn alertmanager_bases(
        &mut self,
        root: &Path,
        output: &Path,
        manifest: &Manifest,
    ) -> Result<Bases, Error> {
        let mut bases = Bases::new();
        let Some(setting) = &manifest.alertmanager_base else {
            return Ok(bases);
        };
        // With another format it has no effect, which is reported.
        if manifest.settings.alertmanager.format != AlertmanagerFormat::Plain {
            return Ok(bases);
        }
        let path = paths::normalize(&root.join(&setting.value));
        if path.starts_with(output) {
            let message = "the Alertmanager base file must not be in the output directory";
            self.diagnostics.push(
                Diagnostic::new(&codes::ALERTMANAGER_BASE, message, setting.span)
                    .help("move it out: a build would replace it with its own output"),
            );
            bases.insert(None, None);
            return Ok(bases);
        }
        if !setting.value.contains(ENVIRONMENT) {
            let base = self.alertmanager_base(root, &path, setting)?;
            bases.insert(None, base.map(Arc::new));
            return Ok(bases);
        }
        for (environment, path) in of_environments(root, &setting.value) {
            let base = self.alertmanager_base(root, &path, setting)?;
            bases.insert(Some(environment), base.map(Arc::new));
        }
        Ok(bases)
    }

    fn alertmanager_base(
        &mut self,
        root: &Path,
        path: &Path,
        setting: &Located<String>,
    ) -> Result<Option<AlertmanagerBase>, Error> {
        let Some(text) = self.outside_text(root, path)? else {
            let shown = paths::display(path, self.cwd);
            let message = format!("the Alertmanager base file `{shown}` does not exist");
            let found = Diagnostic::new(&codes::ALERTMANAGER_BASE, message, setting.span);
            self.diagnostics.push(found.label("not found"));
            return Ok(None);
        };
        let shown = paths::display(path, self.cwd);
        let mut read = alertmanager_base::read(&text, &shown);
        let file = self.sources.add(shown, std::mem::take(&mut read.shown));
        self.outside.push((path.to_path_buf(), text));
        let base = read.base.take();
        self.diagnostics.extend(read.diagnostics(file));
        Ok(base)
    }

    /// The text of a file; `None` if there is none. A file that is not UTF-8 is reported, and read as far as it is.
    pub(super) fn outside_text(
        &mut self,
        root: &Path,
        path: &Path,
    ) -> Result<Option<Arc<str>>, Error> {
        if let Some(text) = (self.edited)(path) {
            return Ok(Some(text));
        }
        let bytes = match resolve_file(path, Some(root))
            .and_then(|path| read_file_at_most(&path, limits::MANIFEST_BYTES))
        {
            Ok(bytes) => bytes,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(self.read_error(path, cause)),
        };
        Ok(Some(match decode(bytes) {
            Ok(text) => text.into(),
            Err(NotUtf8 { text, at }) => {
                // The line may contain a secret.
                let lines = text.get(..at.start).unwrap_or_default();
                let shown = "\n".repeat(lines.matches('\n').count());
                let end = shown.len();
                let span = self.add_span(path, shown, end..end);
                self.diagnostics.push(not_utf8(span));
                text.into()
            }
        }))
    }
}

/// The files of a path with a placeholder, by the environments that they are named after.
fn of_environments(root: &Path, pattern: &str) -> Vec<(SmolStr, PathBuf)> {
    let parts: Vec<&str> = pattern.split('/').collect();
    let Some(at) = parts.iter().position(|part| part.contains(ENVIRONMENT)) else {
        return Vec::new();
    };
    let (above, rest) = parts.split_at(at);
    let Some((named, below)) = rest.split_first() else {
        return Vec::new();
    };
    let (before, after) = named.split_once(ENVIRONMENT).unwrap_or((named, ""));
    let folder = paths::normalize(&root.join(above.join("/")));
    let Ok(entries) = fs::read_dir(&folder) else {
        return Vec::new();
    };
    let mut found: Vec<(SmolStr, PathBuf)> = entries
        .filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            let environment = name.strip_prefix(before)?.strip_suffix(after)?;
            let below = below.join("/").replace(ENVIRONMENT, environment);
            let mut path = folder.join(&name);
            if !below.is_empty() {
                path.push(below);
            }
            path.is_file().then(|| (environment.into(), path))
        })
        .collect();
    found.sort();
    found
}
