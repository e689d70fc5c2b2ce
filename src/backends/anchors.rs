//! The anchors that GitHub gives to the headings of a Markdown file.

use std::collections::BTreeMap;

/// The anchor of a heading's text: in lower case, without characters that are neither part of a word, a space nor a
/// hyphen, with hyphens for spaces. It is GitHub's anchor of the first heading with that text in a file.
pub fn slug(heading: &str) -> String {
    if heading.is_ascii() {
        let shown = heading.trim().chars();
        return shown
            .filter_map(|c| match c {
                ' ' | '-' => Some('-'),
                '_' => Some('_'),
                _ => c.is_ascii_alphanumeric().then(|| c.to_ascii_lowercase()),
            })
            .collect();
    }
    let kept = |c: &char| {
        *c == ' '
            || *c == '-'
            || regex_syntax::try_is_word_character(*c).unwrap_or(c.is_alphanumeric())
    };
    heading
        .trim()
        .to_lowercase()
        .chars()
        .filter(kept)
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

/// The anchors of one file: a number is appended to a duplicate.
#[derive(Debug, Clone, Default)]
pub struct Anchors {
    taken: BTreeMap<String, usize>,
}

impl Anchors {
    /// The anchor that a next heading with this text would get.
    pub fn next(&self, heading: &str) -> String {
        let first = slug(heading);
        let mut anchor = first.clone();
        let mut number = self.taken.get(&first).copied().unwrap_or_default();
        while self.taken.contains_key(&anchor) {
            number += 1;
            anchor = format!("{first}-{number}");
        }
        anchor
    }

    /// Adds a heading and returns its anchor.
    pub fn add(&mut self, heading: &str) -> String {
        let anchor = self.next(heading);
        let first = slug(heading);
        if anchor != first
            && let Some(count) = self.taken.get_mut(&first)
        {
            let number = anchor.rsplit('-').next();
            *count = number.and_then(|n| n.parse().ok()).unwrap_or(*count);
        }
        self.taken.insert(anchor.clone(), 0);
        anchor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_become_anchors_as_on_github() {
        for (heading, anchor) in [
            (
                "SLOErrorBudgetBurn availability 1h",
                "sloerrorbudgetburn-availability-1h",
            ),
            (
                "What it needs & who needs it",
                "what-it-needs--who-needs-it",
            ),
            ("`a_b` <c> | d!", "a_b-c--d"),
            ("Größe: 5 ²", "größe-5-"),
            ("очередь", "очередь"),
            ("🔥", ""),
        ] {
            assert_eq!(slug(heading), anchor, "{heading}");
        }
    }

    #[test]
    fn the_same_heading_again_is_numbered() {
        let mut anchors = Anchors::default();
        let headings = ["a", "a", "a-1", "A", "b", "a"];
        assert_eq!(
            headings.map(|heading| anchors.add(heading)),
            ["a", "a-1", "a-1-1", "a-2", "b", "a-3"]
        );
    }
}
