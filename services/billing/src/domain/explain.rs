//! How an amount was rated, in words: the calculation of a detailed line as a sentence, and
//! the tier it belongs to.

use kernel::{Decimal, currency::Currency, decimal};

use super::{
    invoice::{Detail, Line},
    price::{Model, TaxBehavior, Tier, sorted},
    rating::{Category, Reason},
};

/// The tier that priced a detailed line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PricedTier {
    /// Its number, from 1.
    pub number: usize,
    /// It begins above this quantity.
    pub above: Decimal,
    /// Last quantity inside; `None` when open-ended.
    pub up_to: Option<Decimal>,
}

/// The tier that priced a detailed line of a line, if its price has tiers.
pub fn tier(line: &Line, child: &Detail) -> Option<PricedTier> {
    let (tiers, number) = match &line.price.model {
        Model::Graduated { tiers } => {
            let rest = child.reference.strip_prefix("graduated-tiered-")?;
            (tiers, rest.split('-').next()?.parse().ok()?)
        }
        Model::Volume { tiers } if child.category == Category::Regular => {
            let quantity = line.quantity.unwrap_or_default();
            let inside = |tier: &&Tier| tier.up_to.is_none_or(|up_to| quantity <= up_to);
            (tiers, sorted(tiers).iter().position(inside)? + 1)
        }
        Model::Volume { .. }
        | Model::Flat { .. }
        | Model::Unit { .. }
        | Model::Dynamic { .. }
        | Model::Package { .. } => return None,
    };
    let tiers = sorted(tiers);
    let index = number.checked_sub(1)?;
    Some(PricedTier {
        number,
        above: match index.checked_sub(1) {
            Some(before) => tiers.get(before)?.up_to?,
            None => Decimal::ZERO,
        },
        up_to: tiers.get(index)?.up_to,
    })
}

/// The calculation of a detailed line as a sentence.
pub fn statement(
    line: &Line,
    child: &Detail,
    billed_before: Decimal,
    currency: Currency,
) -> String {
    let number = decimal::format;
    let gross = decimal::add(child.totals.amount, child.totals.charges).unwrap_or_default();
    let mut text = match (&line.price.model, child.category) {
        (_, Category::Commitment) => minimum(line, billed_before, gross),
        (Model::Dynamic { multiplier }, Category::Regular) => format!(
            "{} × {} = {}",
            number(line.quantity.unwrap_or_default()),
            number(*multiplier),
            number(gross)
        ),
        (Model::Package { per_package, .. }, Category::Regular) => format!(
            "{} packages of {} × {} = {}",
            number(child.quantity),
            number(*per_package),
            number(child.per_unit),
            number(gross)
        ),
        (
            Model::Flat { .. }
            | Model::Unit { .. }
            | Model::Graduated { .. }
            | Model::Volume { .. },
            Category::Regular,
        ) => format!(
            "{} × {} = {}",
            number(child.quantity),
            number(child.per_unit),
            number(gross)
        ),
    };
    for off in &child.discounts {
        text.push_str(&match &off.reason {
            Reason::Percentage { percentage, .. } => {
                format!("; less {} % = {}", number(*percentage), number(off.amount))
            }
            Reason::MaximumSpend => format!(
                "; less what exceeds the maximum of {} = {}",
                number(currency.round(line.price.maximum_spend().unwrap_or_default())),
                number(off.amount)
            ),
        });
    }
    for tax in &child.taxes {
        let how = match tax.behavior {
            TaxBehavior::Inclusive => "contains",
            TaxBehavior::Exclusive => "plus",
        };
        text.push_str(&format!(
            "; {how} {} {} % = {}",
            tax.name,
            number(tax.percentage),
            number(tax.amount)
        ));
    }
    text.push_str(&format!(
        "; total {} {}",
        number(child.totals.total),
        currency.code()
    ));
    text
}

/// What is missing to the minimum: the least amount, less what was billed before and here.
fn minimum(line: &Line, billed_before: Decimal, missing: Decimal) -> String {
    let least = line.price.minimum_spend().unwrap_or_default();
    let here = line
        .children
        .iter()
        .filter(|child| child.category == Category::Regular)
        .map(|child| decimal::sub(child.totals.amount, child.totals.discounts).unwrap_or_default());
    let here = decimal::checked_sum(here).unwrap_or_default();
    format!(
        "minimum {} − {} billed before − {} = {}",
        decimal::format(least),
        decimal::format(billed_before),
        decimal::format(here),
        decimal::format(missing)
    )
}
