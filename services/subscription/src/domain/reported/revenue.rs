//! What a reported subscription is worth: an entry of the revenue ledger wherever a stretch of one of its time lines begins, and
//! where one ends and nothing follows.

use jiff::Timestamp;
use kernel::Decimal;
use kernel::currency::Currency;
use kernel::decimal::DecimalError;

use super::fold::monthly;
use super::stretch::{Phase, Stretch};
use super::{EndReason, Reported};
use crate::domain::revenue::change::Class;

/// From an instant on, what one time line is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worth {
    /// From when on.
    pub at: Timestamp,
    /// Number of the time line.
    pub part: i32,
    /// The product.
    pub product_key: String,
    /// Currency of the value.
    pub currency: Currency,
    /// Worth of a month.
    pub monthly_value: Decimal,
    /// What it counts as.
    pub class: Class,
}

impl Reported {
    /// Its entries in the revenue ledger, ahead of now too.
    pub fn worth(&self) -> Result<Vec<Worth>, DecimalError> {
        let mut found = Vec::new();
        for (part, line) in (0_i32..).zip(self.lines()?) {
            for stretch in &line.stretches {
                found.push(begun(part, stretch)?);
                found.extend(ended(part, stretch));
            }
        }
        Ok(found)
    }
}

fn begun(part: i32, stretch: &Stretch) -> Result<Worth, DecimalError> {
    Ok(Worth {
        at: stretch.start,
        part,
        product_key: stretch.product_key.clone(),
        currency: stretch.currency.unwrap_or(Currency::USD),
        monthly_value: match stretch.phase {
            Phase::Paid => monthly(stretch.amount)?,
            Phase::Trial | Phase::Free => Decimal::ZERO,
        },
        class: match stretch.phase {
            Phase::Paid => Class::Paid,
            Phase::Trial => Class::Trial,
            Phase::Free => Class::Free,
        },
    })
}

fn ended(part: i32, stretch: &Stretch) -> Option<Worth> {
    Some(Worth {
        at: stretch.end?,
        part,
        product_key: stretch.product_key.clone(),
        currency: stretch.currency.unwrap_or(Currency::USD),
        monthly_value: Decimal::ZERO,
        class: match stretch.end_reason? {
            EndReason::Voluntary => Class::Ended,
            EndReason::Delinquent => Class::Delinquent,
        },
    })
}
