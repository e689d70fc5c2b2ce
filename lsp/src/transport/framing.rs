//! Frames of the base protocol: headers, an empty line, and a body of a given length.
//!
//! A broken frame is reported once, and reading continues at the next `Content-Length`. That is recognized anywhere
//! in the stream, also in the middle of a body: JSON cannot contain `Content-Length: 5` followed by a line end,
//! neither in a string, where line ends are escaped, nor outside of one.

use bytes::{Buf, BytesMut};

/// Maximum length of a message in bytes. A longer one is refused, and skipped without buffering.
pub const LONGEST: u64 = 64 * 1024 * 1024;

/// Maximum length of a header line in bytes.
const LONGEST_HEADER: usize = 4096;

/// Number of bytes before a line end that are searched for `Content-Length: <bytes>`.
const MARKER: usize = 64;

/// Number of bytes read at once.
const CHUNK: usize = 64 * 1024;

/// Maximum number of bytes of the client's input quoted in an answer.
const QUOTED: usize = 60;

/// A frame.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame {
    /// A body, which may be anything.
    Body(BytesMut),
    /// Something that is not a frame.
    Broken {
        /// The reason, for the client's log.
        reason: String,
        /// The body, if there is one, from which the request's id can be read.
        body: Option<BytesMut>,
    },
}

/// Splits a stream of bytes into frames. Does no I/O: bytes are put into [`Framing::buffer`] as they arrive.
#[derive(Debug, Default)]
pub struct Framing {
    bytes: BytesMut,
    state: State,
    /// True after a reported error, until a valid header.
    is_astray: bool,
}

#[derive(Debug)]
enum State {
    Headers(Headers),
    Body {
        length: usize,
        /// Number of bytes of it that were searched for another frame.
        searched: usize,
        charset: Option<String>,
    },
    /// A body that is too long, with the number of bytes left to skip.
    Skipped(u64),
}

impl Default for State {
    fn default() -> Self {
        Self::Headers(Headers::default())
    }
}

/// The headers of a frame, as far as they are read.
#[derive(Debug, Default)]
struct Headers {
    length: Option<u64>,
    /// The charset, if it is not UTF-8.
    charset: Option<String>,
    /// The error in them.
    fault: Option<String>,
    /// True if there was any header.
    any: bool,
}

impl Framing {
    /// Appends the next bytes of the stream.
    #[cfg(test)]
    pub fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The buffer for the next bytes of the stream.
    pub fn buffer(&mut self) -> &mut BytesMut {
        self.bytes.reserve(CHUNK);
        &mut self.bytes
    }

    /// Number of bytes held.
    #[cfg(test)]
    pub fn held_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The next frame; `None` until more bytes arrive.
    pub fn next_frame(&mut self) -> Option<Frame> {
        loop {
            match &mut self.state {
                State::Headers(_) => {
                    if let Some(frame) = self.line()? {
                        return Some(frame);
                    }
                }
                State::Body { .. } => return self.body(),
                State::Skipped(_) => self.skip()?,
            }
        }
    }

    /// Takes back the end of a body that is not JSON if the headers of the next message may begin there: a length
    /// that is slightly too great ends within them.
    pub fn reject(&mut self, body: &[u8]) {
        self.is_astray = true;
        let tail = &body[body.len().saturating_sub(MARKER)..];
        let lower = tail.to_ascii_lowercase();
        let name = b"content-length:";
        let whole = (0..lower.len())
            .rev()
            .find(|at| lower[*at..].starts_with(name));
        let begun = || (0..lower.len()).find(|at| name.starts_with(&lower[*at..]));
        if let Some(at) = whole.or_else(begun) {
            let mut bytes = BytesMut::from(&tail[at..]);
            bytes.extend_from_slice(&self.bytes);
            self.bytes = bytes;
        }
    }

