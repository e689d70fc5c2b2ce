//! What a person notices of an incident, and how two versions differ in it.

use std::collections::BTreeSet;

use nth_model::{Duration, Response};
use smol_str::SmolStr;

use crate::policy::Verdict;

/// What happens in an incident with one version.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// The alerts that fire.
    pub alerts: Vec<Seen>,
    /// What the gate decides, if one is asked.
    pub decision: Option<Decided>,
    /// The escalation that a page reaches, as `payments.default`; `None` for no person on call, or if nobody asks.
    pub on_call: Option<String>,
}

/// An alert that fires.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The service.
    pub service: SmolStr,
    /// The SLO; `None` for a custom alert.
    pub slo: Option<SmolStr>,
    /// The alert's name, as in the rules.
    pub alert: SmolStr,
    /// Whether it pages.
    pub response: Response,
    /// When somebody was notified, in milliseconds since the main event began; `None` if nobody was.
    pub sent: Option<i64>,
    /// Why nobody was notified.
    pub unsent: Unsent,
    /// The teams that were notified.
    pub teams: BTreeSet<String>,
}

/// Why nobody is notified of an alert that fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsent {
    /// Somebody is.
    No,
    /// No receiver is configured for it.
    Nobody,
    /// Another alert inhibits it, or it is resolved before.
    Otherwise,
}

/// What a gate decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The verdict; a gate that does not exist allows everything.
    pub verdict: Verdict,
    /// The words: "denied (deny `spent`)".
    pub words: String,
}

/// How the second of two outcomes differs from the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Something is noticed later, by fewer, or not at all.
    Loosened,
    /// Something is noticed earlier, by more, or at all.
    Tightened,
}

/// A difference of two outcomes.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The direction.
    pub direction: Direction,
    /// True if one of both notices nothing.
    pub is_complete: bool,
    /// The first outcome in words.
    pub before: String,
    /// The second one.
    pub after: String,
}

/// The smallest difference between two times that matters: two evaluations.
const LEAST: i64 = 60_000;

impl Outcome {
    /// When it is first notified of a page or a ticket by alerts that `is_chosen` accepts.
    fn first(&self, response: Response, is_chosen: &dyn Fn(&Seen) -> bool) -> Option<i64> {
        let all = self.alerts.iter();
        let chosen = all.filter(|seen| seen.response == response && is_chosen(seen));
        chosen.filter_map(|seen| seen.sent).min()
    }

    fn teams(&self, response: Response, is_chosen: &dyn Fn(&Seen) -> bool) -> BTreeSet<&str> {
        let all = self.alerts.iter();
        let chosen = all.filter(|seen| seen.response == response && is_chosen(seen));
        chosen
            .flat_map(|seen| seen.teams.iter().map(String::as_str))
            .collect()
    }

    /// True if an alert fires of which nobody is notified, because nobody could be.
    fn is_cut_off(&self, is_chosen: &dyn Fn(&Seen) -> bool) -> bool {
        let mut all = self.alerts.iter();
        all.any(|seen| is_chosen(seen) && seen.unsent == Unsent::Nobody)
    }

    /// The words for what is notified.
    fn words(&self, is_chosen: &dyn Fn(&Seen) -> bool, style: Style) -> String {
        let page = self.first(Response::Page, is_chosen);
        let ticket = self.first(Response::Ticket, is_chosen);
        let team = |response| {
            let teams: Vec<&str> = self.teams(response, is_chosen).into_iter().collect();
            match style.names_teams && !teams.is_empty() {
                true => format!(", team {}", teams.join(", ")),
                false => String::new(),
            }
        };
        let paged = page.map(|at| format!("paged {}{}", after(at, style), team(Response::Page)));
        let opened =
            ticket.map(|at| format!("ticket {}{}", after(at, style), team(Response::Ticket)));
        match (paged, opened) {
            (Some(paged), Some(opened)) if style.names_tickets => format!("{paged}, {opened}"),
            (Some(paged), _) if style.names_tickets => format!("{paged}, no ticket"),
            (Some(paged), _) => paged,
            (None, Some(opened)) if style.names_pages => format!("no page, {opened}"),
            (None, Some(opened)) => opened,
            (None, None) if self.is_cut_off(is_chosen) => {
                "an alert fires, but nobody is notified".to_owned()
            }
            (None, None) => "no alert".to_owned(),
        }
    }
}

/// What the words of two outcomes tell apart.
#[derive(Debug, Clone, Copy, Default)]
struct Style {
    names_teams: bool,
    names_tickets: bool,
    names_pages: bool,
    is_exact: bool,
}

