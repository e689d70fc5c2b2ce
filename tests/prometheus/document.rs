//! What the files look like, and that promtool accepts them.

use std::collections::{BTreeMap, BTreeSet};

use nthc::backends::prometheus::service_rules;
use nthc::ir::{Duration, RuleFormat, Service, Settings, Slo, burn_rate};
use nthc::promql::{Expr, Node, parse};
use yaml_serde::Value;

use crate::models::{bad_based, complete, every_sli, rules, service, settings, slo};
use crate::support::promtool;

#[test]
fn a_complete_file() {
    let (service, settings) = complete();
    insta::assert_snapshot!(rules(&service, &settings));
}

#[test]
fn a_resource_for_the_operator() {
    let (mut service, mut settings) = complete();
    service.name = "Legacy.Service".into();
    service.slos.clear();
    settings.environment = Some("staging".into());
    settings.prometheus.format = RuleFormat::PrometheusRule;
    settings.prometheus.namespace = Some("monitoring".into());
    settings
        .prometheus
        .labels
        .insert("release".into(), "prometheus".into());
    insta::assert_snapshot!(rules(&service, &settings));
}

#[test]
fn the_expressions_of_every_kind_of_sli() {
    let mut text = String::new();
    for (name, sli) in every_sli() {
        let service = service(vec![Slo {
            min_events: Some(10),
            ..slo(name, "0.99", sli)
        }]);
        text.push_str(&format!("# {name}\n"));
        for rule in all_rules(&rules(&service, &settings(Duration::seconds(30)))) {
            let record = rule["record"].as_str().unwrap_or_default();
            // One window of each sort: the base, a raw one, one from recordings.
            let wanted = record.starts_with("slo:sli_")
                && !["30m", "2h", "6h", "3d", "30d"]
                    .iter()
                    .any(|window| record.ends_with(window));
            if wanted {
                let expr = rule["expr"].as_str().unwrap_or_default();
                text.push_str(&format!("{record} =\n  {}\n", expr.replace('\n', "\n  ")));
            }
        }
        text.push('\n');
    }
    insta::assert_snapshot!(text);
}

/// Services with every kind of SLI, over periods and objectives that differ in which pairs there are.
fn matrix() -> Vec<(Service, Settings)> {
    let mut all = vec![complete()];
    for days in [1, 7, 28, 30, 90] {
        for objective in ["0.9", "0.95", "0.9995"] {
            let with = |(name, sli): (&str, _)| {
                let slo = slo(name, objective, sli);
                let window = Duration::days(days);
                let pairs = burn_rate::pairs(window, Duration::MINUTE).into_iter();
                Slo {
                    window,
                    burn_rate_pairs: pairs.filter(|pair| pair.can_fire(slo.objective)).collect(),
                    min_events: Some(50),
                    budget_alerts: complete().0.slos[0].budget_alerts.clone(),
                    missing_data_alerts: complete().0.slos[0].missing_data_alerts.clone(),
                    breakdown: vec!["route".into(), "k8s.pod".into()],
                    ..slo
                }
            };
            let slos = every_sli().into_iter().map(with).collect();
            all.push((service(slos), settings(Duration::seconds(30))));
        }
    }
    // No pair can fire: the recordings and the metadata are still there.
    let blind = Slo {
        burn_rate_pairs: Vec::new(),
        ..slo("blind", "0.5", bad_based())
    };
    all.push((service(vec![blind]), settings(Duration::minutes(1))));
    all
}

#[test]
fn promtool_accepts_every_file() {
    if !promtool::available() {
        return;
    }
    for (service, mut settings) in matrix() {
        promtool::check_rules(&rules(&service, &settings));
        settings.prometheus.query_offset = Some(Duration::MINUTE);
        let offset = rules(&service, &settings);
        let groups = offset.matches("- name: ").count();
        assert!(groups > 0);
        assert_eq!(offset.matches("query_offset: 1m\n").count(), groups);
        promtool::check_rules(&offset);
        settings.prometheus.format = RuleFormat::PrometheusRule;
        promtool::check_rules(&rules(&service, &settings));
    }
}

