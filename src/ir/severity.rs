//! Severities of alerts: the two that every project has, and those that it declares.

use std::fmt;
use std::sync::Arc;

use smol_str::SmolStr;

use super::Duration;

/// What an alert asks of those whom it notifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Response {
    /// The person on call responds at once.
    Page,
    /// It is handled in working hours.
    Ticket,
}

impl Response {
    /// Both, the louder one first.
    pub const ALL: [Self; 2] = [Self::Page, Self::Ticket];

    /// The word for one alert: `page`, `ticket`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Ticket => "ticket",
        }
    }
}

/// The urgency with which PagerDuty notifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Urgency {
    /// At once, by every contact method.
    High,
    /// By contact methods that can wait.
    Low,
}

/// The severity of an alert. Severities sort by what they ask for: pages first, then by urgency, and by how early they fire.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Severity(Arc<Declaration>);

impl fmt::Debug for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a severity is declared with. The order of the fields is the order of severities.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Declaration {
    /// Whether its alerts page.
    pub response: Response,
    /// The urgency of its incidents.
    pub urgency: Urgency,
    /// The duration for which a condition must hold before an alert fires, unless the alert sets its own.
    pub hold: Duration,
    /// The name, unique in the project.
    pub name: SmolStr,
    /// The value of the label `severity` of its alerts, unique in the project.
    pub label: String,
    /// What it is for.
    pub description: Option<String>,
}

impl Severity {
    /// The name of the severity that every project has for pages.
    pub const PAGE: &'static str = "page";

    /// The name of the severity that every project has for tickets.
    pub const TICKET: &'static str = "ticket";

    /// Creates a severity.
    pub fn new(declaration: Declaration) -> Self {
        Self(Arc::new(declaration))
    }

    /// The severity `page`, as it is unless a project sets its label.
    pub fn page() -> Self {
        Self::new(Declaration {
            response: Response::Page,
            urgency: Urgency::High,
            hold: Duration::minutes(2),
            name: Self::PAGE.into(),
            label: Self::PAGE.to_owned(),
            description: None,
        })
    }

    /// The severity `ticket`, as it is unless a project sets its label.
    pub fn ticket() -> Self {
        Self::new(Declaration {
            response: Response::Ticket,
            urgency: Urgency::Low,
            hold: Duration::minutes(15),
            name: Self::TICKET.into(),
            label: Self::TICKET.to_owned(),
            description: None,
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The value of the label `severity` of its alerts.
    pub fn label(&self) -> &str {
        &self.0.label
    }

    /// What its alerts ask for.
    pub fn response(&self) -> Response {
        self.0.response
    }

    /// Returns whether its alerts page.
    pub fn pages(&self) -> bool {
        self.0.response == Response::Page
    }

    /// The urgency of its incidents in PagerDuty.
    pub fn urgency(&self) -> Urgency {
        self.0.urgency
    }

    /// The default duration for which a condition must hold before an alert of this severity fires.
    pub fn default_hold(&self) -> Duration {
        self.0.hold
    }

    /// What it is for, in the words of its declaration.
    pub fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// Everything that it is declared with.
    pub fn declaration(&self) -> &Declaration {
        &self.0
    }

    /// The severity with another value of the label `severity`.
    #[must_use]
    pub fn labeled(&self, label: &str) -> Self {
        Self::new(Declaration {
            label: label.to_owned(),
            ..Declaration::clone(&self.0)
        })
    }
}

/// The severities of a project in an environment, the loudest first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Severities(Arc<[Severity]>);

impl Default for Severities {
    fn default() -> Self {
        Self::new([Severity::page(), Severity::ticket()])
    }
}

impl Severities {
    /// Creates the list of these severities, whose names are unique.
    pub fn new(all: impl IntoIterator<Item = Severity>) -> Self {
        let mut all: Vec<Severity> = all.into_iter().collect();
        all.sort();
        Self(all.into())
    }

    /// All of them, the loudest first.
    pub fn all(&self) -> &[Severity] {
        &self.0
    }

    /// The severity of a name.
    pub fn named(&self, name: &str) -> Option<&Severity> {
        self.0.iter().find(|severity| severity.name() == name)
    }

    /// The severity whose alerts have this value of the label `severity`.
    pub fn with_label(&self, label: &str) -> Option<&Severity> {
        self.0.iter().find(|severity| severity.label() == label)
    }

    /// Those of a response.
    pub fn for_response(&self, response: Response) -> impl Iterator<Item = &Severity> {
        let all = self.0.iter();
        all.filter(move |severity| severity.response() == response)
    }

    /// Those that page.
    pub fn paging(&self) -> impl Iterator<Item = &Severity> {
        self.for_response(Response::Page)
    }

    /// The severity `page`.
    pub fn page(&self) -> Severity {
        let known = self.named(Severity::PAGE).cloned();
        known.unwrap_or_else(Severity::page)
    }

    /// The severity `ticket`.
    pub fn ticket(&self) -> Severity {
        let known = self.named(Severity::TICKET).cloned();
        known.unwrap_or_else(Severity::ticket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(name: &str, response: Response, hold: u64) -> Severity {
        Severity::new(Declaration {
            response,
            urgency: Urgency::Low,
            hold: Duration::minutes(hold),
            name: name.into(),
            label: format!("label-{name}"),
            description: None,
        })
    }

    #[test]
    fn pages_come_first_then_what_is_urgent() {
        let severities = Severities::new([
            declared("info", Response::Ticket, 60),
            Severity::ticket(),
            declared("quiet", Response::Page, 1),
            declared("warning", Response::Ticket, 5),
            Severity::page(),
        ]);
        let names: Vec<&str> = severities.all().iter().map(Severity::name).collect();
        assert_eq!(names, ["page", "quiet", "warning", "ticket", "info"]);
        let paging: Vec<&str> = severities.paging().map(Severity::name).collect();
        assert_eq!(paging, ["page", "quiet"]);
        let found = severities.with_label("label-info").map(Severity::name);
        assert_eq!(found, Some("info"));
        assert_eq!(severities.with_label("info"), None);
    }
}
