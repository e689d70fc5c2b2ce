//! Completion in numbers and strings: units, time zones, label names.

use jiff::tz::TimeZoneDatabase;
use nthc::schema::Ty;
use nthc::syntax::tree::TextRange;

use super::{Offer, Offers, What};
use crate::cursor::read::Cursor;
use crate::cursor::tokens::Kind;

/// The units of a type, common ones first.
fn units_of(ty: &Ty) -> &'static [(&'static str, &'static str)] {
    match ty {
        Ty::Duration => &[
            ("m", "minutes"),
            ("h", "hours"),
            ("d", "days"),
            ("s", "seconds"),
            ("ms", "milliseconds"),
            ("w", "weeks"),
        ],
        Ty::Percent => &[("%", "percent")],
        Ty::Size => &[
            ("MiB", "2²⁰ bytes"),
            ("GiB", "2³⁰ bytes"),
            ("KiB", "2¹⁰ bytes"),
            ("TiB", "2⁴⁰ bytes"),
            ("MB", "10⁶ bytes"),
            ("GB", "10⁹ bytes"),
            ("KB", "10³ bytes"),
            ("TB", "10¹² bytes"),
            ("B", "bytes"),
        ],
        Ty::Rate => &[
            ("/s", "per second"),
            ("/m", "per minute"),
            ("/h", "per hour"),
        ],
        _ => &[],
    }
}

/// Offers a number with each unit that is allowed.
pub fn units(cursor: &Cursor<'_>, ty: &Ty, offers: &mut Offers) {
    match ty {
        Ty::Optional(inner) => return units(cursor, inner, offers),
        Ty::Union(members) => {
            for member in members {
                units(cursor, member, offers);
            }
            return;
        }
        _ => {}
    }
    let typed = cursor.prefix();
    let digits = typed.trim_end_matches(|c: char| !c.is_ascii_digit());
    let begun = typed.get(digits.len()..).unwrap_or_default();
    // `1h30` continues with a smaller unit.
    let is_smaller = |unit: &str| {
        const FALLING: [&str; 6] = ["w", "d", "h", "m", "s", "ms"];
        let place = |unit: &str| FALLING.iter().position(|known| *known == unit);
        let before = digits.trim_end_matches(|c: char| c.is_ascii_digit());
        let last = before.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
        let last = last
            .rsplit(|c: char| c.is_ascii_digit())
            .next()
            .unwrap_or_default();
        match (place(last), place(unit)) {
            (Some(last), Some(unit)) => unit > last,
            _ => true,
        }
    };
    for (place, (unit, name)) in units_of(ty).iter().enumerate() {
        if unit.starts_with(begun) && (*ty != Ty::Duration || is_smaller(unit)) {
            let rank = 10 + u16::try_from(place).unwrap_or_default();
            let text = format!("{digits}{unit}");
            offers.add(Offer::new(text, What::Literal, rank).detail(*name));
        }
    }
}

/// In a string: offers time zones or names of blocks if they are expected. Other text is free.
pub fn texts(cursor: &Cursor<'_>, ty: &Ty, offers: &mut Offers) {
    let kinds = super::values::kinds_of(ty);
    if *ty.required() != Ty::TimeZone && kinds.is_empty() {
        return;
    }
    let tokens = cursor.scope.tokens;
    let Some(open) = tokens.open_at(cursor.offset).last().copied() else {
        return;
    };
    let (Some(first), Some(last)) = (tokens.all.get(open), tokens.all.get(tokens.partner(open)))
    else {
        return;
    };
    // A string that is left open ends at the cursor: the rest of the line may be something else.
    let is_closed =
        last.kind == Kind::Close(crate::cursor::tokens::Delim::Str) && last.end > last.start;
    let end = if is_closed { last.start } else { cursor.offset };
    offers.word = Some(TextRange::new(
        cursor.start + first.end,
        cursor.start + end.max(cursor.offset),
    ));
    if !kinds.is_empty() {
        super::values::names_in_quotes(cursor, &kinds, offers);
        return;
    }
    for name in TimeZoneDatabase::bundled().available() {
        let name = name.to_string();
        let rank = match name.split('/').next().unwrap_or_default() {
            _ if name == "UTC" => 5,
            "Africa" | "America" | "Antarctica" | "Asia" | "Atlantic" | "Australia" | "Europe"
            | "Indian" | "Pacific" => 10,
            _ => 20,
        };
        offers.add(Offer::new(name, What::Text, rank));
    }
}