/// The rules of a file, in the order of evaluation.
fn all_rules(contents: &str) -> Vec<Value> {
    let file: Value = yaml_serde::from_str(contents).expect("it is YAML");
    let groups = file["groups"].as_sequence().expect("groups").iter();
    groups
        .flat_map(|group| group["rules"].as_sequence().expect("rules").clone())
        .collect()
}

/// The metrics of the `slo:` namespace that an expression reads.
fn reads(expr: &Expr, names: &mut BTreeSet<String>) {
    match &expr.node {
        Node::Selector(selector) => {
            let name = selector.metric.iter().map(|metric| metric.text.to_string());
            names.extend(name.filter(|name| name.starts_with("slo:")));
        }
        Node::Range(inner, _)
        | Node::Unary(_, inner)
        | Node::Paren(inner)
        | Node::Modified(inner, _) => {
            reads(inner, names);
        }
        Node::Subquery(subquery) => reads(&subquery.expr, names),
        Node::Call(call) => call.args.iter().for_each(|arg| reads(arg, names)),
        Node::Aggregate(aggregate) => {
            aggregate
                .param
                .iter()
                .chain([&aggregate.expr])
                .for_each(|expr| reads(expr, names));
        }
        Node::Binary(binary) => [&binary.left, &binary.right]
            .into_iter()
            .for_each(|expr| reads(expr, names)),
        Node::Number(_) | Node::String(_) | Node::Hole(_) => {}
    }
}

/// The queries in an annotation: what stands quoted after `query`.
fn queries_in(template: &str) -> Vec<String> {
    let after = template.split("query \"").skip(1);
    after
        .map(|text| {
            let mut query = String::new();
            let mut chars = text.chars();
            while let Some(c) = chars.next() {
                match c {
                    '\\' => query.extend(chars.next()),
                    '"' => break,
                    c => query.push(c),
                }
            }
            query
        })
        .collect()
}

#[test]
fn nothing_reads_a_recording_that_is_not_made_before_it() {
    for (service, mut settings) in matrix() {
        // Whole groups first; those that are split are looked at below.
        settings.prometheus.rules_per_group = usize::MAX;
        let contents = rules(&service, &settings);
        let file: Value = yaml_serde::from_str(&contents).expect("it is YAML");
        let mut group_names = BTreeSet::new();
        let names = |group: &Value| -> BTreeSet<String> {
            let rules = group["rules"].as_sequence().expect("rules").iter();
            rules
                .filter_map(|rule| rule.get("record").and_then(Value::as_str))
                .map(ToOwned::to_owned)
                .collect()
        };
        let groups = file["groups"].as_sequence().expect("groups");
        let all: BTreeSet<String> = groups.iter().flat_map(names).collect();
        for group in file["groups"].as_sequence().expect("groups") {
            assert!(
                group_names.insert(group["name"].as_str().expect("a name")),
                "{group:?}"
            );
            let here = names(group);
            // What another group records is there, of its last evaluation.
            let mut made: BTreeSet<String> = all.difference(&here).cloned().collect();
            for rule in group["rules"].as_sequence().expect("rules") {
                assert_eq!(rule["labels"]["service"], Value::from("checkout"));
                let mut exprs = vec![rule["expr"].as_str().expect("an expression").to_owned()];
                if let Some(annotations) = rule.get("annotations").and_then(Value::as_mapping) {
                    let texts = annotations.values().filter_map(Value::as_str);
                    exprs.extend(texts.flat_map(queries_in));
                }
                let mut read = BTreeSet::new();
                for expr in exprs {
                    reads(
                        &parse(&expr).unwrap_or_else(|errors| panic!("{expr}: {errors:?}")),
                        &mut read,
                    );
                }
                // This one asks when the group was evaluated before.
                if rule.get("record") == Some(&Value::from("slo:sli_known_time:seconds")) {
                    read.remove("slo:objective:ratio");
                }
                assert!(read.is_subset(&made), "{read:?} of {rule:?}");
                if let Some(record) = rule.get("record").and_then(Value::as_str) {
                    made.insert(record.to_owned());
                }
            }
        }
    }
}

