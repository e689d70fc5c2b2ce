//! `nthc deploys pull`.

use std::collections::BTreeSet;

use jiff::Timestamp;
use nth_deployments::kube::{self, Range};
use nth_deployments::{Reading, Series, deployed};

use super::argo_cd::ArgoCd;
use super::recorder::Recorder;
use super::services::{require_service, service_names};
use crate::Context;
use crate::compiled::CompiledProject;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::options::{Connection, DeploysPull, Format};
use crate::progress::Progress;
use crate::prometheus_client::{Client, DeploymentQueries};
use nthc::backtest::{self, FetchError, Matrix, Request};
use nthc::catalogue;

/// The time between two evaluations, in seconds.
const STEP: i64 = 60;

/// The number of services whose objects one query reads.
const AT_ONCE: usize = 25;

/// The number of services that a note names.
const MOST_NAMED: usize = 10;

/// Records the deployments that Prometheus and Argo CD know of.
///
/// # Errors
///
/// If there is no project, a service is unknown, a server gives no valid answer, or the ledger cannot be used.
pub fn run(
    context: &Context,
    options: &DeploysPull,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let range = range(options, now)?;
    let matchers = matchers(options.kube_selector.as_deref())?;
    let variable = |name: &str| std::env::var(name).ok();
    let prometheus = match &options.prometheus {
        Some(url) => Some(Client::new(
            url,
            options.timeout,
            &connection(url, options),
        )?),
        None => None,
    };
    let argo_cd = match &options.argo_cd {
        Some(url) => Some(ArgoCd::new(url, options, &variable)?),
        None => None,
    };
    let Some(built) = CompiledProject::new(context, options.env.as_deref(), console)? else {
        return Ok(Exit::Findings);
    };
    let names = service_names(&built);
    for service in &options.services {
        require_service(service, &names)?;
    }
    let services: Vec<&str> = names
        .iter()
        .filter(|name| options.services.is_empty() || options.services.contains(name))
        .map(String::as_str)
        .collect();
    let mut recorder = Recorder::new(context, &built, &options.place, &options.maps)?;
    let is_shown = console.is_interactive && context.global.format == Format::Human;
    let mut notes = Vec::new();
    let mut own = None;
    if let Some(client) = &prometheus {
        let queries = Queries::new(&built, &recorder, &services, &matchers);
        let answers = queries.fetch(client, range, now, is_shown)?;
        let (objects, missing) = answers.objects(&queries, range, &recorder)?;
        recorder.record(objects)?;
        let has_none = missing.len() == services.len() && queries.deployed.is_empty();
        if has_none && argo_cd.is_none() {
            return Err(Failure::io(format!(
                "no ReplicaSets of a service at {}, and no service has a `deployed` query",
                client.url()
            ))
            .help(
                "check that it has the series of kube-state-metrics, map names with `--map shop/web=checkout`, or set \
                `deployed` of a service",
            ));
        }
        notes.extend(missing_note(&missing, &queries));
        own = Some(answers.deployed(&queries, range, &recorder)?);
    }
    if let Some(argo_cd) = &argo_cd {
        let mut reading = argo_cd.applications(&recorder.scope)?;
        let is_asked = |name: &String| services.contains(&name.as_str());
        reading.deployments.retain(|found| is_asked(&found.service));
        recorder.record(reading)?;
    }
    // Last: it has no version, and adds nothing to what others report.
    if let Some(reading) = own {
        recorder.record(reading)?;
    }
    recorder.report(console)?;
    if context.global.format != Format::Json {
        for note in notes {
            console.err.line(format_args!("note: {note}"));
        }
    }
    Ok(Exit::Ok)
}

/// The range of time that is read.
fn range(options: &DeploysPull, now: Timestamp) -> Result<Range, Failure> {
    let until = options.until.unwrap_or(now);
    if until > now {
        return Err(Failure::usage("`--until` is in the future"));
    }
    let from = until
        .checked_sub(options.since)
        .map_err(|_| Failure::usage("`--since` reaches back too far").help("use `--since 30d`"))?;
    let align = |time: Timestamp| time.as_second().div_euclid(STEP) * STEP;
    Ok(Range {
        from: align(from),
        until: align(until),
        step: STEP,
    })
}

/// The matchers of a selector without a metric name.
fn matchers(selector: Option<&str>) -> Result<Vec<String>, Failure> {
    let Some(written) = selector else {
        return Ok(Vec::new());
    };
    let invalid = |why: String| {
        Failure::usage(format!(
            "invalid selector `{written}` in `--kube-selector`: {why}"
        ))
        .help("pass labels alone: `--kube-selector '{cluster=\"eu\"}'`")
    };
    let (text, _) = catalogue::canonical(written).map_err(|why| invalid(why.to_string()))?;
    let inside = text
        .strip_prefix('{')
        .and_then(|text| text.strip_suffix('}'));
    match inside {
        Some("") | None => Err(invalid("expected labels in braces".to_owned())),
        Some(inside) => Ok(vec![inside.to_owned()]),
    }
}

/// The connection to Prometheus. Root certificates that only Argo CD can use are not for it.
fn connection(url: &str, options: &DeploysPull) -> Connection {
    let mut connection = options.connection.clone();
    let is_plain = |url: &str| url.starts_with("http://");
    let argo_cd = options.argo_cd.as_deref();
    if is_plain(url) && argo_cd.is_some_and(|url| !is_plain(url)) {
        connection.ca = None;
    }
    connection
}

/// The queries of a pull.
struct Queries {
    /// The services of each pair of queries for ReplicaSets and images, with the queries.
    objects: Vec<ObjectQueries>,
    /// The services with a `deployed` query, with the query.
    deployed: Vec<(String, String)>,
}

