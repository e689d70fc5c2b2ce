//! Workspace symbols. The symbols of a document are in [`outline`](crate::navigation::outline::outline).

use super::references::{Place, Places};
use crate::navigation::Names;
use crate::navigation::outline::Sort;
use crate::view::View;

/// A search result.
pub struct FoundSymbol<'a> {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub sort: Sort,
    /// The range of its name.
    pub place: Place<'a>,
    /// Its container: the block around it, or its module.
    pub container: String,
}

/// The symbols in all projects that match a query.
pub fn workspace_symbols<'a>(view: &'a View, typed: &str) -> Vec<FoundSymbol<'a>> {
    let mut found = Vec::new();
    let mut places = Places::default();
    for project in &view.projects {
        view.stop_if_cancelled();
        let names = Names::new(&project.session);
        for (file, symbol) in names.find_symbols(typed) {
            let place = Place {
                project,
                file,
                range: symbol.place,
            };
            // The symbols of a package that is also open as a project are found twice.
            if !places.add(place) && view.projects.len() > 1 {
                continue;
            }
            let container = match symbol.container.is_empty() {
                true => file.module(project.db()).to_string(),
                false => symbol.container,
            };
            found.push(FoundSymbol {
                name: symbol.name,
                sort: symbol.sort,
                place,
                container,
            });
        }
    }
    found
}
