//! `[destinations.NAME]`: where `nthc apply` writes what a build generates.

use super::{Kind, setting_choices, settings_table, texts};

setting_choices! {
    /// What runs at a destination.
    DestinationType, "unknown type of destination", "not a type of destination";
    /// The ruler of Mimir or Grafana Cloud.
    Mimir = "mimir",
    /// The ruler of Cortex.
    Cortex = "cortex",
    /// The Alertmanager of Mimir, Cortex or Grafana Cloud, by its API.
    AlertmanagerApi = "alertmanager-api",
    /// A directory of rule files that a Prometheus loads.
    Prometheus = "prometheus",
    /// A directory of rule files that a Thanos ruler loads.
    Thanos = "thanos",
    /// The file that an Alertmanager loads.
    Alertmanager = "alertmanager",
    /// Dashboards and folders in Grafana.
    Grafana = "grafana",
    /// Objects in Kubernetes.
    Kubernetes = "kubernetes",
    /// PagerDuty, by OpenTofu or Terraform.
    Terraform = "terraform",
}

impl DestinationType {
    /// True if it is reached at a URL.
    pub fn needs_url(self) -> bool {
        !matches!(self, Self::Kubernetes | Self::Terraform)
    }

    /// True if it loads files from a directory.
    pub fn needs_directory(self) -> bool {
        matches!(self, Self::Prometheus | Self::Thanos | Self::Alertmanager)
    }
}

settings_table! {
    /// Where `nthc plan` and `nthc apply` write what a build generates, a table for each destination. Credentials are in variables
    /// of the environment: `NTH_<NAME>_TOKEN` or `NTH_<NAME>_TOKEN_FILE`, or `NTH_<NAME>_USER` and `NTH_<NAME>_PASSWORD`, with the
    /// destination's name in capitals and `_` for `-`.
    "destinations" => DestinationTable;

    /// What runs there.
    kind: Option<DestinationType> = None, Kind::Choice(&DestinationType::CHOICES),
        unset = "required", example = "\"mimir\"";

    /// The environment whose files are written.
    environment: Option<String> = None, Kind::Text(texts::FILLED),
        unset = "the project has none", example = "\"production\"";

    /// The base URL, without credentials. Not for Kubernetes and Terraform.
    url: Option<String> = None, Kind::Text(texts::BASE_URL),
        unset = "required, but for Kubernetes and Terraform", example = "\"https://mimir.example.com\"";

    /// The tenant, sent as `X-Scope-OrgID`. Rules are written to the tenant of `[prometheus]` or of the environment.
    tenant: Option<String> = None, Kind::Text(texts::FILLED),
        unset = "that of the rules; otherwise none is sent", example = "\"shop\"";

    /// The directory, on the machine that runs `nthc apply`, with the files of secrets that the configuration of Alertmanager names,
    /// relative to that of `nth.toml`. The API takes no files, so the secrets in them are sent with the configuration.
    secrets: Option<String> = None, Kind::Text(texts::FILLED),
        unset = "a configuration that names files is an error", example = "\"/run/secrets/alertmanager\"";

    /// Namespaces of rules that are never changed; a `*` at the end stands for any rest.
    protected: Vec<String> = Vec::new(), Kind::Texts(texts::FILLED);

    /// The directory that the server loads its files from, relative to that of `nth.toml`.
    directory: Option<String> = None, Kind::Text(texts::FILLED),
        unset = "required for files", example = "\"/etc/prometheus/rules\"";

    /// The name of Alertmanager's configuration file in the directory.
    file: String = "alertmanager.yml".to_owned(), Kind::Text(texts::FILLED);

    /// Whether the server is told to load its files again, by `POST /-/reload`. Otherwise something else must do that.
    reload: bool = true, Kind::Boolean;

    /// The context in the kubeconfig.
    context: Option<String> = None, Kind::Text(texts::FILLED),
        unset = "the current one, or the service account of the pod", example = "\"production\"";

    /// The Kubernetes namespace of objects that name none, or the namespace of an organization in Grafana.
    namespace: Option<String> = None, Kind::Text(texts::FILLED),
        unset = "that of the context; `default` in Grafana", example = "\"monitoring\"";

    /// The workspace of Terraform.
    workspace: Option<String> = None, Kind::Text(texts::FILLED),
        unset = "the selected one", example = "\"production\"";
}
