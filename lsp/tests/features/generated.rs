//! Virtual documents: what services generate, and the standard library.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Editor, Fixture, capabilities};

fn read(editor: &mut Editor, uri: &str) -> Value {
    editor.ask("nth/virtualDocument", json!({ "uri": uri }))
}

const SHOP: &str = r#"
team payments { email = "payments@example.com" }
service checkout {
  team     = payments
  selector = { job = "checkout" }
  slo orders {
    objective = 99.9%
    sli : ratio { bad = `errors_total`  total = `requests_total` }
  }
}
"#;

/// Builds the fixture's folder with the compiler itself.
fn built(folder: &Path) -> Vec<nthc::backends::Artifact> {
    let loaded = nthc::project::load(folder, folder).unwrap();
    let compilation = nthc::compile::compile(&loaded.project.input(None));
    assert!(!compilation.artifacts.is_empty());
    compilation.artifacts
}

#[test]
fn every_file_is_as_a_build_writes_it() {
    let environments =
        "environment production { selector = { env = \"production\" } }\nenvironment staging { }\n";
    for fixture in [SHOP.to_owned(), format!("{environments}{SHOP}")] {
        let mut editor = Editor::open(&fixture);
        for artifact in built(&editor.folder()) {
            let uri = format!("nth-generated:///demo/{}", artifact.path);
            let shown = read(&mut editor, &uri);
            assert_eq!(shown["text"], artifact.contents, "{uri}");
            let language = match artifact.path.rsplit_once('.').unwrap().1 {
                "yaml" | "yml" => "yaml",
                "json" => "json",
                "md" => "markdown",
                "rego" => "rego",
                _ => "plaintext",
            };
            assert_eq!(shown["languageId"], language, "{uri}");
        }
    }
}

#[test]
fn texts_that_are_not_saved_count() {
    let mut editor = Editor::open(SHOP);
    let uri = "nth-generated:///demo/prometheus/checkout.yaml";
    let before = read(&mut editor, uri);
    assert!(
        before["text"]
            .as_str()
            .unwrap()
            .contains("job=\"checkout\"")
    );
    editor.change(
        "main.nth",
        &SHOP.replace("job = \"checkout\"", "job = \"till\""),
    );
    let after = read(&mut editor, uri);
    assert!(after["text"].as_str().unwrap().contains("job=\"till\""));
    assert!(!after["text"].as_str().unwrap().contains("job=\"checkout\""));
}

#[test]
fn there_are_lists_with_links() {
    let mut editor = Editor::open(SHOP);
    let list = read(&mut editor, "nth-generated:///demo/index.md");
    assert_eq!(list["languageId"], "markdown");
    assert_eq!(
        list["text"],
        "# What demo generates\n\n- [checkout](<nth-generated:///demo/index/checkout.md>): 9 alerts, 24 recordings\n"
    );
    let of_service = read(&mut editor, "nth-generated:///demo/index/checkout.md");
    let text = of_service["text"].as_str().unwrap().to_owned();
    assert!(
        text.starts_with("# What checkout generates\n\n9 alerts, 24 recordings\n\n- "),
        "{text}"
    );
    let links: Vec<&str> = text
        .split("(<")
        .skip(1)
        .filter_map(|rest| rest.split_once(">)").map(|(uri, _)| uri))
        .collect();
    assert!(
        links.contains(&"nth-generated:///demo/prometheus/checkout.yaml"),
        "{text}"
    );
    for link in links {
        assert_ne!(read(&mut editor, link), Value::Null, "{link}");
    }
}

#[test]
fn the_standard_library_can_be_read() {
    let mut editor = Editor::open(SHOP);
    let (_, http) = nthc::session::STANDARD_LIBRARY
        .iter()
        .find(|(name, _)| *name == "std.http")
        .unwrap();
    for uri in ["nth-std:///std/http.nth", "nth-std:/http.nth"] {
        let shown = read(&mut editor, uri);
        assert_eq!(shown, json!({ "text": http, "languageId": "nth" }), "{uri}");
    }
}

