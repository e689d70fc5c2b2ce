//! Translates the texts of Prometheus's alerts for Grafana.
//!
//! Grafana expands the same Go templates with the same functions, but its `$value` is a text about all queries, it has no
//! external labels, and `query` returns nothing. A provisioning file expands variables of the environment, some versions after
//! `$$` and some not, so the result has no `$` at all.

use crate::go_template::{self, Part, quote};

use super::document::TEMPLATE_VALUE;

/// A text that uses external labels.
#[derive(Debug, PartialEq, Eq)]
pub struct Untranslatable;

/// A text as Grafana expands it. What a query would return for the notification is left out.
///
/// # Errors
///
/// If it uses external labels.
pub fn translate(template: &str) -> Result<String, Untranslatable> {
    let parts = go_template::parts(template);
    let mut out = String::new();
    let mut rest = parts.as_slice();
    while let Some((part, after)) = rest.split_first() {
        rest = after;
        match part {
            Part::Text(text) => out.push_str(&literal(text)),
            Part::Action(code) if opens(code) && calls_query(code) => {
                rest = skip_block(after);
                // The heading of a list goes with it.
                if code.starts_with("range ") {
                    let line = out.rfind('\n').unwrap_or(0);
                    out.truncate(line);
                }
            }
            Part::Action(code) => {
                let code = action(code)?;
                out.push_str(&go_template::join([Part::Action(&code)]));
            }
        }
    }
    Ok(out.trim_end().to_owned())
}

fn literal(text: &str) -> String {
    text.replace('$', r#"{{ "\u0024" }}"#)
}

/// True if an action begins a block.
fn opens(code: &str) -> bool {
    ["with ", "range ", "if "]
        .iter()
        .any(|word| code.starts_with(word))
}

/// The parts after the end of a block that has begun before.
fn skip_block<'p, 't>(parts: &'p [Part<'t>]) -> &'p [Part<'t>] {
    let mut depth = 1;
    for (index, part) in parts.iter().enumerate() {
        match part {
            Part::Action(code) if opens(code) => depth += 1,
            Part::Action("end") => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return parts.get(index + 1..).unwrap_or_default();
        }
    }
    &[]
}

/// True if an action calls the function `query`.
fn calls_query(code: &str) -> bool {
    tokens(code).iter().any(|token| match token {
        Token::String(_) => false,
        Token::Code(code) => code
            .split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '$' | '.' | '_'))
            .any(|word| word == "query"),
    })
}

/// A piece of an action.
enum Token<'a> {
    /// A string with its quotes.
    String(&'a str),
    /// What is between strings.
    Code(&'a str),
}

fn tokens(code: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut in_string = false;
    let mut is_escaped = false;
    for (at, c) in code.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if in_string => is_escaped = true,
            '"' if in_string => {
                found.push(Token::String(&code[start..=at]));
                (start, in_string) = (at + 1, false);
            }
            '"' => {
                found.push(Token::Code(&code[start..at]));
                (start, in_string) = (at, true);
            }
            _ => {}
        }
    }
    found.push(Token::Code(&code[start..]));
    found
}

/// The code of an action without variables.
fn action(code: &str) -> Result<String, Untranslatable> {
    let mut out = String::new();
    for token in tokens(code) {
        match token {
            Token::String(text) => out.push_str(&text.replace('$', r"\u0024")),
            Token::Code(code) => out.push_str(&variables(code)?),
        }
    }
    Ok(out)
}

/// Replaces the variables of Prometheus.
fn variables(code: &str) -> Result<String, Untranslatable> {
    let mut out = String::new();
    let mut rest = code;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let (name, mut after) = after.split_at(end.unwrap_or(after.len()));
        match name {
            "value" => out.push_str(TEMPLATE_VALUE),
            "labels" => match after.strip_prefix('.') {
                Some(field) => {
                    let end = field.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                    let (label, rest) = field.split_at(end.unwrap_or(field.len()));
                    // A label that is missing is empty, as in Prometheus, and not `<no value>`.
                    out.push_str(&format!("(index .Labels {})", quote(label)));
                    after = rest;
                }
                None => out.push_str(".Labels"),
            },
            _ => return Err(Untranslatable),
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn values_and_labels_are_those_of_grafana() {
        for (prometheus, grafana) in [
            ("plain", "plain"),
            (
                "$5 of $labels",
                r#"{{ "\u0024" }}5 of {{ "\u0024" }}labels"#,
            ),
            (
                "{{ $value | humanizePercentage }} in {{ $labels.route }}",
                r#"{{ (index .Values "A").Value | humanizePercentage }} in {{ (index .Labels "route") }}"#,
            ),
            (
                r#"{{ index $labels "k8s.pod $x" }}"#,
                r#"{{ index .Labels "k8s.pod \u0024x" }}"#,
            ),
            (
                "{{ with $labels.route }}route {{ . }}{{ else }}no route{{ end }}",
                r#"{{ with (index .Labels "route") }}route {{ . }}{{ else }}no route{{ end }}"#,
            ),
            (
                "{{ if ge $value 1.0 }}gone{{ else }}{{ with query \"a\" }}{{ . }}{{ else }}none{{ end }}{{ end }}",
                r#"{{ if ge (index .Values "A").Value 1.0 }}gone{{ else }}{{ end }}"#,
            ),
            (
                "Burns.\nTop:{{ range printf \"x %[1]q\" ($labels.a) | query }}\n- {{ with .Labels.b }}{{ . }}{{ end }}{{ else }} none{{ end }}",
                "Burns.",
            ),
            (
                "{{ with \"query\" }}{{ . }}{{ end }}",
                "{{ with \"query\" }}{{ . }}{{ end }}",
            ),
        ] {
            let translated = translate(prometheus).unwrap();
            assert_eq!(translated, grafana);
            assert!(!translated.contains('$'), "{translated}");
        }
    }

    #[test]
    fn external_labels_are_none_of_grafana() {
        let text = "{{ $externalLabels.cluster }}";
        assert_eq!(translate(text), Err(Untranslatable));
    }
}
