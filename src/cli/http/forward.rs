//! Plain HTTP through a proxy: the client connects to the proxy, and the request line contains the absolute URL (RFC 9112,
//! section 3.2.2). The library itself requests a tunnel from every proxy, which most proxies refuse except for TLS.

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, DefaultConnector, NextTimeout, Transport,
};

/// Resolves the address of the proxy, for any request.
#[derive(Debug)]
pub struct ProxyResolver {
    /// The address of the proxy.
    pub proxy: Uri,
}

impl Resolver for ProxyResolver {
    fn resolve(
        &self,
        _: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        DefaultResolver::default().resolve(&self.proxy, config, timeout)
    }
}

/// Connects to the proxy, for any request.
#[derive(Debug)]
pub struct ProxyConnector {
    /// The address of the proxy.
    pub proxy: Uri,
    /// The connector.
    pub inner: DefaultConnector,
}

impl Connector<()> for ProxyConnector {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<()>,
    ) -> Result<Option<Self::Out>, Error> {
        let to_proxy = ConnectionDetails {
            uri: &self.proxy,
            addrs: details.addrs.clone(),
            config: details.config,
            request_level: details.request_level,
            resolver: details.resolver,
            now: details.now,
            timeout: details.timeout,
            current_time: details.current_time.clone(),
            run_connector: details.run_connector.clone(),
            register_shutdown: details.register_shutdown.clone(),
        };
        let Some(inner) = self.inner.connect(&to_proxy, chained)? else {
            return Ok(None);
        };
        let authority = details.uri.authority();
        let prefix = authority.map(|authority| format!("http://{authority}"));
        Ok(Some(Box::new(ForwardedConnection { inner, prefix })))
    }
}

/// A connection to a proxy, for one request.
#[derive(Debug)]
struct ForwardedConnection {
    inner: Box<dyn Transport>,
    /// The prefix of the path in the request line, until it is sent.
    prefix: Option<String>,
}

impl Transport for ForwardedConnection {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let Some(prefix) = self.prefix.take() else {
            return self.inner.transmit_output(amount, timeout);
        };
        // The first output contains the whole request line: `POST /api/v1/query HTTP/1.1`.
        let head = self.inner.buffers().output().get(..amount);
        let head = head.unwrap_or_default().to_vec();
        let path = head.iter().position(|byte| *byte == b' ');
        let (method, rest) = head.split_at(path.map_or(0, |space| space + 1));
        let whole = [method, prefix.as_bytes(), rest].concat();
        let room = self.inner.buffers().output().len().max(1);
        for part in whole.chunks(room) {
            if let Some(output) = self.inner.buffers().output().get_mut(..part.len()) {
                output.copy_from_slice(part);
            }
            self.inner.transmit_output(part.len(), timeout)?;
        }
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        // Not used again: the request line of the next request would lack the absolute URL.
        false
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}
