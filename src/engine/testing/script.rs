//! Parsing of test scripts: `load`, `clear` and `eval` commands with what they expect.

use regex::Regex;

use super::duration::parse_duration;
use super::notation::{Sequence, Value, number};
use crate::labels::Labels;
use crate::value::Steps;

/// A command of a script and its line, counted from 1.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) line: usize,
    pub(super) kind: CommandKind,
}

#[derive(Debug)]
pub(super) enum CommandKind {
    /// `clear`
    Clear,
    /// `load 5m` with series
    Load(Load),
    /// `eval instant …`, `eval range …`
    Eval(Box<Eval>),
    /// Not a valid command: the text of its first line, and why.
    Invalid(String, String),
}

/// Series to add.
#[derive(Debug)]
pub(super) struct Load {
    /// The milliseconds between two values.
    pub(super) interval: i64,
    /// True if classic histograms are also added as native histograms with custom buckets.
    pub(super) with_custom_buckets: bool,
    /// The series.
    pub(super) series: Vec<Sequence>,
    /// True if the script gives start timestamps (`@st`), which are ignored.
    pub(super) has_start_timestamps: bool,
}

/// A query and its expected result.
#[derive(Debug)]
pub(super) struct Eval {
    pub(super) query: String,
    /// True for `eval range`.
    pub(super) is_range: bool,
    /// When it is evaluated.
    pub(super) steps: Steps,
    /// The times of an expected range vector.
    pub(super) range_vector: Option<Steps>,
    /// The expected series, in order.
    pub(super) series: Vec<Sequence>,
    /// The expected scalar.
    pub(super) scalar: Option<f64>,
    /// The expected string.
    pub(super) string: Option<String>,
    pub(super) is_ordered: bool,
    /// The expected error: any if the message is [`Message::Any`].
    pub(super) fail: Option<Message>,
    pub(super) warnings: Expected,
    pub(super) infos: Expected,
}

/// Expected warnings or infos.
#[derive(Debug, Default)]
pub(super) struct Expected {
    /// All that are expected, and no others; anything goes if this is empty.
    pub(super) messages: Vec<Message>,
    /// True if none is expected.
    pub(super) none: bool,
}

/// An expected message.
#[derive(Debug)]
pub(super) enum Message {
    /// Any message.
    Any,
    /// This text.
    Text(String),
    /// A text that matches.
    Regex(Regex),
}

impl Message {
    /// True if a message is as expected. Annotations carry no position here, so one at the end of the expectation is ignored.
    pub(super) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Text(expected) => expected == text,
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}

impl std::fmt::Display for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Any => f.write_str("any message"),
            Self::Text(text) => write!(f, "`{text}`"),
            Self::Regex(regex) => write!(f, "a match of `{regex}`"),
        }
    }
}

/// Parses a script. A line that is not valid becomes an [`CommandKind::Invalid`] command; the others are still parsed.
pub(super) fn parse(script: &str) -> Vec<Command> {
    let lines: Vec<&str> = script
        .lines()
        .map(str::trim)
        .map(|line| if line.starts_with('#') { "" } else { line })
        .collect();
    let mut commands = Vec::new();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let number = at + 1;
        at += 1;
        if line.is_empty() {
            continue;
        }
        let block = lines.get(at..).unwrap_or_default();
        let block: Vec<&str> = block
            .iter()
            .take_while(|line| !line.is_empty())
            .copied()
            .collect();
        let word = line
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let parsed = if word == "clear" {
            Ok((CommandKind::Clear, 0))
        } else if word.starts_with("load") {
            load(line, &block).map(|load| (CommandKind::Load(load), block.len()))
        } else if word.starts_with("eval") {
            eval(line, &block).map(|(eval, used)| (CommandKind::Eval(Box::new(eval)), used))
        } else {
            Err("expected `load`, `clear` or `eval`".to_owned())
        };
        let (kind, used) = parsed
            .unwrap_or_else(|error| (CommandKind::Invalid((*line).to_owned(), error), block.len()));
        at += used;
        commands.push(Command { line: number, kind });
    }
    commands
}

fn load(line: &str, block: &[&str]) -> Result<Load, String> {
    let mut words = line.split_whitespace();
    let with_custom_buckets = match words.next() {
        Some("load") => false,
        Some("load_with_nhcb") => true,
        _ => return Err("expected `load` or `load_with_nhcb`".to_owned()),
    };
    let interval = words
        .next()
        .and_then(parse_duration)
        .ok_or("invalid step of `load`")?;
    let mut series = Vec::new();
    let mut has_start_timestamps = false;
    for line in block {
        let metric = line.split_whitespace().next().unwrap_or_default();
        if metric.ends_with("@st") {
            has_start_timestamps = true;
            continue;
        }
        series.push(Sequence::parse(line)?);
    }
    Ok(Load {
        interval,
        with_custom_buckets,
        series,
        has_start_timestamps,
    })
}

