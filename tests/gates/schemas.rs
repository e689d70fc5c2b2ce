//! The resources are what Argo's own definitions ask for, and Rego what OPA checks strictly.

use std::process::Command;

use serde_json::json;

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
