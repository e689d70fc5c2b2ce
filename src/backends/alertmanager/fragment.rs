//! What a project adds to an existing configuration, list by list.

use serde::Serialize;

use crate::receivers::Language;
use crate::receivers::message::Wording;
use nth_model::Settings;

use super::config::{InhibitRule, Route, TEMPLATES};
use super::plan::Plan;
use super::receiver::Receiver;
use super::routes::{Node, group_by};
use super::times::InFile;

/// The name of the file.
pub const FRAGMENT: &str = "alertmanager-fragment.yml";

/// The comment that says where each list belongs.
pub const PLACES: &str = "# Add each list to the one of the same name in the existing configuration: `routes` before those of the root \
    route,\n# the others at any place.\n";

/// Lists of `alertmanager.yml`, and `routes` of its root route.
#[derive(Debug, Serialize)]
pub struct Fragment<'a> {
    /// The files with message texts.
    templates: [&'static str; 1],
    /// The routes of the project's alerts; before others in the root route.
    routes: Vec<Route>,
    receivers: Vec<Receiver<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inhibit_rules: Vec<InhibitRule>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    time_intervals: Vec<InFile>,
}

impl<'a> Fragment<'a> {
    /// Converts a plan to the fragment.
    pub fn new(plan: &'a Plan<'_>, settings: &'a Settings) -> Self {
        let wording = Wording::by_name(settings);
        // The first receiver notifies nobody, and no route of a fragment goes to it.
        let receivers = plan.receivers.get(1..).unwrap_or_default();
        Self {
            templates: [TEMPLATES],
            routes: Node::own(plan, settings)
                .into_iter()
                .map(|node| Route::new(node, group_by(settings), &plan.intervals))
                .collect(),
            receivers: Receiver::all(receivers, Language::File, &wording, settings),
            inhibit_rules: plan.inhibitions.iter().map(InhibitRule::new).collect(),
            time_intervals: InFile::all(&plan.intervals),
        }
    }
}
