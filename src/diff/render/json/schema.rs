//! The JSON schema of a document.

use serde_json::{Value, json};

use crate::class::{Class, Level};
use crate::document::SCHEMA_VERSION;
use crate::id::ChangeId;

/// Returns the schema, of the draft 2020-12. It allows ids of changes that a newer compiler adds, but no further fields.
pub fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "nthc diff",
        "description": "What a change of a project means.",
        "type": "object",
        "required": [
            "version", "project", "base", "head", "complete", "errored", "changes", "causes", "figures", "services", "accepted"
        ],
        "properties": {
            "version": {
                "description": "The version of this format. It rises when a reader of an older one would misunderstand a newer one.",
                "const": SCHEMA_VERSION
            },
            "project": text("The name of the project."),
            "base": reference("revision", "The old version."),
            "head": reference("revision", "The new version."),
            "environments": {
                "description": "The environments that were compared, in order; missing if the project declares none.",
                "type": "array",
                "items": { "type": "string" }
            },
            "complete": {
                "description": "True if everything was compared. False if a version has errors, or the search for incidents was ended.",
                "type": "boolean"
            },
            "errored": list("problem", "What could not be compared."),
            "changes": list("change", "The changes: by class, then by service, then by subject. Those of the level `allow` too."),
            "causes": list("cause", "What several changes come from, those with the gravest changes first."),
            "figures": {
                "description": "The numbers of the project.",
                "type": "object",
                "required": ["numbers"],
                "properties": { "numbers": list("number", "The numbers that differ, and some that a reviewer wants in any case.") },
                "additionalProperties": false
            },
            "services": list("service", "The numbers of services with changes, by name."),
            "accepted": list("accepted", "Entries of the file of accepted changes that concern this comparison, or are not valid any longer.")
        },
        "additionalProperties": false,
        "$defs": {
            "revision": object("A version.", &["name"], json!({
                "name": text("As it was named on the command line: `main`, `working tree`, a folder."),
                "commit": text("The full hash of the commit."),
                "environment": text("The environment, if two environments are compared.")
            })),
            "problem": object("Something that could not be compared.", &["side", "message"], json!({
                "side": reference("side", "The version."),
                "environment": text("The environment."),
                "message": text("The error, without a full stop."),
                "file": text("The file, if it is in one."),
                "line": line()
            })),
            "change": change(),
            "subject": object("What changes.", &["kind", "name"], json!({
                "service": text("The service; missing for teams, settings and environments."),
                "kind": text("The kind of the part: `service`, `slo`, `alert`, `gate`, `recording`, `dependency`, `signal`, `panel`, `runbook`, `exclusion`, `team`, `escalation`, `schedule`, `receiver`, `setting`, `environment`."),
                "name": text("The name, complete: `checkout.availability`, `payments`, `prometheus.interval`.")
            })),
            "side": {
                "description": "One of the two versions: `base` is the old one, `head` the new one.",
                "enum": ["base", "head"]
            },
            "class": {
                "description": "How much a change matters, the gravest first.",
                "oneOf": Class::ALL.map(|class| json!({ "const": class.name(), "description": class.meaning() }))
            },
            "level": {
                "description": "What the project does about a change: `allow` counts it, `warn` shows it, `error` fails the comparison.",
                "enum": Level::ALL.map(Level::name)
            },
            "id": {
                "description": "The kind of a change. Newer versions of the compiler have further ones.",
                "type": "string",
                "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
                "examples": ChangeId::ALL.map(ChangeId::name).to_vec()
            },
            "place": object("A place in a file.", &["file", "line", "side"], json!({
                "file": text("The path, relative to the top folder of the repository if there is one, else to the project; with `/`."),
                "line": line(),
                "side": reference("side", "The version in which that is the line.")
            })),
            "witness": object("An incident whose outcome differs.", &["incident", "before", "after", "test"], json!({
                "incident": text("The incident: `40m at 0.9% errors from 03:00`."),
                "before": text("The outcome with the old version: `paged after 22m`."),
                "after": text("The outcome with the new version: `no alert`."),
                "environment": text("The environment in which it was run."),
                "test": text("The incident as a `test` of the language, without expectations.")
            })),
            "history": object("How often alerts of the SLO, the alert or the service would have notified somebody in the past, in all environments with the change together.", &["since", "before", "after"], json!({
                "since": text("The length of the past: `30d`."),
                "until": text("When it ends, RFC 3339; missing if it ends with the comparison."),
                "before": reference("fired", "With the old version."),
                "after": reference("fired", "With the new version."),
                "incomplete": text("Why the past is not whole, a clause without a full stop: `history begins 2026-11-20`.")
            })),
            "fired": object("How often alerts notified somebody.", &["pages", "tickets"], json!({
                "pages": { "description": "The number of pages.", "type": "integer", "minimum": 0 },
                "tickets": { "description": "The number of tickets.", "type": "integer", "minimum": 0 }
            })),
            "cause": object("What several changes come from.", &["name", "kind", "services"], json!({
                "name": text("The name, unique in the document: \"tier `critical`\"."),
                "kind": {
                    "description": "What it is: `item` is a top-level block that is not a service, `package` a package, `metrics` the metrics in `nth.metrics.lock`, `setting` a table of `nth.toml`.",
                    "enum": ["item", "package", "metrics", "setting"]
                },
                "where": reference("place", "Its place."),
                "services": {
                    "description": "The services with a change that comes from it, in order.",
                    "type": "array",
                    "items": { "type": "string" }
                }
            })),
            "number": object("A number before and after, as text with its unit.", &["name"], json!({
                "name": text("What it is: `error budget`."),
                "before": text("Before; missing if there was none."),
                "after": text("Now; missing if there is none.")
            })),
            "service": object("The numbers of a service.", &["service", "numbers", "slos"], json!({
                "service": text("The service."),
                "environment": text("The environment; missing if the project declares none, or they are the same in all."),
                "numbers": list("number", "The numbers of the service itself that differ, and what its changed gates decide now if Prometheus was asked."),
                "slos": list("figure", "The numbers of its SLOs, those with a difference.")
            })),
            "figure": object("The numbers of an SLO.", &["slo", "numbers", "budget_minutes", "reach"], json!({
                "slo": text("The name of the SLO."),
                "numbers": list("number", "The numbers: `objective`, `error budget`, `page 1h/5m trips at`."),
                "budget_minutes": {
                    "description": "The error budget in minutes of full downtime, before and after.",
                    "type": "array",
                    "prefixItems": [{ "type": ["number", "null"] }, { "type": ["number", "null"] }],
                    "minItems": 2,
                    "maxItems": 2
                },
                "reach": {
                    "description": "The burn-rate alerts before and after.",
                    "type": "array",
                    "items": { "type": "array", "items": { "$ref": "#/$defs/reach" } },
                    "minItems": 2,
                    "maxItems": 2
                }
            })),
            "reach": object("What a burn-rate alert notices.", &["severity", "long", "short", "threshold", "long_seconds"], json!({
                "severity": text("The name of the severity: `page`, `ticket` or one that the project declares."),
                "long": text("The long window."),
                "short": text("The short window."),
                "threshold": { "description": "The error ratio above which it fires, between 0 and 1.", "type": "number" },
                "long_seconds": { "description": "The long window in seconds.", "type": "number" }
            })),
            "accepted": object("An entry of the file of accepted changes.", &["fingerprint", "by", "reason", "expired", "used"], json!({
                "fingerprint": text("The fingerprint of the change."),
                "by": text("Who accepts it."),
                "reason": text("Why."),
                "until": text("The last day on which it counts, `2026-12-31`."),
                "expired": { "description": "True if that day has passed, so that the change is not accepted.", "type": "boolean" },
                "used": { "description": "True if a change has this fingerprint.", "type": "boolean" }
            }))
        }
    })
}

