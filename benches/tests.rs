//! Measures `nthc test`: from the sources of a project to the results of its tests. `cargo bench --bench tests`, with numbers of
//! services as arguments after `--` (default: 100). Each service has ten tests.

#[path = "support/services.rs"]
#[allow(dead_code)]
mod services;

use std::sync::Arc;
use std::time::{Duration, Instant};

use mimalloc::MiMalloc;
use nthc::compile::SourceInput;
use nthc::db::Database;
use nthc::session::Session;
use nthc::testing::{self, Outcome, Selection};

/// That of the command.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Returns ten incidents of a service.
fn tests(number: usize) -> String {
    let service = format!("service_{number}.service-{number}");
    format!(
        r#"import service_{number}
import team

test "{number}: a bad deploy" {{
  given requests : traffic    {{ service = {service}  rate = 200/s }}
  given deploy   : errors     {{ slo = {service}.availability  share = 50%  from = 10m  for = 20m }}

  expect paged : page   {{ slo = {service}.availability  within = 10m }}
  expect cost  : budget {{ slo = {service}.availability  above = 50%  below = 99% }}
}}

test "{number}: errors for some hours" {{
  given trickle : errors {{ slo = {service}.availability  share = 2%  from = 10m  for = 3h }}

  expect paged : page {{ slo = {service}.availability  within = 2h }}
}}

test "{number}: an outage" {{
  given outage : errors {{ slo = {service}.availability  share = 100%  from = 5m  for = 10m }}

  expect paged : page {{ slo = {service}.availability  within = 5m }}
}}

test "{number}: slow answers" {{
  given slow : slow {{ slo = {service}.latency  takes = 3s  from = 10m  for = 30m }}

  expect paged : page {{ slo = {service}.latency  within = 15m }}
}}

test "{number}: a failed request at night" {{
  at = 03:00

  given quiet   : traffic {{ service = {service}  rate = 0.01/s }}
  given failure : errors  {{ slo = {service}.availability  share = 100%  from = 10m  for = 1m }}

  expect quiet : silent {{ slo = {service}.availability }}
}}

test "{number}: a restart" {{
  given restart : counter-reset {{ service = {service}  at = 10m }}

  expect quiet : silent {{ service = {service} }}
}}

test "{number}: no requests" {{
  given day   : traffic {{ service = {service}  rate = 200/s  for = 10m }}
  given night : traffic {{ service = {service}  rate = 0/s  from = 10m }}

  expect quiet : silent {{ slo = {service}.availability }}
}}

test "{number}: a full queue" {{
  given queue : series {{ series = `queue_depth{{job="service-{number}"}}`  values = "10x20 2000x60" }}

  expect told : ticket {{ alert = {service}.queue-backlog  within = 25m  text = "2k deep" }}
}}

test "{number}: no budget" {{
  given consumed : budget-left {{ slo = {service}.availability  is = 5% }}

  expect left : budget {{ slo = {service}.availability  above = 4%  below = 6% }}
}}

test "{number}: a quiet day" {{
  given requests : traffic {{ service = {service}  rate = 200/s }}

  expect quiet : silent {{ service = {service} }}
  expect whole : budget {{ slo = {service}.availability  above = 99% }}
}}
"#
    )
}

fn source(module: String, text: String) -> SourceInput {
    SourceInput {
        path: format!("{module}.nth"),
        module,
        text: Arc::from(text),
        package: false,
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let sizes: Vec<usize> = arguments
        .iter()
        .filter_map(|size| size.parse().ok())
        .collect();
    let sizes = if sizes.is_empty() { vec![100] } else { sizes };
    println!("services   tests   sources to results   each test, of that   slowest test");
    for count in sizes {
        let sources = services::sources(count).map(|(module, text)| source(module, text));
        let incidents = (0..count).map(|number| source(format!("tests_{number}"), tests(number)));
        let files: Vec<SourceInput> = sources.chain(incidents).collect();
        let settings = nthc::project::default_settings("bench");
        let start = Instant::now();
        let session = Session::new(Database::default(), &files);
        let checked = session.check(None);
        let selection = Selection {
            environments: &[None],
            names: &[],
        };
        let results = testing::run(&session, &settings, selection);
        let took = start.elapsed();
        assert!(
            checked.diagnostics.is_empty(),
            "the project has no mistakes"
        );
        assert_eq!(results.len(), 10 * count);
        for result in &results {
            if !matches!(result.outcome, Outcome::Passed) {
                panic!("{}: {:#?}", result.name, result.outcome);
            }
        }
        let slowest = results.iter().map(|result| result.took).max();
        println!(
            "{count:>8} {:>7} {:>17.1} ms {:>17.2} ms {:>11.1} ms",
            results.len(),
            milliseconds(took),
            milliseconds(took) / (10 * count) as f64,
            milliseconds(slowest.unwrap_or_default()),
        );
    }
}