/// Takes the next word off the start of a text.
fn word<'t>(text: &mut &'t str) -> Option<&'t str> {
    let trimmed = text.trim_start();
    let end = trimmed.find(char::is_whitespace).unwrap_or(trimmed.len());
    let (word, rest) = trimmed.split_at(end);
    *text = rest.trim_start();
    (!word.is_empty()).then_some(word)
}

/// Takes a keyword and a duration off the start of a text.
fn time(text: &mut &str, keyword: &str) -> Result<i64, String> {
    if word(text) != Some(keyword) {
        return Err(format!("expected `{keyword}`"));
    }
    word(text)
        .and_then(parse_duration)
        .ok_or_else(|| format!("invalid duration after `{keyword}`"))
}

fn range(text: &mut &str) -> Result<Steps, String> {
    let start = time(text, "from")?;
    let end = time(text, "to")?;
    let step = time(text, "step")?;
    if end < start || step <= 0 {
        return Err("expected an end after the start and a positive step".to_owned());
    }
    Ok(Steps { start, end, step })
}

/// Parses an evaluation. Returns the number of lines of the block that belong to it.
fn eval(line: &str, block: &[&str]) -> Result<(Eval, usize), String> {
    let mut rest = line;
    let command = word(&mut rest).unwrap_or_default();
    let modifier = match command.strip_prefix("eval") {
        Some("") => "",
        Some(modifier) => modifier.trim_start_matches('_'),
        None => return Err("expected `eval`".to_owned()),
    };
    let (is_range, steps) = match word(&mut rest) {
        Some("instant") => (false, Steps::instant(time(&mut rest, "at")?)),
        Some("range") => (true, range(&mut rest)?),
        _ => return Err("expected `instant` or `range` after `eval`".to_owned()),
    };
    if rest.is_empty() {
        return Err("missing query".to_owned());
    }
    let mut eval = Eval {
        query: rest.to_owned(),
        is_range,
        steps,
        range_vector: None,
        series: Vec::new(),
        scalar: None,
        string: None,
        is_ordered: false,
        fail: None,
        warnings: Expected::default(),
        infos: Expected::default(),
    };
    match modifier {
        "" => {}
        "ordered" if !is_range => eval.is_ordered = true,
        "fail" => eval.fail = Some(Message::Any),
        "warn" => eval.warnings.messages.push(Message::Any),
        "info" => eval.infos.messages.push(Message::Any),
        _ => return Err(format!("unknown command `{command}`")),
    }
    for (index, line) in block.iter().enumerate() {
        if eval.expect(line)? {
            return Ok((eval, index + 1));
        }
    }
    Ok((eval, block.len()))
}

impl Eval {
    /// Parses a line after an `eval`. Returns true if it is the last one.
    fn expect(&mut self, line: &str) -> Result<bool, String> {
        if self.fail.is_some() {
            if let Some(text) = line.strip_prefix("expected_fail_message") {
                self.fail = Some(Message::Text(text.trim().to_owned()));
                return Ok(true);
            }
            if let Some(pattern) = line.strip_prefix("expected_fail_regexp") {
                self.fail = Some(Message::Regex(regex(pattern.trim())?));
                return Ok(true);
            }
        }
        if let Some(mut rest) = line.strip_prefix("expect range vector") {
            self.range_vector = Some(range(&mut rest)?);
        } else if let Some(text) = line.strip_prefix("expect string") {
            self.string = Some(string(text.trim())?);
        } else if line.split_whitespace().next() == Some("expect") {
            self.expect_kind(line.strip_prefix("expect").unwrap_or_default())?;
        } else if let Some(value) = number(line) {
            self.scalar = Some(value);
            return Ok(true);
        } else {
            let sequence = Sequence::parse(line)?;
            if sequence.values.len() > 1 && !self.is_range && self.range_vector.is_none() {
                return Err("several values of a series in an instant evaluation".to_owned());
            }
            self.series.push(sequence);
        }
        Ok(false)
    }

    /// Parses `ordered`, or a kind of message with an optional `msg:` or `regex:`.
    fn expect_kind(&mut self, mut rest: &str) -> Result<(), String> {
        let kind = word(&mut rest).unwrap_or_default();
        let message = match rest.split_once(':') {
            None if rest.is_empty() => None,
            Some(("msg", text)) => Some(Message::Text(text.trim().to_owned())),
            Some(("regex", pattern)) => Some(Message::Regex(regex(pattern.trim())?)),
            _ => return Err(format!("invalid expectation `{rest}`")),
        };
        let annotation = |message: Option<Message>| match message {
            None => Ok(Message::Any),
            Some(Message::Text(text)) => Ok(Message::Text(without_position(&text).to_owned())),
            Some(Message::Regex(pattern)) => {
                regex(without_pattern_of_position(pattern.as_str())).map(Message::Regex)
            }
            Some(Message::Any) => Ok(Message::Any),
        };
        match kind {
            "ordered" => self.is_ordered = true,
            "fail" => self.fail = Some(message.unwrap_or(Message::Any)),
            "warn" => self.warnings.messages.push(annotation(message)?),
            "info" => self.infos.messages.push(annotation(message)?),
            "no_warn" => self.warnings.none = true,
            "no_info" => self.infos.none = true,
            _ => return Err(format!("unknown expectation `{kind}`")),
        }
        Ok(())
    }

