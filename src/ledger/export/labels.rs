//! The labels of an SLO in Prometheus.

use std::collections::BTreeMap;

use super::ExportError;
use crate::SloKey;

/// The labels of an SLO: `project`, `environment`, `service`, `slo`, and those of its group. A label of the group with one of these
/// names gets the prefix `exported_`, as in Prometheus, and characters that are not allowed in names become underscores.
pub(super) fn labels(slo: &SloKey) -> Result<BTreeMap<String, String>, ExportError> {
    let mut labels = BTreeMap::from([
        ("project".to_owned(), slo.project.clone()),
        ("service".to_owned(), slo.service.clone()),
        ("slo".to_owned(), slo.slo.clone()),
    ]);
    if let Some(environment) = &slo.environment {
        labels.insert("environment".into(), environment.clone());
    }
    for (name, value) in &slo.group {
        let mut name = valid_name(name);
        if ["project", "environment", "service", "slo"].contains(&name.as_str()) {
            name = format!("exported_{name}");
        }
        if labels.insert(name.clone(), value.clone()).is_some() {
            return Err(ExportError::DuplicateLabel {
                slo: slo.to_string(),
                label: name,
            });
        }
    }
    Ok(labels)
}

fn valid_name(name: &str) -> String {
    let valid = |letter: char| {
        if letter.is_ascii_alphanumeric() || letter == '_' {
            letter
        } else {
            '_'
        }
    };
    let mut valid: String = name.chars().map(valid).collect();
    if valid.is_empty() || valid.starts_with(|first: char| first.is_ascii_digit()) {
        valid.insert(0, '_');
    }
    // Names with two underscores at the start are Prometheus's own.
    while valid.starts_with("__") {
        valid.remove(0);
    }
    valid
}
