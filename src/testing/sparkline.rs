//! A story drawn as text.

use super::story::{Activity, AlertRow, COLUMNS, SloRow, Story};
use super::wording::{rough_share, time, word};

/// The heights of a bar, the lowest first.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The most notifications that are listed.
const MOST: usize = 20;

/// The most times that are listed of an alert.
const MOST_TIMES: usize = 4;

/// The columns that a narrow drawing has at least.
const LEAST_COLUMNS: usize = 20;

/// How far bars are indented below their names.
const INDENT: usize = 2;

/// The room for the last time of the axis.
const LAST_TIME: usize = 9;

/// A row of a drawing.
struct Row {
    name: String,
    cells: String,
    note: String,
}

impl Story {
    /// Draws the story: one line for each SLO and each alert, then one for each notification.
    pub fn lines(&self) -> Vec<String> {
        self.lines_within(None)
    }

    /// Draws the story in lines of at most this many characters, if that is possible: bars are then below their names. Texts of
    /// users are not shortened.
    pub fn lines_within(&self, width: Option<usize>) -> Vec<String> {
        let all = usize::try_from(COLUMNS).unwrap_or_default();
        let rows = self.rows(all);
        let longest = |of: fn(&Row) -> &str| {
            let lengths = rows.iter().map(|row| of(row).chars().count());
            lengths.max().unwrap_or_default()
        };
        let names = longest(|row| &row.name);
        let notes = longest(|row| &row.note).max(LAST_TIME);
        let mut lines = Vec::new();
        match width {
            Some(width) if names + 2 + all + 1 + notes > width => {
                let room = width.saturating_sub(INDENT + LAST_TIME);
                let columns = room.clamp(LEAST_COLUMNS, all);
                for row in self.rows(columns) {
                    lines.push(format!("{}: {}", row.name, row.note));
                    lines.push(format!("{:INDENT$}{}", "", row.cells));
                }
                if !lines.is_empty() {
                    lines.push(format!("{:INDENT$}{}", "", self.axis(columns)));
                }
            }
            _ => {
                if !rows.is_empty() {
                    lines.push(format!("{:names$}  {}", "", self.axis(all)));
                }
                for Row { name, cells, note } in rows {
                    lines.push(format!("{name:names$}  {cells} {note}"));
                }
            }
        }
        if lines.is_empty() {
            lines.push("no SLO was bad, and no alert was pending or firing".to_owned());
        }
        self.list_notifications(&mut lines);
        lines
    }

    fn list_notifications(&self, lines: &mut Vec<String>) {
        if self.notifications.is_empty() {
            lines.push("no notifications".to_owned());
        } else {
            lines.push("notifications:".to_owned());
        }
        for row in self.notifications.iter().take(MOST) {
            lines.push(format!(
                "  {:>8}  {} ({}), {}: {}",
                time(row.at),
                row.receiver,
                row.channel,
                row.about,
                row.alerts.join(", ")
            ));
        }
        if let Some(more) = self.notifications.len().checked_sub(MOST + 1) {
            lines.push(format!("  and {} more", more + 1));
        }
    }

    /// The rows of SLOs and alerts, with bars of this many columns.
    fn rows(&self, columns: usize) -> Vec<Row> {
        let slos = self.slos.iter().map(|row| {
            let largest = largest(&row.shares);
            Row {
                name: row.name.clone(),
                cells: bars(row, largest.unwrap_or_default(), columns),
                note: largest.map_or("no data".to_owned(), |largest| {
                    format!("at most {} bad", rough_share(largest))
                }),
            }
        });
        let alerts = self.alerts.iter().map(|row| Row {
            name: format!("{} ({})", row.name, word(row.severity.as_ref())),
            cells: self.cells(row, columns),
            note: fires(row),
        });
        slos.chain(alerts).collect()
    }

    /// When an alert was pending and firing.
    fn cells(&self, row: &AlertRow, columns: usize) -> String {
        let columns = i64::try_from(columns).unwrap_or(COLUMNS).max(1);
        let step = (self.length / columns).max(1);
        let cell = |column| match row.activity(column * step, (column + 1) * step) {
            Activity::Inactive => '·',
            Activity::Pending => '░',
            Activity::Firing => '█',
        };
        (0..columns).map(cell).collect()
    }

    /// The times of the columns: the beginning, some round ones, and the end.
    fn axis(&self, columns: usize) -> String {
        const SPACE: usize = 12;
        const MOST: usize = 4;
        let most = i64::try_from((columns / SPACE).clamp(1, MOST)).unwrap_or(1);
        let step = round_step(self.length, most);
        let mut axis = String::new();
        for at in (0..self.length.max(1)).step_by(usize::try_from(step).unwrap_or(usize::MAX)) {
            let label = time(at);
            let place = at * i64::try_from(columns).unwrap_or_default() / self.length.max(1);
            let place = usize::try_from(place).unwrap_or_default();
            if place + label.chars().count() >= columns {
                break;
            }
            while axis.chars().count() < place {
                axis.push(' ');
            }
            axis.push_str(&label);
        }
        while axis.chars().count() < columns {
            axis.push(' ');
        }
        axis + " " + &time(self.length)
    }
}

/// The largest share; `None` without data.
pub fn largest(shares: &[Option<f64>]) -> Option<f64> {
    shares.iter().flatten().copied().reduce(f64::max)
}

