//! URLs of the runbooks and the dashboards of services.

use super::{file_stem, project_dashboard_uid};
use nth_model::settings::texts::ENVIRONMENT;
use nth_model::{Role, Service, Settings};

/// The stem of a service's runbook. Two names are reserved for the index page of a folder.
pub fn runbook_stem(service: &str) -> String {
    let mut stem = file_stem(service);
    if ["readme", "index"].contains(&stem.to_ascii_lowercase().as_str()) {
        stem.push('_');
    }
    stem
}

/// The URL of the service's runbook: its own, or else that of the page below the project's base URL.
pub fn runbook(service: &Service, settings: &Settings) -> Option<String> {
    service
        .runbook_url
        .clone()
        .or_else(|| page(service, settings))
}

/// The URL of an alert's runbook: the alert's own, the service's own, or else that of its heading in the service's page
/// below the project's base URL.
pub fn alert_runbook(
    service: &Service,
    settings: &Settings,
    own: Option<&String>,
    anchor: &str,
) -> Option<String> {
    let heading = || {
        Some(format!(
            "{}#{}",
            page(service, settings)?,
            percent_encode(anchor)
        ))
    };
    own.or(service.runbook_url.as_ref())
        .cloned()
        .or_else(heading)
}

fn page(service: &Service, settings: &Settings) -> Option<String> {
    let base = settings.runbook_base_url.as_deref()?;
    let base = match &settings.environment {
        Some(environment) => base.replace(ENVIRONMENT, &file_stem(environment)),
        None => base.to_owned(),
    };
    let stem = runbook_stem(&service.name);
    Some(join_url(&base, &format!("{stem}{}", settings.docs.suffix)))
}

/// The URL of the service's dashboard: its own, or else that in Grafana. `None` for the rules of a team, which have none.
pub fn dashboard(service: &Service, settings: &Settings) -> Option<String> {
    if service.role == Role::Team {
        return None;
    }
    service.dashboard_url.clone().or_else(|| {
        let base = settings.dashboard_base_url.as_ref()?;
        let uid = project_dashboard_uid(settings, &service.name);
        Some(join_url(base, &format!("d/{uid}")))
    })
}

fn join_url(base: &str, rest: &str) -> String {
    format!("{}/{rest}", base.trim_end_matches('/'))
}

/// Encodes text as a part of a URL: all characters except ASCII letters, digits, `-`, `.` and `_` as bytes in
/// hexadecimal.
pub fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
            out.push(char::from(byte));
        } else {
            push_encoded(&mut out, byte);
        }
    }
    out
}

/// Appends `%` and a byte in hexadecimal.
pub fn push_encoded(out: &mut String, byte: u8) {
    let digit = |value: u8| match value {
        0..=9 => char::from(b'0' + value),
        _ => char::from(b'A' + value - 10),
    };
    out.extend(['%', digit(byte >> 4), digit(byte & 0xf)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_the_folder_stays_free() {
        for (service, stem) in [
            ("checkout", "checkout"),
            ("index", "index_"),
            ("README", "README_"),
            ("readme.txt", "readme.txt"),
        ] {
            assert_eq!(runbook_stem(service), stem);
        }
    }

    #[test]
    fn parts_of_urls_are_ascii() {
        assert_eq!(percent_encode("a-1_b.c"), "a-1_b.c");
        assert_eq!(percent_encode("ö #"), "%C3%B6%20%23");
    }
}
