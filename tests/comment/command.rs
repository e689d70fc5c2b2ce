//! The command itself: what it reads, where it posts, and what it never sends or prints.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::forges::{Api, Server, TOKEN};
use crate::place::{Place, Ran, run, with_stdin};
use crate::scene::document;
use crate::support::loopback::{Loopback, answer};

/// The variables of CI that a run on a build server has itself.
const VARIABLES: [&str; 12] = [
    "GITHUB_REPOSITORY",
    "GITHUB_EVENT_PATH",
    "GITHUB_API_URL",
    "GITHUB_RUN_NUMBER",
    "GITHUB_TOKEN",
    "GITLAB_TOKEN",
    "CI_API_V4_URL",
    "CI_JOB_TOKEN",
    "CI_PIPELINE_ID",
    "CI_COMMIT_SHA",
    "BITBUCKET_BUILD_NUMBER",
    "BITBUCKET_TOKEN",
];

fn command(
    place: &Place,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> std::process::Command {
    let mut command = place.command(arguments);
    for name in VARIABLES {
        command.env_remove(name);
    }
    command.envs(environment.iter().copied());
    command
}

fn ran(place: &Place, arguments: &[&str], environment: &[(&str, &str)]) -> Ran {
    let ran = run(&mut command(place, arguments, environment));
    assert!(!format!("{ran:?}").contains(TOKEN), "{ran:?}");
    ran
}

/// Posts a document as a pipeline of a server does.
pub fn post(server: &Server, api: Api, document: &Value, more: &[&str]) -> Ran {
    let place = Place::new();
    place.write("diff.json", document.to_string());
    let url = server.url();
    let head = server.state().head.clone();
    let environment: Vec<(&str, &str)> = match api {
        Api::GitHub => vec![
            ("GITHUB_REPOSITORY", "example/shop"),
            ("GITHUB_API_URL", &url),
            ("GITHUB_RUN_NUMBER", "5"),
            ("GITHUB_TOKEN", TOKEN),
        ],
        Api::GitLab => vec![
            ("CI_API_V4_URL", &url),
            ("CI_PROJECT_ID", "12"),
            ("CI_MERGE_REQUEST_PROJECT_ID", "example/shop"),
            ("CI_MERGE_REQUEST_IID", "7"),
            ("CI_COMMIT_SHA", &head),
            ("CI_PIPELINE_ID", "5"),
            ("GITLAB_TOKEN", TOKEN),
            ("CI_JOB_TOKEN", "another"),
        ],
        Api::Bitbucket => vec![
            ("BITBUCKET_BUILD_NUMBER", "5"),
            ("BITBUCKET_REPO_FULL_NAME", "example/shop"),
            ("BITBUCKET_PR_ID", "7"),
            ("BITBUCKET_COMMIT", &head),
            ("BITBUCKET_TOKEN", TOKEN),
        ],
    };
    let mut arguments = vec!["comment", "--from", "diff.json"];
    match api {
        Api::GitHub => arguments.extend(["--pull-request", "7"]),
        Api::GitLab => {}
        Api::Bitbucket => arguments.extend(["--api", &url]),
    }
    arguments.extend(more);
    ran(&place, &arguments, &environment)
}

#[test]
fn gitlab_and_bitbucket_post_edit_and_leave() {
    for api in [Api::GitLab, Api::Bitbucket] {
        let server = Server::new(api);
        let one = document("shop", &["objective-lowered"]);
        let created = post(&server, api, &one, &[]);
        assert_eq!(created.code, 0, "{api:?}: {created:?}");
        assert!(
            created.out.starts_with("created the comment"),
            "{created:?}"
        );
        let first = server.comments();
        let start = match api {
            Api::Bitbucket => "[//]: # (nthc diff: project=shop environment= head=aaaa",
            _ => "<!-- nthc diff: project=shop environment= head=aaaa",
        };
        assert!(first[0].body.starts_with(start), "{first:?}");
        let equal = post(&server, api, &one, &[]);
        assert!(equal.out.contains("up to date"), "{equal:?}");
        let edited = post(&server, api, &document("shop", &["alert-removed"]), &[]);
        assert!(edited.out.starts_with("edited the comment"), "{edited:?}");
        let older = post(&server, api, &one, &["--run", "4"]);
        assert!(
            older.out.contains("from run 5, and this is run 4"),
            "{older:?}"
        );
        let stale = post(&server, api, &one, &["--head", &"b".repeat(40)]);
        assert!(stale.out.contains("is at aaaaaaaaaaaa"), "{stale:?}");
        assert_eq!(server.comments().len(), 1);
        assert_eq!(server.writes().len(), 2);
    }
}

#[test]
fn no_token_follows_a_redirect() {
    let hits = Arc::new(AtomicUsize::new(0));
    let counted = hits.clone();
    let other = Loopback::new(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        answer("200 OK", "", "[]")
    });
    let place = Place::new();
    place.write(
        "diff.json",
        document("shop", &["objective-lowered"]).to_string(),
    );
    for status in ["301 Moved Permanently", "307 Temporary Redirect"] {
        let location = format!("Location: {}/repos\r\n", other.url);
        let server = Loopback::new(move |_| answer(status, &location, ""));
        let ran = ran(
            &place,
            &[
                "comment",
                "--from",
                "diff.json",
                "--forge",
                "github",
                "--api",
                &server.url,
            ]
            .into_iter()
            .chain(["--repository", "example/shop", "--pull-request", "7"])
            .collect::<Vec<_>>(),
            &[("GITHUB_TOKEN", TOKEN)],
        );
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(ran.err.contains("redirects are not followed"), "{ran:?}");
    }
    assert_eq!(hits.load(Ordering::SeqCst), 0);
}

