//! A dynamic price: the metered value is money already, times a factor.

use kernel::{Decimal, decimal};

use super::{Child, Rating, RatingError};

pub(super) fn children(
    rating: &Rating<'_>,
    multiplier: Decimal,
    quantity: Decimal,
) -> Result<Vec<Child>, RatingError> {
    if quantity <= Decimal::ZERO {
        return Ok(Vec::new());
    }
    let amount = rating.currency.round(decimal::mul(quantity, multiplier)?);
    Ok(vec![Child::usage(
        rating,
        "usage",
        "usage in period",
        Decimal::ONE,
        amount,
    )])
}
