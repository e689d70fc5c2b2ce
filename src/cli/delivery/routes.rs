//! Whom a configuration of Alertmanager notifies of an alert: of its file, or of an `AlertmanagerConfig` of the Prometheus operator.
//!
//! Configurations that are live may be written by anyone, in any form that Alertmanager reads. Inhibition, silences and times are
//! left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use nth_promql::{MatchOp, Node};
use serde_json::Value;

/// The labels of an alert.
pub type Labels = BTreeMap<String, String>;

/// The deepest route that is read.
const DEEPEST: usize = 100;

/// Why whom a configuration notifies is not known: a clause without a full stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The routes of a configuration, and its receivers.
#[derive(Debug)]
pub struct Routes {
    root: Route,
    /// The receivers that notify somebody.
    notifying: Vec<String>,
}

#[derive(Debug)]
struct Route {
    matchers: Vec<Matcher>,
    receiver: String,
    goes_on: bool,
    /// The names of the intervals at which it is muted, or at which alone it notifies.
    times: Vec<String>,
    children: Vec<Route>,
}

#[derive(Debug)]
struct Matcher {
    label: String,
    op: MatchOp,
    value: String,
}

impl Matcher {
    fn matches(&self, labels: &Labels) -> Result<bool, Unreadable> {
        let value = labels.get(&self.label).map_or("", String::as_str);
        let is_match = || {
            nth_promql::matches_any(&self.value, [value]).ok_or_else(|| {
                Unreadable(format!(
                    "the regular expression `{}` cannot be read",
                    self.value
                ))
            })
        };
        Ok(match self.op {
            MatchOp::Equal => value == self.value,
            MatchOp::NotEqual => value != self.value,
            MatchOp::Matches => is_match()?,
            MatchOp::NotMatches => !is_match()?,
        })
    }
}

/// What happens to an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Nobody is notified.
    Nobody,
    /// Somebody is notified at some times.
    AtTimes,
    /// Somebody is notified.
    Somebody,
}

impl Routes {
    /// Reads the routes in the content of an object; `None` if it has none.
    ///
    /// # Errors
    ///
    /// If it has routes that cannot be read.
    pub fn read(content: &Value) -> Result<Option<Self>, Unreadable> {
        // An AlertmanagerConfig.
        if let Some(spec) = content.get("spec") {
            return spec.get("route").map(|_| Self::new(spec)).transpose();
        }
        let Some(text) = file(content) else {
            return Ok(None);
        };
        let documents = nth_delivery::yaml_documents(&text)
            .map_err(|_| Unreadable("it is not YAML".to_owned()))?;
        let config = documents.into_iter().next().unwrap_or_default();
        Self::new(&config).map(Some)
    }

    /// Reads `route` and `receivers`, in snake case or camel case.
    fn new(config: &Value) -> Result<Self, Unreadable> {
        let route = config
            .get("route")
            .ok_or_else(|| Unreadable("it has no route".to_owned()))?;
        let receivers = config.get("receivers").and_then(Value::as_array);
        let notifying = { receivers.into_iter().flatten() }
            .filter(|receiver| {
                let members = receiver.as_object().into_iter().flatten();
                members
                    .filter(|(name, _)| name.ends_with("_configs") || name.ends_with("Configs"))
                    .any(|(_, list)| list.as_array().is_some_and(|list| !list.is_empty()))
            })
            .filter_map(|receiver| receiver.get("name")?.as_str().map(str::to_owned))
            .collect();
        Ok(Self {
            root: read_route(route, "", 0)?,
            notifying,
        })
    }

    /// What happens to an alert with these labels.
    ///
    /// # Errors
    ///
    /// If a matcher cannot be read.
    pub fn outcome(&self, labels: &Labels) -> Result<Outcome, Unreadable> {
        let mut ends = Vec::new();
        walk(&self.root, labels, &mut ends)?;
        let outcomes = ends
            .into_iter()
            .filter(|route| self.notifying.contains(&route.receiver))
            .map(|route| match route.times.is_empty() {
                true => Outcome::Somebody,
                false => Outcome::AtTimes,
            });
        Ok(outcomes.max().unwrap_or(Outcome::Nobody))
    }

    /// Adds the names of the labels that matter to a route.
    pub fn names<'r>(&'r self, names: &mut BTreeSet<&'r str>) {
        let mut rest = vec![&self.root];
        while let Some(route) = rest.pop() {
            names.extend(route.matchers.iter().map(|matcher| matcher.label.as_str()));
            rest.extend(&route.children);
        }
    }

    /// For each route the labels of an alert that may reach it.
    pub fn examples(&self) -> Vec<Labels> {
        let mut found = Vec::new();
        collect(&self.root, &Labels::new(), &mut found);
        found
    }
}

