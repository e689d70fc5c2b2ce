//! `nthc deploys import`: each format, and documents that are none.

use super::place::with_stdin;
use super::scene::{deploys, good, lines, shop, shop_with_environments};

const ARGO_CD: &str = r#"{"kind":"Application","metadata":{"name":"checkout","namespace":"argocd"},"status":{"history":[
  {"id":0,"revision":"aaa","deployStartedAt":"2026-11-20T09:00:00Z","deployedAt":"2026-11-20T09:00:07Z","initiatedBy":{"username":"ada"}},
  {"id":1,"revision":"bbb","deployStartedAt":"2026-11-20T10:00:00Z","deployedAt":"2026-11-20T10:00:08Z","initiatedBy":{"automated":true}},
  {"id":2,"revision":"bbb","deployStartedAt":"2026-11-20T11:00:00Z","deployedAt":"2026-11-20T11:00:09Z"}]}}"#;

const ARGO_ROLLOUT: &str = r#"{"kind":"Rollout","metadata":{"name":"checkout","namespace":"shop"},
  "spec":{"template":{"spec":{"containers":[{"name":"app","image":"registry.example.com/checkout:1.5"}]}}},
  "status":{"phase":"Degraded","abort":true,"abortedAt":"2026-11-20T10:12:30Z","stableRS":"6c8f","currentPodHash":"7b5d",
  "conditions":[{"type":"Completed","status":"False","lastTransitionTime":"2026-11-20T10:00:00Z"}]}}"#;

const FLUX: &str = r#"{"kind":"List","items":[{"kind":"Kustomization","metadata":{"name":"checkout","namespace":"shop"},
  "status":{"history":[{"digest":"sha256:aa","firstReconciled":"2026-11-20T10:00:00Z","lastReconciled":"2026-11-20T12:00:00Z",
  "lastReconciledDuration":"2.5s","lastReconciledStatus":"ReconciliationSucceeded","totalReconciliations":12,
  "metadata":{"revision":"main@sha1:aaa"}}]}}]}"#;

const GITLAB: &str = r#"[{"sha":"aaa","status":"success","created_at":"2026-11-20T10:00:00.000Z","environment":{"name":"production"},
  "user":{"username":"ada"},"deployable":{"started_at":"2026-11-20T10:00:30.000Z","finished_at":"2026-11-20T10:04:00.000Z",
  "pipeline":{"web_url":"https://gitlab.example.com/shop/checkout/-/pipelines/7"}}}]"#;

const CDEVENT: &str = r#"{"context":{"version":"0.5.0","id":"1","source":"/ci","type":"dev.cdevents.service.deployed.0.3.0",
  "timestamp":"2026-11-20T10:00:00Z"},"subject":{"id":"checkout","content":{"environment":{"id":"production"},
  "artifactId":"pkg:oci/checkout@sha256%3Aaaa?tag=1.5"}}}"#;

fn github(id: u32, repository: &str, environment: &str) -> (String, String) {
    let url = format!("https://api.github.com/repos/{repository}/deployments/{id}");
    (
        format!(
            r#"{{"url":"{url}","repository_url":"https://api.github.com/repos/{repository}","sha":"aaa{id}",
            "environment":"{environment}","created_at":"2026-11-20T10:00:00Z","creator":{{"login":"ada"}}}}"#
        ),
        format!(
            r#"{{"deployment_url":"{url}","state":"success","created_at":"2026-11-20T10:03:00Z"}}"#
        ),
    )
}

#[test]
fn each_format_is_imported_and_twice_is_once() {
    let (deployment, status) = github(1, "shop/checkout", "production");
    let github = format!("[{deployment}]\n[{status}]");
    for (format, document, expected) in [
        (
            "argo-cd",
            ARGO_CD,
            &[
                "checkout aaa<- 09:00:00Z–09:00:07Z",
                "checkout bbb<aaa 10:00:00Z–10:00:08Z",
            ][..],
        ),
        (
            "argo-rollouts",
            ARGO_ROLLOUT,
            &["checkout 1.5<6c8f 10:00:00Z–- !10:12:30Z"],
        ),
        (
            "flux",
            FLUX,
            &["checkout main@sha1:aaa<- 10:00:00Z–10:00:00Z"],
        ),
        ("github", &github, &["checkout aaa1<- 10:00:00Z–10:03:00Z"]),
        ("gitlab", GITLAB, &["checkout aaa<- 10:00:30Z–10:04:00Z"]),
        (
            "cdevents",
            CDEVENT,
            &["checkout 1.5@sha256:aaa<- 10:00:00Z–10:00:00Z"],
        ),
    ] {
        let place = shop();
        place.write("document.json", document);
        let ran = good(&place, &["import", format, "document.json"]);
        assert_eq!(lines(&place), expected, "{format}: {ran:?}");
        let new = format!("{} new deployment", expected.len());
        assert!(ran.err.starts_with(&new), "{format}: {ran:?}");
        let again = good(&place, &["import", format, "document.json"]);
        assert!(
            again.err.starts_with("0 new deployments, 0 updated, "),
            "{format}: {again:?}"
        );
        assert_eq!(again.out, "");
        assert_eq!(lines(&place), expected, "{format}");
    }
}

