//! Discounts: units off before the price is applied, and a share off each child after it.

use kernel::{Decimal, decimal};

use super::{Child, MoneyOff, Rating, RatingError, Reason, UsageReduction};

/// Quantities after the usage discount.
pub(super) struct Discounted {
    /// Quantity of the line.
    pub quantity: Decimal,
    /// Quantity before the line.
    pub quantity_before: Decimal,
    /// What was taken off, when anything was.
    pub reduction: Option<UsageReduction>,
}

/// Takes what is left of the usage discount off the quantity. What earlier parts took was
/// never billed, so it does not move the tiers either.
pub(super) fn usage(rating: &Rating<'_>) -> Result<Discounted, RatingError> {
    let Some(discount) = &rating.discounts.usage else {
        return Ok(Discounted {
            quantity: rating.metered,
            quantity_before: rating.metered_before,
            reduction: None,
        });
    };
    let used = rating.discounted_before;
    let remaining = decimal::sub(discount.quantity, used)?;
    if remaining < Decimal::ZERO {
        return Err(RatingError::DiscountOvercommitted);
    }
    let taken = rating.metered.min(remaining);
    let quantity_before = decimal::sub(rating.metered_before, used)?;
    if taken <= Decimal::ZERO {
        return Ok(Discounted {
            quantity: rating.metered,
            quantity_before,
            reduction: None,
        });
    }
    Ok(Discounted {
        quantity: decimal::sub(rating.metered, taken)?,
        quantity_before,
        reduction: Some(UsageReduction {
            quantity: taken,
            before: used,
        }),
    })
}

/// Takes the percentage off each child.
pub(super) fn percentage(rating: &Rating<'_>, children: &mut [Child]) -> Result<(), RatingError> {
    let Some(discount) = &rating.discounts.percentage else {
        return Ok(());
    };
    let share = decimal::div(discount.percentage, Decimal::ONE_HUNDRED)?;
    for child in children {
        let amount = rating
            .currency
            .round(decimal::mul(child.gross(rating.currency)?, share)?);
        child.discounts.push(MoneyOff {
            reference: format!("rateCardDiscount/correlationID={}", discount.correlation),
            amount,
            reason: Reason::Percentage {
                percentage: discount.percentage,
                correlation: discount.correlation.clone(),
            },
            description: String::new(),
        });
    }
    Ok(())
}
