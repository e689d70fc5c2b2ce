//! `nthc comment` and the script of the action, on a scratch repository, against servers that speak the APIs of GitHub, GitLab
//! and Bitbucket.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod forges;
#[allow(dead_code)]
#[path = "../place/mod.rs"]
mod place;
mod scene;
#[path = "../support/mod.rs"]
mod support;

mod command;

use forges::{Api, Kept, Server, Trouble};
use place::Ran;
use scene::{Scene, document};
use serde_json::{Value, json};

/// The first line of a comment.
fn mark(project: &str, head: &str, run: u64) -> String {
    format!("<!-- nthc diff: project={project} environment= head={head} run={run} -->")
}

/// The only comment with a mark of a project.
fn ours(server: &Server, project: &str) -> Kept {
    let start = format!("<!-- nthc diff: project={project} ");
    let all: Vec<Kept> = server
        .comments()
        .into_iter()
        .filter(|kept| kept.body.starts_with(&start) && kept.author == server.state().user)
        .collect();
    assert_eq!(all.len(), 1, "{all:?}");
    all.into_iter().next().unwrap()
}

fn passed(ran: &Ran) {
    assert_eq!(ran.code, 0, "{ran:?}");
}

fn failing(method: &'static str, path: &'static str, status: &'static str) -> Trouble {
    Trouble {
        method,
        path,
        times: 1,
        status,
        headers: String::new(),
        body: json!({"message": "later"}),
        is_processed: false,
    }
}

/// No stand-in: the program compares the commits, and its comment says what the change means.
#[test]
fn the_program_itself_says_what_a_commit_changes() {
    let (server, scene) = (Server::new(Api::GitHub), Scene::new());
    scene.place.replace(
        "services/checkout.nth",
        "severity = ticket",
        "severity = page",
    );
    scene.git(&["add", "."]);
    scene.git(&["commit", "--quiet", "-m", "the backlog pages"]);
    scene.place.write(".stub/step", "");
    let run = |number| {
        scene
            .ci(&server, number)
            .with("NTHC", env!("CARGO_BIN_EXE_nthc"))
            .with("NTH_FAIL_ON", "silenced")
            .with(
                "GITHUB_STEP_SUMMARY",
                scene.place.path(".stub/step").to_str().unwrap(),
            )
            .go(&scene)
    };
    let ran = run(1);
    passed(&ran);
    let comment = ours(&server, "shop");
    let lines: Vec<&str> = comment.body.lines().collect();
    insta::assert_snapshot!("the_program_itself", lines[1..].join("\n"));
    assert!(ran.out.contains("alert-severity-changed"), "{ran:?}");
    assert!(
        scene
            .place
            .read(".stub/step")
            .contains("alert-severity-changed")
    );
    assert!(
        scene
            .place
            .read(".stub/report/diff.sarif")
            .contains("alert-severity-changed")
    );

    // The same again: the comment is edited for its mark alone, or left.
    passed(&run(2));
    assert_eq!(
        ours(&server, "shop")
            .body
            .lines()
            .skip(1)
            .collect::<Vec<_>>(),
        lines[1..]
    );

    scene.git(&["revert", "--no-edit", "HEAD"]);
    scene.git(&["reset", "--quiet", "--soft", "HEAD~2"]);
    scene.git(&["commit", "--quiet", "--allow-empty", "-m", "as it was"]);
    passed(&run(3));
    let clean = ours(&server, "shop");
    assert_eq!(clean.body.lines().count(), 2, "{}", clean.body);
}

