//! The rules of the format, written once more and apart from the compiler's: those of the Go SDK that no schema has, and
//! what nothing else looks at: that every reference leads somewhere and no name is there twice.

use std::collections::BTreeSet;

use serde_json::Value;

/// The fields that a mapping may have, by the mapping.
const FIELDS: [(&str, &[&str]); 7] = [
    ("DataSource", &["description", "type", "connectionDetails"]),
    ("Service", &["description"]),
    (
        "SLO",
        &[
            "description",
            "service",
            "indicator",
            "indicatorRef",
            "timeWindow",
            "budgetingMethod",
            "objectives",
            "alertPolicies",
        ],
    ),
    ("SLI", &["description", "thresholdMetric", "ratioMetric"]),
    (
        "AlertPolicy",
        &[
            "description",
            "alertWhenNoData",
            "alertWhenResolved",
            "alertWhenBreaching",
            "conditions",
            "notificationTargets",
        ],
    ),
    ("AlertCondition", &["description", "severity", "condition"]),
    ("AlertNotificationTarget", &["description", "target"]),
];

/// What is wrong with the documents of a set of files.
pub fn broken(documents: &[Value]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut names: BTreeSet<(String, String)> = BTreeSet::new();
    for document in documents {
        let (kind, name) = (text(&document["kind"]), text(&document["metadata"]["name"]));
        if !names.insert((kind.clone(), name.clone())) {
            wrong.push(format!("{kind} {name} twice"));
        }
    }
    for document in documents {
        let at = format!(
            "{} {}",
            text(&document["kind"]),
            text(&document["metadata"]["name"])
        );
        let mut found = Vec::new();
        one(document, &names, &mut found);
        wrong.extend(found.into_iter().map(|what| format!("{at}: {what}")));
    }
    wrong
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn only(value: &Value, known: &[&str], wrong: &mut Vec<String>) {
    let Some(map) = value.as_object() else {
        wrong.push(format!("{value} is no mapping"));
        return;
    };
    for key in map.keys().filter(|key| !known.contains(&key.as_str())) {
        wrong.push(format!("unknown field {key}"));
    }
}

fn one(document: &Value, names: &BTreeSet<(String, String)>, wrong: &mut Vec<String>) {
    only(document, &["apiVersion", "kind", "metadata", "spec"], wrong);
    if document["apiVersion"] != "openslo/v1" {
        wrong.push("apiVersion".into());
    }
    metadata(&document["metadata"], wrong);
    let kind = text(&document["kind"]);
    let spec = &document["spec"];
    match FIELDS.iter().find(|(known, _)| *known == kind) {
        Some((_, fields)) => only(spec, fields, wrong),
        None => wrong.push(format!("kind {kind}")),
    }
    if text(&spec["description"]).chars().count() > 1050 {
        wrong.push("description too long".into());
    }
    let mut refers = |kind: &str, name: &Value| {
        let name = text(name);
        if !is_label(&name) {
            wrong.push(format!("{name:?} is no name"));
        }
        if !names.contains(&(kind.to_owned(), name.clone())) {
            wrong.push(format!("no {kind} {name}"));
        }
    };
    match kind.as_str() {
        "SLO" => {
            refers("Service", &spec["service"]);
            if !spec["indicatorRef"].is_null() {
                refers("SLI", &spec["indicatorRef"]);
            }
            for policy in list(&spec["alertPolicies"]) {
                refers("AlertPolicy", &policy["alertPolicyRef"]);
            }
            slo(spec, wrong);
        }
        "SLI" => {
            for metric in metrics(spec) {
                refers("DataSource", &metric["metricSource"]["metricSourceRef"]);
            }
            sli(spec, wrong);
        }
        "AlertPolicy" => {
            let (conditions, targets) = (
                list(&spec["conditions"]),
                list(&spec["notificationTargets"]),
            );
            for condition in conditions {
                refers("AlertCondition", &condition["conditionRef"]);
            }
            for target in targets {
                refers("AlertNotificationTarget", &target["targetRef"]);
            }
            if conditions.len() != 1 || targets.is_empty() {
                wrong.push("a policy has one condition and notifies someone".into());
            }
        }
        "AlertCondition" => {
            let condition = &spec["condition"];
            only(
                condition,
                &["kind", "op", "threshold", "lookbackWindow", "alertAfter"],
                wrong,
            );
            if condition["kind"] != "burnrate"
                || !is_operator(&condition["op"])
                || !condition["threshold"].is_number()
                || !is_duration(&condition["lookbackWindow"])
                || !(condition["alertAfter"].is_null() || is_duration(&condition["alertAfter"]))
                || text(&spec["severity"]).is_empty()
            {
                wrong.push("condition".into());
            }
        }
        "AlertNotificationTarget" if text(&spec["target"]).is_empty() => {
            wrong.push("target".into())
        }
        "DataSource" if text(&spec["type"]).is_empty() || spec["connectionDetails"].is_null() => {
            wrong.push("data source".into());
        }
        _ => {}
    }
}

fn metadata(metadata: &Value, wrong: &mut Vec<String>) {
    only(
        metadata,
        &["name", "displayName", "labels", "annotations"],
        wrong,
    );
    if !is_label(&text(&metadata["name"])) {
        wrong.push(format!("name {}", metadata["name"]));
    }
    if text(&metadata["displayName"]).chars().count() > 63 {
        wrong.push("displayName too long".into());
    }
    for key in metadata["labels"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, _)| key)
    {
        if !is_key(key) {
            wrong.push(format!("label {key}"));
        }
    }
    for (key, value) in metadata["annotations"].as_object().into_iter().flatten() {
        let (prefix, own) = key.split_once('/').unwrap_or(("x", key));
        if !is_key(own) || !prefix.split('.').all(is_label) || !value.is_string() {
            wrong.push(format!("annotation {key}"));
        }
    }
}

