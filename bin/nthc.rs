#![forbid(unsafe_code)]
//! The `nthc` command: the compiler, and as `nthc lsp` the language server.

use mimalloc::MiMalloc;

/// Returns free pages to the system from any thread, as a language server runs all day.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> std::process::ExitCode {
    nth_cli::main(nth_lsp::run)
}
