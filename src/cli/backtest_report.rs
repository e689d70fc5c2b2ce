//! The report of a backtest, for people and programs.

mod document;

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;

use super::console::Console;
use super::exit::Failure;
use super::gate_table::table;
use super::options::Format;
use super::report::count;
use nthc::backtest::{
    Change, Delivery, Detection, Episode, Explained, Incident, Shortage, changes,
};
use nthc::ir::Duration;
use nthc::testing::word;

/// The result of a backtest. Times are milliseconds since 1970.
pub struct Report<'r> {
    /// The name of the project.
    pub project: &'r str,
    /// The environment.
    pub environment: Option<&'r str>,
    /// The beginning.
    pub from: i64,
    /// The end.
    pub to: i64,
    /// What fired with the current rules, in order.
    pub head: Vec<Episode>,
    /// What fired with the rules of another revision.
    pub base: Option<Vec<Episode>>,
    /// The name of the other revision, and its commit.
    pub revision: Option<(&'r str, &'r str)>,
    /// The incidents of the file.
    pub incidents: Vec<Incident>,
    /// What found them; `None` without a file.
    pub explained: Option<Explained>,
    /// Alerts whose windows are not whole when the range begins.
    pub shortages: Vec<Shortage>,
    /// The same of the other revision, without those that both have.
    pub base_shortages: Vec<Shortage>,
    /// The number of queries that were sent.
    pub sent: usize,
    /// The number of answers from the cache.
    pub kept: usize,
}

impl Report<'_> {
    fn changes(&self) -> Vec<Change<'_>> {
        let base = self.base.as_ref();
        base.map_or_else(Vec::new, |base| changes(base, &self.head))
    }

    fn summary(&self) -> String {
        let pages = self.head.iter().filter(|episode| episode.pages());
        let tickets = self.head.iter();
        let tickets = tickets.filter(|episode| {
            let severity = episode.severity.as_ref();
            severity.is_some_and(|severity| !severity.pages())
        });
        let mut text = format!(
            "{}, {}",
            count(pages.count(), "page"),
            count(tickets.count(), "ticket")
        );
        if let Some(explained) = &self.explained {
            let number = |of: fn(&Detection) -> bool| {
                explained.incidents.iter().filter(|found| of(found)).count()
            };
            let detected = number(|found| matches!(found, Detection::Found { .. }));
            let missed = number(|found| *found == Detection::Missed);
            text.push_str(&format!(
                "; {} detected, {missed} missed, {} without an incident",
                count(detected, "incident"),
                count(explained.unexplained.len(), "page")
            ));
        }
        if self.base.is_some() {
            text.push_str(&format!("; {}", count(self.changes().len(), "change")));
        }
        text.push_str(&format!(
            " ({} sent, {} from the cache)",
            if self.sent == 1 {
                "1 query".to_owned()
            } else {
                format!("{} queries", self.sent)
            },
            self.kept
        ));
        text
    }
}

/// Prints a report.
///
/// # Errors
///
/// If it cannot be written.
pub fn show(report: &Report<'_>, format: Format, console: &mut Console) -> Result<(), Failure> {
    match format {
        Format::Json => {
            console
                .out
                .json("the report", &document::document(report))?;
            return Ok(());
        }
        Format::Short => short(report, console),
        _ => human(report, console),
    }
    console.err.line(report.summary());
    Ok(())
}

/// Formats a time as `2026-11-02T12:13:00Z`.
pub fn time(at: i64) -> String {
    Timestamp::from_millisecond(at).map_or_else(|_| at.to_string(), |at| at.to_string())
}

fn length(millis: i64) -> String {
    Duration(millis.unsigned_abs()).to_string()
}

/// The alert with the windows of its burn rates: `SLOErrorBudgetBurn 1h 6h`.
fn alert(episode: &Episode) -> String {
    let mut text = episode.alert.to_string();
    for window in &episode.windows {
        text.push(' ');
        text.push_str(window);
    }
    text
}

fn lasts(episode: &Episode, report: &Report<'_>) -> String {
    let start = episode.start;
    match episode.end {
        Some(end) => length(end - start),
        None => format!("{}, still fires", length(report.to - start)),
    }
}

