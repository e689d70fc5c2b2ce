//! Documentation of kinds, fields, members, templates and functions, for completion and signature help.

use nthc::db::{ItemClass, ItemEntry, Workspace, file_names, find_module, item};
use nthc::eval::{expression, refinement};
use nthc::promql::functions::{aggregation, function};
use nthc::schema::{BUILTIN, COMPILE_TIME, FieldSchema, IN_TEXTS, schema};
use nthc::syntax::tree::{ItemNode, Param, Template, TypeExpr, TypeNode};
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The subject of documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// No documentation.
    None,
    /// This Markdown.
    Markdown(String),
    /// A kind.
    Kind(SmolStr),
    /// A field of a kind.
    Field(SmolStr, SmolStr),
    /// A member of an enum.
    Member(SmolStr, SmolStr),
    /// An enum, or a built-in type.
    Type(SmolStr),
    /// A function of the prelude or of the compiler, or a variable of an alert's text.
    Function(SmolStr),
    /// A function or aggregation of PromQL.
    Promql(SmolStr),
    /// A module.
    Module(SmolStr),
    /// An item of a module: the name of its class, its kind and its name.
    Item(SmolStr, SmolStr, SmolStr, SmolStr),
}

/// The name of a class of items.
pub fn class_word(class: ItemClass) -> &'static str {
    match class {
        ItemClass::Template => "template",
        ItemClass::Let => "let",
        ItemClass::Rule => "rule",
        _ => "block",
    }
}

impl Subject {
    /// The subject for an item.
    pub fn item(module: &SmolStr, entry: &ItemEntry) -> Self {
        Self::Item(
            module.clone(),
            class_word(entry.class).into(),
            entry.kind.clone(),
            entry.name.clone(),
        )
    }

    /// The subject as data that a client sends back; `None` if there is nothing to resolve.
    pub fn to_data(&self) -> Option<Value> {
        Some(match self {
            Self::None | Self::Markdown(_) => return None,
            Self::Kind(kind) => json!(["kind", kind.as_str()]),
            Self::Field(kind, name) => json!(["field", kind.as_str(), name.as_str()]),
            Self::Member(of, name) => json!(["member", of.as_str(), name.as_str()]),
            Self::Type(name) => json!(["type", name.as_str()]),
            Self::Function(name) => json!(["function", name.as_str()]),
            Self::Promql(name) => json!(["promql", name.as_str()]),
            Self::Module(name) => json!(["module", name.as_str()]),
            Self::Item(module, class, kind, name) => json!([
                "item",
                module.as_str(),
                class.as_str(),
                kind.as_str(),
                name.as_str()
            ]),
        })
    }

    /// Reads data that a client sent back.
    pub fn from_data(data: &Value) -> Option<Self> {
        let words: Vec<SmolStr> = data
            .as_array()?
            .iter()
            .map(|word| word.as_str().map(SmolStr::from))
            .collect::<Option<_>>()?;
        let (class, rest) = words.split_first()?;
        Some(match (class.as_str(), rest) {
            ("kind", [kind]) => Self::Kind(kind.clone()),
            ("field", [kind, name]) => Self::Field(kind.clone(), name.clone()),
            ("member", [of, name]) => Self::Member(of.clone(), name.clone()),
            ("type", [name]) => Self::Type(name.clone()),
            ("function", [name]) => Self::Function(name.clone()),
            ("promql", [name]) => Self::Promql(name.clone()),
            ("module", [name]) => Self::Module(name.clone()),
            ("item", [module, class, kind, name]) => {
                Self::Item(module.clone(), class.clone(), kind.clone(), name.clone())
            }
            _ => return None,
        })
    }

    /// The documentation in Markdown. Doc comments are Markdown already.
    pub fn text(&self, db: &dyn salsa::Database, workspace: Workspace) -> Option<String> {
        let schema = schema(db, workspace);
        let found = match self {
            Self::None => None,
            Self::Markdown(text) => Some(text.clone()),
            Self::Kind(kind) => {
                let known = schema.kinds.get(kind)?;
                known.doc.as_ref().map(ToString::to_string)
            }
            Self::Field(kind, name) => Some(field_text(schema.field(kind, name)?)),
            Self::Member(of, name) => {
                let doc = schema.enums.get(of)?.members.get(name)?;
                doc.as_ref().map(ToString::to_string)
            }
            Self::Type(name) => match schema.enums.get(name) {
                Some(known) => known.doc.as_ref().map(ToString::to_string),
                None => {
                    let known = BUILTIN.iter().find(|(known, ..)| known == name)?;
                    Some(known.2.to_owned())
                }
            },
            Self::Function(name) => match schema.functions.get(name) {
                Some(known) => known.doc.as_ref().map(ToString::to_string),
                None => {
                    let mut known = COMPILE_TIME.iter().chain(IN_TEXTS);
                    let known = known.find(|known| known.name == name)?;
                    Some(known.doc.to_owned())
                }
            },
            Self::Promql(name) => promql_text(name),
            Self::Module(name) => {
                let file = find_module(db, workspace, name.clone())?;
                let parsed = nthc::db::parsed(db, file);
                parsed.doc.as_ref().map(ToString::to_string)
            }
            Self::Item(module, class, kind, name) => {
                item_text(db, workspace, [module, class, kind, name])
            }
        };
        found
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
    }
}

