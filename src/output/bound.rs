//! How much a build may remove without being told to: what vanishes from an output folder vanishes from Prometheus.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::TargetName;

/// From how many files on a fifth is counted: the files of one service, or a few.
const FROM: usize = 4;

/// From how many files on it counts that more than half are replaced by files of other names.
const FROM_RENAMED: usize = 20;

/// More than a build removes without being told to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excess {
    /// The folder below the output folder that it is about; empty for all that is built.
    pub folder: String,
    /// How many files would go.
    pub removed: usize,
    /// How many stand.
    pub standing: usize,
}

#[derive(Default)]
struct Counts {
    standing: usize,
    made: usize,
    removed: usize,
    /// How many go, by folder and extension, and how many come there.
    kinds: BTreeMap<(String, String), (usize, usize)>,
}

impl Counts {
    /// How many go without another file that comes in their place, as of a renamed service.
    fn lost(&self) -> usize {
        let kinds = self.kinds.values();
        kinds.map(|(gone, new)| gone.saturating_sub(*new)).sum()
    }

    fn is_excessive(&self) -> bool {
        let lost = self.lost();
        let is_emptied = self.removed > 0 && self.made == 0;
        is_emptied
            || (lost >= FROM && lost * 5 > self.standing)
            || (self.removed >= FROM_RENAMED && self.removed * 2 > self.standing)
    }
}

/// Where a build would remove more than a fifth of what stands, or all of it: in all that is built, in an environment's
/// folder, or in a target's. `standing` are the files of earlier builds, `made` those of this one.
pub(super) fn excesses<'a>(
    standing: &BTreeSet<&'a str>,
    removed: &'a [String],
    made: &BTreeSet<&'a str>,
) -> Vec<Excess> {
    if removed.is_empty() {
        return Vec::new();
    }
    let mut groups: BTreeMap<&str, Counts> = BTreeMap::new();
    for path in standing {
        for group in groups_of(path) {
            groups.entry(group).or_default().standing += 1;
        }
    }
    for path in made {
        for group in groups_of(path) {
            let counts = groups.entry(group).or_default();
            counts.made += 1;
            if !standing.contains(path) {
                counts.kinds.entry(kind(path)).or_default().1 += 1;
            }
        }
    }
    for path in removed {
        for group in groups_of(path) {
            let counts = groups.entry(group).or_default();
            counts.removed += 1;
            counts.kinds.entry(kind(path)).or_default().0 += 1;
        }
    }
    let mut found: Vec<Excess> = Vec::new();
    for (folder, counts) in groups {
        // What is told of a folder is told of those in it.
        let is_told = found
            .iter()
            .any(|excess| excess.folder.is_empty() || folder.starts_with(&excess.folder));
        if !is_told && counts.is_excessive() {
            found.push(Excess {
                folder: folder.to_owned(),
                removed: counts.removed,
                standing: counts.standing,
            });
        }
    }
    found
}

/// The folders by which a path counts: all, that of its environment, and that of its target. Each but the first ends
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

/// The folder and the extension of a path.
fn kind(path: &str) -> (String, String) {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let extension = name.split_once('.').map_or("", |(_, extension)| extension);
    (folder.to_owned(), extension.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The folders in which too much goes, of services' files before and after.
    fn told(before: &[String], after: &[String]) -> Vec<(String, usize, usize)> {
        let standing: BTreeSet<&str> = before.iter().map(String::as_str).collect();
        let made: BTreeSet<&str> = after.iter().map(String::as_str).collect();
        let gone = before.iter().filter(|path| !made.contains(path.as_str()));
        let removed: Vec<String> = gone.cloned().collect();
        let found = excesses(&standing, &removed, &made);
        let found = found.into_iter();
        found
            .map(|excess| (excess.folder, excess.removed, excess.standing))
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
        assert_eq!(told(&before, &files(&TARGETS, 0..8)), []);
        assert_eq!(
            told(&before, &files(&TARGETS, 0..7)),
            [(String::new(), 9, 30)]
        );
        // One of a few services is told of when all its files are many.
        assert_eq!(told(&files(&TARGETS, 0..2), &files(&TARGETS, 0..1)), []);
        assert_eq!(
            told(&before, &before.clone()),
            [],
            "nothing goes, nothing is told"
        );
    }

    #[test]
    fn what_is_emptied_is_always_told() {
        let before = files(&TARGETS, 0..1);
        assert_eq!(told(&before, &[]), [(String::new(), 3, 3)]);
        assert_eq!(
            told(&before, &files(&TARGETS[..2], 0..1)),
            [("docs/".to_owned(), 1, 1)]
        );
        let environments = ["a/prometheus", "b/prometheus", "c/prometheus"];
        let before = files(&environments, 0..3);
        assert_eq!(
            told(&before, &files(&environments[..2], 0..3)),
            [("c/".to_owned(), 3, 3)]
        );
    }

    #[test]
    fn an_environment_counts_by_itself() {
        let environments = ["a/prometheus", "b/prometheus", "c/prometheus"];
        let before = files(&environments, 0..20);
        let mut after = files(&environments[..2], 0..20);
        after.extend(files(&environments[2..], 0..15));
        assert_eq!(told(&before, &after), [("c/".to_owned(), 5, 20)]);
    }

    #[test]
    fn a_renamed_service_is_no_loss_and_other_services_are() {
        let before = files(&TARGETS, 0..3);
        assert_eq!(told(&before, &files(&TARGETS, 1..4)), []);
        assert_eq!(told(&before, &files(&TARGETS, 3..6)), []);
        let before = files(&TARGETS, 0..10);
        assert_eq!(told(&before, &files(&TARGETS, 2..12)), []);
        assert_eq!(
            told(&before, &files(&TARGETS, 20..30)),
            [(String::new(), 30, 30)]
        );
    }
}
