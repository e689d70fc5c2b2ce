//! The file `alertmanager.yml` as Alertmanager defines it.

use serde::Serialize;

use crate::receivers::message::Wording;
use crate::receivers::{self, Entry, Language};
use nth_model::Settings;

use super::inhibit::Inhibition;
use super::matcher::Matcher;
use super::plan::Plan;
use super::receiver::Receiver;
use super::routes::{Node, group_by};
use super::times::{InFile, Names};

/// The file with the texts of messages, beside this one.
pub const TEMPLATES: &str = "nthc.tmpl";

/// The complete file.
#[derive(Debug, Serialize)]
pub struct Config<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    global: Option<Entry<'a>>,
    templates: [&'static str; 1],
    route: Route,
    receivers: Vec<Receiver<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inhibit_rules: Vec<InhibitRule>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    time_intervals: Vec<InFile>,
}

/// A route.
#[derive(Debug, Serialize)]
pub struct Route {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    matchers: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
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

/// An inhibition rule.
#[derive(Debug, Serialize)]
pub struct InhibitRule {
    source_matchers: Vec<String>,
    target_matchers: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    equal: Vec<String>,
}

impl<'a> Config<'a> {
    /// Converts a plan to the file.
    pub fn new(plan: &'a Plan<'_>, settings: &'a Settings) -> Self {
        let target = &settings.alertmanager;
        let sends_mail = plan.receivers.iter().any(|contact| {
            let mut integrations = contact.integrations.iter();
            integrations.any(|one| receivers::describe(&one.channel).needs_mail_server())
        });
        let mail = target.mail().filter(|_| sends_mail);
        // There are many receivers and few texts.
        let wording = Wording::by_name(settings);
        Self {
            global: mail.map(|mail| receivers::smtp(mail, target)),
            templates: [TEMPLATES],
            route: Route::new(
                Node::root(plan, settings),
                group_by(settings),
                &plan.intervals,
            ),
            receivers: Receiver::all(&plan.receivers, Language::File, &wording, settings),
            inhibit_rules: plan.inhibitions.iter().map(InhibitRule::new).collect(),
            time_intervals: InFile::all(&plan.intervals),
        }
    }
}

impl Route {
    /// Converts a node with its children. These inherit `group_by`.
    pub fn new(node: Node, group_by: &'static [&'static str], intervals: &Names) -> Self {
        let [active_time_intervals, mute_time_intervals] = node.interval_names(intervals);
        Self {
            matchers: texts(&node.matchers),
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

impl InhibitRule {
    /// Converts a rule.
    pub fn new(inhibition: &Inhibition) -> Self {
        Self {
            source_matchers: texts(&inhibition.source),
            target_matchers: texts(&inhibition.target),
            equal: inhibition.equal.clone(),
        }
    }
}

fn texts(matchers: &[Matcher]) -> Vec<String> {
    matchers.iter().map(Matcher::text).collect()
}
