//! The standard library's templates for technologies: each is complete, builds without a word of complaint whatever it is
//! given, and its rules are taken by Prometheus and fire when they should.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod cases;
mod clouds;
mod firing;
mod library;
mod scraped;
mod slos;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use nthc::compile::{Input, SourceInput, compile};
use nthc::db::{Database, ItemClass, file_names, item};
use nthc::session::{STANDARD_LIBRARY, Session};
use nthc::syntax::tree::{Block, Body, ItemNode, Param, Statement, Template, TypeExpr, TypeNode};
use support::promtool;

/// A template of the standard library.
struct Known {
    /// `std.redis`
    module: String,
    template: Template,
}

/// All templates of a kind, found by going through the library.
fn templates(kind: &str) -> Vec<Known> {
    let session = Session::new(Database::default(), &[]);
    let db = &session.db;
    let mut found = Vec::new();
    for file in session.standard_library() {
        for entry in &file_names(db, *file).items {
            if entry.class != ItemClass::Template {
                continue;
            }
            let known = item(db, entry.key).clone().expect("it is there");
            if let ItemNode::Template(template) = &known.node
                && template.kind.text == kind
            {
                let module = file.module(db).to_string();
                found.push(Known {
                    module,
                    template: template.clone(),
                });
            }
        }
    }
    assert!(!found.is_empty(), "no template of {kind}");
    found
}

/// Some value of a parameter's type, as it is written.
fn value(ty: &TypeExpr, name: &str, number: usize) -> String {
    match &ty.node {
        TypeNode::Optional(inner) => value(inner, name, number),
        TypeNode::List(inner) => format!("[{}]", value(inner, name, number)),
        TypeNode::Name(ty) => match ty.text.as_str() {
            "string" => format!("\"value-{number}\""),
            "number" => "5".to_owned(),
            "percent" => "50%".to_owned(),
            "duration" => "1h".to_owned(),
            "size" => "1GiB".to_owned(),
            "rate" => "10/s".to_owned(),
            "bool" => "true".to_owned(),
            "severity" => "ticket".to_owned(),
            "duration-unit" => "seconds".to_owned(),
            "labels" => "{ cluster = \"a\" }".to_owned(),
            "label-name" => "status".to_owned(),
            // Two parameters have two metrics: compared with itself, one would be told of.
            "selector" => format!("`some_{}_{number}`", name.replace('-', "_")),
            other => panic!("what is a value of the type {other}?"),
        },
        other => panic!("what is a value of the type {other:?}?"),
    }
}

/// The arguments of a template: those that must be given, or all that can be.
fn arguments(params: &[Param], all: bool, number: usize) -> String {
    let given: Vec<String> = params
        .iter()
        .filter(|param| {
            let optional = matches!(param.ty.node, TypeNode::Optional(_));
            all || (param.default.is_none() && !optional)
        })
        .map(|param| {
            format!(
                "{}: {}",
                param.name.text,
                value(&param.ty, &param.name.text, number)
            )
        })
        .collect();
    if given.is_empty() {
        String::new()
    } else {
        format!("({})", given.join(", "))
    }
}

/// The rules that a source makes, each file's path with its text. It must make them without a diagnostic.
fn build(text: &str) -> Vec<(String, String)> {
    let input = Input {
        settings: nthc::project::default_settings("test"),
        files: vec![SourceInput {
            module: "main".into(),
            path: "main.nth".into(),
            text: text.into(),
            package: false,
        }],
        catalogue: None,
        levels: Default::default(),
        environment: None,
    };
    let compilation = compile(&input);
    let messages: Vec<String> = compilation
        .diagnostics
        .iter()
        .map(|found| format!("{:?}: {}", found.primary.span, found.message))
        .collect();
    assert_eq!(messages, Vec::<String>::new(), "{text}");
    assert!(!compilation.artifacts.is_empty());
    compilation
        .artifacts
        .into_iter()
        .map(|artifact| (artifact.path, artifact.contents))
        .collect()
}

const TEAM: &str = "\nteam payments {\n  escalation default { step first { notify = \"payments@example.com\" } }\n}\n";

