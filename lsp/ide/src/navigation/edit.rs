//! Edits that a rename consists of, and the reason if it is refused.

use std::fmt;

use nthc::db::SourceFile;
use nthc::syntax::tree::TextRange;

/// An edit of a file, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The file.
    pub file: SourceFile,
    /// The range to replace.
    pub range: TextRange,
    /// The replacement.
    pub text: String,
    /// Length in bytes of the replacement before the name itself: `ledger.` in `ledger.books`.
    pub before: u32,
}

/// The reason why a name cannot be renamed. It is displayed as a sentence for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// There is no name at the position.
    NoName,
    /// The position is in the standard library.
    StandardLibrary,
    /// The name means a module, which is named after its file.
    Module {
        /// The path of the file.
        path: String,
    },
    /// The name refers to the block around it by its kind.
    Enclosing {
        /// The name.
        name: String,
        /// The kind of the block.
        kind: String,
    },
    /// The name is a keyword.
    Keyword {
        /// The keyword.
        name: String,
    },
    /// The name is a metric of Prometheus.
    Metric {
        /// The name of the metric.
        name: String,
    },
    /// The manifest names the team as the default.
    DefaultTeam {
        /// The name of the team.
        name: String,
    },
    /// The declaration of the name is not known.
    UnknownDeclaration {
        /// The name.
        name: String,
    },
    /// The name is declared in the standard library.
    DeclaredInStandardLibrary {
        /// The name.
        name: String,
        /// The module that declares it.
        module: String,
    },
    /// The name is declared in another package.
    DeclaredInPackage {
        /// The name.
        name: String,
        /// The path of the file that declares it.
        path: String,
    },
    /// The new name is empty.
    EmptyName,
    /// The new name cannot be a name anywhere.
    InvalidName {
        /// The new name.
        name: String,
    },
    /// A name that would have to be renamed too is computed.
    ComputedName {
        /// The computed name.
        computed: String,
        /// The name that it includes.
        name: String,
    },
    /// The new name is not allowed at a place of the old one.
    NotAllowed {
        /// The new name.
        name: String,
        /// The path of the file.
        path: String,
        /// The line, from 1.
        line: usize,
    },
    /// A text that may contain the name has syntax errors.
    SyntaxErrors {
        /// The path of the file.
        path: String,
        /// The line, from 1.
        line: usize,
        /// The name.
        name: String,
    },
    /// A file that would change is not on disk.
    NotOnDisk,
    /// The new name is already used.
    AlreadyUsed {
        /// The message of the diagnostic.
        message: String,
    },
    /// The text cannot be parsed with the new name.
    CannotParse,
    /// Two edits overlap.
    Overlap,
    /// A name would change its meaning.
    OtherMeaning {
        /// The name that would.
        name: String,
        /// The path of the file.
        path: String,
        /// The line, from 1.
        line: usize,
    },
    /// Something without a meaning would get one.
    NewMeaning {
        /// The path of the file.
        path: String,
    },
    /// There would be a new error.
    NewError {
        /// The message of the diagnostic.
        message: String,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoName => f.write_str("no name at this position can be renamed"),
            Self::StandardLibrary => f.write_str("the standard library cannot be changed"),
            Self::Module { path } => write!(
                f,
                "a module is named after its file: rename the file `{path}`"
            ),
            Self::Enclosing { name, kind } => {
                write!(
                    f,
                    "`{name}` is the enclosing {kind}: rename it at its own name"
                )
            }
            Self::Keyword { name } => write!(f, "`{name}` is a keyword"),
            Self::Metric { name } => write!(
                f,
                "`{name}` is a metric name of Prometheus: another name would be another metric"
            ),
            Self::DefaultTeam { name } => write!(
                f,
                "`nth.toml` names `{name}` as the default team: change it there first"
            ),
            Self::UnknownDeclaration { name } => {
                write!(f, "the declaration of `{name}` is unknown")
            }
            Self::DeclaredInStandardLibrary { name, module } => write!(
                f,
                "`{name}` is declared in the standard library's module `{module}`"
            ),
            Self::DeclaredInPackage { name, path } => write!(
                f,
                "`{name}` belongs to another package: it is declared in `{path}`"
            ),
            Self::EmptyName => f.write_str("a name needs at least one letter"),
            Self::InvalidName { name } => {
                write!(f, "`{}` is not a valid name", name.escape_debug())
            }
            Self::ComputedName { computed, name } => write!(
                f,
                "the name `{computed}` is computed from values, and includes `{name}`"
            ),
            Self::NotAllowed { name, path, line } => write!(
                f,
                "`{name}` is not allowed in `{path}`, line {line}: use letters, digits and `_`, with `-` inside"
            ),
            Self::SyntaxErrors { path, line, name } => write!(
                f,
                "`{path}`, line {line}, has syntax errors, and `{name}` may be used there: fix them first"
            ),
            Self::NotOnDisk => f.write_str("a file that would change is not on disk"),
            Self::AlreadyUsed { message } => write!(f, "the name is already used: {message}"),
            Self::CannotParse => f.write_str("the text cannot be parsed with that name"),
            Self::Overlap => f.write_str("two of the places to change overlap"),
            Self::OtherMeaning { name, path, line } => write!(
                f,
                "with that name, `{name}` in `{path}`, line {line}, would have another meaning or none"
            ),
            Self::NewMeaning { path } => write!(
                f,
                "with that name, something in `{path}` would have a new meaning"
            ),
            Self::NewError { message } => write!(f, "with that name, {message}"),
        }
    }
}

impl std::error::Error for Refusal {}
