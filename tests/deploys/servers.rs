//! `nthc deploys pull` from servers on loopback: Argo CD, and answers that are none.

use super::scene::{deploys, good, lines, shop};
use super::support::loopback::{Act, Loopback, ReceivedRequest, answer};

const JSON: &str = "Content-Type: application/json\r\n";

const APPLICATIONS: &str = r#"{"metadata":{"resourceVersion":"7"},"items":[
  {"metadata":{"name":"checkout","namespace":"argocd"},"status":{"history":[
    {"id":0,"revision":"aaa","deployStartedAt":"2026-11-20T09:00:00Z","deployedAt":"2026-11-20T09:00:07Z"},
    {"id":1,"revision":"bbb","deployStartedAt":"2026-11-20T10:00:00Z","deployedAt":"2026-11-20T10:00:08Z"}]}},
  {"metadata":{"name":"intern","namespace":"argocd"},"status":{"history":[
    {"id":0,"revision":"ccc","deployedAt":"2026-11-20T09:00:07Z"}]}}]}"#;

/// An Argo CD that requires the token `hunter2`, and echoes what it gets otherwise.
fn argo_cd(request: &ReceivedRequest) -> Act {
    let sent = request.header("authorization").unwrap_or("none");
    if sent != "Bearer hunter2" {
        let body =
            format!(r#"{{"error":"no session","code":16,"message":"no session for {sent}"}}"#);
        return answer("401 Unauthorized", JSON, body);
    }
    assert_eq!(request.line, "GET /argo/api/v1/applications HTTP/1.1");
    answer("200 OK", JSON, APPLICATIONS)
}

#[test]
fn argo_cd_is_asked_with_a_token_that_is_never_printed() {
    let place = shop();
    let server = Loopback::new(argo_cd);
    let url = format!("{}/argo/", server.url);
    let pull = ["pull", "--argo-cd", &url];
    let denied = deploys(&place, &pull, &[]);
    assert_eq!(denied.code, 3, "{denied:?}");
    assert_eq!(
        denied.err,
        format!(
            "error: cannot read the applications of Argo CD at {}/argo: unexpected status 401: no session for none\n  \
             help: set NTH_ARGOCD_TOKEN to a token whose account may `get` applications, or pass a file with \
             `--argo-cd-token-file`\n",
            server.url
        )
    );
    let wrong = deploys(&place, &pull, &[("NTH_ARGOCD_TOKEN", "hunter3")]);
    assert_eq!(wrong.code, 3, "{wrong:?}");
    assert!(!format!("{wrong:?}").contains("hunter3"), "{wrong:?}");

    let ran = deploys(&place, &pull, &[("NTH_ARGOCD_TOKEN", "hunter2\n")]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(!format!("{ran:?}").contains("hunter"), "{ran:?}");
    assert!(
        ran.err.contains(
            "2 new deployments, 0 updated\nnote: 1 deployment of `intern`, which is no service"
        ),
        "{ran:?}"
    );
    assert_eq!(
        lines(&place),
        [
            "checkout aaa<- 09:00:00Z–09:00:07Z",
            "checkout bbb<aaa 10:00:00Z–10:00:08Z",
        ]
    );
    place.write("token", "hunter2\n");
    let file = good(
        &place,
        &[&pull[..], &["--argo-cd-token-file", "token"]].concat(),
    );
    assert!(
        file.err
            .starts_with("0 new deployments, 0 updated, 2 unchanged\n"),
        "{file:?}"
    );
    let variable = deploys(&place, &pull, &[("NTH_ARGOCD_TOKEN_FILE", "token")]);
    assert_eq!(variable.code, 0, "{variable:?}");
    let both = deploys(
        &place,
        &pull,
        &[
            ("NTH_ARGOCD_TOKEN", "hunter2"),
            ("NTH_ARGOCD_TOKEN_FILE", "token"),
        ],
    );
    assert_eq!(both.code, 2, "{both:?}");
}

#[test]
fn an_argo_cd_that_gives_no_valid_answer_is_an_error() {
    let place = shop();
    let html = || {
        answer(
            "200 OK",
            "Content-Type: text/html\r\n",
            "<!doctype html><title>Argo CD</title>",
        )
    };
    let cases: [(fn() -> Act, &str); 7] = [
        (html, "got an HTML page instead of JSON"),
        (
            || answer("404 Not Found", "", "404 page not found"),
            "unexpected status 404",
        ),
        (
            || answer("302 Found", "Location: https://evil.example.com/\r\n", ""),
            "unexpected status 302",
        ),
        (
            || answer("206 Partial Content", JSON, APPLICATIONS),
            "unexpected status 206",
        ),
        (
            || answer("200 OK", JSON, &APPLICATIONS[..300]),
            "invalid JSON: EOF while parsing",
        ),
        (|| answer("200 OK", JSON, "{}"), "missing `metadata`"),
        (|| answer("200 OK", JSON, ""), "the document is empty"),
    ];
    for (act, said) in cases {
        let server = Loopback::new(move |_| act());
        let ran = deploys(&place, &["pull", "--argo-cd", &server.url], &[]);
        assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{said}: {ran:?}");
        assert!(ran.err.contains(said), "{said}: {ran:?}");
        assert_eq!(server.requests().len(), 1, "{said}");
        assert_eq!(lines(&place), Vec::<String>::new(), "{said}");
    }
    let nobody = good(
        &place,
        &[
            "pull",
            "--argo-cd",
            &Loopback::new(|_| answer("200 OK", JSON, r#"{"metadata":{},"items":null}"#)).url,
        ],
    );
    assert_eq!(nobody.err, "0 new deployments, 0 updated\n");
    for (url, said) in [
        (
            "http://ana:hunter2@localhost",
            "contains a user or a password",
        ),
        ("localhost:8080", "does not start with `http://`"),
    ] {
        let ran = deploys(&place, &["pull", "--argo-cd", url], &[]);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(
            ran.err.contains(said) && !ran.err.contains("hunter2"),
            "{ran:?}"
        );
    }
    let nothing = deploys(&place, &["pull"], &[]);
    assert_eq!(nothing.code, 2, "{nothing:?}");
}

#[test]
fn a_prometheus_that_gives_no_valid_answer_is_an_error() {
    let place = shop();
    let matrix = r#""data":{"resultType":"matrix","result":[]}"#;
    let partial = format!(r#"{{"status":"success","isPartial":true,{matrix}}}"#);
    let warned = format!(r#"{{"status":"success","warnings":["a store is gone"],{matrix}}}"#);
    let cases = [
        (
            "200 OK",
            "<html>Log in</html>".to_owned(),
            "got an HTML page instead of JSON",
        ),
        (
            "401 Unauthorized",
            "hunter2".to_owned(),
            "unexpected status 401",
        ),
        ("404 Not Found", String::new(), "unexpected status 404"),
        ("200 OK", partial, "partial response: it sets `isPartial`"),
        (
            "200 OK",
            warned,
            "incomplete response: it warns \"a store is gone\"",
        ),
        (
            "200 OK",
            "{\"status\":\"success\",".to_owned(),
            "truncated response",
        ),
        (
            "200 OK",
            r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#.to_owned(),
            "expected a matrix, found \"vector\"",
        ),
        (
            "422 Unprocessable Entity",
            r#"{"status":"error","errorType":"execution","error":"too many samples"}"#.to_owned(),
            "unexpected status 422: too many samples\n  help: pull fewer services with `--service`, or raise the limit",
        ),
    ];
    for (status, body, said) in cases {
        let server = Loopback::new(move |_| answer(status, JSON, &body));
        let pull = ["pull", "--prometheus", &server.url, "--since", "1h"];
        let ran = deploys(&place, &pull, &[("NTH_PROMETHEUS_TOKEN", "hunter2")]);
        assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{said}: {ran:?}");
        assert!(ran.err.contains(said), "{said}: {ran:?}");
        assert!(
            ran.err.starts_with("error: cannot query the ") && !ran.err.contains("hunter2"),
            "{said}: {ran:?}"
        );
        assert_eq!(lines(&place), Vec::<String>::new(), "{said}");
    }
    let milliseconds = Loopback::new(|request| {
        let now = request.body.split("end=").nth(1).unwrap();
        let now: i64 = now.split('&').next().unwrap().parse().unwrap();
        let series = match request.body.contains("deployed_timestamp_seconds") {
            true => format!(r#"{{"metric":{{}},"values":[[{now},"{now}000"]]}}"#),
            false => String::new(),
        };
        let body = format!(
            r#"{{"status":"success","data":{{"resultType":"matrix","result":[{series}]}}}}"#
        );
        answer("200 OK", JSON, body)
    });
    let ran = deploys(
        &place,
        &["pull", "--prometheus", &milliseconds.url, "--since", "1h"],
        &[],
    );
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.err.starts_with(
            "error: the `deployed` query of service `ledger` is not a time in seconds: "
        ),
        "{ran:?}"
    );
}
