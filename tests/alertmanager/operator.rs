//! The resource of the Prometheus operator is what a cluster takes, and says what the file says.

use nthc::ir::AlertmanagerFormat;
use serde_json::{Map, Value};

use crate::projects::{Modeled, hostile};
use crate::schema_files::{alertmanager_config, assert_valid};

fn resource(project: &mut Modeled) -> Value {
    project.settings.alertmanager.format = AlertmanagerFormat::AlertmanagerConfig;
    yaml_serde::from_str(&project.file("alertmanager-config.yaml")).unwrap()
}

fn projects() -> Vec<Modeled> {
    vec![
        Modeled::example("shop", Some("production")),
        Modeled::example("shop", Some("staging")),
        Modeled::example("platform", Some("production")),
        hostile(),
    ]
}

#[test]
fn a_cluster_takes_it() {
    let Some(schema) = alertmanager_config() else {
        return;
    };
    let whole = jsonschema::validator_for(&schema).unwrap();
    let route = &schema["properties"]["spec"]["properties"]["route"];
    let route = jsonschema::validator_for(route).unwrap();
    for mut project in projects() {
        let resource = resource(&mut project);
        assert_valid(&whole, &resource, &project.settings.project);
        // It leaves routes within routes to the operator, which takes them for routes.
        let mut open = vec![resource["spec"]["route"].clone()];
        let mut seen = 0;
        while let Some(found) = open.pop() {
            assert_valid(&route, &found, &project.settings.project);
            seen += 1;
            open.extend(found["routes"].as_array().cloned().unwrap_or_default());
        }
        // The root, a team's, its pages'.
        assert!(seen >= 3);
    }
}

#[test]
fn the_schema_finds_mistakes() {
    let Some(schema) = alertmanager_config() else {
        return;
    };
    let whole = jsonschema::validator_for(&schema).unwrap();
    let mut project = Modeled::example("shop", Some("production"));
    let mut resource = resource(&mut project);
    assert!(whole.is_valid(&resource));
    resource["spec"]["receivers"][0]["slack_configs"] = Value::Array(Vec::new());
    assert!(!whole.is_valid(&resource));
}

/// A matcher of the resource as the file has it.
fn matcher(matcher: &Value) -> String {
    let value = matcher["value"].as_str().unwrap();
    let value = value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    let text = |field: &str| matcher[field].as_str().unwrap().to_owned();
    format!("{}{}\"{value}\"", text("name"), text("matchType"))
}

fn matchers(list: &Value) -> Value {
    let list = list.as_array().unwrap().iter();
    list.map(|of| Value::from(matcher(of))).collect()
}

/// A route of the resource as the file has it.
pub fn route(of: &Value) -> Value {
    let mut out = Map::new();
    for (field, value) in of.as_object().unwrap() {
        let (name, value) = match field.as_str() {
            "groupBy" => ("group_by", value.clone()),
            "groupWait" => ("group_wait", value.clone()),
            "groupInterval" => ("group_interval", value.clone()),
            "repeatInterval" => ("repeat_interval", value.clone()),
            "receiver" => ("receiver", value.clone()),
            "activeTimeIntervals" => ("active_time_intervals", value.clone()),
            "muteTimeIntervals" => ("mute_time_intervals", value.clone()),
            "continue" => ("continue", value.clone()),
            "matchers" => ("matchers", matchers(value)),
            "routes" => {
                let routes = value.as_array().unwrap().iter();
                ("routes", routes.map(route).collect())
            }
            other => panic!("{other}"),
        };
        out.insert(name.to_owned(), value);
    }
    Value::Object(out)
}

#[test]
fn it_says_what_the_file_says() {
    for mut project in projects() {
        let file: Value = yaml_serde::from_str(&project.file("alertmanager.yml")).unwrap();
        let resource = resource(&mut project);
        let spec = &resource["spec"];
        assert_eq!(route(&spec["route"]), file["route"]);
        let inhibits = spec["inhibitRules"].as_array().unwrap().iter();
        let inhibits: Value = inhibits
            .map(|rule| {
                let mut out = serde_json::json!({
                    "source_matchers": matchers(&rule["sourceMatch"]),
                    "target_matchers": matchers(&rule["targetMatch"]),
                });
                if let Some(equal) = rule.get("equal") {
                    out["equal"] = equal.clone();
                }
                out
            })
            .collect();
        assert_eq!(inhibits, file["inhibit_rules"]);

        // A secret is a file by its name there, and a key here.
        let secret = |config: &Value, field: &str| {
            let of = &project.settings.environment;
            let of = of.iter().map(|name| format!("-{name}"));
            let wanted: String = std::iter::once("alertmanager-secrets".to_owned())
                .chain(of)
                .collect();
            assert_eq!(config[field]["name"], wanted);
            config[field]["key"].as_str().unwrap().to_owned()
        };
        let own = |path: &Value| {
            let path = path.as_str().unwrap();
            let name = path.strip_prefix("/etc/alertmanager/secrets/");
            name.map(str::to_owned)
        };
        let (here, there) = (
            spec["receivers"].as_array().unwrap(),
            file["receivers"].as_array().unwrap(),
        );
        assert_eq!(here.len(), there.len());
        let list = |of: &Value, field: &str| of[field].as_array().cloned().unwrap_or_default();
        for (here, there) in here.iter().zip(there) {
            assert_eq!(here["name"], there["name"]);
            let pairs = |camel: &str, snake: &str| {
                let (here, there) = (list(here, camel), list(there, snake));
                assert_eq!(here.len(), there.len());
                here.into_iter().zip(there).collect::<Vec<_>>()
            };
            for (here, there) in pairs("pagerdutyConfigs", "pagerduty_configs") {
                // There is no file of templates to name it by.
                let severity = here["severity"].as_str().unwrap();
                assert!(
                    severity.contains("\"page\" }}critical{{ else }}warning"),
                    "{severity}"
                );
                let named = "{{ template \"nthc.pagerduty.severity\" . }}";
                assert_eq!(there["severity"], named);
                assert_eq!(here["component"], there["component"]);
                let key = secret(&here, "routingKey");
                if let Some(name) = own(&there["routing_key_file"]) {
                    assert_eq!(key, name);
                }
            }
            for (here, there) in pairs("slackConfigs", "slack_configs") {
                assert_eq!(here["channel"], there["channel"]);
                assert_eq!(here["sendResolved"], there["send_resolved"]);
                assert_eq!(Some(secret(&here, "apiURL")), own(&there["api_url_file"]));
            }
            for (here, there) in pairs("emailConfigs", "email_configs") {
                assert_eq!(here["to"], there["to"]);
                assert_eq!(here["smarthost"], file["global"]["smtp_smarthost"]);
                assert_eq!(here["from"], file["global"]["smtp_from"]);
                assert_eq!(secret(&here, "authPassword"), "smtp-password");
            }
            assert_eq!(
                list(here, "webhookConfigs").len(),
                list(there, "webhook_configs").len()
            );
        }
    }
}
