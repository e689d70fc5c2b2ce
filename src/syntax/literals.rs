//! Values of literals: numbers with units, escapes, and the indent of multi-line strings.

use std::fmt;

use rust_decimal::Decimal;

use super::tree::{ExprNode, StringPart, TimeOfDay, TimeOfWeek};

/// Units of time in descending order, in milliseconds.
const DURATION_UNITS: [(&str, u64); 6] = [
    ("w", 7 * 24 * 3_600_000),
    ("d", 24 * 3_600_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Units of size, in bytes: decimal ones of SI, binary ones of IEC 80000-13.
const SIZE_UNITS: [(&str, i64); 9] = [
    ("B", 1),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// Units of rates, with the number of each per hour.
const RATE_UNITS: [(&str, i64); 3] = [("/s", 3600), ("/m", 60), ("/h", 1)];

/// The reason that a literal is invalid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BadLiteral {
    TooManyDigits,
    DecimalPoints,
    TooLarge,
    FractionOfDuration,
    NoUnit,
    UnknownUnit {
        unit: String,
        near: Option<&'static str>,
    },
    UnitOrder,
    TooLong,
    TimeOfDay,
    Weekday,
}

impl fmt::Display for BadLiteral {
    /// Writes the predicate of the message: `has more than one decimal point`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooManyDigits => "has more digits than can be represented exactly",
            Self::DecimalPoints => "has more than one decimal point",
            Self::TooLarge => "is too large",
            Self::FractionOfDuration => {
                "is a duration with a fraction; use smaller units, as in `1h30m`"
            }
            Self::NoUnit => "ends with a number that has no unit",
            Self::UnknownUnit { unit, near } => {
                write!(f, "has the unknown unit `{unit}`")?;
                return match near {
                    Some(near) => write!(f, "; did you mean `{near}`?"),
                    None => Ok(()),
                };
            }
            Self::UnitOrder => {
                "has its units out of order; write the largest unit first, each unit once"
            }
            Self::TooLong => "is too long a duration",
            Self::TimeOfDay => "is not a time of day between 00:00 and 23:59",
            Self::Weekday => "does not start with a day of the week",
        })
    }
}

impl std::error::Error for BadLiteral {}

/// Parses a number with or without a unit.
pub(super) fn numeral(text: &str) -> Result<ExprNode, BadLiteral> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let value =
        |number: &str| Decimal::from_str_exact(number).map_err(|_| BadLiteral::TooManyDigits);
    if number.matches('.').count() > 1 {
        return Err(BadLiteral::DecimalPoints);
    }
    match unit {
        "" => return Ok(ExprNode::Number(value(number)?)),
        "%" => return Ok(ExprNode::Percent(value(number)?)),
        _ => {}
    }
    if let Some((_, per_hour)) = RATE_UNITS.iter().find(|(name, _)| *name == unit) {
        return value(number)?
            .checked_mul(Decimal::from(*per_hour))
            .map(ExprNode::Rate)
            .ok_or(BadLiteral::TooLarge);
    }
    if let Some((_, bytes)) = SIZE_UNITS.iter().find(|(name, _)| *name == unit) {
        return value(number)?
            .checked_mul(Decimal::from(*bytes))
            .map(|size| ExprNode::Size(size.normalize()))
            .ok_or(BadLiteral::TooLarge);
    }
    duration(text).map(ExprNode::Duration)
}

/// Parses a duration to milliseconds: whole numbers with units in descending order.
fn duration(text: &str) -> Result<u64, BadLiteral> {
    let mut rest = text;
    let mut total: u64 = 0;
    let mut largest = 0;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let letters = after
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let known = DURATION_UNITS.iter().position(|(name, _)| *name == unit);
        let Some(position) = known else {
            if let Some(fraction) = unit.strip_prefix('.')
                && fraction.is_empty()
            {
                return Err(BadLiteral::FractionOfDuration);
            }
            if unit.is_empty() {
                return Err(BadLiteral::NoUnit);
            }
            return Err(unknown_unit(unit));
        };
        if position < largest {
            return Err(BadLiteral::UnitOrder);
        }
        largest = position + 1;
        total = number
            .parse::<u64>()
            .ok()
            .and_then(|number| number.checked_mul(DURATION_UNITS[position].1))
            .and_then(|milliseconds| total.checked_add(milliseconds))
            .ok_or(BadLiteral::TooLong)?;
        rest = after;
    }
    Ok(total)
}

fn unknown_unit(unit: &str) -> BadLiteral {
    BadLiteral::UnknownUnit {
        unit: unit.to_owned(),
        near: meant_unit(unit),
    }
}

/// The unit that a word after a number means: itself, in another case, or spelled out (`days`). `None` for other words.
pub(super) fn meant_unit(word: &str) -> Option<&'static str> {
    let durations = DURATION_UNITS.iter().map(|(name, _)| *name);
    let sizes = SIZE_UNITS.iter().map(|(name, _)| *name);
    let rates = RATE_UNITS.iter().map(|(name, _)| *name);
    let mut all = durations.chain(sizes).chain(["%"]).chain(rates);
    all.find(|known| known.eq_ignore_ascii_case(word))
        .or(match word {
            "sec" | "secs" | "second" | "seconds" => Some("s"),
            "min" | "mins" | "minute" | "minutes" => Some("m"),
            "hr" | "hrs" | "hour" | "hours" => Some("h"),
            "day" | "days" => Some("d"),
            "week" | "weeks" => Some("w"),
            "K" | "k" | "Ki" => Some("KiB"),
            "M" | "Mi" => Some("MiB"),
            "G" | "Gi" | "g" => Some("GiB"),
            "T" | "Ti" | "t" => Some("TiB"),
            _ => None,
        })
}

