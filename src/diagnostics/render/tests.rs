#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use nth_diagnostics::{Applicability, Code, Edit, Fix, Label};

static UNKNOWN: Code = Code {
    id: "N9901",
    slug: "unknown-thing",
    severity: Severity::Error,
    summary: "A name that nothing has.",
    page: "# N9901 unknown-thing\n\nA page.\n",
};
static CEILING: Code = Code {
    id: "N9902",
    slug: "high-thing",
    severity: Severity::Warning,
    summary: "More than can be kept.",
    page: "# N9902 high-thing\n",
};

const CHECKOUT: &str = "\
service checkout {
\tteam = paymnts // für später
  slo availability {
    objective = 99.99%
    window    = 30d
  }
}
";
const TEAM: &str = "team payments {\n}\n";

/// The first place of a needle in a file.
fn find_span(sources: &SourceMap, file: usize, needle: &str) -> FileSpan {
    let start = sources.file(file).unwrap().text.find(needle).unwrap();
    FileSpan {
        file,
        start,
        end: start + needle.len(),
    }
}

fn project() -> (SourceMap, Vec<Diagnostic<FileSpan>>) {
    let mut sources = SourceMap::default();
    let checkout = sources.add("services/checkout.nth", CHECKOUT);
    let team = sources.add("teams/payments.nth", TEAM);
    let name = find_span(&sources, checkout, "paymnts");
    let objective = find_span(&sources, checkout, "99.99%");
    let slo = find_span(
        &sources,
        checkout,
        "slo availability {\n    objective = 99.99%\n    window    = 30d\n  }",
    );
    let brace = FileSpan {
        file: team,
        start: TEAM.len(),
        end: TEAM.len(),
    };
    let diagnostics = vec![
        Diagnostic::new(
            &CEILING,
            "objective `99.99%` is above its ceiling",
            objective,
        )
        .because(slo, "of this objective")
        .because(
            find_span(&sources, team, "payments"),
            "which this team answers for",
        )
        .help("Lower the objective.\nOr make the dependency soft."),
        Diagnostic::new(&UNKNOWN, "no team is called `paymnts`", name)
            .label("not a template, variant or block of that kind")
            .help("A team is declared with `team paymnts { … }`.")
            .fix(
                "Replace with `payments`",
                name,
                "payments",
                Applicability::Always,
            ),
        Diagnostic::new(&UNKNOWN, "a brace is missing", brace).fix(
            "Add the brace",
            brace,
            "  slack = \"#payments\"\n}\n",
            Applicability::Maybe,
        ),
    ];
    (sources, diagnostics)
}