fn promql_text(name: &str) -> Option<String> {
    let (doc, experimental) = match function(name) {
        Some(known) => (known.doc, known.experimental),
        None => {
            let known = aggregation(name)?;
            (known.doc, known.experimental)
        }
    };
    let mut text = doc.to_owned();
    if experimental {
        text.push_str(
            "\n\nRequires `--enable-feature=promql-experimental-functions` in Prometheus.",
        );
    }
    Some(text)
}

/// A field: its documentation, type, bound and default.
pub fn field_text(field: &FieldSchema) -> String {
    let mut text = field
        .doc
        .as_ref()
        .map(|doc| format!("{}\n\n", doc.trim()))
        .unwrap_or_default();
    text.push_str(&format!("Type {}", code(&field.ty.to_string())));
    if let Some(bound) = &field.refinement {
        text.push_str(&format!(", {}", refinement(bound)));
    }
    if let Some(default) = &field.default {
        text.push_str(&format!(", default {}", code(&expression(default))));
    } else if !field.ty.is_optional() {
        text.push_str(", required");
    }
    text.push('.');
    text
}

fn item_text(
    db: &dyn salsa::Database,
    workspace: Workspace,
    [module, class, kind, name]: [&SmolStr; 4],
) -> Option<String> {
    let file = find_module(db, workspace, module.clone())?;
    let entry = file_names(db, file).items.iter().find(|entry| {
        class_word(entry.class) == class && entry.kind == *kind && entry.name == *name
    })?;
    match &item(db, entry.key).as_ref()?.node {
        ItemNode::Template(template) => {
            let doc = template.doc.as_deref().unwrap_or_default();
            Some(format!("{}\n{doc}", fenced(&template_head(template))))
        }
        ItemNode::Block(block) => block.doc.as_ref().map(ToString::to_string),
        ItemNode::Let(decl) => {
            let doc = decl.doc.as_deref().unwrap_or_default();
            let declared = format!("let {} = {}", decl.name.text, expression(&decl.value));
            Some(format!("{}\n{doc}", fenced(&declared)))
        }
        ItemNode::Rule(rule) => rule.doc.as_ref().map(ToString::to_string),
        _ => None,
    }
}

/// The head of a template with its parameters.
pub fn template_head(template: &Template) -> String {
    let params: Vec<String> = template.params.iter().map(param_text).collect();
    let head = format!("template {} {}", template.kind.text, template.name.text);
    if params.is_empty() {
        return head;
    }
    format!("{head}({})", params.join(", "))
}

fn param_text(param: &Param) -> String {
    let declared = format!("{}: {}", param.name.text, written_type(&param.ty));
    match &param.default {
        Some(default) => format!("{declared} = {}", expression(default)),
        None => declared,
    }
}

fn written_type(ty: &TypeExpr) -> String {
    match &ty.node {
        TypeNode::Name(name) => name.text.to_string(),
        TypeNode::Optional(inner) => match inner.node {
            TypeNode::Union(_) => format!("({})?", written_type(inner)),
            _ => format!("{}?", written_type(inner)),
        },
        TypeNode::List(inner) => format!("list<{}>", written_type(inner)),
        TypeNode::Union(members) => {
            let members: Vec<String> = members.iter().map(written_type).collect();
            members.join(" | ")
        }
        TypeNode::One(name) => format!("one {}", name.text),
        TypeNode::Error => "…".to_owned(),
    }
}

/// A code fence for a text: more backticks than it contains in a row.
fn ticks(text: &str, least: usize) -> String {
    let longest = text.split(|letter| letter != '`').map(str::len).max();
    "`".repeat(least.max(longest.unwrap_or_default() + 1))
}

/// A text as inline code.
pub fn code(text: &str) -> String {
    let ticks = ticks(text, 1);
    let space = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{ticks}{space}{}{space}{ticks}", text.replace('\n', " "))
}

/// A text as a code block.
pub fn fenced(text: &str) -> String {
    let ticks = ticks(text, 3);
    format!("{ticks}nth\n{text}\n{ticks}")
}

/// Converts Markdown to plain text, approximately: removes fences, backticks, and backslashes before punctuation.
pub fn plain(markdown: &str) -> String {
    let lines = markdown.lines().filter(|line| !line.starts_with("```"));
    let text = lines.collect::<Vec<_>>().join("\n");
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '`' => {}
            '\\' if letters.peek().is_some_and(char::is_ascii_punctuation) => {
                plain.extend(letters.next());
            }
            letter => plain.push(letter),
        }
    }
    plain.trim().to_owned()
}

/// Escapes a text for Markdown.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii_punctuation() {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}
