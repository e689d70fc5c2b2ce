//! Reading and printing.

use super::*;

fn shown(text: &str) -> String {
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
        assert_eq!(shown(text), expected, "{text}");
        assert_eq!(shown(expected), expected, "{text}");
    }
}
