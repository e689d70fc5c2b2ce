//! Declares the kinds of changes from their list.

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
