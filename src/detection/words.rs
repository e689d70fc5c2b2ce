//! Rows of detection tables as sentences.

/// True if a row has a reason instead of times.
pub fn is_reason(row: &[String; 6]) -> bool {
    row.iter().skip(2).all(String::is_empty)
}

/// Formats a row on one line: `100% bad for 39m: page after 4m (1h), ends after 30m; no ticket`.
pub fn sentence(row: &[String; 6]) -> String {
    let (title, times) = parts(row);
    match times.is_empty() {
        true => title,
        false => format!("{title}: {}", times.join("; ")),
    }
}

/// Formats what happens, and then for pages and for tickets when they fire and end.
pub fn parts(row: &[String; 6]) -> (String, Vec<String>) {
    let [incident, lasts, page, page_ends, ticket, ticket_ends] = row;
    if is_reason(row) {
        return (format!("{incident}: {lasts}"), Vec::new());
    }
    let title = match lasts.as_str() {
        "" => incident.clone(),
        lasts => format!("{incident} for {lasts}"),
    };
    let times = vec![
        times("page", page, page_ends),
        times("ticket", ticket, ticket_ends),
    ];
    (title, times)
}

fn times(name: &str, after: &str, ends: &str) -> String {
    match (after, ends) {
        ("-", _) => format!("no {name}"),
        (after, "" | "-") => format!("{name} after {after}"),
        (after, ends) => format!("{name} after {after}, ends after {ends}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_fits_on_a_line() {
        let rows = [
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
        ];
        assert_eq!(
            rows.map(|row| sentence(&row.map(str::to_owned))),
            [
                "100% bad for 39m: page after 4m (1h), ends after 30m; ticket after 27m (1d), ends after 6h3m",
                "burn rate 2x: more than 100% would be bad",
                "one failure: no page; ticket after 10m (SLOMetricAbsent)",
            ]
        );
    }
}
