//! A package price: each started package of the whole usage period is charged once, by the
//! part in which it was started.

use kernel::{Decimal, decimal};

use super::{Child, Rating, RatingError};

pub(super) fn children(
    rating: &Rating<'_>,
    amount: Decimal,
    per_package: Decimal,
    quantity: Decimal,
    before: Decimal,
) -> Result<Vec<Child>, RatingError> {
    let started = packages(decimal::add(before, quantity)?, per_package)?;
    let charged = if rating.part.first {
        Decimal::ZERO
    } else {
        packages(before, per_package)?
    };
    let packages = decimal::sub(started, charged)?;
    if packages.is_zero() {
        return Ok(Vec::new());
    }
    Ok(vec![Child::usage(
        rating,
        "usage",
        "usage in period",
        packages,
        amount,
    )])
}

/// How many packages a quantity starts.
fn packages(quantity: Decimal, per_package: Decimal) -> Result<Decimal, RatingError> {
    let whole = decimal::div(quantity, per_package)?.trunc();
    // The quotient is rounded to 28 digits, so the remainder decides, not its decimals.
    let covered = decimal::mul(whole, per_package)?;
    if covered < quantity {
        Ok(decimal::add(whole, Decimal::ONE)?)
    } else if covered >= decimal::add(quantity, per_package)? {
        Ok(decimal::sub(whole, Decimal::ONE)?)
    } else {
        Ok(whole)
    }
}