#[test]
fn the_first_run_posts_a_comment_and_reports_everything() {
    let (server, scene) = (Server::new(Api::GitHub), Scene::new());
    server.chat(2);
    scene.place.write(".stub/step", "");
    let ran = scene
        .ci(&server, 12)
        .with("STUB_FULL", "true")
        .with(
            "GITHUB_STEP_SUMMARY",
            scene.place.path(".stub/step").to_str().unwrap(),
        )
        .go(&scene);
    passed(&ran);
    let comment = ours(&server, "shop");
    let head = "a".repeat(40);
    assert_eq!(
        comment.body.lines().next().unwrap(),
        mark("shop", &head, 12)
    );
    assert!(comment.body.lines().count() > 1, "{}", comment.body);
    assert_eq!(
        server.writes(),
        ["POST /repos/example/shop/issues/7/comments"]
    );
    assert!(
        ran.out.contains("created the comment on pull request 7"),
        "{ran:?}"
    );
    assert!(ran.out.contains("::notice title=nthc::changed"), "{ran:?}");
    assert_eq!(scene.place.read(".stub/step"), "# Changes\n");
    let calls = scene.calls();
    for call in [
        "--project . check --format github",
        "--project . build --output ",
        "--project . test",
        "--project . diff HEAD^ --format json",
        "diff --from ",
        "comment --from ",
    ] {
        assert!(
            calls.lines().any(|line| line.starts_with(call)),
            "{call}: {calls}"
        );
    }
}

#[test]
fn a_comment_is_edited_in_place_and_an_equal_one_is_left() {
    let (server, scene) = (Server::new(Api::GitHub), Scene::new());
    passed(&scene.ci(&server, 1).go(&scene));
    server.writes();
    // The same document again, for a later commit.
    server.state().head = "b".repeat(40);
    let ran = scene.ci(&server, 2).go(&scene);
    passed(&ran);
    assert_eq!(server.writes(), Vec::<String>::new());
    assert!(
        ran.out.contains("not posted: the comment is up to date"),
        "{ran:?}"
    );
    // Another one.
    let first = ours(&server, "shop");
    scene.document(&document("shop", &["objective-lowered", "alert-removed"]));
    passed(&scene.ci(&server, 3).go(&scene));
    let edit = format!("PATCH /repos/example/shop/issues/comments/{}", first.id);
    assert_eq!(server.writes(), [edit]);
    let second = ours(&server, "shop");
    assert_eq!(second.id, first.id);
    assert_ne!(second.body, first.body);
    assert!(second.body.starts_with(&mark("shop", &"b".repeat(40), 3)));
}

#[test]
fn a_comment_on_the_third_page_is_found() {
    for api in [Api::GitHub, Api::GitLab, Api::Bitbucket] {
        let server = Server::new(api);
        server.chat(2 * forges::PAGE + 5);
        let user = server.state().user.clone();
        let first_line = match api {
            Api::Bitbucket => "[//]: # (nthc diff: project=shop environment= head=c run=1)\n",
            _ => "<!-- nthc diff: project=shop environment= head=c run=1 -->",
        };
        let id = server.add(&user, &format!("{first_line}\nold\n"));
        server.chat(3);
        passed(&command::post(
            &server,
            api,
            &document("shop", &["objective-lowered"]),
            &[],
        ));
        let writes = server.writes();
        assert_eq!(writes.len(), 1, "{api:?}: {writes:?}");
        assert!(
            writes[0].ends_with(&format!("/{id}")),
            "{api:?}: {writes:?}"
        );
        let comments = server.comments();
        let edited = comments.iter().find(|kept| kept.id == id).unwrap();
        assert!(!edited.body.contains("old"), "{}", edited.body);
        assert_eq!(comments.len(), 2 * forges::PAGE + 9);
    }
}

#[test]
fn a_comment_of_another_author_with_the_mark_is_not_touched() {
    let (server, scene) = (Server::new(Api::GitHub), Scene::new());
    let forged = format!("{}\nall is well", mark("shop", &"a".repeat(40), 999));
    let id = server.add("eve", &forged);
    server.add("ana", &format!("> {forged}"));
    passed(&scene.ci(&server, 2).go(&scene));
    assert_eq!(
        server.writes(),
        ["POST /repos/example/shop/issues/7/comments"]
    );
    let comments = server.comments();
    assert_eq!(
        comments.iter().find(|kept| kept.id == id).unwrap().body,
        forged
    );
    ours(&server, "shop");
}

