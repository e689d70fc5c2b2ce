//! Settings of inlay hints.

use serde_json::Value;

/// The kinds of inlay hints, each of which can be turned off: `inlayHints.budget` and so on. All are on by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HintSettings {
    /// The full downtime that an objective allows.
    pub budget: bool,
    /// The default SLO window.
    pub window: bool,
    /// The metric that provides a signal.
    pub signals: bool,
    /// Values that a block has without setting them.
    pub defaults: bool,
    /// The parameter of a positional argument.
    pub parameters: bool,
}

impl Default for HintSettings {
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

impl HintSettings {
    /// True if any kind is on.
    pub fn any(&self) -> bool {
        self.budget || self.window || self.signals || self.defaults || self.parameters
    }

    /// Applies settings such as `{ "inlayHints": { "budget": false } }`, in a section `nth` or not. `enabled` turns
    /// all kinds on or off. Kinds that are not named stay as they are.
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
        let mut wanted = HintSettings::default();
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
