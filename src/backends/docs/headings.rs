//! The headings of a page.

use std::collections::BTreeSet;

use crate::anchors::Anchors;

/// The anchors of a page's headings, and those that are reserved for later headings.
#[derive(Debug, Clone, Default)]
pub struct Headings {
    anchors: Anchors,
    reserved: BTreeSet<String>,
}

impl Headings {
    /// Creates the headings of a page with reserved anchors.
    pub fn new(reserved: impl IntoIterator<Item = String>) -> Self {
        Self {
            anchors: Anchors::default(),
            reserved: reserved.into_iter().collect(),
        }
    }

    /// The anchor of a heading of the page itself.
    pub fn add(&mut self, title: &str) -> String {
        self.anchors.add(title)
    }

    /// Returns whether an author's heading is allowed: it must not take a reserved anchor.
    pub fn try_own(&mut self, title: &str) -> bool {
        let free = !self.reserved.contains(&self.anchors.next(title));
        if free {
            self.anchors.add(title);
        }
        free
    }
}
