//! The server and the plugin in `editors/neovim` together in a real editor: a Neovim without a window, driven by the scripts
//! in `tests/neovim`, edits a copy of the shop. Any version since 0.7 will do.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::path::Path;
use std::process::{Command, Stdio};

use support::{folders, programs};

/// Runs a script of `tests/neovim` in an editor that knows nothing but the plugin, in the folder of the shop.
fn drive(script: &str) {
    let Some(neovim) = programs::find(&["nvim"]) else {
        return;
    };
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let home = tempfile::tempdir().unwrap();
    // As the system calls it, and so as the editor does.
    let folder = home.path().canonicalize().unwrap();
    for project in ["shop", "platform"] {
        let from = repository.join("examples").join(project);
        folders::copy(&from, &folder.join(project));
    }
    let server = Path::new(env!("CARGO_BIN_EXE_nth-lsp")).parent().unwrap();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(
        std::iter::once(server.to_owned()).chain(std::env::split_paths(&path)),
    );
    let scripts = repository.join("tests/neovim");
    let ran = Command::new(neovim)
        .args(["--headless", "--clean", "-n", "-u"])
        .arg(scripts.join("init.lua"))
        .arg("-c")
        .arg(format!("lua run_soon('{script}')"))
        .current_dir(folder.join("shop"))
        .env("PATH", path.unwrap())
        .env("NTH_PLUGIN", repository.join("editors/neovim"))
        .env("NTH_SCRIPTS", &scripts)
        .env("HOME", &folder)
        .env("XDG_CONFIG_HOME", folder.join("config"))
        .env("XDG_DATA_HOME", folder.join("data"))
        .env("XDG_STATE_HOME", folder.join("state"))
        .env("XDG_CACHE_HOME", folder.join("cache"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{script}: {said}");
    // A script that is never run, or that ends early, must not look like one that holds.
    assert!(said.contains("all of it holds"), "{script}: {said}");
}

#[test]
fn mistakes_are_shown_and_mended() {
    drive("diagnostics");
}

#[test]
fn documents_are_laid_out() {
    drive("formatting");
}

#[test]
fn names_lead_to_what_they_mean() {
    drive("navigation");
}

#[test]
fn names_change_in_all_files() {
    drive("rename");
}

#[test]
fn the_plugin_knows_the_language() {
    drive("language");
}

#[test]
fn the_plugin_starts_one_server_and_tells_of_its_health() {
    drive("starting");
}
