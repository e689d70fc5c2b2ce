//! `[grafana]`: how dashboards are written, and where they go.

use super::{Kind, setting_choices, settings_table, texts};

setting_choices! {
    /// How dashboards are wrapped.
    DashboardFormat, "unknown dashboard format", "not a dashboard format";
    /// JSON files, with a provisioning file beside them.
    Json = "json",
    /// A `ConfigMap` for each dashboard, as Grafana's sidecar collects them.
    ConfigMap = "configmap",
}

settings_table! {
    /// Dashboards.
    "grafana" => GrafanaSettings;

    /// Whether dashboards are written as JSON files or as resources for Grafana's sidecar.
    format: DashboardFormat = DashboardFormat::Json, Kind::Choice(&DashboardFormat::CHOICES);

    /// The Grafana folder of the dashboards, and of the alerts of target `grafana-alerting`.
    folder: Option<String> = None, Kind::Text(texts::TITLE),
        unset = "the project's name", example = "\"Reliability\"";

    /// Additional tags of every dashboard.
    tags: Vec<String> = Vec::new(), Kind::Texts(texts::TAG), unset = "none", example = "[\"slo\"]";

    /// The name or uid of the Prometheus data source that dashboards open with. For target `grafana-alerting`, its uid.
    datasource: Option<String> = None, Kind::Text(texts::FILLED),
        unset = "Grafana's default data source", example = "\"prometheus\"";

    /// The namespace of the resources.
    namespace: Option<String> = None, Kind::Text(texts::NAMESPACE), unset = "none", example = "\"monitoring\"";

    /// The directory of the dashboards on the Grafana host. The project's name, and the environment's, are appended.
    path: String = "/var/lib/grafana/dashboards".to_owned(), Kind::Text(texts::GRAFANA_DIRECTORY);
}
