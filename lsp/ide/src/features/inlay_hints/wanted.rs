//! Which hints a person wants.

use serde_json::Value;

/// The kinds of hints, each of which can be turned off: `inlayHints.budget` and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WantedHints {
    /// How long everything may fail, behind an objective.
    pub budget: bool,
    /// The period of an objective that says none.
    pub window: bool,
    /// The metric that carries a signal.
    pub signals: bool,
    /// What a block has though its body does not say so.
    pub defaults: bool,
    /// The parameter that an argument without a name is for.
    pub parameters: bool,
}

impl Default for WantedHints {
    fn default() -> Self {
        Self {
            budget: true,
            window: true,
            signals: true,
            defaults: true,
            parameters: true,
        }
    }
}

impl WantedHints {
    /// Whether any is wanted.
    pub fn any(&self) -> bool {
        self.budget || self.window || self.signals || self.defaults || self.parameters
    }

    /// Takes what settings say: `{ "inlayHints": { "budget": false } }`, be it in a section `nth` or not. `enabled`
    /// turns all of them on or off. What is not named stays as it is.
    pub fn take(&mut self, settings: &Value) {
        let section = settings.get("nth").unwrap_or(settings);
        let Some(hints) = section.get("inlayHints") else {
            return;
        };
        let told = |name: &str| hints.get(name).and_then(Value::as_bool);
        let all = hints.as_bool().or_else(|| told("enabled"));
        let before = *self;
        for (name, wanted, was) in [
            ("budget", &mut self.budget, before.budget),
            ("window", &mut self.window, before.window),
            ("signals", &mut self.signals, before.signals),
            ("defaults", &mut self.defaults, before.defaults),
            ("parameters", &mut self.parameters, before.parameters),
        ] {
            let one = told(name);
            *wanted = match all {
                Some(false) => false,
                Some(true) => one.unwrap_or(true),
                None => one.unwrap_or(was),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_can_be_turned_off() {
        let mut wanted = WantedHints::default();
        wanted.take(&json!({ "inlayHints": { "budget": false } }));
        assert!(!wanted.budget && wanted.window && wanted.parameters);
        wanted.take(&json!({ "nth": { "inlayHints": { "window": false } } }));
        assert!(
            !wanted.budget && !wanted.window,
            "the others stay as they are"
        );
        wanted.take(&json!({ "nth": { "inlayHints": { "enabled": false } } }));
        assert!(!wanted.any());
        wanted.take(&json!({ "inlayHints": { "enabled": true, "signals": false } }));
        assert!(wanted.budget && !wanted.signals);
        wanted.take(&json!({ "inlayHints": false }));
        assert!(!wanted.any());
        wanted.take(&json!(null));
        assert!(!wanted.any());
    }
}
