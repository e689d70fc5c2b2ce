//! How the texts of sources differ.

use std::collections::BTreeMap;

use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};

use super::super::console::Console;
use super::version::VersionFiles;
use nthc::project::MANIFEST;

/// Prints a unified diff of all files that differ.
pub fn print(base: &VersionFiles, head: &VersionFiles, console: &mut Console) {
    let (old, new) = (texts(base), texts(head));
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let (removed, added): (Style, Style) =
        (AnsiColor::Red.on_default(), AnsiColor::Green.on_default());
    for name in names {
        let (before, after) = (old.get(name), new.get(name));
        if before == after {
            continue;
        }
        console.out.line("");
        let side = |text: Option<&&str>, prefix: &str| match text {
            Some(_) => format!("{prefix}/{name}"),
            None => "/dev/null".to_owned(),
        };
        console.out.line(format_args!("--- {}", side(before, "a")));
        console.out.line(format_args!("+++ {}", side(after, "b")));
        let diff = TextDiff::from_lines(
            before.copied().unwrap_or_default(),
            after.copied().unwrap_or_default(),
        );
        for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
            console.out.line(hunk.header());
            for change in hunk.iter_changes() {
                let (sign, style) = match change.tag() {
                    ChangeTag::Equal => (' ', Style::new()),
                    ChangeTag::Delete => ('-', removed),
                    ChangeTag::Insert => ('+', added),
                };
                let line = change.value().trim_end_matches(['\n', '\r']);
                console
                    .out
                    .styled_line(&[(style, &format_args!("{sign}{line}"))]);
            }
        }
    }
}

/// The texts of all files by the path that is shown.
fn texts(version: &VersionFiles) -> BTreeMap<String, &str> {
    let project = &version.loaded.project;
    let sources = project
        .files
        .iter()
        .map(|file| (file.shown.clone(), &*file.text));
    let manifest = (version.manifest_path(), version.manifest());
    debug_assert!(manifest.0.ends_with(MANIFEST));
    sources.chain([manifest]).collect()
}
