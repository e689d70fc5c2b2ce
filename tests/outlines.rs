//! The outline of a service is all that its files do not keep to themselves.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../benches/support/project.rs"]
mod project;

use std::path::{Path, PathBuf};

use nthc::backends::{Artifact, project_artifacts, service_artifacts};
use nthc::ir::{Numerator, Outline, Project, Service, Settings, Sli, Slo, TargetName, Team};
use nthc::promql::{Expr, build};

/// Removes everything that is not in the outline of a service.
fn stripped(service: &Service) -> Service {
    let mut service = service.clone();
    let constant = || build::number("1");
    service.signals.clear();
    service.runbook.clear();
    for alert in &mut service.alerts {
        alert.when = constant();
        alert.hold = None;
        alert.keep_firing = None;
        alert.limit = None;
        alert.summary = None;
        alert.description = None;
        alert.annotations.clear();
        alert.runbook_url = None;
        alert.impact = None;
        alert.steps = None;
    }
    for recording in &mut service.recordings {
        recording.query = constant();
    }
    let rows = service.panels.rows.iter_mut().map(|row| &mut row.panels);
    let dependencies = service.panels.dependencies.iter_mut();
    let panels = rows
        .chain(dependencies.map(|dependency| &mut dependency.panels))
        .chain([&mut service.panels.own]);
    for panel in panels.flatten() {
        panel.title = "A panel".to_owned();
        panel.description = None;
        panel.query = constant();
        panel.legend = None;
        panel.thresholds.clear();
        panel.missing.clear();
    }
    service.slos.iter_mut().for_each(strip_sli);
    service
}

fn strip_sli(slo: &mut Slo) {
    let constant = || build::number("1");
    let strip = |expr: &mut Option<Expr>| {
        if let Some(expr) = expr {
            *expr = constant();
        }
    };
    match &mut slo.sli {
        Sli::Events {
            numerator: Numerator::Bad(events) | Numerator::Good(events),
            total,
            total_series,
            bucket,
            breakdown: _,
        } => {
            *events = constant();
            *total = constant();
            strip(total_series);
            strip(bucket);
        }
        Sli::TimeSlices { good } => *good = constant(),
        Sli::ErrorRatio { ratio, total } => {
            *ratio = constant();
            strip(total);
        }
    }
}

fn texts(mut artifacts: Vec<Artifact>) -> Vec<(String, String)> {
    artifacts.sort_by(|left, right| left.path.cmp(&right.path));
    let texts = artifacts.into_iter();
    texts
        .map(|artifact| (artifact.path, artifact.contents))
        .collect()
}

/// Compares the files of a project with those of one in which all other services are stripped.
fn check(root: &Path) -> usize {
    let loaded = nthc::project::load(root, root).unwrap();
    let input = loaded.project.input(None);
    let session = nthc::compile::session(&input);
    let (_, environments) = session.diagnostics(None);
    let mut compared = 0;
    for environment in &environments {
        session.with_project(environment, |project, _| {
            let mut settings: Settings = session.settings_in(&input.settings, environment);
            settings.targets = TargetName::ALL.into_iter().collect();
            let services: Vec<&Service> = project.services().collect();
            let teams: Vec<&Team> = project.teams().collect();
            let stripped: Vec<Service> = services.iter().map(|service| stripped(service)).collect();
            for (service, stripped) in services.iter().zip(&stripped) {
                assert_eq!(Outline(service).to_string(), Outline(stripped).to_string());
            }
            let of_outlines = Project::new(&stripped, teams.iter().copied());
            assert_eq!(
                texts(project_artifacts(project, &settings).unwrap()),
                texts(project_artifacts(&of_outlines, &settings).unwrap()),
            );
            for service in &services {
                let others = stripped.iter().filter(|other| other.name != service.name);
                let others = Project::new(others.chain([*service]), teams.iter().copied());
                let own = texts(service_artifacts(service, project, &settings).unwrap());
                assert_eq!(
                    own,
                    texts(service_artifacts(service, &others, &settings).unwrap())
                );
                compared += own.len();
            }
        });
    }
    compared
}

/// A build that compiles a part of a project relies on it.
#[test]
fn files_of_others_are_made_of_outlines() {
    let folder = tempfile::tempdir().unwrap();
    let realistic = project::write(folder.path(), 9).unwrap();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let roots: [PathBuf; 3] = [realistic, examples.join("shop"), examples.join("store")];
    for root in roots {
        assert!(check(&root) > 20, "{root:?}");
    }
}
