//! Contract messages ↔ domain values; nothing else converts.

pub mod addon;
pub mod change;
pub mod list;
pub mod plan;
pub mod rate_card;
pub mod request;
pub mod revenue;
pub mod subscription;
