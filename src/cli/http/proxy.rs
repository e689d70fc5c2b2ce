//! Proxies from the environment.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ureq::http::uri::Scheme;
use ureq::http::{HeaderValue, Uri};
use ureq::{Proxy, ProxyProtocol};

use crate::exit::Failure;

/// The route to a server.
pub enum Route {
    /// A direct connection.
    Direct,
    /// A tunnel through a proxy: for everything except plain HTTP through an HTTP proxy.
    Tunnel(Proxy),
    /// An HTTP proxy that forwards the request, as proxies expect for plain HTTP.
    Forward(ForwardProxy),
}

/// An HTTP proxy that forwards requests.
pub struct ForwardProxy {
    /// The address, without credentials.
    pub address: Uri,
    /// The value of the `Proxy-Authorization` header.
    pub authorization: Option<HeaderValue>,
    /// Texts that must never be shown.
    pub secrets: Vec<String>,
}

/// Returns the route to `target`, by the variables that curl, Go and others use: `HTTP_PROXY` for `http` URLs, `HTTPS_PROXY`
/// for `https` URLs, `ALL_PROXY` for both, and `NO_PROXY` for exceptions; upper case first, then lower case. An empty
/// variable counts as unset.
///
/// # Errors
///
/// If a variable contains no valid proxy. The failure does not contain its value, which may include a password.
pub fn route(target: &Uri, variable: &dyn Fn(&str) -> Option<String>) -> Result<Route, Failure> {
    let of = |name: &str| {
        [name.to_owned(), name.to_lowercase()]
            .into_iter()
            .find_map(|name| {
                let value = variable(&name).filter(|value| !value.trim().is_empty())?;
                Some((value.trim().to_owned(), name))
            })
    };
    let is_https = target.scheme() == Some(&Scheme::HTTPS);
    let own = if is_https {
        "HTTPS_PROXY"
    } else {
        "HTTP_PROXY"
    };
    let Some((value, name)) = of(own).or_else(|| of("ALL_PROXY")) else {
        return Ok(Route::Direct);
    };
    let port = target.port_u16().unwrap_or(if is_https { 443 } else { 80 });
    if let (Some((list, _)), Some(host)) = (of("NO_PROXY"), target.host())
        && is_excepted(&list, host, port)
    {
        return Ok(Route::Direct);
    }
    let bad = || {
        Failure::usage(format!("invalid proxy in {name}")).help(
            "set a proxy such as `http://proxy.example.com:3128` or `socks5://localhost:1080`",
        )
    };
    let proxy = Proxy::new(&value).map_err(|_| bad())?;
    let scheme = match proxy.protocol() {
        ProxyProtocol::Http => "http",
        ProxyProtocol::Https => "https",
        _ => return Ok(Route::Tunnel(proxy)),
    };
    if is_https {
        return Ok(Route::Tunnel(proxy));
    }
    let address = format!("{scheme}://{}:{}/", proxy.host(), proxy.port());
    let address: Uri = address.parse().map_err(|_| bad())?;
    let mut secrets = Vec::new();
    let authorization = match (proxy.username(), proxy.password()) {
        (None, None) => None,
        (user, password) => {
            let password = password.unwrap_or_default();
            let pair = STANDARD.encode(format!("{}:{password}", user.unwrap_or_default()));
            secrets.extend([password.to_owned(), pair.clone()]);
            let mut value = HeaderValue::try_from(format!("Basic {pair}")).map_err(|_| bad())?;
            value.set_sensitive(true);
            Some(value)
        }
    };
    Ok(Route::Forward(ForwardProxy {
        address,
        authorization,
        secrets,
    }))
}

/// Returns true if `NO_PROXY` excludes a host, by the rules of Go: `*` matches all hosts; `example.com` matches itself and
/// its subdomains; `.example.com` and `*.example.com` match subdomains; addresses and ranges (`10.0.0.0/8`) match addresses.
/// An entry with a port matches that port only.
fn is_excepted(list: &str, host: &str, port: u16) -> bool {
    let host = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .trim_end_matches('.')
        .to_lowercase();
    let address: Option<IpAddr> = host.parse().ok();
    list.split([',', ' '])
        .map(|entry| entry.trim().to_lowercase())
        .filter(|entry| !entry.is_empty())
        .any(|entry| {
            if entry == "*" {
                return true;
            }
            if let (Some(address), Some((network, bits))) = (address, entry.split_once('/')) {
                return is_within(address, network, bits);
            }
            let (name, of_port) = with_port(&entry);
            if of_port.is_some_and(|of_port| of_port != port) {
                return false;
            }
            if let Ok(known) = name.parse::<IpAddr>() {
                return address == Some(known);
            }
            let below = name.strip_prefix('*').unwrap_or(name);
            match below.strip_prefix('.') {
                Some(domain) => is_below(&host, domain),
                None => host == below || is_below(&host, below),
            }
        })
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain)
        .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
}

