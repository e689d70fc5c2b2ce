//! The order of messages that the protocol allows: only `initialize` at first, only `exit` at last.

use serde_json::Value;
use tower_lsp::jsonrpc::{ErrorCode, Id, Request, Response};

use super::message::error;

/// The state of the session.
#[derive(Debug, Default)]
pub struct Lifecycle {
    stage: Stage,
    /// True after `initialized`.
    is_under_way: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Before `initialize`.
    #[default]
    New,
    Greeted,
    ShutDown,
}

/// The treatment of a request or notification.
#[derive(Debug)]
pub enum Turn {
    /// Pass it to the handlers.
    Taken(Request),
    /// Answer it with an error.
    Refused(Response),
    /// Ignore it: a notification that is not valid now.
    Ignored,
    /// End: the client leaves.
    Exit,
}

/// The error code of a request before `initialize` was answered.
const NOT_INITIALIZED: ErrorCode = ErrorCode::ServerError(-32002);

impl Lifecycle {
    /// Records the answer to `initialize`.
    pub fn greet(&mut self) {
        self.stage = Stage::Greeted;
    }

    /// Records the answer to `shutdown`.
    pub fn shut_down(&mut self) {
        self.stage = Stage::ShutDown;
    }

    /// True after `shutdown`.
    pub fn is_shut_down(&self) -> bool {
        self.stage == Stage::ShutDown
    }

    /// Decides what to do with a message.
    pub fn turn(&mut self, request: Request) -> Turn {
        let method = request.method();
        if method == "exit" {
            return Turn::Exit;
        }
        let Some(id) = request.id().cloned() else {
            return self.notification(request);
        };
        match (self.stage, method) {
            // The protocol requires an error for each such request, even if another server may know it.
            _ if method.starts_with("$/") => {
                let reason = format!("unknown method `{method}`");
                refuse(id, ErrorCode::MethodNotFound, reason)
            }
            (Stage::New, "initialize") => Turn::Taken(rename_fields(request)),
            (Stage::New, _) => {
                let reason = format!("`{method}` before `initialize`");
                refuse(id, NOT_INITIALIZED, reason)
            }
            (Stage::Greeted, "initialize") => {
                let reason = "`initialize` was answered before".to_owned();
                refuse(id, ErrorCode::InvalidRequest, reason)
            }
            (Stage::Greeted, "shutdown") => Turn::Taken(Request::build("shutdown").id(id).finish()),
            (Stage::Greeted, _) => Turn::Taken(request),
            (Stage::ShutDown, _) => {
                let reason = format!("`{method}` after `shutdown`: only `exit` may follow");
                refuse(id, ErrorCode::InvalidRequest, reason)
            }
        }
    }

    fn notification(&mut self, request: Request) -> Turn {
        match (self.stage, request.method()) {
            (Stage::New | Stage::ShutDown, _) => Turn::Ignored,
            // As notifications these are invalid, and get no answer.
            (_, "initialize" | "shutdown") => Turn::Ignored,
            // Its effects happen once.
            (_, "initialized") if std::mem::replace(&mut self.is_under_way, true) => Turn::Ignored,
            _ => Turn::Taken(request),
        }
    }
}

fn refuse(id: Id, code: ErrorCode, reason: String) -> Turn {
    Turn::Refused(Response::from_error(id, error(code, reason)))
}

/// Renames fields of `initialize` to those that the library reads: `workspace.diagnostics` of the protocol is
/// `diagnostic` there.
fn rename_fields(request: Request) -> Request {
    let (method, id, params) = request.into_parts();
    let mut built = Request::build(method);
    if let Some(id) = id {
        built = built.id(id);
    }
    if let Some(mut params) = params {
        let workspace = params.pointer_mut("/capabilities/workspace");
        if let Some(workspace) = workspace.and_then(Value::as_object_mut)
            && let Some(known) = workspace.get("diagnostics").cloned()
        {
            workspace.insert("diagnostic".to_owned(), known);
        }
        built = built.params(params);
    }
    built.finish()
}
