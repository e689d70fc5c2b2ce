//! Labels without text. ariadne does not draw them, so they are drawn with a mark as their text, and the arrow to the
//! mark is removed afterwards: the place remains underlined.

/// The placeholder for the text of a label without text. No label contains it: texts are shown through `make_visible`, and
/// it is a private-use character.
pub(super) const MARK: char = '\u{e000}';

/// Removes the marks from a drawing, and the arrows that lead only to marks.
pub(super) fn without_arrows(drawing: &str) -> String {
    if !drawing.contains(MARK) {
        return drawing.to_owned();
    }
    let mut lines: Vec<Vec<Cell>> = Vec::new();
    for line in drawing.lines() {
        let cells = cells(line);
        let shown = || cells.iter().map(|cell| cell.shown);
        match shown().position(|shown| shown == MARK) {
            Some(mark) if shown().all(|shown| " │╰─┊·┆".contains(shown) || shown == MARK) =>
            {
                let corner = shown().take(mark).collect::<Vec<_>>();
                if let Some(column) = corner.iter().rposition(|shown| *shown == '╰') {
                    take_away_stem(&mut lines, column);
                }
            }
            _ => lines.push(cells),
        }
    }
    let mut out = String::with_capacity(drawing.len());
    for line in lines {
        for cell in line {
            out.push_str(cell.before);
            match cell.shown {
                MARK => {}
                shown => out.push(shown),
            }
        }
        out.push('\n');
    }
    out
}

/// Replaces the part of an underline from which an arrow leads at a column with a plain underline. A place between two
/// characters has only a stem, whose upper end becomes its underline.
fn take_away_stem(lines: &mut [Vec<Cell>], column: usize) {
    let mut upper_end = None;
    for (number, line) in lines.iter_mut().enumerate().rev() {
        match line.get_mut(column) {
            Some(cell) if cell.shown == '│' => {
                cell.shown = ' ';
                upper_end = Some(number);
            }
            Some(cell) if cell.shown == '┬' => {
                cell.shown = '─';
                return;
            }
            _ => break,
        }
    }
    let upper_end = upper_end.and_then(|number| lines.get_mut(number)?.get_mut(column));
    if let Some(cell) = upper_end {
        cell.shown = '─';
    }
}

/// A character, and the escapes of a terminal's colors before it. The last cell of a line may end with them.
struct Cell<'a> {
    before: &'a str,
    shown: char,
}

fn cells(line: &str) -> Vec<Cell<'_>> {
    let mut cells = Vec::new();
    let mut start = 0;
    let mut in_escape = false;
    for (at, character) in line.char_indices() {
        match character {
            '\u{1b}' => in_escape = true,
            'm' if in_escape => in_escape = false,
            _ if in_escape => {}
            shown => {
                cells.push(Cell {
                    before: &line[start..at],
                    shown,
                });
                start = at + shown.len_utf8();
            }
        }
    }
    if start < line.len() {
        // Escapes after the last character: a blank holds them, and blanks at the end are trimmed.
        cells.push(Cell {
            before: &line[start..],
            shown: ' ',
        });
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrow_to_nothing_goes_and_its_place_stays_underlined() {
        let drawing = format!(" 1 │ team a {{\n   │      ┬  \n   │      ╰── {MARK}\n───╯\n");
        assert_eq!(
            without_arrows(&drawing),
            " 1 │ team a {\n   │      ─  \n───╯\n"
        );
    }

    #[test]
    fn a_place_between_two_characters_is_underlined() {
        let drawing = format!(" 1 │ team a\n   │       │\n   │       ╰── {MARK}\n───╯\n");
        assert_eq!(
            without_arrows(&drawing),
            " 1 │ team a\n   │       ─\n───╯\n"
        );
    }

    #[test]
    fn other_labels_of_a_line_stay() {
        let drawing = format!(
            "   │ ──┬─ ──┬─\n   │   ╰──────── first\n   │        │\n   │        ╰── {MARK}\n"
        );
        let shown = without_arrows(&drawing);
        assert!(shown.contains("╰──────── first"), "{shown}");
        assert!(!shown.contains(MARK), "{shown}");
        let plain = "a drawing without marks\n";
        assert_eq!(without_arrows(plain), plain);
    }

    #[test]
    fn colors_do_not_move_columns() {
        let drawing = format!("\u{1b}[31m──┬─\u{1b}[0m\n\u{1b}[31m  ╰─\u{1b}[0m {MARK}\u{1b}[0m\n");
        let shown = without_arrows(&drawing);
        assert!(shown.contains("────"), "{shown}");
        assert!(!shown.contains('╰'), "{shown}");
    }
}
