//! From a subscription to invoice lines: which lines there should be at an instant, and what
//! has to change about those that exist.

pub mod difference;
pub mod expected;

#[cfg(test)]
mod examples;

pub use difference::{Existing, Operation, Standing, difference, leaves_over};
pub use expected::{Expected, Plan, Reached, added, expected};
