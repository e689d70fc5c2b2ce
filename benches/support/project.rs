//! A project as people write it, of any size: two environments, a package with tiers, templates and rules, a team for eight services,
//! and services of about ninety lines with three SLOs, two technologies, a dependency, alerts, a gate and a runbook. The same
//! number of services always gives the same project.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// How many services a team has.
const TEAM: usize = 8;

/// Writes the project with this many services into a folder that is empty or missing. Returns the folder of its `nth.toml`.
///
/// # Errors
///
/// If the file system fails.
pub fn write(folder: &Path, services: usize) -> io::Result<PathBuf> {
    let shop = folder.join("shop");
    let platform = folder.join("platform");
    for below in ["services", "teams"] {
        fs::create_dir_all(shop.join(below))?;
    }
    fs::create_dir_all(&platform)?;
    fs::write(
        platform.join("nth.toml"),
        "[project]\nname = \"platform\"\n",
    )?;
    for (name, text) in [
        ("environments", ENVIRONMENTS),
        ("tiers", TIERS),
        ("rules", RULES),
        ("services", TEMPLATES),
    ] {
        fs::write(platform.join(format!("{name}.nth")), text)?;
    }
    fs::write(shop.join("nth.toml"), SETTINGS)?;
    for number in 0..services.div_ceil(TEAM) {
        let path = shop.join(format!("teams/team-{number}.nth"));
        fs::write(path, team(number))?;
    }
    for number in 0..services {
        fs::write(service_path(&shop, number), service(number))?;
    }
    Ok(shop)
}

/// Returns the file of a service.
pub fn service_path(shop: &Path, number: usize) -> PathBuf {
    shop.join(format!("services/{}.nth", name(number)))
}

/// Returns the file with the templates that all services are made of.
#[allow(dead_code)]
pub fn templates_path(shop: &Path) -> PathBuf {
    shop.join("../platform/services.nth")
}

/// Returns the file with the tiers.
#[allow(dead_code)]
pub fn tiers_path(shop: &Path) -> PathBuf {
    shop.join("../platform/tiers.nth")
}

/// Returns a number that looks random, below `bound`.
fn pick(number: usize, salt: usize, bound: usize) -> usize {
    // SplitMix64.
    let mut mixed = (number as u64)
        .wrapping_mul(31)
        .wrapping_add(salt as u64)
        .wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap_or_default()
}

/// Returns the name of a service.
pub fn name(number: usize) -> String {
    const THINGS: [&str; 10] = [
        "order", "basket", "price", "stock", "parcel", "invoice", "search", "review", "coupon",
        "account",
    ];
    const PARTS: [&str; 5] = ["api", "gateway", "mailer", "events", "import"];
    let thing = THINGS[number % THINGS.len()];
    format!("{thing}-{}-{number}", PARTS[number % PARTS.len()])
}

/// Returns the service that this one depends on, if any: one with a smaller number, so that there is no cycle.
fn upstream(number: usize) -> Option<usize> {
    // APIs alone have the SLOs that count for others.
    let upstream = pick(number, 1, number.max(1)) / 5 * 5;
    (upstream < number).then_some(upstream)
}

fn team(number: usize) -> String {
    let zone = ["Europe/Berlin", "America/New_York", "Asia/Tokyo"][pick(number, 2, 3)];
    format!(
        r##"//! What team {number} is on call for.

/// Owns eight services.
team team-{number} {{
  slack    = "#team-{number}"
  email    = "team-{number}@example.com"
  managers = ["lead-{number}@example.com"]

  schedule primary {{
    zone     = "{zone}"
    rotation = weekly
    handoff  = mon 09:30
    members  = ["oncall-{number}-1@example.com", "oncall-{number}-2@example.com", "oncall-{number}-3@example.com"]

    layer nights {{
      members = ["night-{number}-1@example.com", "night-{number}-2@example.com"]

      hours night {{
        from = 20:00
        to   = 08:00
      }}
    }}
  }}

  escalation default {{
    step primary {{ notify = primary }}
    step lead    {{ notify = "lead-{number}@example.com"  after = 20m }}
  }}
}}
"##
    )
}

