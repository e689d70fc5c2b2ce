//! Blocks that a `for` at the top level of a file generates: `for region in regions { service "api-${region}" { … } }`.
//!
//! Their names are known before anything is evaluated, so that other items and files can refer to them. So the list must be a
//! literal, or a `let` of a literal in the same file, and a name may only interpolate loop variables.

use std::collections::BTreeMap;
use std::sync::Arc;

use smol_str::SmolStr;

use nth_syntax::tree::{
    Body, Expr, ExprNode, For, Item, ItemNode, Name, ParsedFile, Statement, StringLit, StringPart,
    TextRange, Turn,
};

/// The maximum number of blocks that the loops of a file generate.
pub const MAX_GENERATED: usize = 2_000;

/// An item of a file: one of its text, or a block that a loop generates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expanded {
    /// The byte offset of its start in the file.
    pub start: u32,
    /// Its tree.
    pub item: Arc<Item>,
    /// The iteration of its loops, counted from 0; 0 for items of the text. Items of several iterations have one text.
    pub turn: u32,
}

/// A mistake in a loop that keeps its blocks from being generated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoopProblem {
    /// The number of the loop's item among the expanded ones.
    pub item: usize,
    /// The place in that item.
    pub range: TextRange,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: &'static str,
}

/// The items of a file, with those that its loops generate after each loop.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExpandedFile {
    /// The items in text order.
    pub items: Vec<Expanded>,
    /// The mistakes in loops.
    pub problems: Vec<LoopProblem>,
}

const LIST: &str = "write the list here, or as a `let` at the top level of this file: `let regions = [\"eu\", \"us\"]`";
const NAME: &str =
    "interpolate a loop variable, or a label of it: `service \"api-${region}\" { … }`";

/// Expands the loops of a file.
pub fn expand(text: &str, file: &ParsedFile) -> ExpandedFile {
    let mut lists: BTreeMap<&str, &Expr> = BTreeMap::new();
    for (_, item) in &file.items {
        if let ItemNode::Let(decl) = &item.node {
            lists.entry(&decl.name.text).or_insert(&decl.value);
        }
    }
    let mut expanded = ExpandedFile::default();
    let mut room = MAX_GENERATED;
    for (start, item) in &file.items {
        let place = expanded.items.len();
        expanded.items.push(Expanded {
            start: *start,
            item: Arc::clone(item),
            turn: 0,
        });
        if let ItemNode::For(repeat) = &item.node {
            let mut expansion = Expansion {
                text,
                start: *start,
                lists: &lists,
                item: place,
                blocks: BTreeMap::new(),
                problems: Vec::new(),
                room,
            };
            expansion.repeat(repeat, &mut Vec::new());
            room = expansion.room;
            let Expansion {
                blocks, problems, ..
            } = expansion;
            expanded.items.extend(blocks.into_values().flatten());
            for problem in problems {
                // Each iteration of an outer loop finds the same.
                if !expanded.problems.contains(&problem) {
                    expanded.problems.push(problem);
                }
            }
        }
    }
    expanded
}

struct Expansion<'a> {
    text: &'a str,
    start: u32,
    lists: &'a BTreeMap<&'a str, &'a Expr>,
    item: usize,
    /// The generated blocks, by the place of their text.
    blocks: BTreeMap<u32, Vec<Expanded>>,
    problems: Vec<LoopProblem>,
    room: usize,
}

