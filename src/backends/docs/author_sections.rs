//! Markdown of the author, embedded as Markdown in a section.
//!
//! A library parses and formats it, so that open constructs are closed. Its headings become lower than the section's.
//! HTML is shown as text, and so are links that are not web links: a page opens in many renderers, and not all of them
//! are careful.

use pulldown_cmark::{CodeBlockKind, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd};
use pulldown_cmark_to_cmark::{Options as Style, cmark_with_options};

use super::headings::Headings;
use super::text;

/// The deepest heading level of Markdown.
const DEEPEST: u8 = 6;

fn dialect() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS
}

fn style() -> Style<'static> {
    Style {
        code_block_token_count: 3,
        list_token: '-',
        emphasis_token: '*',
        increment_ordered_list_bullets: true,
        newlines_after_htmlblock: 2,
        ..Style::default()
    }
}

/// Embeds Markdown below a heading of this level.
pub fn embed(markdown: &str, level: u8, headings: &mut Headings) -> String {
    if is_plain(markdown) {
        return markdown.to_owned();
    }
    let shown: String = markdown
        .chars()
        .filter(|c| !text::turns_around(*c) && (!c.is_control() || c.is_whitespace()))
        .collect();
    let events = sanitize(&shown, level, headings);
    let mut out = String::new();
    match cmark_with_options(events.iter(), &mut out, dialect(), style()) {
        Ok(_) if is_sanitized(&out, level) => out.trim_start_matches('\n').trim_end().to_owned(),
        // No form of it is parsed alike everywhere: it is shown as its source.
        _ => text::fence("text", shown.trim()),
    }
}

/// Returns whether a text is one line of words without any markup, as many are: such Markdown is written as it is read.
fn is_plain(markdown: &str) -> bool {
    let mut before = ' ';
    let follows = |c: char| {
        let is_word = c.is_ascii_alphanumeric() || (",.;()%/".contains(c) && before != ' ');
        let is_single_space = c == ' ' && before != ' ';
        before = c;
        is_word || is_single_space
    };
    markdown.starts_with(|first: char| first.is_ascii_alphabetic())
        && markdown.chars().all(follows)
        && !markdown.ends_with(' ')
}

/// The events of a text, with those changed that affect its surroundings.
fn sanitize<'a>(markdown: &'a str, level: u8, headings: &mut Headings) -> Vec<Event<'a>> {
    let events: Vec<Event<'a>> = Parser::new_ext(markdown, dialect()).collect();
    let mut out = Vec::with_capacity(events.len());
    // The levels of the headings above the current one.
    let mut above: Vec<u8> = Vec::new();
    // The end events of the open headings and links.
    let mut open_heading = None;
    let mut open_links: Vec<bool> = Vec::new();
    let mut in_code = false;
    for (at, event) in events.iter().enumerate() {
        match event {
            Event::Start(Tag::Heading { level: of, .. }) => {
                let of = *of as u8;
                above.retain(|level| *level < of);
                above.push(of);
                let depth = u8::try_from(above.len()).unwrap_or(DEEPEST);
                let depth = level.saturating_add(depth);
                let title = heading_text(&events[at + 1..]);
                let is_heading = depth <= DEEPEST
                    && !title.trim().is_empty()
                    && out_of_lists(&out)
                    && headings.try_own(&title);
                if let (true, Ok(level)) = (is_heading, usize::from(depth).try_into()) {
                    out.push(Event::Start(Tag::Heading {
                        level,
                        id: None,
                        classes: Vec::new(),
                        attrs: Vec::new(),
                    }));
                    open_heading = Some(Event::End(TagEnd::Heading(level)));
                } else {
                    out.push(Event::Start(Tag::Paragraph));
                    open_heading = Some(Event::End(TagEnd::Paragraph));
                }
            }
            Event::End(TagEnd::Heading(_)) => out.extend(open_heading.take()),
            Event::Start(Tag::HtmlBlock) => {
                let kind = CodeBlockKind::Fenced(CowStr::Borrowed("html"));
                out.push(Event::Start(Tag::CodeBlock(kind)));
            }
            Event::End(TagEnd::HtmlBlock) => {
                end_line(&mut out);
                out.push(Event::End(TagEnd::CodeBlock));
            }
            Event::Html(html) => out.push(Event::Text(html.clone())),
            Event::Text(words) if !in_code => push_text(&mut out, words),
            Event::Start(Tag::CodeBlock(_)) => {
                in_code = true;
                out.push(event.clone());
            }
            Event::End(TagEnd::CodeBlock) => {
                in_code = false;
                end_line(&mut out);
                out.push(event.clone());
            }
            Event::InlineHtml(html) => out.push(Event::Code(html.replace('\n', " ").into())),
            Event::Start(Tag::Link {
                dest_url, title, ..
            }) => {
                let is_safe = is_safe(dest_url);
                open_links.push(is_safe);
                if is_safe {
                    out.push(Event::Start(Tag::Link {
                        link_type: LinkType::Inline,
                        dest_url: dest_url.clone(),
                        title: title.clone(),
                        id: CowStr::Borrowed(""),
                    }));
                }
            }
            Event::End(TagEnd::Link) => {
                if open_links.pop() == Some(true) {
                    out.push(event.clone());
                }
            }
            Event::Start(Tag::Image {
                dest_url, title, ..
            }) => {
                let is_safe = is_safe(dest_url);
                open_links.push(is_safe);
                if is_safe {
                    out.push(Event::Start(Tag::Image {
                        link_type: LinkType::Inline,
                        dest_url: dest_url.clone(),
                        title: title.clone(),
                        id: CowStr::Borrowed(""),
                    }));
                }
            }
            Event::End(TagEnd::Image) => {
                if open_links.pop() == Some(true) {
                    out.push(event.clone());
                }
            }
            other => out.push(other.clone()),
        }
    }
    out
}

