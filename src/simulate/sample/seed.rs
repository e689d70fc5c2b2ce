//! Numbers that are chosen once and for all: from names, so that a sample is the same whenever it is made.

/// A sequence of numbers that a name determines.
#[derive(Debug, Clone)]
pub(super) struct Seed(u64);

impl Seed {
    /// Creates the sequence of a name.
    pub(super) fn new(name: &str) -> Self {
        // FNV-1a.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(hash)
    }

    /// Returns the next number between 0 and 1.
    #[allow(clippy::cast_precision_loss)]
    pub(super) fn next(&mut self) -> f64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Returns the next number between two.
    pub(super) fn between(&mut self, least: f64, most: f64) -> f64 {
        least + (most - least) * self.next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_the_same_numbers_always() {
        let numbers = |name: &str| {
            let mut seed = Seed::new(name);
            [seed.next(), seed.next(), seed.between(2.0, 3.0)]
        };
        assert_eq!(numbers("checkout"), numbers("checkout"));
        assert_ne!(numbers("checkout"), numbers("ledger"));
        let [first, second, third] = numbers("checkout");
        assert!((0.0..1.0).contains(&first) && first != second);
        assert!((2.0..3.0).contains(&third));
    }
}
