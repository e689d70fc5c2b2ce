//! Projects on disk, with valid layouts and with errors.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::*;
use crate::diagnostics::{Applicability, codes, fix};
use crate::ir::settings::{PartialResponseStrategy, Ruler};
use crate::ir::{Duration, RuleFormat};
use crate::suppressions::Level;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("nth").tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// Formats every diagnostic with the text under its primary span.
fn format_diagnostics(loaded: &Loaded) -> String {
    let mut out = String::new();
    for diagnostic in &loaded.diagnostics {
        let file = loaded.sources.file(diagnostic.primary.span.file).unwrap();
        let under = &file.text[diagnostic.primary.span.start..diagnostic.primary.span.end];
        writeln!(
            out,
            "{} {}: {}",
            diagnostic.code.id, file.path, diagnostic.message
        )
        .unwrap();
        writeln!(out, "  at {under:?} {}", diagnostic.primary.text).unwrap();
        for label in &diagnostic.secondary {
            let file = loaded.sources.file(label.span.file).unwrap();
            writeln!(
                out,
                "  and {} {:?} {}",
                file.path,
                &file.text[label.span.start..label.span.end],
                label.text
            )
            .unwrap();
        }
        for note in &diagnostic.notes {
            writeln!(out, "  note: {note}").unwrap();
        }
        for help in &diagnostic.help {
            writeln!(out, "  help: {help}").unwrap();
        }
        for fix in &diagnostic.fixes {
            writeln!(out, "  fix: {}", fix.title).unwrap();
        }
    }
    out
}

fn load_in(root: &Path, project: &str) -> Loaded {
    load(&root.join(project), root).unwrap()
}

fn manifest(text: &str) -> Loaded {
    let folder = folder(&[("nth.toml", text), ("main.nth", "")]);
    load_in(folder.path(), ".")
}

#[test]
fn a_manifest_that_says_everything_is_read() {
    let folder = folder(&[
        (
            "nth.toml",
            r#"
[project]
name = "shop"
source = "src"
output = "../rules"

[prometheus]
format = "prometheus-rule"
interval = "1m30s"
version = "2.53"
namespace = "monitoring"
labels = { release = "kube-prometheus", "app.kubernetes.io/part-of" = "shop" }

[severity]
page = "critical"

[urls]
runbooks = "https://runbooks.example.com/"
dashboards = "https://grafana.example.com"

[lints]
above-ceiling = "error"
N0509 = "allow"
no-steps = "warn"
"#,
        ),
        ("src/checkout.nth", "service checkout {}\n"),
        ("src/teams/payments.nth", "team payments {}\n"),
        ("not-source.nth", ""),
    ]);
    let loaded = load_in(folder.path(), ".");
    assert_eq!(format_diagnostics(&loaded), "");
    let project = &loaded.project;
    assert_eq!(project.settings.project, "shop");
    assert_eq!(
        project.output,
        folder.path().parent().unwrap().join("rules")
    );
    assert_eq!(
        project.settings.prometheus.format,
        RuleFormat::PrometheusRule
    );
    assert_eq!(project.settings.prometheus.interval, Duration(90_000));
    assert_eq!(project.settings.prometheus.version.to_string(), "2.53");
    assert!(!project.settings.prometheus.version.has_utf8_names());
    assert_eq!(
        project.settings.prometheus.namespace.as_deref(),
        Some("monitoring")
    );
    assert_eq!(project.settings.prometheus.labels.len(), 2);
    let levels = [
        &codes::ABOVE_CEILING,
        &codes::NO_RUNBOOK,
        &codes::NO_STEPS,
        &codes::DUPLICATE_ALERT,
    ]
    .map(|code| project.levels.level(code));
    let expected = [
        Some(Level::Error),
        Some(Level::Allow),
        Some(Level::Warn),
        None,
    ];
    assert_eq!(levels, expected);
    assert_eq!(project.input(None).levels, project.levels);
    assert_eq!(project.settings.severities.page().label(), "critical");
    assert_eq!(project.settings.severities.ticket().label(), "ticket");
    assert_eq!(
        project.settings.runbook_base_url.as_deref(),
        Some("https://runbooks.example.com")
    );
    let files: Vec<_> = project
        .files
        .iter()
        .map(|file| (file.module.as_str(), file.shown.as_str()))
        .collect();
    assert_eq!(
        files,
        [
            ("checkout", "src/checkout.nth"),
            ("teams.payments", "src/teams/payments.nth")
        ]
    );
}

