//! The kinds of tokens and their modifiers, as the client is told of them.

use tower_lsp::lsp_types::{SemanticTokenModifier, SemanticTokenType, SemanticTokensLegend};

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

    fn name(self) -> SemanticTokenType {
        match self {
            Self::Keyword => SemanticTokenType::KEYWORD,
            Self::Type => SemanticTokenType::TYPE,
            Self::Class => SemanticTokenType::CLASS,
            Self::Property => SemanticTokenType::PROPERTY,
            Self::EnumMember => SemanticTokenType::ENUM_MEMBER,
            Self::Variable => SemanticTokenType::VARIABLE,
            Self::Parameter => SemanticTokenType::PARAMETER,
            Self::Function => SemanticTokenType::FUNCTION,
            Self::String => SemanticTokenType::STRING,
            Self::Number => SemanticTokenType::NUMBER,
            Self::Comment => SemanticTokenType::COMMENT,
            Self::Operator => SemanticTokenType::OPERATOR,
            Self::Namespace => SemanticTokenType::NAMESPACE,
            Self::Enum => SemanticTokenType::ENUM,
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

/// What the client is told.
pub fn legend() -> SemanticTokensLegend {
    SemanticTokensLegend {
        token_types: Kind::ALL.into_iter().map(Kind::name).collect(),
        token_modifiers: vec![
            SemanticTokenModifier::DECLARATION,
            SemanticTokenModifier::DEFINITION,
            SemanticTokenModifier::READONLY,
            SemanticTokenModifier::DEFAULT_LIBRARY,
            SemanticTokenModifier::DEPRECATED,
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
            assert_eq!(legend.token_types.get(place), Some(&kind.name()));
        }
        let last = Modifiers::DEPRECATED.bits().trailing_zeros() as usize;
        assert_eq!(last + 1, legend.token_modifiers.len());
    }
}
