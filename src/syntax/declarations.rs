//! Builds imports, declarations, templates and types.

use pest::iterators::Pair;
use smol_str::SmolStr;

use super::builder::{Builder, Children, take};
use super::parse::Rule;
use super::tree::*;

impl<'t> Builder<'t> {
    pub(super) fn declaration(&mut self, doc: Option<SmolStr>, pair: Pair<'t, Rule>) -> ItemNode {
        let range = self.range(&pair);
        match pair.as_rule() {
            Rule::import => ItemNode::Import(self.import(pair)),
            Rule::kind | Rule::extend => ItemNode::Kind(self.kind(doc, pair)),
            Rule::enum_decl => ItemNode::Enum(self.enumeration(doc, pair)),
            Rule::function => ItemNode::Function(self.function(doc, pair)),
            Rule::template => ItemNode::Template(self.template(doc, pair)),
            Rule::let_stmt => ItemNode::Let(self.let_statement(doc, pair)),
            Rule::rule => ItemNode::Rule(self.rule(doc, pair)),
            Rule::for_stmt => ItemNode::For(self.for_statement(pair)),
            Rule::block | Rule::bare_head => ItemNode::Block(self.block(doc, pair)),
            Rule::stray_brace => {
                self.error(SyntaxErrorKind::StrayBrace, range, "}");
                ItemNode::Error
            }
            Rule::nothing => {
                let range = self.before(&pair);
                self.error(
                    SyntaxErrorKind::StrayDoc,
                    TextRange::new(0, range.end as usize),
                    "",
                );
                ItemNode::Error
            }
            Rule::half_typed => {
                self.error(
                    SyntaxErrorKind::HalfTypedKey,
                    range,
                    pair.as_str().trim_end(),
                );
                ItemNode::Error
            }
            _ => {
                self.junk(SyntaxErrorKind::Junk, range, &pair);
                ItemNode::Error
            }
        }
    }

    pub(super) fn import(&mut self, pair: Pair<'t, Rule>) -> Import {
        let range = self.range(&pair);
        let mut children = pair.into_inner().peekable();
        children.next();
        let path = match take(&mut children, Rule::path) {
            Some(path) => self.path(path),
            None => {
                let range = self.missing(&mut children, SyntaxErrorKind::MissingName, "module");
                Path {
                    segments: Vec::new(),
                    range,
                }
            }
        };
        let names = take(&mut children, Rule::import_names).map(|pair| {
            let mut names = Vec::new();
            let open = TextRange::new(0, 1).shifted(self.range(&pair).start + 1);
            for part in pair.into_inner() {
                match part.as_rule() {
                    Rule::ident | Rule::quoted => names.push(self.name(part)),
                    Rule::no_close => self.unclosed(&part, open, "}"),
                    _ => {}
                }
            }
            names
        });
        let alias = take(&mut children, Rule::kw_as)
            .map(|_| self.expect_name(&mut children, "name after `as`"));
        self.tail(&mut children);
        Import {
            path,
            names,
            alias,
            range,
        }
    }

    pub(super) fn kind(&mut self, doc: Option<SmolStr>, pair: Pair<'t, Rule>) -> KindDecl {
        let range = self.range(&pair);
        let mut children = pair.into_inner().peekable();
        let extend = take(&mut children, Rule::kw_extend).is_some();
        take(&mut children, Rule::kw_kind);
        let name = self.expect_name(&mut children, "kind");
        let mut parents = Vec::new();
        if take(&mut children, Rule::kw_in).is_some() {
            while let Some(parent) = take(&mut children, Rule::ident) {
                parents.push(self.name(parent));
            }
        }
        let base = take(&mut children, Rule::kind_base)
            .and_then(|pair| pair.into_inner().next())
            .map(|pair| self.name(pair));
        let mut fields = Vec::new();
        match children.next() {
            Some(body) if body.as_rule() == Rule::kind_body => {
                let open = TextRange::new(0, 1).shifted(self.range(&body).start);
                for part in body.into_inner() {
                    let range = self.range(&part);
                    match part.as_rule() {
                        Rule::field_decl => fields.push(self.field_declaration(part)),
                        Rule::no_brace => self.unclosed(&part, open, "}"),
                        Rule::nothing => self.stray_doc(&part),
                        Rule::doc => {}
                        Rule::too_deep => self.error(SyntaxErrorKind::TooDeep, range, ""),
                        _ => self.junk(SyntaxErrorKind::Junk, range, &part),
                    }
                }
            }
            Some(marker) => {
                let at = self.before(&marker);
                self.error(SyntaxErrorKind::MissingBrace, at, "{");
            }
            None => {}
        }
        KindDecl {
            doc,
            extend,
            name,
            parents,
            base,
            fields,
            range,
        }
    }

