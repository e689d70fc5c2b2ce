#![allow(clippy::expect_used)]

use proptest::strategy::Strategy as _;

use super::*;

/// The frames of a stream: bodies as they are, errors in brackets.
fn cut(stream: &[u8], at_once: usize) -> Vec<String> {
    let mut framing = Framing::default();
    let mut found = Vec::new();
    for bytes in stream.chunks(at_once) {
        framing.feed(bytes);
        while let Some(frame) = framing.next_frame() {
            found.push(match frame {
                Frame::Body(body) => {
                    let text = String::from_utf8_lossy(&body).into_owned();
                    if !text.starts_with('{') || !text.ends_with('}') {
                        framing.reject(&body);
                    }
                    text
                }
                Frame::Broken { reason, body: None } => format!("<{reason}>"),
                Frame::Broken { reason, .. } => format!("<{reason} with body>"),
            });
        }
    }
    found
}

const GOOD: &str = "Content-Length: 7\r\n\r\n{\"a\":1}";

#[test]
fn good_frames_are_bodies() {
    for headers in [
        "Content-Length: 7\r\n",
        "content-length:7\r\n",
        "CONTENT-LENGTH:  7 \r\n",
        "Content-Length: 7\n",
        "Content-Length: 007\r\n",
        "Content-Length: 7\r\nContent-Length: 7\r\n",
        "Content-Length: 7\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n",
        "Content-Type: application/vscode-jsonrpc; charset=\"UTF8\"\r\nContent-Length: 7\r\n",
        "Content-Type: application/vscode-jsonrpc\r\nContent-Length: 7\r\n",
        "X-Trace: a: b\r\nContent-Length: 7\r\nAccept:\r\n",
        // Some clients send this after a body.
        "\r\n\n\r\nContent-Length: 7\r\n",
    ] {
        let end = if headers.ends_with("\r\n") {
            "\r\n"
        } else {
            "\n"
        };
        let stream = format!("{headers}{end}{{\"a\":1}}{GOOD}");
        for at_once in [1, 2, 3, 1000] {
            assert_eq!(
                cut(stream.as_bytes(), at_once),
                ["{\"a\":1}"; 2],
                "{headers:?}, {at_once} bytes at once"
            );
        }
    }
}

#[test]
fn a_broken_frame_is_reported_once_and_the_next_is_read() {
    let too_long = LONGEST + 1;
    for (broken, reported) in [
        (
            "Content-Type: a/b\r\n\r\n{\"b\":2}",
            "missing header `Content-Length`",
        ),
        ("{\"b\":2}", "found `{"),
        ("{\n  \"b\": 2\n}\n", "found `{"),
        (
            "Content-Length: two\r\n\r\n{\"b\":2}",
            "`two` is not a valid `Content-Length`",
        ),
        ("Content-Length: -7\r\n\r\n{\"b\":2}", "`-7` is not a valid"),
        (
            "Content-Length: 7.0\r\n\r\n{\"b\":2}",
            "`7.0` is not a valid",
        ),
        ("Content-Length:\r\n\r\n{\"b\":2}", "`` is not a valid"),
        (
            "Content-Length: 7\r\nContent-Length: 8\r\n\r\n{\"b\":2}",
            "7 and 8",
        ),
        (
            "Content-Length: 7\r\nno header\r\n\r\n{\"b\":2}",
            "found `no header`",
        ),
        (
            "Starting the client ...\n",
            "found `Starting the client ...`",
        ),
        ("\0\0\0", "found `\\0\\0\\0"),
        ("Content-Length: 7\r\r{\"b\":2}", "found `Content-Length: 7"),
        (
            "Content-Length: 7\r\r{\"b\":2}\r\n",
            "is not a valid `Content-Length`",
        ),
        ("Content-Length: 100\r\n\r\n{\"b\":2}", "ends after 7"),
        (
            "Content-Length: 99999999\r\n\r\n{\"b\":2}",
            "a message of 99999999 bytes is not read",
        ),
        (
            "Content-Length: 99999999999999999999999\r\n\r\n{\"b\":2}",
            "bytes is not read",
        ),
        (
            &format!("Content-Length: {too_long}\r\n\r\n{{\"b\":2}}"),
            "67108865 bytes is not read: the limit is 67108864",
        ),
        (
            "Content-Length: 7\r\nContent-Type: text/plain; charset=utf-16\r\n\r\n{\"b\":2}",
            "`utf-16` is not supported: use utf-8 with body",
        ),
    ] {
        let stream = format!("{broken}{GOOD}{GOOD}");
        for at_once in [1, 2, 7, 1000] {
            let found = cut(stream.as_bytes(), at_once);
            let [first, rest @ ..] = found.as_slice() else {
                panic!("{broken:?}: nothing was found");
            };
            assert!(
                first.starts_with('<') && first.contains(reported),
                "{broken:?}: {first}"
            );
            assert_eq!(
                rest, ["{\"a\":1}"; 2],
                "{broken:?}, {at_once} bytes at once"
            );
        }
    }
}

