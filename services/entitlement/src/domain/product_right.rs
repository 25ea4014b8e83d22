//! A right that a customer has by something that was bought: to whatever a product gives, or to one entitlement.

use kernel::period::OpenPeriod;

/// What a right is to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Whatever a product gives: its id in the catalog.
    Product(String),
    /// One entitlement: its lookup key, or the key of a feature.
    Feature(String),
}

/// A right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductRight {
    /// What it comes from.
    pub source: String,
    /// What it is to.
    pub subject: Subject,
    /// When it holds.
    pub period: OpenPeriod,
}
