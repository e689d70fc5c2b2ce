//! Generators of PromQL: trees, queries for the lints, and text that is nearly PromQL.

use nthc::promql::{
    Aggregate, At, Binary, BinaryOp, Call, Duration, DurationNode, Expr, Fill, Group, Grouping,
    Label, MatchOp, Matcher, Matching, MetricName, Modifiers, Node, Offset, Selector, Span,
    StringLit, StringPart, Subquery, UnaryOp, build,
};
use proptest::collection::vec;
use proptest::option::of as maybe;
use proptest::prelude::*;

/// What the generated trees may have in them.
#[derive(Clone, Copy, PartialEq)]
pub enum Dialect {
    /// All there is.
    Full,
    /// What Prometheus reads too: without holes, windows and single bytes, which are the compiler's.
    Prometheus,
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-c]{1,2}".prop_map(|name| name),
        1 => prop::sample::select(vec![
            "sum", "by", "without", "and", "offset", "bool", "on", "group_left", "inf", "NaN", "start", "a:b",
            "fill", "http.requests", "größe", "a b", "1x", "$window", "${_}", "le", "x\"y", "x\\y", "step",
        ]).prop_map(str::to_owned),
    ]
}

fn literal() -> impl Strategy<Value = Duration> {
    prop::sample::select(vec!["5m", "1h30m", "1d", "300", "0.5", "0x1F"])
        .prop_map(Duration::literal)
}

fn duration(dialect: Dialect) -> BoxedStrategy<Duration> {
    let made = |node| Duration {
        node,
        span: Span::default(),
    };
    let leaf = if dialect == Dialect::Full {
        prop_oneof![
            4 => literal(),
            1 => Just(Duration::window()),
            1 => Just(made(DurationNode::Hole(0))),
        ]
        .boxed()
    } else {
        literal().boxed()
    };
    leaf.prop_recursive(2, 6, 2, move |inner| {
        let op = prop::sample::select(vec![
            BinaryOp::Add,
            BinaryOp::Subtract,
            BinaryOp::Multiply,
            BinaryOp::Divide,
            BinaryOp::Power,
        ]);
        prop_oneof![
            6 => literal(),
            1 => (op, inner.clone(), inner.clone())
                .prop_map(move |(op, a, b)| made(DurationNode::Binary(op, Box::new(a), Box::new(b)))),
            1 => inner.clone().prop_map(move |a| made(DurationNode::Paren(Box::new(a)))),
            1 => inner.prop_map(move |a| made(DurationNode::Call("max_of".into(), vec![a.clone(), a]))),
        ]
    })
    .boxed()
}

fn text(dialect: Dialect) -> BoxedStrategy<StringLit> {
    let written = "\\PC{1,3}|[\"\\\\\n\t$'`{}]{1,3}".prop_map(|text| StringPart::Text(text.into()));
    let part = if dialect == Dialect::Full {
        prop_oneof![
            4 => written,
            1 => Just(StringPart::Byte(0xff)),
            1 => Just(StringPart::Hole(0)),
        ]
        .boxed()
    } else {
        written.boxed()
    };
    vec(part, 0..3)
        .prop_map(|parts| {
            let mut merged: Vec<StringPart> = Vec::new();
            for part in parts {
                match (merged.last_mut(), part) {
                    (Some(StringPart::Text(before)), StringPart::Text(text)) => {
                        *before = format!("{before}{text}").into();
                    }
                    (_, part) => merged.push(part),
                }
            }
            StringLit {
                parts: merged,
                span: Span::default(),
            }
        })
        .boxed()
}

fn labels() -> impl Strategy<Value = Vec<Label>> {
    vec(
        name().prop_map(|name| Label {
            name: name.into(),
            span: Span::default(),
        }),
        0..3,
    )
}

