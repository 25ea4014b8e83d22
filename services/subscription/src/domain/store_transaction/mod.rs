//! What stores tell, and what it comes to: transactions of one store subscription are folded into terms (`fold`), those of a thing
//! bought once into a purchase (`purchase`); all terms of one store subscription are one thing to those who know no terms (`line`). All go by the time at which things happened, never by the order in which they arrived.

mod fold;
pub mod line;
pub mod purchase;

#[cfg(test)]
mod line_tests;
#[cfg(test)]
mod tests;

pub use fold::fold;

use jiff::Timestamp;
use kernel::Decimal;
use kernel::id::CustomerId;
use serde::{Deserialize, Serialize};

use super::term::{Amount, Environment, Ownership, Payment, Product, Store};

/// What happened. The order is that of things that happen at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Something was bought.
    Purchase,
    /// Another period.
    Renewal,
    /// Renewal was turned off.
    Cancellation,
    /// Renewal was turned on again.
    Uncancellation,
    /// A renewal could not be paid.
    BillingIssue,
    /// Another product.
    ProductChange,
    /// A pause.
    Pause,
    /// The end of a pause.
    Resume,
    /// The customer was asked to agree to a higher price.
    PriceAsked,
    /// The customer agreed.
    PriceAgreed,
    /// Another customer.
    Transfer,
    /// Money was given back.
    Refund,
    /// The end.
    Expiration,
}

/// Something that happened in a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// The store's id of it.
    pub id: String,
    /// What happened.
    pub kind: Kind,
    /// The store.
    pub store: Store,
    /// Whether real money is behind it.
    pub environment: Environment,
    /// The store's id of the subscription; empty: about a thing bought once.
    pub subscription: String,
    /// The transaction that it is about; empty: none, or the latest.
    pub target: String,
    /// When.
    pub at: Timestamp,
    /// The buyer, or the new owner.
    pub customer: Option<CustomerId>,
    /// What was bought, or is to come.
    pub product: Option<Product>,
    /// By what right.
    pub ownership: Ownership,
    /// Start of the period, if it was said.
    pub period_start: Option<Timestamp>,
    /// End of the period, if it was said.
    pub period_end: Option<Timestamp>,
    /// Whether the period is a trial.
    pub trial: bool,
    /// What was paid or given back.
    pub price: Option<Amount>,
    /// Share of it that is tax.
    pub tax: Decimal,
    /// Share of it that the store keeps.
    pub commission: Decimal,
    /// How many.
    pub quantity: i32,
    /// Whether a refund ends access.
    pub revoke: bool,
    /// Whether a change of product or a pause holds at once.
    pub immediate: bool,
    /// Until when access goes on after a billing issue, if it was said.
    pub grace_until: Option<Timestamp>,
    /// When a pause is to end, if it was said.
    pub resume_at: Option<Timestamp>,
    /// Short id of the offering that the customer saw.
    pub offering: Option<String>,
    /// Country code.
    pub country: Option<String>,
    /// Where the customer can manage it.
    pub management_url: Option<String>,
}

impl Transaction {
    /// The line that it belongs to: a store subscription, or the purchase of a thing.
    pub fn line(&self) -> String {
        if !self.subscription.is_empty() {
            return format!("s:{}", self.subscription);
        }
        if self.kind == Kind::Purchase {
            format!("p:{}", self.id)
        } else {
            format!("p:{}", self.target)
        }
    }

    /// What was paid with it, if anything was.
    fn payment(&self) -> Option<Payment> {
        if self.trial || self.ownership == Ownership::FamilyShared {
            return None;
        }
        let amount = self.price.clone().filter(|price| !price.value.is_zero())?;
        Some(Payment {
            id: self.id.clone(),
            at: self.at,
            amount,
            tax: self.tax,
            commission: self.commission,
            imputed: false,
        })
    }

    /// What was given back with it of a payment.
    fn refund(&self, of: &Payment) -> Payment {
        let amount = self.price.clone().unwrap_or_else(|| of.amount.clone());
        Payment {
            id: self.id.clone(),
            at: self.at.max(of.at),
            amount: Amount {
                value: -amount.value,
                currency: amount.currency,
            },
            tax: of.tax,
            commission: of.commission,
            imputed: false,
        }
    }
}

/// Transactions in the order in which they happened, each once.
fn in_order(transactions: &[Transaction]) -> Vec<&Transaction> {
    let mut sorted: Vec<&Transaction> = transactions.iter().collect();
    sorted
        .sort_by(|one, other| (one.at, one.kind, &one.id).cmp(&(other.at, other.kind, &other.id)));
    sorted.dedup_by(|one, other| one.id == other.id);
    sorted
}
