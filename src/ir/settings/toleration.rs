//! Taints of nodes that a pod tolerates.

/// A taint of nodes that a pod tolerates, as in its specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toleration {
    /// The key of the taint.
    pub key: String,
    /// Its value; `None` if any is tolerated.
    pub value: Option<String>,
    /// Its effect: `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    pub effect: String,
}

impl Toleration {
    /// Parses a taint, `key=value:effect` or `key:effect`; `None` if it is invalid.
    pub fn parse(text: &str) -> Option<Self> {
        let (taint, effect) = text.rsplit_once(':')?;
        let (key, value) = match taint.split_once('=') {
            Some((key, value)) => (key, Some(value)),
            None => (taint, None),
        };
        let is_name = |text: &str, more: &str| {
            let at_end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
            let bytes = text.as_bytes();
            let is_plain =
                |byte: &u8| byte.is_ascii_alphanumeric() || more.as_bytes().contains(byte);
            at_end(bytes.first()) && at_end(bytes.last()) && bytes.iter().all(is_plain)
        };
        let effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
        let is_valid = is_name(key, "_./-")
            && value.is_none_or(|value| value.len() <= 63 && is_name(value, "_.-"))
            && effects.contains(&effect);
        is_valid.then(|| Self {
            key: key.to_owned(),
            value: value.map(str::to_owned),
            effect: effect.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taint_is_written_as_for_kubectl() {
        let parsed = |text: &str| {
            let found = Toleration::parse(text);
            found.map(|one| (one.key, one.value, one.effect))
        };
        assert_eq!(
            parsed("example.com/pool=tools:NoSchedule"),
            Some((
                "example.com/pool".into(),
                Some("tools".into()),
                "NoSchedule".into()
            ))
        );
        assert_eq!(
            parsed("spot:NoExecute"),
            Some(("spot".into(), None, "NoExecute".into()))
        );
        for wrong in [
            "",
            "pool",
            "pool=tools",
            ":NoSchedule",
            "pool:never",
            "a b:NoSchedule",
        ] {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }
}
