//! Whole conversations between a client and the server.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use common::{Client, address, place};

/// What most editors of today say of themselves.
fn editor() -> Value {
    json!({
        "textDocument": {
            "publishDiagnostics": { "relatedInformation": true, "codeDescriptionSupport": true },
            "codeAction": { "codeActionLiteralSupport": { "codeActionKind": { "valueSet": ["quickfix"] } } },
        },
        "workspace": { "workspaceEdit": { "documentChanges": true } },
    })
}

fn checkout() -> (PathBuf, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/checkout.nth");
    let path = path.canonicalize().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    (path, text)
}

#[tokio::test]
async fn a_mistake_comes_and_goes() {
    let (path, text) = checkout();
    let uri = address(&path);
    let mut client = Client::start(editor()).await;
    assert_eq!(
        client.greeting["capabilities"]["positionEncoding"],
        "utf-16"
    );

    // Four bytes, two UTF-16 code units, one character: each way to count gives another column.
    let wrong = text.replace(
        "  tier     = critical",
        "  description = \"🛒🛒\"  tier = critcal",
    );
    client.open(&uri, 1, &wrong).await;
    let found = client.diagnostics_of(&uri, 1).await;
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0]["range"]["start"], place(&wrong, "critcal"));
    assert_eq!(found[0]["range"]["start"]["character"], 31);
    assert_eq!(found[0]["range"]["end"]["character"], 38);
    assert_eq!(found[0]["severity"], 1);
    assert_eq!(found[0]["source"], "nth");
    let code = found[0]["code"].as_str().unwrap();
    let page = found[0]["codeDescription"]["href"].as_str().unwrap();
    let page = page
        .parse::<tower_lsp::lsp_types::Url>()
        .unwrap()
        .to_file_path()
        .unwrap();
    assert!(
        fs::read_to_string(&page).unwrap().contains(code),
        "the page is the code's"
    );

    let params = json!({
        "textDocument": { "uri": uri },
        "range": found[0]["range"],
        "context": { "diagnostics": found },
    });
    let actions = client.ask("textDocument/codeAction", params).await;
    let edit = &actions[0]["edit"]["documentChanges"][0];
    assert_eq!(actions[0]["kind"], "quickfix");
    assert_eq!(edit["textDocument"], json!({ "uri": uri, "version": 1 }));
    assert_eq!(
        edit["edits"],
        json!([{ "range": found[0]["range"], "newText": "critical" }])
    );

    client.change(&uri, 2, &text).await;
    assert_eq!(client.diagnostics_of(&uri, 2).await, Vec::<Value>::new());
    assert_eq!(client.end().await, nth_lsp::Ended::InOrder);
    assert!(!page.exists(), "nothing is left behind");
}

#[tokio::test]
async fn lays_out_what_can_be_read() {
    let (path, text) = checkout();
    let uri = address(&path);
    let mut client = Client::start(editor()).await;
    client.open(&uri, 1, &text).await;
    assert_eq!(client.format(&uri).await, json!([]), "it is laid out");

    let untidy = text.replace("  tier     = critical", "tier   =critical");
    client.change(&uri, 2, &untidy).await;
    let before = place(&untidy, "   =critical");
    let edits = client.format(&uri).await;
    let edits = edits.as_array().unwrap();
    assert_eq!(edits.len(), 1, "{edits:?}");
    assert_eq!(edits[0]["range"]["start"]["line"], before["line"]);
    assert_eq!(
        edits[0]["range"]["start"]["line"], edits[0]["range"]["end"]["line"],
        "what is laid out stays untouched: {edits:?}"
    );

    client.change(&uri, 3, "service checkout {").await;
    assert_eq!(
        client.format(&uri).await,
        Value::Null,
        "a text with errors is left alone"
    );
}

