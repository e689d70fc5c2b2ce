//! Email receivers.

use nth_model::channel::Mail;
use nth_model::{AlertmanagerSettings, MailSettings};

use super::message::Text;
use super::secrets::Secret;
use super::{Content, Context, Entry, Language, Name, Receiver};
use crate::go_template;

/// The list of its entries.
pub const LIST: Name = Name::new("email_configs", "emailConfigs");

/// The secret with the password of the mail server.
const PASSWORD: &str = "smtp-password";

impl Receiver for Mail {
    fn kind(&self) -> &'static str {
        "email"
    }

    fn phrase(&self) -> &'static str {
        "by email"
    }

    fn address(&self) -> Option<&str> {
        Some(&self.to)
    }

    fn label(&self) -> String {
        format!("email to {}", self.to)
    }

    fn content(&self) -> Content {
        Content {
            title: Some("headers.Subject"),
            text: Some("text"),
            ..Content::default()
        }
    }

    fn list(&self) -> Name {
        LIST
    }

    fn write(&self, entry: &mut Entry<'_>, context: &Context<'_>) {
        let wording = context.wording;
        entry.text("to", go_template::escape(&self.to));
        // A resource has no section for all receivers, and that of an existing configuration is not ours.
        let target = &context.settings.alertmanager;
        let is_alone =
            matches!(entry.language(), Language::Resource { .. }) || target.is_beside_others();
        if let (true, Some(mail)) = (is_alone, target.mail()) {
            entry.text("from", go_template::escape(mail.from));
            entry.text("smarthost", mail.smarthost);
            if let Some(username) = mail.username {
                entry.text(Name::new("auth_username", "authUsername"), username);
                let name = Name::new("auth_password_file", "authPassword");
                entry.secret(name, &password());
            }
            entry.bool(Name::new("require_tls", "requireTLS"), mail.require_tls);
        }
        entry.pairs("headers", [("Subject", wording.subject())]);
        // Alertmanager's default would be shown instead of the text.
        entry.text("html", "");
        entry.text("text", wording.text(Text::MailBody));
    }

    fn needs_mail_server(&self) -> bool {
        true
    }
}

/// The mail server in `global` of `alertmanager.yml`, for all receivers.
pub fn smtp<'a>(mail: MailSettings<'_>, settings: &'a AlertmanagerSettings) -> Entry<'a> {
    let mut entry = Entry::new(Language::File, settings);
    entry.text("smtp_smarthost", mail.smarthost);
    entry.text("smtp_from", go_template::escape(mail.from));
    if let Some(username) = mail.username {
        entry.text("smtp_auth_username", username);
        entry.secret("smtp_auth_password_file".into(), &password());
    }
    entry.bool("smtp_require_tls", mail.require_tls);
    entry
}

fn password() -> Secret<'static> {
    Secret::Own(PASSWORD.to_owned())
}
