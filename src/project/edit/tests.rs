#![allow(clippy::unwrap_used)]

use super::*;

/// Returns the text without its mark `|`, and the offset of the mark.
fn split_mark(marked: &str) -> (String, usize) {
    let offset = marked.find('|').unwrap();
    (marked.replacen('|', "", 1), offset)
}

/// Returns the labels of the completions at `|`.
fn labels_at(marked: &str) -> Vec<String> {
    let (text, offset) = split_mark(marked);
    let offered = complete(&text, offset).into_iter();
    offered.map(|completion| completion.label).collect()
}

/// Applies the completion called `label` at `|`.
fn accept(marked: &str, label: &str) -> String {
    let (mut text, offset) = split_mark(marked);
    let completions = complete(&text, offset);
    let completion = completions.iter().find(|one| one.label == label).unwrap();
    text.replace_range(completion.range.clone(), &completion.text);
    text
}

fn hover_at(marked: &str) -> Option<String> {
    let (text, offset) = split_mark(marked);
    hover(&text, offset).map(|hover| hover.doc)
}

#[test]
fn tables_are_offered_that_are_not_there_yet() {
    let all = labels_at("|");
    // `lints`, `diff`, `dependencies` and `destinations`.
    assert_eq!(all.len(), TABLES.len() + 4);
    let more = labels_at("[project]\nname = \"shop\"\n\n[pro|");
    assert!(!more.contains(&"project".to_owned()), "{more:?}");
    assert!(more.contains(&"prometheus".to_owned()));
    assert_eq!(accept("[pro|]\n", "prometheus"), "[prometheus]\n");
    assert_eq!(accept("|", "project"), "[project]");
    // The table that is being typed does not exist yet.
    assert!(labels_at("[prometheus|]\n").contains(&"prometheus".to_owned()));
}

#[test]
fn keys_are_offered_that_are_not_set_yet() {
    let keys = labels_at("[severity]\npage = \"critical\"\n|\n[urls]\n");
    assert_eq!(keys, ["ticket"]);
    assert_eq!(
        accept("[prometheus]\nint|", "interval"),
        "[prometheus]\ninterval = "
    );
    assert_eq!(
        accept("[prometheus]\nint| = \"30s\"", "interval"),
        "[prometheus]\ninterval = \"30s\""
    );
    assert_eq!(labels_at("severity.|"), ["page", "ticket"]);
    assert_eq!(labels_at("severity = { page = \"p\", | }"), ["ticket"]);
    assert_eq!(labels_at("[dependencies]\nplatform = { | }"), ["path"]);
    let keys = labels_at("[destinations.mimir]\nkind = \"mimir\"\n|\n");
    assert!(
        keys.contains(&"url".to_owned()) && !keys.contains(&"kind".to_owned()),
        "{keys:?}"
    );
    assert_eq!(
        accept("[destinations.mimir]\nkind = \"m|\"", "\"mimir\""),
        "[destinations.mimir]\nkind = \"mimir\""
    );
    assert!(labels_at("[lints]\n|").contains(&"above-ceiling".to_owned()));
    assert!(
        !labels_at("[lints]\nabove-ceiling = \"warn\"\n|").contains(&"above-ceiling".to_owned())
    );
    assert_eq!(labels_at("[unknown]\n|"), Vec::<String>::new());
}

#[test]
fn values_are_offered_as_they_are_declared() {
    let formats = ["\"plain\"", "\"prometheus-rule\"", "\"namespaced\""];
    assert_eq!(labels_at("[prometheus]\nformat = |"), formats);
    assert_eq!(labels_at("[prometheus]\nformat = \"pl|"), formats);
    assert_eq!(
        accept("[prometheus]\nformat = \"pl|\nversion = \"3\"", "\"plain\""),
        "[prometheus]\nformat = \"plain\"\nversion = \"3\""
    );
    assert_eq!(
        accept("[prometheus]\nformat = \"plain|\"", "\"prometheus-rule\""),
        "[prometheus]\nformat = \"prometheus-rule\""
    );
    assert_eq!(labels_at("[project]\nshared = |"), ["true", "false"]);
    assert_eq!(
        labels_at("[policy]\nforms = [\"json\", |]"),
        ["\"json\"", "\"rego\"", "\"argo-rollouts\"", "\"argo-cd\""]
    );
    assert_eq!(labels_at("[policy]\nforms = [\n  |").len(), 4);
    assert_eq!(labels_at("[policy]\nforms = |"), ["[\"json\", \"rego\"]"]);
    assert_eq!(labels_at("[prometheus]\ninterval = |"), ["\"30s\""]);
    assert_eq!(
        labels_at("[lints]\nabove-ceiling = |"),
        ["\"allow\"", "\"warn\"", "\"error\""]
    );
    // An unclosed table above does not affect the table below.
    assert_eq!(
        labels_at("[policy]\nforms = [\"json\",\n\n[project]\nshared = |"),
        ["true", "false"]
    );
}

#[test]
fn nothing_is_offered_in_a_comment() {
    assert_eq!(labels_at("# |"), Vec::<String>::new());
    assert_eq!(labels_at("[prometheus] # [|"), Vec::<String>::new());
    assert_eq!(labels_at("[project.|"), Vec::<String>::new());
}

#[test]
fn a_hover_says_what_is_declared() {
    let interval = hover_at("[prometheus]\ninter|val = \"30s\"").unwrap();
    assert!(interval.contains("default: `\"30s\"`"), "{interval}");
    assert!(interval.contains("at most 3m"), "{interval}");
    assert_eq!(
        hover_at("[prometheus]\ninterval = \"3|0s\"").unwrap(),
        interval
    );
    let rule = hover_at("[prometheus]\nformat = \"prometheus-|rule\"").unwrap();
    assert!(rule.contains("PrometheusRule"), "{rule}");
    assert!(hover_at("[graf|ana]").unwrap().contains("Dashboards"));
    assert!(
        hover_at("[lints]\nabove-|ceiling = \"warn\"")
            .unwrap()
            .contains("N0")
    );
    assert_eq!(hover_at("[prometheus]\n|\n"), None);
    assert_eq!(hover_at("[prometheus]\nno-|such = 1"), None);
    assert_eq!(hover_at("# inter|val"), None);
}

proptest::proptest! {
    /// At every offset of any text, completion and hover return ranges within the text.
    #[test]
    fn any_place_has_an_answer(text in "(\\[[a-z]{0,8}\\]|project|severity|page|=|\"|'|\\{|\\}|\\[|é|,|\\.|#|\n| |[0-9]{1,3}){0,30}") {
        for offset in (0..=text.len()).filter(|offset| text.is_char_boundary(*offset)) {
            for completion in complete(&text, offset) {
                proptest::prop_assert!(text.get(completion.range).is_some());
            }
            if let Some(hover) = hover(&text, offset) {
                proptest::prop_assert!(text.get(hover.range).is_some());
            }
        }
    }
}
