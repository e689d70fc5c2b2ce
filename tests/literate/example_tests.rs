//! The harness itself, with a compiler that finds the word `wrong` and offers `right`.

use std::collections::BTreeMap;

use nthc::diagnostics::{Applicability, Code, Diagnostic, FileSpan, Severity, SourceMap};

use super::example::{Compiler, Example, Kind, Outcome, Project, check, examples};
use super::markdown::{self, Error};
use super::runner::{Options, markdown_files, run};

static WRONG: Code = Code {
    id: "N9901",
    slug: "wrong",
    severity: Severity::Error,
    summary: "",
    page: "",
};
static OTHER: Code = Code {
    id: "N9902",
    slug: "other",
    severity: Severity::Error,
    summary: "",
    page: "",
};

struct Words;

impl Compiler for Words {
    fn compile(&self, project: &Project, environment: Option<&str>) -> Outcome {
        let mut sources = SourceMap::default();
        let mut diagnostics = Vec::new();
        let mut artifacts = BTreeMap::new();
        for (path, text) in &project.files {
            let file = sources.add(path.as_str(), text.as_str());
            for (start, word) in text.match_indices("wrong") {
                let span = FileSpan {
                    file,
                    start,
                    end: start + word.len(),
                };
                diagnostics.push(Diagnostic::new(&WRONG, "this is wrong", span).fix(
                    "Make it right",
                    span,
                    "right",
                    Applicability::Always,
                ));
            }
            for (start, word) in text.match_indices("other") {
                let span = FileSpan {
                    file,
                    start,
                    end: start + word.len(),
                };
                diagnostics.push(Diagnostic::new(&OTHER, "this is other", span));
            }
            if let Some(service) = path.strip_suffix(".nth") {
                let contents = format!("env: {}\n{text}", environment.unwrap_or("none"));
                let folder = environment.map_or(String::new(), |name| format!("{name}/"));
                artifacts.insert(format!("{folder}prometheus/{service}.yaml"), contents);
            }
        }
        artifacts.insert("manifest".to_owned(), project.manifest.clone());
        Outcome {
            sources,
            diagnostics,
            artifacts,
        }
    }

    fn format(&self, text: &str) -> String {
        text.split_whitespace().collect::<Vec<_>>().join(" ") + "\n"
    }
}

