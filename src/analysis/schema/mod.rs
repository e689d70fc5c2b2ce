//! The schema: all kinds, enums and run-time functions, read from the prelude and from the project's `extend kind` items. It is
//! the only source of information about kinds.

mod enums;
mod functions;
pub mod names;
#[cfg(test)]
mod names_tests;
mod ty;

use std::collections::BTreeSet;
use std::sync::Arc;

use indexmap::IndexMap;
use smol_str::SmolStr;

use crate::codes;
use crate::db::{Diag, ItemClass, ItemKey, SourceFile, Span, Workspace, file_names, item};
use crate::maps::NameMap;
use nth_syntax::tree::{EnumDecl, Expr, FieldDecl, ItemNode, KindDecl, Param, TypeExpr, TypeNode};

pub use functions::{COMPILE_TIME, CompileTime, IN_TEXTS};
pub use ty::{BUILTIN, Ty, article};

/// All kinds, enums and functions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schema {
    /// The kinds in the order of the prelude.
    pub kinds: NameMap<Kind>,
    /// The enums.
    pub enums: IndexMap<SmolStr, Enum>,
    /// The run-time functions.
    pub functions: IndexMap<SmolStr, Function>,
    /// Diagnostics about the declarations.
    pub diagnostics: Vec<Diag>,
    /// The kinds of which a body can have only one block: those that a field has as its type.
    single: BTreeSet<SmolStr>,
}

/// A kind of block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    /// Its name.
    pub name: SmolStr,
    /// Its doc comment.
    pub doc: Option<SmolStr>,
    /// The kinds whose bodies may contain it.
    pub parents: Vec<SmolStr>,
    /// True if it is allowed at the top level of a file: it has no parent, or [`TOP_LEVEL`] is one.
    pub is_top_level: bool,
    /// The kind that it is a variant of.
    pub base: Option<SmolStr>,
    /// Its own fields in order, including those that the project added.
    pub fields: NameMap<FieldSchema>,
    /// The place of its declaration.
    pub span: Span,
}

/// The word for the top level of a file among the parents of a kind: `kind alert in project, service`.
pub const TOP_LEVEL: &str = "project";

/// The top-level kinds whose blocks have defaults in an environment, as have those in them.
pub const DEFAULT_ROOTS: [&str; 5] = [
    names::kind::SERVICE,
    names::kind::TEAM,
    names::kind::DEPENDENCY,
    names::kind::ALERT,
    names::kind::RECORDING,
];

/// A field of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldSchema {
    /// Its name.
    pub name: SmolStr,
    /// Its doc comment.
    pub doc: Option<SmolStr>,
    /// Its type.
    pub ty: Ty,
    /// The condition that its value must satisfy.
    pub refinement: Option<Arc<Expr>>,
    /// Its default; `None` if it has none.
    pub default: Option<Arc<Expr>>,
    /// The place of its declaration.
    pub span: Span,
    /// True if the project added it.
    pub extension: bool,
    /// Where blocks have it: kinds, and [`TOP_LEVEL`]. Empty for everywhere.
    pub within: Vec<SmolStr>,
}

impl FieldSchema {
    /// True if a block has the field whose parent is of this kind; `None` for the top level of a file.
    pub fn is_in(&self, parent: Option<&str>) -> bool {
        let parent = parent.unwrap_or(TOP_LEVEL);
        self.within.is_empty() || self.within.iter().any(|known| known == parent)
    }
}

/// An enum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enum {
    /// Its doc comment.
    pub doc: Option<SmolStr>,
    /// Its members with their docs; those that the project added are last.
    pub members: IndexMap<SmolStr, Option<SmolStr>>,
    /// The places of the members that the project added.
    pub extensions: IndexMap<SmolStr, Span>,
    /// The place of its declaration.
    pub span: Span,
}

impl Enum {
    /// Returns the item that declares a member: the enum's own, or the `extend enum` that adds it.
    pub fn item_of(&self, member: &str) -> ItemKey {
        let added = self.extensions.get(member);
        added.map_or(self.span.item, |span| span.item)
    }
}

/// The enums to which a project can add members: no target decides anything by them.
pub const EXTENSIBLE_ENUMS: [&str; 1] = ["service-type"];

/// A run-time function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its doc comment.
    pub doc: Option<SmolStr>,
    /// Its parameters: name, type and default.
    pub params: Vec<(SmolStr, Ty, Option<Arc<Expr>>)>,
    /// Its result type.
    pub result: Ty,
    /// The place of its declaration.
    pub span: Span,
}

