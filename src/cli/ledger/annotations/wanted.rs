//! The annotations that the ledger wants.

use std::collections::BTreeSet;

use jiff::Timestamp;
use maud::html;
use nth_ledger::{Deployment, FoundIncident, IncidentEnd, Interval, NamedIncident, SloKey, Store};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::super::super::Context;
use super::super::super::exit::Failure;
use super::super::book::{self, Selection};
use super::super::{keys, open};
use nthc::backends::grafana::{DEPLOYMENT_TAG, INCIDENT_TAG, scope_tags, service_tag};
use nthc::diagnostics::render::one_line;

/// The start of the tag with the key of an annotation.
const KEY: &str = "nth-key:";

/// How far around a time deployments and incidents are known that are not annotated, in seconds: an annotation at its edge is not
/// taken for one that the ledger no longer has.
const MARGIN: i64 = 30 * 86_400;

/// An annotation of graphs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Annotation {
    /// The tag that identifies it.
    #[serde(skip)]
    pub key: String,
    /// The start, in milliseconds since 1970.
    pub time: i64,
    /// The end; the start if it has none.
    pub time_end: i64,
    /// The tags, in order.
    pub tags: Vec<String>,
    /// The text, as HTML.
    pub text: String,
}

impl Annotation {
    /// Whether a part of it is in a time, in seconds since 1970. Both ends belong to it.
    pub fn overlaps(&self, time: Interval) -> bool {
        self.time <= time.until * 1_000 && self.time_end >= time.from * 1_000
    }
}

/// All annotations of a project.
#[derive(Debug, Default)]
pub struct Wanted {
    /// The annotations of a time and of some days around it.
    pub annotations: Vec<Annotation>,
    /// The tags of the services that the ledger knows.
    services: BTreeSet<String>,
    /// The tags of its environments; `None` for none.
    environments: BTreeSet<Option<String>>,
}

impl Wanted {
    /// Whether an annotation with these tags is about services and an environment of this ledger alone: if the ledger does not have
    /// it, nobody has.
    pub fn owns(&self, tags: &[String]) -> bool {
        let mut services = tags.iter().filter(|tag| tag.starts_with("service:"));
        let environment = tags.iter().find(|tag| tag.starts_with("environment:"));
        services.clone().next().is_some()
            && services.all(|tag| self.services.contains(tag))
            && self.environments.contains(&environment.cloned())
    }
}

/// Whether a tag is the key of an annotation of ours.
pub fn is_key(tag: &str) -> bool {
    tag.strip_prefix(KEY).is_some_and(|hash| {
        hash.len() == 32 && hash.bytes().all(|letter| letter.is_ascii_hexdigit())
    })
}

/// The key of what these parts identify.
fn key(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    let text: String = digest
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{KEY}{text}")
}

/// Returns the annotations of a selection in a time.
///
/// # Errors
///
/// If the ledger has none of a name, or cannot be read.
pub fn wanted(
    context: &Context,
    store: &mut Store,
    selection: &Selection<'_>,
    time: Interval,
) -> Result<Wanted, Failure> {
    let around = Interval {
        from: time.from - MARGIN,
        until: time.until + MARGIN,
    };
    let is_chosen = |environment: &Option<String>, service: &str| {
        selection
            .environment
            .is_none_or(|name| environment.as_deref() == Some(name))
            && (selection.names.is_empty()
                || selection.names.iter().any(|name| {
                    name == service || { name.strip_prefix(service) }
                        .is_some_and(|rest| rest.starts_with('.'))
                }))
    };
    let mut wanted = Wanted::default();
    let mut know = |environment: &Option<String>, service: &str| {
        wanted.services.insert(service_tag(service));
        let tags = scope_tags(selection.project, environment.as_deref());
        wanted.environments.insert(tags.into_iter().nth(2));
    };
    let deployments = open::with(context, store, |store| store.deployments(around))?;
    let mut annotations = Vec::new();
    for one in deployments {
        if one.project == selection.project && is_chosen(&one.environment, &one.service) {
            know(&one.environment, &one.service);
            annotations.push(deployment(&one));
        }
    }
    // The end of what the ledger knows, for what lasts.
    let mut end = time.from;
    let slos = book::read(context, store, selection, around)?;
    for slo in &slos {
        know(&slo.key.environment, &slo.key.service);
        let watermark = open::with(context, store, |store| store.watermark(&slo.key))?;
        end = end.max(watermark.unwrap_or(end)).min(time.until);
    }
    let mut named = open::with(context, store, |store| store.incidents(around))?;
    named.retain(|one| {
        let mut services = one.services.iter();
        one.project == selection.project
            && services.any(|service| is_chosen(&one.environment, service))
    });
    for one in &named {
        for service in &one.services {
            know(&one.environment, service);
        }
        annotations.push(named_incident(one, end));
    }
    for slo in &slos {
        let own = |one: &&NamedIncident| {
            one.environment == slo.key.environment && one.services.contains(&slo.key.service)
        };
        let named: Vec<&NamedIncident> = named.iter().filter(own).collect();
        for found in slo.incidents() {
            let is_named = named.iter().any(|one| {
                one.from < found.until && one.until.is_none_or(|until| until > found.from)
            });
            if !is_named {
                annotations.push(found_incident(&slo.key, &found));
            }
        }
    }
    wanted.annotations = annotations;
    Ok(wanted)
}

