//! Grows the stack for long chains of references between values.

/// The stack, in bytes, that must be free before an evaluation: enough for the deepest query, whose tree is traversed without a
/// check.
const LEFT: usize = 1024 * 1024;

/// The size of an additional stack segment, in bytes.
const MORE: usize = 16 * 1024 * 1024;

/// The stack size of compiler threads, in the command and the language server. The memory is only reserved. It is used only by
/// input as deep as the limits in [`crate::limits`] allow.
pub const STACK: usize = 64 * 1024 * 1024;

/// Runs `work` with enough stack.
pub fn with_room<T>(work: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(LEFT, MORE, work)
}
