//! The URL of a PostgreSQL server: how its connections are encrypted, and how it is printed.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use postgres::config::{Host, SslMode};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::LedgerError;

/// A server, as a URL names it.
#[derive(Clone)]
pub(super) struct Server {
    /// How to connect.
    pub(super) config: postgres::Config,
    /// Its own root certificates, instead of those of the system.
    roots: Option<PathBuf>,
}

/// Without the password.
impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://")?;
        if let Some(user) = self.config.get_user() {
            write!(f, "{}@", user.escape_default())?;
        }
        for (number, host) in self.config.get_hosts().iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            match host {
                Host::Tcp(name) if name.contains(':') => {
                    write!(f, "{comma}[{}]", name.escape_default())?
                }
                Host::Tcp(name) => write!(f, "{comma}{}", name.escape_default())?,
                #[cfg(unix)]
                Host::Unix(path) => write!(f, "{comma}{}", path.display())?,
            }
            let ports = self.config.get_ports();
            if let Some(port) = ports.get(number).or_else(|| ports.first()) {
                write!(f, ":{port}")?;
            }
        }
        if let Some(database) = self.config.get_dbname() {
            write!(f, "/{}", database.escape_default())?;
        }
        Ok(())
    }
}

fn invalid(why: &str) -> LedgerError {
    LedgerError::InvalidLocation {
        why: why.to_owned(),
    }
}

impl Server {
    /// Reads a URL. Nothing of it is part of an error: it may contain a password.
    ///
    /// Without `sslmode`, a connection to this machine is not encrypted, and every other one is, with the server's name
    /// checked against its certificate.
    pub(super) fn parse(url: &str) -> Result<Self, LedgerError> {
        // A password may contain a question mark.
        let host = url.find('@').unwrap_or(0);
        let question = url.get(host..).and_then(|rest| rest.find('?'));
        let (base, query) = question
            .and_then(|at| url.split_at_checked(host + at))
            .map_or((url, ""), |(base, query)| {
                (base, query.trim_start_matches('?'))
            });
        let mut mode = None;
        let mut roots = None;
        let mut rest = Vec::new();
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            match parameter.split_once('=') {
                Some(("sslmode", "disable")) => mode = Some(SslMode::Disable),
                Some(("sslmode", "require" | "verify-ca" | "verify-full")) => {
                    mode = Some(SslMode::Require);
                }
                Some(("sslmode", _)) => {
                    return Err(invalid("`sslmode` is neither `disable` nor `verify-full`"));
                }
                Some(("sslrootcert", path)) => roots = Some(PathBuf::from(path)),
                _ => rest.push(parameter),
            }
        }
        let plain = if rest.is_empty() {
            base.to_owned()
        } else {
            format!("{base}?{}", rest.join("&"))
        };
        let mut config: postgres::Config = plain.parse().map_err(|_| {
            invalid(
                "it is not a URL of PostgreSQL; special characters of a password are percent-encoded",
            )
        })?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(invalid("the URL has no host"));
        }
        let is_local = is_local(&config);
        config.ssl_mode(mode.unwrap_or(if is_local {
            SslMode::Disable
        } else {
            SslMode::Require
        }));
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(10));
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(Duration::from_secs(30));
        }
        config.keepalives_idle(Duration::from_secs(30));
        if config.get_application_name().is_none() {
            config.application_name("nthc");
        }
        Ok(Self { config, roots })
    }

    /// What connections are encrypted with.
    pub(super) fn tls(&self) -> Result<MakeRustlsConnect, LedgerError> {
        let mut store = RootCertStore::empty();
        if self.config.get_ssl_mode() != SslMode::Disable {
            match &self.roots {
                Some(path) => {
                    let fails = |cause: String| LedgerError::CannotConnect {
                        cause: format!("cannot read `sslrootcert`: {cause}"),
                    };
                    let certificates = CertificateDer::pem_file_iter(path)
                        .map_err(|error| fails(error.to_string()))?;
                    for certificate in certificates {
                        let certificate = certificate.map_err(|error| fails(error.to_string()))?;
                        store
                            .add(certificate)
                            .map_err(|error| fails(error.to_string()))?;
                    }
                }
                None => {
                    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
                }
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| LedgerError::CannotConnect {
                cause: error.to_string(),
            })?
            .with_root_certificates(store)
            .with_no_client_auth();
        Ok(MakeRustlsConnect::new(config))
    }
}

fn is_local(config: &postgres::Config) -> bool {
    let is_local_address = |address: &IpAddr| address.is_loopback();
    let is_local_host = |host: &Host| match host {
        Host::Tcp(name) => {
            name == "localhost"
                || name
                    .parse::<IpAddr>()
                    .is_ok_and(|address| is_local_address(&address))
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    let addresses = config.get_hostaddrs();
    if addresses.is_empty() {
        config.get_hosts().iter().all(is_local_host)
    } else {
        addresses.iter().all(is_local_address)
    }
}
