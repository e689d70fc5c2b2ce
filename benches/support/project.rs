//! The project of all benchmarks, of any size, as people write them: two environments, a package with tiers, templates, rules and
//! incidents, a team for eight services, services of four types with about ninety lines each, which have three SLOs, two
//! technologies, a dependency, alerts, a gate and a runbook, and five tests for each service. The same number of services always
//! gives the same project. `tests/benchmarks.rs` checks all of this.

#![allow(dead_code, reason = "each benchmark uses its own part")]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Number of services of a team.
pub const TEAM: usize = 8;

/// The environments.
pub const ENVIRONMENTS: [&str; 2] = ["production", "staging"];

/// Number of tests of a service, each in its environments: one is in both.
pub const TESTS: usize = 5 + 1;

/// From which all choices follow.
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// Writes the project with this many services into a folder that is empty or missing. Returns the folder of its `nth.toml`.
///
/// # Errors
///
/// If the file system fails.
pub fn write(folder: &Path, services: usize) -> io::Result<PathBuf> {
    let shop = folder.join("shop");
    for below in ["shop/services", "shop/teams", "shop/tests", "platform"] {
        fs::create_dir_all(folder.join(below))?;
    }
    for (path, text) in files(services) {
        fs::write(folder.join(path), text)?;
    }
    Ok(shop)
}

/// Returns the path of each file below the project's folder, with its text.
pub fn files(services: usize) -> impl Iterator<Item = (String, String)> {
    let fixed = [
        ("platform/nth.toml", PACKAGE),
        ("platform/environments.nth", WHERE),
        ("platform/tiers.nth", TIERS),
        ("platform/rules.nth", RULES),
        ("platform/services.nth", TEMPLATES),
        ("platform/incidents.nth", INCIDENTS),
        ("shop/nth.toml", SETTINGS),
    ];
    let fixed = fixed.map(|(path, text)| (path.to_owned(), text.to_owned()));
    let teams = (0..services.div_ceil(TEAM))
        .map(|number| (format!("shop/teams/team-{number}.nth"), team(number)));
    let services = (0..services).flat_map(|number| {
        let name = name(number);
        [
            (format!("shop/services/{name}.nth"), service(number)),
            (format!("shop/tests/{name}.nth"), tests(number)),
        ]
    });
    fixed.into_iter().chain(teams).chain(services)
}

/// Returns the project sizes to measure, in services: the numbers among the arguments, or else the usual ones.
pub fn sizes(arguments: &[String], usual: &[usize]) -> Vec<usize> {
    let sizes: Vec<usize> = arguments
        .iter()
        .filter_map(|size| size.parse().ok())
        .collect();
    if sizes.is_empty() {
        return usual.to_vec();
    }
    sizes
}

/// Returns the file of a service.
pub fn service_path(shop: &Path, number: usize) -> PathBuf {
    shop.join(format!("services/{}.nth", name(number)))
}

/// Returns the file of a team.
pub fn team_path(shop: &Path, number: usize) -> PathBuf {
    shop.join(format!("teams/team-{number}.nth"))
}

/// Returns the file with the templates that all services are made of.
pub fn templates_path(shop: &Path) -> PathBuf {
    package(shop).join("services.nth")
}

/// Returns the file with the tiers.
pub fn tiers_path(shop: &Path) -> PathBuf {
    package(shop).join("tiers.nth")
}

/// Returns a text with another number after the first `from`.
///
/// # Panics
///
/// If `from` is not in the text.
pub fn with_number(text: &str, from: &str, number: usize) -> String {
    let at = text.find(from).expect("the place of the edit") + from.len();
    let (head, tail) = text.split_at(at);
    let rest = tail.trim_start_matches(|letter: char| letter.is_ascii_digit());
    format!("{head}{number}{rest}")
}

/// Returns the folder of the package.
pub fn package(shop: &Path) -> PathBuf {
    shop.with_file_name("platform")
}

/// Returns a number that looks random, below `bound`.
fn pick(number: usize, salt: usize, bound: usize) -> usize {
    // SplitMix64.
    let mut mixed = (number as u64)
        .wrapping_mul(31)
        .wrapping_add(salt as u64)
        .wrapping_add(SEED);
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
    members  = ["one-{number}@example.com", "two-{number}@example.com", "three-{number}@example.com"]

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

/// Returns the text of a service.
pub fn service(number: usize) -> String {
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
    let deep = deep(number);
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
            format!("worker(\"{name}\", jobs: `mails_total`)"),
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
    let promise = promise(number);
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

/// Returns how many orders a service has waiting before somebody is notified.
fn deep(number: usize) -> usize {
    500 * (1 + pick(number, 4, 20))
}

/// Returns the SLO of a service that counts events.
pub fn promise(number: usize) -> &'static str {
    match number % 5 {
        0 | 1 => "availability",
        _ => "success",
    }
}

fn tests(number: usize) -> String {
    let name = name(number);
    let promise = promise(number);
    let rate = 50 + 10 * pick(number, 5, 20);
    let full = 2 * deep(number);
    format!(
        r#"//! What service number {number} must survive.

import platform.incidents.{{outage}}
import services.{name}

test "{name}: nothing works" : outage({name}.{promise})

/// A release breaks most of all that is asked for, until it is rolled back.
test "{name}: a bad deploy" {{
  only_in = [production]

  given requests : traffic    {{ service = {name}  rate = {rate}/s }}
  given release  : deployment {{ service = {name}  at = 10m }}

  given failures : errors {{
    slo   = {name}.{promise}
    share = 80%
    from  = 10m
    for   = 20m
  }}

  expect paged : page   {{ slo = {name}.{promise}  within = 15m }}
  expect cost  : budget {{ slo = {name}.{promise}  below = 99% }}
}}

test "{name}: a backlog" {{
  only_in = [production]

  given queue : series {{
    series = `backlog_depth{{job="{name}"}}`
    values = "10x20 {full}x60"
  }}

  expect told : ticket {{ alert = {name}.backlog  within = 25m  text = "deep" }}
}}

test "{name}: no budget, no release" {{
  only_in = [production]

  given consumed : budget-left {{ slo = {name}.{promise}  is = 5% }}

  expect frozen : verdict {{ gate = {name}.release  is = denied }}
}}

test "{name}: a quiet day" {{
  given requests : traffic {{ service = {name}  rate = {rate}/s }}

  expect quiet : silent {{ service = {name} }}
  expect whole : budget {{ slo = {name}.{promise}  above = 99% }}
}}
"#
    )
}

const PACKAGE: &str = "[project]\nname = \"platform\"\n";

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

const WHERE: &str = r#"//! Where services run.

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

const INCIDENTS: &str = r#"//! What every service must survive.

/// Nothing works for ten minutes. Somebody is paged, and hears of the end.
template test outage(
  /// What does not work.
  of: slo,
) {
  only_in = [production]

  given outage : errors { slo = of  share = 100%  from = 10m  for = 10m }

  expect paged : page     { slo = of  within = 10m }
  expect over  : resolved { slo = of  within = 7h }
}
"#;
