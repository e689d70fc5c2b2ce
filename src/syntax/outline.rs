//! Printing of a tree as text without ranges, for snapshots, and to check that formatting does not change it.

use std::fmt::Write;

use super::tree::*;

/// Prints a whole file.
pub(super) fn outline(file: &ParsedFile) -> String {
    let mut out = Outline {
        text: String::new(),
        depth: 0,
    };
    out.doc(&file.doc);
    for (_, item) in &file.items {
        out.item(&item.node);
    }
    out.text
}

struct Outline {
    text: String,
    depth: usize,
}

impl Outline {
    fn line(&mut self, text: impl AsRef<str>) {
        let _ = writeln!(
            self.text,
            "{:indent$}{}",
            "",
            text.as_ref(),
            indent = self.depth * 2
        );
    }

    fn doc(&mut self, doc: &Option<smol_str::SmolStr>) {
        if let Some(doc) = doc {
            self.line(format!("doc {doc:?}"));
        }
    }

    fn item(&mut self, node: &ItemNode) {
        match node {
            ItemNode::Import(import) => {
                let names = import
                    .names
                    .as_ref()
                    .map(|names| names.iter().map(name).collect::<Vec<_>>());
                let alias = import.alias.as_ref().map(name);
                self.line(format!(
                    "import {} names={names:?} as={alias:?}",
                    path(&import.path)
                ));
            }
            ItemNode::Block(block) => self.block(block),
            ItemNode::Template(template) => {
                self.doc(&template.doc);
                self.line(format!(
                    "template {} {} {}",
                    name(&template.kind),
                    name(&template.name),
                    base(&template.base)
                ));
                self.params(&template.params);
                self.body(&template.body);
            }
            ItemNode::Kind(kind) => {
                self.doc(&kind.doc);
                self.line(format!(
                    "{} {} in {:?} : {:?}",
                    if kind.extend { "extend" } else { "kind" },
                    name(&kind.name),
                    kind.parents.iter().map(name).collect::<Vec<_>>(),
                    kind.base.as_ref().map(name),
                ));
                self.depth += 1;
                for field in &kind.fields {
                    self.doc(&field.doc);
                    self.line(format!(
                        "{}: {} where {} = {}",
                        name(&field.name),
                        ty(&field.ty),
                        optional(&field.refinement),
                        optional(&field.default)
                    ));
                }
                self.depth -= 1;
            }
            ItemNode::Enum(decl) => {
                self.doc(&decl.doc);
                let extend = if decl.extend { "extend " } else { "" };
                self.line(format!("{extend}enum {}", name(&decl.name)));
                self.depth += 1;
                for (member, doc) in &decl.members {
                    self.doc(doc);
                    self.line(name(member));
                }
                self.depth -= 1;
            }
            ItemNode::Function(function) => {
                self.doc(&function.doc);
                self.line(format!(
                    "function {} -> {}",
                    name(&function.name),
                    ty(&function.result)
                ));
                self.params(&function.params);
            }
            ItemNode::Let(binding) => self.binding(binding),
            ItemNode::Rule(rule) => {
                self.doc(&rule.doc);
                self.line(format!("rule {}", name(&rule.name)));
                self.body(&rule.body);
            }
            ItemNode::For(repeat) => {
                self.line(format!("for {}", name(&repeat.variable)));
                self.body(&repeat.body);
            }
            ItemNode::Error => self.line("error"),
        }
    }

    fn params(&mut self, params: &[Param]) {
        self.depth += 1;
        for param in params {
            self.doc(&param.doc);
            self.line(format!(
                "param {}: {} = {}",
                name(&param.name),
                ty(&param.ty),
                optional(&param.default)
            ));
        }
        self.depth -= 1;
    }

    fn binding(&mut self, binding: &Let) {
        self.doc(&binding.doc);
        self.line(format!(
            "let {} = {}",
            name(&binding.name),
            expr(&binding.value)
        ));
    }

    fn block(&mut self, block: &Block) {
        self.doc(&block.doc);
        self.line(format!(
            "block {} {} {}",
            name(&block.kind),
            block.name.as_ref().map_or("-".to_owned(), name),
            base(&block.base)
        ));
        self.body(&block.body);
    }

