//! The words for changes, which all formats share.

use super::groups::{NumbersGroup, Origin, Row, Section, SloGroup};
pub use super::text::{CLIP, NAMES, Piece, Text, clip, count};
use crate::change::{Cause, Fired, History, Number, Place, Side};
use crate::class::{Class, Level};
use crate::document::{Accepted, Document, Problem, Revision};

/// `main`, `main (staging)`.
pub fn revision(revision: &Revision) -> String {
    match &revision.environment {
        Some(environment) => format!("{} ({})", clip(&revision.name, 80), clip(environment, 80)),
        None => clip(&revision.name, 80),
    }
}

/// What is compared: `main..working tree`.
pub fn compared(document: &Document) -> String {
    format!("{}..{}", revision(&document.base), revision(&document.head))
}

/// A text that begins with a capital letter.
pub fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_ascii_uppercase())
        .into_iter()
        .chain(letters)
        .collect()
}

/// The changes in numbers: "2 silenced, 1 loosened, 3 cosmetic changes in 2 services".
pub fn counts(document: &Document) -> String {
    let verdict = document.verdict();
    if verdict.classes.is_empty() {
        return if document.complete && document.errored.is_empty() {
            "no changes".to_owned()
        } else {
            "no changes in what could be compared".to_owned()
        };
    }
    let changes = classes(&verdict.classes);
    let total: usize = verdict.classes.iter().map(|(_, number)| number).sum();
    let noun = if total == 1 { "change" } else { "changes" };
    match verdict.services {
        0 => format!("{changes} {noun} of the project"),
        services => format!("{changes} {noun} in {}", count(services, "service")),
    }
}

/// "2 silenced, 1 loosened".
pub fn classes(classes: &[(Class, usize)]) -> String {
    let classes: Vec<String> = classes
        .iter()
        .map(|(class, number)| format!("{number} {}", class.name()))
        .collect();
    classes.join(", ")
}

/// What is known beside the numbers, a clause each: whether everything was compared, incidents and accepted changes.
pub fn remarks(document: &Document) -> Vec<String> {
    let mut remarks = Vec::new();
    match document.errored.len() {
        0 if document.complete => {}
        0 => remarks.push("not complete: the search for incidents was ended".to_owned()),
        problems => remarks.push(format!("not complete: {}", count(problems, "error"))),
    }
    let verdict = document.verdict();
    if verdict.searched > 0 {
        remarks.push(format!(
            "incidents show {} of {} for which one was searched",
            verdict.witnessed,
            count(verdict.searched, "change"),
        ));
    }
    let accepted = document.changes.iter().filter(|change| change.accepted);
    match accepted.count() {
        0 => {}
        accepted => remarks.push(format!("{accepted} accepted")),
    }
    let changes = document.changes.iter();
    match changes
        .filter(|change| change.level == Level::Allow)
        .count()
    {
        0 => {}
        allowed => remarks.push(format!("{allowed} of level allow")),
    }
    remarks
}

/// The word for a kind of subject.
fn kind(kind: &str) -> &str {
    if kind == "slo" { "SLO" } else { kind }
}

/// What changes: "SLO `checkout.availability`", "SLO `availability` of 14 services: `cart`, `checkout`, `ledger` and 11 more".
pub fn subject(row: &Row<'_>) -> Text {
    let subject = &row.change.subject;
    let word = format!("{} ", clip(kind(&subject.kind), 40));
    if row.others.is_empty() {
        return Text::default().said(word).name(&subject.name);
    }
    let services = row.services();
    let local = |change: &crate::Change| {
        let service = change.subject.service.as_deref()?;
        let name = change.subject.name.as_str();
        if name == service {
            return Some(String::new());
        }
        Some(name.strip_prefix(service)?.strip_prefix('.')?.to_owned())
    };
    let first = local(row.change);
    let is_same = first.is_some() && row.changes().all(|change| local(change) == first);
    if is_same && services.len() == row.len() {
        let of = count(services.len(), "service");
        return match first.as_deref() {
            None | Some("") => Text::default().said(format!("{of}: ")),
            Some(name) => Text::default()
                .said(word)
                .name(name)
                .said(format!(" of {of}: ")),
        }
        .names(services.into_iter());
    }
    let names: Vec<&str> = row
        .changes()
        .map(|change| change.subject.name.as_str())
        .collect();
    let text = Text::default().said(word).names(names.into_iter());
    match services.len() {
        0 | 1 => text,
        services => text.said(format!(" of {}", count(services, "service"))),
    }
}