/// The reference contains every key, and its defaults are right.
#[test]
fn the_reference_of_the_manifest_is_right() {
    let page = crate::reference::settings();
    let text = page
        .split("```toml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    let mut findings = Findings {
        file: 0,
        diagnostics: Vec::new(),
    };
    let read = manifest::parse(text, &mut findings);
    assert_eq!(findings.diagnostics, []);
    assert_eq!(read.dependencies.len(), 1);

    let mut expected = default_settings("shop");
    expected.prometheus.namespace = Some("monitoring".to_owned());
    expected.prometheus.labels = [("release".to_owned(), "kube-prometheus".to_owned())].into();
    expected.runbook_base_url = Some("https://runbooks.example.com".to_owned());
    expected.dashboard_base_url = Some("https://grafana.example.com".to_owned());
    expected.grafana.folder = Some("Reliability".to_owned());
    expected.grafana.tags = vec!["slo".to_owned()];
    expected.grafana.datasource = Some("prometheus".to_owned());
    expected.grafana.namespace = Some("monitoring".to_owned());
    expected.alertmanager.base = Some("alertmanager.base.yml".to_owned());
    expected.alertmanager.namespace = Some("monitoring".to_owned());
    expected.alertmanager.labels = [("alertmanager".to_owned(), "main".to_owned())].into();
    expected.alertmanager.default_team = Some("platform".to_owned());
    expected.alertmanager.smarthost = Some("mail.example.com:587".to_owned());
    expected.alertmanager.from = Some("alerts@example.com".to_owned());
    expected.alertmanager.username = Some("alerts".to_owned());
    expected.pagerduty.name_prefix = "nth ".to_owned();
    expected.pagerduty.escalation_policy = Some("Everybody".to_owned());
    expected.backstage.system = Some("shop".to_owned());
    expected.policy.prometheus = Some("http://prometheus.monitoring:9090".to_owned());
    expected.policy.image = Some("registry.example.com/nthc:0.1.0".to_owned());
    expected.policy.namespace = Some("argocd".to_owned());
    expected.policy.argo_project = Some("shop-{environment}".to_owned());
    expected.policy.token_secret = Some("prometheus-token".to_owned());
    expected.policy.tenant = Some("shop-{environment}".to_owned());
    expected.policy.ca_config_map = Some("internal-ca".to_owned());
    expected.policy.image_pull_secrets = vec!["registry".to_owned()];
    expected.policy.service_account = Some("gates".to_owned());
    expected.policy.run_as_user = Some(65532);
    expected.policy.node_selector = [("pool".to_owned(), "tools".to_owned())].into();
    expected.policy.tolerations = vec!["pool=tools:NoSchedule".to_owned()];
    expected.pagerduty.url = Some("https://shop.pagerduty.com".to_owned());
    expected.pagerduty.module = Some("pagerduty".to_owned());
    expected.prometheus.tenant = Some("shop".to_owned());
    expected.prometheus.max_groups = Some(70);
    expected.prometheus.query_offset = Some(Duration::minutes(1));
    expected.prometheus.ruler = Ruler::Thanos;
    expected.prometheus.partial_response_strategy = Some(PartialResponseStrategy::Abort);
    expected.alertmanager.secret = Some("alertmanager-secrets".to_owned());
    assert_eq!(read.settings, expected);

    let mut minimal = Findings {
        file: 0,
        diagnostics: Vec::new(),
    };
    let defaults = manifest::parse("[project]\nname = \"shop\"\n", &mut minimal);
    assert_eq!(
        (read.source.value, read.output.value),
        (defaults.source.value, defaults.output.value)
    );
}

