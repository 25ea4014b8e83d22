//! Reductions of a rate card's price.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{
    field::Field,
    issue::{Issue, IssueCode},
    price::Price,
};

/// Reductions of one rate card, at most one of each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discounts {
    /// Takes a share off the amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentage: Option<PercentageDiscount>,
    /// Takes units off the billed quantity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<UsageDiscount>,
}

/// Takes a share off the amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PercentageDiscount {
    /// 0 to 100.
    #[serde(with = "rust_decimal::serde::str")]
    pub percentage: Decimal,
    /// Ties the discount to its copies on invoice lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
}

/// Takes units off the billed quantity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageDiscount {
    /// Units not billed per period.
    #[serde(with = "rust_decimal::serde::str")]
    pub quantity: Decimal,
    /// Ties the discount to its copies on invoice lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
}

impl Discounts {
    /// Whether there is none at all.
    pub fn is_empty(&self) -> bool {
        self.percentage.is_none() && self.usage.is_none()
    }

    /// Rules R5 to R8. `card` is the path of the rate card.
    pub fn issues(&self, price: Option<&Price>, card: &Field) -> Vec<Issue> {
        let mut issues = Vec::new();
        let field = card.property("discounts");
        let Some(price) = price else {
            if !self.is_empty() {
                issues.push(Issue::generic("price is required for discounts", field));
            }
            return issues;
        };
        if let Some(discount) = &self.percentage {
            let range = Decimal::ZERO..=Decimal::ONE_HUNDRED;
            if !range.contains(&discount.percentage) {
                issues.push(Issue::new(
                    IssueCode::PercentageDiscountInvalidValue,
                    field.property("percentage").property("percentage"),
                ));
            }
        }
        if let Some(discount) = &self.usage {
            if price.is_flat() {
                issues.push(Issue::new(
                    IssueCode::UsageDiscountWithFlatPrice,
                    card.clone(),
                ));
            }
            if discount.quantity < Decimal::ZERO {
                issues.push(Issue::new(
                    IssueCode::UsageDiscountNegativeQuantity,
                    field.property("usage").property("quantity"),
                ));
            }
        }
        issues
    }
}
