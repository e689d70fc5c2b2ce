//! Applies the edits that diagnostics offer.

use std::collections::{BTreeMap, HashSet};
use std::ops::Bound;

use super::{Applicability, Diagnostic, Edit, FileSpan, Fix, SourceMap, in_order};

/// A file after its fixes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fixed {
    /// The number of the file in the source map.
    pub file: usize,
    /// The complete new text.
    pub text: String,
    /// The number of fixes that changed this file; a fix that changes two files counts in both.
    pub count: usize,
}

/// Edits accepted in one file, by range; none overlaps another.
#[derive(Default)]
struct Accepted<'a> {
    edits: BTreeMap<(usize, usize), &'a str>,
    count: usize,
}

/// Applies the fixes of at least the applicability `only` and returns the files that changed, in the order of their
/// numbers.
///
/// A fix is applied completely or not at all. Of a diagnostic's fixes, the first that is applicable counts: the others
/// are alternatives. If two fixes edit the same text, the one whose diagnostic is shown first is applied and the other
/// is skipped; checking the new text again shows whether it is still needed.
pub fn apply(
    diagnostics: &[Diagnostic<FileSpan>],
    sources: &SourceMap,
    only: Applicability,
) -> Vec<Fixed> {
    let mut files: BTreeMap<usize, Accepted<'_>> = BTreeMap::new();
    for diagnostic in in_order(diagnostics, sources) {
        let Some(fix) = diagnostic
            .fixes
            .iter()
            .find(|fix| fix.applicability == only)
        else {
            continue;
        };
        if let Some(edits) = sorted_edits(fix, sources)
            && edits.iter().all(|edit| {
                files
                    .get(&edit.span.file)
                    .is_none_or(|file| file.accepts(edit))
            })
        {
            let touched: HashSet<usize> = edits.iter().map(|edit| edit.span.file).collect();
            for edit in edits {
                let file = files.entry(edit.span.file).or_default();
                file.edits
                    .insert((edit.span.start, edit.span.end), &edit.replacement);
            }
            for file in touched {
                files.entry(file).or_default().count += 1;
            }
        }
    }
    files
        .into_iter()
        .filter_map(|(file, accepted)| {
            let old = &*sources.file(file)?.text;
            let text = accepted.text(old);
            (text != old).then_some(Fixed {
                file,
                text,
                count: accepted.count,
            })
        })
        .collect()
}

/// The edits of a fix in order; `None` if they overlap or do not fit their files.
fn sorted_edits<'a>(
    fix: &'a Fix<FileSpan>,
    sources: &SourceMap,
) -> Option<Vec<&'a Edit<FileSpan>>> {
    let mut edits: Vec<_> = fix.edits.iter().collect();
    edits.sort_by_key(|edit| edit.span);
    let fit = edits.iter().all(|edit| {
        sources
            .file(edit.span.file)
            .is_some_and(|source| source.text.get(edit.span.start..edit.span.end).is_some())
    });
    let apart = edits.windows(2).all(|pair| {
        pair[0].span.file != pair[1].span.file
            || !overlap(
                (pair[0].span.start, pair[0].span.end),
                (pair[1].span.start, pair[1].span.end),
            )
    });
    (fit && apart && !edits.is_empty()).then_some(edits)
}

/// Returns whether two edits cannot both be applied without a choice of order. An insertion directly after replaced
/// text does not overlap it; two insertions at one place, or one directly before replaced text, do.
fn overlap(a: (usize, usize), b: (usize, usize)) -> bool {
    a.0 == b.0 || (a.0 < b.1 && b.0 < a.1)
}

