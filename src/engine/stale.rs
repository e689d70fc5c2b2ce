//! Staleness markers.

/// The value of a staleness marker: the series has ended. From Prometheus's `model/value`.
pub const STALE_NAN: f64 = f64::from_bits(0x7ff0_0000_0000_0002);

/// True for the staleness marker, false for every other NaN.
pub fn is_stale(value: f64) -> bool {
    value.to_bits() == STALE_NAN.to_bits()
}