/// "after 22m"
fn after(millis: i64, style: Style) -> String {
    let millis = u64::try_from(millis).unwrap_or(0);
    if millis == 0 {
        return "at once".to_owned();
    }
    let step = match millis {
        _ if style.is_exact => 1_000,
        0..600_000 => 30_000,
        600_000..7_200_000 => 60_000,
        _ => 300_000,
    };
    let rounded = (millis + step / 2) / step * step;
    format!("after {}", Duration(rounded.max(step)).to_human())
}

fn direction(before: Option<i64>, after: Option<i64>) -> Option<Direction> {
    match (before, after) {
        (None, None) => None,
        (Some(_), None) => Some(Direction::Loosened),
        (None, Some(_)) => Some(Direction::Tightened),
        (Some(before), Some(after)) if (before - after).abs() < LEAST => None,
        (Some(before), Some(after)) if before < after => Some(Direction::Loosened),
        _ => Some(Direction::Tightened),
    }
}

/// Returns how alerts differ that `is_chosen` accepts; `None` if a person notices no difference.
pub fn difference_of_alerts(
    before: &Outcome,
    after: &Outcome,
    is_chosen: &dyn Fn(&Seen) -> bool,
) -> Option<Difference> {
    let first = |outcome: &Outcome, response| outcome.first(response, is_chosen);
    let of = |response| direction(first(before, response), first(after, response));
    let teams = |response| {
        let (before, after) = (
            before.teams(response, is_chosen),
            after.teams(response, is_chosen),
        );
        let is_lost = before.difference(&after).next().is_some();
        let is_new = after.difference(&before).next().is_some();
        match (is_lost, is_new) {
            (true, _) => Some(Direction::Loosened),
            (false, true) => Some(Direction::Tightened),
            (false, false) => None,
        }
    };
    let page = of(Response::Page);
    let ticket = of(Response::Ticket);
    let mut style = Style::default();
    let direction = match (page, ticket) {
        (Some(page), _) => {
            let [one, other] = [before, after].map(|one| first(one, Response::Page));
            style.names_pages = one.is_none() || other.is_none();
            page
        }
        (None, Some(ticket)) => {
            style.names_tickets = first(before, Response::Page).is_some();
            ticket
        }
        (None, None) => {
            style.names_teams = true;
            teams(Response::Page).or_else(|| teams(Response::Ticket))?
        }
    };
    // The louder one that makes a difference.
    let loudest = match page {
        Some(_) => Response::Page,
        None => Response::Ticket,
    };
    let is_complete = [before, after]
        .iter()
        .any(|one| first(one, loudest).is_none());
    let mut words = [before, after].map(|one| one.words(is_chosen, style));
    if words[0] == words[1] {
        style.is_exact = true;
        words = [before, after].map(|one| one.words(is_chosen, style));
    }
    let [in_words, after_words] = words;
    Some(Difference {
        direction,
        is_complete: is_complete || style.names_teams,
        before: in_words,
        after: after_words,
    })
}

/// Returns how the decisions of a gate differ.
pub fn difference_of_gates(before: &Outcome, after: &Outcome) -> Option<Difference> {
    let (before, after) = (before.decision.as_ref()?, after.decision.as_ref()?);
    let direction = match before.verdict.cmp(&after.verdict) {
        std::cmp::Ordering::Greater => Direction::Loosened,
        std::cmp::Ordering::Less => Direction::Tightened,
        std::cmp::Ordering::Equal => return None,
    };
    Some(Difference {
        direction,
        is_complete: true,
        before: before.words.clone(),
        after: after.words.clone(),
    })
}

/// Returns how the people on call differ who are paged.
pub fn difference_of_people(before: &Outcome, after: &Outcome) -> Option<Difference> {
    let page = |outcome: &Outcome| outcome.first(Response::Page, &|_| true);
    let (at, later) = (page(before)?, page(after)?);
    if before.on_call == after.on_call {
        return None;
    }
    let words = |at, on_call: &Option<String>| {
        let whom = match on_call {
            Some(name) => format!("escalation {name}"),
            None => "no person on call".to_owned(),
        };
        format!("paged {}, {whom}", self::after(at, Style::default()))
    };
    Some(Difference {
        direction: match after.on_call {
            None => Direction::Loosened,
            Some(_) => Direction::Tightened,
        },
        is_complete: before.on_call.is_none() || after.on_call.is_none(),
        before: words(at, &before.on_call),
        after: words(later, &after.on_call),
    })
}
