//! Incidents as tests of the language.

use std::fmt::Write as _;

use nth_diff::Change;
use smol_str::SmolStr;

use crate::syntax::format as formatted;
use crate::testing::incidents::{Incident, fields, statement};

/// The name of the test of a change: the kind and the subject, without what a name cannot contain.
pub fn name(change: &Change) -> String {
    let name = format!("{} of {}", change.id, change.subject.name);
    let kept = |letter: &char| !letter.is_control() && !['"', '\\', '`', '$'].contains(letter);
    name.chars().filter(kept).collect()
}

/// The text of a test without expectations, as `nthc fmt` formats it.
pub fn test(name: &str, incident: &Incident, environment: Option<&SmolStr>) -> String {
    let mut text = format!("test \"{name}\" {{\n");
    if let Some(environment) = environment {
        let environment = crate::resolve::quote_name(environment);
        let _ = writeln!(text, "  only_in = [{environment}]");
    }
    for field in fields(&incident.when) {
        let _ = writeln!(text, "  {field}");
    }
    text.push('\n');
    for (index, happening) in incident.given.iter().enumerate() {
        let _ = writeln!(
            text,
            "  given event-{} : {}",
            index + 1,
            statement(happening)
        );
    }
    text.push_str("}\n");
    formatted(&text).unwrap_or(text)
}
