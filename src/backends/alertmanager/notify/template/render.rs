//! The text of a template for a notification.

use super::super::Texts;
use super::class::replace_all;
use super::{Definitions, Expr, Node, RenderError, Template};

/// The data of a notification.
#[derive(Debug, Clone)]
pub struct Data<'d> {
    /// `firing` or `resolved`.
    pub status: &'static str,
    /// The name of the receiver.
    pub receiver: &'d str,
    /// The alerts in the order of the message.
    pub alerts: Vec<Alert<'d>>,
    /// The labels by which they are grouped.
    pub group_labels: &'d Texts,
    /// The labels with the same values in all alerts.
    pub common_labels: Texts,
    /// The annotations with the same values in all alerts.
    pub common_annotations: Texts,
}

/// An alert of a notification.
#[derive(Debug, Clone, Copy)]
pub struct Alert<'d> {
    /// `firing` or `resolved`.
    pub status: &'static str,
    /// Its labels.
    pub labels: &'d Texts,
    /// Its annotations.
    pub annotations: &'d Texts,
}

/// A value of a template.
#[derive(Debug, Clone)]
enum Value<'d> {
    Data,
    Alert(Alert<'d>),
    Alerts(Vec<Alert<'d>>),
    Texts(&'d Texts),
    Pairs(Vec<(&'d str, &'d str)>),
    Pair(&'d str, &'d str),
    Text(String),
    Number(i64),
    Bool(bool),
}

impl Template {
    /// The text. In HTML, what is printed is escaped; it is always text between tags.
    pub fn render(
        &self,
        data: &Data<'_>,
        definitions: &Definitions,
        is_html: bool,
    ) -> Result<String, RenderError> {
        let mut out = String::new();
        let mut rendering = Rendering {
            data,
            definitions,
            is_html,
            variables: Vec::new(),
            depth: 0,
        };
        rendering.nodes(&self.0, &Value::Data, &mut out)?;
        Ok(out)
    }
}

/// How deeply templates may include one another.
const MAX_DEPTH: usize = 16;
/// Alertmanager's own template with its URL, which no setting contains.
const ALERTMANAGER_URL: &str = "__alertmanagerURL";

struct Rendering<'d> {
    data: &'d Data<'d>,
    definitions: &'d Definitions,
    is_html: bool,
    /// The variables that can be seen, innermost last.
    variables: Vec<(String, Value<'d>)>,
    depth: usize,
}

impl<'d> Rendering<'d> {
    /// Renders nodes, after which their variables are gone.
    fn nodes(
        &mut self,
        nodes: &'d [Node],
        dot: &Value<'d>,
        out: &mut String,
    ) -> Result<(), RenderError> {
        let outer = self.variables.len();
        for node in nodes {
            self.node(node, dot, out)?;
        }
        self.variables.truncate(outer);
        Ok(())
    }

    fn node(
        &mut self,
        node: &'d Node,
        dot: &Value<'d>,
        out: &mut String,
    ) -> Result<(), RenderError> {
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Print(value) => {
                let text = self.value(value, dot)?.print()?;
                match self.is_html {
                    true => push_escaped(out, &text),
                    false => out.push_str(&text),
                }
            }
            Node::Declare(name, value) => {
                let value = self.value(value, dot)?;
                self.variables.push((name.clone(), value));
            }
            Node::Assign(name, value) => {
                let value = self.value(value, dot)?;
                let mut known = self.variables.iter_mut().rev();
                let variable = known.find(|(known, _)| known == name);
                variable.ok_or_else(|| unknown_variable(name))?.1 = value;
            }
            Node::Include(name, value) => {
                let value = self.value(value, dot)?;
                self.include(name, &value, out)?;
            }
            Node::If {
                condition,
                then,
                otherwise,
            } => {
                let holds = self.value(condition, dot)?.is_true();
                self.nodes(if holds { then } else { otherwise }, dot, out)?;
            }
            Node::With {
                value,
                then,
                otherwise,
            } => {
                let value = self.value(value, dot)?;
                if value.is_true() {
                    self.nodes(then, &value, out)?;
                } else {
                    self.nodes(otherwise, dot, out)?;
                }
            }
            Node::Range {
                variables,
                list,
                body,
            } => {
                let elements = self.value(list, dot)?.elements()?;
                for (index, element) in (0_i64..).zip(elements) {
                    let outer = self.variables.len();
                    if let Some((of_index, of_element)) = variables {
                        self.variables
                            .push((of_index.clone(), Value::Number(index)));
                        self.variables.push((of_element.clone(), element.clone()));
                    }
                    self.nodes(body, &element, out)?;
                    self.variables.truncate(outer);
                }
            }
        }
        Ok(())
    }

    fn include(
        &mut self,
        name: &str,
        dot: &Value<'d>,
        out: &mut String,
    ) -> Result<(), RenderError> {
        let is_whole = matches!(dot, Value::Data);
        if name == ALERTMANAGER_URL && is_whole {
            out.push_str(&alertmanager_url(self.data.receiver));
            return Ok(());
        }
        let definition = self.definitions.get(name);
        let definition =
            definition.ok_or_else(|| RenderError::new(format!("unknown template `{name}`")))?;
        if self.depth == MAX_DEPTH {
            return Err(RenderError::new("templates include one another too deeply"));
        }
        // A template does not see the variables of others.
        let outer = std::mem::take(&mut self.variables);
        self.depth += 1;
        self.nodes(&definition.0, dot, out)?;
        self.depth -= 1;
        self.variables = outer;
        Ok(())
    }

    fn value(&self, expr: &Expr, dot: &Value<'d>) -> Result<Value<'d>, RenderError> {
        match expr {
            Expr::Text(text) => Ok(Value::Text(text.clone())),
            Expr::Number(number) => Ok(Value::Number(*number)),
            Expr::Dot(fields) => self.fields(dot.clone(), fields),
            Expr::Variable(name, fields) => {
                let mut known = self.variables.iter().rev();
                let variable = known.find(|(known, _)| known == name);
                let (_, value) = variable.ok_or_else(|| unknown_variable(name))?;
                self.fields(value.clone(), fields)
            }
            Expr::Call(name, arguments) => {
                let values: Result<Vec<Value<'d>>, RenderError> = arguments
                    .iter()
                    .map(|argument| self.value(argument, dot))
                    .collect();
                call(name, &values?)
            }
        }
    }

    fn fields(&self, mut value: Value<'d>, fields: &[String]) -> Result<Value<'d>, RenderError> {
        for field in fields {
            value = self.field(&value, field)?;
        }
        Ok(value)
    }

    fn field(&self, of: &Value<'d>, name: &str) -> Result<Value<'d>, RenderError> {
        let data = self.data;
        let with_status = |status: &str| {
            let alerts = data.alerts.iter().copied();
            Value::Alerts(alerts.filter(|alert| alert.status == status).collect())
        };
        Ok(match (of, name) {
            (Value::Data, "Status") => Value::Text(data.status.to_owned()),
            (Value::Data, "Alerts") => Value::Alerts(data.alerts.clone()),
            (Value::Data, "GroupLabels") => Value::Texts(data.group_labels),
            (Value::Data, "CommonLabels") => Value::Texts(&data.common_labels),
            (Value::Data, "CommonAnnotations") => Value::Texts(&data.common_annotations),
            // Only the notification has alerts.
            (Value::Alerts(_), "Firing") => with_status("firing"),
            (Value::Alerts(_), "Resolved") => with_status("resolved"),
            (Value::Alert(alert), "Status") => Value::Text(alert.status.to_owned()),
            (Value::Alert(alert), "Labels") => Value::Texts(alert.labels),
            (Value::Alert(alert), "Annotations") => Value::Texts(alert.annotations),
            (Value::Texts(texts), "SortedPairs") => Value::Pairs(sorted_pairs(texts)),
            (Value::Pair(name, _), "Name") => Value::Text((*name).to_owned()),
            (Value::Pair(_, value), "Value") => Value::Text((*value).to_owned()),
            // A method of this type in Go.
            (Value::Texts(_), "Names" | "Values" | "Remove" | "String") => {
                return Err(RenderError::new(format!("unknown field `{name}`")));
            }
            (Value::Texts(texts), name) => {
                Value::Text(texts.get(name).cloned().unwrap_or_default())
            }
            _ => return Err(RenderError::new(format!("unknown field `{name}`"))),
        })
    }
}

/// Escapes text as `html/template` of Go does between tags.
fn push_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '"' => out.push_str("&#34;"),
            '&' => out.push_str("&amp;"),
            '\'' => out.push_str("&#39;"),
            '+' => out.push_str("&#43;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\0' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}

fn unknown_variable(name: &str) -> RenderError {
    RenderError::new(format!("unknown variable `${name}`"))
}

/// Pairs by name, `alertname` first.
fn sorted_pairs(texts: &Texts) -> Vec<(&str, &str)> {
    const FIRST: &str = "alertname";
    let pairs = || {
        texts
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    };
    let first = pairs().filter(|(name, _)| *name == FIRST);
    let others = pairs().filter(|(name, _)| *name != FIRST);
    first.chain(others).collect()
}

impl<'d> Value<'d> {
    /// Returns whether it is neither zero nor empty.
    fn is_true(&self) -> bool {
        match self {
            Self::Data | Self::Alert(_) | Self::Pair(..) => true,
            Self::Alerts(alerts) => !alerts.is_empty(),
            Self::Texts(texts) => !texts.is_empty(),
            Self::Pairs(pairs) => !pairs.is_empty(),
            Self::Text(text) => !text.is_empty(),
            Self::Number(number) => *number != 0,
            Self::Bool(bool) => *bool,
        }
    }

    fn print(self) -> Result<String, RenderError> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Number(number) => Ok(number.to_string()),
            Self::Bool(bool) => Ok(bool.to_string()),
            _ => Err(RenderError::new("only texts and numbers can be printed")),
        }
    }

    fn elements(self) -> Result<Vec<Value<'d>>, RenderError> {
        match self {
            Self::Alerts(alerts) => Ok(alerts.into_iter().map(Value::Alert).collect()),
            Self::Pairs(pairs) => {
                let pairs = pairs.into_iter();
                Ok(pairs
                    .map(|(name, value)| Value::Pair(name, value))
                    .collect())
            }
            _ => Err(RenderError::new("expected a list after `range`")),
        }
    }
}

/// The value of a function.
fn call<'d>(name: &str, arguments: &[Value<'d>]) -> Result<Value<'d>, RenderError> {
    use Value::{Alerts, Bool, Number, Text};
    let is_not = |value: &Value<'d>| Bool(!value.is_true());
    Ok(match (name, arguments) {
        ("not", [value]) => is_not(value),
        ("len", [Alerts(alerts)]) => Number(i64::try_from(alerts.len()).unwrap_or(i64::MAX)),
        ("index", [Alerts(alerts), Number(index)]) => {
            let alert = usize::try_from(*index)
                .ok()
                .and_then(|index| alerts.get(index));
            let alert = alert.ok_or_else(|| RenderError::new("there is no alert of this index"))?;
            Value::Alert(*alert)
        }
        ("eq", [Text(one), others @ ..])
            if !others.is_empty() && others.iter().all(|other| matches!(other, Text(_))) =>
        {
            let is_same = |other: &Value<'_>| matches!(other, Text(other) if other == one);
            Bool(others.iter().any(is_same))
        }
        ("eq", [Number(one), Number(other)]) => Bool(one == other),
        ("gt", [Number(one), Number(other)]) => Bool(one > other),
        ("lt", [Number(one), Number(other)]) => Bool(one < other),
        ("reReplaceAll", [Text(pattern), Text(replacement), Text(text)]) => {
            Text(replace_all(pattern, replacement, text)?)
        }
        ("printf", [Text(format), Text(text)]) => {
            let most = format
                .strip_prefix("%.")
                .and_then(|rest| rest.strip_suffix('s'));
            let most = most.and_then(|digits| digits.parse().ok());
            let most: usize =
                most.ok_or_else(|| RenderError::new(format!("unknown format `{format}`")))?;
            Text(text.chars().take(most).collect())
        }
        _ => {
            let count = arguments.len();
            let reason = format!("unknown function `{name}` of {count} such arguments");
            return Err(RenderError::new(reason));
        }
    })
}

/// The URL of alerts in Alertmanager. The address is a placeholder: no setting contains it.
fn alertmanager_url(receiver: &str) -> String {
    // Alertmanager reads the receiver as a regular expression.
    let escaped = receiver.chars().flat_map(|c| {
        let escape = r"\.+*?()|[]{}^$".contains(c).then_some('\\');
        escape.into_iter().chain([c])
    });
    let mut url = format!("{}/#/alerts?receiver=", super::super::ALERTMANAGER);
    for byte in escaped.collect::<String>().bytes() {
        match byte {
            b' ' => url.push('+'),
            c if c.is_ascii_alphanumeric() || b"-_.~".contains(&c) => url.push(char::from(c)),
            c => url.push_str(&format!("%{c:02X}")),
        }
    }
    url
}