#[test]
fn no_group_has_more_rules_than_it_may_and_none_is_lost() {
    for (service, settings) in matrix() {
        let whole =
            |most: usize| {
                let mut settings = settings.clone();
                settings.prometheus.rules_per_group = most;
                let file: Value = yaml_serde::from_str(&rules(&service, &settings)).expect("YAML");
                let groups = file["groups"].as_sequence().expect("groups").clone();
                let mut all: Vec<String> = Vec::new();
                for group in groups {
                    let rules = group["rules"].as_sequence().expect("rules").clone();
                    assert!(!rules.is_empty() && rules.len() <= most, "{group:?}");
                    all.extend(rules.iter().map(|rule| {
                        format!("{} {rule:?}", group["interval"].as_str().expect("one"))
                    }));
                }
                all.sort();
                all
            };
        let all = whole(usize::MAX);
        for most in [1, 7, 20] {
            assert_eq!(whole(most), all);
        }
    }
}

#[test]
fn numbers_are_digit_for_digit() {
    let contents = rules(
        &service(vec![slo("availability", "0.9990", bad_based())]),
        &settings(Duration::seconds(30)),
    );
    let expr = |record: &str| {
        let rules = all_rules(&contents);
        let rule = rules
            .iter()
            .find(|rule| rule.get("record") == Some(&Value::from(record)))
            .expect("a rule");
        rule["expr"].as_str().expect("an expression").to_owned()
    };
    assert_eq!(expr("slo:objective:ratio"), "vector(0.999)");
    assert_eq!(expr("slo:error_budget:ratio"), "vector(0.001)");
    assert!(expr("slo:current_burn_rate:ratio").ends_with(" / 0.001"));
    assert!(contents.contains("> 14.4 * 0.001\n"));
    assert!(contents.contains("objective: 99.9%\n"));
    for artifact in ["0.9990", "00000", "99999", "e-"] {
        assert!(!contents.contains(artifact), "{artifact}");
    }
}

#[test]
fn metadata_has_no_window() {
    let (service, settings) = complete();
    for rule in all_rules(&rules(&service, &settings)) {
        let record = rule
            .get("record")
            .and_then(Value::as_str)
            .unwrap_or("slo:sli_");
        let windowed = record.starts_with("slo:sli_") && record != "slo:sli_bad_slice:bool";
        assert_eq!(
            rule["labels"].get("window").is_some(),
            windowed && rule.get("record").is_some(),
            "{rule:?}"
        );
    }
}

#[test]
fn every_alert_says_whose_it_is_and_what_it_means() {
    let (service, settings) = complete();
    for rule in all_rules(&rules(&service, &settings)) {
        if rule.get("alert").is_some() {
            for label in ["service", "team", "tier", "severity"] {
                assert!(rule["labels"].get(label).is_some(), "{label} in {rule:?}");
            }
            for annotation in ["summary", "description", "runbook_url", "dashboard_url"] {
                assert!(
                    rule["annotations"].get(annotation).is_some(),
                    "{annotation} in {rule:?}"
                );
            }
            let summary = rule["annotations"]["summary"].as_str().expect("text");
            // As it is read, with a value in its place.
            let summary = summary.replace("{{ $value | humanizePercentage }}", "99.99%");
            assert!(summary.len() < 120 && !summary.contains('\n'), "{summary}");
        }
    }
}

#[test]
fn environments_do_not_meet() {
    let (service, mut settings) = complete();
    settings.environment = Some("staging".into());
    let contents = rules(&service, &settings);
    for rule in all_rules(&contents) {
        assert_eq!(rule["labels"]["environment"], Value::from("staging"));
    }
    for line in contents
        .lines()
        .filter(|line| line.contains("slo:") && line.contains('{'))
    {
        assert_eq!(
            line.matches("{environment=").count(),
            line.matches("slo:").count(),
            "{line}"
        );
    }
}

