//! The kinds of tokens and their modifiers, as editors are told of them.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A word of the language.
    Keyword,
    /// A kind of block, or a type.
    Type,
    /// A template.
    Class,
    /// A field, or in a query a label.
    Property,
    /// A member of an enum.
    EnumMember,
    /// A block, a `let`, a loop's variable, or in a query a metric.
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

    /// The name that editors know it by.
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

    /// Its number in the legend.
    pub fn number(self) -> u32 {
        let place = Self::ALL.iter().position(|kind| *kind == self);
        place.unwrap_or_default() as u32
    }
}

/// What is true of a token besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Modifiers(u32);

impl Modifiers {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// It gives something its name.
    pub const DECLARATION: Self = Self(1);
    /// What it names has its body there.
    pub const DEFINITION: Self = Self(1 << 1);
    /// What it names has one value for good.
    pub const READONLY: Self = Self(1 << 2);
    /// What it names is the prelude's, the standard library's or PromQL's own.
    pub const DEFAULT_LIBRARY: Self = Self(1 << 3);
    /// What it names should not be used any more.
    pub const DEPRECATED: Self = Self(1 << 4);

    /// Both.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Their bits in the legend.
    pub fn bits(self) -> u32 {
        self.0
    }
}

/// The names of kinds and modifiers, in the order of their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Legend {
    /// The kinds, by [`Kind::number`].
    pub kinds: Vec<&'static str>,
    /// The modifiers, by the bits of [`Modifiers::bits`].
    pub modifiers: Vec<&'static str>,
}

/// What editors are told once.
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
