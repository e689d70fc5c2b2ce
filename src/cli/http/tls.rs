//! TLS configuration: trusted root certificates and the client certificate.

use std::fs::File;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};

use crate::exit::Failure;
use crate::options::Connection;
use nthc::project::{io_cause, read_at_most, size};

const CA: &str = "NTH_PROMETHEUS_CA";
const CERT: &str = "NTH_PROMETHEUS_CERT";
const KEY: &str = "NTH_PROMETHEUS_KEY";

/// The maximum size of a certificate file in bytes: some thousand certificates.
const MOST_BYTES: u64 = 8 << 20;

/// A file with the name of its option or variable.
struct NamedFile {
    path: PathBuf,
    name: &'static str,
}

impl NamedFile {
    fn bad(&self, why: &str) -> Failure {
        Failure::usage(format!(
            "the file {} of {} {why}",
            self.path.display(),
            self.name
        ))
    }

    fn read(&self) -> Result<Vec<u8>, Failure> {
        let bytes = File::open(&self.path)
            .and_then(|file| read_at_most(file, MOST_BYTES))
            .map_err(|cause| {
                let cause = io_cause(&cause);
                Failure::io(format!("cannot read {}: {cause}", self.path.display()))
            })?;
        bytes.ok_or_else(|| self.bad(&format!("is larger than {}", size(MOST_BYTES))))
    }
}

/// Returns the TLS configuration for a server.
///
/// # Errors
///
/// If a file cannot be read or contains no usable certificate or key, or if an option has no effect because the URL is plain
/// HTTP.
pub fn config(
    connection: &Connection,
    is_https: bool,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<TlsConfig, Failure> {
    let options = [
        (&connection.ca, "--ca"),
        (&connection.cert, "--cert"),
        (&connection.key, "--key"),
    ];
    if !is_https {
        if let Some((_, name)) = options.iter().find(|(given, _)| given.is_some()) {
            return Err(Failure::usage(format!(
                "`{name}` has no effect on a URL that starts with `http://`"
            ))
            .help("use the `https://` URL"));
        }
        return Ok(TlsConfig::default());
    }
    let named = |option: &Option<PathBuf>, name: &'static str, by: &'static str| {
        let of_option = option.clone().map(|path| NamedFile { path, name });
        of_option.or_else(|| {
            let path = variable(by).filter(|value| !value.is_empty())?;
            let path = PathBuf::from(path);
            Some(NamedFile { path, name: by })
        })
    };
    let builder = match named(&connection.ca, "--ca", CA) {
        Some(file) => TlsConfig::builder().root_certs(roots(&file)?),
        None => TlsConfig::builder().root_certs(RootCerts::PlatformVerifier),
    };
    let cert = named(&connection.cert, "--cert", CERT);
    let key = named(&connection.key, "--key", KEY);
    let client = match (cert, key) {
        (None, None) => None,
        (Some(cert), key) => Some(client(&cert, key.as_ref().unwrap_or(&cert))?),
        (None, Some(key)) => {
            return Err(
                Failure::usage(format!("{} is set without a certificate", key.name))
                    .help(format!("set the certificate with `--cert`, or in {CERT}")),
            );
        }
    };
    Ok(builder.client_cert(client).build())
}

/// Parses the certificates of a PEM file, of which there must be at least one.
fn certificates(file: &NamedFile, bytes: &[u8]) -> Result<Vec<Certificate<'static>>, Failure> {
    let mut found = Vec::new();
    for item in parse_pem(bytes) {
        match item {
            Ok(PemItem::Certificate(certificate)) => found.push(certificate),
            Ok(_) => {}
            Err(_) => return Err(file.bad("is not PEM")),
        }
    }
    if found.is_empty() {
        return Err(file
            .bad("contains no certificate")
            .help("pass a PEM file: a certificate starts with `-----BEGIN CERTIFICATE-----`"));
    }
    Ok(found)
}

/// Returns the root certificates of the system and those of a file.
fn roots(file: &NamedFile) -> Result<RootCerts, Failure> {
    let own = certificates(file, &file.read()?)?;
    // The TLS library ignores invalid certificates silently; here they are reported.
    let mut store = RootCertStore::empty();
    for certificate in &own {
        store
            .add(CertificateDer::from(certificate.der()).into_owned())
            .map_err(|_| file.bad("contains a certificate that cannot be parsed"))?;
    }
    // A system without root certificates, such as a container, trusts the file alone.
    let system = rustls_native_certs::load_native_certs().certs;
    let system = system
        .iter()
        .map(|known| Certificate::from_der(known).to_owned());
    Ok(RootCerts::from(system.chain(own)))
}

/// Returns a client certificate with its intermediate certificates and its key.
fn client(cert: &NamedFile, key: &NamedFile) -> Result<ClientCert, Failure> {
    let chain = certificates(cert, &cert.read()?)?;
    let bytes = key.read()?;
    let no_key = || match bytes.windows(9).any(|part| part == b"ENCRYPTED") {
        true => key
            .bad("contains an encrypted key")
            .help("write the key without a passphrase, readable only by its owner"),
        false => key
            .bad("contains no private key")
            .help("pass a PEM file: a private key starts with `-----BEGIN PRIVATE KEY-----`"),
    };
    let private = PrivateKey::from_pem(&bytes).map_err(|_| no_key())?;
    // Checked here because the client assumes that certificate and key match.
    let checked = PrivateKeyDer::from_pem_slice(&bytes).map_err(|_| no_key())?;
    let certificates = chain
        .iter()
        .map(|known| CertificateDer::from(known.der()).into_owned());
    CertifiedKey::from_der(certificates.collect(), checked, &default_provider()).map_err(
        |error| match error {
            rustls::Error::InconsistentKeys(_) => {
                key.bad(&format!("is not the key of {}", display_path(&cert.path)))
            }
            _ => key.bad(&format!(
                "cannot be used with the certificate {}",
                display_path(&cert.path)
            )),
        },
    )?;
    Ok(ClientCert::new_with_certs(&chain, private))
}

fn display_path(path: &Path) -> String {
    path.display().to_string()
}

/// Returns the help for a TLS error.
pub fn help(error: &rustls::Error) -> Option<&'static str> {
    use rustls::{AlertDescription, CertificateError, Error};
    match error {
        // A system without root certificates gives no more specific error.
        Error::InvalidCertificate(CertificateError::UnknownIssuer) | Error::General(_) => {
            Some("pass the root certificate of the server's CA with `--ca`")
        }
        Error::AlertReceived(
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::HandshakeFailure
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied,
        ) => Some("pass a client certificate that the server accepts with `--cert` and `--key`"),
        _ => None,
    }
}
