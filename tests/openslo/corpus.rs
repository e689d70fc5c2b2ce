//! The format's own example files: each is read, or refused for a reason at a line.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::tools::find_shared;
use super::{compiled, imported, sound, told};

/// Files that break a rule of the format, with what stands in them instead of what must.
const INVALID: [&str; 18] = [
    "invalid-apiversion.yaml",
    "v1/alert-condition/alert-condition-no-condition.yaml",
    "v1/alert-condition/alert-condition-no-sev.yaml",
    "v1/alert-notification-target/alert-notification-target-no-target.yaml",
    "v1/alert-policy/alert-policy-inline-cond.yaml",
    "v1/alert-policy/alert-policy-malformed-cond.yaml",
    "v1/alert-policy/alert-policy-malformed-targetref.yaml",
    "v1/alert-policy/alert-policy-many-cond.yaml",
    "v1/alert-policy/alert-policy-no-cond.yaml",
    "v1/alert-policy/alert-policy-no-notification.yaml",
    "v1/invalid-apiversion.yaml",
    "v1/service/service-long-description.yaml",
    "v1/sli/sli-description-ratio-inline-metricsource.yaml",
    "v1/sli/sli-ratio-good-and-bad.yaml",
    "v1/slo/slo-indicatorref-calendar-alerts.yaml",
    "v1/slo/slo-indicatorref-rolling-alerts.yaml",
    "v1/slo/slo-no-indicatorref-calendar-alerts.yaml",
    "v1/slo/slo-no-indicatorref-rolling-alerts.yaml",
];

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, out);
        } else {
            out.push(path);
        }
    }
    out.sort();
}

#[test]
fn every_example_is_read_or_refused_at_a_line() {
    let Some(folder) = find_shared("openslo/examples") else {
        return;
    };
    let mut paths = Vec::new();
    files(&folder, &mut paths);
    let mut table = String::new();
    let mut refused = Vec::new();
    for path in paths {
        let shown = path
            .strip_prefix(&folder)
            .unwrap()
            .to_str()
            .unwrap()
            .replace('\\', "/");
        let import = imported(&std::fs::read_to_string(&path).unwrap());
        let told = told(&import);
        match &import.text {
            Some(text) => {
                sound(compiled(text));
                let left_out = told.lines().count();
                writeln!(table, "{shown}: read, {left_out} left out").unwrap();
            }
            None => {
                let error = told.lines().find(|line| line.contains("error")).unwrap();
                let error = error.strip_prefix("slos.yaml:").unwrap();
                assert!(error.starts_with(|c: char| c.is_ascii_digit()), "{error}");
                writeln!(table, "{shown}: refused at {error}").unwrap();
                refused.push(shown);
            }
        }
    }
    for invalid in INVALID {
        assert!(
            refused.iter().any(|path| path == invalid),
            "{invalid} was read"
        );
    }
    insta::assert_snapshot!("corpus", table);
}
