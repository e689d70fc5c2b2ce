//! The language server of `.nth`, over standard input and output.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        // Many clients ask every server for its standard streams in this way.
        None | Some("--stdio") => {}
        Some("--version" | "-V") => {
            println!("nth-lsp {}", env!("CARGO_PKG_VERSION"));
            return ExitCode::SUCCESS;
        }
        Some(other) => {
            eprintln!("nth-lsp: unknown argument `{other}`");
            eprintln!(
                "It is started by an editor, and speaks the Language Server Protocol on its standard streams."
            );
            return ExitCode::from(2);
        }
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(cause) => {
            eprintln!("nth-lsp: cannot start: {cause}");
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(nth_lsp::serve(tokio::io::stdin(), tokio::io::stdout()));
    // A read of standard input cannot be given up: waiting for it would keep the process until the client closes it.
    runtime.shutdown_background();
    match ended {
        nth_lsp::Ended::InOrder => ExitCode::SUCCESS,
        nth_lsp::Ended::Abruptly => ExitCode::FAILURE,
    }
}