#[tokio::test]
async fn the_last_of_a_burst_counts() {
    let (path, text) = checkout();
    let uri = address(&path);
    let mut client = Client::start(editor()).await;
    client.open(&uri, 0, &text).await;
    for version in 1..=200 {
        let name = format!("payments{version}");
        client
            .change(
                &uri,
                version,
                &text.replace("team     = payments", &format!("team = {name}")),
            )
            .await;
    }
    let found = client.diagnostics_of(&uri, 200).await;
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0]["message"]
            .as_str()
            .unwrap()
            .contains("`payments200`"),
        "{found:#?}"
    );

    // Typing, letter by letter, and everything that is half a text on the way.
    let cuts: Vec<usize> = text.char_indices().map(|(at, _)| at).step_by(7).collect();
    for (version, cut) in (201..).zip(&cuts) {
        client.change(&uri, version, &text[..*cut]).await;
    }
    let last = 201 + i64::try_from(cuts.len()).unwrap();
    client.change(&uri, last, &text).await;
    assert_eq!(client.diagnostics_of(&uri, last).await, Vec::<Value>::new());
}

/// A project of two modules, of which one uses the other.
fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::write(
        root.join("nth.toml"),
        "[project]\nname = \"shop\"\nsource = \".\"\n",
    )
    .unwrap();
    fs::write(
        root.join("tiers.nth"),
        "team payments {\n  slack = \"#payments\"\n}\n",
    )
    .unwrap();
    let service = "import tiers.{payments}\n\nservice checkout {\n  team     = payments\n  tier     = standard\n  selector = { job = \"checkout\" }\n}\n";
    fs::write(root.join("services.nth"), service).unwrap();
    folder
}

#[tokio::test]
async fn a_project_is_checked_as_a_whole() {
    let folder = project();
    let root = folder.path().canonicalize().unwrap();
    let [tiers, services] = ["tiers.nth", "services.nth"].map(|name| address(&root.join(name)));
    let mut client = Client::start(editor()).await;
    let text = fs::read_to_string(root.join("tiers.nth")).unwrap();
    client.open(&tiers, 7, &text).await;
    let before = client.diagnostics_of(&tiers, 7).await;

    // What is typed in one file, and not saved, breaks another that is not even open.
    client
        .change(&tiers, 8, &text.replace("payments {", "money {"))
        .await;
    let broken = client.diagnostics(&services).await;
    assert_eq!(broken["version"], Value::Null);
    let broken = broken["diagnostics"].as_array().unwrap();
    assert!(
        broken
            .iter()
            .any(|found| found["message"].as_str().unwrap().contains("`payments`")),
        "{broken:#?}"
    );
    client.change(&tiers, 9, &text).await;
    assert_eq!(client.diagnostics_of(&tiers, 9).await, before);
    let mended = client.diagnostics(&services).await;
    let errors = |told: &Value| {
        let found = told["diagnostics"].as_array().unwrap();
        found.iter().filter(|found| found["severity"] == 1).count()
    };
    assert_eq!(errors(&mended), 0, "{mended:#}");

    // A namesake in a new file: seen when the client tells of the file, and points to the first one.
    let twin = address(&root.join("twin.nth"));
    fs::write(
        root.join("twin.nth"),
        "service checkout {\n  team = nobody\n}\n",
    )
    .unwrap();
    let created = json!({ "changes": [{ "uri": twin, "type": 1 }] });
    client
        .notify("workspace/didChangeWatchedFiles", created)
        .await;
    let told = client.diagnostics(&twin).await;
    assert!(errors(&told) > 0);
    let related: Vec<&Value> = told["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|found| found.get("relatedInformation"))
        .collect();
    assert!(
        related
            .iter()
            .any(|places| places[0]["location"]["uri"] == services.as_str()),
        "{told:#}"
    );

    // Closed, the project is nobody's any more, and nothing is said of it.
    client
        .notify(
            "textDocument/didClose",
            json!({ "textDocument": { "uri": tiers } }),
        )
        .await;
    let last = client.diagnostics(&twin).await;
    assert_eq!(last["diagnostics"], json!([]));
    assert_eq!(client.end().await, nth_lsp::Ended::InOrder);
}

/// A service with a warning, that an action can allow above the field.
const EXPERIMENTAL: &str = "team payments { }\n\nservice checkout {\n  team     = payments\n  selector = { job = \"checkout\" }\n\n  alert deep {\n    /// Experimental.\n    when = `limitk(3, queue_depth) > 100`\n  }\n}\n";

#[tokio::test]
async fn a_warning_can_be_allowed_where_it_stands() {
    let folder = project();
    let root = folder.path().canonicalize().unwrap();
    fs::write(root.join("services.nth"), EXPERIMENTAL).unwrap();
    let uri = address(&root.join("services.nth"));
    let mut client = Client::start(editor()).await;
    client.open(&uri, 1, EXPERIMENTAL).await;
    let found = client.diagnostics_of(&uri, 1).await;
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0]["code"], "N0422");
    assert_eq!(found[0]["severity"], 2);

    let params = json!({
        "textDocument": { "uri": uri },
        "range": found[0]["range"],
        "context": { "diagnostics": found },
    });
    let actions = client.ask("textDocument/codeAction", params).await;
    let allow: Vec<&Value> = actions
        .as_array()
        .unwrap()
        .iter()
        .filter(|action| action["title"] == "Allow `promql-experimental` here")
        .collect();
    assert_eq!(allow.len(), 1, "{actions:#}");
    assert_eq!(allow[0]["isPreferred"], false);
    let edit = &allow[0]["edit"]["documentChanges"][0]["edits"][0];
    let at = place(EXPERIMENTAL, "/// Experimental.");
    assert_eq!(edit["range"], json!({ "start": at, "end": at }));
    let new_text = edit["newText"].as_str().unwrap();
    assert_eq!(new_text, "// nth: allow(promql-experimental)\n    ");

    let allowed =
        EXPERIMENTAL.replace("/// Experimental.", &format!("{new_text}/// Experimental."));
    assert_eq!(
        nthc::syntax::format(&allowed).as_deref(),
        Some(&*allowed.replace("{ }", "{}"))
    );
    client.change(&uri, 2, &allowed).await;
    assert_eq!(client.diagnostics_of(&uri, 2).await, Vec::<Value>::new());
    assert_eq!(client.end().await, nth_lsp::Ended::InOrder);
}

