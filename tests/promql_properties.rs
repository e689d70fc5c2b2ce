//! Laws of reading, printing and rewriting PromQL.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "promql_properties/generators.rs"]
mod generators;
#[path = "tools/promql.rs"]
#[allow(dead_code)]
mod promql_tree;
#[path = "tools/mod.rs"]
mod tools;

use generators::{Dialect, expr, linted, near_miss};
use nthc::promql::{
    Duration, DurationNode, Error, Expr, HoleType, MAX_DEPTH, MatchOp, Modifiers, Node, Selector,
    StringLit, StringPart, build, classify, infer, labels_of, lint, parse,
    rewrite::{self, HoleValue},
};
use promql_tree::Prometheus;
use proptest::prelude::*;

/// The debug text without parentheses, places and the numbers of holes: what the tree means.
fn meaning(expr: &Expr) -> Expr {
    fn in_duration(duration: &mut Duration) {
        while let DurationNode::Paren(inner) = &mut duration.node {
            *duration = (**inner).clone();
        }
        match &mut duration.node {
            DurationNode::Hole(number) => *number = 0,
            DurationNode::Unary(_, inner) => in_duration(inner),
            DurationNode::Binary(_, left, right) => {
                in_duration(left);
                in_duration(right);
            }
            DurationNode::Call(_, args) => args.iter_mut().for_each(in_duration),
            _ => {}
        }
    }
    fn in_modifiers(modifiers: &mut Modifiers) {
        if let Some(offset) = &mut modifiers.offset {
            in_duration(&mut offset.duration);
        }
    }
    fn in_string(string: &mut StringLit) {
        for part in &mut string.parts {
            if let StringPart::Hole(number) = part {
                *number = 0;
            }
        }
    }
    fn in_expr(expr: &mut Expr) {
        while let Node::Paren(inner) = &mut expr.node {
            *expr = (**inner).clone();
        }
        match &mut expr.node {
            Node::String(string) => in_string(string),
            Node::Selector(selector) => {
                selector
                    .matchers
                    .iter_mut()
                    .for_each(|matcher| in_string(&mut matcher.value));
                in_modifiers(&mut selector.modifiers);
            }
            Node::Range(inner, range) => {
                in_expr(inner);
                in_duration(range);
            }
            Node::Subquery(subquery) => {
                in_expr(&mut subquery.expr);
                in_duration(&mut subquery.range);
                subquery.step.iter_mut().for_each(in_duration);
                in_modifiers(&mut subquery.modifiers);
            }
            Node::Call(call) => call.args.iter_mut().for_each(in_expr),
            Node::Aggregate(aggregate) => {
                aggregate.param.iter_mut().for_each(in_expr);
                in_expr(&mut aggregate.expr);
            }
            Node::Binary(binary) => {
                in_expr(&mut binary.left);
                in_expr(&mut binary.right);
            }
            Node::Unary(_, inner) => in_expr(inner),
            _ => {}
        }
    }
    let mut expr = expr.clone();
    in_expr(&mut expr);
    rewrite::clear_spans(&mut expr);
    expr
}

fn check_places(text: &str, errors: &[Error]) {
    for error in errors {
        assert!(
            text.get(error.span.range()).is_some(),
            "{text:?}: {error:?}"
        );
        assert!(
            !error.message.is_empty() && !error.message.ends_with('.'),
            "{error:?}"
        );
        if let Some((span, _)) = &error.suggestion {
            assert!(text.get(span.range()).is_some(), "{text:?}: {error:?}");
        }
    }
}

/// Every lint of the text, with its place in it; what is sure to mean the same can be read.
fn check_lints(text: &str, expr: &Expr) {
    let surroundings = lint::Surroundings {
        scrape_interval: nthc::ir::Duration(15_000),
        added: Some(["a".into()].into()),
    };
    let inside = parse("sum by (a) (rate(x_total[1m])) > 1").unwrap();
    for known in [
        lint::Known::Type(HoleType::Unknown),
        lint::Known::Type(HoleType::String),
        lint::Known::Number(0.0),
        lint::Known::Duration(nthc::ir::Duration(1)),
        lint::Known::Query(&inside),
    ] {
        let found = lint::lint(expr, &[known; 8], &surroundings);
        check_places(text, &found);
        for error in found {
            assert!(!error.is_error(), "{error:?}");
            if let Some((span, replacement)) = &error.suggestion {
                let mut mended = text.to_owned();
                mended.replace_range(span.range(), replacement);
                let again = parse(&mended);
                assert!(again.is_ok(), "{text:?}: {mended:?}");
                let was_sound = infer(expr, &[]).1.iter().all(|error| !error.is_error());
                let is_sound = again
                    .is_ok_and(|again| infer(&again, &[]).1.iter().all(|error| !error.is_error()));
                assert!(
                    !(error.is_sure && was_sound) || is_sound,
                    "{text:?}: {mended:?}"
                );
            }
        }
    }
}

