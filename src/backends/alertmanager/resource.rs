//! An `AlertmanagerConfig` as the Prometheus operator defines it: `v1alpha1`, which every operator stores and serves;
//! `v1beta1` is only served if a conversion webhook is installed.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::receivers::Language;
use crate::receivers::message::Wording;
use crate::resource::object_name;
use nth_model::Settings;

use super::inhibit::Inhibition;
use super::matcher;
use super::plan::Plan;
use super::receiver::Receiver;
use super::routes::{Node, group_by};
use super::times::{InResource, Names};

/// The resource.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertmanagerConfig<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata,
    spec: Spec<'a>,
}

#[derive(Debug, Serialize)]
struct Metadata {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    labels: BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Spec<'a> {
    route: Route,
    receivers: Vec<Receiver<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inhibit_rules: Vec<InhibitRule>,
    /// All time intervals, also those at which alone a receiver is notified.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mute_time_intervals: Vec<InResource>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Route {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    matchers: Vec<Matcher>,
    receiver: String,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    group_by: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    group_wait: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_interval: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repeat_interval: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    active_time_intervals: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mute_time_intervals: Vec<String>,
    #[serde(rename = "continue", skip_serializing_if = "std::ops::Not::not")]
    goes_on: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    routes: Vec<Self>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Matcher {
    name: &'static str,
    match_type: &'static str,
    value: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct InhibitRule {
    source_match: Vec<Matcher>,
    target_match: Vec<Matcher>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    equal: Vec<String>,
}

impl<'a> AlertmanagerConfig<'a> {
    /// Converts a plan to the resource. `secret` is the `Secret` with all keys, [`secret_name`].
    pub fn new(plan: &'a Plan<'_>, secret: &'a str, settings: &'a Settings) -> Self {
        let target = &settings.alertmanager;
        let managed = ("app.kubernetes.io/managed-by".to_owned(), "nthc".to_owned());
        let mut labels = BTreeMap::from([managed]);
        labels.extend(target.labels.clone());
        Self {
            api_version: "monitoring.coreos.com/v1alpha1",
            kind: "AlertmanagerConfig",
            metadata: Metadata {
                name: object_name(settings, &[]),
                namespace: target.namespace.clone(),
                labels,
            },
            spec: Spec {
                route: Route::new(
                    Node::root(plan, settings),
                    group_by(settings),
                    &plan.intervals,
                ),
                // A resource has no file of templates.
                receivers: Receiver::all(
                    &plan.receivers,
                    Language::Resource { secret },
                    &Wording::inline(settings),
                    settings,
                ),
                inhibit_rules: plan.inhibitions.iter().map(InhibitRule::new).collect(),
                mute_time_intervals: InResource::all(&plan.intervals),
            },
        }
    }
}

/// The `Secret` that contains all keys. Environments do not share PagerDuty keys, so they do not share a secret unless
/// one is configured.
pub fn secret_name(settings: &Settings) -> String {
    const SECRET: &str = "alertmanager-secrets";
    match (&settings.alertmanager.secret, &settings.environment) {
        (Some(name), _) => name.clone(),
        (None, None) => SECRET.to_owned(),
        (None, Some(environment)) => {
            let safe = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
            let environment: String = environment.to_ascii_lowercase().chars().map(safe).collect();
            let name = format!("{SECRET}-{}", environment.trim_matches('-'));
            name.trim_end_matches('-').to_owned()
        }
    }
}

impl Route {
    fn new(node: Node, group_by: &'static [&'static str], intervals: &Names) -> Self {
        let [active_time_intervals, mute_time_intervals] = node.interval_names(intervals);
        Self {
            matchers: node.matchers.iter().map(Matcher::new).collect(),
            receiver: node.receiver,
            group_by,
            group_wait: node.pace.wait,
            group_interval: node.pace.interval,
            repeat_interval: node.pace.repeat,
            active_time_intervals,
            mute_time_intervals,
            goes_on: node.goes_on,
            // A route without its own groups inherits those of its parent.
            routes: node
                .routes
                .into_iter()
                .map(|node| Self::new(node, &[], intervals))
                .collect(),
        }
    }
}

impl Matcher {
    fn new(matcher: &matcher::Matcher) -> Self {
        Self {
            name: matcher.label,
            match_type: matcher.operator.sign(),
            value: matcher.value.clone(),
        }
    }
}

impl InhibitRule {
    fn new(inhibition: &Inhibition) -> Self {
        Self {
            source_match: inhibition.source.iter().map(Matcher::new).collect(),
            target_match: inhibition.target.iter().map(Matcher::new).collect(),
            equal: inhibition.equal.clone(),
        }
    }
}
