//! `nthc completions`.

use clap::CommandFactory as _;

use super::console::Console;
use super::exit::Exit;
use super::options::{Cli, Completions};

/// Prints a shell's completion script.
pub fn run(options: &Completions, console: &mut Console) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Cli::command(), "nthc", &mut script);
    console.out.text(&String::from_utf8_lossy(&script));
    Exit::Ok
}
