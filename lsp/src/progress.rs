//! What the person sees of work that takes long: a project is read and looked at for the first time.

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tower_lsp::Client;
use tower_lsp::lsp_types::notification::Progress as ProgressNotification;
use tower_lsp::lsp_types::request::WorkDoneProgressCreate;
use tower_lsp::lsp_types::{
    NumberOrString, ProgressParams, ProgressParamsValue, WorkDoneProgress, WorkDoneProgressBegin,
    WorkDoneProgressCreateParams, WorkDoneProgressEnd, WorkDoneProgressReport,
};

/// Work that is going on; it is done when this is dropped.
#[derive(Debug)]
pub struct Progress {
    steps: UnboundedSender<String>,
}

/// What is to be shown of it.
#[derive(Debug)]
pub struct Shown {
    /// A number that no other work has.
    pub number: u64,
    /// What is done.
    pub title: String,
    steps: UnboundedReceiver<String>,
}

impl Progress {
    /// Work that begins, and what is to be shown of it.
    pub fn begin(number: u64, title: String) -> (Self, Shown) {
        let (send, steps) = unbounded_channel();
        let shown = Shown {
            number,
            title,
            steps,
        };
        (Self { steps: send }, shown)
    }

    /// Says what is being done now.
    pub fn step(&self, text: String) {
        // A client that does not want to show it has let go of the other end.
        let _ = self.steps.send(text);
    }
}

/// Shows work until it is done, in a task of its own: the client is asked first, and may take its time.
pub async fn show(client: Client, mut shown: Shown) {
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