#[tokio::test]
async fn levels_of_the_project_are_obeyed_and_read_again() {
    let folder = project();
    let root = folder.path().canonicalize().unwrap();
    let manifest = fs::read_to_string(root.join("nth.toml")).unwrap();
    let set = |level: &str| {
        let text = format!("{manifest}\n[lints]\npromql-experimental = \"{level}\"\n");
        fs::write(root.join("nth.toml"), text).unwrap();
    };
    fs::write(root.join("services.nth"), EXPERIMENTAL).unwrap();
    set("error");
    let uri = address(&root.join("services.nth"));
    let mut client = Client::start(editor()).await;
    client.open(&uri, 1, EXPERIMENTAL).await;
    let found = client.diagnostics_of(&uri, 1).await;
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0]["severity"], 1);

    for (level, severities) in [("warn", vec![2]), ("allow", vec![]), ("error", vec![1])] {
        set(level);
        let changed = json!({ "changes": [{ "uri": address(&root.join("nth.toml")), "type": 2 }] });
        client
            .notify("workspace/didChangeWatchedFiles", changed)
            .await;
        let found = client.diagnostics_of(&uri, 1).await;
        let told: Vec<i64> = found
            .iter()
            .map(|found| found["severity"].as_i64().unwrap())
            .collect();
        assert_eq!(told, severities, "{level}: {found:#?}");
    }
    assert_eq!(client.end().await, nth_lsp::Ended::InOrder);
}