/// The tags of an annotation, in order.
fn tags(
    (project, environment): (&str, Option<&str>),
    services: &[&str],
    kind: &str,
    key: &str,
) -> Vec<String> {
    let mut tags: BTreeSet<String> = scope_tags(project, environment).into_iter().collect();
    tags.extend(services.iter().map(|service| service_tag(service)));
    tags.extend([kind.to_owned(), key.to_owned()]);
    tags.into_iter().collect()
}

fn deployment(one: &Deployment) -> Annotation {
    let environment = one.environment.as_deref();
    let key = key(&[
        "deployment",
        &one.project,
        environment.unwrap_or_default(),
        &one.key,
    ]);
    let text = html! {
        "Deployment "
        (linked(one.url.as_deref(), one.version.as_deref().unwrap_or("of an unknown version")))
        " of " (one_line(&one.service))
        @if let Some(previous) = &one.previous { ", after " (one_line(previous)) }
        @if let Some(at) = one.rolled_back { ". Rolled back at " (moment(at)) }
        "."
    };
    Annotation {
        time: one.started * 1_000,
        time_end: one.finished.unwrap_or(one.started).max(one.started) * 1_000,
        tags: tags(
            (&one.project, environment),
            &[&one.service],
            DEPLOYMENT_TAG,
            &key,
        ),
        text: text.into_string(),
        key,
    }
}

fn named_incident(one: &NamedIncident, end: i64) -> Annotation {
    let environment = one.environment.as_deref();
    let key = key(&[
        "incident",
        &one.project,
        environment.unwrap_or_default(),
        &one.id,
    ]);
    let text = html! {
        "Incident " (linked(one.url.as_deref(), &one.id))
        @if !one.title.trim().is_empty() { ": " (one_line(one.title.trim())) }
        @if one.until.is_none() { ". It lasts" }
        "."
    };
    let services: Vec<&str> = one.services.iter().map(String::as_str).collect();
    Annotation {
        time: one.from * 1_000,
        time_end: one.until.unwrap_or(end).max(one.from) * 1_000,
        tags: tags((&one.project, environment), &services, INCIDENT_TAG, &key),
        text: text.into_string(),
        key,
    }
}

fn found_incident(slo: &SloKey, found: &FoundIncident) -> Annotation {
    let environment = slo.environment.as_deref();
    let name = keys::name(slo);
    let key = key(&[
        "found",
        &slo.project,
        environment.unwrap_or_default(),
        &name,
        &found.from.to_string(),
    ]);
    let text = html! {
        "Incident of " (one_line(&name)) ": "
        (count(found.bad)) " of " (count(found.total)) " events were bad"
        @if found.end == IncidentEnd::Open { ". It lasts" }
        "."
    };
    Annotation {
        time: found.from * 1_000,
        time_end: found.until * 1_000,
        tags: tags(
            (&slo.project, environment),
            &[&slo.service],
            INCIDENT_TAG,
            &key,
        ),
        text: text.into_string(),
        key,
    }
}

/// A number of events, without a fraction.
fn count(events: f64) -> String {
    format!("{events:.0}")
}

fn moment(seconds: i64) -> String {
    Timestamp::from_second(seconds)
        .map_or_else(|_| "an unknown time".to_owned(), |at| at.to_string())
}

/// A text, as a link if there is a page about it.
fn linked(url: Option<&str>, text: &str) -> maud::Markup {
    let is_page = |url: &&str| {
        let rest = url
            .strip_prefix("https://")
            .or_else(|| url.strip_prefix("http://"));
        rest.is_some_and(|rest| {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            !host.is_empty() && !host.contains('@')
        }) && !url.contains(|letter: char| letter.is_whitespace() || letter.is_control())
    };
    html! {
        @match url.filter(is_page) {
            Some(url) => { a href=(url) { (one_line(text)) } }
            None => { (one_line(text)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_differ_in_every_part() {
        let keys = [
            key(&["a", "bc"]),
            key(&["ab", "c"]),
            key(&["abc"]),
            key(&["a", "bc", ""]),
        ];
        let different: BTreeSet<&String> = keys.iter().collect();
        assert_eq!(different.len(), keys.len());
        assert!(keys.iter().all(|key| is_key(key)));
        for other in ["nth-key:", "nth-key:12", "key:0123", "nthc"] {
            assert!(!is_key(other), "{other}");
        }
    }

    #[test]
    fn what_people_wrote_is_text() {
        let one = NamedIncident {
            id: "<b>INC</b>".into(),
            project: "shop".into(),
            environment: None,
            services: vec!["checkout".into()],
            title: "<script>alert(1)</script>\u{1b}[2J".into(),
            from: 100,
            until: None,
            url: Some("javascript:alert(1)".into()),
            by: None,
        };
        let made = named_incident(&one, 400);
        assert!(
            !made.text.contains('<') && !made.text.contains('\u{1b}'),
            "{made:?}"
        );
        assert_eq!((made.time, made.time_end), (100_000, 400_000));
        let linked = NamedIncident {
            url: Some("https://example.com/i?a=1&b=\"2".into()),
            ..one
        };
        let made = named_incident(&linked, 400);
        assert!(
            made.text
                .contains("<a href=\"https://example.com/i?a=1&amp;b=&quot;2\">&lt;b&gt;"),
            "{made:?}"
        );
    }
}
