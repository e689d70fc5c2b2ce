//! A real Cortex: rules and the configuration of Alertmanager, of two tenants.

use super::place::{Place, Ran, run};
use super::scene::{CHECKOUT, SEARCH};
use super::support::programs::{Running, fetch, find};

/// Starts a Cortex with limits of each tenant, in YAML; `None` if it is not installed.
fn cortex(place: &Place, limits: &str) -> Option<Running> {
    let program = find(&["cortex"])?;
    let arguments = |port: u16| {
        let grpc = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let grpc = grpc.local_addr().unwrap().port();
        let folder = place.path(&format!("cortex-{port}")).display().to_string();
        let ring = "{instance_addr: 127.0.0.1, kvstore: {store: inmemory}}";
        place.write(
            &format!("cortex-{port}.yaml"),
            format!(
                "auth_enabled: true\n\
                 server: {{http_listen_address: 127.0.0.1, http_listen_port: {port}, grpc_listen_address: 127.0.0.1, grpc_listen_port: {grpc}, log_level: error}}\n\
                 distributor: {{shard_by_all_labels: true, ring: {ring}}}\n\
                 ingester: {{lifecycler: {{address: 127.0.0.1, min_ready_duration: 0s, final_sleep: 0s, num_tokens: 16, ring: {{kvstore: {{store: inmemory}}, replication_factor: 1}}}}}}\n\
                 storage: {{engine: blocks}}\n\
                 blocks_storage: {{backend: filesystem, filesystem: {{dir: {folder}/blocks}}, tsdb: {{dir: {folder}/tsdb}}, bucket_store: {{sync_dir: {folder}/sync}}}}\n\
                 compactor: {{data_dir: {folder}/compactor, sharding_ring: {ring}}}\n\
                 store_gateway: {{sharding_ring: {ring}}}\n\
                 ruler: {{enable_api: true, rule_path: {folder}/tmp, evaluation_interval: 1s, poll_interval: 1s, ring: {ring}}}\n\
                 ruler_storage: {{backend: filesystem, filesystem: {{dir: {folder}/rules}}}}\n\
                 querier: {{active_query_tracker_dir: {folder}/active-queries}}\n\
                 alertmanager: {{enable_api: true, data_dir: {folder}/am, external_url: http://127.0.0.1:{port}/alertmanager, poll_interval: 1s, cluster: {{listen_address: \"\"}}}}\n\
                 alertmanager_storage: {{backend: filesystem, filesystem: {{dir: {folder}/amc}}}}\n\
                 limits: {limits}\n"
            ),
        );
        vec![format!(
            "-config.file={}",
            place.path(&format!("cortex-{port}.yaml")).display()
        )]
    };
    Some(Running::start(&program, arguments, |port| {
        fetch(&format!("http://127.0.0.1:{port}/ready")).is_some()
    }))
}

fn project(place: &Place, server: &Running, tenant: &str, more: &str) {
    let address = server.address();
    place.write(
        "nth.toml",
        format!(
            "[project]\nname = \"shop\"\n\n[prometheus]\ninterval = \"1s\"\nscrape_interval = \"1s\"\n\n\
             [destinations.rules]\nkind = \"cortex\"\nenvironment = \"production\"\nurl = \"http://{address}\"\n\
             tenant = \"{tenant}\"\n{more}"
        ),
    );
}

fn nthc(place: &Place, arguments: &[&str]) -> Ran {
    let mut all = arguments.to_vec();
    all.extend(["--env", "production"]);
    let mut command = place.command(&all);
    run(command.env_remove("http_proxy").env_remove("HTTP_PROXY"))
}

#[test]
fn tenants_of_a_ruler_are_apart() {
    let place = Place::new();
    let Some(server) = cortex(&place, "{}") else {
        return;
    };
    place.write("checkout.nth", CHECKOUT);
    place.write("search.nth", SEARCH);
    project(&place, &server, "one", "");
    let apply = ["apply", "plan.json", "--auto-approve", "--wait", "0s"];
    assert_eq!(nthc(&place, &["plan", "--out", "plan.json"]).code, 0);
    let applied = nthc(&place, &apply);
    assert_eq!(applied.code, 0, "{applied:?}");
    assert_eq!(nthc(&place, &["plan", "--check"]).code, 0);
    let status = nthc(&place, &["status", "--format", "json"]);
    let status: serde_json::Value = serde_json::from_str(&status.out).unwrap();
    let objects = status["objects"].as_array().unwrap();
    assert!(objects.len() >= 5, "{objects:?}");
    assert!(
        objects.iter().all(|object| object["state"] == "in-sync"),
        "{objects:?}"
    );
    // Nothing of it is in the other tenant, and a plan for one is none for the other.
    project(&place, &server, "two", "");
    let other = nthc(&place, &apply);
    assert_eq!(other.code, 3, "{other:?}");
    assert!(other.err.contains("plan again"), "{other:?}");
    let planned = nthc(&place, &["plan", "--check"]);
    assert_eq!(planned.code, 1, "{planned:?}");
    assert!(!planned.out.contains("refused"), "{planned:?}");
}

