//! Hover: how soon the alerts of an SLO fire.

use nthc::detection::{known_or_later, sentence};
use nthc::eval::BlockRef;

use crate::features::markup::{Line, Markup};
use crate::features::source::Source;

/// The detection times of an SLO, as `nthc test --detection` shows them. Simulating them takes longer than a hover may, so the
/// first hover only begins to.
pub fn times(source: &Source<'_>, block: &BlockRef) -> Markup {
    let Some((_, name)) = block.path.first() else {
        return Markup::default();
    };
    let found = source.everywhere(|environment| {
        let service = source.service(block.item, environment)?;
        let slo = service.slos.iter().find(|slo| slo.name == *name)?;
        let settings = source.settings_in(environment);
        let known = known_or_later(service, slo, &settings);
        Some(known.map(|reaction| match &*reaction {
            Ok(table) => Ok(table.rows()),
            Err(problem) => Err(problem.message.clone()),
        }))
    });
    let mut markup = Markup::default();
    for (environments, times) in found {
        let place = match environments.as_slice() {
            [] => Line::default(),
            names => Line::default().text(" in ").codes(names.to_vec()),
        };
        let intro = Line::default().text("Detection times").then(place);
        markup = match times {
            None => markup.line(intro.text(": being simulated, hover again")),
            Some(Err(why)) => markup.line(intro.text(format!(": not simulated: {why}"))),
            Some(Ok(rows)) => markup.line(intro.text(":")).list(
                rows.iter()
                    .map(|row| Line::default().text(sentence(row)))
                    .collect(),
            ),
        };
    }
    markup
}
