//! What the parser makes of whole files.

use super::parse;

pub(super) const TOUR: [(&str, &str); 3] = [
    ("checkout", include_str!("tour/checkout.nth")),
    ("payments", include_str!("tour/payments.nth")),
    ("postgresql", include_str!("tour/postgresql.nth")),
];

#[test]
fn the_tour_has_no_errors() {
    for (name, text) in TOUR {
        for (start, item) in parse(text).items {
            assert_eq!(
                item.errors,
                [],
                "{name} at {start}: {}",
                &text[start as usize..]
            );
        }
    }
}
