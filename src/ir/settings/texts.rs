//! Rules for strings of `nth.toml`, each also as a pattern for tools that read the JSON schema.

use std::path::{Component, Path};

use nth_units::Duration;

use super::toleration::Toleration;
use crate::PrometheusVersion;

/// The placeholder of the environment's name in `urls.runbooks` and `policy.argo_project`.
pub const ENVIRONMENT: &str = "{environment}";

/// The longest title of a dashboard or folder in Grafana's database, in characters.
pub const LONGEST_TITLE: usize = 189;

/// The longest tag of a dashboard there, in characters.
pub const LONGEST_TAG: usize = 50;

/// A rule for a string.
#[derive(Debug)]
pub struct TextRule {
    /// The headline for an invalid string: `{path}` is replaced by the setting, `{value}` by the string in quotes.
    pub message: &'static str,
    /// Returns the label of an invalid string, empty if the headline says it all; `None` if the string is valid.
    pub problem: fn(&str) -> Option<&'static str>,
    /// The help for an invalid string.
    pub help: Option<&'static str>,
    /// Returns a valid string that was probably meant.
    pub repair: Option<fn(&str) -> Option<String>>,
    /// The same rule as a regular expression of JSON Schema.
    pub pattern: Option<&'static str>,
    /// The largest number of characters, and the program that sets this limit.
    pub longest: Option<(usize, &'static str)>,
    /// True if a trailing `/` is dropped.
    pub drops_slash: bool,
}

/// The rule that every string follows.
const FREE: TextRule = TextRule {
    message: "",
    problem: |_| None,
    help: None,
    repair: None,
    pattern: None,
    longest: None,
    drops_slash: false,
};

/// Any string.
pub const ANY: &TextRule = &FREE;

/// A string with more than white space.
pub const FILLED: &TextRule = &TextRule {
    message: "{path} must not be empty",
    problem: |text| text.trim().is_empty().then_some(""),
    pattern: Some(r"\S"),
    ..FREE
};

/// The title of a folder of Grafana.
pub const TITLE: &TextRule = &TextRule {
    longest: Some((LONGEST_TITLE, "Grafana")),
    message: FILLED.message,
    problem: FILLED.problem,
    pattern: FILLED.pattern,
    ..FREE
};

/// A tag of a dashboard.
pub const TAG: &TextRule = &TextRule {
    longest: Some((LONGEST_TAG, "Grafana")),
    ..FREE
};

/// The name of a module of Terraform.
pub const MODULE: &TextRule = &TextRule {
    message: "invalid module name {value}",
    problem: IDENTIFIER.problem,
    help: IDENTIFIER.help,
    repair: IDENTIFIER.repair,
    pattern: IDENTIFIER.pattern,
    ..FREE
};

/// The name of a project.
pub const IDENTIFIER: &TextRule = &TextRule {
    message: "invalid project name {value}",
    problem: |text| (!is_identifier(text)).then_some("not an identifier"),
    help: Some("start with a letter or `_`, and continue with letters, digits, `_` or `-`"),
    repair: Some(to_identifier),
    pattern: Some("^[A-Za-z_][A-Za-z0-9_-]*$"),
    ..FREE
};

/// A directory below that of `nth.toml`.
pub const DIRECTORY_BELOW: &TextRule = &TextRule {
    message: "{path} must be a directory relative to that of `nth.toml`",
    problem: |text| {
        directory_problem(text).or_else(|| leads_above(text).then_some("points out of the project"))
    },
    pattern: Some(r"^(?!/)[^\\]+$"),
    ..FREE
};

/// A file relative to the directory of `nth.toml`, with `{environment}` for the environment's name.
pub const BASE_FILE: &TextRule = &TextRule {
    message: "{path} must be a file relative to the directory of `nth.toml`",
    problem: directory_problem,
    pattern: DIRECTORY_BELOW.pattern,
    ..FREE
};

/// A directory relative to that of `nth.toml`.
pub const DIRECTORY: &TextRule = &TextRule {
    message: DIRECTORY_BELOW.message,
    problem: directory_problem,
    pattern: DIRECTORY_BELOW.pattern,
    ..FREE
};

/// The version of a Prometheus.
pub const VERSION: &TextRule = &TextRule {
    message: "unknown Prometheus version {value}",
    problem: |text| {
        let is_known = text.parse::<PrometheusVersion>().is_ok();
        (!is_known).then_some("expected version 2 or later, such as `\"2.53\"` or `\"3\"`")
    },
    pattern: Some(r"^v?0*([2-9]|[1-9][0-9]+)(\.([0-9]+|x)(\.([0-9]+|x))?)?$"),
    ..FREE
};

/// The name of a Kubernetes namespace.
pub const NAMESPACE: &TextRule = &TextRule {
    message: "{path} must be the name of a Kubernetes namespace",
    problem: |text| (!is_dns_label(text)).then_some("not a DNS label"),
    help: Some(
        "use at most 63 lower-case letters, digits and `-`, starting and ending with a letter or digit",
    ),
    pattern: Some("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"),
    ..FREE
};

/// The name of a Kubernetes Secret.
pub const SECRET: &TextRule = &TextRule {
    message: "{path} must be the name of a Kubernetes Secret",
    problem: |text| (!is_dns_subdomain(text)).then_some("not a DNS subdomain"),
    help: Some(
        "use lower-case letters, digits, `-` and `.`; start and end each part with a letter or digit",
    ),
    pattern: Some(
        r"^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$",
    ),
    ..FREE
};

/// The name of a Kubernetes ConfigMap.
pub const CONFIG_MAP: &TextRule = &TextRule {
    message: "{path} must be the name of a Kubernetes ConfigMap",
    problem: SECRET.problem,
    help: SECRET.help,
    pattern: SECRET.pattern,
    ..FREE
};

/// The name of a Kubernetes service account.
pub const SERVICE_ACCOUNT: &TextRule = &TextRule {
    message: "{path} must be the name of a Kubernetes service account",
    problem: SECRET.problem,
    help: SECRET.help,
    pattern: SECRET.pattern,
    ..FREE
};

/// A key of a Kubernetes Secret or ConfigMap.
pub const KEY: &TextRule = &TextRule {
    message: "{path} must be a key of a Kubernetes Secret or ConfigMap",
    problem: |text| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let is_key = !text.is_empty() && text.len() <= 253 && text.bytes().all(is_plain);
        (!is_key || text.starts_with("..") || text == ".").then_some("not a key")
    },
    help: Some("use letters, digits, `-`, `_` and `.`"),
    pattern: Some(r"^(?!\.$)(?!\.\.)[A-Za-z0-9._-]{1,253}$"),
    ..FREE
};