    /// Reads one header line. The outer `None` means an incomplete line, the inner one a line without a result.
    fn line(&mut self) -> Option<Option<Frame>> {
        let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') else {
            // A body without headers may be all that the client sends before it waits for the answer.
            let is_body = matches!(self.bytes.first(), Some(b'{' | b'['));
            let is_long = self.bytes.len() > LONGEST_HEADER;
            let report = (is_body || is_long).then(|| self.report_stray()).flatten();
            if is_long {
                let superfluous = self.bytes.len() - MARKER;
                self.bytes.advance(superfluous);
                self.is_astray = true;
            }
            return report.map(Some);
        };
        let line = self.bytes.split_to(end + 1);
        let line = trim_end(&line);
        let State::Headers(headers) = &mut self.state else {
            return Some(None);
        };
        if line.is_empty() {
            return Some(self.headers_end());
        }
        let (length, at) = match marker(line) {
            Some(found) => found,
            None => {
                let is_header = line.len() <= LONGEST_HEADER && headers.take(line);
                return Some(match is_header {
                    true => None,
                    false => {
                        // It is reported once, and the lines before it are no headers either.
                        *headers = Headers::default();
                        self.report_stray_at(&String::from_utf8_lossy(line))
                    }
                });
            }
        };
        // A header in the middle of a line, or after a broken one, begins another message.
        let fault = headers.fault.take();
        let stray = match (at, fault) {
            (0, None) => None,
            (0, Some(fault)) => {
                *headers = Headers::default();
                self.report(|| fault)
            }
            _ => {
                *headers = Headers::default();
                self.report_stray_at(&String::from_utf8_lossy(line))
            }
        };
        if let State::Headers(headers) = &mut self.state {
            headers.any = true;
            match headers.length {
                Some(other) if other != length => {
                    headers.fault = Some(format!(
                        "two headers `Content-Length`, {other} and {length}"
                    ));
                }
                _ => headers.length = Some(length),
            }
        }
        Some(stray)
    }

    fn report_stray(&mut self) -> Option<Frame> {
        let begun = String::from_utf8_lossy(&self.bytes[..self.bytes.len().min(4 * QUOTED)]);
        let begun = begun.into_owned();
        self.report_stray_at(&begun)
    }

    fn report_stray_at(&mut self, found: &str) -> Option<Frame> {
        self.report(|| {
            format!(
                "expected the header `Content-Length: <bytes>`, found `{}`",
                quote(found)
            )
        })
    }

    /// Reports something that is not a frame, unless the bytes before it were reported already.
    fn report(&mut self, reason: impl FnOnce() -> String) -> Option<Frame> {
        let is_known = std::mem::replace(&mut self.is_astray, true);
        (!is_known).then(|| Frame::Broken {
            reason: reason(),
            body: None,
        })
    }

    /// Handles the empty line after headers.
    fn headers_end(&mut self) -> Option<Frame> {
        let State::Headers(headers) = &mut self.state else {
            return None;
        };
        let headers = std::mem::take(headers);
        // Empty lines between messages are no headers.
        if !headers.any {
            return None;
        }
        let reason = match (headers.fault, headers.length) {
            (Some(fault), _) => fault,
            (None, None) => "missing header `Content-Length`".to_owned(),
            (None, Some(length)) if length > LONGEST => {
                self.is_astray = false;
                self.state = State::Skipped(length);
                return Some(Frame::Broken {
                    reason: format!(
                        "a message of {length} bytes is not read: the limit is {LONGEST}"
                    ),
                    body: None,
                });
            }
            (None, Some(length)) => {
                self.is_astray = false;
                self.state = State::Body {
                    // It is below the limit.
                    length: usize::try_from(length).unwrap_or(usize::MAX),
                    searched: 0,
                    charset: headers.charset,
                };
                return None;
            }
        };
        self.report(|| reason)
    }

    fn body(&mut self) -> Option<Frame> {
        let State::Body {
            length,
            searched,
            charset,
        } = &mut self.state
        else {
            return None;
        };
        let (length, there) = (*length, self.bytes.len().min(*length));
        if let Some(at) = begins_within(&self.bytes[..there], searched) {
            self.bytes.advance(at);
            self.free_body(length);
            self.state = State::default();
            self.is_astray = true;
            return Some(Frame::Broken {
                reason: format!(
                    "a message of {length} bytes by its `Content-Length` ends after {at}, where the next one begins"
                ),
                body: None,
            });
        }
        if there < length {
            return None;
        }
        let charset = charset.take();
        let body = self.bytes.split_to(length);
        self.free_body(length);
        self.state = State::default();
        Some(match charset {
            None => Frame::Body(body),
            Some(charset) => Frame::Broken {
                reason: format!(
                    "the charset `{}` is not supported: use utf-8",
                    quote(&charset)
                ),
                body: Some(body),
            },
        })
    }

    /// Frees the memory of a long body, which the buffer would keep otherwise.
    fn free_body(&mut self, length: usize) {
        if length > CHUNK {
            self.bytes = BytesMut::from(&self.bytes[..]);
        }
    }

    /// Skips a body that is too long; `None` until more bytes arrive.
    fn skip(&mut self) -> Option<()> {
        let State::Skipped(left) = &mut self.state else {
            return Some(());
        };
        let there =
            usize::try_from(*left).map_or(self.bytes.len(), |left| left.min(self.bytes.len()));
        if let Some(at) = begins_within(&self.bytes[..there], &mut 0) {
            self.bytes.advance(at);
            self.state = State::default();
            return Some(());
        }
        let is_whole = there as u64 == *left;
        // The headers of another message may begin in the bytes that are kept.
        let gone = match is_whole {
            true => there,
            false => there.saturating_sub(MARKER),
        };
        self.bytes.advance(gone);
        *left -= gone as u64;
        if is_whole {
            self.state = State::default();
            return Some(());
        }
        None
    }
}

