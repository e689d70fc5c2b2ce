//! What should be at a destination, from the files of a build.

use std::collections::{BTreeMap, BTreeSet};

use nth_delivery::destinations::{alertmanager_api, grafana, kubernetes};
use nth_delivery::{DesiredObject, ObjectKey, ObjectKind, Owner, Phase};
use serde_json::{Value, json};

use crate::exit::Failure;
use nthc::backends::kustomize::KUSTOMIZATION;
use nthc::backends::{Artifact, file_stem};
use nthc::ir::settings::DestinationType;
use nthc::ir::{AlertmanagerFormat, Settings, TargetName};
use nthc::project;

/// The files of an environment.
pub struct Source<'a> {
    /// Whose they are.
    pub owner: &'a Owner,
    /// The settings of the project in the environment.
    pub settings: &'a Settings,
    /// The targets of the project.
    pub of_project: &'a BTreeSet<TargetName>,
    /// The files.
    pub artifacts: &'a [Artifact],
}

impl Source<'_> {
    /// What should be at a destination.
    ///
    /// # Errors
    ///
    /// If the build generates nothing for it.
    pub fn objects(
        &self,
        destination: &project::Destination,
    ) -> Result<Vec<DesiredObject>, Failure> {
        let kind = destination.kind;
        let needed = match kind {
            DestinationType::Mimir
            | DestinationType::Cortex
            | DestinationType::Prometheus
            | DestinationType::Thanos => Some(TargetName::Prometheus),
            DestinationType::AlertmanagerApi | DestinationType::Alertmanager => {
                Some(TargetName::Alertmanager)
            }
            DestinationType::Grafana => Some(TargetName::Grafana),
            DestinationType::Terraform => Some(TargetName::PagerDuty),
            DestinationType::Kubernetes => None,
        };
        if let Some(needed) = needed
            && !self.settings.targets.contains(&needed)
        {
            let name = &destination.name.value;
            return Err(match &self.owner.environment {
                Some(environment) if self.of_project.contains(&needed) => {
                    Failure::usage(format!(
                        "destination `{name}` needs the target `{needed}`, which is not built for environment `{environment}`"
                    ))
                    .help(match needed {
                        TargetName::PagerDuty => format!(
                            "remove the destination, or let the environment page: `pages` and `targets` of `environment {environment}`"
                        ),
                        _ => format!(
                            "add it to `targets` of `environment {environment}`, or remove the destination"
                        ),
                    })
                }
                _ => Failure::usage(format!(
                    "destination `{name}` needs the target `{needed}`, which is not built"
                ))
                .help(
                    "add it to `targets` in `[project]` of `nth.toml`, or remove the destination",
                ),
            });
        }
        match kind {
            DestinationType::Mimir | DestinationType::Cortex => self.groups(),
            DestinationType::Prometheus | DestinationType::Thanos => self.rule_files(),
            DestinationType::Alertmanager => self.alertmanager(destination),
            DestinationType::AlertmanagerApi => self.alertmanager(destination),
            DestinationType::Grafana => self.dashboards(),
            DestinationType::Terraform => self.terraform(),
            DestinationType::Kubernetes => self.cluster(destination),
        }
    }

    fn files(&self, target: TargetName) -> impl Iterator<Item = &Artifact> {
        self.artifacts
            .iter()
            .filter(move |artifact| artifact.target == target)
    }

    /// A name that no other project or environment has: `shop--production--checkout`.
    fn name(&self, stem: &str) -> String {
        let mut parts = vec![self.owner.project.as_str()];
        parts.extend(self.owner.environment.as_deref());
        parts.push(stem);
        let parts: Vec<String> = parts.into_iter().map(file_stem).collect();
        parts.join("--")
    }

    /// The rule groups of each file: of a rule file, or of a resource of the Prometheus operator.
    fn each_rule_file(
        &self,
        see: &mut dyn FnMut(&Artifact, &str, Vec<Value>),
    ) -> Result<(), Failure> {
        for artifact in self.files(TargetName::Prometheus) {
            let document = yaml(artifact)?;
            let groups = document
                .get("groups")
                .or_else(|| document.get("spec")?.get("groups"));
            if let Some(groups) = groups.and_then(Value::as_array) {
                see(artifact, stem(artifact), groups.clone());
            }
        }
        Ok(())
    }

    fn groups(&self) -> Result<Vec<DesiredObject>, Failure> {
        let mut found = Vec::new();
        self.each_rule_file(&mut |artifact, stem, groups| {
            for group in groups {
                let name = group.get("name").and_then(Value::as_str);
                let name = name.unwrap_or_default().to_owned();
                found.push(DesiredObject {
                    key: ObjectKey::new(ObjectKind::RuleGroup, self.name(stem), name),
                    phase: phase(std::slice::from_ref(&group)),
                    services: services(artifact),
                    content: group,
                });
            }
        })?;
        Ok(found)
    }

    fn rule_files(&self) -> Result<Vec<DesiredObject>, Failure> {
        let mut found = Vec::new();
        self.each_rule_file(&mut |artifact, stem, groups| {
            let name = format!("{}.yaml", self.name(stem));
            found.push(DesiredObject {
                key: ObjectKey::new(ObjectKind::RuleFile, "", name),
                phase: phase(&groups),
                services: services(artifact),
                content: json!({ "groups": groups }),
            });
        })?;
        Ok(found)
    }

    /// The configuration with its templates.
    fn alertmanager(
        &self,
        destination: &project::Destination,
    ) -> Result<Vec<DesiredObject>, Failure> {
        if self.settings.alertmanager.format == AlertmanagerFormat::Fragment {
            return Err(Failure::usage(format!(
                "destination `{}` needs a complete configuration, and `[alertmanager]` generates a fragment",
                destination.name.value
            ))
            .help("name the existing file as `base` in `[alertmanager]` instead of `format = \"fragment\"`, or remove the destination"));
        }
        let mut config = None;
        let mut templates = serde_json::Map::new();
        for artifact in self.files(TargetName::Alertmanager) {
            let name = file_name(artifact);
            if name.ends_with(".tmpl") {
                templates.insert(name.to_owned(), artifact.contents.clone().into());
            } else if name.ends_with(".yml") || name.ends_with(".yaml") {
                let is_resource = yaml(artifact)?.get("apiVersion").is_some();
                if is_resource {
                    return Err(Failure::usage(format!(
                        "destination `{}` needs a configuration file, and `[alertmanager]` generates a Kubernetes resource",
                        destination.name.value
                    ))
                    .help("use a destination of kind `kubernetes`, or remove `format` from `[alertmanager]`"));
                }
                config = Some(artifact.contents.clone());
            }
        }
        let Some(config) = config else {
            return Ok(Vec::new());
        };
        let key = match destination.kind {
            DestinationType::AlertmanagerApi => {
                ObjectKey::new(ObjectKind::AlertmanagerConfig, "", alertmanager_api::NAME)
            }
            _ => {
                let file = destination.settings.file.as_str();
                ObjectKey::new(ObjectKind::AlertmanagerConfig, "", file)
            }
        };
        Ok(vec![DesiredObject {
            key,
            phase: Phase::Routes,
            services: Vec::new(),
            content: json!({ "config": config, "templates": templates }),
        }])
    }

    fn dashboards(&self) -> Result<Vec<DesiredObject>, Failure> {
        let uid = grafana::folder_uid(self.owner);
        let title = match (&self.settings.grafana.folder, &self.owner.environment) {
            (Some(folder), _) => folder.clone(),
            (None, Some(environment)) => format!("{} {environment}", self.owner.project),
            (None, None) => self.owner.project.clone(),
        };
        let mut found = vec![DesiredObject {
            key: ObjectKey::new(ObjectKind::Folder, "", uid.clone()),
            phase: Phase::Dashboards,
            services: Vec::new(),
            content: json!({ "title": title }),
        }];
        for artifact in self.files(TargetName::Grafana) {
            for document in dashboards(artifact)? {
                let name = document.get("uid").and_then(Value::as_str);
                let name = name.unwrap_or_default().to_owned();
                found.push(DesiredObject {
                    key: ObjectKey::new(ObjectKind::Dashboard, "", name),
                    phase: Phase::Dashboards,
                    services: services(artifact),
                    content: json!({ "folder": uid, "dashboard": document }),
                });
            }
        }
        Ok(found)
    }

    fn terraform(&self) -> Result<Vec<DesiredObject>, Failure> {
        let mut files = BTreeMap::new();
        for artifact in self.files(TargetName::PagerDuty) {
            if artifact.path.ends_with(".tf.json") {
                files.insert(file_name(artifact).to_owned(), json_of(artifact)?);
            }
        }
        if files.is_empty() {
            return Ok(Vec::new());
        }
        Ok(vec![DesiredObject {
            key: ObjectKey::new(ObjectKind::TerraformRoot, "", TERRAFORM),
            phase: Phase::Routes,
            services: Vec::new(),
            content: json!({ "files": files }),
        }])
    }

    /// Each Kubernetes object of each target.
    fn cluster(&self, destination: &project::Destination) -> Result<Vec<DesiredObject>, Failure> {
        let mut found = Vec::new();
        for artifact in self.artifacts {
            let is_yaml = artifact.path.ends_with(".yaml") || artifact.path.ends_with(".yml");
            let phase = match artifact.target {
                TargetName::Prometheus => Phase::Recordings,
                TargetName::Grafana => Phase::Dashboards,
                TargetName::Alertmanager => Phase::Routes,
                // Argo's objects belong to the repository of its applications.
                _ => continue,
            };
            if !is_yaml || file_name(artifact) == KUSTOMIZATION {
                continue;
            }
            for document in yaml_documents(artifact)? {
                if document.get("apiVersion").is_none() || document.get("kind").is_none() {
                    continue;
                }
                let key = kubernetes::object_key(&document)
                    .map_err(|error| Failure::io(error.to_string()))?;
                found.push(DesiredObject {
                    key,
                    phase,
                    services: services(artifact),
                    content: document,
                });
            }
        }
        if found.is_empty() {
            return Err(Failure::usage(format!(
                "destination `{}` needs Kubernetes resources, and none is built",
                destination.name.value
            ))
            .help("set `format = \"prometheus-rule\"` in `[prometheus]` of `nth.toml`, and the like in other tables"));
        }
        Ok(found)
    }
}

