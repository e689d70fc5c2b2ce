//! Servers that give no good answer: the gate can't be decided by, and nothing is allowed.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::place::Place;
use crate::{built, check, nthc};

/// A server that gives the same answer to everything, or none where there is no status. What it was asked is kept.
struct Server {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn new(status: Option<u16>, body: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (body, log) = (body.to_owned(), asked.clone());
        thread::spawn(move || {
            // Connections that are not answered are kept open.
            let mut kept = Vec::new();
            for mut stream in listener.incoming().flatten() {
                let form = receive(&stream);
                let time = form
                    .split('&')
                    .find_map(|field| field.strip_prefix("time="));
                let body = body.replace("TIME", time.unwrap_or("0"));
                log.lock().unwrap().push(form);
                let Some(status) = status else {
                    kept.push(stream);
                    continue;
                };
                let head = format!(
                    "HTTP/1.1 {status} Status\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                    body.len()
                );
                // The client may be gone.
                let _ = stream.write_all(head.as_bytes());
                let _ = stream.write_all(body.as_bytes());
            }
        });
        Self { url, asked }
    }
}

/// A request's body.
fn receive(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut length = 0;
    let mut line = String::new();
    while reader.read_line(&mut line).unwrap_or_default() > 2 {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or_default();
        }
        line.clear();
    }
    let mut body = vec![0; length];
    let _ = reader.read_exact(&mut body);
    String::from_utf8(body).unwrap()
}

const SOURCE: &str = r#"team payments { }

service checkout {
  team     = payments
  selector = { job = "checkout" }

  slo availability {
    objective = 99.5%

    sli : ratio { bad = `requests_total{code="500"}`  total = `requests_total` }
  }

  gate strict {
    deny spent { when = budget(availability) < 10% }
  }

  gate open {
    on_no_data = allow

    deny spent { when = budget(availability) < 10% }
  }
}
"#;