fn one(text: &str) -> Example {
    let mut all = examples(text, Kind::Suite).unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

/// What the file is after blessing it.
fn blessed(text: &str) -> String {
    let bodies = examples(text, Kind::Suite)
        .unwrap()
        .iter()
        .flat_map(|example| check(example, &Words, None))
        .filter_map(|mismatch| mismatch.bless)
        .collect();
    markdown::replace(text, bodies)
}

fn complaints(text: &str) -> Vec<(usize, String)> {
    check(&one(text), &Words, None)
        .into_iter()
        .map(|each| (each.line, each.what))
        .collect()
}

const PASSING: &str = "\
# All kinds

```toml file=nth.toml
[project]
```

```nth
a  wrong
b
```

```nth file=teams/payments.nth
team
```

```diagnostics
main.nth:1:4: error[N9901]: this is wrong
```

```nth fixed
a  right
b
```

```formatted
a wrong b
```

```rules service=main
env: none
a  wrong
b
```

```rules service=main env=staging contains
  env: staging
b
```

```output file=manifest
[project]
```

```output file=grafana/main.json absent
```
";

#[test]
fn what_agrees_passes_and_is_blessed_as_it_is() {
    assert_eq!(complaints(PASSING), []);
    assert_eq!(blessed(PASSING), PASSING);
}

#[test]
fn every_expectation_can_fail() {
    for (right, wrong, line) in [
        ("main.nth:1:4: error[N9901]: this is wrong\n", "", 16),
        ("a  right\nb\n", "a  right\n", 20),
        ("a wrong b\n", "a wrong  b\n", 25),
        ("env: none\n", "env: some\n", 29),
        ("  env: staging\nb\n", "b\n  env: staging\n", 35),
        ("manifest\n[project]\n", "manifest\n[projects]\n", 40),
        ("grafana/main.json absent", "manifest absent", 44),
        ("grafana/main.json absent", "grafana/main.json", 44),
        ("nth fixed", "nth fixed file=x.nth", 20),
    ] {
        let text = PASSING.replacen(right, wrong, 1);
        assert_ne!(text, PASSING);
        let complaints = complaints(&text);
        assert_eq!(complaints.len(), 1, "{wrong}: {complaints:?}");
        assert!(
            complaints[0].0.abs_diff(line) <= 1,
            "{wrong}: {complaints:?}"
        );
    }
}

#[test]
fn blessing_mends_what_has_a_right_text() {
    for wrong in [
        "main.nth:1:4: error[N9901]: this is wrong\n",
        "a  right\nb\n",
        "a wrong b\n",
        "env: none\n",
    ] {
        assert_eq!(blessed(&PASSING.replacen(wrong, "", 1)), PASSING, "{wrong}");
    }
}

#[test]
fn diagnostics_that_nobody_expects_are_a_mismatch() {
    let text = "# One\n\n```nth\nwrong\n```\n\nProse.\n";
    let complaints = complaints(text);
    assert_eq!(complaints.len(), 1);
    assert!(
        complaints[0]
            .1
            .contains("main.nth:1:1: error[N9901]: this is wrong")
    );
    assert_eq!(
        blessed(text),
        "# One\n\n```nth\nwrong\n```\n\n```diagnostics\nmain.nth:1:1: error[N9901]: this is wrong\n```\n\nProse.\n"
    );
}

#[test]
fn misspelt_fences_are_errors() {
    for (text, line, what) in [
        (
            "# A\n```nth\n```\n```diagnostic\n```\n",
            4,
            "`diagnostic` is no fence that these tests know",
        ),
        (
            "# A\n```nth\n```\n```rules\n```\n",
            4,
            "`rules` needs `service=`",
        ),
        (
            "# A\n```nth\n```\n```output contains\n```\n",
            4,
            "`output` needs `file=`",
        ),
        (
            "# A\n```nth\n```\n```output file=a contain\n```\n",
            4,
            "`output` fences have no `contain`",
        ),
        ("# A\n```nth fail\n```\n", 2, "`nth` fences have no `fail`"),
        (
            "# A\n```nth path=a\n```\n",
            2,
            "`nth` fences have no `path`",
        ),
        (
            "# A\n```nth\n```\n```nth\n```\n",
            4,
            "`main.nth` is given twice; begin a new section",
        ),
        (
            "# A\n```diagnostics\n```\n",
            2,
            "an expectation needs a project above it",
        ),
        ("# A\n```toml\n```\n", 2, "`toml` needs `file=nth.toml`"),
    ] {
        assert_eq!(
            examples(text, Kind::Suite).unwrap_err(),
            Error {
                line,
                what: what.to_owned()
            }
        );
    }
}

#[test]
fn pages_hold_several_examples() {
    let text = "# N9901 wrong\n```nth fails\nwrong\n```\n```nth file=a.nth\nx\n```\n```nth\nright\n```\n\
                ## More\n```nth file=a.nth\n```\n```nth fails\nwrong\n```\n";
    let all = examples(text, Kind::Page).unwrap();
    let files: Vec<Vec<&str>> = all
        .iter()
        .map(|each| each.project.files.keys().map(String::as_str).collect())
        .collect();
    assert_eq!(
        files,
        [
            vec!["a.nth", "main.nth"],
            vec!["main.nth"],
            vec!["a.nth", "main.nth"]
        ]
    );
    assert_eq!(
        all.iter().map(|each| each.fails).collect::<Vec<_>>(),
        [true, false, true]
    );
    for example in &all {
        assert_eq!(check(example, &Words, Some(&WRONG)), []);
        assert_eq!(
            check(example, &Words, Some(&OTHER)).len(),
            usize::from(example.fails)
        );
    }
}

#[test]
fn pages_give_no_other_error() {
    for (text, passes) in [
        ("```nth fails\nwrong\n```\n", true),
        ("```nth fails\nwrong other\n```\n", false),
        ("```nth fails\nright\n```\n", false),
        ("```nth\nright\n```\n", true),
        ("```nth\nwrong\n```\n", false),
        ("```nth\nother\n```\n", false),
    ] {
        let all = examples(text, Kind::Page).unwrap();
        assert_eq!(
            check(&all[0], &Words, Some(&WRONG)).is_empty(),
            passes,
            "{text}"
        );
    }
}

#[test]
fn folders_are_run_filtered_and_blessed() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::create_dir(root.join("deep")).unwrap();
    let stale = PASSING.replacen("env: none\n", "", 1);
    std::fs::write(root.join("deep/a.md"), &stale).unwrap();
    std::fs::write(root.join("b.md"), PASSING).unwrap();
    std::fs::write(root.join("README.md"), "```nonsense\n```\n").unwrap();

    let files = markdown_files(root);
    let go = |options: &Options| run(root, &files, Kind::Suite, &Words, &|_| None, options);
    let told = go(&Options::default());
    assert!(told.starts_with("deep/a.md:29: All kinds\n"), "{told}");
    assert!(told.contains("\n+env: none\n"), "{told}");
    assert_eq!(
        go(&Options {
            filter: Some("b.md".to_owned()),
            ..Options::default()
        }),
        ""
    );
    assert_eq!(
        go(&Options {
            bless: true,
            filter: None
        }),
        ""
    );
    assert_eq!(
        std::fs::read_to_string(root.join("deep/a.md")).unwrap(),
        PASSING
    );
    assert_eq!(go(&Options::default()), "");
}

#[test]
fn pages_are_run_with_their_code() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("N9901.md"),
        "# N9901\n```nth fails\nright\n```\n",
    )
    .unwrap();
    std::fs::write(folder.path().join("N9999.md"), "# N9999\n```nth\n```\n").unwrap();
    let files = markdown_files(folder.path());
    let code_of = |id: &str| (id == WRONG.id).then_some(&WRONG);
    let told = run(
        folder.path(),
        &files,
        Kind::Page,
        &Words,
        &code_of,
        &Options::default(),
    );
    assert!(
        told.contains("N9901.md:2: N9901\nthe example must give N9901 and does not"),
        "{told}"
    );
    assert!(told.contains("N9999.md: the page of no code"), "{told}");
}
