//! What completion gives, as a person sees it: what the editor would show of it for what is typed, best first.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::support::{Editor, Fixture, apply, capabilities, offset};

/// A project for fixtures: a team, environments, a template, and another service.
pub const PROJECT: &str = r##"
//- teams/payments.nth
/// Everything that moves money.
team payments {
  slack = "#payments"

  schedule primary {
    zone    = "Europe/London"
    members = ["a@example.com", "b@example.com"]
  }
}
//- environments.nth
/// Where customers are.
environment production { selector = { env = "production" } }
environment staging { selector = { env = "staging" } }
//- lib/services.nth
import std.http

/// A service that somebody waits for.
template service online(
  /// The job that Prometheus scrapes it under.
  job: string,
  /// How long its requests may take.
  under: duration = 300ms,
) {
  selector = { job = job }

  slo availability : http.availability { min_events = 100 }
  slo latency : http.latency(under: under)

  alert crash-loop {
    when = `max(changes(process_start_time_seconds[30m])) by (instance) > 3`
  }
}

let regions = ["eu", "us"]
//- services/ledger.nth
import teams.payments

service ledger {
  team     = payments
  selector = { job = "ledger" }

  slo availability {
    objective = 99.9%
    sli : ratio {
      good  = `ledger_entries_total{outcome="ok"}`
      total = `ledger_entries_total`
    }
  }
}
"##;

/// What an editor shows at the cursor.
pub struct Shown {
    editor: Editor,
    items: Vec<Value>,
    /// Whether the server has more.
    pub is_incomplete: bool,
}

/// What an editor shows at the cursor of a text, which is `services/checkout.nth` of [`PROJECT`].
pub fn complete(text: &str) -> Shown {
    let text = text.strip_prefix('\n').unwrap_or(text);
    complete_in(&format!("{PROJECT}//- services/checkout.nth\n{text}"))
}

/// What an editor shows at the cursor of a fixture.
pub fn complete_in(fixture: &str) -> Shown {
    shown(Editor::open(fixture))
}

/// What an editor with other capabilities shows.
pub fn complete_with(fixture: Fixture, change: impl FnOnce(&mut Value)) -> Shown {
    let mut capabilities = capabilities();
    change(&mut capabilities);
    shown(Editor::start(
        fixture,
        json!({ "capabilities": capabilities }),
    ))
}

fn shown(mut editor: Editor) -> Shown {
    let answer = editor.ask_at_cursor("textDocument/completion", json!({}));
    let mut items = answer["items"].as_array().expect("a list").clone();
    items.sort_by_key(|item| item["sortText"].as_str().unwrap().to_owned());
    let text = editor.fixture.files[&editor.fixture.file].clone();
    let cursor = editor.fixture.marks[0];
    items.retain(|item| {
        let start = offset(&text, &item["textEdit"]["range"]["start"]);
        let end = offset(&text, &item["textEdit"]["range"]["end"]);
        assert!(
            start <= cursor && cursor <= end,
            "the edit is elsewhere: {item}"
        );
        assert!(
            !text[start..end].contains('\n'),
            "the edit is of several lines: {item}"
        );
        let compared = item["filterText"]
            .as_str()
            .or(item["label"].as_str())
            .unwrap();
        is_within(&text[start..cursor], compared)
    });
    Shown {
        is_incomplete: answer["isIncomplete"].as_bool().unwrap(),
        editor,
        items,
    }
}

/// As editors compare: the letters in their order.
fn is_within(typed: &str, name: &str) -> bool {
    let mut letters = name.chars().flat_map(char::to_lowercase);
    typed
        .chars()
        .flat_map(char::to_lowercase)
        .all(|letter| letters.any(|next| next == letter))
}

impl Shown {
    /// The names, best first.
    pub fn labels(&self) -> Vec<&str> {
        let labels = self
            .items
            .iter()
            .map(|item| item["label"].as_str().unwrap());
        labels.collect()
    }

    /// The first names, each with its detail.
    pub fn first(&self, count: usize) -> String {
        let mut text = String::new();
        for item in self.items.iter().take(count) {
            let label = item["label"].as_str().unwrap();
            let detail = item["detail"].as_str().unwrap_or_default();
            let _ = writeln!(text, "{}", format!("{label:<20} {detail}").trim_end());
        }
        text
    }

    /// Whether something of that name is shown.
    pub fn has(&self, label: &str) -> bool {
        self.items.iter().any(|item| item["label"] == label)
    }

    /// The item of that name.
    pub fn item(&self, label: &str) -> &Value {
        let found = self.items.iter().find(|item| item["label"] == label);
        found.unwrap_or_else(|| panic!("no {label} in {:?}", self.labels()))
    }

    /// The text of the file once that is chosen, with the places of snippets as they are.
    pub fn chosen(&self, label: &str) -> String {
        let item = self.item(label);
        let mut edits = vec![item["textEdit"].clone()];
        edits.extend(
            item["additionalTextEdits"]
                .as_array()
                .cloned()
                .unwrap_or_default(),
        );
        apply(
            &self.editor.fixture.files[&self.editor.fixture.file],
            &edits,
        )
    }

    /// What choosing it changes: the lines that were not there before.
    pub fn changes(&self, label: &str) -> String {
        let before = &self.editor.fixture.files[&self.editor.fixture.file];
        let mut old: Vec<&str> = before.lines().collect();
        let chosen = self.chosen(label);
        let new = chosen
            .lines()
            .filter(|line| match old.iter().position(|known| known == line) {
                Some(place) => {
                    old.remove(place);
                    false
                }
                None => true,
            });
        new.map(|line| format!("{}\n", line.trim_end())).collect()
    }

    /// What is said of it once the editor asks.
    pub fn documentation(&mut self, label: &str) -> String {
        let item = self.item(label).clone();
        let resolved = self.editor.ask("completionItem/resolve", item);
        resolved["documentation"]["value"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}
