//! Tests of parsing, printing and error messages.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

fn reprint(text: &str) -> String {
    match parse(text) {
        Ok(expr) => expr.to_string(),
        Err(errors) => errors
            .iter()
            .map(|e| format!("{}@{:?}", e.message, e.span))
            .collect::<Vec<_>>()
            .join("; "),
    }
}

#[test]
fn canonical_text() {
    for (text, expected) in [
        (
            "sum  (rate( x{ a=\"b\" , } [5m]) ) BY (job,)",
            "sum by (job) (rate(x{a=\"b\"}[5m]))",
        ),
        ("a+b*c^d^e", "a + b * c ^ d ^ e"),
        ("-a^b", "-a ^ b"),
        ("((a+b))*c", "((a + b)) * c"),
        ("a / on(job)group_left b", "a / on (job) group_left b"),
        (
            "a / on(job)group_left()(b)",
            "a / on (job) group_left () (b)",
        ),
        ("x offset -5m @ start()", "x @ start() offset -5m"),
        ("x[1h:5m] offset 5m", "x[1h:5m] offset 5m"),
        ("x[$window:]", "x[$window:]"),
        (
            "{\"http.requests\", \"label.x\"='y\"z'}",
            "{\"http.requests\",\"label.x\"=\"y\\\"z\"}",
        ),
        ("sum by (\"a.b\") (x)", "sum by (\"a.b\") (x)"),
        ("${____}[5m] offset 1h", "${____}[5m] offset 1h"),
        (
            "x{a=\"b${__}c\"} > bool 0x1F # end",
            "x{a=\"b${____}c\"} > bool 0x1F",
        ),
        ("foo offset (5) ", "foo offset +(5)"),
        ("foo[5m+1m*2]", "foo[5m + 1m * 2]"),
        ("a + fill(0) b", "a + fill (0) b"),
    ] {
        assert_eq!(reprint(text), expected, "{text}");
        assert_eq!(reprint(expected), expected, "{text}");
    }
}

/// Renders the errors of a query.
fn screen(text: &str, holes: &[HoleType]) -> String {
    let errors = match parse(text) {
        Ok(expr) => infer(&expr, holes).1,
        Err(errors) => errors,
    };
    let mut out = format!("{text}\n");
    for error in errors {
        let before = text[..error.span.start as usize].chars().count();
        let width = text[error.span.range()].chars().count().max(1);
        let label = if error.label.is_empty() {
            String::new()
        } else {
            format!(" {}", error.label)
        };
        let kind = if error.is_error() { "error" } else { "warning" };
        out += &format!("{}{}{label}\n", " ".repeat(before), "^".repeat(width));
        out += &format!("  {kind}[{}]: {}\n", error.code.id, error.message);
        for note in &error.notes {
            out += &format!("  note: {note}\n");
        }
        for help in &error.help {
            out += &format!("  help: {help}\n");
        }
        if let Some((span, replacement)) = &error.suggestion {
            let mut mended = text.to_owned();
            mended.replace_range(span.range(), replacement);
            out += &format!("  try: {mended}\n");
        }
    }
    out
}

