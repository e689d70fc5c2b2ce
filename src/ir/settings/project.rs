//! The tables that set what all targets have in common: `[project]`, `[kubernetes]`, `[severity]` and `[urls]`.

use std::collections::BTreeSet;

use super::{Choice, Choices, Kind, Named, settings_table, texts};
use crate::TargetName;

/// The choices of targets.
const TARGETS: Choices = Choices {
    unknown: "unknown target",
    label: "not a target",
    help: None,
    all: &{
        let mut all = [Choice { name: "", doc: "" }; TargetName::ALL.len()];
        let mut number = 0;
        while number < all.len() {
            let target = TargetName::ALL[number];
            all[number] = Choice {
                name: target.name(),
                doc: target.doc(),
            };
            number += 1;
        }
        all
    },
};

impl Named for TargetName {
    fn all() -> &'static [Self] {
        &Self::ALL
    }

    fn name(self) -> &'static str {
        self.name()
    }
}

settings_table! {
    /// The project itself.
    "project" => ProjectTable;

    /// The name under which other projects import this one: an identifier.
    name: String = String::new(), Kind::Text(texts::IDENTIFIER), example = "\"shop\"", required = true;

    /// The source directory, relative to that of `nth.toml`. A file's path below it is its module's name.
    source: String = ".".to_owned(), Kind::Text(texts::DIRECTORY_BELOW);

    /// The output directory. It can be outside of the project.
    output: String = "build".to_owned(), Kind::Text(texts::DIRECTORY);

    /// What a build generates.
    targets: BTreeSet<TargetName> = TargetName::defaults(), Kind::ChoiceList(&TARGETS);

    /// Whether other projects are built for the same Prometheus, Grafana or accounts. Names and series then include the
    /// project.
    shared: bool = false, Kind::Boolean;

    /// Whether a build keeps its sources in the output directory, as `.nthc-sources.json`, for `nthc diff --against-build`.
    record_sources: bool = false, Kind::Boolean;
}

settings_table! {
    /// Kubernetes resources of all targets.
    "kubernetes" => KubernetesTable;

    /// Whether objects are applied with `kubectl apply --server-side`, so that no annotation limits their size to
    /// 262,144 bytes.
    server_side_apply: bool = false, Kind::Boolean;

    /// Whether a `kustomization.yaml` lists the resources of each target, and another one the targets of each environment. At
    /// least one `format` must be that of Kubernetes resources.
    kustomization: bool = false, Kind::Boolean;
}

settings_table! {
    /// What pages and tickets are called in the `severity` label of alerts.
    "severity" => SeverityTable;

    /// The label of pages.
    page: String = "page".to_owned(), Kind::Text(texts::FILLED);

    /// The label of tickets.
    ticket: String = "ticket".to_owned(), Kind::Text(texts::FILLED);
}

settings_table! {
    /// Where runbooks and dashboards are, for links in alerts.
    "urls" => UrlTable;

    /// The URL of the runbooks: they are at `<runbooks>/<service>`, and an alert links to its own heading there.
    /// `{environment}` in it is the name of the environment that is built.
    runbooks: Option<String> = None, Kind::Text(texts::BASE_URL),
        unset = "alerts have no `runbook_url` but their own", example = "\"https://runbooks.example.com\"";

    /// The URL of Grafana: alerts link to `<dashboards>/d/<uid>`.
    dashboards: Option<String> = None, Kind::Text(texts::BASE_URL),
        unset = "alerts have no `dashboard_url` but their own", example = "\"https://grafana.example.com\"";
}
