//! Turns all diagnostics into those that are reported: drops what comments allow, reports unused comments, and sets levels.

use std::collections::{HashMap, HashSet};

use crate::codes;
use crate::limits;
use crate::limits::more_diagnostics;
use nth_diagnostics::{Applicability, Code, Diagnostic, FileSpan, Severity};
use nth_syntax::tree::TextRange;

use super::{Directive, Levels};

/// A file with its directives.
#[derive(Debug, Clone, Copy)]
pub struct Annotated<'a> {
    /// Its index in the source map.
    pub file: usize,
    /// Its directives.
    pub directives: &'a [Directive],
    /// True if it belongs to the project. A package is not checked completely, so its comments are never reported as unused.
    pub is_own: bool,
}

/// Returns the diagnostics to report out of `found`. `is_complete` returns whether everything that could cause a code was
/// checked: only then can a comment that allows it be unused.
///
/// A diagnostic that several instances or environments share is reported once. Duplicates are removed after suppression,
/// because a comment where a template is used applies to that use only.
pub fn apply(
    found: Vec<Diagnostic<FileSpan>>,
    files: &[Annotated<'_>],
    levels: &Levels,
    is_complete: impl Fn(&Code) -> bool,
) -> Vec<Diagnostic<FileSpan>> {
    let mut allows = Allows::new(files);
    let mut reported = allows.without_allowed(found);
    let errors = files.iter().flat_map(|annotated| {
        let file = annotated.file;
        let errors = annotated.directives.iter().flat_map(|each| &each.errors);
        errors.map(move |error| error.clone().map_spans(&mut |range| span(file, range)))
    });
    reported.extend(allows.without_allowed(errors.collect()));
    // A comment may allow unused comments below it, and be unused itself.
    let is_unused_allow = |code: &Code| *code == codes::UNUSED_ALLOW;
    let unused = allows.unused(|code| !is_unused_allow(code) && is_complete(code));
    reported.extend(allows.without_allowed(unused));
    reported.extend(allows.unused(|code| is_unused_allow(code) && is_complete(code)));

    let mut seen: HashSet<(&'static Code, FileSpan, String)> = HashSet::new();
    let reported = reported
        .into_iter()
        .filter(|found| seen.insert((found.code, found.primary.span, found.message.clone())))
        .filter_map(|found| levels.apply(found))
        .collect();
    first_of_each_file(reported)
}

/// Limits the diagnostics of each file: errors first, in text order. A last diagnostic has the number of further ones.
fn first_of_each_file(found: Vec<Diagnostic<FileSpan>>) -> Vec<Diagnostic<FileSpan>> {
    let mut counts: HashMap<usize, usize> = HashMap::new();
    for one in &found {
        *counts.entry(one.primary.span.file).or_default() += 1;
    }
    // A file with too many syntax errors already has such a last diagnostic.
    if counts
        .values()
        .all(|count| *count <= limits::DIAGNOSTICS + 1)
    {
        return found;
    }
    let mut by_file: HashMap<usize, Vec<Diagnostic<FileSpan>>> = HashMap::new();
    let mut files = Vec::new();
    for one in found {
        let file = one.primary.span.file;
        let of_file = by_file.entry(file).or_default();
        if of_file.is_empty() {
            files.push(file);
        }
        of_file.push(one);
    }
    let mut shown = Vec::new();
    for file in files {
        let mut of_file = by_file.remove(&file).unwrap_or_default();
        if of_file.len() > limits::DIAGNOSTICS + 1 {
            of_file.sort_by_key(|found| (found.severity, found.primary.span, found.code.id));
            let hidden = of_file.split_off(limits::DIAGNOSTICS);
            let worst = hidden.iter().map(|found| found.severity).min();
            if let (Some(last), Some(worst)) = (of_file.last(), worst) {
                let place = last.primary.span;
                let mut more = more_diagnostics(hidden.len(), place);
                more.severity = worst;
                of_file.push(more);
            }
        }
        shown.extend(of_file);
    }
    shown
}

fn span(file: usize, range: TextRange) -> FileSpan {
    FileSpan {
        file,
        start: range.start as usize,
        end: range.end as usize,
    }
}

/// The directives of all files, and which of them have suppressed something.
struct Allows<'a> {
    files: HashMap<usize, (&'a Annotated<'a>, Vec<Vec<bool>>)>,
    /// The ranges that the directives of each file cover.
    covers: HashMap<usize, Covers>,
    /// The indices of the files, sorted.
    order: Vec<usize>,
}

impl<'a> Allows<'a> {
    fn new(files: &'a [Annotated<'a>]) -> Self {
        let with_some = files.iter().filter(|file| !file.directives.is_empty());
        let files: HashMap<_, _> = with_some
            .map(|file| {
                let used = file
                    .directives
                    .iter()
                    .map(|directive| vec![false; directive.allowed.len()])
                    .collect();
                (file.file, (file, used))
            })
            .collect();
        let mut order: Vec<usize> = files.keys().copied().collect();
        order.sort_unstable();
        let covers = files
            .iter()
            .map(|(number, (file, _))| (*number, Covers::new(file.directives)))
            .collect();
        Self {
            files,
            covers,
            order,
        }
    }

    /// Removes the diagnostics that comments allow.
    fn without_allowed(&mut self, found: Vec<Diagnostic<FileSpan>>) -> Vec<Diagnostic<FileSpan>> {
        if self.files.is_empty() {
            return found;
        }
        found
            .into_iter()
            .filter(|found| !self.allow(found))
            .collect()
    }

    /// Returns whether a comment allows this diagnostic, and marks every comment that does as used.
    fn allow(&mut self, found: &Diagnostic<FileSpan>) -> bool {
        if !found.code.is_settable() || found.severity == Severity::Error {
            return false;
        }
        let mut is_allowed = false;
        for label in std::iter::once(&found.primary).chain(&found.secondary) {
            let Some((file, used)) = self.files.get_mut(&label.span.file) else {
                continue;
            };
            let covers = self.covers.get(&label.span.file);
            for number in covers
                .into_iter()
                .flat_map(|covers| covers.covering(label.span))
            {
                let (Some(directive), Some(used)) =
                    (file.directives.get(number), used.get_mut(number))
                else {
                    continue;
                };
                for (allowed, used) in directive.allowed.iter().zip(used) {
                    if allowed.code == found.code {
                        *used = true;
                        is_allowed = true;
                    }
                }
            }
        }
        is_allowed
    }

    /// Diagnostics about directives of the project's files that suppressed nothing, for codes for which `counts` is true.
    fn unused(&self, counts: impl Fn(&Code) -> bool) -> Vec<Diagnostic<FileSpan>> {
        self.order
            .iter()
            .filter_map(|file| self.files.get(file))
            .filter(|(file, _)| file.is_own)
            .flat_map(|(file, used)| {
                let counts = &counts;
                let all = file.directives.iter().zip(used);
                all.filter_map(move |(directive, used)| unused(file.file, directive, used, counts))
            })
            .collect()
    }
}