fn render_text(
    diagnostics: &[Diagnostic<FileSpan>],
    sources: &SourceMap,
    format: Format,
) -> String {
    let mut out = Vec::new();
    render(diagnostics, sources, format, false, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn human() {
    let (sources, diagnostics) = project();
    insta::assert_snapshot!(render_text(&diagnostics, &sources, Format::Human));
}

#[test]
fn short() {
    let (sources, diagnostics) = project();
    insta::assert_snapshot!(render_text(&diagnostics, &sources, Format::Short), @r"
    services/checkout.nth:2:9: error[N9901]: no team is called `paymnts`
    services/checkout.nth:4:17: warning[N9902]: objective `99.99%` is above its ceiling
    teams/payments.nth:3:1: error[N9901]: a brace is missing
    ");
}

#[test]
fn json() {
    let (sources, diagnostics) = project();
    let text = render_text(&diagnostics, &sources, Format::Json);
    let objects: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(objects.len(), 3);
    insta::assert_snapshot!(serde_json::to_string_pretty(&objects[0]).unwrap());
}

#[test]
fn sarif() {
    let (sources, diagnostics) = project();
    let text = render_text(&diagnostics, &sources, Format::Sarif);
    let log: serde_sarif::sarif::Sarif = serde_json::from_str(&text).unwrap();
    assert_eq!(log.runs.len(), 1);
    let run = &log.runs[0];
    let rules = run.tool.driver.rules.as_ref().unwrap();
    for result in run.results.as_ref().unwrap() {
        let rule = &rules[usize::try_from(result.rule_index.unwrap()).unwrap()];
        assert_eq!(Some(&rule.id), result.rule_id.as_ref());
    }
    insta::assert_snapshot!(text.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
}

#[test]
fn github() {
    let (sources, diagnostics) = project();
    insta::assert_snapshot!(render_text(&diagnostics, &sources, Format::Github));
}

#[test]
fn github_escapes_what_would_end_a_property() {
    let mut sources = SourceMap::default();
    let file = sources.add("a,b:c%.nth", "x\r\n");
    let span = FileSpan {
        file,
        start: 0,
        end: 1,
    };
    let diagnostics = [Diagnostic::new(
        &UNKNOWN,
        "100% of\r\nthis: that, ::error::",
        span,
    )];
    assert_eq!(
        render_text(&diagnostics, &sources, Format::Github),
        "::error file=a%2Cb%3Ac%25.nth,line=1,endLine=1,col=1,endColumn=2,title=N9901 unknown-thing\
         ::100%25 of%0D%0Athis: that, ::error::\n"
    );
}

#[test]
fn human_aligns_wide_characters_tabs_and_crlf() {
    let mut sources = SourceMap::default();
    let file = sources.add("a.nth", "\t名前 = \"é\"\t+ x\r\n\ty = x\r\n");
    let start = sources.file(file).unwrap().text.find("+ x").unwrap() + 2;
    let second = sources.file(file).unwrap().text.rfind('x').unwrap();
    let diagnostics = [Diagnostic::new(
        &UNKNOWN,
        "no `x`",
        FileSpan {
            file,
            start,
            end: start + 1,
        },
    )
    .label("this")
    .because(
        FileSpan {
            file,
            start: second,
            end: second + 1,
        },
        "and this",
    )];
    insta::assert_snapshot!(render_text(&diagnostics, &sources, Format::Human));
}

#[test]
fn all_formats_agree_on_lines_whatever_ends_them() {
    let mut sources = SourceMap::default();
    let file = sources.add("a.nth", "a\u{2028}b\rc\u{b}d\u{85}\nx");
    let start = sources.file(file).unwrap().text.len() - 1;
    let diagnostics = [Diagnostic::new(
        &UNKNOWN,
        "no `x`",
        FileSpan {
            file,
            start,
            end: start + 1,
        },
    )
    .label("this")];
    assert!(render_text(&diagnostics, &sources, Format::Human).contains("a.nth:2:1"));
    assert!(render_text(&diagnostics, &sources, Format::Short).starts_with("a.nth:2:1:"));
    assert!(render_text(&diagnostics, &sources, Format::Github).contains("line=2,"));
}

#[test]
fn nothing_from_a_source_reaches_the_terminal_as_a_command() {
    let mut sources = SourceMap::default();
    let file = sources.add("a\u{1b}[2J.nth", "x \u{1b}[31m \u{202e}\u{7}\n");
    let span = FileSpan {
        file,
        start: 0,
        end: 1,
    };
    let diagnostics = [Diagnostic::new(&UNKNOWN, "no `\u{1b}[2J\nx`", span)
        .label("a\u{7}")
        .help("b\u{1b}c")];
    for format in [Format::Human, Format::Short] {
        let text = render_text(&diagnostics, &sources, format);
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
    }
}

#[test]
fn colors_only_when_asked() {
    let (sources, diagnostics) = project();
    for format in [Format::Human, Format::Short] {
        let mut out = Vec::new();
        render(&diagnostics, &sources, format, true, &mut out).unwrap();
        let colored = String::from_utf8(out).unwrap();
        assert!(colored.contains("\u{1b}["));
        let plain = render_text(&diagnostics, &sources, format);
        assert!(!plain.contains('\u{1b}'));
        // Blanks at the end of a line are only there for the colors.
        let stripped = anstream::adapter::strip_str(&colored).to_string();
        let lines: Vec<&str> = stripped.trim_end().lines().map(str::trim_end).collect();
        assert_eq!(lines.join("\n"), plain.trim_end());
    }
}

#[test]
fn identical_ones_are_shown_once_and_order_does_not_depend_on_the_input() {
    let (sources, diagnostics) = project();
    let mut twice: Vec<_> = diagnostics.iter().rev().cloned().collect();
    twice.extend(diagnostics.iter().cloned());
    for format in [
        Format::Human,
        Format::Short,
        Format::Json,
        Format::Sarif,
        Format::Github,
    ] {
        assert_eq!(
            render_text(&twice, &sources, format),
            render_text(&diagnostics, &sources, format),
            "{format:?}"
        );
    }
    assert_eq!(summary(&twice), "2 errors, 1 warning");
}

#[test]
fn places_that_do_not_exist_are_survived() {
    let mut sources = SourceMap::default();
    let empty = sources.add("empty.nth", "");
    let umlaut = sources.add("umlaut.nth", "ü");
    let spans = [
        FileSpan {
            file: empty,
            start: 0,
            end: 0,
        },
        FileSpan {
            file: empty,
            start: 5,
            end: 2,
        },
        FileSpan {
            file: umlaut,
            start: 1,
            end: 1,
        },
        FileSpan {
            file: umlaut,
            start: 2,
            end: 40,
        },
        FileSpan {
            file: 9,
            start: 0,
            end: 1,
        },
    ];
    for span in spans {
        let edit = Edit {
            span,
            replacement: "x".to_owned(),
        };
        let mut diagnostic = Diagnostic::new(&UNKNOWN, "wrong", span).because(span, "why");
        diagnostic.secondary.push(Label {
            span: FileSpan {
                file: umlaut,
                start: 0,
                end: 2,
            },
            text: String::new(),
        });
        diagnostic.fixes.push(Fix {
            title: "Mend".to_owned(),
            edits: vec![edit],
            applicability: Applicability::Maybe,
        });
        for format in [
            Format::Human,
            Format::Short,
            Format::Json,
            Format::Sarif,
            Format::Github,
        ] {
            assert!(
                render_text(std::slice::from_ref(&diagnostic), &sources, format).contains("wrong")
            );
        }
    }
}

#[test]
fn nothing_to_tell() {
    let sources = SourceMap::default();
    for format in [Format::Human, Format::Short, Format::Json, Format::Github] {
        assert_eq!(render_text(&[], &sources, format), "");
    }
    assert_eq!(summary(&[]), "");
    assert!(next_steps(&[]).is_empty());
}

#[test]
fn summaries_count() {
    let (_, diagnostics) = project();
    assert_eq!(summary(&diagnostics), "2 errors, 1 warning");
    assert_eq!(summary(&diagnostics[..1]), "1 warning");
    assert_eq!(
        next_steps(&diagnostics),
        [
            "`nthc check --fix` can fix 1 of these.",
            "For details, run `nthc explain N9901`."
        ]
    );
}

#[test]
fn a_fix_shows_the_lines_it_changes_in_every_file() {
    let (sources, _) = project();
    let span = find_span(&sources, 0, "team = paymnts");
    let mut diagnostic = Diagnostic::new(&UNKNOWN, "no team is called `paymnts`", span)
        .label("not a template, variant or block of that kind");
    diagnostic.fixes.push(Fix {
        title: "Declare the team".to_owned(),
        edits: vec![
            Edit {
                span: FileSpan {
                    file: 1,
                    start: 0,
                    end: 0,
                },
                replacement: "team paymnts {\n}\n".to_owned(),
            },
            Edit {
                span: find_span(&sources, 0, "99.99%"),
                replacement: "99%".to_owned(),
            },
            Edit {
                span: find_span(&sources, 0, "paymnts"),
                replacement: "payments".to_owned(),
            },
        ],
        applicability: Applicability::Maybe,
    });
    insta::assert_snapshot!(render_text(&[diagnostic], &sources, Format::Human));
}

proptest::proptest! {
    #[test]
    fn any_spans_in_any_text_are_drawn(
        texts in proptest::collection::vec("[a-c\u{e9}\u{540d}\u{1f980}\u{301}\u{200d}\t\r\n \u{b}\u{2028}]{0,30}", 1..3),
        places in proptest::collection::vec((0usize..3, 0usize..40, 0usize..40, "[a-z \n]{0,5}"), 1..6),
    ) {
        let mut sources = SourceMap::default();
        for (number, text) in texts.iter().enumerate() {
            sources.add(format!("{number}.nth"), text.as_str());
        }
        let label = |(file, start, length, text): &(usize, usize, usize, String)| Label {
            span: FileSpan { file: *file, start: *start, end: start + length },
            text: text.clone(),
        };
        let mut diagnostic = Diagnostic::new(&UNKNOWN, "wrong", label(&places[0]).span);
        diagnostic.primary = label(&places[0]);
        diagnostic.secondary = places[1..].iter().map(label).collect();
        diagnostic.fixes.push(Fix {
            title: "Mend".to_owned(),
            edits: places
                .iter()
                .map(|place| Edit { span: label(place).span, replacement: place.3.clone() })
                .collect(),
            applicability: Applicability::Maybe,
        });
        for format in [Format::Human, Format::Short, Format::Json, Format::Sarif, Format::Github] {
            proptest::prop_assert!(
                render_text(std::slice::from_ref(&diagnostic), &sources, format).contains("wrong")
            );
        }
    }
}

#[test]
fn a_fix_that_a_help_shows_is_not_printed_again() {
    let mut sources = SourceMap::default();
    let file = sources.add("a.nth", "x(y)\n");
    let end = FileSpan {
        file,
        start: 3,
        end: 3,
    };
    let diagnostic = Diagnostic::new(&UNKNOWN, "missing range", end)
        .note("a counter has no rate without one")
        .help("add a range: `y[5m]`")
        .fix("Insert `[5m]`", end, "[5m]", Applicability::Maybe);
    for format in [Format::Human, Format::Github] {
        let mut out = Vec::new();
        render(
            std::slice::from_ref(&diagnostic),
            &sources,
            format,
            false,
            &mut out,
        )
        .unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(!out.contains("Insert"), "{out}");
        assert!(
            out.contains("ote: a counter has no rate without one"),
            "{out}"
        );
        assert!(!out.contains("here"), "{out}");
    }
}