impl Expansion<'_> {
    fn problem(&mut self, range: TextRange, message: impl Into<String>, help: &'static str) {
        self.problems.push(LoopProblem {
            item: self.item,
            range,
            message: message.into(),
            help,
        });
    }

    fn repeat(&mut self, repeat: &For, turns: &mut Vec<Turn>) {
        if let Some(condition) = &repeat.condition {
            self.problem(
                condition.range,
                "unexpected `where` in a `for` at the top level of a file",
                "remove it, and list the elements that the loop is for",
            );
            return;
        }
        let Some(elements) = self.elements(&repeat.list) else {
            return;
        };
        for element in elements {
            turns.push(Turn {
                variable: repeat.variable.clone(),
                value: at(element, repeat.list.range),
            });
            self.body(&repeat.body, turns);
            turns.pop();
        }
    }

    /// The elements of a list; `None` if they are not known, which is reported.
    fn elements<'e>(&mut self, list: &'e Expr) -> Option<Vec<&'e Expr>>
    where
        Self: 'e,
    {
        let literal: &Expr = match &list.node {
            ExprNode::Error => return None,
            ExprNode::Name(name) => match self.lists.get(name.text.as_str()) {
                Some(found) => found,
                None => {
                    let message = format!(
                        "unknown list `{}`: a `for` at the top level of a file needs its elements before anything is evaluated",
                        name.text
                    );
                    self.problem(list.range, message, LIST);
                    return None;
                }
            },
            _ => list,
        };
        let elements: Option<Vec<&Expr>> = match &literal.node {
            ExprNode::List(elements) => elements
                .iter()
                .map(|element| is_literal(element).then_some(element))
                .collect(),
            ExprNode::Error => return None,
            _ => None,
        };
        if elements.is_none() {
            self.problem(
                list.range,
                "expected a list of texts, numbers or labels, without anything to evaluate",
                LIST,
            );
        }
        elements
    }

    fn body(&mut self, body: &Body, turns: &mut Vec<Turn>) {
        for statement in &body.statements {
            match statement {
                Statement::Block(block) => self.block(block, turns),
                Statement::For(inner) => self.repeat(inner, turns),
                other => {
                    let range = other.range();
                    self.problem(
                        range,
                        "only blocks are allowed in a `for` at the top level of a file",
                        "write it in the blocks, or at the top level of the file",
                    );
                }
            }
        }
    }

    fn block(&mut self, block: &nth_syntax::tree::Block, turns: &[Turn]) {
        let range = block.range;
        let Some(name) = self.name(block.name.as_ref(), block.name_parts.as_ref(), turns) else {
            return;
        };
        if self.room == 0 {
            let message =
                format!("the loops of this file generate more than {MAX_GENERATED} blocks");
            self.problem(
                range,
                message,
                "split the file, or loop over fewer elements",
            );
            return;
        }
        self.room -= 1;
        let start = self.start + range.start;
        let slice = self
            .text
            .get(start as usize..(self.start + range.end) as usize)
            .unwrap_or_default();
        // Its text by itself, so that all places are relative to it.
        let parsed = nth_syntax::parse(slice);
        let Some((_, item)) = parsed.items.into_iter().next() else {
            return;
        };
        let mut item = Arc::unwrap_or_clone(item);
        if let ItemNode::Block(own) = &mut item.node {
            own.doc = block.doc.clone();
            own.name_parts = None;
            if let (Some(own), Some(name)) = (&mut own.name, name) {
                own.text = name;
            }
        }
        item.turns = turns.to_vec();
        let list = self.blocks.entry(start).or_default();
        list.push(Expanded {
            start,
            item: Arc::new(item),
            turn: u32::try_from(list.len()).unwrap_or(u32::MAX),
        });
    }

    /// The name of a block; `Some(None)` if it has none, and `None` if it is not known, which is reported.
    fn name(
        &mut self,
        name: Option<&Name>,
        parts: Option<&StringLit>,
        turns: &[Turn],
    ) -> Option<Option<SmolStr>> {
        let Some(name) = name else {
            return Some(None);
        };
        let Some(parts) = parts else {
            return Some(Some(name.text.clone()));
        };
        let mut text = String::new();
        for part in &parts.parts {
            match part {
                StringPart::Text(part) => text.push_str(part),
                StringPart::Hole(hole) => match value(hole, turns) {
                    Some(value) => text.push_str(&value),
                    None => {
                        self.problem(
                            hole.range,
                            "the name of a block at the top level can only contain loop variables",
                            NAME,
                        );
                        return None;
                    }
                },
            }
        }
        if text.trim().is_empty() {
            self.problem(name.range, "empty name of a block", NAME);
            return None;
        }
        Some(Some(text.into()))
    }
}

/// The text of an interpolation: a loop variable, or a label of it.
fn value(hole: &Expr, turns: &[Turn]) -> Option<String> {
    let variable = |name: &Name| {
        let turn = turns
            .iter()
            .rev()
            .find(|turn| turn.variable.text == name.text);
        turn.map(|turn| &turn.value)
    };
    let found = match &hole.node {
        ExprNode::Name(name) => variable(name)?,
        ExprNode::Member(of, label) => {
            let ExprNode::Name(name) = &of.node else {
                return None;
            };
            let ExprNode::Labels(labels) = &variable(name)?.node else {
                return None;
            };
            &labels
                .iter()
                .find(|entry| entry.name.text == label.text)?
                .value
        }
        ExprNode::Paren(inner) => return value(inner, turns),
        _ => return None,
    };
    match &found.node {
        ExprNode::String(text) => plain(text),
        ExprNode::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The text of a string without interpolations.
fn plain(text: &StringLit) -> Option<String> {
    let parts = text.parts.iter().map(|part| match part {
        StringPart::Text(text) => Some(text.as_str()),
        StringPart::Hole(_) => None,
    });
    parts.collect()
}

/// True for a text, a number or labels of these, with nothing to evaluate.
fn is_literal(element: &Expr) -> bool {
    match &element.node {
        ExprNode::String(text) => plain(text).is_some(),
        ExprNode::Number(_) => true,
        ExprNode::Labels(labels) => labels.iter().all(|entry| {
            entry.op == nth_syntax::tree::LabelOp::Equal
                && matches!(entry.value.node, ExprNode::String(_) | ExprNode::Number(_))
                && is_literal(&entry.value)
        }),
        _ => false,
    }
}

/// A literal at another place: its own may be in another item.
fn at(element: &Expr, range: TextRange) -> Expr {
    let mut moved = element.clone();
    moved.range = range;
    if let ExprNode::Labels(labels) = &mut moved.node {
        for entry in labels {
            entry.name.range = range;
            entry.op_range = range;
            entry.value.range = range;
        }
    }
    moved
}
