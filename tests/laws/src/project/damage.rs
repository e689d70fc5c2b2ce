//! Damage as typing and merging cause it.

use std::sync::Arc;

use arbitrary::{Result, Unstructured};

use super::Generated;

/// Damages a project in one to eight places: text is deleted, duplicated, moved, swapped or inserted.
pub(super) fn damage(project: &mut Generated, source: &mut Unstructured<'_>) {
    let _ = try_damage(project, source);
}

fn try_damage(project: &mut Generated, source: &mut Unstructured<'_>) -> Result<()> {
    for _ in 0..source.int_in_range(1..=8_u8)? {
        let Some(last) = project.files.len().checked_sub(1) else {
            return Ok(());
        };
        let file = &mut project.files[source.int_in_range(0..=last)?];
        let mut text = file.text.to_string();
        let (from, to) = (place(&text, source)?, place(&text, source)?);
        let (from, to) = (from.min(to), from.max(to).min(from.min(to) + 200));
        let to = (to..=text.len())
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or(text.len());
        let piece = text[from..to].to_owned();
        match source.int_in_range(0..=4_u8)? {
            0 => text.replace_range(from..to, ""),
            1 => text.insert_str(to, &piece),
            2 => {
                text.replace_range(from..to, "");
                let at = place(&text, source)?;
                text.insert_str(at, &piece);
            }
            3 => text.insert_str(from, source.choose(&PIECES)?),
            _ => text.replace_range(from..to, source.choose(&PIECES)?),
        }
        file.text = Arc::from(text);
    }
    Ok(())
}

/// Chooses an offset between two characters, usually at the start of a word or a line.
fn place(text: &str, source: &mut Unstructured<'_>) -> Result<usize> {
    let at = source.int_in_range(0..=text.len())?;
    let begins = source.int_in_range(0..=2_u8)?;
    let ends = |at: &usize| match begins {
        0 => text.is_char_boundary(*at),
        1 => {
            text[..].is_char_boundary(*at)
                && (*at == 0 || text.as_bytes()[at - 1].is_ascii_whitespace())
        }
        _ => *at == 0 || text.as_bytes()[at - 1] == b'\n',
    };
    Ok((0..=at).rev().find(ends).unwrap_or(0))
}

const PIECES: [&str; 42] = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "\"",
    "`",
    "\"\"\"",
    "${",
    "}}",
    "//",
    "///",
    "//!",
    "=",
    ":",
    ",",
    ".",
    "\r\n",
    "\u{feff}",
    "\u{202e}",
    "ü",
    "<<<<<<< HEAD\n",
    "import ",
    "let ",
    "for x in ",
    "if ",
    " where ",
    "in ",
    "service ",
    "slo ",
    "template ",
    "without ",
    "environment ",
    "-1",
    "99.9%",
    "5m",
    "[1, 2]",
    "$window",
    "not ",
    " and ",
    "1e9",
];
