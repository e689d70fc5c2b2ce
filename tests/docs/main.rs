//! The runbooks, judged by those who read Markdown: a linter, GitHub's rules for anchors, and Mermaid in a browser. And the
//! documents of the repository, whose links and names must exist.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/mod.rs"]
mod support;

mod backstage;
mod built;
mod links;
mod lint;
mod mermaid;
mod node;
mod repository;
mod runbook;
