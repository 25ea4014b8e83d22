//! Sums of money on children, lines and invoices. Each child is rounded once; everything
//! above only adds.

use kernel::{Decimal, decimal::DecimalError};
use serde::{Deserialize, Serialize};

use super::{price::TaxBehavior, tax::AppliedTax};

/// The seven sums; `total = amount + charges + exclusive taxes − discounts`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Price of what was sold.
    pub amount: Decimal,
    /// Commitments.
    pub charges: Decimal,
    /// Discounts, positive.
    pub discounts: Decimal,
    /// Taxes inside the prices.
    pub taxes_inclusive: Decimal,
    /// Taxes on top.
    pub taxes_exclusive: Decimal,
    /// All taxes.
    pub taxes: Decimal,
    /// What is to be paid.
    pub total: Decimal,
}

impl Totals {
    /// The totals of one child.
    pub fn of(amount: Decimal, charges: Decimal, discounts: Decimal) -> Result<Self, DecimalError> {
        let total = kernel::decimal::sub(kernel::decimal::add(amount, charges)?, discounts)?;
        Ok(Self {
            amount,
            charges,
            discounts,
            total,
            ..Self::default()
        })
    }

    /// The same with taxes; only those on top are to be paid besides.
    pub fn taxed(self, taxes: &[AppliedTax]) -> Result<Self, DecimalError> {
        let of = |behavior| {
            let meant = taxes.iter().filter(|tax| tax.behavior == behavior);
            kernel::decimal::checked_sum(meant.map(|tax| tax.amount))
        };
        let inclusive = of(TaxBehavior::Inclusive)?;
        let exclusive = of(TaxBehavior::Exclusive)?;
        Ok(Self {
            taxes_inclusive: inclusive,
            taxes_exclusive: exclusive,
            taxes: kernel::decimal::add(inclusive, exclusive)?,
            total: kernel::decimal::add(self.total, exclusive)?,
            ..self
        })
    }

    /// The sum of many.
    pub fn sum<'a>(parts: impl IntoIterator<Item = &'a Self>) -> Result<Self, DecimalError> {
        parts.into_iter().try_fold(Self::default(), |sum, part| {
            Ok(Self {
                amount: kernel::decimal::add(sum.amount, part.amount)?,
                charges: kernel::decimal::add(sum.charges, part.charges)?,
                discounts: kernel::decimal::add(sum.discounts, part.discounts)?,
                taxes_inclusive: kernel::decimal::add(sum.taxes_inclusive, part.taxes_inclusive)?,
                taxes_exclusive: kernel::decimal::add(sum.taxes_exclusive, part.taxes_exclusive)?,
                taxes: kernel::decimal::add(sum.taxes, part.taxes)?,
                total: kernel::decimal::add(sum.total, part.total)?,
            })
        })
    }
}