fn service(number: usize) -> String {
    let name = name(number);
    let team = number / TEAM;
    let upstream = upstream(number).map(self::name);
    let import = upstream
        .as_ref()
        .map(|upstream| format!("import services.{upstream}\n"))
        .unwrap_or_default();
    let dependency = upstream
        .as_ref()
        .map(|upstream| {
            format!(
                "  dependency upstream {{ service = {upstream}.{upstream}  criticality = soft }}\n\n"
            )
        })
        .unwrap_or_default();
    let under = 100 + 50 * pick(number, 3, 12);
    let deep = 500 * (1 + pick(number, 4, 20));
    let (imports, head, third) = match number % 5 {
        0 | 1 => (
            "import platform.services.{online}\n",
            format!("online(\"{name}\", under: {under}ms)"),
            format!(
                r#"  slo outcome {{
    description = "Every accepted request has its outcome."
    objective   = 99.5%
    breakdown   = [outcome]

    sli : ratio {{
      bad   = `{thing}_outcomes_total{{outcome="lost"}}`
      total = `{thing}_outcomes_total`
    }}
  }}
"#,
                thing = name.replace('-', "_"),
            ),
        ),
        2 => (
            "import platform.services.{worker}\n",
            format!("worker(\"{name}\", jobs: `mails_total{{kind=\"{name}\"}}`)"),
            "  slo queue {\n    description = \"The queue is short.\"\n    objective   = 99%\n\n    sli : time-slices {\n      good = `max(queue_depth) < 1000`\n    }\n  }\n"
                .to_owned(),
        ),
        3 => (
            "import platform.services.{consumer}\n",
            format!("consumer(\"{name}\")"),
            "  slo queue {\n    description = \"Little waits.\"\n    objective   = 99%\n\n    sli : time-slices {\n      good = `sum(events_waiting) < 5000`\n    }\n  }\n"
                .to_owned(),
        ),
        _ => (
            "import platform.services.{worker}\n",
            format!("worker(\"{name}\", jobs: `imports_total`)"),
            "  slo queue {\n    description = \"Files are read soon.\"\n    objective   = 95%\n\n    sli : time-slices {\n      good = `max(import_files_waiting) < 20`\n    }\n  }\n"
                .to_owned(),
        ),
    };
    let promise = match number % 5 {
        0 | 1 => "availability",
        _ => "success",
    };
    format!(
        r#"//! Service number {number}.

{imports}{import}import std.postgresql
import std.redis
import teams.team-{team}

/// Does its part of an order, so that the customer has what was bought.
service {name} : {head} {{
  team     = team-{team}
  deployed = `deployment_timestamp_seconds`
  logs_url = "https://logs.example.com/{name}"

  /// Above this, customers notice.
  let deep = {deep}

{third}
  recording "{record}:orders:rate5m" {{
    query = `sum(rate(orders_total[5m])) by (outcome)`
  }}

  alert backlog {{
    when     = `max(backlog_depth) > ${{deep}}`
    for      = 10m
    severity = ticket
    summary  = "The backlog is ${{value}} deep, more than ${{deep}}."
    impact   = "Customers wait for their confirmation for more than a minute."
    steps = """
      1. Does the database answer? Then look for the entry that stops the queue: `{name}ctl queue --head`.
      2. Set it aside: `{name}ctl queue --skip-head`. It is not lost, and is replayed in the morning.
      """
  }}

  alert crash-loop {{
    when     = `max(changes(process_start_time_seconds[30m])) by (instance) > 3`
    for      = 5m
    severity = ticket
    summary  = "${{labels.instance}} started ${{value}} times in 30 min."
  }}

{dependency}  dependency orders : postgresql("{name}-db:9187")
  dependency sessions : redis("{name}-cache:9121", memory_above: 90%) {{
    criticality = soft
  }}

  gate release {{
    /// What is left is kept for what goes wrong by itself.
    deny budget-spent {{ when = budget({promise}) < 10% }}

    /// Somebody is looking at it already.
    deny on-fire {{ when = firing(page) > 0 }}

    /// Who releases must be there to fix it.
    deny weekend {{ when = between(from: fri 16:00, to: mon 09:00, zone: "Europe/Berlin") }}

    warn in-a-row {{ when = deploy_age() < 30m or deploys(over: 1d) > 8 }}
  }}

  in staging {{
    // A release to staging stops for nobody.
    gate release {{
      dry_run = true

      deny on-fire {{ when = firing(ticket) > 3 }}
    }}
  }}

  runbook {{
    section "Orders are stuck" {{
      text = """
        1. Is the database up? Then the queue drains by itself once it is back.
        2. Replay what was refused: `{name}ctl replay --since 1h`.
        3. Tell support which orders are late: `{name}ctl late --since 1h`.
        """
    }}
  }}
}}
"#,
        record = name.replace('-', "_"),
    )
}

