//! The destinations of `nth.toml`, connected to.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nth_delivery::destinations::alertmanager::{Alertmanager, AlertmanagerSettings};
use nth_delivery::destinations::alertmanager_api::{AlertmanagerApi, AlertmanagerApiSettings};
use nth_delivery::destinations::grafana::{Grafana, GrafanaSettings};
use nth_delivery::destinations::kubernetes::{
    ClusterAccess, Kubernetes, KubernetesSettings, ResourceType,
};
use nth_delivery::destinations::prometheus::{Evaluator, Prometheus, PrometheusSettings, Reload};
use nth_delivery::destinations::ruler::{Ruler, RulerApi, RulerSettings};
use nth_delivery::destinations::secret_files::SecretFiles;
use nth_delivery::destinations::terraform::{Terraform, TerraformSettings};
use nth_delivery::http::HttpClient;
use nth_delivery::{Destination, Owner};
use ureq::Agent;

use super::failure_at;
use super::objects::TERRAFORM;
use crate::exit::Failure;
use crate::http::{Way, base_url};
use crate::options::{Connection, DeliveryOptions};
use crate::prometheus_client::read_credentials;
use nthc::backends::file_stem;
use nthc::diagnostics::suggest;
use nthc::ir::settings::DestinationType;
use nthc::project::{self, io_cause, read_file_at_most};

/// The prefix of variables in the code that reads them.
const PREFIX: &str = "NTH_PROMETHEUS_";

/// The largest file of a secret, in bytes: that of a Kubernetes Secret.
const MOST_OF_SECRET: u64 = 1 << 20;

/// Chooses the destinations of an environment, or those that are named.
///
/// # Errors
///
/// If there is none, or a name is unknown.
pub fn choose<'d>(
    declared: &'d [project::Destination],
    environment: Option<&str>,
    options: &DeliveryOptions,
) -> Result<Vec<&'d project::Destination>, Failure> {
    let here: Vec<&project::Destination> = declared
        .iter()
        .filter(|one| one.settings.environment.as_deref() == environment)
        .collect();
    let names = || here.iter().map(|one| one.name.value.as_str());
    for name in &options.destinations {
        if names().any(|known| known == name) {
            continue;
        }
        let failure = Failure::usage(match environment {
            Some(environment) => format!("environment `{environment}` has no destination `{name}`"),
            None => format!("unknown destination `{name}`"),
        });
        return Err(match suggest::nearest(name, names()) {
            Some(near) => failure.help(format!("did you mean `{near}`?")),
            None => failure.help("declare it in `nth.toml`: `[destinations.NAME]`"),
        });
    }
    if here.is_empty() {
        let failure = Failure::usage(match environment {
            Some(environment) => format!("environment `{environment}` has no destination"),
            None => "the project has no destination".to_owned(),
        });
        let others = declared
            .iter()
            .find(|one| environment.is_none() && one.settings.environment.is_some());
        return Err(failure.help(match (environment, others) {
            (Some(environment), _) => format!(
                "add one to `nth.toml`: `[destinations.NAME]` with `kind`, `url` and `environment = \"{environment}\"`"
            ),
            (None, Some(other)) => format!(
                "remove `environment` from `[destinations.{}]`: the project has no environments",
                other.name.value
            ),
            (None, None) => {
                "add one to `nth.toml`: `[destinations.NAME]` with `kind` and `url`".to_owned()
            }
        }));
    }
    Ok(here
        .into_iter()
        .filter(|one| {
            options.destinations.is_empty() || options.destinations.contains(&one.name.value)
        })
        .collect())
}

/// What connections need.
pub struct Connecting<'a> {
    /// The folder of `nth.toml`.
    pub root: &'a Path,
    /// The output folder.
    pub output: &'a Path,
    /// Whose objects.
    pub owner: &'a Owner,
    /// The directory of secrets that the configuration of Alertmanager names.
    pub secrets: &'a str,
    /// The tenant of the rules.
    pub tenant: Option<&'a str>,
    /// The longest request.
    pub timeout: Duration,
    /// The variables of the environment.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
}

/// What is done with a plan of Terraform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TerraformPlan {
    /// Looking makes a new one, which is not kept.
    Discarded,
    /// Looking makes a new one, which is kept; an apply does what is kept.
    Kept,
}