/// A tenant of Mimir, Cortex or Thanos, with `{environment}` for that of the environment. Several are joined by `|`.
pub const TENANTS: &TextRule = &TextRule {
    message: "{path} must be a tenant, with `{environment}` for the environment's name",
    problem: |text| {
        let text = text.replace(ENVIRONMENT, "x");
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!-_.*'()|".contains(&byte);
        let is_tenant = !text.is_empty() && text.len() <= 150 && text.bytes().all(is_plain);
        (!is_tenant).then_some("not a tenant")
    },
    help: Some("use at most 150 letters, digits, and `!-_.*'()|`"),
    pattern: Some(r"^([A-Za-z0-9!_.*'()|-]|\{environment\}){1,150}$"),
    ..FREE
};

/// A taint of nodes, as written for `kubectl taint`.
pub const TAINT: &TextRule = &TextRule {
    message: "{path} must be a taint of nodes",
    problem: |text| Toleration::parse(text).is_none().then_some("not a taint"),
    help: Some(
        "write `key=value:effect` or `key:effect`, with `NoSchedule`, `PreferNoSchedule` or `NoExecute`",
    ),
    pattern: Some(
        r"^[A-Za-z0-9]([A-Za-z0-9_./-]*[A-Za-z0-9])?(=[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)?:(NoSchedule|PreferNoSchedule|NoExecute)$",
    ),
    ..FREE
};

