//! A volume price: the tier that contains the quantity prices all of it. It is never split,
//! since the tier is known only at the end of the usage period.

use kernel::Decimal;

use super::{Child, Rating, RatingError};
use crate::domain::price::{Tier, sorted};

pub(super) fn children(
    rating: &Rating<'_>,
    tiers: &[Tier],
    quantity: Decimal,
    before: Decimal,
) -> Result<Vec<Child>, RatingError> {
    if !before.is_zero() {
        return Err(RatingError::VolumeSplit);
    }
    if !rating.part.last {
        return Ok(Vec::new());
    }
    let sorted = sorted(tiers);
    let found = sorted
        .iter()
        .enumerate()
        .find(|(_, tier)| tier.up_to.is_none_or(|up_to| quantity <= up_to));
    let Some((index, tier)) = found else {
        return Ok(Vec::new());
    };
    let number = index + 1;
    let mut children = Vec::new();
    if let Some(flat) = tier.flat {
        let suffix = format!("flat price for tier {number}");
        children.push(Child::usage(
            rating,
            "volume-flat-price",
            &suffix,
            Decimal::ONE,
            flat,
        ));
    }
    if let Some(unit) = tier.unit
        && !quantity.is_zero()
    {
        let suffix = format!("unit price for tier {number}");
        children.push(Child::usage(
            rating,
            "volume-tiered-price",
            &suffix,
            quantity,
            unit,
        ));
    }
    Ok(children)
}