impl Schema {
    /// Returns a field of a kind or of its base.
    pub fn field(&self, kind: &str, name: &str) -> Option<&FieldSchema> {
        let kind = self.kinds.get(kind)?;
        match kind.fields.get(name) {
            Some(field) => Some(field),
            None => self.field(kind.base.as_deref()?, name),
        }
    }

    /// All fields of a kind, those of its base first.
    pub fn fields(&self, kind: &str) -> Vec<&FieldSchema> {
        let Some(kind) = self.kinds.get(kind) else {
            return Vec::new();
        };
        let mut fields = kind
            .base
            .as_deref()
            .map(|base| self.fields(base))
            .unwrap_or_default();
        fields.extend(kind.fields.values());
        fields
    }

    /// The variants of a kind.
    pub fn variants(&self, kind: &str) -> impl Iterator<Item = &Kind> {
        self.kinds
            .values()
            .filter(move |variant| variant.base.as_deref() == Some(kind))
    }

    /// Iterates over the kinds that the body of a kind may contain.
    pub fn children(&self, kind: &str) -> impl Iterator<Item = &Kind> {
        self.kinds
            .values()
            .filter(move |child| child.parents.iter().any(|parent| parent == kind))
    }

    /// Iterates over the kinds that are allowed at the top level.
    pub fn top_level(&self) -> impl Iterator<Item = &Kind> {
        self.kinds.values().filter(|kind| kind.is_top_level)
    }

    /// True if blocks of the kind can have defaults in an environment: it is one of [`DEFAULT_ROOTS`], or in one of them.
    pub fn has_defaults(&self, kind: &str) -> bool {
        let base = self.kinds.get(kind).and_then(|kind| kind.base.clone());
        let mut waiting: Vec<SmolStr> = vec![base.unwrap_or_else(|| kind.into())];
        let mut seen: Vec<SmolStr> = Vec::new();
        while let Some(next) = waiting.pop() {
            if DEFAULT_ROOTS.contains(&next.as_str()) {
                return true;
            }
            if seen.contains(&next) {
                continue;
            }
            if let Some(known) = self.kinds.get(&next) {
                waiting.extend(known.parents.iter().cloned());
            }
            seen.push(next);
        }
        false
    }

    /// True if a body can have only one block of the kind, which has no name.
    pub fn is_single(&self, kind: &str) -> bool {
        self.single.contains(kind)
    }

    /// Converts a type expression to a type. Reports unknown names.
    pub fn ty(&self, expr: &TypeExpr, item: ItemKey, diagnostics: &mut Vec<Diag>) -> Ty {
        match &expr.node {
            TypeNode::Name(name) => {
                if self.enums.contains_key(&name.text) {
                    return Ty::Enum(name.text.clone());
                }
                if let Some(ty) = Ty::builtin(&name.text) {
                    return ty;
                }
                if self.kinds.contains_key(&name.text) {
                    return Ty::Ref(name.text.clone());
                }
                let span = Span {
                    item,
                    range: name.range,
                };
                let mut diagnostic = Diag::new(
                    &codes::UNKNOWN_TYPE,
                    format!("unknown type `{}`", name.text),
                    span,
                );
                let known = BUILTIN
                    .iter()
                    .map(|(known, ..)| *known)
                    .chain(self.enums.keys().map(SmolStr::as_str))
                    .chain(self.kinds.keys().map(SmolStr::as_str));
                if let Some(near) = nth_diagnostics::suggest::nearest(&name.text, known) {
                    diagnostic = crate::resolve::did_you_mean(diagnostic, span, near);
                }
                diagnostics.push(diagnostic);
                Ty::Any
            }
            TypeNode::Optional(inner) => match self.ty(inner, item, diagnostics) {
                Ty::Any => Ty::Any,
                Ty::One(kind, _) => Ty::One(kind, false),
                inner => Ty::Optional(Box::new(inner)),
            },
            TypeNode::List(inner) => Ty::List(Box::new(self.ty(inner, item, diagnostics))),
            TypeNode::Union(members) => Ty::Union(
                members
                    .iter()
                    .map(|member| self.ty(member, item, diagnostics))
                    .collect(),
            ),
            TypeNode::One(name) => Ty::One(name.text.clone(), true),
            TypeNode::Error => Ty::Any,
        }
    }
}

