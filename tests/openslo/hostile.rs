//! Text that would be code if it could.

use nthc::import::openslo::string;
use proptest::prelude::*;
use serde_json::Value;

use super::{compiled, documents, imported, openslo, rules, sound, told};

/// What breaks out of quotes, comments, queries and documents.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\"".to_owned()),
        Just("${x}".to_owned()),
        Just("`".to_owned()),
        Just("\n---\n".to_owned()),
        Just("\n}\nservice evil {".to_owned()),
        Just("// ".to_owned()),
        Just("\\".to_owned()),
        Just("{{ .x }}".to_owned()),
        Just(": - &a *a !b | >".to_owned()),
        // U+2028 is left out: readers of YAML 1.1 take it for the end of a line.
        Just("\u{202e}\r\t\0".to_owned()),
        "[a-zA-Z0-9ü ]{0,8}",
    ];
    proptest::collection::vec(piece, 1..8).prop_map(|pieces| pieces.concat())
}

fn yaml(value: &Value) -> String {
    // JSON is YAML.
    serde_json::to_string(value).unwrap()
}

fn of_kind<'d>(documents: &'d [Value], kind: &str) -> &'d Value {
    documents
        .iter()
        .find(|document| document["kind"] == kind)
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_written_is_what_was_said(name in texts(), description in texts(), value in texts()) {
        let text = format!(
            "team t {{\n  receiver r : slack {{ channel = {chat} }}\n}}\nservice {name} {{\n  team = t\n  \
             selector = {{ job = {value} }}\n  labels = {{ note = {value} }}\n  slo {name} {{\n    \
             description = {description}\n    objective = 99.9%\n    \
             sli : ratio {{ bad = `bad_total` total = `all_total` }}\n  }}\n}}\n",
            name = string(&name),
            description = string(&description),
            value = string(&value),
            chat = string(&format!("#{value}")),
        );
        let compilation = compiled(&text);
        // Some names are no service's; that is another matter.
        prop_assume!(compilation.artifacts.iter().any(|artifact| artifact.path.contains("openslo/")));
        let files = openslo(&compilation.artifacts);
        let all: Vec<Value> = files.iter().flat_map(|(_, text)| documents(text)).collect();
        prop_assert_eq!(rules::broken(&all), Vec::<String>::new());
        let slo = of_kind(&all, "SLO");
        prop_assert_eq!(slo["spec"]["description"].as_str().unwrap_or_default(), description.trim());
        prop_assert_eq!(slo["metadata"]["labels"]["note"].as_str(), Some(value.as_str()));
        let target = of_kind(&all, "AlertNotificationTarget");
        let chat = format!("#{value}").trim().to_owned();
        prop_assert_eq!(target["metadata"]["annotations"]["nthc.address"].as_str(), Some(chat.as_str()));
        // And all of it comes back.
        let back = nthc::import::openslo::import(files);
        prop_assert!(back.text.is_some(), "{}", told(&back));
        let again = sound(compiled(back.text.as_deref().unwrap_or_default()));
        let again: Vec<Value> = openslo(&again.artifacts).iter().flat_map(|(_, text)| documents(text)).collect();
        prop_assert_eq!(&of_kind(&again, "SLO")["metadata"], &slo["metadata"]);
        prop_assert_eq!(&of_kind(&again, "SLO")["spec"]["description"], &slo["spec"]["description"]);
        prop_assert_eq!(&of_kind(&again, "SLI")["spec"], &of_kind(&all, "SLI")["spec"]);
    }

    #[test]
    fn what_is_read_is_never_code(text in texts(), display in texts()) {
        let display: String = display.chars().take(60).collect();
        let query = format!("x_total{{a={}}}", serde_json::to_string(&text.replace(['\0', '\u{202e}'], "")).unwrap());
        let metric = |query: &str| serde_json::json!({"metricSource": {"type": "Prometheus", "spec": {"query": query}}});
        let objects = serde_json::json!([
            {"apiVersion": "openslo/v1", "kind": "Service",
             "metadata": {"name": "s", "displayName": display, "labels": {"team": text, "note": [text]}},
             "spec": {"description": text}},
            {"apiVersion": "openslo/v1", "kind": "SLO", "metadata": {"name": "o", "displayName": display},
             "spec": {"service": "s", "description": text,
                "indicator": {"metadata": {"name": "i"}, "spec": {"ratioMetric": {
                    "counter": true, "good": metric(&query), "total": metric("x_total")}}},
                "timeWindow": [{"duration": "4w", "isRolling": true}], "budgetingMethod": "Occurrences",
                "objectives": [{"target": 0.99, "displayName": display}],
                "alertPolicies": [{"kind": "AlertPolicy", "metadata": {"name": "p"}, "spec": {
                    "conditions": [{"kind": "AlertCondition", "metadata": {"name": "c"}, "spec": {"severity": text,
                        "condition": {"kind": "burnrate", "op": "gt", "threshold": 2, "lookbackWindow": "1h"}}}],
                    "notificationTargets": [{"kind": "AlertNotificationTarget", "metadata": {"name": "n"},
                        "spec": {"target": text, "description": text}}]}}]}},
        ]);
        let import = imported(&yaml(&objects));
        prop_assert!(import.text.is_some(), "{}", told(&import));
        let made = import.text.unwrap_or_default();
        let compilation = sound(compiled(&made));
        let all: Vec<Value> = openslo(&compilation.artifacts).iter().flat_map(|(_, text)| documents(text)).collect();
        // One service, whose texts are what they were.
        prop_assert_eq!(compilation.artifacts.iter().filter(|a| a.path.starts_with("prometheus/")).count(), 1);
        prop_assert_eq!(of_kind(&all, "Service")["spec"]["description"].as_str().unwrap_or_default(), text.trim(), "{}", made);
        prop_assert_eq!(of_kind(&all, "SLO")["spec"]["description"].as_str().unwrap_or_default(), text.trim());
        prop_assert_eq!(of_kind(&all, "SLO")["metadata"]["labels"]["note"].as_str(), Some(text.as_str()));
    }
}
