//! A thing bought once.

use jiff::Timestamp;
use kernel::Decimal;
use kernel::decimal;
use kernel::id::CustomerId;
use serde::{Deserialize, Serialize};

use super::{Kind, Transaction, in_order};
use crate::domain::term::{Amount, Environment, Ownership, Payment, Product, Store};

/// A purchase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchase {
    /// Who has it.
    pub customer: CustomerId,
    /// Who bought it.
    pub original_customer: CustomerId,
    /// The store.
    pub store: Store,
    /// Whether real money is behind it.
    pub environment: Environment,
    /// By what right.
    pub ownership: Ownership,
    /// How the store calls it.
    pub identifier: String,
    /// What was bought.
    pub product: Product,
    /// When.
    pub at: Timestamp,
    /// How many.
    pub quantity: i32,
    /// When the money was given back.
    pub refunded: Option<Timestamp>,
    /// Money, by time.
    pub payments: Vec<Payment>,
    /// Short id of the offering that the customer saw.
    pub offering: Option<String>,
    /// Country code.
    pub country: Option<String>,
}

/// The payment of so many. An amount out of range stays that of one: it was refused when it was recorded.
fn times(one: Payment, quantity: i32) -> Payment {
    let value = decimal::mul(one.amount.value, Decimal::from(quantity.max(1)));
    Payment {
        amount: Amount {
            value: value.unwrap_or(one.amount.value),
            currency: one.amount.currency.clone(),
        },
        ..one
    }
}

/// What the transactions of one purchase come to; none before the purchase itself has arrived.
pub fn purchase(transactions: &[Transaction]) -> Option<Purchase> {
    let sorted = in_order(transactions);
    let bought = sorted
        .iter()
        .find(|transaction| transaction.kind == Kind::Purchase)?;
    let customer = bought.customer?;
    let mut found = Purchase {
        customer,
        original_customer: customer,
        store: bought.store,
        environment: bought.environment,
        ownership: bought.ownership,
        identifier: bought.id.clone(),
        product: bought.product.clone()?,
        at: bought.at,
        quantity: bought.quantity.max(1),
        refunded: None,
        payments: bought
            .payment()
            .map(|one| times(one, bought.quantity))
            .into_iter()
            .collect(),
        offering: bought.offering.clone(),
        country: bought.country.clone(),
    };
    for transaction in sorted {
        match transaction.kind {
            Kind::Transfer => found.customer = transaction.customer.unwrap_or(found.customer),
            Kind::Refund if found.refunded.is_none() => {
                found.refunded = Some(transaction.at.max(found.at));
                let refund = found.payments.first().map(|paid| transaction.refund(paid));
                found.payments.extend(refund);
            }
            Kind::Purchase
            | Kind::Renewal
            | Kind::Cancellation
            | Kind::Uncancellation
            | Kind::BillingIssue
            | Kind::ProductChange
            | Kind::Pause
            | Kind::Resume
            | Kind::PriceAsked
            | Kind::PriceAgreed
            | Kind::Refund
            | Kind::Expiration => {}
        }
    }
    Some(found)
}
