//! `[alertmanager]` of `nth.toml`.

use super::manifest::read_namespace;
use super::table::{Findings, Located, Table};
use crate::diagnostics::{Applicability, Diagnostic, FileSpan, codes};
use crate::ir::{AlertmanagerFormat, AlertmanagerSettings, MailSettings, MatcherStrategy};

/// Reads the table's keys.
pub(super) fn read(
    table: &mut Table<'_>,
    settings: &mut AlertmanagerSettings,
    findings: &mut Findings,
) {
    let format = table.string("format", findings);
    if let Some(format) = &format {
        read_format(format, settings, findings);
    }
    if let Some(strategy) = table.string("matcher_strategy", findings) {
        read_strategy(&strategy, settings, findings);
    }
    if let Some(secrets) = table.string("secrets", findings) {
        if secrets.value.starts_with('/') {
            settings.secrets = secrets.value.trim_end_matches('/').to_owned();
        } else {
            findings.bad_value(
                secrets.span,
                "`alertmanager.secrets` must be an absolute path on the Alertmanager host",
                "not an absolute path",
            );
        }
    }
    if let Some(secret) = table.string("secret", findings) {
        if is_dns_subdomain(&secret.value) {
            settings.secret = Some(secret.value);
        } else {
            findings.diagnostics.push(
                Diagnostic::new(
                    &codes::PROJECT_BAD_SETTING,
                    "`alertmanager.secret` must be the name of a Kubernetes Secret",
                    secret.span,
                )
                .label("not a DNS subdomain")
                .help(
                    "use lower-case letters, digits, `-` and `.`; start and end each part with a \
                    letter or digit",
                ),
            );
        }
    }
    settings.namespace = read_namespace(table, "alertmanager", findings);
    if let Some(format) = format
        && settings.format == AlertmanagerFormat::AlertmanagerConfig
        && settings.matcher_strategy == MatcherStrategy::OnNamespace
        && settings.namespace.is_none()
    {
        findings.diagnostics.push(
            Diagnostic::new(
                &codes::NO_ALERT_NAMESPACE,
                "missing `namespace` in `[alertmanager]`",
                format.span,
            )
            .label("the Prometheus operator routes alerts by their label `namespace`")
            .help("set `namespace` to that of the resource: every alert gets it as a label")
            .help("or set `matcher_strategy = \"none\"`, if the `Alertmanager` has `alertmanagerConfigMatcherStrategy: { type: None }`"),
        );
    }
    settings.resource_labels = table
        .strings("labels", findings)
        .into_iter()
        .map(|(name, value)| (name, value.value))
        .collect();
    settings.default_team = filled(table, "default_team", findings).map(|team| team.value);
    if let Some(inhibits) = table.boolean("inhibit_dependents", findings) {
        settings.inhibit_dependents = inhibits.value;
    }
    settings.mail = read_mail(table, findings);
}

fn read_format(
    format: &Located<String>,
    settings: &mut AlertmanagerSettings,
    findings: &mut Findings,
) {
    match format.value.as_str() {
        "plain" => settings.format = AlertmanagerFormat::Plain,
        "alertmanager-config" => settings.format = AlertmanagerFormat::AlertmanagerConfig,
        other => {
            let mut diagnostic = Diagnostic::new(
                &codes::PROJECT_BAD_SETTING,
                format!("unknown Alertmanager format {other:?}"),
                format.span,
            )
            .label("not a format of the Alertmanager configuration")
            .help("use `plain` or `alertmanager-config`");
            if other.to_ascii_lowercase().contains("config") {
                diagnostic = diagnostic.fix(
                    "Replace with `alertmanager-config`",
                    format.span,
                    "\"alertmanager-config\"",
                    Applicability::Maybe,
                );
            }
            findings.diagnostics.push(diagnostic);
        }
    }
}

fn read_strategy(
    strategy: &Located<String>,
    settings: &mut AlertmanagerSettings,
    findings: &mut Findings,
) {
    match strategy.value.as_str() {
        "on-namespace" => settings.matcher_strategy = MatcherStrategy::OnNamespace,
        "none" => settings.matcher_strategy = MatcherStrategy::None,
        other => findings.diagnostics.push(
            Diagnostic::new(
                &codes::PROJECT_BAD_SETTING,
                format!("unknown matcher strategy {other:?}"),
                strategy.span,
            )
            .label("not a strategy of `alertmanagerConfigMatcherStrategy`")
            .help("use `on-namespace`, the operator's default, or `none`"),
        ),
    }
}