#[test]
fn an_older_run_never_replaces_a_newer_one() {
    let (server, scene) = (Server::new(Api::GitHub), Scene::new());
    passed(&scene.ci(&server, 9).go(&scene));
    let newer = ours(&server, "shop");
    server.writes();
    scene.document(&document("shop", &["alert-removed"]));
    let ran = scene.ci(&server, 8).go(&scene);
    passed(&ran);
    assert_eq!(server.writes(), Vec::<String>::new());
    assert_eq!(ours(&server, "shop"), newer);
    assert!(
        ran.out
            .contains("not posted: the comment is from run 9, and this is run 8"),
        "{ran:?}"
    );
    // A run for an old commit posts nothing either, whatever its number.
    let mut run = scene.ci(&server, 10);
    run.head = "d".repeat(40);
    let ran = run.go(&scene);
    passed(&ran);
    assert_eq!(server.writes(), Vec::<String>::new());
    assert!(
        ran.out
            .contains("not posted: pull request 7 is at aaaaaaaaaaaa"),
        "{ran:?}"
    );
}

#[test]
fn the_token_of_a_fork_is_refused_with_a_help() {
    let (server, scene) = (Server::new(Api::GitHub), Scene::new());
    let mut refused = failing("POST", "/comments", "403 Forbidden");
    refused.times = 9;
    refused.body = json!({"message": "Resource not accessible by integration"});
    server.trouble(refused);
    // By itself, the script says so, and the checks still count.
    let ran = scene.ci(&server, 1).go(&scene);
    passed(&ran);
    assert!(
        ran.out
            .contains("::warning title=nthc::the comment is not posted"),
        "{ran:?}"
    );
    assert!(
        ran.err
            .contains("unexpected status 403: Resource not accessible"),
        "{ran:?}"
    );
    assert!(
        ran.err
            .contains("post it from a workflow on `workflow_run`"),
        "{ran:?}"
    );
    let ran = scene
        .ci(&server, 1)
        .with("NTH_COMMENT", "always")
        .go(&scene);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("failed: comment (exit code 3)"), "{ran:?}");
    // The action knows a fork from the event, and does not try.
    let before = server.server.requests().len();
    let ran = scene.ci(&server, 1).with("NTH_FORK", "true").go(&scene);
    passed(&ran);
    assert_eq!(server.server.requests().len(), before);
    assert!(scene.place.path(".stub/report/diff.json").exists());
    assert_eq!(server.comments(), []);
}

#[test]
fn a_rate_limit_is_waited_for_within_a_bound() {
    let (server, scene) = (Server::new(Api::GitHub), Scene::new());
    let mut limited = failing("POST", "/comments", "403 Forbidden");
    limited.headers = "Retry-After: 1\r\n".to_owned();
    limited.body = json!({"message": "You have exceeded a secondary rate limit."});
    server.trouble(limited.clone());
    let mut pages = failing("GET", "/comments", "429 Too Many Requests");
    pages.headers = "Retry-After: 1\r\n".to_owned();
    server.trouble(pages);
    passed(&scene.ci(&server, 1).go(&scene));
    ours(&server, "shop");
    assert_eq!(server.writes().len(), 2);
    // Longer than the limit, and named in three ways.
    for headers in [
        "Retry-After: 3600\r\n",
        "X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 99999999999\r\n",
        "",
    ] {
        limited.headers = headers.to_owned();
        limited.method = "PATCH";
        limited.times = 1;
        server.trouble(limited.clone());
        scene.document(&document("shop", &["alert-removed"]));
        let ran = scene
            .ci(&server, 2)
            .with("NTH_COMMENT", "always")
            .go(&scene);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(
            ran.err.contains("GitHub limits the rate of requests"),
            "{ran:?}"
        );
        assert!(ran.err.contains("comment (exit code 3)"), "{ran:?}");
    }
}

#[test]
fn nothing_is_posted_for_no_change_and_a_comment_becomes_one_line() {
    let (server, scene) = (Server::new(Api::GitHub), Scene::new());
    scene.document(&document("shop", &[]));
    let clean = |number| {
        let run = scene.ci(&server, number).with("STUB_CODE", "0");
        let ran = run.go(&scene);
        passed(&ran);
        ran
    };
    let ran = clean(1);
    assert_eq!(server.writes(), Vec::<String>::new());
    assert!(
        ran.out
            .contains("not posted: no changes, and no earlier comment"),
        "{ran:?}"
    );
    scene.document(&document("shop", &["objective-lowered"]));
    passed(&scene.ci(&server, 2).go(&scene));
    let posted = ours(&server, "shop");
    server.writes();
    scene.document(&document("shop", &[]));
    clean(3);
    assert_eq!(server.writes().len(), 1);
    let edited = ours(&server, "shop");
    assert_eq!(edited.id, posted.id);
    assert_eq!(edited.body.trim().lines().count(), 2, "{}", edited.body);
    clean(4);
    assert_eq!(server.writes(), Vec::<String>::new());
}

