//! A graduated price: each slice of the quantity by its own tier; a tier's flat part once,
//! by the part of the usage period that enters the tier.

use kernel::{Decimal, decimal};

use super::{Child, Rating, RatingError};
use crate::domain::price::{Tier, sorted};

pub(super) fn children(
    rating: &Rating<'_>,
    tiers: &[Tier],
    quantity: Decimal,
    before: Decimal,
) -> Result<Vec<Child>, RatingError> {
    let end = decimal::add(before, quantity)?;
    let mut children = Vec::new();
    if end.is_zero() && quantity.is_zero() {
        // No usage at all still shows the first tier, with its flat part in the first part.
        if let Some(tier) = sorted(tiers).first() {
            push(
                rating,
                &mut children,
                1,
                tier,
                Decimal::ZERO,
                rating.part.first,
            );
        }
        return Ok(children);
    }
    let mut lower = Decimal::ZERO;
    for (index, tier) in sorted(tiers).into_iter().enumerate() {
        let from = lower.max(before);
        let to = tier.up_to.map_or(end, |up_to| up_to.min(end));
        if from < to {
            let entered = from == lower && (index > 0 || rating.part.first);
            push(
                rating,
                &mut children,
                index + 1,
                tier,
                decimal::sub(to, from)?,
                entered,
            );
        }
        match tier.up_to {
            Some(up_to) => lower = up_to,
            None => break,
        }
    }
    Ok(children)
}

fn push(
    rating: &Rating<'_>,
    children: &mut Vec<Child>,
    number: usize,
    tier: &Tier,
    quantity: Decimal,
    entered: bool,
) {
    if let Some(unit) = tier.unit {
        let reference = format!("graduated-tiered-{number}-price-usage");
        let suffix = format!("usage price for tier {number}");
        children.push(Child::usage(rating, &reference, &suffix, quantity, unit));
    }
    if let Some(flat) = tier.flat
        && entered
    {
        let reference = format!("graduated-tiered-{number}-flat-price");
        let suffix = format!("flat price for tier {number}");
        children.push(Child::usage(
            rating,
            &reference,
            &suffix,
            Decimal::ONE,
            flat,
        ));
    }
}
