//! The expansion of templates in labels of alerts.

use super::outcome::Observation;

/// Expands templates. Text without `{{` is never passed to it.
pub trait Expand {
    /// Returns the text of a label for a sample of the alert's query. An empty text removes the label.
    fn expand(&self, template: &str, sample: &Observation) -> String;

    /// True if a template's text depends only on the sample's labels, not on its value or time. It is expanded once per series
    /// then. Default: false.
    fn depends_on_labels_only(&self, template: &str) -> bool {
        let _ = template;
        false
    }
}

/// Leaves templates as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unexpanded;

impl Expand for Unexpanded {
    fn expand(&self, template: &str, _: &Observation) -> String {
        template.to_owned()
    }

    fn depends_on_labels_only(&self, _: &str) -> bool {
        true
    }
}

/// True if a text contains a template.
pub(super) fn is_template(text: &str) -> bool {
    text.contains("{{")
}
