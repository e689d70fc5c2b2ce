//! Registration for file changes.

use tower_lsp::lsp_types::{
    DidChangeWatchedFilesRegistrationOptions, FileSystemWatcher, GlobPattern, Registration,
};

/// Registers for changes of sources, manifests and metric catalogs.
pub fn watch() -> Registration {
    let watchers = [
        "**/*.nth",
        "**/nth.toml",
        "**/nth.metrics.lock",
        // What a manifest may name: a base file of Alertmanager, owners, and a catalog.
        "**/CODEOWNERS",
        "**/*.yml",
        "**/*.yaml",
    ]
    .map(|glob| FileSystemWatcher {
        glob_pattern: GlobPattern::String(glob.to_owned()),
        kind: None,
    })
    .to_vec();
    let options = DidChangeWatchedFilesRegistrationOptions { watchers };
    Registration {
        id: "sources".to_owned(),
        method: "workspace/didChangeWatchedFiles".to_owned(),
        register_options: serde_json::to_value(options).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::watch;

    #[test]
    fn everything_that_a_project_reads_is_watched() {
        let options = watch().register_options.unwrap_or_default().to_string();
        for read in ["**/*.nth", nthc::project::MANIFEST, nthc::catalogue::LOCK] {
            assert!(options.contains(read), "{read} is not in {options}");
        }
    }
}