/// The text of a configuration file: of a file with its templates, or in a Secret.
fn file(content: &Value) -> Option<String> {
    if let Some(config) = content.get("config") {
        return config.as_str().map(str::to_owned);
    }
    if content.get("kind")?.as_str()? != "Secret" {
        return None;
    }
    let of = |member: &str| {
        let files = content.get(member)?.as_object()?;
        let (_, text) = files.iter().find(|(name, _)| name.ends_with(".yaml"))?;
        text.as_str()
    };
    match of("stringData") {
        Some(text) => Some(text.to_owned()),
        None => String::from_utf8(BASE64_STANDARD.decode(of("data")?).ok()?).ok(),
    }
}

fn read_route(route: &Value, receiver: &str, depth: usize) -> Result<Route, Unreadable> {
    if depth > DEEPEST {
        return Err(Unreadable("its routes nest too deeply".to_owned()));
    }
    let member = |snake: &str, camel: &str| route.get(snake).or_else(|| route.get(camel));
    let receiver = { route.get("receiver").and_then(Value::as_str) }
        .filter(|name| !name.is_empty())
        .unwrap_or(receiver);
    let mut times = Vec::new();
    for (snake, camel) in [
        ("mute_time_intervals", "muteTimeIntervals"),
        ("active_time_intervals", "activeTimeIntervals"),
    ] {
        let names = member(snake, camel).and_then(Value::as_array);
        times.extend(
            { names.into_iter().flatten() }.filter_map(|name| name.as_str().map(str::to_owned)),
        );
    }
    let mut matchers = Vec::new();
    for one in { route.get("matchers").and_then(Value::as_array) }
        .into_iter()
        .flatten()
    {
        read_matchers(one, &mut matchers)?;
    }
    for (name, op) in [("match", MatchOp::Equal), ("match_re", MatchOp::Matches)] {
        for (label, value) in { route.get(name).and_then(Value::as_object) }
            .into_iter()
            .flatten()
        {
            matchers.push(Matcher {
                label: label.clone(),
                op,
                value: value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned),
            });
        }
    }
    let children = { route.get("routes").and_then(Value::as_array) }
        .into_iter()
        .flatten()
        .map(|child| read_route(child, receiver, depth + 1))
        .collect::<Result<_, _>>()?;
    Ok(Route {
        matchers,
        receiver: receiver.to_owned(),
        goes_on: route.get("continue").and_then(Value::as_bool) == Some(true),
        times,
        children,
    })
}

/// Reads `team="payments"`, `team = payments`, `{a="b", c!="d"}`, or the matcher of an `AlertmanagerConfig`.
fn read_matchers(written: &Value, matchers: &mut Vec<Matcher>) -> Result<(), Unreadable> {
    let Some(text) = written.as_str() else {
        let text = |name: &str| written.get(name).and_then(Value::as_str);
        let op = match (
            text("matchType"),
            written.get("regex").and_then(Value::as_bool),
        ) {
            (Some("!="), _) => MatchOp::NotEqual,
            (Some("=~"), _) | (None, Some(true)) => MatchOp::Matches,
            (Some("!~"), _) => MatchOp::NotMatches,
            _ => MatchOp::Equal,
        };
        matchers.push(Matcher {
            label: text("name").unwrap_or_default().to_owned(),
            op,
            value: text("value").unwrap_or_default().to_owned(),
        });
        return Ok(());
    };
    let inner = text.trim();
    let inner = { inner.strip_prefix('{') }
        .and_then(|inner| inner.strip_suffix('}'))
        .unwrap_or(inner);
    let read = |inner: &str| match nth_promql::parse(&format!("{{{inner}}}")).ok()?.node {
        Node::Selector(selector) => selector
            .matchers
            .iter()
            .map(|matcher| {
                Some(Matcher {
                    label: matcher.label.to_string(),
                    op: matcher.op,
                    value: matcher.value.text()?.to_owned(),
                })
            })
            .collect::<Option<Vec<Matcher>>>(),
        _ => None,
    };
    match read(inner).or_else(|| read(&quoted_value(inner)?)) {
        Some(found) => matchers.extend(found),
        None => return Err(Unreadable(format!("the matcher `{text}` cannot be read"))),
    }
    Ok(())
}

/// One matcher with its value in quotes, which Alertmanager does not require.
fn quoted_value(text: &str) -> Option<String> {
    let at = text.find(['=', '!'])?;
    let (label, rest) = text.split_at_checked(at)?;
    let op = ["=~", "!~", "!=", "="]
        .into_iter()
        .find(|op| rest.starts_with(op))?;
    let value = rest.strip_prefix(op)?.trim();
    Some(format!("{}{op}{}", label.trim(), Value::from(value)))
}

/// Adds the routes whose receivers are notified, as Alertmanager finds them. Returns whether the route matches.
fn walk<'r>(
    route: &'r Route,
    labels: &Labels,
    ends: &mut Vec<&'r Route>,
) -> Result<bool, Unreadable> {
    for matcher in &route.matchers {
        if !matcher.matches(labels)? {
            return Ok(false);
        }
    }
    let before = ends.len();
    for child in &route.children {
        if walk(child, labels, ends)? && !child.goes_on {
            break;
        }
    }
    if ends.len() == before {
        ends.push(route);
    }
    Ok(true)
}