/// The base of URLs, without `/` at its end.
pub const BASE_URL: &TextRule = &TextRule {
    message: URL.message,
    problem: URL.problem,
    help: URL.help,
    pattern: URL.pattern,
    drops_slash: true,
    ..FREE
};

/// A URL.
pub const URL: &TextRule = &TextRule {
    message: "{path} must be a URL",
    problem: |text| (!is_url(text)).then_some("not a URL"),
    help: Some("start with `https://` or `http://`, followed by a host"),
    pattern: Some("^https?://[^\\s\"<>/][^\\s\"<>]*$"),
    ..FREE
};

/// A directory on the machine that Grafana runs on.
pub const GRAFANA_DIRECTORY: &TextRule = &TextRule {
    message: "{path} must be an absolute path on the Grafana host",
    problem: |text| (!text.starts_with('/')).then_some("not an absolute path"),
    pattern: Some("^/"),
    ..FREE
};

/// A directory on the machine that Alertmanager runs on, without `/` at its end.
pub const ALERTMANAGER_DIRECTORY: &TextRule = &TextRule {
    message: "{path} must be an absolute path on the Alertmanager host",
    problem: GRAFANA_DIRECTORY.problem,
    pattern: GRAFANA_DIRECTORY.pattern,
    drops_slash: true,
    ..FREE
};

/// A host with a port.
pub const HOST_AND_PORT: &TextRule = &TextRule {
    message: "{path} must be a host and a port",
    problem: |text| (!is_host_and_port(text)).then_some("as in `mail.example.com:587`"),
    pattern: Some(r"^(\[[^\s\[\]]*:[^\s\[\]]*\]|[^\s\[\]:]+):0*[1-9][0-9]{0,4}$"),
    ..FREE
};

/// A version constraint of Terraform.
pub const CONSTRAINT: &TextRule = &TextRule {
    message: "invalid version constraint {value}",
    problem: |text| {
        (!is_constraint(text)).then_some(
            "expected a Terraform version constraint, `\"~> 3.32\"` or `\">= 3.32, < 4.0\"`",
        )
    },
    pattern: Some(
        r"^\s*(~>|>=|<=|!=|>|<|=)?\s*\d+(\.\d+){0,2}(-[A-Za-z0-9.-]+)?\s*(,\s*(~>|>=|<=|!=|>|<|=)?\s*\d+(\.\d+){0,2}(-[A-Za-z0-9.-]+)?\s*)*$",
    ),
    ..FREE
};

/// The name of a container image.
pub const IMAGE: &TextRule = &TextRule {
    message: "{path} must be the name of a container image",
    problem: |text| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"./-_:@".contains(&byte);
        let is_image = !text.is_empty() && text.bytes().all(is_plain);
        (!is_image).then_some("not an image name")
    },
    pattern: Some("^[A-Za-z0-9./_:@-]+$"),
    ..FREE
};

/// The name of an Argo CD project, with `{environment}` for that of the environment.
pub const ARGO_PROJECT: &TextRule = &TextRule {
    message: "{path} must be the name of an Argo CD project, with `{environment}` for the environment's name",
    // The placeholder of the environment is a part of a label, alone or joined.
    problem: |text| (!is_dns_label(&text.replace(ENVIRONMENT, "x"))).then_some("not a DNS label"),
    pattern: Some(
        r"^([a-z0-9]|\{environment\})(([a-z0-9-]|\{environment\}){0,61}([a-z0-9]|\{environment\}))?$",
    ),
    ..FREE
};