/// Before → after; `None` if the change has neither.
pub fn change(row: &Row<'_>) -> Option<Text> {
    pair(
        row.change.before.as_deref(),
        row.change.after.as_deref(),
        " → ",
    )
}

/// The values of a number: "99.9% → 99.5%".
pub fn number(number: &Number) -> Text {
    if number.is_same() {
        let text = Text::default();
        return match &number.after {
            Some(value) => text.name(value),
            None => text.said("none"),
        };
    }
    let mut text = Text::default();
    let value = |value: &Option<String>| match value {
        Some(value) => filled(clip(value, CLIP)),
        None => "none".to_owned(),
    };
    text.pieces.push(Piece::Before(value(&number.before)));
    text = text.said(" → ");
    text.pieces.push(Piece::After(value(&number.after)));
    text
}

/// Two texts with an arrow: "`a` → `b`", "was `a`", "now `b`". Long ones are cut around what differs.
pub fn pair(before: Option<&str>, after: Option<&str>, arrow: &str) -> Option<Text> {
    let mut text = Text::default();
    match (before, after) {
        (None, None) => return None,
        (Some(before), None) => {
            text = text.said("was ");
            text.pieces.push(Piece::Before(filled(clip(before, CLIP))));
        }
        (None, Some(after)) => {
            text = text.said("now ");
            text.pieces.push(Piece::After(filled(clip(after, CLIP))));
        }
        (Some(before), Some(after)) => {
            let (before, after) = differing(before, after);
            text.pieces.push(Piece::Before(filled(clip(&before, CLIP))));
            text = text.said(arrow);
            text.pieces.push(Piece::After(filled(clip(&after, CLIP))));
        }
    }
    Some(text)
}

fn filled(text: String) -> String {
    if text.is_empty() {
        "\"\"".to_owned()
    } else {
        text
    }
}

/// Two texts without most of what they have in common at their beginning, if they are too long to be shown.
fn differing(before: &str, after: &str) -> (String, String) {
    const CONTEXT: usize = 40;
    let (before, after) = (before.trim(), after.trim());
    let is_long = |text: &str| text.chars().nth(CLIP).is_some();
    let same = before
        .chars()
        .zip(after.chars())
        .take_while(|(one, other)| one == other)
        .count();
    if same <= CONTEXT || !(is_long(before) || is_long(after)) {
        return (before.to_owned(), after.to_owned());
    }
    let tail = |text: &str| {
        let tail: String = text.chars().skip(same - CONTEXT).collect();
        format!("…{tail}")
    };
    (tail(before), tail(after))
}

/// The reason of a change.
pub fn because(row: &Row<'_>) -> Text {
    Text::default().prose(&row.change.because)
}

/// The incident that shows a row, or why there is none; `None` if none was searched.
pub fn witness(row: &Row<'_>) -> Option<Text> {
    let Some((change, witness)) = row.witness() else {
        let reason = row
            .changes()
            .find_map(|change| change.no_witness.as_ref())?;
        return Some(Text::default().said("no incident found: ").prose(reason));
    };
    let mut text = Text::default();
    text = text.said("incident");
    if !row.others.is_empty() {
        text = text.said(" at ").name(&change.subject.name);
    }
    if let Some(environment) = &witness.environment {
        text = text.said(" in ").name(environment);
    }
    text = text
        .said(": ")
        .prose(&witness.incident)
        .said(": ")
        .prose(&witness.before)
        .said(" before, ")
        .prose(&witness.after)
        .said(" now");
    if !row.others.is_empty() && row.witnessed() < row.len() {
        text = text.said(format!(" (shows {} of {})", row.witnessed(), row.len()));
    }
    Some(text)
}

