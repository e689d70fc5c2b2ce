//! The format for a person at a terminal, drawn by ariadne.

use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::io;
use std::ops::Range;

use ariadne::{Cache, Color, Config, IndexType, Label as Drawn, Report, ReportKind, Source};
use similar::{ChangeTag, TextDiff};

use super::shortened::{Shortened, is_needed};
use super::{
    is_in_help, lines, make_visible, one_line, quoted_replacement, severity_word, unlabeled,
};
use nth_diagnostics::limits;
use nth_diagnostics::position::Positions;
use nth_diagnostics::{Diagnostic, Edit, FileSpan, Fix, Label, Severity};

/// The largest number of lines of a fix that is shown; for a larger one, only its title is shown.
const PREVIEW_LINES: usize = 12;

/// A place in ariadne: a file's number and a range of characters.
type Place = (usize, Range<usize>);

pub(super) fn write(
    diagnostics: &[&Diagnostic<FileSpan>],
    positions: &Positions<'_>,
    color: bool,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut texts = Texts {
        positions,
        drawn: HashMap::new(),
        shortened: HashMap::new(),
    };
    for diagnostic in diagnostics {
        let mut drawing = Vec::new();
        let mut drawing = if is_needed(diagnostic, positions) {
            let mut cut = Texts {
                positions,
                drawn: HashMap::new(),
                shortened: cut_files(diagnostic, positions),
            };
            draw(diagnostic, &mut cut, &mut drawing)?;
            with_column(&String::from_utf8_lossy(&drawing), diagnostic, &cut)
        } else {
            draw(diagnostic, &mut texts, &mut drawing)?;
            String::from_utf8_lossy(&drawing).into_owned()
        };
        for note in &diagnostic.notes {
            push_line(&mut drawing, "note", &lines(note));
        }
        for help in &diagnostic.help {
            push_line(&mut drawing, "help", &lines(help));
        }
        for fix in diagnostic
            .fixes
            .iter()
            .filter(|fix| !is_in_help(fix, &diagnostic.help))
        {
            push_line(
                &mut drawing,
                "help",
                &fix_text(fix, diagnostic.primary.span.file, positions),
            );
        }
        drawing = unlabeled::without_arrows(&drawing);
        // Everything is drawn in color and stripped here: ariadne always colors the word for a severity, and every
        // other part then needs no second implementation.
        if !color {
            drawing = anstream::adapter::strip_str(&drawing).to_string();
        }
        for line in drawing.lines() {
            writeln!(out, "{}", line.trim_end())?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// The source with its labels.
fn draw(
    diagnostic: &Diagnostic<FileSpan>,
    texts: &mut Texts<'_>,
    out: &mut Vec<u8>,
) -> io::Result<()> {
    let positions = texts.positions;
    let tint = match diagnostic.severity {
        Severity::Error => Color::Red,
        Severity::Warning => Color::Yellow,
    };
    let head = format!(
        "{}[{}]",
        severity_word(diagnostic.severity),
        diagnostic.code.id
    );
    // Characters, not bytes: ariadne's byte mode confuses the two if a label is in another file.
    let config = Config::new()
        .with_tab_width(4)
        .with_index_type(IndexType::Char);
    let primary = texts.place(diagnostic.primary.span);
    let mut report = Report::build(ReportKind::Custom(&head, tint), primary)
        .with_config(config)
        .with_message(one_line(&diagnostic.message));
    for (label, is_primary) in labels(diagnostic, positions) {
        // ariadne does not draw a label without text; the arrow of this one is removed after drawing.
        let text = if label.text.is_empty() {
            unlabeled::MARK.to_string()
        } else {
            one_line(&label.text)
        };
        report.add_label(
            Drawn::new(texts.place(label.span))
                .with_color(if is_primary { tint } else { Color::Blue })
                .with_priority(i32::from(is_primary))
                .with_message(text),
        );
    }
    report.finish().write(texts, out)
}

/// The labels in drawing order: those in the primary label's file first, each file from top to bottom, so that each
/// file is shown once.
fn labels<'a>(
    diagnostic: &'a Diagnostic<FileSpan>,
    positions: &Positions<'_>,
) -> Vec<(&'a Label<FileSpan>, bool)> {
    let mut labels: Vec<_> = std::iter::once((&diagnostic.primary, true))
        .chain(diagnostic.secondary.iter().map(|label| (label, false)))
        .filter(|(label, _)| positions.index(label.span.file).is_some())
        .collect();
    let first_seen: Vec<usize> = labels.iter().map(|(label, _)| label.span.file).collect();
    labels.sort_by_key(|(label, _)| {
        let span = positions.clamp(label.span);
        let file = first_seen.iter().position(|file| *file == span.file);
        let last_line = positions
            .index(span.file)
            .map(|index| index.line(last_byte(span)));
        (file, last_line, span.start)
    });
    labels
}

/// The byte whose line ariadne takes as the last line of a span.
fn last_byte(span: FileSpan) -> usize {
    span.end.saturating_sub(1).max(span.start)
}

/// The files of a diagnostic's labels, each with its long lines cut.
fn cut_files(
    diagnostic: &Diagnostic<FileSpan>,
    positions: &Positions<'_>,
) -> HashMap<usize, Shortened> {
    std::iter::once(&diagnostic.primary)
        .chain(&diagnostic.secondary)
        .map(|label| label.span.file)
        .map(|file| (file, Shortened::new(diagnostic, file, positions)))
        .collect()
}

/// Replaces the column in a drawing of cut lines with that in the file, as in every other format.
fn with_column(drawing: &str, diagnostic: &Diagnostic<FileSpan>, texts: &Texts<'_>) -> String {
    let positions = texts.positions;
    let span = positions.clamp(diagnostic.primary.span);
    let (Some(index), Some(cut)) = (positions.index(span.file), texts.shortened.get(&span.file))
    else {
        return drawing.to_owned();
    };
    let is = index.position(span.start);
    let name = one_line(positions.path(span.file));
    let drawn = cut.column(span.file, span.start, positions) + 1;
    drawing.replacen(
        &format!("{name}:{}:{drawn} ", is.line),
        &format!("{name}:{}:{} ", is.line, is.column),
        1,
    )
}

/// Appends a note or a help below the drawing, with further lines aligned to its first word.
fn push_line(drawing: &mut String, kind: &str, text: &str) {
    let style = anstyle::AnsiColor::Cyan.on_default().bold();
    for (number, line) in text.lines().enumerate() {
        let _ = if number == 0 {
            writeln!(drawing, "  {style}{kind}{style:#}: {line}")
        } else {
            writeln!(drawing, "        {line}")
        };
    }
}

/// The title of a fix, and the changed lines unless the title already shows them.
fn fix_text(fix: &Fix<FileSpan>, primary_file: usize, positions: &Positions<'_>) -> String {
    let mut text = lines(&fix.title);
    if quoted_replacement(fix).is_some_and(|quoted| fix.title.contains(&quoted)) {
        return text;
    }
    let removed = anstyle::AnsiColor::Red.on_default();
    let added = anstyle::AnsiColor::Green.on_default();
    let mut shown = 0;
    for region in regions(fix, positions) {
        let from = common(&region.old, &region.new).saturating_sub(limits::SHOWN / 4);
        if region.file != primary_file {
            let _ = write!(text, "\nin {}:", one_line(positions.path(region.file)));
        }
        let diff = TextDiff::from_lines(region.old.as_str(), region.new.as_str());
        for change in diff.iter_all_changes() {
            let (sign, style) = match change.tag() {
                ChangeTag::Delete => ('-', removed),
                ChangeTag::Insert => ('+', added),
                ChangeTag::Equal => continue,
            };
            shown += 1;
            if shown > PREVIEW_LINES {
                let _ = write!(text, "\n…");
                return text;
            }
            let line = cut_line(change.value().trim_end(), from);
            let line = lines(&line).replace('\t', "    ");
            let _ = write!(text, "\n{style}{sign} {line}{style:#}");
        }
    }
    text
}

/// The number of characters that the first different lines of two texts have in common.
fn common(old: &str, new: &str) -> usize {
    let same = old.chars().zip(new.chars());
    let same = same.take_while(|(old, new)| old == new);
    same.fold(0, |column, (character, _)| match character {
        '\n' => 0,
        _ => column + 1,
    })
}

/// A line unchanged, or the shown part of a long one, around the first change.
fn cut_line(line: &str, from: usize) -> String {
    if line.len() <= limits::SHOWN {
        return line.to_owned();
    }
    let cut: String = line.chars().skip(from).take(limits::SHOWN).collect();
    match from {
        0 => format!("{cut}…"),
        _ => format!("…{cut}…"),
    }
}

/// Whole lines of a file, before and after.
struct Region {
    file: usize,
    old: String,
    new: String,
}

/// The lines that a fix changes; edits on the same or adjacent lines form one region.
fn regions(fix: &Fix<FileSpan>, positions: &Positions<'_>) -> Vec<Region> {
    let mut edits: Vec<(FileSpan, &Edit<FileSpan>)> = fix
        .edits
        .iter()
        .filter(|edit| positions.index(edit.span.file).is_some())
        .map(|edit| (positions.clamp(edit.span), edit))
        .collect();
    edits.sort_by_key(|(span, _)| *span);
    let mut regions = Vec::new();
    let mut rest = edits.as_slice();
    while let Some((first, _)) = rest.first() {
        let Some(index) = positions.index(first.file) else {
            break;
        };
        let mut last_line = index.line(first.end);
        let count = rest
            .iter()
            .take_while(|(span, _)| {
                let joined = span.file == first.file && index.line(span.start) <= last_line + 1;
                if joined {
                    last_line = last_line.max(index.line(span.end));
                }
                joined
            })
            .count();
        let (group, after) = rest.split_at(count);
        rest = after;
        let range = index.range(index.line(first.start)).start..index.range(last_line).end;
        let text = positions.text(first.file);
        let mut new = String::new();
        let mut at = range.start;
        for (span, edit) in group.iter().filter(|(span, _)| span.end <= range.end) {
            new.push_str(text.get(at..span.start).unwrap_or(""));
            new.push_str(&edit.replacement);
            at = at.max(span.end);
        }
        new.push_str(text.get(at..range.end).unwrap_or(""));
        let old = text.get(range).unwrap_or("").to_owned();
        regions.push(Region {
            file: first.file,
            old,
            new,
        });
    }
    regions
}

/// The files in ariadne's form, each prepared once.
struct Texts<'a> {
    positions: &'a Positions<'a>,
    drawn: HashMap<usize, Source<String>>,
    /// Files with their long lines cut.
    shortened: HashMap<usize, Shortened>,
}

impl Texts<'_> {
    fn place(&self, span: FileSpan) -> Place {
        let positions = self.positions;
        let span = positions.clamp(span);
        if let Some(cut) = self.shortened.get(&span.file) {
            let at = |offset| cut.character(span.file, offset, positions);
            let start = at(span.start);
            return (span.file, start..at(span.end).max(start));
        }
        match positions.index(span.file) {
            Some(index) => (
                span.file,
                index.characters_before(span.start)..index.characters_before(span.end),
            ),
            None => (span.file, 0..0),
        }
    }
}