/// The schema of the workspace.
#[salsa::tracked(returns(ref))]
pub fn schema(db: &dyn salsa::Database, workspace: Workspace) -> Schema {
    let mut schema = Schema::default();
    let prelude = workspace.prelude(db);
    let names = file_names(db, prelude);
    let node = |key: ItemKey| item(db, key).as_ref();
    // Names first: types may refer to kinds and enums in any order.
    for entry in &names.items {
        let Some(tree) = node(entry.key) else {
            continue;
        };
        match &tree.node {
            ItemNode::Kind(decl) if !decl.extend => {
                schema
                    .kinds
                    .insert(decl.name.text.clone(), kind_head(entry.key, decl));
            }
            ItemNode::Enum(decl) => add_enum(&mut schema, entry.key, decl),
            _ => {}
        }
    }
    // The enums of other modules of the standard library are known everywhere without an import, like those of the prelude.
    // Most modules have none and are not parsed for it: the library is formatted, so an enum begins a line.
    let may_have = |file: &SourceFile| *file != prelude && file.text(db).contains("\nenum ");
    for file in standard_modules(db, workspace).filter(may_have) {
        for entry in file_names(db, file).of_class(ItemClass::Enum) {
            if let Some(ItemNode::Enum(decl)) = node(entry.key).map(|tree| &tree.node) {
                add_enum(&mut schema, entry.key, decl);
            }
        }
    }
    // Then the fields of a kind, and those that it only has in some places.
    for class in [ItemClass::Kind, ItemClass::Extension] {
        for entry in names.of_class(class) {
            if let Some(ItemNode::Kind(decl)) = node(entry.key).map(|tree| &tree.node) {
                add_fields(&mut schema, entry.key, decl, false);
            }
        }
    }
    for entry in names
        .items
        .iter()
        .filter(|entry| entry.class == ItemClass::Function)
    {
        if let Some(ItemNode::Function(decl)) = node(entry.key).map(|tree| &tree.node) {
            let mut diagnostics = Vec::new();
            let params = params(&schema, &decl.params, entry.key, &mut diagnostics);
            let result = schema.ty(&decl.result, entry.key, &mut diagnostics);
            let span = Span {
                item: entry.key,
                range: decl.name.range,
            };
            schema.functions.insert(
                decl.name.text.clone(),
                Function {
                    doc: decl.doc.clone(),
                    params,
                    result,
                    span,
                },
            );
            schema.diagnostics.extend(diagnostics);
        }
    }
    for key in workspace.extensions(db).iter().copied() {
        let decl = match node(key).map(|tree| &tree.node) {
            Some(ItemNode::Kind(decl)) => decl,
            Some(ItemNode::Enum(decl)) => {
                enums::extend(&mut schema, key, decl);
                continue;
            }
            _ => continue,
        };
        if schema.kinds.contains_key(&decl.name.text) {
            add_fields(&mut schema, key, decl, true);
        } else {
            let span = Span {
                item: key,
                range: decl.name.range,
            };
            let mut diagnostic = Diag::new(
                &codes::UNKNOWN_KIND,
                format!("unknown block kind `{}`", decl.name.text),
                span,
            );
            let known = schema.kinds.keys().map(SmolStr::as_str);
            if let Some(near) = nth_diagnostics::suggest::nearest(&decl.name.text, known) {
                diagnostic = crate::resolve::did_you_mean(diagnostic, span, near);
            }
            schema.diagnostics.push(diagnostic);
        }
    }
    schema
}

/// The prefix of the names of the standard library's modules, which projects cannot use.
const STANDARD: &str = "std.";

/// Iterates over the modules of the standard library.
fn standard_modules(
    db: &dyn salsa::Database,
    workspace: Workspace,
) -> impl Iterator<Item = SourceFile> {
    workspace
        .modules(db)
        .range(SmolStr::from(STANDARD)..)
        .take_while(|(name, _)| name.starts_with(STANDARD))
        .map(|(_, file)| *file)
}

/// True if a file belongs to the standard library.
pub fn is_standard(db: &dyn salsa::Database, file: SourceFile) -> bool {
    file.module(db).starts_with(STANDARD)
}

