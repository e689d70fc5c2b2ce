//! From text to items: runs the grammar and builds the tree.

use std::sync::Arc;

use pest::Parser;
use pest::iterators::Pair;
use smol_str::SmolStr;

use super::tree::*;

/// The parser that pest makes of `grammar/nth.pest`.
#[derive(pest_derive::Parser)]
#[grammar = "../grammar/nth.pest"]
pub(super) struct Grammar;

/// Reads a file. Whatever the text, there is a tree; what is malformed is told in [`Item::errors`].
pub fn parse(text: &str) -> ParsedFile {
    let mut file = ParsedFile { doc: None, items: Vec::new() };
    chunk(text, 0, true, &mut file);
    file
}

/// Reads `text`, which stands at `offset` of the file. Where an item is never closed and `split` is set,
/// the item is cut at the heads at column 0 that it has swallowed, and each part is read by itself.
fn chunk(text: &str, offset: usize, split: bool, file: &mut ParsedFile) {
    let Ok(mut pairs) = Grammar::parse(Rule::file, text) else {
        // The grammar matches every text; should it ever not, the text is one malformed item.
        let range = TextRange::new(0, text.len());
        let error = SyntaxError {
            kind: SyntaxErrorKind::Junk,
            range,
            related: None,
            detail: SmolStr::default(),
            fix: None,
        };
        let item = Item { len: text.len() as u32, node: ItemNode::Error, errors: vec![error] };
        file.items.push((offset as u32, Arc::new(item)));
        return;
    };
    let Some(root) = pairs.next() else { return };
    for pair in root.into_inner() {
        match pair.as_rule() {
            Rule::file_doc if offset == 0 => {
                file.doc = Some(doc_text(pair, Rule::file_doc_line, 3));
            }
            Rule::item => {
                let start = pair.as_span().start();
                let end = pair.as_span().end();
                if split && end == text.len() {
                    let cuts = swallowed_heads(&pair, text);
                    if !cuts.is_empty() {
                        let ends = cuts.iter().copied().chain([text.len()]);
                        let starts = [start].into_iter().chain(cuts.iter().copied());
                        for (start, end) in starts.zip(ends) {
                            chunk(&text[start..end], offset + start, false, file);
                        }
                        continue;
                    }
                }
                file.push(offset + start, Builder::item(text, pair));
            }
            _ => {}
        }
    }
}

impl ParsedFile {
    /// Adds an item. Malformed text right after one that is nested too deep is the rest of that one.
    fn push(&mut self, start: usize, item: Item) {
        if item.node == ItemNode::Error
            && let Some((last_start, last)) = self.items.last_mut()
            && last.errors.iter().any(|error| error.kind == SyntaxErrorKind::TooDeep)
        {
            Arc::make_mut(last).len = start as u32 + item.len - *last_start;
        } else {
            self.items.push((start as u32, Arc::new(item)));
        }
    }
}

/// Where the statements start that stand at column 0 of an unclosed item and look like top-level heads.
fn swallowed_heads(item: &Pair<'_, Rule>, text: &str) -> Vec<usize> {
    let mut unclosed = false;
    let mut heads = Vec::new();
    for pair in item.clone().into_inner().flatten() {
        match pair.as_rule() {
            Rule::no_brace | Rule::too_deep => unclosed = true,
            Rule::statement => {
                let start = pair.as_span().start();
                let at_column_0 = start > 0 && text.as_bytes()[start - 1] == b'\n';
                if at_column_0 && is_head(pair) {
                    heads.push(start);
                }
            }
            _ => {}
        }
    }
    if unclosed { heads } else { Vec::new() }
}

fn is_head(statement: Pair<'_, Rule>) -> bool {
    let Some(node) = statement.into_inner().find(|pair| pair.as_rule() != Rule::doc) else {
        return false;
    };
    match node.as_rule() {
        Rule::block | Rule::let_stmt => true,
        Rule::missing_equals | Rule::junk => {
            let first = node.as_str().split_whitespace().next().unwrap_or("");
            ["import", "template", "kind", "extend", "rule", "enum", "function"].contains(&first)
        }
        _ => false,
    }
}