    fn body(&mut self, body: &Body) {
        self.depth += 1;
        for statement in &body.statements {
            match statement {
                Statement::Field(field) => {
                    self.doc(&field.doc);
                    self.line(format!("{} = {}", name(&field.name), expr(&field.value)));
                }
                Statement::Block(block) => self.block(block),
                Statement::Let(binding) => self.binding(binding),
                Statement::For(each) => {
                    self.line(format!(
                        "for {} in {} where {}",
                        name(&each.variable),
                        expr(&each.list),
                        optional(&each.condition)
                    ));
                    self.body(&each.body);
                }
                Statement::If(choice) => {
                    self.line(format!("if {}", expr(&choice.condition)));
                    self.body(&choice.then);
                    if let Some(otherwise) = &choice.otherwise {
                        self.line("else");
                        self.body(otherwise);
                    }
                }
                Statement::In(amended) => {
                    self.line(format!("in {}", name(&amended.environment)));
                    self.body(&amended.body);
                }
                Statement::Without(without) => self.line(format!(
                    "without {} {:?}",
                    name(&without.kind),
                    without.name.as_ref().map(name)
                )),
                Statement::Require(require) => self.line(format!(
                    "require {} else {}",
                    expr(&require.condition),
                    optional(&require.message)
                )),
            }
        }
        self.depth -= 1;
    }
}

fn name(name: &Name) -> String {
    if name.quoted {
        format!("{:?}", name.text)
    } else {
        name.text.to_string()
    }
}

fn path(path: &Path) -> String {
    path.segments.iter().map(name).collect::<Vec<_>>().join(".")
}

fn base(base: &Option<Base>) -> String {
    match base {
        None => String::new(),
        Some(base) => match &base.args {
            None => format!(": {}", path(&base.path)),
            Some(list) => format!(": {}({})", path(&base.path), args(list)),
        },
    }
}

fn args(args: &[Arg]) -> String {
    let shown = args.iter().map(|arg| match &arg.name {
        Some(named) => format!("{}: {}", name(named), expr(&arg.value)),
        None => expr(&arg.value),
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn ty(ty_expr: &TypeExpr) -> String {
    match &ty_expr.node {
        TypeNode::Name(named) => name(named),
        TypeNode::Optional(inner) => format!("optional({})", ty(inner)),
        TypeNode::List(inner) => format!("list({})", ty(inner)),
        TypeNode::Union(members) => {
            format!(
                "union({})",
                members.iter().map(ty).collect::<Vec<_>>().join(", ")
            )
        }
        TypeNode::One(kind) => format!("one({})", name(kind)),
        TypeNode::Error => "error".to_owned(),
    }
}

fn optional(value: &Option<Expr>) -> String {
    value.as_ref().map_or("-".to_owned(), expr)
}

/// Prints an expression with every operation in parentheses.
pub(super) fn expr(value: &Expr) -> String {
    match &value.node {
        ExprNode::Bool(value) => value.to_string(),
        ExprNode::Number(value) => value.to_string(),
        ExprNode::Percent(value) => format!("{value}%"),
        ExprNode::Duration(milliseconds) => format!("{milliseconds}ms"),
        ExprNode::Size(bytes) => format!("{bytes}B"),
        ExprNode::Rate(per_hour) => format!("{per_hour}/h"),
        ExprNode::TimeOfDay(time) => format!("@{:02}:{:02}", time.hour, time.minute),
        ExprNode::TimeOfWeek(time) => format!("{}@{:02}:{:02}", time.day, time.hour, time.minute),
        ExprNode::String(string) => {
            let mut text = if string.multiline { "text(" } else { "string(" }.to_owned();
            for part in &string.parts {
                match part {
                    StringPart::Text(part) => text.push_str(&format!("{part:?}")),
                    StringPart::Hole(hole) => text.push_str(&format!("${{{}}}", expr(hole))),
                }
            }
            text + ")"
        }
        ExprNode::Query(query) => {
            let holes: Vec<String> = query.holes.iter().map(|hole| expr(&hole.expr)).collect();
            format!("query({:?}, {holes:?})", query.text)
        }
        ExprNode::List(elements) => {
            format!(
                "[{}]",
                elements.iter().map(expr).collect::<Vec<_>>().join(", ")
            )
        }
        ExprNode::Labels(entries) => {
            let shown = entries.iter().map(|entry| {
                format!(
                    "{} {} {}",
                    name(&entry.name),
                    entry.op.as_str(),
                    expr(&entry.value)
                )
            });
            format!("{{{}}}", shown.collect::<Vec<_>>().join(", "))
        }
        ExprNode::Name(named) => name(named),
        ExprNode::Member(of, member) => format!("{}.{}", expr(of), name(member)),
        ExprNode::Call(function, list) => format!("{}({})", expr(function), args(list)),
        ExprNode::Unary(op, operand) => format!("({op:?} {})", expr(operand)),
        ExprNode::Binary(op, left, right) => format!("({op:?} {} {})", expr(left), expr(right)),
        ExprNode::If(condition, then, otherwise) => {
            format!(
                "if({}, {}, {})",
                expr(condition),
                expr(then),
                expr(otherwise)
            )
        }
        ExprNode::Paren(inner) => format!("paren({})", expr(inner)),
        ExprNode::Error => "ERROR".to_owned(),
    }
}
