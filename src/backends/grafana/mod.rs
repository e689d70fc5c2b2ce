//! Grafana: a dashboard for each service, and an overview of all.
//!
//! A service's dashboard has rows in a fixed order: its SLOs, its health, its dependencies, and its custom rows.
//! Queries of recorded series use the variable `service`; others have the service's own selector. Ids follow names, so
//! that an edit changes only the lines of its panel.

mod alerts;
mod annotations;
mod author_panels;
mod board;
mod document;
mod health;
mod layout;
mod number;
mod options;
mod overview;
mod provision;
mod slo;
mod text;
mod view;

use nth_model::{Project, Role, Service, Settings, TargetName};

pub use self::annotations::{DEPLOYMENT_TAG, INCIDENT_TAG, OWN_TAG, scope_tags, service_tag};
use self::board::Board;
use self::document::{
    Annotation, Choice, Dashboard, Item, Link, List, SCHEMA_VERSION, TimeRange, Variable,
};
use self::layout::{Section, WIDTH, assemble};
use self::overview::Overview;
use super::{Artifact, EmitError, Target, limits, project_dashboard_uid};

/// The target: a dashboard for each service, an overview of all, and their provisioning.
pub struct Grafana;

impl Target for Grafana {
    fn name(&self) -> TargetName {
        TargetName::Grafana
    }

    fn service_artifacts(
        &self,
        service: &Service,
        _project: &Project<'_>,
        settings: &Settings,
    ) -> Result<Vec<Artifact>, EmitError> {
        Ok(service_dashboard(service, settings)?.into_iter().collect())
    }

    fn project_artifacts(
        &self,
        project: &Project<'_>,
        settings: &Settings,
    ) -> Result<Vec<Artifact>, EmitError> {
        let services: Vec<&Service> = project.services().collect();
        project_files(&services, settings)
    }

    fn describes_other_services(&self) -> bool {
        false
    }
}

fn sections(service: &Service, settings: &Settings) -> Vec<Section> {
    let board = Board { service, settings };
    let mut sections = vec![
        board.slo_section(),
        board.alerts_section(),
        board.health_section(),
    ];
    sections.extend(board.dependency_sections());
    sections.extend(board.own_sections());
    sections
}

/// The number of panels on the dashboard of a service; 0 if it has none.
pub fn panel_count(service: &Service, settings: &Settings) -> usize {
    if !has_dashboard(service) {
        return 0;
    }
    let sections = sections(service, settings);
    sections.iter().map(|section| section.panels.len()).sum()
}

/// The dashboard of a service, `grafana/<service>.json`; `None` if the service has nothing to show and nothing that
/// links to it.
///
/// # Errors
///
/// If a title or an object exceeds the limit of its reader.
pub fn service_dashboard(
    service: &Service,
    settings: &Settings,
) -> Result<Option<Artifact>, EmitError> {
    if !has_dashboard(service) {
        return Ok(None);
    }
    let mut panels = assemble(sections(service, settings));
    if panels.is_empty() {
        panels = assemble(vec![empty_section()]);
    }
    let overview = (!service.slos.is_empty()).then(|| overview::uid(settings));
    let variable = Variable {
        kind: "constant",
        name: "service",
        label: "Service",
        description: "The service shown on this dashboard.",
        query: service.name.to_string(),
        datasource: None,
        current: Some(Choice {
            text: service.name.to_string(),
            value: service.name.to_string(),
        }),
        hide: 2,
        refresh: 0,
        sort: 0,
        multi: false,
        include_all: false,
    };
    let mut tags = vec![
        format!("service:{}", service.name),
        format!("tier:{}", service.tier),
    ];
    tags.extend(service.team.iter().map(|team| format!("team:{team}")));
    let dashboard = dashboard(
        settings,
        project_dashboard_uid(settings, &service.name),
        service.name.to_string(),
        service.description.clone(),
        tags,
        variable,
        annotations::of_service(service, settings),
        Board { service, settings }.links(overview),
        panels,
    );
    limits::title(&dashboard.title)?;
    provision::artifact(&service.name, &dashboard, settings).map(Some)
}

