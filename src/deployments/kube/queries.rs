//! The queries for series of kube-state-metrics.

use std::fmt::Write as _;

use nth_promql::escape_regex;

/// The longest part of the name of a Deployment that the names of its pods surely have: Kubernetes shortens generated names.
const SURE: usize = 40;

/// The query for the ReplicaSets with replicas that objects with these names own: a series each, with the time of its creation
/// as the value. `matchers` are added to every selector: `cluster="a"`. A ReplicaSet is a pod template; one without replicas
/// has no sample.
///
/// The same ReplicaSet may have several series, of several replicas of kube-state-metrics: they are aggregated.
pub fn replica_sets_query(names: &[&str], matchers: &[String]) -> String {
    let owners = alternatives(names);
    let sets = format!("{owners}-[a-z0-9]+");
    let created = selector(
        "kube_replicaset_created",
        &[("replicaset", &sets)],
        matchers,
    );
    let owner = selector(
        "kube_replicaset_owner",
        &[
            ("owner_kind", "Deployment|Rollout"),
            ("owner_name", &owners),
        ],
        matchers,
    );
    let replicas = selector(
        "kube_replicaset_spec_replicas",
        &[("replicaset", &sets)],
        matchers,
    );
    format!(
        "min by (namespace, replicaset, owner_kind, owner_name) ({created} * on (namespace, replicaset) group_left (owner_kind, \
         owner_name) max by (namespace, replicaset, owner_kind, owner_name) ({owner})) and on (namespace, replicaset) (max by \
         (namespace, replicaset) ({replicas}) > 0)"
    )
}

/// The query for the images that the pods of these ReplicaSets' owners run: a series for each ReplicaSet (`owner_name`),
/// container and image.
pub fn images_query(names: &[&str], matchers: &[String]) -> String {
    let sets = format!("{}-[a-z0-9]+", alternatives(names));
    let short: Vec<&str> = names
        .iter()
        .map(|name| name.get(..SURE).unwrap_or(name))
        .collect();
    let pods = format!("{}.*", alternatives(&short));
    let info = selector("kube_pod_container_info", &[("pod", &pods)], matchers);
    let owner = selector(
        "kube_pod_owner",
        &[("owner_kind", "ReplicaSet"), ("owner_name", &sets)],
        matchers,
    );
    format!(
        "max by (namespace, owner_name, container, image, image_id) ({info} * on (namespace, pod) group_left (owner_name) max by \
         (namespace, pod, owner_name) ({owner}))"
    )
}

/// A regular expression that matches these texts alone.
fn alternatives(texts: &[&str]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| escape_regex(text)).collect();
    format!("(?:{})", texts.join("|"))
}

/// A selector whose labels match regular expressions.
fn selector(metric: &str, labels: &[(&str, &str)], matchers: &[String]) -> String {
    let mut text = format!("{metric}{{");
    for (label, regex) in labels {
        let _ = write!(text, "{label}=~{},", quote(regex));
    }
    for matcher in matchers {
        let _ = write!(text, "{matcher},");
    }
    text.pop();
    text.push('}');
    text
}

/// A text as a string of PromQL.
fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use nth_promql::{Type, infer, parse};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn queries_are_of_these_names_alone() {
        let names = ["checkout", "pay.ments"];
        assert_eq!(
            replica_sets_query(&names, &["cluster=\"a\"".to_owned()]),
            "min by (namespace, replicaset, owner_kind, owner_name) \
             (kube_replicaset_created{replicaset=~\"(?:checkout|pay\\\\.ments)-[a-z0-9]+\",cluster=\"a\"} \
             * on (namespace, replicaset) group_left (owner_kind, owner_name) \
             max by (namespace, replicaset, owner_kind, owner_name) \
             (kube_replicaset_owner{owner_kind=~\"Deployment|Rollout\",owner_name=~\"(?:checkout|pay\\\\.ments)\",cluster=\"a\"})) \
             and on (namespace, replicaset) (max by (namespace, replicaset) \
             (kube_replicaset_spec_replicas{replicaset=~\"(?:checkout|pay\\\\.ments)-[a-z0-9]+\",cluster=\"a\"}) > 0)"
        );
        assert_eq!(
            images_query(&["checkout"], &[]),
            "max by (namespace, owner_name, container, image, image_id) \
             (kube_pod_container_info{pod=~\"(?:checkout).*\"} * on (namespace, pod) group_left (owner_name) \
             max by (namespace, pod, owner_name) \
             (kube_pod_owner{owner_kind=~\"ReplicaSet\",owner_name=~\"(?:checkout)-[a-z0-9]+\"}))"
        );
    }

    proptest! {
        #[test]
        fn no_name_is_more_than_a_name(name in any::<String>()) {
            prop_assume!(!name.contains(['\0', char::REPLACEMENT_CHARACTER]));
            for query in [replica_sets_query(&[&name], &[]), images_query(&[&name], &[])] {
                let parsed = parse(&query).unwrap_or_else(|error| panic!("{query}: {error:?}"));
                let kind = infer(&parsed, &[]);
                prop_assert!(matches!(kind, (Some(Type::InstantVector), ref errors) if errors.is_empty()), "{query}: {kind:?}");
            }
        }
    }
}
