//! Finding the programs that read what nthc writes. `tests/tools/install` builds them.

use std::path::PathBuf;

/// Where a program is: in `target/tools/bin`, at the version pinned here, or else on the `PATH`.
///
/// Without it the test is skipped and says so; in CI, where everything must run, it fails.
pub fn find(name: &str) -> Option<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target"),
        PathBuf::from,
    );
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::iter::once(target.join("tools/bin"))
        .chain(std::env::split_paths(&path))
        .map(|folder| {
            folder
                .join(name)
                .with_extension(std::env::consts::EXE_EXTENSION)
        })
        .find(|program| program.is_file());
    if found.is_none() {
        let missing = format!("skipped, {name} not installed: run tests/tools/install");
        assert!(
            std::env::var_os("CI").is_none_or(|ci| ci.is_empty()),
            "{missing}"
        );
        eprintln!("{missing}");
    }
    found
}
