//! Which clusters are reached without the proxy of the environment. The client takes `HTTPS_PROXY`, and compares `NO_PROXY` with
//! the proxy instead of the cluster.

use ureq::http::Uri;

/// Returns true if the proxy of a client is that of the environment, and the cluster is to be reached without it: it is on this
/// machine, or in `NO_PROXY`, by its host, its domain or `*`.
pub(super) fn is_passed_by(
    proxy: &Uri,
    cluster: &Uri,
    variable: &dyn Fn(&str) -> Option<String>,
) -> bool {
    let any = |names: [&str; 2]| {
        let set = names.iter().filter_map(|name| variable(name));
        set.into_iter().find(|value| !value.is_empty())
    };
    let of_environment = any(["HTTPS_PROXY", "https_proxy"]);
    if of_environment
        .and_then(|url| url.parse::<Uri>().ok())
        .as_ref()
        != Some(proxy)
    {
        return false;
    }
    let host = cluster.host().unwrap_or_default();
    let host = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .to_lowercase();
    let is_local = host == "localhost"
        || host
            .parse()
            .is_ok_and(|address: std::net::IpAddr| address.is_loopback());
    let excepted = any(["NO_PROXY", "no_proxy"]).unwrap_or_default();
    is_local || excepted.split(',').any(|entry| covers(entry.trim(), &host))
}

/// Returns true if an entry of `NO_PROXY` names a host: `example.com`, which is the domain too, `.example.com`, `*`.
fn covers(entry: &str, host: &str) -> bool {
    let entry = entry.to_lowercase();
    let domain = entry.trim_start_matches("*.").trim_start_matches('.');
    match (entry.as_str(), domain) {
        ("*", _) => true,
        (_, "") => false,
        (_, domain) => {
            host == domain
                || host
                    .strip_suffix(domain)
                    .is_some_and(|before| before.ends_with('.'))
        }
    }
}

/// Returns true for a proxy that the client can use.
pub(super) fn is_http(proxy: &Uri) -> bool {
    matches!(proxy.scheme_str(), Some("http" | "https"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn is_direct(cluster: &str, no_proxy: &str) -> bool {
        let proxy = "http://proxy.example.com:3128".parse().unwrap();
        let variable = |name: &str| match name {
            "https_proxy" => Some("http://proxy.example.com:3128".to_owned()),
            "NO_PROXY" => Some(no_proxy.to_owned()),
            _ => None,
        };
        is_passed_by(&proxy, &cluster.parse().unwrap(), &variable)
    }

    #[test]
    fn clusters_in_no_proxy_and_on_this_machine_are_reached_directly() {
        let cluster = "https://k8s.example.com:6443";
        for (no_proxy, expected) in [
            ("", false),
            ("example.org", false),
            ("8s.example.com", false),
            ("proxy.example.com", false),
            ("k8s.example.com", true),
            ("a, EXAMPLE.com", true),
            (".example.com", true),
            ("*.example.com", true),
            ("*", true),
            (",.,", false),
        ] {
            assert_eq!(is_direct(cluster, no_proxy), expected, "{no_proxy}");
        }
        assert!(is_direct("https://127.0.0.1:6443", ""));
        assert!(is_direct("https://[::1]:6443", ""));
        assert!(is_direct("https://localhost:6443", ""));
        // The proxy of a kubeconfig is always used.
        let own = "http://other.example.com:3128".parse().unwrap();
        let cluster = "https://127.0.0.1:6443".parse().unwrap();
        assert!(!is_passed_by(&own, &cluster, &|_| None));
        assert!(is_http(&own));
        assert!(!is_http(&"socks5://other.example.com".parse().unwrap()));
    }
}