#[test]
fn what_there_is_not_has_no_text() {
    let mut editor = Editor::open(SHOP);
    for uri in [
        "nth-generated:///demo/prometheus/other.yaml",
        "nth-generated:///other/prometheus/checkout.yaml",
        "nth-generated:///demo/production/prometheus/checkout.yaml",
        "nth-generated:///demo/index/other.md",
        "nth-generated:demo",
        "nth-std:///std/none.nth",
        "file:///etc/passwd",
    ] {
        assert_eq!(read(&mut editor, uri), Value::Null, "{uri}");
    }
}

#[test]
fn the_command_writes_a_file() {
    let mut editor = Editor::open(SHOP);
    let uri = "nth-generated:///demo/prometheus/checkout.yaml";
    let run = |editor: &mut Editor| {
        let params = json!({ "command": "nth.showGenerated", "arguments": [uri] });
        let file = editor.ask("workspace/executeCommand", params);
        let file = file
            .as_str()
            .unwrap()
            .parse::<tower_lsp::lsp_types::Url>()
            .unwrap();
        fs::read_to_string(file.to_file_path().unwrap()).unwrap()
    };
    let shown = read(&mut editor, uri);
    assert_eq!(run(&mut editor), shown["text"].as_str().unwrap());
    editor.change(
        "main.nth",
        &SHOP.replace("job = \"checkout\"", "job = \"till\""),
    );
    assert!(
        run(&mut editor).contains("job=\"till\""),
        "it is written anew"
    );
    for (command, arguments) in [
        ("nth.showGenerated", json!([])),
        ("nth.showGenerated", json!(["nth-generated:///demo/none"])),
        ("nth.other", json!([uri])),
    ] {
        let params = json!({ "command": command, "arguments": arguments });
        let refused = editor
            .try_ask("workspace/executeCommand", params)
            .unwrap_err();
        assert_eq!(refused["code"], -32602, "{refused}");
    }
}

/// A client that never answers is asked to show a file, and is served all the same.
#[test]
fn nobody_waits_for_the_client_to_show_a_file() {
    let mut can = capabilities();
    can["window"]["showDocument"]["support"] = json!(true);
    let mut editor = Editor::start(Fixture::new(SHOP), json!({ "capabilities": can }));
    let params = json!({
        "command": "nth.showGenerated",
        "arguments": ["nth-generated:///demo/index.md"],
    });
    for _ in 0..5 {
        assert!(
            editor
                .ask("workspace/executeCommand", params.clone())
                .is_string()
        );
    }
    assert_ne!(
        read(&mut editor, "nth-generated:///demo/index.md"),
        Value::Null
    );
}

#[test]
fn clients_that_show_virtual_documents_are_told_of_changes() {
    let greeting = json!({
        "capabilities": capabilities(),
        "initializationOptions": { "virtualDocuments": true },
    });
    let mut editor = Editor::start(Fixture::new(SHOP), greeting);
    let told = editor.told("nth/virtualDocumentChanged");
    assert_eq!(told, json!({ "uri": "nth-generated:///demo/" }));
    editor.change("main.nth", &SHOP.replace("99.9%", "99%"));
    let told = editor.told("nth/virtualDocumentChanged");
    assert_eq!(told, json!({ "uri": "nth-generated:///demo/" }));
    // Such a client has the command itself.
    let capabilities = &editor.greeting()["capabilities"];
    assert_eq!(capabilities.get("executeCommandProvider"), None);
}

#[test]
fn other_clients_have_the_command() {
    let editor = Editor::open(SHOP);
    let provider = &editor.greeting()["capabilities"]["executeCommandProvider"];
    assert_eq!(provider["commands"], json!(["nth.showGenerated"]));
}

/// The paths that the list of a service's files links to.
fn listed(editor: &mut Editor, list: &str) -> Vec<String> {
    let uri = format!("nth-generated:///demo/{list}.md");
    let text = read(editor, &uri)["text"].as_str().unwrap().to_owned();
    let links = text.split("(<nth-generated:///demo/").skip(1);
    let links = links.filter_map(|rest| Some(rest.split_once(">)")?.0.to_owned()));
    links.collect()
}

