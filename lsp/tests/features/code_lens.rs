//! Code lenses, with what they say once they are looked at.

use serde_json::{Value, json};

use crate::support::{Editor, offset};

/// Each lens as `line: word: what it says`.
fn lenses(editor: &mut Editor) -> Vec<String> {
    let text = editor.fixture.files[&editor.fixture.file].clone();
    resolved(editor)
        .iter()
        .map(|lens| {
            let start = offset(&text, &lens["range"]["start"]);
            let end = offset(&text, &lens["range"]["end"]);
            let title = lens["command"]["title"].as_str().unwrap();
            format!("{}: {title}", &text[start..end])
        })
        .collect()
}

fn resolved(editor: &mut Editor) -> Vec<Value> {
    let found = editor.ask_of_file("textDocument/codeLens", json!({}));
    let found = found.as_array().unwrap().clone();
    let resolve = found.into_iter().map(|lens| {
        assert_eq!(
            lens.get("command"),
            None,
            "it counts nothing before it is looked at"
        );
        editor.ask("codeLens/resolve", lens)
    });
    resolve.collect()
}

const SHOP: &str = r##"
//- teams.nth
team payments$0 { slack = "#payments" }
team idle { slack = "#idle" }
template slo orders() {
  objective = 99.9%
  sli : ratio { bad = `errors_total`  total = `requests_total` }
}
//- main.nth
import teams
import teams.{payments}

service checkout {
  team     = payments
  selector = { job = "checkout" }
  slo orders : teams.orders()
  alert deep { when = `max(queue_depth) > 10` }
  gate release {
    deny spent { when = budget(orders) < 10% }
    deny on-fire { when = firing(page) > 0 }
    warn fast { when = burn(orders) > 6 }
  }
}
service mailer {
  team     = payments
  selector = { job = "mailer" }
  slo orders : teams.orders()
}
service broken { selector = }
"##;

#[test]
fn teams_and_templates_count_their_uses() {
    let mut editor = Editor::open(SHOP);
    assert_eq!(
        lenses(&mut editor),
        [
            "payments: used by 2",
            "idle: used by 0",
            "orders: used by 2"
        ]
    );
}

#[test]
fn services_count_the_rules_of_the_build() {
    let mut editor = Editor::open(
        &SHOP
            .replace("$0", "")
            .replace("service checkout {", "service checkout$0 {"),
    );
    assert_eq!(
        lenses(&mut editor),
        [
            "checkout: 10 alerts, 24 recordings: show",
            "release: denies for 2 reasons, warns for 1: show",
            "mailer: 9 alerts, 24 recordings: show",
            "broken: nothing is generated: it has errors",
        ]
    );
    let all = resolved(&mut editor);
    assert_eq!(all[0]["command"]["command"], "nth.showGenerated");
    let uri = all[0]["command"]["arguments"][0].clone();
    assert_eq!(uri, "nth-generated:///demo/prometheus/checkout.yaml");
    // The numbers are those of the file that it shows.
    let shown = editor.ask("nth/virtualDocument", json!({ "uri": uri }));
    let text = shown["text"].as_str().unwrap();
    assert_eq!(text.matches("- alert: ").count(), 10);
    assert_eq!(text.matches("- record: ").count(), 24);
    let uri = &all[1]["command"]["arguments"][0];
    let shown = editor.ask("nth/virtualDocument", json!({ "uri": uri }));
    assert_eq!(shown["languageId"], "json");
    assert!(shown["text"].as_str().unwrap().contains("\"on-fire\""));
}

#[test]
fn environments_have_a_lens_each() {
    let mut editor = Editor::open(
        r#"
environment production { selector = { env = "production" } }
environment staging { selector = { env = "staging" } }
team payments { email = "payments@example.com" }
service checkout {
  team     = payments
  selector = { job = "checkout" }
  alert deep { when = `max(queue_depth) > 10` }
  in staging { without alert deep }
}
"#,
    );
    assert_eq!(
        lenses(&mut editor),
        [
            "payments: used by 1",
            "checkout: production: 1 alert, 0 recordings: show",
            "checkout: staging: 0 alerts, 0 recordings: show"
        ]
    );
}

#[test]
fn a_lens_whose_block_is_gone_says_so() {
    let mut editor = Editor::open("service checkout { selector = { job = \"x\" } }\n");
    let found = editor.ask_of_file("textDocument/codeLens", json!({}));
    editor.change("main.nth", "let x = 1\n");
    let lens = editor.ask("codeLens/resolve", found[0].clone());
    assert_eq!(lens["command"]["title"], "gone");
    assert_eq!(lens["command"]["command"], "");
    assert_eq!(
        editor.ask_of_file("textDocument/codeLens", json!({})),
        json!([])
    );
}