#[test]
fn a_server_error_is_tried_again_and_posts_no_second_comment() {
    let (server, scene) = (Server::new(Api::GitHub), Scene::new());
    server.trouble(failing("GET", "/comments", "502 Bad Gateway"));
    server.trouble(failing("GET", "/pulls/7", "503 Service Unavailable"));
    // The comment is posted, and the response is lost.
    let mut lost = failing("POST", "/comments", "502 Bad Gateway");
    lost.is_processed = true;
    server.trouble(lost);
    passed(&scene.ci(&server, 1).go(&scene));
    ours(&server, "shop");
    // The comment is not posted, and posted afterwards.
    let other = Server::new(Api::GitHub);
    other.trouble(failing("POST", "/comments", "500 Internal Server Error"));
    passed(&scene.ci(&other, 1).go(&scene));
    ours(&other, "shop");
    // For good.
    let mut broken = failing("GET", "/comments", "500 Internal Server Error");
    broken.times = 99;
    broken.body =
        json!({"message": format!("\u{1b}[31m::error::{} hunter2-token", "x".repeat(9000))});
    other.trouble(broken);
    let ran = scene.ci(&other, 2).with("NTH_COMMENT", "always").go(&scene);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("unexpected status 500"), "{ran:?}");
    assert!(!ran.err.contains('\u{1b}'), "{ran:?}");
    assert!(ran.err.len() < 2000, "{ran:?}");
}

/// The event of the privileged half, for a run of a fork.
fn workflow_run(head: &str, branch: &str) -> Value {
    let (owner, branch) = branch.split_once(':').unwrap();
    json!({"workflow_run": {
        "id": 5,
        "event": "pull_request",
        "run_number": 31,
        "head_sha": head,
        "head_branch": branch,
        "head_repository": {"id": 42, "owner": {"login": owner}},
        "pull_requests": [],
    }})
}

#[test]
fn the_privileged_half_posts_to_the_pull_request_of_the_run() {
    let (server, scene) = (Server::new(Api::GitHub), Scene::new());
    let document = document("shop", &["objective-lowered"]).to_string();
    scene
        .place
        .write(".stub/report/nthc-diff/diff.json", &document);
    // What else is in an artifact is not read.
    scene
        .place
        .write(".stub/report/nthc-diff/pull-request", "666\n");
    let outside = scene.place.path("outside.json");
    std::fs::write(&outside, &document).unwrap();
    std::fs::create_dir_all(scene.place.path(".stub/report/link")).unwrap();
    std::os::unix::fs::symlink(&outside, scene.place.path(".stub/report/link/diff.json")).unwrap();
    let post = |event: &Value| {
        scene
            .ci(&server, 99)
            .argument("post")
            .with("GITHUB_BASE_REF", "")
            .go_for(&scene, event)
    };
    let head = "a".repeat(40);
    let ran = post(&workflow_run(&head, "ana:feature"));
    passed(&ran);
    // The number of the run is that of the run that compared.
    assert!(
        ours(&server, "shop")
            .body
            .starts_with(&mark("shop", &head, 31))
    );
    assert_eq!(server.writes().len(), 1);
    assert!(
        scene
            .calls()
            .lines()
            .all(|line| line.starts_with("comment --from "))
    );
    // A commit that is no longer, or never was, that of the pull request; and a branch without one.
    for event in [
        workflow_run(&"e".repeat(40), "ana:feature"),
        workflow_run(&head, "eve:feature"),
    ] {
        let ran = post(&event);
        passed(&ran);
        assert!(
            ran.out.contains("not posted: no open pull request is at "),
            "{ran:?}"
        );
    }
    // A fork of the same name whose branch is not that of the pull request.
    let mut event = workflow_run(&head, "ana:feature");
    event["workflow_run"]["head_repository"]["id"] = json!(43);
    passed(&post(&event));
    // A run for a push.
    event["workflow_run"]["event"] = json!("push");
    let ran = post(&event);
    assert!(
        ran.out
            .contains("not posted: the run was not for a pull request"),
        "{ran:?}"
    );
    assert_eq!(server.writes(), Vec::<String>::new());
}