/// The name of a tenant of Mimir or Cortex, which is also the name of a directory.
pub const TENANT: &TextRule = &TextRule {
    message: "{path} must be the name of a tenant",
    problem: |text| (!is_tenant(text)).then_some("not the name of a tenant"),
    help: Some("use at most 150 letters, digits and `!-_.*'()`; not `.` or `..`"),
    pattern: Some(r"^(?!\.{1,2}$)[A-Za-z0-9!_.*'()-]{1,150}$"),
    ..FREE
};

/// Returns whether `text` is the name of a tenant:
/// <https://grafana.com/docs/mimir/latest/configure/about-tenant-ids/>.
fn is_tenant(text: &str) -> bool {
    let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || b"!-_.*'()".contains(&byte);
    (1..=150).contains(&text.len()) && text.bytes().all(is_valid) && !matches!(text, "." | "..")
}

/// Returns whether `text` is an identifier: an ASCII letter or `_`, then letters, digits, `_` and `-`.
pub fn is_identifier(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// The identifier nearest to `text`: invalid characters become `-`.
pub fn to_identifier(text: &str) -> Option<String> {
    let mut out = String::new();
    for character in text.chars() {
        if character.is_ascii_alphanumeric() || character == '_' {
            out.push(character);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    while out.ends_with('-') {
        out.pop();
    }
    if out.starts_with(|first: char| first.is_ascii_digit()) {
        out.insert(0, '_');
    }
    is_identifier(&out).then_some(out)
}

/// Returns whether `text` is an `http` or `https` URL with a host.
pub fn is_url(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.is_empty()
            && !rest.starts_with('/')
            && rest
                .chars()
                .all(|c| !c.is_whitespace() && !c.is_control() && c != '"' && c != '<' && c != '>')
    })
}

/// Parses a duration as Prometheus writes it (`1h30m`, `500ms`): units in falling order, each at most once.
pub fn parse_duration(text: &str) -> Option<Duration> {
    const UNITS: [(&str, u64); 7] = [
        ("y", 365 * 86_400_000),
        ("w", 7 * 86_400_000),
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1000),
        ("ms", 1),
    ];
    let mut rest = text;
    let mut next = 0;
    let mut total = 0_u64;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest.get(..digits)?.parse().ok()?;
        rest = rest.get(digits..)?;
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit = rest.get(..letters)?;
        rest = rest.get(letters..)?;
        let index = UNITS
            .iter()
            .position(|(name, _)| *name == unit)
            .filter(|index| *index >= next)?;
        total = total.checked_add(number.checked_mul(UNITS.get(index)?.1)?)?;
        next = index + 1;
    }
    (!text.is_empty()).then_some(Duration(total))
}

/// The problem of a relative directory, regardless of whether it may lead above its start.
fn directory_problem(text: &str) -> Option<&'static str> {
    let is_absolute = Path::new(text)
        .components()
        .any(|part| matches!(part, Component::RootDir | Component::Prefix(_)));
    if text.is_empty() {
        Some("empty path")
    } else if text.contains('\\') {
        Some("directories are separated by `/`")
    } else if is_absolute {
        Some("absolute path")
    } else {
        None
    }
}

/// Returns whether a relative directory leads above its start.
fn leads_above(text: &str) -> bool {
    let mut depth = 0_usize;
    Path::new(text).components().any(|part| {
        match part {
            Component::Normal(_) => depth += 1,
            Component::ParentDir if depth == 0 => return true,
            Component::ParentDir => depth -= 1,
            _ => {}
        }
        false
    })
}

/// Returns whether `text` is an RFC 1123 label, as the name of a Kubernetes namespace must be.
fn is_dns_label(text: &str) -> bool {
    text.len() <= 63 && is_label_part(text)
}

/// Returns whether `text` is an RFC 1123 subdomain, as the name of a Kubernetes object must be.
fn is_dns_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_label_part)
}