    /// Iterates over the expected series with their labels.
    pub(super) fn expected(&self) -> impl Iterator<Item = (usize, &Labels, &[Value])> {
        self.series
            .iter()
            .enumerate()
            .map(|(index, sequence)| (index, &sequence.labels, sequence.values.as_slice()))
    }
}

fn regex(pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern).map_err(|error| error.to_string())
}

/// Removes a position such as ` (1:7)` from the end.
fn without_position(text: &str) -> &str {
    let cut = text
        .strip_suffix(')')
        .and_then(|text| text.rsplit_once(" ("));
    match cut {
        Some((before, position)) if is_position(position) => before,
        _ => text,
    }
}

fn is_position(text: &str) -> bool {
    text.split_once(':').is_some_and(|(line, column)| {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
        is_number(line) && is_number(column)
    })
}

/// Removes the pattern of a position, such as ` \(1:7\)`, from the end of a pattern.
fn without_pattern_of_position(pattern: &str) -> &str {
    let cut = pattern
        .strip_suffix("\\)")
        .and_then(|text| text.rsplit_once(" \\("));
    match cut {
        Some((before, position)) if position.contains(':') => before,
        _ => pattern,
    }
}

/// Parses a quoted string.
fn string(text: &str) -> Result<String, String> {
    let parsed = nth_promql::parse(text).ok().map(|expr| expr.node);
    match parsed {
        Some(nth_promql::Node::String(literal)) => literal.text().map(str::to_owned),
        _ => None,
    }
    .ok_or_else(|| format!("expected a quoted string, found `{text}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(script: &str) -> CommandKind {
        let mut commands = parse(script);
        assert_eq!(commands.len(), 1, "{commands:?}");
        commands.remove(0).kind
    }

    fn eval_of(script: &str) -> Eval {
        match only(script) {
            CommandKind::Eval(eval) => *eval,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn commands_have_lines() {
        let script = "# a comment\nload 5m\n  x 1 2\n  # another\n  y 3\n\nclear\neval instant at 5m x\n  x 1\n\nwhat\n";
        let commands = parse(script);
        let lines: Vec<usize> = commands.iter().map(|command| command.line).collect();
        // A comment within a block ends it, as an empty line does.
        assert_eq!(lines, [2, 5, 7, 8, 11]);
        assert!(matches!(commands[1].kind, CommandKind::Invalid(..)));
        assert!(matches!(commands[4].kind, CommandKind::Invalid(..)));
    }

    #[test]
    fn loads() {
        let CommandKind::Load(load) =
            only("load_with_nhcb 1m30s\n x_bucket{le=\"1\"} 0+1x5\n x@st _ 5s")
        else {
            panic!("no load");
        };
        assert!(load.with_custom_buckets && load.has_start_timestamps);
        assert_eq!((load.interval, load.series.len()), (90_000, 1));
    }

    #[test]
    fn evaluations() {
        let eval = eval_of(
            "eval instant at 50m sum by (job) (x)\n expect no_info\n expect warn msg: PromQL warning: y (1:7)\n {job=\"a\"} 1\n",
        );
        assert_eq!(eval.query, "sum by (job) (x)");
        assert_eq!(eval.steps, Steps::instant(3_000_000));
        assert!(eval.infos.none && eval.warnings.messages[0].matches("PromQL warning: y"));
        assert_eq!(eval.series.len(), 1);
        let eval = eval_of("eval range from 0 to 10m step 1m x @ end()\n x 1 2 _");
        let steps = Steps {
            start: 0,
            end: 600_000,
            step: 60_000,
        };
        assert!(eval.is_range && eval.steps == steps);
        let eval = eval_of("eval_fail instant at 1m x\n expected_fail_message no (1:1)");
        assert!(eval.fail.is_some_and(|fail| fail.matches("no (1:1)")));
        let eval = eval_of("eval instant at 0 x\n expect info regex: PromQL info: .* \\(1:21\\)");
        assert!(eval.infos.messages[0].matches("PromQL info: z"));
        let eval = eval_of("eval instant at 0 \"a\"\n expect string `a`");
        assert_eq!(eval.string.as_deref(), Some("a"));
        let eval = eval_of(
            "eval instant at 0 x[1m]\n expect range vector from 10s to 1m step 10s\n x 1 2",
        );
        assert!(eval.range_vector.is_some());
    }

    #[test]
    fn a_number_ends_an_evaluation() {
        let commands = parse("eval instant at 0 1\n 1e0\neval instant at 0 2\n 2");
        assert_eq!(commands.len(), 2);
    }
}
