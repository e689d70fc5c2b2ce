//! The parameters of what is called.

use serde_json::json;

use crate::completing::PROJECT;
use crate::support::Editor;

/// The signature with the active parameter in brackets, and what is said of it.
fn signature(text: &str) -> Option<String> {
    let mut editor = Editor::open(&format!("{PROJECT}//- services/checkout.nth\n{text}"));
    let answer = editor.ask_at_cursor("textDocument/signatureHelp", json!({}));
    if answer.is_null() {
        return None;
    }
    let found = &answer["signatures"][0];
    let label = found["label"].as_str().unwrap();
    assert_eq!(found["activeParameter"], answer["activeParameter"]);
    let Some(active) = answer["activeParameter"].as_u64() else {
        return Some(label.to_owned());
    };
    let parameter = &found["parameters"][usize::try_from(active).unwrap()];
    let edge = |place: usize| usize::try_from(parameter["label"][place].as_u64().unwrap()).unwrap();
    // None of the letters takes two code units.
    let letters: Vec<char> = label.chars().collect();
    let part = |from: usize, to: usize| letters[from..to].iter().collect::<String>();
    let (start, end) = (edge(0), edge(1));
    Some(format!(
        "{}[{}]{}",
        part(0, start),
        part(start, end),
        part(end, letters.len())
    ))
}

fn documentation(text: &str) -> (String, String) {
    let mut editor = Editor::open(&format!("{PROJECT}//- services/checkout.nth\n{text}"));
    let answer = editor.ask_at_cursor("textDocument/signatureHelp", json!({}));
    let found = &answer["signatures"][0];
    let active = usize::try_from(answer["activeParameter"].as_u64().unwrap()).unwrap();
    let said = |of: &serde_json::Value| {
        of["documentation"]["value"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    (said(found), said(&found["parameters"][active]))
}

#[test]
fn templates() {
    let call = |args: &str| {
        signature(&format!(
            "import lib.services.{{online}}\n\nservice checkout : online({args}\n"
        ))
    };
    let first = "online([job: string], under: duration = 300ms) -> service";
    let second = "online(job: string, [under: duration = 300ms]) -> service";
    assert_eq!(call("$0)").as_deref(), Some(first));
    assert_eq!(call("$0").as_deref(), Some(first));
    assert_eq!(call("\"che$0ckout\")").as_deref(), Some(first));
    assert_eq!(call("\"checkout\", $0").as_deref(), Some(second));
    assert_eq!(call("\"checkout\", under: $0").as_deref(), Some(second));
    assert_eq!(call("under: 1s, job: $0)").as_deref(), Some(first));
    assert_eq!(call("under: 1s, $0)").as_deref(), Some(first));
    assert_eq!(call("\"checkout\")$0"), None);
    let (of_all, of_one) = documentation(
        "import lib.services.{online}\n\nservice checkout : online(\"x\", under: $0)\n",
    );
    assert_eq!(of_all, "A service that somebody waits for.");
    assert_eq!(of_one, "How long its requests may take.");
    let nested =
        "import std.http\n\nservice checkout {\n  slo latency : http.latency(under: 1s, $0\n}\n";
    assert_eq!(
        signature(nested).as_deref(),
        Some(
            "http.latency(under: duration = service.tier.latency, \
             [histogram: selector = `http_request_duration_seconds`], native: bool = false, unit: duration-unit?) -> slo"
        )
    );
}

#[test]
fn functions() {
    let deny = |condition: &str| {
        signature(&format!(
            "service checkout {{\n  gate g {{ deny d {{ when = {condition} }} }}\n}}\n"
        ))
    };
    assert_eq!(
        deny("burn(availability, over: $0").as_deref(),
        Some("burn(slo: slo, [over: duration = 1h]) -> number")
    );
    assert_eq!(
        deny("between(from: fri 16:00, $0)").as_deref(),
        Some("between(from: time-of-week, [to: time-of-week], zone: time-zone) -> bool")
    );
    assert_eq!(
        deny("deploy_age($0)").as_deref(),
        Some("deploy_age() -> duration")
    );
    assert_eq!(
        signature("let x = join([\"a\"], $0)\n").as_deref(),
        Some("join(list: list<string>, [separator: string]) -> string")
    );
    assert_eq!(
        signature("let x = matching(`a`, label: $0, regex: \"b\")\n").as_deref(),
        Some("matching(selector: selector, [label: label-name], regex: string) -> selector")
    );
    assert_eq!(signature("let x = nothing($0)\n"), None);
    assert_eq!(signature("let x = ($0)\n"), None);
}

#[test]
fn functions_of_promql() {
    let when = |query: &str| {
        signature(&format!(
            "service checkout {{\n  alert a {{ when = `{query}` }}\n}}\n"
        ))
    };
    assert_eq!(
        when("histogram_quantile(0.9, $0").as_deref(),
        Some("histogram_quantile(scalar, [instant vector]) -> instant vector")
    );
    assert_eq!(
        when("sum(rate($0)) > 1").as_deref(),
        Some("rate([range vector]) -> instant vector")
    );
    assert_eq!(
        when("sum($0").as_deref(),
        Some("sum([instant vector]) -> instant vector")
    );
    assert_eq!(
        when("sum by (a) ($0").as_deref(),
        Some("sum([instant vector]) -> instant vector")
    );
    assert_eq!(
        when("topk(3, $0").as_deref(),
        Some("topk(scalar, [instant vector]) -> instant vector")
    );
    assert_eq!(
        when("label_join(x, \"a\", \",\", \"b\", \"$0\")").as_deref(),
        Some("label_join(instant vector, string, string, string?, […]) -> instant vector")
    );
    assert_eq!(when("sum by ($0) (x)"), None);
    assert_eq!(when("(x$0)"), None);
    let (said, _) = documentation("service checkout {\n  alert a { when = `rate($0` }\n}\n");
    assert!(
        said.starts_with("The average increase per second"),
        "{said}"
    );
    // Within a hole the language's own functions are called.
    assert_eq!(
        when("max(x) > ${length($0)}").as_deref(),
        Some("length([list: list]) -> number")
    );
}

#[test]
fn nothing_in_comments_and_texts() {
    assert_eq!(signature("// online($0\n"), None);
    assert_eq!(signature("let x = \"join($0\"\n"), None);
}