    pub(super) fn field_declaration(&mut self, pair: Pair<'t, Rule>) -> FieldDecl {
        let mut range = self.range(&pair);
        let mut children = pair.into_inner().peekable();
        let doc = self.doc(&mut children);
        let name = self.expect_name(&mut children, "field");
        range.start = name.range.start;
        let ty = self.expect_type(&mut children);
        // The default may be before or after the condition.
        let mut refinement = self.refinement(&mut children);
        let default = self.default(&mut children);
        if refinement.is_none() {
            refinement = self.refinement(&mut children);
        }
        self.tail(&mut children);
        FieldDecl {
            doc,
            name,
            ty,
            refinement,
            default,
            range,
        }
    }

    /// Builds an optional `where condition`.
    fn refinement(&mut self, children: &mut Children<'t>) -> Option<Expr> {
        take(children, Rule::kw_where).map(|_| self.expect_expr(children, "condition"))
    }

    /// Builds an optional `= value`.
    pub(super) fn default(&mut self, children: &mut Children<'t>) -> Option<Expr> {
        match children.peek().map(Pair::as_rule) {
            Some(Rule::expr | Rule::free_expr) => children.next().map(|pair| self.expr(pair)),
            Some(Rule::missing_value) => {
                let range = self.missing(children, SyntaxErrorKind::MissingValue, "");
                Some(Expr {
                    node: ExprNode::Error,
                    range,
                })
            }
            _ => None,
        }
    }

    pub(super) fn expect_type(&mut self, children: &mut Children<'t>) -> TypeExpr {
        match take(children, Rule::type_) {
            Some(pair) => self.type_expr(pair),
            None => {
                let range = self.missing(children, SyntaxErrorKind::MissingName, "type");
                TypeExpr {
                    node: TypeNode::Error,
                    range,
                }
            }
        }
    }

    pub(super) fn type_expr(&mut self, pair: Pair<'t, Rule>) -> TypeExpr {
        let range = self.range(&pair);
        let mut members: Vec<TypeExpr> =
            pair.into_inner().map(|pair| self.type_post(pair)).collect();
        match members.len() {
            1 => members.remove(0),
            _ => TypeExpr {
                node: TypeNode::Union(members),
                range,
            },
        }
    }

    pub(super) fn type_post(&mut self, pair: Pair<'t, Rule>) -> TypeExpr {
        let range = self.range(&pair);
        let mut children = pair.into_inner().peekable();
        let Some(atom) = children.next() else {
            return TypeExpr {
                node: TypeNode::Error,
                range,
            };
        };
        let mut ty = self.type_atom(atom);
        // `T??` is `T?`.
        if let Some(mark) = children.next() {
            let range = ty.range.cover(self.range(&mark));
            ty = TypeExpr {
                node: TypeNode::Optional(Box::new(ty)),
                range,
            };
        }
        ty
    }

