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
    const PLAIN: [bool; 256] = letters_digits_and(b"-._");
    encode_except(text, &PLAIN)
}

/// Which bytes are ASCII letters, digits, or among `others`.
pub const fn letters_digits_and(others: &[u8]) -> [bool; 256] {
    let mut is_plain = [false; 256];
    let mut byte = 0;
    while byte < is_plain.len() {
        is_plain[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let mut at = 0;
    while at < others.len() {
        is_plain[others[at] as usize] = true;
        at += 1;
    }
    is_plain
}

/// Encodes the bytes of a text that are not plain; only bytes of ASCII can be.
pub fn encode_except(text: &str, is_plain: &[bool; 256]) -> String {
    // Queries consist of names for the most part; what is between them triples.
    let mut out = String::with_capacity(text.len() + text.len() / 2);
    let mut rest = text;
    loop {
        let plain = rest.bytes().take_while(|byte| is_plain[usize::from(*byte)]);
        let (plain, encoded) = rest.split_at(plain.count());
        out.push_str(plain);
        let mut characters = encoded.chars();
        let Some(character) = characters.next() else {
            return out;
        };
        for byte in character.encode_utf8(&mut [0; 4]).bytes() {
            push_encoded(&mut out, byte);
        }
        rest = characters.as_str();
    }
}

/// Appends `%` and a byte in hexadecimal.
pub fn push_encoded(out: &mut String, byte: u8) {
    let digit = |value: u8| match value {
        0..=9 => char::from(b'0' + value),
        _ => char::from(b'A' + value - 10),
    };
    out.push('%');
    out.push(digit(byte >> 4));
    out.push(digit(byte & 0xf));
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
