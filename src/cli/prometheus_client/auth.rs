//! Authentication with Prometheus: a bearer token or a user, from options, files and the environment.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ureq::http::HeaderValue;

use crate::exit::Failure;
use crate::http::{Secret, header_value, read_secret, token, without_line_end};
use crate::options::Connection;

/// The variable with the bearer token.
pub const TOKEN: &str = "NTH_PROMETHEUS_TOKEN";
/// The variable with the path of a file with the bearer token.
const TOKEN_FILE: &str = "NTH_PROMETHEUS_TOKEN_FILE";
/// The variable with the user.
pub const USER: &str = "NTH_PROMETHEUS_USER";
/// The variable with the password.
pub const PASSWORD: &str = "NTH_PROMETHEUS_PASSWORD";
/// The variable with the path of a file with the password.
const PASSWORD_FILE: &str = "NTH_PROMETHEUS_PASSWORD_FILE";

/// The variable with the tenant.
pub const TENANT: &str = "NTH_PROMETHEUS_TENANT";

/// The header with the tenant, for Mimir, Cortex and Thanos.
pub const TENANT_HEADER: &str = "x-scope-orgid";

/// Reads the tenant from its variable. An empty variable counts as unset.
///
/// # Errors
///
/// If it cannot be sent in a header.
pub fn tenant(variable: &dyn Fn(&str) -> Option<String>) -> Result<Option<HeaderValue>, Failure> {
    let tenant = variable(TENANT).filter(|value| !value.is_empty());
    tenant
        .map(|tenant| header_value(&tenant, TENANT))
        .transpose()
}

/// Credentials.
#[derive(Default)]
pub struct Credentials {
    /// The value of the `Authorization` header; `None` for anonymous access.
    pub header: Option<HeaderValue>,
    /// Texts that must never be shown.
    pub secrets: Vec<String>,
}

