//! Outlines, the search for symbols, and links.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::support::{Editor, Fixture, capabilities};

fn outline(symbols: &Value, depth: usize, out: &mut String) {
    for symbol in symbols.as_array().into_iter().flatten() {
        let detail = symbol["detail"].as_str().unwrap_or_default();
        let kind = symbol["kind"].as_i64().unwrap();
        let name = symbol["name"].as_str().unwrap();
        writeln!(out, "{:depth$}{name} [{kind}] {detail}", "").unwrap();
        outline(&symbol["children"], depth + 2, out);
    }
}

#[test]
fn a_document_is_a_tree() {
    let mut editor = Editor::open(
        "
        import std.http
        /// Money.
        service checkout : http.online(job: \"checkout\") {
          tier = critical
          slo latency : http.latency(under: 300ms) { objective = 99% }
          for r in [\"eu\"] { alert \"lag-${r}\" { when = `up < 1` } }
          in staging { without slo latency  slo latency { window = 7d } }
          slo ratio { sli : ratio { total = `x` } }
        }
        template service online(job: string) : base { selector = { job = job } }
        extend kind service { cost-center: string? }
        let regions = [
          \"eu\",
          \"us\",
        ]
        rule r { require true }
        $0
        ",
    );
    let symbols = editor.ask_of_file("textDocument/documentSymbol", json!({}));
    let mut shown = String::new();
    outline(&symbols, 0, &mut shown);
    assert_eq!(
        shown,
        "checkout [5] service : http.online(job: \"checkout\")
  tier [8] critical
  latency [19] slo : http.latency(under: 300ms)
    objective [8] 99%
  lag-${r} [24] alert
    when [8] `up < 1`
  in staging [3] 
    latency [19] slo
      window [8] 7d
  ratio [19] slo
    sli [19] ratio
      total [8] `x`
online [9] template service : base
  job [13] string
  selector [8] { job = job }
service [23] extend kind
  cost-center [8] string?
regions [14] [ \"eu\", \"us\", ]
r [11] rule
"
    );
    let uri = editor.uri("main.nth");
    assert_eq!(
        editor.show(uri.as_str(), &symbols[0]["selectionRange"]),
        "main.nth:3 service [checkout] : http.online(job: \"checkout\") {"
    );
}

#[test]
fn clients_that_know_no_trees_get_a_list() {
    let mut known = capabilities();
    known["textDocument"]["documentSymbol"] = json!({});
    let fixture = Fixture::new("service s { slo a {} }$0");
    let mut editor = Editor::start(fixture, json!({ "capabilities": known }));
    let symbols = editor.ask_of_file("textDocument/documentSymbol", json!({}));
    let names: Vec<_> = symbols
        .as_array()
        .unwrap()
        .iter()
        .map(|symbol| {
            (
                symbol["name"].as_str().unwrap(),
                symbol["containerName"].as_str(),
            )
        })
        .collect();
    assert_eq!(names, [("s", None), ("a", Some("s"))]);
    assert_eq!(
        symbols[0]["location"]["uri"],
        editor.uri("main.nth").as_str()
    );
}

#[test]
fn a_damaged_document_has_symbols_too() {
    let mut editor = Editor::open("service checkout {\n  slo \n  alert x {\n$0");
    let symbols = editor.ask_of_file("textDocument/documentSymbol", json!({}));
    let mut shown = String::new();
    outline(&symbols, 0, &mut shown);
    assert!(shown.starts_with("checkout [5] service\n"), "{shown}");
    assert!(shown.contains("  x [24] alert\n"), "{shown}");
}

#[test]
fn an_empty_document_has_none() {
    let mut editor = Editor::open("// nothing\n$0");
    assert_eq!(
        editor.ask_of_file("textDocument/documentSymbol", json!({})),
        json!([])
    );
}

fn search(editor: &mut Editor, typed: &str) -> Vec<String> {
    let found = editor.ask("workspace/symbol", json!({ "query": typed }));
    let found = found.as_array().unwrap().iter();
    found
        .map(|symbol| {
            let place = &symbol["location"];
            format!(
                "{} in {}: {}",
                symbol["name"].as_str().unwrap(),
                symbol["containerName"].as_str().unwrap(),
                editor.show(place["uri"].as_str().unwrap(), &place["range"])
            )
        })
        .collect()
}

#[test]
fn symbols_are_found_in_all_files() {
    let mut editor = Editor::open(
        "
        //- a/checkout.nth
        service checkout { alert queue-backlog { when = `up < 1` }  description = \"x\" }
        //- b.nth
        template service checkout-like() {}
        team queuers {}
        //- main.nth
        service search { alert queue-backlog { when = `up < 1` } }$0
        ",
    );
    assert_eq!(
        search(&mut editor, "chec"),
        [
            "checkout in a.checkout: a/checkout.nth:1 service [checkout] { alert queue-backlog { when = `up < 1` }  description = \"x\" }",
            "checkout-like in b: b.nth:1 template service [checkout-like]() {}",
        ]
    );
    assert_eq!(
        search(&mut editor, "checkout qb"),
        [
            "queue-backlog in checkout: a/checkout.nth:1 service checkout { alert [queue-backlog] { when = `up < 1` }  description = \"x\" }"
        ]
    );
    assert_eq!(search(&mut editor, "QUEUERS").len(), 1);
    assert_eq!(search(&mut editor, "zzz"), [""; 0]);
    assert_eq!(search(&mut editor, "").len(), 6);
}

#[test]
fn imports_and_addresses_are_links() {
    let mut editor = Editor::open(
        "
        //- teams.nth
        //! Who is called.
        //! More.
        team t {}
        //- main.nth
        import std.http
        import teams.{t} // see https://example.com/teams.
        service s {
          runbook_url = \"https://example.com/${service.name}\"
          dashboard_url = \"https://example.com/d?x=1&y=ü\"
        }
        import nothing$0
        ",
    );
    let links = editor.ask_of_file("textDocument/documentLink", json!({}));
    let uri = editor.uri("main.nth");
    let shown: Vec<String> = links
        .as_array()
        .unwrap()
        .iter()
        .map(|link| {
            let target = link["target"].as_str().unwrap();
            let target = match target.starts_with("file:") {
                true => editor.file_of(target),
                false => target.to_owned(),
            };
            format!("{} -> {target}", editor.show(uri.as_str(), &link["range"]))
        })
        .collect();
    assert_eq!(
        shown,
        [
            "main.nth:1 import [std.http] -> std/http.nth",
            "main.nth:2 import [teams].{t} // see https://example.com/teams. -> teams.nth",
            "main.nth:2 import teams.{t} // see [https://example.com/teams]. -> https://example.com/teams",
            "main.nth:5 dashboard_url = \"[https://example.com/d?x=1&y=ü]\" -> https://example.com/d?x=1&y=%C3%BC",
        ]
    );
}
