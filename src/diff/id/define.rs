//! The definition of [`ChangeId`](super::ChangeId) from a list.

/// Defines the enum `ChangeId` from its variants, each with its name, class, summary and advice.
macro_rules! changes {
    ($($variant:ident = $name:literal, $class:ident, $summary:literal, $advice:literal;)+) => {
        /// The kind of a change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs)] // Their summaries are what they are.
        pub enum ChangeId {
            $($variant,)+
        }

        impl ChangeId {
            /// All ids, in the order of their documentation.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// What is known about the id.
            pub const fn info(self) -> IdInfo {
                match self {
                    $(Self::$variant => IdInfo {
                        name: $name,
                        class: Class::$class,
                        summary: $summary,
                        advice: $advice,
                    },)+
                }
            }
        }
    };
}

pub(super) use changes;
