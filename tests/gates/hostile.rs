//! Answers that are hostile, broken or of something that is no Prometheus. Each would let a careless reader allow the
//! deployment: the sample in it is far from the limit, and the gate lets pass what has no data.

use crate::hostile_rows::{ROWS, beside};
use crate::place::{Place, Ran};
use crate::support::loopback::{Loopback, answer};
use crate::{built, nthc, with};

const SOURCE: &str = r#"team payments { }

service checkout {
  team     = payments
  selector = { job = "checkout" }

  slo availability {
    objective = 99.5%

    sli : ratio { bad = `requests_total{code="500"}`  total = `requests_total` }
  }

  gate open {
    on_no_data = allow

    deny spent { when = budget(availability) < 10% }
  }
}
"#;

fn check(place: &Place, url: &str, more: &[&str]) -> Ran {
    let args = [
        "gate",
        "check",
        "--policy",
        "build/policy/checkout.json",
        "--prometheus",
        url,
    ];
    nthc(place, &[&args, more].concat())
}

/// How long an answer may take: a second where it never ends, and enough for a busy machine where it does.
fn timeout(says: &str) -> &'static str {
    match says {
        "request timed out" => "--timeout=1s",
        _ => "--timeout=120s",
    }
}

#[test]
fn no_hostile_answer_allows_anything() {
    let place = built(SOURCE);
    // What the rows are made of is allowed.
    let sound = Loopback::new(|asked| beside(asked, ""));
    let ran = check(&place, &sound.url, &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ROWS.len() >= 30);
    let mut wrong = Vec::new();
    for (name, act, says) in ROWS {
        let server = Loopback::new(act);
        let ran = check(&place, &server.url, &[timeout(says)]);
        let begins = format!(
            "error: cannot query budget(availability) at {}: ",
            server.url
        );
        let is_told = ran.err.starts_with(&begins) && ran.err.contains(says);
        let is_asked = !server.requests().is_empty();
        if (ran.code, ran.out.as_str(), is_told, is_asked) != (3, "", true, true) {
            wrong.push(format!("{name}: expected {says:?}, found {ran:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// How much of a window is known is read as strictly as the value is.
#[test]
fn a_hostile_answer_to_the_second_question_allows_nothing_either() {
    let place = built(SOURCE);
    let server = Loopback::new(|asked| match asked.body.contains("sli_coverage") {
        true => beside(asked, r#""isPartial":true,"#),
        false => beside(asked, ""),
    });
    let ran = check(&place, &server.url, &[]);
    assert_eq!((ran.code, server.requests().len()), (3, 2), "{ran:?}");
    assert!(
        ran.err
            .contains("the coverage of 30d for budget(availability)"),
        "{ran:?}"
    );
}

#[test]
fn a_redirect_leads_nowhere() {
    let place = built(SOURCE);
    let other = Loopback::new(|asked| beside(asked, ""));
    for status in [
        "301 Moved",
        "302 Found",
        "303 See Other",
        "307 Temporary",
        "308 Permanent",
    ] {
        let target = other.url.replace("127.0.0.1", "localhost");
        let server = Loopback::new(move |_| {
            answer(status, &format!("Location: {target}/api/v1/query\r\n"), "")
        });
        let ran = check(&place, &server.url, &[]);
        assert_eq!(ran.code, 3, "{status}: {ran:?}");
        assert!(ran.err.contains("redirects are not followed"), "{ran:?}");
    }
    assert!(other.requests().is_empty());
}

/// Servers are asked to fail rather than to answer in part, and not to answer from a cache.
#[test]
fn servers_are_asked_for_whole_answers() {
    let place = built(SOURCE);
    let server = Loopback::new(|asked| beside(asked, ""));
    check(&place, &server.url, &[]);
    for seen in server.requests() {
        assert_eq!(seen.header("cache-control"), Some("no-cache"), "{seen:?}");
        assert!(seen.body.contains("&partial_response=false"), "{seen:?}");
        assert!(seen.body.contains("&deny_partial_response=1"), "{seen:?}");
    }
}

#[test]
fn what_takes_nothing_from_an_answer_is_told_and_blocks_nothing() {
    let place = built(SOURCE);
    let infos = r#""infos":["PromQL info: metric might not be a counter, name does not end in _total: \"x\" (1:6)"],"warnings":["PromQL warning: quantile value should be between 0 and 1, got 2\u001b[2J"],"#;
    let server = Loopback::new(move |asked| beside(asked, infos));
    let ran = check(&place, &server.url, &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out.contains("note: budget(availability): the server warns \"PromQL info: metric might not be a counter"),
        "{ran:?}"
    );
    assert!(
        ran.out.contains("\"PromQL warning: quantile value"),
        "{ran:?}"
    );
    assert!(!ran.out.contains('\u{1b}'), "{ran:?}");
    let args = [
        "gate",
        "facts",
        "--policy",
        "build/policy/checkout.json",
        "--prometheus",
        &server.url,
    ];
    let facts = nthc(&place, &args);
    assert_eq!(facts.code, 0, "{facts:?}");
    assert!(
        serde_json::from_str::<serde_json::Value>(&facts.out).is_ok(),
        "{facts:?}"
    );
    assert!(
        facts
            .err
            .starts_with("note: budget(availability): the server warns"),
        "{facts:?}"
    );
    let budget = nthc(&place, &["budget", "--prometheus", &server.url]);
    assert_eq!(budget.code, 0, "{budget:?}");
    assert!(
        budget
            .err
            .contains("note: the error ratio of checkout.availability: the server warns"),
        "{budget:?}"
    );
}

/// `nthc budget` tells nothing of answers that are not whole.
#[test]
fn no_hostile_answer_is_told_as_a_budget() {
    let place = built(SOURCE);
    for name in [
        "isPartial",
        "a store that is down, as Thanos warns",
        "an error beside success",
        "status 206",
        "a sample of an hour before",
        "a value twice",
        "64 MiB in 64 KiB of gzip",
        "a byte from time to time",
    ] {
        let (_, act, says) = ROWS.iter().find(|(known, ..)| *known == name).unwrap();
        let server = Loopback::new(act);
        for format in ["human", "json"] {
            let args = [
                "budget",
                timeout(says),
                "--format",
                format,
                "--prometheus",
                &server.url,
            ];
            let ran = nthc(&place, &args);
            assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{name}: {ran:?}");
            assert!(ran.err.contains(says), "{name}: {ran:?}");
        }
    }
}

/// Whatever a server says, and wherever a secret came from.
#[test]
fn no_secret_is_told() {
    let place = built(SOURCE);
    place.write("token", "hunter2hunter2\n");
    place.write("password", "hunter2hunter2\r\n");
    place.write("two", "hunter2\nhunter2\n");
    // A server that repeats what it was sent.
    let server = Loopback::new(|asked| {
        let sent = asked.header("authorization").unwrap_or("nothing");
        let said = serde_json::json!({
            "status": "error",
            "error": format!("{sent} does not let you in, {}", sent.trim_start_matches("Bearer ")),
        });
        answer("403 Forbidden", "", said.to_string())
    });
    // `ana:hunter2hunter2`
    let pair = "YW5hOmh1bnRlcjJodW50ZXIy";
    let token = &["--token-file", "token"][..];
    let user = &["--user", "ana", "--password-file", "password"][..];
    for (args, set, sent) in [
        (token, &[][..], "Bearer hunter2hunter2"),
        (
            &[],
            &[("NTH_PROMETHEUS_TOKEN_FILE", "token")],
            "Bearer hunter2hunter2",
        ),
        (
            &[],
            &[("NTH_PROMETHEUS_TOKEN", "hunter2hunter2")],
            "Bearer hunter2hunter2",
        ),
        (
            token,
            &[("NTH_PROMETHEUS_TOKEN", "other")],
            "Bearer hunter2hunter2",
        ),
        (user, &[("NTH_PROMETHEUS_TOKEN", "other")], pair),
        (
            &["--password-file", "password"],
            &[("NTH_PROMETHEUS_USER", "ana")],
            pair,
        ),
        (
            &[],
            &[
                ("NTH_PROMETHEUS_USER", "ana"),
                ("NTH_PROMETHEUS_PASSWORD_FILE", "password"),
            ],
            pair,
        ),
    ] {
        for command in [
            &["gate", "check", "--policy", "build/policy/checkout.json"][..],
            &["gate", "facts", "--policy", "build/policy/checkout.json"],
            &["budget"],
            &["metrics", "pull", "--selector", "{job=\"checkout\"}"],
            &["backfill", "checkout"],
        ] {
            let args = [command, args, &["--prometheus", &server.url]].concat();
            let ran = with(&place, &args, set);
            assert_eq!(ran.code, 3, "{args:?}: {ran:?}");
            let last = server.requests().pop().unwrap();
            let header = last.header("authorization").unwrap();
            assert!(header.ends_with(sent), "{args:?}: {header}");
            assert!(ran.err.contains("<hidden> does not let you in"), "{ran:?}");
            for secret in ["hunter2", pair] {
                assert!(!format!("{ran:?}").contains(secret), "{args:?}: {ran:?}");
            }
        }
    }
    let before = server.requests().len();
    for (args, code, says) in [
        (
            &["--token-file", "two"][..],
            64,
            "contains a line break inside the token",
        ),
        (
            &["--token-file", "none"],
            3,
            "cannot read none: no such file or directory",
        ),
        (&["--token-file", "."], 3, "cannot read ."),
        (&["--token-file", "/dev/null"], 64, "is empty"),
        (&["--token-file", "/dev/zero"], 64, "larger than 64 KiB"),
        (
            &["--token-file", "token", "--user", "ana"],
            64,
            "cannot be used with",
        ),
        (&["--user", "ana"], 64, "without a password"),
        (&["--password-file", "password"], 64, "without a user"),
        (&["--ca", "token"], 64, "`--ca` has no effect"),
    ] {
        let ran = check(&place, &server.url, args);
        assert_eq!(ran.code, code, "{args:?}: {ran:?}");
        assert!(ran.err.contains(says), "{args:?}: {ran:?}");
        assert!(!format!("{ran:?}").contains("hunter2"), "{args:?}: {ran:?}");
    }
    assert_eq!(server.requests().len(), before);
}