fn is_accepted(text: &str) -> bool {
    parse(text).is_ok_and(|expr| !infer(&expr, &[]).1.iter().any(Error::is_error))
}

/// The metric and the matchers of a selector, in an order that is not that of the reader.
type Selected = (String, Vec<(String, String, String)>);

/// The selectors that a query has.
fn selectors(expr: &Expr) -> Vec<Selected> {
    let of = |selector: &Selector| {
        let metric = selector.metric.as_ref();
        let matchers = selector.matchers.iter().map(|matcher| {
            let value = matcher.value.text().unwrap().to_owned();
            let op = match matcher.op {
                MatchOp::Equal => "=",
                MatchOp::NotEqual => "!=",
                MatchOp::Matches => "=~",
                MatchOp::NotMatches => "!~",
            };
            (matcher.label.to_string(), op.to_owned(), value)
        });
        let metric = metric.map_or_else(String::new, |metric| metric.text.to_string());
        (metric, in_order(matchers))
    };
    in_order(classify::metrics(expr).map(of))
}

/// The selectors that Prometheus finds.
fn as_ours(theirs: promql_tree::ParsedQuery) -> Vec<Selected> {
    let of = |selector: promql_tree::Selector| {
        let matchers = selector.matchers.into_iter();
        let matchers = matchers.map(|matcher| (matcher.label, matcher.op, matcher.value));
        (selector.metric, in_order(matchers))
    };
    in_order(theirs.selectors.into_iter().map(of))
}

fn in_order<T: Ord>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut all: Vec<T> = all.collect();
    all.sort();
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn reading_is_total(text in prop_oneof![near_miss(), "\\PC{0,40}".prop_map(|text| text)]) {
        match parse(&text) {
            Ok(expr) => {
                for part in classify::exprs(&expr) {
                    prop_assert!(text.get(part.span.range()).is_some_and(|part| !part.is_empty()));
                }
                check_places(&text, &infer(&expr, &[]).1);
                check_lints(&text, &expr);
                let printed = expr.to_string();
                let again = parse(&printed);
                prop_assert!(again.is_ok(), "{:?}: {:?}: {:?}", text, printed, again);
                prop_assert_eq!(meaning(&again.unwrap()), meaning(&expr), "{}", printed);
            }
            Err(errors) => {
                prop_assert!(!errors.is_empty());
                check_places(&text, &errors);
            }
        }
    }

    #[test]
    fn printing_reads_back(expr in expr(Dialect::Full)) {
        let printed = expr.to_string();
        let again = parse(&printed).unwrap_or_else(|errors| panic!("{printed}: {errors:?}"));
        prop_assert_eq!(meaning(&again), meaning(&expr), "{}", printed);
        prop_assert_eq!(again.to_string(), printed);
    }

    #[test]
    fn lints_are_total(tree in expr(Dialect::Full)) {
        // Read again, so that it has places.
        let text = tree.to_string();
        let expr = parse(&text).unwrap();
        check_lints(&text, &expr);
        // Of an aggregation without labels, none are left.
        let sum = build::aggregate("sum", None, tree);
        prop_assert!(!labels_of(&sum).has("a"));
    }

    #[test]
    fn matchers_are_linted_soundly(text in linted()) {
        let expr = parse(&text).unwrap();
        check_lints(&text, &expr);
    }

    #[test]
    fn labels_reach_every_selector_once(tree in expr(Dialect::Full), value in "\\PC{0,4}") {
        let mut once = tree.clone();
        rewrite::inject_labels(&mut once, [("team", value.as_str())]);
        for selector in classify::metrics(&once) {
            prop_assert_eq!(selector.matchers.iter().filter(|matcher| matcher.label == "team").count(), 1);
        }
        prop_assert_eq!(classify::metrics(&once).count(), classify::metrics(&tree).count());
        let mut twice = once.clone();
        rewrite::inject_labels(&mut twice, [("team", value.as_str())]);
        prop_assert_eq!(&twice, &once);
        prop_assert!(parse(&once.to_string()).is_ok());
    }

    #[test]
    fn a_set_window_leaves_none(tree in expr(Dialect::Full)) {
        let mut tree = tree;
        rewrite::set_window(&mut tree, "1h");
        prop_assert!(!classify::uses_window(&tree));
    }

    #[test]
    fn interpolated_text_stays_text(value in "\\PC{0,8}|[\"\\\\\n${}_]{0,8}") {
        let mut query = parse("x{a=\"${_}\", b!=\"<${_}>\"}").unwrap();
        rewrite::fill_holes(&mut query, &[HoleValue::Text(value.clone()), HoleValue::Text(value.clone())]).unwrap();
        let read = parse(&query.to_string()).unwrap();
        let Node::Selector(selector) = &read.node else { panic!("{read}") };
        prop_assert_eq!(selector.matchers.len(), 2);
        prop_assert_eq!(selector.matchers[0].value.text(), Some(value.as_str()));
        let around = format!("<{value}>");
        prop_assert_eq!(selector.matchers[1].value.text(), Some(around.as_str()));
    }

    #[test]
    fn interpolated_text_in_a_regex_matches_itself(value in "\\PC{0,8}") {
        let mut query = parse("x{a=~\"${_}\"}").unwrap();
        rewrite::fill_holes(&mut query, &[HoleValue::Text(value)]).unwrap();
        prop_assert!(is_accepted(&query.to_string()), "{}", query);
    }

    #[test]
    fn agrees_with_a_second_opinion(expr in expr(Dialect::Prometheus)) {
        let Some(prometheus) = Prometheus::find() else {
            return Ok(());
        };
        let printed = expr.to_string();
        let theirs = prometheus.parse(&printed);
        prop_assert_eq!(is_accepted(&printed), theirs.is_ok(), "{}: {:?} {:?}", printed, theirs.err(),
            parse(&printed).map(|expr| infer(&expr, &[]).1));
        if let Ok(theirs) = theirs {
            prop_assert_eq!(selectors(&parse(&printed).unwrap()), as_ours(theirs), "{}", printed);
        }
    }
}