#[test]
fn a_manifest_with_only_a_name_takes_the_defaults() {
    let loaded = manifest("[project]\nname = \"shop\"\n");
    assert_eq!(format_diagnostics(&loaded), "");
    assert_eq!(loaded.project.settings, default_settings("shop"));
    assert!(loaded.project.output.ends_with("build"));
}

const MISTAKES: &str = r#"
color = "blue"

[project]
name = "my shop"
outptu = "build"
targets = ["prometheus", "graphana"]

[prometheus]
format = "PrometheusRule"
interval = 30
namespace = "Monitoring"
labels = { release = true }

[promehteus]
interval = "1m"

[severity]
page = ""
warning = "warn"

[urls]
runbooks = "runbooks.example.com"

[dependencies]
platform = "../platform"
std = { path = "../std" }
base = {}
"#;

#[test]
fn every_mistake_in_a_manifest_is_told_where_it_stands() {
    insta::assert_snapshot!(format_diagnostics(&manifest(MISTAKES)));
}

/// The text of a fix is always valid.
#[test]
fn what_was_mended_in_a_manifest_stays_mended() {
    let loaded = manifest(MISTAKES);
    let fixable = loaded
        .diagnostics
        .iter()
        .filter(|diagnostic| !diagnostic.fixes.is_empty())
        .count();
    assert!(fixable > 3);
    let fixed = fix::apply(&loaded.diagnostics, &loaded.sources, Applicability::Maybe);
    let again = manifest(&fixed[0].text);
    let left: Vec<_> = again
        .diagnostics
        .iter()
        .filter(|diagnostic| !diagnostic.fixes.is_empty())
        .collect();
    assert_eq!(
        left,
        Vec::<&Diagnostic<FileSpan>>::new(),
        "{}",
        fixed[0].text
    );
}

#[test]
fn a_runbooks_suffix_is_one_that_some_reader_has() {
    for suffix in ["", ".md", ".html", "/"] {
        let loaded = manifest(&format!(
            "[project]\nname = \"shop\"\n[docs]\nsuffix = \"{suffix}\"\n"
        ));
        assert_eq!(format_diagnostics(&loaded), "", "{suffix}");
        assert_eq!(loaded.project.settings.docs.suffix, suffix);
    }
    let loaded = manifest("[project]\nname = \"shop\"\n[docs]\nsuffix = \"md\"\n");
    let text = format_diagnostics(&loaded);
    assert!(text.contains("invalid runbook URL suffix \"md\""), "{text}");
}

#[test]
fn a_prometheus_version_is_one_that_is_known() {
    for version in ["2", "2.x", "2.53", "v2.53.1", "3", "3.x"] {
        let text = format!("[project]\nname = \"shop\"\n\n[prometheus]\nversion = \"{version}\"\n");
        assert_eq!(format_diagnostics(&manifest(&text)), "", "{version}");
    }
    let text = "[project]\nname = \"shop\"\n\n[prometheus]\nversion = \"1.8\"\n";
    let text = format_diagnostics(&manifest(text));
    assert!(
        text.contains("unknown Prometheus version \"1.8\""),
        "{text}"
    );
}

#[test]
fn what_is_no_toml_is_told_once() {
    insta::assert_snapshot!(format_diagnostics(&manifest(
        "[project]\nname = \"shop\noutput = \"build\"\n"
    )));
}