fn slo(spec: &Value, wrong: &mut Vec<String>) {
    let goals = list(&spec["objectives"]);
    let own = goals.iter().filter(|goal| has_indicator(goal)).count();
    if has_indicator(spec) == (own > 0) || goals.is_empty() {
        wrong.push("an indicator here or in the goals".into());
    }
    match list(&spec["timeWindow"]) {
        [window] => {
            let rolls = window["isRolling"] == true;
            if rolls != window["calendar"].is_null() || !is_duration(&window["duration"]) {
                wrong.push("timeWindow".into());
            }
            let zone = text(&window["calendar"]["timeZone"]);
            if !rolls && jiff::tz::TimeZone::get(&zone).is_err() {
                wrong.push(format!("zone {zone}"));
            }
        }
        _ => wrong.push("one timeWindow".into()),
    }
    let method = text(&spec["budgetingMethod"]);
    if !["Occurrences", "Timeslices", "RatioTimeslices"].contains(&method.as_str()) {
        wrong.push(format!("budgetingMethod {method}"));
    }
    for goal in goals {
        only(
            goal,
            &[
                "displayName",
                "op",
                "value",
                "target",
                "targetPercent",
                "timeSliceTarget",
                "timeSliceWindow",
                "indicator",
                "indicatorRef",
                "compositeWeight",
            ],
            wrong,
        );
        let within =
            |value: &Value, most: f64| value.as_f64().is_some_and(|v| (0.0..most).contains(&v));
        if within(&goal["target"], 1.0) == within(&goal["targetPercent"], 100.0) {
            wrong.push("target or targetPercent".into());
        }
        let sliced = goal["timeSliceTarget"]
            .as_f64()
            .is_some_and(|v| v > 0.0 && v <= 1.0);
        let windowed = is_duration(&goal["timeSliceWindow"]);
        let fits = match method.as_str() {
            "Timeslices" => sliced && windowed,
            "RatioTimeslices" => windowed,
            _ => true,
        };
        if !fits {
            wrong.push(format!("slices of {method}"));
        }
    }
}

fn has_indicator(value: &Value) -> bool {
    !value["indicator"].is_null() || !value["indicatorRef"].is_null()
}

fn metrics(spec: &Value) -> Vec<&Value> {
    let ratio = &spec["ratioMetric"];
    [
        &spec["thresholdMetric"],
        &ratio["good"],
        &ratio["bad"],
        &ratio["total"],
        &ratio["raw"],
    ]
    .into_iter()
    .filter(|metric| !metric.is_null())
    .collect()
}

fn sli(spec: &Value, wrong: &mut Vec<String>) {
    let ratio = &spec["ratioMetric"];
    if ratio.is_null() == spec["thresholdMetric"].is_null() {
        wrong.push("thresholdMetric or ratioMetric".into());
    }
    if !ratio.is_null() {
        only(
            ratio,
            &["counter", "good", "bad", "total", "raw", "rawType"],
            wrong,
        );
        let has = |key: &str| !ratio[key].is_null();
        let counted = (has("good") != has("bad")) && has("total") && !has("raw") && !has("rawType");
        let raw = has("raw")
            && ["success", "failure"].contains(&text(&ratio["rawType"]).as_str())
            && !["good", "bad", "total"].into_iter().any(has);
        if counted == raw {
            wrong.push("ratio".into());
        }
    }
    for metric in metrics(spec) {
        only(metric, &["metricSource"], wrong);
        only(
            &metric["metricSource"],
            &["metricSourceRef", "type", "spec"],
            wrong,
        );
        let query = text(&metric["metricSource"]["spec"]["query"]);
        if let Err(errors) = nthc::promql::parse(&query) {
            wrong.push(format!("query {query}: {}", errors[0].message));
        }
        if query.is_empty() || query.contains("$window") {
            wrong.push(format!("query {query:?}"));
        }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn is_operator(value: &Value) -> bool {
    ["lt", "lte", "gt", "gte"].contains(&text(value).as_str())
}

fn is_duration(value: &Value) -> bool {
    let text = text(value);
    let Some((digits, unit)) = text.split_at_checked(text.len().saturating_sub(1)) else {
        return false;
    };
    ["m", "h", "d", "w", "M", "Q", "Y"].contains(&unit)
        && !digits.starts_with('0')
        && digits.parse::<u32>().is_ok()
}

fn is_label(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (1..=63).contains(&name.len())
        && name.chars().all(|c| plain(c) || c == '-')
        && name.starts_with(plain)
        && name.ends_with(plain)
}

fn is_key(key: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric();
    (1..=63).contains(&key.len())
        && key.chars().all(|c| plain(c) || "-_.".contains(c))
        && key.starts_with(plain)
        && key.ends_with(plain)
}
