//! The resources are what Argo's own definitions ask for, and Rego what OPA checks strictly.

use std::process::Command;

use serde_json::{Value, json};

use crate::schema_files::{argo_definition, assert_valid, documents};
use crate::{built, cases, tools};

#[test]
fn resources_are_what_argo_defines() {
    let (Some(template), Some(project)) = (
        argo_definition("analysis-template-crd.yaml"),
        argo_definition("appproject-crd.yaml"),
    ) else {
        return;
    };
    let place = built(cases::SOURCE);
    let files = place.files("build/policy");
    let (mut templates, mut jobs) = (0, 0);
    // The definition of an analysis holds that of the job that it may run.
    let job =
        template["properties"]["spec"]["properties"]["metrics"]["items"]["properties"]["provider"]
            ["properties"]["job"]["properties"]["spec"]
            .clone();
    assert!(job.is_object());
    let [template, project, job] =
        [&template, &project, &job].map(|schema| jsonschema::validator_for(schema).unwrap());
    for (path, text) in &files {
        if path.starts_with("argo-rollouts/") {
            for document in documents(text) {
                assert_valid(&template, &document, path);
                templates += 1;
            }
        } else if path == "argo-cd/sync-windows.yaml" {
            let documents = documents(text);
            assert_eq!(documents.len(), 1);
            assert_valid(&project, &documents[0], path);
        } else if path.starts_with("argo-cd/") {
            let documents = documents(text);
            let [data, found] = documents.as_slice() else {
                panic!("{path}: {text}");
            };
            assert_eq!(
                (&data["kind"], &found["kind"]),
                (&json!("ConfigMap"), &json!("Job"))
            );
            assert_eq!(found["apiVersion"], "batch/v1");
            assert_valid(&job, &found["spec"], path);
            for document in [data, found] {
                let annotations = &document["metadata"]["annotations"];
                assert_eq!(annotations["argocd.argoproj.io/hook"], "PreSync");
            }
            // The policy in it is the one that the binary reads.
            let container = &found["spec"]["template"]["spec"]["containers"][0];
            let file = container["args"][3]
                .as_str()
                .unwrap()
                .rsplit('/')
                .next()
                .unwrap();
            assert_eq!(data["data"][file], files[file], "{path}");
            assert_eq!(
                found["spec"]["template"]["spec"]["volumes"][0]["configMap"]["name"],
                data["metadata"]["name"]
            );
            let text = found.to_string();
            assert!(!text.replace("$$(", "").contains("$("), "{text}");
            jobs += 1;
        }
    }
    assert!(templates > 100 && templates == jobs, "{templates} {jobs}");
    // The schemas tell a misspelt field.
    let (_, text) = files
        .iter()
        .find(|(path, _)| path.starts_with("argo-rollouts/"))
        .unwrap();
    for (from, to) in [
        ("successCondition", "succesCondition"),
        ("address", "adress"),
        ("timeout: 30", "timeout: x"),
    ] {
        let broken = text.replace(from, to);
        assert_ne!(broken, *text);
        assert!(!template.is_valid(&documents(&broken)[0]), "{to}");
    }
}

/// A gate for a cluster that allows little, and asks who queries.
const CLOSED: &str = r#"[project]
name = "shop"

[policy]
forms = ["argo-rollouts", "argo-cd"]
prometheus = "https://mimir.monitoring:8080/prometheus"
image = "registry.example.com/nthc@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
image_pull_secrets = ["registry"]
service_account = "gates"
run_as_user = 65532
requests = { cpu = "50m", memory = "32Mi" }
limits = { cpu = "1", memory = "128Mi" }
node_selector = { pool = "tools" }
tolerations = ["pool=tools:NoSchedule", "spot:NoExecute"]
token_secret = "mimir"
token_key = "read-token"
tenant = "shop-{environment}"
ca_config_map = "internal-ca"
ca_key = "bundle.pem"
"#;

