//! `// nth: allow(no-runbook): reason`: what a comment says to the compiler.
//!
//! ```text
//! directive = "//" blanks "nth:" "allow" "(" name ("," name)* ","? ")" (":" reason)?
//! name      = a code (N0507) or a slug (above-ceiling) of a warning
//! ```
//!
//! Any other comment is prose. What begins like a directive and is none is told, for it would do nothing.

use smol_str::SmolStr;

use crate::codes;
use crate::db::{SourceFile, parsed};
use nth_diagnostics::{Applicability, Code, Diagnostic, suggest};
use nth_syntax::comments::{self, Comment, slice};
use nth_syntax::tree::{SyntaxErrorKind, TextRange};

use super::{Named, named};

/// What begins a directive, after `//` and blanks.
const MARK: &str = "nth:";

/// The only word that can follow it.
const ALLOW: &str = "allow";

/// A directive with what it covers, by the bytes of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// The comment.
    pub comment: TextRange,
    /// What to remove with the comment: its line, or the blanks before it.
    pub removal: TextRange,
    /// What stands between the parentheses.
    pub list: TextRange,
    /// The statement, item or element that it stands with.
    pub covers: Option<TextRange>,
    /// The warnings that it allows there.
    pub allowed: Vec<Allowed>,
    /// What is wrong in it.
    pub mistakes: Vec<Diagnostic<TextRange>>,
}

/// A warning that is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    /// Its code.
    pub code: &'static Code,
    /// As it was written.
    pub word: SmolStr,
    /// Where.
    pub range: TextRange,
}

/// The directives of a file, in their order. Their ranges count from the start of the file: they are for what is
/// shown, and no query may read them.
#[salsa::tracked(returns(ref))]
pub fn directives(db: &dyn salsa::Database, file: SourceFile) -> Vec<Directive> {
    let text = file.text(db);
    if !text.contains(MARK) {
        return Vec::new();
    }
    // In a malformed file it cannot be said what a comment stands with.
    let is_sound = parsed(db, file)
        .items
        .iter()
        .flat_map(|(_, item)| &item.errors)
        .all(|error| error.kind == SyntaxErrorKind::StrayDoc);
    read(text, is_sound)
}

/// Whether a file has directives. It changes less often than they do.
#[salsa::tracked(returns(copy))]
pub fn has_directives(db: &dyn salsa::Database, file: SourceFile) -> bool {
    !directives(db, file).is_empty()
}

fn read(text: &str, is_sound: bool) -> Vec<Directive> {
    comments::comments(text, |comment| said(comment).is_some())
        .iter()
        .filter_map(|comment| {
            let mut directive = Reader::new(text, comment)?.read();
            if directive.covers.is_none() && is_sound {
                directive.mistakes.push(
                    bad(
                        "this `allow` comment is not attached to a statement",
                        directive.comment,
                    )
                    .label("neither before a statement nor at the end of its line")
                    .help(
                        "move it to the line before the statement, or to the end of the \
                            statement's line",
                    ),
                );
            }
            Some(directive)
        })
        .collect()
}

/// What a comment says to the compiler: the text after `nth:`, with blanks before it.
fn said(comment: &str) -> Option<&str> {
    comment
        .strip_prefix("//")?
        .trim_start_matches([' ', '\t'])
        .strip_prefix(MARK)
}

fn bad(message: impl Into<String>, range: TextRange) -> Diagnostic<TextRange> {
    Diagnostic::new(&codes::BAD_DIRECTIVE, message, range)
}