fn modifiers(dialect: Dialect) -> impl Strategy<Value = Modifiers> {
    let at = prop_oneof![
        Just(At::Start),
        Just(At::End),
        Just(At::Time("-1.5".into()))
    ];
    let offset = (any::<bool>(), duration(dialect))
        .prop_map(|(negative, duration)| Box::new(Offset { negative, duration }));
    (
        prop::option::weighted(0.1, offset),
        prop::option::weighted(0.1, at),
    )
        .prop_map(|(offset, at)| Modifiers {
            offset,
            at,
            extended: None,
        })
}

fn selector(dialect: Dialect) -> impl Strategy<Value = Selector> {
    let op = prop::sample::select(vec![
        MatchOp::Equal,
        MatchOp::NotEqual,
        MatchOp::Matches,
        MatchOp::NotMatches,
    ]);
    let matcher = (name(), op, text(dialect)).prop_map(|(label, op, value)| Matcher {
        label: label.into(),
        label_span: Span::default(),
        op,
        value,
    });
    (
        prop::option::weighted(0.9, name()),
        vec(matcher, 0..3),
        modifiers(dialect),
    )
        .prop_map(|(metric, matchers, modifiers)| Selector {
            metric: metric.map(|text| MetricName {
                text: text.into(),
                span: Span::default(),
            }),
            matchers,
            modifiers,
        })
}

fn function() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "rate",
        "abs",
        "time",
        "clamp_max",
        "label_join",
        "vector",
        "scalar",
        "hour",
    ])
}

fn binary_op() -> impl Strategy<Value = BinaryOp> {
    use BinaryOp::*;
    prop::sample::select(vec![
        Or,
        And,
        Unless,
        Equal,
        NotEqual,
        Less,
        LessOrEqual,
        Greater,
        GreaterOrEqual,
        Add,
        Subtract,
        Multiply,
        Divide,
        Modulo,
        Power,
        Atan2,
    ])
}

pub fn expr(dialect: Dialect) -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        6 => selector(dialect).prop_map(|selector| Expr::new(Node::Selector(selector))),
        2 => (selector(dialect), duration(dialect)).prop_map(|(selector, range)| {
            Expr::new(Node::Range(Box::new(Expr::new(Node::Selector(selector))), range))
        }),
        2 => prop::sample::select(vec!["0", "1.5", "1e3", "0xff", "Inf", "5m"]).prop_map(build::number),
        1 => text(dialect).prop_map(|text| Expr::new(Node::String(text))),
    ];
    leaf.prop_recursive(4, 24, 3, move |inner| {
        let group =
            maybe((any::<bool>(), labels()).prop_map(|(left, labels)| Group { left, labels }));
        let matching = (any::<bool>(), labels(), group).prop_map(|(on, labels, group)| Matching {
            on,
            labels,
            group,
        });
        let matching = prop::option::weighted(0.3, matching);
        let binary = (
            binary_op(),
            inner.clone(),
            inner.clone(),
            prop::bool::weighted(0.1),
            matching,
        )
            .prop_map(|(op, left, right, return_bool, matching)| {
                Expr::new(Node::Binary(Box::new(Binary {
                    op,
                    op_span: Span::default(),
                    left,
                    right,
                    return_bool,
                    matching,
                    fill: Fill::default(),
                })))
            });
        let grouping = maybe(
            (any::<bool>(), labels()).prop_map(|(without, labels)| Grouping { without, labels }),
        );
        let aggregate =
            (grouping, inner.clone(), any::<bool>()).prop_map(|(grouping, expr, param)| {
                Expr::new(Node::Aggregate(Box::new(Aggregate {
                    op: if param { "topk" } else { "sum" }.into(),
                    op_span: Span::default(),
                    grouping,
                    param: param.then(|| build::number("3")),
                    expr,
                })))
            });
        let call = (function(), vec(inner.clone(), 0..3)).prop_map(|(function, args)| {
            Expr::new(Node::Call(Call {
                function: function.into(),
                function_span: Span::default(),
                args,
            }))
        });
        let subquery = (
            inner.clone(),
            duration(dialect),
            maybe(duration(dialect)),
            modifiers(dialect),
        )
            .prop_map(|(expr, range, step, modifiers)| {
                Expr::new(Node::Subquery(Box::new(Subquery {
                    expr,
                    range,
                    step,
                    modifiers,
                })))
            });
        let unary = (any::<bool>(), inner.clone()).prop_map(|(minus, inner)| {
            let op = if minus { UnaryOp::Minus } else { UnaryOp::Plus };
            Expr::new(Node::Unary(op, Box::new(inner)))
        });
        prop_oneof![
            5 => binary,
            2 => aggregate,
            2 => call,
            1 => subquery,
            1 => unary,
            1 => inner.prop_map(|inner| Expr::new(Node::Paren(Box::new(inner)))),
        ]
    })
}