impl Cache<usize> for &mut Texts<'_> {
    type Storage = String;

    fn fetch(&mut self, file: &usize) -> Result<&Source<String>, impl fmt::Debug> {
        let positions = self.positions;
        Ok::<_, fmt::Error>(self.drawn.entry(*file).or_insert_with(|| {
            let cut = self.shortened.get(file).map(|cut| cut.text.as_str());
            Source::from(make_drawable(cut.unwrap_or_else(|| positions.text(*file))))
        }))
    }

    fn display<'b>(&self, file: &'b usize) -> Option<impl fmt::Display + 'b> {
        Some(one_line(self.positions.path(*file)))
    }
}

/// A text with the same number of characters, in which only a line feed ends a line (ariadne knows seven line ends, and
/// its line numbers would differ from all other formats), and nothing moves the cursor.
fn make_drawable(text: &str) -> String {
    let mut drawable = String::with_capacity(text.len() + 1);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        drawable.push(match character {
            '\n' | '\t' => character,
            '\r' if characters.peek() == Some(&'\n') => ' ',
            _ => make_visible(character),
        });
    }
    // The empty line after the last line feed is a place too: an error about missing text at the end is there.
    if drawable.is_empty() || drawable.ends_with('\n') {
        drawable.push(' ');
    }
    drawable
}
