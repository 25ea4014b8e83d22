//! Contract messages ↔ domain values; nothing else converts.

pub mod addon;
pub mod change;
pub mod list;
pub mod plan;
pub mod rate_card;
pub mod reported;
pub mod reported_view;
pub mod request;
pub mod revenue;
pub mod store_transaction;
pub mod subscription;
pub mod term;
