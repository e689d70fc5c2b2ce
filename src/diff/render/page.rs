//! The changes as a page of HTML.