fn vector(samples: &str) -> String {
    format!(r#"{{"status":"success","data":{{"resultType":"vector","result":[{samples}]}}}}"#)
}

fn sample(value: &str) -> String {
    format!(r#"{{"metric":{{}},"value":[TIME,"{value}"]}}"#)
}

fn decide(place: &Place, gate: &str, url: &str) -> crate::Ran {
    nthc(
        place,
        &[
            "gate",
            "check",
            "checkout",
            "--gate",
            gate,
            "--prometheus",
            url,
            "--timeout",
            "1s",
        ],
    )
}

#[test]
fn without_a_good_answer_nothing_is_allowed() {
    let place = built(SOURCE);
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let ok = Some(200);
    let servers: Vec<(&str, Server, &str)> = vec![
        ("slow", Server::new(None, ""), "request timed out"),
        (
            "a page",
            Server::new(ok, "<html>Log in</html>"),
            "got an HTML page",
        ),
        (
            "cut off",
            Server::new(ok, r#"{"status":"success","da"#),
            "truncated response",
        ),
        (
            "no JSON",
            Server::new(ok, "nothing"),
            "unexpected response format",
        ),
        (
            "a scalar",
            Server::new(
                ok,
                r#"{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}"#,
            ),
            "expected a vector",
        ),
        (
            "a string",
            Server::new(
                ok,
                r#"{"status":"success","data":{"resultType":"string","result":[1,"1"]}}"#,
            ),
            "expected a vector",
        ),
        (
            "a matrix",
            Server::new(
                ok,
                r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#,
            ),
            "expected a vector",
        ),
        (
            "two series",
            Server::new(ok, &vector(&format!("{0},{0}", sample("0.9")))),
            "expected one series",
        ),
        (
            "no number",
            Server::new(ok, &vector(&sample("much"))),
            "is not a number",
        ),
        (
            "an error",
            Server::new(
                ok,
                r#"{"status":"error","errorType":"timeout","error":"query timed out"}"#,
            ),
            "query timed out",
        ),
        (
            "a part",
            Server::new(
                ok,
                r#"{"status":"success","warnings":["a store is down"],"data":{"resultType":"vector","result":[]}}"#,
            ),
            "a store is down",
        ),
        (
            "a part of a cluster",
            Server::new(
                ok,
                &format!(
                    r#"{{"status":"success","isPartial":true,"data":{{"resultType":"vector","result":[{}]}}}}"#,
                    sample("0.9")
                ),
            ),
            "`isPartial`",
        ),
        ("not let in", Server::new(Some(401), ""), "status 401"),
        ("elsewhere", Server::new(Some(302), ""), "status 302"),
        ("broken", Server::new(Some(503), ""), "status 503"),
        (
            "refused",
            Server::new(
                Some(422),
                r#"{"status":"error","error":"too many samples"}"#,
            ),
            "too many samples",
        ),
    ];
    for gate in ["strict", "open"] {
        let ran = decide(&place, gate, &gone);
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(
            ran.err.contains("cannot query budget(availability)"),
            "{ran:?}"
        );
        assert_eq!(ran.out, "", "{ran:?}");
    }
    for (name, server, says) in &servers {
        for gate in ["strict", "open"] {
            let ran = decide(&place, gate, &server.url);
            assert_eq!(ran.code, 3, "{name}: {ran:?}");
            assert!(ran.err.contains(says), "{name}: {ran:?}");
            assert_eq!(ran.out, "", "{name}: {ran:?}");
        }
    }
    // Facts that are not known are not written either.
    let (_, slow, _) = &servers[0];
    let ran = nthc(
        &place,
        &[
            "gate",
            "facts",
            "checkout",
            "--gate",
            "open",
            "--prometheus",
            &slow.url,
            "--timeout",
            "1s",
        ],
    );
    assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{ran:?}");
}

#[test]
fn an_answer_without_data_is_the_gates_to_judge() {
    let place = built(SOURCE);
    let server = Server::new(Some(200), &vector(""));
    let strict = decide(&place, "strict", &server.url);
    assert_eq!(strict.code, 2, "{strict:?}");
    assert!(
        strict
            .out
            .contains("spent denies: no data for budget(availability)"),
        "{strict:?}"
    );
    let open = decide(&place, "open", &server.url);
    assert_eq!(open.code, 0, "{open:?}");
    assert!(open.out.contains("no data"), "{open:?}");
    // As VictoriaMetrics says that it is whole. The same answer is given to how much of the period is known.
    let whole = vector(&sample("0.42")).replace(r#""data""#, r#""isPartial":false,"data""#);
    let server = Server::new(Some(200), &whole);
    let (code, decision) = check(
        &place,
        &[
            "checkout",
            "--gate",
            "strict",
            "--prometheus",
            &server.url,
            "--at",
            "2026-06-17T12:00:00Z",
        ],
    );
    assert_eq!(code, 0, "{decision}");
    assert_eq!(decision["rules"][0]["checks"][0]["value"], "42%");
    assert_eq!(
        decision["rules"][0]["checks"][0]["known"],
        serde_json::json!([{
            "fact": "budget(availability)", "window": "30d", "share": "0.42", "shown": "42%", "bound": "most",
        }])
    );
    assert_eq!(
        decision["notes"],
        serde_json::json!(["budget(availability): data covers 42% of the 30d"])
    );
    // It is asked once for the value and once for what is known of its period, for that time.
    let asked = server.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(asked[1].contains("sli_coverage"), "{asked:?}");
    assert!(
        asked.iter().all(|asked| asked.contains("time=1781697600")),
        "{asked:?}"
    );
}

/// What a person sees, and the ways in which the command cannot be answered before anybody is asked.
#[test]
fn the_command_says_what_it_needs() {
    let place = built(SOURCE);
    let server = Server::new(Some(200), &vector(&sample("0.042")));
    let at = ["--at", "2026-06-17T12:00:00Z"];
    let denied = nthc(
        &place,
        &[
            &[
                "gate",
                "check",
                "checkout",
                "--gate",
                "strict",
                "--prometheus",
                &server.url,
            ],
            &at[..],
        ]
        .concat(),
    );
    assert_eq!(denied.code, 2, "{denied:?}");
    assert_eq!(
        denied.out,
        "checkout / strict, at 2026-06-17T12:00:00Z\n\
         \n\
         rule        condition             value         limit  holds\n\
         deny spent  budget(availability)  at most 4.2%  < 10%  yes    denies\n\
         \n\
         denied\n\
         \x20 spent denies: budget(availability) < 10%: budget(availability) is at most 4.2% (data covers 4% of the 30d)\n\
         \x20 note: budget(availability): data covers 4% of the 30d\n"
    );
    place.write("broken/build.json", r#"{"version":3}"#);
    place.write("broken/other.json", "[]");
    let policy = place.read("build/policy/checkout.json");
    place.write(
        "broken/fact.json",
        policy.replace("\"budget(availability)\": {", "\"budget\": {"),
    );
    place.write(
        "broken/field.json",
        policy.replace("\"dry_run\"", "\"dryrun\""),
    );
    for (args, code, says) in [
        (&["checkout"][..], 64, "`checkout` has 2 gates"),
        (
            &["checkout", "--gate", "stric"],
            64,
            "did you mean `strict`?",
        ),
        (
            &["checkot", "--gate", "strict"],
            64,
            "did you mean `checkout`?",
        ),
        (
            &["checkout", "--gate", "strict", "--env", "staging"],
            64,
            "unknown environment `staging`",
        ),
        (&["--policy", "none.json"], 3, "cannot read none.json"),
        #[cfg(unix)]
        (&["--policy", "/dev/zero"], 3, "larger than 16 MiB"),
        (&["--policy", "broken/build.json"], 3, "supports version 2"),
        (
            &["--policy", "broken/other.json"],
            3,
            "not a policy generated by nthc",
        ),
        (
            &["--policy", "broken/fact.json", "--gate", "strict"],
            3,
            "unknown value \"budget(availability)\"",
        ),
        (
            &["--policy", "broken/field.json", "--gate", "strict"],
            3,
            "not a policy generated by nthc",
        ),
        (
            &["ledger", "--policy", "build/policy/checkout.json"],
            64,
            "is the policy of service `checkout`",
        ),
        (&["checkout", "--gates", "strict"], 64, "'--gates'"),
        (&["checkout", "--timeout", "soon"], 64, "'soon'"),
        (&["checkout", "--format", "sarif"], 64, "unsupported format"),
        (&["checkout", "--format", "xml"], 64, "'xml'"),
        (&[], 64, "<SERVICE>"),
    ] {
        let ran = nthc(
            &place,
            &[&["gate", "check", "--prometheus", &server.url], args].concat(),
        );
        assert_eq!(ran.code, code, "{args:?}: {ran:?}");
        assert!(ran.err.contains(says), "{args:?}: {ran:?}");
        assert_eq!(ran.out, "", "{args:?}: {ran:?}");
    }
    // What is wrong before the command itself is no denial either; of other commands it is what it was.
    for (args, code) in [
        (&["gate"][..], 64),
        (&["gate", "chek"], 64),
        (&["gate", "check"], 64),
        (&["gate", "facts"], 64),
        (
            &["gate", "facts", "checkot", "--prometheus", &server.url],
            64,
        ),
        (&["--format", "xml", "gate", "check"], 64),
        (&["--color=loud", "--project", "gate", "gate", "check"], 64),
        (
            &[
                "--project",
                "gone",
                "gate",
                "check",
                "a",
                "--prometheus",
                "http://a",
            ],
            64,
        ),
        (&["--project", "gate", "check", "--format", "xml"], 2),
        (&["budget", "gate"], 2),
        (&["init", "gate", "--name", "no name"], 2),
    ] {
        let ran = nthc(&place, args);
        assert_eq!(ran.code, code, "{args:?}: {ran:?}");
    }
    // A project with errors has no gate that could be known.
    place.replace(
        "main.nth",
        "budget(availability) < 10%",
        "budget(availabilty) < 10%",
    );
    let ran = nthc(
        &place,
        &[
            "gate",
            "check",
            "checkout",
            "--gate",
            "strict",
            "--prometheus",
            &server.url,
        ],
    );
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.err.contains("unknown slo or contract `availabilty`"),
        "{ran:?}"
    );
    assert!(ran.err.contains("its gates cannot be evaluated"), "{ran:?}");
}
