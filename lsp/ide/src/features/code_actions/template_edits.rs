//! The edits that extract a block into a template.

use nthc::syntax::comments::comments;
use nthc::syntax::structure::PartKind;
use nthc::syntax::tree::TextRange;

use super::super::formatting::diff::{Change, apply};
use super::super::formatting::layout::whole_lines;
use super::place::{ItemAt, Place, identifier, insertion, replacement};
use super::template_parameters::{Extract, Parameter, literals};

/// Returns the edits.
pub fn changes(
    place: &Place<'_>,
    extract: &Extract<'_>,
    parameters: &[Parameter],
) -> Option<Vec<Change>> {
    let (at, block) = (extract.at, extract.block);
    let own = block
        .name
        .as_ref()
        .map_or(&block.kind.text, |name| &name.text);
    let name = place.fresh(&format!("{}-template", identifier(own)));
    let literals = literals(place, extract);
    let text_of = |range: TextRange| {
        let absolute = range.shifted(at.start);
        let inside: Vec<Change> = literals
            .iter()
            .filter(|(literal, _)| range.start <= literal.start && literal.end <= range.end)
            .map(|(literal, parameter)| Change {
                range: TextRange {
                    start: literal.start - range.start,
                    end: literal.end - range.start,
                },
                text: parameter.name.clone(),
            })
            .collect();
        apply(place.slice(absolute), &inside)
    };
    let params: Vec<String> = parameters
        .iter()
        .map(|parameter| format!("{}: {}", parameter.name, parameter.ty))
        .collect();
    let params = if params.is_empty() {
        String::new()
    } else {
        format!("({})", params.join(", "))
    };
    let base = match &block.base {
        Some(base) => format!(" : {}", text_of(base.range)?),
        None => String::new(),
    };
    let moved = extract
        .statements
        .map(|statements| with_comments(place, at, statements));
    let body = match moved {
        Some(moved) => {
            let relative = TextRange {
                start: moved.start - at.start,
                end: moved.end - at.start,
            };
            let indent = place.indent_at(at.start + block.range.start);
            let text = text_of(relative)?;
            dedent(
                &format!("{{\n{}\n{indent}}}", text.trim_end_matches(['\r', '\n'])),
                indent,
            )
        }
        None if block.body.range.is_empty() => "{}".to_owned(),
        None => dedent(
            &text_of(block.body.range)?,
            place.indent_at(at.start + block.range.start),
        ),
    };
    let template = format!(
        "template {} {name}{params}{base} {body}\n\n",
        block.kind.text
    );
    let arguments: Vec<String> = parameters
        .iter()
        .enumerate()
        .map(|(number, parameter)| match number {
            0 => parameter.argument.clone(),
            _ => format!("{}: {}", parameter.name, parameter.argument),
        })
        .collect();
    let used = if arguments.is_empty() {
        name
    } else {
        format!("{name}({})", arguments.join(", "))
    };
    let top = place.with_comments_above(at.start);
    let mut changes = vec![insertion(top, template)];
    let head_end = block
        .name
        .as_ref()
        .map_or(block.kind.range.end, |name| name.range.end);
    // The end of a name with interpolations is only known from what follows it.
    let head_end = match (&block.name_parts, &block.base) {
        (Some(_), Some(base)) => {
            let head = place.slice(block.head.shifted(at.start));
            let until = (base.range.start - block.head.start) as usize;
            let before = head.get(..until)?.trim_end().strip_suffix(':')?.trim_end();
            block.head.start + before.len() as u32
        }
        (Some(_), None) => block.head.end,
        _ => head_end,
    };
    match moved {
        None => {
            let range = TextRange {
                start: at.start + head_end,
                end: at.start + block.range.end,
            };
            changes.push(replacement(range, format!(" : {used}")));
        }
        Some(moved) => {
            let end = block.base.as_ref().map_or(head_end, |base| base.range.end);
            let range = TextRange {
                start: at.start + head_end,
                end: at.start + end,
            };
            changes.push(replacement(range, format!(" : {used}")));
            changes.push(replacement(without_second_blank(place, moved), ""));
        }
    }
    Some(changes)
}

/// The range of statements with their doc comments, the comments above them, and the one at the end of the last line:
/// whole lines if nothing else is on them.
fn with_comments(place: &Place<'_>, at: ItemAt<'_>, statements: TextRange) -> TextRange {
    let statements = statements.shifted(at.start);
    let start = place
        .parts()
        .iter()
        .filter(|part| part.kind == PartKind::Unit)
        .map(|part| part.range)
        .filter(|unit| unit.start <= statements.start && statements.start < unit.end)
        .filter(|unit| {
            let before = TextRange {
                start: unit.start,
                end: statements.start,
            };
            let mut lines = place.slice(before).lines().map(str::trim);
            lines.all(|line| line.is_empty() || line.starts_with("//"))
        })
        .map(|unit| unit.start)
        .min()
        .unwrap_or(statements.start);
    let above = place.with_comments_above(start) as u32;
    let lines = whole_lines(place.text, statements);
    let before = TextRange {
        start: lines.start,
        end: statements.start,
    };
    let after = TextRange {
        start: statements.end,
        end: lines.end,
    };
    let rest = place.slice(after).trim();
    let is_comment = comments(place.text, |_| true)
        .iter()
        .any(|comment| comment.range.start >= after.start && comment.range.end <= after.end);
    let blank_before = place.slice(before).trim().is_empty();
    match (
        blank_before,
        rest.is_empty() || is_comment && rest.starts_with("//"),
    ) {
        (true, true) => TextRange {
            start: above.min(lines.start),
            end: lines.end,
        },
        _ => statements,
    }
}

/// The range with the blank lines after it, if a blank line or a brace precedes it.
fn without_second_blank(place: &Place<'_>, mut range: TextRange) -> TextRange {
    let above = place.text.get(..range.start as usize).unwrap_or_default();
    let below = place.text.get(range.end as usize..).unwrap_or_default();
    let first = below.split_inclusive('\n').next().unwrap_or_default();
    let begins = above.trim_end().ends_with('{');
    let is_blank_above = above.replace('\r', "").ends_with("\n\n");
    if above.ends_with('\n')
        && first.ends_with('\n')
        && first.trim().is_empty()
        && (begins || is_blank_above)
    {
        range.end += first.len() as u32;
    }
    range
}

/// Removes indentation from all lines of a block's text, as far as all lines have it. Long strings are moved as a
/// whole.
fn dedent(text: &str, indent: &str) -> String {
    let is_indented = |line: &str| line.trim().is_empty() || line.starts_with(indent);
    if indent.is_empty() || !text.lines().skip(1).all(is_indented) {
        return text.to_owned();
    }
    let mut lines = text.split_inclusive('\n');
    let first = lines.next().unwrap_or_default().to_owned();
    lines.fold(first, |made, line| {
        made + line.strip_prefix(indent).unwrap_or(line)
    })
}
