//! `nthc fmt`.

use std::path::{Path, PathBuf};

use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};

use super::Context;
use super::console::{Console, Stream};
use super::exit::{Exit, Failure};
use super::options::Fmt;
use super::report::{self, Findings, count};
use super::select;
use nthc::diagnostics::{Diagnostic, FileSpan, Severity, SourceMap, codes};
use nthc::limits;
use nthc::output::replace_file;
use nthc::project::{
    self, NotUtf8, Unlisted, decode, discover, io_cause, paths, read_source, read_source_from,
};
use nthc::syntax::{self, Unformatted};

/// Formats files, or standard input to standard output. A file with syntax errors is not changed, and the errors are
/// reported.
///
/// # Errors
///
/// If there is no project, or a file cannot be read or written.
pub fn run(context: &Context, options: &Fmt, console: &mut Console) -> Result<Exit, Failure> {
    let format = context.global.format;
    let mut findings = Findings::default();
    if options.files.iter().any(|file| file.as_os_str() == "-") {
        if options.files.len() > 1 {
            return Err(Failure::usage("`-` cannot be combined with files"));
        }
        let exit = standard_input(options.check, &mut findings, console)?;
        findings.show(format, console)?;
        return Ok(exit);
    }
    let files = files(context, &options.files)?;
    let mut changed = 0;
    let mut exit = Exit::Ok;
    for file in &files {
        let shown = paths::display(file, &context.cwd);
        let root = file.parent().and_then(project::find);
        let read = project::resolve_file(file, root.as_deref())
            .and_then(|place| read_source(&place).map(|bytes| (place, bytes)));
        let (place, bytes) = match read {
            Ok(read) => read,
            // The other files are still formatted.
            Err(cause) => {
                let message = format!("cannot read {shown}: {}", io_cause(&cause));
                exit = report::show_failure(&Failure::io(message), console);
                continue;
            }
        };
        let Some((old, new)) = format_source(bytes, &shown, &mut findings) else {
            continue;
        };
        if new == old {
            continue;
        }
        changed += 1;
        if options.check {
            diff(&shown, &old, &new, &mut console.out);
        } else {
            replace_file(&place, new.as_bytes()).map_err(|cause| {
                Failure::io(format!("cannot write {shown}: {}", io_cause(&cause)))
            })?;
        }
    }
    findings.show(format, console)?;
    let total = count(files.len(), "file");
    let done = if options.check {
        format!("{changed} of {total} would be formatted")
    } else {
        format!("formatted {changed} of {total}")
    };
    let line = if findings.has_errors() {
        format!("{done}: {}", findings.counts())
    } else {
        done
    };
    report::conclude(&line, &findings, format, console);
    let is_different = options.check && changed > 0;
    Ok(if exit != Exit::Ok {
        exit
    } else if is_different {
        Exit::Findings
    } else {
        findings.exit()
    })
}

fn standard_input(
    check: bool,
    findings: &mut Findings,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let bytes = read_source_from(std::io::stdin()).map_err(|cause| {
        Failure::io(format!("cannot read standard input: {}", io_cause(&cause)))
    })?;
    let Some((old, new)) = format_source(bytes, "stdin", findings) else {
        return Ok(Exit::Findings);
    };
    if !check {
        console.out.text(&new);
        return Ok(Exit::Ok);
    }
    if new == old {
        return Ok(Exit::Ok);
    }
    diff("stdin", &old, &new, &mut console.out);
    Ok(Exit::Findings)
}

/// Returns the text of a file before and after formatting. `None` if it cannot be formatted, which is reported.
fn format_source(bytes: Vec<u8>, shown: &str, findings: &mut Findings) -> Option<(String, String)> {
    let mut sources = SourceMap::default();
    match decode(bytes) {
        Err(NotUtf8 { text, at }) => {
            let file = sources.add(shown, text);
            let span = FileSpan {
                file,
                start: at.start,
                end: at.end,
            };
            findings.add(&sources, [project::not_utf8(span)]);
            None
        }
        Ok(text) => match syntax::try_format(&text) {
            Ok(new) => Some((text, new)),
            Err(Unformatted::Changed(at)) => {
                let file = sources.add(shown, text.as_str());
                let span = FileSpan {
                    file,
                    start: at,
                    end: at,
                };
                findings.add(&sources, [unsafe_layout(span)]);
                None
            }
            Err(Unformatted::Malformed) => {
                let file = sources.add(shown, text.as_str());
                findings.add(&sources, syntax_errors(&text, file));
                None
            }
        },
    }
}

