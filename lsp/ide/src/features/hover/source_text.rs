//! Source text of values.

use nthc::eval::Value;

/// Maximum number of list elements shown.
const MOST: usize = 12;

/// The source text of a value; `None` if it has none.
pub fn source_text(value: &Value) -> Option<String> {
    Some(match value {
        Value::String(text) => format!("{text:?}"),
        Value::List(items) => {
            let mut shown: Vec<String> = items
                .iter()
                .take(MOST)
                .map(source_text)
                .collect::<Option<_>>()?;
            if items.len() > MOST {
                shown.push("…".to_owned());
            }
            format!("[{}]", shown.join(", "))
        }
        Value::Labels(labels) if labels.is_empty() => "{}".to_owned(),
        Value::Labels(labels) => {
            let entries = labels
                .iter()
                .map(|(name, value)| Some(format!("{name} = {}", source_text(value)?)));
            format!("{{ {} }}", entries.collect::<Option<Vec<_>>>()?.join(", "))
        }
        Value::Matchers(matchers) => matchers.show()?,
        Value::Query(query) => format!("`{}`", query.expr),
        Value::Text(..) => format!("{:?}", value.show()?),
        other => other.show()?,
    })
}