#[test]
fn projects_of_a_repository_have_comments_of_their_own() {
    let (server, scene) = (Server::new(Api::GitHub), Scene::new());
    passed(&scene.ci(&server, 1).go(&scene));
    scene.document(&document("bank", &["objective-lowered"]));
    passed(&scene.ci(&server, 1).go(&scene));
    assert_ne!(ours(&server, "shop").id, ours(&server, "bank").id);
}

#[test]
fn the_script_fails_for_what_fails_and_still_comments() {
    let (server, scene) = (Server::new(Api::GitHub), Scene::new());
    let ran = scene
        .ci(&server, 1)
        .with("STUB_CODE", "10")
        .with("NTH_FAIL_ON", "silenced,loosened")
        .go(&scene);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.err.contains("changes of the classes silenced,loosened"),
        "{ran:?}"
    );
    assert!(
        scene
            .calls()
            .contains("diff HEAD^ --fail-on=silenced,loosened --format json")
    );
    ours(&server, "shop");
    // An error in the sources.
    scene.place.write("services/broken.nth", "service {\n");
    let ran = scene.ci(&server, 2).with("STUB_FULL", "true").go(&scene);
    assert_eq!(ran.code, 1, "{ran:?}");
    for step in ["check", "build", "test"] {
        assert!(
            ran.err.contains(&format!("failed: {step} (exit code 1)")),
            "{ran:?}"
        );
    }
}

#[test]
fn the_base_is_the_first_parent_of_the_merge_in_a_clone_of_one_commit() {
    let (server, scene) = (Server::new(Api::GitHub), Scene::new());
    scene.git(&["checkout", "--quiet", "-b", "feature", "HEAD^"]);
    scene.place.write("more.md", "more\n");
    scene.git(&["add", "more.md"]);
    scene.git(&["commit", "--quiet", "-m", "feature"]);
    scene.git(&["checkout", "--quiet", "main"]);
    scene.git(&["merge", "--quiet", "--no-ff", "--no-edit", "feature"]);
    let url = format!("file://{}", scene.place.path(".").display());
    scene.git(&["clone", "--quiet", "--depth=1", &url, ".stub/clone"]);
    let merge = scene.git(&["rev-parse", "HEAD"]);
    let mut run = scene
        .ci(&server, 1)
        .with("NTH_BASE", "")
        .with("GITHUB_SHA", &merge);
    run.folder = ".stub/clone";
    passed(&run.go(&scene));
    assert!(
        scene.calls().contains("diff HEAD^1 --format json"),
        "{}",
        scene.calls()
    );
    let parent = |folder: &str| scene.git(&["-C", folder, "rev-parse", "HEAD^1"]);
    assert_eq!(parent(".stub/clone"), parent("."));
    // Without a merge, the base is where the branch began, which `diff` finds.
    scene.git(&["checkout", "--quiet", "feature"]);
    scene.git(&["remote", "add", "origin", &url]);
    passed(&scene.ci(&server, 2).with("NTH_BASE", "").go(&scene));
    let call = "diff --merge-base origin/main --format json";
    assert!(scene.calls().contains(call), "{}", scene.calls());
}

#[test]
fn a_summary_that_is_too_large_becomes_the_comment() {
    let (server, scene) = (Server::new(Api::GitHub), Scene::new());
    scene.place.write(".stub/step", "before\n");
    scene.place.write(".stub/summary.md", "x".repeat(950 << 10));
    let step = scene.place.path(".stub/step");
    let run = scene
        .ci(&server, 1)
        .with("GITHUB_STEP_SUMMARY", step.to_str().unwrap());
    passed(&run.go(&scene));
    let summary = scene.place.read(".stub/step");
    assert!(
        summary.starts_with("before\n<!-- nthc diff: project=shop "),
        "{summary}"
    );
    assert!(summary.len() < 70_000);
}