/// The text of doc comments without their marks and the one space after each.
fn doc_text(pair: Pair<'_, Rule>, line_rule: Rule, mark: usize) -> SmolStr {
    let lines: Vec<&str> = pair
        .into_inner()
        .filter(|pair| pair.as_rule() == line_rule)
        .map(|pair| {
            let text = pair.as_str()[mark..].trim_end();
            text.strip_prefix(' ').unwrap_or(text)
        })
        .collect();
    SmolStr::new(lines.join("\n"))
}

/// Builds one item.
pub(super) struct Builder<'t> {
    /// The text that was parsed.
    pub(super) text: &'t str,
    /// Where the item starts in it.
    pub(super) start: usize,
    pub(super) errors: Vec<SyntaxError>,
    /// How many nodes stand above the one being built, those of operators included.
    pub(super) height: usize,
}

/// The children of a pair, read from the left.
pub(super) type Children<'t> = std::iter::Peekable<pest::iterators::Pairs<'t, Rule>>;

pub(super) fn take<'t>(children: &mut Children<'t>, wanted: Rule) -> Option<Pair<'t, Rule>> {
    children.next_if(|pair| pair.as_rule() == wanted)
}

impl<'t> Builder<'t> {
    fn item(text: &'t str, pair: Pair<'t, Rule>) -> Item {
        let start = pair.as_span().start();
        let mut builder = Builder { text, start, errors: Vec::new(), height: 0 };
        let len = builder.range(&pair).len();
        let mut children = pair.into_inner().peekable();
        let doc = builder.doc(&mut children);
        let node = match children.next() {
            Some(node) => builder.declaration(doc, node),
            None => ItemNode::Error,
        };
        Item { len, node, errors: builder.finish() }
    }

    /// The errors, one for each mistake: what is inside a literal that is never closed, or too deep to
    /// be read, follows from that.
    fn finish(mut self) -> Vec<SyntaxError> {
        if let Some(deep) = self.errors.iter().find(|error| error.kind == SyntaxErrorKind::TooDeep) {
            return vec![deep.clone()];
        }
        self.errors.sort_by_key(|error| (error.range.start, error.range.end));
        // Where several things are missing at one place, the first explains the others.
        self.errors.dedup_by(|next, first| next.range == first.range);
        self.errors
    }

    pub(super) fn range(&self, pair: &Pair<'_, Rule>) -> TextRange {
        let span = pair.as_span();
        let text = span.as_str().trim_end_matches([' ', '\t']);
        TextRange::new(span.start() - self.start, span.start() + text.len() - self.start)
    }

    /// The end of what stands before a pair, for something that is missing there.
    pub(super) fn before(&self, pair: &Pair<'_, Rule>) -> TextRange {
        let at = self.text[self.start..pair.as_span().start()].trim_end().len();
        TextRange::new(at, at)
    }

    pub(super) fn error(&mut self, kind: SyntaxErrorKind, range: TextRange, detail: impl Into<SmolStr>) {
        self.errors.push(SyntaxError { kind, range, related: None, detail: detail.into(), fix: None });
    }

    fn doc(&mut self, children: &mut Children<'t>) -> Option<SmolStr> {
        take(children, Rule::doc).map(|pair| doc_text(pair, Rule::doc_line, 3))
    }

    pub(super) fn name(&mut self, pair: Pair<'t, Rule>) -> Name {
        let range = self.range(&pair);
        let text = pair.as_str();
        if pair.as_rule() != Rule::quoted {
            return Name { text: SmolStr::new(text), range, quoted: false };
        }
        let inner = &text[1..text.len() - 1];
        let mut name = String::with_capacity(inner.len());
        let mut rest = inner;
        while let Some(at) = rest.find('\\') {
            name.push_str(&rest[..at]);
            let escaped = &rest[at..];
            let len = if escaped.starts_with("\\u{") {
                escaped.find('}').map_or(escaped.len(), |end| end + 1)
            } else {
                1 + escaped[1..].chars().next().map_or(0, char::len_utf8)
            };
            match super::literals::escape(&escaped[..len]) {
                Some(character) => name.push(character),
                None => {
                    let start = range.start as usize + 1 + (inner.len() - rest.len()) + at;
                    let place = TextRange::new(start, start + len);
                    self.error(SyntaxErrorKind::BadEscape, place, &escaped[..len]);
                }
            }
            rest = &escaped[len..];
        }
        name.push_str(rest);
        Name { text: SmolStr::new(name), range, quoted: true }
    }

