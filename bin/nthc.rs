#![forbid(unsafe_code)]
//! The `nthc` command.

fn main() -> std::process::ExitCode {
    nthc::cli::main(nth_lsp::run)
}