#[test]
fn a_project_needs_a_name() {
    insta::assert_snapshot!(format_diagnostics(&manifest(
        "[prometheus]\ninterval = \"30s\"\n"
    )));
    insta::assert_snapshot!(format_diagnostics(&manifest(
        "[project]\noutput = \"out\"\n"
    )));
    insta::assert_snapshot!(format_diagnostics(&manifest("")));
}

#[test]
fn folders_stay_where_they_belong() {
    insta::assert_snapshot!(format_diagnostics(&manifest(
        "[project]\nname = \"shop\"\nsource = \"../other\"\noutput = \"/srv/rules\"\n"
    )));
    insta::assert_snapshot!(format_diagnostics(&manifest(
        "[project]\nname = \"shop\"\nsource = \"src\"\n"
    )));
    insta::assert_snapshot!(format_diagnostics(&manifest(
        "[project]\nname = \"shop\"\noutput = \".\"\n"
    )));
}

#[test]
fn a_packages_modules_carry_its_name() {
    let folder = folder(&[
        (
            "shop/nth.toml",
            "[project]\nname = \"shop\"\n[dependencies]\nplatform = { path = \"../platform\" }\n",
        ),
        ("shop/checkout.nth", ""),
        (
            "platform/nth.toml",
            "[project]\nname = \"platform\"\nsource = \"src\"\n[prometheus]\ninterval = \"3m\"\n\
             [dependencies]\nbase = { path = \"../base\" }\n",
        ),
        ("platform/src/teams/payments.nth", ""),
        ("base/nth.toml", "[project]\nname = \"base\"\n"),
        ("base/tiers.nth", ""),
    ]);
    let loaded = load_in(folder.path(), "shop");
    assert_eq!(format_diagnostics(&loaded), "");
    let modules: Vec<_> = loaded
        .project
        .files
        .iter()
        .map(|file| (file.package.as_deref(), file.module.as_str()))
        .collect();
    assert_eq!(
        modules,
        [
            (None, "checkout"),
            (Some("platform"), "platform.teams.payments"),
            (Some("base"), "base.tiers")
        ]
    );
    assert_eq!(
        loaded.project.settings.prometheus.interval,
        DEFAULT_INTERVAL
    );
}

#[test]
fn a_package_that_two_others_need_is_read_once() {
    let folder = folder(&[
        (
            "shop/nth.toml",
            "[project]\nname = \"shop\"\n[dependencies]\na = { path = \"../a\" }\nbase = { path = \"../base\" }\n",
        ),
        (
            "a/nth.toml",
            "[project]\nname = \"a\"\n[dependencies]\nbase = { path = \"../base\" }\n",
        ),
        ("base/nth.toml", "[project]\nname = \"base\"\n"),
        ("base/tiers.nth", ""),
        ("shop/main.nth", ""),
    ]);
    let loaded = load_in(folder.path(), "shop");
    assert_eq!(format_diagnostics(&loaded), "");
    assert_eq!(loaded.project.files.len(), 2);
}

#[test]
fn packages_that_are_missing_misnamed_or_in_a_circle_are_told() {
    let folder = folder(&[
        (
            "shop/nth.toml",
            r#"
[project]
name = "shop"

[dependencies]
common   = { path = "../platform" }
platfrom = { path = "../platfrom" }
empty    = { path = "../empty" }
"#,
        ),
        (
            "platform/nth.toml",
            "[project]\nname = \"platform\"\n[dependencies]\nshop = { path = \"../shop\" }\n",
        ),
        ("empty/readme.md", ""),
        ("shop/main.nth", ""),
    ]);
    insta::assert_snapshot!(format_diagnostics(&load_in(folder.path(), "shop")));
}

