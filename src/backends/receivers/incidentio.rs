//! Receivers of incident.io: an alert source that gets alerts as data.

use nth_model::channel::IncidentIo;

use super::secrets::{Secret, team_file};
use super::{Content, Context, Entry, Name, Receiver};

/// The list of its entries, which the operator's resource does not have.
pub const LIST: Name = Name::new("incidentio_configs", "incidentioConfigs");

impl Receiver for IncidentIo {
    fn kind(&self) -> &'static str {
        "incidentio"
    }

    fn phrase(&self) -> &'static str {
        "by incident.io"
    }

    fn address(&self) -> Option<&str> {
        Some(&self.url)
    }

    fn label(&self) -> String {
        "incident.io".to_owned()
    }

    fn content(&self) -> Content {
        Content::default()
    }

    fn list(&self) -> Name {
        LIST
    }

    fn write(&self, entry: &mut Entry<'_>, context: &Context<'_>) {
        entry.plain("url", &self.url);
        let token = Secret::at_or(self.token_file.as_deref(), || {
            team_file("incidentio", context.team)
        });
        entry.secret(
            Name::new("alert_source_token_file", "alertSourceToken"),
            &token,
        );
    }
}
