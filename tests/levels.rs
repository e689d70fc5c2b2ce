//! Levels of warnings and comments that allow them, from end to end, and the laws that they follow.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
mod place;

use std::sync::Arc;

use nthc::compile::{Compilation, Input, SourceInput, compile};
use nthc::diagnostics::fix;
use nthc::diagnostics::{Applicability, Code, codes};
use nthc::project::default_settings;
use nthc::suppressions::Levels;
use place::Place;
use proptest::prelude::*;

/// A project with two experimental queries, which a comment can stand at.
const CHECKOUT: &str = "import teams

service checkout {
  team     = teams.payments
  selector = { job = \"checkout\" }

  alert deep { when = `limitk(3, queue_depth) > 100` }
}
";

fn shop(lints: &str) -> Place {
    let place = Place::new();
    place.write(
        "nth.toml",
        format!("[project]\nname = \"shop\"\n\n[lints]\n{lints}\n"),
    );
    place.write("teams.nth", "team payments { slack = \"#payments\" }\n");
    place.write("checkout.nth", CHECKOUT);
    place
}

const ALLOWED: (&str, &str) = ("  alert deep", "  // nth: allow(N0422)\n  alert deep");

#[test]
fn a_level_decides_how_a_command_ends() {
    for (lints, check, said) in [
        ("", 0, "0 errors, 1 warning"),
        ("promql-experimental = \"warn\"", 0, "0 errors, 1 warning"),
        ("promql-experimental = \"allow\"", 0, "0 errors, 0 warnings"),
        ("N0422 = \"error\"", 1, "1 error, 0 warnings"),
    ] {
        let place = shop(lints);
        let ran = place.run(&["check", "--format", "short"]);
        assert_eq!(ran.code, check, "{lints}: {ran:?}");
        assert!(ran.err.contains(said), "{lints}: {ran:?}");
        let ran = place.run(&["build", "--format", "short"]);
        assert_eq!(ran.code, check, "{lints}: {ran:?}");
        assert_eq!(
            place.path("build/prometheus/checkout.yaml").exists(),
            check == 0,
            "{lints}: {ran:?}"
        );
    }
}

#[test]
fn every_format_shows_the_severity_that_was_set() {
    let place = shop("N0422 = \"error\"");
    for (format, sign) in [
        ("human", "error[N0422]: `limitk` is experimental"),
        ("short", "checkout.nth:7:24: error[N0422]: "),
        ("json", "\"severity\":\"error\""),
        ("sarif", "\"level\": \"error\",\n          \"locations\""),
        ("github", "::error file=checkout.nth,line=7,"),
    ] {
        let ran = place.run(&["check", "--format", format]);
        let shown = format!("{}{}", ran.out, ran.err);
        assert!(shown.contains(sign), "{format}: {shown}");
        assert!(
            !shown.contains("::warning") && !shown.contains("warning["),
            "{shown}"
        );
    }
    // In SARIF the rule keeps what it is by itself, and the result says what it is here.
    let log: serde_json::Value =
        serde_json::from_str(&place.run(&["check", "--format", "sarif"]).out).unwrap();
    let run = &log["runs"][0];
    assert_eq!(run["results"][0]["level"], "error");
    assert_eq!(
        run["tool"]["driver"]["rules"][0]["defaultConfiguration"]["level"],
        "warning"
    );
}

#[test]
fn what_a_comment_allows_is_in_no_format_and_fails_nothing() {
    for lints in ["", "N0422 = \"error\""] {
        let place = shop(lints);
        place.replace("checkout.nth", ALLOWED.0, ALLOWED.1);
        for format in ["human", "short", "json", "sarif", "github"] {
            let ran = place.run(&["check", "--deny-warnings", "--format", format]);
            assert_eq!(ran.code, 0, "{format}: {ran:?}");
            let shown = format!("{}{}", ran.out, ran.err);
            assert!(!shown.contains("N0422"), "{format}: {shown}");
        }
        let ran = place.run(&["build", "--deny-warnings"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(place.path("build/prometheus/checkout.yaml").exists());
    }
}

#[test]
fn warnings_can_be_denied_in_one_run() {
    let place = shop("");
    assert_eq!(place.run(&["check", "--deny-warnings"]).code, 1);
    let place = shop("N0422 = \"allow\"");
    assert_eq!(place.run(&["check", "--deny-warnings"]).code, 0);
}

#[test]
fn check_fix_removes_what_allows_nothing_and_hides_nothing() {
    let place = shop("");
    let ran = place.run(&["check", "--fix"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(place.read("checkout.nth"), CHECKOUT);

    place.replace(
        "checkout.nth",
        ALLOWED.0,
        "  // nth: allow(N0422, no-runbook)\n  // nth: allow(duplicate-alert)\n  alert deep",
    );
    let ran = place.run(&["check", "--fix"]);
    assert!(
        ran.err
            .contains("0 errors, 0 warnings, 2 mistakes fixed in 1 file"),
        "{ran:?}"
    );
    let (from, to) = ALLOWED;
    assert_eq!(place.read("checkout.nth"), CHECKOUT.replace(from, to));
}

#[test]
fn a_comment_is_kept_while_something_could_not_be_read() {
    let place = shop("");
    place.replace(
        "checkout.nth",
        ALLOWED.0,
        "  // nth: allow(no-runbook)\n  alert deep",
    );
    assert!(place.run(&["check"]).err.contains("N0821"));
    let text = place.read("checkout.nth");
    let others: [(&str, &[u8]); 3] = [
        ("other.nth", b"service other {\n"),
        ("nth.metrics.lock", b"not a lock file\n"),
        ("latin.nth", b"// caf\xe9\n"),
    ];
    for (path, bad) in others {
        place.write(path, bad);
        let ran = place.run(&["check", "--fix"]);
        assert_eq!(ran.code, 1, "{path}: {ran:?}");
        assert!(!ran.err.contains("N0821"), "{path}: {ran:?}");
        assert_eq!(place.read("checkout.nth"), text, "{path}");
        std::fs::remove_file(place.path(path)).unwrap();
    }
    assert!(place.run(&["check"]).err.contains("N0821"));
}

#[test]
fn the_levels_of_an_edited_output_can_be_set() {
    for (lints, code, kept) in [
        ("", 0, false),
        ("edited-output = \"allow\"", 0, false),
        ("edited-output = \"error\"", 1, true),
    ] {
        let place = shop(&format!("N0422 = \"allow\"\n{lints}"));
        assert_eq!(place.run(&["build"]).code, 0);
        let path = "build/prometheus/checkout.yaml";
        place.write(path, "# mine\n");
        let ran = place.run(&["build", "--format", "short"]);
        assert_eq!(ran.code, code, "{lints}: {ran:?}");
        assert_eq!(
            ran.err.contains("N0625"),
            !lints.contains("allow"),
            "{lints}: {ran:?}"
        );
        assert_eq!(place.read(path) == "# mine\n", kept, "{lints}: {ran:?}");
    }
}

#[test]
fn a_page_tells_whether_its_level_can_be_set() {
    let place = Place::new();
    let of_warning = place.run(&["explain", "above-ceiling"]).out;
    assert!(
        of_warning.contains("\nabove-ceiling = \"error\"\n"),
        "{of_warning}"
    );
    assert!(
        of_warning.contains("\n// nth: allow(above-ceiling): "),
        "{of_warning}"
    );
    assert_eq!(place.run(&["explain", "N0507"]).out, of_warning);
    let of_error = place.run(&["explain", "N0101"]).out;
    assert!(of_error.contains("Always an error"), "{of_error}");
    assert!(!of_error.contains("[lints]"), "{of_error}");
}

fn compiled(text: &str) -> Compilation {
    compile(&Input {
        settings: default_settings("laws"),
        files: vec![SourceInput {
            module: "main".to_owned(),
            path: "main.nth".to_owned(),
            text: Arc::from(text),
            package: false,
        }],
        catalogue: None,
        levels: Levels::default(),
        environment: None,
    })
}

/// What was told but for the comments' own warnings: code, message, and the text at the place.
fn told(compilation: &Compilation) -> Vec<(&'static str, String, String)> {
    let of_comments = [&codes::BAD_DIRECTIVE, &codes::UNUSED_ALLOW];
    let told = compilation.diagnostics.iter();
    told.filter(|found| !of_comments.contains(&found.code))
        .map(|found| {
            let span = found.primary.span;
            let text = &compilation.sources.file(span.file).unwrap().text;
            let line = text[span.start..span.end].to_owned();
            (found.code.id, found.message.clone(), line)
        })
        .collect()
}

/// The comments' own warnings.
fn of_comments(compilation: &Compilation) -> Vec<&'static Code> {
    let codes = compilation.diagnostics.iter().map(|found| found.code);
    codes
        .filter(|code| [&codes::BAD_DIRECTIVE, &codes::UNUSED_ALLOW].contains(code))
        .collect()
}

fn artifacts(compilation: &Compilation) -> Vec<(String, String)> {
    let artifacts = compilation.artifacts.iter();
    artifacts
        .map(|artifact| (artifact.path.clone(), artifact.contents.clone()))
        .collect()
}

/// A file with warnings of several codes in items, blocks, fields and elements of lists, and a gap in every place where
/// a comment can stand: `@` one with a line for itself, `$` one at the end of a line.
const GAPS: &str = "@import std.http$
@
/// The team.
@team payments {$
  @slack = \"#payments // nth: allow(N0422)\"$
}$

@template slo tight(target: percent) : http.availability {$
  @objective = target$
}$

@let depths = [$
  @`limitk(1, a_depth)`,$
  @`limitk(2, b_depth)`,$
]$

@service checkout {$
  @team     = payments$
  @tier     = low$
  @selector = {$
    @job = \"checkout\"$
  }$

  @slo availability : tight($
    @target: 90%,$
  )$
  @alert one { when = `limitk(3, queue_depth) > 100` }$
  @alert two {$
    /// A doc.
    @when = `limitk(3,
      queue_depth) > 100`$
  }$
  @if true {$
    @alert three { when = `max(other_depth) > 100` }$
  }$
}$
@
@service search { team = payments  tier = low  selector = { job = \"search\" }  slo availability : tight(target: 90%) }$
";

const NAMES: [&str; 6] = [
    "N0422",
    "promql-experimental",
    "pair-never-fires",
    "N0501, duplicate-alert",
    "duplicate-alert",
    "no-runbook",
];

/// The file with comments in some of its gaps. `None` in a gap leaves it empty.
fn filled(fills: &[Option<usize>]) -> String {
    let mut fills = fills.iter().cycle();
    let mut text = String::new();
    for character in GAPS.chars() {
        let fill = |fills: &mut dyn Iterator<Item = &Option<usize>>| {
            let name = fills.next().copied().flatten();
            name.map(|name| format!("// nth: allow({}): a reason", NAMES[name % NAMES.len()]))
        };
        match character {
            '@' => {
                if let Some(comment) = fill(&mut fills) {
                    // The comment gets a line of its own, before the blanks of this one.
                    let line = text.rfind('\n').map_or(0, |at| at + 1);
                    let indent = text[line..].to_owned();
                    text.push_str(&format!("{comment}\n{indent}"));
                }
            }
            '$' => {
                if let Some(comment) = fill(&mut fills) {
                    text.push_str(&format!(" {comment}"));
                }
            }
            other => text.push(other),
        }
    }
    text
}

#[test]
fn the_file_without_comments_has_warnings_and_no_error() {
    let compilation = compiled(&filled(&[None]));
    let told = told(&compilation);
    for code in ["N0422", "N0501", "N0505"] {
        assert!(told.iter().any(|(found, ..)| *found == code), "{told:?}");
    }
    assert!(!compilation.artifacts.is_empty(), "{told:?}");

    // Each of its gaps is a place where a comment stands with something, and does what it says.
    let everywhere = compiled(&filled(&[Some(0)]));
    assert!(!of_comments(&everywhere).contains(&&codes::BAD_DIRECTIVE));
    assert!(of_comments(&everywhere).contains(&&codes::UNUSED_ALLOW));
    let rest: Vec<_> = told
        .into_iter()
        .filter(|(code, ..)| *code != "N0422")
        .map(|(code, message, _)| (code, message))
        .collect();
    let still: Vec<_> = self::told(&everywhere)
        .into_iter()
        .map(|(code, message, _)| (code, message))
        .collect();
    assert_eq!(still, rest);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Comments change what is told and nothing else: the same is built, and nothing is told that was not.
    #[test]
    fn comments_change_nothing_that_is_built(
        fills in prop::collection::vec(prop::option::weighted(0.3, 0..NAMES.len()), 1..60),
    ) {
        let plain = compiled(&filled(&[None]));
        let text = filled(&fills);
        let commented = compiled(&text);
        prop_assert_eq!(artifacts(&commented), artifacts(&plain), "{}", text);
        let before = told(&plain);
        for found in told(&commented) {
            // A span may hold a comment itself; its code and message are enough then.
            prop_assert!(before.iter().any(|known| (known.0, &known.1) == (found.0, &found.1)), "{:?} in\n{}", found, text);
        }
    }

    /// The formatter leaves every comment with what it stood with.
    #[test]
    fn formatting_keeps_what_comments_do(
        fills in prop::collection::vec(prop::option::weighted(0.3, 0..NAMES.len()), 1..60),
    ) {
        let text = filled(&fills);
        let formatted = nthc::syntax::format(&text).expect("the file is well-formed");
        let (before, after) = (compiled(&text), compiled(&formatted));
        let words = |compilation: &Compilation| {
            let mut words: Vec<_> = told(compilation).into_iter().map(|(code, message, _)| (code, message)).collect();
            words.sort();
            words
        };
        prop_assert_eq!(words(&before), words(&after), "{}\nbecame\n{}", text, formatted);
        prop_assert_eq!(of_comments(&before), of_comments(&after), "{}\nbecame\n{}", text, formatted);
    }

    /// What removes a comment that allows nothing brings no warning back.
    #[test]
    fn removing_unused_comments_brings_nothing_back(
        fills in prop::collection::vec(prop::option::weighted(0.3, 0..NAMES.len()), 1..60),
    ) {
        let text = filled(&fills);
        let before = compiled(&text);
        let mut now = before.clone();
        for _ in 0..4 {
            let mended = fix::apply(&now.diagnostics, &now.sources, Applicability::Always);
            let Some(mended) = mended.into_iter().next() else { break };
            now = compiled(&mended.text);
        }
        prop_assert_eq!(told(&before).len(), told(&now).len(), "{}", text);
        let unused = now.diagnostics.iter().any(|found| *found.code == codes::UNUSED_ALLOW);
        prop_assert!(!unused, "{}", text);
    }
}