const SETTINGS: &str = r#"[project]
name = "shop"

[alertmanager]
default_team = "team-0"
smarthost = "mail.example.com:587"
from = "alerts@example.com"

[urls]
runbooks = "https://runbooks.example.com/{environment}"
dashboards = "https://grafana.example.com"

[dependencies]
platform = { path = "../platform" }
"#;

const ENVIRONMENTS: &str = r#"//! Where services run.

environment production {
  selector = { env = "production" }
}

environment staging {
  selector = { env = "staging" }
  pages    = false
}
"#;

const TIERS: &str = r#"//! How reliable services are.

/// What customers wait for.
tier waited-for {
  availability   = 99.9%
  latency        = 400ms
  budget_tickets = [75%, 85%, 95%]
  absence        = page

  escalation_waits = [10m, 20m, 30m]
  escalation_loops = 2

  gate_warns_below  = 20%
  gate_denies_below = 10%
}

/// What may be late.
tier behind {
  availability     = 99.5%
  latency          = 1s
  budget_tickets   = [85%, 95%]
  escalation_waits = [30m, 1h]
}
"#;

const RULES: &str = r#"//! What every service must have.

/// Whoever is paged must know what to do.
rule services-have-a-runbook {
  for s in services {
    require length(s.runbooks) > 0 else "a service needs a `runbook`"
  }
}

/// What is not promised is not watched.
rule services-promise-something {
  for s in services {
    require length(s.slos) > 0 else "a service needs at least one `slo`"
  }
}

rule somebody-is-on-call {
  for t in teams {
    require length(t.schedules) > 0 else "a team needs a `schedule`"
  }
}
"#;

const TEMPLATES: &str = r#"//! Services to start from: what customers wait for, what does jobs, and what reads events.

import platform.tiers.{behind, waited-for}
import std.http
import std.stream
import std.worker

/// A service that somebody waits for.
template service online(
  /// The job that Prometheus scrapes it under.
  job: string,
  /// How long 99% of its requests may take.
  under: duration = 300ms,
) {
  tier     = waited-for
  selector = { job = job }

  slo availability : http.availability {
    min_events = 100
    breakdown  = [status, handler]
  }

  slo latency : http.latency(under: under) {
    objective = 99%
  }

  in staging {
    slo availability { objective = 98% }
    slo latency      { objective = 95% }
  }
}

/// A service that does jobs.
template service worker(
  /// The job that Prometheus scrapes it under.
  job: string,
  /// The counter of its jobs.
  jobs: selector,
) {
  tier     = behind
  type     = worker
  selector = { job = job }

  slo success  : worker.success(jobs: jobs)
  slo duration : worker.duration(under: 2m) { objective = 95% }

  in staging {
    slo success { objective = 98% }
  }
}

/// A service that reads events.
template service consumer(
  /// The job that Prometheus scrapes it under.
  job: string,
) {
  tier     = behind
  type     = stream
  selector = { job = job }

  slo success : stream.success
  slo latency : stream.latency(under: 30s) { objective = 99% }

  in staging {
    slo success { objective = 98% }
  }
}
"#;
