//! Annotations of dashboards: what marks deployments and incidents in graphs.

use nth_model::{Service, Settings};
use nth_promql::{BinaryOp, Expr, build};

use super::document::{
    Annotation, AnnotationQuery, AnnotationTarget, DataSource, StoredAnnotations,
};
use super::text;
use super::view::panel_query;
use crate::limits;

/// The tag of everything that nthc writes to Grafana.
pub const OWN_TAG: &str = "nthc";
/// The tag of the annotation of a deployment.
pub const DEPLOYMENT_TAG: &str = "deployment";
/// The tag of the annotation of an incident.
pub const INCIDENT_TAG: &str = "incident";

/// The tags of the annotations of a project and an environment.
pub fn scope_tags(project: &str, environment: Option<&str>) -> Vec<String> {
    let mut tags = vec![OWN_TAG.to_owned(), tag("project", project)];
    tags.extend(environment.map(|environment| tag("environment", environment)));
    tags
}

/// The tag of the annotations of a service.
pub fn service_tag(service: &str) -> String {
    tag("service", service)
}

/// A tag with a name and a value, as Grafana stores it: on one line, without spaces around it, and within the limit of its length.
fn tag(name: &str, value: &str) -> String {
    let words: Vec<&str> = value.split_whitespace().collect();
    limits::tag(format!("{name}:{}", words.join(" ")).trim())
}

/// The annotations of the dashboards of a service: deployments that a pipeline posts, with the tag `deploy` and the service's name,
/// and what `nthc ledger annotate` writes. Grafana reads them from its own database.
pub(super) fn of_service(service: &Service, settings: &Settings) -> Vec<Annotation> {
    let own = |kind: &str| {
        let mut tags = scope_tags(&settings.project, settings.environment.as_deref());
        tags.push(service_tag(&service.name));
        tags.push(kind.to_owned());
        tags.iter().map(|tag| text::literal(tag)).collect()
    };
    let mut all = vec![
        stored(
            "Deployments",
            "blue",
            vec!["deploy".to_owned(), "$service".to_owned()],
        ),
        stored("Deployments (ledger)", "blue", own(DEPLOYMENT_TAG)),
        stored("Incidents (ledger)", "red", own(INCIDENT_TAG)),
    ];
    all.extend(service.deployed.as_ref().map(deployed));
    all
}

/// The deployments that a service's own query knows: its values are their times.
fn deployed(query: &Expr) -> Annotation {
    let millis = build::binary(
        BinaryOp::Multiply,
        panel_query(query),
        build::number("1000"),
    );
    let expr = millis.to_string();
    Annotation {
        name: "Deployments (metric)",
        built_in: 0,
        datasource: DataSource::PROMETHEUS,
        enable: true,
        hide: false,
        icon_color: "blue",
        kind: None,
        target: AnnotationTarget::Query {
            expr: expr.clone(),
            ref_id: "Anno",
        },
        query: Some(AnnotationQuery {
            expr,
            use_value_for_time: true,
            title_format: "Deployment",
        }),
    }
}

/// Annotations stored in Grafana that have all of some tags.
fn stored(name: &'static str, icon_color: &'static str, tags: Vec<String>) -> Annotation {
    Annotation {
        name,
        built_in: 0,
        datasource: DataSource::GRAFANA,
        enable: true,
        hide: false,
        icon_color,
        kind: None,
        target: AnnotationTarget::Stored(StoredAnnotations {
            limit: 100,
            match_any: false,
            tags,
            kind: "tags",
        }),
        query: None,
    }
}

/// The built-in annotations: those written on the dashboard, and alerts of Grafana.
pub(super) fn built_in() -> Annotation {
    Annotation {
        name: "Annotations & Alerts",
        built_in: 1,
        datasource: DataSource::GRAFANA,
        enable: true,
        hide: true,
        icon_color: "rgba(0, 211, 255, 1)",
        kind: Some("dashboard"),
        target: AnnotationTarget::Stored(StoredAnnotations {
            limit: 100,
            match_any: false,
            tags: Vec::new(),
            kind: "dashboard",
        }),
        query: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_as_grafana_stores_them() {
        assert_eq!(
            scope_tags(" my\n shop ", Some("production")),
            ["nthc", "project:my shop", "environment:production"]
        );
        assert_eq!(scope_tags("shop", None), ["nthc", "project:shop"]);
        assert!(service_tag(&"long".repeat(40)).chars().count() <= 50);
    }
}