    /// A quoted name with holes; its text is as it was written.
    fn spliced_name(&mut self, pair: Pair<'t, Rule>) -> (Name, StringLit) {
        let range = self.range(&pair);
        let text = pair.as_str();
        let name = Name { text: SmolStr::new(&text[1..text.len() - 1]), range, quoted: true };
        let pieces = self.pieces(pair, range);
        (name, StringLit { parts: super::literals::plain(pieces), multiline: false })
    }

    /// A name that must be there; where it is not, an empty one and an error.
    fn wanted_name(&mut self, children: &mut Children<'t>, what: &str) -> Name {
        match children.next_if(|pair| matches!(pair.as_rule(), Rule::ident | Rule::quoted)) {
            Some(pair) => self.name(pair),
            None => {
                let range = self.missing(children, SyntaxErrorKind::MissingName, what);
                Name { text: SmolStr::default(), range, quoted: false }
            }
        }
    }

    /// Reports what is missing, at the marker that comes next; returns the place.
    fn missing(&mut self, children: &mut Children<'t>, kind: SyntaxErrorKind, what: &str) -> TextRange {
        let range = match children.next() {
            Some(marker) => self.before(&marker),
            None => TextRange::default(),
        };
        self.error(kind, range, what);
        range
    }

    pub(super) fn path(&mut self, pair: Pair<'t, Rule>) -> Path {
        let range = self.range(&pair);
        let mut segments = Vec::new();
        for part in pair.into_inner() {
            if part.as_rule() == Rule::trailing_dot {
                let range = self.range(&part);
                self.error(SyntaxErrorKind::TrailingDot, range, ".");
            } else {
                segments.push(self.name(part));
            }
        }
        Path { segments, range }
    }

    fn declaration(&mut self, doc: Option<SmolStr>, pair: Pair<'t, Rule>) -> ItemNode {
        let range = self.range(&pair);
        match pair.as_rule() {
            Rule::import => ItemNode::Import(self.import(pair)),
            Rule::kind | Rule::extend => ItemNode::Kind(self.kind(doc, pair)),
            Rule::enum_decl => ItemNode::Enum(self.enumeration(doc, pair)),
            Rule::function => ItemNode::Function(self.function(doc, pair)),
            Rule::template => ItemNode::Template(self.template(doc, pair)),
            Rule::let_stmt => ItemNode::Let(self.let_statement(doc, pair)),
            Rule::rule => ItemNode::Rule(self.rule(doc, pair)),
            Rule::block | Rule::bare_head => ItemNode::Block(self.block(doc, pair)),
            Rule::stray_brace => {
                self.error(SyntaxErrorKind::StrayBrace, range, "}");
                ItemNode::Error
            }
            Rule::nothing => {
                let range = self.before(&pair);
                self.error(SyntaxErrorKind::StrayDoc, TextRange::new(0, range.end as usize), "");
                ItemNode::Error
            }
            Rule::half_typed => {
                self.error(SyntaxErrorKind::HalfTypedKey, range, pair.as_str().trim_end());
                ItemNode::Error
            }
            _ => {
                self.error(SyntaxErrorKind::Junk, range, first_line(pair.as_str()));
                ItemNode::Error
            }
        }
    }

