//! Which queries an edit runs again. A query that reads more than it needs shows here first.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use nthc::catalogue::Lock;
use nthc::compile::{Build as _, Input, SourceInput};
use nthc::db::Database;
use nthc::diagnostics::codes;
use nthc::ir::{Duration, Settings};
use nthc::session::{Configuration, Session};
use nthc::suppressions::{Level, Levels};

const TEAMS: &str = "team payments { }\n";

const LEDGER: &str = r#"import teams
import std.http

service ledger {
  team     = teams.payments
  tier     = high
  selector = { job = "ledger" }

  slo availability : http.availability
}
"#;

const CHECKOUT: &str = r#"import teams
import ledger
import std.http

service checkout {
  team     = teams.payments
  tier     = ledger.tier
  selector = { job = "checkout" }

  slo availability : http.availability {
    objective = 98%
  }

  dependency books { service = ledger }

  alert deep {
    when = `max(queue_depth) > 100`
  }
}
"#;

/// A loaded project that notes which queries run, by their names and how often.
struct Watched {
    session: Session,
    input: Input,
    ran: Arc<Mutex<Vec<String>>>,
}

fn load() -> Watched {
    let watched = load_files(&[("checkout", CHECKOUT), ("ledger", LEDGER), ("teams", TEAMS)]);
    assert_eq!(watched.compile(), 0, "the project has no mistakes");
    watched
}

fn load_files(files: &[(&str, &str)]) -> Watched {
    let files = files
        .iter()
        .map(|(module, text)| SourceInput {
            module: (*module).to_owned(),
            path: format!("{module}.nth"),
            text: Arc::from(*text),
            package: false,
        })
        .collect();
    let ran = Arc::new(Mutex::new(Vec::new()));
    let notes = ran.clone();
    let db = Database::with_listener(move |event| {
        if let salsa::EventKind::WillExecute { database_key } = event.kind {
            let name = format!("{database_key:?}");
            let name = name.split('(').next().unwrap_or_default().to_owned();
            notes.lock().unwrap().push(name);
        }
    });
    let settings = nthc::project::default_settings("watched");
    let input = Input {
        settings,
        files,
        catalogue: None,
        levels: Default::default(),
        environment: None,
    };
    let mut session = Session::new(db, &input.files);
    // As they are in an editor: a file that is opened later is one that nothing counted on to change.
    for (file, input) in session.files().to_vec().into_iter().zip(&input.files) {
        session.edit(file, input.text.clone());
    }
    Watched {
        session,
        input,
        ran,
    }
}

impl Watched {
    /// Compiles, and gives the number of diagnostics.
    fn compile(&self) -> usize {
        self.session.compile(&self.input).diagnostics.len()
    }

    /// The queries that run after an edit of a file, with how often each does, but for those that only read text.
    fn after(&mut self, module: &str, change: impl Fn(&str) -> String) -> BTreeMap<String, usize> {
        let db = &self.session.db;
        let file = *self
            .session
            .files()
            .iter()
            .find(|file| file.module(db) == module)
            .expect("a module");
        let text = change(file.text(db));
        self.ran.lock().unwrap().clear();
        self.session.edit(file, Arc::from(text));
        assert_eq!(self.compile(), 0);
        self.counts()
    }

    /// The queries that ran since they were last counted.
    fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for name in self.ran.lock().unwrap().drain(..) {
            *counts.entry(name).or_default() += 1;
        }
        counts
    }
}

/// The queries that judge or compute, as against those that read text or look a name up.
fn judged(counts: &BTreeMap<String, usize>) -> Vec<(&str, usize)> {
    let reading = [
        "directives",
        "entry",
        "parsed",
        "file_names",
        "item_tree",
        // Loops at the top level, of literals.
        "expanded",
        "find_item",
        "find_module",
        // These put together what others found.
        "block_findings",
        "evaluation_steps",
        "file_findings",
        "has_directives",
        // These look at which names a text has, and whether it can be read.
        "file_references",
        "syntax_errors",
    ];
    counts
        .iter()
        .filter(|(name, _)| !reading.contains(&name.as_str()))
        .map(|(name, count)| (name.as_str(), *count))
        .collect()
}

#[test]
fn text_that_moves_judges_nothing_again() {
    let mut watched = load();
    let counts = watched.after("checkout", |text| {
        format!("// A comment above everything.\n\n{text}")
    });
    assert_eq!(counts.get("parsed"), Some(&1), "{counts:?}");
    assert_eq!(judged(&counts), vec![], "{counts:?}");
    assert_eq!(counts.get("file_findings"), None, "{counts:?}");
}