/// `09:00`
pub(super) fn time_of_day(text: &str) -> Result<TimeOfDay, BadLiteral> {
    let (hour, minute) = text.trim().split_once(':').unwrap_or(("", ""));
    let hour = hour.parse::<u8>().ok().filter(|hour| *hour < 24);
    let minute = minute.parse::<u8>().ok().filter(|minute| *minute < 60);
    match (hour, minute) {
        (Some(hour), Some(minute)) => Ok(TimeOfDay { hour, minute }),
        _ => Err(BadLiteral::TimeOfDay),
    }
}

/// `mon 09:00`
pub(super) fn time_of_week(text: &str) -> Result<TimeOfWeek, BadLiteral> {
    let (day, time) = text.split_once(' ').unwrap_or((text, ""));
    let TimeOfDay { hour, minute } = time_of_day(time)?;
    let day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        .iter()
        .position(|known| *known == day)
        .ok_or(BadLiteral::Weekday)?;
    Ok(TimeOfWeek {
        day: day as u8,
        hour,
        minute,
    })
}

/// Returns the character of an escape; `None` if it is unknown.
pub(super) fn escape(text: &str) -> Option<char> {
    match text {
        "\\n" => Some('\n'),
        "\\t" => Some('\t'),
        "\\\\" => Some('\\'),
        "\\\"" => Some('"'),
        "\\$" => Some('$'),
        _ => {
            let digits = text.strip_prefix("\\u{")?.strip_suffix('}')?;
            (digits.len() <= 6)
                .then(|| u32::from_str_radix(digits, 16).ok())?
                .and_then(char::from_u32)
        }
    }
}

/// A piece of a string before its indent is removed.
#[derive(Debug)]
pub(crate) enum Piece<'t> {
    /// Source text.
    Raw(&'t str),
    /// The character of an escape, which is never part of the indent.
    Escaped(char),
    /// An interpolation.
    Hole(super::tree::Expr),
}

/// Converts the pieces of a single-line string to parts.
pub(super) fn plain(pieces: Vec<Piece<'_>>) -> Vec<StringPart> {
    let mut parts = Vec::new();
    for piece in pieces {
        push(&mut parts, piece);
    }
    parts
}

fn push(parts: &mut Vec<StringPart>, piece: Piece<'_>) {
    let mut text = |added: &str| {
        if added.is_empty() {
            return;
        }
        if let Some(StringPart::Text(last)) = parts.last_mut() {
            last.push_str(added);
        } else {
            parts.push(StringPart::Text(added.to_owned()));
        }
    };
    match piece {
        Piece::Raw(raw) => text(raw),
        Piece::Escaped(character) => text(character.encode_utf8(&mut [0; 4])),
        Piece::Hole(expr) => parts.push(StringPart::Hole(expr)),
    }
}

/// Converts the pieces of a `"""` string to parts. Removes a blank first and last line, and the common indent of all lines with
/// text. Line ends become `\n`.
pub(crate) fn dedent(pieces: Vec<Piece<'_>>) -> Vec<StringPart> {
    let mut lines: Vec<Vec<Piece<'_>>> = vec![Vec::new()];
    for piece in pieces {
        match piece {
            Piece::Raw(raw) => {
                for (number, line) in raw.split('\n').enumerate() {
                    if number > 0 {
                        lines.push(Vec::new());
                    }
                    let line = line.strip_suffix('\r').unwrap_or(line);
                    if let Some(last) = lines.last_mut()
                        && !line.is_empty()
                    {
                        last.push(Piece::Raw(line));
                    }
                }
            }
            other => {
                if let Some(last) = lines.last_mut() {
                    last.push(other);
                }
            }
        }
    }
    let indent_of = |line: &[Piece<'_>]| match line.first() {
        Some(Piece::Raw(raw)) => raw.len() - raw.trim_start_matches([' ', '\t']).len(),
        _ => 0,
    };
    let blank = |line: &[Piece<'_>]| {
        line.iter().all(
            |piece| matches!(piece, Piece::Raw(raw) if raw.trim_matches([' ', '\t']).is_empty()),
        )
    };
    if lines.len() > 1 && lines.first().is_some_and(|line| blank(line)) {
        lines.remove(0);
        if lines.last().is_some_and(|line| blank(line)) {
            lines.pop();
        }
        let common = common_indent(&lines, &blank);
        for line in &mut lines {
            let cut = common.len().min(indent_of(line));
            if let Some(Piece::Raw(raw)) = line.first_mut() {
                *raw = &raw[cut..];
            }
            if blank(line) {
                line.clear();
            }
        }
    }
    let mut parts = Vec::new();
    for (number, line) in lines.into_iter().enumerate() {
        if number > 0 {
            push(&mut parts, Piece::Raw("\n"));
        }
        for piece in line {
            push(&mut parts, piece);
        }
    }
    parts
}

fn common_indent<'t>(lines: &[Vec<Piece<'t>>], blank: &impl Fn(&[Piece<'t>]) -> bool) -> &'t str {
    let mut common: Option<&'t str> = None;
    for line in lines.iter().filter(|line| !blank(line)) {
        let indent = match line.first() {
            Some(Piece::Raw(raw)) => &raw[..raw.len() - raw.trim_start_matches([' ', '\t']).len()],
            _ => "",
        };
        common = Some(match common {
            None => indent,
            Some(common) => {
                let same = common
                    .bytes()
                    .zip(indent.bytes())
                    .take_while(|(a, b)| a == b)
                    .count();
                &common[..same]
            }
        });
    }
    common.unwrap_or("")
}
