//! Which queries an edit runs again. A query that reads more than it needs shows here first.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use nthc::compile::{Input, SourceInput};
use nthc::db::Database;
use nthc::ir::{Duration, GrafanaSettings, PrometheusSettings, RuleFormat, Settings};
use nthc::session::Session;

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
    let file = |module: &str, text: &str| SourceInput {
        module: module.to_owned(),
        path: format!("{module}.nth"),
        text: Arc::from(text),
        package: false,
    };
    let files = vec![
        file("checkout", CHECKOUT),
        file("ledger", LEDGER),
        file("teams", TEAMS),
    ];
    let ran = Arc::new(Mutex::new(Vec::new()));
    let notes = ran.clone();
    let db = Database::with_listener(move |event| {
        if let salsa::EventKind::WillExecute { database_key } = event.kind {
            let name = format!("{database_key:?}");
            let name = name.split('(').next().unwrap_or_default().to_owned();
            notes.lock().unwrap().push(name);
        }
    });
    let settings = Settings {
        project: "watched".to_owned(),
        environment: None,
        prometheus: PrometheusSettings {
            format: RuleFormat::Plain,
            scrape_interval: Duration::seconds(15),
            interval: Duration(30_000),
            namespace: None,
            resource_labels: BTreeMap::new(),
        },
        severity_labels: BTreeMap::new(),
        runbook_base_url: None,
        dashboard_base_url: None,
        grafana: GrafanaSettings::default(),
    };
    let input = Input {
        settings,
        files,
        catalogue: None,
        environment: None,
    };
    let session = Session::new(db, &input.files);
    let watched = Watched {
        session,
        input,
        ran,
    };
    assert_eq!(watched.compile(), 0, "the project has no mistakes");
    watched
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
        "entry",
        "parsed",
        "file_names",
        "item_tree",
        "find_item",
        "find_module",
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
            ("block_children", 1),
            ("block_field", 2),
            ("check_item", 1),
            ("instance", 1),
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
        vec![("check_item", 1), ("instance", 1)],
        "{counts:?}"
    );
}
