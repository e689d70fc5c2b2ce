//! `nthc comment`: posts what a change means as one comment on a pull request, and edits it afterwards.

mod decision;

use nth_diff::Document;
use nth_diff::render::markdown::{self, Limits};

use self::decision::{Step, decide};
use super::Context;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::forge::{self, ApiError, Forge, Found, Known, Mark, Place, Target};
use super::options::{Comment, ForgeName};

/// The maximum length of a comment on Bitbucket.
const MOST_ON_BITBUCKET: usize = 30_000;

/// Runs the command.
pub fn run(context: &Context, options: &Comment, console: &mut Console) -> Result<Exit, Failure> {
    let document = super::diff::read_document(context, &options.from)?;
    let variable = |name: &str| std::env::var(name).ok();
    if options.dry_run {
        let known = Known::new(options, &variable)?;
        let mark = mark(&document, known.head, known.run);
        let text = forge::text(known.forge, &mark, &rendered(&document, known.forge));
        console.out.text(&text);
        return Ok(Exit::Ok);
    }
    let place = Place::new(options, &variable)?;
    let forge = forge::connect(&place, options, &variable)?;
    let done = post(&*forge, &place, &document)?;
    console.out.line(done);
    Ok(Exit::Ok)
}

/// Posts a document, and returns what was done, for the user.
fn post(forge: &dyn Forge, place: &Place, document: &Document) -> Result<String, Failure> {
    let found = match find(forge, place)? {
        Ok(found) => found,
        Err(why) => return Ok(format!("not posted: {why}")),
    };
    if let (Some(wanted), Some(head)) = (&place.head, &found.head)
        && !is_same_commit(wanted, head)
    {
        let number = found.number;
        return Ok(format!(
            "not posted: pull request {number} is at {}, and the document is about {}",
            short(head),
            short(wanted)
        ));
    }
    let mark = mark(document, place.head.clone(), place.run);
    let name = Some(place.forge);
    let body = forge::text(name, &mark, &rendered(document, name));
    let attempt = || attempt(forge, found.number, &mark, &body, is_clean(document));
    match attempt() {
        // It may be there already: the comments say so.
        Err(error) if error.is_unsure => attempt().map_err(Failure::from),
        done => done.map_err(Failure::from),
    }
}

/// Finds the pull request. The inner error is a reason why there is nothing to post to.
fn find(forge: &dyn Forge, place: &Place) -> Result<Result<Found, String>, Failure> {
    match &place.target {
        Target::Number(number) => Ok(Ok(forge.pull_request(*number)?)),
        Target::None => Ok(Err("the run was not for a pull request".to_owned())),
        Target::Branch {
            owner,
            repository,
            branch,
        } => {
            let all = forge.find_by_branch(owner, *repository, branch)?;
            let Some(head) = &place.head else {
                return Err(Failure::usage("missing commit").help("pass it with `--head`"));
            };
            let is_at_head = |found: &Found| found.head.as_ref() == Some(head);
            let mut at_head = all.into_iter().filter(is_at_head);
            match (at_head.next(), at_head.next()) {
                (Some(found), None) => Ok(Ok(found)),
                (None, _) => Ok(Err(format!("no open pull request is at {}", short(head)))),
                (Some(_), Some(_)) => Err(Failure::usage(format!(
                    "several open pull requests are at {}",
                    short(head)
                ))
                .help("pass the number of one with `--pull-request`")),
            }
        }
    }
}

/// Reads the comments, and creates or edits one.
fn attempt(
    forge: &dyn Forge,
    number: u64,
    mark: &Mark,
    body: &str,
    is_clean: bool,
) -> Result<String, ApiError> {
    let posted = forge.comments(number)?;
    let at = |url: Option<String>| url.map(|url| format!(": {url}")).unwrap_or_default();
    Ok(match decide(&posted, mark, body, is_clean) {
        Step::Nothing(why) => why,
        Step::Create => {
            let url = forge.create(number, body)?;
            format!("created the comment on pull request {number}{}", at(url))
        }
        Step::Edit(id) => {
            let url = forge.edit(number, id, body)?;
            format!("edited the comment on pull request {number}{}", at(url))
        }
    })
}

/// Returns the Markdown of a document.
fn rendered(document: &Document, forge: Option<ForgeName>) -> String {
    if is_clean(document) {
        return markdown::clean(document);
    }
    let limits = match forge {
        Some(ForgeName::Bitbucket) => Limits {
            most: MOST_ON_BITBUCKET,
            details: false,
            ..Limits::default()
        },
        _ => Limits::default(),
    };
    markdown::comment(document, limits).body
}

/// Returns whether there is nothing to report.
fn is_clean(document: &Document) -> bool {
    document.complete && document.errored.is_empty() && document.shown().next().is_none()
}

fn mark(document: &Document, head: Option<String>, run: Option<u64>) -> Mark {
    let environments = [&document.base.environment, &document.head.environment];
    let environments: Vec<&str> = environments
        .into_iter()
        .flatten()
        .map(|name| &**name)
        .collect();
    Mark {
        project: document.project.clone(),
        environment: environments.join(".."),
        head: head
            .or_else(|| document.head.commit.clone())
            .unwrap_or_default(),
        run,
    }
}

/// Returns whether two hashes are of the same commit. Bitbucket shortens them.
fn is_same_commit(one: &str, other: &str) -> bool {
    const SHORTEST: usize = 7;
    let (one, other) = (one.to_ascii_lowercase(), other.to_ascii_lowercase());
    let is_start = |short: &str, long: &str| short.len() >= SHORTEST && long.starts_with(short);
    one == other || is_start(&one, &other) || is_start(&other, &one)
}

/// Returns the start of a hash, for messages.
fn short(commit: &str) -> String {
    commit
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(12)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_hash_is_the_start_of_a_long_one() {
        let long = "0123456789abcdef0123456789abcdef01234567";
        assert!(is_same_commit(long, long));
        assert!(is_same_commit(long, "0123456789AB"));
        assert!(is_same_commit("0123456", long));
        assert!(!is_same_commit("012345", long));
        assert!(!is_same_commit("", long));
        assert!(!is_same_commit("1123456789ab", long));
    }
}