#[test]
fn comments_to_the_compiler_are_read_in_the_file_that_changed_alone() {
    let mut watched = load();
    // `after` asserts that nothing is told: the comment allows what the edit brings.
    let counts = watched.after("checkout", |text| {
        let text = text.replace("max(queue_depth)", "limitk(3, queue_depth)");
        text.replace(
            "  alert deep",
            "  // nth: allow(promql-experimental)\n  alert deep",
        )
    });
    assert_eq!(counts.get("directives"), Some(&1), "{counts:?}");
    assert_eq!(counts.get("check_item"), Some(&1), "{counts:?}");
    // The comment alone moves, and what it stands with: nothing is judged again.
    let counts = watched.after("checkout", |text| {
        text.replace("import teams\n", "import teams\n\n// Prose.\n")
    });
    assert_eq!(counts.get("directives"), Some(&1), "{counts:?}");
    assert_eq!(judged(&counts), vec![], "{counts:?}");
}

#[test]
fn levels_run_no_query() {
    let mut watched = load();
    let mut configuration = Configuration::new(&watched.input.settings, None, Levels::default());
    watched.session.configure(&configuration);
    assert_eq!(watched.compile(), 0);
    configuration
        .levels
        .set(&codes::ABOVE_CEILING, Level::Error);
    watched.ran.lock().unwrap().clear();
    watched.session.configure(&configuration);
    assert_eq!(watched.compile(), 0);
    assert_eq!(*watched.ran.lock().unwrap(), Vec::<String>::new());
}

#[test]
fn a_setting_reaches_only_what_reads_it() {
    let mut watched = load();
    let mut settings = watched.input.settings.clone();
    let mut configure = |settings: &Settings| {
        let configuration = Configuration::new(settings, None, Levels::default());
        watched.session.configure(&configuration);
        assert_eq!(watched.compile(), 0);
        watched.counts()
    };
    configure(&settings);
    // Only what writes files reads how often rules are evaluated.
    settings.prometheus.interval = Duration::minutes(1);
    assert_eq!(configure(&settings), BTreeMap::new());
    // No service has a gate: the settings are looked at, and nothing else is.
    settings.policy.forms.clear();
    let counts = configure(&settings);
    assert!(!counts.is_empty());
    for query in ["check_item", "instance", "service_model", "paging_facts"] {
        assert_eq!(counts.get(query), None, "{counts:?}");
    }
    settings.prometheus.scrape_interval = Duration::seconds(30);
    let counts = configure(&settings);
    assert!(counts.contains_key("check_item"), "{counts:?}");
}

#[test]
fn an_edit_of_a_body_judges_its_own_item_alone() {
    let mut watched = load();
    let counts = watched.after("checkout", |text| text.replace("> 100", "> 200"));
    assert_eq!(
        judged(&counts),
        vec![
            ("check_item", 1),
            ("instance", 1),
            ("paging_facts", 1),
            ("parsed_query", 1),
            ("service_facts", 1),
            ("service_model", 1)
        ],
        "{counts:?}"
    );
}

#[test]
fn an_edit_that_gives_the_same_value_stops_there() {
    let mut watched = load();
    let counts = watched.after("ledger", |text| {
        text.replace("job = \"ledger\"", "job = \"books\"")
    });
    // `checkout` reads the ledger's tier, its objectives and how good the first is; they are computed again, are
    // the same, and nothing of `checkout` follows.
    assert_eq!(
        judged(&counts),
        vec![
            ("all_block_children", 1),
            ("block_field", 2),
            ("check_item", 1),
            ("instance", 1),
            ("paging_facts", 1),
            ("service_facts", 1),
            ("service_model", 1)
        ],
        "{counts:?}"
    );
}

#[test]
fn an_objective_reaches_the_facts_of_what_depends_on_it_alone() {
    let mut watched = load();
    let counts = watched.after("ledger", |text| {
        text.replace(
            "http.availability",
            "http.availability {\n    objective = 99.8%\n  }",
        )
    });
    assert_eq!(counts.get("service_facts"), Some(&2), "{counts:?}");
    assert_eq!(counts.get("service_model"), Some(&1), "{counts:?}");
    assert_eq!(counts.get("instance"), Some(&1), "{counts:?}");
}

#[test]
fn a_value_that_another_service_reads_reaches_it() {
    let mut watched = load();
    let counts = watched.after("ledger", |text| {
        text.replace("tier     = high", "tier     = low")
    });
    assert_eq!(counts.get("service_model"), Some(&2), "{counts:?}");
}

#[test]
fn a_new_item_judges_itself_alone() {
    let mut watched = load();
    let counts = watched.after("teams", |text| format!("{text}\nteam search {{ }}\n"));
    assert_eq!(
        judged(&counts),
        vec![("check_item", 1), ("instance", 1), ("team_model", 1)],
        "{counts:?}"
    );
}

/// A service with a signal.
fn with_signal(name: &str) -> String {
    format!(
        "import teams\n\nservice {name} {{\n  team     = teams.payments\n  selector = {{ job = \"{name}\" }}\n\n  \
         signal depth {{ any_of = [`queue_depth`, `jobs_waiting`] }}\n\n  \
         alert deep {{ when = `max(${{depth}}) > 100` }}\n}}\n"
    )
}

