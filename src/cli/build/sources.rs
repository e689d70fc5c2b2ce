//! Records the sources of a build, for `nthc diff --against-build`.

use std::fs;
use std::path::Path;

use super::super::exit::Failure;
use nthc::backends::file_stem;
use nthc::catalogue::LOCK;
use nthc::output::{BuiltSources, SOURCES};
use nthc::project::{Loaded, MANIFEST, io_cause, paths};

/// Records the sources of a project in its output folder, or in that of the only environment that was built. Records of single
/// environments end with a build of all.
///
/// # Errors
///
/// If a file cannot be written.
pub fn record(
    loaded: &Loaded,
    cwd: &Path,
    output: &Path,
    only: Option<&str>,
    environments: &[String],
) -> Result<(), Failure> {
    let project = &loaded.project;
    let unwritable = |cause: std::io::Error| {
        Failure::io(format!(
            "cannot record the sources in {}: {}",
            paths::display(output, cwd),
            io_cause(&cause)
        ))
        .help("the output itself was written")
    };
    let lock = project.root.join(LOCK);
    let lock_text = match fs::read_to_string(&lock) {
        Ok(text) => Some(text),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => None,
        Err(cause) => return Err(unwritable(cause)),
    };
    let manifests = loaded.sources.files().iter().filter_map(|file| {
        let path = paths::absolute(Path::new(&file.path), cwd);
        path.ends_with(MANIFEST).then_some((path, &*file.text))
    });
    let sources = project
        .files
        .iter()
        .map(|file| (file.path.clone(), &*file.text));
    let outside = project
        .outside
        .iter()
        .map(|(path, text)| (path.clone(), &**text));
    let all = manifests
        .chain(sources)
        .chain(outside)
        .chain(lock_text.as_deref().map(|text| (lock.clone(), text)));
    let Some(record) = BuiltSources::new(&project.root, all) else {
        return Err(Failure::io(
            "cannot record the sources: the project and its packages are on different drives",
        )
        .help("remove `record_sources` from `nth.toml`; the output itself was written"));
    };
    match only {
        Some(only) => record.write(&output.join(only)).map_err(unwritable),
        None => {
            record.write(output).map_err(unwritable)?;
            for environment in environments {
                let old = output.join(file_stem(environment)).join(SOURCES);
                match fs::remove_file(old) {
                    Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
                        return Err(unwritable(cause));
                    }
                    _ => {}
                }
            }
            Ok(())
        }
    }
}