    pub(super) fn type_atom(&mut self, pair: Pair<'t, Rule>) -> TypeExpr {
        let range = self.range(&pair);
        let form = pair.as_rule();
        if form == Rule::ident {
            return TypeExpr {
                node: TypeNode::Name(self.name(pair)),
                range,
            };
        }
        let (open, close) = match form {
            Rule::type_list => (TextRange::new(4, 5).shifted(range.start), ">"),
            _ => (TextRange::new(0, 1).shifted(range.start), ")"),
        };
        let mut node = TypeNode::Error;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::ident => node = TypeNode::One(self.name(part)),
                Rule::type_ if form == Rule::type_list => {
                    node = TypeNode::List(Box::new(self.type_expr(part)));
                }
                Rule::type_ => node = self.type_expr(part).node,
                Rule::too_deep => self.error(SyntaxErrorKind::TooDeep, open, ""),
                Rule::no_close => self.unclosed(&part, open, close),
                Rule::no_type => {
                    let at = self.before(&part);
                    self.error(SyntaxErrorKind::MissingName, at, "type");
                }
                _ => {}
            }
        }
        TypeExpr { node, range }
    }

    pub(super) fn enumeration(&mut self, doc: Option<SmolStr>, pair: Pair<'t, Rule>) -> EnumDecl {
        let range = self.range(&pair);
        let mut children = pair.into_inner().peekable();
        let extend = take(&mut children, Rule::kw_extend).is_some();
        take(&mut children, Rule::kw_enum);
        let name = self.expect_name(&mut children, "enum");
        let mut members = Vec::new();
        match children.next() {
            Some(body) if body.as_rule() == Rule::enum_body => {
                let open = TextRange::new(0, 1).shifted(self.range(&body).start);
                for part in body.into_inner() {
                    let range = self.range(&part);
                    match part.as_rule() {
                        Rule::member_decl => {
                            let mut children = part.into_inner().peekable();
                            let doc = self.doc(&mut children);
                            members.push((self.expect_name(&mut children, "member"), doc));
                        }
                        Rule::no_brace => self.unclosed(&part, open, "}"),
                        Rule::nothing => self.stray_doc(&part),
                        Rule::doc => {}
                        _ => self.junk(SyntaxErrorKind::Junk, range, &part),
                    }
                }
            }
            Some(marker) => {
                let at = self.before(&marker);
                self.error(SyntaxErrorKind::MissingBrace, at, "{");
            }
            None => {}
        }
        EnumDecl {
            doc,
            extend,
            name,
            members,
            range,
        }
    }

    pub(super) fn function(&mut self, doc: Option<SmolStr>, pair: Pair<'t, Rule>) -> FunctionDecl {
        let range = self.range(&pair);
        let mut children = pair.into_inner().peekable();
        children.next();
        let name = self.expect_name(&mut children, "function");
        let params = match take(&mut children, Rule::params) {
            Some(params) => self.params(params),
            None => {
                self.missing(&mut children, SyntaxErrorKind::MissingDelimiter, "(");
                Vec::new()
            }
        };
        let result = self.expect_type(&mut children);
        self.tail(&mut children);
        FunctionDecl {
            doc,
            name,
            params,
            result,
            range,
        }
    }

    pub(super) fn params(&mut self, pair: Pair<'t, Rule>) -> Vec<Param> {
        let open = TextRange::new(0, 1).shifted(self.range(&pair).start);
        let mut params = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::param => {
                    let mut range = self.range(&part);
                    let mut children = part.into_inner().peekable();
                    let doc = self.doc(&mut children);
                    let name = self.expect_name(&mut children, "parameter");
                    range.start = name.range.start;
                    let ty = self.expect_type(&mut children);
                    let default = self.default(&mut children);
                    params.push(Param {
                        doc,
                        name,
                        ty,
                        default,
                        range,
                    });
                }
                Rule::no_close => self.unclosed(&part, open, ")"),
                Rule::nothing => self.stray_doc(&part),
                Rule::doc => {}
                _ => {
                    let range = self.range(&part);
                    self.junk(SyntaxErrorKind::Junk, range, &part);
                }
            }
        }
        params
    }

    pub(super) fn template(&mut self, doc: Option<SmolStr>, pair: Pair<'t, Rule>) -> Template {
        let range = self.range(&pair);
        let mut children = pair.into_inner().peekable();
        children.next();
        let before = self.errors.len();
        let kind = self.expect_name(&mut children, "kind");
        let name = if self.errors.len() > before {
            kind.clone()
        } else {
            self.expect_name(&mut children, "template")
        };
        let params = take(&mut children, Rule::params)
            .map(|pair| self.params(pair))
            .unwrap_or_default();
        let base = self.block_base(&mut children);
        let body = self.expect_body(&mut children);
        let head = TextRange {
            start: range.start,
            end: self.head_end(range, &body),
        };
        Template {
            doc,
            kind,
            name,
            params,
            base,
            body,
            range,
            head,
        }
    }

    pub(super) fn rule(&mut self, doc: Option<SmolStr>, pair: Pair<'t, Rule>) -> super::tree::Rule {
        let range = self.range(&pair);
        let mut children = pair.into_inner().peekable();
        children.next();
        let name = self.expect_name(&mut children, "rule");
        let body = self.expect_body(&mut children);
        super::tree::Rule {
            doc,
            name,
            body,
            range,
        }
    }
}