/// Adds an enum, unless there is one of that name.
fn add_enum(schema: &mut Schema, key: ItemKey, decl: &EnumDecl) {
    let members = decl
        .members
        .iter()
        .map(|(name, doc)| (name.text.clone(), doc.clone()))
        .collect();
    let span = Span {
        item: key,
        range: decl.name.range,
    };
    let found = Enum {
        doc: decl.doc.clone(),
        members,
        extensions: IndexMap::new(),
        span,
    };
    schema.enums.entry(decl.name.text.clone()).or_insert(found);
}

fn kind_head(key: ItemKey, decl: &KindDecl) -> Kind {
    let parents = decl.parents.iter().map(|name| name.text.clone());
    let (top, parents): (Vec<SmolStr>, Vec<SmolStr>) = parents.partition(|name| name == TOP_LEVEL);
    Kind {
        name: decl.name.text.clone(),
        doc: decl.doc.clone(),
        is_top_level: decl.base.is_none() && (parents.is_empty() || !top.is_empty()),
        parents,
        base: decl.base.as_ref().map(|name| name.text.clone()),
        fields: NameMap::default(),
        span: Span {
            item: key,
            range: decl.name.range,
        },
    }
}

fn add_fields(schema: &mut Schema, key: ItemKey, decl: &KindDecl, extension: bool) {
    let mut diagnostics = Vec::new();
    for field in &decl.fields {
        let ty = schema.ty(&field.ty, key, &mut diagnostics);
        let span = Span {
            item: key,
            range: field.name.range,
        };
        if let Some(first) = schema.field(&decl.name.text, &field.name.text) {
            diagnostics.push(
                Diag::new(
                    &codes::DUPLICATE_NAME,
                    format!(
                        "duplicate field `{}` in `{}`",
                        decl.name.text, field.name.text
                    ),
                    span,
                )
                .because(first.span, "first declared here"),
            );
            continue;
        }
        let within = decl.parents.iter().filter(|_| decl.extend);
        let field = FieldSchema {
            within: within.map(|name| name.text.clone()).collect(),
            ..field_schema(field, ty, span, extension)
        };
        if let Some(kind) = schema.kinds.get_mut(&decl.name.text) {
            if let Ty::One(child, _) = &field.ty {
                schema.single.insert(child.clone());
            }
            kind.fields.insert(field.name.clone(), field);
        }
    }
    schema.diagnostics.extend(diagnostics);
}

fn field_schema(field: &FieldDecl, ty: Ty, span: Span, extension: bool) -> FieldSchema {
    FieldSchema {
        name: field.name.text.clone(),
        doc: field.doc.clone(),
        ty,
        refinement: field.refinement.clone().map(Arc::new),
        default: field.default.clone().map(Arc::new),
        span,
        extension,
        within: Vec::new(),
    }
}

/// Returns the name, type and default of each parameter.
pub fn params(
    schema: &Schema,
    params: &[Param],
    item: ItemKey,
    diagnostics: &mut Vec<Diag>,
) -> Vec<(SmolStr, Ty, Option<Arc<Expr>>)> {
    params
        .iter()
        .map(|param| {
            let ty = schema.ty(&param.ty, item, diagnostics);
            (
                param.name.text.clone(),
                ty,
                param.default.clone().map(Arc::new),
            )
        })
        .collect()
}

/// Describes where blocks of a kind are allowed, for a help text.
pub fn where_it_belongs(kind: &Kind) -> String {
    let noun = format!("{} `{}`", article(&kind.name), kind.name);
    let top = kind.is_top_level.then_some(TOP_LEVEL);
    let places = top
        .into_iter()
        .chain(kind.parents.iter().map(SmolStr::as_str));
    format!("{noun} is only allowed {}", places_text(places))
}

/// Describes where a field of a kind is allowed, for a help text; `None` if it is everywhere.
pub fn where_field_belongs(field: &FieldSchema) -> Option<String> {
    let places = field.within.iter().map(SmolStr::as_str);
    (!field.within.is_empty())
        .then(|| format!("`{}` is only allowed {}", field.name, places_text(places)))
}

/// Lists places of blocks: `at the top level of a file or in a `service``.
fn places_text<'a>(places: impl Iterator<Item = &'a str>) -> String {
    let mut has_in = false;
    let places: Vec<String> = places
        .map(|place| match place {
            TOP_LEVEL => "at the top level of a file".to_owned(),
            kind => {
                let preposition = if has_in { "" } else { "in " };
                has_in = true;
                format!("{preposition}{} `{kind}`", article(kind))
            }
        })
        .collect();
    places.join(" or ")
}
