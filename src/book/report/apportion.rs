//! Whole numbers that add up.

/// Divides a total by weights, in multiples of `grain`: the parts add up to the total exactly, and none differs from its exact
/// share by as much as a grain. Largest remainders are rounded up, of equal ones the first (the method of Hamilton). Weights that
/// are negative or not finite count as 0. If all are 0, the last part is all of the total. What is left of a total that is no
/// multiple belongs to the largest part.
pub(super) fn apportion(total: i64, weights: &[f64], grain: i64) -> Vec<i64> {
    let grain = grain.max(1);
    let weights: Vec<f64> = weights
        .iter()
        .map(|weight| {
            if weight.is_finite() {
                weight.max(0.0)
            } else {
                0.0
            }
        })
        .collect();
    let sum: f64 = weights.iter().sum();
    let mut parts = vec![0_i64; weights.len()];
    if sum <= 0.0 || !sum.is_finite() {
        if let Some(last) = parts.last_mut() {
            *last = total;
        }
        return parts;
    }
    let units = total.div_euclid(grain);
    let mut remainders: Vec<(usize, f64)> = Vec::with_capacity(weights.len());
    for (number, (part, weight)) in parts.iter_mut().zip(&weights).enumerate() {
        let exact = as_float(units) * (weight / sum);
        *part = whole(exact.floor());
        remainders.push((number, exact - exact.floor()));
    }
    remainders.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    // Rounding errors of the shares can leave one unit more or less than there are parts.
    let mut left = units - parts.iter().sum::<i64>();
    for (number, _) in remainders.iter().cycle().take(2 * remainders.len()) {
        let step = left.signum();
        if let Some(part) = parts
            .get_mut(*number)
            .filter(|part| step != 0 && **part + step >= 0)
        {
            *part += step;
            left -= step;
        }
    }
    for part in &mut parts {
        *part *= grain;
    }
    let rest = total - parts.iter().sum::<i64>();
    if let Some(largest) = largest(&weights).and_then(|number| parts.get_mut(number)) {
        *largest += rest;
    }
    parts
}

/// The index of the first of the largest weights.
fn largest(weights: &[f64]) -> Option<usize> {
    let mut found: Option<(usize, f64)> = None;
    for (number, weight) in weights.iter().enumerate() {
        if found.is_none_or(|(_, most)| *weight > most) {
            found = Some((number, *weight));
        }
    }
    found.map(|(number, _)| number)
}

/// A number of milliseconds or seconds as a float: exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "times are exact up to 2^53")]
pub(super) fn as_float(number: i64) -> f64 {
    number as f64
}

/// The nearest whole number; 0 if it is not a number, and the nearest that exists if it is too large.
#[expect(clippy::cast_possible_truncation, reason = "saturates")]
pub(super) fn whole(number: f64) -> i64 {
    number.round() as i64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn largest_remainders_are_rounded_up() {
        assert_eq!(apportion(10, &[1.0, 1.0, 1.0], 1), [4, 3, 3]);
        assert_eq!(
            apportion(10_000, &[1.0, 1.0, 1.0], 1000),
            [4000, 3000, 3000]
        );
        assert_eq!(apportion(7, &[0.0, 5.0, 2.0], 1), [0, 5, 2]);
        assert_eq!(apportion(7, &[0.0, 0.0], 1), [0, 7]);
        assert_eq!(apportion(7, &[f64::NAN, -3.0, 1.0], 1), [0, 0, 7]);
        assert_eq!(apportion(1500, &[1.0, 2.0], 1000), [0, 1500]);
        assert_eq!(apportion(7, &[], 1), [0; 0]);
    }

    proptest! {
        #[test]
        fn parts_add_up_and_are_near_their_shares(
            total in 0_i64..10_000_000_000,
            weights in proptest::collection::vec(0.0_f64..1e12, 1..40),
            grain in prop_oneof![Just(1_i64), Just(1000)],
        ) {
            let parts = apportion(total, &weights, grain);
            prop_assert_eq!(parts.iter().sum::<i64>(), total);
            let sum: f64 = weights.iter().sum();
            for (part, weight) in parts.iter().zip(&weights) {
                prop_assert!(*part >= 0);
                if sum > 0.0 {
                    let exact = as_float(total) * (weight / sum);
                    prop_assert!((as_float(*part) - exact).abs() <= as_float(2 * grain) + 1e-3, "{part} {exact}");
                }
            }
        }
    }
}
