//! The limit of removals without permission: rules that disappear from an output folder disappear from Prometheus.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::TargetName;

/// The minimum number of lost files that can exceed a fifth: about the files of one service.
const FROM: usize = 4;

/// The minimum number of removed files that can exceed a half, counting files that were only renamed.
const FROM_RENAMED: usize = 20;

/// More removals than a build may make without permission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excess {
    /// The folder below the output folder; empty for the whole output.
    pub folder: String,
    /// The number of files to remove.
    pub removed: usize,
    /// The number of files of earlier builds.
    pub existing: usize,
}

#[derive(Default)]
struct Counts {
    existing: usize,
    generated: usize,
    removed: usize,
    /// The numbers of removed and of new files, by folder and extension.
    kinds: BTreeMap<(String, String), (usize, usize)>,
}

impl Counts {
    /// Returns the number of removed files that no new file replaces, as the files of a renamed service do.
    fn lost(&self) -> usize {
        let kinds = self.kinds.values();
        kinds
            .map(|(removed, new)| removed.saturating_sub(*new))
            .sum()
    }

    fn is_excessive(&self) -> bool {
        let lost = self.lost();
        let is_emptied = self.removed > 0 && self.generated == 0;
        is_emptied
            || (lost >= FROM && lost * 5 > self.existing)
            || (self.removed >= FROM_RENAMED && self.removed * 2 > self.existing)
    }
}

/// Returns the folders in which a build would remove more than a fifth of the files of earlier builds (`existing`), or all
/// of them: the whole output, the folder of an environment, or that of a target. `generated` are the files of this build.
pub(super) fn find_excesses<'a>(
    existing: &BTreeSet<&'a str>,
    removed: &'a [String],
    generated: &BTreeSet<&'a str>,
) -> Vec<Excess> {
    if removed.is_empty() {
        return Vec::new();
    }
    let mut groups: BTreeMap<&str, Counts> = BTreeMap::new();
    for path in existing {
        for group in groups_of(path) {
            groups.entry(group).or_default().existing += 1;
        }
    }
    for path in generated {
        for group in groups_of(path) {
            let counts = groups.entry(group).or_default();
            counts.generated += 1;
            if !existing.contains(path) {
                counts
                    .kinds
                    .entry(folder_and_extension(path))
                    .or_default()
                    .1 += 1;
            }
        }
    }
    for path in removed {
        for group in groups_of(path) {
            let counts = groups.entry(group).or_default();
            counts.removed += 1;
            counts
                .kinds
                .entry(folder_and_extension(path))
                .or_default()
                .0 += 1;
        }
    }
    let mut found: Vec<Excess> = Vec::new();
    for (folder, counts) in groups {
        // A folder is reported once for all folders in it.
        let is_reported = found
            .iter()
            .any(|excess| excess.folder.is_empty() || folder.starts_with(&excess.folder));
        if !is_reported && counts.is_excessive() {
            found.push(Excess {
                folder: folder.to_owned(),
                removed: counts.removed,
                existing: counts.existing,
            });
        }
    }
    found
}

/// Returns the folders that a path counts for: the whole output, its environment, and its target. Each but the first ends
/// with `/`.
fn groups_of(path: &str) -> impl Iterator<Item = &str> {
    let ends: Vec<usize> = path.match_indices('/').map(|(at, _)| at + 1).collect();
    let first = ends.first().and_then(|end| path.get(..*end));
    let is_target = |folder: &str| {
        TargetName::ALL
            .iter()
            .any(|target| folder.strip_suffix('/') == Some(target.name()))
    };
    let second = match first {
        Some(first) if !is_target(first) => ends.get(1).and_then(|end| path.get(..*end)),
        _ => None,
    };
    [path.get(..0), first, second].into_iter().flatten()
}

/// Returns the folder and the extension of a path.
fn folder_and_extension(path: &str) -> (String, String) {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let extension = name.split_once('.').map_or("", |(_, extension)| extension);
    (folder.to_owned(), extension.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the folders with excessive removals, for the files before and after a build.
    fn excessive_folders(before: &[String], after: &[String]) -> Vec<(String, usize, usize)> {
        let existing: BTreeSet<&str> = before.iter().map(String::as_str).collect();
        let generated: BTreeSet<&str> = after.iter().map(String::as_str).collect();
        let removed = before
            .iter()
            .filter(|path| !generated.contains(path.as_str()));
        let removed: Vec<String> = removed.cloned().collect();
        let found = find_excesses(&existing, &removed, &generated);
        let found = found.into_iter();
        found
            .map(|excess| (excess.folder, excess.removed, excess.existing))
            .collect()
    }

    fn files(folders: &[&str], services: std::ops::Range<usize>) -> Vec<String> {
        let of = |service: usize| {
            folders
                .iter()
                .map(move |folder| format!("{folder}/s{service}.yaml"))
        };
        services.flat_map(of).collect()
    }

    const TARGETS: [&str; 3] = ["prometheus", "grafana", "docs"];

    #[test]
    fn a_fifth_may_go_and_no_more() {
        let before = files(&TARGETS, 0..10);
        assert_eq!(excessive_folders(&before, &files(&TARGETS, 0..8)), []);
        assert_eq!(
            excessive_folders(&before, &files(&TARGETS, 0..7)),
            [(String::new(), 9, 30)]
        );
        // A single one of a few services is reported if it has many files.
        assert_eq!(
            excessive_folders(&files(&TARGETS, 0..2), &files(&TARGETS, 0..1)),
            []
        );
        assert_eq!(
            excessive_folders(&before, &before.clone()),
            [],
            "nothing goes, nothing is told"
        );
    }

    #[test]
    fn what_is_emptied_is_always_told() {
        let before = files(&TARGETS, 0..1);
        assert_eq!(excessive_folders(&before, &[]), [(String::new(), 3, 3)]);
        assert_eq!(
            excessive_folders(&before, &files(&TARGETS[..2], 0..1)),
            [("docs/".to_owned(), 1, 1)]
        );
        let environments = ["a/prometheus", "b/prometheus", "c/prometheus"];
        let before = files(&environments, 0..3);
        assert_eq!(
            excessive_folders(&before, &files(&environments[..2], 0..3)),
            [("c/".to_owned(), 3, 3)]
        );
    }

    #[test]
    fn an_environment_counts_by_itself() {
        let environments = ["a/prometheus", "b/prometheus", "c/prometheus"];
        let before = files(&environments, 0..20);
        let mut after = files(&environments[..2], 0..20);
        after.extend(files(&environments[2..], 0..15));
        assert_eq!(
            excessive_folders(&before, &after),
            [("c/".to_owned(), 5, 20)]
        );
    }

    #[test]
    fn a_renamed_service_is_no_loss_and_other_services_are() {
        let before = files(&TARGETS, 0..3);
        assert_eq!(excessive_folders(&before, &files(&TARGETS, 1..4)), []);
        assert_eq!(excessive_folders(&before, &files(&TARGETS, 3..6)), []);
        let before = files(&TARGETS, 0..10);
        assert_eq!(excessive_folders(&before, &files(&TARGETS, 2..12)), []);
        assert_eq!(
            excessive_folders(&before, &files(&TARGETS, 20..30)),
            [(String::new(), 30, 30)]
        );
    }
}