/// Text that is nearly PromQL.
pub fn near_miss() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "sum",
        "rate",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "x",
        "by",
        "on",
        "group_left",
        "5m",
        "1",
        "0x",
        ",",
        "=",
        "=~",
        "\"a\"",
        "'",
        "`",
        "\\",
        "${_}",
        "$window",
        "$x",
        "offset",
        "@",
        "start()",
        "-",
        "^",
        "and",
        "bool",
        "fill(",
        "</",
        " ",
        "\n",
        "#",
        "é",
        ":",
        "“",
        "_a",
        "1e",
        "inf",
        "by(",
        "without",
    ]);
    vec(token, 0..14).prop_map(|tokens| tokens.concat())
}

/// Queries of the kind that the lints are about.
pub fn linted() -> impl Strategy<Value = String> {
    let matcher = (
        prop::sample::select(vec!["a", "b", "le", "quantile"]),
        prop::sample::select(vec!["=", "!=", "=~", "!~", " =~ "]),
        prop::sample::select(vec![
            "\"\"",
            "\"1\"",
            "'2'",
            "\".*\"",
            "`.+`",
            "\"^1$\"",
            "'^1|2'",
            "\"^*\"",
            "\"\\\\$\"",
            "\"^$\"",
            "\"${_}\"",
            "\"^${_}$\"",
        ]),
    )
        .prop_map(|(label, op, value)| format!("{label}{op}{value}"));
    let selector = (
        prop::sample::select(vec!["x", "up", "x_bucket"]),
        vec(matcher, 0..4),
    )
        .prop_map(|(name, matchers)| format!("{name}{{{}}}", matchers.join(", ")));
    let leaf = prop_oneof![
        3 => selector.clone(),
        2 => (selector, prop::sample::select(vec!["5s", "1m", "$window", "${_}", "1y"]))
            .prop_map(|(selector, range)| format!("rate({selector}[{range}])")),
        1 => prop::sample::select(vec!["vector(0)", "vector(NaN)", "vector(-Inf)", "hour()", "vector(1e308)"])
            .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 24, 2, |inner| {
        let op = prop::sample::select(vec![
            "+", "-", "*", "/", "%", "^", "and", "or", "unless", "<", ">=", "== bool", "!=", "/ on (a)", "- ignoring (b)",
            "* on (a) group_left (b)", "and on ()",
        ]);
        let around = prop::sample::select(vec![
            "sum(", "avg by (a) (", "count(", "absent(", "-(", "histogram_quantile(0.9, ", "topk(1, ", "clamp(1, 2, ",
            "sum without (a) (", "floor(", "clamp_min(",
        ]);
        prop_oneof![
            3 => (inner.clone(), op, inner.clone()).prop_map(|(a, op, b)| format!("({a}) {op} ({b})")),
            3 => (around, inner.clone()).prop_map(|(around, a)| format!("{around}{a})")),
            1 => (inner.clone(), prop::sample::select(vec!["1", "0", "Inf", "NaN", "5m"]))
                .prop_map(|(a, number)| format!("({a}) > {number}")),
            1 => inner.prop_map(|a| format!("rate(({a})[5m:])")),
        ]
    })
}