fn collect(route: &Route, above: &Labels, found: &mut Vec<Labels>) {
    let mut labels = above.clone();
    for matcher in &route.matchers {
        let value = match matcher.op {
            MatchOp::Equal => matcher.value.clone(),
            // The first alternative, which is most often a plain text.
            MatchOp::Matches => {
                let first = matcher.value.split('|').next().unwrap_or_default();
                first.trim_matches(['(', ')', '^', '$']).to_owned()
            }
            // A label that has to be there.
            MatchOp::NotEqual if matcher.value.is_empty() => "other".to_owned(),
            MatchOp::NotEqual | MatchOp::NotMatches => continue,
        };
        labels.entry(matcher.label.clone()).or_insert(value);
    }
    for child in &route.children {
        collect(child, &labels, found);
    }
    found.push(labels);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    const CONFIG: &str = r#"
route:
  receiver: nobody
  routes:
    - receiver: archive
      continue: true
      matchers: [ severity =~ "page|ticket", 'team!=""' ]
    - matchers: [ '{team="payments", severity="page"}' ]
      receiver: payments
      routes:
        - receiver: quiet
          matchers: [ service = batch ]
          mute_time_intervals: [ nights ]
    - match: { team: search }
      match_re: { severity: "pa.e" }
      receiver: search
receivers:
  - name: nobody
  - name: archive
    webhook_configs: []
  - name: payments
    slack_configs: [ { channel: "payments" } ]
  - name: quiet
    email_configs: [ { to: "a@example.com" } ]
  - name: search
    pagerduty_configs: [ { routing_key_file: key } ]
"#;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        { pairs.iter() }
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn outcomes(routes: &Routes) -> Vec<Outcome> {
        [
            &[("team", "payments"), ("severity", "page")][..],
            &[("team", "payments"), ("severity", "ticket")],
            &[
                ("team", "payments"),
                ("severity", "page"),
                ("service", "batch"),
            ],
            &[("team", "search"), ("severity", "page")],
            &[("team", "search"), ("severity", "pages")],
            &[],
        ]
        .map(|pairs| routes.outcome(&labels(pairs)).unwrap())
        .to_vec()
    }

    #[test]
    fn an_alert_goes_where_alertmanager_sends_it() {
        use Outcome::{AtTimes, Nobody, Somebody};
        let expected = [Somebody, Nobody, AtTimes, Somebody, Nobody, Nobody];
        let file = Routes::read(&json!({ "config": CONFIG })).unwrap().unwrap();
        assert_eq!(outcomes(&file), expected);
        assert_eq!(file.examples().len(), 5);
        let data = BASE64_STANDARD.encode(CONFIG);
        for secret in [
            json!({ "kind": "Secret", "data": { "alertmanager.yaml": data } }),
            json!({ "kind": "Secret", "stringData": { "alertmanager.yaml": CONFIG } }),
        ] {
            let secret = Routes::read(&secret).unwrap().unwrap();
            assert_eq!(outcomes(&secret), expected);
        }
        assert!(Routes::read(&json!({ "groups": [] })).unwrap().is_none());
    }

    #[test]
    fn the_operator_s_form_is_read() {
        let spec = json!({
            "route": { "receiver": "nobody", "routes": [
                { "receiver": "payments", "matchers": [
                    { "name": "team", "matchType": "=", "value": "payments" },
                    { "name": "severity", "matchType": "!=", "value": "info" },
                ] },
            ] },
            "receivers": [
                { "name": "nobody" },
                { "name": "payments", "slackConfigs": [{ "channel": "payments" }] },
            ],
        });
        let routes = Routes::read(&json!({ "spec": spec })).unwrap().unwrap();
        let outcome = |severity: &str| {
            let labels = labels(&[("team", "payments"), ("severity", severity)]);
            routes.outcome(&labels).unwrap()
        };
        assert_eq!(outcome("page"), Outcome::Somebody);
        assert_eq!(outcome("info"), Outcome::Nobody);
    }

    #[test]
    fn what_cannot_be_read_is_no_answer() {
        for config in [
            "route: { receiver: a, routes: [ { matchers: [ 'a ~ b' ] } ] }",
            "receivers: []",
            "{",
        ] {
            let read = Routes::read(&json!({ "config": config }));
            assert!(read.is_err(), "{config}: {read:?}");
        }
        let config = "route: { receiver: a, routes: [ { matchers: [ 'a=~\"(\"' ] } ] }";
        let routes = Routes::read(&json!({ "config": config }));
        let answer = routes.and_then(|routes| routes.unwrap().outcome(&Labels::new()));
        assert!(answer.is_err(), "{answer:?}");
    }
}
