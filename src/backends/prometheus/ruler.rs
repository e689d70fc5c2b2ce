//! Rule files as the ruler of the project reads them.

use nth_model::settings::Ruler;
use nth_model::{RuleFormat, Service, Settings};

use super::document::{Rule, RuleFile};
use super::scoped_name;
use crate::go_template::{self, Part};
use crate::{EmitError, Unsupported, file_stem};

/// The start of a placeholder that vmalert replaces by a variable of its environment, anywhere in a rule file.
const PLACEHOLDER: &str = "%{";

/// The namespace of a service's groups in a ruler: `shop--production--checkout`. No other project or environment has it, and
/// `nthc apply` uses the same one.
pub fn namespace(settings: &Settings, stem: &str) -> String {
    let environment = settings.environment.as_deref();
    let parts = [Some(settings.project.as_str()), environment, Some(stem)];
    let parts: Vec<String> = parts.into_iter().flatten().map(file_stem).collect();
    parts.join("--")
}

/// Rewrites a rule file for the format and the ruler of the settings.
///
/// # Errors
///
/// If vmalert would replace a part of a label of a recording rule.
pub(super) fn adapt(
    mut file: RuleFile,
    service: &Service,
    settings: &Settings,
) -> Result<RuleFile, EmitError> {
    let prometheus = &settings.prometheus;
    if prometheus.format == RuleFormat::Namespaced {
        let stem = file_stem(&scoped_name(service, settings));
        file.namespace = Some(namespace(settings, &stem));
    }
    for group in &mut file.groups {
        group.source_tenants.clone_from(&prometheus.source_tenants);
        if prometheus.ruler == Ruler::VictoriaMetrics {
            group.eval_delay = group.query_offset.take();
            for rule in &mut group.rules {
                escape_placeholders(rule, service)?;
            }
        }
    }
    Ok(file)
}

/// Rewrites the texts of a rule so that vmalert replaces nothing in them.
fn escape_placeholders(rule: &mut Rule, service: &Service) -> Result<(), EmitError> {
    // The printer writes a space between the operator and a selector, so this is in a string.
    let in_string = |expr: &mut String| *expr = expr.replace(PLACEHOLDER, "\\x25{");
    match rule {
        Rule::Recording(rule) => {
            in_string(&mut rule.expr);
            match rule
                .labels
                .iter()
                .find(|(_, value)| value.contains(PLACEHOLDER))
            {
                Some((label, value)) => Err(Unsupported {
                    service: Some(service.name.clone()),
                    message: format!(
                        "vmalert replaces `%{{…}}` in the label `{label}`, which is \"{value}\""
                    ),
                    help: "write the value without `%{`".to_owned(),
                }
                .into()),
                None => Ok(()),
            }
        }
        Rule::Alerting(rule) => {
            in_string(&mut rule.expr);
            for text in rule
                .labels
                .values_mut()
                .chain(rule.annotations.values_mut())
            {
                *text = without_placeholders(text);
            }
            Ok(())
        }
    }
}

/// A template that prints the same text and contains no start of a placeholder.
fn without_placeholders(template: &str) -> String {
    let mut out = String::new();
    for part in go_template::parts(template) {
        // A sign before an action's braces starts one, too.
        if let (Part::Action(_), Some(before)) = (part, out.strip_suffix('%')) {
            out = format!("{before}{{{{ \"%\" }}}}");
        }
        match part {
            Part::Text(text) => out.push_str(&text.replace(PLACEHOLDER, "{{ \"%\" }}{")),
            Part::Action(code) => {
                // There it is in a string.
                let code = code.replace(PLACEHOLDER, "\\x25{");
                out.push_str(&go_template::join([Part::Action(&code)]));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_a_placeholder_of_vmalert() {
        for (template, written) in [
            ("50% of {x}", "50% of {x}"),
            ("%{HOME}", r#"{{ "%" }}{HOME}"#),
            ("5%{{ $value }}", r#"5{{ "%" }}{{ $value }}"#),
            (r#"%{{ "{{" }} x"#, r#"{{ "%" }}{{ "{{" }} x"#),
            (
                r#"{{ if (eq ($labels.a) "%{HOME}") }}b{{ end }}"#,
                r#"{{ if (eq ($labels.a) "\x25{HOME}") }}b{{ end }}"#,
            ),
        ] {
            assert_eq!(without_placeholders(template), written);
            assert!(!written.contains(PLACEHOLDER), "{written}");
        }
    }
}
