//! The outline of a service is all that its files do not keep to themselves.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../benches/support/project.rs"]
mod project;

use std::path::{Path, PathBuf};

use nthc::backends::{Artifact, project_artifacts, service_artifacts};
use nthc::ir::{Project, Service, Settings, TargetName, Team};

fn texts(mut artifacts: Vec<Artifact>) -> Vec<(String, String)> {
    artifacts.sort_by(|left, right| left.path.cmp(&right.path));
    let texts = artifacts.into_iter();
    texts
        .map(|artifact| (artifact.path, artifact.contents))
        .collect()
}

/// Compares the files of a project with those of one in which all services are outlined, but for what is generated.
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
            let outlined: Vec<Service> =
                services.iter().map(|service| service.outlined()).collect();
            for outlined in &outlined {
                assert_eq!(*outlined, outlined.outlined());
            }
            let of_outlines = Project::new(&outlined, teams.iter().copied());
            assert_eq!(
                texts(project_artifacts(project, &settings).unwrap()),
                texts(project_artifacts(&of_outlines, &settings).unwrap()),
            );
            for service in &services {
                let own = texts(service_artifacts(service, project, &settings).unwrap());
                assert_eq!(
                    own,
                    texts(service_artifacts(service, &of_outlines, &settings).unwrap())
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