#[test]
fn names_that_are_taken_are_told() {
    let folder = folder(&[
        (
            "shop/nth.toml",
            "[project]\nname = \"shop\"\n[dependencies]\nplatform = { path = \"../platform\" }\n",
        ),
        ("shop/std/http.nth", ""),
        ("shop/platform.nth", ""),
        ("shop/teams/Payments.nth", ""),
        ("shop/teams/payments.nth", ""),
        ("shop/my teams/a.nth", ""),
        ("platform/nth.toml", "[project]\nname = \"platform\"\n"),
    ]);
    let loaded = load_in(folder.path(), "shop");
    let modules: Vec<_> = loaded
        .project
        .files
        .iter()
        .map(|file| file.module.as_str())
        .collect();
    assert_eq!(modules, ["teams.Payments"]);
    insta::assert_snapshot!(format_diagnostics(&loaded));
}

#[test]
fn a_file_in_another_encoding_is_told_and_left_out() {
    let folder = folder(&[
        ("nth.toml", "[project]\nname = \"shop\"\n"),
        ("good.nth", ""),
    ]);
    fs::write(
        folder.path().join("latin.nth"),
        b"// caf\xe9\nservice x {}\n",
    )
    .unwrap();
    let loaded = load_in(folder.path(), ".");
    assert_eq!(loaded.project.files.len(), 1);
    insta::assert_snapshot!(format_diagnostics(&loaded));
}

#[test]
fn a_single_file_is_a_project_named_after_it() {
    let folder = folder(&[("checkout.nth", "service checkout {}\n"), ("other.nth", "")]);
    let loaded = load_file(Path::new("checkout.nth"), folder.path()).unwrap();
    assert_eq!(format_diagnostics(&loaded), "");
    assert_eq!(loaded.project.settings.project, "checkout");
    assert_eq!(loaded.project.files.len(), 1);
    assert_eq!(loaded.project.files[0].module, "checkout");
    assert_eq!(loaded.project.output, folder.path().join("build"));
}

#[test]
fn what_cannot_be_read_is_an_error() {
    let folder = folder(&[("nth.toml", "[project]\nname = \"shop\"\n")]);
    let error = load_file(Path::new("gone.nth"), folder.path()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot read gone.nth: no such file or directory"
    );
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", folder.path().join("dangling.nth")).unwrap();
        // A broken link does not hide other diagnostics.
        let loaded = load(folder.path(), folder.path()).unwrap();
        assert!(
            format_diagnostics(&loaded).starts_with(
                "N0626 dangling.nth: dangling link `dangling.nth`: `nowhere` does not exist"
            ),
            "{}",
            format_diagnostics(&loaded)
        );
    }
}

#[test]
fn the_manifest_is_found_from_below() {
    let folder = folder(&[("nth.toml", ""), ("a/b/c.nth", "")]);
    assert_eq!(
        find(&folder.path().join("a/b")).as_deref(),
        Some(folder.path())
    );
    assert_eq!(find(folder.path()).as_deref(), Some(folder.path()));
}

proptest::proptest! {
    /// Any text of an `nth.toml` is read to its end, and every span is within the text.
    #[test]
    fn any_manifest_can_be_read(text in "(\\[[a-z]{0,8}\\]|[a-z]{1,8}|=|\"|\\{|\\}|é|,|\\.|\n| |[0-9]{1,3}){0,40}") {
        let mut findings = Findings { file: 0, diagnostics: Vec::new() };
        manifest::parse(&text, &mut findings);
        for diagnostic in &findings.diagnostics {
            let span = diagnostic.primary.span;
            proptest::prop_assert!(text.get(span.start..span.end).is_some(), "{diagnostic:?}");
        }
    }
}

#[test]
fn rules_that_look_away_for_longer_than_they_look_back_are_refused() {
    let text = format_diagnostics(&manifest(
        "[project]\nname = \"shop\"\n[prometheus]\ninterval = \"10m\"\n",
    ));
    assert!(
        text.contains("`prometheus.interval` must be at most 3m"),
        "{text}"
    );
    let text = format_diagnostics(&manifest(
        "[project]\nname = \"shop\"\n[prometheus]\ninterval = \"3m\"\n",
    ));
    assert_eq!(text, "");
}
