//! History for a backtest: queries over chunks of time, and the identity under which their answers are kept.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{AnswerLimits, CATALOGUE, Client, HISTORY};
use crate::exit::Failure;
use nthc::backtest::{Chunk, Matrix, Server, matrix};
use nthc::output::Hash;

impl Server for Client {
    type Error = Failure;

    fn range(&self, query: &str, chunk: &Chunk, what: &str) -> Result<(Vec<u8>, Matrix), Failure> {
        self.chunk(query, chunk, what, HISTORY)
    }
}

impl Client {
    /// Returns the answer to a query over the steps of a chunk, and what is read in it.
    pub(super) fn chunk(
        &self,
        query: &str,
        chunk: &Chunk,
        what: &str,
        limits: AnswerLimits,
    ) -> Result<(Vec<u8>, Matrix), Failure> {
        let url = format!("{}/api/v1/query_range", self.base);
        let [start, end, step] = [chunk.start, chunk.end, chunk.step].map(seconds);
        let ask = || {
            self.with_headers(self.agent.post(&url)).send_form([
                ("query", query),
                ("start", &start),
                ("end", &end),
                ("step", &step),
                // Thanos and VictoriaMetrics then fail if a part of them fails; others ignore the parameter.
                ("partial_response", "false"),
                ("deny_partial_response", "1"),
                // VictoriaMetrics otherwise returns earlier answers at other times.
                ("nocache", "1"),
            ])
        };
        let read = |bytes: &[u8]| Ok((bytes.to_vec(), matrix(bytes, chunk)?));
        self.answer(ask, read, what, limits)
    }

    /// Returns what identifies the server and the view that it shows to this client: its URL, its configuration if it shows
    /// it, the user or a hash of the token, and the tenant. Two servers that have the same address one after the other differ in their
    /// configuration.
    pub fn identity(&self) -> String {
        let url = format!("{}/api/v1/status/config", self.base);
        let sent = self.with_headers(self.agent.get(&url)).call();
        let configuration = self.once(sent, CATALOGUE);
        let configuration = configuration.map_or_else(
            |_| String::new(),
            |bytes| Hash::new(&bytes).as_str().to_owned(),
        );
        let header = self.authorization.as_ref();
        let header = header.and_then(|value| value.to_str().ok());
        let user = header.map_or_else(String::new, user);
        let identity = match self.tenant.as_ref().and_then(|tenant| tenant.to_str().ok()) {
            Some(tenant) => serde_json::json!([self.base, user, configuration, tenant]),
            None => serde_json::json!([self.base, user, configuration]),
        };
        identity.to_string()
    }
}

/// Returns the user of an `Authorization` header. A password is no part of it: it could be guessed from a hash.
fn user(header: &str) -> String {
    let pair = header.strip_prefix("Basic ");
    let pair = pair.and_then(|pair| STANDARD.decode(pair).ok());
    match pair.and_then(|pair| String::from_utf8(pair).ok()) {
        Some(pair) => {
            let name = pair.split_once(':').map_or("", |(name, _)| name);
            format!("user {name}")
        }
        None => format!("token {}", Hash::new(header.as_bytes()).as_str()),
    }
}

/// Formats milliseconds as seconds.
pub(super) fn seconds(millis: i64) -> String {
    let (whole, rest) = (millis.div_euclid(1000), millis.rem_euclid(1000));
    match rest {
        0 => whole.to_string(),
        _ => format!("{whole}.{rest:03}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identity_has_no_secret() {
        let pair = STANDARD.encode("ana:hunter2");
        assert_eq!(user(&format!("Basic {pair}")), "user ana");
        let token = user("Bearer hunter2");
        assert!(token.starts_with("token ") && !token.contains("hunter2"));
        assert_ne!(token, user("Bearer hunter3"));
    }

    #[test]
    fn times_are_exact() {
        assert_eq!(seconds(60_000), "60");
        assert_eq!(seconds(1_500), "1.500");
    }
}
