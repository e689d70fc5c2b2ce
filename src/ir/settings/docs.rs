//! `[docs]`: runbooks.

use super::{Choice, Choices, Kind, settings_table};

/// The suffixes that may follow a service's name in the URL of its runbook.
const SUFFIXES: Choices = Choices {
    unknown: "invalid runbook URL suffix",
    label: "not a supported suffix",
    help: Some(
        "use `\".md\"` for GitHub, `\"/\"` for MkDocs and Backstage, `\".html\"` for HTML files, or `\"\"` for \
        pages without a suffix",
    ),
    all: &[
        Choice {
            name: "",
            doc: "Pages without a suffix.",
        },
        Choice {
            name: ".md",
            doc: "GitHub.",
        },
        Choice {
            name: "/",
            doc: "MkDocs and Backstage.",
        },
        Choice {
            name: ".html",
            doc: "HTML files.",
        },
    ],
};

settings_table! {
    /// Runbooks.
    "docs" => DocsSettings;

    /// What follows a service's name in the URL of its runbook, which depends on where runbooks are read.
    suffix: String = String::new(), Kind::Choice(&SUFFIXES);

    /// Whether runbooks show the phone numbers and chat names of `contact` blocks. They are personal data: consider who reads
    /// the runbooks.
    contacts: bool = false, Kind::Boolean;

    /// Whether runbooks show how soon the alerts of each SLO fire, as `nthc test --detection` does. Builds take longer: each
    /// SLO is simulated.
    detection: bool = false, Kind::Boolean;
}
