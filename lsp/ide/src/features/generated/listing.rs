//! Lists of generated files, in Markdown with links.

use std::fmt::Write as _;

use nthc::db::{ItemKey, item_name};
use smol_str::SmolStr;

use crate::features::hover::counts;
use crate::features::markup::escape;
use crate::features::source::Source;
use crate::view::{ProjectView, View};

use super::Document;
use super::paths::{artifact_paths, environments, listing_path, services};

fn markdown(text: String) -> Document {
    Document {
        text,
        language: "markdown",
    }
}

/// The list of services.
pub fn project_listing(
    view: &View,
    project: &ProjectView,
    address: &dyn Fn(&str) -> Option<String>,
) -> Document {
    let mut text = format!("# What {} generates\n", escape(&project.targets.project));
    for environment in environments(project) {
        if let Some(environment) = &environment {
            let _ = write!(text, "\n## {}\n", escape(environment));
        }
        text.push('\n');
        for service in services(project) {
            view.stop_if_cancelled();
            let name = item_name(project.db(), service);
            let source = Source::new(project, service.file);
            let made = counts(&source, service, &environment)
                .map_or("nothing: it has errors".to_owned(), |counts| counts.words());
            let shown = link(&name, address(&listing_path(&environment, &name)));
            let _ = writeln!(text, "- {shown}: {made}");
        }
    }
    markdown(text)
}

/// The list of a service's files in an environment.
pub fn service_listing(
    project: &ProjectView,
    environment: &Option<SmolStr>,
    service: ItemKey,
    address: &dyn Fn(&str) -> Option<String>,
) -> Document {
    let name = item_name(project.db(), service);
    let mut text = format!("# What {} generates", escape(&name));
    if let Some(environment) = environment {
        let _ = write!(text, " in {}", escape(environment));
    }
    text.push_str("\n\n");
    let source = Source::new(project, service.file);
    match counts(&source, service, environment) {
        Some(counts) => {
            let _ = write!(text, "{}\n\n", counts.words());
        }
        None => text.push_str("Nothing: it has errors.\n"),
    }
    match artifact_paths(project, environment, service) {
        Ok(paths) => {
            for path in paths {
                let _ = writeln!(text, "- {}", link(&path, address(&path)));
            }
        }
        Err(problem) => {
            let _ = writeln!(text, "{}", escape(&problem.message));
        }
    }
    markdown(text)
}

fn link(name: &str, uri: Option<String>) -> String {
    match uri {
        Some(uri) => format!("[{}](<{uri}>)", escape(name)),
        None => escape(name),
    }
}
