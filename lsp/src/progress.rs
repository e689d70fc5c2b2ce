//! Progress of long work: a project is read and checked for the first time.

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tower_lsp::Client;
use tower_lsp::lsp_types::notification::Progress as ProgressNotification;
use tower_lsp::lsp_types::request::WorkDoneProgressCreate;
use tower_lsp::lsp_types::{
    NumberOrString, ProgressParams, ProgressParamsValue, WorkDoneProgress, WorkDoneProgressBegin,
    WorkDoneProgressCreateParams, WorkDoneProgressEnd, WorkDoneProgressReport,
};

/// Work in progress; it ends when this is dropped.
#[derive(Debug)]
pub struct Progress {
    steps: UnboundedSender<String>,
}

/// The part that shows the work.
#[derive(Debug)]
pub struct ProgressSteps {
    /// A unique number.
    pub number: u64,
    /// The title.
    pub title: String,
    steps: UnboundedReceiver<String>,
}

impl Progress {
    /// Starts work. Returns it with the part that shows it.
    pub fn begin(number: u64, title: String) -> (Self, ProgressSteps) {
        let (send, steps) = unbounded_channel();
        let shown = ProgressSteps {
            number,
            title,
            steps,
        };
        (Self { steps: send }, shown)
    }

    /// Reports the current step.
    pub fn step(&self, text: String) {
        // The receiver is gone if the client does not show progress.
        let _ = self.steps.send(text);
    }
}

/// Shows work until it ends. Runs in a task of its own, because it awaits the client.
pub async fn show(client: Client, mut shown: ProgressSteps) {
    let token = NumberOrString::String(format!("nth-lsp/{}", shown.number));
    let create = WorkDoneProgressCreateParams {
        token: token.clone(),
    };
    if client
        .send_request::<WorkDoneProgressCreate>(create)
        .await
        .is_err()
    {
        return;
    }
    let say = |value: WorkDoneProgress| {
        client.send_notification::<ProgressNotification>(ProgressParams {
            token: token.clone(),
            value: ProgressParamsValue::WorkDone(value),
        })
    };
    say(WorkDoneProgress::Begin(WorkDoneProgressBegin {
        title: shown.title,
        cancellable: Some(false),
        ..WorkDoneProgressBegin::default()
    }))
    .await;
    while let Some(step) = shown.steps.recv().await {
        say(WorkDoneProgress::Report(WorkDoneProgressReport {
            message: Some(step),
            ..WorkDoneProgressReport::default()
        }))
        .await;
    }
    say(WorkDoneProgress::End(WorkDoneProgressEnd { message: None })).await;
}
