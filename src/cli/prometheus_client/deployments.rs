//! The history of deployments.

use super::{AnswerLimits, Client};
use crate::exit::Failure;
use nthc::backtest::{Chunk, Matrix, Server};

/// The ReplicaSets or images of some services over some days.
const DEPLOYMENTS: AnswerLimits = AnswerLimits {
    bytes: 256 << 20,
    fresh: false,
    late: "allow more time with `--timeout 10m`, or pull fewer services with `--service`",
    large: Some("pull fewer services with `--service`, or raise the limit of the server"),
};

/// Queries the history of deployments.
pub struct DeploymentQueries<'c>(pub &'c Client);

impl Server for DeploymentQueries<'_> {
    type Error = Failure;

    fn range(&self, query: &str, chunk: &Chunk, what: &str) -> Result<(Vec<u8>, Matrix), Failure> {
        self.0.chunk(query, chunk, what, DEPLOYMENTS)
    }
}
