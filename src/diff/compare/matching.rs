//! Pairs the parts of two versions by their names.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::change::Side;

/// A part in two versions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Match<'m, T> {
    /// It is in both, under the same name or another one.
    Both(&'m T, &'m T),
    /// It is only in the old version.
    Removed(&'m T),
    /// It is only in the new version.
    Added(&'m T),
}

/// Pairs parts by name, in the order of names. A part that is missing under its name and one that is new are the same if they
/// have the same key, and no other that is missing or new has it.
pub fn pairs<'m, T, K: Ord>(
    base: impl IntoIterator<Item = &'m T>,
    head: impl IntoIterator<Item = &'m T>,
    name: impl Fn(&'m T) -> &'m str,
    key: impl Fn(Side, &'m T) -> Option<K>,
) -> Vec<Match<'m, T>> {
    pairs_with_former(base, head, name, |_| &[], key)
}

/// Pairs parts as [`pairs`], but first those that are new with those that are missing under one of their former names, the
/// latest of which counts.
pub fn pairs_with_former<'m, T, K: Ord>(
    base: impl IntoIterator<Item = &'m T>,
    head: impl IntoIterator<Item = &'m T>,
    name: impl Fn(&'m T) -> &'m str,
    former: impl Fn(&'m T) -> &'m [SmolStr],
    key: impl Fn(Side, &'m T) -> Option<K>,
) -> Vec<Match<'m, T>> {
    let mut old: BTreeMap<&str, &T> = base.into_iter().map(|part| (name(part), part)).collect();
    let mut new: BTreeMap<&str, &T> = head.into_iter().map(|part| (name(part), part)).collect();
    let mut found: Vec<(&str, Match<'m, T>)> = Vec::new();
    let both: Vec<&str> = old
        .keys()
        .copied()
        .filter(|key| new.contains_key(key))
        .collect();
    for key in both {
        if let (Some(before), Some(after)) = (old.remove(key), new.remove(key)) {
            found.push((key, Match::Both(before, after)));
        }
    }
    let renamed: Vec<(&str, &str)> = new
        .iter()
        .filter_map(|(name, part)| {
            let mut former = former(part).iter().rev();
            let former = former.find(|former| old.contains_key(former.as_str()))?;
            Some((former.as_str(), *name))
        })
        .collect();
    for (removed, added) in renamed {
        if let Some(before) = old.remove(removed)
            && let Some(after) = new.remove(added)
        {
            found.push((added, Match::Both(before, after)));
        }
    }
    if !old.is_empty() && !new.is_empty() {
        let mut renames: BTreeMap<K, [Vec<&str>; 2]> = BTreeMap::new();
        for (side, parts) in [(Side::Base, &old), (Side::Head, &new)] {
            for (name, part) in parts {
                if let Some(key) = key(side, part) {
                    let [removed, added] = renames.entry(key).or_default();
                    match side {
                        Side::Base => removed.push(name),
                        Side::Head => added.push(name),
                    }
                }
            }
        }
        for [removed, added] in renames.into_values() {
            if let ([removed], [added]) = (removed.as_slice(), added.as_slice())
                && let (Some(before), Some(after)) = (old.remove(removed), new.remove(added))
            {
                found.push((added, Match::Both(before, after)));
            }
        }
    }
    found.extend(
        old.into_iter()
            .map(|(key, part)| (key, Match::Removed(part))),
    );
    found.extend(new.into_iter().map(|(key, part)| (key, Match::Added(part))));
    found.sort_by_key(|(name, _)| *name);
    found.into_iter().map(|(_, pair)| pair).collect()
}

/// The key of parts that are never the same under another name.
pub fn never_renamed<T>(_: Side, _: &T) -> Option<()> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rename_is_one_pair_unless_it_is_ambiguous() {
        type Part = (&'static str, u8);
        let same = |_, part: &Part| Some(part.1);
        let base = [("a", 1), ("b", 2), ("c", 3)];
        let head = [("a", 5), ("d", 2), ("e", 4)];
        assert_eq!(
            pairs(&base, &head, |part| part.0, same),
            [
                Match::Both(&base[0], &head[0]),
                Match::Removed(&base[2]),
                Match::Both(&base[1], &head[1]),
                Match::Added(&head[2]),
            ]
        );
        let head = [("d", 2), ("e", 2)];
        let found = pairs(&base, &head, |part| part.0, same);
        assert!(found.iter().all(|pair| !matches!(pair, Match::Both(..))));
    }
}
