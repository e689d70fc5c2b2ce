//! The pod in which `nthc` checks a gate. By default it meets the Pod Security Standard `restricted`: it does not run as
//! root, writes to no disk, and has no capabilities.

use std::collections::BTreeMap;

use serde::Serialize;

use nth_model::Settings;
use nth_model::settings::Toleration as Taint;
use nth_model::settings::texts::ENVIRONMENT;

/// The path of the policy in the container.
pub const POLICY: &str = "/etc/nthc";

/// The paths of the token and of the root certificates.
const TOKEN: &str = "/etc/nthc-token";
const CA: &str = "/etc/nthc-ca";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PodSpec {
    restart_policy: &'static str,
    automount_service_account_token: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_account_name: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    image_pull_secrets: Vec<Name>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    node_selector: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tolerations: Vec<Toleration>,
    security_context: PodSecurity,
    containers: Vec<Container>,
    volumes: Vec<Volume>,
}

#[derive(Serialize)]
struct Toleration {
    key: String,
    operator: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    effect: String,
}

impl Toleration {
    fn new(taint: Taint) -> Self {
        Self {
            key: taint.key,
            operator: if taint.value.is_some() {
                "Equal"
            } else {
                "Exists"
            },
            value: taint.value,
            effect: taint.effect,
        }
    }
}

#[derive(Serialize)]
struct Name {
    name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PodSecurity {
    run_as_non_root: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_as_user: Option<usize>,
    seccomp_profile: Seccomp,
}

#[derive(Serialize)]
struct Seccomp {
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Container {
    name: &'static str,
    image: String,
    command: Vec<&'static str>,
    args: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    env: Vec<Variable>,
    resources: Resources,
    security_context: ContainerSecurity,
    volume_mounts: Vec<Mount>,
}

#[derive(Serialize)]
struct Variable {
    name: &'static str,
    value: String,
}

#[derive(Serialize)]
struct Resources {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    requests: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    limits: BTreeMap<String, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ContainerSecurity {
    allow_privilege_escalation: bool,
    read_only_root_filesystem: bool,
    capabilities: Capabilities,
}

#[derive(Serialize)]
struct Capabilities {
    drop: [&'static str; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Mount {
    name: &'static str,
    mount_path: &'static str,
    read_only: bool,
}

#[derive(Serialize)]
struct Volume {
    name: &'static str,
    #[serde(flatten)]
    source: Source,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Source {
    ConfigMap(ConfigMap),
    Secret(Secret),
}

#[derive(Serialize)]
struct ConfigMap {
    name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    items: Vec<Item>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Secret {
    secret_name: String,
    items: Vec<Item>,
}

/// A key, and the file that has its value.
#[derive(Serialize)]
struct Item {
    key: String,
    path: &'static str,
}

/// The tenant that queries are of, if the settings have one: with the name of the environment.
pub fn tenant(settings: &Settings) -> Option<String> {
    let environment = settings.environment.as_deref().unwrap_or_default();
    let tenant = settings.policy.tenant.as_deref()?;
    Some(tenant.replace(ENVIRONMENT, environment))
}

impl PodSpec {
    /// A pod that runs `nthc` with these arguments, which read the policy in a `ConfigMap`.
    pub fn new(mut args: Vec<String>, config_map: String, settings: &Settings) -> Self {
        let policy = &settings.policy;
        for arg in &mut args {
            *arg = literal(arg);
        }
        let mount = |name, mount_path| Mount {
            name,
            mount_path,
            read_only: true,
        };
        let mut env = Vec::new();
        let mut volume_mounts = vec![mount("policy", POLICY)];
        let mut volumes = vec![Volume {
            name: "policy",
            source: Source::ConfigMap(ConfigMap {
                name: config_map,
                items: Vec::new(),
            }),
        }];
        if let Some(secret) = &policy.token_secret {
            env.push(Variable {
                name: "NTH_PROMETHEUS_TOKEN_FILE",
                value: format!("{TOKEN}/token"),
            });
            volume_mounts.push(mount("token", TOKEN));
            volumes.push(Volume {
                name: "token",
                source: Source::Secret(Secret {
                    secret_name: secret.clone(),
                    items: vec![Item {
                        key: policy.token_key.clone(),
                        path: "token",
                    }],
                }),
            });
        }
        if let Some(config_map) = &policy.ca_config_map {
            env.push(Variable {
                name: "NTH_PROMETHEUS_CA",
                value: format!("{CA}/ca.crt"),
            });
            volume_mounts.push(mount("ca", CA));
            volumes.push(Volume {
                name: "ca",
                source: Source::ConfigMap(ConfigMap {
                    name: config_map.clone(),
                    items: vec![Item {
                        key: policy.ca_key.clone(),
                        path: "ca.crt",
                    }],
                }),
            });
        }
        env.extend(tenant(settings).map(|tenant| Variable {
            name: "NTH_PROMETHEUS_TENANT",
            value: literal(&tenant),
        }));
        let pull_secrets = policy.image_pull_secrets.iter();
        Self {
            restart_policy: "Never",
            automount_service_account_token: false,
            service_account_name: policy.service_account.clone(),
            image_pull_secrets: pull_secrets
                .map(|name| Name { name: name.clone() })
                .collect(),
            node_selector: policy.node_selector.clone(),
            tolerations: policy
                .tolerations
                .iter()
                .filter_map(|text| Taint::parse(text))
                .map(Toleration::new)
                .collect(),
            security_context: PodSecurity {
                run_as_non_root: true,
                run_as_user: policy.run_as_user,
                seccomp_profile: Seccomp {
                    kind: "RuntimeDefault",
                },
            },
            containers: vec![Container {
                name: "gate",
                image: policy.image.clone().unwrap_or_default(),
                command: vec!["nthc"],
                args,
                env,
                resources: Resources {
                    requests: policy.requests.clone(),
                    limits: policy.limits.clone(),
                },
                security_context: ContainerSecurity {
                    allow_privilege_escalation: false,
                    read_only_root_filesystem: true,
                    capabilities: Capabilities { drop: ["ALL"] },
                },
                volume_mounts,
            }],
            volumes,
        }
    }
}

/// A text in which Kubernetes expands no `$(NAME)`.
fn literal(text: &str) -> String {
    text.replace("$(", "$$(")
}
