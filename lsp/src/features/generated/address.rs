//! URIs of generated files.

use nth_ide::features::generated::project_name;
use nth_ide::view::ProjectView;
use nthc::backends::file_stem;
use tower_lsp::lsp_types::Url;

use crate::view::View;

use super::SCHEME;

/// A parsed URI.
pub struct Address<'a> {
    /// The project.
    pub project: &'a ProjectView,
    /// The path of the file below the project's output folder.
    pub path: String,
}

impl<'a> Address<'a> {
    /// Parses a URI: the project's name, then the path. The query distinguishes projects with the same name.
    pub fn read(view: &'a View, uri: &Url) -> Option<Self> {
        if uri.scheme() != SCHEME {
            return None;
        }
        let mut segments = uri
            .path_segments()
            .map(|segments| segments.map(decode_percent).collect::<Option<Vec<_>>>())??
            .into_iter();
        let name = segments.next()?;
        let path: Vec<String> = segments.collect();
        let wanted = uri.query().and_then(decode_percent);
        let mut named = view.ide.projects.iter().filter(|project| {
            let is_it = project_name(project) == name;
            let folder = || project.key.to_string_lossy().into_owned();
            is_it && wanted.as_ref().is_none_or(|wanted| *wanted == folder())
        });
        Some(Self {
            project: named.next()?,
            path: path.join("/"),
        })
    }
}

/// The common prefix of the URIs of a project's files.
pub fn folder(project: &str) -> String {
    format!("{SCHEME}:///{}/", file_stem(project))
}

/// The URI of a file with a path below the output folder.
pub fn file_uri(view: &View, project: &ProjectView, path: &str) -> Option<Url> {
    let mut uri = Url::parse(&format!("{SCHEME}:///")).ok()?;
    let name = project_name(project);
    uri.path_segments_mut()
        .ok()?
        .clear()
        .push(&name)
        .extend(path.split('/'));
    let of_name = view
        .ide
        .projects
        .iter()
        .filter(|other| project_name(other) == name);
    if of_name.count() > 1 {
        uri.set_query(Some(&project.key.to_string_lossy()));
    }
    Some(uri)
}

/// Decodes percent-encoding, such as `%2F` for `/`.
fn decode_percent(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let (high, low) = (digit(rest.next())?, digit(rest.next())?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::decode_percent;

    #[test]
    fn percent_signs_are_read() {
        assert_eq!(decode_percent("a%2Fb%20%C3%BC").as_deref(), Some("a/b ü"));
        assert_eq!(decode_percent("a%2"), None);
        assert_eq!(decode_percent("%ff"), None);
    }
}