#[test]
fn every_template_builds_and_prometheus_takes_it() {
    let judge = promtool::available();
    for all in [false, true] {
        let mut imports = BTreeSet::new();
        let mut services = String::new();
        let mut number = 0;
        for kind in ["dependency", "slo"] {
            for known in templates(kind) {
                number += 1;
                let short = known.module.rsplit('.').next().unwrap();
                let name = &known.template.name.text;
                let arguments = arguments(&known.template.params, all, number);
                imports.insert(format!("import {}\n", known.module));
                write!(
                    services,
                    "\nservice {short}-{name}-{number} {{\n  team = payments\n  selector = {{ job = \"j{number}\" }}\n\n  \
                     {kind} it : {short}.{name}{arguments}\n}}\n"
                )
                .unwrap();
            }
        }
        let text = format!(
            "{}{TEAM}{services}",
            imports.into_iter().collect::<String>()
        );
        for (path, contents) in build(&text) {
            // Promtool judges rules alone.
            if judge && path.starts_with("prometheus/") {
                println!("{path}");
                promtool::check_rules(&contents);
            }
        }
    }
}

/// All blocks in a body, however deep, those of both branches of a condition too.
fn blocks<'a>(body: &'a Body, found: &mut Vec<&'a Block>) {
    for statement in &body.statements {
        match statement {
            Statement::Block(block) => {
                found.push(block);
                blocks(&block.body, found);
            }
            Statement::For(repeated) => blocks(&repeated.body, found),
            Statement::If(choice) => {
                blocks(&choice.then, found);
                if let Some(otherwise) = &choice.otherwise {
                    blocks(otherwise, found);
                }
            }
            Statement::In(amended) => blocks(&amended.body, found),
            _ => {}
        }
    }
}

fn fields(body: &Body) -> BTreeSet<&str> {
    let fields = body
        .statements
        .iter()
        .filter_map(|statement| match statement {
            Statement::Field(field) => Some(field.name.text.as_str()),
            _ => None,
        });
    fields.collect()
}

#[test]
fn every_technology_is_told_of_in_full() {
    let wanted: [(&str, &[&str]); 3] = [
        ("signal", &["any_of", "unit", "type", "hint"]),
        ("panel", &["title", "query", "unit", "description"]),
        (
            "alert",
            &[
                "when",
                "for",
                "severity",
                "summary",
                "description",
                "impact",
                "steps",
            ],
        ),
    ];
    let mut lacking: Vec<String> = Vec::new();
    for Known { module, template } in templates("dependency") {
        let name = format!("{module}.{}", template.name.text);
        assert!(template.doc.is_some(), "{name} has no doc comment");
        for param in &template.params {
            assert!(
                param.doc.is_some(),
                "{name}: {} has no doc comment",
                param.name.text
            );
        }
        // What is based on another template has its fields and blocks.
        if template.base.is_some() {
            continue;
        }
        for field in ["technology", "impact"] {
            if !fields(&template.body).contains(field) {
                lacking.push(format!("{name} has no {field}"));
            }
        }
        let mut found = Vec::new();
        blocks(&template.body, &mut found);
        let text = STANDARD_LIBRARY
            .iter()
            .find(|(known, _)| *known == module)
            .expect("it is a module")
            .1;
        for signal in found.iter().filter(|block| block.kind.text == "signal") {
            let signal = &signal.name.as_ref().expect("it has a name").text;
            let hole = format!("${{{signal}}}");
            if !text.contains(&hole) {
                lacking.push(format!("{name}: nothing reads the signal {signal}"));
            }
        }
        for (kind, wanted) in wanted {
            let of_kind: Vec<&&Block> = found
                .iter()
                .filter(|block| block.kind.text == kind)
                .collect();
            if of_kind.len() < 2 {
                lacking.push(format!("{name} has {} {kind}s", of_kind.len()));
            }
            for block in of_kind {
                let title = &block.name.as_ref().expect("it has a name").text;
                let has = fields(&block.body);
                for field in wanted.iter().filter(|field| !has.contains(*field)) {
                    lacking.push(format!("{name}: {kind} {title} has no {field}"));
                }
                // The comment says why the threshold is what it is.
                if kind == "alert" && block.doc.is_none() {
                    lacking.push(format!("{name}: {kind} {title} has no doc comment"));
                }
            }
        }
    }
    assert!(lacking.is_empty(), "{}", lacking.join("\n"));
}

/// A rate over less than four scrapes of a minute has gaps.
#[test]
fn no_range_is_below_five_minutes() {
    let mut ranges = 0;
    for (module, text) in STANDARD_LIBRARY {
        for piece in text.split('[').skip(1) {
            let Some(end) = piece.find([']', ':']) else {
                continue;
            };
            let (number, unit) = piece[..end].split_at(end.saturating_sub(1));
            let seconds = match unit {
                "s" => 1,
                "m" => 60,
                "h" => 3600,
                "d" => 86_400,
                _ => continue,
            };
            let Ok(number) = number.parse::<u32>() else {
                continue;
            };
            assert!(number * seconds >= 300, "{module}: [{}]", &piece[..end]);
            ranges += 1;
        }
    }
    assert!(ranges > 20, "{ranges}");
}
