#![forbid(unsafe_code)]
//! The language server of `.nth`, over standard input and output.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Gives the system back what is free, whichever thread it was taken by.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        // Many clients ask every server for its standard streams in this way.
        None | Some("--stdio") => nth_lsp::run(),
        Some("--version" | "-V") => {
            println!("nth-lsp {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        Some(other) => {
            eprintln!("nth-lsp: unknown argument `{other}`");
            eprintln!(
                "It is started by an editor, and speaks the Language Server Protocol on its standard streams."
            );
            ExitCode::from(2)
        }
    }
}