fn change() -> Value {
    object(
        "A change of the meaning of a project.",
        &[
            "id",
            "class",
            "subject",
            "because",
            "level",
            "accepted",
            "fingerprint",
        ],
        json!({
            "id": reference("id", "What kind of change it is."),
            "class": reference("class", "How much it matters."),
            "subject": reference("subject", "What changes."),
            "environments": {
                "description": "The environments with this change, in order; missing if the project declares none.",
                "type": "array",
                "items": { "type": "string" }
            },
            "before": text("What was there before; missing if there was nothing."),
            "after": text("What is there now; missing if there is nothing."),
            "because": text("What follows from it, a clause without a full stop."),
            "where": reference("place", "The place that says so; in the old version, if the new one does not say it any longer."),
            "causes": {
                "description": "The names of the causes that it comes from; missing if its own service says it.",
                "type": "array",
                "items": { "type": "string" }
            },
            "witness": reference("witness", "The incident that shows it."),
            "no_witness": text("Why no incident shows it, if one was searched."),
            "history": reference("history", "How often alerts would have notified somebody in the past, if Prometheus was asked."),
            "level": reference("level", "What the project does about it."),
            "accepted": { "description": "True if it is accepted: it does not fail the comparison.", "type": "boolean" },
            "fingerprint": text("The same for the same change of the same subject from the same text to the same text, wherever it is written.")
        }),
    )
}

fn object(description: &str, required: &[&str], properties: Value) -> Value {
    json!({
        "description": description,
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": false
    })
}

fn text(description: &str) -> Value {
    json!({ "description": description, "type": "string" })
}

fn line() -> Value {
    json!({ "description": "The line, from 1.", "type": "integer", "minimum": 1 })
}

fn reference(name: &str, description: &str) -> Value {
    json!({ "description": description, "$ref": format!("#/$defs/{name}") })
}

fn list(name: &str, description: &str) -> Value {
    json!({ "description": description, "type": "array", "items": { "$ref": format!("#/$defs/{name}") } })
}
