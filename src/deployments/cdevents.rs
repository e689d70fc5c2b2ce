//! CDEvents: `dev.cdevents.service.deployed`, `upgraded` and `rolledback`, of the specification's major version 0.
//!
//! An event is sent when the service is deployed, and has no start: the start is the time of the event. An event may be in an
//! envelope of CloudEvents, in `data`.

use std::collections::BTreeMap;

use crate::document::{Node, objects, values};
use crate::environments::Environments;
use crate::sequence::{self, Artifact, Continues, Kind, Object, Rollout};
use crate::{ReadError, Reading, Scope, Skipped};

/// The name of the source.
pub const SOURCE: &str = "cdevents";

/// Reads one event or several.
///
/// # Errors
///
/// If it is not JSON, or an event lacks what CDEvents requires.
pub fn read(bytes: &[u8], scope: &Scope) -> Result<Reading, ReadError> {
    let values = values(bytes)?;
    let mut reading = Reading::default();
    let mut environments = Environments::new(scope);
    let mut rollouts: BTreeMap<String, Vec<Rollout>> = BTreeMap::new();
    for object in objects(&values)? {
        let event = match object.get("specversion") {
            Some(_) => object.require("data")?,
            None => object,
        };
        let context = event.require("context")?;
        let Some(kind) = kind(&context)? else {
            reading.skip(Skipped::OtherEvent, 1);
            continue;
        };
        let subject = event.require("subject")?;
        let name = subject.require("id")?.text()?;
        let content = subject.require("content")?;
        let environment = content.require("environment")?.require("id")?.text()?;
        let at = context.require("timestamp")?.time()?;
        let by = context.require("source")?.text()?;
        let artifact = content.require("artifactId")?;
        let (version, identity) = purl(&artifact)?;
        if !environments.accepts(environment, &mut reading) {
            continue;
        }
        rollouts.entry(name.to_owned()).or_default().push(Rollout {
            revision: identity.clone(),
            artifact: Artifact::Text(version.clone()),
            version: Some(version),
            started: at,
            finished: Some(at),
            rolled_back: None,
            url: None,
            by: Some(by.to_owned()),
            kind,
        });
    }
    environments.finish()?;
    for (name, mut rollouts) in rollouts {
        let short = name.rsplit('/').next().unwrap_or(&name);
        let Some(service) = scope.services.find(&[&name, short]) else {
            reading.unmapped(&name, rollouts.len());
            continue;
        };
        rollouts.sort_by_key(|rollout| rollout.started);
        let object = Object {
            source: SOURCE,
            parts: &[&name, service],
            service,
            continues: Continues::Object,
        };
        sequence::add(&mut reading, scope, object, rollouts);
    }
    Ok(reading)
}

/// The kind of an event; `None` if it is about something else.
fn kind(context: &Node<'_>) -> Result<Option<Kind>, ReadError> {
    let node = context.require("type")?;
    let Some(rest) = node.text()?.strip_prefix("dev.cdevents.") else {
        return Err(node.unexpected("a type that starts with `dev.cdevents.`"));
    };
    let (kind, version) = match rest.strip_prefix("service.") {
        Some(rest) => rest.split_once('.').unwrap_or((rest, "")),
        None => return Ok(None),
    };
    let kind = match kind {
        "deployed" | "upgraded" => Kind::Deployed,
        "rolledback" => Kind::Return,
        _ => return Ok(None),
    };
    if !version.starts_with("0.") {
        return Err(node.unexpected("version 0 of the event"));
    }
    Ok(Some(kind))
}