/// How often alerts would have notified somebody: "would have paged 3 times in the last 30d, now 1". `None` if nobody asked.
pub fn history(row: &Row<'_>) -> Option<Text> {
    let known: Vec<&History> = row
        .changes()
        .filter_map(|change| change.history.as_ref())
        .collect();
    let first = known.first()?;
    let (mut before, mut after) = (Fired::default(), Fired::default());
    for history in &known {
        before += history.before;
        after += history.after;
    }
    let text = Text::default().said("would have ");
    let range = |text: Text| match &first.until {
        Some(until) => text
            .said(" in the ")
            .prose(&first.since)
            .said(" until ")
            .prose(until),
        None => text.said(" in the last ").prose(&first.since),
    };
    let paged = (before.pages, after.pages) != (0, 0);
    let opened = (before.tickets, after.tickets) != (0, 0);
    let text = if paged {
        let text = range(text.said(format!("paged {}", count(before.pages, "time"))));
        text.said(format!(", now {}", after.pages))
    } else if opened {
        let text = range(text.said(format!("opened {}", count(before.tickets, "ticket"))));
        text.said(format!(", now {}", after.tickets))
    } else {
        range(text.said("notified nobody")).said(", before or now")
    };
    let text = if paged && opened {
        let tickets = count(before.tickets, "ticket");
        text.said(format!("; {tickets}, now {}", after.tickets))
    } else {
        text
    };
    let short: Vec<&str> = known
        .iter()
        .filter_map(|history| history.incomplete.as_deref())
        .collect();
    Some(match short.iter().max() {
        Some(latest) if short.len() == row.len() && short.iter().all(|one| one == latest) => {
            text.said(" (").prose(latest).said(")")
        }
        Some(latest) => text.said(" (").prose(latest).said(" for some)"),
        None => text,
    })
}

/// A place: `tiers.nth:12`, with the version if it is the old one.
pub fn place(place: &Place) -> Text {
    let text = Text::default().name(&format!("{}:{}", clip(&place.file, CLIP), place.line));
    match place.side {
        Side::Base => text.said(" of the old version"),
        Side::Head => text,
    }
}

/// Where a row is: its place, its environments if they are not all, and other causes. `None` if there is nothing to say.
pub fn whereabouts(document: &Document, section: &Section<'_>, row: &Row<'_>) -> Option<Text> {
    let mut texts = Vec::new();
    let own = row.place();
    let is_at_cause = match section.origin {
        Origin::Cause(cause) => cause.place.as_ref() == own,
        _ => false,
    };
    if let Some(own) = own.filter(|_| !is_at_cause) {
        texts.push(place(own));
    }
    if let Some(environments) = environments(document, row) {
        texts.push(environments);
    }
    let mut others: Vec<&str> = row
        .change
        .causes
        .iter()
        .map(String::as_str)
        .filter(|name| document.cause(name).is_some())
        .filter(|name| !matches!(section.origin, Origin::Cause(cause) if cause.name == *name))
        .collect();
    others.dedup();
    if !others.is_empty() {
        let mut text = Text::default().said("also from ");
        for (place, other) in others.iter().take(NAMES).enumerate() {
            if place > 0 {
                text = text.said(", ");
            }
            text = text.prose(other);
        }
        texts.push(text);
    }
    texts
        .into_iter()
        .reduce(|all, text| all.said(", ").text(text))
}

/// The environments of a row, unless they are all.
pub fn environments(document: &Document, row: &Row<'_>) -> Option<Text> {
    let environments = &row.change.environments;
    let is_everywhere = document
        .environments
        .iter()
        .all(|environment| environments.contains(environment));
    if environments.is_empty() || (is_everywhere && !document.environments.is_empty()) {
        return None;
    }
    let names = environments.iter().map(smol_str::SmolStr::as_str);
    Some(Text::default().said("only in ").names(names))
}

/// Words about what the project does with a change: accepted by whom, or that it fails the comparison.
pub fn standing(document: &Document, row: &Row<'_>) -> Option<Text> {
    if row.change.accepted {
        let entry = document
            .accepted
            .iter()
            .find(|entry| entry.fingerprint == row.change.fingerprint && !entry.expired);
        let text = Text::default().strong("accepted");
        return Some(match entry {
            Some(entry) => {
                let text = text.said(" by ").name(&entry.by);
                let text = match &entry.until {
                    Some(until) => text.said(" until ").name(until),
                    None => text,
                };
                text.said(": ").prose(&entry.reason)
            }
            None => text,
        });
    }
    (row.change.level == Level::Error).then(|| {
        Text::default()
            .strong("fails the comparison")
            .said(": level error in nth.toml")
    })
}

/// The title of a section: "tier `critical` (`tiers.nth:12`) reaches 14 services", "service `checkout`".
pub fn title(section: &Section<'_>) -> Text {
    match section.origin {
        Origin::Project => Text::default().said("project"),
        Origin::Service(name) => Text::default().said("service ").name(name),
        Origin::Cause(cause) => {
            let text = self::cause(cause);
            let reached = cause.services.len().max(section.services().len());
            match reached {
                0 => text.said(" changes the project"),
                services => text.said(format!(" reaches {}", count(services, "service"))),
            }
        }
    }
}

