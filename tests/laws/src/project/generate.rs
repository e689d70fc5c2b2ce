//! Generates valid projects with every kind of block.

use std::fmt::Write as _;
use std::sync::Arc;

use arbitrary::{Result, Unstructured};
use nthc::compile::{Input, SourceInput};
use nthc::diagnostics::Severity;
use nthc::project::{Findings, parse_manifest};

/// A project generated from bytes.
#[derive(Debug, Clone)]
pub struct Generated {
    /// Its `nth.toml`.
    pub manifest: String,
    /// Its modules.
    pub files: Vec<SourceInput>,
}

impl Generated {
    /// Returns the input of the compiler, without a lock file.
    ///
    /// # Panics
    ///
    /// If the manifest is invalid.
    pub fn input(&self) -> Input {
        let mut findings = Findings {
            file: 0,
            diagnostics: Vec::new(),
        };
        let manifest = parse_manifest(&self.manifest, &mut findings);
        let mut found = findings.diagnostics.iter();
        let error = found.find(|diagnostic| diagnostic.severity == Severity::Error);
        assert!(error.is_none(), "{error:?}\n{}", self.manifest);
        Input {
            settings: manifest.settings,
            files: self.files.clone(),
            catalogue: None,
            levels: manifest.levels,
            environment: None,
        }
    }

    /// Returns the whole text, for error messages.
    pub fn text(&self) -> String {
        let files = self
            .files
            .iter()
            .map(|file| format!("// {}\n{}\n", file.path, file.text));
        [self.manifest.clone()].into_iter().chain(files).collect()
    }
}

/// Generates a valid project.
///
/// # Errors
///
/// If the bytes run out.
pub fn generate(source: &mut Unstructured<'_>) -> Result<Generated> {
    let mut maker = Maker {
        source,
        environments: Vec::new(),
        teams: Vec::new(),
        services: Vec::new(),
        zone: "UTC",
    };
    let manifest = maker.manifest()?;
    let mut files = vec![file("teams", maker.teams()?)];
    if let Some(text) = maker.environments()? {
        files.push(file("environments", text));
    }
    if maker.maybe()? {
        files.push(file("lib", LIBRARY.to_owned()));
    } else {
        files.push(file("lib", LIBRARY.replace("\n\n", "\n")));
    }
    for _ in 0..maker.number(1, 4)? {
        let number = maker.services.len();
        let text = maker.service(number)?;
        files.push(file(&format!("service_{number}"), text));
    }
    if maker.maybe()? {
        files.push(file("exclusions", maker.exclusions()?));
    }
    Ok(Generated { manifest, files })
}

/// A module that services import.
const LIBRARY: &str = r#"import std.http

/// A service that somebody waits for.
template service online(job: string, under: duration = service.tier.latency) {
  selector = { job = job }

  slo availability : http.availability { objective = 99.5%  min_events = 100 }
  slo latency      : http.latency(under: under)

  alert crash-loop {
    when    = `max(changes(process_start_time_seconds[30m])) by (instance) > 3`
    summary = "${service.name}: ${labels.instance} started ${value} times."
  }
}

template slo settled(bad: selector, total: selector) {
  sli : ratio { bad = bad  total = total }
}

let deep = 1000
let regions = ["eu", "us"]
"#;

fn file(module: &str, text: String) -> SourceInput {
    SourceInput {
        module: module.to_owned(),
        path: format!("{module}.nth"),
        text: Arc::from(text),
        package: false,
    }
}

struct Maker<'s, 'b> {
    source: &'s mut Unstructured<'b>,
    environments: Vec<String>,
    teams: Vec<String>,
    services: Vec<String>,
    /// The time zone of gates.
    zone: &'static str,
}

impl Maker<'_, '_> {
    fn maybe(&mut self) -> Result<bool> {
        self.source.arbitrary()
    }

    fn number(&mut self, least: usize, most: usize) -> Result<usize> {
        self.source.int_in_range(least..=most)
    }

