//! What the server promises whatever is asked of it: order, cancellation, and that it goes on.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use nth_lsp::Ended;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower_lsp::lsp_types::Url;

use common::{Client, address};

const SERVICE: &str = "team payments { }\n\nservice checkout {\n  team     = payments\n  selector = { job = \"checkout\" }\n}\n";

fn untitled() -> Url {
    "untitled:Untitled-1".parse().unwrap()
}

fn pull() -> Value {
    json!({ "textDocument": { "diagnostic": {} } })
}

fn document(uri: &Url) -> Value {
    json!({ "textDocument": { "uri": uri } })
}

fn edit(line: usize, from: usize, to: usize, text: &str) -> Value {
    json!({
        "range": {
            "start": { "line": line, "character": from },
            "end": { "line": line, "character": to },
        },
        "text": text,
    })
}

async fn change(client: &mut Client, uri: &Url, version: i64, changes: Value) {
    let params = json!({
        "textDocument": { "uri": uri, "version": version },
        "contentChanges": changes,
    });
    client.notify("textDocument/didChange", params).await;
}

fn messages(found: &[Value]) -> Vec<&str> {
    found
        .iter()
        .map(|found| found["message"].as_str().unwrap())
        .collect()
}

/// A text that takes long to look at.
fn long(services: usize) -> String {
    let services = (0..services).map(|number| {
        format!(
            "service s{number} {{\n  team = payments\n  selector = {{ job = \"s{number}\" }}\n  slo availability : http.availability\n  slo latency : http.latency(under: 300ms)\n}}\n"
        )
    });
    format!(
        "import std.http\n\nteam payments {{ }}\n\n{}",
        services.collect::<String>()
    )
}

/// A project in a folder, with one warning that its level can turn off.
fn project(folder: &Path, name: &str) -> PathBuf {
    let root = folder.join(name);
    fs::create_dir_all(&root).unwrap();
    let manifest = format!("[project]\nname = \"{name}\"\nsource = \".\"\n");
    fs::write(root.join("nth.toml"), manifest).unwrap();
    let alert = "  alert deep { when = `limitk(3, queue_depth) > 100` }\n}\n";
    let text = SERVICE.replace("}\n}\n", &format!("}}\n{alert}"));
    assert!(text.contains("limitk"));
    fs::write(root.join("checkout.nth"), text).unwrap();
    root
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    (folder, root)
}

#[tokio::test]
async fn edits_arrive_in_their_order_however_fast_they_come() {
    let mut client = Client::start(json!({})).await;
    let uri = untitled();
    client.open(&uri, 0, SERVICE).await;
    let name: String = ('a'..='z').cycle().take(400).collect();
    // Each letter goes behind the one before it, so that any other order would spell another name.
    let at = "  team     = ".len();
    change(&mut client, &uri, 1, json!([edit(3, at, at + 8, "")])).await;
    for (number, letter) in name.chars().enumerate() {
        let version = 2 + i64::try_from(number).unwrap();
        let place = at + number;
        change(
            &mut client,
            &uri,
            version,
            json!([edit(3, place, place, &letter.to_string())]),
        )
        .await;
    }
    let found = client.diagnostics_of(&uri, 401).await;
    let wanted = format!("unknown team `{name}`");
    assert!(
        messages(&found)
            .iter()
            .any(|message| message.starts_with(&wanted)),
        "{found:#?}"
    );
    assert_eq!(client.end().await, Ended::InOrder);
}

#[tokio::test]
async fn a_range_that_fits_nowhere_ends_nothing() {
    let mut client = Client::start(json!({})).await;
    let uri = untitled();
    client.open(&uri, 0, SERVICE).await;
    change(&mut client, &uri, 1, json!([edit(9_999_999, 7, 3, "}{")])).await;
    client.diagnostics_of(&uri, 1).await;
    change(&mut client, &uri, 2, json!([{ "text": SERVICE }])).await;
    assert_eq!(client.diagnostics_of(&uri, 2).await, Vec::<Value>::new());
    // One that came too late, and one of a document that is not open.
    change(&mut client, &uri, 1, json!([{ "text": "}" }])).await;
    change(
        &mut client,
        &"untitled:other".parse().unwrap(),
        1,
        json!([{ "text": "}" }]),
    )
    .await;
    let pulled = client
        .ask(
            "textDocument/formatting",
            json!({
                "textDocument": { "uri": uri }, "options": { "tabSize": 2, "insertSpaces": true },
            }),
        )
        .await;
    assert_ne!(pulled, Value::Null, "the text is still the sound one");
    assert_eq!(client.end().await, Ended::InOrder);
}