/// Adds text in which `<` is a character reference: not every renderer knows the escape `\<`.
fn push_text<'a>(out: &mut Vec<Event<'a>>, words: &CowStr<'a>) {
    for (number, part) in words.split('<').enumerate() {
        if number > 0 {
            out.push(Event::InlineHtml(CowStr::Borrowed("&lt;")));
        }
        if !part.is_empty() {
            out.push(Event::Text(part.to_owned().into()));
        }
    }
}

/// Ends the line of a code block that a text ends in.
fn end_line(out: &mut Vec<Event<'_>>) {
    let is_open = matches!(out.last(), Some(Event::Text(text)) if !text.ends_with('\n'));
    if is_open {
        out.push(Event::Text(CowStr::Borrowed("\n")));
    }
}

/// The text of a heading, from the events after its start.
fn heading_text(events: &[Event<'_>]) -> String {
    let mut title = String::new();
    for event in events {
        match event {
            Event::End(TagEnd::Heading(_)) => break,
            Event::Text(text) | Event::Code(text) | Event::InlineHtml(text) => title.push_str(text),
            Event::SoftBreak | Event::HardBreak => title.push(' '),
            _ => {}
        }
    }
    title
}

/// Returns whether the next event is outside of all lists, quotes and tables.
fn out_of_lists(events: &[Event<'_>]) -> bool {
    let depth = |sum: i64, event: &Event<'_>| match event {
        Event::Start(Tag::List(_) | Tag::BlockQuote(_) | Tag::Item) => sum + 1,
        Event::End(TagEnd::List(_) | TagEnd::BlockQuote(_) | TagEnd::Item) => sum - 1,
        _ => sum,
    };
    events.iter().fold(0, depth) == 0
}

/// Returns whether a link leads to the web, to an email address, or to a place in the text itself.
fn is_safe(url: &str) -> bool {
    let scheme = url.split(['/', '?', '#']).next().unwrap_or_default();
    match scheme.split_once(':') {
        None => true,
        Some((scheme, _)) => ["http", "https", "mailto"]
            .iter()
            .any(|known| scheme.eq_ignore_ascii_case(known)),
    }
}

/// Returns whether a text contains no HTML and no heading that is not below the section's, and does not affect the text
/// after it.
fn is_sanitized(markdown: &str, level: u8) -> bool {
    // An open construct would include the following text.
    const AFTER: &str = "the text after it";
    let whole = format!("{}\n\n{AFTER}\n", markdown.trim_end());
    let mut last = Vec::new();
    let mut in_code = false;
    for (event, range) in Parser::new_ext(&whole, dialect()).into_offset_iter() {
        match &event {
            Event::Html(_) | Event::InlineHtml(_) | Event::Start(Tag::HtmlBlock) => return false,
            Event::Start(Tag::Heading { level: of, .. }) if *of as u8 <= level => return false,
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => in_code = false,
            // A renderer that does not know `\<` as an escape would see a tag.
            Event::Text(_) if !in_code => {
                let opens = |at: usize| {
                    whole[at + 1..]
                        .starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c))
                };
                let mut found = whole[range.clone()].match_indices('<');
                if found.any(|(at, _)| opens(range.start + at)) {
                    return false;
                }
            }
            _ => {}
        }
        last.push(event);
    }
    matches!(
        last.as_slice(),
        [.., Event::Start(Tag::Paragraph), Event::Text(text), Event::End(TagEnd::Paragraph)]
            if text.as_ref() == AFTER
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn embedded(markdown: &str) -> String {
        embed(markdown, 3, &mut Headings::new(["alerts".to_owned()]))
    }

    #[test]
    fn markdown_stays_markdown() {
        let markdown = "1. Is *it* up?\n2. Replay: `ctl replay`.\n\n```sh\nctl | jq\n```\n\n- a\n  - b\n\n| a | b |\n|---|---|\n| c | d |\n\n[x](https://x.example) **y**";
        assert_eq!(
            embedded(markdown),
            "1. Is *it* up?\n2. Replay: `ctl replay`.\n\n```sh\nctl | jq\n```\n\n- a\n  - b\n\n|a|b|\n|-|-|\n|c|d|\n\n\
             [x](https://x.example) **y**"
        );
    }

    #[test]
    fn headings_go_below_the_sections() {
        let markdown = "# One\n\ntext\n\n### Two\n\nTwo\n===\n\n> # Quoted\n\n## Three\n\n### Four\n\n#### Five\n";
        assert_eq!(
            embedded(markdown),
            "#### One\n\ntext\n\n##### Two\n\n#### Two\n\n > \n > Quoted\n\n##### Three\n\n###### Four\n\nFive"
        );
    }

    #[test]
    fn a_heading_never_takes_an_anchor_of_ours() {
        assert_eq!(embedded("# Alerts\n"), "Alerts");
    }

    #[test]
    fn what_is_left_open_is_closed() {
        assert_eq!(
            embedded("```sh\nrm -rf /\n# no heading"),
            "```sh\nrm -rf /\n# no heading\n```"
        );
    }

    #[test]
    fn html_is_shown() {
        let markdown = "a <b>bold</b> &lt;script&gt; <!-- c\n\n<script>alert(1)</script>\n\n<details>\n\nx [y](javascript:alert(1)) z [w]\n\n\
                        [w]: data:text/html,x\n\n<!-- never closed";
        assert_eq!(
            embedded(markdown),
            "a `<b>`bold`</b>` &lt;script> &lt;!-- c\n\n```html\n<script>alert(1)</script>\n```\n\n```html\n<details>\n```\n\n\
             x y z w\n\n```html\n<!-- never closed\n```"
        );
    }

    proptest! {
        #[test]
        fn plain_text_is_read_as_it_is_written(text in "[a-zA-Z][a-zA-Z0-9,.;()%/ ]{0,40}") {
            let mut headings = Headings::new([]);
            let events = sanitize(&text, 3, &mut headings);
            let mut parsed = String::new();
            cmark_with_options(events.iter(), &mut parsed, dialect(), style()).unwrap();
            if is_plain(&text) {
                prop_assert_eq!(text, parsed);
            }
        }

        #[test]
        fn nothing_reaches_beyond_its_end(text in "[ -~\n]{0,80}") {
            prop_assert!(is_sanitized(&embedded(&text), 3), "{:?}", embedded(&text));
        }

        #[test]
        fn marks_do_not_either(text in "([#>*`~<\\-\\[\\]()!|=:\n ]|a|1\\.|<b>|<!--|```|\\\\){0,40}") {
            prop_assert!(is_sanitized(&embedded(&text), 3), "{:?}", embedded(&text));
        }
    }
}
