//! `nthc deploys import`.

use std::io;
use std::path::Path;

use nth_deployments::{
    ReadError, Reading, Scope, argo_cd, argo_rollouts, cdevents, flux, github, gitlab,
};

use super::recorder::Recorder;
use super::services::{require_service, service_names};
use crate::Context;
use crate::compiled::CompiledProject;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::options::{DeploysFormat, DeploysImport};
use nthc::limits;
use nthc::project::{io_cause, paths, read_at_most, read_file_at_most, size};

type Read = fn(&[u8], &Scope) -> Result<Reading, ReadError>;

/// Records the deployments in documents.
///
/// # Errors
///
/// If there is no project, a service is unknown, a document cannot be read, or the ledger cannot be used.
pub fn run(
    context: &Context,
    options: &DeploysImport,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let Some(built) = CompiledProject::new(context, options.env.as_deref(), console)? else {
        return Ok(Exit::Findings);
    };
    if let Some(service) = &options.service {
        require_service(service, &service_names(&built))?;
    }
    let documents = documents(context, options)?;
    let mut recorder = Recorder::new(context, &built, &options.place, &options.maps)?;
    if let Some(service) = &options.service {
        recorder.scope.services = recorder.scope.services.clone().only(service);
    }
    if let Some(name) = &options.from_env {
        recorder.scope.from_environment = Some(name.clone());
    }
    let read: Read = match options.documents {
        DeploysFormat::ArgoCd => argo_cd::read,
        DeploysFormat::ArgoRollouts => argo_rollouts::read,
        DeploysFormat::Flux => flux::read,
        DeploysFormat::Github => github::read,
        DeploysFormat::Gitlab => gitlab::read,
        DeploysFormat::Cdevents => cdevents::read,
    };
    // Each document by itself, so that an error names its file.
    for (shown, bytes) in &documents {
        read(bytes, &recorder.scope).map_err(|error| failure(shown, &error))?;
    }
    // All together: one may continue another.
    let all: Vec<&[u8]> = documents
        .iter()
        .map(|(_, bytes)| bytes.as_slice())
        .collect();
    let reading = read(&all.join(&b'\n'), &recorder.scope)
        .map_err(|error| failure("the documents", &error))?;
    recorder.record(reading)?;
    recorder.report(console)?;
    Ok(Exit::Ok)
}

/// Reads the documents, with the names of their files.
fn documents(
    context: &Context,
    options: &DeploysImport,
) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let mut has_read_input = false;
    let mut documents = Vec::new();
    for file in &options.files {
        if file == Path::new("-") {
            if has_read_input {
                return Err(Failure::usage("standard input is read once: pass `-` once"));
            }
            has_read_input = true;
            let shown = "standard input".to_owned();
            let bytes = read_at_most(io::stdin().lock(), limits::DOCUMENT_BYTES)
                .map_err(|cause| unreadable(&shown, &io_cause(&cause)))?;
            let most = size(limits::DOCUMENT_BYTES);
            let bytes = bytes.ok_or_else(|| unreadable(&shown, &format!("larger than {most}")))?;
            documents.push((shown, bytes));
            continue;
        }
        let path = paths::absolute(file, &context.cwd);
        let shown = paths::display(&path, &context.cwd);
        let bytes = read_file_at_most(&path, limits::DOCUMENT_BYTES)
            .map_err(|cause| unreadable(&shown, &io_cause(&cause)))?;
        documents.push((shown, bytes));
    }
    Ok(documents)
}

fn unreadable(shown: &str, why: &str) -> Failure {
    Failure::io(format!("cannot read {shown}: {why}"))
}

fn failure(shown: &str, error: &ReadError) -> Failure {
    let failure = match error {
        // The document is valid, and the question is not.
        ReadError::SeveralEnvironments { .. } => {
            Failure::usage(format!("cannot import {shown}: {error}"))
        }
        _ => Failure::io(format!("cannot import {shown}: {error}")),
    };
    match error.help() {
        Some(help) => failure.help(help),
        None => failure,
    }
}
