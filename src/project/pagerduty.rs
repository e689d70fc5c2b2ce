//! `[pagerduty]` of `nth.toml`.

use super::table::{Findings, Table};
use crate::ir::PagerDutySettings;

/// What a version constraint of Terraform's is made of.
const OPERATORS: [&str; 7] = ["~>", ">=", "<=", "!=", ">", "<", "="];

/// Reads the table's keys.
pub(super) fn read(
    table: &mut Table<'_>,
    settings: &mut PagerDutySettings,
    findings: &mut Findings,
) {
    if let Some(version) = table.string("provider_version", findings) {
        if is_constraint(&version.value) {
            settings.provider_version = version.value;
        } else {
            findings.bad_value(
                version.span,
                format!("invalid version constraint `{}`", version.value),
                "expected a Terraform version constraint, `\"~> 3.32\"` or `\">= 3.32, < 4.0\"`",
            );
        }
    }
    if let Some(prefix) = table.string("name_prefix", findings) {
        settings.name_prefix = prefix.value;
    }
    if let Some(choice) = table.string("environment_in_names", findings) {
        match choice.value.as_str() {
            "always" => settings.environment_in_names = true,
            "never" => settings.environment_in_names = false,
            other => findings.bad_value(
                choice.span,
                format!("invalid value `{other}`"),
                "expected `always` or `never`",
            ),
        }
    }
    if let Some(policy) = table.string("escalation_policy", findings) {
        if policy.value.trim().is_empty() {
            findings.bad_value(
                policy.span,
                "empty escalation policy name",
                "expected the policy's name in PagerDuty",
            );
        } else {
            settings.escalation_policy = Some(policy.value);
        }
    }
}

/// Whether a text is a version constraint, so that nothing else gets into the files.
fn is_constraint(text: &str) -> bool {
    text.split(',').all(|part| {
        let part = part.trim();
        let version = OPERATORS
            .iter()
            .find_map(|operator| part.strip_prefix(operator))
            .unwrap_or(part)
            .trim_start();
        let (numbers, pre_release) = version
            .split_once('-')
            .map_or((version, None), |(numbers, rest)| (numbers, Some(rest)));
        let is_number =
            |number: &str| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        numbers.split('.').count() <= 3
            && numbers.split('.').all(is_number)
            && pre_release.is_none_or(|rest| {
                !rest.is_empty()
                    && rest
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-')
            })
    })
}

#[cfg(test)]
mod tests {
    use super::is_constraint;

    #[test]
    fn constraints_are_terraforms() {
        for good in [
            "3",
            "3.32.4",
            "= 3.32",
            "~> 3.32",
            ">= 3.32, < 4.0",
            "!=3.1.0-beta.1",
        ] {
            assert!(is_constraint(good), "{good}");
        }
        for bad in [
            "", "x", "~ 3", "3.", "1.2.3.4", ">= 3,", "${x}", "^3.0", "3.1-",
        ] {
            assert!(!is_constraint(bad), "{bad}");
        }
    }
}