/// Who is notified, and how long after the alert fires.
fn notified(episode: &Episode) -> String {
    match &episode.delivery {
        Delivery::Sent(all) => {
            let mut parts: Vec<String> = Vec::new();
            for one in all {
                let after = one.at - episode.start;
                let part = match after {
                    0 => format!("{} ({})", one.receiver, one.channel),
                    _ => format!("{} ({}) after {}", one.receiver, one.channel, length(after)),
                };
                parts.push(part);
            }
            parts.join(", ")
        }
        Delivery::Unrouted => "no receivers".to_owned(),
        Delivery::Nobody => "no team is notified".to_owned(),
        Delivery::Inhibited(by) => format!("inhibited by {by}"),
        Delivery::Muted(receiver) => format!("receiver {receiver} was muted"),
        Delivery::Unsent => "resolved before a notification".to_owned(),
    }
}

fn incident(incident: &Incident) -> String {
    let note = incident.note.as_ref();
    let note = note.map_or_else(String::new, |note| format!("  {note}"));
    format!(
        "{} from {} for {}{note}",
        incident.subject(),
        time(incident.from),
        length(incident.to - incident.from)
    )
}

fn detection(report: &Report<'_>, found: &Detection) -> (&'static str, String) {
    match found {
        Detection::Found { episode, after } => {
            let episode = report.head.get(*episode);
            let by = episode.map_or("", |episode| word(episode.severity.as_ref()));
            let when = match *after {
                after if after < 0 => format!("{} before it", length(after)),
                after => format!("after {}", length(after)),
            };
            ("detected", format!("by a {by} {when}"))
        }
        Detection::Missed => ("missed", "no notification".to_owned()),
        Detection::Outside => ("not in range", "not compared".to_owned()),
    }
}

fn change(change: &Change<'_>, revision: &str) -> String {
    match change {
        Change::OnlyBase(episode) => format!("only with {revision}: {}", described(episode)),
        Change::OnlyHead(episode) => format!("only with the change: {}", described(episode)),
        Change::Differs { base, head } => {
            let mut parts = Vec::new();
            match head.start - base.start {
                0 => {}
                later if later > 0 => parts.push(format!("{} later", length(later))),
                earlier => parts.push(format!("{} earlier", length(earlier))),
            }
            if base.end != head.end {
                let end = |episode: &Episode| match episode.end {
                    Some(end) => format!("until {}", time(end)),
                    None => "until the end".to_owned(),
                };
                parts.push(format!("{}, not {}", end(head), end(base)));
            }
            let (old, new) = (notified(base), notified(head));
            if old != new {
                parts.push(format!("{new}, not {old}"));
            }
            if parts.is_empty() {
                parts.push("notified at another time".to_owned());
            }
            format!("{}: {}", described(head), parts.join("; "))
        }
    }
}

fn described(episode: &Episode) -> String {
    format!(
        "{} {} at {}",
        word(episode.severity.as_ref()),
        episode.name(),
        time(episode.start)
    )
}

/// The shortages in words: one line for the alerts of a subject whose data begins at the same time.
fn incomplete(shortages: &[Shortage]) -> impl Iterator<Item = String> {
    let is_together = |one: &Shortage, next: &Shortage| {
        (&one.subject, one.begins) == (&next.subject, next.begins)
    };
    shortages.chunk_by(is_together).map(|group| {
        let subject = group.first().map_or("", |first| &first.subject);
        let begins = match group.first().and_then(|first| first.begins) {
            Some(at) => format!("data begins at {}", time(at)),
            None => "no data".to_owned(),
        };
        let alerts = group.iter().map(|one| {
            let window = one.window.as_ref();
            let window = window.map_or_else(String::new, |window| format!(" over {window}"));
            let whole = one.whole_from;
            let whole =
                whole.map_or_else(String::new, |from| format!(" whole from {}", time(from)));
            format!("{}{window}{whole}", one.alert)
        });
        let alerts: Vec<String> = alerts.collect();
        format!("{subject}: {begins}; {}", alerts.join(", "))
    })
}