#[test]
fn what_is_missing_is_named() {
    let place = Place::new();
    place.write(
        "diff.json",
        document("shop", &["objective-lowered"]).to_string(),
    );
    let from = ["comment", "--from", "diff.json"];
    let github = [&from[..], &["--forge", "github"]].concat();
    let shop = [&github[..], &["--repository", "example/shop"]].concat();
    let number = [&shop[..], &["--pull-request", "7"]].concat();
    let cases: [(&[&str], &str, &str); 5] = [
        (&from, "unknown forge", "--forge github"),
        (&github, "missing repository", "--repository example/shop"),
        (
            &shop,
            "missing number of the pull request",
            "--pull-request 7",
        ),
        (&number, "missing token", "GITHUB_TOKEN"),
        (
            &[&github[..], &["--repository", "shop"]].concat(),
            "invalid repository `shop`",
            "--repository example/shop",
        ),
    ];
    for (arguments, message, help) in cases {
        let ran = ran(&place, arguments, &[]);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(
            ran.err.contains(message) && ran.err.contains(help),
            "{ran:?}"
        );
    }
    let mistaken = ran(
        &place,
        &[&number[..], &["--api", "ftp://a:b@c"]].concat(),
        &[],
    );
    assert_eq!(mistaken.code, 2, "{mistaken:?}");
    assert!(!mistaken.err.contains("a:b"), "{mistaken:?}");
}

#[test]
fn other_documents_are_refused() {
    let place = Place::new();
    let refused = |text: &str| {
        place.write("diff.json", text);
        let ran = ran(
            &place,
            &["comment", "--from", "diff.json", "--dry-run"],
            &[],
        );
        assert_eq!(ran.code, 3, "{ran:?}");
        ran.err
    };
    assert!(refused("{").contains("diff.json is not a document of `nthc diff`"));
    assert!(refused("{}").contains("missing field `version`"));
    assert!(refused(&"[".repeat(100_000)).contains("is not a document"));
    let mut newer = document("shop", &[]);
    newer["version"] = json!(2);
    assert!(refused(&newer.to_string()).contains("has version 2, and this nthc reads version 1"));
    let missing = ran(&place, &["comment", "--from", "none.json"], &[]);
    assert_eq!(missing.code, 3, "{missing:?}");
}

#[test]
fn a_dry_run_prints_the_comment_and_needs_no_server() {
    let place = Place::new();
    let mut hostile = document("-->\n# shop", &["objective-lowered"]);
    hostile["changes"][0]["because"] = json!("--> <script>alert(1)</script>");
    let mut command = command(
        &place,
        &[
            "comment",
            "--from",
            "-",
            "--dry-run",
            "--run",
            "3",
            "--head",
            "abc",
        ],
        &[],
    );
    let ran = with_stdin(&mut command, hostile.to_string().as_bytes());
    assert_eq!(ran.code, 0, "{ran:?}");
    let first = ran.out.lines().next().unwrap();
    assert_eq!(
        first,
        "<!-- nthc diff: project=-%2D%3E%0A%23%20shop environment= head=abc run=3 -->"
    );
    assert!(!ran.out.contains("<script>"), "{ran:?}");
}

#[test]
fn a_token_file_goes_before_the_environment() {
    let server = Server::new(Api::GitHub);
    let place = Place::new();
    place.write(
        "diff.json",
        document("shop", &["objective-lowered"]).to_string(),
    );
    place.write("token", format!("{TOKEN}\n"));
    let url = server.url();
    let arguments = [
        "comment",
        "--from",
        "diff.json",
        "--forge",
        "github",
        "--repository",
        "example/shop",
        "--pull-request",
        "7",
        "--api",
        &url,
    ];
    let wrong = ran(&place, &arguments, &[("GITHUB_TOKEN", "wrong")]);
    assert_eq!(wrong.code, 3, "{wrong:?}");
    assert!(
        wrong.err.contains("unexpected status 401: Bad credentials"),
        "{wrong:?}"
    );
    let right = ran(
        &place,
        &[&arguments[..], &["--token-file", "token"]].concat(),
        &[("GITHUB_TOKEN", "wrong")],
    );
    assert_eq!(right.code, 0, "{right:?}");
    assert_eq!(server.comments().len(), 1);
}