#[tokio::test]
async fn a_cancelled_request_answers_as_cancelled() {
    let mut client = Client::start(pull()).await;
    let uri = untitled();
    client.open(&uri, 0, &long(400)).await;
    // It waits for the check, which takes its time.
    let id = client
        .request("textDocument/diagnostic", document(&uri))
        .await;
    client.notify("$/cancelRequest", json!({ "id": id })).await;
    let answer = client.answer(id).await;
    assert_eq!(answer["error"]["code"], -32800, "{answer}");
    // One that was never asked, or was answered, is none.
    client
        .notify("$/cancelRequest", json!({ "id": 12345 }))
        .await;
    change(&mut client, &uri, 1, json!([{ "text": SERVICE }])).await;
    let report = client.ask("textDocument/diagnostic", document(&uri)).await;
    assert_eq!(report["items"], json!([]));
    assert_eq!(client.end().await, Ended::InOrder);
}

#[tokio::test]
async fn questions_among_edits_are_all_answered() {
    for mut capabilities in [
        json!({ "general": { "staleRequestSupport": { "cancel": true, "retryOnContentModified": [] } } }),
        json!({}),
    ] {
        capabilities["textDocument"] = json!({ "codeAction": { "codeActionLiteralSupport": { "codeActionKind": { "valueSet": ["quickfix"] } } } });
        let mut client = Client::start(capabilities).await;
        let uri = untitled();
        let text = long(20);
        client.open(&uri, 0, &text).await;
        let mut asked = Vec::new();
        for version in 1..=60 {
            change(&mut client, &uri, version, json!([edit(0, 0, 0, "\n")])).await;
            let place = json!({ "line": 0, "character": 0 });
            let params = json!({
                "textDocument": { "uri": uri },
                "range": { "start": place, "end": place },
                "context": { "diagnostics": [] },
            });
            asked.push(client.request("textDocument/codeAction", params).await);
            let options = json!({ "tabSize": 2, "insertSpaces": true });
            let params = json!({ "textDocument": { "uri": uri }, "options": options });
            asked.push(client.request("textDocument/formatting", params).await);
        }
        for id in asked {
            let answer = client.answer(id).await;
            match answer.get("error") {
                // An edit came, five times.
                Some(error) => assert_eq!(error["code"], -32801, "{answer}"),
                None => assert!(answer.get("result").is_some(), "{answer}"),
            }
        }
        assert_eq!(client.diagnostics_of(&uri, 60).await, Vec::<Value>::new());
        assert_eq!(client.end().await, Ended::InOrder);
    }
}

#[tokio::test]
async fn a_client_that_answers_nothing_is_served() {
    let (_folder, root) = folder();
    let shop = project(&root, "shop");
    let mut client = Client::greet(json!({
        "capabilities": {
            "window": { "workDoneProgress": true },
            "workspace": {
                "didChangeWatchedFiles": { "dynamicRegistration": true },
                "diagnostics": { "refreshSupport": true },
            },
            "textDocument": { "diagnostic": {} },
        },
        "workspaceFolders": [{ "uri": address(&root), "name": "all" }],
    }))
    .await;
    let uri = address(&shop.join("checkout.nth"));
    let text = fs::read_to_string(shop.join("checkout.nth")).unwrap();
    client.open(&uri, 0, &text).await;
    for version in 1..=8 {
        // Each time the server would like to have an answer, to progress or to a refresh.
        let changed = json!({ "changes": [{ "uri": address(&shop.join("nth.toml")), "type": 1 }] });
        client
            .notify("workspace/didChangeWatchedFiles", changed)
            .await;
        client.change(&uri, version, &text).await;
        let report = client.ask("textDocument/diagnostic", document(&uri)).await;
        assert_eq!(report["items"].as_array().unwrap().len(), 1, "{report}");
    }
    let asked = |method: &'static str| move |message: &Value| message["method"] == method;
    client.next(asked("client/registerCapability")).await;
    client.next(asked("window/workDoneProgress/create")).await;
    client.next(asked("workspace/diagnostic/refresh")).await;
    assert_eq!(client.end().await, Ended::InOrder);
}

