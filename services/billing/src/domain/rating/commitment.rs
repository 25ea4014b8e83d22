//! Commitments over a whole usage period: a maximum that later children no longer exceed,
//! and a minimum that the last part fills up.

use kernel::{Decimal, decimal};

use super::{Category, Child, MoneyOff, Rating, RatingError, Reason};
use crate::domain::price::PaymentTerm;

/// Discounts what exceeds the maximum spend. The running sum counts amounts before this
/// discount, so that it only grows.
pub(super) fn maximum(rating: &Rating<'_>, children: &mut [Child]) -> Result<(), RatingError> {
    let Some(maximum) = rating.price.maximum_spend() else {
        return Ok(());
    };
    let currency = rating.currency;
    let limit = currency.round(maximum);
    let mut running = rating.billed_before;
    for child in children {
        let amount = child.net(currency)?;
        let reached = decimal::add(currency.round(running), amount)?;
        if reached > limit {
            let over = if running >= limit {
                amount
            } else {
                decimal::sub(reached, limit)?
            };
            child.discounts.push(MoneyOff {
                reference: "line_maximum_spend".to_owned(),
                amount: over,
                reason: Reason::MaximumSpend,
                description: format!(
                    "Maximum spend discount for charges over {}",
                    decimal::format(limit)
                ),
            });
        }
        running = decimal::add(running, amount)?;
    }
    Ok(())
}

/// Adds what is missing to the minimum spend, with the last part.
pub(super) fn minimum(rating: &Rating<'_>, children: &mut Vec<Child>) -> Result<(), RatingError> {
    let Some(minimum) = rating.price.minimum_spend() else {
        return Ok(());
    };
    if !rating.part.last {
        return Ok(());
    }
    let mut billed = rating.billed_before;
    for child in children.iter() {
        billed = decimal::add(billed, child.net(rating.currency)?)?;
    }
    if billed < minimum {
        children.push(Child {
            reference: "min-spend".to_owned(),
            name: format!("{}: minimum spend", rating.name),
            quantity: Decimal::ONE,
            per_unit: rating.currency.round(decimal::sub(minimum, billed)?),
            category: Category::Commitment,
            term: PaymentTerm::InArrears,
            period: rating.whole_period,
            discounts: Vec::new(),
        });
    }
    Ok(())
}
