//! `[policy]`: gates, and what those of a cluster need to know of it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Kind, setting_choices, settings_table, texts};

setting_choices! {
    /// An output format of gates.
    PolicyForm, "unknown gate output format", "not an output format";
    /// What `nthc gate check` reads.
    Json = "json",
    /// Rego for OPA and conftest, which decides by the output of `nthc gate facts`.
    Rego = "rego",
    /// `AnalysisTemplate` resources of Argo Rollouts.
    ArgoRollouts = "argo-rollouts",
    /// PreSync jobs and sync windows of Argo CD.
    ArgoCd = "argo-cd",
}

settings_table! {
    /// Deployment gates.
    "policy" => PolicySettings;

    /// The output formats of gates.
    forms: BTreeSet<PolicyForm> = BTreeSet::from([PolicyForm::Json, PolicyForm::Rego]),
        Kind::ChoiceList(&PolicyForm::CHOICES);

    /// The URL of the Prometheus that Argo queries, as reached from the cluster. Required with an Argo format.
    prometheus: Option<String> = None, Kind::Text(texts::BASE_URL),
        unset = "none", example = "\"http://prometheus.monitoring:9090\"";

    /// An image that contains `nthc`, for Argo CD's job. Required with `"argo-cd"`.
    image: Option<String> = None, Kind::Text(texts::IMAGE),
        unset = "none", example = "\"registry.example.com/nthc:0.1.0\"";

    /// The Kubernetes Secret with a bearer token for that Prometheus, in the namespace of the gates. The job reads it from a
    /// file, Argo Rollouts when it queries.
    token_secret: Option<String> = None, Kind::Text(texts::SECRET),
        unset = "none", example = "\"prometheus-token\"";

    /// The key of the token in the Secret.
    token_key: String = "token".to_owned(), Kind::Text(texts::KEY);

    /// The tenant that is sent to that Prometheus as `X-Scope-OrgID`, for Mimir, Cortex and Thanos. `{environment}` in it is
    /// the name of the environment.
    tenant: Option<String> = None, Kind::Text(texts::TENANTS), unset = "none", example = "\"shop-{environment}\"";

    /// The Kubernetes ConfigMap with root certificates that the job trusts, in the namespace of the gates. Argo Rollouts
    /// trusts those of its own container.
    ca_config_map: Option<String> = None, Kind::Text(texts::CONFIG_MAP),
        unset = "those of the image", example = "\"internal-ca\"";

    /// The key of the root certificates in the ConfigMap.
    ca_key: String = "ca.crt".to_owned(), Kind::Text(texts::KEY);

    /// The Kubernetes Secrets with which the job's image is pulled.
    image_pull_secrets: Vec<String> = Vec::new(), Kind::Texts(texts::SECRET),
        unset = "none", example = "[\"registry\"]";

    /// The service account of the job's pod. Its token is not mounted.
    service_account: Option<String> = None, Kind::Text(texts::SERVICE_ACCOUNT),
        unset = "that of the namespace", example = "\"gates\"";

    /// The user ID of the job's container, for an image whose user is root or a name. It never runs as root.
    run_as_user: Option<usize> = None, Kind::Count, unset = "the user of the image", example = "65532";

    /// The resources that the job requests.
    requests: BTreeMap<String, String> = resources(&[("cpu", "10m"), ("memory", "64Mi")]), Kind::Labels;

    /// The resources that limit the job.
    limits: BTreeMap<String, String> = resources(&[("memory", "256Mi")]), Kind::Labels;

    /// The labels of the nodes on which the job runs.
    node_selector: BTreeMap<String, String> = BTreeMap::new(), Kind::Labels,
        unset = "any node", example = "{ pool = \"tools\" }";

    /// The taints of nodes that the job tolerates, written as for `kubectl taint`: `key=value:effect`, or `key:effect` for any
    /// value.
    tolerations: Vec<String> = Vec::new(), Kind::Texts(texts::TAINT),
        unset = "none", example = "[\"pool=tools:NoSchedule\"]";

    /// The namespace of the resources.
    namespace: Option<String> = None, Kind::Text(texts::NAMESPACE), unset = "none", example = "\"argocd\"";

    /// The Argo CD project that gets the sync windows. `{environment}` in it is the name of the environment.
    argo_project: Option<String> = None, Kind::Text(texts::ARGO_PROJECT),
        unset = "`<project>--<environment>`", example = "\"shop-{environment}\"";
}

/// Quantities of resources by their names.
fn resources(quantities: &[(&str, &str)]) -> BTreeMap<String, String> {
    quantities
        .iter()
        .map(|(name, quantity)| ((*name).to_owned(), (*quantity).to_owned()))
        .collect()
}
