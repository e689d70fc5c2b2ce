//! The headings of a page.

use std::collections::BTreeSet;

use crate::anchors::Anchors;

/// The anchors of a page's headings, and those that headings to come must find free.
#[derive(Debug, Clone, Default)]
pub struct Headings {
    anchors: Anchors,
    reserved: BTreeSet<String>,
}

impl Headings {
    /// Of a page that has given no anchor yet, and will give these.
    pub fn new(reserved: impl IntoIterator<Item = String>) -> Self {
        Self {
            anchors: Anchors::default(),
            reserved: reserved.into_iter().collect(),
        }
    }

    /// The anchor of a heading that the page has itself.
    pub fn take(&mut self, title: &str) -> String {
        self.anchors.take(title)
    }

    /// Whether what a person wrote may be a heading: none that would take a reserved anchor from its heading.
    pub fn try_own(&mut self, title: &str) -> bool {
        let free = !self.reserved.contains(&self.anchors.next(title));
        if free {
            self.anchors.take(title);
        }
        free
    }
}
