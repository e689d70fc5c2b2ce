//! Completion of literals, by type.

use nthc::schema::Ty;

use super::{Offer, Offers, What};

/// Literals of a type: the label, and the snippet.
fn literal(ty: &Ty) -> &'static [(&'static str, &'static str)] {
    match ty {
        Ty::Percent => &[("99.9%", "${1:99.9}%")],
        Ty::Duration => &[
            ("5m", "${1:5}m"),
            ("1h", "${1:1}h"),
            ("30d", "${1:30}d"),
            ("300ms", "${1:300}ms"),
        ],
        Ty::Size => &[("512MiB", "${1:512}MiB")],
        Ty::Rate => &[("100/s", "${1:100}/s")],
        Ty::TimeOfDay => &[("09:00", "${1:09}:${2:00}")],
        Ty::TimeOfWeek => &[
            ("mon 09:00", "mon ${1:09}:${2:00}"),
            ("tue 09:00", "tue ${1:09}:${2:00}"),
            ("wed 09:00", "wed ${1:09}:${2:00}"),
            ("thu 09:00", "thu ${1:09}:${2:00}"),
            ("fri 09:00", "fri ${1:09}:${2:00}"),
            ("sat 09:00", "sat ${1:09}:${2:00}"),
            ("sun 09:00", "sun ${1:09}:${2:00}"),
        ],
        Ty::Labels => &[("{ job = \"…\" }", "{ ${1:job} = \"$2\" }")],
        Ty::Matchers => &[
            ("{ job = \"…\" }", "{ ${1:job} = \"$2\" }"),
            ("{ job =~ \"…\" }", "{ ${1:job} =~ \"$2\" }"),
        ],
        Ty::Annotations => &[("{ name = \"…\" }", "{ ${1:name} = \"$2\" }")],
        Ty::String | Ty::Text | Ty::Email => &[("\"…\"", "\"$0\"")],
        Ty::Markdown => &[
            ("\"…\"", "\"$0\""),
            ("\"\"\"…\"\"\"", "\"\"\"\n  $0\n  \"\"\""),
        ],
        Ty::Url => &[("\"https://…\"", "\"https://$0\"")],
        Ty::Date => &[("\"2026-12-31\"", "\"${1:2026}-${2:12}-${3:31}\"")],
        Ty::DateTime => &[(
            "\"2026-12-31 22:00\"",
            "\"${1:2026}-${2:12}-${3:31} ${4:22}:${5:00}\"",
        )],
        Ty::TimeZone => &[("\"Europe/London\"", "\"${1:Europe/London}\"")],
        Ty::List(_) => &[("[…]", "[$0]")],
        Ty::Selector => &[("`metric{…}`", "`${1:metric}$0`")],
        Ty::Windowed => &[(
            "`sum(rate(…[$window]))`",
            "`sum(rate(${1:metric}[\\$window]))`",
        )],
        Ty::Condition => &[("`… > …`", "`$1 > $0`")],
        Ty::Vector => &[("`…`", "`$0`")],
        Ty::Logql => &[(
            "`sum(rate({…}[5m])) > …`",
            "`sum(rate({${1:job=\"app\"}}[5m])) > $0`",
        )],
        _ => &[],
    }
}

/// Offers literals of these types.
pub fn literals(wanted: &[&Ty], offers: &mut Offers) {
    for ty in wanted {
        for (place, (shown, snippet)) in literal(ty).iter().enumerate() {
            let rank = 60 + u16::try_from(place).unwrap_or_default();
            let mut offer = Offer::new(*shown, What::Literal, rank)
                .detail(ty.to_string())
                .snippet(*snippet);
            // A literal that starts with a quote or bracket cannot be told from others by what is typed.
            if let Some(first) = shown
                .chars()
                .next()
                .filter(|first| !first.is_alphanumeric())
            {
                offer.filter = Some(first.to_string());
            }
            if !offers.all.iter().any(|known| known.label == offer.label) {
                offers.add(offer);
            }
        }
    }
}
