//! Room for what refers to what, however long the chain: a value that is another's, which is another's again.

/// What must be left of a thread's stack before anything is evaluated on it: enough for the deepest query, whose tree is gone
/// through without a look at the stack.
const LEFT: usize = 1024 * 1024;

/// How much more there is where that is not left.
const MORE: usize = 16 * 1024 * 1024;

/// The stack of the threads that compile, in the command and in the language server: as much memory is only set aside, and is
/// used only where something is as deep as the bounds in [`crate::limits`] let it be.
pub const STACK: usize = 64 * 1024 * 1024;

/// Does something with enough stack for it, on whatever thread.
pub fn with_room<T>(work: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(LEFT, MORE, work)
}