#[tokio::test]
async fn a_client_that_can_register_asks_about_manifests_too_and_about_nothing_else_in_toml() {
    let dynamic = json!({ "dynamicRegistration": true });
    let mut client = Client::start(json!({
        "textDocument": { "synchronization": dynamic, "completion": dynamic, "hover": dynamic },
    }))
    .await;
    let asked = client
        .next(|message| message["method"] == "client/registerCapability")
        .await;
    let registrations = asked["params"]["registrations"].as_array().unwrap();
    let methods: Vec<&str> = registrations
        .iter()
        .map(|registration| {
            assert_eq!(
                registration["registerOptions"]["documentSelector"],
                json!([{ "scheme": "file", "pattern": "**/nth.toml" }]),
                "{registration}"
            );
            registration["method"].as_str().unwrap()
        })
        .collect();
    assert_eq!(
        methods,
        [
            "didOpen",
            "didChange",
            "didSave",
            "didClose",
            "completion",
            "hover"
        ]
        .map(|method| format!("textDocument/{method}"))
    );
    client.respond(&asked).await;
    assert_eq!(client.end().await, Ended::InOrder);
}

#[tokio::test]
async fn progress_is_shown_while_a_project_is_read() {
    let (_folder, root) = folder();
    let shop = project(&root, "shop");
    let mut client = Client::start(json!({ "window": { "workDoneProgress": true } })).await;
    let uri = address(&shop.join("checkout.nth"));
    let text = fs::read_to_string(shop.join("checkout.nth")).unwrap();
    client.open(&uri, 0, &text).await;
    let create = client
        .next(|message| message["method"] == "window/workDoneProgress/create")
        .await;
    client.respond(&create).await;
    let mut kinds = Vec::new();
    while kinds.last().is_none_or(|kind| kind != "end") {
        let shown = client
            .next(|message| message["method"] == "$/progress")
            .await;
        assert_eq!(shown["params"]["token"], create["params"]["token"]);
        let value = &shown["params"]["value"];
        if value["kind"] == "begin" {
            assert_eq!(value["title"], "Reading shop");
        }
        kinds.push(value["kind"].as_str().unwrap().to_owned());
    }
    assert_eq!(kinds, ["begin", "report", "end"]);
    assert_eq!(client.end().await, Ended::InOrder);
}

#[tokio::test]
async fn diagnostics_that_are_asked_for_are_not_told_too() {
    let (_folder, root) = folder();
    let shop = project(&root, "shop");
    fs::write(shop.join("other.nth"), "team search { nonsense = 1 }\n").unwrap();
    let mut client = Client::start(pull()).await;
    assert_eq!(
        client.greeting["capabilities"]["diagnosticProvider"]["workspaceDiagnostics"],
        true
    );
    let [uri, other] = ["checkout.nth", "other.nth"].map(|name| address(&shop.join(name)));
    let text = fs::read_to_string(shop.join("checkout.nth")).unwrap();
    client.open(&uri, 1, &text).await;
    let first = client.ask("textDocument/diagnostic", document(&uri)).await;
    assert_eq!(
        (&first["kind"], first["items"].as_array().unwrap().len()),
        (&json!("full"), 1)
    );
    // A file that is not open is told of, until the client asks for all.
    let told = client.diagnostics(&other).await;
    assert_eq!(told["diagnostics"].as_array().unwrap().len(), 1, "{told}");

    let mut again = document(&uri);
    again["previousResultId"] = first["resultId"].clone();
    let second = client.ask("textDocument/diagnostic", again.clone()).await;
    assert_eq!(
        second,
        json!({ "kind": "unchanged", "resultId": first["resultId"] })
    );
    client.change(&uri, 2, SERVICE).await;
    let third = client.ask("textDocument/diagnostic", again).await;
    assert_eq!(
        (&third["kind"], &third["items"]),
        (&json!("full"), &json!([]))
    );

    let all = client
        .ask("workspace/diagnostic", json!({ "previousResultIds": [] }))
        .await;
    let found: Vec<(&str, usize)> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|report| {
            (
                report["uri"].as_str().unwrap(),
                report["items"].as_array().unwrap().len(),
            )
        })
        .collect();
    assert_eq!(found, [(uri.as_str(), 0), (other.as_str(), 1)]);
    let withdrawn = client.diagnostics(&other).await;
    assert_eq!(withdrawn["diagnostics"], json!([]));
    let known: Vec<Value> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|report| json!({ "uri": report["uri"], "value": report["resultId"] }))
        .chain([json!({ "uri": "file:///gone.nth", "value": "x" })])
        .collect();
    let again = client
        .ask(
            "workspace/diagnostic",
            json!({ "previousResultIds": known }),
        )
        .await;
    let kinds: Vec<&Value> = again["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|report| &report["kind"])
        .collect();
    assert_eq!(kinds, ["unchanged", "unchanged", "full"], "{again:#}");
    let pushed = |message: &Value| {
        message["method"] == "textDocument/publishDiagnostics"
            && message["params"]["uri"] == uri.as_str()
    };
    assert!(!client.was_told(pushed));
    assert_eq!(client.end().await, Ended::InOrder);
}

