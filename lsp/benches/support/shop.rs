//! A realistic project: teams, two environments, one shared template, and services of about ninety lines.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Number of teams.
const TEAMS: usize = 10;

/// The template of all services. `limit` is used in one of its alerts.
pub fn template(name: &str, limit: usize) -> String {
    format!(
        r#"//! What every online service promises.

import std.http

/// A service that somebody waits for.
template service {name}(
  /// The job that Prometheus scrapes it under.
  job: string,
  /// How long 99 % of its requests may take.
  under: duration = 300ms,
) {{
  selector = {{ job = job }}

  slo availability : http.availability {{
    // At night, one failed request would be all there is.
    min_events = 100
  }}

  slo latency : http.latency(under: under) {{
    min_events = 100
  }}

  /// A crash loop hides behind its replicas until there are none left.
  alert crash-loop {{
    when     = `max(changes(process_start_time_seconds[30m])) by (instance) > {limit}`
    for      = 5m
    severity = ticket
    summary  = "${{service.name}}: ${{labels.instance}} started ${{value}} times in 30 min."
  }}

  in staging {{
    slo availability {{ objective = 99%  burn_rate_alerts = false }}
    slo latency      {{ objective = 95%  burn_rate_alerts = false }}
  }}
}}
"#
    )
}

/// The variable parts of a service's text.
#[derive(Debug, Clone)]
pub struct Parts {
    /// Its name.
    pub name: String,
    /// The name of its template.
    pub template: String,
    /// The metric of one of its alerts.
    pub metric: String,
    /// The text of that alert.
    pub summary: String,
    /// More declarations in it, as lines.
    pub inside: String,
    /// More declarations after it.
    pub behind: String,
}

impl Parts {
    /// The initial parts of a service.
    pub fn new(number: usize) -> Self {
        Self {
            name: format!("service-{number}"),
            template: "online".to_owned(),
            metric: "order_queue_depth".to_owned(),
            summary: "The settlement queue".to_owned(),
            inside: String::new(),
            behind: String::new(),
        }
    }
}

/// The text of a service.
pub fn service(number: usize, parts: &Parts) -> String {
    let Parts {
        name,
        template,
        metric,
        summary,
        inside,
        behind,
    } = parts;
    let team = number % TEAMS;
    let (mut import, mut dependency) = (String::new(), String::new());
    if number > 0 {
        let next = number / 2;
        import = format!("import service_{next}\n");
        dependency =
            format!("  dependency upstream {{ service = service_{next}.service-{next} }}\n");
    }
    format!(
        r#"//! Part {number} of an order.

{import}import shared.{{{template}}}
import std.redis
import teams

/// Takes part {number} of an order, and hands it on.
service {name} : {template}("service-{number}", under: 250ms) {{
  team = teams.team-{team}
  tier = high

  // Pushed by the pipeline after each deployment.
  deployed = `deployment_timestamp_seconds`

  /// Above this, a buyer waits for the confirmation for more than a minute.
  let deep = 1000

  // The gateway behind it promises 99.9 %.
  slo availability {{
    objective = 99.8%
  }}

  slo latency {{
    window = 28d
  }}

  slo settlement {{
    description = "Every accepted order reaches the ledger."
    objective   = 99.5%
    breakdown   = [outcome]

    sli : ratio {{
      good  = `settlements_total{{outcome=~"ok|refused"}}`
      total = `settlements_total`
    }}
  }}

  recording "service_{number}:orders:rate5m" {{
    query = `sum(rate(settlements_total[5m])) by (outcome)`
  }}

  alert queue-backlog {{
    when     = `max({metric}) > ${{deep}}`
    for      = 10m
    severity = ticket
    summary  = "{summary} is ${{value}} deep, more than ${{deep}}."
    impact   = "Buyers wait for their confirmation for more than a minute; some press *Buy* again."
    steps = """
      1. Does the ledger answer? Then look for the order that stops the queue: `orderctl queue --head`.
      2. Set it aside: `orderctl queue --skip-head`. It is not lost, and is replayed in the morning.
      """
  }}
{inside}
{dependency}
  // Without it, customers log in once more.
  dependency sessions : redis("sessions-{number}:9121", memory_above: 95%) {{
    criticality = soft
  }}

  /// What a release waits for.
  gate release {{
    /// What is left is kept for what goes wrong by itself.
    deny budget-spent {{ when = budget(availability) < 10% or budget_time(settlement) < 5m }}

    /// Somebody is looking at it already.
    deny on-fire {{ when = firing(page) > 0 }}

    /// Who releases must be there to mend it.
    deny weekend {{
      when = between(from: fri 16:00, to: mon 09:00, zone: "Europe/London")
        and environment() == production
    }}

    warn in-a-row {{ when = deploy_age() < 30m or deploys(over: 1d) > 8 }}
    warn shaky    {{ when = incidents(over: 7d) > 2 and dependents() > 1 }}
  }}

  in staging {{
    slo availability {{ objective = 98.5% }}

    // A release to staging stops for nobody.
    gate release {{ dry_run = true }}
  }}

  runbook {{
    section "Settlements fail" {{
      text = """
        1. Is the ledger up? Then the queue drains by itself once it is back.
        2. Replay what was refused: `orderctl replay --since 1h`.
        """
    }}
  }}
}}
{behind}"#
    )
}

fn teams() -> String {
    let mut text = String::from("//! Who is on call.\n");
    for team in 0..TEAMS {
        write!(
            text,
            r##"
team team-{team} {{
  slack = "#team-{team}"
  email = "team-{team}@example.com"

  schedule primary {{
    zone     = "Europe/London"
    rotation = weekly
    handoff  = mon 09:00
    members  = ["one-{team}@example.com", "two-{team}@example.com"]
  }}

  escalation default {{
    step primary {{ notify = primary }}
    step team    {{ notify = "lead-{team}@example.com"  after = 30m }}
  }}
}}
"##
        )
        .expect("a text takes all");
    }
    text
}

/// The file of a service.
pub fn service_file(root: &Path, number: usize) -> PathBuf {
    root.join(format!("service_{number}.nth"))
}

/// The file of the shared template.
pub fn template_file(root: &Path) -> PathBuf {
    root.join("shared.nth")
}

/// Writes the project.
pub fn write(root: &Path, services: usize) -> std::io::Result<()> {
    fs::write(
        root.join("nth.toml"),
        "[project]\nname = \"shop\"\nsource = \".\"\n",
    )?;
    fs::write(
        root.join("environments.nth"),
        "//! Where services run.\n\nenvironment production {\n  selector = { env = \"production\" }\n}\n\n\
         environment staging {\n  selector = { env = \"staging\" }\n}\n",
    )?;
    fs::write(root.join("teams.nth"), teams())?;
    fs::write(template_file(root), template("online", 3))?;
    for number in 0..services {
        fs::write(
            service_file(root, number),
            service(number, &Parts::new(number)),
        )?;
    }
    Ok(())
}