/// The version in a package URL, and the whole of it without qualifiers. A tag in the qualifiers is added to the version.
fn purl(node: &Node<'_>) -> Result<(String, String), ReadError> {
    let text = node.text()?;
    if !text.starts_with("pkg:") {
        return Err(node.unexpected("a package URL, e.g. `pkg:oci/checkout@sha256%3A…`"));
    }
    let text = text.split('#').next().unwrap_or(text);
    let (path, qualifiers) = text.split_once('?').unwrap_or((text, ""));
    let (_, version) = path
        .rsplit_once('@')
        .filter(|(_, version)| !version.is_empty() && !version.contains('/'))
        .ok_or_else(|| node.unexpected("a package URL with a version"))?;
    let version = percent_decode(version).ok_or_else(|| node.unexpected("a package URL"))?;
    let tag = qualifiers
        .split('&')
        .find_map(|pair| pair.strip_prefix("tag="));
    let tag = tag.and_then(percent_decode).filter(|tag| !tag.is_empty());
    let shown = match tag {
        Some(tag) => format!("{tag}@{version}"),
        None => version,
    };
    Ok((shown, path.to_owned()))
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            let digits = std::str::from_utf8(&digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::tests::{lines, scope};

    fn event(kind: &str, purl: &str, hour: u32) -> String {
        format!(
            r#"{{"context":{{"version":"0.5.0","id":"{hour}","source":"/ci/shop","type":"dev.cdevents.{kind}",
            "timestamp":"2026-11-20T{hour:02}:00:00.315384Z"}},
            "subject":{{"id":"shop/checkout","type":"service","content":{{"environment":{{"id":"production"}},"artifactId":"{purl}"}}}}}}"#
        )
    }

    #[test]
    fn events_are_deployments() {
        let all = [
            event(
                "service.deployed.0.3.0",
                "pkg:oci/checkout@sha256%3Aaaaa",
                9,
            ),
            event(
                "service.upgraded.0.3.0",
                "pkg:oci/checkout@sha256%3Abbbb?tag=1.5",
                10,
            ),
            event(
                "service.upgraded.0.3.0",
                "pkg:oci/checkout@sha256%3Abbbb?tag=1.5",
                11,
            ),
            format!(
                r#"{{"specversion":"1.0","data":{}}}"#,
                event(
                    "service.rolledback.0.3.0-draft",
                    "pkg:oci/checkout@sha256%3Aaaaa",
                    12
                )
            ),
            event(
                "service.removed.0.3.0",
                "pkg:oci/checkout@sha256%3Aaaaa",
                13,
            ),
            event("build.finished.0.3.0", "pkg:oci/checkout@sha256%3Aaaaa", 14),
        ];
        let reading = read(all.join("\n").as_bytes(), &scope()).unwrap();
        assert_eq!(
            lines(&reading),
            [
                "cdevents:shop:production:shop/checkout:checkout:pkg%3Aoci/checkout@sha256%253Aaaaa:1795165200 checkout sha256:aaaa from - 09:00:00 to 09:00:00 by /ci/shop",
                "cdevents:shop:production:shop/checkout:checkout:pkg%3Aoci/checkout@sha256%253Abbbb:1795168800 checkout 1.5@sha256:bbbb from sha256:aaaa 10:00:00 to 10:00:00 by /ci/shop, rolled back 12:00:00",
            ]
        );
        assert_eq!(
            reading.skipped,
            [
                (Skipped::SameArtifact, 1),
                (Skipped::RollBack, 1),
                (Skipped::OtherEvent, 2)
            ]
            .into()
        );
    }

    #[test]
    fn a_roll_back_may_come_alone() {
        let mut scope = scope();
        let upgraded = event("service.upgraded.0.3.0", "pkg:oci/checkout@1.5", 10);
        scope.known = read(upgraded.as_bytes(), &scope).unwrap().deployments;
        let back = event("service.rolledback.0.3.0", "pkg:oci/checkout@1.4", 12);
        let reading = read(back.as_bytes(), &scope).unwrap();
        assert_eq!(reading.deployments.len(), 1);
        assert!(
            lines(&reading)[0].ends_with("rolled back 12:00:00"),
            "{reading:?}"
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        for (text, said) in [
            ("{}", "missing `context`".to_owned()),
            (
                &event("service.deployed.1.0.0", "pkg:oci/a@1", 9),
                "`context.type`: expected version 0 of the event, found \"dev.cdevents.service.deployed.1.0.0\"".to_owned(),
            ),
            (
                &event("service.deployed.0.3.0", "checkout:1.4", 9),
                "`subject.content.artifactId`: expected a package URL, e.g. `pkg:oci/checkout@sha256%3A…`, found \"checkout:1.4\"".to_owned(),
            ),
            (
                &event("service.deployed.0.3.0", "pkg:oci/checkout", 9),
                "`subject.content.artifactId`: expected a package URL with a version, found \"pkg:oci/checkout\"".to_owned(),
            ),
            (
                &event("service.deployed.0.3.0", "pkg:oci/a@1", 9).replace("\"environment\"", "\"environ\""),
                "missing `subject.content.environment`".to_owned(),
            ),
        ] {
            assert_eq!(read(text.as_bytes(), &scope()).unwrap_err().to_string(), said);
        }
    }
}