    fn import(&mut self, pair: Pair<'t, Rule>) -> Import {
        let range = self.range(&pair);
        let mut children = pair.into_inner().peekable();
        children.next();
        let path = match take(&mut children, Rule::path) {
            Some(path) => self.path(path),
            None => {
                let range = self.missing(&mut children, SyntaxErrorKind::MissingName, "module");
                Path { segments: Vec::new(), range }
            }
        };
        let names = take(&mut children, Rule::import_names).map(|pair| {
            let mut names = Vec::new();
            let open = TextRange::new(0, 1).shifted(self.range(&pair).start + 1);
            for part in pair.into_inner() {
                match part.as_rule() {
                    Rule::ident => names.push(self.name(part)),
                    Rule::no_close => self.unclosed(&part, open, "}"),
                    _ => {}
                }
            }
            names
        });
        let alias =
            take(&mut children, Rule::kw_as).map(|_| self.wanted_name(&mut children, "name after `as`"));
        self.tail(&mut children);
        Import { path, names, alias, range }
    }

    pub(super) fn unclosed(&mut self, marker: &Pair<'_, Rule>, open: TextRange, close: &str) {
        let at = self.before(marker);
        self.errors.push(SyntaxError {
            kind: if close == "}" { SyntaxErrorKind::MissingBrace } else { SyntaxErrorKind::MissingDelimiter },
            range: at,
            related: Some(open),
            detail: SmolStr::new(close),
            fix: None,
        });
    }

    /// Text after a whole value or declaration, on its line.
    fn tail(&mut self, children: &mut Children<'t>) {
        if let Some(tail) = take(children, Rule::tail) {
            let range = self.range(&tail);
            self.error(SyntaxErrorKind::Junk, range, first_line(tail.as_str()));
        }
    }