#[test]
fn settings_of_a_closed_cluster_are_in_every_object() {
    let place = crate::place::Place::new();
    place.write("nth.toml", CLOSED);
    place.write(
        "main.nth",
        "environment production { }\n\nteam payments { }\n\nservice checkout {\n  team     = payments\n  \
         selector = { job = \"checkout\" }\n\n  slo availability {\n    objective = 99.5%\n\n    \
         sli : ratio { bad = `errors_total`  total = `requests_total` }\n  }\n\n  \
         gate release {\n    deny spent { when = budget(availability) < 10% }\n  }\n}\n",
    );
    let ran = place.run(&["build"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let files = place.files("build/production/policy");
    let [_, job] =
        <[Value; 2]>::try_from(documents(&files["argo-cd/checkout/release.yaml"])).unwrap();
    let pod = &job["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    assert_eq!(
        pod["securityContext"],
        json!({ "runAsNonRoot": true, "runAsUser": 65532, "seccompProfile": { "type": "RuntimeDefault" } })
    );
    assert_eq!(
        container["securityContext"],
        json!({
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "capabilities": { "drop": ["ALL"] },
        })
    );
    assert_eq!(
        container["resources"],
        json!({
            "requests": { "cpu": "50m", "memory": "32Mi" },
            "limits": { "cpu": "1", "memory": "128Mi" },
        })
    );
    assert_eq!(pod["imagePullSecrets"], json!([{ "name": "registry" }]));
    assert_eq!(pod["serviceAccountName"], "gates");
    assert_eq!(pod["automountServiceAccountToken"], false);
    assert_eq!(pod["nodeSelector"], json!({ "pool": "tools" }));
    assert_eq!(
        pod["tolerations"],
        json!([
            { "key": "pool", "operator": "Equal", "value": "tools", "effect": "NoSchedule" },
            { "key": "spot", "operator": "Exists", "effect": "NoExecute" },
        ])
    );
    assert_eq!(
        container["env"],
        json!([
            { "name": "NTH_PROMETHEUS_TOKEN_FILE", "value": "/etc/nthc-token/token" },
            { "name": "NTH_PROMETHEUS_CA", "value": "/etc/nthc-ca/ca.crt" },
            { "name": "NTH_PROMETHEUS_TENANT", "value": "shop-production" },
        ])
    );
    let volumes: Vec<&Value> = pod["volumes"].as_array().unwrap().iter().skip(1).collect();
    assert_eq!(
        volumes,
        [
            &json!({
                "name": "token",
                "secret": { "secretName": "mimir", "items": [{ "key": "read-token", "path": "token" }] },
            }),
            &json!({
                "name": "ca",
                "configMap": { "name": "internal-ca", "items": [{ "key": "bundle.pem", "path": "ca.crt" }] },
            }),
        ]
    );
    let [analysis] =
        <[Value; 1]>::try_from(documents(&files["argo-rollouts/checkout/release.yaml"])).unwrap();
    assert_eq!(
        analysis["spec"]["args"],
        json!([{
            "name": "prometheus-token",
            "valueFrom": { "secretKeyRef": { "name": "mimir", "key": "read-token" } },
        }])
    );
    assert_eq!(
        analysis["spec"]["metrics"][0]["provider"]["prometheus"]["headers"],
        json!([
            { "key": "Authorization", "value": "Bearer {{args.prometheus-token}}" },
            { "key": "X-Scope-OrgID", "value": "shop-production" },
        ])
    );
    let Some(template) = argo_definition("analysis-template-crd.yaml") else {
        return;
    };
    let of_job =
        template["properties"]["spec"]["properties"]["metrics"]["items"]["properties"]["provider"]
            ["properties"]["job"]["properties"]["spec"]
            .clone();
    let [template, of_job] =
        [&template, &of_job].map(|schema| jsonschema::validator_for(schema).unwrap());
    assert_valid(&template, &analysis, "argo-rollouts");
    assert_valid(&of_job, &job["spec"], "argo-cd");
}

#[test]
fn settings_of_a_cluster_that_cannot_be_are_errors() {
    let place = crate::place::Place::new();
    let wrong = CLOSED
        .replace("\"32Mi\"", "\"32 MB\"")
        .replace("spot:NoExecute", "spot")
        .replace("\"bundle.pem\"", "\"bundle/pem\"")
        .replace("shop-{environment}", "shop {{x}}")
        .replace("\"gates\"", "\"Gates\"");
    place.write("nth.toml", wrong);
    place.write("main.nth", "team payments { }\n");
    let ran = place.run(&["check", "--format", "short"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for setting in [
        "requests.memory",
        "tolerations",
        "ca_key",
        "tenant",
        "service_account",
    ] {
        let found = ran.err.lines().any(|line| {
            line.contains("error[N0603]") && line.contains(&format!("policy.{setting}"))
        });
        assert!(found, "{setting}: {}", ran.err);
    }
}

#[test]
fn rego_is_checked_strictly() {
    let Some(opa) = tools::find("opa") else {
        return;
    };
    let place = built(cases::SOURCE);
    let rego = place.path("build/policy/rego");
    let output = Command::new(&opa)
        .args(["check", "--strict"])
        .arg(&rego)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    // A policy that is broken is told.
    place.write(
        "build/policy/rego/broken.rego",
        "package main\n\ndeny contains msg if { msg := input.x; y := 1 }\n",
    );
    let output = Command::new(&opa)
        .args(["check", "--strict"])
        .arg(&rego)
        .output()
        .unwrap();
    assert!(!output.status.success());
}

/// Facts that no policy is for: of another service, another version, or none at all.
#[test]
fn facts_of_nothing_that_is_known_are_denied() {
    let place = built(cases::SOURCE);
    let engine = crate::forms::regorus(&place);
    for facts in [
        json!({}),
        json!({ "version": 2, "service": "healthy", "environment": "", "gate": "plane" }),
        json!({ "version": 2, "service": "other", "environment": "", "gate": "plain" }),
        json!({ "version": 2, "service": "healthy", "environment": "production", "gate": "plain" }),
        json!({ "version": 3, "service": "healthy", "environment": "", "gate": "plain",
                "facts": { "budget(availability)": { "value": 0.9 } } }),
    ] {
        let (found, main) = crate::forms::by_regorus(&engine, &facts.to_string());
        assert_eq!(found, crate::forms::Verdict::Deny, "{facts}: {main}");
    }
    let known = json!({ "version": 2, "service": "healthy", "environment": "", "gate": "plain",
                        "facts": { "budget(availability)": { "value": 0.9 } } });
    let (found, main) = crate::forms::by_regorus(&engine, &known.to_string());
    assert_eq!(found, crate::forms::Verdict::Allow, "{main}");
    // A number that is a text is no number.
    let text = json!({ "version": 2, "service": "healthy", "environment": "", "gate": "plain",
                       "facts": { "budget(availability)": { "value": "0.9" } } });
    let (found, _) = crate::forms::by_regorus(&engine, &text.to_string());
    assert_eq!(found, crate::forms::Verdict::Deny);
}
