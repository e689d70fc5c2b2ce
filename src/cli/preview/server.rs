//! The web server of the preview, for this machine only.
//!
//! It listens on the loopback address and answers only requests with a loopback host name, so that a page from elsewhere
//! cannot reach it through a DNS name that points here. The page runs only its own scripts.

use std::convert::Infallible;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::{Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::WatchStream;

use super::live_project::{Models, Simulated};
use crate::prometheus_client::Client;
use nthc::ir::detection::COLUMNS;
use nthc::preview::page::FILES;
use nthc::preview::{self, Model, OVERVIEW, PanelQuery, panel_expression};

/// The approximate number of points of a panel.
const POINTS: u64 = 200;

/// The content security policy of the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The state that requests and the project reader share.
pub struct PreviewState {
    models: RwLock<Models>,
    version: watch::Sender<u64>,
    client: Option<Client>,
}

impl PreviewState {
    /// Creates the state with the first models, and a client if panels show the data of Prometheus.
    pub fn new(models: Models, client: Option<Client>) -> Self {
        Self {
            models: RwLock::new(models),
            version: watch::Sender::new(0),
            client,
        }
    }

    /// Replaces the models and notifies every open page.
    pub fn show(&self, models: Models) {
        *self.models.write().unwrap_or_else(PoisonError::into_inner) = models;
        self.version.send_modify(|version| *version += 1);
    }

    /// Returns what detection times are simulated of in an environment, or in the first one if no environment is given.
    fn source(&self, environment: Option<&str>) -> Option<Arc<Simulated>> {
        let shown = self.models.read().unwrap_or_else(PoisonError::into_inner);
        match environment {
            Some(name) => shown.sources.get(&Some(name.to_owned())).cloned(),
            None => shown.sources.values().next().cloned(),
        }
    }

    /// Returns the model of an environment, or the first one if no environment is given.
    fn model(&self, environment: Option<&str>) -> Option<Arc<Model>> {
        let shown = self.models.read().unwrap_or_else(PoisonError::into_inner);
        match environment {
            Some(name) => shown.models.get(&Some(name.to_owned())).cloned(),
            None => shown.models.values().next().cloned(),
        }
    }
}

/// Serves requests until the process is interrupted.
///
/// # Errors
///
/// If the connection to the network fails.
pub async fn serve(listener: TcpListener, shared: Arc<PreviewState>) -> io::Result<()> {
    let mut routes = Router::new()
        .route("/api/model", get(model))
        .route("/api/values", post(values))
        .route("/api/dashboard", get(dashboard))
        .route("/api/detection", get(detection))
        .route("/events", get(events));
    for file in FILES {
        let answer = move || async move { ([(header::CONTENT_TYPE, file.media_type)], file.text) };
        routes = routes.route(&format!("/{}", file.path), get(answer));
    }
    let routes = routes
        .with_state(shared)
        .layer(middleware::from_fn(only_local));
    tokio::select! {
        ended = async { axum::serve(listener, routes).await } => ended,
        // Open pages hold connections that never end, so there is nothing to wait for.
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

/// Rejects requests with the host name of another machine.
async fn only_local(request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let name = host.map(|host| host.rsplit_once(':').map_or(host, |(name, _)| name));
    if !matches!(name, Some("127.0.0.1" | "localhost")) {
        let words = "The preview is only available on this machine.\n";
        return (StatusCode::FORBIDDEN, words).into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-cache"));
    response
}

#[derive(Deserialize)]
struct ModelQuery {
    environment: Option<String>,
}

async fn model(
    State(shared): State<Arc<PreviewState>>,
    Query(query): Query<ModelQuery>,
) -> Response {
    // The environment may have been removed since the page was loaded.
    let found = shared
        .model(query.environment.as_deref())
        .or_else(|| shared.model(None));
    match found {
        Some(model) => Json(&*model).into_response(),
        None => error_response(StatusCode::NOT_FOUND, "nothing to show"),
    }
}

async fn values(
    State(shared): State<Arc<PreviewState>>,
    Json(panel_query): Json<PanelQuery>,
) -> Response {
    let query = shared
        .model(panel_query.environment.as_deref())
        .and_then(|model| panel_expression(&model, &panel_query));
    let Some(query) = query else {
        return error_response(StatusCode::NOT_FOUND, "this panel no longer exists");
    };
    let step = (panel_query.to.saturating_sub(panel_query.from) / POINTS).max(1);
    let answered = tokio::task::spawn_blocking(move || {
        let client = shared.client.as_ref()?;
        Some(client.values(&query, panel_query.from, panel_query.to, step))
    });
    match answered.await {
        Ok(Some(Ok(series))) => Json(json!({ "series": series })).into_response(),
        Ok(Some(Err(failure))) => error_response(StatusCode::BAD_GATEWAY, &failure.message),
        Ok(None) => error_response(StatusCode::NOT_FOUND, "no Prometheus is configured"),
        Err(_) => error_response(StatusCode::INTERNAL_SERVER_ERROR, "the query failed"),
    }
}

#[derive(Deserialize)]
struct DashboardQuery {
    environment: Option<String>,
    /// The name of the service; empty for the overview.
    name: String,
}

/// Answers with the sample values of a dashboard and the states of the alerts. With a Prometheus, only with the alerts: panels
/// ask for their own values.
async fn dashboard(
    State(shared): State<Arc<PreviewState>>,
    Query(query): Query<DashboardQuery>,
) -> Response {
    let environment = query.environment.as_deref();
    let (source, model) = (shared.source(environment), shared.model(environment));
    let (Some(source), Some(model)) = (source, model) else {
        return error_response(StatusCode::NOT_FOUND, "nothing to show");
    };
    let name = query.name;
    let answered = tokio::task::spawn_blocking(move || match &shared.client {
        Some(_) if name == OVERVIEW => Some(json!({ "alerts": [] })),
        Some(client) => {
            let mut alerts = source.alerts(&name)?;
            let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
            // Without an answer, the states are unknown.
            if let Ok(series) = client.values("ALERTS", now, now, 1) {
                alerts
                    .iter_mut()
                    .for_each(|alert| alert.read_series(&series));
            }
            Some(json!({ "alerts": alerts }))
        }
        None => serde_json::to_value(source.dashboard(&model, &name)?).ok(),
    });
    match answered.await {
        Ok(Some(found)) => Json(found).into_response(),
        Ok(None) => error_response(StatusCode::NOT_FOUND, "this dashboard no longer exists"),
        Err(_) => error_response(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the simulation failed; nthc reports the reason where it was started",
        ),
    }
}

#[derive(Deserialize)]
struct DetectionQuery {
    environment: Option<String>,
    service: String,
    slo: String,
}

async fn detection(
    State(shared): State<Arc<PreviewState>>,
    Query(query): Query<DetectionQuery>,
) -> Response {
    let Some(source) = shared.source(query.environment.as_deref()) else {
        return error_response(StatusCode::NOT_FOUND, "nothing to simulate");
    };
    let simulated =
        tokio::task::spawn_blocking(move || source.reaction(&query.service, &query.slo)).await;
    let Ok(simulated) = simulated else {
        return error_response(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the simulation failed; nthc reports the reason where it was started",
        );
    };
    let Some(reaction) = simulated else {
        return error_response(StatusCode::NOT_FOUND, "this SLO no longer exists");
    };
    match &*reaction {
        Ok(table) => {
            let (columns, rows) = (COLUMNS, table.rows());
            let alerts = preview::detection_times(table);
            Json(json!({ "columns": columns, "rows": rows, "alerts": alerts })).into_response()
        }
        Err(problem) => {
            let why = format!(
                "Not simulated: {}. Help: {}.",
                problem.message, problem.help
            );
            error_response(StatusCode::UNPROCESSABLE_ENTITY, &why)
        }
    }
}

fn error_response(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({ "error": why }))).into_response()
}

/// Streams an event to the page for every change.
async fn events(
    State(shared): State<Arc<PreviewState>>,
) -> Sse<impl tokio_stream::Stream<Item = Result<Event, Infallible>>> {
    let changes = WatchStream::from_changes(shared.version.subscribe())
        .map(|version| Ok(Event::default().data(version.to_string())));
    Sse::new(changes).keep_alive(KeepAlive::default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;

    use super::*;
    use nthc::preview::Problems;

    fn model(environment: &str) -> Arc<Model> {
        Arc::new(Model {
            project: "shop".into(),
            environments: Vec::new(),
            environment: Some(environment.into()),
            live: false,
            problems: Problems::default(),
            services: Vec::new(),
            overview: None,
        })
    }

    #[test]
    fn requests_share_what_is_shown() {
        let (production, staging) = (model("production"), model("staging"));
        let shown = |models: &[&Arc<Model>]| Models {
            project: "shop".into(),
            models: models
                .iter()
                .map(|model| (model.environment.clone(), Arc::clone(model)))
                .collect(),
            sources: BTreeMap::new(),
        };
        let shared = PreviewState::new(shown(&[&production, &staging]), None);
        let is = |environment: Option<&str>, expected: &Arc<Model>| {
            Arc::ptr_eq(&shared.model(environment).unwrap(), expected)
        };
        assert!(is(Some("staging"), &staging));
        assert!(is(Some("production"), &production));
        // The first environment, if none is requested.
        assert!(is(None, &production));
        assert!(shared.model(Some("nowhere")).is_none());

        let mut version = shared.version.subscribe();
        shared.show(shown(&[&staging]));
        assert!(version.has_changed().unwrap());
        assert_eq!(*version.borrow_and_update(), 1);
        assert!(is(None, &staging));
    }
}