#[test]
fn a_list_has_what_a_build_makes_for_the_service_in_every_target_and_environment() {
    let text = r##"
//- nth.toml
[project]
name = "demo"
[policy]
prometheus = "http://prometheus:9090"
image = "nthc"
forms = ["json", "rego", "argo-rollouts", "argo-cd"]
//- main.nth
environment production { selector = { env = "production" } }
environment staging { }
team payments { slack = "#p" }
service checkout {
  team     = payments
  selector = { job = "checkout" }
  slo availability {
    objective = 99.9%
    sli : ratio { total = `http_requests_total`  bad = `http_requests_total{code=~"5.."}` }
  }
  gate release { deny burning { when = budget(availability) < 10% } }
}
service rego {
  team     = payments
  selector = { job = "rego" }
  dependency checkout { service = checkout }
}
"##;
    let mut editor = Editor::open(text);
    let artifacts = built(&editor.folder());
    for environment in ["production", "staging"] {
        let mut owners = 0;
        for service in ["checkout", "rego"] {
            let folder = format!("{environment}/");
            let mut expected: Vec<&str> = artifacts
                .iter()
                .filter(|made| made.owner.as_deref() == Some(service))
                .map(|made| made.path.as_str())
                .filter(|path| path.starts_with(&folder))
                .collect();
            expected.sort_unstable();
            owners += expected.len();
            let mut shown = listed(&mut editor, &format!("{environment}/index/{service}"));
            shown.sort();
            assert_eq!(shown, expected, "{service} in {environment}");
        }
        assert!(owners > 8, "{owners} of {environment}");
        let gate = format!("{environment}/policy/rego/service-checkout.rego");
        let owner = artifacts.iter().find(|made| made.path == gate);
        assert_eq!(owner.unwrap().owner.as_deref(), Some("checkout"));
    }
    // A path says the target, and every target has its folder.
    for made in &artifacts {
        let (_, rest) = made.path.split_once('/').unwrap();
        assert_eq!(rest.split('/').next(), Some(made.target.name()), "{made:?}");
    }
}

#[test]
fn a_shared_projects_lens_shows_the_rules_that_a_build_writes() {
    let text =
        format!("//- nth.toml\n[project]\nname = \"demo\"\nshared = true\n//- main.nth\n{SHOP}");
    let mut editor = Editor::open(&text);
    let lenses = editor.ask_of_file("textDocument/codeLens", json!({}));
    let lenses: Vec<Value> = lenses
        .as_array()
        .unwrap()
        .iter()
        .map(|lens| editor.ask("codeLens/resolve", lens.clone()))
        .collect();
    let rules = built(&editor.folder())
        .into_iter()
        .find(|made| made.path.starts_with("prometheus/"))
        .unwrap();
    let shown = format!("nth-generated:///demo/{}", rules.path);
    assert_eq!(read(&mut editor, &shown)["text"], rules.contents);
    assert!(
        json!(lenses).to_string().contains(&shown),
        "{lenses:?} show no {shown}"
    );
}

#[test]
fn a_service_has_what_is_its_own_whatever_it_is_called() {
    let text = r##"
//- nth.toml
[project]
name = "demo"
targets = ["policy"]
//- main.nth
team payments { slack = "#p" }
service checkout {
  team     = payments
  selector = { job = "checkout" }
  slo availability {
    objective = 99.9%
    sli : ratio { total = `http_requests_total`  bad = `http_requests_total{code=~"5.."}` }
  }
  gate release { deny burning { when = budget(availability) < 10% } }
}
service rego {
  team     = payments
  selector = { job = "rego" }
}
"##;
    let mut editor = Editor::open(text);
    assert_eq!(
        listed(&mut editor, "index/checkout"),
        ["policy/checkout.json", "policy/rego/service-checkout.rego"]
    );
    // It has no gate, so that nothing in the folder of its name is its own.
    assert_eq!(listed(&mut editor, "index/rego"), Vec::<String>::new());
}
