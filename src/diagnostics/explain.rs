//! The page of a code, for `nthc explain`.

use std::fmt::Write as _;

use super::codes;
use super::{Code, suggest};

/// Finds one of `codes` by number in any case (`N0101`, `n0101`, `101`), or by slug (`unknown-name`).
///
/// # Errors
///
/// [`NotFound`] with the nearest code if there is no such code.
pub fn find(codes: &[&'static Code], query: &str) -> Result<&'static Code, NotFound> {
    let query = query.trim();
    let number = query
        .strip_prefix(['N', 'n'])
        .unwrap_or(query)
        .parse::<u16>()
        .map(|number| format!("N{number:04}"))
        .ok();
    codes
        .iter()
        .copied()
        .find(|code| number.as_deref() == Some(code.id) || code.slug.eq_ignore_ascii_case(query))
        .ok_or_else(|| {
            let wanted = number.as_deref().unwrap_or(query);
            let names = codes.iter().flat_map(|code| [code.id, code.slug]);
            NotFound {
                nearest: codes::current_slug(wanted).or_else(|| suggest::nearest(wanted, names)),
            }
        })
}

/// The error for an unknown code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotFound {
    /// The nearest number or slug.
    pub nearest: Option<&'static str>,
}

/// The section below a code's page about how to change its level.
pub fn level(code: &Code) -> String {
    let mut text = "## Level\n\n".to_owned();
    if !code.is_settable() {
        text.push_str("Always an error: its level cannot be set.\n");
        return text;
    }
    let _ = write!(
        text,
        "A warning, unless `nth.toml` sets `\"allow\"` or `\"error\"`:\n\n```toml\n[lints]\n{} = \"error\"\n```\n",
        code.slug
    );
    // Findings about the project's files and outputs are not in a source file.
    if !code.id.starts_with("N06") {
        let _ = write!(
            text,
            "\nA comment suppresses it in the next statement:\n\n```nth\n// nth: allow({}): the reason\n```\n",
            code.slug
        );
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::Severity;
    use super::*;

    static UNKNOWN: Code = Code {
        id: "N0101",
        slug: "unknown-name",
        severity: Severity::Error,
        summary: "",
        page: "",
    };
    static TYPES: Code = Code {
        id: "N0201",
        slug: "wrong-type",
        severity: Severity::Error,
        summary: "",
        page: "",
    };

    #[test]
    fn finds_by_number_and_slug() {
        let codes = [&UNKNOWN, &TYPES];
        for query in [
            "N0101",
            "n0101",
            "0101",
            "101",
            "unknown-name",
            "Unknown-Name",
            " N0101 ",
        ] {
            assert_eq!(find(&codes, query), Ok(&UNKNOWN), "{query}");
        }
    }

    #[test]
    fn says_what_is_near() {
        let codes = [&UNKNOWN, &TYPES];
        for (query, nearest) in [
            ("unknwon-name", Some("unknown-name")),
            ("wrong_type", Some("wrong-type")),
            ("N0111", Some("N0101")),
            ("N0202", Some("N0201")),
            ("nothing-like-it", None),
        ] {
            assert_eq!(find(&codes, query).unwrap_err().nearest, nearest, "{query}");
        }
    }

    #[test]
    fn a_level_is_told_where_one_can_be_set() {
        static WARNING: Code = Code {
            id: "N0509",
            slug: "no-runbook",
            severity: Severity::Warning,
            summary: "",
            page: "",
        };
        static OUTPUT: Code = Code {
            id: "N0625",
            ..WARNING
        };
        let of_warning = level(&WARNING);
        assert!(
            of_warning.contains("\nno-runbook = \"error\"\n"),
            "{of_warning}"
        );
        assert!(
            of_warning.contains("\n// nth: allow(no-runbook)"),
            "{of_warning}"
        );
        let of_output = level(&OUTPUT);
        assert!(
            of_output.contains("[lints]") && !of_output.contains("// nth:"),
            "{of_output}"
        );
        assert!(!level(&UNKNOWN).contains("[lints]"));
    }
}
