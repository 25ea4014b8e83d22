//! A flat price: one child of quantity 1. Of a split period, the first part carries a fee in
//! advance and the last one a fee in arrears.

use kernel::Decimal;

use super::{Category, Child, Rating};
use crate::domain::price::PaymentTerm;

pub(super) fn children(rating: &Rating<'_>, amount: Decimal, term: PaymentTerm) -> Vec<Child> {
    let charged_here = match term {
        PaymentTerm::InAdvance => rating.part.first,
        PaymentTerm::InArrears => rating.part.last,
    };
    if !charged_here {
        return Vec::new();
    }
    vec![Child {
        reference: "flat-price".to_owned(),
        name: rating.name.to_owned(),
        quantity: Decimal::ONE,
        per_unit: amount,
        category: Category::Regular,
        term,
        period: rating.period,
        discounts: Vec::new(),
    }]
}