#[test]
fn a_wrong_length_costs_one_message() {
    // The body has 7 bytes.
    for length in 0..7 {
        let stream = format!("Content-Length: {length}\r\n\r\n{{\"b\":2}}{GOOD}{GOOD}");
        for at_once in [1, 1000] {
            let found = cut(stream.as_bytes(), at_once);
            let broken = &"{\"b\":2}"[..length];
            assert_eq!(found, [broken, "{\"a\":1}", "{\"a\":1}"], "{length}");
        }
    }
    // The length of the next header is 21.
    for length in 8..7 + 21 + 7 {
        let stream = format!("Content-Length: {length}\r\n\r\n{{\"b\":2}}{GOOD}{GOOD}");
        for at_once in [1, 1000] {
            let found = cut(stream.as_bytes(), at_once);
            assert_eq!(found[1..], ["{\"a\":1}"; 2], "{length}: {found:?}");
        }
    }
}

#[test]
fn a_text_about_frames_is_none() {
    let body = r#"{"a": "Content-Length: 5\r\n\r\n{}",
        "Content-Length": "Content-Length: 7"
    }"#;
    let stream = format!("Content-Length: {}\r\n\r\n{body}{GOOD}", body.len());
    for at_once in [1, 1000] {
        assert_eq!(cut(stream.as_bytes(), at_once), [body, "{\"a\":1}"]);
    }
}

#[test]
fn what_is_skipped_is_not_held() {
    let mut framing = Framing::default();
    framing.feed(format!("Content-Length: {}\r\n\r\n", LONGEST + 1).as_bytes());
    assert!(matches!(framing.next_frame(), Some(Frame::Broken { .. })));
    let chunk = vec![b'x'; 1 << 20];
    let mut left = LONGEST + 1;
    while left > 0 {
        let now = chunk.len().min(left as usize);
        framing.feed(&chunk[..now]);
        assert_eq!(framing.next_frame(), None);
        assert!(framing.held_bytes() <= MARKER);
        left -= now as u64;
    }
    // Lines without an end are no headers either.
    let mut reports = 0;
    for _ in 0..16 {
        framing.feed(&chunk);
        reports += usize::from(framing.next_frame().is_some());
        assert!(framing.held_bytes() <= chunk.len() + MARKER);
    }
    assert_eq!(reports, 1);
    framing.feed(GOOD.as_bytes());
    assert_eq!(framing.next_frame(), Some(Frame::Body("{\"a\":1}".into())));
    assert_eq!(framing.held_bytes(), 0);
}

#[test]
fn a_body_of_the_greatest_length_is_read_and_its_space_given_back() {
    let mut framing = Framing::default();
    framing.feed(format!("Content-Length: {LONGEST}\r\n\r\n").as_bytes());
    let chunk = vec![b'x'; 1 << 20];
    for _ in 0..LONGEST >> 20 {
        assert_eq!(framing.next_frame(), None);
        framing.feed(&chunk);
    }
    match framing.next_frame() {
        Some(Frame::Body(body)) => assert_eq!(body.len() as u64, LONGEST),
        other => panic!("{other:?}"),
    }
    assert!(framing.buffer().capacity() < 1 << 20);
}

proptest::proptest! {
    /// After any bytes, the second of two valid frames is read: the first may be taken for a part of these bytes.
    #[test]
    fn reading_goes_on_behind_anything(
        pieces in proptest::collection::vec(
            proptest::prop_oneof![
                proptest::collection::vec(proptest::num::u8::ANY, 0..40),
                proptest::sample::select(vec![
                    &b"Content-Length: "[..], b"7", b"70", b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"{\"a\":1}",
                    b"Content-Type: x; charset=", b"utf-8", b":", b"99999999999", b"Content-Length: 5\r\n\r\n",
                ]).prop_map(<[u8]>::to_vec),
            ],
            0..12,
        ),
        at_once in 1_usize..40,
    ) {
        let mut stream: Vec<u8> = pieces.concat();
        // The last bytes may announce a long body, which the headers after them interrupt.
        stream.extend_from_slice(GOOD.repeat(2).as_bytes());
        let found = cut(&stream, at_once);
        proptest::prop_assert_eq!(found.last().map(String::as_str), Some("{\"a\":1}"));
    }
}
