//! `[policy]`: the forms in which gates are written, and what those of a cluster need to know of it.

use std::collections::BTreeSet;

use super::manifest::{is_dns_label, read_namespace, read_url};
use super::table::{Findings, Table};
use crate::backends::policy::ENVIRONMENT;
use crate::diagnostics::{Applicability, Diagnostic, codes, suggest};
use crate::ir::{PolicyForm, PolicySettings};

/// Reads the table.
pub fn read(table: &mut Table<'_>, findings: &mut Findings) -> PolicySettings {
    let mut settings = PolicySettings::default();
    let head = findings.span(table.head());
    let mut forms = BTreeSet::new();
    let before = findings.diagnostics.len();
    let mut named = false;
    for form in table.list("forms", findings) {
        named = true;
        match PolicyForm::ALL
            .into_iter()
            .find(|known| known.name() == form.value)
        {
            Some(known) => {
                forms.insert(known);
            }
            None => {
                let known = PolicyForm::ALL.map(PolicyForm::name);
                let mut diagnostic = Diagnostic::new(
                    &codes::PROJECT_BAD_SETTING,
                    format!("unknown gate output format {:?}", form.value),
                    form.span,
                )
                .label("not an output format")
                .help(format!("use `{}`", known.join("`, `")));
                if let Some(near) = suggest::nearest(&form.value, known) {
                    diagnostic = diagnostic.fix(
                        format!("Replace with `{near}`"),
                        form.span,
                        format!("\"{near}\""),
                        Applicability::Maybe,
                    );
                }
                findings.diagnostics.push(diagnostic);
            }
        }
    }
    if named {
        settings.forms = forms;
    }
    settings.prometheus = read_url(table, "policy", "prometheus", findings);
    settings.namespace = read_namespace(table, "policy", findings);
    settings.image = table.string("image", findings).and_then(|image| {
        let is_fit = !image.value.is_empty()
            && image
                .value
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"./-_:@".contains(&byte));
        if is_fit {
            return Some(image.value);
        }
        findings.bad_value(
            image.span,
            "`policy.image` must be the name of a container image",
            "not an image name",
        );
        None
    });
    settings.argo_project = table.string("argo_project", findings).and_then(|name| {
        // What stands for the environment is a part of a label where it is alone or joined.
        if is_dns_label(&name.value.replace(ENVIRONMENT, "x")) {
            return Some(name.value);
        }
        findings.bad_value(
            name.span,
            "`policy.argo_project` must be the name of an Argo CD project, with `{environment}` for the \
            environment's name",
            "not a DNS label",
        );
        None
    });
    // What is wrong was told, and is not missing.
    if findings.diagnostics.len() == before {
        for (form, key, value, what) in [
            (
                PolicyForm::ArgoRollouts,
                "prometheus",
                &settings.prometheus,
                "the URL of the Prometheus to query, as reached from the cluster",
            ),
            (
                PolicyForm::ArgoCd,
                "prometheus",
                &settings.prometheus,
                "the URL of the Prometheus to query, as reached from the cluster",
            ),
            (
                PolicyForm::ArgoCd,
                "image",
                &settings.image,
                "an image that contains `nthc`, which the job runs",
            ),
        ] {
            let is_told = findings
                .diagnostics
                .iter()
                .any(|found| found.message.ends_with(&format!("needs `policy.{key}`")));
            if settings.forms.contains(&form) && value.is_none() && !is_told {
                findings.diagnostics.push(
                    Diagnostic::new(
                        &codes::PROJECT_MISSING_SETTING,
                        format!("output format `{}` needs `policy.{key}`", form.name()),
                        head,
                    )
                    .help(format!("set it to {what}")),
                );
            }
        }
    }
    settings
}
