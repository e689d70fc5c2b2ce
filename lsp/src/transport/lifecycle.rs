//! What the protocol lets a client ask when: nothing but `initialize` at first, nothing but `exit` at last.

use serde_json::Value;
use tower_lsp::jsonrpc::{ErrorCode, Id, Request, Response};

use super::message::error;

/// How far the conversation is.
#[derive(Debug, Default)]
pub struct Lifecycle {
    stage: Stage,
    /// Whether the client has said `initialized`.
    is_under_way: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The client has not introduced itself.
    #[default]
    New,
    Greeted,
    ShutDown,
}

/// What becomes of a request or notification.
#[derive(Debug)]
pub enum Turn {
    /// The handlers get it.
    Taken(Request),
    /// It is answered with an error.
    Refused(Response),
    /// It is a notification that says nothing now.
    Ignored,
    /// The client leaves.
    Exit,
}

/// A request before `initialize` was answered.
const NOT_INITIALIZED: ErrorCode = ErrorCode::ServerError(-32002);

impl Lifecycle {
    /// The client has introduced itself.
    pub fn greet(&mut self) {
        self.stage = Stage::Greeted;
    }

    /// The client has said good-bye.
    pub fn shut_down(&mut self) {
        self.stage = Stage::ShutDown;
    }

    /// Whether the client has said good-bye.
    pub fn is_shut_down(&self) -> bool {
        self.stage == Stage::ShutDown
    }

    /// What becomes of a message now.
    pub fn turn(&mut self, request: Request) -> Turn {
        let method = request.method();
        if method == "exit" {
            return Turn::Exit;
        }
        let Some(id) = request.id().cloned() else {
            return self.notification(request);
        };
        match (self.stage, method) {
            // The protocol wants each such request to be refused, also those that another server may know.
            _ if method.starts_with("$/") => {
                let reason = format!("unknown method `{method}`");
                refused(id, ErrorCode::MethodNotFound, reason)
            }
            (Stage::New, "initialize") => Turn::Taken(with_known_names(request)),
            (Stage::New, _) => {
                let reason = format!("`{method}` before `initialize`");
                refused(id, NOT_INITIALIZED, reason)
            }
            (Stage::Greeted, "initialize") => {
                let reason = "`initialize` was answered before".to_owned();
                refused(id, ErrorCode::InvalidRequest, reason)
            }
            (Stage::Greeted, "shutdown") => Turn::Taken(Request::build("shutdown").id(id).finish()),
            (Stage::Greeted, _) => Turn::Taken(request),
            (Stage::ShutDown, _) => {
                let reason = format!("`{method}` after `shutdown`: only `exit` may follow");
                refused(id, ErrorCode::InvalidRequest, reason)
            }
        }
    }

    fn notification(&mut self, request: Request) -> Turn {
        match (self.stage, request.method()) {
            (Stage::New | Stage::ShutDown, _) => Turn::Ignored,
            // These are requests, and nobody waits for an answer.
            (_, "initialize" | "shutdown") => Turn::Ignored,
            // What it sets off is set off once.
            (_, "initialized") if std::mem::replace(&mut self.is_under_way, true) => Turn::Ignored,
            _ => Turn::Taken(request),
        }
    }
}

fn refused(id: Id, code: ErrorCode, reason: String) -> Turn {
    Turn::Refused(Response::from_error(id, error(code, reason)))
}

/// `initialize` as its reader reads it: `workspace.diagnostics` of the protocol is `diagnostic` there.
fn with_known_names(request: Request) -> Request {
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