struct ObjectQueries {
    services: Vec<String>,
    names: BTreeSet<String>,
    sets: String,
    images: String,
}

impl Queries {
    fn new(
        built: &CompiledProject,
        recorder: &Recorder<'_>,
        services: &[&str],
        matchers: &[String],
    ) -> Self {
        let objects = services.chunks(AT_ONCE).map(|services| {
            let names: BTreeSet<String> = services
                .iter()
                .flat_map(|service| kube::object_names(&recorder.scope, service))
                .collect();
            let list: Vec<&str> = names.iter().map(String::as_str).collect();
            ObjectQueries {
                services: services.iter().map(|&name| name.to_owned()).collect(),
                sets: kube::replica_sets_query(&list, matchers),
                images: kube::images_query(&list, matchers),
                names,
            }
        });
        let objects = objects
            .filter(|queries| !queries.names.is_empty())
            .collect();
        let deployed = built.with_services(|all| {
            let asked = all
                .iter()
                .filter(|service| services.contains(&service.name.as_str()));
            asked
                .filter_map(|service| {
                    let query = service.deployed.as_ref()?;
                    Some((
                        service.name.to_string(),
                        deployed::query(&query.to_string()),
                    ))
                })
                .collect()
        });
        Self { objects, deployed }
    }

    /// The requests: those for ReplicaSets and images, in pairs, and then those for `deployed`.
    fn requests(&self, range: Range) -> Vec<Request> {
        let request = |query: &str, what: String| Request {
            query: query.to_owned(),
            step: range.step * 1_000,
            from: range.from * 1_000,
            to: range.until * 1_000,
            what,
        };
        let mut requests = Vec::new();
        for queries in &self.objects {
            let of = named(&queries.services);
            requests.push(request(&queries.sets, format!("the ReplicaSets of {of}")));
            requests.push(request(&queries.images, format!("the images of {of}")));
        }
        for (service, query) in &self.deployed {
            requests.push(request(query, format!("the `deployed` query of {service}")));
        }
        requests
    }

    fn fetch(
        &self,
        client: &Client,
        range: Range,
        now: Timestamp,
        is_shown: bool,
    ) -> Result<Answers, Failure> {
        let requests = self.requests(range);
        let now = now.as_millisecond();
        let total = u64::try_from(backtest::total(&requests, now)).unwrap_or(u64::MAX);
        let progress = Progress::steps("querying deployments", total, is_shown);
        let server = DeploymentQueries(client);
        let fetched = backtest::fetch(&server, None, &requests, now, &|| progress.advance());
        drop(progress);
        let fetched = fetched.map_err(|error| match error {
            FetchError::Server(failure) => failure,
            FetchError::TooMuch(_) => Failure::io(
                "the history of deployments is too large: it has more than 40 million samples",
            )
            .help("pull fewer services with `--service`, or use a shorter `--since`"),
        })?;
        Ok(Answers {
            results: fetched.results.into_iter().map(series).collect(),
        })
    }
}

/// The answers to the requests, in their order.
struct Answers {
    results: Vec<Vec<Series>>,
}

impl Answers {
    /// Reads the ReplicaSets. Also returns the services without one.
    fn objects(
        &self,
        queries: &Queries,
        range: Range,
        recorder: &Recorder<'_>,
    ) -> Result<(Reading, Vec<String>), Failure> {
        let mut found = Reading::default();
        let mut missing = Vec::new();
        for (queries, pair) in queries.objects.iter().zip(self.results.chunks(2)) {
            let [sets, images] = pair else { break };
            let services: Vec<&str> = queries.services.iter().map(String::as_str).collect();
            let (reading, without) = kube::read(sets, images, &services, range, &recorder.scope)
                .map_err(|error| Failure::io(error.to_string()).help(error.help()))?;
            found.extend(reading);
            missing.extend(without);
        }
        Ok((found, missing))
    }

    /// Reads the `deployed` queries.
    fn deployed(
        &self,
        queries: &Queries,
        range: Range,
        recorder: &Recorder<'_>,
    ) -> Result<Reading, Failure> {
        let mut found = Reading::default();
        let results = self.results.iter().skip(queries.objects.len() * 2);
        for ((service, _), series) in queries.deployed.iter().zip(results) {
            let reading = deployed::read(series, service, range.from, range.until, &recorder.scope);
            found.extend(reading.map_err(|error| {
                Failure::io(error.to_string())
                    .help("change `deployed` of the service to a query for a Unix time in seconds")
            })?);
        }
        Ok(found)
    }
}

/// The note on services without ReplicaSets; `None` if they have a `deployed` query.
fn missing_note(missing: &[String], queries: &Queries) -> Option<String> {
    let has_query = |name: &&String| queries.deployed.iter().any(|(service, _)| service == *name);
    let silent: Vec<String> = missing
        .iter()
        .filter(|name| !has_query(name))
        .cloned()
        .collect();
    (!silent.is_empty()).then(|| {
        format!(
            "no ReplicaSets of {}: map their names in Kubernetes with `--map shop/web=checkout`",
            named(&silent)
        )
    })
}

/// Names of services, at most [`MOST_NAMED`].
fn named(services: &[String]) -> String {
    let mut text = services
        .iter()
        .take(MOST_NAMED)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    if services.len() > MOST_NAMED {
        text.push_str(&format!(" and {} more", services.len() - MOST_NAMED));
    }
    text
}

fn series(matrix: Matrix) -> Vec<Series> {
    let convert = |series: nth_simulate::HistorySeries| {
        let labels = series.labels.iter();
        let samples = series.samples.iter();
        Series {
            labels: labels
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            samples: samples
                .map(|sample| (sample.at.div_euclid(1_000), sample.value))
                .collect(),
        }
    };
    matrix.into_iter().map(convert).collect()
}