#[test]
fn a_name_stays_in_the_folder() {
    let named = |name: &str| Service {
        name: name.into(),
        ..complete().0
    };
    let path = |name: &str| {
        let artifact = service_rules(&named(name), &complete().1)
            .expect("it is YAML")
            .expect("it has rules");
        artifact.path
    };
    assert_eq!(path("checkout"), "prometheus/checkout.yaml");
    assert_eq!(path("Legacy.Service"), "prometheus/Legacy.Service.yaml");
    assert_eq!(path("../../x"), "prometheus/x.yaml");
}

#[test]
fn a_service_without_rules_has_no_file() {
    assert_eq!(
        service_rules(&service(Vec::new()), &settings(Duration::seconds(30))).expect("it is YAML"),
        None
    );
}

#[test]
fn strings_that_look_like_something_else_stay_strings() {
    let values = [
        "y",
        "No",
        "1_0:3",
        "yes",
        "on",
        "null",
        "~",
        "0042",
        "1e3",
        "12:30:00",
        "2026-11-23",
        "0x1f",
        ".inf",
        "- a",
        "a: b",
        "# c",
        "",
        " x ",
        "!t",
        "*a",
        "&a",
        "%",
        "@",
        "|",
        "1_000",
        "0o7",
        "=",
        "<<",
    ];
    let named = |(index, value): (usize, &&str)| (format!("label_{index}"), (*value).to_owned());
    let mut labels: BTreeMap<_, _> = values.iter().enumerate().map(named).collect();
    labels.insert("y".into(), "n".into());
    let service = Service {
        labels: labels.clone(),
        ..complete().0
    };
    let contents = rules(&service, &complete().1);
    assert!(contents.contains("\n      \"y\": \"n\"\n"));
    for rule in all_rules(&contents) {
        for (label, value) in &labels {
            assert_eq!(rule["labels"][label.as_str()], Value::from(value.as_str()));
        }
    }
    if promtool::available() {
        promtool::check_rules(&contents);
    }
}

#[test]
fn rules_that_are_too_large_to_apply_are_several_resources() {
    let (complete, mut settings) = complete();
    settings.prometheus.format = RuleFormat::PrometheusRule;
    settings.environment = Some("production".into());
    let one = rules(&complete, &settings);
    assert_eq!(one.matches("kind: PrometheusRule").count(), 1);
    let slos = (0..24).flat_map(|number| {
        let named = move |slo: &Slo| Slo {
            name: format!("{}-{number}", slo.name).into(),
            ..slo.clone()
        };
        complete.slos.iter().map(named).collect::<Vec<_>>()
    });
    let service = Service {
        slos: slos.collect(),
        ..complete.clone()
    };
    let text = rules(&service, &settings);
    let mut groups = Vec::new();
    let mut names = BTreeSet::new();
    for document in yaml_serde::Deserializer::from_str(&text) {
        let object: Value = serde::Deserialize::deserialize(document).unwrap();
        // As `kubectl apply` keeps it: as JSON, in which Go writes signs of HTML by their numbers.
        let json = serde_json::to_string(&object).unwrap();
        let signs = json.chars().filter(|c| "<>&".contains(*c)).count();
        assert!(json.len() + 5 * signs < 262_144);
        assert!(names.insert(object["metadata"]["name"].as_str().unwrap().to_owned()));
        groups.extend(object["spec"]["groups"].as_sequence().unwrap().clone());
    }
    assert!(names.len() > 3, "{names:?}");
    assert!(names.contains("shop--checkout--production"));
    assert!(names.contains("shop--checkout--2--production"));
    settings.prometheus.format = RuleFormat::Plain;
    let plain: Value = yaml_serde::from_str(&rules(&service, &settings)).unwrap();
    assert_eq!(plain["groups"].as_sequence().unwrap(), &groups);
}