#[test]
fn split_groups_are_within_the_limits_of_a_tenant() {
    let place = Place::new();
    // Fewer rules than the 20 that are the default of Cortex and Mimir, so that small services have several groups.
    let limits = "{ruler_max_rules_per_rule_group: 5, ruler_max_rule_groups_per_tenant: 70}";
    let Some(server) = cortex(&place, limits) else {
        return;
    };
    place.write("checkout.nth", CHECKOUT);
    place.write("search.nth", SEARCH);
    let settings = |ruler: &str, destination: &str| {
        place.write(
            "nth.toml",
            format!(
                "[project]\nname = \"shop\"\n\n[prometheus]\ninterval = \"1s\"\nscrape_interval = \"1s\"\n\
                 rules_per_group = 5\ntenant = \"one\"\n{ruler}\n[destinations.rules]\nkind = \"cortex\"\nenvironment = \"production\"\n\
                 url = \"http://{}\"\n{destination}",
                server.address()
            ),
        );
    };
    // Groups of 5 rules have no room for the mark.
    settings("", "");
    let planned = nthc(&place, &["plan", "--out", "plan.json"]);
    assert_eq!(planned.code, 1, "{planned:?}");
    assert!(
        planned
            .out
            .contains("needs 6 for `ruler_max_rules_per_rule_group`"),
        "{planned:?}"
    );

    settings("ruler = \"cortex\"", "");
    let planned = nthc(&place, &["plan", "--out", "plan.json"]);
    assert_eq!(planned.code, 0, "{planned:?}");
    let apply = ["apply", "plan.json", "--auto-approve", "--wait", "0s"];
    let applied = nthc(&place, &apply);
    assert_eq!(applied.code, 0, "{applied:?}");
    let status = nthc(&place, &["status", "--format", "json"]);
    let status: serde_json::Value = serde_json::from_str(&status.out).unwrap();
    let objects = status["objects"].as_array().unwrap();
    assert!(
        objects.iter().all(|object| object["state"] == "in-sync"),
        "{objects:?}"
    );
    assert!(
        status.to_string().contains("checkout-slo-availability-2"),
        "no group was split: {objects:?}"
    );

    settings("ruler = \"cortex\"", "tenant = \"two\"");
    let other = nthc(&place, &["plan"]);
    assert_eq!(other.code, 2, "{other:?}");
    assert!(
        other
            .err
            .contains("destination `rules` has tenant `two`, and the rules are of tenant `one`"),
        "{other:?}"
    );
}

#[test]
fn limits_are_told_before_anything_is_written() {
    let place = Place::new();
    let limits = "{ruler_max_rule_groups_per_tenant: 2}";
    let Some(server) = cortex(&place, limits) else {
        return;
    };
    place.write("checkout.nth", CHECKOUT);
    place.write("search.nth", SEARCH);
    project(&place, &server, "one", "");
    let planned = nthc(&place, &["plan", "--out", "plan.json"]);
    assert_eq!(planned.code, 1, "{planned:?}");
    assert!(
        planned
            .out
            .contains("for `ruler_max_rule_groups_per_tenant`, and the server allows 2"),
        "{planned:?}"
    );
    let applied = nthc(&place, &["apply", "plan.json", "--auto-approve"]);
    assert_eq!(applied.code, 3, "{applied:?}");
    assert!(applied.err.contains("nothing was changed"), "{applied:?}");
    let status = nthc(&place, &["status", "--format", "json"]);
    assert!(!status.out.contains("in-sync"), "{status:?}");
}

/// A destination for the Alertmanager of tenant `one`, with further lines.
fn alerts(server: &Running, more: &str) -> String {
    format!(
        "\n[destinations.alerts]\nkind = \"alertmanager-api\"\nenvironment = \"production\"\nurl = \"http://{}\"\n\
         tenant = \"one\"\n{more}",
        server.address()
    )
}

