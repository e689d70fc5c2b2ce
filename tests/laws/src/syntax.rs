//! Parsing and formatting `.nth`.

use nthc::syntax::{self, Unformatted};

/// Any text is read; formatting keeps everything except white space, and formatting twice changes nothing more.
pub fn holds(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    text_holds(&text);
}

pub(crate) fn text_holds(text: &str) {
    for (start, item) in syntax::parse(text).items {
        for error in &item.errors {
            let range = syntax::diagnose(error).primary.span.shifted(start);
            assert!(
                text.get(range.start as usize..range.end as usize).is_some(),
                "{error:?} points nowhere in {text:?}"
            );
        }
    }
    let once = match syntax::try_format(text) {
        Ok(once) => once,
        Err(Unformatted::Malformed) => return,
        Err(other) => panic!("the formatter breaks its own law: {other:?}"),
    };
    assert_eq!(
        without_white_space(text),
        without_white_space(&once),
        "what is not white space changed"
    );
    let twice = syntax::try_format(&once).expect("a layout can be laid out");
    assert_eq!(once, twice, "a second layout differs");
    // Text without line ends gets those of Unix.
    if text.contains('\n') && !text.contains('\r') {
        let on_windows = syntax::try_format(&text.replace('\n', "\r\n"))
            .expect("line ends of Windows change nothing");
        assert_eq!(
            on_windows,
            once.replace('\n', "\r\n"),
            "the layout depends on line ends"
        );
    }
}

/// Removes white space and commas, which separate the same things as line ends.
fn without_white_space(text: &str) -> String {
    text.chars()
        .filter(|char| !char.is_whitespace() && *char != ',')
        .collect()
}