/// Returns whether `text` consists of lower-case letters, digits and `-`, with a letter or digit at both ends.
fn is_label_part(text: &str) -> bool {
    let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.first().is_some_and(alphanumeric)
        && bytes.last().is_some_and(alphanumeric)
        && bytes.iter().all(|byte| alphanumeric(byte) || *byte == b'-')
}

/// Returns whether `text` is a host with a port: `mail.example.com:587` or `[::1]:25`.
fn is_host_and_port(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else {
        return false;
    };
    let bare = match host.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']').filter(|inner| inner.contains(':')),
        None => Some(host).filter(|host| !host.contains([':', '[', ']'])),
    };
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '[' && c != ']';
    bare.is_some_and(|host| !host.is_empty() && host.chars().all(plain))
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && port.parse::<u16>().is_ok_and(|port| port > 0)
}

/// The operators of Terraform's version constraints.
const OPERATORS: [&str; 7] = ["~>", ">=", "<=", "!=", ">", "<", "="];

/// Returns whether `text` is a version constraint, so that nothing else gets into the files.
fn is_constraint(text: &str) -> bool {
    text.split(',').all(|part| {
        let part = part.trim();
        let version = OPERATORS
            .iter()
            .find_map(|operator| part.strip_prefix(operator))
            .unwrap_or(part)
            .trim_start();
        let (numbers, pre_release) = version
            .split_once('-')
            .map_or((version, None), |(numbers, rest)| (numbers, Some(rest)));
        let is_number =
            |number: &str| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        numbers.split('.').count() <= 3
            && numbers.split('.').all(is_number)
            && pre_release.is_none_or(|rest| {
                !rest.is_empty()
                    && rest
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-')
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: &TextRule, good: &[&str], bad: &[&str]) {
        for text in good {
            assert_eq!((rule.problem)(text), None, "{text:?}");
        }
        for text in bad {
            assert!((rule.problem)(text).is_some(), "{text:?}");
        }
    }

    #[test]
    fn a_smarthost_is_a_host_and_a_port() {
        let good = ["mail.example.com:587", "localhost:25", "[::1]:465"];
        let bad = [
            "",
            "mail",
            "mail:",
            ":25",
            "mail:0",
            "mail:smtp",
            "::1:25",
            "a b:25",
            "[a]:25",
            "[[::1]]:25",
            "mail:70000",
        ];
        check(HOST_AND_PORT, &good, &bad);
    }

    #[test]
    fn a_secret_has_a_name_that_kubernetes_takes() {
        let bad = ["", "A", "-a", "a-", "a..b", "a_b", "a/b"];
        check(SECRET, &["alertmanager-secrets", "a", "a.b-c"], &bad);
    }

    #[test]
    fn constraints_are_terraforms() {
        let good = [
            "3",
            "3.32.4",
            "= 3.32",
            "~> 3.32",
            ">= 3.32, < 4.0",
            "!=3.1.0-beta.1",
        ];
        let bad = [
            "", "x", "~ 3", "3.", "1.2.3.4", ">= 3,", "${x}", "^3.0", "3.1-",
        ];
        check(CONSTRAINT, &good, &bad);
    }

    #[test]
    fn sources_stay_below_the_project() {
        let bad = ["", "..", "a/../..", "/srv", "a\\b", "./.."];
        check(DIRECTORY_BELOW, &[".", "a", "a/..", "./a/b"], &bad);
        check(DIRECTORY, &["..", "../rules"], &["", "/srv"]);
    }

    #[test]
    fn durations_are_those_of_prometheus() {
        let parsed = |text| parse_duration(text).map(|duration| duration.0);
        assert_eq!(parsed("1m30s"), Some(90_000));
        assert_eq!(parsed("500ms"), Some(500));
        for bad in ["", "30", "s", "30s1m", "1m1m", "1.5m", "-1m"] {
            assert_eq!(parsed(bad), None, "{bad}");
        }
    }
}
