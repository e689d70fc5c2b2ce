//! A project with one service a file, each with the same statements. Both benchmarks of times use it, so that their figures
//! are about the same project.

/// The text of a service. It depends on the service of half its number.
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

/// The sources of a project of this many services: module name and text. The file is named after the module.
pub fn sources(services: usize) -> impl Iterator<Item = (String, String)> {
    (0..services)
        .map(|number| (module(number), service(number)))
        .chain([("team".to_owned(), "team platform { }\n".to_owned())])
}

/// The module of a service.
pub fn module(number: usize) -> String {
    format!("service_{number}")
}

/// The project sizes to measure, in services: the numbers among the arguments, or else 100, 1,000 and 10,000.
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
