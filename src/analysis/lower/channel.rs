//! Lowers the channels of receivers, and checks what is set for them.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::read::{duration, text};
use crate::codes;
use crate::db::Diag;
use crate::eval::{Instance, Value};
use crate::schema::names::{field, kind};
use nth_model::channel::{
    Authentication, Discord, GrafanaIrm, Header, HeaderValue, IncidentIo, Jira, Mail, MsTeams,
    PagerDuty, Pushover, Slack, Sns, Telegram, Webhook,
};
use nth_model::{Channel, WebhookUrl};

/// The fields with the paths of files on the Alertmanager host.
const FILES: [&str; 6] = [
    field::ROUTING_KEY_FILE,
    field::URL_FILE,
    field::TOKEN_FILE,
    field::USER_KEY_FILE,
    field::PASSWORD_FILE,
    field::CREDENTIALS_FILE,
];

/// Lowers the channel of a receiver; `None` if it has errors.
pub fn lower(team: &Instance, receiver: &Instance, diagnostics: &mut Vec<Diag>) -> Option<Channel> {
    let mut reader = Reader {
        team,
        receiver,
        diagnostics,
    };
    reader.files();
    let known = |field: &str| text(receiver.get(field));
    Some(match receiver.variant.as_deref()? {
        kind::PAGERDUTY => Channel::PagerDuty(PagerDuty {
            routing_key_file: known(field::ROUTING_KEY_FILE),
        }),
        kind::INCIDENTIO => Channel::IncidentIo(IncidentIo {
            url: known(field::URL)?,
            token_file: known(field::TOKEN_FILE),
        }),
        kind::GRAFANA_IRM => Channel::GrafanaIrm(GrafanaIrm {
            url_file: known(field::URL_FILE),
        }),
        kind::PUSHOVER => Channel::Pushover(Pushover {
            user_key_file: known(field::USER_KEY_FILE),
            token_file: known(field::TOKEN_FILE),
            device: known(field::DEVICE),
            sound: known(field::SOUND),
        }),
        kind::SLACK => Channel::Slack(Slack {
            channel: known(field::CHANNEL)?,
            url_file: reader.only(field::URL_FILE, field::TOKEN_FILE)?,
            token_file: known(field::TOKEN_FILE),
        }),
        kind::MSTEAMS => Channel::MsTeams(MsTeams {
            url_file: known(field::URL_FILE),
        }),
        kind::DISCORD => Channel::Discord(Discord {
            url_file: known(field::URL_FILE),
        }),
        kind::TELEGRAM => Channel::Telegram(reader.telegram()?),
        kind::JIRA => Channel::Jira(reader.jira()?),
        kind::MAIL => Channel::Mail(Mail {
            to: known(field::TO)?,
        }),
        kind::SNS => Channel::Sns(reader.sns()?),
        kind::WEBHOOK => Channel::Webhook(reader.webhook()?),
        _ => return None,
    })
}

/// Diagnostics about what the operator's `AlertmanagerConfig` cannot express, with a project that generates it.
pub fn not_in_operator(team: &Instance) -> impl Iterator<Item = Diag> {
    team.children_of(kind::RECEIVER).flat_map(move |receiver| {
        let is_set = |field: &str| receiver.fields.get(field).is_some_and(|own| own.explicit);
        let name = &receiver.name;
        let found: Vec<(&str, String, &str)> = match receiver.variant.as_deref() {
            Some(kind::INCIDENTIO) => vec![(
                "",
                format!("an AlertmanagerConfig cannot contain the incident.io receiver `{name}`"),
                "send it by a webhook, whose data is the same: `receiver x : webhook { url = \"…\" credentials_file = \"…\" }`",
            )],
            Some(kind::JIRA) => vec![(
                "",
                format!("an AlertmanagerConfig cannot contain the Jira receiver `{name}`"),
                "send it by email or a webhook that creates issues, or set `format = \"plain\"` in `[alertmanager]` of `nth.toml`",
            )],
            Some(kind::SLACK) if is_set(field::TOKEN_FILE) => vec![(
                field::TOKEN_FILE,
                format!("an AlertmanagerConfig cannot contain the token of the Slack receiver `{name}`"),
                "set `url_file` to the file with the URL of an incoming webhook instead",
            )],
            Some(kind::WEBHOOK) => {
                let mut found = Vec::new();
                if is_set(field::USER) {
                    found.push((
                        field::USER,
                        format!("an AlertmanagerConfig cannot contain the user of the webhook `{name}`: it expects a secret"),
                        "set `scheme = \"Basic\"`, and `credentials_file` to a file with the Base64 text of `user:password`",
                    ));
                }
                for header in [field::HEADERS, field::HEADER_FILES] {
                    if is_set(header) {
                        found.push((
                            header,
                            format!("an AlertmanagerConfig cannot contain the HTTP headers of the webhook `{name}`"),
                            "send the credentials in the header `Authorization`, with `credentials_file` and `scheme`",
                        ));
                    }
                }
                found
            }
            _ => Vec::new(),
        };
        found.into_iter().map(move |(field, message, help)| {
            let span = match field {
                "" => receiver.head,
                field => receiver.span_of(field),
            };
            not_expressible(message, team, receiver, span).help(help)
        })
    })
}

