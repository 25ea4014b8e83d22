//! Pure values that every domain shares: exact numbers, money, time and identity.
//! No input or output, no clock, no randomness; everything here is a function of its arguments.

pub mod attribute;
pub mod calendar;
pub mod currency;
pub mod decimal;
pub mod id;
pub mod key;
pub mod money;
pub mod period;
pub mod window;

pub use jiff::Timestamp;
pub use rust_decimal::Decimal;