/// The shortest round time, in milliseconds, of which a length has at most this many.
pub fn round_step(length: i64, most: i64) -> i64 {
    const MINUTE: i64 = 60_000;
    let minutes = [
        1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 720, 1440, 2880, 10_080, 43_200,
    ];
    let mut steps = minutes.into_iter().map(|minutes| minutes * MINUTE);
    steps
        .find(|step| length / step <= most)
        .unwrap_or_else(|| length.max(1))
}

/// When an alert fires: `fires 13m to 25m, 18m to 51m`
pub fn fires(row: &AlertRow) -> String {
    let mut firing: Vec<String> = row
        .periods
        .iter()
        .filter_map(|period| {
            let from = time(period.firing?.max(0));
            Some(match period.ended {
                Some(ended) => format!("{from} to {}", time(ended)),
                None => format!("{from} to the end"),
            })
        })
        .collect();
    // Several windows can fire at the same time.
    firing.dedup();
    match firing.as_slice() {
        [] => "only pending".to_owned(),
        all => {
            let listed: Vec<&str> = all.iter().take(MOST_TIMES).map(String::as_str).collect();
            let listed = listed.join(", ");
            match all.len().saturating_sub(MOST_TIMES) {
                0 => format!("fires {listed}"),
                more => format!("fires {listed} and {more} more times"),
            }
        }
    }
}

/// Draws shares as bars; the highest one is the largest share. Without data there is a space, without anything bad a dot. If there
/// are fewer columns than shares, a bar is the largest of its shares.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn bars(row: &SloRow, largest: f64, columns: usize) -> String {
    let bar = |share: Option<f64>| match share {
        None => ' ',
        Some(share) if share <= 0.0 || largest <= 0.0 => '·',
        Some(share) => {
            // An eighth that is inexact in binary is not one more.
            let height = (share / largest * 8.0 - 1e-9).ceil() as usize;
            BARS.get(height.saturating_sub(1).min(7))
                .copied()
                .unwrap_or(' ')
        }
    };
    let all = usize::try_from(COLUMNS).unwrap_or_default();
    let cell = |column: usize| {
        let (from, to) = (column * all / columns, (column + 1) * all / columns);
        let shares = row.shares.iter().take(to).skip(from);
        bar(shares.flatten().copied().reduce(f64::max))
    };
    (0..columns.max(1)).map(cell).collect()
}

#[cfg(test)]
mod tests {
    use nth_model::Severity;
    use nth_simulate::Period;

    use super::super::story::NotificationRow;
    use super::*;

    const MINUTE: i64 = 60_000;

    #[test]
    fn an_alert_that_flaps_has_a_short_line() {
        let period = |at: i64| Period {
            pending: at * MINUTE,
            firing: Some(at * MINUTE),
            ended: Some((at + 1) * MINUTE),
        };
        let row = |times: std::ops::Range<i64>| AlertRow {
            name: "A".to_owned(),
            severity: None,
            periods: times.map(|number| period(number * 2)).collect(),
        };
        assert_eq!(fires(&row(1..2)), "fires 2m to 3m");
        assert_eq!(
            fires(&row(1..9)),
            "fires 2m to 3m, 4m to 5m, 6m to 7m, 8m to 9m and 4 more times"
        );
    }

    #[test]
    fn a_story_is_a_timeline() {
        let shares = (0..60).map(|column| match column {
            0..10 => Some(0.0),
            10..18 => Some(0.1 * f64::from(column - 9)),
            18..30 => None,
            _ => Some(0.0),
        });
        let story = Story {
            length: 60 * MINUTE,
            slos: vec![SloRow {
                name: "a.b".to_owned(),
                shares: shares.collect(),
            }],
            alerts: vec![AlertRow {
                name: "A of a.b".to_owned(),
                severity: Some(Severity::page()),
                periods: vec![Period {
                    pending: 12 * MINUTE,
                    firing: Some(14 * MINUTE),
                    ended: Some(30 * MINUTE),
                }],
            }],
            notifications: vec![NotificationRow {
                at: 14 * MINUTE + 30_000,
                team: "t".to_owned(),
                receiver: "t-page".to_owned(),
                channel: "Slack #t".to_owned(),
                about: "fires",
                alerts: vec!["A of a.b".to_owned()],
            }],
        };
        let lines = story.lines();
        let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
        let expected = [
            "                 0s             15m            30m            45m             1h",
            "a.b              ··········▁▂▃▄▅▆▇█            ······························ at most 80% bad",
            "A of a.b (page)  ············░░████████████████······························ fires 14m to 30m",
            "notifications:",
            "    14m30s  t-page (Slack #t), fires: A of a.b",
        ];
        assert_eq!(lines, expected);
        assert_eq!(story.lines_within(Some(200)), story.lines());
        let narrow = story.lines_within(Some(40));
        let narrow: Vec<&str> = narrow.iter().map(|line| line.trim_end()).collect();
        let expected = [
            "a.b: at most 80% bad",
            "  ·····▂▄▆█     ···············",
            "A of a.b (page): fires 14m to 30m",
            "  ·····░█████████··············",
            "  0s            30m             1h",
            "notifications:",
            "    14m30s  t-page (Slack #t), fires: A of a.b",
        ];
        assert_eq!(narrow, expected);
        let unknown = Story {
            length: 60 * MINUTE,
            slos: vec![SloRow {
                name: "a.b".to_owned(),
                shares: vec![None; 60],
            }],
            ..Story::default()
        };
        let lines = unknown.lines();
        assert!(
            lines.iter().any(|line| line.ends_with("  no data")),
            "{lines:?}"
        );
        let empty = Story::default().lines();
        assert_eq!(empty.len(), 2, "{empty:?}");
    }
}