/// An index of nested ranges, to find the directives that cover a place.
#[derive(Default)]
struct Covers {
    /// Start, end and directive index, sorted by start, larger ranges first.
    ranges: Vec<(usize, usize, usize)>,
    /// For each range, the smallest range around its start.
    parents: Vec<Option<usize>>,
}

impl Covers {
    fn new(directives: &[Directive]) -> Self {
        let mut covers = Self::default();
        covers.ranges = directives
            .iter()
            .enumerate()
            .filter_map(|(number, directive)| {
                let range = directive.covers?;
                Some((range.start as usize, range.end as usize, number))
            })
            .collect();
        covers
            .ranges
            .sort_by_key(|(start, end, number)| (*start, std::cmp::Reverse(*end), *number));
        let mut open: Vec<usize> = Vec::new();
        for (number, (start, ..)) in covers.ranges.iter().enumerate() {
            while open
                .last()
                .is_some_and(|last| covers.ranges[*last].1 < *start)
            {
                open.pop();
            }
            covers.parents.push(open.last().copied());
            open.push(number);
        }
        covers
    }

    /// Returns the indices of the directives that cover a place.
    fn covering(&self, span: FileSpan) -> Vec<usize> {
        let mut found = Vec::new();
        let mut at = self
            .ranges
            .partition_point(|(start, ..)| *start <= span.start)
            .checked_sub(1);
        while let Some(candidate) = at {
            if let Some((_, end, number)) = self.ranges.get(candidate)
                && span.end <= *end
            {
                found.push(*number);
            }
            at = self.parents.get(candidate).copied().flatten();
        }
        found
    }
}

fn unused(
    file: usize,
    directive: &Directive,
    used: &[bool],
    counts: impl Fn(&Code) -> bool,
) -> Option<Diagnostic<FileSpan>> {
    // An invalid directive has to be fixed first.
    if !directive.errors.is_empty() {
        return None;
    }
    let (idle, kept): (Vec<_>, Vec<_>) = directive
        .allowed
        .iter()
        .zip(used)
        .partition(|(allowed, used)| !**used && counts(allowed.code));
    let words = |of: &[(&super::Allowed, &bool)], mark: &str, joint: &str| {
        let words: Vec<_> = of
            .iter()
            .map(|(allowed, _)| format!("{mark}{}{mark}", allowed.word))
            .collect();
        words.join(joint)
    };
    let (first, _) = idle.first()?;
    let message = format!("unused `allow` of {}", words(&idle, "`", " or "));
    let diagnostic = |range| {
        Diagnostic::new(&codes::UNUSED_ALLOW, message.clone(), span(file, range))
            .label("suppresses nothing")
    };
    Some(if kept.is_empty() {
        diagnostic(directive.comment).fix(
            "Remove the comment",
            span(file, directive.removal),
            "",
            Applicability::Always,
        )
    } else {
        diagnostic(first.range).fix(
            format!("Keep only {}", words(&kept, "`", " and ")),
            span(file, directive.list),
            words(&kept, "", ", "),
            Applicability::Always,
        )
    })
}