impl Accepted<'_> {
    /// Returns whether an edit overlaps no accepted edit: only its neighbors can, as accepted edits do not overlap.
    fn accepts(&self, edit: &Edit<FileSpan>) -> bool {
        let range = (edit.span.start, edit.span.end);
        let before = self.edits.range(..=range).next_back();
        let after = self
            .edits
            .range((Bound::Excluded(range), Bound::Unbounded))
            .next();
        [before, after]
            .into_iter()
            .flatten()
            .all(|(other, _)| !overlap(*other, range))
    }

    fn text(&self, old: &str) -> String {
        let mut text = String::with_capacity(old.len());
        let mut at = 0;
        for ((start, end), replacement) in &self.edits {
            text.push_str(&old[at..*start]);
            text.push_str(replacement);
            at = *end;
        }
        text.push_str(&old[at..]);
        text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Code, Severity};
    use super::*;

    static CODE: Code = Code {
        id: "N9901",
        slug: "thing",
        severity: Severity::Error,
        summary: "A thing.",
        page: "# N9901 thing\n",
    };

    fn sources(texts: &[&str]) -> SourceMap {
        let mut sources = SourceMap::default();
        for (number, text) in texts.iter().enumerate() {
            sources.add(format!("{number}.nth"), *text);
        }
        sources
    }

    fn offer(
        edits: &[(usize, usize, usize, &str)],
        applicability: Applicability,
    ) -> Diagnostic<FileSpan> {
        let edits: Vec<_> = edits
            .iter()
            .map(|(file, start, end, replacement)| Edit {
                span: FileSpan {
                    file: *file,
                    start: *start,
                    end: *end,
                },
                replacement: (*replacement).to_owned(),
            })
            .collect();
        let mut diagnostic = Diagnostic::new(&CODE, "wrong", edits[0].span);
        diagnostic.fixes.push(Fix {
            title: "Mend".to_owned(),
            edits,
            applicability,
        });
        diagnostic
    }

    fn texts(fixed: &[Fixed]) -> Vec<(usize, &str, usize)> {
        fixed
            .iter()
            .map(|each| (each.file, each.text.as_str(), each.count))
            .collect()
    }

    #[test]
    fn makes_sure_fixes_in_all_files() {
        let sources = sources(&["team = paymnts", "x", "y"]);
        let diagnostics = [
            offer(
                &[(0, 7, 14, "payments"), (1, 0, 0, "import a\n")],
                Applicability::Always,
            ),
            offer(&[(0, 0, 4, "owner")], Applicability::Always),
            offer(&[(2, 0, 1, "z")], Applicability::Maybe),
        ];
        let fixed = apply(&diagnostics, &sources, Applicability::Always);
        assert_eq!(
            texts(&fixed),
            [(0, "owner = payments", 2), (1, "import a\nx", 1)]
        );
        assert_eq!(
            texts(&apply(&diagnostics, &sources, Applicability::Maybe)),
            [(2, "z", 1)]
        );
    }

    #[test]
    fn a_fix_that_overlaps_is_left_whole() {
        let sources = sources(&["abcdef", "x"]);
        let diagnostics = [
            offer(&[(0, 2, 4, "-"), (1, 0, 1, "y")], Applicability::Always),
            offer(&[(0, 0, 3, "+")], Applicability::Always),
            offer(&[(0, 4, 4, "!")], Applicability::Always),
        ];
        // The second diagnostic is shown first; the first one then loses its edit in the other file too.
        let fixed = apply(&diagnostics, &sources, Applicability::Always);
        assert_eq!(texts(&fixed), [(0, "+d!ef", 2)]);
    }

    #[test]
    fn what_fits_no_text_is_left() {
        let sources = sources(&["\u{e9}"]);
        let diagnostics = [
            offer(&[(0, 1, 2, "-")], Applicability::Always),
            offer(&[(0, 0, 9, "-")], Applicability::Always),
            offer(&[(4, 0, 0, "-")], Applicability::Always),
            offer(&[(0, 0, 0, "a"), (0, 0, 0, "b")], Applicability::Always),
        ];
        assert!(apply(&diagnostics, &sources, Applicability::Always).is_empty());
    }

    #[test]
    fn the_same_diagnostic_twice_is_mended_once() {
        let sources = sources(&["{"]);
        let diagnostic = offer(&[(0, 1, 1, "}")], Applicability::Always);
        let fixed = apply(
            &[diagnostic.clone(), diagnostic],
            &sources,
            Applicability::Always,
        );
        assert_eq!(texts(&fixed), [(0, "{}", 1)]);
    }

    proptest! {
        /// Fixes insert only letters that the text does not contain, so the rest of the text is distinguishable.
        #[test]
        fn edits_never_overlap_and_the_rest_stays(
            text in "[a-f\u{e9}]{0,20}",
            ranges in prop::collection::vec((0usize..24, 0usize..5, "[X-Z]{0,3}"), 0..10),
            turn in 0usize..10,
        ) {
            let sources = sources(&[&text]);
            let mut diagnostics: Vec<_> = ranges
                .iter()
                .map(|(start, length, new)| {
                    offer(&[(0, *start, start + length, new)], Applicability::Always)
                })
                .collect();
            let fixed = apply(&diagnostics, &sources, Applicability::Always);
            prop_assert!(fixed.len() <= 1);

            // The order in which diagnostics were found changes nothing.
            diagnostics.rotate_left(turn.min(ranges.len()));
            prop_assert_eq!(&fixed, &apply(&diagnostics, &sources, Applicability::Always));

            // The rest is the old text without the accepted ranges: a subsequence of it, from which each fix removed at
            // most its own length.
            if let Some(fixed) = fixed.first() {
                let kept: String = fixed.text.chars().filter(|c| !('X'..='Z').contains(c)).collect();
                let mut rest = text.chars();
                prop_assert!(kept.chars().all(|c| rest.any(|old| old == c)));
                prop_assert!(fixed.count <= ranges.len());
            }
        }

        #[test]
        fn accepted_edits_are_apart(
            ranges in prop::collection::vec((0usize..20, 0usize..6), 0..20),
        ) {
            let mut accepted = Accepted::default();
            for (start, length) in ranges {
                let edit = Edit {
                    span: FileSpan { file: 0, start, end: start + length },
                    replacement: String::new(),
                };
                let range = (start, start + length);
                // Checking the neighbors is equivalent to checking all edits.
                let apart = accepted.edits.keys().all(|other| !overlap(*other, range));
                prop_assert_eq!(accepted.accepts(&edit), apart);
                if apart {
                    accepted.edits.insert(range, "");
                }
            }
        }
    }
}