#[tokio::test]
async fn a_changed_catalogue_changes_what_is_said() {
    let folder = project();
    let root = folder.path().canonicalize().unwrap();
    let (services, lock) = (root.join("services.nth"), root.join("nth.metrics.lock"));
    let text = fs::read_to_string(&services).unwrap().replace(
        "\"checkout\" }\n",
        "\"checkout\" }\n  alert backlog { when = `max(queue_depth) > 7` }\n",
    );
    fs::write(&services, &text).unwrap();
    let catalogue = |metric: &str| {
        format!(
            "version = 1\n\n[selectors.'{{job=\"checkout\"}}'.metrics.{metric}]\ntype = \"gauge\"\n"
        )
    };
    fs::write(&lock, catalogue("queue_depths")).unwrap();
    let uri = address(&services);
    let mut client = Client::start(editor()).await;
    client.open(&uri, 1, &text).await;
    let codes = |told: &[Value]| -> Vec<String> {
        told.iter()
            .map(|found| found["code"].as_str().unwrap().to_owned())
            .collect()
    };
    let before = client.diagnostics_of(&uri, 1).await;
    assert_eq!(codes(&before), ["N0901"], "{before:#?}");

    // It was pulled again: seen when the client tells of the file, with no change to any source.
    fs::write(&lock, catalogue("queue_depth")).unwrap();
    let pulled = json!({ "changes": [{ "uri": address(&lock), "type": 2 }] });
    client
        .notify("workspace/didChangeWatchedFiles", pulled)
        .await;
    let after = client.diagnostics(&uri).await;
    assert_eq!(after["diagnostics"], json!([]), "{after:#}");
    assert_eq!(client.end().await, nth_lsp::Ended::InOrder);
}

#[tokio::test]
async fn agrees_on_how_to_count() {
    for (offered, chosen, column) in [
        (json!(["utf-8", "utf-16"]), "utf-8", 35),
        (json!(["utf-32"]), "utf-32", 32),
        (json!(["utf-7"]), "utf-16", 33),
    ] {
        let mut client =
            Client::start(json!({ "general": { "positionEncodings": offered } })).await;
        assert_eq!(client.greeting["capabilities"]["positionEncoding"], chosen);
        assert_eq!(
            client.greeting["capabilities"]["codeActionProvider"],
            Value::Null
        );
        let uri = "untitled:Untitled-1".parse().unwrap();
        client
            .open(&uri, 1, "team a { slack = \"🦀\" } team b { nonsense = 1 }")
            .await;
        let found = client.diagnostics_of(&uri, 1).await;
        assert!(
            found
                .iter()
                .any(|found| found["range"]["start"]["character"] == column),
            "{found:#?}"
        );
    }
}

#[tokio::test]
async fn any_text_is_answered() {
    let mut client = Client::start(editor()).await;
    let uri = "untitled:Untitled-1".parse().unwrap();
    client.open(&uri, 0, "").await;
    let texts = [
        "\0",
        "\u{feff}",
        "}{",
        "`",
        "\"\"\"",
        "service \"${",
        "\r\r\n\r",
        "🦀{🦀:🦀}",
        "in in in",
        "kind kind in kind { kind: kind }",
        "template a b : b {}",
        "let x = x",
        "service s : s {}",
    ];
    let deep = "a { ".repeat(10_000);
    for (version, text) in (1..).zip(texts.into_iter().chain([deep.as_str()])) {
        client.change(&uri, version, text).await;
        client.diagnostics_of(&uri, version).await;
        client.format(&uri).await;
    }
    assert_eq!(client.end().await, nth_lsp::Ended::InOrder);
}

#[tokio::test]
async fn documents_of_the_server_are_not_the_clients() {
    let (path, text) = checkout();
    let mut client = Client::greet(json!({
        "capabilities": editor(),
        "initializationOptions": { "virtualDocuments": true },
    }))
    .await;
    client.open(&address(&path), 1, &text).await;
    let module = "nth-std:///std/http.nth".parse().unwrap();
    // Whatever it is said to be.
    client.open(&module, 1, "nonsense {").await;
    let params = json!({ "textDocument": { "uri": module } });
    let symbols = client.ask("textDocument/documentSymbol", params).await;
    let names: Vec<&str> = symbols
        .as_array()
        .unwrap()
        .iter()
        .map(|symbol| symbol["name"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"availability"), "{names:?}");
    assert!(!names.contains(&"nonsense"), "{names:?}");
    assert_eq!(client.end().await, nth_lsp::Ended::InOrder);
}
