//! Comments on pull requests: GitHub, GitLab and Bitbucket.
//!
//! A token is only sent to the configured server: redirects are not followed, and of an address of a next page only its query is
//! used. Everything that a server sends is bounded in size, and made safe before it is printed.

mod api;
mod bitbucket;
mod github;
mod gitlab;
mod mark;
mod place;

use std::time::Instant;

use self::api::Api;
pub use self::api::ApiError;
use self::bitbucket::Bitbucket;
use self::github::GitHub;
use self::gitlab::GitLab;
pub use self::mark::Mark;
pub use self::place::{Known, Place, Target};
use super::exit::Failure;
use super::options::{Comment, ForgeName};

/// A comment on a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// Its id.
    pub id: u64,
    /// The Markdown, as it was posted.
    pub body: String,
    /// True if the user of the token wrote it.
    pub is_own: bool,
}

/// A pull request that is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its number.
    pub number: u64,
    /// The commit that it is at, or the start of its hash; `None` if the server does not say.
    pub head: Option<String>,
}

/// A server with pull requests.
pub trait Forge {
    /// Returns the pull request with a number.
    ///
    /// # Errors
    ///
    /// If there is no valid response.
    fn pull_request(&self, number: u64) -> Result<Found, ApiError>;

    /// Returns the open pull requests from a branch of a repository. Only events of GitHub name a branch.
    ///
    /// # Errors
    ///
    /// If there is no valid response.
    fn find_by_branch(
        &self,
        owner: &str,
        repository: Option<u64>,
        branch: &str,
    ) -> Result<Vec<Found>, ApiError> {
        let _ = (owner, repository, branch);
        Ok(Vec::new())
    }

    /// Returns all comments on a pull request, in the order of the server.
    ///
    /// # Errors
    ///
    /// If there is no valid response.
    fn comments(&self, number: u64) -> Result<Vec<Posted>, ApiError>;

    /// Posts a comment, and returns its address.
    ///
    /// # Errors
    ///
    /// If there is no valid response. It is unsure then whether the comment was posted: see [`ApiError::is_unsure`].
    fn create(&self, number: u64, body: &str) -> Result<Option<String>, ApiError>;

    /// Replaces the text of a comment, and returns its address.
    ///
    /// # Errors
    ///
    /// If there is no valid response.
    fn edit(&self, number: u64, id: u64, body: &str) -> Result<Option<String>, ApiError>;
}

/// Connects to the server of a place.
///
/// # Errors
///
/// If an option, a file or a variable cannot be used. Failures contain no secret.
pub fn connect(
    place: &Place,
    options: &Comment,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Box<dyn Forge>, Failure> {
    let api = Api::new(place, options, Instant::now() + options.timeout, variable)?;
    let author = options.author.clone();
    Ok(match place.forge {
        ForgeName::Github => Box::new(GitHub::new(api, place, author)),
        ForgeName::Gitlab => Box::new(GitLab::new(api, place, author)),
        ForgeName::Bitbucket => Box::new(Bitbucket::new(api, place, author)),
    })
}

/// Returns Markdown as a server shows it, below the hidden mark.
pub fn text(forge: Option<ForgeName>, mark: &Mark, markdown: &str) -> String {
    match forge {
        Some(ForgeName::Bitbucket) => bitbucket::text(mark, markdown),
        _ => format!("{}\n{markdown}", mark.html()),
    }
}