#[test]
fn what_is_imported_is_shown() {
    let place = shop();
    place.write("applications.json", ARGO_CD);
    let ran = good(&place, &["import", "argo-cd", "applications.json"]);
    insta::assert_snapshot!("import", format!("{}{}", ran.out, ran.err));
    let other = ARGO_CD.replace("\"checkout\"", "\"web\"");
    let input = with_stdin(
        &mut place.command(&["deploys", "import", "argo-cd", "-", "--format", "json"]),
        other.as_bytes(),
    );
    assert_eq!(input.code, 0, "{input:?}");
    insta::assert_snapshot!("import_json", input.out);
    place.write("other.json", other);
    let ran = good(&place, &["import", "argo-cd", "other.json"]);
    assert_eq!(
        ran.err,
        "0 new deployments, 0 updated\nnote: 3 deployments of `web`, which is no service: map it with `--map web=SERVICE`\n"
    );
    let mapped = good(
        &place,
        &[
            "import",
            "argo-cd",
            "other.json",
            "--map",
            "argocd/web=ledger",
        ],
    );
    assert!(mapped.err.starts_with("2 new deployments"), "{mapped:?}");
    assert_eq!(lines(&place).len(), 4);
}

#[test]
fn environments_of_documents_are_chosen() {
    let place = shop_with_environments();
    let (live, live_status) = github(1, "shop/checkout", "Live");
    let (test, test_status) = github(2, "shop/checkout", "staging");
    place.write("deployments.json", format!("[{live},{test}]"));
    place.write("statuses.json", format!("[{live_status},{test_status}]"));
    let import = ["import", "github", "deployments.json", "statuses.json"];
    let staging = good(&place, &[&import[..], &["--env", "staging"]].concat());
    assert!(
        staging
            .err
            .contains("1 new deployment, 0 updated\nnote: 1 deployment in environment `Live`\n"),
        "{staging:?}"
    );
    let options = ["--env", "production", "--from-env", "live"];
    let production = good(&place, &[&import[..], &options].concat());
    assert!(
        production
            .err
            .contains("note: 1 deployment in environment `staging`\n"),
        "{production:?}"
    );
    assert_eq!(lines(&place).len(), 2);

    let plain = shop();
    plain.write("deployments.json", format!("[{live},{test}]"));
    plain.write("statuses.json", format!("[{live_status},{test_status}]"));
    let ran = deploys(&plain, &import, &[]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (
            2,
            "error: cannot import deployments.json: deployments in several environments: `Live`, `staging`\n  \
             help: choose one with `--from-env`\n"
        )
    );
    let one = good(&plain, &[&import[..], &["--from-env", "live"]].concat());
    assert!(one.err.starts_with("1 new deployment"), "{one:?}");
}

#[test]
fn a_repository_of_another_name_is_mapped_or_is_one_service() {
    let place = shop();
    let (deployment, status) = github(1, "shop/monorepo", "production");
    place.write("all.json", format!("{deployment}\n{status}"));
    let all = ["import", "github", "all.json"];
    let unknown = good(&place, &all);
    assert!(
        unknown
            .err
            .contains("note: 1 deployment of `shop/monorepo`, which is no service"),
        "{unknown:?}"
    );
    good(&place, &[&all[..], &["--service", "checkout"]].concat());
    good(&place, &[&all[..], &["--map", "monorepo=ledger"]].concat());
    assert_eq!(lines(&place).len(), 2);
    for (more, err) in [
        (
            &["--map", "monorepo=legder"][..],
            "error: unknown service `legder`\n  help: did you mean `ledger`?\n",
        ),
        (
            &["--map", "monorepo"],
            "error: invalid `--map`: expected `name=service`, found `monorepo`\n  help: pass the other name and the \
             service: `--map shop/web=checkout`\n",
        ),
        (&["--service", "shop"], "error: unknown service `shop`\n"),
    ] {
        let ran = deploys(&place, &[&all[..], more].concat(), &[]);
        assert_eq!((ran.code, ran.err.as_str()), (2, err));
    }
}

#[test]
fn statuses_are_needed() {
    let place = shop();
    let (deployment, _) = github(1, "shop/checkout", "production");
    place.write("deployments.json", deployment);
    let ran = good(&place, &["import", "github", "deployments.json"]);
    assert_eq!(
        ran.err,
        "0 new deployments, 0 updated\nnote: 1 entry not recorded: no status; import the statuses of the deployments too\n"
    );
    assert_eq!(lines(&place), Vec::<String>::new());
}

#[test]
fn what_is_no_document_is_an_error_and_nothing_is_recorded() {
    let place = shop();
    place.write("good.json", ARGO_CD);
    for (bad, said) in [
        ("", "cannot import bad.json: the document is empty\n"),
        (
            "<html><body>Log in</body></html>",
            "cannot import bad.json: got an HTML page instead of JSON\n",
        ),
        (
            &ARGO_CD[..200],
            "cannot import bad.json: invalid JSON: EOF while parsing",
        ),
        (
            "[{\"kind\":\"Rollout\"}]",
            "cannot import bad.json: `[0].kind`: expected `Application`, found \"Rollout\"\n",
        ),
        (
            &ARGO_CD.replace("\"revision\":\"aaa\",", ""),
            "cannot import bad.json: missing `status.history[0].revision`\n",
        ),
    ] {
        place.write("bad.json", bad);
        let ran = deploys(&place, &["import", "argo-cd", "good.json", "bad.json"], &[]);
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(ran.err.starts_with(&format!("error: {said}")), "{ran:?}");
        assert_eq!(ran.out, "");
        assert_eq!(lines(&place), Vec::<String>::new());
    }
    let gone = deploys(&place, &["import", "flux", "gone.json"], &[]);
    assert_eq!(
        (gone.code, gone.err.as_str()),
        (
            3,
            "error: cannot read gone.json: no such file or directory\n"
        )
    );
}
