//! Values as a source would have them.

use nthc::eval::Value;

/// The most elements of a list that are shown.
const MOST: usize = 12;

/// A value as a source would have it; `None` where it has no such form.
pub fn written(value: &Value) -> Option<String> {
    Some(match value {
        Value::String(text) => format!("{text:?}"),
        Value::List(items) => {
            let mut shown: Vec<String> = items
                .iter()
                .take(MOST)
                .map(written)
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
                .map(|(name, value)| Some(format!("{name} = {}", written(value)?)));
            format!("{{ {} }}", entries.collect::<Option<Vec<_>>>()?.join(", "))
        }
        Value::Query(query) => format!("`{}`", query.expr),
        Value::Text(..) => format!("{:?}", value.show()?),
        other => other.show()?,
    })
}
