//! Tables that fit into a terminal.

use nthc::detection;
use nthc::ir::detection::COLUMNS;

/// Formats the rows of a table: as columns if they fit, otherwise below one another.
pub fn lines(rows: &[[String; 6]], width: Option<usize>) -> Vec<String> {
    let columns = columns(rows);
    // The lines are indented by two.
    let widest = columns.iter().map(|line| line.chars().count() + 2).max();
    match (width, widest) {
        (Some(width), Some(widest)) if widest > width => rows.iter().flat_map(list).collect(),
        _ => columns,
    }
}

/// The titles of the columns. Those of ends follow what ends.
const TITLES: [&str; COLUMNS.len()] = [
    "incident",
    "lasts",
    "page after",
    "ends after",
    "ticket after",
    "ends after",
];

fn columns(rows: &[[String; 6]]) -> Vec<String> {
    let head = TITLES.map(str::to_owned);
    let all: Vec<&[String; 6]> = std::iter::once(&head).chain(rows).collect();
    let mut widths = [0; COLUMNS.len()];
    for row in &all {
        // A reason may be as long as it is.
        let counted = if detection::is_reason(row) {
            1
        } else {
            COLUMNS.len()
        };
        for (width, cell) in widths.iter_mut().zip(row.iter()).take(counted) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &&[String; 6]| {
        let mut line = String::new();
        for (width, cell) in widths.iter().zip(row.iter()) {
            line.push_str(cell);
            let missing = width.saturating_sub(cell.chars().count()) + 2;
            line.extend(std::iter::repeat_n(' ', missing));
        }
        line.trim_end().to_owned()
    };
    all.iter().map(line).collect()
}

/// Formats a row on several lines.
fn list(row: &[String; 6]) -> Vec<String> {
    let (title, times) = detection::parts(row);
    let times = times.into_iter().map(|times| format!("  {times}"));
    std::iter::once(title).chain(times).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> [[String; 6]; 3] {
        [
            ["100% bad", "39m", "4m (1h)", "30m", "27m (1d)", "6h3m"],
            [
                "burn rate 2x",
                "more than 100% would be bad",
                "",
                "",
                "",
                "",
            ],
            ["one failure", "", "-", "", "10m (SLOMetricAbsent)", ""],
        ]
        .map(|row| row.map(str::to_owned))
    }

    #[test]
    fn a_table_that_does_not_fit_is_a_list() {
        let wide = lines(&rows(), None);
        let shown: Vec<usize> = wide.iter().map(|line| line.chars().count()).collect();
        let widest = shown.iter().max().copied().unwrap_or(0) + 2;
        assert_eq!(lines(&rows(), Some(widest)), wide);
        insta::assert_snapshot!(wide.join("\n"), @r"
        incident      lasts  page after  ends after  ticket after           ends after
        100% bad      39m    4m (1h)     30m         27m (1d)               6h3m
        burn rate 2x  more than 100% would be bad
        one failure          -                       10m (SLOMetricAbsent)
        ");
        insta::assert_snapshot!(lines(&rows(), Some(widest - 1)).join("\n"), @r"
        100% bad for 39m
          page after 4m (1h), ends after 30m
          ticket after 27m (1d), ends after 6h3m
        burn rate 2x: more than 100% would be bad
        one failure
          no page
          ticket after 10m (SLOMetricAbsent)
        ");
    }
}
