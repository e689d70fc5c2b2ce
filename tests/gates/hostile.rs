//! Answers that are hostile, broken or of something that is no Prometheus. Each would let a careless reader allow the
//! deployment: the sample in it is far from the limit, and the gate lets pass what has no data.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::place::{Place, Ran};
use crate::support::loopback::{Act, Loopback, Seen, answer};
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

/// A sound answer's body, with these fields in its envelope, this time and this value as they stand in JSON.
fn body(fields: &str, time: &str, value: &str) -> String {
    format!(
        r#"{{"status":"success",{fields}"data":{{"resultType":"vector","result":[{{"metric":{{}},"value":[{time},{value}]}}]}}}}"#
    )
}

/// A sound answer, but for these fields in its envelope.
fn beside(asked: &Seen, fields: &str) -> Act {
    answer("200 OK", "", body(fields, asked.time(), "\"0.9\""))
}

/// A sound answer, but for the value.
fn value(asked: &Seen, value: &str) -> Act {
    answer("200 OK", "", body("", asked.time(), value))
}

/// A sound answer, but for the sample's time.
fn time(time: &str) -> Act {
    answer("200 OK", "", body("", time, "\"0.9\""))
}

/// An answer with this result.
fn result(asked: &Seen, kind: &str, result: &str) -> Act {
    let result = result.replace("TIME", asked.time());
    let text =
        format!(r#"{{"status":"success","data":{{"resultType":"{kind}","result":{result}}}}}"#);
    answer("200 OK", "", text)
}

/// A sound answer with this status and these headers.
fn head(asked: &Seen, status: &str, headers: &str) -> Act {
    answer(status, headers, body("", asked.time(), "\"0.9\""))
}

/// Bytes as the whole connection.
fn raw(bytes: &str) -> Act {
    Act::Send(bytes.as_bytes().to_vec())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
const GZIP: &str = "Content-Encoding: gzip\r\n";
const MIB: usize = 1 << 20;

type Row = (&'static str, fn(&Seen) -> Act, &'static str);

/// What is answered, and a part of what nthc says to it.
const ROWS: &[Row] = &[
    // Parts of the data.
    (
        "isPartial",
        |a| beside(a, r#""isPartial":true,"#),
        "`isPartial`",
    ),
    (
        "isPartial is null",
        |a| beside(a, r#""isPartial":null,"#),
        "invalid type: null",
    ),
    (
        "isPartial is a text",
        |a| beside(a, r#""isPartial":"false","#),
        "expected a boolean",
    ),
    (
        "isPartial twice",
        |a| beside(a, r#""isPartial":false,"isPartial":true,"#),
        "duplicate field `isPartial`",
    ),
    (
        "a store that is down, as Thanos warns",
        |a| {
            beside(
                a,
                r#""warnings":["fetch series for {} failed: rpc error: code = Unavailable"],"#,
            )
        },
        "is incomplete: it warns",
    ),
    (
        "warnings that are no list",
        |a| beside(a, r#""warnings":"all is well","#),
        "expected a sequence",
    ),
    (
        "a warning that is no text",
        |a| beside(a, r#""warnings":[{}],"#),
        "expected a string",
    ),
    (
        "samples that PromQL dropped",
        |a| {
            beside(
                a,
                r#""warnings":["PromQL warning: encountered a mix of histograms and floats for metric name \"x\" (1:1)"],"#,
            )
        },
        "is incomplete: it warns",
    ),
    (
        "a warning that is not known",
        |a| beside(a, r#""warnings":["PromQL warning: of a later version"],"#),
        "is incomplete: it warns",
    ),
    (
        "an info that something was ignored",
        |a| {
            beside(
                a,
                r#""infos":["PromQL info: ignored histogram in max aggregation (1:1)"],"#,
            )
        },
        "is incomplete: it warns",
    ),
    (
        "M3's limits",
        |a| {
            head(
                a,
                "200 OK",
                "M3-Results-Limited: max_fetch_series_limit_applied\r\n",
            )
        },
        "M3-Results-Limited",
    ),
    // Success that is none.
    (
        "an error beside success",
        |a| beside(a, r#""error":"query timed out","#),
        "`success` beside the error \"query timed out\"",
    ),
    (
        "an errorType beside success",
        |a| beside(a, r#""errorType":"timeout","#),
        "`success` beside the error \"timeout\"",
    ),
    (
        "a status of error with data",
        |a| {
            answer(
                "200 OK",
                "",
                body("", a.time(), "\"0.9\"").replace("success", "error"),
            )
        },
        "status error",
    ),
    (
        "a status in capitals",
        |a| {
            answer(
                "200 OK",
                "",
                body("", a.time(), "\"0.9\"").replace("success", "SUCCESS"),
            )
        },
        "status SUCCESS",
    ),
    (
        "two statuses",
        |a| beside(a, r#""status":"error","#),
        "duplicate field `status`",
    ),
    ("status 201", |a| head(a, "201 Created", ""), "status 201"),
    ("status 202", |a| head(a, "202 Accepted", ""), "status 202"),
    (
        "status 203",
        |a| head(a, "203 Non-Authoritative Information", ""),
        "Something on the way changed the answer",
    ),
    (
        "status 204",
        |_| answer("204 No Content", "", ""),
        "status 204",
    ),
    (
        "status 206",
        |a| head(a, "206 Partial Content", "Content-Range: bytes 0-9/100\r\n"),
        "a part of the answer",
    ),
    ("status 226", |a| head(a, "226 IM Used", ""), "status 226"),
    (
        "status 304",
        |_| answer("304 Not Modified", "", ""),
        "status 304",
    ),
    (
        "status 401",
        |a| head(a, "401 Unauthorized", ""),
        "Set NTH_PROMETHEUS_TOKEN",
    ),
    (
        "status 503 with data",
        |a| head(a, "503 Service Unavailable", ""),
        "status 503",
    ),
    // Of another time.
    (
        "a sample of an hour before",
        |a| time(&format!("{}", a.time().parse::<i64>().unwrap() - 3600)),
        "not of the time asked for",
    ),
    (
        "a sample of a minute after",
        |a| time(&format!("{}", a.time().parse::<i64>().unwrap() + 60)),
        "not of the time asked for",
    ),
    (
        "a sample of 1970",
        |_| time("0"),
        "found 1970-01-01T00:00:00Z",
    ),
    (
        "a time that is a text",
        |a| time(&format!("\"{}\"", a.time())),
        "invalid type: string",
    ),
    (
        "a time beyond the calendar",
        |_| time("1e300"),
        "is no time",
    ),
    (
        "a time that is null",
        |_| time("null"),
        "invalid type: null",
    ),
    (
        "what a cache kept",
        |a| head(a, "200 OK", "Age: 300\r\n"),
        "from a cache",
    ),
    // Numbers.
    ("NaN", |a| value(a, "\"NaN\""), "expected a finite number"),
    (
        "an infinity",
        |a| value(a, "\"+Inf\""),
        "expected a finite number",
    ),
    (
        "more than a float64",
        |a| value(a, "\"1e999\""),
        "expected a finite number",
    ),
    (
        "more than a decimal",
        |a| value(a, "\"1e300\""),
        "too large",
    ),
    (
        "a thousand digits",
        |a| value(a, &format!("\"{}\"", "9".repeat(1000))),
        "no number",
    ),
    (
        "a number that is no text",
        |a| value(a, "0.9"),
        "expected a string",
    ),
    (
        "a text that is no number",
        |a| value(a, "\"0.9 of it\""),
        "no number",
    ),
    ("no text", |a| value(a, "\"\""), "no number"),
    (
        "a number beyond JSON's readers",
        |a| value(a, "1e999"),
        "number out of range",
    ),
    // Other results.
    (
        "two series",
        |a| {
            result(
                a,
                "vector",
                r#"[{"metric":{},"value":[TIME,"0.9"]},{"metric":{"replica":"b"},"value":[TIME,"0.01"]}]"#,
            )
        },
        "expected one series, found 2",
    ),
    (
        "a scalar",
        |a| result(a, "scalar", r#"[TIME,"0.9"]"#),
        "expected a vector",
    ),
    (
        "a text",
        |a| result(a, "string", r#"[TIME,"0.9"]"#),
        "expected a vector",
    ),
    (
        "a matrix",
        |a| result(a, "matrix", r#"[{"metric":{},"values":[[TIME,"0.9"]]}]"#),
        "expected a vector",
    ),
    (
        "streams, as Loki has them",
        |a| result(a, "streams", "[]"),
        "expected a vector",
    ),
    (
        "a histogram",
        |a| {
            result(
                a,
                "vector",
                r#"[{"metric":{},"histogram":[TIME,{"count":"9"}]}]"#,
            )
        },
        "missing field `value`",
    ),
    (
        "three values",
        |a| {
            result(
                a,
                "vector",
                r#"[{"metric":{},"value":[TIME,"0.9","0.01"]}]"#,
            )
        },
        "not one of Prometheus's",
    ),
    (
        "no result",
        |_| {
            answer(
                "200 OK",
                "",
                r#"{"status":"success","data":{"resultType":"vector"}}"#,
            )
        },
        "missing field `result`",
    ),
    (
        "no data",
        |_| answer("200 OK", "", r#"{"status":"success","data":null}"#),
        "it has no data",
    ),
    // JSON that readers take differently, or that is none.
    (
        "a value twice",
        |a| {
            result(
                a,
                "vector",
                r#"[{"metric":{},"value":[TIME,"0.01"],"value":[TIME,"0.9"]}]"#,
            )
        },
        "duplicate field `value`",
    ),
    (
        "a label twice",
        |a| {
            result(
                a,
                "vector",
                r#"[{"metric":{"a":"b","a":"c"},"value":[TIME,"0.9"]}]"#,
            )
        },
        "duplicate field `a`",
    ),
    (
        "a hundred thousand brackets",
        |a| {
            beside(
                a,
                &format!("\"x\":{}{},", "[".repeat(100_000), "]".repeat(100_000)),
            )
        },
        "recursion limit",
    ),
    (
        "a list of what an answer holds",
        |a| {
            answer(
                "200 OK",
                "",
                format!(r#"["success",{}]"#, body("", a.time(), "\"0.9\"")),
            )
        },
        "not one of Prometheus's",
    ),
    (
        "two answers",
        |a| answer("200 OK", "", body("", a.time(), "\"0.9\"").repeat(2)),
        "trailing characters",
    ),
    (
        "a prefix against scripts",
        |a| {
            answer(
                "200 OK",
                "",
                format!(")]}}'\n{}", body("", a.time(), "\"0.9\"")),
            )
        },
        "expected value",
    ),
    (
        "half a surrogate",
        |a| beside(a, r#""x":"\ud800","#),
        "hex escape",
    ),
    (
        "no UTF-8",
        |a| {
            answer(
                "200 OK",
                "",
                [body("", a.time(), "\"0.9\"").as_bytes(), b"\xff"].concat(),
            )
        },
        "not one of Prometheus's",
    ),
    (
        "half of it",
        |a| answer("200 OK", "", &body("", a.time(), "\"0.9\"")[..60]),
        "is cut off",
    ),
    (
        "nothing",
        |_| answer("200 OK", "", ""),
        "its answer is empty",
    ),
    (
        "white space",
        |_| answer("200 OK", "", " \n"),
        "its answer is empty",
    ),
    // Pages.
    (
        "a login page",
        |_| {
            answer(
                "200 OK",
                "Content-Type: text/html\r\n",
                "<!doctype html><title>Log in</title>",
            )
        },
        "with a web page",
    ),
    (
        "a page that calls itself JSON",
        |_| {
            answer(
                "200 OK",
                "Content-Type: application/json\r\n",
                "<html>Log in</html>",
            )
        },
        "with a web page",
    ),
    (
        "JSON that calls itself a page",
        |a| head(a, "200 OK", "Content-Type: text/html; charset=utf-8\r\n"),
        "with a web page",
    ),
    // Too much.
    (
        "17 MiB",
        |a| {
            answer(
                "200 OK",
                "",
                body("", a.time(), "\"0.9\"") + &" ".repeat(17 * MIB),
            )
        },
        "more than 16 MiB",
    ),
    (
        "an answer without an end",
        |_| {
            Act::Forever(
                CHUNKED.into(),
                format!("10000\r\n{}\r\n", " ".repeat(0x10000)).into(),
                Duration::ZERO,
            )
        },
        "more than 16 MiB",
    ),
    (
        "64 MiB in 64 KiB of gzip",
        |_| answer("200 OK", GZIP, gzip(&vec![b' '; 64 * MIB])),
        "more than 16 MiB",
    ),
    (
        "a header without an end",
        |_| {
            Act::Forever(
                "HTTP/1.1 200 OK\r\nX: ".into(),
                "y".repeat(10_000).into(),
                Duration::ZERO,
            )
        },
        "its headers are too long",
    ),
    // Too slow.
    ("silence", |_| Act::Silence, "did not answer in time"),
    (
        "a byte from time to time",
        |_| {
            Act::Forever(
                "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{".into(),
                " ".into(),
                Duration::from_millis(20),
            )
        },
        "did not answer in time",
    ),
    (
        "a header from time to time",
        |_| {
            Act::Forever(
                "HTTP/1.1 200 OK\r\n".into(),
                "X: y\r\n".into(),
                Duration::from_millis(20),
            )
        },
        "did not answer in time",
    ),
    // HTTP that is broken.
    (
        "gzip that is none",
        |a| head(a, "200 OK", GZIP),
        "cannot be unpacked",
    ),
    (
        "half of a gzip",
        |a| {
            let whole = gzip(body("", a.time(), "\"0.9\"").as_bytes());
            answer("200 OK", GZIP, &whole[..whole.len() - 12])
        },
        "cannot pull budget(availability)",
    ),
    (
        "a packing that was not asked for",
        |a| head(a, "200 OK", "Content-Encoding: br\r\n"),
        "encoded as \"br\"",
    ),
    (
        "a chunk without a size",
        |_| raw(&format!("{CHUNKED}xyz\r\n{{}}\r\n0\r\n\r\n")),
        "is not HTTP",
    ),
    (
        "a chunk that is cut off",
        |_| raw(&format!("{CHUNKED}ff\r\n{{\"status\":")),
        "ended the connection",
    ),
    (
        "a body that is cut off",
        |_| raw("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{\"status\":"),
        "ended the connection",
    ),
    ("no HTTP", |_| raw("SSH-2.0-OpenSSH_9.2\r\n"), "is not HTTP"),
    ("no answer", |_| raw(""), "ended the connection"),
];

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
        "did not answer in time" => "--timeout=1s",
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
            "error: cannot pull budget(availability) from {}: ",
            server.url
        );
        let is_told = ran.err.starts_with(&begins) && ran.err.contains(says);
        let is_asked = !server.seen().is_empty();
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
    assert_eq!((ran.code, server.seen().len()), (3, 2), "{ran:?}");
    assert!(
        ran.err
            .contains("how much of the 30d of budget(availability) is known"),
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
        assert!(ran.err.contains("Redirects are not followed"), "{ran:?}");
    }
    assert!(other.seen().is_empty());
}

/// Servers are asked to fail rather than to answer in part, and not to answer from a cache.
#[test]
fn servers_are_asked_for_whole_answers() {
    let place = built(SOURCE);
    let server = Loopback::new(|asked| beside(asked, ""));
    check(&place, &server.url, &[]);
    for seen in server.seen() {
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
        ran.out.contains("note: budget(availability): the server remarks \"PromQL info: metric might not be a counter"),
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
            .starts_with("note: budget(availability): the server remarks"),
        "{facts:?}"
    );
    let budget = nthc(&place, &["budget", "--prometheus", &server.url]);
    assert_eq!(budget.code, 0, "{budget:?}");
    assert!(
        budget
            .err
            .contains("note: the error ratio of checkout.availability: the server remarks"),
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
            let last = server.seen().pop().unwrap();
            let header = last.header("authorization").unwrap();
            assert!(header.ends_with(sent), "{args:?}: {header}");
            assert!(ran.err.contains("<hidden> does not let you in"), "{ran:?}");
            for secret in ["hunter2", pair] {
                assert!(!format!("{ran:?}").contains(secret), "{args:?}: {ran:?}");
            }
        }
    }
    let before = server.seen().len();
    for (args, code, says) in [
        (
            &["--token-file", "two"][..],
            64,
            "holds a line end inside the token",
        ),
        (
            &["--token-file", "none"],
            3,
            "cannot read none: no such file or directory",
        ),
        (&["--token-file", "."], 3, "cannot read ."),
        (&["--token-file", "/dev/null"], 64, "is empty"),
        (&["--token-file", "/dev/zero"], 64, "more than 64 KiB"),
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
    assert_eq!(server.seen().len(), before);
}