impl Headers {
    /// Handles a header other than a valid length. Returns whether the line is a header.
    fn take(&mut self, line: &[u8]) -> bool {
        let Ok(line) = std::str::from_utf8(line) else {
            return false;
        };
        let Some((name, value)) = line.split_once(':') else {
            return false;
        };
        let is_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) {
            return false;
        }
        self.any = true;
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            let fault = format!("`{}` is not a valid `Content-Length`", quote(value));
            self.fault.get_or_insert(fault);
        }
        if name.eq_ignore_ascii_case("content-type") {
            self.charset = charset(value).filter(|charset| {
                !charset.eq_ignore_ascii_case("utf-8") && !charset.eq_ignore_ascii_case("utf8")
            });
        }
        // Later versions of the protocol may add headers.
        true
    }
}

/// The charset of a media type.
fn charset(value: &str) -> Option<String> {
    value.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches('"').to_owned();
        name.trim().eq_ignore_ascii_case("charset").then_some(value)
    })
}

/// The length at the end of a line, and the byte of the line at which its header begins.
fn marker(line: &[u8]) -> Option<(u64, usize)> {
    let from = line.len().saturating_sub(MARKER);
    let rest = trim_end(&line[from..]);
    let digits = rest.iter().rev().take_while(|byte| byte.is_ascii_digit());
    let (rest, digits) = rest.split_at(rest.len() - digits.count());
    let name = trim_end(rest).strip_suffix(b":")?;
    let at = name.len().checked_sub(b"content-length".len())?;
    if digits.is_empty() || !name[at..].eq_ignore_ascii_case(b"content-length") {
        return None;
    }
    // It is ASCII. A number that overflows is too long anyway.
    let digits = std::str::from_utf8(digits).ok()?;
    Some((digits.parse().unwrap_or(u64::MAX), from + at))
}

/// The byte at which the headers of another message begin. `searched` is the number of bytes searched before.
fn begins_within(bytes: &[u8], searched: &mut usize) -> Option<usize> {
    let new = bytes.get(*searched..).unwrap_or_default();
    let ends = new.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    for (at, _) in ends {
        let end = *searched + at;
        let start = end.saturating_sub(MARKER);
        if let Some((_, at)) = marker(&bytes[start..end]) {
            return Some(start + at);
        }
    }
    *searched = bytes.len();
    None
}

fn trim_end(mut bytes: &[u8]) -> &[u8] {
    while let [before @ .., b'\r' | b'\n' | b' ' | b'\t'] = bytes {
        bytes = before;
    }
    bytes
}

fn quote(text: &str) -> String {
    let mut quoted: String = text.chars().take(QUOTED).collect();
    if quoted.len() < text.len() {
        quoted.push('…');
    }
    quoted.escape_debug().to_string()
}

#[cfg(test)]
#[path = "framing_tests.rs"]
mod tests;
