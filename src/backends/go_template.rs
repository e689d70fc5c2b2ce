//! Escapes text for programs that read it as a Go template. Text cannot open an action: braces that would do so are
//! wrapped in an action that prints them.

/// Escapes literal text, complete up to the next action or the end, as a template that prints exactly that text. A run
/// of braces opens an action if it has at least two braces, or if it is directly before an action.
///
/// ```
/// use nth_targets::go_template::escape;
///
/// assert_eq!(escape("#payments"), "#payments");
/// assert_eq!(escape("{{ .Labels }}"), r#"{{ "{{" }} .Labels }}"#);
/// ```
pub fn escape(literal: &str) -> String {
    let mut out = String::with_capacity(literal.len());
    let mut rest = literal;
    while let Some(start) = rest.find('{') {
        out.push_str(&rest[..start]);
        let braces = rest[start..].len() - rest[start..].trim_start_matches('{').len();
        let (run, after) = rest[start..].split_at(braces);
        if braces > 1 || after.is_empty() {
            out.push_str("{{ ");
            out.push_str(&quote(run));
            out.push_str(" }}");
        } else {
            out.push_str(run);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// A part of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// Text that is printed as it is.
    Text(&'a str),
    /// Code between braces, without them and the spaces around it.
    Action(&'a str),
}

/// Splits a template of this compiler into its parts. All strings in its actions are in double quotes.
pub fn parts(template: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((text, after)) = rest.split_once("{{") {
        if !text.is_empty() {
            parts.push(Part::Text(text));
        }
        let end = action_end(after);
        let (code, after) = after.split_at(end);
        parts.push(Part::Action(code.trim()));
        rest = after.strip_prefix("}}").unwrap_or(after);
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest));
    }
    parts
}

/// The length of an action's code: up to the braces that are not in a string.
fn action_end(code: &str) -> usize {
    let mut in_string = false;
    let mut is_escaped = false;
    for (at, c) in code.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if in_string => is_escaped = true,
            '"' => in_string = !in_string,
            '}' if !in_string && code[at..].starts_with("}}") => return at,
            _ => {}
        }
    }
    code.len()
}

/// Writes parts as a template.
pub fn join<'a>(parts: impl IntoIterator<Item = Part<'a>>) -> String {
    let mut out = String::new();
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Action(code) => {
                out.push_str("{{ ");
                out.push_str(code);
                out.push_str(" }}");
            }
        }
    }
    out
}

/// A Go string literal on one line.
pub fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_do_not_end_an_action() {
        let template = r#"a {{ "{{" }}b {{ with (eq $labels.x "}} \" }}") }}c{{ end }}"#;
        let parts = parts(template);
        assert_eq!(
            parts,
            [
                Part::Text("a "),
                Part::Action("\"{{\""),
                Part::Text("b "),
                Part::Action(r#"with (eq $labels.x "}} \" }}")"#),
                Part::Text("c"),
                Part::Action("end"),
            ]
        );
        assert_eq!(join(parts), template);
    }
}
