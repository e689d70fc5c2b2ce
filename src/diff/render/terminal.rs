//! Changes for a person at a terminal. What a reviewer must see is first: classes in their order, and at a cause the same
//! change of many services as one line.

use super::groups::{Origin, Row, Section, figures, sections};
use super::words::{self, Piece, Text};
use crate::class::Class;
use crate::document::Document;

/// The number of rows of a class and a cause that are shown, unless everything is.
const ROWS: usize = 6;

/// The number of services whose numbers are shown, unless everything is.
const NUMBERS: usize = 12;

/// How a part of a line is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Emphasis {
    /// Like text.
    Plain,
    /// Bold.
    Strong,
    /// Less visible than text.
    Faint,
    /// In the color of a class.
    Class(Class),
    /// As the old text.
    Before,
    /// As the new text.
    After,
}

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The text, without control characters.
    pub text: String,
    /// How it is shown.
    pub emphasis: Emphasis,
}

/// A line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// The parts, the first one with the blanks before the text.
    pub parts: Vec<Part>,
}

/// What is shown, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TerminalOptions {
    /// True if everything is shown: cosmetic changes one by one, those of the level `allow`, and all rows of a cause.
    pub all: bool,
    /// The number of characters in a line; `None` if lines are as long as they are.
    pub width: Option<usize>,
}

/// Returns the lines.
pub fn terminal(document: &Document, options: &TerminalOptions) -> Vec<Line> {
    let mut page = Page {
        document,
        options: *options,
        lines: Vec::new(),
    };
    page.head();
    let sections = sections(document, options.all);
    for class in Class::ALL {
        page.class(class, &sections);
    }
    page.numbers();
    page.errors();
    page.acceptances();
    page.lines
}

/// The lines as text, without styles.
pub fn plain(lines: &[Line]) -> String {
    let mut out = String::new();
    for line in lines {
        for part in &line.parts {
            out.push_str(&part.text);
        }
        out.push('\n');
    }
    out
}

struct Page<'d> {
    document: &'d Document,
    options: TerminalOptions,
    lines: Vec<Line>,
}

