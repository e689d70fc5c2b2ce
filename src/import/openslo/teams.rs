//! Generates teams from labels, and their receivers from notification targets.

use std::collections::{BTreeMap, BTreeSet};

use super::kept;
use super::model::{Metadata, Target};
use super::reader::{Findings, report_skipped};
use super::write::{block_name, comment, identifier, string};
use crate::diagnostics::{Diagnostic, codes};
use crate::schema::names::{field, kind};

/// The name of the team of objects without an owner.
const UNOWNED: &str = "unowned";

/// Teams, in the order of their first use.
#[derive(Default)]
pub struct Teams {
    teams: Vec<Team>,
}

struct Team {
    /// The value of the label; `None` for objects without an owner.
    label: Option<String>,
    name: String,
    /// The generated receivers or comments, by name.
    receivers: BTreeMap<String, String>,
}

impl Teams {
    /// Returns the name of the team for the value of a label.
    pub fn name(&mut self, label: Option<&str>) -> String {
        if let Some(team) = self
            .teams
            .iter()
            .find(|team| team.label.as_deref() == label)
        {
            return team.name.clone();
        }
        let plain = identifier(label.unwrap_or(UNOWNED));
        let taken: BTreeSet<&str> = self.teams.iter().map(|team| team.name.as_str()).collect();
        let mut name = plain.clone();
        let mut number = 2_usize;
        while taken.contains(name.as_str()) {
            name = format!("{plain}-{number}");
            number += 1;
        }
        self.teams.push(Team {
            label: label.map(str::to_owned),
            name: name.clone(),
            receivers: BTreeMap::new(),
        });
        name
    }

    /// Adds a receiver for a notification target.
    pub fn add_receiver(
        &mut self,
        team: &str,
        metadata: &Metadata,
        target: &Target,
        sends_mail: bool,
        findings: &mut Findings,
    ) {
        let Some(team) = self.teams.iter_mut().find(|known| known.name == team) else {
            return;
        };
        let source = metadata.source_name();
        let prefix = format!("{}--", team.name);
        let name = source.strip_prefix(&prefix).unwrap_or(source).to_owned();
        if team.receivers.contains_key(&name) {
            return;
        }
        let text = match receiver(&name, metadata, target) {
            Some(Receiver {
                is_mail: true,
                text,
            }) if !sends_mail => {
                findings.diagnostics.push(
                    Diagnostic::new(
                        &codes::OPENSLO_NO_MAIL_SERVER,
                        format!(
                            "email receiver `{name}` of team `{}` has no SMTP server",
                            team.name
                        ),
                        target.target.span,
                    )
                    .label("written as a comment")
                    .help(
                        "set `smarthost` and `from` in `[alertmanager]` of `nth.toml`, and import \
                        again",
                    ),
                );
                let lines: String = text.lines().map(comment).collect();
                format!(
                    "{}{lines}",
                    comment(
                        "Email needs `smarthost` and `from` in `[alertmanager]` of `nth.toml`."
                    )
                )
            }
            Some(Receiver { text, .. }) => text,
            None => {
                report_skipped(
                    findings,
                    target.target.span,
                    "missing address of a notification target",
                    "kept as a comment",
                );
                let description = target.description.as_deref().unwrap_or_default();
                comment(&format!("{name}: {} {description}", target.target.value))
            }
        };
        team.receivers.insert(name, text);
    }

    /// Returns the blocks of all teams.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for team in &self.teams {
            match &team.label {
                None => out += &comment("No label names the team: set its name."),
                Some(label) if *label != team.name => out += &comment(label),
                Some(_) => {}
            }
            out += &format!("{} {} {{\n", kind::TEAM, team.name);
            for receiver in team.receivers.values() {
                out += receiver;
            }
            out += "}\n\n";
        }
        out
    }
}

/// The block of a receiver.
struct Receiver {
    is_mail: bool,
    text: String,
}

/// Generates the receiver for a target; `None` if it has no address.
fn receiver(name: &str, metadata: &Metadata, target: &Target) -> Option<Receiver> {
    let address = metadata.annotations.get("nthc.address");
    let texts = [Some(&target.target.value), target.description.as_ref()];
    let words = || {
        texts
            .into_iter()
            .flatten()
            .flat_map(|text| text.split_whitespace())
            .map(|word| word.trim_matches(|c: char| ".,;:()<>\"'".contains(c)))
    };
    let kind = target.target.value.to_ascii_lowercase();
    let is_address = |word: &&str| {
        word.split_once('@').is_some_and(|(user, host)| {
            !user.is_empty() && host.contains('.') && !host.contains('@')
        })
    };
    let channel = |word: &&str| word.len() > 1 && word.starts_with('#');
    let (variant, field) = if kind.contains("slack") || kind.starts_with('#') {
        let channel = address
            .map(String::as_str)
            .or_else(|| words().find(channel))?;
        (
            kind::SLACK,
            format!("{} = {}\n", field::CHANNEL, string(channel)),
        )
    } else if kind.contains("pagerduty") || kind.contains("pager-duty") {
        (kind::PAGERDUTY, String::new())
    } else if kind.contains("mail") || is_address(&target.target.value.as_str()) {
        let to = address
            .map(String::as_str)
            .or_else(|| words().find(is_address))?;
        (kind::MAIL, format!("{} = {}\n", field::TO, string(to)))
    } else if let Some(variant) = [
        kind::MSTEAMS,
        kind::DISCORD,
        kind::GRAFANA_IRM,
        kind::PUSHOVER,
    ]
    .into_iter()
    .find(|variant| kind == *variant)
    {
        // Each has its URL or key in a file.
        (variant, String::new())
    } else if kind == kind::INCIDENTIO {
        (
            kind::INCIDENTIO,
            format!("{} = {}\n", field::URL, string(address?)),
        )
    } else if kind == kind::SNS {
        (
            kind::SNS,
            format!("{} = {}\n", field::TOPIC, string(address?)),
        )
    } else if kind.contains("webhook") {
        (
            kind::WEBHOOK,
            format!("{} = {}\n", field::URL, string(address?)),
        )
    } else {
        return None;
    };
    let on = metadata.annotations.get("nthc.on").map(|on| {
        on.split(", ")
            .filter(|word| kept::is_severity(word))
            .collect::<Vec<_>>()
    });
    let on = match on.as_deref() {
        Some([]) | None => String::new(),
        Some(words) => format!("{} = [{}]\n", field::ON, words.join(", ")),
    };
    Some(Receiver {
        is_mail: variant == kind::MAIL,
        text: format!(
            "{} {} : {variant} {{\n{field}{on}}}\n",
            kind::RECEIVER,
            block_name(name)
        ),
    })
}