/// Reads the credentials from options, or else from environment variables. An empty variable counts as unset.
///
/// # Errors
///
/// If they contradict one another, or a file cannot be read or used. Failures contain no secret.
pub fn read_credentials(
    connection: &Connection,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Credentials, Failure> {
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    if let Some(file) = &connection.token_file {
        return bearer(read_secret(file, "--token-file")?);
    }
    let password = || secret_from_environment(&variable, PASSWORD, PASSWORD_FILE);
    if connection.user.is_some() || connection.password_file.is_some() {
        let password = match &connection.password_file {
            Some(file) => Some(read_secret(file, "--password-file")?),
            None => password()?,
        };
        return match (connection.user.clone().or_else(|| variable(USER)), password) {
            (Some(user), Some(password)) => basic(&user, &password),
            (None, _) => Err(Failure::usage("`--password-file` without a user")
                .help(format!("set the user with `--user`, or in {USER}"))),
            (_, None) => Err(Failure::usage("`--user` without a password").help(format!(
                "pass a file with `--password-file`, or set {PASSWORD}"
            ))),
        };
    }
    let bearer_token = secret_from_environment(&variable, TOKEN, TOKEN_FILE)?;
    match (bearer_token, variable(USER), password()?) {
        (None, None, None) => Ok(Credentials::default()),
        (Some(token), None, None) => bearer(token),
        (None, Some(user), Some(password)) => basic(&user, &password),
        (None, None, Some(password)) => Err(Failure::usage(format!(
            "{} is set, but {USER} is not",
            password.named
        ))),
        (None, Some(_), None) => Err(Failure::usage(format!(
            "{USER} is set, but {PASSWORD} is not"
        ))),
        (Some(token), user, password) => {
            let other = match (user, &password) {
                (None, Some(password)) => &password.named,
                _ => USER,
            };
            Err(
                Failure::usage(format!("both {} and {other} are set", token.named))
                    .help("set only one of them"),
            )
        }
    }
}

/// Returns the secret in the variable `direct`, or in the file that the variable `by_file` names.
fn secret_from_environment(
    variable: &dyn Fn(&str) -> Option<String>,
    direct: &str,
    by_file: &str,
) -> Result<Option<Secret>, Failure> {
    match (variable(direct), variable(by_file)) {
        (None, None) => Ok(None),
        (Some(text), None) => Ok(Some(Secret {
            text: without_line_end(&text).to_owned(),
            named: direct.to_owned(),
        })),
        (None, Some(file)) => read_secret(Path::new(&file), by_file).map(Some),
        (Some(_), Some(_)) => Err(
            Failure::usage(format!("both {direct} and {by_file} are set"))
                .help("set only one of them"),
        ),
    }
}

fn bearer(secret: Secret) -> Result<Credentials, Failure> {
    let text = token(&secret)?;
    Ok(Credentials {
        header: Some(header_value(&format!("Bearer {text}"), &secret.named)?),
        secrets: vec![text.to_owned()],
    })
}

fn basic(user: &str, password: &Secret) -> Result<Credentials, Failure> {
    if user.contains(':') {
        return Err(Failure::usage("a user name cannot contain `:`"));
    }
    if user
        .chars()
        .chain(password.text.chars())
        .any(char::is_control)
    {
        return Err(Failure::usage(format!(
            "the user or {} contains a line break or another control character",
            password.named
        )));
    }
    let pair = STANDARD.encode(format!("{user}:{}", password.text));
    Ok(Credentials {
        header: Some(header_value(&format!("Basic {pair}"), &password.named)?),
        secrets: vec![password.text.clone(), pair],
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn asks(connection: &Connection, set: &[(&str, &str)]) -> Result<Option<HeaderValue>, Failure> {
        let variable = |name: &str| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        read_credentials(connection, &variable).map(|credentials| credentials.header)
    }

    fn header_of(set: &[(&str, &str)]) -> Result<Option<HeaderValue>, Failure> {
        asks(&Connection::default(), set)
    }

    #[test]
    fn the_environment_says_who_asks() {
        assert!(header_of(&[]).unwrap().is_none());
        assert!(header_of(&[(TOKEN, "")]).unwrap().is_none());
        assert_eq!(
            header_of(&[(TOKEN, "t0p\n")]).unwrap().unwrap(),
            "Bearer t0p"
        );
        // The pair of RFC 7617, section 2.
        let basic = header_of(&[(USER, "Aladdin"), (PASSWORD, "open sesame")]);
        assert_eq!(
            basic.unwrap().unwrap(),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        );
        for wrong in [
            &[(USER, "ana")][..],
            &[(PASSWORD, "hunter2")],
            &[(TOKEN, "hunter2"), (USER, "ana"), (PASSWORD, "hunter2")],
            &[(TOKEN, "hunter2"), (PASSWORD, "hunter2")],
            &[(TOKEN, "hunter2"), (TOKEN_FILE, "hunter2")],
            &[(TOKEN, "hunter2\nx")],
            &[(TOKEN, "hunter2 x")],
            &[(TOKEN, "hunter2\u{e9}")],
            &[(USER, "a:b"), (PASSWORD, "hunter2")],
            &[(USER, "ana"), (PASSWORD, "hunter2\nx")],
        ] {
            let failure = header_of(wrong).unwrap_err();
            assert!(!format!("{failure:?}").contains("hunter2"), "{failure:?}");
        }
    }

    #[test]
    fn a_file_says_it_and_an_option_goes_before_the_environment() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let by_token = |bytes: &[u8]| Connection {
            token_file: Some(write("token", bytes)),
            ..Connection::default()
        };
        for good in [
            &b"hunter2"[..],
            b"hunter2\n",
            b"hunter2\r\n",
            b"hunter2\n\n",
        ] {
            let sent = asks(&by_token(good), &[(TOKEN, "other")]);
            assert_eq!(sent.unwrap().unwrap(), "Bearer hunter2");
        }
        for (wrong, why) in [
            (&b""[..], "is empty"),
            (b"\n", "is empty"),
            (b"hunter2\nhunter3", "a line break inside"),
            (b"hunter2 hunter3", "white space inside"),
            (b"hunter2\0", "not allowed in a header"),
            (b"hunter2\xff", "not valid UTF-8"),
            (&[b'2'; 70_000], "64 KiB"),
        ] {
            let failure = asks(&by_token(wrong), &[]).unwrap_err();
            assert!(failure.message.contains(why), "{failure:?}");
            assert!(!format!("{failure:?}").contains("hunter"), "{failure:?}");
        }
        let user = Connection {
            user: Some("Aladdin".to_owned()),
            password_file: Some(write("password", b"open sesame\n")),
            ..Connection::default()
        };
        let sent = asks(&user, &[(TOKEN, "other")]).unwrap().unwrap();
        assert_eq!(sent, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert!(sent.is_sensitive());
        let lonely = Connection {
            password_file: user.password_file.clone(),
            ..Connection::default()
        };
        assert!(asks(&lonely, &[]).is_err());
        assert!(asks(&lonely, &[(USER, "Aladdin")]).unwrap().is_some());
        let file = write("token", b"t0p\n").display().to_string();
        let sent = header_of(&[(TOKEN_FILE, &file)]).unwrap().unwrap();
        assert_eq!(sent, "Bearer t0p");
    }
}
