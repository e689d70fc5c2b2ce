//! A project with one service per file, each with the same statements. Both time benchmarks use it, so that their results
//! are comparable.

/// Returns the text of a service. It depends on the service with half its number.
pub fn service(number: usize) -> String {
    let next = number / 2;
    format!(
        r#"import std.http
import team
import service_{next}

/// Service number {number}.
service service-{number} {{
  team     = team.platform
  tier     = high
  selector = {{ job = "service-{number}" }}

  slo availability : http.availability {{
    objective = 99.9%
  }}

  slo latency : http.latency(under: 300ms)

  dependency upstream {{ service = service_{next}.service-{next}  criticality = soft }}

  alert queue-backlog {{
    when    = `max(queue_depth) > 1000`
    for     = 10m
    summary = "The queue is ${{value}} deep."
  }}
}}
"#
    )
}

/// Returns the module name and text of each source of a project with this many services. Files are named after modules.
pub fn sources(services: usize) -> impl Iterator<Item = (String, String)> {
    (0..services)
        .map(|number| (module(number), service(number)))
        .chain([("team".to_owned(), "team platform { }\n".to_owned())])
}

/// Returns the module name of a service.
pub fn module(number: usize) -> String {
    format!("service_{number}")
}

/// Returns the project sizes to measure, in services: the numbers among the arguments, or 100, 1,000 and 10,000.
pub fn sizes(arguments: &[String]) -> Vec<usize> {
    let sizes: Vec<usize> = arguments
        .iter()
        .filter_map(|size| size.parse().ok())
        .collect();
    if sizes.is_empty() {
        return vec![100, 1000, 10_000];
    }
    sizes
}