/// Diagnostic about something that the operator's resource cannot express.
pub(super) fn not_expressible(
    message: String,
    team: &Instance,
    receiver: &Instance,
    span: crate::db::Span,
) -> Diag {
    Diag::new(
        &codes::NOT_IN_OPERATOR,
        message,
        team.place_of(receiver, span),
    )
    .label("not in `monitoring.coreos.com/v1alpha1`")
}

/// Reads the fields of a receiver.
struct Reader<'a> {
    team: &'a Instance,
    receiver: &'a Instance,
    diagnostics: &'a mut Vec<Diag>,
}

impl Reader<'_> {
    fn text(&self, field: &str) -> Option<String> {
        text(self.receiver.get(field))
    }

    /// Reports an error about a field.
    fn error(&mut self, field: &str, message: String, help: &str) {
        let place = self
            .team
            .place_of(self.receiver, self.receiver.span_of(field));
        let found = Diag::new(&codes::INVALID_RECEIVER, message, place).help(help);
        self.diagnostics.push(found);
    }

    /// A field that may not be set with another one; `None` if both are, and `Some(None)` if it is not set.
    fn only(&mut self, field: &str, other: &str) -> Option<Option<String>> {
        let (one, is_both) = (
            self.text(field),
            *self.receiver.get(other) != Value::None && *self.receiver.get(field) != Value::None,
        );
        if is_both {
            let name = self.receiver.name.clone();
            self.error(
                other,
                format!("receiver `{name}` has both `{field}` and `{other}`"),
                "keep one",
            );
            return None;
        }
        Some(one)
    }

    /// A whole number.
    fn whole(&mut self, field: &str) -> Option<Option<i64>> {
        match self.receiver.get(field) {
            Value::None => Some(None),
            Value::Number(number) => {
                let whole = Some(*number).filter(Decimal::is_integer);
                let known = whole.and_then(|number| number.to_i64());
                if known.is_none() {
                    self.error(
                        field,
                        format!("`{field}` must be a whole number"),
                        "write it without a fraction",
                    );
                }
                known.map(Some)
            }
            _ => None,
        }
    }

    fn telegram(&mut self) -> Option<Telegram> {
        let chat = self.whole(field::CHAT)??;
        if chat == 0 {
            self.error(
                field::CHAT,
                "`chat` must be the id of a chat, found 0".to_owned(),
                "send the bot a message and read `message.chat.id` in its `getUpdates`",
            );
            return None;
        }
        Some(Telegram {
            chat,
            topic: self.whole(field::TOPIC)?,
            token_file: self.text(field::TOKEN_FILE),
            silent: *self.receiver.get(field::SILENT) == Value::Bool(true),
            api_url: self.text(field::API_URL),
        })
    }

    fn jira(&mut self) -> Option<Jira> {
        let url = self.text(field::URL)?;
        let url = url.trim_end_matches('/');
        if url.contains("/rest/api") || url.contains(['?', '#']) {
            self.error(
                field::URL,
                "expected the URL of a Jira site, found that of an API".to_owned(),
                "write the site: `\"https://example.atlassian.net\"`",
            );
            return None;
        }
        let labels = strings(self.receiver.get(field::LABELS));
        if let Some(label) = labels
            .iter()
            .find(|label| label.is_empty() || label.contains(char::is_whitespace))
        {
            let message = format!("`{label}` is not a valid label of Jira");
            self.error(field::LABELS, message, "write it without spaces");
            return None;
        }
        let is_reopened = *self.receiver.get(field::REOPEN_TRANSITION) != Value::None;
        if !is_reopened && *self.receiver.get(field::REOPEN_WITHIN) != Value::None {
            self.error(
                field::REOPEN_WITHIN,
                "`reopen_within` has no effect without `reopen_transition`".to_owned(),
                "set `reopen_transition` to the name of the transition that reopens an issue",
            );
            return None;
        }
        if is_reopened && *self.receiver.get(field::REOPEN_WITHIN) == Value::None {
            self.error(
                field::REOPEN_TRANSITION,
                "`reopen_transition` has no effect without `reopen_within`".to_owned(),
                "set how long after it was closed an issue is reopened: `reopen_within = 7d`",
            );
            return None;
        }
        Some(Jira {
            url: url.to_owned(),
            project: self.text(field::PROJECT)?,
            issue_type: self.text(field::ISSUE_TYPE)?,
            labels,
            priority: self.text(field::PRIORITY),
            resolve_transition: self.text(field::RESOLVE_TRANSITION),
            reopen_transition: self.text(field::REOPEN_TRANSITION),
            reopen_within: duration(self.receiver.get(field::REOPEN_WITHIN)),
            wont_fix: self.text(field::WONT_FIX),
            user: self.text(field::USER),
            token_file: self.text(field::TOKEN_FILE),
        })
    }

    fn sns(&mut self) -> Option<Sns> {
        let sns = Sns {
            topic: self.text(field::TOPIC)?,
            role: self.text(field::ROLE),
        };
        if sns.region().is_none() {
            self.error(
                field::TOPIC,
                format!("`{}` is not the ARN of an SNS topic", sns.topic),
                "write `\"arn:aws:sns:eu-west-1:123456789012:alerts\"`",
            );
            return None;
        }
        Some(sns)
    }

    fn webhook(&mut self) -> Option<Webhook> {
        let url = self.webhook_url()?;
        let authentication = self.authentication()?;
        let mut headers = self.headers(field::HEADERS, HeaderValue::Plain)?;
        headers.extend(self.headers(field::HEADER_FILES, HeaderValue::File)?);
        let max_alerts = self.whole(field::MAX_ALERTS)?;
        Some(Webhook {
            url,
            authentication,
            headers,
            timeout: duration(self.receiver.get(field::TIMEOUT)),
            max_alerts: max_alerts.and_then(|most| u32::try_from(most).ok()),
        })
    }

    /// Lowers a webhook's URL, which must be set in exactly one way.
    fn webhook_url(&mut self) -> Option<WebhookUrl> {
        let (team, receiver) = (self.team, self.receiver);
        let written = |field: &str| *receiver.get(field) != Value::None;
        let one = match (written(field::URL), written(field::URL_FILE)) {
            (true, true) => {
                let place = team.place_of(receiver, receiver.span_of(field::URL_FILE));
                let diagnostic = Diag::new(
                    &codes::WEBHOOK_URL,
                    format!("webhook `{}` has both `url` and `url_file`", receiver.name),
                    place,
                )
                .because(
                    team.place_of(receiver, receiver.span_of(field::URL)),
                    "the other URL",
                )
                .help("keep `url_file` if the URL is a secret, otherwise `url`");
                self.diagnostics.push(diagnostic);
                return None;
            }
            (false, false) => {
                if !receiver.incomplete {
                    let diagnostic = Diag::new(
                        &codes::WEBHOOK_URL,
                        format!("webhook `{}` has no URL", receiver.name),
                        team.place_of(receiver, receiver.head),
                    )
                    .label("alerts are not sent")
                    .help(
                        "set `url_file` to the file that contains the URL, or `url` if it is not a secret",
                    );
                    self.diagnostics.push(diagnostic);
                }
                return None;
            }
            (true, false) => WebhookUrl::Plain(text(receiver.get(field::URL))?),
            (false, true) => WebhookUrl::File(text(receiver.get(field::URL_FILE))?),
        };
        Some(one)
    }

    /// How a webhook authenticates; `Some(None)` if it does not.
    fn authentication(&mut self) -> Option<Option<Authentication>> {
        let name = self.receiver.name.clone();
        let (user, password) = (self.text(field::USER), self.text(field::PASSWORD_FILE));
        let credentials = self.only(field::CREDENTIALS_FILE, field::PASSWORD_FILE)?;
        let is_scheme_set = {
            let scheme = self.receiver.fields.get(field::SCHEME);
            scheme.is_some_and(|scheme| scheme.explicit)
        };
        match (user, password, credentials) {
            (Some(user), Some(password_file), _) => Some(Some(Authentication::Basic {
                user,
                password_file,
            })),
            (Some(_), None, _) => {
                self.error(
                    field::USER,
                    format!("webhook `{name}` has a user without a password"),
                    "set `password_file` to the file that contains the password",
                );
                None
            }
            (None, Some(_), _) => {
                self.error(
                    field::PASSWORD_FILE,
                    format!("webhook `{name}` has a password without a user"),
                    "set `user`; for a token, set `credentials_file` instead",
                );
                None
            }
            (None, None, Some(file)) => {
                let scheme = self.text(field::SCHEME)?;
                let is_token = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
                if scheme.is_empty() || !scheme.chars().all(is_token) {
                    self.error(
                        field::SCHEME,
                        format!("`{scheme}` is not a scheme of the header `Authorization`"),
                        "write one word, such as `\"Bearer\"`",
                    );
                    return None;
                }
                Some(Some(Authentication::Credentials { scheme, file }))
            }
            (None, None, None) if is_scheme_set => {
                self.error(
                    field::SCHEME,
                    format!(
                        "`scheme` of webhook `{name}` has no effect without `credentials_file`"
                    ),
                    "set `credentials_file`, or remove `scheme`",
                );
                None
            }
            (None, None, None) => Some(None),
        }
    }

    /// Reads headers, each a name and a value separated by a colon.
    fn headers(
        &mut self,
        field: &str,
        value: impl Fn(String) -> HeaderValue,
    ) -> Option<Vec<Header>> {
        let mut all = Vec::new();
        for line in strings(self.receiver.get(field)) {
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            let parts = line
                .split_once(':')
                .map(|(name, rest)| (name.trim(), rest.trim()));
            let known = parts.filter(|(name, rest)| {
                !name.is_empty()
                    && name.chars().all(is_name)
                    && !rest.is_empty()
                    && !rest.chars().any(char::is_control)
            });
            let Some((name, rest)) = known else {
                self.error(
                    field,
                    format!("`{line}` is not an HTTP header"),
                    "write a name and a value: `\"X-Scope-OrgID: payments\"`",
                );
                return None;
            };
            if RESERVED.iter().any(|own| own.eq_ignore_ascii_case(name)) {
                self.error(
                    field,
                    format!("Alertmanager sets the header `{name}` itself"),
                    "remove it; `user`, `password_file` and `credentials_file` set `Authorization`",
                );
                return None;
            }
            let value = value(rest.to_owned());
            if let HeaderValue::File(path) = &value
                && let Some(problem) = problem_of_path(path)
            {
                self.path_error(field, &format!("`{name}` in `{field}`"), problem);
                return None;
            }
            all.push(Header {
                name: name.to_owned(),
                value,
            });
        }
        Some(all)
    }

    /// Reports relative file paths: Alertmanager resolves them against its own configuration's directory.
    fn files(&mut self) {
        for field in FILES {
            if let Value::String(file) = self.receiver.get(field)
                && let Some(problem) = problem_of_path(file)
            {
                self.path_error(field, &format!("`{field}`"), problem);
            }
        }
    }

    fn path_error(&mut self, field: &str, what: &str, problem: &str) {
        let diagnostic = Diag::new(
            &codes::SECRET_FILE,
            format!(
                "{what} of `{}` must be an absolute path on the Alertmanager host",
                self.receiver.name
            ),
            self.team
                .place_of(self.receiver, self.receiver.span_of(field)),
        )
        .label(problem.to_owned())
        .help("write the path on that host: `\"/etc/alertmanager/secrets/…\"`");
        self.diagnostics.push(diagnostic);
    }
}

/// The headers that Prometheus's HTTP clients do not let a configuration set.
const RESERVED: [&str; 18] = [
    "Authorization",
    "Host",
    "Content-Encoding",
    "Content-Length",
    "Content-Type",
    "User-Agent",
    "Connection",
    "Keep-Alive",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Www-Authenticate",
    "Accept-Encoding",
    "X-Prometheus-Remote-Write-Version",
    "X-Prometheus-Remote-Read-Version",
    "X-Prometheus-Scrape-Timeout-Seconds",
    "X-Amz-Date",
    "X-Amz-Security-Token",
    "X-Amz-Content-Sha256",
];

/// Why a path is not that of a file on another host; `None` if it is.
fn problem_of_path(file: &str) -> Option<&'static str> {
    if !file.starts_with('/') {
        Some("not an absolute path")
    } else if file.ends_with('/') {
        Some("a directory, not a file")
    } else if file.chars().any(char::is_control) {
        Some("contains control characters")
    } else {
        None
    }
}

fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::List(items) => items.iter().filter_map(text).collect(),
        _ => Vec::new(),
    }
}
