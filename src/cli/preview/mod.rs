//! `nthc preview`.

mod live_project;
mod server;

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use super::Context;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::options::Preview;
use super::prometheus_client::Client;
use super::select::{self, Selected};
use super::watch::{self, WatchedFiles};
use nthc::db::Database;
use nthc::project::{io_cause, paths};
use nthc::stack::STACK;

use live_project::LiveProject;
use server::PreviewState;

/// The timeout of Prometheus queries for a panel.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Serves the page until the process is interrupted.
///
/// # Errors
///
/// If there is no project, files cannot be read or watched, or the port is in use.
pub fn run(context: &Context, options: &Preview, console: &mut Console) -> Result<Exit, Failure> {
    let client = match &options.prometheus {
        Some(url) => Some(Client::new(url, TIMEOUT, &options.connection)?),
        None => None,
    };
    let selected = match &options.file {
        // One name selects one project.
        Some(name) => select::select(context, std::slice::from_ref(name))?.pop(),
        None => None,
    };
    let Selected { loaded, source, .. } = match selected {
        Some(selected) => selected,
        None => Selected::whole(select::project(context)?),
    };
    let mut work = LiveProject::new(
        Database::default(),
        source.clone(),
        context.cwd.clone(),
        client.is_some(),
    );
    let watched = WatchedFiles::new(&loaded, &source);
    let shown = work.update(loaded);
    let name = shown.project.clone();
    let shared = Arc::new(PreviewState::new(shown, client));

    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_stack_size(STACK)
        .enable_all()
        .build()
        .map_err(|cause| Failure::io(format!("cannot start: {}", io_cause(&cause))))?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind(address))
        .map_err(|cause| {
            Failure::io(format!("cannot listen on {address}: {}", io_cause(&cause)))
                .help("choose another port with `--port`; `--port 0` picks a free one")
        })?;
    let address = listener
        .local_addr()
        .map_err(|cause| Failure::io(format!("cannot listen: {}", io_cause(&cause))))?;
    let following = Arc::clone(&shared);
    let _watch = watch::watch(watched, move || {
        if let Some(shown) = work.reload() {
            following.show(shown);
        }
    })
    .map_err(|why| {
        Failure::io(format!(
            "cannot watch {}: {why}",
            paths::display(source.path(), &context.cwd)
        ))
    })?;
    console.out.line(format_args!("http://{address}/"));
    // The stream keeps an error until [`Console::finish`].
    let _ = console.out.flush();
    console
        .err
        .line(format_args!("previewing {name}; press Ctrl+C to stop"));
    let _ = console.err.flush();
    runtime
        .block_on(server::serve(listener, shared))
        .map_err(|cause| Failure::io(format!("the server failed: {}", io_cause(&cause))))?;
    Ok(Exit::Ok)
}