/// A cause with its place: "tier `critical` (`tiers.nth:12`)".
pub fn cause(cause: &Cause) -> Text {
    let text = Text::default().prose(&cause.name);
    match &cause.place {
        Some(place) => text.said(" (").text(self::place(place)).said(")"),
        None => text,
    }
}

/// Cosmetic changes in one line: "`panel-changed` (10), `alert-text-changed`".
pub fn cosmetic<'r, 'd: 'r>(rows: impl Iterator<Item = &'r Row<'d>>) -> Option<Text> {
    let mut kinds: Vec<(&'static str, usize)> = Vec::new();
    let mut total = 0;
    for row in rows {
        total += row.len();
        let name = row.change.id.name();
        match kinds.iter_mut().find(|(known, _)| *known == name) {
            Some((_, number)) => *number += row.len(),
            None => kinds.push((name, row.len())),
        }
    }
    if total == 0 {
        return None;
    }
    kinds.sort_by_key(|(name, number)| (std::cmp::Reverse(*number), *name));
    let kinds: Vec<String> = kinds
        .into_iter()
        .map(|(name, number)| format!("{number} {name}"))
        .collect();
    let noun = if total == 1 { "change" } else { "changes" };
    Some(
        Text::default()
            .said(format!("{total} "))
            .class(Class::Cosmetic)
            .said(format!(" {noun}: {}", kinds.join(", "))),
    )
}

/// Numbers on one line: "rules 120 → 124, series 1800 → 1840".
pub fn numbers(numbers: &[Number]) -> Text {
    let mut text = Text::default();
    for (place, number) in numbers.iter().enumerate() {
        if place > 0 {
            text = text.said(", ");
        }
        text = text
            .prose(&number.name)
            .said(" ")
            .text(self::number(number));
    }
    text
}

/// Whose numbers these are: "`checkout`", "14 services: `cart`, …".
pub fn numbers_owner(group: &NumbersGroup<'_>) -> Text {
    owner(&group.services, None, group.environment)
}

/// Whose numbers these are: "`checkout.availability`", "`availability` of 14 services: `cart`, …".
pub fn slo_owner(group: &SloGroup<'_>) -> Text {
    owner(&group.services, Some(&group.figure.slo), group.environment)
}

fn owner(services: &[&str], slo: Option<&str>, environment: Option<&str>) -> Text {
    let text = Text::default();
    let text = match (services, slo) {
        ([service], Some(slo)) => text.name(&format!("{service}.{slo}")),
        (services, Some(slo)) => text
            .name(slo)
            .said(format!(" of {}: ", count(services.len(), "service")))
            .names(services.iter().copied()),
        (services, None) => text.names(services.iter().copied()),
    };
    match environment {
        Some(environment) => text.said(" in ").name(environment),
        None => text,
    }
}

/// What could not be compared: "old version in `production`: `checkout.nth:3`: unknown name".
pub fn problem(problem: &Problem) -> Text {
    let text = Text::default().said(match problem.side {
        Side::Base => "old version",
        Side::Head => "new version",
    });
    let text = match &problem.environment {
        Some(environment) => text.said(" in ").name(environment),
        None => text,
    };
    let text = match (&problem.file, problem.line) {
        (Some(file), Some(line)) => text
            .said(": ")
            .name(&format!("{}:{line}", clip(file, CLIP))),
        (Some(file), None) => text.said(": ").name(file),
        (None, _) => text,
    };
    text.said(": ").prose(&problem.message)
}

/// An entry that is not valid any longer, or that no change has.
pub fn acceptance(document: &Document, entry: &Accepted) -> Text {
    let text = Text::default().name(&entry.fingerprint);
    let change = document
        .changes
        .iter()
        .find(|change| change.fingerprint == entry.fingerprint);
    let text = match change {
        Some(change) => text
            .said(" (")
            .said(change.id.name())
            .said(" ")
            .name(&change.subject.name)
            .said(")"),
        None => text,
    };
    let text = text.said(", accepted by ").name(&entry.by);
    let text = match &entry.until {
        Some(until) => text.said(" until ").name(until),
        None => text,
    };
    text.said(": ").prose(&entry.reason)
}

/// Entries whose last day has passed.
pub fn expired(document: &Document) -> impl Iterator<Item = &Accepted> {
    document.accepted.iter().filter(|entry| entry.expired)
}
