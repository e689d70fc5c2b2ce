//! Small projects in two versions.

use std::sync::Arc;

use nth_diff::{Change, ChangeId, Class, Subject, Version};
use nth_model::{Settings, default_settings};
use nthc::comparison::witness::{Options, Versions, witnesses};
use nthc::compile::{Input, SourceInput, session};
use nthc::session::Session;

/// The project that both versions begin with.
pub const SHOP: &str = r##"
import std.http

team payments {
  slack = "#payments"

  schedule primary { zone = "Europe/London"  members = ["a@example.com", "b@example.com"] }
  escalation default { step primary { notify = primary } }
}

team platform { slack = "#platform" }

service ledger {
  team     = payments
  selector = { job = "ledger" }

  slo availability : http.availability { objective = 99.9% }
}

service checkout {
  team     = payments
  selector = { job = "checkout" }
  deployed = `max(deployed_timestamp_seconds)`

  slo availability : http.availability { objective = 99.9% }

  slo latency : http.latency(under: 300ms) { objective = 99% }

  slo orders {
    objective = 99.5%
    sli : ratio {
      good  = `orders_placed_total`
      total = `orders_total`
    }
  }

  alert backlog {
    when     = `max(queue_depth) > 1000`
    for      = 10m
    severity = page
    summary  = "${value} orders wait."
  }

  alert full {
    when     = `disk_used_ratio > 0.9`
    limit    = 10
    severity = ticket
    summary  = "A disk is full."
  }

  dependency ledger { service = ledger }

  gate production {
    deny spent   { when = budget(availability) < 10% }
    deny on-fire { when = firing(page) > 0 }
    deny burning { when = burn(availability, over: 1h) > 2 }
    deny frozen  { when = frozen("2026-12-20", to: "2026-12-27", zone: "Europe/London") }
    warn recent  { when = deploy_age() < 30m }
  }
}
"##;

/// A version: its files and settings.
#[derive(Debug, Clone)]
pub struct Text {
    pub source: String,
    pub settings: Settings,
}

impl Text {
    pub fn new(source: &str) -> Self {
        Self {
            source: source.to_owned(),
            settings: default_settings("shop"),
        }
    }

    /// Replaces parts of the source, each of which must be there.
    pub fn with(&self, changes: &[(&str, &str)]) -> Self {
        let mut text = self.clone();
        for (from, to) in changes {
            assert!(text.source.contains(from), "{from}");
            text.source = text.source.replacen(from, to, 1);
        }
        text
    }

    /// Reads the version, which has no errors.
    pub fn session(&self) -> Session {
        let input = Input {
            settings: self.settings.clone(),
            files: vec![SourceInput {
                module: "main".to_owned(),
                path: "main.nth".to_owned(),
                text: Arc::from(self.source.as_str()),
                package: false,
            }],
            catalogue: None,
            levels: nthc::suppressions::Levels::default(),
            environment: None,
        };
        let session = session(&input);
        let compiled = session.check(None);
        let errors: Vec<&str> = compiled
            .diagnostics
            .iter()
            .filter(|found| found.severity == nth_diagnostics::Severity::Error)
            .map(|found| found.message.as_str())
            .collect();
        assert!(errors.is_empty(), "{errors:?}\n{}", self.source);
        session
    }
}

/// A change as the comparison makes it.
pub fn change(id: ChangeId, subject: Subject) -> Change {
    Change {
        id,
        class: id.class(),
        subject,
        environments: Vec::new(),
        before: None,
        after: None,
        because: String::new(),
        rule: None,
        place: None,
        causes: Vec::new(),
        witness: None,
        no_witness: None,
        history: None,
        level: nth_diff::Level::default(),
        accepted: false,
        fingerprint: String::new(),
    }
}

/// Searches the incidents of changes.
pub fn search(base: &Text, head: &Text, changes: &mut [Change]) {
    search_with(base, head, changes, &Options::default());
}

/// The same with other options.
pub fn search_with(base: &Text, head: &Text, changes: &mut [Change], options: &Options) {
    let sessions = [base.session(), head.session()];
    let [one, other] = &sessions;
    one.with_project(&None, |old, _| {
        other.with_project(&None, |new, _| {
            let no_labels = nth_promql::LabelMatchers::default();
            let versions = Versions {
                base: Some(Version {
                    project: old,
                    settings: &base.settings,
                    environment_labels: &no_labels,
                }),
                head: Some(Version {
                    project: new,
                    settings: &head.settings,
                    environment_labels: &no_labels,
                }),
            };
            witnesses(versions, changes, options, &|_| {});
        });
    });
}

/// What is found, as a reader sees it.
pub fn told(change: &Change) -> String {
    let class = match change.class == change.id.class() {
        true => change.class.name().to_owned(),
        false => format!("{} → {}", change.id.class().name(), change.class.name()),
    };
    let shown = match (&change.witness, &change.no_witness) {
        (Some(witness), _) => format!(
            "{}\n    before: {}\n    after:  {}",
            witness.incident, witness.before, witness.after
        ),
        (None, Some(reason)) => format!("no incident: {reason}"),
        (None, None) => "not searched".to_owned(),
    };
    format!("{} of {} ({class})\n    {shown}", change.id, change.subject)
}

/// True if a share of these changes is to have witnesses.
pub fn is_counted(change: &Change) -> bool {
    matches!(change.id.class(), Class::Loosened | Class::Tightened)
}
