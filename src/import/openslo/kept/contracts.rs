//! The contracts in the annotations of exported documents.

use serde::Deserialize;

use super::super::write::string;
use super::{is_duration, is_severity, percentages};
use crate::ir::CalendarUnit;
use crate::project::is_identifier;
use crate::schema::names::{field, kind};

/// A contract in an annotation.
#[derive(Deserialize)]
struct KeptContract {
    name: String,
    with: String,
    objective: String,
    window: Option<String>,
    calendar: Option<String>,
    zone: Option<String>,
    budget_pages: Vec<String>,
    budget_tickets: Vec<String>,
    page_severity: Option<String>,
    ticket_severity: Option<String>,
    remedy: Option<String>,
    description: Option<String>,
}

impl KeptContract {
    /// Returns it as a block of `.nth`; `None` if it is invalid.
    fn block(&self) -> Option<String> {
        let severities = [&self.page_severity, &self.ticket_severity];
        let is_valid = is_identifier(&self.name)
            && !self.objective.contains(',')
            && self.window.as_deref().is_none_or(is_duration)
            && self.calendar.as_deref().is_none_or(is_unit)
            && severities
                .into_iter()
                .all(|severity| severity.as_deref().is_none_or(is_severity));
        if !is_valid {
            return None;
        }
        let shares = |shares: &[String]| match shares {
            [] => Some(String::new()),
            some => percentages(&some.join(", ")),
        };
        let mut lines = vec![format!("{} {} {{", kind::CONTRACT, self.name)];
        let fields = [
            (field::WITH, Some(string(&self.with))),
            (field::DESCRIPTION, self.description.as_deref().map(string)),
            (field::OBJECTIVE, Some(percentages(&self.objective)?)),
            (field::WINDOW, self.window.clone()),
            (field::CALENDAR, self.calendar.clone()),
            (field::ZONE, self.zone.as_deref().map(string)),
            (
                field::BUDGET_PAGES,
                Some(format!("[{}]", shares(&self.budget_pages)?)),
            ),
            (
                field::BUDGET_TICKETS,
                Some(format!("[{}]", shares(&self.budget_tickets)?)),
            ),
            (field::PAGE_SEVERITY, self.page_severity.clone()),
            (field::TICKET_SEVERITY, self.ticket_severity.clone()),
            (field::REMEDY, self.remedy.as_deref().map(string)),
        ];
        let set = fields.into_iter();
        lines.extend(set.filter_map(|(name, value)| Some(format!("{name} = {}", value?))));
        lines.push("}".to_owned());
        Some(lines.join("\n"))
    }
}

fn is_unit(name: &str) -> bool {
    CalendarUnit::named(name).is_some()
}

/// Converts the contracts of an SLO to blocks of `.nth`; `None` if one is invalid.
pub fn blocks(text: &str) -> Option<String> {
    let kept: Vec<KeptContract> = serde_json::from_str(text).ok()?;
    let blocks: Option<Vec<String>> = kept.iter().map(KeptContract::block).collect();
    Some(format!("\n{}", blocks?.join("\n\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A contract with these fields besides those that it must have.
    fn kept(more: &str) -> String {
        format!(
            r#"[{{"name":"customers","with":"A \"B\" $C","objective":"99.9%","budget_pages":[],"budget_tickets":["80%","100%"]{more}}}]"#
        )
    }

    #[test]
    fn a_contract_is_a_block_again() {
        let text = kept(r#","calendar":"month","zone":"Europe/Berlin","remedy":"a\nb""#);
        let expected = r#"
contract customers {
with = "A \"B\" \$C"
objective = 99.9%
calendar = month
zone = "Europe/Berlin"
budget_pages = []
budget_tickets = [80%, 100%]
remedy = "a\nb"
}"#;
        assert_eq!(blocks(&text).as_deref(), Some(expected));
    }

    #[test]
    fn what_is_no_contract_is_refused() {
        assert!(blocks(&kept("")).is_some());
        for more in [
            r#","window":"30d } team x {""#,
            r#","calendar":"year""#,
            r#","page_severity":"page }""#,
            r#","ticket_severity":"a-b""#,
            r#","name":"x""#,
        ] {
            assert_eq!(blocks(&kept(more)), None, "{more}");
        }
        for (old, new) in [
            (r#""customers""#, r#""a b""#),
            ("99.9%", "99.9"),
            ("99.9%", "99.9%, 1%"),
            (r#""80%""#, r#""0%""#),
        ] {
            let text = kept("").replacen(old, new, 1);
            assert_eq!(blocks(&text), None, "{text}");
        }
        assert_eq!(blocks("{}"), None);
    }
}