/// The name of the one root of Terraform.
pub const TERRAFORM: &str = "pagerduty";

/// Groups of alerts alone come after what they read.
fn phase(groups: &[Value]) -> Phase {
    let mut rules = groups
        .iter()
        .filter_map(|group| group.get("rules")?.as_array())
        .flatten();
    match rules.all(|rule| rule.get("alert").is_some()) {
        true => Phase::Alerts,
        false => Phase::Recordings,
    }
}

fn services(artifact: &Artifact) -> Vec<String> {
    artifact.owner.iter().map(ToString::to_string).collect()
}

fn file_name(artifact: &Artifact) -> &str {
    artifact.path.rsplit('/').next().unwrap_or_default()
}

fn stem(artifact: &Artifact) -> &str {
    let name = file_name(artifact);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// The dashboards in a file: one as JSON, or those in a ConfigMap or a resource of a Grafana operator.
fn dashboards(artifact: &Artifact) -> Result<Vec<Value>, Failure> {
    if artifact.path.ends_with(".json") {
        return Ok(vec![json_of(artifact)?]);
    }
    let mut found = Vec::new();
    for document in yaml_documents(artifact)? {
        let data = document.get("data").and_then(Value::as_object);
        for text in data
            .into_iter()
            .flatten()
            .filter_map(|(name, text)| text.as_str().filter(|_| name.ends_with(".json")))
        {
            found.push(serde_json::from_str(text).map_err(|_| unreadable(artifact))?);
        }
    }
    Ok(found)
}

fn json_of(artifact: &Artifact) -> Result<Value, Failure> {
    serde_json::from_str(&artifact.contents).map_err(|_| unreadable(artifact))
}

fn yaml(artifact: &Artifact) -> Result<Value, Failure> {
    Ok(yaml_documents(artifact)?
        .into_iter()
        .next()
        .unwrap_or_default())
}

fn yaml_documents(artifact: &Artifact) -> Result<Vec<Value>, Failure> {
    nth_delivery::yaml_documents(&artifact.contents).map_err(|_| unreadable(artifact))
}

fn unreadable(artifact: &Artifact) -> Failure {
    Failure::io(format!(
        "the generated file {} cannot be read",
        artifact.path
    ))
}
