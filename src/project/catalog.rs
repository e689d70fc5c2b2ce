//! Owners of components in Backstage's catalog files.

use smol_str::SmolStr;

use crate::yaml::{self, Malformed, Node, Value};

/// A component with its owner.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Component {
    /// Its name.
    pub name: SmolStr,
    /// Its owner, as it is written.
    pub owner: String,
    /// The place of the owner in bytes.
    pub at: usize,
}

/// Reads the components of a catalog file. Other kinds, and components without an owner, are skipped.
///
/// # Errors
///
/// If the file is not well-formed.
pub(super) fn components(text: &str) -> Result<Vec<Component>, Malformed> {
    let documents = yaml::documents(text)?;
    Ok(documents.iter().filter_map(component).collect())
}

fn component(document: &Node) -> Option<Component> {
    let (kind, _) = scalar(get(document, "kind")?)?;
    if kind != "Component" {
        return None;
    }
    let (name, _) = scalar(get(get(document, "metadata")?, "name")?)?;
    let (owner, at) = scalar(get(get(document, "spec")?, "owner")?)?;
    Some(Component {
        name: name.into(),
        owner: owner.to_owned(),
        at,
    })
}

fn get<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    let Value::Map(entries) = &node.value else {
        return None;
    };
    let mut entries = entries.iter();
    let (_, value) = entries.find(|(known, _)| known.text == key)?;
    Some(value)
}

fn scalar(node: &Node) -> Option<(&str, usize)> {
    match &node.value {
        Value::Scalar { text, .. } if !node.is_null() => Some((text, node.span.start)),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn components_have_owners() {
        let text = "kind: Component\nmetadata: {name: checkout}\nspec: {owner: group:default/payments}\n---\nkind: API\n\
            metadata: {name: x}\nspec: {owner: y}\n---\nkind: Component\nmetadata: {name: z}\n";
        let found = components(text).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].name, "checkout");
        assert_eq!(found[0].owner, "group:default/payments");
        assert!(text[found[0].at..].starts_with("group:"));
    }
}
