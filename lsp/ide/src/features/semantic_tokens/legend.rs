//! Token types and modifiers, as editors know them.

/// The type of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A keyword.
    Keyword,
    /// A kind of block, or a type.
    Type,
    /// A template.
    Class,
    /// A field, or a label in a query.
    Property,
    /// A member of an enum.
    EnumMember,
    /// A block, a `let`, a loop variable, or a metric in a query.
    Variable,
    /// A parameter.
    Parameter,
    /// A function.
    Function,
    /// Text.
    String,
    /// A number, with its unit.
    Number,
    /// A comment.
    Comment,
    /// An operator.
    Operator,
    /// A module.
    Namespace,
    /// An enum.
    Enum,
}

impl Kind {
    const ALL: [Self; 14] = [
        Self::Keyword,
        Self::Type,
        Self::Class,
        Self::Property,
        Self::EnumMember,
        Self::Variable,
        Self::Parameter,
        Self::Function,
        Self::String,
        Self::Number,
        Self::Comment,
        Self::Operator,
        Self::Namespace,
        Self::Enum,
    ];

    /// The name that editors know.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keyword => "keyword",
            Self::Type => "type",
            Self::Class => "class",
            Self::Property => "property",
            Self::EnumMember => "enumMember",
            Self::Variable => "variable",
            Self::Parameter => "parameter",
            Self::Function => "function",
            Self::String => "string",
            Self::Number => "number",
            Self::Comment => "comment",
            Self::Operator => "operator",
            Self::Namespace => "namespace",
            Self::Enum => "enum",
        }
    }

    /// Its index in the legend.
    pub fn number(self) -> u32 {
        let place = Self::ALL.iter().position(|kind| *kind == self);
        place.unwrap_or_default() as u32
    }
}

/// Modifiers of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Modifiers(u32);

impl Modifiers {
    /// No modifiers.
    pub const NONE: Self = Self(0);
    /// A declaration.
    pub const DECLARATION: Self = Self(1);
    /// A declaration with a body.
    pub const DEFINITION: Self = Self(1 << 1);
    /// A constant.
    pub const READONLY: Self = Self(1 << 2);
    /// Declared in the prelude or the standard library, or built into PromQL.
    pub const DEFAULT_LIBRARY: Self = Self(1 << 3);
    /// Deprecated.
    pub const DEPRECATED: Self = Self(1 << 4);

    /// The union.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The bits, as in the legend.
    pub fn bits(self) -> u32 {
        self.0
    }
}

/// The names of types and modifiers, in the order of their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Legend {
    /// The types, by [`Kind::number`].
    pub kinds: Vec<&'static str>,
    /// The modifiers, by the bits of [`Modifiers::bits`].
    pub modifiers: Vec<&'static str>,
}

/// Returns the legend that editors get once.
pub fn legend() -> Legend {
    Legend {
        kinds: Kind::ALL.into_iter().map(Kind::name).collect(),
        modifiers: vec![
            "declaration",
            "definition",
            "readonly",
            "defaultLibrary",
            "deprecated",
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_places_in_the_legend() {
        let legend = legend();
        for kind in Kind::ALL {
            let place = kind.number() as usize;
            assert_eq!(legend.kinds.get(place), Some(&kind.name()));
        }
        let last = Modifiers::DEPRECATED.bits().trailing_zeros() as usize;
        assert_eq!(last + 1, legend.modifiers.len());
    }
}
