//! A story drawn as text.

use super::story::{Activity, COLUMNS, SloRow, Story};
use super::wording::{share, time, word};

/// The heights of a bar, the lowest first.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The most notifications that are listed.
const MOST: usize = 20;

impl Story {
    /// Draws the story: one line for each SLO and each alert, then one for each notification.
    pub fn lines(&self) -> Vec<String> {
        let names = self.slos.iter().map(|row| row.name.as_str());
        let alerts: Vec<String> = self
            .alerts
            .iter()
            .map(|row| format!("{} ({})", row.name, word(row.severity)))
            .collect();
        let width = names
            .chain(alerts.iter().map(String::as_str))
            .map(|name| name.chars().count())
            .max()
            .unwrap_or_default();
        let mut lines = Vec::new();
        if !self.slos.is_empty() || !self.alerts.is_empty() {
            lines.push(format!("{:width$}  {}", "", self.axis()));
        }
        for row in &self.slos {
            let largest = row.shares.iter().flatten().copied().fold(0.0, f64::max);
            lines.push(format!(
                "{:width$}  {} at most {} bad",
                row.name,
                bars(row, largest),
                share(largest)
            ));
        }
        for (row, name) in self.alerts.iter().zip(&alerts) {
            let step = self.step();
            let cells: String = (0..COLUMNS)
                .map(
                    |column| match row.activity(column * step, (column + 1) * step) {
                        Activity::Inactive => '·',
                        Activity::Pending => '░',
                        Activity::Firing => '█',
                    },
                )
                .collect();
            let firing: Vec<String> = row
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
            let when = match firing.as_slice() {
                [] => "only pending".to_owned(),
                all => format!("fires {}", all.join(", ")),
            };
            lines.push(format!("{name:width$}  {cells} {when}"));
        }
        if lines.is_empty() {
            lines.push("no SLO was bad, and no alert was pending or firing".to_owned());
        }
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
        lines
    }

    /// Milliseconds in a column.
    fn step(&self) -> i64 {
        (self.length / COLUMNS).max(1)
    }

    /// The times of the columns.
    fn axis(&self) -> String {
        const PARTS: i64 = 4;
        let mut axis = String::new();
        for part in 0..PARTS {
            let label = time(self.length * part / PARTS / 1000 * 1000);
            let column = usize::try_from(COLUMNS / PARTS * part).unwrap_or_default();
            while axis.chars().count() < column {
                axis.push(' ');
            }
            axis.push_str(&label);
        }
        let end = time(self.length);
        let column = usize::try_from(COLUMNS).unwrap_or_default();
        while axis.chars().count() < column {
            axis.push(' ');
        }
        axis + " " + &end
    }
}

/// Draws shares as bars; the highest one is the largest share. Without data there is a space, without anything bad a dot.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn bars(row: &SloRow, largest: f64) -> String {
    let bar = |share: &Option<f64>| match share {
        None => ' ',
        Some(share) if *share <= 0.0 || largest <= 0.0 => '·',
        Some(share) => {
            // An eighth that is inexact in binary is not one more.
            let height = (share / largest * 8.0 - 1e-9).ceil() as usize;
            BARS.get(height.saturating_sub(1).min(7))
                .copied()
                .unwrap_or(' ')
        }
    };
    let columns = usize::try_from(COLUMNS).unwrap_or_default();
    row.shares.iter().take(columns).map(bar).collect()
}

#[cfg(test)]
mod tests {
    use nth_model::Severity;
    use nth_simulate::Period;

    use super::super::story::{AlertRow, NotificationRow};
    use super::*;

    #[test]
    fn a_story_is_a_timeline() {
        const MINUTE: i64 = 60_000;
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
                severity: Some(Severity::Page),
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
        let empty = Story::default().lines();
        assert_eq!(empty.len(), 2, "{empty:?}");
    }
}
