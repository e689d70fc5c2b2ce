//! Directives: comments for the compiler, `// nth: allow(no-runbook): reason`.
//!
//! ```text
//! directive = "//" blanks "nth:" "allow" "(" name ("," name)* ","? ")" (":" reason)?
//! name      = a code (N0507) or a slug (above-ceiling) of a warning
//! ```
//!
//! Any other comment is prose. A comment that starts like a directive but is not valid is reported, because it has no effect.

use smol_str::SmolStr;

use crate::codes;
use crate::db::{SourceFile, parsed};
use nth_diagnostics::{Applicability, Code, Diagnostic, suggest};
use nth_syntax::comments::{self, Comment, slice};
use nth_syntax::tree::{SyntaxErrorKind, TextRange};

use super::{Lint, find_lint};

/// The start of a directive, after `//` and blanks.
const MARK: &str = "nth:";

/// The only directive.
const ALLOW: &str = "allow";

/// A directive. Its ranges are relative to the start of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// The comment.
    pub comment: TextRange,
    /// The range to delete to remove the comment: with its line, or with the blanks before it.
    pub removal: TextRange,
    /// The list between the parentheses.
    pub list: TextRange,
    /// The statement, item or list element that it applies to; `None` if it is not attached to one.
    pub covers: Option<TextRange>,
    /// The warnings that it allows there.
    pub allowed: Vec<Allowed>,
    /// Diagnostics about the directive itself.
    pub errors: Vec<Diagnostic<TextRange>>,
}

/// A warning that is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    /// Its code.
    pub code: &'static Code,
    /// The word in the list: a code or a slug.
    pub word: SmolStr,
    /// The range of the word.
    pub range: TextRange,
}

/// Returns the directives of a file, in text order. Their ranges are relative to the start of the file: only output may depend
/// on them, not another query.
#[salsa::tracked(returns(ref))]
pub fn directives(db: &dyn salsa::Database, file: SourceFile) -> Vec<Directive> {
    let text = file.text(db);
    if !text.contains(MARK) {
        return Vec::new();
    }
    // In a malformed file it is unclear what a comment is attached to.
    let is_sound = parsed(db, file)
        .items
        .iter()
        .flat_map(|(_, item)| &item.errors)
        .all(|error| error.kind == SyntaxErrorKind::StrayDoc);
    parse(text, is_sound)
}

/// Returns whether a file has directives. Changes less often than [`directives`].
#[salsa::tracked(returns(copy))]
pub fn has_directives(db: &dyn salsa::Database, file: SourceFile) -> bool {
    !directives(db, file).is_empty()
}

fn parse(text: &str, is_sound: bool) -> Vec<Directive> {
    comments::comments(text, |comment| directive_text(comment).is_some())
        .iter()
        .filter_map(|comment| {
            let mut directive = Parser::new(text, comment)?.parse();
            if directive.covers.is_none() && is_sound {
                directive.errors.push(
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

/// The text after `nth:`, with its leading blanks; `None` if the comment is not a directive.
fn directive_text(comment: &str) -> Option<&str> {
    comment
        .strip_prefix("//")?
        .trim_start_matches([' ', '\t'])
        .strip_prefix(MARK)
}

fn bad(message: impl Into<String>, range: TextRange) -> Diagnostic<TextRange> {
    Diagnostic::new(&codes::BAD_DIRECTIVE, message, range)
}

struct Parser<'t> {
    text: &'t str,
    /// The current position.
    at: usize,
    /// The end of the comment.
    end: usize,
    directive: Directive,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str, comment: &Comment) -> Option<Self> {
        let end = comment.range.end as usize;
        let at = end - directive_text(slice(text, comment.range))?.len();
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
                errors: Vec::new(),
            },
        })
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..self.end).unwrap_or_default()
    }

    fn blanks(&mut self) {
        self.at = self.end - self.rest().trim_start().len();
    }

    fn error(&mut self, error: Diagnostic<TextRange>) {
        self.directive.errors.push(error);
    }

    fn parse(mut self) -> Directive {
        self.blanks();
        let rest = self.rest();
        let length = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ':' | ','))
            .unwrap_or(rest.len());
        let word = &rest[..length];
        let range = TextRange::new(self.at, self.at + length);
        if word != ALLOW {
            let shape = "write `// nth: allow(no-runbook): reason`";
            let error = if word.is_empty() {
                bad("missing directive after `nth:`", self.directive.comment).help(shape)
            } else {
                let error = bad(format!("unknown directive `{word}` after `nth:`"), range)
                    .label("expected `allow`")
                    .help(shape);
                match suggest::nearest(word, [ALLOW]) {
                    Some(near) => replace(error, range, near),
                    None => error,
                }
            };
            self.error(error);
            return self.directive;
        }
        self.at += length;
        self.blanks();
        if !self.rest().starts_with('(') {
            self.error(bad("missing list of warnings after `allow`", range).help(
                "list warnings by code or name in parentheses: `// nth: allow(no-runbook): \
                        reason`",
            ));
            return self.directive;
        }
        self.at += 1;
        let Some(length) = self.rest().find(')') else {
            let open = TextRange::new(self.at - 1, self.at);
            self.error(bad("unclosed parenthesis", open).label("opened here").help(
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
        if self.directive.allowed.is_empty() && self.directive.errors.is_empty() {
            self.error(
                bad("empty `allow()`", TextRange::new(start - 1, end + 1))
                    .help("list warnings by code or name: `// nth: allow(no-runbook): reason`"),
            );
        }
    }

    fn name(&mut self, word: &str, range: TextRange) {
        match find_lint(word, codes::all()) {
            Lint::Warning(code) => {
                let first = self
                    .directive
                    .allowed
                    .iter()
                    .find(|allowed| allowed.code == code)
                    .map(|allowed| allowed.range);
                if let Some(first) = first {
                    self.error(
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
            Lint::Error(code) => self.error(
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
            Lint::Unknown(near) => {
                let error = bad(format!("unknown warning `{word}`"), range).label(
                    "not a warning's code or \
                        name",
                );
                self.error(match near {
                    Some(near) => replace(error, range, near),
                    None => error.help("run `nthc explain` to list all codes"),
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
        self.error(
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

fn replace(error: Diagnostic<TextRange>, range: TextRange, near: &str) -> Diagnostic<TextRange> {
    error.fix(
        format!("Replace with `{near}`"),
        range,
        near,
        Applicability::Maybe,
    )
}

/// The range of a comment with its line or, after code, with the blanks before it.
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
