//! Servers that speak TLS: with a root certificate of one's own, with certificates of clients, through a proxy.

use std::io::{Read as _, Write as _, copy};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use rcgen::{CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use crate::place::{Place, Ran};
use crate::proxies::{COMMANDS, SOURCE, healthy};
use crate::support::loopback::Loopback;
use crate::{built, with};

/// Who vouches for others.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            pem,
            issuer: Issuer::new(params, key),
        }
    }

    /// A certificate for a name, and its key.
    fn vouch(&self, name: &str) -> (String, String) {
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }
}

/// A Prometheus that speaks TLS as `name`, and, where an authority of clients is given, with those alone that it vouches
/// for.
fn serve(authority: &Authority, name: &str, clients: Option<&Authority>) -> Loopback {
    let (certificate, key) = authority.vouch(name);
    let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let provider = Arc::new(default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(clients) => {
            let mut roots = RootCertStore::empty();
            let root = CertificateDer::from_pem_slice(clients.pem.as_bytes()).unwrap();
            roots.add(root).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let config = Arc::new(builder.with_single_cert(chain, key).unwrap());
    let mut server = Loopback::over(healthy, move |stream| {
        let connection = ServerConnection::new(config.clone()).ok()?;
        let mut stream = StreamOwned::new(connection, stream);
        // What the client is told of a failure is sent, and read by it before the connection ends.
        while stream.conn.is_handshaking() {
            if stream.conn.complete_io(&mut stream.sock).is_err() {
                let _ = stream.sock.shutdown(Shutdown::Write);
                let _ = stream.sock.read_to_end(&mut Vec::new());
                return None;
            }
        }
        Some(stream)
    });
    server.url = format!("https://localhost:{}", server.port);
    server
}

fn ask(place: &Place, command: &[&str], url: &str, more: &[&str], set: &[(&str, &str)]) -> Ran {
    let args = [command, &["--timeout", "20s", "--prometheus", url], more].concat();
    with(place, &args, set)
}

#[test]
fn a_root_certificate_of_ones_own_is_trusted() {
    let place = built(SOURCE);
    let (own, other) = (Authority::new("own"), Authority::new("other"));
    place.write("own.pem", &own.pem);
    place.write("other.pem", &other.pem);
    place.write(
        "both.pem",
        format!("The roots:\n{}\n{}", other.pem, own.pem),
    );
    place.write(
        "broken.pem",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    place.write("half.pem", &own.pem[..60]);
    place.write("none.pem", "nothing");
    let server = serve(&own, "localhost", None);
    let stranger = serve(&own, "prometheus.example.com", None);
    for command in COMMANDS {
        let ran = ask(&place, command, &server.url, &["--ca", "own.pem"], &[]);
        assert_eq!(ran.code, 0, "{command:?}: {ran:?}");
    }
    let check = COMMANDS[0];
    let by_variable = [("NTH_PROMETHEUS_CA", "both.pem")];
    let ran = ask(&place, check, &server.url, &[], &by_variable);
    assert_eq!(ran.code, 0, "{ran:?}");
    // An option goes before the variable.
    let ran = ask(
        &place,
        check,
        &server.url,
        &["--ca", "own.pem"],
        &[("NTH_PROMETHEUS_CA", "none.pem")],
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    let before = server.requests().len();
    for (more, url, code, says) in [
        (&[][..], &server.url, 3, "with `--ca`"),
        (&["--ca", "other.pem"], &server.url, 3, "with `--ca`"),
        (
            &["--ca", "own.pem"],
            &stranger.url,
            3,
            "certificate not valid for name",
        ),
        (
            &["--ca", "none.pem"],
            &server.url,
            64,
            "contains no certificate",
        ),
        (
            &["--ca", "half.pem"],
            &server.url,
            64,
            "the file half.pem of --ca",
        ),
        (
            &["--ca", "broken.pem"],
            &server.url,
            64,
            "a certificate that cannot be parsed",
        ),
        (
            &["--ca", "gone.pem"],
            &server.url,
            3,
            "cannot read gone.pem",
        ),
    ] {
        let ran = ask(&place, check, url, more, &[]);
        assert_eq!(ran.code, code, "{more:?}: {ran:?}");
        assert!(ran.err.contains(says), "{more:?}: {ran:?}");
        assert_eq!(ran.out, "", "{more:?}");
    }
    assert_eq!(
        (server.requests().len(), stranger.requests().len()),
        (before, 0)
    );
}

#[test]
fn a_client_shows_its_certificate() {
    let place = built(SOURCE);
    let (own, clients, other) = (
        Authority::new("own"),
        Authority::new("clients"),
        Authority::new("other"),
    );
    place.write("own.pem", &own.pem);
    let (certificate, key) = clients.vouch("ci");
    place.write("ci.pem", &certificate);
    place.write("ci.key", &key);
    place.write("ci-both.pem", format!("{key}{certificate}"));
    let (strange, strange_key) = other.vouch("ci");
    place.write("strange.pem", &strange);
    place.write("strange.key", &strange_key);
    place.write(
        "locked.key",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    place.write(
        "broken.key",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    );
    let server = serve(&own, "localhost", Some(&clients));
    let ca = ["--ca", "own.pem"];
    let shown = &["--cert", "ci.pem", "--key", "ci.key"][..];
    for command in COMMANDS {
        let ran = ask(&place, command, &server.url, &[&ca, shown].concat(), &[]);
        assert_eq!(ran.code, 0, "{command:?}: {ran:?}");
    }
    let check = COMMANDS[0];
    let by_variables = [
        ("NTH_PROMETHEUS_CA", "own.pem"),
        ("NTH_PROMETHEUS_CERT", "ci.pem"),
        ("NTH_PROMETHEUS_KEY", "ci.key"),
    ];
    for (more, set) in [
        (&[][..], &by_variables[..]),
        (&["--cert", "ci-both.pem"], &by_variables[..1]),
    ] {
        let ran = ask(&place, check, &server.url, more, set);
        assert_eq!(ran.code, 0, "{ran:?}");
    }
    let before = server.requests().len();
    for (more, code, says) in [
        (&[][..], 3, "cannot query budget(availability)"),
        (
            &["--cert", "strange.pem", "--key", "strange.key"],
            3,
            "cannot query budget(availability)",
        ),
        (
            &["--cert", "ci.pem", "--key", "strange.key"],
            64,
            "is not the key of ci.pem",
        ),
        (&["--cert", "ci.pem"], 64, "contains no private key"),
        (&["--key", "ci.key"], 64, "without a certificate"),
        (
            &["--cert", "ci.pem", "--key", "locked.key"],
            64,
            "contains an encrypted key",
        ),
        (
            &["--cert", "ci.pem", "--key", "broken.key"],
            64,
            "cannot be used with the certificate",
        ),
        (
            &["--cert", "ci.key", "--key", "ci.key"],
            64,
            "contains no certificate",
        ),
        (
            &["--cert", "ci.pem", "--key", "gone.key"],
            3,
            "cannot read gone.key",
        ),
    ] {
        let ran = ask(&place, check, &server.url, &[&ca, more].concat(), &[]);
        assert_eq!(ran.code, code, "{more:?}: {ran:?}");
        assert!(ran.err.contains(says), "{more:?}: {ran:?}");
        assert_eq!(ran.out, "", "{more:?}");
    }
    assert_eq!(server.requests().len(), before);
}

/// A proxy that connects to any port of this machine when it is asked to. What it was asked is kept.
fn tunnel() -> (String, Arc<std::sync::Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://ana:hunter2@{}", listener.local_addr().unwrap());
    let asked = Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = asked.clone();
    thread::spawn(move || {
        for mut near in listener.incoming().flatten() {
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && near.read(&mut byte).is_ok_and(|read| read > 0) {
                head.push(byte[0]);
            }
            let head = String::from_utf8(head).unwrap();
            let port = head
                .split([' ', ':'])
                .nth(2)
                .and_then(|port| port.parse::<u16>().ok());
            log.lock().unwrap().push(head);
            let Some(mut far) = port.and_then(|port| TcpStream::connect(("127.0.0.1", port)).ok())
            else {
                let _ = near.write_all(b"HTTP/1.1 502 Bad Gateway\r\n\r\n");
                continue;
            };
            let _ = near.write_all(b"HTTP/1.1 200 Connected\r\n\r\n");
            let (mut back, mut forth) = (near.try_clone().unwrap(), far.try_clone().unwrap());
            thread::spawn(move || {
                let _ = copy(&mut far, &mut back);
                let _ = back.shutdown(Shutdown::Both);
            });
            thread::spawn(move || {
                let _ = copy(&mut near, &mut forth);
                let _ = forth.shutdown(Shutdown::Both);
            });
        }
    });
    (address, asked)
}

#[test]
fn a_proxy_is_asked_for_a_tunnel_to_what_speaks_tls() {
    let place = built(SOURCE);
    let own = Authority::new("own");
    place.write("own.pem", &own.pem);
    let server = serve(&own, "localhost", None);
    let (proxy, asked) = tunnel();
    let more = ["--ca", "own.pem"];
    let ran = ask(
        &place,
        COMMANDS[0],
        &server.url,
        &more,
        &[("HTTPS_PROXY", &proxy)],
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    let asked = asked.lock().unwrap().clone();
    let line = format!("CONNECT localhost:{} HTTP/1.1\r\n", server.port);
    assert!(asked[0].starts_with(&line), "{asked:?}");
    // `ana:hunter2`
    assert!(asked[0].contains("YW5hOmh1bnRlcjI="), "{asked:?}");
    // A proxy that does not connect.
    let ran = ask(
        &place,
        COMMANDS[0],
        "https://localhost:1",
        &more,
        &[("HTTPS_PROXY", &proxy)],
    );
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("proxy connection failed"), "{ran:?}");
    assert!(!format!("{ran:?}").contains("hunter2"), "{ran:?}");
}