/// A backslash before a sign that is neither a letter nor a digit means the sign, in a regex of Prometheus.
#[test]
fn every_sign_may_be_escaped_in_a_regex() {
    for sign in (0u8..128)
        .map(char::from)
        .filter(|c| !c.is_ascii_alphanumeric())
    {
        let value = StringLit::new(format!("\\{sign}"));
        let query = format!("x{{a=~{value}}}");
        assert!(is_accepted(&query), "{query}");
        if let Some(prometheus) = Prometheus::find() {
            assert_eq!(prometheus.parse(&query).err(), None, "{query}");
        }
    }
}

#[test]
fn nesting_is_bounded() {
    for open in [
        "(", "sum(", "-(", "x[", "{", "x + (", "rate(x[(", "f(a,", "clamp(1,",
    ] {
        let text = open.repeat(100_000);
        let errors = parse(&text).unwrap_err();
        assert_eq!(errors.len(), 1, "{open}");
        assert_eq!(errors[0].code.slug, "promql-too-deep", "{open}");
    }
}

#[test]
fn long_chains_are_bounded() {
    for text in [
        "-".repeat(100_000) + "x",
        "x".to_owned() + &" ^ x".repeat(100_000),
        "x".to_owned() + &" or x".repeat(100_000),
    ] {
        assert_eq!(parse(&text).unwrap_err()[0].code.slug, "promql-too-deep");
    }
    let long = "x".to_owned() + &" or x".repeat(300);
    assert_eq!(parse(&long).unwrap().to_string(), long);
    let wide = format!("label_join({})", vec!["x"; 20_000].join(", "));
    assert_eq!(parse(&wide).unwrap().to_string(), wide);
}

#[test]
fn what_is_as_deep_as_allowed_is_read() {
    for (open, close) in [
        ("(", ")"),
        ("sum(", ")"),
        ("abs(-(", "))"),
        ("clamp_max(", ", 1)"),
        ("1 + (", ")"),
        ("topk(1, ", ")"),
    ] {
        let times = MAX_DEPTH / open.matches('(').count();
        let text = format!("{}x{}", open.repeat(times), close.repeat(times));
        let expr = parse(&text).unwrap_or_else(|errors| panic!("{open}: {errors:?}"));
        assert_eq!(expr.to_string(), text);
        assert!(infer(&expr, &[]).1.is_empty(), "{open}");
    }
}

#[test]
fn malformed_nesting_takes_no_second_reading() {
    // Each level of these would double the time if an alternative were tried twice.
    for (open, close) in [
        ("(", ""),
        ("sum(", "]"),
        ("sum by (a) (", ""),
        ("f(x, ", "}"),
        ("x[(", "]"),
        ("x offset (", ""),
        ("-(", "]"),
        ("x + on (a) group_left (b) (", ""),
        ("x[max_of(1,", ""),
    ] {
        let times = MAX_DEPTH / open.matches(['(', '[']).count().max(1) / 2;
        let text = format!("{}x{}", open.repeat(times), close.repeat(times));
        assert!(parse(&text).is_err(), "{open}");
    }
}