fn screens(queries: &[&str]) -> String {
    queries
        .iter()
        .map(|text| screen(text, &[]))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn malformed_queries() {
    insta::assert_snapshot!(screens(&[
        "",
        "sum(rate(x_total[5m])",
        "sum(rate(x_total[5m])))",
        "sum(a b)",
        "sum by (job, (x)",
        "sum by job (x)",
        "by (job) (x)",
        "()",
        "x +",
        "x + * y",
        "x && y",
        "x = 1",
        "x > = 1",
        "x =~ \"a\"",
        "x × y",
        "x ; y",
        "rate(x[5m],)",
        "x{",
        "x{job=\"a}",
        "x{job=a}",
        "x{job==\"a\"}",
        "x{job=“a”}",
        "x{job=\"a\" code=\"b\"}",
        "x{job}",
        "x{path=\"\\d+\", host=\"a\\.b\"}",
        "x[5min]",
        "x[1m1h]",
        "x[0s]",
        "x[]",
        "x[\"5m\"]",
        "x[5m:5m:5m]",
        "x offset",
        "x @ foo",
        "x[$__rate_interval]",
        "x + $window",
        "1.2.3 + 1foo",
        "sum by (without) (x)",
        "x * group_left y",
        "foo{__name__=\"bar\"}",
        "(x + y)[5m]",
        "x offset 1h [5m]",
        "rate(x[5m]) offset 1h",
        "x offset 1m offset 2m",
        "topk(x)",
    ]));
}

#[test]
fn queries_that_make_no_sense() {
    insta::assert_snapshot!(screens(&[
        "rate(http_requests_total)",
        "rate(sum(x))",
        "sum(x[5m])",
        "rat(x[5m])",
        "Rate(x[5m])",
        "mean(x)",
        "clamp(x, 1)",
        "round(x, 1, 2)",
        "floor()",
        "time(x)",
        "histogram_quantile(x, 0.9)",
        "topk(x, 5)",
        "topk(x, y)",
        "vector(x)",
        "abs(1)",
        "\"abc\" + 1",
        "-x[5m]",
        "1 > 2",
        "a and bool b",
        "x and 1",
        "x + on (job) 1",
        "x * on (job) group_left (job) y",
        "x unless on (job) group_left y",
        "x{path=~\"a(b\"}",
        "x{path=~\"(?!a)\"}",
        "{job=~\".*\"}",
        "mad_over_time(x[5m])",
        "x[5m + 1m]",
        "info(x, foo{a=\"b\"})",
    ]));
}

#[test]
fn holes_that_do_not_fit() {
    let shown = [
        ("${__}_total", HoleType::String),
        ("sum(${__}{a=\"b\"})", HoleType::Selector),
        ("${__}(x)", HoleType::String),
        ("x{a=${__}}", HoleType::String),
        ("x{${__}=\"a\"}", HoleType::String),
        ("sum by (${__}) (x)", HoleType::String),
        ("x[${__}m]", HoleType::Scalar),
        ("rate(${__})", HoleType::Vector),
        ("rate(${__}[5m])", HoleType::Vector),
        ("${__} offset 5m", HoleType::Scalar),
        ("sum(${__})", HoleType::Scalar),
        ("x[${__}]", HoleType::String),
        ("x{a=\"${__}\"}", HoleType::Selector),
        ("x and ${__}", HoleType::Scalar),
    ]
    .map(|(text, hole)| screen(text, &[hole]))
    .join("\n");
    insta::assert_snapshot!(shown);
}

#[test]
fn holes_that_fit() {
    for (text, hole) in [
        ("rate(${__}[5m])", HoleType::Selector),
        ("rate(${__}[5m] offset 1h)", HoleType::Selector),
        ("sum(${__}) > 1", HoleType::Vector),
        ("x > ${__}", HoleType::Scalar),
        ("x > ${__}", HoleType::Duration),
        ("x[${__}]", HoleType::Duration),
        ("x[1h:${__}]", HoleType::Duration),
        ("x offset ${__}", HoleType::Duration),
        ("x{a=\"${__}\"}", HoleType::String),
        ("x{a=~\"${__}|b(\"}", HoleType::String),
        ("rate(${__})", HoleType::Unknown),
        (
            "label_replace(x, ${__}, \"\", \"\", \"\")",
            HoleType::String,
        ),
    ] {
        let (_, errors) = infer(&parse(text).unwrap(), &[hole]);
        assert!(errors.is_empty(), "{text}: {errors:?}");
    }
}

#[test]
fn types() {
    for (text, expected) in [
        ("1 + 2", Some(Type::Scalar)),
        ("1 + x", Some(Type::InstantVector)),
        ("x[5m]", Some(Type::RangeVector)),
        ("x[5m:]", Some(Type::RangeVector)),
        ("'a'", Some(Type::String)),
        ("-(1)", Some(Type::Scalar)),
        ("scalar(x)", Some(Type::Scalar)),
        ("${_}", None),
        ("${_} + x", Some(Type::InstantVector)),
        ("sum(${_})", Some(Type::InstantVector)),
        ("nothing(x)", None),
    ] {
        assert_eq!(infer(&parse(text).unwrap(), &[]).0, expected, "{text}");
    }
}

#[test]
fn places() {
    let text = "sum by (job) (rate(x{a=\"b\"}[5m] offset 1h)) / on (job) y  > 1 # end";
    let expr = parse(text).unwrap();
    let shown: Vec<_> = classify::exprs(&expr)
        .map(|expr| &text[expr.span.range()])
        .collect();
    assert_eq!(
        shown,
        [
            "sum by (job) (rate(x{a=\"b\"}[5m] offset 1h)) / on (job) y  > 1",
            "sum by (job) (rate(x{a=\"b\"}[5m] offset 1h)) / on (job) y",
            "sum by (job) (rate(x{a=\"b\"}[5m] offset 1h))",
            "rate(x{a=\"b\"}[5m] offset 1h)",
            "x{a=\"b\"}[5m] offset 1h",
            "x{a=\"b\"}",
            "y",
            "1",
        ]
    );
}

#[test]
fn a_comment_is_no_argument() {
    for (text, at) in [
        ("sum(", 3),
        ("sum( # größe", 3),
        ("sum(\n# )\n", 3),
        ("topk(1, # ü\n)", 6),
        ("label_replace(x, \"#\", # ü\n)", 20),
    ] {
        let errors = parse(text).unwrap_err();
        let places: Vec<_> = errors.iter().map(|error| error.span.start).collect();
        assert_eq!(places, [at], "{text}: {errors:?}");
    }
}

#[test]
fn holes_are_numbered_as_they_stand() {
    // The one in the comment counts: whoever masked it counted it too.
    let text = "x{a=\"${_}b${__}\"}[${_}] # ${_}\n + ${___}";
    let numbers: Vec<_> = (0..5).map(|number| format!("Hole({number})")).collect();
    let shown = format!("{:?}", parse(text).unwrap()).replace("Hole(\n", "Hole(");
    let found: Vec<_> = numbers
        .iter()
        .map(|number| shown.contains(number.as_str()))
        .collect();
    assert_eq!(found, [true, true, true, false, true]);
}

#[test]
fn filling_holes() {
    use super::rewrite::{HoleValue, fill_holes};
    let query = |text| HoleValue::Expr(parse(text).unwrap());
    for (text, values, expected) in [
        (
            "rate(${_}[5m])",
            vec![query("x{a=\"b\"}")],
            "rate(x{a=\"b\"}[5m])",
        ),
        ("rate(${_}[5m])", vec![query("(x)")], "rate(x[5m])"),
        (
            "rate(${_}[5m] offset 1h)",
            vec![query("x")],
            "rate(x[5m] offset 1h)",
        ),
        (
            "${_} offset 1h",
            vec![query("x @ 5 offset 2h")],
            "x @ 5 offset 1h",
        ),
        ("2 * ${_}", vec![query("a + b")], "2 * (a + b)"),
        (
            "${_} > ${_}",
            vec![query("x"), HoleValue::Number("-0.5".into())],
            "x > -0.5",
        ),
        (
            "x[${_}:${_}]",
            vec![
                HoleValue::Duration("1h".into()),
                HoleValue::Duration("5m".into()),
            ],
            "x[1h:5m]",
        ),
        (
            "x{a=\"${_}\"}",
            vec![HoleValue::Text("a\"b\\c${_}".into())],
            "x{a=\"a\\\"b\\\\c\\x24{_}\"}",
        ),
        (
            "x{a=~\"${_}|y\"}",
            vec![HoleValue::Text("a.b".into())],
            "x{a=~\"a\\\\.b|y\"}",
        ),
    ] {
        let mut expr = parse(text).unwrap();
        fill_holes(&mut expr, &values).unwrap();
        assert_eq!(expr.to_string(), expected, "{text}");
    }
    let mut expr = parse("rate(${_}[5m]) + y[${_}] + ${_}").unwrap();
    let errors = fill_holes(&mut expr, &[query("sum(x)"), query("x")]).unwrap_err();
    let mut holes: Vec<_> = errors.iter().map(|error| error.hole).collect();
    holes.sort_unstable();
    assert_eq!(holes, [0, 1, 2]);
}

#[test]
fn numbers_and_durations() {
    use super::literal::{BadDuration, duration, number};
    for (text, expected) in [
        ("1", Some(1.0)),
        ("0755", Some(493.0)),
        ("089", Some(89.0)),
        ("0x1F", Some(31.0)),
        ("0x_ff", Some(255.0)),
        ("1_000.5e-3", Some(1.0005)),
        (".5", Some(0.5)),
        ("5.", Some(5.0)),
        ("Inf", Some(f64::INFINITY)),
        ("1__0", None),
        ("1_", None),
        ("1e", None),
        ("1e400", None),
        ("0x", None),
        ("0xg", None),
        ("1.2.3", None),
        ("infinity", None),
        ("5m", None),
    ] {
        assert_eq!(number(text), expected, "{text}");
    }
    let seconds = |text| duration(text).map(|time| time.as_secs_f64());
    assert_eq!(seconds("1h30m"), Ok(5400.0));
    assert_eq!(seconds("1s500ms"), Ok(1.5));
    assert_eq!(seconds("1y"), Ok(365.0 * 86400.0));
    assert_eq!(seconds("30m1h"), Err(BadDuration::Order));
    assert_eq!(seconds("1h1h"), Err(BadDuration::Order));
    assert_eq!(seconds("1.5h"), Err(BadDuration::Malformed));
    assert_eq!(seconds("300y"), Err(BadDuration::TooLong));
    assert_eq!(seconds("99999999999999999999y"), Err(BadDuration::TooLong));
}

#[test]
fn bytes_that_are_no_text_are_kept() {
    assert_eq!(
        reprint(r#"x{a="\xff\303\251\u00e9"}"#),
        r#"x{a="\xffÃ©é"}"#.replace("Ã©", "é")
    );
}