/// A way to a server, with credentials.
struct Server {
    agent: Agent,
    base: String,
    headers: Vec<(String, String)>,
    secrets: Vec<String>,
}

impl Connecting<'_> {
    /// Connects to a destination. Most request nothing yet.
    ///
    /// # Errors
    ///
    /// If a setting or a credential is invalid.
    pub fn connect(
        &self,
        declared: &project::Destination,
        plan: TerraformPlan,
    ) -> Result<Box<dyn Destination>, Failure> {
        let settings = &declared.settings;
        let name = &declared.name.value;
        let failed = |error| failure_at(name, &error);
        Ok(match declared.kind {
            DestinationType::Mimir | DestinationType::Cortex => {
                let server = self.server(declared)?;
                let api = match declared.kind {
                    DestinationType::Mimir => RulerApi::Mimir,
                    _ => RulerApi::Cortex,
                };
                let ruler = RulerSettings {
                    api,
                    tenant: self.rules_tenant(declared)?,
                    protected: settings.protected.clone(),
                };
                Box::new(
                    Ruler::new(
                        server.agent,
                        &server.base,
                        &server.headers,
                        server.secrets,
                        ruler,
                    )
                    .map_err(failed)?,
                )
            }
            DestinationType::AlertmanagerApi => {
                let server = self.server(declared)?;
                let tenant = AlertmanagerApiSettings {
                    tenant: settings.tenant.clone(),
                    secrets: self.secret_files(declared)?,
                };
                Box::new(
                    AlertmanagerApi::new(
                        server.agent,
                        &server.base,
                        &server.headers,
                        server.secrets,
                        tenant,
                    )
                    .map_err(failed)?,
                )
            }
            DestinationType::Prometheus | DestinationType::Thanos => {
                let files = PrometheusSettings {
                    folder: self.folder(declared),
                    reload: reload(declared),
                    evaluator: match declared.kind {
                        DestinationType::Prometheus => Evaluator::Prometheus,
                        _ => Evaluator::Thanos,
                    },
                };
                Box::new(Prometheus::new(self.client(declared)?, &files).map_err(failed)?)
            }
            DestinationType::Alertmanager => {
                let files = AlertmanagerSettings {
                    folder: self.folder(declared),
                    file: settings.file.clone(),
                    reload: reload(declared),
                };
                Box::new(Alertmanager::new(self.client(declared)?, &files).map_err(failed)?)
            }
            DestinationType::Grafana => {
                let namespace = settings.namespace.clone();
                let grafana = GrafanaSettings {
                    namespace: namespace.unwrap_or_else(|| "default".to_owned()),
                    organization: None,
                    owner: self.owner.clone(),
                };
                Box::new(Grafana::new(self.client(declared)?, grafana))
            }
            DestinationType::Kubernetes => {
                let access = ClusterAccess {
                    kubeconfig: None,
                    context: settings.context.clone(),
                    url: None,
                };
                let cluster = KubernetesSettings {
                    access,
                    namespace: settings.namespace.clone(),
                    types: ResourceType::generated(),
                    timeout: self.timeout,
                };
                Box::new(Kubernetes::new(cluster).map_err(failed)?)
            }
            DestinationType::Terraform => Box::new(self.terraform(declared, plan).map_err(failed)?),
        })
    }

    fn terraform(
        &self,
        declared: &project::Destination,
        plan: TerraformPlan,
    ) -> Result<Terraform, nth_delivery::DeliveryError> {
        let mut folder = self.output.to_path_buf();
        folder.extend(self.owner.environment.as_deref().map(file_stem));
        folder.push("pagerduty");
        let kept = self.root.join(".nth");
        let stem = self.owner.environment.as_deref().map(file_stem);
        let file = match stem {
            Some(stem) => format!("terraform-{stem}.plan"),
            None => "terraform.plan".to_owned(),
        };
        Terraform::new(TerraformSettings {
            name: TERRAFORM.to_owned(),
            root: folder,
            program: None,
            workspace: declared.settings.workspace.clone(),
            plan_file: (plan == TerraformPlan::Kept).then(|| kept.join(file)),
            owner: self.owner.clone(),
            timeout: Duration::from_secs(600).max(self.timeout),
        })
    }

    /// Reads the secrets that are sent to a server that reads no files.
    fn secret_files(&self, declared: &project::Destination) -> Result<SecretFiles, Failure> {
        let directory = self.secrets.to_owned();
        let Some(folder) = &declared.settings.secrets else {
            return Ok(SecretFiles {
                directory,
                secrets: None,
            });
        };
        let folder = self.root.join(folder);
        let failed = |path: &Path, cause: &str| {
            let name = &declared.name.value;
            let path = path.display();
            Failure::io(format!(
                "cannot read {path}, of the `secrets` of destination `{name}`: {cause}"
            ))
        };
        let entries = fs::read_dir(&folder).map_err(|cause| failed(&folder, &io_cause(&cause)))?;
        let mut secrets = BTreeMap::new();
        for entry in entries {
            let path = entry
                .map_err(|cause| failed(&folder, &io_cause(&cause)))?
                .path();
            let name = path.file_name().and_then(|name| name.to_str());
            // Kubernetes mounts a secret with folders and links beside its files.
            let Some(name) = name.filter(|_| path.is_file()) else {
                continue;
            };
            let bytes = read_file_at_most(&path, MOST_OF_SECRET)
                .map_err(|cause| failed(&path, &io_cause(&cause)))?;
            let text = String::from_utf8(bytes).map_err(|_| failed(&path, "it is not UTF-8"))?;
            secrets.insert(name.to_owned(), text);
        }
        Ok(SecretFiles {
            directory,
            secrets: Some(secrets),
        })
    }

    /// The tenant whose rules are written. That of a destination is the one of the rules, if both are set.
    fn rules_tenant(&self, declared: &project::Destination) -> Result<Option<String>, Failure> {
        match (declared.settings.tenant.as_deref(), self.tenant) {
            (Some(own), Some(of_rules)) if own != of_rules => Err(Failure::usage(format!(
                "destination `{}` has tenant `{own}`, and the rules are of tenant `{of_rules}`",
                declared.name.value
            ))
            .help("remove `tenant` from the destination, or set it to that of the rules")),
            (own, of_rules) => Ok(own.or(of_rules).map(str::to_owned)),
        }
    }

    fn folder(&self, declared: &project::Destination) -> PathBuf {
        let directory = declared.settings.directory.as_deref().unwrap_or_default();
        self.root.join(directory)
    }

    fn client(&self, declared: &project::Destination) -> Result<HttpClient, Failure> {
        let server = self.server(declared)?;
        HttpClient::new(server.agent, &server.base, &server.headers, server.secrets)
            .map_err(|error| failure_at(&declared.name.value, &error))
    }

    fn server(&self, declared: &project::Destination) -> Result<Server, Failure> {
        let name = &declared.name.value;
        let prefix = format!("NTH_{}_", name.to_uppercase().replace('-', "_"));
        let url = declared.settings.url.as_deref().unwrap_or_default();
        let instead = format!("set {prefix}USER and {prefix}PASSWORD instead");
        let (base, uri) = base_url(
            url,
            &format!("destinations.{name}.url"),
            "https://mimir.example.com",
            &instead,
        )?;
        let variable = |known: &str| match known.strip_prefix(PREFIX) {
            Some(rest) => (self.variable)(&format!("{prefix}{rest}")),
            None => (self.variable)(known),
        };
        let named = |failure: Failure| Failure {
            message: failure.message.replace(PREFIX, &prefix),
            help: failure.help.map(|help| help.replace(PREFIX, &prefix)),
            ..failure
        };
        let connection = Connection::default();
        let way = Way::new(&uri, self.timeout, &connection, &variable).map_err(named)?;
        let credentials = read_credentials(&connection, &variable).map_err(named)?;
        let mut headers = Vec::new();
        let mut add = |name: &str, value: Option<&ureq::http::HeaderValue>| {
            let text = value.and_then(|value| value.to_str().ok());
            headers.extend(text.map(|text| (name.to_owned(), text.to_owned())));
        };
        add("Authorization", credentials.header.as_ref());
        add("Proxy-Authorization", way.proxy_authorization.as_ref());
        let mut secrets = way.secrets;
        secrets.extend(credentials.secrets);
        Ok(Server {
            agent: way.agent,
            base,
            headers,
            secrets,
        })
    }
}

fn reload(declared: &project::Destination) -> Reload {
    match declared.settings.reload {
        true => Reload::Http,
        false => Reload::Elsewhere,
    }
}