/// Reports a layout that would change the meaning, which is a bug of the formatter. The file is not changed.
fn unsafe_layout(span: FileSpan) -> Diagnostic<FileSpan> {
    Diagnostic::new(
        &codes::SYNTAX_LAYOUT,
        "the file cannot be formatted without changing its meaning",
        span,
    )
    .label("expected to stay unchanged")
    .help(
        "move the comment to its own line, or report this as a bug of `nthc fmt`; the file was not \
        changed",
    )
}

/// Returns the errors that prevent formatting. Warnings do not prevent it, and are left to `check`.
fn syntax_errors(text: &str, file: usize) -> Vec<Diagnostic<FileSpan>> {
    let tree = syntax::parse(text);
    let errors = tree.items.iter().flat_map(|(start, item)| {
        item.errors.iter().map(move |error| {
            syntax::diagnose(error).map_spans(&mut |range| {
                let range = range.shifted(*start);
                FileSpan {
                    file,
                    start: range.start as usize,
                    end: range.end as usize,
                }
            })
        })
    });
    let mut errors: Vec<_> = errors
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .collect();
    let hidden = tree.hidden + errors.len().saturating_sub(limits::DIAGNOSTICS);
    if hidden > 0 {
        errors.truncate(limits::DIAGNOSTICS);
        let last = errors.last().map(|last| last.primary.span);
        errors.extend(last.map(|last| limits::more_diagnostics(hidden, last)));
    }
    errors
}

/// Returns the named files, the files below the named folders, or those of the project if nothing is named. They need not
/// belong to a project: formatting does not resolve names.
fn files(context: &Context, names: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut out = Vec::new();
    if names.is_empty() {
        let loaded = select::project(context)?;
        let own = loaded
            .project
            .files
            .into_iter()
            .filter(|file| file.package.is_none());
        out.extend(own.map(|file| file.path));
    }
    for name in names {
        let path = paths::absolute(name, &context.cwd);
        if path.is_dir() {
            out.extend(below(&path, context)?);
        } else {
            out.push(path);
        }
    }
    out.sort();
    out.dedup();
    Ok(out)
}

fn below(folder: &Path, context: &Context) -> Result<Vec<PathBuf>, Failure> {
    let found = discover(folder, folder, &[]).map_err(|Unlisted { path, cause }| {
        Failure::from(project::Error::Read {
            path: paths::display(&path, &context.cwd),
            cause,
        })
    })?;
    Ok(found.files.into_iter().map(|found| found.path).collect())
}

/// Prints a unified diff that `patch -p0` accepts.
fn diff(shown: &str, old: &str, new: &str, out: &mut Stream) {
    let diff = TextDiff::from_lines(old, new);
    let bold = Style::new().bold();
    for sign in ["---", "+++"] {
        out.styled_line(&[(bold, &format_args!("{sign} {shown}"))]);
    }
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        let cyan = AnsiColor::Cyan.on_default();
        out.styled_line(&[(cyan, &hunk.header())]);
        for change in hunk.iter_changes() {
            let (sign, style) = match change.tag() {
                ChangeTag::Delete => ('-', AnsiColor::Red.on_default()),
                ChangeTag::Insert => ('+', AnsiColor::Green.on_default()),
                ChangeTag::Equal => (' ', Style::new()),
            };
            let line = change.value();
            let ended = line.strip_suffix('\n');
            out.excerpt(style, &format!("{sign}{}", ended.unwrap_or(line)));
            if ended.is_none() {
                out.line("\\ No newline at end of file");
            }
        }
    }
}
