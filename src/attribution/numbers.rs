//! Elementary functions, the same on every platform, and quantiles.
//!
//! `ln` and `exp` come from `libm`, as those of the standard library differ between platforms in the last digit. A square root is
//! exact everywhere.

/// The 97.5 % quantile of the standard normal distribution: the bounds of a 95 % interval.
pub(crate) const Z_95: f64 = 1.959_963_984_540_054;

pub(crate) fn ln(x: f64) -> f64 {
    libm::log(x)
}

pub(crate) fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// `ln(Σ exp(x))`, without overflow.
pub(crate) fn log_sum_exp(terms: &[f64]) -> f64 {
    let most = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !most.is_finite() {
        return most;
    }
    most + ln(terms.iter().map(|term| exp(term - most)).sum())
}

/// The quantile of a gamma distribution with this mean and variance at `z` standard normal deviations, by the cube root
/// transformation (Wilson and Hilferty, 1931). It serves for sums of over-dispersed counts: these are skewed where they are small.
pub(crate) fn gamma_quantile(mean: f64, variance: f64, z: f64) -> f64 {
    if mean <= 0.0 || variance <= 0.0 {
        return mean.max(0.0);
    }
    // The reciprocal of the shape.
    let spread = variance / (mean * mean);
    let root = 1.0 - spread / 9.0 + z * spread.sqrt() / 3.0;
    mean * root.max(0.0).powi(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gamma_quantile_is_close_to_the_exact_one() {
        // Shape 4, scale 1: exact quantiles 1.0899 and 8.7673.
        assert!((gamma_quantile(4.0, 4.0, -Z_95) - 1.0899).abs() < 0.03);
        assert!((gamma_quantile(4.0, 4.0, Z_95) - 8.7673).abs() < 0.03);
        assert_eq!(gamma_quantile(0.0, 1.0, Z_95), 0.0);
    }

    #[test]
    fn sums_of_exponentials_do_not_overflow() {
        assert!((log_sum_exp(&[1000.0, 1000.0]) - (1000.0 + 2.0_f64.ln())).abs() < 1e-9);
        assert_eq!(log_sum_exp(&[]), f64::NEG_INFINITY);
    }
}
