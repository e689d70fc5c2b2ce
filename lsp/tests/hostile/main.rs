//! What a client may send that is no good: it is answered as the protocol says, and the server answers what follows.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bodies;
mod calls;
#[path = "../common/mod.rs"]
mod common;
mod frames;
mod lifecycle;
mod table;
