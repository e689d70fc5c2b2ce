//! Jira receivers: one issue for each group of alerts.

use nth_model::channel::{Authentication, Jira};

use super::message::Text;
use super::secrets::Secret;
use super::webhook::{HTTP, authenticate};
use super::{Content, Context, Entry, Name, Receiver};
use crate::go_template::escape;

/// The list of its entries, which the operator's resource does not have.
pub const LIST: Name = Name::new("jira_configs", "jiraConfigs");

/// The secret with the token, for all teams.
const TOKEN: &str = "jira-token";

/// The API whose descriptions are texts with wiki markup. Those of version 3 are documents.
const API: &str = "/rest/api/2";

/// The host of Jira Cloud for tokens with scopes; Alertmanager knows only that of a site.
const CLOUD_GATEWAY: &str = "https://api.atlassian.com/";

impl Receiver for Jira {
    fn kind(&self) -> &'static str {
        "jira"
    }

    fn phrase(&self) -> &'static str {
        "by issues in Jira"
    }

    fn address(&self) -> Option<&str> {
        Some(&self.url)
    }

    fn label(&self) -> String {
        format!("Jira {}", self.project)
    }

    fn content(&self) -> Content {
        Content {
            title: Some("summary"),
            text: Some("description"),
            title_limit: 255,
            text_limit: 32_767,
            ..Content::default()
        }
    }

    fn list(&self) -> Name {
        LIST
    }

    fn write(&self, entry: &mut Entry<'_>, context: &Context<'_>) {
        let wording = context.wording;
        entry.plain("api_url", format!("{}{API}", self.url));
        if self.url.starts_with(CLOUD_GATEWAY) {
            entry.plain("api_type", "cloud");
        }
        let token = Secret::at_or(self.token_file.as_deref(), || TOKEN.to_owned());
        let file = token.file(&context.settings.alertmanager);
        let authentication = match self.user.clone() {
            Some(user) => Authentication::Basic {
                user,
                password_file: file,
            },
            None => Authentication::Credentials {
                scheme: "Bearer".to_owned(),
                file,
            },
        };
        entry.nested(HTTP, |http| authenticate(http, &authentication));
        entry.text("project", escape(&self.project));
        entry.text("issue_type", escape(&self.issue_type));
        entry.text("summary", wording.text(Text::Summary));
        entry.text("description", wording.text(Text::JiraBody));
        if !self.labels.is_empty() {
            let labels = self.labels.iter().map(|label| escape(label));
            entry.texts("labels", labels.collect());
        }
        // Alertmanager's default has names that a project may not have.
        entry.text(
            "priority",
            escape(self.priority.as_deref().unwrap_or_default()),
        );
        for (name, transition) in [
            ("resolve_transition", &self.resolve_transition),
            ("reopen_transition", &self.reopen_transition),
            ("wont_fix_resolution", &self.wont_fix),
        ] {
            if let Some(transition) = transition {
                entry.plain(name, transition);
            }
        }
        if let Some(within) = self.reopen_within {
            entry.plain("reopen_duration", within.to_string());
        }
    }
}