#[tokio::test]
async fn the_projects_of_all_folders_are_looked_at() {
    let (_folder, root) = folder();
    let [one, two] = ["one", "two"].map(|name| project(&root.join(name), name));
    let uris = [&one, &two].map(|project| address(&project.join("checkout.nth")));
    let of = |name: &str| json!({ "uri": address(&root.join(name)), "name": name });
    let mut client =
        Client::greet(json!({ "capabilities": {}, "workspaceFolders": [of("one")] })).await;
    // Before any document is open.
    let told = client.diagnostics(&uris[0]).await;
    assert_eq!(told["diagnostics"].as_array().unwrap().len(), 1, "{told}");
    assert_eq!(told["version"], Value::Null);

    let event = json!({ "event": { "added": [of("two")], "removed": [] } });
    client
        .notify("workspace/didChangeWorkspaceFolders", event)
        .await;
    let told = client.diagnostics(&uris[1]).await;
    assert_eq!(told["diagnostics"].as_array().unwrap().len(), 1, "{told}");
    let event = json!({ "event": { "added": [], "removed": [of("one")] } });
    client
        .notify("workspace/didChangeWorkspaceFolders", event)
        .await;
    let told = client.diagnostics(&uris[0]).await;
    assert_eq!(
        told["diagnostics"],
        json!([]),
        "it is none of the workspace's any more"
    );

    // A project that comes later is seen when the client tells of its manifest.
    let three = project(&root.join("two"), "three");
    let created = json!({ "changes": [{ "uri": address(&three.join("nth.toml")), "type": 1 }] });
    client
        .notify("workspace/didChangeWatchedFiles", created)
        .await;
    let told = client
        .diagnostics(&address(&three.join("checkout.nth")))
        .await;
    assert_eq!(told["diagnostics"].as_array().unwrap().len(), 1, "{told}");
    assert_eq!(client.end().await, Ended::InOrder);
}

#[tokio::test]
async fn a_manifest_counts_as_it_is_typed() {
    let (_folder, root) = folder();
    let shop = project(&root, "shop");
    let [uri, toml] = ["checkout.nth", "nth.toml"].map(|name| address(&shop.join(name)));
    let [text, manifest] =
        ["checkout.nth", "nth.toml"].map(|name| fs::read_to_string(shop.join(name)).unwrap());
    let mut client = Client::start(pull()).await;
    client.open(&uri, 0, &text).await;
    client.open(&toml, 0, &manifest).await;
    let severities = async |client: &mut Client| -> Vec<i64> {
        let report = client.ask("textDocument/diagnostic", document(&uri)).await;
        let items = report["items"].as_array().unwrap().iter();
        items
            .map(|found| found["severity"].as_i64().unwrap())
            .collect()
    };
    assert_eq!(severities(&mut client).await, [2]);
    let levels = format!("{manifest}\n[lints]\npromql-experimental = \"error\"\n");
    client.change(&toml, 1, &levels).await;
    assert_eq!(severities(&mut client).await, [1]);
    // Half a word is a mistake of the manifest's, and what was saved counts.
    client.change(&toml, 2, &format!("{levels}[lin")).await;
    assert_eq!(severities(&mut client).await, [2]);
    let report = client.ask("textDocument/diagnostic", document(&toml)).await;
    let codes = report["items"].as_array().unwrap().iter();
    let codes: Vec<&str> = codes.map(|found| found["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["N0602", "N0601"], "{report}");
    client
        .notify("textDocument/didClose", document(&toml))
        .await;
    assert_eq!(severities(&mut client).await, [2]);
    assert_eq!(client.end().await, Ended::InOrder);
}

#[tokio::test]
async fn how_a_client_leaves_is_told_apart() {
    let client = Client::start(json!({})).await;
    assert_eq!(client.leave().await, Ended::Abruptly);
    let mut client = Client::start(json!({})).await;
    client.open(&untitled(), 0, &long(50)).await;
    assert_eq!(
        client.leave().await,
        Ended::Abruptly,
        "while something is being looked at"
    );
    let client = Client::start(json!({})).await;
    assert_eq!(client.end().await, Ended::InOrder);
}