    fn kind(&mut self, doc: Option<SmolStr>, pair: Pair<'t, Rule>) -> KindDecl {
        let range = self.range(&pair);
        let mut children = pair.into_inner().peekable();
        let extend = take(&mut children, Rule::kw_extend).is_some();
        take(&mut children, Rule::kw_kind);
        let name = self.wanted_name(&mut children, "kind");
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
                        _ => self.error(SyntaxErrorKind::Junk, range, first_line(part.as_str())),
                    }
                }
            }
            Some(marker) => {
                let at = self.before(&marker);
                self.error(SyntaxErrorKind::MissingBrace, at, "{");
            }
            None => {}
        }
        KindDecl { doc, extend, name, parents, base, fields, range }
    }

    /// The doc comment that ends at `marker` documents nothing.
    fn stray_doc(&mut self, marker: &Pair<'_, Rule>) {
        let at = self.before(marker).end as usize;
        let start = self.text[self.start..self.start + at].rfind('\n').map_or(0, |at| at + 1);
        let line = &self.text[self.start + start..self.start + at];
        let start = start + line.len() - line.trim_start().len();
        self.error(SyntaxErrorKind::StrayDoc, TextRange::new(start, at), "");
    }

    fn field_declaration(&mut self, pair: Pair<'t, Rule>) -> FieldDecl {
        let mut range = self.range(&pair);
        let mut children = pair.into_inner().peekable();
        let doc = self.doc(&mut children);
        let name = self.wanted_name(&mut children, "field");
        range.start = name.range.start;
        let ty = self.wanted_type(&mut children);
        let refinement =
            take(&mut children, Rule::kw_where).map(|_| self.wanted_expr(&mut children, "condition"));
        let default = self.default(&mut children);
        self.tail(&mut children);
        FieldDecl { doc, name, ty, refinement, default, range }
    }

    /// `= value`, where there is one.
    fn default(&mut self, children: &mut Children<'t>) -> Option<Expr> {
        match children.peek().map(Pair::as_rule) {
            Some(Rule::expr | Rule::free_expr) => children.next().map(|pair| self.expr(pair)),
            Some(Rule::missing_value) => {
                let range = self.missing(children, SyntaxErrorKind::MissingValue, "");
                Some(Expr { node: ExprNode::Error, range })
            }
            _ => None,
        }
    }

    fn wanted_type(&mut self, children: &mut Children<'t>) -> TypeExpr {
        match take(children, Rule::type_) {
            Some(pair) => self.type_expr(pair),
            None => {
                let range = self.missing(children, SyntaxErrorKind::MissingName, "type");
                TypeExpr { node: TypeNode::Error, range }
            }
        }
    }

    fn type_expr(&mut self, pair: Pair<'t, Rule>) -> TypeExpr {
        let range = self.range(&pair);
        let mut members: Vec<TypeExpr> = pair.into_inner().map(|pair| self.type_post(pair)).collect();
        match members.len() {
            1 => members.remove(0),
            _ => TypeExpr { node: TypeNode::Union(members), range },
        }
    }

    fn type_post(&mut self, pair: Pair<'t, Rule>) -> TypeExpr {
        let range = self.range(&pair);
        let mut children = pair.into_inner().peekable();
        let Some(atom) = children.next() else {
            return TypeExpr { node: TypeNode::Error, range };
        };
        let mut ty = self.type_atom(atom);
        // `T??` is `T?`.
        if let Some(mark) = children.next() {
            let range = ty.range.to(self.range(&mark));
            ty = TypeExpr { node: TypeNode::Optional(Box::new(ty)), range };
        }
        ty
    }

    fn type_atom(&mut self, pair: Pair<'t, Rule>) -> TypeExpr {
        let range = self.range(&pair);
        let form = pair.as_rule();
        if form == Rule::ident {
            return TypeExpr { node: TypeNode::Name(self.name(pair)), range };
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

    fn enumeration(&mut self, doc: Option<SmolStr>, pair: Pair<'t, Rule>) -> EnumDecl {
        let range = self.range(&pair);
        let mut children = pair.into_inner().peekable();
        children.next();
        let name = self.wanted_name(&mut children, "enum");
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
                            members.push((self.wanted_name(&mut children, "member"), doc));
                        }
                        Rule::no_brace => self.unclosed(&part, open, "}"),
                        Rule::nothing => self.stray_doc(&part),
                        Rule::doc => {}
                        _ => self.error(SyntaxErrorKind::Junk, range, first_line(part.as_str())),
                    }
                }
            }
            Some(marker) => {
                let at = self.before(&marker);
                self.error(SyntaxErrorKind::MissingBrace, at, "{");
            }
            None => {}
        }
        EnumDecl { doc, name, members, range }
    }

    fn function(&mut self, doc: Option<SmolStr>, pair: Pair<'t, Rule>) -> FunctionDecl {
        let range = self.range(&pair);
        let mut children = pair.into_inner().peekable();
        children.next();
        let name = self.wanted_name(&mut children, "function");
        let params = match take(&mut children, Rule::params) {
            Some(params) => self.params(params),
            None => {
                self.missing(&mut children, SyntaxErrorKind::MissingDelimiter, "(");
                Vec::new()
            }
        };
        let result = self.wanted_type(&mut children);
        self.tail(&mut children);
        FunctionDecl { doc, name, params, result, range }
    }

    fn params(&mut self, pair: Pair<'t, Rule>) -> Vec<Param> {
        let open = TextRange::new(0, 1).shifted(self.range(&pair).start);
        let mut params = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::param => {
                    let mut range = self.range(&part);
                    let mut children = part.into_inner().peekable();
                    let doc = self.doc(&mut children);
                    let name = self.wanted_name(&mut children, "parameter");
                    range.start = name.range.start;
                    let ty = self.wanted_type(&mut children);
                    let default = self.default(&mut children);
                    params.push(Param { doc, name, ty, default, range });
                }
                Rule::no_close => self.unclosed(&part, open, ")"),
                Rule::nothing => self.stray_doc(&part),
                Rule::doc => {}
                _ => {
                    let range = self.range(&part);
                    self.error(SyntaxErrorKind::Junk, range, first_line(part.as_str()));
                }
            }
        }
        params
    }

    fn template(&mut self, doc: Option<SmolStr>, pair: Pair<'t, Rule>) -> Template {
        let range = self.range(&pair);
        let mut children = pair.into_inner().peekable();
        children.next();
        let before = self.errors.len();
        let kind = self.wanted_name(&mut children, "kind");
        let name = if self.errors.len() > before {
            kind.clone()
        } else {
            self.wanted_name(&mut children, "template")
        };
        let params = take(&mut children, Rule::params).map(|pair| self.params(pair)).unwrap_or_default();
        let base = self.block_base(&mut children);
        let body = self.wanted_body(&mut children);
        let head = TextRange { start: range.start, end: self.head_end(range, &body) };
        Template { doc, kind, name, params, base, body, range, head }
    }

    fn head_end(&self, range: TextRange, body: &Body) -> u32 {
        if body.range.is_empty() {
            return body.range.start.max(range.start);
        }
        let head = &self.text[self.start + range.start as usize..self.start + body.range.start as usize];
        range.start + head.trim_end().len() as u32
    }

    fn rule(&mut self, doc: Option<SmolStr>, pair: Pair<'t, Rule>) -> super::tree::Rule {
        let range = self.range(&pair);
        let mut children = pair.into_inner().peekable();
        children.next();
        let name = self.wanted_name(&mut children, "rule");
        let body = self.wanted_body(&mut children);
        super::tree::Rule { doc, name, body, range }
    }

    fn block_base(&mut self, children: &mut Children<'t>) -> Option<Base> {
        if let Some(pair) = take(children, Rule::base) {
            let range = self.range(&pair);
            let mut parts = pair.into_inner().peekable();
            let path = match parts.next() {
                Some(path) => self.path(path),
                None => Path { segments: Vec::new(), range },
            };
            let args = parts.next().map(|args| self.args(args));
            return Some(Base { path, args, range });
        }
        if children.peek().is_some_and(|pair| pair.as_rule() == Rule::no_base) {
            self.missing(children, SyntaxErrorKind::MissingName, "base");
        }
        None
    }

    /// A body that must be there.
    fn wanted_body(&mut self, children: &mut Children<'t>) -> Body {
        match take(children, Rule::body) {
            Some(body) => self.body(body),
            None => {
                let range = self.missing(children, SyntaxErrorKind::MissingBrace, "{");
                Body { statements: Vec::new(), range }
            }
        }
    }

    fn block(&mut self, doc: Option<SmolStr>, pair: Pair<'t, Rule>) -> Block {
        let range = self.range(&pair);
        let mut children = pair.into_inner().peekable();
        let kind = self.wanted_name(&mut children, "kind");
        let mut name_parts = None;
        let name = match take(&mut children, Rule::block_name) {
            Some(pair) => pair.into_inner().next().map(|pair| match pair.as_rule() {
                Rule::string => {
                    let (name, parts) = self.spliced_name(pair);
                    name_parts = Some(parts);
                    name
                }
                _ => self.name(pair),
            }),
            None => children
                .next_if(|pair| matches!(pair.as_rule(), Rule::ident | Rule::quoted))
                .map(|pair| self.name(pair)),
        };
        let base = self.block_base(&mut children);
        let body = match children.peek().map(Pair::as_rule) {
            Some(Rule::body | Rule::no_body) => self.wanted_body(&mut children),
            _ => Body {
                statements: Vec::new(),
                range: TextRange { start: range.end, end: range.end },
            },
        };
        let head = TextRange { start: range.start, end: self.head_end(range, &body) };
        Block { doc, kind, name, name_parts, base, body, range, head }
    }

    pub(super) fn body(&mut self, pair: Pair<'t, Rule>) -> Body {
        let range = self.range(&pair);
        let open = TextRange::new(0, 1).shifted(range.start);
        let mut statements = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::statement => statements.extend(self.statement(part)),
                Rule::too_deep => self.error(SyntaxErrorKind::TooDeep, open, ""),
                _ => self.unclosed(&part, open, "}"),
            }
        }
        Body { statements, range }
    }

    fn statement(&mut self, pair: Pair<'t, Rule>) -> Option<Statement> {
        let mut children = pair.into_inner().peekable();
        let documented = children.peek().map(|pair| self.range(pair));
        let doc = self.doc(&mut children);
        let pair = children.next()?;
        let range = self.range(&pair);
        let takes_doc = matches!(
            pair.as_rule(),
            Rule::field | Rule::block | Rule::let_stmt | Rule::missing_equals | Rule::half_typed | Rule::junk
        );
        if let (false, Some(_), Some(place)) = (takes_doc, &doc, documented) {
            let text = &self.text[self.start + place.start as usize..self.start + place.end as usize];
            let end = place.start as usize + text.trim_end().len();
            self.error(SyntaxErrorKind::StrayDoc, TextRange::new(place.start as usize, end), "");
        }
        match pair.as_rule() {
            Rule::field => Some(Statement::Field(self.field(doc, pair))),
            Rule::block => Some(Statement::Block(self.block(doc, pair))),
            Rule::let_stmt => Some(Statement::Let(self.let_statement(doc, pair))),
            Rule::for_stmt => Some(Statement::For(self.for_statement(pair))),
            Rule::if_stmt => Some(Statement::If(self.if_statement(pair))),
            Rule::in_stmt => {
                let mut children = pair.into_inner().peekable();
                children.next();
                let environment = self.wanted_name(&mut children, "environment");
                let body = self.wanted_body(&mut children);
                Some(Statement::In(In { environment, body, range }))
            }
            Rule::without => {
                let mut children = pair.into_inner().peekable();
                children.next();
                let kind = self.wanted_name(&mut children, "kind");
                let name = children
                    .next_if(|pair| matches!(pair.as_rule(), Rule::ident | Rule::quoted))
                    .map(|pair| self.name(pair));
                self.tail(&mut children);
                Some(Statement::Without(Without { kind, name, range }))
            }
            Rule::require => {
                let mut children = pair.into_inner().peekable();
                children.next();
                let condition = self.wanted_expr(&mut children, "condition");
                let message = take(&mut children, Rule::kw_else)
                    .map(|_| self.wanted_expr(&mut children, "message"));
                self.tail(&mut children);
                Some(Statement::Require(Require { condition, message, range }))
            }
            Rule::missing_equals => {
                let mut children = pair.into_inner().peekable();
                let name = self.wanted_name(&mut children, "field");
                let after = TextRange { start: name.range.end, end: name.range.end };
                self.errors.push(SyntaxError {
                    kind: SyntaxErrorKind::MissingEquals,
                    range: after,
                    related: None,
                    detail: name.text.clone(),
                    fix: Some((after, SmolStr::new_static(" ="))),
                });
                let told = self.errors.len();
                let value = self.value(&mut children);
                self.errors.truncate(told);
                Some(Statement::Field(Field { doc, name, value, range }))
            }
            Rule::half_typed => {
                let mut children = pair.clone().into_inner().peekable();
                let name = self.wanted_name(&mut children, "field");
                let kind = if pair.as_str().trim_end().ends_with('.') {
                    SyntaxErrorKind::TrailingDot
                } else {
                    SyntaxErrorKind::HalfTypedKey
                };
                self.error(kind, range, pair.as_str().trim_end());
                let at = TextRange { start: range.end, end: range.end };
                let value = Expr { node: ExprNode::Error, range: at };
                Some(Statement::Field(Field { doc, name, value, range }))
            }
            Rule::nothing => None,
            _ => {
                self.error(SyntaxErrorKind::Junk, range, first_line(pair.as_str()));
                None
            }
        }
    }

    fn field(&mut self, doc: Option<SmolStr>, pair: Pair<'t, Rule>) -> Field {
        let range = self.range(&pair);
        let mut children = pair.into_inner().peekable();
        let name = self.wanted_name(&mut children, "field");
        let value = self.value(&mut children);
        Field { doc, name, value, range }
    }

    /// A value with what may be wrong with it.
    fn value(&mut self, children: &mut Children<'t>) -> Expr {
        match children.next() {
            Some(pair) if pair.as_rule() == Rule::expr => {
                let value = self.expr(pair);
                if let Some(tail) = take(children, Rule::tail) {
                    let range = self.range(&tail);
                    self.error(SyntaxErrorKind::BadValue, range, first_line(tail.as_str()));
                }
                value
            }
            Some(pair) if pair.as_rule() == Rule::bad_value => {
                let range = self.range(&pair);
                self.error(SyntaxErrorKind::BadValue, range, first_line(pair.as_str()));
                Expr { node: ExprNode::Error, range }
            }
            Some(marker) => {
                let range = self.before(&marker);
                self.error(SyntaxErrorKind::MissingValue, range, "");
                Expr { node: ExprNode::Error, range }
            }
            None => Expr { node: ExprNode::Error, range: TextRange::default() },
        }
    }

    fn let_statement(&mut self, doc: Option<SmolStr>, pair: Pair<'t, Rule>) -> Let {
        let range = self.range(&pair);
        let mut children = pair.into_inner().peekable();
        children.next();
        let told = self.errors.len();
        let name = self.wanted_name(&mut children, "name");
        let value = if take(&mut children, Rule::no_equals).is_some() {
            let after = TextRange { start: name.range.end, end: name.range.end };
            if self.errors.len() == told {
                self.error(SyntaxErrorKind::MissingEquals, after, name.text.clone());
            }
            Expr { node: ExprNode::Error, range: after }
        } else {
            self.value(&mut children)
        };
        Let { doc, name, value, range }
    }

    fn for_statement(&mut self, pair: Pair<'t, Rule>) -> For {
        let range = self.range(&pair);
        let told = self.errors.len();
        let mut children = pair.into_inner().peekable();
        children.next();
        let variable = self.wanted_name(&mut children, "loop variable");
        let list = if take(&mut children, Rule::kw_in).is_some() {
            self.wanted_expr(&mut children, "list")
        } else {
            let range = self.missing(&mut children, SyntaxErrorKind::Junk, "in");
            Expr { node: ExprNode::Error, range }
        };
        let condition = take(&mut children, Rule::where_clause).map(|pair| {
            let mut children = pair.into_inner().peekable();
            children.next();
            self.wanted_expr(&mut children, "condition")
        });
        let broken = self.errors.len() > told;
        let body = self.head_body(&mut children, broken);
        For { variable, list, condition, body, range }
    }

    /// A body whose absence is no mistake of its own if the head was broken already.
    fn head_body(&mut self, children: &mut Children<'t>, broken: bool) -> Body {
        let told = self.errors.len();
        let body = self.wanted_body(children);
        if broken && body.range.is_empty() {
            self.errors.truncate(told);
        }
        body
    }

    fn if_statement(&mut self, pair: Pair<'t, Rule>) -> If {
        let range = self.range(&pair);
        let mut arms = Vec::new();
        let mut otherwise = None;
        let mut children = pair.into_inner().peekable();
        while let Some(child) = children.next() {
            match child.as_rule() {
                Rule::kw_if => {
                    let start = self.range(&child).start;
                    let told = self.errors.len();
                    let condition = self.wanted_expr(&mut children, "condition");
                    let broken = self.errors.len() > told;
                    arms.push((start, condition, self.head_body(&mut children, broken)));
                }
                Rule::else_body => {
                    let mut children = child.into_inner().peekable();
                    otherwise = Some(self.wanted_body(&mut children));
                }
                _ => {}
            }
        }
        // `else if` is an `if` alone in the body of the `else`.
        if arms.len() > super::MAX_DEPTH {
            self.error(SyntaxErrorKind::TooDeep, range, "");
            arms.truncate(1);
        }
        let mut built: Option<If> = None;
        for (start, condition, then) in arms.into_iter().rev() {
            let range = TextRange { start, end: range.end };
            if let Some(inner) = built.take() {
                let range = inner.range;
                otherwise = Some(Body { statements: vec![Statement::If(inner)], range });
            }
            built = Some(If { condition, then, otherwise: otherwise.take(), range });
        }
        built.unwrap_or_else(|| If {
            condition: Expr { node: ExprNode::Error, range },
            then: Body::default(),
            otherwise: None,
            range,
        })
    }
}

/// What a message quotes of malformed text.
pub(super) fn first_line(text: &str) -> SmolStr {
    let line = text.trim_start().lines().next().unwrap_or("").trim_end();
    if line.chars().count() > 40 {
        SmolStr::new(line.chars().take(39).chain(['…']).collect::<String>())
    } else {
        SmolStr::new(line)
    }
}