struct Reader<'t> {
    text: &'t str,
    /// Where reading has come to.
    at: usize,
    /// The end of the comment.
    end: usize,
    directive: Directive,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, comment: &Comment) -> Option<Self> {
        let end = comment.range.end as usize;
        let at = end - said(slice(text, comment.range))?.len();
        Some(Self {
            text,
            at,
            end,
            directive: Directive {
                comment: comment.range,
                removal: removal(text, comment),
                list: TextRange::new(end, end),
                covers: comment.with,
                allowed: Vec::new(),
                mistakes: Vec::new(),
            },
        })
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..self.end).unwrap_or_default()
    }

    fn blanks(&mut self) {
        self.at = self.end - self.rest().trim_start().len();
    }

    fn mistake(&mut self, mistake: Diagnostic<TextRange>) {
        self.directive.mistakes.push(mistake);
    }

    fn read(mut self) -> Directive {
        self.blanks();
        let rest = self.rest();
        let length = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ':' | ','))
            .unwrap_or(rest.len());
        let word = &rest[..length];
        let range = TextRange::new(self.at, self.at + length);
        if word != ALLOW {
            let shape = "write `// nth: allow(no-runbook): reason`";
            let mistake = if word.is_empty() {
                bad("missing directive after `nth:`", self.directive.comment).help(shape)
            } else {
                let mistake = bad(format!("unknown directive `{word}` after `nth:`"), range)
                    .label("expected `allow`")
                    .help(shape);
                match suggest::nearest(word, [ALLOW]) {
                    Some(near) => replace(mistake, range, near),
                    None => mistake,
                }
            };
            self.mistake(mistake);
            return self.directive;
        }
        self.at += length;
        self.blanks();
        if !self.rest().starts_with('(') {
            self.mistake(bad("missing list of warnings after `allow`", range).help(
                "list warnings by code or name in parentheses: `// nth: allow(no-runbook): \
                        reason`",
            ));
            return self.directive;
        }
        self.at += 1;
        let Some(length) = self.rest().find(')') else {
            let open = TextRange::new(self.at - 1, self.at);
            self.mistake(bad("unclosed parenthesis", open).label("opened here").help(
                "close it after the last name, before the reason: `// nth: allow(no-runbook): \
                        reason`",
            ));
            return self.directive;
        };
        self.names(self.at, self.at + length);
        self.at += length + 1;
        self.reason();
        self.directive
    }

    fn names(&mut self, start: usize, end: usize) {
        self.directive.list = TextRange::new(start, end);
        let mut at = start;
        for piece in self.text.get(start..end).unwrap_or_default().split(',') {
            let word = piece.trim();
            let from = at + (piece.len() - piece.trim_start().len());
            let range = TextRange::new(from, from + word.len());
            at += piece.len() + 1;
            if !word.is_empty() {
                self.name(word, range);
            }
        }
        if self.directive.allowed.is_empty() && self.directive.mistakes.is_empty() {
            self.mistake(
                bad("empty `allow()`", TextRange::new(start - 1, end + 1))
                    .help("list warnings by code or name: `// nth: allow(no-runbook): reason`"),
            );
        }
    }

    fn name(&mut self, word: &str, range: TextRange) {
        match named(word, codes::all()) {
            Named::Warning(code) => {
                let first = self
                    .directive
                    .allowed
                    .iter()
                    .find(|allowed| allowed.code == code)
                    .map(|allowed| allowed.range);
                if let Some(first) = first {
                    self.mistake(
                        bad(format!("duplicate `{}`", code.slug), range)
                            .because(first, "first listed here"),
                    );
                    return;
                }
                self.directive.allowed.push(Allowed {
                    code,
                    word: word.into(),
                    range,
                });
            }
            Named::Error(code) => self.mistake(
                bad(
                    format!("`{}` is an error and cannot be allowed", code.slug),
                    range,
                )
                .label("only warnings can be allowed")
                .help(format!(
                    "run `nthc explain {}` to see how to fix it",
                    code.id
                )),
            ),
            Named::Unknown(near) => {
                let mistake = bad(format!("unknown warning `{word}`"), range).label(
                    "not a warning's code or \
                        name",
                );
                self.mistake(match near {
                    Some(near) => replace(mistake, range, near),
                    None => mistake.help("run `nthc explain` to list all codes"),
                });
            }
        }
    }

    fn reason(&mut self) {
        let closed = self.at;
        self.blanks();
        let rest = self.rest();
        if rest.is_empty() || rest.starts_with(':') {
            return;
        }
        self.mistake(
            bad(
                "missing colon before the reason",
                TextRange::new(self.at, self.end),
            )
            .fix(
                "Insert a colon",
                TextRange::new(closed, self.at),
                ": ",
                Applicability::Always,
            ),
        );
    }
}

fn replace(mistake: Diagnostic<TextRange>, range: TextRange, near: &str) -> Diagnostic<TextRange> {
    mistake.fix(
        format!("Replace with `{near}`"),
        range,
        near,
        Applicability::Maybe,
    )
}

/// A comment with its line, or with the blanks between it and what stands before it.
fn removal(text: &str, comment: &Comment) -> TextRange {
    let (start, end) = (comment.range.start as usize, comment.range.end as usize);
    let before = text.get(..start).unwrap_or_default();
    let after = text.get(end..).unwrap_or_default();
    let blanks = after.len() - after.trim_start_matches([' ', '\t']).len();
    if !comment.own_line {
        return TextRange::new(before.trim_end_matches([' ', '\t']).len(), end + blanks);
    }
    let line = before.trim_end_matches([' ', '\t']).len();
    let after = &after[blanks..];
    let line_end = if after.starts_with("\r\n") {
        2
    } else {
        usize::from(after.starts_with(['\n', '\r']))
    };
    TextRange::new(line, end + blanks + line_end)
}