#[test]
fn what_cortex_refuses_is_an_error_in_its_words() {
    let place = Place::new();
    let Some(server) = cortex(&place, "{}") else {
        return;
    };
    place.write("checkout.nth", CHECKOUT);
    place.write("search.nth", SEARCH);
    let with_secrets = "secrets = \"secrets\"\n";
    project(&place, &server, "one", &alerts(&server, with_secrets));
    // It is no URL, which Alertmanager alone knows.
    place.write("secrets/slack-url", "hunter2 is no URL\n");
    assert_eq!(nthc(&place, &["plan", "--out", "plan.json"]).code, 0);
    let apply = ["apply", "plan.json", "--auto-approve", "--wait", "0s"];
    let applied = nthc(&place, &apply);
    assert_eq!(applied.code, 3, "{applied:?}");
    assert!(
        applied.err.contains("Alertmanager configuration"),
        "{applied:?}"
    );
    assert!(!applied.err.contains("hunter2"), "{applied:?}");
    // The rules are there, and the same plan goes on where it ended.
    let status = nthc(
        &place,
        &["status", "--destination", "rules", "--format", "json"],
    );
    assert!(status.out.contains("in-sync"), "{status:?}");
    let again = nthc(&place, &apply);
    assert_eq!(again.code, 3, "{again:?}");
    assert!(again.err.contains("was interrupted after"), "{again:?}");
}

#[test]
fn secrets_in_files_are_sent_and_never_shown() {
    let place = Place::new();
    let Some(server) = cortex(&place, "{}") else {
        return;
    };
    place.write("checkout.nth", CHECKOUT);
    place.write("search.nth", SEARCH);
    project(&place, &server, "one", &alerts(&server, ""));
    let planned = nthc(&place, &["plan"]);
    assert_eq!(planned.code, 3, "{planned:?}");
    assert!(
        planned
            .err
            .contains("the server reads no files: set `secrets` of the destination"),
        "{planned:?}"
    );
    let with_secrets = "secrets = \"secrets\"\n";
    project(&place, &server, "one", &alerts(&server, with_secrets));
    place.write("secrets/other", "x");
    let planned = nthc(&place, &["plan"]);
    assert_eq!(planned.code, 3, "{planned:?}");
    assert!(
        planned.err.contains("there is no file `slack-url`"),
        "{planned:?}"
    );
    let secret = "https://hooks.example.com/hunter2";
    place.write("secrets/slack-url", format!("{secret}\n"));
    let planned = nthc(&place, &["plan", "--out", "plan.json"]);
    assert_eq!(planned.code, 0, "{planned:?}");
    let applied = nthc(
        &place,
        &["apply", "plan.json", "--auto-approve", "--wait", "0s"],
    );
    assert_eq!(applied.code, 0, "{applied:?}");
    let settled = nthc(&place, &["plan", "--check"]);
    assert_eq!(settled.code, 0, "{settled:?}");
    // The tenant's Alertmanager has it, and nothing else does.
    let stored = ureq::get(&format!("http://{}/api/v1/alerts", server.address()))
        .header("X-Scope-OrgID", "one")
        .call()
        .unwrap()
        .into_body()
        .read_to_string()
        .unwrap();
    assert!(stored.contains(secret), "{stored}");
    assert!(!stored.contains("_file\""), "{stored}");
    let changed = {
        place.write("secrets/slack-url", "https://hooks.example.com/hunter3\n");
        nthc(&place, &["plan"])
    };
    assert!(
        changed.out.contains("Alertmanager configuration"),
        "{changed:?}"
    );
    for ran in [planned, applied, settled, changed] {
        assert!(!ran.out.contains("hunter"), "{ran:?}");
        assert!(!ran.err.contains("hunter"), "{ran:?}");
    }
    assert!(!place.read("plan.json").contains("hunter"));
    assert!(
        !place
            .read(".nth/applied-production.jsonl")
            .contains("hunter")
    );
}

#[test]
fn secrets_of_a_configuration_that_is_taken_over_are_not_shown() {
    let place = Place::new();
    let Some(server) = cortex(&place, "{}") else {
        return;
    };
    place.write("checkout.nth", CHECKOUT);
    place.write("search.nth", SEARCH);
    place.write("secrets/slack-url", "https://hooks.example.com/hunter2\n");
    let with_secrets = "secrets = \"secrets\"\n";
    project(&place, &server, "one", &alerts(&server, with_secrets));
    let own = "alertmanager_config: |\n  # hunter2\n  route: { receiver: own }\n  receivers:\n  - name: own\n    slack_configs: \
               [{ api_url: 'https://hooks.example.com/hunter2', channel: '#own' }]\n";
    let kept = ureq::post(&format!("http://{}/api/v1/alerts", server.address()))
        .header("X-Scope-OrgID", "one")
        .send(own)
        .unwrap();
    assert_eq!(kept.status().as_u16(), 201);
    let adopt = "Alertmanager configuration alertmanager";
    let planned = nthc(&place, &["plan", "--out", "plan.json", "--adopt", adopt]);
    assert_eq!(planned.code, 0, "{planned:?}");
    assert!(
        planned.out.contains("> adopt Alertmanager configuration"),
        "{planned:?}"
    );
    let written = place.read("plan.json");
    assert!(
        ![planned.out, planned.err, written]
            .iter()
            .any(|text| text.contains("hunter2"))
    );
}
