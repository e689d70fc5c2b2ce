//! Servers that are reached through proxies.

use crate::place::Place;
use crate::support::loopback::{Act, Loopback, ReceivedRequest, answer};
use crate::{built, with};

pub const SOURCE: &str = r#"team payments { }

service checkout {
  team     = payments
  selector = { job = "checkout" }

  slo availability {
    objective = 99.5%

    sli : ratio { bad = `requests_total{code="500"}`  total = `requests_total` }
  }

  gate strict { deny spent { when = budget(availability) < 10% } }
}
"#;

/// A Prometheus with much left of every budget, and a metric.
pub fn healthy(asked: &ReceivedRequest) -> Act {
    let data = if asked.line.contains("/api/v1/query") {
        format!(
            r#"{{"resultType":"vector","result":[{{"metric":{{}},"value":[{},"0.9"]}}]}}"#,
            asked.time()
        )
    } else if asked.line.contains("/api/v1/series") {
        r#"[{"__name__":"up","job":"checkout"}]"#.to_owned()
    } else {
        "{}".to_owned()
    };
    answer(
        "200 OK",
        "",
        format!(r#"{{"status":"success","data":{data}}}"#),
    )
}

/// The commands that ask a Prometheus, each but for its address.
pub const COMMANDS: &[&[&str]] = &[
    &["gate", "check", "--policy", "build/policy/checkout.json"],
    &["gate", "facts", "checkout"],
    &["budget"],
    &["metrics", "pull"],
    &["backfill", "checkout"],
];

/// Where there is no such host, what answers is the proxy.
const TARGET: &str = "http://prometheus.invalid:9090/prefix";

fn ask(place: &Place, command: &[&str], url: &str, set: &[(&str, &str)]) -> crate::Ran {
    let args = [command, &["--timeout", "5s", "--prometheus", url]].concat();
    with(place, &args, set)
}

#[test]
fn a_proxy_is_given_plain_requests_with_their_whole_address() {
    let place = built(SOURCE);
    let proxy = Loopback::new(healthy);
    let named = format!("http://Aladdin:open%20sesame@127.0.0.1:{}", proxy.port);
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        for command in COMMANDS {
            let before = proxy.requests().len();
            let ran = ask(&place, command, TARGET, &[(name, &named)]);
            assert_eq!(ran.code, 0, "{name} {command:?}: {ran:?}");
            let seen = proxy.requests();
            assert!(seen.len() > before, "{name} {command:?}");
            for seen in &seen[before..] {
                let (method, rest) = seen.line.split_once(' ').unwrap();
                assert!(["GET", "POST"].contains(&method), "{seen:?}");
                assert!(rest.starts_with(&format!("{TARGET}/api/v1/")), "{seen:?}");
                assert!(rest.ends_with(" HTTP/1.1"), "{seen:?}");
                assert_eq!(seen.header("host"), Some("prometheus.invalid:9090"));
                assert_eq!(
                    seen.header("proxy-authorization"),
                    Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
                );
            }
            assert!(!format!("{ran:?}").contains("sesame"), "{ran:?}");
        }
    }
}

/// As Mimir, Cortex and Thanos ask for it.
#[test]
fn every_request_names_the_tenant() {
    let place = built(SOURCE);
    let server = Loopback::new(healthy);
    for command in COMMANDS {
        let before = server.requests().len();
        let set = [("NTH_PROMETHEUS_TENANT", "shop-production")];
        let ran = ask(&place, command, &server.url, &set);
        assert_eq!(ran.code, 0, "{command:?}: {ran:?}");
        let seen = server.requests();
        assert!(seen.len() > before, "{command:?}");
        for seen in &seen[before..] {
            assert_eq!(
                seen.header("x-scope-orgid"),
                Some("shop-production"),
                "{seen:?}"
            );
        }
    }
    // An empty variable is none, and a line break is no part of a tenant.
    let ran = ask(
        &place,
        COMMANDS[0],
        &server.url,
        &[("NTH_PROMETHEUS_TENANT", "")],
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        server.requests().last().unwrap().header("x-scope-orgid"),
        None
    );
    let wrong = ask(
        &place,
        COMMANDS[0],
        &server.url,
        &[("NTH_PROMETHEUS_TENANT", "a\nb")],
    );
    assert_eq!(wrong.code, 64, "{wrong:?}");
}

#[test]
fn a_proxy_that_fails_is_told_of_without_its_password() {
    let place = built(SOURCE);
    let proxy = Loopback::new(|asked| {
        let sent = asked.header("proxy-authorization").unwrap_or_default();
        let said = serde_json::json!({"status": "error", "error": sent});
        answer("407 Proxy Authentication Required", "", said.to_string())
    });
    let named = format!("http://ana:hunter2@127.0.0.1:{}", proxy.port);
    let ran = ask(&place, COMMANDS[0], TARGET, &[("HTTP_PROXY", &named)]);
    assert_eq!(ran.code, 3, "{ran:?}");
    let through = format!("at {TARGET} through the proxy 127.0.0.1:{}: ", proxy.port);
    assert!(ran.err.contains(&through), "{ran:?}");
    assert!(ran.err.contains("status 407"), "{ran:?}");
    // `ana:hunter2`
    for secret in ["hunter2", "YW5hOmh1bnRlcjI="] {
        assert!(!format!("{ran:?}").contains(secret), "{ran:?}");
    }
    let wrong = ask(
        &place,
        COMMANDS[0],
        TARGET,
        &[("HTTP_PROXY", "ftp://ana:hunter2@p")],
    );
    assert_eq!(wrong.code, 64, "{wrong:?}");
    assert!(
        wrong.err.contains("invalid proxy in HTTP_PROXY"),
        "{wrong:?}"
    );
    assert!(!format!("{wrong:?}").contains("hunter2"), "{wrong:?}");
}

#[test]
fn what_needs_no_proxy_is_asked_itself() {
    let place = built(SOURCE);
    let proxy = Loopback::new(|_| answer("500 Oops", "", ""));
    let server = Loopback::new(healthy);
    for exception in [
        "127.0.0.1",
        "*",
        "localhost, 127.0.0.0/8",
        &format!("127.0.0.1:{}", server.port),
    ] {
        let set = [("HTTP_PROXY", proxy.url.as_str()), ("NO_PROXY", exception)];
        let ran = ask(&place, COMMANDS[0], &server.url, &set);
        assert_eq!(ran.code, 0, "{exception}: {ran:?}");
    }
    // The proxy of the other scheme is not meant, and an empty variable is none.
    for set in [("HTTPS_PROXY", proxy.url.as_str()), ("HTTP_PROXY", "")] {
        let ran = ask(&place, COMMANDS[0], &server.url, &[set]);
        assert_eq!(ran.code, 0, "{set:?}: {ran:?}");
    }
    assert!(proxy.requests().is_empty());
    let first = &server.requests()[0];
    assert_eq!(first.line, "POST /api/v1/query HTTP/1.1");
}
