//! What is told of what was found: what a comment allows is left out, a comment that allows nothing is told, and
//! what is left gets its level.

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
    /// Its number in the source map.
    pub file: usize,
    /// Its directives.
    pub directives: &'a [Directive],
    /// Whether it is the project's own. Of a package not everything is looked at, so nobody can say that a comment
    /// in it allows nothing.
    pub is_own: bool,
}

/// What is told of `found`. `is_complete` says of a code whether everything that could give it was looked at: only
/// then can a comment that allows it be called unused.
///
/// One mistake is told once, however many instances or environments have it. That is judged after comments were
/// heeded, for one where a template is used counts for that use alone.
pub fn settle(
    found: Vec<Diagnostic<FileSpan>>,
    files: &[Annotated<'_>],
    levels: &Levels,
    is_complete: impl Fn(&Code) -> bool,
) -> Vec<Diagnostic<FileSpan>> {
    let mut allows = Allows::new(files);
    let mut told = allows.heed(found);
    let mistakes = files.iter().flat_map(|annotated| {
        let file = annotated.file;
        let mistakes = annotated.directives.iter().flat_map(|each| &each.mistakes);
        mistakes.map(move |mistake| mistake.clone().map_spans(&mut |range| span(file, range)))
    });
    told.extend(allows.heed(mistakes.collect()));
    // A comment may allow the comments below it to be unused, and be unused itself.
    let is_unused_allow = |code: &Code| *code == codes::UNUSED_ALLOW;
    let unused = allows.unused(|code| !is_unused_allow(code) && is_complete(code));
    told.extend(allows.heed(unused));
    told.extend(allows.unused(|code| is_unused_allow(code) && is_complete(code)));

    let mut seen: HashSet<(&'static Code, FileSpan, String)> = HashSet::new();
    let told = told
        .into_iter()
        .filter(|found| seen.insert((found.code, found.primary.span, found.message.clone())))
        .filter_map(|found| levels.apply(found))
        .collect();
    first_of_each_file(told)
}

/// No more of a file than a person reads: errors first, in the order of the text. One more says how many there are besides.
fn first_of_each_file(found: Vec<Diagnostic<FileSpan>>) -> Vec<Diagnostic<FileSpan>> {
    let mut counts: HashMap<usize, usize> = HashMap::new();
    for one in &found {
        *counts.entry(one.primary.span.file).or_default() += 1;
    }
    // A file whose text has too many errors says so itself.
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

/// The directives of all files, and which of them have allowed something.
struct Allows<'a> {
    files: HashMap<usize, (&'a Annotated<'a>, Vec<Vec<bool>>)>,
    /// What the directives of each file cover.
    covers: HashMap<usize, Covers>,
    /// The files' numbers in their order.
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
            .map(|(number, (file, _))| (*number, Covers::of(file.directives)))
            .collect();
        Self {
            files,
            covers,
            order,
        }
    }

    /// What no comment allows.
    fn heed(&mut self, found: Vec<Diagnostic<FileSpan>>) -> Vec<Diagnostic<FileSpan>> {
        if self.files.is_empty() {
            return found;
        }
        found
            .into_iter()
            .filter(|found| !self.allow(found))
            .collect()
    }

    /// Whether a comment allows this. Each that does is noted, so that none is called unused without which it
    /// would still be allowed.
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
                .flat_map(|covers| covers.of_place(label.span))
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

    /// The directives of the project's own files that allow nothing with a code that `counts`.
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

/// Which directives cover a place: ranges that hold one another, each with the next larger one.
#[derive(Default)]
struct Covers {
    /// Start, end, and the directive's number, by start, the larger first.
    ranges: Vec<(usize, usize, usize)>,
    /// The range before it that was open where it starts.
    parents: Vec<Option<usize>>,
}

impl Covers {
    fn of(directives: &[Directive]) -> Self {
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

    /// The numbers of the directives that cover a place.
    fn of_place(&self, span: FileSpan) -> Vec<usize> {
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
    // Where something in it is wrong, that is to be mended first.
    if !directive.mistakes.is_empty() {
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
