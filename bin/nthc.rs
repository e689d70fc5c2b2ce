#![forbid(unsafe_code)]
//! The `nthc` command.

use mimalloc::MiMalloc;

/// As `nth-lsp` has it, which is in here too.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> std::process::ExitCode {
    nthc::cli::main(nth_lsp::run)
}
