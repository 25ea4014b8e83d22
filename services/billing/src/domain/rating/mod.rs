//! The rating engine: one line's price and quantity become detailed lines. The order is
//! fixed: usage discount, price, percentage discount, maximum spend, minimum spend.

pub mod commitment;
pub mod discount;
pub mod dynamic;
pub mod flat;
pub mod graduated;
pub mod package;
pub mod unit;
pub mod volume;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod references;
#[cfg(test)]
mod tables;

use kernel::{
    Decimal,
    currency::Currency,
    decimal::{self, DecimalError},
    period::Period,
};
use serde::{Deserialize, Serialize};

use super::{
    price::{Discounts, Model, PaymentTerm, Price},
    totals::Totals,
};

/// Why a line cannot be rated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RatingError {
    /// A volume price with usage before the line: the tier would depend on the split.
    #[error("tiered volume prices do not support usage before the line")]
    VolumeSplit,
    /// Earlier parts used more of a usage discount than there is.
    #[error("the usage discount is overcommitted")]
    DiscountOvercommitted,
    /// The numbers are too large.
    #[error(transparent)]
    Arithmetic(#[from] DecimalError),
}

/// Which part of its usage period a line covers. A line that was not split is both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// It starts where the usage period starts.
    pub first: bool,
    /// It ends where the usage period ends.
    pub last: bool,
}

/// What is rated.
#[derive(Clone, Debug)]
pub struct Rating<'a> {
    /// Name of the line; names of children begin with it.
    pub name: &'a str,
    /// Currency of all amounts.
    pub currency: Currency,
    /// The price.
    pub price: &'a Price,
    /// The discounts.
    pub discounts: &'a Discounts,
    /// Metered quantity of the line.
    pub metered: Decimal,
    /// Metered quantity of the usage period before the line.
    pub metered_before: Decimal,
    /// Which part of the usage period the line is.
    pub part: Part,
    /// Gross amounts of earlier parts on live invoices.
    pub billed_before: Decimal,
    /// Units of the usage discount that earlier parts took.
    pub discounted_before: Decimal,
    /// Period of the line.
    pub period: Period,
    /// The whole usage period.
    pub whole_period: Period,
}

/// What rating found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rated {
    /// Billed quantity.
    pub quantity: Decimal,
    /// Billed quantity before the line.
    pub quantity_before: Decimal,
    /// The usage discount taken, when there was one to take.
    pub usage_discount: Option<UsageReduction>,
    /// The priced parts, in rating order.
    pub children: Vec<Child>,
}

/// Units taken off by the usage discount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsageReduction {
    /// Units taken off here.
    pub quantity: Decimal,
    /// Units that earlier parts took off.
    pub before: Decimal,
}

/// What kind of charge a child is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Category {
    /// A price of something sold.
    Regular,
    /// What is missing to the minimum spend.
    Commitment,
}

/// One priced part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    /// Names the part inside its line, the same in every calculation.
    pub reference: String,
    /// Name for people.
    pub name: String,
    /// Units.
    pub quantity: Decimal,
    /// Price of one unit, not rounded.
    pub per_unit: Decimal,
    /// What kind of charge it is.
    pub category: Category,
    /// When it is charged.
    pub term: PaymentTerm,
    /// What it charges for.
    pub period: Period,
    /// Money taken off.
    pub discounts: Vec<MoneyOff>,
}

/// Money taken off a child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoneyOff {
    /// Names the discount inside its child, the same in every calculation.
    pub reference: String,
    /// Rounded amount, positive or zero.
    pub amount: Decimal,
    /// Why.
    pub reason: Reason,
    /// Sentence for people; may be empty.
    pub description: String,
}

/// Why money is taken off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// The rate card's percentage discount.
    Percentage {
        /// The share, 0..100.
        percentage: Decimal,
        /// Its correlation id.
        correlation: String,
    },
    /// The maximum spend was reached.
    MaximumSpend,
}

impl Child {
    /// A charge for usage.
    fn usage(
        rating: &Rating<'_>,
        reference: &str,
        suffix: &str,
        quantity: Decimal,
        per_unit: Decimal,
    ) -> Self {
        Self {
            reference: reference.to_owned(),
            name: format!("{}: {suffix}", rating.name),
            quantity,
            per_unit,
            category: Category::Regular,
            term: PaymentTerm::InArrears,
            period: rating.period,
            discounts: Vec::new(),
        }
    }

    /// Quantity times price, rounded: the only place where money is rounded.
    pub fn gross(&self, currency: Currency) -> Result<Decimal, DecimalError> {
        Ok(currency.round(decimal::mul(self.quantity, self.per_unit)?))
    }

    /// The gross amount less the discounts so far.
    pub fn net(&self, currency: Currency) -> Result<Decimal, DecimalError> {
        let off = decimal::checked_sum(self.discounts.iter().map(|discount| discount.amount))?;
        decimal::sub(self.gross(currency)?, off)
    }

    /// The sums of this child.
    pub fn totals(&self, currency: Currency) -> Result<Totals, DecimalError> {
        let gross = self.gross(currency)?;
        let off = decimal::checked_sum(self.discounts.iter().map(|discount| discount.amount))?;
        match self.category {
            Category::Regular => Totals::of(gross, Decimal::ZERO, off),
            Category::Commitment => Totals::of(Decimal::ZERO, gross, off),
        }
    }
}

/// Rates a line.
pub fn rate(rating: &Rating<'_>) -> Result<Rated, RatingError> {
    if let Model::Flat { amount, term } = rating.price.model {
        let mut children = flat::children(rating, amount, term);
        discount::percentage(rating, &mut children)?;
        return Ok(Rated {
            quantity: Decimal::ONE,
            quantity_before: Decimal::ZERO,
            usage_discount: None,
            children,
        });
    }
    let discounted = discount::usage(rating)?;
    let (quantity, before) = (discounted.quantity, discounted.quantity_before);
    let mut children = match &rating.price.model {
        Model::Flat { .. } => Vec::new(),
        Model::Unit { amount } => unit::children(rating, *amount, quantity),
        Model::Graduated { tiers } => graduated::children(rating, tiers, quantity, before)?,
        Model::Volume { tiers } => volume::children(rating, tiers, quantity, before)?,
        Model::Dynamic { multiplier } => dynamic::children(rating, *multiplier, quantity)?,
        Model::Package {
            amount,
            per_package,
        } => package::children(rating, *amount, *per_package, quantity, before)?,
    };
    discount::percentage(rating, &mut children)?;
    commitment::maximum(rating, &mut children)?;
    commitment::minimum(rating, &mut children)?;
    Ok(Rated {
        quantity,
        quantity_before: before,
        usage_discount: discounted.reduction,
        children,
    })
}