/// A server and a sender make mail; neither does without the other.
fn read_mail(table: &mut Table<'_>, findings: &mut Findings) -> Option<MailSettings> {
    let before = findings.diagnostics.len();
    let smarthost = table.string("smarthost", findings);
    let from = filled(table, "from", findings);
    let username = filled(table, "username", findings);
    let require_tls = table.boolean("require_tls", findings);
    if let Some(smarthost) = &smarthost
        && !is_host_and_port(&smarthost.value)
    {
        findings.bad_value(
            smarthost.span,
            "`alertmanager.smarthost` must be a host and a port",
            "as in `mail.example.com:587`",
        );
    }
    if findings.diagnostics.len() > before {
        return None;
    }
    let missing = |key: &str, span: FileSpan, findings: &mut Findings| {
        findings.diagnostics.push(
            Diagnostic::new(
                &codes::PROJECT_MISSING_SETTING,
                format!("missing `alertmanager.{key}`: email needs an SMTP server"),
                span,
            )
            .help("set `smarthost`, the server with its port, and `from`, the sender's address"),
        );
    };
    match (smarthost, from) {
        (Some(smarthost), Some(from)) => {
            return Some(MailSettings {
                smarthost: smarthost.value,
                from: from.value,
                username: username.map(|username| username.value),
                require_tls: require_tls.is_none_or(|require| require.value),
            });
        }
        (Some(smarthost), None) => missing("from", smarthost.span, findings),
        (None, Some(from)) => missing("smarthost", from.span, findings),
        (None, None) => {
            let lone = username.map(|username| username.span);
            if let Some(span) = lone.or(require_tls.map(|require| require.span)) {
                missing("smarthost", span, findings);
            }
        }
    }
    None
}

/// A string that says something.
fn filled(
    table: &mut Table<'_>,
    key: &'static str,
    findings: &mut Findings,
) -> Option<Located<String>> {
    let text = table.string(key, findings)?;
    if text.value.trim().is_empty() {
        findings.bad_value(
            text.span,
            format!("`alertmanager.{key}` must not be empty"),
            "",
        );
        return None;
    }
    Some(text)
}

/// `mail.example.com:587`, or `[::1]:25`.
fn is_host_and_port(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else {
        return false;
    };
    let bare = match host.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']').filter(|inner| inner.contains(':')),
        None => Some(host).filter(|host| !host.contains([':', '[', ']'])),
    };
    let plain = |c: char| !c.is_whitespace() && !c.is_control();
    bare.is_some_and(|host| !host.is_empty() && host.chars().all(plain))
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && port.parse::<u16>().is_ok_and(|port| port > 0)
}

/// Whether `text` is an RFC 1123 subdomain, as the name of a Kubernetes object must be.
fn is_dns_subdomain(text: &str) -> bool {
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let part = |part: &str| {
        let bytes = part.as_bytes();
        bytes.first().copied().is_some_and(alphanumeric)
            && bytes.last().copied().is_some_and(alphanumeric)
            && bytes
                .iter()
                .all(|byte| alphanumeric(*byte) || *byte == b'-')
    };
    text.len() <= 253 && text.split('.').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smarthost_is_a_host_and_a_port() {
        for good in ["mail.example.com:587", "localhost:25", "[::1]:465"] {
            assert!(is_host_and_port(good), "{good}");
        }
        for bad in [
            "",
            "mail",
            "mail:",
            ":25",
            "mail:0",
            "mail:smtp",
            "::1:25",
            "a b:25",
            "[a]:25",
            "mail:70000",
        ] {
            assert!(!is_host_and_port(bad), "{bad}");
        }
    }

    #[test]
    fn a_secret_has_a_name_that_kubernetes_takes() {
        for good in ["alertmanager-secrets", "a", "a.b-c"] {
            assert!(is_dns_subdomain(good), "{good}");
        }
        for bad in ["", "A", "-a", "a-", "a..b", "a_b", "a/b"] {
            assert!(!is_dns_subdomain(bad), "{bad}");
        }
    }
}
