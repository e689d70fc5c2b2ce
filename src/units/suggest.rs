//! Suggestions for mistyped names: the nearest known name.

/// The largest number of edits between a name and a suggestion, however long both are.
const MOST_EDITS: usize = 4;

/// The longest name that is compared, in bytes: a longer one was not typed, and a comparison takes the product of both
/// lengths.
const LONGEST: usize = 128;

/// The candidate that was most likely meant, if any is near enough.
///
/// A candidate that differs only in upper and lower case, or in `-` and `_`, is nearest; then one with the same words
/// in another order (`orders-db` for `db-orders`); then the one with the fewest edits, by Damerau–Levenshtein distance,
/// as long as the edits are at most a third of the name. Of equally near candidates the first in alphabetical order
/// wins, so the result does not depend on their order. The name itself is never suggested.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > LONGEST {
        return None;
    }
    let plain_name = normalize(name);
    let sorted_name = sorted_words(&plain_name);
    let length = plain_name.chars().count();
    if length == 0 {
        return None;
    }
    let limit = (length.max(3) / 3).min(MOST_EDITS);
    let letters = Letters::new(&plain_name);
    candidates
        .into_iter()
        .filter(|candidate| {
            *candidate != name && !candidate.is_empty() && candidate.len() <= 2 * LONGEST
        })
        .filter(|candidate| {
            letters
                .as_ref()
                .is_none_or(|letters| letters.may_be_near(candidate, limit))
        })
        .filter_map(|candidate| {
            let plain_candidate = normalize(candidate);
            if plain_candidate == plain_name {
                return Some((0, 0, candidate));
            }
            if sorted_words(&plain_candidate) == sorted_name {
                return Some((1, 0, candidate));
            }
            // Each character of difference in length needs at least one edit.
            if plain_candidate.chars().count().abs_diff(length) > limit {
                return None;
            }
            let distance = strsim::damerau_levenshtein(&plain_candidate, &plain_name);
            (distance <= limit && distance < length).then_some((2, distance, candidate))
        })
        .min()
        .map(|(_, _, candidate)| candidate)
}

/// The number of each letter in a name, which excludes most distant candidates cheaply.
struct Letters([i16; 128]);

impl Letters {
    /// The letters of a plain name; `None` if it contains characters outside of ASCII.
    fn new(plain_name: &str) -> Option<Self> {
        let mut counts = [0; 128];
        for byte in plain_name.bytes() {
            *counts.get_mut(usize::from(byte))? += 1;
        }
        Some(Self(counts))
    }

    /// A cheap lower bound: returns false if the letter counts alone need more than `limit` edits. An edit adds at most
    /// one letter and removes at most one.
    fn may_be_near(&self, candidate: &str, limit: usize) -> bool {
        let mut left = self.0;
        for byte in candidate.bytes() {
            let plain = match byte {
                b'_' => b'-',
                _ => byte.to_ascii_lowercase(),
            };
            match left.get_mut(usize::from(plain)) {
                Some(count) => *count -= 1,
                None => return true,
            }
        }
        let sum = |sign: i16| -> usize {
            let counts = left.iter().map(|count| (count * sign).max(0));
            counts.map(|count| usize::from(count.unsigned_abs())).sum()
        };
        sum(1) <= limit && sum(-1) <= limit
    }
}

/// The name without differences that are easily confused.
fn normalize(name: &str) -> String {
    name.chars()
        .flat_map(char::to_lowercase)
        .map(|character| if character == '_' { '-' } else { character })
        .collect()
}

fn sorted_words(plain_name: &str) -> Vec<&str> {
    let mut words: Vec<_> = plain_name.split(['-', '.']).collect();
    words.sort_unstable();
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_of_a_megabyte_is_like_no_other() {
        let long = "x".repeat(1_000_000);
        let other = format!("{long}y");
        assert_eq!(nearest(&long, [other.as_str(), "x"]), None);
        assert_eq!(nearest("x", [long.as_str()]), None);
    }

    #[test]
    fn finds_what_was_meant() {
        let known = [
            "payments",
            "checkout",
            "orders-db",
            "objective",
            "owner",
            "tier",
            "api",
        ];
        for (typed, meant) in [
            ("paymnts", Some("payments")),
            ("payemnts", Some("payments")),
            ("Payments", Some("payments")),
            ("orders_db", Some("orders-db")),
            ("db-orders", Some("orders-db")),
            ("objctive", Some("objective")),
            ("teir", Some("tier")),
            ("apis", Some("api")),
            ("ledger", None),
            ("x", None),
            ("", None),
            ("payments", None),
            ("db", None),
        ] {
            assert_eq!(nearest(typed, known), meant, "{typed}");
        }
    }

    #[test]
    fn another_case_beats_a_nearer_spelling() {
        assert_eq!(nearest("Team_A", ["team-b", "team-a"]), Some("team-a"));
    }

    #[test]
    fn long_names_are_not_all_alike() {
        assert_eq!(
            nearest(
                "notification-dispatcher-eu",
                ["authorisation-dispatcher-us"]
            ),
            None
        );
    }

    proptest! {
        #[test]
        fn what_is_near_may_be_near(name in "[a-cA-C_é-]{1,7}", candidate in "[a-cA-C_é-]{1,7}") {
            let (plain_name, plain_candidate) = (normalize(&name), normalize(&candidate));
            let distance = strsim::damerau_levenshtein(&plain_candidate, &plain_name);
            if let Some(letters) = Letters::new(&plain_name) {
                prop_assert!(letters.may_be_near(&candidate, distance));
            }
        }

        #[test]
        fn the_order_of_candidates_does_not_matter(
            name in "[a-d_-]{1,6}",
            mut candidates in prop::collection::vec("[a-dA-D_-]{0,6}", 0..8),
        ) {
            let first = nearest(&name, candidates.iter().map(String::as_str)).map(str::to_owned);
            candidates.reverse();
            let second = nearest(&name, candidates.iter().map(String::as_str)).map(str::to_owned);
            prop_assert_eq!(&first, &second);
            prop_assert!(first.is_none_or(|found| found != name));
        }
    }
}