fn human(report: &Report<'_>, console: &mut Console) {
    let bold = Style::new().bold();
    let environment = report.environment;
    let environment = environment.map_or_else(String::new, |name| format!(" in {name}"));
    let title = format!(
        "{}{environment} from {} to {} ({})",
        report.project,
        time(report.from),
        time(report.to),
        length(report.to - report.from)
    );
    console.out.styled_line(&[(bold, &title)]);
    console.out.line("");
    if report.head.is_empty() {
        console.out.line("no alert fires");
    } else {
        let head = [
            "severity",
            "SLO or service",
            "alert",
            "fires at",
            "for",
            "notified",
        ];
        let mut rows = vec![head.map(str::to_owned)];
        for episode in &report.head {
            rows.push([
                word(episode.severity.as_ref()).to_owned(),
                episode.subject(),
                alert(episode),
                time(episode.start),
                lasts(episode, report),
                notified(episode),
            ]);
        }
        table(&rows, console);
    }
    if let Some(explained) = &report.explained {
        heading("incidents", console);
        for (listed, found) in report.incidents.iter().zip(&explained.incidents) {
            let (word, how) = detection(report, found);
            let color = match found {
                Detection::Found { .. } => AnsiColor::Green.on_default(),
                Detection::Missed => AnsiColor::Red.on_default().bold(),
                Detection::Outside => Style::new(),
            };
            let text = format!("  {}: {how}", incident(listed));
            console
                .out
                .styled_line(&[(color, &word), (Style::new(), &text)]);
        }
        if report.incidents.is_empty() {
            console.out.line("none listed");
        }
        if !explained.unexplained.is_empty() {
            heading("pages without an incident", console);
            for index in &explained.unexplained {
                if let Some(episode) = report.head.get(*index) {
                    console.out.line(described(episode));
                }
            }
        }
    }
    if let Some((revision, commit)) = report.revision {
        let commit: String = commit.chars().take(12).collect();
        heading(&format!("changes since {revision} ({commit})"), console);
        let changes = report.changes();
        if changes.is_empty() {
            console.out.line("none");
        }
        for one in &changes {
            console.out.line(change(one, revision));
        }
    }
    let of_base = report.revision.map_or("", |(revision, _)| revision);
    let of_base = format!("incomplete windows with {of_base}");
    let of_both = [
        ("incomplete windows", &report.shortages),
        (&of_base, &report.base_shortages),
    ];
    for (title, shortages) in of_both.iter().filter(|(_, found)| !found.is_empty()) {
        heading(title, console);
        for line in incomplete(shortages) {
            console.out.line(line);
        }
    }
    if of_both.iter().any(|(_, found)| !found.is_empty()) {
        console.out.line("before that, missing history counts as no events: budgets are at least what is computed");
    }
    console.out.line("");
}

fn heading(text: &str, console: &mut Console) {
    console.out.line("");
    console.out.styled_line(&[(Style::new().bold(), &text)]);
}

fn short(report: &Report<'_>, console: &mut Console) {
    for episode in &report.head {
        console.out.line(format_args!(
            "{}: for {}; {}",
            described(episode),
            lasts(episode, report),
            notified(episode)
        ));
    }
    if let Some(explained) = &report.explained {
        for (listed, found) in report.incidents.iter().zip(&explained.incidents) {
            let (word, how) = detection(report, found);
            console
                .out
                .line(format_args!("{word}: {}: {how}", incident(listed)));
        }
        for index in &explained.unexplained {
            if let Some(episode) = report.head.get(*index) {
                let text = described(episode);
                console
                    .out
                    .line(format_args!("without an incident: {text}"));
            }
        }
    }
    if let Some((revision, _)) = report.revision {
        for one in report.changes() {
            let text = change(&one, revision);
            console.out.line(format_args!("change: {text}"));
        }
    }
    for line in incomplete(&report.shortages) {
        console.out.line(format_args!("incomplete: {line}"));
    }
    if let Some((revision, _)) = report.revision {
        for line in incomplete(&report.base_shortages) {
            let line = format_args!("incomplete with {revision}: {line}");
            console.out.line(line);
        }
    }
}
