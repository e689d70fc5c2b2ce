//! `[policy]`: gates, and what those of a cluster need to know of it.

use std::collections::BTreeSet;

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

    /// The namespace of the resources.
    namespace: Option<String> = None, Kind::Text(texts::NAMESPACE), unset = "none", example = "\"argocd\"";

    /// The Argo CD project that gets the sync windows. `{environment}` in it is the name of the environment.
    argo_project: Option<String> = None, Kind::Text(texts::ARGO_PROJECT),
        unset = "`<project>--<environment>`", example = "\"shop-{environment}\"";
}