/// A catalogue in which each service has one metric.
fn catalogue(metrics: &[(&str, &str)]) -> Arc<Lock> {
    let sections: String = metrics
        .iter()
        .map(|(job, metric)| {
            format!("[selectors.'{{job=\"{job}\"}}'.metrics.{metric}]\ntype = \"gauge\"\n")
        })
        .collect();
    Arc::new(Lock::parse(&format!("version = 1\n{sections}")).unwrap())
}

#[test]
fn a_pull_reaches_those_whose_metrics_changed() {
    let (checkout, mail) = (with_signal("checkout"), with_signal("mail"));
    let mut watched = load_files(&[("checkout", &checkout), ("mail", &mail), ("teams", TEAMS)]);
    let mut configure = |metrics: &[(&str, &str)]| {
        let configuration = Configuration::new(
            &watched.input.settings,
            Some(catalogue(metrics)),
            Levels::default(),
        );
        watched.session.configure(&configuration);
        let said = watched.compile();
        (said, watched.counts())
    };
    let (said, _) = configure(&[("checkout", "queue_depth"), ("mail", "queue_depth")]);
    assert_eq!(said, 0);
    let (said, counts) = configure(&[("checkout", "queue_depth"), ("mail", "jobs_waiting")]);
    assert_eq!(said, 0);
    assert_eq!(counts.get("metrics_under"), Some(&2), "{counts:?}");
    assert_eq!(counts.get("instance"), Some(&1), "{counts:?}");
    assert_eq!(counts.get("service_model"), Some(&1), "{counts:?}");
    let (said, counts) = configure(&[("checkout", "up"), ("mail", "jobs_waiting")]);
    assert_eq!(said, 1, "the signal of `checkout` is missing");
    assert_eq!(counts.get("service_model"), Some(&1), "{counts:?}");
}

/// A file with many services, longer than what is parsed again as a whole.
fn many_services(count: usize) -> String {
    let services = (0..count).map(|number| {
        format!(
            "/// Number {number}.\nservice s-{number} {{\n  team     = payments\n  tier     = high\n  selector = {{ job = \"s-{number}\" }}\n\n  \
             slo availability : http.availability {{\n    objective = 99.5%\n  }}\n\n  alert deep {{\n    when = `max(queue_depth) > 100`\n  }}\n}}\n\n"
        )
    });
    format!(
        "import std.http\n\nteam payments {{ }}\n\n{}",
        services.collect::<String>()
    )
}

#[test]
fn an_edit_in_a_file_with_many_services_evaluates_its_own_service_only() {
    let text = many_services(120);
    let mut watched = load_files(&[("all", &text)]);
    assert!(watched.session.findings().is_empty());
    watched.session.evict_stale();
    let file = watched.session.files()[0];
    for (number, objective) in ["99.6%", "99.7%", "99.8%"].into_iter().enumerate() {
        let mut services: Vec<String> = text.split_inclusive("}\n\n").map(str::to_owned).collect();
        let edited = services
            .iter()
            .position(|service| service.contains("service s-60 "))
            .expect("a service")
            + 1;
        services[edited] = services[edited].replace("99.5%", objective);
        watched.counts();
        watched.session.edit(file, services.concat().into());
        assert!(watched.session.findings().is_empty());
        watched.session.evict_stale();
        let counts = watched.counts();
        for query in ["check_item", "instance", "service_model", "block_findings"] {
            assert_eq!(counts.get(query), Some(&1), "edit {number}: {counts:?}");
        }
    }
}

#[test]
fn after_edits_of_a_long_file_the_findings_are_those_of_its_text() {
    let pieces = [
        "\n",
        "\r\n",
        "x",
        "}",
        "{\n",
        "\"",
        "\"\"\"",
        "`",
        "// nth: allow(promql-experimental)\n",
        "\n  dependency next { service = s-1 }\n",
        "service s-7 { team = payments  tier = high }\n\n",
        "  runbook { }\n",
        "team others { slack = \"#others\" }\n",
        "import teams\n",
    ];
    let mut text = many_services(80);
    let mut watched = load_files(&[("all", &text), ("teams", "team more { }\n")]);
    let file = watched.session.files()[0];
    let mut number = 7_usize;
    let mut next = |end: usize| {
        number = number
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (number >> 33) % end
    };
    let mut undone: Vec<String> = Vec::new();
    for edit in 0..40 {
        // Every other text is sound again, so that most is evaluated.
        text = match undone.pop() {
            Some(before) => before,
            None => {
                let at = next(text.len());
                let piece = pieces[next(pieces.len())];
                let end = (at + next(3) * next(40)).min(text.len());
                undone.push(text.clone());
                format!("{}{piece}{}", &text[..at], &text[end..])
            }
        };
        watched.session.edit(file, text.as_str().into());
        let found = watched.session.findings();
        watched.session.evict_stale();
        let fresh = load_files(&[("all", &text), ("teams", "team more { }\n")]);
        assert_eq!(found, fresh.session.findings(), "edit {edit}");
    }
}
