//! The table of hostile answers.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::loopback::{Act, ReceivedRequest, answer};

/// A sound answer's body, with these fields in its envelope, this time and this value as they stand in JSON.
fn body(fields: &str, time: &str, value: &str) -> String {
    format!(
        r#"{{"status":"success",{fields}"data":{{"resultType":"vector","result":[{{"metric":{{}},"value":[{time},{value}]}}]}}}}"#
    )
}

/// A sound answer, but for these fields in its envelope.
pub fn beside(asked: &ReceivedRequest, fields: &str) -> Act {
    answer("200 OK", "", body(fields, asked.time(), "\"0.9\""))
}

/// A sound answer, but for the value.
fn value(asked: &ReceivedRequest, value: &str) -> Act {
    answer("200 OK", "", body("", asked.time(), value))
}

/// A sound answer, but for the sample's time.
fn time(time: &str) -> Act {
    answer("200 OK", "", body("", time, "\"0.9\""))
}

/// An answer with this result.
fn result(asked: &ReceivedRequest, kind: &str, result: &str) -> Act {
    let result = result.replace("TIME", asked.time());
    let text =
        format!(r#"{{"status":"success","data":{{"resultType":"{kind}","result":{result}}}}}"#);
    answer("200 OK", "", text)
}

/// A sound answer with this status and these headers.
fn head(asked: &ReceivedRequest, status: &str, headers: &str) -> Act {
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

/// A name, what is answered, and a part of what nthc says to it.
pub type Row = (&'static str, fn(&ReceivedRequest) -> Act, &'static str);

/// What is answered, and a part of what nthc says to it.
pub const ROWS: &[Row] = &[
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
        "incomplete response: it warns",
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
        "incomplete response: it warns",
    ),
    (
        "a warning that is not known",
        |a| beside(a, r#""warnings":["PromQL warning: of a later version"],"#),
        "incomplete response: it warns",
    ),
    (
        "an info that something was ignored",
        |a| {
            beside(
                a,
                r#""infos":["PromQL info: ignored histogram in max aggregation (1:1)"],"#,
            )
        },
        "incomplete response: it warns",
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
        "status `success` and an error: \"query timed out\"",
    ),
    (
        "an errorType beside success",
        |a| beside(a, r#""errorType":"timeout","#),
        "status `success` and an error: \"timeout\"",
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
        "something on the way changed the response",
    ),
    (
        "status 204",
        |_| answer("204 No Content", "", ""),
        "status 204",
    ),
    (
        "status 206",
        |a| head(a, "206 Partial Content", "Content-Range: bytes 0-9/100\r\n"),
        "a partial response",
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
        "set NTH_PROMETHEUS_TOKEN",
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
        "for another time",
    ),
    (
        "a sample of a minute after",
        |a| time(&format!("{}", a.time().parse::<i64>().unwrap() + 60)),
        "for another time",
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
        "has an invalid time",
    ),
    (
        "a time that is null",
        |_| time("null"),
        "invalid type: null",
    ),
    (
        "what a cache kept",
        |a| head(a, "200 OK", "Age: 300\r\n"),
        "cached response",
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
        "not a number",
    ),
    (
        "a number that is no text",
        |a| value(a, "0.9"),
        "expected a string",
    ),
    (
        "a text that is no number",
        |a| value(a, "\"0.9 of it\""),
        "not a number",
    ),
    ("no text", |a| value(a, "\"\""), "not a number"),
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
        "a string",
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
        "unexpected response format",
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
        "no data",
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
        "unexpected response format",
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
        "unexpected response format",
    ),
    (
        "half of it",
        |a| answer("200 OK", "", &body("", a.time(), "\"0.9\"")[..60]),
        "truncated response",
    ),
    ("nothing", |_| answer("200 OK", "", ""), "empty response"),
    (
        "white space",
        |_| answer("200 OK", "", " \n"),
        "empty response",
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
        "got an HTML page",
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
        "got an HTML page",
    ),
    (
        "JSON that calls itself a page",
        |a| head(a, "200 OK", "Content-Type: text/html; charset=utf-8\r\n"),
        "got an HTML page",
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
        "larger than 16 MiB",
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
        "larger than 16 MiB",
    ),
    (
        "64 MiB in 64 KiB of gzip",
        |_| answer("200 OK", GZIP, gzip(&vec![b' '; 64 * MIB])),
        "larger than 16 MiB",
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
        "response headers too long",
    ),
    // Too slow.
    ("silence", |_| Act::Silence, "request timed out"),
    (
        "a byte from time to time",
        |_| {
            Act::Forever(
                "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{".into(),
                " ".into(),
                Duration::from_millis(20),
            )
        },
        "request timed out",
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
        "request timed out",
    ),
    // HTTP that is broken.
    (
        "gzip that is none",
        |a| head(a, "200 OK", GZIP),
        "cannot decompress",
    ),
    (
        "half of a gzip",
        |a| {
            let whole = gzip(body("", a.time(), "\"0.9\"").as_bytes());
            answer("200 OK", GZIP, &whole[..whole.len() - 12])
        },
        "cannot query budget(availability)",
    ),
    (
        "a packing that was not asked for",
        |a| head(a, "200 OK", "Content-Encoding: br\r\n"),
        "unexpected encoding of the response: \"br\"",
    ),
    (
        "a chunk without a size",
        |_| raw(&format!("{CHUNKED}xyz\r\n{{}}\r\n0\r\n\r\n")),
        "not an HTTP response",
    ),
    (
        "a chunk that is cut off",
        |_| raw(&format!("{CHUNKED}ff\r\n{{\"status\":")),
        "connection closed",
    ),
    (
        "a body that is cut off",
        |_| raw("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{\"status\":"),
        "connection closed",
    ),
    (
        "no HTTP",
        |_| raw("SSH-2.0-OpenSSH_9.2\r\n"),
        "not an HTTP response",
    ),
    ("no answer", |_| raw(""), "connection closed"),
];
