//! What is done with the comments that are there.

use crate::forge::{Mark, Posted};

/// The step to take.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// None, and why.
    Nothing(String),
    /// A new comment is posted.
    Create,
    /// The comment with this id is edited.
    Edit(u64),
}

/// Decides by the comments of a pull request. `body` begins with `mark`.
///
/// A comment counts if the user of the token wrote it, and its mark has the same project and environment.
pub fn decide(posted: &[Posted], mark: &Mark, body: &str, is_clean: bool) -> Step {
    let own: Vec<(u64, Mark, &str)> = posted
        .iter()
        .filter(|comment| comment.is_own)
        .filter_map(|comment| {
            let (found, rest) = Mark::split(&comment.body)?;
            found.has_subject(mark).then_some((comment.id, found, rest))
        })
        .collect();
    // Two runs at the same time may each have posted one: the newest is kept up to date.
    let newest = own
        .iter()
        .enumerate()
        .max_by_key(|(place, (_, found, _))| (found.run, std::cmp::Reverse(*place)));
    let Some((_, (id, found, rest))) = newest else {
        return match is_clean {
            true => Step::Nothing("not posted: no changes, and no earlier comment".to_owned()),
            false => Step::Create,
        };
    };
    if let (Some(newer), Some(run)) = (found.run, mark.run)
        && newer > run
    {
        return Step::Nothing(format!(
            "not posted: the comment is from run {newer}, and this is run {run}"
        ));
    }
    let wanted = Mark::split(body).map_or(body, |(_, rest)| rest);
    if plain(rest) == plain(wanted) {
        return Step::Nothing("not posted: the comment is up to date".to_owned());
    }
    Step::Edit(*id)
}

/// Returns the lines of a text without what servers change: line ends, and white space around it.
fn plain(text: &str) -> Vec<&str> {
    text.trim().lines().map(str::trim_end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(run: Option<u64>) -> Mark {
        Mark {
            project: "shop".to_owned(),
            environment: String::new(),
            head: "a".to_owned(),
            run,
        }
    }

    fn posted(id: u64, run: Option<u64>, text: &str) -> Posted {
        Posted {
            id,
            body: format!("{}\r\n{text}\r\n", mark(run).html()),
            is_own: true,
        }
    }

    fn step(there: &[Posted], run: Option<u64>, text: &str) -> Step {
        let mark = mark(run);
        decide(there, &mark, &format!("{}\n{text}\n", mark.html()), false)
    }

    fn is_nothing(step: &Step) -> bool {
        matches!(step, Step::Nothing(_))
    }

    #[test]
    fn a_comment_is_edited_unless_it_is_equal_or_newer() {
        assert_eq!(step(&[], Some(7), "x"), Step::Create);
        assert_eq!(
            step(&[posted(1, Some(6), "y")], Some(7), "x"),
            Step::Edit(1)
        );
        assert_eq!(
            step(&[posted(1, Some(7), "y")], Some(7), "x"),
            Step::Edit(1)
        );
        assert_eq!(step(&[posted(1, None, "y")], Some(7), "x"), Step::Edit(1));
        assert_eq!(step(&[posted(1, Some(6), "y")], None, "x"), Step::Edit(1));
        assert!(is_nothing(&step(&[posted(1, Some(6), "x")], Some(7), "x")));
        assert!(is_nothing(&step(&[posted(1, Some(8), "y")], Some(7), "x")));
    }

    #[test]
    fn of_several_the_newest_is_edited_and_others_are_not_ours() {
        let there = [
            posted(1, Some(5), "y"),
            posted(2, Some(6), "y"),
            posted(3, Some(6), "y"),
        ];
        assert_eq!(step(&there, Some(7), "x"), Step::Edit(2));
        let mut foreign = posted(1, Some(5), "y");
        foreign.is_own = false;
        assert_eq!(step(&[foreign], Some(7), "x"), Step::Create);
        let mut other = posted(1, Some(5), "y");
        other.body = other.body.replace("project=shop", "project=bank");
        assert_eq!(step(&[other], Some(7), "x"), Step::Create);
    }

    #[test]
    fn nothing_is_posted_for_no_change_without_a_comment() {
        let mark = mark(Some(7));
        assert!(is_nothing(&decide(&[], &mark, "clean", true)));
        let there = [posted(1, Some(6), "y")];
        assert_eq!(decide(&there, &mark, "clean", true), Step::Edit(1));
    }
}
