//! The ledger as the engine reads it: entries in one currency, by customer.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kernel::Decimal;

use super::change::Class;

/// One entry of the ledger in the currency of the answer: holds until the next one of the same subscription and part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The customer.
    pub customer_id: String,
    /// The subscription.
    pub subscription_id: String,
    /// Which of the things that the subscription sells side by side; 0 for the first.
    pub part: i32,
    /// What is sold.
    pub product_key: String,
    /// From when on.
    pub at: Timestamp,
    /// Worth of a month.
    pub monthly_value: Decimal,
    /// What the subscription counts as.
    pub class: Class,
}

/// The entries of each customer in order of time.
pub fn by_customer(entries: &[Entry]) -> BTreeMap<&str, Vec<&Entry>> {
    let mut customers: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in entries {
        customers.entry(&entry.customer_id).or_default().push(entry);
    }
    for entries in customers.values_mut() {
        entries.sort_by_key(|entry| entry.at);
    }
    customers
}