impl Page<'_> {
    fn head(&mut self) {
        let document = self.document;
        let verdict = document.verdict();
        let mut text = Text::default();
        if verdict.classes.is_empty() {
            text = text.strong(words::counts(document));
        } else {
            for (place, (class, number)) in verdict.classes.iter().enumerate() {
                let between = if place > 0 { ", " } else { "" };
                text = text.strong(format!("{between}{number} ")).class(*class);
            }
            // What follows the classes in the sentence.
            let counts = words::counts(document);
            let classes = words::classes(&verdict.classes);
            text = text.strong(counts.strip_prefix(&classes).unwrap_or_default());
        }
        let text = text.said(", ").said(words::compared(document));
        self.write(0, &text, None);
        let remarks = words::remarks(document);
        if !remarks.is_empty() {
            let faint = document.complete.then_some(Emphasis::Faint);
            self.write(0, &Text::default().said(remarks.join("; ")), faint);
        }
    }

    fn class(&mut self, class: Class, sections: &[Section<'_>]) {
        let mut rows = sections.iter().flat_map(|section| section.of_class(class));
        if class == Class::Cosmetic && !self.options.all {
            if let Some(text) = words::cosmetic(rows) {
                self.blank();
                self.write(0, &text.said(" (shown by "), None);
                self.append("--all", ")");
            }
            return;
        }
        if rows.next().is_none() {
            return;
        }
        self.blank();
        self.write(0, &Text::default().class(class), None);
        for section in sections {
            self.section(class, section);
        }
    }

    fn section(&mut self, class: Class, section: &Section<'_>) {
        let rows: Vec<&Row<'_>> = section.of_class(class).collect();
        if rows.is_empty() {
            return;
        }
        let Origin::Cause(_) = section.origin else {
            for row in rows {
                self.row(2, section, row);
            }
            return;
        };
        self.write(2, &words::title(section), None);
        let most = if self.options.all || rows.len() == ROWS + 1 {
            rows.len()
        } else {
            ROWS
        };
        for row in rows.iter().take(most) {
            self.row(4, section, row);
        }
        let rest: usize = rows.iter().skip(most).map(|row| row.len()).sum();
        if rest > 0 {
            let text = format!(
                "{} like these (shown by --all)",
                words::count(rest, "more change")
            );
            self.write(4, &Text::default().said(text), Some(Emphasis::Faint));
        }
    }

    fn row(&mut self, indent: usize, section: &Section<'_>, row: &Row<'_>) {
        let subject = words::subject(row);
        let below = indent + 2;
        let id = format!(" [{}]", row.change.id);
        match words::change(row) {
            // Long texts are easier to compare below each other.
            Some(change) if length(&subject) + length(&change) > 100 => {
                self.write(indent, &subject, Some(Emphasis::Strong));
                self.append("", &id);
                self.write_pair(below, change);
            }
            change => {
                self.write(indent, &subject, Some(Emphasis::Strong));
                if let Some(change) = change {
                    self.join(&Text::default().said(": ").text(change));
                }
                self.append("", &id);
            }
        }
        if !row.change.because.trim().is_empty() {
            self.write(below, &words::because(row), None);
        }
        if let Some(witness) = words::witness(row) {
            self.write(below, &witness, None);
        }
        if let Some(history) = words::history(row) {
            self.write(below, &history, None);
        }
        if let Some(standing) = words::standing(self.document, row) {
            self.write(below, &standing, None);
        }
        if let Some(place) = words::whereabouts(self.document, section, row) {
            self.write(below, &place, Some(Emphasis::Faint));
        }
    }

    /// Writes what was before and what is now, below each other if there are both.
    fn write_pair(&mut self, indent: usize, change: Text) {
        match <[Piece; 3]>::try_from(change.pieces) {
            Ok([before, _, after]) => {
                self.write(
                    indent,
                    &Text {
                        pieces: vec![Piece::Said("before: ".to_owned()), before],
                    },
                    None,
                );
                self.write(
                    indent,
                    &Text {
                        pieces: vec![Piece::Said("now:    ".to_owned()), after],
                    },
                    None,
                );
            }
            Err(pieces) => self.write(indent, &Text { pieces }, None),
        }
    }

    fn numbers(&mut self) {
        let mut texts = Vec::new();
        let of_project = &self.document.figures.numbers;
        if !of_project.is_empty() {
            texts.push(
                Text::default()
                    .said("project: ")
                    .text(words::numbers(of_project)),
            );
        }
        let mut services = Vec::new();
        let (numbers, slos) = figures(self.document);
        for group in &slos {
            if !group.figure.numbers.is_empty() {
                let owner = words::slo_owner(group);
                services.push(owner.said(": ").text(words::numbers(&group.figure.numbers)));
            }
        }
        for group in &numbers {
            let owner = words::numbers_owner(group);
            services.push(owner.said(": ").text(words::numbers(group.numbers)));
        }
        let most = if self.options.all {
            services.len()
        } else {
            NUMBERS
        };
        let rest = services.len().saturating_sub(most);
        texts.extend(services.into_iter().take(most));
        if texts.is_empty() {
            return;
        }
        self.blank();
        self.write(0, &Text::default().strong("numbers"), None);
        for text in texts {
            self.write(2, &text, None);
        }
        if rest > 0 {
            let text = format!("{} (shown by --all)", words::count(rest, "more line"));
            self.write(2, &Text::default().said(text), Some(Emphasis::Faint));
        }
    }

    fn errors(&mut self) {
        if self.document.errored.is_empty() {
            return;
        }
        self.blank();
        self.write(0, &Text::default().strong("not compared"), None);
        for problem in &self.document.errored {
            self.write(2, &words::problem(problem), None);
        }
    }

    fn acceptances(&mut self) {
        let document = self.document;
        if words::expired(document).next().is_none() {
            return;
        }
        self.blank();
        self.write(0, &Text::default().strong("no longer accepted"), None);
        for entry in words::expired(document) {
            self.write(2, &words::acceptance(document, entry), None);
        }
    }

    fn blank(&mut self) {
        self.lines.push(Line::default());
    }

    /// Writes a text on a line of its own, or on several ones if it is too long.
    fn write(&mut self, indent: usize, text: &Text, emphasis: Option<Emphasis>) {
        let mut line = Line::default();
        line.parts.push(Part {
            text: " ".repeat(indent),
            emphasis: Emphasis::Plain,
        });
        self.lines.push(line);
        self.extend(indent, text, emphasis);
    }

    /// Continues the last line with a text.
    fn join(&mut self, text: &Text) {
        let indent = self.indent();
        self.extend(indent, text, None);
    }

    /// Continues the last line with words, and with less visible ones.
    fn append(&mut self, words: &str, faint: &str) {
        let indent = self.indent();
        self.extend(indent, &Text::default().said(words), None);
        self.extend(indent, &Text::default().said(faint), Some(Emphasis::Faint));
    }

    /// The number of blanks before the last line.
    fn indent(&self) -> usize {
        let first = self.lines.last().and_then(|line| line.parts.first());
        first.map_or(0, |part| {
            part.text.chars().take_while(|c| *c == ' ').count()
        })
    }

    fn extend(&mut self, indent: usize, text: &Text, emphasis: Option<Emphasis>) {
        for piece in &text.pieces {
            let own = match piece {
                Piece::Class(class) => Emphasis::Class(*class),
                Piece::Before(_) => Emphasis::Before,
                Piece::After(_) => Emphasis::After,
                Piece::Strong(_) => Emphasis::Strong,
                Piece::Said(_) | Piece::Name(_) | Piece::Prose(_) => {
                    emphasis.unwrap_or(Emphasis::Plain)
                }
            };
            let text = Text {
                pieces: vec![piece.clone()],
            };
            self.extend_part(indent, &text.to_string(), own);
        }
    }

    /// Adds a text to the last line, and breaks it between words.
    fn extend_part(&mut self, indent: usize, text: &str, emphasis: Emphasis) {
        let Some(width) = self.options.width else {
            self.push(text, emphasis);
            return;
        };
        // The lines after the first one are indented more, so that the next text is seen.
        let hang = indent + 4;
        let width = width.max(hang + 20);
        for word in text.split_inclusive(' ') {
            let column: usize = self.lines.last().map_or(0, |line| {
                line.parts
                    .iter()
                    .map(|part| part.text.chars().count())
                    .sum()
            });
            if column > hang && column + word.trim_end().chars().count() > width {
                self.trim();
                self.lines.push(Line::default());
                self.push(&" ".repeat(hang), Emphasis::Plain);
                self.push(word.trim_start(), emphasis);
            } else {
                self.push(word, emphasis);
            }
        }
    }

    /// Removes the blanks at the end of the last line.
    fn trim(&mut self) {
        let line = self.lines.last_mut();
        if let Some(last) = line.and_then(|line| line.parts.last_mut()) {
            last.text.truncate(last.text.trim_end().len());
        }
    }

    fn push(&mut self, text: &str, emphasis: Emphasis) {
        if text.is_empty() {
            return;
        }
        if let Some(line) = self.lines.last_mut() {
            match line.parts.last_mut() {
                Some(last) if last.emphasis == emphasis => last.text.push_str(text),
                _ => line.parts.push(Part {
                    text: text.to_owned(),
                    emphasis,
                }),
            }
        }
    }
}

fn length(text: &Text) -> usize {
    text.to_string().chars().count()
}
