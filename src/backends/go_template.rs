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
