//! PagerDuty receivers.

use nth_model::channel::PagerDuty;

use super::message::{self, Text};
use super::secrets::{Secret, team_file};
use super::{Content, Context, Entry, Name, Receiver};

/// The list of its entries.
pub const LIST: Name = Name::new("pagerduty_configs", "pagerdutyConfigs");

impl Receiver for PagerDuty {
    fn kind(&self) -> &'static str {
        "pagerduty"
    }

    fn phrase(&self) -> &'static str {
        "by PagerDuty"
    }

    fn address(&self) -> Option<&str> {
        None
    }

    fn label(&self) -> String {
        "PagerDuty".to_owned()
    }

    fn content(&self) -> Content {
        Content {
            title: Some("description"),
            title_limit: 1024,
            ..Content::default()
        }
    }

    fn list(&self) -> Name {
        LIST
    }

    fn write(&self, entry: &mut Entry<'_>, context: &Context<'_>) {
        let wording = context.wording;
        let key = routing_key(context.team, self.routing_key_file.as_deref());
        entry.secret(Name::new("routing_key_file", "routingKey"), &key);
        entry.text("description", wording.text(Text::Summary));
        entry.text("severity", wording.text(Text::PagerDutySeverity));
        entry.text("source", wording.text(Text::Source));
        entry.text("class", message::CLASS);
        entry.text("component", message::COMPONENT);
        entry.text("group", message::GROUP);
        entry.text("client", wording.text(Text::More));
        entry.text(
            Name::new("client_url", "clientURL"),
            wording.text(Text::MoreUrl),
        );
        entry.pairs("details", message::details(context.settings));
        entry.links(Name::new("links", "pagerDutyLinkConfigs"), wording.links());
    }
}

/// The key of a team's integration: one for each team, as a team has one event orchestration.
fn routing_key<'a>(team: &str, file: Option<&'a str>) -> Secret<'a> {
    Secret::at_or(file, || team_file("pagerduty", team))
}

#[cfg(test)]
mod tests {
    use nth_model::AlertmanagerSettings;

    use super::*;

    #[test]
    fn a_team_has_a_key_of_its_own() {
        let settings = AlertmanagerSettings::default();
        let file = |team| routing_key(team, None).file(&settings);
        assert_eq!(
            file("payments"),
            "/etc/alertmanager/secrets/pagerduty-payments"
        );
        assert_ne!(file("a/b"), file("a:b"));
        assert!(!file("../../x").contains(".."));
        let own = routing_key("payments", Some("/run/keys/payments"));
        assert_eq!(own.file(&settings), "/run/keys/payments");
    }
}
