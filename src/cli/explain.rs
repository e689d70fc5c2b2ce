//! `nthc explain`.

use std::io::Write as _;

use super::console::Console;
use super::exit::{Exit, Failure};
use super::options::Explain;
use nthc::diagnostics::{Severity, codes, explain, render};

/// Prints the page of a diagnostic code, or the list of all codes.
///
/// # Errors
///
/// If there is no such code.
pub fn run(options: &Explain, console: &mut Console) -> Result<Exit, Failure> {
    let Some(query) = &options.code else {
        for code in codes::ALL.iter() {
            let severity = match code.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            console.out.line(format_args!(
                "{}  {severity:7}  {}: {}",
                code.id, code.slug, code.summary
            ));
        }
        return Ok(Exit::Ok);
    };
    match explain::find(&codes::ALL, query) {
        Ok(code) => {
            let page = format!("{}\n\n{}", code.page.trim_end(), explain::level(code));
            let page = if console.out.color {
                render::for_terminal(&page)
            } else {
                page
            };
            // The page is part of this program, so its styles are kept. The stream keeps an error until [`Console::finish`].
            let _ = writeln!(console.out, "{}", page.trim_end());
            Ok(Exit::Ok)
        }
        Err(explain::NotFound { nearest }) => {
            let failure = Failure::usage(format!("unknown diagnostic code {query:?}"));
            Err(failure.help(match nearest {
                Some(nearest) => {
                    format!("did you mean `{nearest}`? `nthc explain` lists all codes")
                }
                None => "run `nthc explain` to list all codes".to_owned(),
            }))
        }
    }
}