    fn one(&mut self, of: &[&'static str]) -> Result<&'static str> {
        self.source.choose(of).copied()
    }

    /// Generates a string literal, with characters that are special in the outputs.
    fn text(&mut self) -> Result<String> {
        let mut text = String::from("\"Said");
        for _ in 0..self.number(0, 4)? {
            text.push(' ');
            text.push_str(self.one(&[
                "plainly",
                "größe 🔥",
                "{{ $labels.x }}",
                "{{ end }}",
                "$x",
                "\\${y}",
                "<b>bold</b>",
                "| pipe |",
                "`code`",
                "\\\"quoted\\\"",
                "'single'",
                "# no comment",
                "*star* _under_",
                "- item",
                "%%{init: {}}%%",
                "]]>",
                "a\\\\b",
                "key: value",
                "&a *a !b",
                "\\n# next line",
                "[x](javascript:y)",
                "{}",
                "100%",
                "\\t",
                "<!-- c",
                "\\u{202e}",
                "https://example.com/?a=b&c=d",
            ])?);
        }
        text.push('"');
        Ok(text)
    }

    fn manifest(&mut self) -> Result<String> {
        let shared = self.maybe()?;
        let mut text = format!(
            "[project]\nname = \"generated\"\nshared = {shared}\n\n[prometheus]\nformat = \"{}\"\n",
            self.one(&["plain", "prometheus-rule"])?
        );
        for line in [
            "rules_per_group = 8",
            "interval = \"1m\"",
            "scrape_interval = \"60s\"",
            "namespace = \"monitoring\"",
            "labels = { release = \"kube\" }",
        ] {
            self.sometimes(&mut text, line)?;
        }
        let _ = writeln!(
            text,
            "\n[grafana]\nformat = \"{}\"",
            self.one(&["json", "configmap"])?
        );
        for line in [
            "folder = \"Größe / \\\"x\\\"\"",
            "tags = [\"slo\", \"a b\"]",
        ] {
            self.sometimes(&mut text, line)?;
        }
        let _ = writeln!(
            text,
            "\n[alertmanager]\nformat = \"{}\"\nsmarthost = \"mail.example.com:587\"\nfrom = \"alerts@example.com\"",
            self.one(&["plain", "alertmanager-config"])?
        );
        for line in [
            "namespace = \"monitoring\"",
            "matcher_strategy = \"none\"",
            "default_team = \"team0\"",
            "inhibit_dependents = false",
            "username = \"alerts\"",
        ] {
            self.sometimes(&mut text, line)?;
        }
        let forms = self.one(&[
            "[\"json\", \"rego\"]",
            "[\"json\", \"argo-rollouts\"]",
            "[\"rego\", \"argo-cd\"]",
        ])?;
        // PromQL has no other time zone.
        self.zone = if forms.contains("argo") {
            "UTC"
        } else {
            "Europe/London"
        };
        let _ = writeln!(
            text,
            "\n[policy]\nforms = {forms}\nprometheus = \"http://prometheus:9090\"\nimage = \"registry.example.com/nthc:1\"\n\n[urls]",
        );
        for line in [
            "runbooks = \"https://runbooks.example.com/{environment}\"",
            "dashboards = \"https://grafana.example.com\"",
        ] {
            self.sometimes(&mut text, line)?;
        }
        Ok(text)
    }

    fn sometimes(&mut self, text: &mut String, line: &str) -> Result<()> {
        if self.maybe()? {
            text.push_str(line);
            text.push('\n');
        }
        Ok(())
    }

    fn teams(&mut self) -> Result<String> {
        let mut text = String::new();
        for number in 0..self.number(1, 3)? {
            let name = format!("team{number}");
            let _ = writeln!(text, "/// {}\nteam {name} {{", self.comment()?);
            if self.maybe()? {
                let _ = writeln!(text, "  slack = \"#{name}\"");
            }
            if self.maybe()? {
                let _ = writeln!(text, "  email = \"{name}@example.com\"");
            }
            if self.maybe()? {
                let zone = self.one(&[
                    "Europe/London",
                    "America/Los_Angeles",
                    "Etc/UTC",
                    "Asia/Kolkata",
                ])?;
                let rotation = self.one(&["daily", "weekly", "12h", "2d"])?;
                let _ = writeln!(
                    text,
                    "  schedule primary {{\n    zone = \"{zone}\"\n    rotation = {rotation}\n    members = [\"a{number}@example.com\", \
                     \"b@example.com\"]\n  }}"
                );
                let _ = writeln!(
                    text,
                    "  escalation default {{\n    step one {{ notify = primary }}\n    step two {{ notify = \"lead@example.com\"  after = \
                     {}m }}\n  }}",
                    self.number(1, 60)?
                );
            }
            if self.maybe()? {
                let on = self.one(&["[page]", "[ticket]", "[page, ticket]"])?;
                let receiver = self.one(&[
                    "slack { channel = \"#alerts\"",
                    "mail { to = \"alerts@example.com\"",
                    "webhook { url = \"https://hooks.example.com/x\"",
                ])?;
                let _ = writeln!(text, "  receiver chat : {receiver}  on = {on} }}");
            }
            if self.maybe()? {
                let _ = writeln!(
                    text,
                    "  support-hours {{ zone = \"Etc/UTC\"  from = 08:00  to = {}:30 }}",
                    self.number(10, 23)?
                );
            }
            text.push_str("}\n\n");
            self.teams.push(name);
        }
        Ok(text)
    }

    fn comment(&mut self) -> Result<&'static str> {
        self.one(&[
            "Does what it does.",
            "Größe | `x` <b>.",
            "{{ x }} \\${y}",
            "Counts \"things\".",
        ])
    }

    fn environments(&mut self) -> Result<Option<String>> {
        let count = self.number(0, 2)?;
        self.environments = ["production", "staging"][..count]
            .iter()
            .map(|name| (*name).to_owned())
            .collect();
        let declared = self
            .environments
            .iter()
            .map(|name| format!("environment {name} {{ selector = {{ env = \"{name}\" }} }}\n"));
        Ok((count > 0).then(|| declared.collect()))
    }

    fn service(&mut self, number: usize) -> Result<String> {
        let name = match self.number(0, 3)? {
            0 => format!("service_{number}"),
            1 | 2 => format!("web-{number}"),
            _ => format!("\"Legacy.Service {number}\""),
        };
        let team = self.number(0, self.teams.len() - 1)?;
        let mut text = String::from("import lib\nimport std.http\nimport std.redis\n");
        let _ = writeln!(text, "import teams.{{{}}}", self.teams[team]);
        for before in 0..number {
            let _ = writeln!(text, "import service_{before} as before_{before}");
        }
        if !self.environments.is_empty() {
            text.push_str("import environments.{production}\n");
        }
        let base = self.maybe()?;
        let _ = write!(text, "\n/// {}\nservice {name}", self.comment()?);
        match base {
            true => {
                let _ = writeln!(text, " : lib.online(\"job-{number}\") {{");
            }
            false => {
                let job = ["= \"job", "=~ \"(job|web)"][number % 2];
                let _ = writeln!(text, " {{\n  selector = {{ job {job}-{number}\" }}");
            }
        }
        let _ = writeln!(text, "  team = {}", self.teams[team]);
        let _ = writeln!(
            text,
            "  tier = {}",
            self.one(&["critical", "high", "standard", "low"])?
        );
        let _ = writeln!(
            text,
            "  type = {}",
            self.one(&["api", "web", "worker", "stream", "batch"])?
        );
        if self.maybe()? {
            let _ = writeln!(text, "  labels = {{ note = {} }}", self.text()?);
        }
        if self.maybe()? {
            text.push_str("  deployed = `deployment_timestamp_seconds`\n");
        }
        let mut slos = Vec::new();
        for slo in 0..self.number(1, 3)? {
            let slo = format!("promise-{slo}");
            text.push_str(&self.slo(&slo)?);
            slos.push(slo);
        }
        for alert in 0..self.number(0, 3)? {
            text.push_str(&self.alert(number, alert, "  ")?);
        }
        if self.maybe()? {
            let _ = writeln!(
                text,
                "  recording \"job{number}:depth:{}\" {{ query = `sum(rate(depth_total[5m])) by (queue)` }}",
                self.one(&["sum", "rate5m"])?
            );
        }
        if self.maybe()? {
            let _ = writeln!(
                text,
                "  for region in lib.regions {{\n    alert \"backlog-{number}-${{region}}\" {{\n      when = \
                 `max(queue_depth{{region=\"${{region}}\"}}) > ${{lib.deep}}`\n    }}\n  }}"
            );
        }
        for before in 0..number {
            if self.maybe()? {
                let name = self.services[before].clone();
                let _ = writeln!(
                    text,
                    "  dependency needs-{before} {{\n    service = before_{before}.{name}\n    criticality = {}\n    impact = {}\n  }}",
                    self.one(&["hard", "soft"])?,
                    self.text()?
                );
            }
        }
        if self.maybe()? {
            let _ = writeln!(
                text,
                "  dependency sessions : redis(\"sessions:9121\") {{ criticality = soft }}"
            );
        }
        text.push_str(&self.gate(&slos)?);
        if self.maybe()? {
            let _ = writeln!(
                text,
                "  panel depth {{ title = {}  query = `max(queue_depth)`  unit = {} }}",
                self.text()?,
                self.one(&["count", "seconds", "bytes", "ratio"])?
            );
        }
        if self.maybe()? {
            let _ = writeln!(
                text,
                "  runbook {{\n    section \"First\" {{ text = {} }}\n  }}",
                self.text()?
            );
        }
        if !self.environments.is_empty() && self.maybe()? {
            let _ = writeln!(
                text,
                "  in production {{\n    slo {} {{ objective = 98% }}\n  }}",
                slos[0]
            );
        }
        text.push_str("}\n");
        self.services.push(name);
        Ok(text)
    }

    fn slo(&mut self, name: &str) -> Result<String> {
        let objective = self.one(&["99%", "99.9%", "99.95%", "95%", "90%", "99.99%"])?;
        let indicator = self.number(0, 7)?;
        let mut text = match indicator {
            0 => format!("  slo {name} : http.availability {{\n"),
            1 => format!(
                "  slo {name} : http.latency(under: {}ms) {{\n",
                self.one(&["100", "250", "500"])?
            ),
            2 => format!(
                "  slo {name} : lib.settled(`settled_total{{outcome!=\"ok\"}}`, total: `settled_total`) {{\n"
            ),
            3 => format!(
                "  slo {name} {{\n    sli : ratio {{ good = `done_total{{outcome=\"ok\"}}`  total = `done_total` }}\n"
            ),
            4 => format!(
                "  slo {name} {{\n    sli : ratio {{ bad = `sum(rate(done_total{{code=~\"5..\"}}[$window]))`  total = \
                 `sum(rate(done_total[$window]))` }}\n"
            ),
            5 => format!(
                "  slo {name} {{\n    sli : latency {{ histogram = `work_duration_seconds`  under = {} }}\n",
                self.one(&["300ms", "1s", "2500ms"])?
            ),
            6 => format!(
                "  slo {name} {{\n    sli : time-slices {{ good = `max(lag_seconds) < 60` }}\n"
            ),
            _ => format!(
                "  slo {name} {{\n    sli : error-ratio {{ ratio = `max(avg_over_time(failure_ratio[$window]))` }}\n"
            ),
        };
        let _ = writeln!(text, "    objective = {objective}");
        if self.maybe()? {
            let _ = writeln!(text, "    description = {}", self.text()?);
        }
        if self.maybe()? {
            let _ = writeln!(
                text,
                "    window = {}",
                self.one(&["7d", "28d", "30d", "90d"])?
            );
        }
        if self.maybe()? {
            let _ = writeln!(
                text,
                "    {}",
                self.one(&[
                    "burn_rate_alerts = false",
                    "burn_rate_pages = false",
                    "burn_rate_tickets = false",
                    "budget_pages = [50%, 100%]",
                    "budget_tickets = []",
                    "absent_after = 30m  interval = 45s  query_offset = 20s",
                    "absence = page",
                    "labels = { kind = \"promise\" }",
                ])?
            );
        }
        // The others have no number of events.
        if indicator < 6 && self.maybe()? {
            let _ = writeln!(
                text,
                "    {}",
                self.one(&["min_events = 50", "min_bad_events = 10"])?
            );
        }
        text.push_str("  }\n");
        Ok(text)
    }

    fn alert(&mut self, service: usize, number: usize, indent: &str) -> Result<String> {
        let when = self.one(&[
            "max(queue_depth) > 100",
            "max by (instance) (process_open_fds / process_max_fds) > 0.9",
            "sum(rate(errors_total[5m])) / sum(rate(requests_total[5m])) > 0.05",
            "absent(up)",
            "time() - max(last_success_timestamp_seconds) > 3600",
            "max(a_depth) > 5 unless max(a_paused) == 1",
            "histogram_quantile(0.99, sum(rate(work_duration_seconds_bucket[5m])) by (le)) > 2",
            "predict_linear(disk_free_bytes[1h], 4 * 3600) < 0",
        ])?;
        let mut text = format!(
            "{indent}alert trouble-{service}-{number} {{\n{indent}  when = `{when}`\n{indent}  severity = {}\n",
            self.one(&["page", "ticket"])?
        );
        if self.maybe()? {
            let _ = writeln!(text, "{indent}  for = {}m", self.number(1, 60)?);
        }
        if self.maybe()? {
            let _ = writeln!(text, "{indent}  keep_firing_for = 10m");
        }
        for field in ["summary", "description", "impact", "steps"] {
            if self.maybe()? {
                let _ = writeln!(text, "{indent}  {field} = {}", self.text()?);
            }
        }
        let _ = writeln!(text, "{indent}}}");
        Ok(text)
    }

    /// Generates exclusions of the first service or of all.
    fn exclusions(&mut self) -> Result<String> {
        let mut text = String::from("import service_0\nimport teams\n");
        for number in 0..self.number(1, 2)? {
            let times = match self.number(0, 2)? {
                0 => format!(
                    "from = \"2026-11-0{0} 22:00\"  until = \"2026-11-0{0} 23:30\"",
                    self.number(1, 9)?
                ),
                1 => "from = sun 22:00  until = mon 02:00  first = \"2026-01-01\"".to_owned(),
                _ => "from = 02:00  until = 03:00  days = [monday, friday]".to_owned(),
            };
            let covers = match self.maybe()? {
                true => format!("covers = [service_0.{}]  ", self.services[0]),
                false => String::new(),
            };
            let _ = writeln!(
                text,
                "\nexclude maintenance-{number} {{\n  {covers}{times}\n  zone = \"{}\"\n  reason = {}\n  by = {}\n}}",
                self.one(&["Europe/London", "America/Los_Angeles", "UTC"])?,
                self.text()?,
                match self.maybe()? {
                    true => format!("teams.{}", self.teams[0]),
                    false => "\"lead@example.com\"".to_owned(),
                }
            );
        }
        Ok(text)
    }

    fn gate(&mut self, slos: &[String]) -> Result<String> {
        if !self.maybe()? {
            return Ok(String::new());
        }
        let mut text = String::from("  gate release {\n");
        for number in 0..self.number(1, 4)? {
            let kind = self.one(&["deny", "warn"])?;
            let condition = match self.number(0, 6)? {
                0 => format!("budget({}) < {}%", slos[0], self.number(0, 100)?),
                1 => format!("burn({}, over: 1h) > {}", slos[0], self.number(1, 20)?),
                2 => "firing(page) > 0".to_owned(),
                3 => format!(
                    "between(from: fri 16:00, to: mon 09:00, zone: \"{}\")",
                    self.zone
                ),
                4 => format!(
                    "frozen(from: \"2031-11-24\", to: \"2031-12-01\", zone: \"{0}\") or not business_hours(zone: \"{0}\")",
                    self.zone
                ),
                5 => format!(
                    "budget_time({}) < {}m and dependents() >= 0",
                    slos[0],
                    self.number(1, 90)?
                ),
                _ => "incidents(over: 7d) > 2".to_owned(),
            };
            let _ = writeln!(text, "    {kind} rule-{number} {{ when = {condition} }}");
        }
        text.push_str("  }\n");
        Ok(text)
    }
}