/// The overview of all services with SLOs, `grafana/slo-overview.json`, and the provisioning of the dashboards.
fn project_files(services: &[&Service], settings: &Settings) -> Result<Vec<Artifact>, EmitError> {
    let mut files = Vec::new();
    if services.iter().any(|service| has_dashboard(service)) {
        files.extend(provision::provisioning(settings)?);
    }
    let Some(overview) = Overview::new(services, settings) else {
        return Ok(files);
    };
    let dashboard = dashboard(
        settings,
        overview::uid(settings),
        format!("SLOs of {}", settings.project),
        Some("Error budgets and burn rates of all SLOs in the project.".into()),
        vec!["slo-overview".into()],
        overview.variable(),
        Vec::new(),
        Vec::new(),
        assemble(overview.sections()),
    );
    files.push(provision::artifact("slo-overview", &dashboard, settings)?);
    Ok(files)
}

/// Returns whether a service has something to show, or something that links to its dashboard.
fn has_dashboard(service: &Service) -> bool {
    if service.role == Role::Team {
        return false;
    }
    let panels = &service.panels;
    !service.slos.is_empty()
        || !service.alerts.is_empty()
        || !panels.own.is_empty()
        || panels.rows.iter().any(|row| !row.panels.is_empty())
        || panels
            .dependencies
            .iter()
            .any(|dependency| !dependency.panels.is_empty())
}

#[allow(
    clippy::too_many_arguments,
    reason = "each is a part of a dashboard, named where it is given"
)]
fn dashboard(
    settings: &Settings,
    uid: String,
    name: String,
    description: Option<String>,
    own_tags: Vec<String>,
    variable: Variable,
    own_annotations: Vec<Annotation>,
    links: Vec<Link>,
    panels: Vec<Item>,
) -> Dashboard {
    let environment = settings.environment.as_deref();
    let title = match environment {
        Some(environment) => format!("{name} ({environment})"),
        None => name,
    };
    let mut tags = vec!["nthc".to_owned()];
    tags.extend(environment.map(|environment| format!("environment:{environment}")));
    tags.extend(own_tags);
    tags.extend(settings.grafana.tags.iter().cloned());
    let mut seen = std::collections::BTreeSet::new();
    let tags: Vec<String> = tags
        .iter()
        .map(|tag| limits::tag(tag))
        .filter(|tag| seen.insert(tag.clone()))
        .collect();
    Dashboard {
        id: None,
        uid,
        title,
        description,
        tags,
        editable: false,
        graph_tooltip: 1,
        time: TimeRange {
            from: "now-24h",
            to: "now",
        },
        refresh: "1m",
        timezone: "browser",
        schema_version: SCHEMA_VERSION,
        templating: List {
            list: vec![data_source(settings), variable],
        },
        annotations: List {
            list: [annotations::built_in()]
                .into_iter()
                .chain(own_annotations)
                .collect(),
        },
        links,
        panels,
    }
}

/// The variable of the Prometheus data source.
fn data_source(settings: &Settings) -> Variable {
    Variable {
        kind: "datasource",
        name: "datasource",
        label: "Data source",
        description: "Prometheus data source.",
        query: "prometheus".into(),
        datasource: None,
        current: settings.grafana.datasource.as_ref().map(|name| Choice {
            text: name.clone(),
            value: name.clone(),
        }),
        hide: 0,
        refresh: 1,
        sort: 0,
        multi: false,
        include_all: false,
    }
}

/// The section of a dashboard that only alerts link to, without anything to show.
fn empty_section() -> Section {
    Section {
        key: "nothing".into(),
        title: "No panels yet".into(),
        is_collapsed: false,
        panels: vec![view::text_panel(
            "nothing",
            (WIDTH, 4),
            "No panels yet",
            "The service has alerts, but no SLO and no panel.",
            "This service has no `slo` and no `panel`. Add one to show it here.".into(),
        )],
    }
}