/// Splits an entry into host and port.
fn with_port(entry: &str) -> (&str, Option<u16>) {
    if let Some(rest) = entry.strip_prefix('[')
        && let Some((address, rest)) = rest.split_once(']')
    {
        return (
            address,
            rest.strip_prefix(':').and_then(|port| port.parse().ok()),
        );
    }
    match entry.split_once(':') {
        Some((name, port)) if !port.contains(':') => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (entry, None),
        },
        _ => (entry, None),
    }
}

fn is_within(address: IpAddr, network: &str, bits: &str) -> bool {
    let (Ok(network), Ok(bits)) = (network.parse::<IpAddr>(), bits.parse::<u32>()) else {
        return false;
    };
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) if bits <= 32 => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            address.to_bits() & mask == network.to_bits() & mask
        }
        (IpAddr::V6(address), IpAddr::V6(network)) if bits <= 128 => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            address.to_bits() & mask == network.to_bits() & mask
        }
        _ => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn way(target: &str, set: &[(&str, &str)]) -> String {
        let variable = |name: &str| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        match route(&target.parse().unwrap(), &variable) {
            Ok(Route::Direct) => "direct".to_owned(),
            Ok(Route::Tunnel(proxy)) => format!("tunnel {}", proxy.host()),
            Ok(Route::Forward(forward)) => format!("forward {}", forward.address),
            Err(failure) => failure.message,
        }
    }

    #[test]
    fn an_address_has_the_proxy_of_its_scheme() {
        let both = [("HTTP_PROXY", "http://p:3128"), ("https_proxy", "s:8080")];
        assert_eq!(way("http://a/x", &both), "forward http://p:3128/");
        assert_eq!(way("https://a/x", &both), "tunnel s");
        assert_eq!(way("http://a", &[("HTTPS_PROXY", "http://p")]), "direct");
        let all = [("all_proxy", "http://p"), ("HTTP_PROXY", "")];
        assert_eq!(way("http://a", &all), "forward http://p:80/");
        assert_eq!(way("https://a", &all), "tunnel p");
        let socks = [("ALL_PROXY", "socks5://p:1080")];
        assert_eq!(way("http://a", &socks), "tunnel p");
        let no = [("ALL_PROXY", "http://p"), ("no_proxy", "b, a")];
        assert_eq!(way("http://a", &no), "direct");
        for value in ["hunter2://p", "http://ana:hunter2@", "http://hunter2 x"] {
            let said = way("http://a", &[("HTTP_PROXY", value)]);
            assert_eq!(said, "invalid proxy in HTTP_PROXY");
        }
    }

    #[test]
    fn a_proxy_is_told_who_asks_and_nobody_else_is() {
        let variable = |name: &str| {
            (name == "HTTP_PROXY").then(|| "http://Aladdin:open%20sesame@p:1".to_owned())
        };
        let Ok(Route::Forward(forward)) = route(&"http://a".parse().unwrap(), &variable) else {
            panic!("it is no way through a proxy");
        };
        assert_eq!(forward.address, "http://p:1/");
        assert_eq!(
            forward.authorization.unwrap(),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        );
    }

    #[test]
    fn hosts_are_excepted_as_go_has_it() {
        for (list, host, port, excepted) in [
            ("*", "a", 80, true),
            ("", "a", 80, false),
            ("example.com", "example.com", 80, true),
            ("example.com", "EXAMPLE.com.", 80, true),
            ("example.com", "a.b.example.com", 80, true),
            ("example.com", "notexample.com", 80, false),
            (".example.com", "a.example.com", 80, true),
            (".example.com", "example.com", 80, false),
            ("*.example.com", "a.example.com", 80, true),
            ("*.example.com", "example.com", 80, false),
            ("example.com:9090", "example.com", 9090, true),
            ("example.com:9090", "example.com", 80, false),
            ("10.0.0.0/8", "10.1.2.3", 80, true),
            ("10.0.0.0/8", "11.1.2.3", 80, false),
            ("0.0.0.0/0", "11.1.2.3", 80, true),
            ("10.0.0.0/8", "prometheus", 80, false),
            ("10.1.2.3", "10.1.2.3", 80, true),
            ("10.1.2.3:1", "10.1.2.3", 80, false),
            ("fd00::/8", "[fd12::1]", 80, true),
            ("::1", "[::1]", 80, true),
            ("[::1]:80", "[::1]", 80, true),
            ("a, b  c", "c", 80, true),
        ] {
            assert_eq!(
                is_excepted(list, host, port),
                excepted,
                "{list}: {host}:{port}"
            );
        }
    }
}
