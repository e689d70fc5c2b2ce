//! Mermaid graphs: nodes, arrows and groups, written so that every label is read as a label only.

use std::fmt::Write as _;

use super::text;

/// The largest number of characters of a label that are shown.
const LONGEST_LABEL: usize = 60;

/// The shape of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A service.
    Box,
    /// A dependency outside of the project.
    Cylinder,
    /// The subject of the page.
    Focus,
}

/// The style of an arrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Arrow {
    /// Thick: a hard dependency.
    Hard,
    /// Dotted: a soft dependency.
    Soft,
}

/// A graph from left to right.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    nodes: Vec<(Vec<String>, Shape)>,
    groups: Vec<(String, Vec<usize>)>,
    arrows: Vec<(usize, usize, Arrow, Option<String>)>,
}

impl Graph {
    /// Adds a node, labeled with these lines, and returns its index.
    pub fn node<'t>(&mut self, lines: impl IntoIterator<Item = &'t str>, shape: Shape) -> usize {
        let lines = lines.into_iter().map(str::to_owned).collect();
        self.nodes.push((lines, shape));
        self.nodes.len() - 1
    }

    /// Adds a group around nodes. Each node is in one group at most.
    pub fn group(&mut self, title: &str, nodes: Vec<usize>) {
        self.groups.push((title.to_owned(), nodes));
    }

    /// Adds an arrow with an optional label.
    pub fn arrow(&mut self, from: usize, to: usize, arrow: Arrow, words: Option<String>) {
        self.arrows.push((from, to, arrow, words));
    }

    /// The number of arrows.
    pub fn arrows(&self) -> usize {
        self.arrows.len()
    }

    /// The text of the graph.
    pub fn finish(&self) -> String {
        let mut out = String::from("flowchart LR\n");
        let mut grouped = vec![false; self.nodes.len()];
        for (number, (title, nodes)) in self.groups.iter().enumerate() {
            let _ = writeln!(out, "  subgraph g{number} [\"{}\"]", label(title));
            for node in nodes {
                self.declare(*node, "    ", &mut out);
                if let Some(grouped) = grouped.get_mut(*node) {
                    *grouped = true;
                }
            }
            out.push_str("  end\n");
        }
        for (node, _) in grouped.iter().enumerate().filter(|(_, grouped)| !**grouped) {
            self.declare(node, "  ", &mut out);
        }
        for (from, to, arrow, words) in &self.arrows {
            let line = match arrow {
                Arrow::Hard => "==>",
                Arrow::Soft => "-.->",
            };
            let words = words
                .as_ref()
                .map(|words| format!("|\"{}\"|", label(words)))
                .unwrap_or_default();
            let _ = writeln!(out, "  n{from} {line}{words} n{to}");
        }
        let focused: Vec<_> = self
            .nodes
            .iter()
            .enumerate()
            .filter(|(_, (_, shape))| *shape == Shape::Focus)
            .map(|(number, _)| format!("n{number}"))
            .collect();
        if !focused.is_empty() {
            out.push_str("  classDef focus stroke-width:4px\n");
            let _ = writeln!(out, "  class {} focus", focused.join(","));
        }
        out
    }

    fn declare(&self, node: usize, indent: &str, out: &mut String) {
        let Some((lines, shape)) = self.nodes.get(node) else {
            return;
        };
        let lines: Vec<_> = lines.iter().map(|line| label(line)).collect();
        let (open, close) = match shape {
            Shape::Box | Shape::Focus => ("[", "]"),
            Shape::Cylinder => ("[(", ")]"),
        };
        let _ = writeln!(
            out,
            "{indent}n{node}{open}\"{}\"{close}",
            lines.join("<br/>")
        );
    }
}

/// Escapes text as a label. Labels are parsed as Markdown and as HTML, and directives are searched for in the whole
/// text: all characters except letters, digits and those between two of them are written by their number.
fn label(text: &str) -> String {
    let text = text::single_line(text);
    let mut chars: Vec<char> = text.chars().collect();
    if chars.len() > LONGEST_LABEL {
        chars.truncate(LONGEST_LABEL - 1);
        chars.push('…');
    }
    let is_word = |at: Option<usize>| {
        at.and_then(|at| chars.get(at))
            .is_some_and(|c| c.is_alphanumeric())
    };
    let mut out = String::new();
    for (at, c) in chars.iter().enumerate() {
        let joins = matches!(c, '-' | '.' | '_')
            && is_word(at.checked_sub(1))
            && is_word(at.checked_add(1));
        if c.is_alphanumeric() || *c == ' ' || joins {
            out.push(*c);
        } else {
            let _ = write!(out, "#{};", u32::from(*c));
        }
    }
    if out.is_empty() {
        // An empty label is ignored, and the node would show its identifier.
        out.push_str("#160;");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_show_themselves() {
        for (text, shown) in [
            ("orders-db_1.x", "orders-db_1.x"),
            ("a\"b", "a#34;b"),
            ("- a. b", "#45; a#46; b"),
            ("%%{init", "#37;#37;#123;init"),
            ("süd\n\nost", "süd ost"),
            ("", "#160;"),
        ] {
            assert_eq!(label(text), shown);
        }
        assert_eq!(label(&"x".repeat(99)).chars().count(), 59 + "#8230;".len());
    }
}
