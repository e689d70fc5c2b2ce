//! Receivers of Grafana IRM: its Alertmanager integration is a webhook.

use nth_model::channel::GrafanaIrm;

use super::secrets::{Secret, team_file};
use super::{Content, Context, Entry, Name, Receiver, webhook};

/// The most alerts in a request, as Grafana's documentation of the integration sets it: larger requests are refused.
const MAX_ALERTS: u32 = 100;

impl Receiver for GrafanaIrm {
    fn kind(&self) -> &'static str {
        "grafana-irm"
    }

    fn phrase(&self) -> &'static str {
        "by Grafana IRM"
    }

    fn address(&self) -> Option<&str> {
        None
    }

    fn label(&self) -> String {
        "Grafana IRM".to_owned()
    }

    fn content(&self) -> Content {
        Content::default()
    }

    fn list(&self) -> Name {
        webhook::LIST
    }

    fn write(&self, entry: &mut Entry<'_>, context: &Context<'_>) {
        let url = Secret::at_or(self.url_file.as_deref(), || {
            team_file("grafana-irm", context.team)
        });
        entry.secret(Name::new("url_file", "urlSecret"), &url);
        entry.number(Name::new("max_alerts", "maxAlerts"), MAX_ALERTS);
    }
}
