//! `[pagerduty]`: Terraform for PagerDuty.

use super::{Kind, setting_choices, settings_table, texts};

setting_choices! {
    /// Whether names end with the environment.
    EnvironmentInNames, "unknown value", "not a value of `environment_in_names`";
    /// They do, so that several environments live in one account.
    Always = "always",
    /// They do not.
    Never = "never",
}

settings_table! {
    /// Terraform for PagerDuty.
    "pagerduty" => PagerDutySettings;

    /// Version constraint of PagerDuty's Terraform provider.
    // 3.32.4 is what the files are validated with.
    provider_version: String = "~> 3.32".to_owned(), Kind::Text(texts::CONSTRAINT);

    /// Prefix of all names in PagerDuty.
    name_prefix: String = String::new(), Kind::Text(texts::ANY),
        unset = "none; the project's name with `shared = true`", example = "\"nth \"";

    /// Whether names end with the environment.
    environment_in_names: EnvironmentInNames = EnvironmentInNames::Always,
        Kind::Choice(&EnvironmentInNames::CHOICES);

    /// The URL of the PagerDuty account, to which runbooks link.
    url: Option<String> = None, Kind::Text(texts::BASE_URL),
        unset = "no links", example = "\"https://shop.pagerduty.com\"";

    /// The name of the module that the root module calls these files by. Imports are then written for the root module, to
    /// `pagerduty/root/imports.tf.json`.
    module: Option<String> = None, Kind::Text(texts::MODULE),
        unset = "the files are a root module", example = "\"pagerduty\"";

    /// The name of an existing escalation policy in PagerDuty, for services without an escalation.
    escalation_policy: Option<String> = None, Kind::Text(texts::FILLED),
        unset = "these services are skipped", example = "\"Everybody\"";
}
