//! A unit price: quantity times amount.

use kernel::Decimal;

use super::{Child, Rating};

pub(super) fn children(rating: &Rating<'_>, amount: Decimal, quantity: Decimal) -> Vec<Child> {
    if quantity <= Decimal::ZERO {
        return Vec::new();
    }
    vec![Child::usage(
        rating,
        "unit-price-usage",
        "usage in period",
        quantity,
        amount,
    )]
}
